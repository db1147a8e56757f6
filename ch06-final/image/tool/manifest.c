/* manifest.c - see manifest.h.  Runs in mydocker-image. */
#include "manifest.h"

#include "platform.h"
#include "reference.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define IMAGES_MAX 1000
#define LAYERS_MAX 500
#define NESTED_MAX 4

static void
drop_json(json_t **value)
{
	json_decref(*value);
}
#define auto_json __attribute__((cleanup(drop_json)))

const char *
manifest_platform(void)
{
	static const char *const words[][2] = {
		{ "x86_64", "amd64" },	 { "aarch64", "arm64" },
		{ "i386", "386" },	 { "i686", "386" },
		{ "armv7l", "arm" },	 { "armv6l", "arm" },
		{ "loongarch64", "loong64" },
	};
	static struct utsname host;
	if (uname(&host) < 0)
		return "";
	for (size_t i = 0; i < countof(words); i++)
		if (strcmp(host.machine, words[i][0]) == 0)
			return words[i][1];
	return host.machine;
}

static struct claim *
add_claim(struct claims *claims)
{
	claims->list = resize_bytes(claims->list, (claims->count + 1) *
						  sizeof(*claims->list));
	claims->list[claims->count] = (struct claim){ 0 };
	return &claims->list[claims->count++];
}

void
manifest_free_claim(struct claim *claim)
{
	free(claim->config);
	free(claim->config_digest);
	free(claim->platform);
	free(claim->sizes);
	words_free(&claim->names);
	words_free(&claim->layers);
	words_free(&claim->digests);
	words_free(&claim->types);
	*claim = (struct claim){ 0 };
}

void
manifest_free(struct claims *claims)
{
	for (size_t i = 0; i < claims->count; i++)
		manifest_free_claim(&claims->list[i]);
	free(claims->list);
	*claims = (struct claims){ 0 };
}

