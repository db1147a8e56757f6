/* aufs_dir.c - see aufs_dir.h. */
#include "aufs_dir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "aufs_attr.h"
#include "aufs_listing.h"
#include "aufs_names.h"
#include "aufs_whiteout.h"

/* What it began with; read anew when it is rewound. */
struct directory {
	struct directory *next, **link; /* among those that are open */
	struct listing *listing;
	bool is_new; /* nothing of it has been read */
	bool was_told; /* the kernel knows it from another opening */
};

/* Places in it: of ".", of "..", and of the first name that was listed. */
enum { SELF, PARENT, FIRST };

/* Names that are read at once by somebody who may want no more of them. */
enum { MANY = 1000, FEW = 16 };

static bool
has_many(const struct listing *listing)
{
	return listing->count > MANY;
}

/* ---- opened and closed ------------------------------------------------- */

static void
add_open(struct aufs *aufs, struct directory *directory)
{
	pthread_mutex_lock(&aufs->nodes.lock);
	directory->link = &aufs->directories;
	directory->next = aufs->directories;
	if (directory->next)
		directory->next->link = &directory->next;
	aufs->directories = directory;
	pthread_mutex_unlock(&aufs->nodes.lock);
}

static void
close_directory(struct aufs *aufs, struct directory *directory)
{
	pthread_mutex_lock(&aufs->nodes.lock);
	*directory->link = directory->next;
	if (directory->next)
		directory->next->link = directory->link;
	pthread_mutex_unlock(&aufs->nodes.lock);
	listing_drop(directory->listing);
	free(directory);
}

void
dir_close_all(struct aufs *aufs)
{
	while (aufs->directories)
		close_directory(aufs, aufs->directories);
}

ssize_t
dir_op_releasedir(struct fuse_request *request)
{
	const struct fuse_release_in *in = (const void *)request->arg;
	close_directory(aufs_of(request), (void *)(uintptr_t)in->fh);
	return 0;
}

ssize_t
dir_op_fsyncdir(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	int result = 0;
	fuse_let_others();
	pthread_rwlock_rdlock(&aufs->tree);
	const struct layer *top = &node_asked(request)->layers[0];
	bool is_up = branch_is_writable(top->branch);
	auto_close int fd = openat(top->fd, ".",
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pthread_rwlock_unlock(&aufs->tree);
	if (is_up && (fd < 0 || fsync(fd) < 0))
		result = -errno;
	return result;
}

/* ---- the listing ------------------------------------------------------- */

/* The node's own, if that holds still, or a new one; the caller's. */
static struct listing *
current_listing(struct aufs *aufs, struct node *dir)
{
	pthread_mutex_lock(&aufs->nodes.lock);
	struct listing *listing = dir->listing;
	if (listing)
		listing_hold(listing);
	pthread_mutex_unlock(&aufs->nodes.lock);
	if (listing && (aufs->udba == AUFS_UDBA_NONE ||
			listing_is_current(listing, dir->layers,
					   dir->layer_count)))
		return listing;
	listing_drop(listing);
	listing = listing_read(&aufs->nodes.numbers, dir->layers,
			       dir->layer_count, aufs->show_whiteouts);
	if (!listing)
		return NULL;
	listing_hold(listing);
	pthread_mutex_lock(&aufs->nodes.lock);
	struct listing *old = dir->listing;
	dir->listing = listing;
	pthread_mutex_unlock(&aufs->nodes.lock);
	listing_drop(old);
	return listing;
}

/*
 * Has the kernel read this listing before?  Then it need not ask again; but
 * after a while it shall, as it gets to know with the names what they are.
 */
static bool
was_told(struct aufs *aufs, struct node *dir, struct listing *listing)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	pthread_mutex_lock(&aufs->nodes.lock);
	struct listing *old = dir->told;
	bool is_same = old == listing &&
		       now.tv_sec - dir->told_at < (time_t)attr_seconds(aufs);
	if (!is_same) {
		listing_hold(listing);
		dir->told = listing;
		dir->told_at = now.tv_sec;
	}
	pthread_mutex_unlock(&aufs->nodes.lock);
	if (!is_same)
		listing_drop(old);
	return is_same;
}

/* Many names are cached when they are read again: to put them there costs the
 * reader more than to get them from here. */
static int
cached_as(const struct directory *directory)
{
	if (directory->was_told)
		return FOPEN_CACHE_DIR | FOPEN_KEEP_CACHE;
	return has_many(directory->listing) ? 0 : FOPEN_CACHE_DIR;
}

ssize_t
dir_op_opendir(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	struct fuse_open_out *out = (void *)request->out;
	struct directory *directory = new_bytes(sizeof(*directory));
	pthread_rwlock_rdlock(&aufs->tree);
	struct node *dir = node_asked(request);
	directory->listing = current_listing(aufs, dir);
	int code = errno;
	directory->was_told = directory->listing &&
			      was_told(aufs, dir, directory->listing);
	pthread_rwlock_unlock(&aufs->tree);
	if (!directory->listing) {
		free(directory);
		return -code;
	}
	directory->is_new = true;
	add_open(aufs, directory);
	*out = (struct fuse_open_out){
		.fh = (uint64_t)(uintptr_t)directory,
		.open_flags = cached_as(directory),
	};
	return sizeof(*out);
}

