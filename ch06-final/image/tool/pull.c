/* pull.c - see pull.h.  Runs in mydocker-image. */
#include "pull.h"

#include "download.h"
#include "known.h"
#include "layer.h"
#include "manifest.h"
#include "partial.h"
#include "reference.h"
#include "stage.h"
#include "tags.h"
#include "tell_image.h"
#include "unpacker.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX ((size_t)4 * 1024 * 1024)
#define TAG_PAGES_MAX 1000
#define TRIES_MAX 5
#define KEPT_S ((int64_t)7 * 24 * 3600)
#define ACCEPT                                                                \
	"Accept: application/vnd.oci.image.index.v1+json, "                   \
	"application/vnd.oci.image.manifest.v1+json, "                        \
	"application/vnd.docker.distribution.manifest.list.v2+json, "         \
	"application/vnd.docker.distribution.manifest.v2+json"

struct pull {
	struct store *store;
	const struct pull_options *options;
	struct registry registry;
	struct reference wanted;
	char *shown; /* "busybox:latest", for messages */
	char *digest; /* of what the name means: a manifest, or an index */
	struct claim claim;
	struct new_image image;
	struct stage stage;
	struct progress progress;
};

/* ---- manifests --------------------------------------------------------- */

static int
check_digest(const struct http_answer *answer, const char *digest)
{
	char hex[65];
	if (digest_bytes(answer->body, answer->length, hex) < 0)
		return -1;
	if (strcmp(digest, "") != 0 &&
	    strcmp(hex, digest + strlen("sha256:")) != 0)
		return failx("it has the digest sha256:%s, where %.19s... was "
			     "asked for or announced", hex, digest);
	return 0;
}

/* By a tag or by a digest.  By a tag only the registry says what the digest
 * should be, or does not. */
static int
get_manifest(struct pull *pull, const char *reference,
	     struct http_answer *answer)
{
	auto_free char *what = text("manifests/%s", reference);
	if (registry_get(&pull->registry, what, ACCEPT, TEXT_MAX, answer) < 0)
		return -1;
	const char *announced = http_header(answer, "Docker-Content-Digest");
	const char *digest = strchr(reference, ':') ? reference :
			     announced && reference_is_digest(announced) ?
				     announced : "";
	return check_digest(answer, digest) < 0 ? wrap("manifest %s",
						       reference) : 0;
}

/* Docker's words for what may be wrong with a name. */
static int
translate(const struct pull *pull)
{
	if (failure.code == EACCES)
		return wrap("pull access denied for %s, repository does not "
			    "exist or may require 'docker login'",
			    pull->wanted.repository);
	if (failure.code != ENOENT)
		return -1;
	if (strncmp(failure.text, "name unknown", 12) == 0)
		return wrap("repository %s not found",
			    pull->wanted.repository);
	return wrap("manifest for %s not found", pull->shown);
}

static int
find_manifest(struct pull *pull, const char *reference)
{
	auto_answer struct http_answer answer = { 0 }, inner = { 0 };
	struct http_answer *manifest = &answer;
	auto_free char *chosen = NULL;
	const char *platform = pull->options->platform;
	char hex[65];
	if (get_manifest(pull, reference, &answer) < 0)
		return translate(pull);
	if (digest_bytes(answer.body, answer.length, hex) < 0 ||
	    manifest_pick(answer.body, answer.length,
			  platform ? platform : manifest_platform(),
			  &chosen) < 0)
		return -1;
	pull->digest = text("sha256:%s", hex);
	if (chosen) {
		manifest = &inner;
		if (get_manifest(pull, chosen, &inner) < 0)
			return translate(pull);
	}
	if (manifest_parse_oci(manifest->body, manifest->length,
			       &pull->claim) < 0)
		return wrap("the manifest of %s", pull->shown);
	return 0;
}

/* ---- the config -------------------------------------------------------- */

static int
check_config(struct pull *pull, const struct image *parsed)
{
	const struct claim *claim = &pull->claim;
	struct new_image *image = &pull->image;
	size_t most = storage_layers_max(pull->store->driver);
	for (char **diff = parsed->diff_ids; *diff; diff++)
		words_add(&image->layers, *diff + strlen("sha256:"));
	if (image->layers.count > most)
		return failx("it has %zu layers; the storage driver %s takes "
			     "%zu", image->layers.count,
			     storage_name(pull->store->driver), most);
	if (image->layers.count != claim->digests.count)
		return failx("its manifest has %zu layers, but its config %zu",
			     claim->digests.count, image->layers.count);
	return manifest_check_platform(pull->shown, pull->options->platform,
				       parsed);
}

