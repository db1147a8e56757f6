/* cache.c - parent.  See cache.h. */
#include "cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of keys that were made by other rules none is right. */
#define RULES "mydocker build 1"

int
cache_key_begin(struct cache_key *key, const char *before)
{
	if (digest_begin(&key->digest) < 0)
		return -1;
	cache_key_add(key, RULES);
	cache_key_add(key, before);
	return 0;
}

void
cache_key_add(struct cache_key *key, const char *part)
{
	digest_add(&key->digest, part, strlen(part) + 1);
}

/* How many there are is part of it: no two lists look the same. */
void
cache_key_add_all(struct cache_key *key, const struct words *parts)
{
	auto_free char *count = text("%zu", parts->count);
	cache_key_add(key, count);
	for (size_t i = 0; i < parts->count; i++)
		cache_key_add(key, parts->items[i]);
}

int
cache_key_end(struct cache_key *key, char hex[65])
{
	return digest_end(&key->digest, hex);
}

static bool
has_layers(struct store *store, const struct build_state *state)
{
	auto_words struct words hexes = { 0 };
	build_state_layers(state, &hexes);
	for (size_t i = 0; i < hexes.count; i++)
		if (!shelves_has_layer(store, hexes.items[i]))
			return false;
	return true;
}

bool
cache_look(struct store *store, const char key[65], struct build_state *state)
{
	size_t length;
	struct failure kept = failure;
	auto_free char *json = read_all(store->build, key, &length);
	bool is_there = json && build_state_parse(state, json, length) == 0;
	failure = kept;
	if (is_there && has_layers(store, state)) {
		memcpy(state->key, key, sizeof(state->key));
		/* When it was last of use. */
		utimensat(store->build, key, NULL, 0);
		return true;
	}
	if (is_there)
		build_state_free(state);
	return false;
}

int
cache_keep(struct store *store, const struct scratch *scratch,
	   const struct build_state *state)
{
	auto_free char *json = build_state_text(state);
	if (!json)
		return failx("write the config: a text in it is not UTF-8");
	/* Another stage may keep the same step at this moment. */
	auto_free char *made = text("step-%d", getpid());
	if (write_file_unsynced(scratch->dir, made, json, 0600) < 0)
		return -1;
	return renameat(scratch->dir, made, store->build, state->key) < 0 ?
		       fail("write %s/build/%s", store->root, state->key) : 0;
}
