/* save.c - see save.h.  Runs in mydocker-image. */
#include "save.h"

#include "digest.h"
#include "platforms.h"
#include "recipe.h"
#include "reference.h"
#include "tags.h"
#include "tell_image.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOBS "blobs/sha256/"
#define TYPE(what) "application/vnd.oci.image." what

/* An image that is to be saved, and the names that it was asked for by; `ids`
 * has one for each platform, and first that which all readers find. */
struct choice {
	struct words ids;
	struct words names;
};

struct save {
	struct store *store;
	const char *platforms; /* only these, or NULL */
	struct archive *archive;
	struct choice *choices;
	size_t count;
	struct words written; /* digits of the blobs that are in the archive */
	json_t *docker, *oci, *repositories; /* what the three lists will say */
};

/* ---- which images ------------------------------------------------------ */

/* One that was chosen already, in this form. */
static struct choice *
find_choice(struct save *save, const struct words *ids)
{
	auto_free char *wanted = words_join(ids, " ");
	for (size_t i = 0; i < save->count; i++) {
		auto_free char *own = words_join(&save->choices[i].ids, " ");
		if (strcmp(own, wanted) == 0)
			return &save->choices[i];
	}
	return NULL;
}

static int
choose(struct save *save, const struct tags *tags, const char *id,
       const char *name)
{
	auto_words struct words ids = { 0 };
	if (platforms_list(save->store, tags, id, name, save->platforms,
			   &ids) < 0)
		return -1;
	struct choice *choice = find_choice(save, &ids);
	if (!choice) {
		save->choices = resize_bytes(save->choices, (save->count + 1) *
					     sizeof(*save->choices));
		choice = &save->choices[save->count++];
		*choice = (struct choice){ .ids = ids };
		ids = (struct words){ 0 };
	}
	if (name && !words_has(&choice->names, name))
		words_add(&choice->names, name);
	return 0;
}

/* "app" alone: every tag that there is of it; 1 when there is one. */
static int
choose_repository(struct save *save, const struct tags *tags, const char *name)
{
	auto_reference struct reference wanted = { 0 };
	const char *slash = strrchr(name, '/');
	if (strpbrk(slash ? slash : name, ":@") ||
	    reference_parse(name, &wanted) < 0)
		return 0;
	size_t length = strlen(wanted.repository), before = save->count;
	for (size_t i = 0; i < tags->count; i++) {
		const struct tag *tag = &tags->list[i];
		if (strncmp(tag->name, wanted.repository, length) == 0 &&
		    tag->name[length] == ':' && !tags_platform(tag->name) &&
		    choose(save, tags, tag->id, tag->name) < 0)
			return -1;
	}
	return save->count > before;
}

static int
choose_all(struct save *save, char *const names[])
{
	auto_tags struct tags tags = { 0 };
	if (tags_read(save->store->dir, &tags) < 0)
		return -1;
	for (; *names; names++) {
		auto_free char *id = NULL, *tag = NULL;
		int found = choose_repository(save, &tags, *names);
		if (found < 0)
			return -1;
		if (found)
			continue;
		if (store_resolve(save->store, &tags, *names, &id, &tag) < 0 ||
		    choose(save, &tags, id, tag) < 0)
			return -1;
	}
	return 0;
}

/* ---- the tar ----------------------------------------------------------- */

static int
put_failed(struct save *save)
{
	return failx("write the archive: %s",
		     archive_error_string(save->archive));
}

/* Nothing but names and contents: who saved it, and when, is not part of an
 * image. */
static int
put_header(struct save *save, const char *name, uint64_t size)
{
	struct archive_entry *entry = archive_entry_new();
	bool is_directory = name[strlen(name) - 1] == '/';
	archive_entry_set_pathname(entry, name);
	archive_entry_set_mode(entry, is_directory ? S_IFDIR | 0755 :
						     S_IFREG | 0644);
	archive_entry_set_mtime(entry, 0, 0);
	archive_entry_set_size(entry, size);
	int result = archive_write_header(save->archive, entry);
	archive_entry_free(entry);
	return result == ARCHIVE_OK ? 0 : put_failed(save);
}

