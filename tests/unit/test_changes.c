/*
 * test_changes.c - what was changed, by hand and by chance.
 *
 * The chance: layer after layer is made by random calls in an overlay over
 * those before.  What a directory holds before and after is then seen from the
 * mounts themselves, and changes_read() must come to the same.
 */
#include "changes.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "sandbox.h"

static void
put(const char *path, const char *content)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				 0644);
	if (fd >= 0)
		must(write(fd, content, strlen(content)) ==
		     (ssize_t)strlen(content));
}

static void
make(const char *path)
{
	auto_free char *parent = copy_text(path);
	*strrchr(parent, '/') = '\0';
	must(make_dirs(parent, 0755) == 0);
	put(path, "as built\n");
}

static char *
as_text(const struct changes *changes)
{
	char *lines = copy_text("");
	for (size_t i = 0; i < changes->count; i++) {
		char *more = text("%s%c %s\n", lines, changes->list[i].kind,
				  changes->list[i].path);
		free(lines);
		lines = more;
	}
	return lines;
}

static void
expect(const struct overlay *stack, enum marks marks, const char *expected)
{
	auto_changes struct changes changes = { 0 };
	must(changes_read(stack, marks, &changes) == 0);
	auto_free char *found = as_text(&changes);
	if (strcmp(found, expected) != 0)
		print_error("expected:\n%sfound:\n%s", expected, found);
	must(strcmp(found, expected) == 0);
}

static const char *const two_layers[] = { "layer2", "layer1" };
static const struct overlay two = {
	.layers = two_layers,
	.layer_count = countof(two_layers),
	.upper = "upper",
};

static int
open_dir(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(dir >= 0);
	return dir;
}

static void
make_opaque(const char *path, enum marks marks)
{
	auto_close int dir = open_dir(path);
	if (marks_make_opaque(dir, marks) == 0)
		return;
	print_message("%s\n", failure.text);
	_exit(CANNOT);
}

static void
hide(const char *path, const char *name, enum marks marks)
{
	auto_close int dir = open_dir(path);
	must(marks_hide(dir, name, marks) == 0);
}

/* ---- by hand ----------------------------------------------------------- */

/* Layers and an upper in which each rule is needed once. */
static void
make_stack(enum marks marks)
{
	make("layer1/etc/hosts");
	make("layer1/etc/motd");
	make("layer1/log/boot");
	make("layer1/log/kernel");
	make("layer1/log/late");
	make("layer1/log/sub/x");
	make("layer1/old/x");
	make("layer1/gone/x");
	make("layer2/log/new");
	make("layer2/old/y");
	hide("layer2/log", "boot", marks); /* not shown, so not deleted */
	make_opaque("layer2/old", marks);  /* x of layer 1 is not shown */
	hide("layer2", "gone", marks);
	make("upper/etc/hosts");
	make("upper/etc/added/deep");
	hide("upper/etc", "motd", marks);
	make("upper/log/new");
	make_opaque("upper/log", marks);
	hide("upper/log", "late", marks); /* twice gone, told once */
	make("upper/log/sub/y"); /* not opaque itself */
	make("upper/old/x");
	make("upper/gone/x");
	must(symlink("../layer1", "upper/link") == 0);
}

static const char *const stack_says =
	"C /etc\n"
	"A /etc/added\n"
	"A /etc/added/deep\n"
	"C /etc/hosts\n"
	"D /etc/motd\n"
	"A /gone\n"
	"A /gone/x\n"
	"A /link\n"
	"C /log\n"
	"D /log/kernel\n"
	"D /log/late\n"
	"C /log/new\n"
	"C /log/sub\n"
	"D /log/sub/x\n"
	"A /log/sub/y\n"
	"C /old\n"
	"A /old/x\n";

static void
by_hand_as_user(void)
{
	make_stack(MARKS_USER);
	expect(&two, MARKS_USER, stack_says);
}

static void
by_hand_as_root(void)
{
	make_stack(MARKS_TRUSTED);
	expect(&two, MARKS_TRUSTED, stack_says);
}

