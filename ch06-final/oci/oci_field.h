/*
 * oci_field.h - parent: JSON objects into C structs, by tables.
 *
 * For each kind of object there is one table with a row for each property the
 * specification knows: its name, which function takes it, and where in the
 * struct it goes.  Properties that are in no table are ignored, as the
 * specification wants it; those that are, must be right:
 *
 *	static const struct oci_field hook_fields[] = {
 *		{ "path", oci_take_path, .required = true,
 *		  .at = offsetof(struct oci_hook, path) },
 *		{ "args", oci_take_texts,
 *		  .at = offsetof(struct oci_hook, args) },
 *		{ 0 }
 *	};
 *	const struct oci_shape oci_hook_shape = {
 *		.size = sizeof(struct oci_hook), hook_fields, check_hook,
 *	};
 */
#ifndef OCI_FIELD_H
#define OCI_FIELD_H

#include "oci_json.h"

/* Numbers that may be left out, where 0 does not mean the same. */
struct oci_int {
	bool set;
	int64_t value;
};
struct oci_uint {
	bool set;
	uint64_t value;
};

/* An object of names and texts, such as annotations. */
struct oci_pair {
	const char *key, *value;
};
struct oci_map {
	struct oci_pair *pairs;
	size_t count;
};

struct oci_ids {
	uint32_t *ids;
	size_t count;
};

/* A word the specification knows, and the kernel's number for it.  A table of
 * them ends with a row without a name. */
struct oci_word {
	const char *name;
	uint64_t value;
};
const struct oci_word *oci_word_find(const struct oci_word *words,
				     const char *name);
const char *oci_word_name(const struct oci_word *words, uint64_t value);

struct oci_field;
struct oci_shape;
typedef int oci_taker(const struct oci_node *at, const struct oci_field *field,
		      void *into);

struct oci_field {
	const char *key;
	oci_taker *take;
	size_t at; /* of the member that takes it */
	bool required;
	/* What the one or the other taker wants to know besides: */
	size_t count_at;	       /* of the member with the count */
	const struct oci_shape *shape; /* of the object or objects */
	const struct oci_word *words;
	const char *noun; /* what such a word is: "limit" */
	int64_t min;
	uint64_t max;
};

struct oci_shape {
	size_t size;
	const struct oci_field *fields; /* up to a row without a key */
	/* Does what was taken make sense, as a whole?  Or NULL. */
	int (*check)(const struct oci_node *at, void *made);
	/* oci_take_named: the member that takes the name */
	size_t name_at;
};

/* Take a whole object into a struct that the caller has zeroed. */
int oci_take_fields(const struct oci_node *at, const struct oci_shape *shape,
		    void *into);

/*
 * The takers, and the member each of them fills.
 *
 *	text	const char *
 *	path	const char *, absolute
 *	ranges	const char *: "0-3,7", or empty
 *	bool	bool
 *	u32	uint32_t, from `min` to `max`; a `max` of 0: UINT32_MAX
 *	u64	uint64_t
 *	i64	int64_t, any
 *	int	struct oci_int, from `min` to `max`; both 0: any
 *	uint	struct oci_uint, the same
 *	texts	const char *const *, ending with NULL
 *	paths	the same, each absolute
 *	ids	struct oci_ids
 *	map	struct oci_map
 *	word	uint64_t, of `words`
 *	words	uint64_t, all of `words` that are named, or'd
 *	object	a pointer to a new struct of `shape`
 *	list	the same, and `count_at` a size_t: an array of such objects
 *	named	the same from an object of such objects: name_at has its names
 */
oci_taker oci_take_text, oci_take_path, oci_take_ranges, oci_take_bool,
	oci_take_u32, oci_take_u64, oci_take_i64, oci_take_int, oci_take_uint,
	oci_take_texts, oci_take_paths, oci_take_ids, oci_take_map,
	oci_take_word, oci_take_words, oci_take_object, oci_take_list,
	oci_take_named;

#endif
