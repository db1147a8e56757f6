/* outcome.c - parent.  See outcome.h. */
#include "outcome.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "draft.h"
#include "pour.h"
#include "reference.h"
#include "stage.h"
#include "tags.h"
#include "told.h"
#include "tool/digest.h"
#include "tool/save.h"
#include "tool/tar.h"

/* ---- the image ----------------------------------------------------------- */

static int
take_names(const struct words *tags, struct words *names)
{
	for (size_t i = 0; i < tags->count; i++) {
		auto_reference struct reference reference = { 0 };
		if (reference_parse(tags->items[i], &reference) < 0)
			return failx("invalid tag \"%.100s\": invalid "
				     "reference format", tags->items[i]);
		if (reference.digest)
			return failx("invalid tag \"%.100s\": it has a digest",
				     tags->items[i]);
		auto_free char *name = reference_name(&reference);
		if (!words_has(names, name))
			words_add(names, name);
	}
	return 0;
}

static void
add_labels(const struct build *build, struct build_state *state)
{
	const struct words *labels = &build->options.labels;
	json_t *config = build_state_config(state);
	if (labels->count && !json_is_object(json_object_get(config,
							     "Labels")))
		json_object_set_new(config, "Labels", json_object());
	for (size_t i = 0; i < labels->count; i++) {
		const char *label = labels->items[i];
		auto_free char *name = text("%.*s", (int)strcspn(label, "="),
					    label);
		const char *equals = strchr(label, '=');
		json_object_set_new(json_object_get(config, "Labels"), name,
				    json_string(equals ? equals + 1 : ""));
	}
}

static int
describe(const struct build *build, const struct build_state *state,
	 const struct output *output, struct new_image *image)
{
	char hex[65];
	build_state_layers(state, &image->layers);
	image->json = build_state_text(state);
	if (!image->json)
		return failx("write the config: a text in it is not UTF-8");
	if (image->layers.count == 0)
		return failx("No image was generated. Is your Dockerfile "
			     "empty?");
	if (digest_bytes(image->json, strlen(image->json), hex) < 0)
		return -1;
	image->id = text("sha256:%s", hex);
	return take_names(&build->options.tags, &image->names) < 0 ?
		       -1 : take_names(&output->names, &image->names);
}

/* Nothing is to be written where all is as it is to be. */
static bool
is_there(struct build *build, const struct new_image *image)
{
	auto_tags struct tags tags = { 0 };
	struct failure kept = failure;
	bool is_good = store_lock(&build->store, LOCK_SH) == 0;
	if (!is_good)
		return false;
	is_good = faccessat(build->store.blobs, image->id + 7, F_OK, 0) == 0 &&
		  tags_read(build->store.dir, &tags) == 0;
	for (size_t i = 0; is_good && i < image->names.count; i++) {
		const char *id = tags_id(&tags, image->names.items[i]);
		is_good = id && strcmp(id, image->id) == 0;
	}
	store_unlock(&build->store);
	failure = kept;
	return is_good;
}

static int
store_image(struct build *build, const struct new_image *image)
{
	struct stage stage;
	auto_words struct words missing = { 0 }, renamed = { 0 };
	if (is_there(build, image))
		return 0;
	if (stage_open(&stage, &build->store) < 0)
		return -1;
	int result = stage_commit(&stage, image, 1, &missing, &renamed);
	stage_close(&stage);
	return result == 1 ? failx("layers of the image are there no more: "
				   "who removed them?") : result;
}

/* ---- archives ------------------------------------------------------------ */

static int
open_dest(const struct output *output, int stdout_fd)
{
	if (strcmp(output->dest, "-") != 0) {
		int fd = open(output->dest, O_WRONLY | O_CREAT | O_TRUNC |
			      O_CLOEXEC, 0666);
		return fd < 0 ? fail("open %s", output->dest) : fd;
	}
	if (isatty(stdout_fd))
		return failx("refusing to write output to a terminal: use "
			     "dest=FILE, or redirect");
	return fcntl(stdout_fd, F_DUPFD_CLOEXEC, 3);
}

