/*
 * filter.h - which system calls a container may make: a filter made of the
 * "seccomp" of a config.json.
 *
 * The parent compiles, the child loads, as its last act before execve.
 *
 * libseccomp is asked for the numbers of system calls, which differ from
 * architecture to architecture, and for nothing else: its compiler takes 8 ms
 * for Docker's profile on three architectures, ours (filter_code.h) 0.3, and
 * a container is started in 10.
 *
 * Where this filter and one of libseccomp's, which crun and runc load, differ:
 *
 * - A call that is newer than all that the profile names gets ENOSYS, when
 *   others get anything but leave.  With EPERM a program, or its C library,
 *   would give up instead of falling back to the older call.  (runc does so,
 *   too; crun does not.)
 * - A rule with arguments comes before one for the same call without, however
 *   they are ordered.  (There the one without replaces the other, so that
 *   "deny some, allow the rest" allows all.)  Of several without the first
 *   counts, here as there: podman's profile has them.
 * - The multiplexers socketcall(2) and ipc(2) of older architectures pass
 *   arguments in memory, which a filter cannot see: a rule with arguments is
 *   for the direct call alone.
 *
 * Several conditions on the same argument are that many rules, any of which is
 * enough, as in runc: libseccomp could not say it otherwise, and profiles were
 * written that way.  On all architectures but 64-bit ones only the lower half
 * of an argument is looked at.
 *
 * See config-linux.md, "Seccomp", seccomp(2) and seccomp_unotify(2).
 */
#ifndef FILTER_H
#define FILTER_H

#include "oci_config.h"

struct sock_filter;

struct filter {
	struct sock_filter *code; /* NULL: no filter */
	unsigned short length;
	unsigned int flags; /* SECCOMP_FILTER_FLAG_*; NEW_LISTENER when there
			       is an action NOTIFY */
};

/*
 * `seccomp` may be NULL: no filter.  Unknown system calls are passed over, as
 * every runtime does: profiles name those of newer kernels.  An action or an
 * architecture that this machine does not know is a failure.
 *
 * With NOTIFY a filter must not forbid sendmsg and recvmsg, without it nothing
 * but execve; to be notified of them is all right.
 */
int filter_compile(struct filter *filter,
		   const struct oci_seccomp *seccomp);
void filter_free(struct filter *filter);

/* Can it be made for this AUDIT_ARCH_*, by libseccomp here? */
bool filter_knows_architecture(uint32_t arch);

/* Is there an action NOTIFY in it, that somebody listens for?  Before it is
 * compiled, and after. */
bool filter_expects(const struct oci_seccomp *seccomp);
bool filter_listens(const struct filter *filter);

/*
 * The filter holds from here on.  `*listener` is the descriptor for
 * notifications, close-on-exec, or -1.  Without no_new_privs it takes
 * CAP_SYS_ADMIN, which process_become() keeps for it.
 */
int filter_load(const struct filter *filter, int *listener);

/*
 * The child sends its listener to the parent (sync.h), unless the agent is to
 * be asked about sendmsg(2), who cannot be before it has the listener: then the
 * child is mute, and the parent takes it.  The child tells through `sock` which
 * number it will have, loads the filter, and waits; filter_fetch() returns a
 * descriptor of our own as soon as it is there.  That takes the right to
 * ptrace(2) it, which a user has not who is in no user namespace as root.
 * (crun does it by a third process that shares the descriptors; runc refuses
 * NOTIFY for the call by which it sends, and as the default.)
 */
bool filter_is_mute(const struct oci_seccomp *seccomp);
int filter_number(int sock);
int filter_fetch(int pidfd, int sock);

/* Parent: hand the listener over to the agent that waits at listenerPath,
 * with the container process state of oci_state.h. */
int filter_notify(const char *path, const char *state_json, int listener);

#endif
