/* known.c - see known.h.  Runs in mydocker-image. */
#include "known.h"

#include "reference.h"

#include <stdlib.h>
#include <string.h>

#define KEPT 20

static bool
parse_line(char *line, struct known *known)
{
	char *digest = strsep(&line, " "), *size = strsep(&line, " ");
	char *type = strsep(&line, " "), *repository = line;
	uint64_t bytes;
	if (!repository || !*repository || !reference_is_digest(digest) ||
	    parse_number(size, 0, INT64_MAX, &bytes) < 0)
		return false;
	*known = (struct known){ copy_text(digest), copy_text(type),
				 copy_text(repository), bytes };
	return true;
}

void
known_read(const struct store *store, const char *hex, struct knowns *knowns)
{
	struct failure kept = failure;
	auto_free char *name = text("%s.blobs", hex);
	auto_free char *content = read_all(store->layers, name, NULL);
	failure = kept;
	*knowns = (struct knowns){ .list = new_bytes(KEPT *
						     sizeof(struct known)) };
	char *rest = content;
	for (char *line; rest && knowns->count < KEPT &&
			 (line = strsep(&rest, "\n"));)
		if (parse_line(line, &knowns->list[knowns->count]))
			knowns->count++;
}

void
known_free(struct knowns *knowns)
{
	for (size_t i = 0; i < knowns->count; i++) {
		free(knowns->list[i].digest);
		free(knowns->list[i].type);
		free(knowns->list[i].repository);
	}
	free(knowns->list);
	*knowns = (struct knowns){ 0 };
}

/* Newest first, each once. */
static char *
list_with(const struct knowns *knowns, const struct known *newest)
{
	char *content = text("%s %llu %s %s\n", newest->digest,
			     (unsigned long long)newest->size, newest->type,
			     newest->repository);
	for (size_t i = 0; i < knowns->count && i + 1 < KEPT; i++) {
		const struct known *known = &knowns->list[i];
		if (strcmp(known->digest, newest->digest) == 0 &&
		    strcmp(known->repository, newest->repository) == 0)
			continue;
		char *longer = text("%s%s %llu %s %s\n", content, known->digest,
				    (unsigned long long)known->size,
				    known->type, known->repository);
		free(content);
		content = longer;
	}
	return content;
}

/* Under the lock, so that no note is left of a layer that was just removed. */
void
known_add(struct store *store, int scratch, const char *hex,
	  const struct known *known)
{
	struct failure kept = failure;
	struct knowns knowns = { 0 };
	if (store_lock(store, LOCK_EX) == 0) {
		known_read(store, hex, &knowns);
		auto_free char *name = text("%s.blobs", hex);
		auto_free char *content = list_with(&knowns, known);
		if (shelves_has_layer(store, hex) &&
		    write_file(scratch, name, content, 0600) == 0)
			renameat(scratch, name, store->layers, name);
		store_unlock(store);
	}
	known_free(&knowns);
	failure = kept;
}

void
known_add_claim(struct store *store, int scratch, const struct words *hexes,
		const struct claim *claim, const char *repository)
{
	for (size_t i = 0; i < hexes->count; i++) {
		const struct known known = {
			.digest = claim->digests.items[i],
			.type = claim->types.items[i],
			.repository = (char *)repository,
			.size = claim->sizes[i],
		};
		known_add(store, scratch, hexes->items[i], &known);
	}
}