static int
put_bytes(struct save *save, const void *bytes, size_t size)
{
	if (stream_interrupted)
		return failx("interrupted");
	if (archive_write_data(save->archive, bytes, size) != (la_ssize_t)size)
		return put_failed(save);
	return 0;
}

static int
put_text(struct save *save, const char *name, const char *content)
{
	size_t size = strlen(content);
	if (put_header(save, name, size) < 0)
		return -1;
	return put_bytes(save, content, size);
}

static int
put_json(struct save *save, const char *name, json_t *value)
{
	auto_free char *content = json_dumps(value, JSON_COMPACT);
	if (!content)
		return failx("write %s: out of memory", name);
	return put_text(save, name, content);
}

/* Under the name that is its digest; once. */
static int
put_blob(struct save *save, const char *hex, const char *content)
{
	auto_free char *name = text(BLOBS "%s", hex);
	if (words_has(&save->written, hex))
		return 0;
	words_add(&save->written, hex);
	return put_text(save, name, content);
}

/* ---- layers ------------------------------------------------------------ */

static int
copy_tar(struct save *save, struct recipe_reader *tar, const char *hex)
{
	struct digest_stream digest;
	const void *block;
	ssize_t size;
	char found[65];
	if (digest_stream_open(&digest, &tar->stream) < 0)
		return -1;
	while ((size = stream_next(&digest.stream, &block)) > 0 &&
	       put_bytes(save, block, size) == 0)
		continue;
	int result = size == 0 ? digest_stream_end(&digest, found) : -1;
	digest_stream_close(&digest);
	if (result == 0 && strcmp(found, hex) != 0)
		return failx("its files were changed in the store: their tar "
			     "has the digest sha256:%s", found);
	return result;
}

