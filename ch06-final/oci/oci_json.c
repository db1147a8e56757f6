/* oci_json.c - parent.  See oci_json.h. */
#include "oci_json.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

struct oci_block {
	struct oci_block *next;
	max_align_t bytes[];
};

/* ---- the document ------------------------------------------------------- */

/* How an integer above INT64_MAX is put in.  A text of the bundle's that begins
 * like this would pass for a number, and for no other than it says. */
#define BIG "\\u0001integer:"
#define BIG_PREFIX "\001integer:"

/* Where the string that begins at `at` ends: after its closing quote. */
static const char *
string_end(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\' && at + 1 < end)
			at++;
	return at < end ? at + 1 : end;
}

static const char *
number_end(const char *at, const char *end)
{
	while (at < end && (isalnum((unsigned char)*at) || *at == '.' ||
			    *at == '+' || *at == '-'))
		at++;
	return at;
}

/* A number cannot be a name, nor may it become one. */
static bool
is_name(const char *after, const char *end)
{
	while (after < end && isspace((unsigned char)*after))
		after++;
	return after < end && *after == ':';
}

/* Is this an integer that a uint64_t can hold, and an int64_t cannot? */
static bool
is_big(const char *word, size_t length)
{
	char digits[21];
	uint64_t value;
	if (length < 19 || length > 20 || *word == '0')
		return false;
	memcpy(digits, word, length);
	digits[length] = '\0';
	return parse_number(digits, (uint64_t)INT64_MAX + 1, UINT64_MAX,
			    &value) == 0;
}

/* The same text with big integers put in quotes; the caller frees. */
static char *
quote_big_integers(const char *at, size_t *length)
{
	char *result = NULL;
	const char *end = at + *length, *copied = at;
	FILE *out = open_memstream(&result, length);
	if (!out)
		abort();
	for (const char *next; at < end; at = next) {
		next = at + 1; /* of blanks and punctuation */
		if (*at == '"')
			next = string_end(at, end);
		else if (isalnum((unsigned char)*at) || *at == '-')
			next = number_end(at, end);
		if (is_big(at, next - at) && !is_name(next, end)) {
			fwrite(copied, 1, at - copied, out);
			fprintf(out, "\"" BIG "%.*s\"", (int)(next - at), at);
			copied = next;
		}
	}
	fwrite(copied, 1, end - copied, out);
	fclose(out);
	return result;
}

/* What is random already in every process: jansson would read /dev/urandom. */
static void
seed_hashes(void)
{
	size_t seed;
	memcpy(&seed, (const void *)getauxval(AT_RANDOM), sizeof(seed));
	json_object_seed(seed);
}

int
oci_document_parse(struct oci_document *document, const char *name,
		   const char *content, size_t length)
{
	*document = (struct oci_document){ 0 };
	struct failure before = failure;
	auto_free char *quoted = quote_big_integers(content, &length);
	failure = before;
	json_error_t error;
	seed_hashes();
	document->json = json_loadb(quoted, length, JSON_REJECT_DUPLICATES,
				    &error);
	if (!document->json)
		return failx("%s: line %d: %s", name, error.line, error.text);
	return 0;
}

/* At most `size` bytes. */
static char *
read_whole(int fd, const char *path, size_t size, size_t *length)
{
	auto_free char *content = new_bytes(size + 1);
	for (ssize_t n = 1; n > 0 && *length < size; *length += n) {
		n = read(fd, content + *length, size - *length);
		if (n < 0) {
			fail("read %s", path);
			return NULL;
		}
	}
	return take_ptr(&content);
}

char *
oci_file_read(int dir, const char *path, size_t *length)
{
	auto_close int fd = openat(dir, path, O_RDONLY | O_NONBLOCK |
						      O_NOCTTY | O_CLOEXEC);
	struct stat st;
	*length = 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		fail("read %s", path);
	else if (!S_ISREG(st.st_mode))
		failx("read %s: not a file", path);
	else if (st.st_size > OCI_DOCUMENT_MAX)
		failx("read %s: larger than %u MiB", path,
		      OCI_DOCUMENT_MAX >> 20);
	else
		return read_whole(fd, path, st.st_size, length);
	return NULL;
}

int
oci_document_read(struct oci_document *document, int dir, const char *path)
{
	*document = (struct oci_document){ 0 };
	size_t length;
	auto_free char *content = oci_file_read(dir, path, &length);
	return content ? oci_document_parse(document, path, content, length) :
			 -1;
}

void
oci_document_free(struct oci_document *document)
{
	for (struct oci_block *block = document->blocks, *next; block;
	     block = next) {
		next = block->next;
		free(block);
	}
	json_decref(document->json);
	*document = (struct oci_document){ 0 };
}

