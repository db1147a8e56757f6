/* pattern.c - see pattern.h. */
#include "pattern.h"

#include <stdlib.h>
#include <string.h>

enum element_kind {
	ELEMENT_CHARACTER,
	ELEMENT_ONE,	 /* any, but a slash */
	ELEMENT_ONE_ANY, /* any */
	ELEMENT_CLASS,
	ELEMENT_STAR,	  /* any number, no slash */
	ELEMENT_STAR_ANY, /* any number */
	/* Directories: nothing, or whatever ends with a slash.  Two elements:
	 * at the first it may still be nothing. */
	ELEMENT_DIRECTORIES,
	ELEMENT_WITHIN_DIRECTORIES,
};

struct range {
	uint32_t low, high;
};

struct pattern_element {
	enum element_kind kind;
	uint32_t character;
	bool is_negated;
	struct range *ranges; /* of a class */
	size_t range_count;
};

/* ---- characters -------------------------------------------------------- */

static size_t
sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	if (first >= 0xf0 && first < 0xf5)
		return 4;
	return 0;
}

size_t
pattern_character(const char *string, uint32_t *character)
{
	const unsigned char *bytes = (const unsigned char *)string;
	size_t length = sequence_length(bytes[0]);
	*character = bytes[0];
	if (bytes[0] < 0x80)
		return bytes[0] ? 1 : 0;
	*character = 0x110000 + bytes[0];
	if (length == 0)
		return 1;
	uint32_t value = bytes[0] & (0x7f >> length);
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	*character = value;
	return length;
}

/* ---- compiling --------------------------------------------------------- */

static struct pattern_element *
add_element(struct pattern *pattern, enum element_kind kind)
{
	pattern->elements = resize_bytes(pattern->elements,
					 (pattern->count + 1) *
						 sizeof(*pattern->elements));
	struct pattern_element *element = &pattern->elements[pattern->count++];
	*element = (struct pattern_element){ .kind = kind };
	return element;
}

static void
add_range(struct pattern_element *element, uint32_t low, uint32_t high)
{
	element->ranges = resize_bytes(element->ranges,
				       (element->range_count + 1) *
					       sizeof(struct range));
	element->ranges[element->range_count++] = (struct range){ low, high };
}

static int
bad_pattern(void)
{
	return failx("syntax error in pattern");
}

/* One end of a range, perhaps behind a backslash. */
static int
class_character(const char **at, uint32_t *character)
{
	if (**at == '-' || **at == ']')
		return bad_pattern();
	if (**at == '\\')
		(*at)++;
	size_t length = pattern_character(*at, character);
	if (length == 0)
		return bad_pattern();
	*at += length;
	return 0;
}

/* `*at` is behind the "[". */
static int
compile_class(struct pattern *pattern, const char **at)
{
	struct pattern_element *element = add_element(pattern, ELEMENT_CLASS);
	if (**at == '^') {
		element->is_negated = true;
		(*at)++;
	}
	do {
		uint32_t low, high;
		if (class_character(at, &low) < 0)
			return -1;
		high = low;
		if (**at == '-') {
			(*at)++;
			if (class_character(at, &high) < 0)
				return -1;
		}
		add_range(element, low, high);
	} while (**at && **at != ']');
	if (**at != ']')
		return bad_pattern();
	(*at)++;
	return 0;
}

/* `*at` is behind the first star. */
static void
compile_star(struct pattern *pattern, enum pattern_dialect dialect,
	     const char **at)
{
	pattern->has_star = true;
	if (dialect != PATTERN_IGNORE || **at != '*') {
		add_element(pattern, dialect == PATTERN_VALUE ?
					     ELEMENT_STAR_ANY :
					     ELEMENT_STAR);
		return;
	}
	(*at)++;
	bool at_begin = pattern->count == 0;
	bool has_slash = **at == '/';
	if (has_slash)
		(*at)++;
	/* "a/" and "**" at the end is all there is below a.  "**x" alone is
	 * whatever ends with x, as in Docker. */
	if (**at == '\0' ||
	    (at_begin && !has_slash && !strpbrk(*at, "*?[\\"))) {
		add_element(pattern, ELEMENT_STAR_ANY);
		return;
	}
	add_element(pattern, ELEMENT_DIRECTORIES);
	add_element(pattern, ELEMENT_WITHIN_DIRECTORIES);
}

static int
compile_one(struct pattern *pattern, enum pattern_dialect dialect,
	    const char **at)
{
	char c = **at;
	if (c == '*' || c == '?' || (c == '[' && dialect != PATTERN_VALUE))
		(*at)++;
	if (c == '*') {
		compile_star(pattern, dialect, at);
		return 0;
	}
	if (c == '?') {
		add_element(pattern, dialect == PATTERN_VALUE ?
					     ELEMENT_ONE_ANY :
					     ELEMENT_ONE);
		return 0;
	}
	if (c == '[' && dialect != PATTERN_VALUE)
		return compile_class(pattern, at);
	if (c == '\\')
		(*at)++;
	uint32_t character;
	size_t length = pattern_character(*at, &character);
	if (length == 0)
		return bad_pattern();
	*at += length;
	add_element(pattern, ELEMENT_CHARACTER)->character = character;
	return 0;
}

