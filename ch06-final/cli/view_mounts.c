/* view_mounts.c - parent.  See view_mounts.h. */
#include "view_mounts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "view.h"

static void
add_text(json_t *json, const char *key, const char *value)
{
	if (value && *value)
		json_object_set_new(json, key, json_string(value));
}

static void
add_flag(json_t *json, const char *key, bool value)
{
	if (value)
		json_object_set_new(json, key, json_true());
}

/* Takes it; with nothing in it, it is left out. */
static void
add_object(json_t *json, const char *key, json_t *object)
{
	if (json_object_size(object))
		json_object_set(json, key, object);
	json_decref(object);
}

static json_t *
bind_options(const struct volume *volume)
{
	json_t *json = json_object();
	const char *way = volume->recursive ?: "";
	add_text(json, "Propagation", volume->propagation);
	add_flag(json, "NonRecursive", strcmp(way, "disabled") == 0);
	add_flag(json, "ReadOnlyNonRecursive", strcmp(way, "writable") == 0);
	add_flag(json, "ReadOnlyForceRecursive", strcmp(way, "readonly") == 0);
	return json;
}

static json_t *
volume_options(const struct volume *volume)
{
	json_t *json = json_object(), *driver = json_object();
	add_flag(json, "NoCopy", volume->no_copy);
	add_object(json, "Labels", json_map(&volume->labels));
	add_text(driver, "Name", volume->driver);
	add_object(driver, "Options", json_map(&volume->options));
	add_object(json, "DriverConfig", driver);
	add_text(json, "Subpath", volume->subpath);
	return json;
}

/* "size=1048576,mode=700". */
static json_t *
tmpfs_options(const struct volume *volume)
{
	json_t *json = json_object();
	const char *size = strstr(volume->data ?: "", "size=");
	const char *mode = strstr(volume->data ?: "", "mode=");
	if (size)
		json_object_set_new(json, "SizeBytes",
				    json_integer(strtoll(size + 5, NULL, 10)));
	if (mode)
		json_object_set_new(json, "Mode",
				    json_integer(strtol(mode + 5, NULL, 8)));
	return json;
}

static json_t *
wanted(const struct volume *volume)
{
	json_t *json = json_object();
	add_text(json, "Type", volume->type);
	if (!volume->anonymous)
		add_text(json, "Source", volume->source);
	add_text(json, "Target", volume->target);
	add_flag(json, "ReadOnly", volume->flags & MS_RDONLY);
	if (strcmp(volume->type, "bind") == 0)
		add_object(json, "BindOptions", bind_options(volume));
	else if (strcmp(volume->type, "volume") == 0)
		add_object(json, "VolumeOptions", volume_options(volume));
	else if (strcmp(volume->type, "tmpfs") == 0)
		add_object(json, "TmpfsOptions", tmpfs_options(volume));
	else if (volume->subpath)
		json_object_set_new(json, "ImageOptions", json_pack(
			"{s:s}", "Subpath", volume->subpath));
	return json;
}

json_t *
view_json_wanted_mounts(const struct settings *settings)
{
	json_t *list = NULL;
	for (size_t i = 0; i < settings->volume_count; i++) {
		if (!settings->volumes[i].by_mount)
			continue;
		list = list ?: json_array();
		json_array_append_new(list, wanted(&settings->volumes[i]));
	}
	return list;
}
