/* test_volumes.c - volumes on disk: made once, filled once, and removed only
 * when nothing is in the way. */
#include "volumes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "mount_options.h"
#include "test.h"
#include "tree.h"

static char top[64];

static int
set_up(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/tmp/mydocker-unit-volumes.XXXXXX");
	return mkdtemp(top) && chdir(top) == 0 ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	assert_int_equal(chdir("/tmp"), 0);
	return tree_remove(AT_FDCWD, strrchr(top, '/') + 1);
}

static int
open_all(int lock)
{
	int fd = volumes_open(top, lock);
	if (fd < 0)
		fail_msg("%s", failure.text);
	return fd;
}

static char *
make(const char *name)
{
	auto_close int volumes = open_all(LOCK_EX);
	auto_volume_record struct volume_record record = {
		.name = name ? copy_text(name) : NULL,
	};
	if (volume_create(volumes, &record) < 0)
		fail_msg("%s", failure.text);
	return take_ptr(&record.name);
}

static void
put(const char *path, const char *content, mode_t mode)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				 0600);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	assert_int_equal(fchmod(fd, mode), 0);
}

static struct stat
look(const char *path)
{
	struct stat st;
	if (lstat(path, &st) < 0)
		fail_msg("%s: %s", path, strerror(errno));
	return st;
}

static void
names(void **state)
{
	static const char *const good[] = { "ab", "a1", "0a", "web-1", "A_b.c",
					    "x--", "9.." };
	static const char *const bad[] = {
		"", "a", "-a", "_a", "..", ".a", "a b", "a/b", "../x", "a/",
		"a\n", "a\tb", "a:b", "a\xc3\xa9", "a*", " ab", "ab ",
	};
	char *long_name = new_bytes(257);
	(void)state;
	for (size_t i = 0; i < countof(good); i++)
		assert_int_equal(volume_check_name(good[i]), 0);
	for (size_t i = 0; i < countof(bad); i++)
		if (volume_check_name(bad[i]) == 0)
			fail_msg("\"%s\" was taken", bad[i]);
	memset(long_name, 'a', 256);
	assert_int_equal(volume_check_name(long_name), -1);
	long_name[255] = '\0';
	assert_int_equal(volume_check_name(long_name), 0);
	free(long_name);
}

static void
options(void **state)
{
	static const struct {
		const char *words[4], *why; /* NULL: good */
	} cases[] = {
		{ { NULL }, NULL },
		{ { "type=nfs", "device=:/x", "o=soft" }, NULL },
		{ { "type=none", "device=/x" }, NULL },
		{ { "type=nfs" }, "missing required option: \"device\"" },
		{ { "o=x" }, "missing required option: \"type\"" },
		{ { "foo=1" }, "invalid option: \"foo\"" },
		{ { "type" }, "invalid option: \"type\"" },
		{ { "size=1g" }, "no quota support" },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		auto_words struct words words = { 0 };
		words_add_all(&words, (char *const *)cases[i].words);
		int result = volume_check_options(&words);
		assert_int_equal(result, cases[i].why ? -1 : 0);
		if (cases[i].why && !strstr(failure.text, cases[i].why))
			fail_msg("%s", failure.text);
	}
}

static void
made_once(void **state)
{
	(void)state;
	auto_close int volumes = open_all(LOCK_EX);
	auto_volume_record struct volume_record first = {
		.name = copy_text("data"),
	};
	auto_volume_record struct volume_record again = {
		.name = copy_text("data"),
	};
	auto_volume_record struct volume_record found;
	words_add(&first.labels, "a=\xc3\xa9");
	words_add(&first.options, "type=none");
	words_add(&first.options, "device=/x");
	assert_int_equal(volume_create(volumes, &first), 0);
	put("volumes/data/_data/kept", "x", 0644);
	assert_int_equal(volume_create(volumes, &again), 0);
	assert_int_equal(volume_load(volumes, "data", &found), 0);
	assert_string_equal(found.labels.items[0], "a=\xc3\xa9");
	assert_int_equal(found.options.count, 2);
	assert_false(found.anonymous);
	assert_true(found.created > 1000000000);
	look("volumes/data/_data/kept");
	assert_int_equal(look("volumes/data/_data").st_mode & 07777, 0755);
	assert_int_equal(look("volumes").st_mode & 07777, 0700);
	volume_record_free(&found);
	/* A label that JSON cannot keep leaves nothing behind. */
	auto_volume_record struct volume_record wrong = {
		.name = copy_text("wrong"),
	};
	words_add(&wrong.labels, "a=\xff");
	assert_int_equal(volume_create(volumes, &wrong), -1);
	assert_int_equal(access("volumes/wrong", F_OK), -1);
}