static int
get_config(struct pull *pull)
{
	auto_answer struct http_answer answer = { 0 };
	auto_image struct image parsed = { 0 };
	const char *digest = pull->claim.config_digest;
	auto_free char *what = text("blobs/%s", digest);
	if (registry_get(&pull->registry, what, NULL, TEXT_MAX, &answer) < 0 ||
	    check_digest(&answer, digest) < 0)
		return wrap("the config of %s", pull->shown);
	if (strlen(answer.body) != answer.length)
		return failx("the config of %s has a zero byte", pull->shown);
	pull->image.id = copy_text(digest);
	pull->image.json = take_ptr(&answer.body);
	if (image_parse(pull->image.json, answer.length, digest, &parsed) < 0)
		return -1;
	return check_config(pull, &parsed);
}

/* ---- layers ------------------------------------------------------------ */

/* One row for each layer; a blob for each that is to come.  A layer that is
 * twice in the image comes once. */
static size_t
list_blobs(struct pull *pull, struct blob *blobs, const char **diffs)
{
	const struct words *layers = &pull->image.layers;
	size_t count = 0;
	for (size_t i = 0; i < layers->count; i++) {
		const char *digest = pull->claim.digests.items[i];
		auto_free char *name = text("%.12s", digest + 7);
		bool is_there = stage_has_layer(&pull->stage,
						layers->items[i]);
		bool is_twice = false;
		for (size_t n = 0; n < count; n++)
			is_twice = is_twice ||
				   strcmp(diffs[n], layers->items[i]) == 0;
		size_t row = progress_row(&pull->progress, name, is_there ?
					  "Already exists" :
					  "Pulling fs layer");
		if (is_there || is_twice)
			continue;
		blobs[count] = (struct blob){
			.digest = digest, .row = row, .fd = -1,
			.size = pull->claim.sizes[i],
		};
		diffs[count++] = layers->items[i];
	}
	return count;
}

/* Those that came are unpacked, in order, while the others still come. */
static int
get_layers(struct pull *pull)
{
	size_t most = pull->image.layers.count;
	auto_free struct blob *blobs = new_bytes(most * sizeof(*blobs));
	auto_free const char **diffs = new_bytes(most * sizeof(*diffs));
	struct unpacker unpacker;
	struct download download = {
		.registry = &pull->registry, .store = pull->store,
		.progress = &pull->progress, .blobs = blobs,
		.count = list_blobs(pull, blobs, diffs),
		.ready = unpacker_ready, .is_wanted = unpacker_is_well,
		.data = &unpacker,
	};
	if (download.count == 0)
		return 0;
	if (unpacker_begin(&unpacker, &pull->stage, &pull->progress, blobs,
			   diffs, download.count) < 0)
		return -1;
	int result = download_run(&download);
	if (unpacker_end(&unpacker, result == 0) < 0)
		result = -1;
	download_close(&download, result == 0);
	return result;
}

/* Layers that were there may be removed before we are done: once more, then. */
static int
get_and_commit(struct pull *pull)
{
	auto_words struct words renamed = { 0 };
	for (int try = 0; try < TRIES_MAX; try++) {
		auto_words struct words missing = { 0 };
		if (get_layers(pull) < 0)
			return -1;
		int done = stage_commit(&pull->stage, &pull->image, 1,
					&missing, &renamed);
		if (done <= 0)
			return done;
	}
	return failx("other commands keep removing its layers: try again");
}

/* ---- an image ---------------------------------------------------------- */

/* Does the name mean this very image, and is that whole?  1, then. */
static int
is_here(struct pull *pull, const char *name)
{
	auto_image struct image image = { 0 };
	if (store_find_image(pull->store, name, &image) < 0 ||
	    strcmp(image.id, pull->claim.config_digest) != 0)
		return 0;
	return manifest_check_platform(pull->shown, pull->options->platform,
				       &image) < 0 ? -1 : 1;
}

static int
pull_onto_stage(struct pull *pull, const char *tag)
{
	const char *repository = pull->wanted.repository;
	if (find_manifest(pull, tag ? tag : pull->wanted.digest) < 0)
		return -1;
	progress_line(&pull->progress, "%s: Pulling from %s",
		      tag ? tag : pull->wanted.digest, pull->registry.path);
	auto_free char *by_digest = text("%s@%s", repository, pull->digest);
	auto_free char *by_tag = text("%s:%s", repository, tag ? tag : "");
	int was_here = is_here(pull, by_digest);
	if (was_here > 0 && tag)
		was_here = is_here(pull, by_tag);
	if (was_here < 0)
		return -1;
	if (!was_here) {
		words_add(&pull->image.names, by_digest);
		if (tag)
			words_add(&pull->image.names, by_tag);
		if (get_config(pull) < 0 || get_and_commit(pull) < 0)
			return -1;
		known_add_claim(pull->store, pull->stage.scratch.dir,
				&pull->image.layers, &pull->claim, repository);
	}
	progress_line(&pull->progress, "Digest: %s", pull->digest);
	progress_line(&pull->progress, "Status: %s for %s",
		      was_here ? "Image is up to date" :
				 "Downloaded newer image", pull->shown);
	/* As with Docker the name is its id here. */
	image_tell(pull->store, "pull", pull->shown, pull->shown);
	return 0;
}

