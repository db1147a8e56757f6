/* push.c - see push.h.  Runs in mydocker-image. */
#include "push.h"

#include "digest.h"
#include "known.h"
#include "pack.h"
#include "platforms.h"
#include "progress.h"
#include "reference.h"
#include "registry.h"
#include "scratch.h"
#include "tags.h"
#include "tell_image.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX ((size_t)1024 * 1024)
#define TYPE(what) "application/vnd.oci.image." what

struct push {
	struct store *store;
	struct registry registry;
	struct scratch scratch;
	struct progress progress;
	char *repository; /* as it is stored */
	const char *platform; /* that was asked for, or NULL */
};

/* ---- a blob ------------------------------------------------------------ */

/* 1 when the repository has it. */
static int
has_blob(struct push *push, const char *digest)
{
	auto_free char *what = text("blobs/%s", digest);
	auto_answer struct http_answer answer = { 0 };
	struct http_request request = { .method = "HEAD", .url = what,
					.limit = TEXT_MAX };
	if (registry_call(&push->registry, request, &answer) < 0)
		return -1;
	if (answer.status == 200)
		return 1;
	return answer.status == 404 ? 0 : registry_fail(&answer);
}

/* Where an upload goes on: said with each answer, often without the host. */
static char *
location(const struct http_answer *answer)
{
	const char *where = http_header(answer, "Location");
	bool is_web = where && (strncmp(where, "http://", 7) == 0 ||
				strncmp(where, "https://", 8) == 0);
	if (is_web || (where && where[0] == '/'))
		return copy_text(where);
	if (where)
		failx("the registry would have it uploaded to %.100s", where);
	else
		failx("the registry does not say where to upload to");
	return NULL;
}

/* Ask for an upload; with `from`, first of all for the blob of that
 * repository.  *where is NULL when it was given. */
static int
begin_upload(struct push *push, const char *digest, const char *from,
	     char **where)
{
	auto_answer struct http_answer answer = { 0 };
	auto_free char *escaped = copy_text("blobs/uploads/");
	if (from) {
		char *path = curl_easy_escape(NULL, from, 0);
		free(escaped);
		escaped = text("blobs/uploads/?mount=%s&from=%s", digest,
			       path ? path : "");
		curl_free(path);
	}
	struct http_request request = { .method = "POST", .url = escaped,
					.body = "", .limit = TEXT_MAX };
	*where = NULL;
	if (registry_call(&push->registry, request, &answer) < 0)
		return -1;
	if (answer.status == 201 && from)
		return 0;
	if (answer.status != 202)
		return registry_fail(&answer);
	*where = location(&answer);
	return *where ? 0 : -1;
}

/* The whole of it in one PUT: from a file, or from memory. */
static int
finish_upload(struct push *push, const char *where, const char *digest,
	      struct http_request request)
{
	auto_answer struct http_answer answer = { 0 };
	auto_words struct words headers = { 0 };
	auto_free char *url = text("%s%cdigest=%s", where,
				   strchr(where, '?') ? '&' : '?', digest);
	words_add(&headers, "Content-Type: application/octet-stream");
	request.method = "PUT";
	request.url = url;
	request.headers = &headers;
	request.limit = TEXT_MAX;
	if (registry_call(&push->registry, request, &answer) < 0)
		return -1;
	return answer.status == 201 ? 0 : registry_fail(&answer);
}

static int
upload(struct push *push, const char *digest, struct http_request body)
{
	auto_free char *where = NULL;
	if (begin_upload(push, digest, NULL, &where) < 0)
		return -1;
	return finish_upload(push, where, digest, body);
}

/* ---- a layer ----------------------------------------------------------- */

/* Is the repository of `known` on the registry that we push to?  Its path
 * there, for the caller to free, or NULL. */
static char *
path_on_registry(const struct push *push, const struct known *known)
{
	auto_free char *host = NULL, *path = NULL;
	reference_split(known->repository, &host, &path);
	return strcmp(host, push->registry.host) == 0 ? take_ptr(&path) : NULL;
}