static int
begin(struct aufs *aufs, struct node *dir, struct directory *directory,
      uint64_t offset)
{
	bool is_as_opened = directory->is_new &&
			    directory->listing == dir->listing;
	directory->is_new = false;
	if (offset != 0 || is_as_opened)
		return 0;
	struct listing *listing = current_listing(aufs, dir);
	if (!listing)
		return -errno;
	listing_drop(directory->listing);
	directory->listing = listing;
	return 0;
}

/* ---- answers ----------------------------------------------------------- */

/* The entry at a place, as the kernel wants it. */
struct answer {
	struct fuse_request *request;
	struct node *dir;
	const struct listing *listing;
	bool is_current; /* nothing has changed since it was read */
	bool plus, looks_up; /* with what they are; if it is not known */
	size_t size, used;
};

static bool
entry_at(struct answer *answer, uint64_t place, struct fuse_dirent *dirent,
	 const char **name)
{
	struct node *dir = answer->dir;
	if (place < FIRST) {
		const struct node *parent =
			dir->aliases ? dir->aliases->parent : dir;
		*name = place == SELF ? "." : "..";
		dirent->ino = place == SELF ? dir->ino : parent->ino;
		dirent->type = DT_DIR;
		dirent->namelen = place == SELF ? 1 : 2;
		return true;
	}
	const struct listed *listed = &answer->listing->all[place - FIRST];
	*name = listing_name(answer->listing, listed);
	dirent->ino = listed->ino;
	dirent->namelen = listed->length;
	/* Too long to be looked up by us: but it is there. */
	dirent->type = listed->length > AUFS_NAME_MAX ? DT_UNKNOWN :
							listed->type;
	return !listed->hidden;
}

/* With READDIRPLUS each name counts as looked up; one that is not (0) will be
 * when somebody wants it. */
static void
look_up(struct answer *answer, uint64_t place, const char *name,
	struct fuse_entry_out *out)
{
	struct aufs *aufs = aufs_of(answer->request);
	struct node *node;
	struct stat st;
	if (place < FIRST)
		return;
	const struct listing *listing = answer->listing;
	struct hint hint = UNION_UNKNOWN;
	if (answer->is_current)
		hint = (struct hint){ listing->all[place - FIRST].layer,
				      listing->hiding };
	if (union_look_up(aufs, answer->dir, name, hint, false, &node, &st) <
	    0)
		return;
	if (names_answer(answer->request, node, &st, out) < 0)
		*out = (struct fuse_entry_out){ 0 };
}

/* False when there is no room for it any more. */
static bool
put(struct answer *answer, uint64_t place)
{
	struct fuse_direntplus plus = { 0 };
	const char *name;
	if (!entry_at(answer, place, &plus.dirent, &name))
		return true;
	size_t length = answer->plus ?
				FUSE_NAME_OFFSET_DIRENTPLUS :
				FUSE_NAME_OFFSET;
	size_t whole = FUSE_DIRENT_ALIGN(length + plus.dirent.namelen);
	if (answer->used + whole > answer->size)
		return false;
	plus.dirent.off = place + 1;
	if (answer->looks_up)
		look_up(answer, place, name, &plus.entry_out);
	char *out = answer->request->out + answer->used;
	memset(out, 0, whole);
	if (answer->plus)
		memcpy(out, &plus, length);
	else
		memcpy(out, &plus.dirent, length);
	memcpy(out + length, name, plus.dirent.namelen);
	answer->used += whole;
	return true;
}

/*
 * The kernel's first question in a directory is for names and what they are,
 * as it cannot know whether that is wanted.  Of many names the answer has only
 * a few: if somebody looks at one of these, it will ask so for the others.
 */
static uint64_t
places(const struct answer *answer, uint64_t offset)
{
	const struct listing *listing = answer->listing;
	bool is_short = answer->looks_up && offset == 0 && has_many(listing);
	return FIRST + (is_short ? FEW : listing->count);
}

static ssize_t
read_directory(struct fuse_request *request, bool plus)
{
	struct aufs *aufs = aufs_of(request);
	const struct fuse_read_in *in = (const void *)request->arg;
	struct directory *directory = (void *)(uintptr_t)in->fh;
	struct answer answer = { .request = request,
				 .dir = node_asked(request),
				 .plus = plus,
				 .looks_up = plus && !directory->was_told,
				 .size = in->size };
	pthread_rwlock_rdlock(&aufs->tree);
	ssize_t result = begin(aufs, answer.dir, directory, in->offset);
	if (result == 0) {
		answer.listing = directory->listing;
		answer.is_current = answer.listing == answer.dir->listing;
		uint64_t end = places(&answer, in->offset);
		for (uint64_t place = in->offset;
		     place < end && put(&answer, place); place++)
			;
		result = answer.used;
	}
	pthread_rwlock_unlock(&aufs->tree);
	return result;
}

ssize_t
dir_op_readdir(struct fuse_request *request)
{
	return read_directory(request, false);
}

ssize_t
dir_op_readdirplus(struct fuse_request *request)
{
	return read_directory(request, true);
}