static int
pull_tag(struct pull *pull, const char *tag)
{
	pull->shown = tag ? text("%s:%s", pull->wanted.repository, tag) :
			    text("%s@%s", pull->wanted.repository,
				 pull->wanted.digest);
	int result = stage_open(&pull->stage, pull->store);
	if (result == 0)
		result = pull_onto_stage(pull, tag);
	stage_close(&pull->stage);
	new_image_free(&pull->image);
	manifest_free_claim(&pull->claim);
	free(take_ptr(&pull->digest));
	if (result == 0 && !pull->options->all_tags) {
		auto_free char *full = reference_full(pull->shown);
		puts(full);
	}
	free(take_ptr(&pull->shown));
	return result;
}

/* ---- every tag --------------------------------------------------------- */

/* Long lists come in pages: Link: </v2/x/tags/list?last=b&n=100>; rel="next" */
static char *
next_page(const struct http_answer *answer)
{
	const char *link = http_header(answer, "Link");
	if (!link || *link != '<' || !strstr(link, "rel=\"next\"") ||
	    link[1] != '/' || link[2] == '/')
		return NULL;
	return text("%.*s", (int)strcspn(link + 1, ">"), link + 1);
}

static int
list_tags(struct pull *pull, struct words *tags)
{
	auto_free char *page = copy_text("tags/list");
	for (int i = 0; page && i < TAG_PAGES_MAX; i++) {
		auto_answer struct http_answer answer = { 0 };
		json_t *tag;
		size_t n;
		if (registry_get(&pull->registry, page, NULL, TEXT_MAX,
				 &answer) < 0)
			return translate(pull);
		json_t *root = json_loadb(answer.body, answer.length, 0, NULL);
		json_array_foreach(json_object_get(root, "tags"), n, tag)
			if (json_is_string(tag))
				words_add(tags, json_string_value(tag));
		json_decref(root);
		free(page);
		page = next_page(&answer);
	}
	return 0;
}

static int
pull_all_tags(struct pull *pull)
{
	auto_words struct words tags = { 0 };
	if (list_tags(pull, &tags) < 0)
		return -1;
	for (size_t i = 0; i < tags.count; i++) {
		auto_free char *name = text("%s:%s", pull->wanted.repository,
					    tags.items[i]);
		auto_reference struct reference checked = { 0 };
		if (reference_parse(name, &checked) < 0 ||
		    pull_tag(pull, tags.items[i]) < 0)
			return -1;
	}
	auto_free char *full = reference_full(pull->wanted.repository);
	puts(full);
	return 0;
}

/* ---- all of it --------------------------------------------------------- */

/* Has the name neither a tag nor a digest? */
static bool
is_bare(const char *name)
{
	const char *slash = strrchr(name, '/');
	return !strpbrk(slash ? slash : name, ":@");
}

static int
pull_wanted(struct pull *pull, const char *name)
{
	if (registry_open(&pull->registry, pull->wanted.repository, "pull") <
	    0)
		return -1;
	if (pull->options->all_tags)
		return pull_all_tags(pull);
	if (is_bare(name))
		progress_line(&pull->progress, "Using default tag: latest");
	/* With both, the digest says what to get. */
	return pull_tag(pull, pull->wanted.digest ? NULL : pull->wanted.tag);
}

int
pull_image(struct store *store, const char *name,
	   const struct pull_options *options)
{
	struct pull pull = { .store = store, .options = options };
	if (options->all_tags && !is_bare(name))
		return failx("tag can't be used with --all-tags/-a");
	if (reference_parse(name, &pull.wanted) < 0)
		return -1;
	uint64_t freed = 0;
	progress_open(&pull.progress, options->is_quiet);
	int result = partial_sweep(store, KEPT_S, &freed);
	if (result == 0)
		result = pull_wanted(&pull, name);
	registry_close(&pull.registry);
	progress_close(&pull.progress);
	reference_free(&pull.wanted);
	return result;
}