int
pattern_compile(const char *string, enum pattern_dialect dialect,
		struct pattern *pattern)
{
	*pattern = (struct pattern){ 0 };
	for (const char *at = string; *at;) {
		if (compile_one(pattern, dialect, &at) < 0) {
			pattern_free(pattern);
			return -1;
		}
	}
	return 0;
}

void
pattern_reverse(struct pattern *pattern)
{
	for (size_t i = 0; i < pattern->count / 2; i++) {
		size_t other = pattern->count - 1 - i;
		struct pattern_element kept = pattern->elements[i];
		pattern->elements[i] = pattern->elements[other];
		pattern->elements[other] = kept;
	}
}

void
pattern_free(struct pattern *pattern)
{
	for (size_t i = 0; i < pattern->count; i++)
		free(pattern->elements[i].ranges);
	free(pattern->elements);
	*pattern = (struct pattern){ 0 };
}

/* ---- running ----------------------------------------------------------- */

static bool
class_has(const struct pattern_element *element, uint32_t character)
{
	bool found = false;
	for (size_t i = 0; i < element->range_count && !found; i++)
		found = element->ranges[i].low <= character &&
			character <= element->ranges[i].high;
	return character != '/' && found != element->is_negated;
}

static void
mark(struct pattern_run *run, bool *set, size_t state)
{
	set[state] = true;
	if (state < run->first)
		run->first = state;
	if (state > run->last)
		run->last = state;
}

/* Where a state leads without a character; states lead only forwards. */
static void
close_states(struct pattern_run *run, bool *set)
{
	for (size_t i = run->first; i <= run->last; i++) {
		if (!set[i] || i == run->pattern->count)
			continue;
		switch (run->pattern->elements[i].kind) {
		case ELEMENT_STAR:
		case ELEMENT_STAR_ANY:
			run->met_star = true;
			mark(run, set, i + 1);
			break;
		case ELEMENT_DIRECTORIES:
			run->met_star = true;
			mark(run, set, i + 1);
			mark(run, set, i + 2);
			break;
		default:
			break;
		}
	}
	size_t count = run->pattern->count;
	run->is_alive = run->first <= run->last;
	run->matches = run->is_alive && run->last == count && set[count];
}

void
pattern_restart(struct pattern_run *run)
{
	for (size_t i = run->first; i <= run->last; i++)
		run->now[i] = false;
	run->first = run->last = 0;
	run->now[0] = true;
	run->met_star = false;
	close_states(run, run->now);
}

void
pattern_start(const struct pattern *pattern, struct pattern_run *run)
{
	size_t states = pattern->count + 1;
	*run = (struct pattern_run){ .pattern = pattern,
				     .now = new_bytes(states),
				     .next = new_bytes(states) };
	pattern_restart(run);
}

/* From one state, by one character. */
static void
advance(struct pattern_run *run, size_t state, uint32_t character)
{
	const struct pattern_element *element =
		&run->pattern->elements[state];
	bool takes = false, stays = false;
	switch (element->kind) {
	case ELEMENT_CHARACTER:
		takes = element->character == character;
		break;
	case ELEMENT_ONE:
		takes = character != '/';
		break;
	case ELEMENT_ONE_ANY:
		takes = true;
		break;
	case ELEMENT_CLASS:
		takes = class_has(element, character);
		break;
	case ELEMENT_STAR:
		stays = character != '/';
		break;
	case ELEMENT_STAR_ANY:
		stays = true;
		break;
	case ELEMENT_DIRECTORIES:
		break;
	case ELEMENT_WITHIN_DIRECTORIES:
		stays = true;
		takes = character == '/';
		break;
	}
	if (takes)
		mark(run, run->next, state + 1);
	if (stays)
		mark(run, run->next, state);
}

void
pattern_feed(struct pattern_run *run, uint32_t character)
{
	if (!run->is_alive)
		return;
	size_t first = run->first, last = run->last;
	run->first = run->pattern->count + 1;
	run->last = 0;
	for (size_t i = first; i <= last; i++) {
		if (run->now[i] && i < run->pattern->count)
			advance(run, i, character);
		run->now[i] = false;
	}
	bool *next = run->next;
	run->next = run->now;
	run->now = next;
	close_states(run, run->now);
}

void
pattern_end(struct pattern_run *run)
{
	free(run->now);
	free(run->next);
	*run = (struct pattern_run){ 0 };
}
