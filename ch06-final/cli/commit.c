/* commit.c - parent.  `commit`: what a container changed becomes an image. */
#include "verbs.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "allowed.h"
#include "container.h"
#include "core.h"
#include "image_tool.h"
#include "runtime.h"
#include "tell.h"
#include "view.h"

struct commit_options {
	char *author, *message;
	struct words changes;
	bool pause;
};

static const struct option_row options[] = {
	MEMBER('a', "author", "string", "Author (e.g., \"John Hannibal Smith "
	       "<hannibal@a-team.com>\")", option_take_text,
	       struct commit_options, author),
	MEMBER('c', "change", "list", "Apply Dockerfile instruction to the "
	       "created image", option_take_word, struct commit_options,
	       changes),
	MEMBER('m', "message", "string", "Commit message", option_take_text,
	       struct commit_options, message),
	SWITCH('p', "pause", "Pause container during commit (default true)",
	       struct commit_options, pause),
	{ 0 },
};

/* ---- what the two processes are told ------------------------------------- */

/* The layer as it is on the disk, which with overlay and with aufs is all that
 * differs from the image. */
static void
add_writer_words(struct words *words, const struct record *record)
{
	words_add(words, "tar");
	words_add(words, "-m");
	words_add(words, storage_name(record->driver));
	for (size_t i = 0; container_own_places[i]; i++) {
		words_add(words, "-e");
		words_add(words, container_own_places[i] + 1);
	}
	words_add(words, "--");
	words_add(words, "/");
	words_add(words, ".");
}

static void
add_pair(struct words *words, const char *option, const char *value)
{
	if (!value)
		return;
	words_add(words, option);
	words_add(words, value);
}

static void
add_reader_words(struct words *words, const struct commit_options *wanted,
		 const struct view *view, const char *name)
{
	words_add(words, "commit");
	add_pair(words, "-a", wanted->author);
	add_pair(words, "-m", wanted->message);
	add_pair(words, "-p", view->record.image_id);
	add_pair(words, "-b", view->record.command);
	for (size_t i = 0; i < wanted->changes.count; i++)
		add_pair(words, "-c", wanted->changes.items[i]);
	words_add(words, "--");
	if (name)
		words_add(words, name);
}

/* The container's config, as `inspect` shows it, is that of the image. */
static int
open_config(const struct view *view)
{
	auto_close int fd = memfd_create("config", MFD_CLOEXEC);
	json_t *config = view_json_config(view);
	bool is_written = fd >= 0 && json_dumpfd(config, fd, JSON_COMPACT) == 0;
	json_decref(config);
	return is_written && lseek(fd, 0, SEEK_SET) == 0 ?
		       take_fd(&fd) : fail("write down the config");
}

/* ---- the two processes --------------------------------------------------- */

static int
copy(const struct commit_options *wanted, const struct view *view,
     const char *name)
{
	auto_words struct words writes = { 0 }, reads = { 0 };
	auto_close int upper = openat(view->dir, "upper",
				      O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int config = open_config(view);
	int ends[2];
	if (upper < 0 || config < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return fail("open the layer of %s", view->record.name);
	add_writer_words(&writes, &view->record);
	add_reader_words(&reads, wanted, view, name);
	struct image_tool writer = IMAGE_TOOL, reader = IMAGE_TOOL;
	writer.words = (const char *const *)writes.items;
	writer.given = upper;
	writer.output = ends[1];
	reader.words = (const char *const *)reads.items;
	reader.driver = view->record.driver;
	reader.given = config;
	reader.input = ends[0];
	pid_t one = image_tool_start(&writer);
	pid_t other = image_tool_start(&reader);
	close(ends[0]);
	close(ends[1]);
	int wrote = one > 0 ? image_tool_wait(one) : -1;
	int read = other > 0 ? image_tool_wait(other) : -1;
	return wrote < 0 || read < 0 ? -1 : wrote || read ? 1 : 0;
}

/* Nobody writes meanwhile, if it is to be so. */
static int
copy_paused(const struct commit_options *wanted, const struct view *view,
	    const char *name)
{
	const char *id = view->record.id;
	auto_free char *place = core_root(view->root);
	/* What cannot be paused is committed as it runs, as podman does. */
	auto_free char *never = allowed_why_not("pids");
	bool pauses = wanted->pause && !never &&
		      view->record.status == STATUS_RUNNING &&
		      !container_is_paused(view->root, id);
	if (pauses && runtime_pause(place, id) < 0)
		return wrap("pause it; see --pause=false");
	int status = copy(wanted, view, name);
	struct failure why = failure;
	if (pauses && runtime_resume(place, id) < 0)
		return -1;
	failure = why;
	return status;
}

static int
commit(const struct commit_options *wanted, const char *word, const char *name)
{
	auto_view struct view view = { 0 };
	if (view_open(verb_root(), word, &view) < 0)
		return -1;
	int status = copy_paused(wanted, &view, name);
	if (status == 0)
		container_tell(view.dir, &view.record, NULL, "commit",
			       (const char *const[]){ "comment",
						      wanted->message ?: "",
						      NULL });
	return status;
}

static int
run_commit(const struct verb *verb, int argc, char **argv)
{
	struct commit_options wanted = { .pause = true };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, 2, &status);
	if (first >= 0 && (status = verb_settle(verb)) == 0) {
		status = commit(&wanted, argv[first], argv[first + 1]);
		if (status < 0)
			status = verb_error(verb);
	}
	free(wanted.author);
	free(wanted.message);
	words_free(&wanted.changes);
	return status;
}

const struct verb verb_commit = {
	.name = "commit",
	.arguments = "CONTAINER [REPOSITORY[:TAG]]",
	.shows = "Create a new image from a container's changes",
	.options = options,
	.failure_status = 1,
	.run = run_commit,
};
