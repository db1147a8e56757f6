/* oci_field.c - parent.  See oci_field.h. */
#include "oci_field.h"

#include <jansson.h>
#include <string.h>

#include "cpulist.h"

int
oci_take_fields(const struct oci_node *at, const struct oci_shape *shape,
		void *into)
{
	if (!json_is_object(at->json))
		return oci_wrong_type(at, "an object");
	for (const struct oci_field *field = shape->fields; field->key;
	     field++) {
		struct oci_node child;
		if (oci_member(at, field->key, &child)) {
			if (field->take(&child, field, into) < 0)
				return -1;
		} else if (field->required) {
			return oci_fail_member(at, field->key, "is missing");
		}
	}
	return shape->check ? shape->check(at, into) : 0;
}

/* Where in the struct. */
static void *
member(void *into, size_t at)
{
	return (char *)into + at;
}

/* Pointers of all kinds look the same in memory, but not to the compiler. */
static void
put_pointer(void *into, size_t at, const void *pointer)
{
	memcpy(member(into, at), &pointer, sizeof(pointer));
}

/* ---- texts and numbers -------------------------------------------------- */

int
oci_take_text(const struct oci_node *at, const struct oci_field *field,
	      void *into)
{
	const char *value = oci_text(at);
	if (!value)
		return -1;
	put_pointer(into, field->at, value);
	return 0;
}

static const char *
absolute(const struct oci_node *at)
{
	const char *value = oci_text(at);
	if (!value || *value == '/')
		return value;
	oci_fail_set(at, "\"%.100s\" is not an absolute path", value);
	return NULL;
}

int
oci_take_path(const struct oci_node *at, const struct oci_field *field,
	      void *into)
{
	const char *value = absolute(at);
	if (!value)
		return -1;
	put_pointer(into, field->at, value);
	return 0;
}

int
oci_take_ranges(const struct oci_node *at, const struct oci_field *field,
		void *into)
{
	if (oci_take_text(at, field, into) < 0)
		return -1;
	const char *list = oci_text(at);
	auto_free char *normal = *list ? cpulist_normalize(list) : NULL;
	if (*list && !normal)
		return oci_fail(at, "\"%.100s\" is not a list such as 0-3,7",
				list);
	return 0;
}

int
oci_take_bool(const struct oci_node *at, const struct oci_field *field,
	      void *into)
{
	if (!json_is_boolean(at->json))
		return oci_wrong_type(at, "a boolean");
	*(bool *)member(into, field->at) = json_is_true(at->json);
	return 0;
}

int
oci_take_u32(const struct oci_node *at, const struct oci_field *field,
	     void *into)
{
	uint64_t value;
	if (oci_integer(at, field->min, field->max ?: UINT32_MAX, &value) < 0)
		return -1;
	*(uint32_t *)member(into, field->at) = value;
	return 0;
}

int
oci_take_u64(const struct oci_node *at, const struct oci_field *field,
	     void *into)
{
	return oci_integer(at, field->min, field->max ?: UINT64_MAX,
			   member(into, field->at));
}

int
oci_take_i64(const struct oci_node *at, const struct oci_field *field,
	     void *into)
{
	uint64_t value;
	if (oci_integer(at, INT64_MIN, INT64_MAX, &value) < 0)
		return -1;
	*(int64_t *)member(into, field->at) = (int64_t)value;
	return 0;
}

int
oci_take_int(const struct oci_node *at, const struct oci_field *field,
	     void *into)
{
	bool any = field->min == 0 && field->max == 0;
	struct oci_int *number = member(into, field->at);
	uint64_t value;
	if (oci_integer(at, any ? INT64_MIN : field->min,
			any ? INT64_MAX : field->max, &value) < 0)
		return -1;
	*number = (struct oci_int){ true, (int64_t)value };
	return 0;
}

int
oci_take_uint(const struct oci_node *at, const struct oci_field *field,
	      void *into)
{
	struct oci_uint *number = member(into, field->at);
	number->set = true;
	return oci_integer(at, field->min, field->max ?: UINT64_MAX,
			   &number->value);
}

/* ---- several of them ---------------------------------------------------- */

static int
take_array(const struct oci_node *at, const struct oci_field *field,
	   void *into, const char *(*take)(const struct oci_node *at))
{
	if (!json_is_array(at->json))
		return oci_wrong_type(at, "an array");
	size_t count = json_array_size(at->json);
	const char **all = oci_document_new(at->document,
					    (count + 1) * sizeof(*all));
	for (size_t i = 0; i < count; i++) {
		struct oci_node one = oci_item(at, i);
		all[i] = take(&one);
		if (!all[i])
			return -1;
	}
	put_pointer(into, field->at, all);
	return 0;
}

int
oci_take_texts(const struct oci_node *at, const struct oci_field *field,
	       void *into)
{
	return take_array(at, field, into, oci_text);
}

