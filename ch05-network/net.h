/*
 * net.h - a network for containers: an address, a way out, published ports.
 *
 * In the words of libnetwork (Docker's container network model): a *network*
 * is a bridge of the host with a subnet; a *sandbox* is a container's network
 * namespace; an *endpoint* joins the two: a veth pair, an address, the ports
 * that lead to it.
 *
 *	struct net_network network;
 *	struct net_endpoint endpoint = NET_ENDPOINT(container_id);
 *	net_default(&network);
 *	net_reserve(&network, &endpoint, ports, count);  before anything runs
 *	net_attach(&network, &endpoint, netns);		 child waits meanwhile
 *	...						 the container lives
 *	net_release(&network, &endpoint);
 *	net_close(&network);
 *
 * The process that called net_reserve(), or a child that it forked later and
 * left this to, holds the endpoint: its lease and its ports are descriptors,
 * and the kernel takes them back when the last holder dies.  What a dead
 * holder left (link, rules) is undone by the next net_reserve(),
 * net_release() or net_recover() of anybody.  When the last endpoint of all
 * goes, so do bridge, table and forwarding: the host is as it was.
 *
 * State is kept in $MYDOCKER_RUN/network/NAMESPACE (/run/mydocker by
 * default), a directory for each network namespace that plays the host.  Any
 * number of processes may call all of this at once.
 */
#ifndef NET_H
#define NET_H

#include "base.h"
#include "ipam.h"
#include "nat.h"

#include <net/if.h>

/* ---- networks ---------------------------------------------------------- */

struct net_network {
	char *name;		   /* as the user says it: "bridge" */
	char bridge[IFNAMSIZ];	   /* "mydocker0" */
	struct ipam_subnet subnet; /* prefix 0: net_reserve() finds one */
	uint32_t gateway;	   /* the bridge's own address */
	char *run;		   /* the directory of state */
	struct ipam_subnet6 subnet6; /* prefix 0: no IPv6; see below */
	/* What the caller may set before the first net_reserve(): */
	bool internal;	     /* nothing leads out, and no port leads in */
	unsigned int mtu;    /* of its links; 0: as the kernel has it */
	char *parent;	     /* a macvlan on this link of the host instead of
				a bridge; fresh memory, or NULL */
	const struct ipam_subnet *avoid; /* that others will want: where we */
	size_t avoid_count;  /* choose, none of these; the caller's */
};

/* The network "bridge" on mydocker0.  Nothing is made yet. */
int net_default(struct net_network *network);
/* Another one.  `subnet` NULL: a private one that the host does not use.
 * `bridge` begins with "mydocker". */
int net_open(struct net_network *network, const char *name, const char *bridge,
	     const struct ipam_subnet *subnet);
/*
 * Give it IPv6 as well, before the first net_reserve().  `subnet` NULL: one of
 * those that are for private use (RFC 4193), with forty random bits, so that
 * no two networks of the world meet.  A container's address in it has the same
 * number as its IPv4 address: 172.29.0.2 is fd00:1::2, and one lease does for
 * both.
 */
int net_use_ipv6(struct net_network *network,
		 const struct ipam_subnet6 *subnet);
/* A private subnet that the host does not use now, and that is none of
 * network->avoid; nothing else of `network` is looked at. */
int net_find_subnet(const struct net_network *network,
		    struct ipam_subnet *subnet);
void net_close(struct net_network *network);
#define auto_network __attribute__((cleanup(net_close)))

/* ---- sandboxes --------------------------------------------------------- */

/*
 * A network namespace with nothing in it but a loopback, turned off.  It is
 * kept by the descriptor, close-on-exec, and by who enters it; a container
 * runtime has one of its own already.
 */
int net_open_sandbox(int *netns);

/* ---- endpoints --------------------------------------------------------- */

struct net_endpoint {
	const char *id;	 /* the container's; the caller keeps it */
	uint32_t wanted; /* an address chosen by the user, or 0 */
	/* For a sandbox that is in several networks: the name of this link in
	 * it (NULL: eth0), and whether the way out is by another network. */
	const char *link;
	bool no_default_route;
	const uint8_t *wanted6;	   /* chosen by the user, or NULL */
	const uint8_t *wanted_mac; /* the same */
	/* Further addresses, for this link alone; the caller keeps them. */
	const struct netlink_ip *link_local;
	size_t link_local_count;

