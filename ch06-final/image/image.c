/* image.c - see image.h.  Runs in the parent; it touches only memory. */
#include "image.h"

#include "platform.h"
#include "reference.h"
#include "words.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A JSON value is let go of at the end of the scope. */
static void
drop_json(json_t **value)
{
	json_decref(*value);
}
#define auto_json __attribute__((cleanup(drop_json)))

/* A text that may be absent or null: "" then. */
static int
get_text(json_t *object, const char *key, char **value)
{
	json_t *found = json_object_get(object, key);
	if (found && !json_is_null(found) && !json_is_string(found))
		return failx("\"%s\" is not a text", key);
	*value = copy_text(json_is_string(found) ? json_string_value(found)
						 : "");
	return 0;
}

static int
get_list(json_t *object, const char *key, char ***value)
{
	json_t *found = json_object_get(object, key), *item;
	if (found && !json_is_null(found) && !json_is_array(found))
		return failx("\"%s\" is not a list", key);
	auto_words struct words words = { 0 };
	size_t i;
	json_array_foreach(found, i, item) {
		if (!json_is_string(item))
			return failx("\"%s\" has a value that is not a text",
				     key);
		words_add(&words, json_string_value(item));
	}
	*value = words_take(&words);
	return 0;
}

/* The keys of an object ("80/tcp": {}); "key=value" where values are texts. */
static int
get_keys(json_t *object, const char *key, char ***value)
{
	json_t *found = json_object_get(object, key), *item;
	if (found && !json_is_null(found) && !json_is_object(found))
		return failx("\"%s\" is not an object", key);
	auto_words struct words words = { 0 };
	const char *name;
	json_object_foreach(found, name, item) {
		auto_free char *pair = json_is_string(item) ?
			text("%s=%s", name, json_string_value(item)) :
			copy_text(name);
		words_add(&words, pair);
	}
	*value = words_take(&words);
	return 0;
}

/* A variable without "=" or without a name would confuse every program. */
static int
check_env(char **env)
{
	for (; *env; env++) {
		const char *equals = strchr(*env, '=');
		if (!equals || equals == *env)
			return failx("\"Env\" has \"%.60s\", which is not "
				     "NAME=VALUE", *env);
	}
	return 0;
}

static int
get_number(json_t *object, const char *key, int64_t *value)
{
	json_t *found = json_object_get(object, key);
	if (found && !json_is_null(found) &&
	    (!json_is_integer(found) || json_integer_value(found) < 0))
		return failx("\"%s\" is not a number", key);
	*value = json_integer_value(found);
	return 0;
}

static int
read_health(json_t *config, struct image_health *health)
{
	json_t *json = json_object_get(config, "Healthcheck");
	if (json && !json_is_null(json) && !json_is_object(json))
		return failx("\"Healthcheck\" is not an object");
	if (get_list(json, "Test", &health->test) < 0 ||
	    get_number(json, "Interval", &health->interval_ns) < 0 ||
	    get_number(json, "Timeout", &health->timeout_ns) < 0 ||
	    get_number(json, "StartPeriod", &health->start_period_ns) < 0 ||
	    get_number(json, "StartInterval", &health->start_interval_ns) < 0)
		return -1;
	return get_number(json, "Retries", &health->retries);
}

static int
read_run_config(json_t *root, struct image *image)
{
	json_t *config = json_object_get(root, "config");
	if (config && !json_is_null(config) && !json_is_object(config))
		return failx("\"config\" is not an object");
	if (get_list(config, "Env", &image->env) < 0 ||
	    get_list(config, "Cmd", &image->cmd) < 0 ||
	    get_list(config, "Entrypoint", &image->entrypoint) < 0 ||
	    get_keys(config, "ExposedPorts", &image->ports) < 0 ||
	    get_keys(config, "Volumes", &image->volumes) < 0 ||
	    get_keys(config, "Labels", &image->labels) < 0 ||
	    get_text(config, "WorkingDir", &image->workdir) < 0 ||
	    get_text(config, "User", &image->user) < 0 ||
	    get_text(config, "StopSignal", &image->stop_signal) < 0 ||
	    read_health(config, &image->health) < 0)
		return -1;
	return check_env(image->env);
}

static int
read_layers(json_t *root, struct image *image)
{
	json_t *rootfs = json_object_get(root, "rootfs");
	if (!json_is_object(rootfs))
		return failx("it has no \"rootfs\" that would list its layers");
	if (get_list(rootfs, "diff_ids", &image->diff_ids) < 0)
		return -1;
	size_t count = 0;
	for (; image->diff_ids[count]; count++)
		if (!reference_is_digest(image->diff_ids[count]))
			return failx("\"diff_ids\" has \"%.80s\", which is not "
				     "a sha256 digest", image->diff_ids[count]);
	if (count == 0)
		return failx("it has no layers");
	return 0;
}

int64_t
image_seconds(const char *created)
{
	struct tm tm = { 0 };
	const char *rest = strptime(created, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest)
		return 0;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	int64_t offset = 0;
	unsigned int hours, minutes;
	if ((*rest == '+' || *rest == '-') &&
	    sscanf(rest + 1, "%2u:%2u", &hours, &minutes) == 2)
		offset = (hours * 3600 + minutes * 60) *
			 (*rest == '-' ? -1 : 1);
	return timegm(&tm) - offset;
}

static int
read_config(json_t *root, struct image *image)
{
	if (!json_is_object(root))
		return failx("it is not a JSON object");
	if (get_text(root, "architecture", &image->architecture) < 0 ||
	    get_text(root, "os", &image->os) < 0 ||
	    get_text(root, "variant", &image->variant) < 0 ||
	    get_text(root, "created", &image->created) < 0 ||
	    read_run_config(root, image) < 0 || read_layers(root, image) < 0)
		return -1;
	if (strcmp(image->os, "linux") != 0 && image->os[0] != '\0')
		return failx("it is for %.40s, not for linux", image->os);
	image->created_s = image_seconds(image->created);
	return 0;
}

/* Twelve digits name an image well enough for a message. */
static const char *
digits_of(const char *id)
{
	return strncmp(id, "sha256:", 7) == 0 ? id + 7 : id;
}

int
image_parse(const char *json, size_t length, const char *id,
	    struct image *image)
{
	*image = (struct image){ 0 };
	json_error_t error;
	auto_json json_t *root =
		json_loadb(json, length, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return failx("image %.12s: its config is not JSON: line %d: %s",
			     digits_of(id), error.line, error.text);
	if (read_config(root, image) < 0) {
		image_free(image);
		return wrap("image %.12s: its config", digits_of(id));
	}
	return 0;
}

char *
image_platform(const struct image *image)
{
	return platform_text(image->os, image->architecture, image->variant);
}

bool
image_is_for(const struct image *image, const char *platform)
{
	auto_free char *own = image_platform(image);
	return platform_fits(own, platform);
}

void
image_free(struct image *image)
{
	char **lists[] = { image->digests, image->diff_ids, image->layers,
			   image->env, image->cmd, image->entrypoint,
			   image->ports, image->volumes, image->labels,
			   image->health.test };
	char *texts[] = { image->id, image->name, image->workdir, image->user,
			  image->stop_signal, image->architecture, image->os,
			  image->variant, image->created };
	for (size_t i = 0; i < countof(lists); i++)
		words_free_array(lists[i]);
	for (size_t i = 0; i < countof(texts); i++)
		free(texts[i]);
	*image = (struct image){ 0 };
}
