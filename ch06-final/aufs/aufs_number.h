/*
 * aufs_number.h - inode numbers, as they are seen in the union.
 *
 * An object has its own, with the number of its device on top: so two branches
 * on two file systems do not give the same one.  A copy has the one that its
 * original was seen with, for as long as it is mounted (what aufs keeps in its
 * xino files).
 */
#ifndef AUFS_NUMBER_H
#define AUFS_NUMBER_H

#include <pthread.h>
#include <sys/stat.h>

#include "base.h"

struct numbers {
	pthread_mutex_t lock;
	struct number *kept; /* a hash table */
	size_t room, count;
	dev_t *devices; /* in the order they were met */
	unsigned int device_count;
};

void numbers_init(struct numbers *numbers);
void numbers_free(struct numbers *numbers);

uint64_t number_of(struct numbers *numbers, dev_t dev, ino_t ino);
/* This object shall have that number. */
void number_keep(struct numbers *numbers, const struct stat *copy,
		 uint64_t number);
/* It has gone: the next one with its inode number is another. */
void number_lose(struct numbers *numbers, const struct stat *copy);

/* Where to look in a hash table for what a device and an inode number name. */
static inline size_t
number_hash(dev_t dev, ino_t ino)
{
	uint64_t mixed = (ino ^ (uint64_t)dev << 32) * 0x9E3779B97F4A7C15ULL;
	return mixed >> 32;
}

#endif
