/*
 * dns_serve.h - a container's names: it asks 127.0.0.11, and mydocker-dns
 * answers.
 *
 * The sockets are opened here, in the container's network namespace, by who
 * may enter it, and handed over (dns/dns_protocol.h): so the server needs no
 * right at all, no port of the host is taken, no firewall is in the way, and a
 * network without a way out (--internal) or without the host in it (macvlan)
 * has names like any other.
 *
 * Port 53 of 127.0.0.11 is left free, for whoever runs a name server of his
 * own in a container takes it at every address: the sockets have ports of the
 * kernel's choice, and a table of nftables in the container's namespace sends
 * there what is for 127.0.0.11, port 53.  Where the kernel has no NAT it is
 * port 53 itself.
 */
#ifndef DNS_SERVE_H
#define DNS_SERVE_H

#include "base.h"

/*
 * The container `id`, whose process 1 is `pid`, asks from now on, until that
 * process ends.  Its line in NETWORKS/NETWORK/names (dns/dns_names.h) may be
 * written before or after.  Its own name servers, if any, are those in
 * NETWORKS/../containers/ID/dns, one address a line.
 *
 * Starts the server where there is none; then all others in the files of
 * names are served again, for theirs was killed.  It ends by itself after the
 * last container.  May be called again for the same container, and by any
 * number of processes at once.
 */
int dns_serve(const char *networks, const char *id, pid_t pid);

/* A server that was killed is started again where somebody is to be served; the
 * monitors of containers see to that at once (monitor/names_watch.h).
 * Where nobody is, its socket in `networks` is taken away: one that lives still
 * ends by itself in a second, and who comes meanwhile starts another.  Where
 * there is no socket it takes no lock. */
int dns_serve_tidy(const char *networks);

/* The file that names the host's name servers; for tests, in the environment,
 * another one. */
#define DNS_RESOLV_CONF "/etc/resolv.conf"
#define DNS_RESOLV_CONF_VARIABLE "MYDOCKER_RESOLV_CONF"

/* Two sockets at DNS_ADDRESS in the network namespace `netns`, which is not
 * ours: UDP, and TCP, listening; close-on-exec.  For tests. */
int dns_serve_open(int netns, int *udp, int *tcp);

#endif