void *
oci_document_new(struct oci_document *document, size_t size)
{
	struct oci_block *block = new_bytes(sizeof(*block) + size);
	memset(block->bytes, 0, size);
	block->next = document->blocks;
	document->blocks = block;
	return block->bytes;
}

/* ---- places in it ------------------------------------------------------- */

struct oci_node
oci_root(struct oci_document *document)
{
	return (struct oci_node){ .document = document,
				  .json = document->json };
}

bool
oci_member(const struct oci_node *object, const char *key,
	   struct oci_node *child)
{
	*child = (struct oci_node){
		.document = object->document,
		.parent = object,
		.key = key,
		.json = json_object_get(object->json, key),
	};
	return child->json && !json_is_null(child->json);
}

struct oci_node
oci_item(const struct oci_node *array, size_t index)
{
	return (struct oci_node){
		.document = array->document,
		.parent = array,
		.index = index,
		.json = json_array_get(array->json, index),
	};
}

/* Can it stand in a path as it is? */
static bool
is_plain(const char *key)
{
	size_t length = strlen(key);
	return length > 0 &&
	       strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == length;
}

char *
oci_path(const struct oci_node *at)
{
	if (!at->parent)
		return copy_text("");
	auto_free char *before = oci_path(at->parent);
	if (!at->key)
		return text("%s[%zu]", before, at->index);
	if (!is_plain(at->key))
		return text("%s[\"%s\"]", before, at->key);
	return text("%s%s%s", before, *before ? "." : "", at->key);
}

__attribute__((format(printf, 2, 0))) static char *
with_path(const struct oci_node *at, const char *fmt, va_list list)
{
	auto_free char *path = oci_path(at);
	char *what = NULL;
	if (vasprintf(&what, fmt, list) < 0)
		abort();
	char *result = *path ? text("%s: %s", path, what) : copy_text(what);
	free(what);
	return result;
}

void
oci_fail_set(const struct oci_node *at, const char *fmt, ...)
{
	va_list list;
	va_start(list, fmt);
	auto_free char *line = with_path(at, fmt, list);
	va_end(list);
	failure_set("%s", line);
}

void
oci_fail_member_set(const struct oci_node *at, const char *key,
		    const char *fmt, ...)
{
	struct oci_node child;
	oci_member(at, key, &child);
	va_list list;
	va_start(list, fmt);
	auto_free char *line = with_path(&child, fmt, list);
	va_end(list);
	failure_set("%s", line);
}

void
oci_warn(const struct oci_node *at, const char *fmt, ...)
{
	va_list list;
	va_start(list, fmt);
	auto_free char *line = with_path(at, fmt, list);
	va_end(list);
	size_t size = strlen(line) + 1;
	struct oci_warning *warning =
		oci_document_new(at->document, sizeof(*warning) + size);
	warning->text = memcpy(warning + 1, line, size);
	struct oci_warning **last = &at->document->warnings;
	while (*last)
		last = &(*last)->next;
	*last = warning;
}

/* ---- values ------------------------------------------------------------- */

static const char *
big_integer(const json_t *json)
{
	const char *word = json_string_value(json);
	size_t prefix = strlen(BIG_PREFIX);
	return word && strncmp(word, BIG_PREFIX, prefix) == 0 ? word + prefix :
								NULL;
}

int
oci_wrong_type(const struct oci_node *at, const char *wanted)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string",  [JSON_INTEGER] = "an integer",
		[JSON_REAL] = "a number with a fraction",
		[JSON_TRUE] = "a boolean",   [JSON_FALSE] = "a boolean",
		[JSON_NULL] = "null",
	};
	return oci_fail(at, "is %s, must be %s",
			big_integer(at->json) ? "an integer" :
						names[json_typeof(at->json)],
			wanted);
}

const char *
oci_text(const struct oci_node *at)
{
	if (!json_is_string(at->json) || big_integer(at->json)) {
		oci_wrong_type(at, "a string");
		return NULL;
	}
	return json_string_value(at->json);
}

int
oci_integer(const struct oci_node *at, int64_t min, uint64_t max,
	    uint64_t *value)
{
	const char *big = big_integer(at->json);
	if (big && parse_number(big, 0, UINT64_MAX, value) == 0) {
		if (*value <= max)
			return 0;
		return oci_fail(at, "%s is out of range: %" PRIi64
				" to %" PRIu64, big, min, max);
	}
	if (!json_is_integer(at->json) || big)
		return oci_wrong_type(at, "an integer");
	int64_t number = json_integer_value(at->json);
	if (number < min || (number > 0 && (uint64_t)number > max))
		return oci_fail(at, "%" PRIi64 " is out of range: %" PRIi64
				" to %" PRIu64, number, min, max);
	*value = number;
	return 0;
}