int
oci_take_paths(const struct oci_node *at, const struct oci_field *field,
	       void *into)
{
	return take_array(at, field, into, absolute);
}

int
oci_take_ids(const struct oci_node *at, const struct oci_field *field,
	     void *into)
{
	if (!json_is_array(at->json))
		return oci_wrong_type(at, "an array");
	struct oci_ids *ids = member(into, field->at);
	ids->count = json_array_size(at->json);
	ids->ids = oci_document_new(at->document,
				    ids->count * sizeof(*ids->ids));
	for (size_t i = 0; i < ids->count; i++) {
		struct oci_node one = oci_item(at, i);
		uint64_t value;
		if (oci_integer(&one, 0, field->max ?: UINT32_MAX, &value) < 0)
			return -1;
		ids->ids[i] = value;
	}
	return 0;
}

int
oci_take_map(const struct oci_node *at, const struct oci_field *field,
	     void *into)
{
	if (!json_is_object(at->json))
		return oci_wrong_type(at, "an object");
	struct oci_map *map = member(into, field->at);
	map->pairs = oci_document_new(at->document,
				      json_object_size(at->json) *
					      sizeof(*map->pairs));
	const char *key;
	json_t *json;
	json_object_foreach(at->json, key, json) {
		struct oci_node one;
		oci_member(at, key, &one);
		if (!*key)
			return oci_fail(&one, "a name must not be empty");
		const char *value = oci_text(&one);
		if (!value)
			return -1;
		map->pairs[map->count++] = (struct oci_pair){ key, value };
	}
	return 0;
}

/* ---- words -------------------------------------------------------------- */

const struct oci_word *
oci_word_find(const struct oci_word *words, const char *name)
{
	for (; words->name; words++)
		if (strcmp(words->name, name) == 0)
			return words;
	return NULL;
}

const char *
oci_word_name(const struct oci_word *words, uint64_t value)
{
	for (; words->name; words++)
		if (words->value == value)
			return words->name;
	return NULL;
}

static const struct oci_word *
take_one(const struct oci_node *at, const struct oci_field *field)
{
	const char *name = oci_text(at);
	if (!name)
		return NULL;
	const struct oci_word *word = oci_word_find(field->words, name);
	if (!word)
		oci_fail_set(at, "unknown %s %.100s", field->noun,
			     *name ? name : "\"\"");
	return word;
}

int
oci_take_word(const struct oci_node *at, const struct oci_field *field,
	      void *into)
{
	const struct oci_word *word = take_one(at, field);
	if (!word)
		return -1;
	*(uint64_t *)member(into, field->at) = word->value;
	return 0;
}

int
oci_take_words(const struct oci_node *at, const struct oci_field *field,
	       void *into)
{
	if (!json_is_array(at->json))
		return oci_wrong_type(at, "an array");
	for (size_t i = 0; i < json_array_size(at->json); i++) {
		struct oci_node one = oci_item(at, i);
		const struct oci_word *word = take_one(&one, field);
		if (!word)
			return -1;
		*(uint64_t *)member(into, field->at) |= word->value;
	}
	return 0;
}

/* ---- objects ------------------------------------------------------------ */

int
oci_take_object(const struct oci_node *at, const struct oci_field *field,
		void *into)
{
	void *made = oci_document_new(at->document, field->shape->size);
	put_pointer(into, field->at, made);
	return oci_take_fields(at, field->shape, made);
}

int
oci_take_list(const struct oci_node *at, const struct oci_field *field,
	      void *into)
{
	if (!json_is_array(at->json))
		return oci_wrong_type(at, "an array");
	size_t count = json_array_size(at->json);
	char *made = oci_document_new(at->document,
				      count * field->shape->size);
	for (size_t i = 0; i < count; i++) {
		struct oci_node one = oci_item(at, i);
		if (oci_take_fields(&one, field->shape,
				    made + i * field->shape->size) < 0)
			return -1;
	}
	put_pointer(into, field->at, made);
	*(size_t *)member(into, field->count_at) = count;
	return 0;
}

int
oci_take_named(const struct oci_node *at, const struct oci_field *field,
	       void *into)
{
	if (!json_is_object(at->json))
		return oci_wrong_type(at, "an object");
	const struct oci_shape *shape = field->shape;
	char *made = oci_document_new(at->document,
				      json_object_size(at->json) *
					      shape->size);
	put_pointer(into, field->at, made);
	size_t *count = member(into, field->count_at);
	const char *key;
	json_t *json;
	json_object_foreach(at->json, key, json) {
		struct oci_node one;
		oci_member(at, key, &one);
		void *here = made + (*count)++ * shape->size;
		put_pointer(here, shape->name_at, key);
		if (oci_take_fields(&one, shape, here) < 0)
			return -1;
	}
	return 0;
}