static void
broken_ones(void **state)
{
	auto_volume_record struct volume_record found;
	(void)state;
	auto_close int volumes = open_all(LOCK_EX);
	assert_int_equal(volume_load(volumes, "none", &found), -1);
	assert_int_equal(failure.code, ENOENT);
	assert_string_equal(failure.text, "get none: no such volume");
	assert_int_equal(volume_load(volumes, "../x", &found), -1);
	assert_int_equal(failure.code, ENOENT);
	/* What a creation that was killed has left is none, and taken over. */
	assert_int_equal(mkdir("volumes/half", 0700), 0);
	assert_int_equal(mkdir("volumes/half/_data", 0700), 0);
	put("volumes/half/_data/rubbish", "", 0600);
	assert_int_equal(volume_load(volumes, "half", &found), -1);
	assert_int_equal(failure.code, ENOENT);
	auto_volume_record struct volume_record half = {
		.name = copy_text("half"),
	};
	assert_int_equal(volume_create(volumes, &half), 0);
	assert_int_equal(access("volumes/half/_data/rubbish", F_OK), -1);
	/* Another's file, and none. */
	assert_int_equal(mkdir("volumes/odd", 0700), 0);
	put("volumes/odd/volume.json", "{\"name\":\"x\"}", 0600);
	assert_int_equal(volume_load(volumes, "odd", &found), -1);
	assert_non_null(strstr(failure.text, "volume odd: volume.json is "
					     "broken"));
	size_t count;
	struct volume_record *list = volumes_list(volumes, &count);
	assert_int_equal(count, 1);
	assert_string_equal(list[0].name, "half");
	volume_record_free(&list[0]);
	free(list);
}

static void
without_a_name(void **state)
{
	auto_volume_record struct volume_record found;
	(void)state;
	auto_free char *one = make(NULL);
	auto_free char *other = make(NULL);
	assert_int_equal(strspn(one, "0123456789abcdef"), 64);
	assert_int_equal(strlen(one), 64);
	assert_string_not_equal(one, other);
	auto_close int volumes = open_all(0);
	assert_int_equal(volume_load(volumes, one, &found), 0);
	assert_true(found.anonymous);
	assert_string_equal(found.labels.items[0],
			    "com.docker.volume.anonymous=");
}

static void
removed(void **state)
{
	(void)state;
	auto_free char *name = make("gone");
	auto_close int volumes = open_all(LOCK_EX);
	assert_int_equal(mkdir("volumes/gone/_data/a", 0000), 0);
	assert_int_equal(symlink("/etc", "volumes/gone/_data/link"), 0);
	assert_int_equal(volume_remove(volumes, "gone"), 0);
	assert_int_equal(access("volumes/gone", F_OK), -1);
	assert_int_equal(access("/etc/passwd", F_OK), 0);
	assert_int_equal(volume_remove(volumes, "gone"), -1);
	assert_int_equal(failure.code, ENOENT);
	assert_int_equal(volume_remove(volumes, "../volumes"), -1);
	assert_int_equal(failure.code, ENOENT);
}

/* ---- what a container does with them ------------------------------------- */

static void
ask(struct settings *settings, const char *volume)
{
	struct volume one;
	if (parse_volume(volume, &one) < 0)
		fail_msg("%s", failure.text);
	volume_add(settings, &one);
}

static void
save_container(const char *id, const struct settings *settings)
{
	auto_free char *path = text("%s/containers/%s", top, id);
	assert_int_equal(make_dirs(path, 0700), 0);
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(settings_save(dir, settings), 0);
}