static int
remember(struct push *push, const char *hex, const struct known *known)
{
	struct known here = *known;
	here.repository = push->repository;
	known_add(push->store, push->scratch.dir, hex, &here);
	return 1;
}

/* One that another repository of the registry has.  1 when it was mounted. */
static int
mount_blob(struct push *push, const char *hex, const struct known *known,
	   size_t row)
{
	auto_free char *path = path_on_registry(push, known), *where = NULL;
	if (!path || strcmp(path, push->registry.path) == 0)
		return 0;
	struct failure kept = failure;
	/* A refusal, or an upload that was opened instead, means no. */
	if (begin_upload(push, known->digest, path, &where) < 0 || where) {
		failure = kept;
		return stream_interrupted ? failx("interrupted") : 0;
	}
	auto_free char *said = text("Mounted from %s", path);
	progress_say(&push->progress, row, said);
	return remember(push, hex, known);
}

/* A form of the layer that the registry has already: 1, and *layer. */
static int
find_known(struct push *push, const char *hex, size_t row, json_t **layer)
{
	struct knowns knowns;
	int found = 0;
	known_read(push->store, hex, &knowns);
	for (size_t i = 0; i < knowns.count && found == 0; i++) {
		const struct known *known = &knowns.list[i];
		found = has_blob(push, known->digest);
		if (found == 1) {
			progress_say(&push->progress, row,
				     "Layer already exists");
			remember(push, hex, known);
		} else if (found == 0) {
			found = mount_blob(push, hex, known, row);
		}
		if (found == 1)
			*layer = platforms_descriptor(known->type,
						      known->digest,
						      known->size);
	}
	known_free(&knowns);
	return found;
}

static int
push_packed(struct push *push, const char *hex, size_t row,
	    const struct pack *pack)
{
	const struct known known = { .digest = pack->digest,
				     .type = PACK_TYPE, .size = pack->size };
	int found = has_blob(push, pack->digest);
	if (found < 0)
		return -1;
	struct http_request body = { .file = pack->fd,
				     .file_size = pack->size };
	progress_say(&push->progress, row, "Pushing");
	if (!found && upload(push, pack->digest, body) < 0)
		return -1;
	progress_say(&push->progress, row,
		     found ? "Layer already exists" : "Pushed");
	remember(push, hex, &known);
	return 0;
}

static int
push_layer(struct push *push, const char *hex, size_t row, json_t **layer)
{
	struct pack pack;
	int found = find_known(push, hex, row, layer);
	if (found != 0)
		return found < 0 ? -1 : 0;
	if (pack_layer(push->store, push->scratch.dir, hex, &pack) < 0)
		return -1;
	int result = push_packed(push, hex, row, &pack);
	if (result == 0)
		*layer = platforms_descriptor(PACK_TYPE, pack.digest,
					      pack.size);
	pack_free(&pack);
	return result;
}

static int
push_layers(struct push *push, const struct image *image, json_t *layers)
{
	size_t count = 0, first = push->progress.rows;
	while (image->diff_ids[count])
		count++;
	/* The top one first, as Docker lists them. */
	for (size_t i = count; i > 0; i--) {
		auto_free char *name =
			text("%.12s", image->diff_ids[i - 1] + 7);
		progress_row(&push->progress, name, "Preparing");
	}
	for (size_t i = 0; i < count; i++) {
		json_t *layer = NULL;
		if (push_layer(push, image->diff_ids[i] + 7,
			       first + count - 1 - i, &layer) < 0)
			return -1;
		json_array_append_new(layers, layer);
	}
	return 0;
}

/* ---- the manifest ------------------------------------------------------ */

static int
push_config(struct push *push, const char *id, const char *config,
	    size_t length)
{
	struct http_request body = { .body = config, .body_length = length };
	int found = has_blob(push, id);
	if (found != 0)
		return found < 0 ? -1 : 0;
	return upload(push, id, body);
}

