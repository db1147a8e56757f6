/* filters.c - parent.  See filters.h. */
#include "filters.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "times.h"

int
filters_add(void *member, const char *value)
{
	struct filters *filters = member;
	const char *equals = strchr(value, '=');
	if (!equals)
		return failx("invalid filter '%s'", value);
	auto_free char *pair = copy_text(value);
	/* Docker leaves out the blanks around the key, and its case. */
	size_t blanks = strspn(pair, " \t");
	char *end = pair + (equals - value);
	while (end > pair + blanks && isspace((unsigned char)end[-1]))
		end--;
	for (char *c = pair; c < end; c++)
		*c = tolower((unsigned char)*c);
	const char *rest = equals + 1 + strspn(equals + 1, " \t");
	auto_free char *kept = text("%.*s=%s", (int)(end - pair - blanks),
				    pair + blanks, rest);
	words_add(&filters->list, kept);
	return 0;
}

void
filters_free(struct filters *filters)
{
	words_free(&filters->list);
}

/* The value of this one, when it is of that key; or NULL. */
static const char *
value_of(const char *filter, const char *key)
{
	size_t length = strlen(key);
	return strncmp(filter, key, length) == 0 && filter[length] == '=' ?
		       filter + length + 1 : NULL;
}

int
filters_check(const struct filters *filters, const char *const *known)
{
	for (size_t i = 0; i < filters->list.count; i++) {
		const char *filter = filters->list.items[i];
		size_t k = 0;
		while (known[k] && !value_of(filter, known[k]))
			k++;
		if (!known[k])
			return failx("invalid filter '%.*s'",
				     (int)strcspn(filter, "="), filter);
	}
	return 0;
}

bool
filters_have(const struct filters *filters, const char *key)
{
	for (size_t i = 0; i < filters->list.count; i++)
		if (value_of(filters->list.items[i], key))
			return true;
	return false;
}

bool
filters_fit(const struct filters *filters, const char *key,
	    bool (*matches)(const void *data, const char *value),
	    const void *data)
{
	bool is_asked = false;
	for (size_t i = 0; i < filters->list.count; i++) {
		const char *value = value_of(filters->list.items[i], key);
		if (value && matches(data, value))
			return true;
		is_asked |= value != NULL;
	}
	return !is_asked;
}

static bool
is_same(const void *data, const char *value)
{
	return strcmp(data, value) == 0;
}

bool
filters_fit_text(const struct filters *filters, const char *key,
		 const char *string)
{
	return filters_fit(filters, key, is_same, string);
}

static bool
has_pattern(const void *data, const char *value)
{
	regex_t pattern;
	if (strcmp(data, value) == 0)
		return true;
	if (regcomp(&pattern, value, REG_EXTENDED | REG_NOSUB) != 0)
		return strstr(data, value) != NULL;
	bool found = regexec(&pattern, data, 0, NULL, 0) == 0;
	regfree(&pattern);
	return found;
}

bool
filters_fit_pattern(const struct filters *filters, const char *key,
		    const char *string)
{
	return filters_fit(filters, key, has_pattern, string);
}

static bool
begins_with(const void *data, const char *value)
{
	return strncmp(data, value, strlen(value)) == 0;
}

bool
filters_fit_beginning(const struct filters *filters, const char *key,
		      const char *string)
{
	return filters_fit(filters, key, begins_with, string);
}

/* "key" fits "key=value"; "key=value" fits itself alone. */
static bool
has_label(char *const *labels, const char *wanted)
{
	size_t length = strlen(wanted);
	bool is_key = !strchr(wanted, '=');
	for (; labels && *labels; labels++) {
		const char *rest = *labels + length;
		if (strncmp(*labels, wanted, length) == 0 &&
		    (!*rest || (is_key && *rest == '=')))
			return true;
	}
	return false;
}

bool
filters_fit_labels(const struct filters *filters, char *const *labels)
{
	for (size_t i = 0; i < filters->list.count; i++) {
		const char *filter = filters->list.items[i];
		const char *wanted = value_of(filter, "label");
		const char *unwanted = value_of(filter, "label!");
		if ((wanted && !has_label(labels, wanted)) ||
		    (unwanted && has_label(labels, unwanted)))
			return false;
	}
	return true;
}

int
filters_get_bool(const struct filters *filters, const char *key,
		 bool *is_set, bool *value)
{
	*is_set = false;
	for (size_t i = 0; i < filters->list.count; i++) {
		const char *word = value_of(filters->list.items[i], key);
		if (!word)
			continue;
		*is_set = true;
		*value = strcmp(word, "1") == 0 || strcmp(word, "true") == 0;
		if (!*value && strcmp(word, "0") != 0 &&
		    strcmp(word, "false") != 0)
			return failx("invalid filter '%s=%s'", key, word);
	}
	return 0;
}

int
filters_get_time(const struct filters *filters, const char *key,
		 int64_t *time_ns)
{
	for (size_t i = 0; i < filters->list.count; i++) {
		const char *word = value_of(filters->list.items[i], key);
		if (word && times_parse(word, time_ns) < 0)
			return -1;
	}
	return 0;
}
