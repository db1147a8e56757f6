/*
 * cp.c - parent.  `cp`: files into a container, and out of it.
 *
 * One process of mydocker-image writes what is copied as a tar, another takes
 * it apart at the other end; with "-" one of the two is enough.  What is done
 * with the names is Docker's own (docker cp), which is not quite cp(1)'s.
 */
#include "verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "format.h"
#include "image_tool.h"
#include "path.h"
#include "reach.h"
#include "safepath.h"
#include "tell.h"

#define LINKS_MAX 40

struct cp_options {
	bool archive, follow, quiet;
};

static const struct option_row options[] = {
	SWITCH('a', "archive", "Archive mode (copy all uid/gid information)",
	       struct cp_options, archive),
	SWITCH('L', "follow-link", "Always follow symbol link in SRC",
	       struct cp_options, follow),
	SWITCH('q', "quiet", "Suppress progress output during copy (default "
	       "where no terminal is attached)", struct cp_options, quiet),
	{ 0 },
};

/* ---- one end ------------------------------------------------------------ */

/* A path, of the host or in a container. */
struct end {
	char *name;	   /* of the container; NULL: the host's */
	const char *typed; /* the path */
	char *path;	   /* in `root`: absolute, and clean */
	bool is_contents;  /* it ends with "/.": not itself, what is in it */
	bool is_directory; /* it ends with "/" or "/.": it has to be one */
	int root;
	bool read_only;
};

/* "NAME:PATH", unless that is a path of the host: "/a:b", "./a:b". */
static void
split(const char *word, struct end *end)
{
	const char *colon = strchr(word, ':');
	bool is_host = !colon || *word == '/' || *word == '.';
	*end = (struct end){ .root = -1,
			     .typed = is_host ? word : colon + 1 };
	if (!is_host)
		end->name = text("%.*s", (int)(colon - word), word);
}

static void
end_free(struct end *end)
{
	free_scoped(&end->name);
	free_scoped(&end->path);
	close_scoped(&end->root);
}

static bool
is_stream(const struct end *end)
{
	return !end->name && strcmp(end->typed, "-") == 0;
}

static bool
ends_with(const char *string, const char *with)
{
	size_t length = strlen(string), tail = strlen(with);
	return length >= tail && strcmp(string + length - tail, with) == 0;
}

/* Of the host: from where we are. */
static int
open_end(struct end *end, const struct reach *reach)
{
	auto_free char *here = end->name ? NULL : getcwd(NULL, 0);
	auto_free char *whole =
		*end->typed == '/' ? copy_text(end->typed) :
				     text("%s/%s", here ?: "", end->typed);
	auto_free char *clean = path_clean(whole);
	end->is_contents = ends_with(end->typed, "/.") ||
			   strcmp(end->typed, ".") == 0 ||
			   strcmp(clean, "/") == 0;
	end->is_directory = end->is_contents || ends_with(end->typed, "/");
	if (end->name) {
		end->root = reach_place(reach, clean, &end->path,
					&end->read_only);
		return end->root;
	}
	end->path = take_ptr(&clean);
	end->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return end->root < 0 ? fail("open /") : end->root;
}

/* What is there: 1, or 0 when there is nothing. */
static int
look(const struct end *end, const char *path, bool follow, struct stat *st)
{
	auto_close int fd = safepath_open(
		end->root, path, O_PATH | (follow ? 0 : O_NOFOLLOW));
	if (fd < 0)
		return failure.code == ENOENT || failure.code == ENOTDIR ? 0 :
									   -1;
	return fstat(fd, st) < 0 ? fail("look at %s", path) : 1;
}

static int
not_found(const struct end *end, const char *path)
{
	return end->name ?
		       failx("Could not find the file %s in container %s",
			     path, end->name) :
		       failx("lstat %s: no such file or directory", path);
}

static char *
directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash > path ? text("%.*s", (int)(slash - path), path) :
			      copy_text("/");
}

static const char *
name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* ---- where it goes ------------------------------------------------------- */

