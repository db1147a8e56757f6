/*
 * endpoint.h - where a registry is to be found, and whom to trust there.
 *
 * The file /etc/mydocker/registries.json has the settings, with the words of
 * Docker's daemon.json:
 *
 *	{ "registry-mirrors": ["https://mirror.example"],   for docker.io
 *	  "insecure-registries": ["registry.lan:5000", "10.0.0.0/8"] }
 *
 * An insecure registry, and one on this machine itself, may have any
 * certificate or none: https is tried first, then http.  Certificates to trust
 * beside the system's are *.crt in certs.d/HOST:PORT of /etc/mydocker or of
 * /etc/docker; a *.cert and *.key there are what we show ourselves.
 *
 * MYDOCKER_CONFIG names another directory than /etc/mydocker.
 */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "http.h"

struct endpoint {
	struct http_server server;
	bool is_mirror; /* if it fails, there is the next */
};

struct endpoints {
	struct endpoint *list; /* to be tried in this order; never empty */
	size_t count;
};

/* `registry` is as reference_split() gives it. */
int endpoints_find(const char *registry, struct endpoints *endpoints);
void endpoints_free(struct endpoints *endpoints);

/* Is `host`, perhaps with a port, one of the list, or in one of its networks
 * (IPv4, CIDR)?  For the tests. */
bool endpoint_is_listed(const char *host, const struct words *list);

#endif
