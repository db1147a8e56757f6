/*
 * scope_annotations.c - parent.  See scope.h: properties that a config.json has
 * for systemd's unit, as runc lets it have them:
 *
 *	"org.systemd.property.TimeoutStopUSec": "uint64 5000000"
 *	"org.systemd.property.TimeoutStopSec": "5"
 *	"org.systemd.property.CollectMode": "'inactive-or-failed'"
 *	"org.systemd.property.After": "['a.service', 'b.service']"
 *
 * The values are GVariant's text: numbers, true and false, texts, and lists of
 * texts, which is what the properties of a scope are made of.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "scope.h"

#define PREFIX "org.systemd.property."

/* 'a text' or "a text", whole, without a newline; NULL: it is something else.
 * The caller frees. */
static char *
quoted(const char **at)
{
	const char quote = **at, *from = *at + 1;
	if (quote != '\'' && quote != '"')
		return NULL;
	char *words = new_bytes(strlen(*at) + 1), *to = words;
	for (; *from && *from != quote && *from != '\n'; from++) {
		if (*from == '\\' && (!*++from || !strchr("\\'\"", *from)))
			break;
		*to++ = *from;
	}
	if (*from == quote) {
		*at = from + 1;
		return words;
	}
	free(words);
	return NULL;
}

static const char *
after_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* ['a', 'b'] as "a,b". */
static char *
list(const char *at)
{
	char *words = copy_text("");
	bool ended = *(at = after_blanks(at + 1)) == ']';
	while (!ended) {
		auto_free char *one = quoted(&at);
		if (!one || strchr(one, ','))
			break;
		char *longer = text("%s%s%s", words, *words ? "," : "", one);
		free(words);
		words = longer;
		at = after_blanks(at);
		ended = *at == ']';
		if (!ended && *at != ',')
			break;
		at = after_blanks(at + !ended);
	}
	if (ended && *after_blanks(at + 1) == '\0')
		return words;
	free(words);
	return NULL;
}

/* "uint64 5" has its type before it, and an integer without one is an int32:
 * the letter of D-Bus, and where the number begins. */
static char
number_type(const char **value)
{
	static const struct {
		const char *word;
		char letter;
	} types[] = { { "int32 ", 'i' }, { "uint32 ", 'u' },
		      { "int64 ", 'x' }, { "uint64 ", 't' } };
	for (size_t i = 0; i < countof(types); i++) {
		size_t length = strlen(types[i].word);
		if (strncmp(*value, types[i].word, length) != 0)
			continue;
		*value = after_blanks(*value + length);
		return types[i].letter;
	}
	return 'i';
}

static bool
fits(char type, const char *digits)
{
	bool negative = *digits == '-';
	const uint64_t max = type == 'i' ? (uint64_t)INT32_MAX + negative :
			     type == 'u' ? UINT32_MAX :
			     type == 'x' ? (uint64_t)INT64_MAX + negative :
					   UINT64_MAX;
	uint64_t number;
	return !(negative && (type == 'u' || type == 't')) &&
	       parse_number(digits + negative, 0, max, &number) == 0;
}

/* "TimeoutStopSec" is known on the bus by its microseconds. */
static char *
of_seconds(const char *name, const char *value)
{
	char *end;
	number_type(&value);
	double seconds = strtod(value, &end);
	if (end == value || *end || !isdigit((unsigned char)*value) ||
	    seconds > 1e12)
		return NULL;
	return text("t %.*sUSec %" PRIu64, (int)strlen(name) - 3, name,
		    (uint64_t)(seconds * 1e6 + 0.5));
}

static bool
is_of_seconds(const char *name)
{
	size_t length = strlen(name);
	return length > 4 && strcmp(name + length - 3, "Sec") == 0 &&
	       name[length - 4] != 'U';
}

static char *
property_of(const char *name, const char *value)
{
	const char *at = value = after_blanks(value);
	if (is_of_seconds(name))
		return of_seconds(name, value);
	if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
		return text("b %s %s", name, value);
	auto_free char *words = *at == '[' ? list(at) : quoted(&at);
	if (words && *value == '[')
		return text("as %s %s", name, words);
	if (words)
		return *at ? NULL : text("s %s %s", name, words);
	char type = number_type(&value);
	return fits(type, value) ? text("%c %s %s", type, name, value) : NULL;
}

static bool
is_name(const char *name)
{
	size_t length = strlen(name);
	for (size_t i = 0; i < length; i++)
		if (!isalpha((unsigned char)name[i]))
			return false;
	return length >= 3;
}

int
scope_annotations(struct scope_properties *properties,
		  const struct oci_map *annotations)
{
	for (size_t i = 0; i < annotations->count; i++) {
		const struct oci_pair *pair = &annotations->pairs[i];
		if (strncmp(pair->key, PREFIX, strlen(PREFIX)) != 0)
			continue;
		const char *name = pair->key + strlen(PREFIX);
		char *property = is_name(name) ?
					 property_of(name, pair->value) : NULL;
		if (!property)
			return failx("annotations.%.80s: \"%.80s\" is no name "
				     "and value of a property of systemd's",
				     pair->key, pair->value);
		scope_add(properties, property);
	}
	return 0;
}