/* A link at the end leads on, be there something or not. */
static int
follow_links(struct end *to)
{
	for (int links = 0; links < LINKS_MAX; links++) {
		char target[4096];
		auto_close int fd = safepath_open(to->root, to->path,
						  O_PATH | O_NOFOLLOW);
		ssize_t length = fd < 0 ? -1 : readlinkat(fd, "", target,
							  sizeof(target) - 1);
		if (length < 0)
			return 0;
		target[length] = '\0';
		auto_free char *above = directory_of(to->path);
		auto_free char *next = *target == '/' ?
					       copy_text(target) :
					       text("%s/%s", above, target);
		free(to->path);
		to->path = path_clean(next);
	}
	return failx("%s: too many levels of symbolic links", to->typed);
}

/* What the place is in must be there. */
static int
check_above(const struct end *to, const char *above)
{
	struct stat st;
	int there = look(to, above, true, &st);
	if (there < 0)
		return -1;
	if (there && S_ISDIR(st.st_mode))
		return 0;
	return to->name ? not_found(to, above) :
			  failx("invalid output path: directory \"%s\" does "
				"not exist", above);
}

/*
 * The directory that the tar is taken apart in, and what `from` is called in
 * it: "." for its contents.  Both are the caller's.
 */
static int
settle(const struct end *from, bool is_directory, struct end *to,
       char **place, char **name)
{
	struct stat st;
	if (follow_links(to) < 0)
		return -1;
	int there = look(to, to->path, true, &st);
	if (there < 0)
		return -1;
	if (there && S_ISDIR(st.st_mode)) {
		*place = copy_text(to->path);
		*name = copy_text(from->is_contents ? "." :
						      name_of(from->path));
		return 0;
	}
	if (there && is_directory)
		return failx("cannot copy directory");
	if (there && to->is_directory)
		return failx("not a directory");
	if (!there && !is_directory && to->is_directory)
		return failx("no such directory");
	*place = directory_of(to->path);
	*name = copy_text(name_of(to->path));
	return check_above(to, *place);
}

/* A directory of the host's is the whole world of what is put in it. */
static int
enter(struct end *to, char **place)
{
	struct statvfs fs;
	auto_close int dir = safepath_open(to->root, *place,
					   O_PATH | O_DIRECTORY);
	if (dir < 0)
		return -1;
	if (to->name)
		return to->read_only || (fstatvfs(dir, &fs) == 0 &&
					 (fs.f_flag & ST_RDONLY)) ?
			       failx("container rootfs is marked read-only") :
			       0;
	close(to->root);
	to->root = take_fd(&dir);
	free(*place);
	*place = copy_text("/");
	return 0;
}

/* ---- the two processes --------------------------------------------------- */

static pid_t
start_writer(const struct end *from, bool follow, const char *name, int output)
{
	const char *itself[] = { "tar", "--", from->path, name, NULL };
	const char *target[] = { "tar", "-L", "--", from->path, name, NULL };
	struct image_tool tool = IMAGE_TOOL;
	tool.words = follow ? target : itself;
	tool.output = output;
	tool.given = from->root;
	return image_tool_start(&tool);
}

static pid_t
start_reader(const struct end *to, const char *place, const char *owner,
	     int input, int output)
{
	const char *as_is[] = { "untar", "--", place, NULL };
	const char *given[] = { "untar", "-o", owner, "--", place, NULL };
	struct image_tool tool = IMAGE_TOOL;
	tool.words = owner ? given : as_is;
	tool.input = input;
	tool.output = output;
	tool.given = to->root;
	return image_tool_start(&tool);
}

/* The exit status; 1 as well when the other one, which reads what it writes,
 * ended before it. */
static int
wait_for(pid_t writer, pid_t reader)
{
	int wrote = writer > 0 ? image_tool_wait(writer) : 0;
	int read = reader > 0 ? image_tool_wait(reader) : 0;
	return wrote < 0 || read < 0 ? -1 : wrote || read ? 1 : 0;
}

/* What it was let have: as Docker, who counts the bytes of the tar. */
static void
tell(int counted, const struct end *to)
{
	char digits[32] = "";
	uint64_t bytes;
	if (pread(counted, digits, sizeof(digits) - 1, 0) < 0)
		return;
	digits[strcspn(digits, "\n")] = '\0';
	if (parse_number(digits, 0, UINT64_MAX, &bytes) < 0)
		return;
	auto_free char *size = format_size(bytes);
	fprintf(stderr, "Successfully copied %s to %s%s%s\n", size,
		to->name ?: "", to->name ? ":" : "", to->typed);
}

/* ---- all of it ----------------------------------------------------------- */

