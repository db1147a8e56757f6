/* import.c - see import.h.  Runs in mydocker-image. */
#include "import.h"

#include "layer.h"
#include "manifest.h"
#include "reference.h"
#include "stage.h"

#include <stdlib.h>
#include <string.h>

static char *
config_text(const struct import *import, const char *diff_id)
{
	struct tm tm;
	char created[32];
	gmtime_r(&import->created, &tm);
	strftime(created, sizeof(created), "%Y-%m-%dT%H:%M:%SZ", &tm);
	auto_free char *digest = text("sha256:%s", diff_id);
	json_t *config = import->config ? json_incref(import->config) :
					  json_object();
	json_t *root = json_pack(
		"{s:s, s:s, s:s, s:o, s:{s:s, s:[s]}, s:[{s:s, s:s}]}",
		"created", created, "architecture", manifest_platform(),
		"os", "linux", "config", config, "rootfs", "type", "layers",
		"diff_ids", digest, "history", "created", created, "comment",
		import->comment);
	char *json = root ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	return json;
}

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

static int
stage_image(struct stage *stage, struct stream *from,
	    const struct import *import, struct new_image *image)
{
	struct layer layer = { 0 };
	char hex[65];
	if (layer_stage(stage, from, NULL, &layer) < 0)
		return -1;
	/* No digest tells whether this tar is whole: only its end does. */
	if (!layer.has_end)
		return failx("the archive breaks off: it does not end as a "
			     "tar does");
	if (stage_keep_layer(stage, layer.diff_id, layer.size) < 0)
		return -1;
	words_add(&image->layers, layer.diff_id);
	image->json = config_text(import, layer.diff_id);
	if (!image->json)
		return failx("write the config: the comment is not UTF-8");
	if (digest_bytes(image->json, strlen(image->json), hex) < 0)
		return -1;
	image->id = text("sha256:%s", hex);
	return 0;
}

int
import_tar(struct store *store, struct stream *from,
	   const struct import *import, char **id)
{
	struct stage stage;
	struct new_image image = { 0 };
	auto_words struct words missing = { 0 }, renamed = { 0 };
	if (take_name(import->name, &image.names) < 0)
		return -1;
	int result = stage_open(&stage, store);
	if (result == 0)
		result = stage_image(&stage, from, import, &image);
	if (result == 0)
		result = stage_commit(&stage, &image, 1, &missing, &renamed);
	if (result == 0)
		*id = copy_text(image.id);
	stage_close(&stage);
	new_image_free(&image);
	return result;
}