static json_t *
parse(const char *json, size_t length)
{
	json_error_t error;
	json_t *root = json_loadb(json, length, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		failx("not JSON: line %d: %s", error.line, error.text);
	return root;
}

/* ---- docker-archive ---------------------------------------------------- */

/* A file name within the archive.  It is only ever compared with the names of
 * entries, but one that points elsewhere is a lie to be told as such. */
static int
check_file_name(const char *name)
{
	if (name[0] == '\0' || name[0] == '/')
		return failx("\"%.100s\" is not the name of a file in the "
			     "archive", name);
	for (const char *part = name; part;) {
		if (strncmp(part, "..", 2) == 0 &&
		    (part[2] == '/' || part[2] == '\0'))
			return failx("\"%.100s\" leads out of the archive",
				     name);
		part = strchr(part, '/');
		part = part ? part + 1 : NULL;
	}
	return 0;
}

/* Files that are named by their digest must have it:
 * "HEX.json", "HEX", "blobs/sha256/HEX". */
static char *
digest_in_name(const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	size_t length = strcspn(base, ".");
	if (length != 64 ||
	    (base[length] && strcmp(base + length, ".json") != 0))
		return NULL;
	auto_free char *hex = text("%.64s", base);
	return reference_is_hex(hex) ? text("sha256:%s", hex) : NULL;
}

static int
take_texts(json_t *object, const char *key, struct words *words)
{
	json_t *list = json_object_get(object, key), *item;
	size_t i;
	if (!list || json_is_null(list))
		return 0;
	if (!json_is_array(list))
		return failx("\"%s\" is not a list", key);
	json_array_foreach(list, i, item) {
		if (!json_is_string(item))
			return failx("\"%s\" has a value that is not a text",
				     key);
		words_add(words, json_string_value(item));
	}
	return 0;
}

static int
parse_docker_image(json_t *object, struct claim *claim)
{
	json_t *config = json_object_get(object, "Config");
	if (!json_is_object(object) || !json_is_string(config))
		return failx("an image without \"Config\"");
	claim->config = copy_text(json_string_value(config));
	if (check_file_name(claim->config) < 0 ||
	    take_texts(object, "RepoTags", &claim->names) < 0 ||
	    take_texts(object, "Layers", &claim->layers) < 0)
		return -1;
	claim->config_digest = digest_in_name(claim->config);
	if (claim->layers.count > LAYERS_MAX)
		return failx("an image of %zu layers; overlayfs takes %d",
			     claim->layers.count, LAYERS_MAX);
	for (size_t i = 0; i < claim->layers.count; i++) {
		if (check_file_name(claim->layers.items[i]) < 0)
			return -1;
		words_add(&claim->digests, "");
	}
	return 0;
}

int
manifest_parse_docker(const char *json, size_t length, struct claims *claims)
{
	auto_json json_t *root = parse(json, length);
	json_t *object;
	size_t i;
	if (!root)
		return -1;
	if (!json_is_array(root) || json_array_size(root) == 0)
		return failx("not a list of images");
	if (json_array_size(root) > IMAGES_MAX)
		return failx("more than %d images", IMAGES_MAX);
	json_array_foreach(root, i, object)
		if (parse_docker_image(object, add_claim(claims)) < 0)
			return -1;
	return 0;
}

/* ---- OCI archive ------------------------------------------------------- */

/* The digest of a descriptor, and the file that it stands for. */
static int
take_descriptor(json_t *object, const char *what, char **file, char **digest)
{
	const char *found =
		json_string_value(json_object_get(object, "digest"));
	if (!found)
		return failx("%s without \"digest\"", what);
	if (!reference_is_digest(found))
		return failx("%s: \"%.60s\" is not a sha256 digest", what,
			     found);
	*digest = copy_text(found);
	*file = text("blobs/sha256/%s", found + strlen("sha256:"));
	return 0;
}

/* The size that a descriptor says, 0 when it says none or nonsense. */
static uint64_t
size_of(json_t *object)
{
	json_int_t size = json_integer_value(json_object_get(object, "size"));
	return size > 0 ? size : 0;
}

static bool
is_media_type(json_t *object, const char *beginning)
{
	const char *type =
		json_string_value(json_object_get(object, "mediaType"));
	return type && strncmp(type, beginning, strlen(beginning)) == 0;
}

static bool
is_layer(json_t *object)
{
	return is_media_type(object, "application/vnd.oci.image.layer.") ||
	       is_media_type(object, "application/vnd.docker.image.rootfs.");
}

static int
parse_oci_layers(json_t *list, struct claim *claim)
{
	json_t *object;
	size_t i;
	if (!json_is_array(list))
		return failx("\"layers\" is not a list");
	if (json_array_size(list) > LAYERS_MAX)
		return failx("an image of %zu layers; overlayfs takes %d",
			     json_array_size(list), LAYERS_MAX);
	claim->sizes = new_bytes((json_array_size(list) + 1) *
				 sizeof(*claim->sizes));
	json_array_foreach(list, i, object) {
		auto_free char *file = NULL, *digest = NULL;
		if (!is_layer(object))
			return failx("layer %zu has a mediaType that is not "
				     "a layer's", i + 1);
		if (take_descriptor(object, "a layer", &file, &digest) < 0)
			return -1;
		words_add(&claim->layers, file);
		words_add(&claim->digests, digest);
		words_add(&claim->types, json_string_value(
			json_object_get(object, "mediaType")));
		claim->sizes[i] = size_of(object);
	}
	return 0;
}

int
manifest_parse_oci(const char *json, size_t length, struct claim *claim)
{
	auto_json json_t *root = parse(json, length);
	if (!root)
		return -1;
	json_t *config = json_object_get(root, "config");
	if (!is_media_type(config, "application/vnd.oci.image.config.") &&
	    !is_media_type(config, "application/vnd.docker.container.image."))
		return failx("it is not the manifest of an image");
	if (take_descriptor(config, "\"config\"", &claim->config,
			    &claim->config_digest) < 0)
		return -1;
	claim->config_size = size_of(config);
	return parse_oci_layers(json_object_get(root, "layers"), claim);
}

/* A JSON file that is found by its digest and must have it. */
static char *
read_blob(const struct bundle *bundle, const char *file, const char *digest,
	  size_t *length)
{
	const struct bundle_entry *entry = bundle_find(bundle, file);
	char hex[65];
	if (!entry) {
		failx("%s is missing", file);
		return NULL;
	}
	auto_free char *json = bundle_read(bundle, entry, length);
	if (!json || digest_bytes(json, *length, hex) < 0)
		return NULL;
	if (strcmp(hex, digest + strlen("sha256:")) != 0) {
		failx("%s has the digest sha256:%s: it was changed", file,
		      hex);
		return NULL;
	}
	return take_ptr(&json);
}

static const char *
platform_part(json_t *descriptor, const char *key)
{
	json_t *platform = json_object_get(descriptor, "platform");
	return json_string_value(json_object_get(platform, key));
}

/* "linux/arm/v7"; NULL for what is no image that could be unpacked here, as
 * the attestations that buildkit puts in. */
static char *
platform_of(json_t *descriptor)
{
	const char *os = platform_part(descriptor, "os");
	const char *architecture = platform_part(descriptor, "architecture");
	if ((os && strcmp(os, "linux") != 0) || !architecture)
		return NULL;
	auto_free char *platform = platform_text("linux", architecture,
		platform_part(descriptor, "variant"));
	return platform_is_valid(platform) ? take_ptr(&platform) : NULL;
}

/* Before "amd64", which says nothing of it, in what is shown. */
static const char *
system_of(const char *platform)
{
	return strchr(platform, '/') ? "" : "linux/";
}

/*
 * Which of the manifests in an index is for this machine.  Those for other
 * systems, and the attestations that buildkit puts in ("unknown"), are passed
 * over.  One that says nothing is right when there is no better.
 */
static json_t *
choose(json_t *list, const char *asked)
{
	json_t *object, *best = NULL, *fallback = NULL;
	int least = INT_MAX;
	size_t i;
	if (strcmp(asked, "linux") == 0)
		asked = manifest_platform();
	json_array_foreach(list, i, object) {
		auto_free char *found = platform_of(object);
		int distance = found ? platform_distance(found, asked) : -1;
		if (distance >= 0 && distance < least) {
			least = distance;
			best = object;
		}
		const char *os = platform_part(object, "os");
		if (!fallback && !platform_part(object, "architecture") &&
		    (!os || strcmp(os, "linux") == 0))
			fallback = object;
	}
	if (!fallback && json_array_size(list) == 1)
		fallback = json_array_get(list, 0);
	return best ? best : fallback;
}

static bool
is_index(json_t *descriptor)
{
	return is_media_type(descriptor, "application/vnd.oci.image.index.") ||
	       is_media_type(descriptor, "application/vnd.docker.distribution."
					 "manifest.list.");
}

/* Follow a descriptor of the top index down to a manifest. */
static int
read_manifest(const struct bundle *bundle, json_t *descriptor,
	      const char *architecture, struct claim *claim)
{
	auto_json json_t *held = json_incref(descriptor);
	for (int depth = 0; depth < NESTED_MAX; depth++) {
		auto_free char *file = NULL, *digest = NULL;
		size_t length;
		if (take_descriptor(held, "a manifest", &file, &digest) < 0)
			return -1;
		auto_free char *json = read_blob(bundle, file, digest, &length);
		if (!json)
			return -1;
		if (!is_index(held))
			return manifest_parse_oci(json, length, claim) < 0 ?
				wrap("manifest %.12s", digest + 7) : 0;
		auto_json json_t *index = parse(json, length);
		json_t *list = json_object_get(index, "manifests");
		json_t *chosen = choose(list, architecture);
		if (!chosen)
			return index ? failx("%s has no image for %s%s", file,
					     system_of(architecture),
					     architecture) :
				       wrap("%s", file);
		json_decref(held);
		held = json_incref(chosen);
	}
	return failx("indexes within indexes, too deep");
}

/* The name is the full one that containerd and Docker write, else the OCI
 * one, which buildah and skopeo fill with the full name too.  Or NULL. */
static const char *
given_name(json_t *descriptor)
{
	static const char *const keys[] = {
		"io.containerd.image.name",
		"org.opencontainers.image.ref.name",
	};
	json_t *notes = json_object_get(descriptor, "annotations");
	for (size_t i = 0; i < countof(keys); i++) {
		const char *name =
			json_string_value(json_object_get(notes, keys[i]));
		if (name)
			return name;
	}
	return NULL;
}

/* Several images, or the same one for several machines?  Descriptors that
 * have the same name, or none, and each a platform are one image. */
static bool
is_one_image(json_t *list)
{
	const char *first = given_name(json_array_get(list, 0));
	json_t *object;
	size_t i;
	json_array_foreach(list, i, object) {
		const char *name = given_name(object);
		if (!platform_part(object, "architecture") ||
		    strcmp(name ? name : "", first ? first : "") != 0)
			return false;
	}
	return true;
}

/* ---- an image for several platforms ------------------------------------- */

/* What an index has of one image. */
struct listed {
	const struct bundle *bundle;
	json_t *list;
	const char *name; /* or NULL */
	const char *where;
};

/* Is there one for the same machine already, in whatever words?  If not, this
 * is it. */
static bool
take_twice(struct words *taken, const char *platform)
{
	auto_free char *normal = platform_normal(platform);
	if (words_has(taken, normal))
		return true;
	words_add(taken, normal);
	return false;
}

static int
take_one(const struct listed *listed, json_t *descriptor,
	 const char *platform, struct claims *claims)
{
	if (claims->count >= IMAGES_MAX)
		return failx("%s lists more than %d images", listed->where,
			     IMAGES_MAX);
	struct claim *claim = add_claim(claims);
	if (listed->name)
		words_add(&claim->names, listed->name);
	if (platform)
		claim->platform = copy_text(platform);
	return read_manifest(listed->bundle, descriptor,
			     platform ? platform : manifest_platform(), claim);
}

static bool
is_whole(const struct bundle *bundle, const struct claim *claim)
{
	bool is_there = bundle_find(bundle, claim->config);
	for (size_t i = 0; is_there && i < claim->layers.count; i++)
		is_there = bundle_find(bundle, claim->layers.items[i]);
	return is_there;
}

/* Those for other machines, as far as they are in the archive: who wrote it
 * may have had some of them only. */
static int
take_others(const struct listed *listed, json_t *first, struct claims *claims)
{
	auto_words struct words taken = { 0 };
	auto_free char *own = platform_of(first);
	json_t *object;
	size_t i;
	if (own)
		take_twice(&taken, own);
	json_array_foreach(listed->list, i, object) {
		auto_free char *platform = platform_of(object);
		auto_free char *file = NULL, *digest = NULL;
		if (!platform)
			continue;
		if (take_descriptor(object, "a manifest", &file, &digest) < 0)
			return -1;
		if (!bundle_find(listed->bundle, file) ||
		    take_twice(&taken, platform))
			continue;
		if (take_one(listed, object, platform, claims) < 0)
			return -1;
		struct claim *claim = &claims->list[claims->count - 1];
		claim->is_further = true;
		if (!is_whole(listed->bundle, claim)) {
			manifest_free_claim(claim);
			claims->count--;
		}
	}
	return 0;
}

static int
has_none_for(const struct listed *listed, const char *platform)
{
	return failx("%s has no image for %s%s", listed->where,
		     system_of(platform), platform);
}

/* The first of those asked for is what the name means. */
static int
take_asked(const struct listed *listed, const struct words *platforms,
	   struct claims *claims)
{
	auto_words struct words taken = { 0 };
	for (size_t i = 0; i < platforms->count; i++) {
		const char *asked = platforms->items[i];
		json_t *chosen = choose(listed->list, asked);
		if (!chosen)
			return has_none_for(listed, asked);
		auto_free char *own = platform_of(chosen);
		auto_free char *platform =
			own ? copy_text(own) :
			      text("%s%s", system_of(asked), asked);
		if (take_twice(&taken, platform))
			continue;
		if (take_one(listed, chosen, platform, claims) < 0)
			return -1;
		claims->list[claims->count - 1].is_further =
			listed->name && taken.count > 1;
	}
	return 0;
}

static bool
is_present(const struct listed *listed, json_t *object)
{
	auto_free char *file = NULL, *digest = NULL;
	return object &&
	       take_descriptor(object, "a manifest", &file, &digest) == 0 &&
	       bundle_find(listed->bundle, file);
}

/* This machine's, or else the first that is in the archive. */
static json_t *
choose_present(const struct listed *listed)
{
	json_t *chosen = choose(listed->list, manifest_platform()), *object;
	size_t i;
	if (is_present(listed, chosen))
		return chosen;
	json_array_foreach(listed->list, i, object) {
		auto_free char *platform = platform_of(object);
		if (platform && is_present(listed, object))
			return object;
	}
	return chosen;
}

/* Of one that has no name there is nothing that the others could belong to. */
static int
take_list(const struct listed *listed, const struct words *platforms,
	  struct claims *claims)
{
	if (platforms->count)
		return take_asked(listed, platforms, claims);
	json_t *chosen = choose_present(listed);
	if (!chosen)
		return has_none_for(listed, manifest_platform());
	if (take_one(listed, chosen, NULL, claims) < 0)
		return -1;
	return listed->name ? take_others(listed, chosen, claims) : 0;
}

static int
take_index(const struct bundle *bundle, json_t *descriptor,
	   const struct words *platforms, struct claims *claims)
{
	auto_free char *file = NULL, *digest = NULL;
	size_t length;
	if (take_descriptor(descriptor, "an index", &file, &digest) < 0)
		return -1;
	auto_free char *json = read_blob(bundle, file, digest, &length);
	auto_json json_t *index = json ? parse(json, length) : NULL;
	if (!index)
		return wrap("%s", file);
	const struct listed listed = {
		.bundle = bundle,
		.list = json_object_get(index, "manifests"),
		.name = given_name(descriptor),
		.where = file,
	};
	return take_list(&listed, platforms, claims);
}

static int
parse_index(const struct bundle *bundle, json_t *root,
	    const struct words *platforms, struct claims *claims)
{
	json_t *list = json_object_get(root, "manifests"), *object;
	struct listed listed = { bundle, list, NULL, "index.json" };
	size_t i;
	if (!json_is_array(list) || json_array_size(list) == 0)
		return failx("index.json lists no manifests");
	if (json_array_size(list) > IMAGES_MAX)
		return failx("index.json lists more than %d images",
			     IMAGES_MAX);
	listed.name = given_name(json_array_get(list, 0));
	if (is_one_image(list))
		return take_list(&listed, platforms, claims);
	json_array_foreach(list, i, object) {
		listed.name = given_name(object);
		if ((is_index(object) ?
			     take_index(bundle, object, platforms, claims) :
			     take_one(&listed, object, NULL, claims)) < 0)
			return -1;
	}
	return 0;
}

/* Does index.json say more than manifest.json, which has one platform only? */
static bool
has_indexes(json_t *root)
{
	json_t *list = json_object_get(root, "manifests"), *object;
	size_t i;
	json_array_foreach(list, i, object)
		if (is_index(object))
			return true;
	return false;
}

int
manifest_pick(const char *json, size_t length, const char *platform,
	      char **digest)
{
	auto_json json_t *root = parse(json, length);
	*digest = NULL;
	if (!root)
		return -1;
	if (json_integer_value(json_object_get(root, "schemaVersion")) == 1)
		return failx("it is a manifest of schema 1, which nobody "
			     "should use any more");
	json_t *list = json_object_get(root, "manifests");
	if (!list)
		return 0;
	json_t *chosen = choose(list, platform);
	if (!chosen)
		return failx("no matching manifest for %s%s in the manifest "
			     "list entries", system_of(platform), platform);
	auto_free char *file = NULL;
	return take_descriptor(chosen, "a manifest", &file, digest);
}

int
manifest_check_platform(const char *name, const char *platforms,
			const struct image *image)
{
	if (!platforms || !*image->architecture)
		return 0;
	auto_words struct words asked = { 0 };
	auto_free char *found = image_platform(image);
	platform_split(platforms, &asked);
	for (size_t i = 0; i < asked.count; i++)
		if (platform_fits(found, asked.items[i]))
			return 0;
	return failx("image with reference %s was found but does not provide "
		     "the specified platform (%s): it is for %s", name,
		     platforms, found);
}

static int
read_index(const struct bundle *bundle, json_t *root, const char *platforms,
	   struct claims *claims)
{
	auto_words struct words asked = { 0 };
	platform_split(platforms, &asked);
	return parse_index(bundle, root, &asked, claims);
}

/* manifest.json, but for an archive whose index.json says more. */
static int
read_lists(const struct bundle *bundle, const struct bundle_entry *docker,
	   const struct bundle_entry *oci, const char *platforms,
	   struct claims *claims)
{
	size_t length;
	auto_free char *index = oci ? bundle_read(bundle, oci, &length) : NULL;
	auto_json json_t *root = index ? parse(index, length) : NULL;
	if (root && (!docker || has_indexes(root)))
		return read_index(bundle, root, platforms, claims) < 0 ?
			       wrap("index.json") : 0;
	if (!docker)
		return wrap("index.json");
	auto_free char *list = bundle_read(bundle, docker, &length);
	return !list || manifest_parse_docker(list, length, claims) < 0 ?
		       wrap("manifest.json") : 0;
}

int
manifest_read(const struct bundle *bundle, const char *platforms,
	      struct claims *claims)
{
	*claims = (struct claims){ 0 };
	const struct bundle_entry *docker =
		bundle_find(bundle, "manifest.json");
	const struct bundle_entry *oci = bundle_find(bundle, "index.json");
	if (!docker && !oci)
		return failx("no archive of images: it has neither "
			     "manifest.json nor index.json (a root file "
			     "system is brought in by import)");
	if (read_lists(bundle, docker, oci, platforms, claims) < 0) {
		manifest_free(claims);
		return -1;
	}
	return 0;
}
