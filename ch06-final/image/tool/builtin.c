/* builtin.c - see builtin.h.  Runs in mydocker-image. */
#include "builtin.h"

#include "import.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUSYBOX "bin/busybox"

static const struct {
	const char *path;
	mode_t mode;
} directories[] = {
	{ ".", 0755 },	      { "bin", 0755 },	 { "dev", 0755 },
	{ "etc", 0755 },      { "home", 0755 },	 { "proc", 0555 },
	{ "root", 0700 },     { "run", 0755 },	 { "sbin", 0755 },
	{ "sys", 0555 },      { "tmp", 01777 },	 { "usr", 0755 },
	{ "usr/bin", 0755 },  { "usr/sbin", 0755 }, { "var", 0755 },
	{ "var/log", 0755 },  { "var/tmp", 01777 }, { "var/www", 0755 },
};

static const struct {
	const char *path;
	mode_t mode;
	const char *content;
} files[] = {
	{ "etc/group", 0644,
	  "root:x:0:\ndaemon:x:1:\ntty:x:5:\nwww-data:x:33:\n"
	  "users:x:100:\nnogroup:x:65534:\n" },
	{ "etc/hosts", 0644,
	  "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n" },
	{ "etc/nsswitch.conf", 0644, "hosts: files dns\n" },
	{ "etc/passwd", 0644,
	  "root:x:0:0:root:/root:/bin/sh\n"
	  "daemon:x:1:1:daemon:/usr/sbin:/bin/false\n"
	  "www-data:x:33:33:www-data:/var/www:/bin/false\n"
	  "nobody:x:65534:65534:nobody:/home:/bin/false\n" },
	{ "etc/shadow", 0640,
	  "root:*:::::::\ndaemon:*:::::::\nwww-data:*:::::::\n"
	  "nobody:*:::::::\n" },
};

/* ---- the program ------------------------------------------------------- */

/* A dynamic program has a segment with the name of its loader. */
int
builtin_is_static(int fd)
{
	ElfW(Ehdr) header;
	ElfW(Phdr) segment;
	ssize_t got = pread(fd, &header, sizeof(header), 0);
	if (got < 0)
		return fail("read");
	if (got != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] !=
		    (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
	    header.e_phentsize != sizeof(segment))
		return 0;
	for (unsigned int i = 0; i < header.e_phnum; i++) {
		off_t offset = header.e_phoff + i * sizeof(segment);
		if (pread(fd, &segment, sizeof(segment), offset) !=
			    sizeof(segment) || segment.p_type == PT_INTERP)
			return 0;
	}
	return header.e_phnum > 0;
}

char *
builtin_find_busybox(void)
{
	const char *path = getenv("PATH");
	auto_free char *places = text("%s:/bin:/usr/bin", path ? path : "");
	auto_free char *seen = NULL;
	char *rest = places;
	for (char *place; (place = strsep(&rest, ":"));) {
		auto_free char *name = text("%s/busybox", place);
		auto_close int fd = place[0] == '/' ?
			open(name, O_RDONLY | O_CLOEXEC) : -1;
		if (fd < 0)
			continue;
		if (builtin_is_static(fd) == 1)
			return take_ptr(&name);
		if (!seen)
			seen = take_ptr(&name);
	}
	failx("%s%s: install a static busybox (Debian, Ubuntu: apt-get "
	      "install busybox-static)", seen ? seen : "there is no busybox",
	      seen ? " is not a static program" : "");
	return NULL;
}

/* Run the program and read what it says. */
static char *
ask(const char *program, const char *option)
{
	int ends[2], status;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		fail("make a pipe");
		return NULL;
	}
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	char *argv[] = { "busybox", (char *)option, NULL };
	char *envp[] = { NULL };
	pid_t child;
	int error = posix_spawn(&child, program, &actions, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	auto_free char *source = text("/proc/self/fd/%d", ends[0]);
	char *answer = error ? NULL : read_all(AT_FDCWD, source, NULL);
	close(ends[0]);
	errno = error;
	if (error) {
		fail("run %s", program);
	} else if (waitpid(child, &status, 0) < 0 || status != 0) {
		failx("%s %s failed", program, option);
		free(take_ptr(&answer));
	}
	return answer;
}

