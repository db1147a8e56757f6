/*
 * box.h - the machines of an experiment: network namespaces with one process
 * each, which serves TCP and UDP and tells every caller who it takes him for.
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

/*
 * In the network namespace behind `where`, in a new one, or in the caller's.
 * A server answers at `count` ports from `first_port` on, by both protocols
 * and of both families: "NAME:80 sees 203.0.113.2\n".
 */
enum { BOX_NEW = -1, BOX_HERE = -2 };
int box_create(struct box *box, const char *name, int where,
	       uint16_t first_port, size_t count);
/* Kill its process, and wait for its end; may be called twice. */
void box_end(struct box *box);

/* The row of ns_kinds that is about networks. */
struct ns_kind;
const struct ns_kind *box_network_kind(void);
/* Do something in its network namespace; -1 means here.  What was opened there
 * stays there. */
int box_within(int netns, int (*call)(void *), void *data);
/* A socket of the namespace; -1 on failure. */
int box_socket(int netns, int family, int type, int protocol);

/* Wait until there is something to read from it; false when `ms` are over. */
bool box_wait(int fd, int ms);

/*
 * The next ones happen inside a box, or here when `netns` is -1; `to` is an
 * address of either family.
 *
 * box_ping: one ICMP echo a second, three at most, until one is answered.
 * *ttl is what the answer had left of its time to live, *us how long it took.
 * box_ask: connect by IPPROTO_TCP or _UDP and read one line into `answer`;
 * `ms` is the patience for each.
 * box_describe: links, addresses and routes as text, one a line; the caller
 * frees.  IPv6's own, of each link and of lo, are left out.
 */
int box_ping(int netns, uint32_t to, int *ttl, long *us);
int box_ask(int netns, int protocol, const char *to, uint16_t port, int ms,
	    char *answer, size_t size);
char *box_describe(int netns);

/* Is it one of those IPv6 addresses? */
struct netlink_ip;
bool box_leaves_out(const struct netlink_ip *ip);

/* The name of a link among those listed; "?" when it is not there. */
struct netlink_link;
const char *box_link_name(const struct netlink_link *links, size_t count,
			  int index);

#endif