static void
prepared(void **state)
{
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	auto_free char *missing = text("%s/new/dir:/bind", top);
	(void)state;
	ask(&settings, "named:/named");
	ask(&settings, "/anonymous");
	ask(&settings, missing);
	auto_close int lock = -1;
	if (volumes_prepare(top, &settings, &lock) < 0)
		fail_msg("%s", failure.text);
	assert_true(S_ISDIR(look("new/dir").st_mode));
	assert_true(S_ISDIR(look("volumes/named/_data").st_mode));
	const char *name = settings.volumes[1].source;
	assert_int_equal(strlen(name), 64);
	/* Until the settings are saved nobody may remove any. */
	int other = open("volumes", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
	close(other);
	save_container("c1", &settings);
	close_scoped(&lock);
	struct volume_uses uses;
	assert_int_equal(volume_uses_find(top, &uses), 0);
	assert_int_equal(uses.volumes.count, 2);
	assert_true(words_has(&uses.volumes, name));
	assert_string_equal(uses.ids.items[0], "c1");
	volume_uses_free(&uses);
	/* Somebody else has it as well: it stays. */
	assert_int_equal(volumes_remove_anonymous(top, &settings), 0);
	auto_free char *data = text("volumes/%s/_data", name);
	look(data);
	auto_close int containers = open("containers", O_RDONLY | O_CLOEXEC);
	assert_int_equal(tree_remove(containers, "c1"), 0);
	assert_int_equal(volumes_remove_anonymous(top, &settings), 0);
	assert_int_equal(access(data, F_OK), -1);
	look("volumes/named/_data");
}

static void
not_prepared(void **state)
{
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	auto_close int lock = -1;
	(void)state;
	put("file", "", 0644);
	auto_free char *wrong = text("%s/file/below:/x/y/z", top);
	ask(&settings, "/anonymous");
	ask(&settings, wrong);
	assert_int_equal(volumes_prepare(top, &settings, &lock), -1);
	assert_non_null(strstr(failure.text, "mount source path"));
	assert_int_equal(lock, -1);
	/* The one that was made meanwhile is gone again. */
	auto_close int volumes = open_all(0);
	size_t count;
	assert_null(volumes_list(volumes, &count));
	/* A record that cannot be read is no licence to remove. */
	assert_int_equal(mkdir("containers", 0700), 0);
	assert_int_equal(mkdir("containers/c2", 0700), 0);
	put("containers/c2/settings.json", "{", 0600);
	struct volume_uses uses;
	assert_int_equal(volume_uses_find(top, &uses), -1);
	assert_non_null(strstr(failure.text, "which volumes container c2"));
}

/* ---- filling ------------------------------------------------------------- */

static void
make_image(void)
{
	assert_int_equal(make_dirs("root/var/data/sub", 0755), 0);
	put("root/var/data/file", "content", 04755);
	assert_int_equal(chown("root/var/data/file", 12, 34), 0);
	assert_int_equal(chmod("root/var/data/file", 04755), 0);
	assert_int_equal(link("root/var/data/file", "root/var/data/sub/twin"),
			 0);
	assert_int_equal(symlink("/etc/passwd", "root/var/data/link"), 0);
	setxattr("root/var/data/file", "user.note", "here", 4, 0);
	auto_close int fd = open("root/var/data/holes",
				 O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(pwrite(fd, "end", 3, 8 << 20), 3);
	assert_int_equal(ftruncate(fd, 16 << 20), 0);
	assert_int_equal(chown("root/var/data", 56, 78), 0);
	assert_int_equal(chmod("root/var/data", 01770), 0);
	/* A link that would lead out, were it followed as a path. */
	assert_int_equal(symlink("/var", "root/way"), 0);
}

static void
check_filled(const char *data)
{
	char value[8];
	auto_free char *file = text("%s/file", data);
	auto_free char *twin = text("%s/sub/twin", data);
	auto_free char *holes = text("%s/holes", data);
	auto_free char *way = text("%s/link", data);
	struct stat st = look(file);
	assert_int_equal(st.st_uid, 12);
	assert_int_equal(st.st_gid, 34);
	assert_int_equal(st.st_mode & 07777, 04755);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(look(twin).st_ino, st.st_ino);
	if (getxattr("root/var/data/file", "user.note", value, 8) == 4)
		assert_int_equal(getxattr(file, "user.note", value, 8), 4);
	st = look(holes);
	assert_int_equal(st.st_size, 16 << 20);
	assert_true(st.st_blocks < 1024);
	assert_true(S_ISLNK(look(way).st_mode));
	st = look(data);
	assert_int_equal(st.st_uid, 56);
	assert_int_equal(st.st_gid, 78);
	assert_int_equal(st.st_mode & 07777, 01770);
}

static void
filled_once(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	make_image();
	auto_free char *name = make("data");
	auto_close int root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int data = open("volumes/data/_data",
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int before = count_descriptors();
	if (volume_fill(root, "/way/data", data) < 0)
		fail_msg("%s", failure.text);
	check_filled("volumes/data/_data");
	assert_int_equal(count_descriptors(), before);
	/* Not again, and nothing of what is in it by then. */
	assert_int_equal(unlink("volumes/data/_data/link"), 0);
	assert_int_equal(volume_fill(root, "/var/data", data), 0);
	assert_int_equal(access("volumes/data/_data/link", F_OK), -1);
}

static void
nothing_to_fill_with(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	make_image();
	auto_free char *name = make("data");
	auto_close int root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int data = open("volumes/data/_data",
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(volume_fill(root, "/nowhere", data), 0);
	assert_int_equal(volume_fill(root, "/var/data/file", data), 0);
	assert_int_equal(volume_fill(root, "/../../../etc/none", data), 0);
	assert_int_equal(rmdir("volumes/data/_data"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names),	      TEST(options),
		TEST(made_once),      TEST(broken_ones),
		TEST(without_a_name), TEST(removed),
		TEST(prepared),	      TEST(not_prepared),
		TEST(filled_once),    TEST(nothing_to_fill_with),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
