/* view_image.c - parent.  See view_image.h. */
#include "view_image.h"

#include <string.h>

#include "view.h"

/* All the names that mean this one. */
static json_t *
names_of(struct store *store, const char *id)
{
	json_t *names = json_array();
	struct image *images;
	size_t count;
	if (store_list(store, &images, &count) < 0)
		return names;
	for (size_t i = 0; i < count; i++)
		if (images[i].name && !strchr(images[i].name, '@') &&
		    strcmp(images[i].id, id) == 0)
			json_array_append_new(names,
					      json_words(images[i].name));
	store_free_list(images, count);
	return names;
}

/* Of the image's own config: a member, or what Docker has in its place. */
static json_t *
member(json_t *config, const char *key, json_t *otherwise)
{
	json_t *found = json_object_get(config, key);
	if (!found || json_is_null(found))
		return otherwise;
	json_decref(otherwise);
	return json_incref(found);
}

/* With all of Docker's members, in its order. */
static json_t *
config_json(json_t *config)
{
	static const struct {
		const char *key, *otherwise; /* as JSON */
		bool is_optional;
	} members[] = {
		{ "Hostname", "\"\"", false },
		{ "Domainname", "\"\"", false },
		{ "User", "\"\"", false },
		{ "AttachStdin", "false", false },
		{ "AttachStdout", "false", false },
		{ "AttachStderr", "false", false },
		{ "ExposedPorts", NULL, true },
		{ "Tty", "false", false },
		{ "OpenStdin", "false", false },
		{ "StdinOnce", "false", false },
		{ "Env", "null", false },
		{ "Cmd", "null", false },
		{ "Healthcheck", NULL, true },
		{ "Image", "\"\"", false },
		{ "Volumes", "null", false },
		{ "WorkingDir", "\"\"", false },
		{ "Entrypoint", "null", false },
		{ "OnBuild", "null", false },
		{ "Labels", "null", false },
		{ "StopSignal", NULL, true },
		{ "Shell", NULL, true },
	};
	json_t *json = json_object();
	for (size_t i = 0; i < countof(members); i++) {
		json_t *found = json_object_get(config, members[i].key);
		if (found || !members[i].is_optional)
			json_object_set_new(
				json, members[i].key,
				found ? json_incref(found) :
					json_loads(members[i].otherwise,
						   JSON_DECODE_ANY, NULL));
	}
	return json;
}

static json_t *
driver_json(const struct store *store, const struct image *image)
{
	json_t *data = json_object();
	auto_free char *lower = copy_text("");
	for (size_t i = 1; image->layers[0] && image->layers[i]; i++) {
		char *longer = text("%s%s%s", lower, i > 1 ? ":" : "",
				    image->layers[i]);
		free_scoped(&lower);
		lower = longer;
	}
	if (*lower)
		json_object_set_new(data, "LowerDir", json_words(lower));
	if (image->layers[0])
		json_object_set_new(data, "UpperDir",
				    json_words(image->layers[0]));
	return json_pack("{s:o, s:s}", "Data", data, "Name",
			 store->driver == STORAGE_OVERLAY ? "overlay2" :
							    "aufs");
}

static json_t *
whole_json(struct store *store, const struct image *image, json_t *config)
{
	json_t *json = json_object();
	json_object_set_new(json, "Id", json_words(image->id));
	json_object_set_new(json, "RepoTags", names_of(store, image->id));
	json_t *digests = json_array();
	for (char **digest = image->digests; *digest; digest++)
		json_array_append_new(digests, json_words(*digest));
	json_object_set_new(json, "RepoDigests", digests);
	json_object_set_new(json, "Parent", json_string(""));
	json_object_set_new(json, "Comment",
			    member(config, "comment", json_string("")));
	json_object_set_new(json, "Created", json_words(image->created));
	json_object_set_new(json, "DockerVersion",
			    member(config, "docker_version",
				   json_string("")));
	json_object_set_new(json, "Author",
			    member(config, "author", json_string("")));
	json_object_set_new(json, "Config",
			    config_json(json_object_get(config, "config")));
	json_object_set_new(json, "Architecture",
			    json_words(image->architecture));
	if (*image->variant)
		json_object_set_new(json, "Variant",
				    json_words(image->variant));
	json_object_set_new(json, "Os", json_words(image->os));
	json_object_set_new(json, "Size", json_integer(image->size));
	json_object_set_new(json, "GraphDriver", driver_json(store, image));
	json_t *layers = json_array();
	for (char **id = image->diff_ids; *id; id++)
		json_array_append_new(layers, json_words(*id));
	json_object_set_new(json, "RootFS",
			    json_pack("{s:s, s:o}", "Type", "layers",
				      "Layers", layers));
	json_object_set_new(json, "Metadata",
			    json_pack("{s:s}", "LastTagTime",
				      "0001-01-01T00:00:00Z"));
	return json;
}

json_t *
view_image(struct store *store, const char *word)
{
	auto_image struct image image = { 0 };
	size_t length;
	if (store_find_image(store, word, &image) < 0)
		return NULL;
	auto_free char *content = shelves_read_config(store, image.id,
						      &length);
	if (!content)
		return NULL;
	json_t *config = json_loadb(content, length, 0, NULL);
	json_t *json = whole_json(store, &image, config);
	json_decref(config);
	return json;
}
