/*
 * oci_json.h - parent: a JSON document, and places in it that know where they
 * are.
 *
 * Whatever is wrong with a value is said with the path that leads to it:
 * "process.rlimits[2].type: unknown limit RLIMIT_FOO".  So a value is never
 * handed around bare, but as a node, which knows its name and its parent's.
 * The path is put together only when somebody must be told.
 *
 * All memory of what is parsed belongs to the document.  Texts are not copied:
 * they are the document's own.
 */
#ifndef OCI_JSON_H
#define OCI_JSON_H

#include "base.h"

struct json_t;
struct oci_block;

struct oci_warning {
	struct oci_warning *next;
	const char *text;
};

struct oci_document {
	struct json_t *json;
	struct oci_block *blocks;
	/* What the specification wants logged, and no failure. */
	struct oci_warning *warnings;
};

/*
 * Read a document; `name` is what failures call it.  An object with the same
 * name twice is refused, for two readers could take it for two things.
 *
 * JSON numbers are of any size, those of jansson have 63 bits and a sign, and
 * the "no limit" of an rlimit is 2^64 - 1.  Integers of that size are found
 * first, and put in as texts that oci_integer() knows.
 */
int oci_document_parse(struct oci_document *document, const char *name,
		       const char *text, size_t length);

/* The same of the file `path`: a regular one, of at most OCI_DOCUMENT_MAX
 * bytes.  Nobody is waited for, whatever a hostile bundle has there.  The
 * content alone, with a NUL at its end, is for the caller to free. */
#define OCI_DOCUMENT_MAX (4u << 20)
char *oci_file_read(int dir, const char *path, size_t *length);
int oci_document_read(struct oci_document *document, int dir,
		      const char *path);

/* May be called twice, and for one that could not be read. */
void oci_document_free(struct oci_document *document);

/* Zeroed memory that lives as long as the document. */
void *oci_document_new(struct oci_document *document, size_t size);

struct oci_node {
	struct oci_document *document;
	const struct oci_node *parent; /* NULL: this is the whole document */
	const char *key;	       /* in an object, or NULL: */
	size_t index;		       /* in an array */
	struct json_t *json;	       /* NULL: there is nothing */
};

struct oci_node oci_root(struct oci_document *document);

/* A member; false when it is not there.  null is as good as not there: that is
 * what encoders in Go make of an empty list. */
bool oci_member(const struct oci_node *object, const char *key,
		struct oci_node *child);

/* An element; its json is NULL when there is none. */
struct oci_node oci_item(const struct oci_node *array, size_t index);

/* "linux.sysctl[\"net.core.somaxconn\"]"; the caller frees. */
char *oci_path(const struct oci_node *at);

/* failx() with the path in front, and with that of a member, be it there or
 * not. */
#define oci_fail(at, ...) (oci_fail_set(at, __VA_ARGS__), minus_one())
#define oci_fail_member(at, key, ...)                                         \
	(oci_fail_member_set(at, key, __VA_ARGS__), minus_one())
void oci_fail_set(const struct oci_node *at, const char *fmt, ...)
	printf_like(2, 3);
void oci_fail_member_set(const struct oci_node *at, const char *key,
			 const char *fmt, ...) printf_like(3, 4);

/* The failure of a value that must be `wanted`: "a string". */
int oci_wrong_type(const struct oci_node *at, const char *wanted);

/* Keep a warning, in the same form. */
void oci_warn(const struct oci_node *at, const char *fmt, ...)
	printf_like(2, 3);

/* The text, or NULL and the failure that it is none. */
const char *oci_text(const struct oci_node *at);

/* An integer within the bounds.  `*value` has the bits of an int64_t when
 * `min` is negative, otherwise those of a uint64_t. */
int oci_integer(const struct oci_node *at, int64_t min, uint64_t max,
		uint64_t *value);

#endif
