/* aufs_listing.c - see aufs_listing.h. */
#include "aufs_listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aufs_whiteout.h"

/* ---- names that were met ----------------------------------------------- */

/* Numbers of entries, plus one, by the hash of their names; 0 is free. */
struct index {
	uint32_t *slots;
	uint32_t room; /* a power of two */
};

static uint32_t
hash(const char *name)
{
	uint32_t h = 2166136261;
	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619;
	return h ^ h >> 15;
}

static uint32_t *
slot_of(const struct index *index, const struct listing *listing,
	const char *name)
{
	uint32_t i = hash(name) & (index->room - 1);
	while (index->slots[i]) {
		const struct listed *entry =
			&listing->all[index->slots[i] - 1];
		if (strcmp(listing_name(listing, entry), name) == 0)
			break;
		i = (i + 1) & (index->room - 1);
	}
	return &index->slots[i];
}

static void
grow_index(struct index *index, const struct listing *listing)
{
	index->room = index->room ? 4 * index->room : 64;
	free(index->slots);
	index->slots = new_bytes(index->room * sizeof(*index->slots));
	for (uint32_t i = 0; i < listing->count; i++)
		*slot_of(index, listing,
			 listing_name(listing, &listing->all[i])) = i + 1;
}

/* ---- building ---------------------------------------------------------- */

static void
append(struct listing *listing, const char *name, const struct listed *entry)
{
	size_t size = strlen(name) + 1;
	if (listing->count == listing->room) {
		listing->room = listing->room ? 2 * listing->room : 16;
		listing->all = resize_bytes(listing->all,
					    listing->room *
						    sizeof(*listing->all));
	}
	if (listing->names_used + size > listing->names_room) {
		listing->names_room = 2 * listing->names_room + 512;
		listing->names =
			resize_bytes(listing->names, listing->names_room);
	}
	struct listed *added = &listing->all[listing->count++];
	*added = *entry;
	added->name = listing->names_used;
	added->length = size - 1;
	memcpy(listing->names + added->name, name, size);
	listing->names_used += size;
}

static void
meet(struct listing *listing, struct index *index, const char *name,
     const struct listed *entry)
{
	if (2 * listing->count >= index->room)
		grow_index(index, listing);
	uint32_t *slot = slot_of(index, listing, name);
	if (*slot)
		return; /* something above has the name, or hides it */
	append(listing, name, entry);
	*slot = listing->count;
}

/* Names of whiteouts of one layer: they hide what is below, not beside them. */
struct hides {
	char *names; /* each with its zero byte */
	size_t used, room;
};

static void
remember(struct hides *hides, const char *name)
{
	size_t size = strlen(name) + 1;
	if (hides->used + size > hides->room) {
		hides->room = 2 * hides->room + 512;
		hides->names = resize_bytes(hides->names, hides->room);
	}
	memcpy(hides->names + hides->used, name, size);
	hides->used += size;
}

struct merge {
	struct numbers *numbers;
	struct listing *listing;
	struct index index;
	bool show_whiteouts;
};

static void
merge_name(struct merge *merge, const struct layer *layer, uint8_t number,
	   const struct dirent64 *entry, struct hides *hides)
{
	const char *name = entry->d_name;
	bool is_whiteout = whiteout_is_reserved(name);
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return;
	if (is_whiteout && branch_has_whiteouts(layer->branch) &&
	    strncmp(name, AUFS_WHITEOUT AUFS_WHITEOUT,
		    2 * strlen(AUFS_WHITEOUT)) != 0)
		remember(hides, name + strlen(AUFS_WHITEOUT));
	if (is_whiteout && !merge->show_whiteouts)
		return;
	meet(merge->listing, &merge->index, name,
	     &(struct listed){ .ino = number_of(merge->numbers,
						layer->branch->dev,
						entry->d_ino),
			       .type = entry->d_type,
			       .layer = number });
}

/* By getdents64(2): opendir(3) asks the kernel three things more, of each of
 * a hundred layers. */
static int
merge_layer(struct merge *merge, const struct layer *layer, uint8_t number)
{
	_Alignas(struct dirent64) char entries[32768];
	struct hides hides = { 0 };
	ssize_t size;
	auto_close int dir = openat(layer->fd, ".",
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -1;
	while ((size = getdents64(dir, entries, sizeof(entries))) > 0)
		for (ssize_t at = 0; at < size;) {
			const struct dirent64 *entry = (void *)(entries + at);
			merge_name(merge, layer, number, entry, &hides);
			at += entry->d_reclen;
		}
	if (hides.used)
		merge->listing->hiding = number + 1u;
	/* A directory that was removed has no names, as for readdir(3). */
	int code = size < 0 && errno != ENOENT ? errno : 0;
	for (size_t i = 0; i < hides.used; i += strlen(hides.names + i) + 1)
		meet(merge->listing, &merge->index, hides.names + i,
		     &(struct listed){ .hidden = true });
	free(hides.names);
	errno = code;
	return code ? -1 : 0;
}

static int
stamp(const struct layer *layer, struct timespec *stamp)
{
	struct stat st;
	if (fstat(layer->fd, &st) < 0)
		return -1;
	*stamp = st.st_ctim;
	return 0;
}

struct listing *
listing_read(struct numbers *numbers, const struct layer *layers,
	     unsigned int count, bool show_whiteouts)
{
	struct listing *listing = new_bytes(sizeof(*listing));
	struct merge merge = { .numbers = numbers,
			       .listing = listing,
			       .show_whiteouts = show_whiteouts };
	*listing = (struct listing){
		.references = 1,
		.layer_count = count,
		.stamps = new_bytes(count * sizeof(struct timespec)),
	};
	int result = 0;
	for (unsigned int i = 0; i < count && result == 0; i++) {
		/* Before it is read: what changes meanwhile counts as new. */
		result = stamp(&layers[i], &listing->stamps[i]);
		if (result == 0)
			result = merge_layer(&merge, &layers[i], i);
	}
	free(merge.index.slots);
	if (result == 0)
		return listing;
	int code = errno;
	listing_drop(listing);
	errno = code;
	return NULL;
}

/* ---- keeping ----------------------------------------------------------- */

void
listing_hold(struct listing *listing)
{
	__atomic_add_fetch(&listing->references, 1, __ATOMIC_RELAXED);
}

void
listing_drop(struct listing *listing)
{
	if (!listing || __atomic_sub_fetch(&listing->references, 1,
					   __ATOMIC_ACQ_REL) > 0)
		return;
	free(listing->all);
	free(listing->names);
	free(listing->stamps);
	free(listing);
}

bool
listing_is_current(const struct listing *listing, const struct layer *layers,
		   unsigned int count)
{
	struct timespec now;
	if (listing->layer_count != count)
		return false;
	for (unsigned int i = 0; i < count; i++)
		if (stamp(&layers[i], &now) < 0 ||
		    now.tv_sec != listing->stamps[i].tv_sec ||
		    now.tv_nsec != listing->stamps[i].tv_nsec)
			return false;
	return true;
}

size_t
listing_visible(const struct listing *listing)
{
	size_t visible = 0;
	for (uint32_t i = 0; i < listing->count; i++)
		visible += !listing->all[i].hidden;
	return visible;
}
