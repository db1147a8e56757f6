/* import.c - see import.h.  Runs in mydocker-image. */
#include "import.h"

#include "bundle.h"
#include "change.h"
#include "layer.h"
#include "manifest.h"
#include "reference.h"
#include "shelves.h"
#include "stage.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What `config` is to be, with the changes; NULL and a failure. */
static json_t *
changed_config(const struct import *import)
{
	/* A copy: the changes are not the caller's. */
	json_t *config = import->config ? json_deep_copy(import->config) :
					  json_object();
	for (char *const *change = import->changes; change && *change;
	     change++) {
		if (change_apply(config, *change) == 0)
			continue;
		json_decref(config);
		return NULL;
	}
	return config;
}

/* The config of the image below, or one without anything below. */
static json_t *
config_below(struct store *store, const char *parent)
{
	size_t length;
	if (!parent)
		return json_pack("{s:s, s:s, s:{s:s, s:[]}, s:[]}",
				 "architecture", manifest_platform(), "os",
				 "linux", "rootfs", "type", "layers",
				 "diff_ids", "history");
	auto_free char *json = shelves_read_config(store, parent, &length);
	json_t *root = json ? json_loadb(json, length, 0, NULL) : NULL;
	if (json && !root)
		failx("the config of %s is damaged", parent);
	return root;
}

static void
put_text(json_t *object, const char *key, const char *string)
{
	if (string)
		json_object_set_new(object, key, json_string(string));
}

/* A list that old images may be without. */
static json_t *
list_of(json_t *object, const char *key)
{
	json_t *list = json_object_get(object, key);
	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(object, key, list);
	}
	return list;
}

static void
add_layer(json_t *root, const struct import *import, const char *diff_id)
{
	struct tm tm;
	char created[32];
	gmtime_r(&import->created, &tm);
	strftime(created, sizeof(created), "%Y-%m-%dT%H:%M:%SZ", &tm);
	auto_free char *digest = text("sha256:%s", diff_id);
	json_t *step = json_object();
	put_text(step, "created", created);
	put_text(step, "author", import->author);
	put_text(step, "created_by", import->created_by);
	put_text(step, "comment", import->comment);
	json_array_append_new(list_of(root, "history"), step);
	json_array_append_new(
		list_of(json_object_get(root, "rootfs"), "diff_ids"),
		json_string(digest));
	put_text(root, "created", created);
	put_text(root, "author", import->author);
	put_text(root, "comment", import->comment);
}

static char *
config_text(struct store *store, const struct import *import,
	    const char *diff_id, struct words *layers)
{
	json_t *root = config_below(store, import->parent);
	json_t *config = root ? changed_config(import) : NULL;
	char *json = NULL;
	if (config) {
		json_object_set_new(root, "config", config);
		add_layer(root, import, diff_id);
		json_t *below = list_of(json_object_get(root, "rootfs"),
					"diff_ids"), *digest;
		size_t i;
		json_array_foreach(below, i, digest)
			words_add(layers, strchr(json_string_value(digest),
						 ':') + 1);
		json = json_dumps(root, JSON_COMPACT);
		if (!json)
			failx("write the config: the comment is not UTF-8");
	}
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
	    const struct import *import, struct new_image *image)
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
	image->json = config_text(stage->store, import, layer.diff_id,
				  &image->layers);
	if (!image->json)
		return -1;
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
	if (take_name(import->name, &image.names) < 0)
		return -1;
	int result = stage_open(&stage, store);
	if (result == 0)
		result = stage_image(&stage, fd, source, import, &image);
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