static int
put_manifest(struct push *push, const char *type, const char *tag,
	     const char *manifest, const char *digest)
{
	auto_answer struct http_answer answer = { 0 };
	auto_words struct words headers = { 0 };
	auto_free char *what = text("manifests/%s", tag);
	auto_free char *content = text("Content-Type: %s", type);
	words_add(&headers, content);
	struct http_request request = {
		.method = "PUT", .url = what, .headers = &headers,
		.body = manifest, .body_length = strlen(manifest),
		.limit = TEXT_MAX,
	};
	if (registry_call(&push->registry, request, &answer) < 0)
		return -1;
	if (answer.status != 201)
		return registry_fail(&answer);
	const char *taken = http_header(&answer, "Docker-Content-Digest");
	if (taken && strcmp(taken, digest) != 0)
		return failx("the registry says that it took %.80s, which is "
			     "not what was sent: %s", taken, digest);
	if (strcmp(tag, digest) != 0)
		progress_line(&push->progress, "%s: digest: %s size: %zu", tag,
			      digest, strlen(manifest));
	return 0;
}

/* From now on the image also goes by the digest that it has there. */
static int
keep_digest(struct push *push, const char *id, const char *digest)
{
	auto_tags struct tags tags = { 0 };
	auto_free char *name = text("%s@%s", push->repository, digest);
	if (store_lock(push->store, LOCK_EX) < 0)
		return -1;
	int result = tags_read(push->store->dir, &tags);
	/* Unless somebody removed it meanwhile. */
	if (result == 0 && tags_name(&tags, id)) {
		tags_set(&tags, name, id);
		result = store_publish_tags(push->store, &push->scratch,
					    &tags);
	}
	store_unlock(push->store);
	return result;
}

/* What of an image comes before its manifest, and that as text for the caller
 * to free. */
static char *
push_parts(struct push *push, const struct image *image, char hex[65])
{
	size_t length = 0;
	auto_free char *config =
		shelves_read_config(push->store, image->id, &length);
	json_t *layers = json_array();
	int result = config ? push_layers(push, image, layers) : -1;
	if (result == 0)
		result = push_config(push, image->id, config, length);
	json_t *root = json_pack(
		"{s:i, s:s, s:o, s:o}", "schemaVersion", 2, "mediaType",
		TYPE("manifest.v1+json"), "config",
		platforms_descriptor(TYPE("config.v1+json"), image->id,
				     length), "layers", layers);
	auto_free char *manifest =
		result == 0 ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	if (!manifest || digest_bytes(manifest, strlen(manifest), hex) < 0)
		return NULL;
	return take_ptr(&manifest);
}

/* `tag` is NULL for one of several, which goes by its digest.  The descriptor
 * of its manifest is the caller's. */
static int
push_one(struct push *push, const char *id, const char *tag,
	 json_t **descriptor)
{
	auto_image struct image image = { 0 };
	char hex[65];
	if (store_find_image(push->store, id, &image) < 0)
		return -1;
	auto_free char *manifest = push_parts(push, &image, hex);
	if (!manifest)
		return -1;
	auto_free char *digest = text("sha256:%s", hex);
	if (put_manifest(push, TYPE("manifest.v1+json"), tag ? tag : digest,
			 manifest, digest) < 0)
		return -1;
	*descriptor = platforms_descriptor(TYPE("manifest.v1+json"), digest,
					   strlen(manifest));
	platforms_note(*descriptor, &image);
	return tag ? keep_digest(push, id, digest) : 0;
}

static int
push_several(struct push *push, const struct words *ids, const char *tag)
{
	json_t *manifests = json_array();
	char hex[65];
	int result = 0;
	for (size_t i = 0; result == 0 && i < ids->count; i++) {
		json_t *descriptor = NULL;
		result = push_one(push, ids->items[i], NULL, &descriptor);
		json_array_append_new(manifests, descriptor);
	}
	auto_free char *index =
		result == 0 ? platforms_index(manifests, hex) : NULL;
	json_decref(manifests);
	if (!index)
		return -1;
	auto_free char *digest = text("sha256:%s", hex);
	if (put_manifest(push, TYPE("index.v1+json"), tag, index, digest) < 0)
		return -1;
	return keep_digest(push, ids->items[0], digest);
}

