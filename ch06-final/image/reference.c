/* reference.c - see reference.h.  Runs anywhere: it touches only memory. */
#include "reference.h"

#include <stdlib.h>
#include <string.h>

#define HEX_DIGITS "0123456789abcdef"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define NAME_MAX_LENGTH 255
#define TAG_MAX_LENGTH 128

static int
invalid(void)
{
	return failx("invalid reference format");
}

bool
reference_is_hex(const char *string)
{
	return strlen(string) == 64 && strspn(string, HEX_DIGITS) == 64;
}

bool
reference_is_digest(const char *string)
{
	return strncmp(string, "sha256:", 7) == 0 &&
	       reference_is_hex(string + 7);
}

/* A component of a path: [a-z0-9]+ with ".", "_", "__" or any number of "-"
 * between such runs.  How many characters of `s` are one. */
static size_t
component_length(const char *s)
{
	size_t length = strspn(s, LOWER DIGITS);
	while (length > 0) {
		const char *rest = s + length;
		size_t separator = strspn(rest, "-");
		if (*rest == '.')
			separator = 1;
		else if (*rest == '_')
			separator = rest[1] == '_' ? 2 : 1;
		size_t run = strspn(rest + separator, LOWER DIGITS);
		if (separator == 0 || run == 0)
			break;
		length += separator + run;
	}
	return length;
}

static bool
is_path(const char *s)
{
	for (;;) {
		size_t length = component_length(s);
		if (length == 0)
			return false;
		s += length;
		if (*s == '\0')
			return true;
		if (*s++ != '/')
			return false;
	}
}

/* One label of a host name: letters, digits, inner hyphens. */
static size_t
label_length(const char *s)
{
	size_t length = strspn(s, LOWER UPPER DIGITS "-");
	if (length == 0 || s[0] == '-' || s[length - 1] == '-')
		return 0;
	return length;
}

/* host[:port]: dotted labels, or an IPv6 address in brackets. */
static bool
is_domain(const char *s)
{
	if (*s == '[') {
		size_t length = strspn(s + 1, DIGITS "abcdefABCDEF:");
		if (length == 0 || s[1 + length] != ']')
			return false;
		s += length + 2;
	} else {
		size_t length = label_length(s);
		while (length > 0 && s[length] == '.') {
			s += length + 1;
			length = label_length(s);
		}
		if (length == 0)
			return false;
		s += length;
	}
	if (*s == ':')
		return s[1] && s[1 + strspn(s + 1, DIGITS)] == '\0';
	return *s == '\0';
}

static bool
is_tag(const char *s)
{
	size_t length = strlen(s);
	return length >= 1 && length <= TAG_MAX_LENGTH && *s != '.' &&
	       *s != '-' &&
	       strspn(s, LOWER UPPER DIGITS "_.-") == length;
}

/*
 * What stands before the first slash is a registry when it could not be a
 * component of a path: it has a dot, a colon or a capital, or is localhost.
 */
static bool
has_domain(const char *name, const char *slash)
{
	/* lab has_domain: `slash` is the first one of the name, or NULL when
	 * there is none.  What stands before it is a registry if it has a dot,
	 * a colon or a capital in it, or is "localhost": whole. */
	size_t length = slash ? (size_t)(slash - name) : 0;
	if (length == 0)
		return false;
	return strcspn(name, ".:" UPPER) < length ||
	       (length == 9 && strncmp(name, "localhost", 9) == 0);
	/* lab end: return name == slash; */
}

/* "docker.io/library/x" is x, "docker.io/team/x" is team/x. */
static const char *
familiar_path(const char *path)
{
	const char *official = "library/";
	size_t length = strlen(official);
	if (strncmp(path, official, length) == 0 &&
	    !strchr(path + length, '/'))
		return path + length;
	return path;
}

/* The repository: checked, and shortened as far as Docker shortens it. */
static int
parse_repository(char *name, char **repository)
{
	char *slash = strchr(name, '/');
	const char *domain = NULL, *path = name;
	if (has_domain(name, slash)) {
		*slash = '\0';
		domain = name;
		path = slash + 1;
	}
	if (strcspn(path, UPPER) < strlen(path))
		return failx("invalid reference format: repository name (%s%s) "
			     "must be lowercase",
			     domain || slash ? "" : "library/", path);
	if ((domain && !is_domain(domain)) || !is_path(path))
		return invalid();
	if (domain && (strcmp(domain, "docker.io") == 0 ||
		       strcmp(domain, "index.docker.io") == 0))
		domain = NULL;
	/* What would be taken for another registry's keeps its own. */
	if (!domain && has_domain(path, strchr(path, '/')))
		domain = "docker.io";
	if (domain)
		*repository = text("%s/%s", domain, path);
	else
		*repository = copy_text(familiar_path(path));
	if (strlen(*repository) > NAME_MAX_LENGTH)
		return failx("repository name must not be more than %d "
			     "characters", NAME_MAX_LENGTH);
	return 0;
}

/* Cut ":tag" and "@digest" off the end of `name`, and check them. */
static int
parse_suffixes(char *name, struct reference *reference)
{
	char *at = strchr(name, '@');
	if (at) {
		*at = '\0';
		if (strncmp(at + 1, "sha256:", 7) == 0 &&
		    strspn(at + 8, HEX_DIGITS) == strlen(at + 8) &&
		    strlen(at + 8) != 64)
			return failx("invalid checksum digest length");
		if (!reference_is_digest(at + 1))
			return invalid();
		reference->digest = copy_text(at + 1);
	}
	char *slash = strrchr(name, '/');
	char *colon = strrchr(slash ? slash : name, ':');
	if (colon) {
		*colon = '\0';
		if (!is_tag(colon + 1))
			return invalid();
		reference->tag = copy_text(colon + 1);
	} else if (!at) {
		reference->tag = copy_text("latest");
	}
	return 0;
}

int
reference_parse(const char *string, struct reference *reference)
{
	*reference = (struct reference){ 0 };
	if (reference_is_hex(string))
		return failx("invalid repository name (%s), cannot specify "
			     "64-byte hexadecimal strings", string);
	auto_free char *name = copy_text(string);
	if (parse_suffixes(name, reference) < 0 ||
	    parse_repository(name, &reference->repository) < 0) {
		reference_free(reference);
		return -1;
	}
	return 0;
}

void
reference_free(struct reference *reference)
{
	free(reference->repository);
	free(reference->tag);
	free(reference->digest);
	*reference = (struct reference){ 0 };
}

char *
reference_name(const struct reference *reference)
{
	if (reference->tag)
		return text("%s:%s", reference->repository, reference->tag);
	return text("%s@%s", reference->repository, reference->digest);
}

void
reference_split(const char *repository, char **registry, char **path)
{
	const char *slash = strchr(repository, '/');
	if (has_domain(repository, slash)) {
		*registry = text("%.*s", (int)(slash - repository), repository);
		*path = copy_text(slash + 1);
		return;
	}
	*registry = copy_text("docker.io");
	*path = slash ? copy_text(repository) : text("library/%s", repository);
}

char *
reference_full(const char *name)
{
	auto_free char *registry = NULL, *path = NULL;
	reference_split(name, &registry, &path);
	return text("%s/%s", registry, path);
}
