/* aufs_number.c - see aufs_number.h. */
#include "aufs_number.h"

#include <stdlib.h>

#define DEVICE_SHIFT 48
#define FIRST_ROOM 64 /* a power of two, as all that follow */

struct number {
	dev_t dev;
	ino_t ino;
	uint64_t number; /* 0: free */
};

void
numbers_init(struct numbers *numbers)
{
	*numbers = (struct numbers){
		.room = FIRST_ROOM,
		.kept = new_bytes(FIRST_ROOM * sizeof(struct number)),
	};
	pthread_mutex_init(&numbers->lock, NULL);
}

void
numbers_free(struct numbers *numbers)
{
	free(numbers->kept);
	free(numbers->devices);
}

static struct number *
slot_of(const struct numbers *numbers, dev_t dev, ino_t ino)
{
	size_t i = number_hash(dev, ino) & (numbers->room - 1);
	while (numbers->kept[i].number && (numbers->kept[i].dev != dev ||
					   numbers->kept[i].ino != ino))
		i = (i + 1) & (numbers->room - 1);
	return &numbers->kept[i];
}

static void
grow(struct numbers *numbers)
{
	struct number *old = numbers->kept;
	size_t old_room = numbers->room;
	numbers->room = 2 * old_room;
	numbers->kept = new_bytes(numbers->room * sizeof(*old));
	for (size_t i = 0; i < old_room; i++)
		if (old[i].number)
			*slot_of(numbers, old[i].dev, old[i].ino) = old[i];
	free(old);
}

static uint64_t
device_number(struct numbers *numbers, dev_t dev)
{
	unsigned int i = 0;
	while (i < numbers->device_count && numbers->devices[i] != dev)
		i++;
	if (i == numbers->device_count) {
		numbers->devices = resize_bytes(numbers->devices,
						(i + 1) * sizeof(dev_t));
		numbers->devices[numbers->device_count++] = dev;
	}
	return i;
}

uint64_t
number_of(struct numbers *numbers, dev_t dev, ino_t ino)
{
	pthread_mutex_lock(&numbers->lock);
	uint64_t number = slot_of(numbers, dev, ino)->number;
	if (number == 0)
		number = ino ^ device_number(numbers, dev) << DEVICE_SHIFT;
	pthread_mutex_unlock(&numbers->lock);
	return number;
}

void
number_keep(struct numbers *numbers, const struct stat *copy, uint64_t number)
{
	pthread_mutex_lock(&numbers->lock);
	if (2 * numbers->count >= numbers->room)
		grow(numbers);
	struct number *slot = slot_of(numbers, copy->st_dev, copy->st_ino);
	numbers->count += slot->number == 0;
	*slot = (struct number){ copy->st_dev, copy->st_ino, number };
	pthread_mutex_unlock(&numbers->lock);
}

/* What comes after a free slot would not be found again: put it anew. */
static void
close_gap(struct numbers *numbers, size_t i)
{
	for (;;) {
		i = (i + 1) & (numbers->room - 1);
		struct number moved = numbers->kept[i];
		if (!moved.number)
			return;
		numbers->kept[i].number = 0;
		*slot_of(numbers, moved.dev, moved.ino) = moved;
	}
}

void
number_lose(struct numbers *numbers, const struct stat *copy)
{
	pthread_mutex_lock(&numbers->lock);
	struct number *slot = slot_of(numbers, copy->st_dev, copy->st_ino);
	if (slot->number) {
		slot->number = 0;
		numbers->count--;
		close_gap(numbers, slot - numbers->kept);
	}
	pthread_mutex_unlock(&numbers->lock);
}