/* The ids of what is to be pushed by this name. */
static int
find_images(struct push *push, const char *name, struct words *ids)
{
	auto_tags struct tags tags = { 0 };
	if (store_lock(push->store, LOCK_SH) < 0)
		return -1;
	int result = tags_read(push->store->dir, &tags);
	const char *id = result == 0 ? tags_id(&tags, name) : NULL;
	if (id)
		result = platforms_list(push->store, &tags, id, name,
					push->platform, ids);
	else if (result == 0)
		result = failx("tag does not exist: %s", name);
	store_unlock(push->store);
	return result;
}

static int
push_tag(struct push *push, const char *name)
{
	auto_words struct words ids = { 0 };
	const char *tag = strrchr(name, ':') + 1;
	json_t *descriptor = NULL;
	if (find_images(push, name, &ids) < 0)
		return -1;
	int result = ids.count > 1 ?
			     push_several(push, &ids, tag) :
			     push_one(push, ids.items[0], tag, &descriptor);
	json_decref(descriptor);
	if (result < 0 && failure.code == EACCES)
		return wrap("push access denied for %s, repository does not "
			    "exist or may require authorization",
			    push->repository);
	return result;
}

/* ---- all of it --------------------------------------------------------- */

/* The names of the repository that have a tag. */
static int
list_tags(struct push *push, struct words *names)
{
	auto_tags struct tags tags = { 0 };
	size_t length = strlen(push->repository);
	if (tags_read(push->store->dir, &tags) < 0)
		return -1;
	for (size_t i = 0; i < tags.count; i++) {
		const char *name = tags.list[i].name;
		if (!tags_is_digest(name) && !tags_platform(name) &&
		    tags_repository_length(name) == length &&
		    strncmp(name, push->repository, length) == 0)
			words_add(names, name);
	}
	if (names->count == 0)
		return failx("An image does not exist locally with the tag: "
			     "%s", push->repository);
	return 0;
}

static int
push_names(struct push *push, const struct words *names)
{
	auto_free char *full = reference_full(push->repository);
	progress_line(&push->progress, "The push refers to repository [%s]",
		      full);
	for (size_t i = 0; i < names->count; i++) {
		if (push_tag(push, names->items[i]) < 0)
			return -1;
		image_tell(push->store, "push", names->items[i],
			   names->items[i]);
		auto_free char *whole = reference_full(names->items[i]);
		if (push->progress.is_quiet)
			puts(whole);
	}
	return 0;
}

int
push_image(struct store *store, const char *name,
	   const struct push_options *options)
{
	struct push push = { .store = store, .scratch.dir = -1,
			     .platform = options->platform };
	auto_reference struct reference wanted = { 0 };
	auto_words struct words names = { 0 };
	const char *slash = strrchr(name, '/');
	bool is_bare = !strchr(slash ? slash : name, ':');
	if (reference_parse(name, &wanted) < 0)
		return -1;
	if (wanted.digest)
		return failx("cannot push a digest reference");
	if (options->all_tags && !is_bare)
		return failx("tag can't be used with --all-tags/-a");
	push.repository = wanted.repository;
	progress_open(&push.progress, options->is_quiet);
	if (list_tags(&push, &names) < 0)
		return -1;
	if (!options->all_tags) {
		if (is_bare)
			progress_line(&push.progress,
				      "Using default tag: latest");
		words_free(&names);
		auto_free char *full = reference_name(&wanted);
		words_add(&names, full);
	}
	int result = registry_open(&push.registry, push.repository,
				   "pull,push");
	if (result == 0)
		result = scratch_create(store, &push.scratch);
	if (result == 0)
		result = push_names(&push, &names);
	if (scratch_remove(store, &push.scratch) < 0)
		result = -1;
	registry_close(&push.registry);
	progress_close(&push.progress);
	return result;
}
