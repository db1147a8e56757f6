/*
 * copyup.c - what makes overlay copy a file, and what that costs, the
 * experiment `copyup`: which calls do it, how much is copied for one byte,
 * and what becomes of the inode, of open handles and of hard links.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include "demo.h"
#include "look.h"
#include "stage.h"

#define MIB (1024 * 1024)
#define LARGEST 32 /* MiB */

static const int sizes[] = { 1, 8, LARGEST };

/* ---- which calls ------------------------------------------------------- */

static int
open_with(const char *path, int flags)
{
	auto_close int fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -1 : 0;
}

static int
call_stat(const char *path)
{
	struct stat st;
	return stat(path, &st);
}

static int
call_read(const char *path)
{
	return look_holds(path, "content\n") ? 0 : -1;
}

static int
call_open(const char *path)
{
	return open_with(path, O_RDWR);
}

static int
call_chmod(const char *path)
{
	return chmod(path, 0600);
}

static int
call_utimens(const char *path)
{
	return utimensat(AT_FDCWD, path, NULL, 0);
}

static int
call_link(const char *path)
{
	return link(path, "mnt/second-name");
}

static const struct {
	const char *name, *words;
	int (*call)(const char *path);
	bool copies;
} calls[] = {
	{ "stat", "stat", call_stat, false },
	{ "read", "open O_RDONLY, read", call_read, false },
	{ "open", "open O_RDWR, no write", call_open, true },
	{ "chmod", "chmod", call_chmod, true },
	{ "utimens", "utimensat", call_utimens, true },
	{ "link", "link", call_link, true },
};

static int
try_calls(void)
{
	bool as_said = true;
	tour_step("Which call copies a file of the lower directory?");
	for (size_t i = 0; i < countof(calls); i++) {
		auto_free char *path = text("mnt/%s", calls[i].name);
		auto_free char *copy = text("upper/%s", calls[i].name);
		if (calls[i].call(path) < 0)
			return fail("%s %s", calls[i].words, path);
		bool copied = !look_is_missing(copy);
		tour_show(calls[i].words, "%s",
			  copied ? "copied" : "not copied");
		as_said = as_said && copied == calls[i].copies &&
			  (!copied || look_holds(copy, "content\n"));
	}
	tour_expect(as_said, "whatever may change it does, and it is copied "
			     "whole: chmod takes the data along");
	tour_say("(Overlay copies when a file is opened for writing; aufs "
		 "waits for the write.)");
	return 0;
}

/* ---- the price --------------------------------------------------------- */

static long long
bytes_free(void)
{
	struct statfs fs;
	return statfs(".", &fs) < 0 ? -1 :
				      (long long)fs.f_bfree * fs.f_bsize;
}

static int
write_byte(const char *path, long *microseconds)
{
	struct timespec began, ended;
	clock_gettime(CLOCK_MONOTONIC, &began);
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || pwrite(fd, "x", 1, 0) != 1)
		return fail("write to %s", path);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	*microseconds = (ended.tv_sec - began.tv_sec) * 1000000 +
			(ended.tv_nsec - began.tv_nsec) / 1000;
	return 0;
}

static int
make_large(int mib)
{
	static const char block[MIB] = { 1 };
	auto_free char *path = text("lower/%d-MiB", mib);
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	for (int i = 0; fd >= 0 && i < mib; i++)
		if (write(fd, block, sizeof(block)) != sizeof(block))
			return fail("write %s", path);
	return fd < 0 ? fail("make %s", path) : 0;
}

static int
pay(void)
{
	bool whole = true;
	tour_step("One byte is written to files of three sizes");
	for (size_t i = 0; i < countof(sizes); i++) {
		auto_free char *path = text("mnt/%d-MiB", sizes[i]);
		long first, second;
		long long before = bytes_free();
		if (write_byte(path, &first) < 0)
			return -1;
		long long between = bytes_free();
		if (write_byte(path, &second) < 0)
			return -1;
		long long first_took = before - between;
		long long second_took = between - bytes_free();
		tour_show(path + strlen("mnt/"),
			  "%6ld us and %6lld KiB; the second byte: %ld us and "
			  "%lld KiB", first, first_took / 1024, second,
			  second_took / 1024);
		whole = whole && first_took >= sizes[i] * (long long)MIB &&
			first_took < (sizes[i] + 1) * (long long)MIB &&
			second_took < MIB;
	}
	tour_expect(whole, "the first byte takes the room of the whole file, "
			   "the second takes none");
	return 0;
}

