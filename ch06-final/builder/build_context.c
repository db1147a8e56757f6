/* build_context.c - parent.  See build_context.h. */
#include "build_context.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "safepath.h"
#include "tool/tar.h"

enum { DOCKERFILE_MAX = 1 << 20, TAR_MAGIC_AT = 257 };

/* ---- what a stream is ---------------------------------------------------- */

bool
build_context_is_archive(const unsigned char *bytes, size_t size)
{
	static const struct {
		const char *bytes;
		size_t size;
	} magics[] = {
		{ "\x1f\x8b", 2 },	 { "BZh", 3 },
		{ "\xfd" "7zXZ", 5 },	 { "\x28\xb5\x2f\xfd", 4 },
	};
	for (size_t i = 0; i < countof(magics); i++)
		if (size >= magics[i].size &&
		    memcmp(bytes, magics[i].bytes, magics[i].size) == 0)
			return true;
	return size >= TAR_MAGIC_AT + 5 &&
	       memcmp(bytes + TAR_MAGIC_AT, "ustar", 5) == 0;
}

/* As BuildKit tells them: by the protocol, by "git@", by the ending. */
bool
build_context_is_git(const char *word)
{
	size_t length = strcspn(word, "#?");
	bool is_web = strncmp(word, "http://", 7) == 0 ||
		      strncmp(word, "https://", 8) == 0;
	return strncmp(word, "git://", 6) == 0 ||
	       strncmp(word, "ssh://", 6) == 0 ||
	       strncmp(word, "git@", 4) == 0 ||
	       (is_web && length > 4 &&
		strncmp(word + length - 4, ".git", 4) == 0);
}

