/*
 * dns_control.h - containers come, one message each: dns_protocol.h.
 */
#ifndef DNS_CONTROL_H
#define DNS_CONTROL_H

#include "dns_server.h"

/* `listener` is a listening SOCK_SEQPACKET socket. */
int dns_control_begin(struct dns_server *server, int listener);

#endif