/* ---- what becomes of it ------------------------------------------------ */

/* Its first line as somebody sees who has opened it before. */
static char *
first_line(int fd)
{
	char found[16] = "";
	if (pread(fd, found, sizeof(found) - 1, 0) < 0)
		return copy_text("?");
	return text("%.*s", (int)strcspn(found, "\n"), found);
}

static int
watch_handles(void)
{
	struct stat before, after, copy;
	tour_step("Who had the file open before, for reading, or mapped it");
	auto_close int fd = open("mnt/held", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &before) < 0)
		return fail("open mnt/held");
	char *map = mmap(NULL, before.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return fail("map mnt/held");
	if (look_put("mnt/held", "changed\n") < 0)
		return -1;
	if (stat("mnt/held", &after) < 0 || stat("upper/held", &copy) < 0)
		return fail("look at the copy");
	auto_free char *line = first_line(fd);
	tour_show("read from the old handle", "%s", line);
	tour_show("in the old mapping", "%.7s", map);
	tour_show("st_ino in mnt", "%ju before, %ju after; upper's own: %ju",
		  (uintmax_t)before.st_ino, (uintmax_t)after.st_ino,
		  (uintmax_t)copy.st_ino);
	tour_expect(strcmp(line, "changed") == 0,
		    "the old handle reads the copy: overlay looks at every "
		    "read which file it is");
	tour_expect(strncmp(map, "content", strlen("content")) == 0,
		    "a mapping cannot be led elsewhere: it shows the lower "
		    "file for ever");
	munmap(map, before.st_size);
	tour_expect(before.st_ino == after.st_ino &&
			    after.st_ino != copy.st_ino,
		    "and the inode number says that nothing has happened");
	return 0;
}

static int
watch_links(void)
{
	struct stat one, other;
	tour_step("Two names of one file, in the lower directory");
	if (stat("mnt/one", &one) < 0 || stat("mnt/other", &other) < 0)
		return fail("look at the two names");
	bool same = one.st_ino == other.st_ino && one.st_nlink == 2;
	tour_show("before", "inode %ju and inode %ju",
		  (uintmax_t)one.st_ino, (uintmax_t)other.st_ino);
	if (look_append("mnt/one", "more\n") < 0)
		return -1;
	if (stat("mnt/one", &one) < 0 || stat("mnt/other", &other) < 0)
		return fail("look at the two names");
	tour_show("after a write to one", "inode %ju and inode %ju",
		  (uintmax_t)one.st_ino, (uintmax_t)other.st_ino);
	tour_expect(same && look_holds("mnt/one", "content\nmore\n") &&
			    look_holds("mnt/other", "content\n"),
		    "the link is broken: the other name has the old text");
	tour_say("(With index=on overlay keeps them together, for the price "
		 "of an index; aufs does so always.)");
	return 0;
}

static int
make_lower(void)
{
	if (stage_make_frame() < 0)
		return -1;
	for (size_t i = 0; i < countof(calls); i++) {
		auto_free char *path = text("lower/%s", calls[i].name);
		if (look_put(path, "content\n") < 0)
			return -1;
	}
	for (size_t i = 0; i < countof(sizes); i++)
		if (make_large(sizes[i]) < 0)
			return -1;
	if (look_put("lower/held", "content\n") < 0 ||
	    look_put("lower/one", "content\n") < 0)
		return -1;
	return link("lower/one", "lower/other") < 0 ? fail("make a link") : 0;
}

static int
run(void)
{
	int refused = stage_enter();
	if (refused)
		return refused;
	if (make_lower() < 0)
		return -1;
	if (stage_mount_frame("") < 0)
		return stage_refused();
	if (try_calls() < 0 || pay() < 0 || watch_handles() < 0 ||
	    watch_links() < 0)
		return -1;
	return overlay_unmount("mnt");
}

const struct experiment demo_copyup = {
	.name = "copyup",
	.shows = "when a file is copied, what it costs by size, what becomes "
		 "of its inode, links and handles",
	.run = run,
};
