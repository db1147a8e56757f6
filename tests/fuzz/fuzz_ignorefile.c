/*
 * fuzz_ignorefile.c - a path, a NUL, and a .dockerignore; each of its lines is
 * a pattern of COPY, too, and a word with variables.
 */
#include "fuzz.h"

#include "go_match.h"
#include "ignorefile.h"
#include "substitute.h"

static const char *
get(const void *context, const char *name)
{
	(void)name;
	return context;
}

static void
check_word(const char *word, const char *value)
{
	static const char escapes[] = "\\`";
	for (int i = 0; i < 4; i++) {
		struct substitution rules = { .escape = escapes[i % 2],
					      .keeps_quotes = i / 2,
					      .get = get, .context = value };
		auto_free char *result = substitute(&rules, word);
		hold(result || failure.text[0]);
	}
}

static void
check_line(const char *line, const char *path)
{
	int matches = go_match(line, path);
	hold(matches >= -1 && matches <= 1);
	/* What is no pattern is a name, and matches itself alone. */
	if (!go_match_is_pattern(line))
		hold(matches == (strcmp(line, path) == 0));
	check_word(line, path);
}

/* What is below a directory that is out is out, unless it may be allowed. */
static void
check_parents(const struct ignorefile *ignore, const char *path)
{
	bool excluded = ignorefile_excludes(ignore, path);
	auto_free char *parent = copy_text(path);
	char *slash;
	while ((slash = strrchr(parent, '/'))) {
		*slash = '\0';
		if (ignorefile_excludes(ignore, parent) && !excluded)
			hold(ignorefile_may_allow_below(ignore, parent));
	}
}

int
fuzz(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\0', size) : NULL;
	if (!end)
		return 0;
	auto_free char *path = fuzz_text(data, end - data);
	size -= end - data + 1;
	auto_free char *content = fuzz_bytes(end + 1, size);
	auto_free char *lines = fuzz_text(end + 1, size);
	auto_ignorefile struct ignorefile ignore;
	failure = (struct failure){ 0 };
	if (ignorefile_parse(".dockerignore", content, size, &ignore) < 0)
		hold(failure.text[0]);
	else
		check_parents(&ignore, path);
	for (char *line = lines, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		check_line(line, path);
	}
	return 0;
}