/* All of standard input, in a file without a name. */
static int
spool(int scratch)
{
	auto_free char *block = new_bytes(65536);
	auto_close int file = openat(scratch, ".",
				     O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (file < 0)
		return fail("make a file for the context");
	for (;;) {
		ssize_t got = read(STDIN_FILENO, block, 65536);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail("read the context from standard input");
		if (got == 0)
			break;
		if (write(file, block, got) != got)
			return fail("write down the context");
	}
	return lseek(file, 0, SEEK_SET) < 0 ? fail("read the context again") :
					      take_fd(&file);
}

/* ---- the Dockerfile ------------------------------------------------------ */

static int
read_dockerfile(struct build_context *context, int fd)
{
	size_t size = 0;
	char *content = new_bytes(DOCKERFILE_MAX + 1);
	context->dockerfile = content;
	for (ssize_t got = 1; got > 0; size += got) {
		got = read(fd, content + size, DOCKERFILE_MAX + 1 - size);
		if (got < 0)
			return fail("read %s", context->name);
		if (size + got > DOCKERFILE_MAX)
			return failx("%s is larger than a megabyte",
				     context->name);
	}
	context->length = size;
	return 0;
}

/* What -f names: in a tar, or from here, and else in the context, as Docker
 * finds "-f web/Dockerfile" from elsewhere. */
static int
open_given(const struct build_context *context, const char *file, bool is_tar)
{
	int fd = is_tar ? -1 : open(file, O_RDONLY | O_CLOEXEC);
	if (is_tar || (fd < 0 && errno == ENOENT && *file != '/'))
		return safepath_open(context->root, file, O_RDONLY);
	return fd < 0 ? fail("open %s", file) : fd;
}

static int
open_dockerfile(const struct build_context *context, const char *file,
		bool is_tar)
{
	int fd;
	if (!file) {
		fd = safepath_open(context->root, "Dockerfile", O_RDONLY);
		if (fd < 0 && failure.code == ENOENT)
			fd = safepath_open(context->root, "dockerfile",
					   O_RDONLY);
	} else {
		fd = open_given(context, file, is_tar);
	}
	return fd < 0 ? failx("failed to read dockerfile: open %s: %s",
			      file ?: "Dockerfile",
			      failure.code ? strerror(failure.code) :
					     failure.text) : fd;
}

static void
name_dockerfile(struct build_context *context, const char *given)
{
	const char *file = given ?: "Dockerfile";
	const char *slash = strrchr(file, '/');
	context->name = copy_text(slash ? slash + 1 : file);
}

/* ---- .dockerignore ------------------------------------------------------- */

static int
take_ignore(struct build_context *context, const char *name, int fd)
{
	size_t length;
	auto_free char *path = text("/proc/self/fd/%d", fd);
	auto_free char *content = read_all(AT_FDCWD, path, &length);
	return content ? ignorefile_parse(name, content, length,
					  &context->ignore) :
			 wrap("read %s", name);
}

/* One of the Dockerfile's own, beside it, goes before the context's.  What
 * came through a pipe has nothing beside it. */
static int
read_ignore(struct build_context *context, const char *file, bool is_tar)
{
	auto_free char *own = text("%s.dockerignore", file ?: "Dockerfile");
	const char *const names[] = { own, ".dockerignore" };
	bool is_piped = file && strcmp(file, "-") == 0;
	for (size_t i = is_piped; i < countof(names); i++) {
		auto_close int fd = open_given(context, names[i],
					       is_tar || i > 0 || !file);
		if (fd >= 0)
			return take_ignore(context, names[i], fd);
		if (failure.code != ENOENT)
			return wrap("read %s", names[i]);
	}
	return 0;
}

/* ---- the three kinds ----------------------------------------------------- */

static int
open_root(struct build_context *context, const char *path)
{
	context->path = realpath(path, NULL);
	if (!context->path)
		return failx("unable to prepare context: path \"%.100s\" not "
			     "found", path);
	context->root = open(context->path,
			     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (context->root < 0)
		return fail("unable to prepare context: %s", path);
	return 0;
}

/* A directory of our own, for what comes through a pipe, or for nothing. */
static int
open_own(struct build_context *context, const char *place)
{
	auto_free char *path = text("%s/context", place);
	if (mkdir(path, 0755) < 0)
		return fail("make a directory for the context");
	return open_root(context, path);
}

static int
open_stdin(struct build_context *context,
	   const struct build_context_wanted *wanted)
{
	unsigned char head[512];
	auto_close int file = spool(wanted->scratch);
	ssize_t size = file < 0 ? -1 : pread(file, head, sizeof(head), 0);
	if (size < 0 || open_own(context, wanted->place) < 0)
		return -1;
	if (size == 0)
		return failx("standard input is empty: neither a Dockerfile "
			     "nor a tar");
	if (!build_context_is_archive(head, size)) {
		if (wanted->file)
			return failx("ambiguous Dockerfile source: both stdin "
				     "and -f give one");
		return read_dockerfile(context, file);
	}
	struct place place = { .root = context->root, .path = "/" };
	if (tar_read(&place, file, NULL) < 0)
		return wrap("unpack the context");
	auto_close int fd = open_dockerfile(context, wanted->file, true);
	return fd < 0 || read_dockerfile(context, fd) < 0 ?
		       -1 : read_ignore(context, wanted->file, true);
}

static int
open_directory(struct build_context *context,
	       const struct build_context_wanted *wanted)
{
	const char *file = wanted->file;
	bool is_stdin = file && strcmp(file, "-") == 0;
	if (open_root(context, wanted->word) < 0)
		return -1;
	auto_close int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) :
				       open_dockerfile(context, file, false);
	return fd < 0 || read_dockerfile(context, fd) < 0 ?
		       -1 : read_ignore(context, file, false);
}

int
build_context_open(struct build_context *context,
		   const struct build_context_wanted *wanted)
{
	const char *word = wanted->word;
	context->root = -1;
	name_dockerfile(context, wanted->file);
	if (strcmp(word, "-") == 0)
		return open_stdin(context, wanted);
	if (strstr(word, "://") || build_context_is_git(word))
		return failx("a context from %.100s: only directories, and "
			     "what comes through standard input (\"-\"), are "
			     "known here", word);
	return open_directory(context, wanted);
}

void
build_context_close(struct build_context *context)
{
	if (!context->name)
		return;
	close_scoped(&context->root);
	free(take_ptr(&context->path));
	free(take_ptr(&context->dockerfile));
	free(take_ptr(&context->name));
	ignorefile_free(&context->ignore);
}