static int
compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Where busybox would install itself: "bin/sh", "usr/bin/awk", sorted. */
static int
list_applets(const char *program, struct words *applets)
{
	const char *prefix = "";
	auto_free char *list = ask(program, "--list-full");
	if (!list) {
		prefix = "bin/";
		list = ask(program, "--list");
	}
	if (!list)
		return -1;
	char *rest = list;
	for (char *name; (name = strsep(&rest, "\n"));) {
		if (name[0] == '\0' || name[0] == '/' || strstr(name, ".."))
			continue;
		auto_free char *path = text("%s%s", prefix, name);
		bool is_known = strncmp(path, "bin/", 4) == 0 ||
				strncmp(path, "sbin/", 5) == 0 ||
				strncmp(path, "usr/bin/", 8) == 0 ||
				strncmp(path, "usr/sbin/", 9) == 0;
		if (is_known && strcmp(path, BUSYBOX) != 0 &&
		    !words_has(applets, path))
			words_add(applets, path);
	}
	if (!words_has(applets, "bin/sh"))
		return failx("%s has no shell in it", program);
	qsort(applets->items, applets->count, sizeof(char *), compare_names);
	return 0;
}

/* ---- the tar ----------------------------------------------------------- */

static int
add(struct archive *archive, const char *path, mode_t type_and_mode,
    time_t time, const void *content, size_t size, const char *link)
{
	struct archive_entry *entry = archive_entry_new();
	archive_entry_set_pathname(entry, path);
	archive_entry_set_mode(entry, type_and_mode);
	archive_entry_set_mtime(entry, time, 0);
	archive_entry_set_size(entry, size);
	if (link)
		archive_entry_set_hardlink(entry, link);
	int result = archive_write_header(archive, entry);
	archive_entry_free(entry);
	if (result == ARCHIVE_OK && size > 0 &&
	    archive_write_data(archive, content, size) != (la_ssize_t)size)
		result = ARCHIVE_FATAL;
	if (result != ARCHIVE_OK)
		return failx("write %s: %s", path,
			     archive_error_string(archive));
	return 0;
}

static int
add_all(struct archive *archive, const char *program, const struct words *links)
{
	struct stat st;
	size_t size;
	auto_free char *content = read_all(AT_FDCWD, program, &size);
	if (!content)
		return -1;
	if (stat(program, &st) < 0)
		return fail("look at %s", program);
	time_t time = st.st_mtime;
	for (size_t i = 0; i < countof(directories); i++)
		if (add(archive, directories[i].path,
			S_IFDIR | directories[i].mode, time, NULL, 0, NULL) < 0)
			return -1;
	for (size_t i = 0; i < countof(files); i++)
		if (add(archive, files[i].path, S_IFREG | files[i].mode, time,
			files[i].content, strlen(files[i].content), NULL) < 0)
			return -1;
	if (add(archive, BUSYBOX, S_IFREG | 0755, time, content, size,
		NULL) < 0)
		return -1;
	for (size_t i = 0; i < links->count; i++)
		if (add(archive, links->items[i], S_IFREG | 0755, time, NULL, 0,
			BUSYBOX) < 0)
			return -1;
	return 0;
}

/* A tar of it all in memory, as a descriptor. */
static int
make_tar(const char *program, const struct words *links)
{
	auto_close int fd = memfd_create("busybox.tar", MFD_CLOEXEC);
	if (fd < 0)
		return fail("make a file in memory");
	struct archive *archive = archive_write_new();
	if (!archive)
		return failx("libarchive is out of memory");
	archive_write_set_format_ustar(archive);
	int result = archive_write_open_fd(archive, fd) == ARCHIVE_OK ? 0 : -1;
	if (result == 0)
		result = add_all(archive, program, links);
	else
		failx("write a tar: %s", archive_error_string(archive));
	if (result == 0 && archive_write_close(archive) != ARCHIVE_OK)
		result = failx("write a tar: %s",
			       archive_error_string(archive));
	archive_write_free(archive);
	return result < 0 ? -1 : take_fd(&fd);
}

int
builtin_busybox(struct store *store, char **id)
{
	auto_words struct words applets = { 0 };
	auto_free char *program = builtin_find_busybox();
	struct stat st;
	if (!program || list_applets(program, &applets) < 0)
		return -1;
	auto_close int tar = make_tar(program, &applets);
	if (tar < 0 || stat(program, &st) < 0)
		return -1;
	struct import import = {
		.name = "busybox:latest",
		.comment = "made from this machine's static busybox",
		.created = st.st_mtime,
		.config = json_pack("{s:[s], s:[s]}", "Env",
				    "PATH=/usr/local/sbin:/usr/local/bin:"
				    "/usr/sbin:/usr/bin:/sbin:/bin",
				    "Cmd", "sh"),
	};
	if (lseek(tar, 0, SEEK_SET) < 0)
		return fail("go back to the start of the tar");
	int result = import_tar(store, tar, "the tar of busybox", &import, id);
	json_decref(import.config);
	return result;
}
