/*
 * dns_servers.h - whom to ask what is not known here: resolv.conf(5).
 */
#ifndef DNS_SERVERS_H
#define DNS_SERVERS_H

#include <netinet/in.h>
#include <sys/stat.h>

#include "base.h"

#define DNS_SERVERS_MAX 3 /* MAXNS: no resolver asks more */

union dns_address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

struct dns_servers {
	union dns_address list[DNS_SERVERS_MAX];
	size_t count;
};

/* One more; what is no address, or one too many, is left out.  An IPv6 address
 * may have a link after it: "fe80::1%eth0". */
void dns_servers_add(struct dns_servers *servers, const char *address);

/* The "nameserver" lines of a resolv.conf; where there are none it is the
 * server on this machine. */
void dns_servers_parse(struct dns_servers *servers, const char *content);

/* The host's, read again when the file has changed. */
struct dns_host_servers {
	const char *path;
	struct stat seen;
	struct dns_servers servers;
};
const struct dns_servers *dns_host_servers(struct dns_host_servers *host);

#endif