static void
by_hand_as_aufs(void)
{
	make_stack(MARKS_NAMES);
	make("upper/.wh..wh.plnk/1.2");
	put("upper/.wh..wh.aufs", "");
	expect(&two, MARKS_NAMES, stack_says);
}

static void
without_layers(void)
{
	make("upper/a/b");
	struct overlay alone = { .upper = "upper" };
	expect(&alone, MARKS_USER, "A /a\nA /a/b\n");
}

/* A directory before what is in it, whatever sorts between by bytes. */
static void
in_order(void)
{
	make("upper/a/b");
	make("upper/a-b");
	struct overlay alone = { .upper = "upper" };
	expect(&alone, MARKS_USER, "A /a\nA /a/b\nA /a-b\n");
}

/* Below what is new nobody is asked, and nothing is listed. */
static void
asks_no_more_than_it_must(void)
{
	auto_changes struct changes changes = { 0 };
	make("layer1/big/a");
	make("layer2/big/b");
	make("upper/big/c");
	make("upper/new/deep/er/file");
	must(changes_read(&two, MARKS_USER, &changes) == 0);
	must(changes.listings == 0);
	must(changes.lookups == 2 * 3); /* big, big/c, new: in both layers */
}

static void
refuses_redirects(void)
{
	auto_changes struct changes changes = { 0 };
	make("layer1/x");
	make("layer2/x");
	make("upper/moved/x");
	if (setxattr("upper/moved", "user.overlay.redirect", "dir", 3, 0) < 0)
		_exit(CANNOT);
	must(changes_read(&two, MARKS_USER, &changes) == -1);
	must(strstr(failure.text, "/moved") && changes.count == 0);
}

/* ---- by chance --------------------------------------------------------- */

enum { ROUNDS = 25, LAYERS = 4, CALLS = 40 };