	/* Set by net_reserve(): */
	struct ipam_lease lease; /* .address is the container's */
	struct ipam_lease lease6; /* of wanted6, where that has not the same
				     number as .address */
	uint8_t address6[16]; /* where the network has IPv6 */
	uint8_t mac[6];
	char veth[IFNAMSIZ]; /* the host's end */
	struct nat_port *ports;
	size_t port_count;
	int *sockets; /* one that keeps each host port ours */
};
#define NET_ENDPOINT(container_id)                                            \
	{                                                                     \
		.id = (container_id), .lease = IPAM_NO_LEASE,                 \
		.lease6 = IPAM_NO_LEASE                                       \
	}

/* The name of the link inside the container. */
#define NET_LINK "eth0"

/*
 * Bring the network up when it is not, lease an address, and take the host
 * ports: a port that somebody uses is refused here, before anything runs,
 * with failure.code EADDRINUSE and Docker's words ("Bind for 0.0.0.0:8080
 * failed: port is already allocated").  Of `ports`, protocol, host address,
 * host_port (0: the kernel chooses; see endpoint->ports afterwards) and port
 * are the caller's.  A port of every IPv4 address is one of every IPv6 address
 * as well, where the network has IPv6.  On failure nothing is left.
 *
 * Of IPv6 there is one place from which a published port is not reached this
 * way: the host's own ::1, for the kernel takes no packet from there to
 * another link, and has no route_localnet for it.  That is relay.h's.
 */
int net_reserve(struct net_network *network, struct net_endpoint *endpoint,
		const struct nat_port *ports, size_t count);

/*
 * Join the network namespace behind `netns` to the network: eth0 with address,
 * default route and MAC, lo up, ports open.  On failure what this call made
 * is undone; the reservation stays until net_release().
 */
int net_attach(const struct net_network *network, struct net_endpoint *endpoint,
	       int netns);

/*
 * Ports for an endpoint of a living container that has none so far: they are
 * noted, and led to it.  Of `endpoint` the caller has set id, lease (which may
 * be a copy), address6, and ports, whose `address` is filled in; what keeps
 * them on the host, net_hold_port(), is his.
 */
int net_publish(const struct net_network *network,
		struct net_endpoint *endpoint);
/* Those of an endpoint, by its address, from its lease's note, in the order of
 * their sockets; fresh memory.  -1: nobody has that address. */
int net_noted_ports(const struct net_network *network, uint32_t address,
		    struct nat_port **ports, size_t *count);

/* Undo net_attach() and net_reserve(), as far as they got.  May be called
 * twice.  What cannot be undone now is kept for a later net_recover(). */
int net_release(const struct net_network *network,
		struct net_endpoint *endpoint);

/*
 * Take its link out of a sandbox that goes on without it.  What is left of the
 * endpoint is net_release()'s, or, where somebody else has the lease and lets
 * go of it, net_recover()'s.
 */
int net_unplug(const struct net_endpoint *endpoint, int netns);

/* Undo what the dead left, in all networks.  Cheap when there is nothing. */
int net_recover(const struct net_network *network);

/*
 * For who knows that no other network namespace of his is left: remove what is
 * kept of others, but for those of which somebody holds an address still, and
 * those of another user.  There is nothing to undo: with a namespace go its
 * links, rules and switches.
 */
int net_forget_others(const struct net_network *network);

/*
 * Has somebody a lease for the link of the container `id`?  When that somebody
 * is being killed with the lease in a socket's queue, its lock is let go of by
 * a worker of the kernel's, some time after the process has gone: whoever
 * undoes what he left asks, and waits, before net_recover().
 */
bool net_is_leased(const struct net_network *network, const char *id);

/*
 * Advice for the user when another program's firewall drops forwarded packets
 * and so cuts our containers off: names the chain and says what to do.  In
 * fresh memory; NULL when there is nothing to say.
 */
char *net_forward_warning(const struct net_network *network);

/* ---- the parts, for tests ---------------------------------------------- */

/* The first private subnet that overlaps none of those taken. */
int net_choose_subnet(const struct ipam_subnet *taken, size_t count,
		      struct ipam_subnet *chosen);
/* "myd" and the first 12 characters of the id: 15, all a link can have. */
int net_name_veth(const char *id, char veth[IFNAMSIZ]);
/* 02:42 and the address: the same address has the same MAC again, and no
 * neighbour's memory of it is wrong. */
void net_derive_mac(uint32_t address, uint8_t mac[6]);
/* One line of a lease's note: a veth name or a port.  -1 for neither. */
int net_parse_note(const char *line, char veth[IFNAMSIZ],
		   struct nat_port *port);
/* Keep a host port: a bound socket that no packet ever reaches.  With
 * host_port 0 the kernel's choice is filled in. */
int net_hold_port(struct nat_port *port);
/* The same for who serves it himself (relay.h): it listens. */
int net_serve_port(struct nat_port *port);

#endif
