/*
 * dns_confine.h - the name server reads what containers send, so it is left
 * with next to nothing: no capability, no user's files, no way to another
 * program, and of the system calls those that it makes (seccomp(2)).
 */
#ifndef DNS_CONFINE_H
#define DNS_CONFINE_H

#include "base.h"

/* For good.  Everything that takes a right has been opened before. */
int dns_confine(void);

#endif