static char *
random_path(const char *top)
{
	char *path = copy_text(top);
	for (int depth = 1 + random() % 3; depth > 0; depth--) {
		char *longer = text("%s/%c", path, (char)('a' + random() % 2));
		free(path);
		path = longer;
	}
	return path;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void
remove_all(const char *path)
{
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Most do something; the others are refused, and that is as well. */
static void
random_call(int number)
{
	struct stat st;
	auto_free char *path = random_path("mnt");
	auto_free char *other = random_path("mnt");
	auto_free char *content = text("call %d\n", number);
	switch (random() % 6) {
	case 0:
	case 1:
		mkdir(path, 0755);
		break;
	case 2:
	case 3:
		put(path, content);
		break;
	case 4:
		remove_all(path);
		break;
	case 5:
		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
			rename(path, other);
		break;
	}
}

static mode_t
type_of(const char *top, const char *path)
{
	struct stat st;
	auto_free char *full = text("%s%s", top, path);
	return lstat(full, &st) == 0 ? st.st_mode & S_IFMT : 0;
}

/* `path` as both mounts show it: what a reader would say that has changed. */
static void
compare(const char *before, const char *after, const char *path, char **lines)
{
	for (char c = 'a'; c <= 'b'; c++) {
		auto_free char *name = text("%s/%c", path, c);
		mode_t was = type_of(before, name);
		mode_t is = type_of(after, name);
		bool is_in_upper = type_of("upper", name) != 0;
		char kind = !is && was ? 'D' : is && !was ? 'A' :
			    is && is_in_upper ? 'C' : 0;
		if (kind) {
			char *more = text("%s%c %s\n", *lines, kind, name);
			free(*lines);
			*lines = more;
		}
		if (S_ISDIR(is) && is_in_upper)
			compare(S_ISDIR(was) ? before : "nowhere", after, name,
				lines);
	}
}

/* Layer `count` is made over those before, and looked at. */
static void
make_layer(const char *const *layers, size_t count)
{
	struct overlay below = { .layers = layers, .layer_count = count };
	struct overlay stack = below;
	stack.upper = "upper";
	stack.work = "work";
	must(mkdir("upper", 0755) == 0 && mkdir("work", 0755) == 0);
	must(overlay_mount(&below, "before", 0) == 0);
	must(overlay_mount(&stack, "mnt", 0) == 0);
	for (int i = 0; i < CALLS; i++)
		random_call(i);
	auto_free char *expected = copy_text("");
	compare("before", "mnt", "", &expected);
	must(overlay_unmount("mnt") == 0 && overlay_unmount("before") == 0);
	remove_all("work");
	expect(&stack, marks_of_overlay(), expected);
}

/* The same in aufs's writing, and the overlay is the same after that. */
static void
spell_otherwise(const char *const *layers, size_t count)
{
	struct overlay stack = { .layers = layers, .layer_count = count,
				 .upper = "upper" };
	auto_changes struct changes changes = { 0 };
	must(changes_read(&stack, marks_of_overlay(), &changes) == 0);
	auto_free char *expected = as_text(&changes);
	for (int back = 0; back < 2; back++) {
		enum marks from = back ? MARKS_NAMES : marks_of_overlay();
		enum marks to = back ? marks_of_overlay() : MARKS_NAMES;
		for (size_t i = 0; i <= count; i++) {
			auto_close int dir =
				open_dir(i < count ? layers[i] : "upper");
			must(marks_convert(dir, from, to) == 0);
		}
		expect(&stack, to, expected);
	}
}

static void
play_round(unsigned int seed)
{
	const char *layers[LAYERS + 1];
	char *names[LAYERS + 1];
	auto_free char *home = text("round%u", seed);
	srandom(seed);
	must(mkdir(home, 0755) == 0 && chdir(home) == 0);
	must(mkdir("mnt", 0755) == 0 && mkdir("before", 0755) == 0 &&
	     mkdir("base", 0755) == 0);
	layers[LAYERS] = names[LAYERS] = copy_text("base");
	for (int i = LAYERS - 1; i >= 0; i--) {
		make_layer(&layers[i + 1], LAYERS - i);
		if (i == 0)
			spell_otherwise(&layers[1], LAYERS);
		layers[i] = names[i] = text("layer%d", i);
		must(rename("upper", names[i]) == 0);
	}
	for (int i = 0; i <= LAYERS; i++)
		free(names[i]);
	must(chdir("..") == 0);
}

static void
by_chance(void)
{
	must(mkdir("try", 0755) == 0);
	make_opaque("try", marks_of_overlay());
	for (unsigned int seed = 1; seed <= ROUNDS; seed++) {
		print_message("seed %u\n", seed);
		play_round(seed);
	}
}

#define IN_SANDBOX(test, body)                                                \
	static void test(void **state)                                        \
	{                                                                     \
		(void)state;                                                  \
		in_sandbox(body, ALL_CALLS);                                  \
	}
#define IN_ROOT_SANDBOX(test, body)                                           \
	static void test(void **state)                                        \
	{                                                                     \
		(void)state;                                                  \
		in_root_sandbox(body, ALL_CALLS);                             \
	}
IN_SANDBOX(every_rule_as_user, by_hand_as_user)
IN_ROOT_SANDBOX(every_rule_as_root, by_hand_as_root)
IN_SANDBOX(every_rule_as_aufs, by_hand_as_aufs)
IN_SANDBOX(nothing_below_makes_all_new, without_layers)
IN_SANDBOX(a_directory_comes_first, in_order)
IN_SANDBOX(layers_are_asked_no_more_than_needed, asks_no_more_than_it_must)
IN_SANDBOX(a_redirected_directory_is_refused, refuses_redirects)
IN_SANDBOX(random_layers_as_user, by_chance)
IN_ROOT_SANDBOX(random_layers_as_root, by_chance)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_as_user),
		cmocka_unit_test(every_rule_as_root),
		cmocka_unit_test(every_rule_as_aufs),
		cmocka_unit_test(nothing_below_makes_all_new),
		cmocka_unit_test(a_directory_comes_first),
		cmocka_unit_test(layers_are_asked_no_more_than_needed),
		cmocka_unit_test(a_redirected_directory_is_refused),
		cmocka_unit_test(random_layers_as_user),
		cmocka_unit_test(random_layers_as_root),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
