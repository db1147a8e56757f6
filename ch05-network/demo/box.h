/*
 * box.h - the machines of an experiment: network namespaces with one process
 * each, which serves TCP and tells every caller who it takes him for.
 *
 * A box ends with its process, and that ends with the stage (PR_SET_PDEATHSIG),
 * so nothing of it outlives the experiment, however that ends.
 */
#ifndef BOX_H
#define BOX_H

#include "base.h"

struct box {
	const char *name; /* also the name of its process, for ps and --dot */
	pid_t pid;
	int pidfd;
	int netns;
};

/* With `port`, a server answers there: "NAME sees 203.0.113.2\n". */
int box_create(struct box *box, const char *name, uint16_t port);

/*
 * The next three happen inside a box, or here when `netns` is -1.
 *
 * box_ping: one ICMP echo a second, three at most, until one is answered.
 * *ttl is what the answer had left of its time to live, *us how long it took.
 * box_ask: connect and read one line into `answer`; `ms` is the patience for
 * each.
 * box_describe: links, addresses and routes as text, one a line; the caller
 * frees.
 */
int box_ping(int netns, uint32_t to, int *ttl, long *us);
int box_ask(int netns, uint32_t to, uint16_t port, int ms, char *answer,
	    size_t size);
char *box_describe(int netns);

#endif
