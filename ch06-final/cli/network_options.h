/*
 * network_options.h - where a container is on the network, and what it knows
 * of others.  For rows of option tables (MEMBER, options.h).
 */
#ifndef NETWORK_OPTIONS_H
#define NETWORK_OPTIONS_H

#include "settings.h"

/* struct settings: "NAME", or "name=NAME,alias=A,ip=IP,ip6=IP6,
 * mac-address=MAC,driver-opt=K=V,gw-priority=N". */
int take_network(void *settings, const char *value);

/* char *: an address of that family; of a network card. */
int take_ip(void *member, const char *value);
int take_ip6(void *member, const char *value);
int take_mac(void *member, const char *value);

/* int64_t: of either sign.  struct words: "KEY=VALUE", of an endpoint. */
int take_priority(void *member, const char *value);
int take_driver_option(void *words, const char *value);

/* struct words: an address of either family, but not 0.0.0.0 or ::. */
int take_link_local(void *words, const char *value);

/* struct words: "NAME:ADDRESS", also with "=", or host-gateway as an address;
 * an address; a domain, or "."; "CONTAINER[:ALIAS]". */
int take_host(void *words, const char *value);
int take_dns(void *words, const char *value);
int take_dns_search(void *words, const char *value);
int take_link(void *words, const char *value);

/* "container:NAME": NAME; NULL for another mode.  A mode may be NULL. */
const char *mode_container(const char *mode);

/* Is it one that somebody has made: none of bridge, host, none and so on? */
bool network_is_own(const char *name);

#endif
