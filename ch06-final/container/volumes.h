/*
 * volumes.h - directories that outlive the containers they are mounted in.
 *
 *	ROOT/volumes/NAME/_data		what is mounted
 *	ROOT/volumes/NAME/volume.json	when it was made, and with what
 *
 * A volume is there when its volume.json is.  The lock of ROOT/volumes is held
 * by whoever makes or removes one, and by whoever is about to use some, until
 * that is written down in a container's settings: so nothing is removed that a
 * container is being made with.
 */
#ifndef VOLUMES_H
#define VOLUMES_H

#include "settings.h"

struct volume_record {
	char *name;
	int64_t created; /* seconds since 1970 */
	bool anonymous;	 /* nobody named it */
	struct words labels;  /* "key=value" */
	struct words options; /* "type=nfs", "device=...", "o=..." */
};
void volume_record_free(struct volume_record *record);
#define auto_volume_record \
	__attribute__((cleanup(volume_record_free), unused))

/* Two characters at least, [a-zA-Z0-9][a-zA-Z0-9_.-]*. */
int volume_check_name(const char *name);

/* Those of the driver "local": type, device and o, as for mount(8). */
int volume_check_options(const struct words *options);

/* The directory ROOT/volumes, made when missing, and locked as flock(2) has
 * it: LOCK_SH, LOCK_EX; 0: not.  Returns a descriptor. */
int volumes_open(const char *root, int lock);

/*
 * Make it, unless it is there: then its labels and options stay what they
 * are.  Without a name it gets one, of 64 hexadecimal digits.  The caller
 * holds LOCK_EX, as for the next.
 */
int volume_create(int volumes, struct volume_record *record);

/* All of it, but nothing that is mounted in there: that is a failure. */
int volume_remove(int volumes, const char *name);

/* A failure with the code ENOENT: there is none. */
int volume_load(int volumes, const char *name, struct volume_record *record);

/* All of them by name; the caller frees each and the array. */
struct volume_record *volumes_list(int volumes, size_t *count);

/* Which container of `root` uses which volume: two lists, side by side. */
struct volume_uses {
	struct words volumes, ids;
};
int volume_uses_find(const char *root, struct volume_uses *uses);
void volume_uses_free(struct volume_uses *uses);

/*
 * For a container that is being made: make the volumes that it asks for and
 * that are not there, give the anonymous ones their names, and make missing
 * directories of the host that -v names.  `*lock` is to be closed when the
 * settings are saved; -1 when there are no volumes.  After a failure what was
 * made of anonymous ones is gone.
 */
int volumes_prepare(const char *root, struct settings *settings, int *lock);

/* The anonymous ones of a container that is removed, but those that others
 * use, too.  Its own settings are gone already. */
int volumes_remove_anonymous(const char *root,
			     const struct settings *settings);

/*
 * First use: when the volume is empty and the image has a directory where it
 * will be mounted, copy what is in that, and make the volume itself like it.
 * `root_fd` is the container's root before anything is mounted on it; nothing
 * outside is reached, and no mount crossed.  `volume_fd` is its _data.
 */
int volume_fill(int root_fd, const char *target, int volume_fd);

/* The same of all volumes that a container is about to have, whole. */
int volumes_fill(const char *root, int root_fd,
		 const struct settings *settings);

/*
 * Of each of the settings' volumes that is to be mounted from a path in it, a
 * descriptor of what is there, the others -1; links in it lead to nowhere
 * outside (safepath.h).  In fresh memory, as many as the settings have; NULL
 * in `*fds` when there is none.  The next frees it.
 */
int volumes_open_paths(const char *root, const struct settings *settings,
		       int **fds);
void volumes_close_paths(const struct settings *settings, int **fds);

#endif
