/* import.c - see import.h.  Runs in mydocker-image. */
#include "import.h"

#include "build_state.h"
#include "bundle.h"
#include "layer.h"
#include "manifest.h"
#include "platform.h"
#include "reference.h"
#include "shelves.h"
#include "stage.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the config -------------------------------------------------------- */

/* Those that change the config alone: Docker's, and podman's STOPSIGNAL. */
static bool
is_change(const struct instruction *instruction)
{
	switch (instruction->kind) {
	case INSTRUCTION_CMD:
	case INSTRUCTION_ENTRYPOINT:
	case INSTRUCTION_ENV:
	case INSTRUCTION_EXPOSE:
	case INSTRUCTION_HEALTHCHECK:
	case INSTRUCTION_LABEL:
	case INSTRUCTION_ONBUILD:
	case INSTRUCTION_STOPSIGNAL:
	case INSTRUCTION_USER:
	case INSTRUCTION_VOLUME:
	case INSTRUCTION_WORKDIR:
		return true;
	default:
		return false;
	}
}

static int
apply(struct build_state *state, const char *change, bool *has_cmd)
{
	auto_words struct words env = { 0 };
	auto_build_scope struct build_scope scope = { 0 };
	auto_instruction struct instruction written = { 0 }, ready = { 0 };
	if (instruction_parse("--change", change, &written) < 0)
		return -1;
	if (!is_change(&written))
		return failx("%s is not a valid change command",
			     instruction_name(written.kind));
	build_state_list(state, "Env", &env);
	build_scope_begin(&scope, NULL, env.items);
	if (instruction_expand(NULL, &written, &scope, &ready) < 0)
		return -1;
	return build_state_apply(state, &ready, has_cmd);
}

static int
put_text(json_t *object, const char *key, const char *string)
{
	return !string || json_object_set_new(object, key,
					      json_string(string)) == 0 ?
		       0 : failx("the %s is not UTF-8", key);
}

/* It begins as a stage of a build does, with the image below or without. */
static int
begin_state(struct store *store, const struct import *import,
	    struct build_state *state)
{
	size_t length;
	bool has_cmd = false;
	auto_free char *below = import->parent ?
		shelves_read_config(store, import->parent, &length) : NULL;
	auto_free char *platform =
		platform_normal(import->platform ?: manifest_platform());
	if (!import->parent)
		build_state_empty(state, strchr(platform, '/') + 1);
	else if (!below || build_state_parse(state, below, length) < 0)
		return wrap("the image below, %s", import->parent);
	/* A copy: the changes are not the caller's. */
	json_object_set_new(state->root, "config",
			    import->config ? json_deep_copy(import->config) :
					     json_object());
	for (char *const *change = import->changes; change && *change;
	     change++)
		if (apply(state, *change, &has_cmd) < 0)
			return -1;
	return put_text(state->root, "author", import->author) < 0 ? -1 :
	       put_text(state->root, "comment", import->comment);
}

static void
add_layer(struct build_state *state, const struct import *import,
	  const char *diff_id)
{
	struct tm tm;
	char created[32];
	gmtime_r(&import->created, &tm);
	strftime(created, sizeof(created), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_t *step = build_state_note(state, created, import->created_by,
					diff_id);
	put_text(step, "author", import->author);
	put_text(step, "comment", import->comment);
}

/* ---- the image --------------------------------------------------------- */

/* The store's form of the name. */
static int
take_name(const char *given, struct words *names)
{
	auto_reference struct reference reference = { 0 };
	if (!given)
		return 0;
	if (reference_parse(given, &reference) < 0)
		return -1;
	if (reference.digest)
		return failx("cannot import digest reference");
	auto_free char *name = reference_name(&reference);
	words_add(names, name);
	return 0;
}

/* What a layer needs may show only at its end, and then it is read again: what
 * comes through a pipe is written down first. */
static int
open_source(int fd, const char *source, int scratch, off_t *begin)
{
	struct stat st;
	*begin = lseek(fd, 0, SEEK_CUR);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && *begin >= 0)
		return fcntl(fd, F_DUPFD_CLOEXEC, 0);
	*begin = 0;
	return bundle_seekable(fd, source, scratch);
}

static int
stage_layer(struct stage *stage, int fd, const char *source,
	    struct layer *layer)
{
	off_t begin;
	auto_close int tar = open_source(fd, source, stage->scratch.dir,
					 &begin);
	if (tar < 0)
		return -1;
	struct file_stream file;
	int result;
	do {
		layer->is_raw = layer->has_replaced;
		file_stream_open(&file, tar, source, begin);
		result = layer_stage(stage, &file.stream, NULL, layer);
		file_stream_close(&file);
	} while (result == 0 && layer->has_replaced && !layer->is_raw);
	return result;
}

static int
stage_image(struct stage *stage, int fd, const char *source,
	    const struct import *import, struct build_state *state,
	    struct new_image *image)
{
	struct layer layer = { 0 };
	char hex[65];
	if (stage_layer(stage, fd, source, &layer) < 0)
		return -1;
	/* No digest tells whether this tar is whole: only its end does. */
	if (!layer.has_end)
		return failx("the archive breaks off: it does not end as a "
			     "tar does");
	if (stage_keep_layer(stage, layer.diff_id, layer.size) < 0)
		return -1;
	add_layer(state, import, layer.diff_id);
	build_state_layers(state, &image->layers);
	image->json = build_state_text(state);
	if (digest_bytes(image->json, strlen(image->json), hex) < 0)
		return -1;
	image->id = text("sha256:%s", hex);
	return 0;
}

int
import_tar(struct store *store, int fd, const char *source,
	   const struct import *import, char **id)
{
	struct stage stage;
	struct new_image image = { 0 };
	auto_words struct words missing = { 0 }, renamed = { 0 };
	auto_build_state struct build_state state = { 0 };
	if (begin_state(store, import, &state) < 0 ||
	    take_name(import->name, &image.names) < 0)
		return -1;
	int result = stage_open(&stage, store);
	if (result == 0)
		result = stage_image(&stage, fd, source, import, &state,
				     &image);
	if (result == 0)
		result = stage_commit(&stage, &image, 1, &missing, &renamed);
	if (result == 1)
		result = failx("the layers below are there no more: the image "
			       "%s was removed", import->parent);
	if (result == 0)
		*id = copy_text(image.id);
	stage_close(&stage);
	new_image_free(&image);
	return result;
}
