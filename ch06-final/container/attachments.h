/*
 * attachments.h - what joins a container to its networks: for each of them an
 * address, a link, and its names there.
 *
 *	attachments_reserve()	step `address`: before anything runs
 *	attachments_plug()	step `attach`: into its network namespace
 *	attachments_release()	by who reserved them
 *	attachments_forget()	by anybody, of one that has no process any more
 *
 * What a container has of the host's things this way is held by descriptors
 * (net.h), which attachments_held() names; what others are to know of it is in
 * the networks' names (names.h).
 */
#ifndef ATTACHMENTS_H
#define ATTACHMENTS_H

#include "names.h"
#include "networks.h"
#include "settings.h"

struct attachment {
	struct network_record record;
	struct net_network network;
	struct net_endpoint endpoint;
	const struct network_wanted *wanted; /* of the settings, or NULL */
	struct ipam_subnet *avoid;
	char id[NETWORK_ID + 1]; /* of the endpoint */
	char link[IFNAMSIZ]; /* inside: "eth0" */
	uint8_t ip6[16], mac[6]; /* asked for */
	struct netlink_ip *link_local;
};

struct attachments {
	struct attachment *list;
	size_t count;
};
void attachments_close(struct attachments *all);

/* Whose they are. */
struct attached {
	const char *root, *id, *name;
	const char *hostname; /* or NULL */
	const struct settings *settings;
	const struct nat_port *ports; /* what became of those of the settings
					 (outside.h) */
	size_t port_count;
};

/* Is it on networks of its own: not on none, not on somebody else's? */
bool attachments_has_any(const struct settings *settings);

/*
 * One of them: `wanted` NULL is the default bridge.  `number` is that of its
 * link, ethN.  The caller holds the lock of `networks`.
 */
int attachment_open(int networks, const struct attached *whose,
		    const struct network_wanted *wanted, unsigned int number,
		    struct attachment *attachment);
void attachment_close(struct attachment *attachment);

/* Can published ports lead in by a network? */
bool attachment_can_publish(const struct network_record *record);
/* Take address and ports; and say who is there.  `pid` 0: not yet. */
int attachment_reserve(int networks, const struct attached *whose,
		       struct attachment *attachment,
		       const struct nat_port *ports, size_t count);
int attachment_tell(int networks, const struct attached *whose,
		    const struct attachment *attachment, pid_t pid);

/* All of what the settings ask for, or nothing. */
int attachments_reserve(const struct attached *whose,
			struct attachments *all);
/* The network namespace of `pid`, a child of ours that may have been killed. */
int attachments_open_netns(pid_t pid);
/* Into the namespace of the process `pid`, which is stopped or our child. */
int attachments_plug(const struct attached *whose, struct attachments *all,
		     pid_t pid);
/* Is one of them a network that a user made? */
bool attachments_have_names(const struct attachments *all);
/* See that the name server answers in its namespace (dns_serve.h).  The caller
 * has no lock of the networks; nor for the next. */
int attachments_serve(const char *root, const char *id, pid_t pid);
/* A name server that was killed is started again, if it is needed. */
int attachments_mend(const char *root);
int attachments_release(const struct attached *whose,
			struct attachments *all);
int attachments_forget(const char *root, const char *id);

/* Wait until nobody has the lease of a container on one network any more, and
 * undo what is left of it (net.h). */
int attachment_recover(const struct net_network *network, const char *id);

/* Its descriptors: fresh memory, `*count` of them, which stay whose they
 * are. */
int *attachments_held(const struct attachment *list, size_t length,
		      size_t *count);

/* Lines of /etc/hosts for its own names: "172.30.0.2\tweb". */
void attachment_addresses(const struct attachment *attachment,
			  struct words *addresses);

#endif