static int
copy_both(const struct cp_options *wanted, struct end *from, struct end *to)
{
	struct stat st;
	bool follow = wanted->follow || from->is_directory;
	int there = look(from, from->path, follow, &st);
	if (there <= 0)
		return there < 0 ? -1 : not_found(from, from->typed);
	if (from->is_directory && !S_ISDIR(st.st_mode))
		return failx("not a directory");
	auto_free char *place = NULL, *name = NULL;
	if (settle(from, S_ISDIR(st.st_mode), to, &place, &name) < 0 ||
	    enter(to, &place) < 0)
		return -1;
	auto_free char *us = text("%u:%u", getuid(), getgid());
	const char *owner = wanted->archive ? NULL : to->name ? "0:0" : us;
	int ends[2];
	auto_close int counted = memfd_create("copied", MFD_CLOEXEC);
	if (counted < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return fail("make a pipe");
	pid_t writer = start_writer(from, follow, name, ends[1]);
	pid_t reader = start_reader(to, place, owner, ends[0], counted);
	close(ends[0]);
	close(ends[1]);
	int status = wait_for(writer, reader);
	if (writer < 0 || reader < 0)
		return -1;
	if (status == 0 && !wanted->quiet)
		tell(counted, to);
	return status;
}

static int
copy_out(const struct cp_options *wanted, struct end *from)
{
	struct stat st;
	bool follow = wanted->follow || from->is_directory;
	int there = look(from, from->path, follow, &st);
	if (there <= 0)
		return there < 0 ? -1 : not_found(from, from->typed);
	pid_t writer = start_writer(from, follow,
				    from->is_contents ? "." :
							name_of(from->path),
				    -1);
	return writer < 0 ? -1 : wait_for(writer, 0);
}

static int
copy_in(struct end *to)
{
	struct stat st;
	int there = look(to, to->path, true, &st);
	if (there <= 0)
		return there < 0 ? -1 : not_found(to, to->typed);
	if (!S_ISDIR(st.st_mode))
		return failx("destination \"%s:%s\" must be a directory",
			     to->name, to->typed);
	auto_free char *place = copy_text(to->path);
	auto_close int counted = memfd_create("copied", MFD_CLOEXEC);
	if (counted < 0 || enter(to, &place) < 0)
		return -1;
	pid_t reader = start_reader(to, place, NULL, -1, counted);
	return reader < 0 ? -1 : wait_for(0, reader);
}

static int
copy(const struct cp_options *wanted, struct end *from, struct end *to)
{
	struct reach reach;
	auto_container struct container c;
	if (container_find(&c, verb_root(), from->name ?: to->name) < 0 ||
	    reach_open(&reach, &c) < 0)
		return -1;
	int result = 0;
	if ((!is_stream(from) && open_end(from, &reach) < 0) ||
	    (!is_stream(to) && open_end(to, &reach) < 0))
		result = -1;
	else
		result = is_stream(from) ? copy_in(to) :
			 is_stream(to)   ? copy_out(wanted, from) :
					   copy_both(wanted, from, to);
	struct failure why = failure;
	if (result == 0)
		container_tell(c.dir, &c.record, NULL, from->name ?
			       "archive-path" : "extract-to-dir", NULL);
	reach_close(&reach);
	failure = why;
	return result;
}

static int
copy_words(const struct cp_options *wanted, char **words)
{
	struct end from, to;
	split(words[0], &from);
	split(words[1], &to);
	int result;
	if (!*from.typed || !*to.typed)
		result = failx("%s can not be empty",
			       *from.typed ? "destination" : "source");
	else if (from.name && to.name)
		result = failx("copying between containers is not supported");
	else if (!from.name && !to.name)
		result = failx("must specify at least one container source");
	else
		result = copy(wanted, &from, &to);
	end_free(&from);
	end_free(&to);
	return result;
}

static int
run_cp(const struct verb *verb, int argc, char **argv)
{
	struct cp_options wanted = { .quiet = !isatty(STDERR_FILENO) };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 2, 2, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	status = copy_words(&wanted, argv + first);
	return status < 0 ? verb_error(verb) : status;
}

const struct verb verb_cp = {
	.name = "cp",
	.arguments = "CONTAINER:SRC DEST|- | SRC|- CONTAINER:DEST",
	.shows = "Copy files or folders between a container and the local "
		 "filesystem",
	.options = options,
	.failure_status = 1,
	.run = run_cp,
};
