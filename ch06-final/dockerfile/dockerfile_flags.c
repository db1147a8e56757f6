/* dockerfile_flags.c - see dockerfile_part.h: --name=value of instructions. */
#include "dockerfile_part.h"

#include <string.h>
#include <strings.h>

/* ---- nearly the same --------------------------------------------------- */

#define LONGEST_SUGGESTED 32

/* Levenshtein's distance, without regard to case. */
static size_t
distance(const char *one, const char *other)
{
	size_t row[LONGEST_SUGGESTED + 1];
	size_t length = strlen(other);
	for (size_t i = 0; i <= length; i++)
		row[i] = i;
	for (size_t i = 1; one[i - 1]; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			bool same = strncasecmp(one + i - 1, other + j - 1,
						1) == 0;
			size_t best = diagonal + !same;
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[length];
}

char *
dockerfile_suggest(const char *word, const char *const *known, size_t count)
{
	const char *nearest = NULL;
	size_t least = 6;
	for (size_t i = 0; i < count; i++) {
		if (strlen(known[i]) > LONGEST_SUGGESTED)
			continue;
		/* Of two as near as each other, that of the same letter. */
		size_t steps = 2 * distance(word, known[i]);
		steps += strncasecmp(word, known[i], 1) != 0;
		if (steps > 1 && steps < least) {
			least = steps;
			nearest = known[i];
		}
	}
	return nearest ? text(" (did you mean %s?)", nearest) : copy_text("");
}

/* ---- flags ------------------------------------------------------------- */

static const struct flag *
find_flag(const struct flag *flags, size_t count, const char *name,
	  size_t length)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(flags[i].name) == length &&
		    memcmp(flags[i].name, name, length) == 0)
			return &flags[i];
	return NULL;
}

static int
unknown_flag(struct reading *reading, const struct flag *flags, size_t count,
	     const char *written, const char *name)
{
	const char *known[16];
	for (size_t i = 0; i < count && i < countof(known); i++)
		known[i] = flags[i].name;
	auto_free char *suggestion =
		dockerfile_suggest(name + 2, known, count);
	return complain(reading->file, reading->made, written,
			"unknown flag: %.60s%s", name, suggestion);
}

static int
parse_bool(const char *value, bool *to)
{
	*to = !value || strcasecmp(value, "true") == 0;
	return *to || strcasecmp(value, "false") == 0 ? 0 : -1;
}

/* `value` is NULL when there is no "=". */
static int
set_flag(struct reading *reading, const struct flag *flag,
	 const char *written, const char *value)
{
	bool is_true;
	bool is_bool = flag->kind == FLAG_BOOL || flag->kind == FLAG_MAYBE;
	if (is_bool ? value && !*value : !value)
		return complain(reading->file, reading->made, written,
				"missing a value on flag: --%s", flag->name);
	if (is_bool && parse_bool(value, &is_true) < 0)
		return complain(reading->file, reading->made, written,
				"expecting boolean value for flag --%s, not: "
				"%.60s", flag->name, value);
	switch (flag->kind) {
	case FLAG_TEXT:
		*(char **)flag->value = copy_text(value);
		break;
	case FLAG_BOOL:
		*(bool *)flag->value = is_true;
		break;
	case FLAG_MAYBE:
		*(int *)flag->value = is_true;
		break;
	case FLAG_LIST:
		words_add(flag->value, value);
		break;
	}
	return 0;
}

int
take_flags(struct reading *reading, const struct flag *flags, size_t count)
{
	auto_words struct words seen = { 0 };
	for (size_t i = 0; i < reading->flags.count; i++) {
		const char *written = reading->flags.items[i];
		size_t length = strcspn(written, "=");
		auto_free char *name = text("%.*s", (int)length, written);
		const char *value =
			written[length] ? written + length + 1 : NULL;
		const struct flag *flag =
			find_flag(flags, count, name + 2, length - 2);
		if (!flag)
			return unknown_flag(reading, flags, count, written,
					    name);
		if (flag->kind != FLAG_LIST && words_has(&seen, name))
			return complain(reading->file, reading->made, written,
					"duplicate flag specified: %s", name);
		words_add(&seen, name);
		if (set_flag(reading, flag, written, value) < 0)
			return -1;
	}
	return 0;
}
