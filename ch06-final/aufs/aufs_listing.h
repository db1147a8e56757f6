/*
 * aufs_listing.h - what is in a directory of the union: the names of all its
 * layers, each once, less those that a whiteout above hides.
 *
 * It is read in one go, merged by a hash table and kept with the directory's
 * node for as long as it holds.  An open directory keeps the one that it
 * began with: so what has been seen is not seen again, and what telldir(3)
 * gave stays good, whatever is created and removed meanwhile.
 */
#ifndef AUFS_LISTING_H
#define AUFS_LISTING_H

#include <time.h>

#include "aufs_branch.h"
#include "aufs_number.h"

struct listed {
	uint64_t ino;	/* as in the union; of a covered one: not that */
	uint32_t name;	/* offset in `names` */
	uint8_t length; /* of the name */
	uint8_t type;	/* DT_* */
	uint8_t layer;	/* in which of the directory's it is on top */
	bool hidden;	/* a whiteout, kept here to hide what is below */
};

struct listing {
	unsigned int references;
	uint32_t count, room;
	struct listed *all;
	char *names;
	uint32_t names_used, names_room;
	unsigned int layer_count;
	unsigned int hiding; /* from this one on no layer has whiteouts */
	struct timespec *stamps; /* of each layer, when it was read */
};

/*
 * Read the directory that has these layers.  `show_whiteouts` leaves them in,
 * as names (shwh).  The caller drops it; NULL with errno.
 */
struct listing *listing_read(struct numbers *numbers,
			     const struct layer *layers, unsigned int count,
			     bool show_whiteouts);
void listing_hold(struct listing *listing);
void listing_drop(struct listing *listing);

/* Has no layer changed since then?  (Its ctime says so.) */
bool listing_is_current(const struct listing *listing,
			const struct layer *layers, unsigned int count);

/* How many of the names can be seen: 0 in a directory that may be removed. */
size_t listing_visible(const struct listing *listing);

static inline const char *
listing_name(const struct listing *listing, const struct listed *entry)
{
	return listing->names + entry->name;
}

#endif
