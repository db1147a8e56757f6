/*
 * seccomp_profile.h - which system calls a container may make: a profile as the
 * "seccomp" of a config.json.
 */
#ifndef SECCOMP_PROFILE_H
#define SECCOMP_PROFILE_H

#include "base.h"

struct json_t;

/*
 * Our own profile (seccomp_default.c), for a process with these capabilities:
 * bit n is capability n.  What a capability is for is allowed with it.
 */
struct json_t *seccomp_default(uint64_t caps);

/*
 * A profile in Docker's format: that of the OCI specification, with archMap in
 * place of architectures, and rules that hold only with or without certain
 * capabilities, architectures and kernels ("includes", "excludes").  NULL and
 * a failure when it makes no sense.
 */
struct json_t *seccomp_profile(const char *content, uint64_t caps);

/* Of this machine, for both: the specification's names, an array. */
struct json_t *seccomp_architectures(void);

#endif
