/* tags.c - see tags.h.  Runs in the parent. */
#include "tags.h"

#include "reference.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
drop_json(json_t **value)
{
	json_decref(*value);
}
#define auto_json __attribute__((cleanup(drop_json)))

/* Where `name` is, or where it would have to go. */
static size_t
position(const struct tags *tags, const char *name)
{
	size_t i = 0;
	while (i < tags->count && strcmp(tags->list[i].name, name) < 0)
		i++;
	return i;
}

static bool
is_at(const struct tags *tags, size_t i, const char *name)
{
	return i < tags->count && strcmp(tags->list[i].name, name) == 0;
}

const char *
tags_id(const struct tags *tags, const char *name)
{
	size_t i = position(tags, name);
	return is_at(tags, i, name) ? tags->list[i].id : NULL;
}

const char *
tags_name(const struct tags *tags, const char *id)
{
	const char *found = NULL;
	for (size_t i = 0; i < tags->count; i++) {
		const char *name = tags->list[i].name;
		if (strcmp(tags->list[i].id, id) != 0)
			continue;
		if (!tags_is_digest(name) && !tags_platform(name))
			return name;
		if (!found)
			found = name;
	}
	return found;
}

bool
tags_is_digest(const char *name)
{
	return strchr(name, '@') != NULL;
}

size_t
tags_repository_length(const char *name)
{
	const char *end = strchr(name, '@');
	if (!end)
		end = strrchr(name, ':');
	return end ? (size_t)(end - name) : strlen(name);
}

static void
remove_at(struct tags *tags, size_t i)
{
	free(tags->list[i].name);
	free(tags->list[i].id);
	tags->count--;
	memmove(&tags->list[i], &tags->list[i + 1],
		(tags->count - i) * sizeof(*tags->list));
}

char *
tags_further(const char *name, const char *platform)
{
	return text("%s %s", name, platform);
}

const char *
tags_platform(const char *name)
{
	const char *blank = strchr(name, ' ');
	return blank ? blank + 1 : NULL;
}

bool
tags_is_further_of(const char *further, const char *name)
{
	size_t length = strlen(name);
	return strncmp(further, name, length) == 0 && further[length] == ' ';
}

/* A blank sorts before all that a name may go on with. */
static void
drop_further(struct tags *tags, const char *name)
{
	size_t i = position(tags, name);
	i += is_at(tags, i, name);
	while (i < tags->count && tags_is_further_of(tags->list[i].name, name))
		remove_at(tags, i);
}

void
tags_set(struct tags *tags, const char *name, const char *id)
{
	const char *old = tags_id(tags, name);
	if (old && strcmp(old, id) != 0)
		drop_further(tags, name);
	size_t i = position(tags, name);
	if (is_at(tags, i, name)) {
		free(tags->list[i].id);
		tags->list[i].id = copy_text(id);
		return;
	}
	tags->list = resize_bytes(tags->list,
				  (tags->count + 1) * sizeof(*tags->list));
	memmove(&tags->list[i + 1], &tags->list[i],
		(tags->count - i) * sizeof(*tags->list));
	tags->list[i] = (struct tag){ copy_text(name), copy_text(id) };
	tags->count++;
}

void
tags_drop(struct tags *tags, const char *name)
{
	size_t i = position(tags, name);
	drop_further(tags, name);
	if (is_at(tags, i, name))
		remove_at(tags, i);
}

void
tags_free(struct tags *tags)
{
	for (size_t i = 0; i < tags->count; i++) {
		free(tags->list[i].name);
		free(tags->list[i].id);
	}
	free(tags->list);
	*tags = (struct tags){ 0 };
}

static int
take_entries(json_t *images, struct tags *tags)
{
	const char *name;
	json_t *id;
	if (!json_is_object(images))
		return failx("%s has no object \"images\"", TAGS_FILE);
	json_object_foreach(images, name, id) {
		if (!json_is_string(id) ||
		    !reference_is_digest(json_string_value(id)))
			return failx("%s: the id of \"%.100s\" is not a "
				     "sha256 digest", TAGS_FILE, name);
		tags_set(tags, name, json_string_value(id));
	}
	return 0;
}

int
tags_read(int dir, struct tags *tags)
{
	*tags = (struct tags){ 0 };
	if (faccessat(dir, TAGS_FILE, F_OK, 0) < 0 && errno == ENOENT)
		return 0;
	size_t length;
	auto_free char *content = read_all(dir, TAGS_FILE, &length);
	if (!content)
		return -1;
	json_error_t error;
	auto_json json_t *root = json_loadb(content, length, 0, &error);
	if (!root)
		return failx("%s is damaged: line %d: %s", TAGS_FILE,
			     error.line, error.text);
	if (take_entries(json_object_get(root, "images"), tags) < 0) {
		tags_free(tags);
		return -1;
	}
	return 0;
}

int
tags_write(int dir, const struct tags *tags)
{
	auto_json json_t *images = json_object();
	for (size_t i = 0; i < tags->count; i++)
		json_object_set_new(images, tags->list[i].name,
				    json_string(tags->list[i].id));
	auto_json json_t *root = json_pack("{s:O}", "images", images);
	auto_free char *content =
		root ? json_dumps(root, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
	if (!content)
		return failx("write %s: out of memory", TAGS_FILE);
	return write_file(dir, TAGS_FILE, content, 0600);
}
