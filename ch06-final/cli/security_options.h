/*
 * security_options.h - what a container may do: --cap-add, --security-opt,
 * --sysctl.  For rows of option tables (MEMBER, options.h).
 */
#ifndef SECURITY_OPTIONS_H
#define SECURITY_OPTIONS_H

#include "settings.h"

/* struct words: "net_admin", "CAP_NET_ADMIN" or "ALL", kept as "CAP_NET_ADMIN"
 * and "ALL". */
int take_capability(void *words, const char *value);

/* struct words: "net.core.somaxconn=1024", of those that a namespace has. */
int take_sysctl(void *words, const char *value);

/* struct settings: no-new-privileges[=BOOL], seccomp=FILE|unconfined|builtin,
 * apparmor=PROFILE, label=..., systempaths=unconfined. */
int take_security(void *settings, const char *value);

#endif
