/*
 * process.h - the "process" of a config.json, applied.
 *
 *	parent:	process_check(process)
 *		process_oom_score(process, pid, procfs)
 *		process_limits(process, pid)
 *	child:	process_keyring(id)
 *		process_make_cwd(process, root)		root still writable
 *		process_labels(process, personality, procfs)
 *		process_become(process, ...)
 *		process_restrict(process)
 *		filter_load(...)			(filter.h)
 *		execve
 *
 * The same for the first process of a container and for one that `exec` puts
 * into it (but for process_make_cwd()).
 *
 * See config.md, "Process", "User" and "Linux Process", and capabilities(7).
 */
#ifndef PROCESS_H
#define PROCESS_H

#include "oci_config.h"

/*
 * Can the machine do what is asked for?  An AppArmor profile or SELinux label
 * where the kernel has neither: refused in words, before anything is made.
 */
int process_check(const struct oci_process *process);

/*
 * The capabilities that are asked for and that we have not got ourselves, as a
 * set.  They are left out, and that is to be logged (config.md, "Linux
 * Process").  In a user namespace of its own a container can be given all.
 */
uint64_t process_ungranted(const struct oci_process *process);

/*
 * What of limits takes privileges over the whole machine, which a process in a
 * user namespace has not, whoever made it: oom_score_adj, hard limits that are
 * to be higher than they are, scheduler and I/O priority of our child `pid`.
 * (0: of ourselves.)  While its user is still ours, for otherwise it would
 * take yet more; and oom_score_adj before it is not dumpable, for then its
 * files in /proc are root's.  `procfs` as of procfs.h, of our pid namespace.
 *
 * A process of SCHED_DEADLINE cannot fork, hooks of its container neither.
 */
int process_oom_score(const struct oci_process *process, pid_t pid,
		      int procfs);
/* Is there any that takes the runtime's right?  (Who asks has the limits that
 * the process will have.) */
bool process_needs_limits(const struct oci_process *process);
int process_limits(const struct oci_process *process, pid_t pid);

/* The rlimits as they are to be: they may be too tight for us, so it is the
 * child's last act before the filter.  It takes no privilege any more. */
int process_restrict(const struct oci_process *process);

/* execCPUAffinity, of `exec` alone: "initial" before the cgroup is entered,
 * "final" after.  NULL or empty: left as it is. */
int process_affinity(const char *cpus);

/* linux.memoryPolicy, or NULL. */
int process_memory(const struct oci_memory_policy *policy);

/*
 * A session keyring for the container `id`, so that it does not hold the keys
 * of whoever started it; `exec` joins that of the container's.  In a user
 * namespace to be called by its root.  A kernel without keyrings has none to
 * share.
 */
int process_keyring(const char *id);

/* The working directory, where the image has not got it: root's, mode 0755.
 * `root` as in mounts.h, before it is made read-only. */
int process_make_cwd(const struct oci_process *process, int root);

/*
 * What the next execve is to run as: the AppArmor profile or SELinux label,
 * and linux.personality, or NULL.  `procfs` as above.
 */
int process_labels(const struct oci_process *process,
		   const struct oci_personality *personality, int procfs);

/*
 * Additional groups, gid, uid, umask, the five capability sets, no_new_privs,
 * in the order in which each is still allowed.  The standard descriptors, if
 * they are pipes or terminals, become the user's.
 *
 * The working directory is entered first of all, and if our rights do not do
 * for it, with those of the user.  It must be reachable from the root: an
 * image with a link, or a configuration with a path such as /proc/self/fd/7,
 * could mean a directory of the host that we have open (CVE-2024-21626).
 *
 * Capabilities: those that we have not got are left out, and none are kept
 * without a "capabilities", as in crun and runc.  The inheritable set is what
 * it says, and empty without it (CVE-2022-24769).  An ambient one must be
 * permitted and inheritable, too, or it is left out: the default configuration
 * of older runcs has such.
 *
 * Without no_new_privs it takes CAP_SYS_ADMIN to load a filter of system
 * calls, and that is to be the last thing before the execve, or the filter
 * would have to allow what comes in between.  So when one `is_filtered` that
 * capability is kept until then.  No program gets it so: after an execve the
 * permitted set is what the bounding set, the inheritable and the ambient
 * leave of it (capabilities(7)), and they are without it.
 */
int process_become(const struct oci_process *process, bool is_filtered);

/* HOME for the payload when `env` has none: of the container's /etc/passwd by
 * uid, "/" when it is not there.  The caller frees. */
char *process_home(uid_t uid);

/*
 * process.env, HOME, and what tells of `listen_fds` descriptors from systemd
 * (0: none; sd_listen_fds(3)); an array that ends with NULL, for the execve of
 * this very process.
 */
char **process_environment(const struct oci_process *process,
			   unsigned int listen_fds);

#endif