/* It has to be in the store to be saved; it goes again if it is new. */
static int
save_archive(struct build *build, const struct new_image *image,
	     const struct output *output, int stdout_fd)
{
	struct store_removal removal = { 0 };
	bool was_there = faccessat(build->store.blobs, image->id + 7, F_OK,
				   0) == 0;
	/* The names are the archive's alone. */
	struct new_image nameless = *image;
	nameless.names = (struct words){ 0 };
	auto_close int fd = open_dest(output, stdout_fd);
	if (fd < 0 || store_image(build, &nameless) < 0)
		return -1;
	int result = save_image(&build->store, image->id, &image->names, fd);
	struct failure why = failure;
	/* Somebody may have made the same meanwhile, and named it. */
	auto_image struct image now = { 0 };
	bool is_named = store_find_image(&build->store, image->id, &now) == 0 &&
			now.name;
	if (!was_there && !is_named &&
	    store_remove_image(&build->store, image->id, true, NULL,
			       &removal) < 0 && result == 0)
		return -1;
	store_free_removal(&removal);
	failure = why;
	return result;
}

/* ---- files --------------------------------------------------------------- */

static int
unpack_to(void *data, int input)
{
	const char *directory = data;
	uint64_t bytes;
	if (make_dirs(directory, 0755) < 0)
		return -1;
	auto_close int root = open(directory,
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct place place = { .root = root, .path = "/" };
	return root < 0 ? fail("open %s", directory) :
			  tar_read(&place, input, &bytes);
}

static int
write_files(struct build *build, const struct build_state *state,
	    const struct output *output, int stdout_fd)
{
	auto_draft struct draft draft;
	if (draft_open(build, state, &draft) < 0 ||
	    draft_create(build, &draft) < 0)
		return -1;
	struct tar_source source = {
		.root = draft_mount(&draft),
		.path = "/",
		.name = ".",
		.has_newest = build->has_epoch,
		.newest = build->epoch,
	};
	if (source.root < 0)
		return -1;
	if (output->kind == OUTPUT_LOCAL)
		return pour(&source, unpack_to, output->dest);
	auto_close int fd = open_dest(output, stdout_fd);
	return fd < 0 ? -1 : tar_write(&source, fd);
}

/* ---- the whole ----------------------------------------------------------- */

static int
make_image(struct build *build, struct build_state *state,
	   const struct output *output, int stdout_fd,
	   struct telling *telling, char **id)
{
	struct new_image image = { 0 };
	int result = describe(build, state, output, &image);
	if (result == 0)
		result = output->kind == OUTPUT_ARCHIVE ?
				 save_archive(build, &image, output,
					      stdout_fd) :
				 store_image(build, &image);
	if (result == 0) {
		option_take_text(id, image.id);
		telling_note(telling, "writing image %s done", image.id);
		for (size_t i = 0; i < image.names.count; i++) {
			auto_free char *full =
				reference_full(image.names.items[i]);
			telling_note(telling, "naming to %s done", full);
		}
	}
	new_image_free(&image);
	return result;
}

static int
make_output(struct build *build, struct build_state *state,
	    const char *string, int stdout_fd, char **id)
{
	auto_output struct output output = { 0 };
	struct telling telling;
	if (output_parse(string, &output) < 0)
		return -1;
	bool is_files = output.kind == OUTPUT_LOCAL ||
			output.kind == OUTPUT_TAR;
	telling_begin(&telling, is_files ? "exporting to client" :
					   "exporting to image");
	int result = is_files ? write_files(build, state, &output,
					    stdout_fd) :
				make_image(build, state, &output, stdout_fd,
					   &telling, id);
	if (result < 0)
		telling_failed(&telling);
	else
		telling_done(&telling);
	return result;
}

int
outcome_make(struct build *build, struct build_state *state, int stdout_fd,
	     char **id)
{
	const struct words *outputs = &build->options.outputs;
	int result = 0;
	add_labels(build, state);
	if (outputs->count == 0)
		return make_output(build, state, NULL, stdout_fd, id);
	for (size_t i = 0; result == 0 && i < outputs->count; i++)
		result = make_output(build, state, outputs->items[i],
				     stdout_fd, id);
	return result;
}
