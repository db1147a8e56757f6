/* busybox.c - see busybox.h. */
#include "busybox.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* A program that needs a loader names it in a segment PT_INTERP. */
char *
busybox_loader(int program)
{
	ElfW(Ehdr) header;
	if (pread(program, &header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return NULL;
	for (unsigned int i = 0; i < header.e_phnum; i++) {
		ElfW(Phdr) segment;
		off_t at = header.e_phoff + (off_t)i * header.e_phentsize;
		if (pread(program, &segment, sizeof(segment), at) !=
		    sizeof(segment))
			return NULL;
		if (segment.p_type != PT_INTERP ||
		    segment.p_filesz > PATH_MAX)
			continue;
		char *path = new_bytes(segment.p_filesz + 1);
		pread(program, path, segment.p_filesz, segment.p_offset);
		return path;
	}
	return copy_text("");
}

static bool
is_static(int program)
{
	auto_free char *loader = busybox_loader(program);
	return loader && *loader == '\0';
}

/* The first that stands alone; -1 when there is none. */
static int
open_busybox(void)
{
	static const char *const paths[] = { "/bin/busybox",
					     "/usr/bin/busybox",
					     "/bin/busybox.static" };
	for (size_t i = 0; i < countof(paths); i++) {
		auto_close int fd = open(paths[i], O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && is_static(fd))
			return take_fd(&fd);
	}
	return -1;
}

static int
copy(int from, int to)
{
	struct stat st;
	if (fstat(from, &st) < 0)
		return fail("look at busybox");
	for (off_t left = st.st_size; left > 0;) {
		ssize_t done = sendfile(to, from, NULL, left);
		if (done <= 0)
			return fail("copy busybox");
		left -= done;
	}
	return 0;
}

int
busybox_install(int root)
{
	static const char *const programs[] = {
		"sh", "ls", "cat", "echo", "pwd", "mount", "umount", "ps",
		"id", "mkdir", "rm", "stat", "df", "ln", "cp", "chroot",
		"mknod", "touch", "grep", "wc", "tty", "hostname",
	};
	auto_close int from = open_busybox();
	if (from < 0)
		return 0;
	auto_close int to = openat(root, "bin/busybox",
				   O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				   0755);
	if (to < 0)
		return fail("make bin/busybox");
	if (copy(from, to) < 0)
		return -1;
	for (size_t i = 0; i < countof(programs); i++) {
		auto_free char *path = text("bin/%s", programs[i]);
		if (symlinkat("busybox", root, path) < 0)
			return fail("make the link %s", path);
	}
	return 0;
}

bool
busybox_is_installed(void)
{
	return access("/bin/busybox", X_OK) == 0;
}
