/* words.c - see words.h.  Runs anywhere: it touches nothing but memory. */
#include "words.h"

#include <stdlib.h>
#include <string.h>

void
words_add(struct words *words, const char *word)
{
	/* Doubling at the powers of two keeps a long list linear. */
	if ((words->count & (words->count + 1)) == 0)
		words->items = resize_bytes(words->items,
					    (words->count + 1) * 2 *
						    sizeof(char *));
	words->items[words->count++] = copy_text(word);
	words->items[words->count] = NULL;
}

void
words_add_all(struct words *words, char *const *items)
{
	for (; items && *items; items++)
		words_add(words, *items);
}

bool
words_has(const struct words *words, const char *word)
{
	for (size_t i = 0; i < words->count; i++)
		if (strcmp(words->items[i], word) == 0)
			return true;
	return false;
}

char *
words_join(const struct words *words, const char *between)
{
	char *line = copy_text("");
	for (size_t i = 0; i < words->count; i++) {
		char *longer = text("%s%s%s", line, i ? between : "",
				    words->items[i]);
		free(line);
		line = longer;
	}
	return line;
}

char **
words_take(struct words *words)
{
	char **items = words->items;
	if (!items)
		items = new_bytes(sizeof(char *));
	words->items = NULL;
	words->count = 0;
	return items;
}

void
words_free_array(char **items)
{
	for (size_t i = 0; items && items[i]; i++)
		free(items[i]);
	free(items);
}

void
words_free(struct words *words)
{
	words_free_array(words->items);
	words->items = NULL;
	words->count = 0;
}
