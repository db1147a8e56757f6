/* draft.c - parent.  See draft.h. */
#include "draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "image.h"
#include "pour.h"
#include "stage.h"
#include "steps.h"
#include "tool/digest.h"
#include "tool/layer.h"
#include "tool/tar.h"
#include "union.h"

/* ---- opened and closed --------------------------------------------------- */

/* Where there are no layers, something empty lies below. */
static int
add_nothing(struct build *build, struct words *layers)
{
	auto_free char *empty = build_place(build, "empty");
	if (mkdir(empty, 0755) < 0 && errno != EEXIST)
		return fail("make an empty layer");
	words_add(layers, empty);
	return 0;
}

static int
find_layers(struct build *build, const struct build_state *state,
	    struct words *layers)
{
	auto_words struct words hexes = { 0 };
	auto_image struct image image = { 0 };
	build_state_layers(state, &hexes);
	if (hexes.count == 0)
		return add_nothing(build, layers);
	auto_free char *json = build_state_text(state);
	if (!json || image_parse(json, strlen(json), state->key, &image) < 0 ||
	    store_find_layers(&build->store, &image) < 0)
		return -1;
	words_add_all(layers, image.layers);
	return 0;
}

int
draft_open(struct build *build, const struct build_state *state,
	   struct draft *draft)
{
	*draft = (struct draft){ .settings = SETTINGS_DEFAULT };
	struct settings *settings = &draft->settings;
	container_init(&draft->c, build->root, settings);
	settings->image = copy_text("(a build)");
	settings->image_id = copy_text("");
	settings->driver = build->store.driver;
	settings->remove = true;
	words_add(&settings->argv, "build");
	return find_layers(build, state, &settings->layers);
}

/* It is on record as running from the first: if we are killed it goes. */
int
draft_create(struct build *build, struct draft *draft)
{
	(void)build;
	struct container *c = &draft->c;
	if (container_create(c) < 0)
		return -1;
	draft->is_created = true;
	c->record.status = STATUS_RUNNING;
	return record_save(c->dir, &c->record);
}

int
draft_mount(struct draft *draft)
{
	return union_up(&draft->c) < 0 ? -1 : draft->c.union_mount;
}

void
draft_close(struct draft *draft)
{
	struct failure kept = failure;
	struct container *c = &draft->c;
	if (draft->is_created && (union_down(c) < 0 ||
				  record_remove(c->containers,
						c->record.id) < 0))
		told_warn("mydocker build: warning: %s\n", failure.text);
	draft->is_created = false;
	container_close(c);
	settings_free(&draft->settings);
	failure = kept;
}

/* ---- kept ---------------------------------------------------------------- */

struct layer_place {
	struct stage *stage;
	struct layer *layer;
};

static int
stage_from(void *data, int input)
{
	const struct layer_place *place = data;
	struct layer *layer = place->layer;
	struct file_stream file;
	file_stream_open(&file, input, "the layer", -1);
	int result = layer_stage(place->stage, &file.stream, NULL, layer);
	file_stream_close(&file);
	if (result == 0 && !layer->has_end)
		return failx("the layer could not be read to its end");
	return result < 0 ? -1 : stage_keep_layer(place->stage,
						  layer->diff_id, layer->size);
}

static int
stage_upper(struct build *build, struct draft *draft, struct stage *stage,
	    struct layer *layer)
{
	struct tar_source source = {
		.root = draft->c.dir,
		.path = "upper",
		.name = ".",
		.is_layer = true,
		.marks = storage_marks(build->store.driver),
		.has_newest = build->has_epoch,
		.newest = build->epoch,
	};
	struct layer_place place = { .stage = stage, .layer = layer };
	for (size_t i = 0; container_own_places[i]; i++)
		words_add(&source.leave_out, container_own_places[i] + 1);
	int result = pour(&source, stage_from, &place);
	words_free(&source.leave_out);
	return result;
}

static int
commit_step(struct stage *stage, const struct build_state *state)
{
	struct new_image step = { .key = copy_text(state->key),
				  .json = build_state_text(state) };
	auto_words struct words missing = { 0 }, renamed = { 0 };
	build_state_layers(state, &step.layers);
	int result = step.json ?
		stage_commit(stage, &step, 1, &missing, &renamed) :
		failx("write the config: a text in it is not UTF-8");
	new_image_free(&step);
	return result == 1 ? failx("the layers below are there no more: who "
				   "removed them?") : result;
}

int
draft_keep(struct build *build, struct draft *draft,
	   struct build_state *state, const char *created_by,
	   const char key[65])
{
	struct stage stage;
	struct layer layer = { 0 };
	auto_free char *now = build_now(build);
	if (stage_open(&stage, &build->store) < 0)
		return -1;
	int result = stage_upper(build, draft, &stage, &layer);
	if (result == 0) {
		build_state_note(state, now, created_by, layer.diff_id);
		memcpy(state->key, key, sizeof(state->key));
		result = commit_step(&stage, state);
	}
	stage_close(&stage);
	return result;
}
