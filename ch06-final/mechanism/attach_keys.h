/*
 * attach_keys.h - the keys that let go of a container (--detach-keys): found
 * in what is typed, and kept from the container.
 */
#ifndef ATTACH_KEYS_H
#define ATTACH_KEYS_H

#include "base.h"

#define ATTACH_KEYS_MOST 16
#define ATTACH_KEYS_DEFAULT "ctrl-p,ctrl-q"

struct attach_keys {
	char codes[ATTACH_KEYS_MOST];
	size_t count;	/* 0: there are none */
	size_t matched; /* of them have been typed; they are kept back */
};

/* As Docker writes it: characters and "ctrl-X" with X of a-z @ [ \ ] ^ _, with
 * commas between them.  "" is the default. */
int attach_keys_parse(const char *string, struct attach_keys *keys);

/*
 * `length` bytes were typed: put those that are for the container to `to`,
 * which has room for ATTACH_KEYS_MOST more, and return how many these are.
 * `*detached` when all keys have come, one after the other.
 */
size_t attach_keys_filter(struct attach_keys *keys, const char *typed,
			  size_t length, char *to, bool *detached);

#endif
