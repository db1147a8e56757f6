/*
 * joined.h - what a container has of others: their namespaces, for --network,
 * --pid, --ipc and --uts container:NAME; their addresses, for --link.
 */
#ifndef JOINED_H
#define JOINED_H

#include "record.h"
#include "settings.h"

enum { JOINED_NET, JOINED_PID, JOINED_IPC, JOINED_UTS, JOINED_KINDS };

/* Descriptors of those that are joined, the others -1; the paths that lead to
 * them as long as they are open; and of the container whose network it is the
 * directory, with its /etc/hosts and so on, and the name; or NULL. */
struct joined {
	int fds[JOINED_KINDS];
	char *paths[JOINED_KINDS];
	char *directory, *hostname;
	char *shm; /* the /dev/shm of the one whose IPC is joined; or NULL */
};
#define JOINED_NONE { .fds = { -1, -1, -1, -1 } }

/*
 * Open what the settings ask for, of the containers of `root`, whose runtime
 * knows of them in `place`.  They must run: a namespace is held by its
 * descriptor, so it is theirs even if they end meanwhile.
 */
int joined_open(const char *root, const char *place,
		const struct settings *settings, struct joined *joined);
/*
 * --link NAME[:ALIAS]: the alias and the name with the address that container
 * has now, each as "NAME:ADDRESS".  They must run.
 */
int joined_links(const char *root, const struct settings *settings,
		 struct words *hosts);

/* Before anything is made: who is linked to is there, running or not. */
int joined_check_links(const char *root, const struct settings *settings);

/* A running container's namespace, by its file's name: "net".  A descriptor. */
int joined_namespace(const char *place, const struct record *record,
		     const char *file);

/* May be called twice. */
void joined_close(struct joined *joined);

#endif
