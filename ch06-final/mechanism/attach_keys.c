/* attach_keys.c - parent.  See attach_keys.h. */
#include "attach_keys.h"

#include <string.h>

static bool
parse_key(const char *key, size_t length, char *code)
{
	if (length == 1) {
		*code = key[0];
		return true;
	}
	if (length == 3 && memcmp(key, "DEL", 3) == 0) {
		*code = 127;
		return true;
	}
	if (length != 6 || memcmp(key, "ctrl-", 5) != 0)
		return false;
	*code = key[5] & 31;
	return (key[5] >= 'a' && key[5] <= 'z') || strchr("@[\\]^_", key[5]);
}

int
attach_keys_parse(const char *string, struct attach_keys *keys)
{
	*keys = (struct attach_keys){ 0 };
	if (!*string)
		string = ATTACH_KEYS_DEFAULT;
	for (const char *key = string;; key++) {
		size_t length = strcspn(key, ",");
		if (keys->count == ATTACH_KEYS_MOST)
			return failx("invalid detach keys (%.128s): more than "
				     "%d", string, ATTACH_KEYS_MOST);
		if (!parse_key(key, length, &keys->codes[keys->count++]))
			return failx("invalid detach keys (%.128s): Unknown "
				     "character: '%.*s'", string,
				     length > 64 ? 64 : (int)length, key);
		key += length;
		if (!*key)
			return 0;
	}
}

/* After codes[0..matched) came `c`, which is not the next: how many of the
 * last bytes may still be the beginning? */
static size_t
fall_back(const struct attach_keys *keys, char c)
{
	size_t typed = keys->matched + 1, start = 1;
	for (; start < typed; start++) {
		size_t length = typed - start;
		if (keys->codes[length - 1] == c &&
		    memcmp(keys->codes, keys->codes + start, length - 1) == 0)
			break;
	}
	return typed - start;
}

size_t
attach_keys_filter(struct attach_keys *keys, const char *typed, size_t length,
		   char *to, bool *detached)
{
	size_t passed = 0;
	*detached = false;
	if (keys->count == 0) {
		memcpy(to, typed, length);
		return length;
	}
	for (size_t i = 0; i < length; i++) {
		char c = typed[i];
		if (c == keys->codes[keys->matched]) {
			if (++keys->matched < keys->count)
				continue;
			keys->matched = 0;
			*detached = true;
			return passed;
		}
		/* Of what was kept back, and c, only an end still is. */
		size_t kept = fall_back(keys, c);
		size_t let_go = keys->matched + 1 - kept;
		for (size_t j = 0; j < let_go; j++)
			to[passed++] = j < keys->matched ? keys->codes[j] : c;
		keys->matched = kept;
	}
	return passed;
}
