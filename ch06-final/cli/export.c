/* export.c - parent.  `export`: all files of a container, as one tar. */
#include "verbs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_tool.h"
#include "reach.h"
#include "tell.h"

struct export_options {
	const char *output;
};

static int
take_output(void *data, const char *value)
{
	((struct export_options *)data)->output = value;
	return 0;
}

static const struct option_row options[] = {
	{ 'o', "output", "string", "Write to a file, instead of STDOUT",
	  take_output, 0 },
	{ 0 },
};

/* What is mounted in it is not its own: there the tar has empty directories. */
static int
write_tar(const struct reach *reach, int output)
{
	static const char *const words[] = { "tar", "-x", "--", "/", ".",
					     NULL };
	struct image_tool tool = IMAGE_TOOL;
	tool.words = words;
	tool.output = output;
	tool.given = reach->root;
	pid_t pid = image_tool_start(&tool);
	return pid < 0 ? -1 : image_tool_wait(pid);
}

/* Never half of it under the name that was asked for. */
static int
write_file_of(const struct reach *reach, const char *file)
{
	struct stat st;
	bool is_other = stat(file, &st) == 0 && !S_ISREG(st.st_mode);
	auto_free char *beside = is_other ? copy_text(file) :
					    text("%s.%d", file, getpid());
	auto_close int fd = open(beside, O_WRONLY | O_CLOEXEC |
				 (is_other ? 0 : O_CREAT | O_EXCL), 0600);
	if (fd < 0)
		return fail("open %s", beside);
	int status = write_tar(reach, fd);
	if (status == 0 && !is_other && rename(beside, file) < 0)
		status = fail("rename %s to %s", beside, file);
	if (status != 0 && !is_other)
		unlink(beside);
	return status;
}

static int
export(const char *word, const char *file)
{
	struct reach reach;
	auto_container struct container c;
	if (container_find(&c, verb_root(), word) < 0 ||
	    reach_open(&reach, &c) < 0)
		return -1;
	int status = file ? write_file_of(&reach, file) :
			    write_tar(&reach, -1);
	struct failure why = failure;
	if (status == 0)
		container_tell(c.dir, &c.record, NULL, "export", NULL);
	reach_close(&reach);
	failure = why;
	return status;
}

static int
run_export(const struct verb *verb, int argc, char **argv)
{
	struct export_options wanted = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, 1, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	if (!wanted.output && isatty(STDOUT_FILENO))
		status = failx("cowardly refusing to save to a terminal. Use "
			       "the -o flag or redirect");
	else
		status = export(argv[first], wanted.output);
	return status < 0 ? verb_error(verb) : status;
}

const struct verb verb_export = {
	.name = "export",
	.arguments = "CONTAINER",
	.shows = "Export a container's filesystem as a tar archive",
	.options = options,
	.failure_status = 1,
	.run = run_export,
};