static int
put_layer(struct save *save, const char *hex, uint64_t *size)
{
	const struct store *store = save->store;
	struct recipe_reader tar = { .file = -1 };
	if (recipe_size(store->layers, hex, size) < 0)
		return -1;
	if (words_has(&save->written, hex))
		return 0;
	words_add(&save->written, hex);
	auto_free char *name = text(BLOBS "%s", hex);
	auto_close int dir = openat(store->layers, hex,
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail("open %s/layers/%s", store->root, hex);
	int result = recipe_read(&tar, store->layers, dir, hex);
	if (result == 0)
		result = put_header(save, name, *size);
	if (result == 0)
		result = copy_tar(save, &tar, hex);
	recipe_reader_close(&tar);
	return result;
}

/* ---- an image ---------------------------------------------------------- */

/* The layers, in the words of either list. */
static int
put_layers(struct save *save, const struct image *image, json_t *oci,
	   json_t *docker, json_t *sources)
{
	for (char **diff = image->diff_ids; *diff; diff++) {
		const char *hex = *diff + strlen("sha256:");
		uint64_t size;
		if (put_layer(save, hex, &size) < 0)
			return wrap("layer %.12s", hex);
		json_t *layer = platforms_descriptor(TYPE("layer.v1.tar"),
						     *diff, size);
		json_array_append(oci, layer);
		json_object_set_new(sources, *diff, layer);
		auto_free char *name = text(BLOBS "%s", hex);
		json_array_append_new(docker, json_string(name));
	}
	return 0;
}

/* An entry of index.json for each name; one without when there is none. */
static void
list_names(struct save *save, const struct choice *choice, json_t *descriptor)
{
	for (size_t i = 0; i < choice->names.count || i == 0; i++) {
		json_t *entry = json_copy(descriptor);
		json_array_append_new(save->oci, entry);
		if (choice->names.count == 0)
			return;
		const char *name = choice->names.items[i];
		auto_free char *full = reference_full(name);
		const char *tag = strrchr(name, ':') + 1;
		json_object_set_new(entry, "annotations", json_pack(
			"{s:s, s:s}", "io.containerd.image.name", full,
			"org.opencontainers.image.ref.name", tag));
	}
}

/* The oldest list, which still names images for some readers. */
static void
list_repositories(struct save *save, const struct choice *choice,
		  const struct image *image)
{
	size_t top = 0;
	while (image->diff_ids[top + 1])
		top++;
	for (size_t i = 0; i < choice->names.count; i++) {
		auto_free char *name = copy_text(choice->names.items[i]);
		char *tag = strrchr(name, ':');
		*tag++ = '\0';
		json_t *tags = json_object_get(save->repositories, name);
		if (!tags) {
			tags = json_object();
			json_object_set_new(save->repositories, name, tags);
		}
		json_object_set_new(tags, tag,
				    json_string(image->diff_ids[top] + 7));
	}
}

/* Takes `layers`; the manifest's descriptor is the caller's. */
static int
put_manifest(struct save *save, const char *id, size_t config_size,
	     json_t *layers, json_t **descriptor)
{
	char hex[65];
	json_t *manifest = json_pack(
		"{s:i, s:s, s:o, s:o}", "schemaVersion", 2, "mediaType",
		TYPE("manifest.v1+json"), "config",
		platforms_descriptor(TYPE("config.v1+json"), id, config_size),
		"layers", layers);
	auto_free char *content = json_dumps(manifest, JSON_COMPACT);
	json_decref(manifest);
	if (!content || digest_bytes(content, strlen(content), hex) < 0 ||
	    put_blob(save, hex, content) < 0)
		return -1;
	auto_free char *digest = text("sha256:%s", hex);
	*descriptor = platforms_descriptor(TYPE("manifest.v1+json"), digest,
					   strlen(content));
	return 0;
}

/* In manifest.json.  Takes `files` and `sources`. */
static void
list_docker(struct save *save, const struct choice *choice,
	    const struct image *image, json_t *files, json_t *sources)
{
	json_t *names = choice->names.count ? json_array() : json_null();
	auto_free char *file = text(BLOBS "%s", choice->ids.items[0] + 7);
	for (size_t i = 0; i < choice->names.count; i++)
		json_array_append_new(names,
				      json_string(choice->names.items[i]));
	json_array_append_new(save->docker, json_pack(
		"{s:s, s:o, s:o, s:o}", "Config", file, "RepoTags", names,
		"Layers", files, "LayerSources", sources));
	list_repositories(save, choice, image);
}

/* One of the choice's images; the descriptor of its manifest is the
 * caller's. */
static int
put_image(struct save *save, const struct choice *choice, size_t which,
	  json_t **descriptor)
{
	const char *id = choice->ids.items[which];
	auto_image struct image image = { 0 };
	size_t length;
	auto_free char *config = shelves_read_config(save->store, id, &length);
	if (!config || image_parse(config, length, id, &image) < 0 ||
	    put_blob(save, id + strlen("sha256:"), config) < 0)
		return -1;
	json_t *layers = json_array(), *files = json_array();
	json_t *sources = json_object();
	int result = put_layers(save, &image, layers, files, sources);
	if (result == 0)
		result = put_manifest(save, id, length, json_incref(layers),
				      descriptor);
	json_decref(layers);
	if (result == 0 && which == 0) {
		list_docker(save, choice, &image, files, sources);
	} else {
		json_decref(files);
		json_decref(sources);
	}
	if (result == 0 && choice->ids.count > 1)
		platforms_note(*descriptor, &image);
	return result;
}

/* The index that leads to those for the platforms; it stands for all. */
static int
put_index(struct save *save, const struct choice *choice, json_t *manifests)
{
	char hex[65];
	auto_free char *content = platforms_index(manifests, hex);
	if (!content || put_blob(save, hex, content) < 0)
		return -1;
	auto_free char *digest = text("sha256:%s", hex);
	json_t *descriptor = platforms_descriptor(TYPE("index.v1+json"),
						  digest, strlen(content));
	list_names(save, choice, descriptor);
	json_decref(descriptor);
	return 0;
}

static int
put_choice(struct save *save, const struct choice *choice)
{
	json_t *manifests = json_array();
	int result = 0;
	for (size_t i = 0; result == 0 && i < choice->ids.count; i++) {
		json_t *descriptor = NULL;
		result = put_image(save, choice, i, &descriptor);
		if (result < 0)
			wrap("image %.12s", choice->ids.items[i] + 7);
		json_array_append_new(manifests, descriptor);
	}
	if (result == 0 && choice->ids.count > 1)
		result = put_index(save, choice, manifests);
	else if (result == 0)
		list_names(save, choice, json_array_get(manifests, 0));
	json_decref(manifests);
	return result;
}

static int
put_lists(struct save *save)
{
	json_t *index = json_pack("{s:i, s:s, s:O}", "schemaVersion", 2,
				  "mediaType", TYPE("index.v1+json"),
				  "manifests", save->oci);
	int result = put_json(save, "index.json", index);
	json_decref(index);
	if (result < 0 || put_json(save, "manifest.json", save->docker) < 0 ||
	    put_text(save, "oci-layout",
		     "{\"imageLayoutVersion\":\"1.0.0\"}") < 0)
		return -1;
	if (json_object_size(save->repositories) == 0)
		return 0;
	return put_json(save, "repositories", save->repositories);
}

static int
put_all(struct save *save)
{
	if (put_header(save, "blobs/", 0) < 0 ||
	    put_header(save, BLOBS, 0) < 0)
		return -1;
	for (size_t i = 0; i < save->count; i++)
		if (put_choice(save, &save->choices[i]) < 0)
			return -1;
	if (put_lists(save) < 0)
		return -1;
	return archive_write_close(save->archive) == ARCHIVE_OK ?
		       0 : put_failed(save);
}

/* ---- all of it --------------------------------------------------------- */

static int
save_locked(struct save *save, int fd)
{
	save->archive = archive_write_new();
	if (!save->archive)
		return failx("libarchive is out of memory");
	/* ustar, unless a layer is larger than that can say. */
	archive_write_set_format_pax_restricted(save->archive);
	/* Nothing to fill up the block of a tape. */
	archive_write_set_bytes_in_last_block(save->archive, 1);
	if (archive_write_open_fd(save->archive, fd) != ARCHIVE_OK)
		return put_failed(save);
	return put_all(save);
}

/* Those named, or else what was chosen already. */
static int
save_chosen(struct save *save, char *const names[], int fd)
{
	struct store *store = save->store;
	save->docker = json_array();
	save->oci = json_array();
	save->repositories = json_object();
	/* Nobody removes a layer from under us. */
	int result = store_lock(store, LOCK_SH);
	if (result == 0) {
		result = names ? choose_all(save, names) : 0;
		if (result == 0)
			result = save_locked(save, fd);
		store_unlock(store);
	}
	archive_write_free(save->archive);
	for (size_t i = 0; i < save->count; i++) {
		if (result == 0)
			image_tell(store, "save",
				   save->choices[i].ids.items[0], NULL);
		words_free(&save->choices[i].ids);
		words_free(&save->choices[i].names);
	}
	free(save->choices);
	words_free(&save->written);
	json_decref(save->docker);
	json_decref(save->oci);
	json_decref(save->repositories);
	return result;
}

int
save_images(struct store *store, char *const names[], const char *platforms,
	    int fd)
{
	struct save save = { .store = store, .platforms = platforms };
	return save_chosen(&save, names, fd);
}

int
save_image(struct store *store, const char *id, const struct words *names,
	   int fd)
{
	struct save save = { .store = store, .count = 1 };
	save.choices = new_bytes(sizeof(*save.choices));
	*save.choices = (struct choice){ 0 };
	words_add(&save.choices->ids, id);
	words_add_all(&save.choices->names, names->items);
	return save_chosen(&save, NULL, fd);
}
