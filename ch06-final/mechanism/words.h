/*
 * words.h - a list of strings that grows: names, digests, arguments.
 *
 *	struct words names = { 0 };
 *	words_add(&names, "busybox:latest");
 *	for (size_t i = 0; i < names.count; i++)
 *		puts(names.items[i]);
 *	words_free(&names);
 *
 * The list owns copies.  Once something was added `items` ends with NULL, so
 * that it can be handed to execve(2) as it is.
 */
#ifndef WORDS_H
#define WORDS_H

#include "base.h"

struct words {
	char **items;
	size_t count;
};

void words_add(struct words *words, const char *word);
/* All of an array that ends with NULL, or is NULL. */
void words_add_all(struct words *words, char *const *items);
bool words_has(const struct words *words, const char *word);
/* "a,b", with this between them; the caller frees. */
char *words_join(const struct words *words, const char *between);
/* The array, NULL-terminated also when empty; the list is empty afterwards. */
char **words_take(struct words *words);
/* May be called twice. */
void words_free(struct words *words);
/* The same for an array that words_take() gave; NULL is fine. */
void words_free_array(char **items);
#define auto_words __attribute__((cleanup(words_free)))

#endif
