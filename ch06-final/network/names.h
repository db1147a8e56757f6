/*
 * names.h - who is on a network now, and by which names.
 *
 * ROOT/networks/ID/names, a line for the network, one for each container that
 * is on it:
 *
 *	network NAME [internal]
 *	CONTAINER PID ADDRESS ADDRESS6 NAME [ALIAS...]
 *	3f2a... 1234 172.30.0.2 - web www
 *
 * parted by single blanks; "-" is an address that it has not.  The PID, of its
 * process 1 as the host sees it, leads to its network namespace; it is 0 while
 * the container is being started.  The name server reads this file, and
 * whoever shows or cleans up; it is rewritten beside and renamed, so that it is
 * whole at every instant.  The default bridge has no names: there the file is
 * called "endpoints".
 *
 * Whoever changes one holds the lock of ROOT/networks (networks.h).
 */
#ifndef NAMES_H
#define NAMES_H

#include "networks.h"

struct names_line {
	char id[NETWORK_ID + 1]; /* the container's */
	pid_t pid;
	char *address, *address6; /* "" where there is none */
	char *name;
	struct words aliases;
};

struct names {
	struct names_line *lines;
	size_t count;
};
void names_free(struct names *names);
#define auto_names __attribute__((cleanup(names_free), unused))

/* A file that is not there is an empty one. */
int names_read(int networks, const struct network_record *record,
	       struct names *names);
/* The line of a container, or NULL. */
struct names_line *names_find(const struct names *names,
			      const char *container);

/* Put a line in, in place of an older one of that container. */
int names_put(int networks, const struct network_record *record,
	      const struct names_line *line);
/* No failure when there is none. */
int names_drop(int networks, const struct network_record *record,
	       const char *container);

/* The pid of a container that has been started, and its new name: on all
 * networks that it is on. */
int names_set_pid(int networks, const char *container, pid_t pid);
int names_rename(int networks, const char *container, const char *name);

/* Without the file: a text as above, and its lines.  What is no line is a
 * failure. */
char *names_print(const struct network_record *record,
		  const struct names *names);
int names_parse(const char *content, struct names *names);

#endif
