/* ignorefile.c - see ignorefile.h. */
#include "ignorefile.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"

/* ---- reading ----------------------------------------------------------- */

/* Go's filepath.Clean: "./a//b/../c/" is "a/c"; nothing at all is ".". */
static char *
clean_path(const char *path)
{
	auto_buffer struct buffer clean = { 0 };
	size_t above = 0; /* of `clean`: "../" that nothing takes back */
	bool is_absolute = *path == '/';
	while (*path) {
		path += strspn(path, "/");
		size_t length = strcspn(path, "/");
		const char *part = path;
		path += length;
		if (length == 0 || (length == 1 && *part == '.'))
			continue;
		if (length == 2 && strncmp(part, "..", 2) == 0) {
			if (clean.used > above) {
				char *slash = strrchr(clean.bytes, '/');
				clean.used = slash ? slash - clean.bytes : 0;
				if (clean.used < above)
					clean.used = above;
				clean.bytes[clean.used] = '\0';
				continue;
			}
			if (is_absolute)
				continue;
		}
		if (clean.used > 0)
			buffer_add_char(&clean, '/');
		buffer_add(&clean, part, length);
		if (length == 2 && strncmp(part, "..", 2) == 0)
			above = clean.used;
	}
	if (clean.used == 0)
		return copy_text(".");
	return buffer_take(&clean);
}

int
ignorefile_add(struct ignorefile *ignore, const char *pattern)
{
	while (isspace((unsigned char)*pattern))
		pattern++;
	bool is_allowed = *pattern == '!';
	if (is_allowed)
		pattern++;
	while (isspace((unsigned char)*pattern))
		pattern++;
	size_t length = strlen(pattern);
	while (length > 0 && isspace((unsigned char)pattern[length - 1]))
		length--;
	if (length == 0 && is_allowed)
		return failx("illegal exclusion pattern: \"!\"");
	if (length == 0)
		return 0;
	auto_free char *trimmed = text("%.*s", (int)length, pattern);
	auto_free char *clean = clean_path(trimmed);
	struct pattern compiled;
	if (pattern_compile(clean, PATTERN_IGNORE, &compiled) < 0)
		return wrap("pattern \"%.80s\"", trimmed);
	ignore->patterns = resize_bytes(ignore->patterns,
					(ignore->count + 1) *
						sizeof(*ignore->patterns));
	ignore->patterns[ignore->count++] = (struct ignore_pattern){
		.text = take_ptr(&clean),
		.is_allowed = is_allowed,
		.compiled = compiled,
	};
	return 0;
}

int
ignorefile_parse(const char *name, const char *content, size_t length,
		 struct ignorefile *ignore)
{
	*ignore = (struct ignorefile){ 0 };
	if (length >= 3 && memcmp(content, "\xef\xbb\xbf", 3) == 0) {
		content += 3;
		length -= 3;
	}
	for (unsigned int number = 1; length > 0; number++) {
		const char *end = memchr(content, '\n', length);
		size_t line_length = end ? (size_t)(end - content) : length;
		size_t used = end ? line_length + 1 : line_length;
		auto_free char *line = new_bytes(line_length + 1);
		memcpy(line, content, line_length);
		if (strlen(line) != line_length)
			return failx("%s:%u: there is a NUL byte", name,
				     number);
		if (line[0] != '#' && ignorefile_add(ignore, line) < 0)
			return wrap("%s:%u", name, number);
		content += used;
		length -= used;
	}
	return 0;
}

void
ignorefile_free(struct ignorefile *ignore)
{
	for (size_t i = 0; i < ignore->count; i++) {
		free(ignore->patterns[i].text);
		pattern_free(&ignore->patterns[i].compiled);
	}
	free(ignore->patterns);
	*ignore = (struct ignorefile){ 0 };
}

/* ---- asking ------------------------------------------------------------ */

/*
 * Is the path matched, or a directory above it?  All of them are met on the
 * one way through it.  `*is_open`: something below may be matched yet.
 */
static bool
matches(const struct ignore_pattern *pattern, const char *path, bool *is_open)
{
	auto_pattern_run struct pattern_run run;
	pattern_start(&pattern->compiled, &run);
	bool found = false;
	uint32_t character;
	size_t length;
	for (; (length = pattern_character(path, &character)) &&
	       run.is_alive && !found;
	     path += length) {
		found = character == '/' && run.matches;
		pattern_feed(&run, character);
	}
	found = found || run.matches;
	pattern_feed(&run, '/');
	*is_open = found || run.is_alive;
	return found;
}

bool
ignorefile_excludes(const struct ignorefile *ignore, const char *path)
{
	/* lab ignorefile_excludes: matches() says whether one pattern fits the
	 * path, or a directory above it.  Of those that do the last decides:
	 * one that began with "!" takes the path in again.  The context
	 * itself, ".", is never left out. */
	if (strcmp(path, ".") == 0)
		return false;
	for (size_t i = ignore->count; i > 0; i--) {
		bool is_open;
		if (matches(&ignore->patterns[i - 1], path, &is_open))
			return !ignore->patterns[i - 1].is_allowed;
	}
	return false;
	/* lab end: return ignore->count > 0 && *path == '\0'; */
}

bool
ignorefile_may_allow_below(const struct ignorefile *ignore,
			   const char *directory)
{
	for (size_t i = 0; i < ignore->count; i++) {
		bool is_open;
		if (!ignore->patterns[i].is_allowed)
			continue;
		matches(&ignore->patterns[i], directory, &is_open);
		if (is_open)
			return true;
	}
	return false;
}
