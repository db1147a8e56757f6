/*
 * sys.h - the system calls this project is about, one function each.
 *
 * Each is the bare call under its manual page's name.  They exist for two
 * reasons: libc has no wrapper for some (clone3, pivot_root, openat2, and in
 * older releases the mount API of 2019), and all of them report themselves to
 * `trace` with their arguments put into words, which is what `-v` prints.
 * They return what the kernel returned and leave errno alone.
 */
#ifndef SYS_H
#define SYS_H

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/types.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef FSOPEN_CLOEXEC /* glibc before 2.36 */
#define FSOPEN_CLOEXEC 1
#define FSMOUNT_CLOEXEC 1
#define MOVE_MOUNT_F_EMPTY_PATH 0x00000004
#define FSCONFIG_SET_FLAG 0
#define FSCONFIG_SET_STRING 1
#define FSCONFIG_SET_FD 5
#define FSCONFIG_CMD_CREATE 6
#endif

/*
 * fork by clone3(2): returns twice, 0 in the child, and needs no stack.
 * `flags` are CLONE_NEW* flags, and CLONE_PARENT for one that is not our child
 * but our parent's; with `cgroup` >= 0 the child is born in that
 * cgroup v2 directory (CLONE_INTO_CGROUP, Linux 5.7).  `*pidfd` holds the
 * child for the parent (CLONE_PIDFD, Linux 5.2), close-on-exec.  Where a
 * seccomp filter hides clone3 the old clone(2) is used, unless `cgroup` or
 * CLONE_NEWTIME asks for what only clone3 can do.
 */
pid_t sys_clone(uint64_t flags, int cgroup, int *pidfd);

pid_t sys_fork(void);
int sys_kill(pid_t pid, int signal);
int sys_unshare(int flags);
int sys_setns(int fd, int nstype);
int sys_sethostname(const char *name);
int sys_setdomainname(const char *name);
int sys_mount(const char *source, const char *target, const char *type,
	      unsigned long flags, const char *data);
int sys_umount2(const char *target, int flags);
int sys_pivot_root(const char *new_root, const char *put_old);
int sys_chroot(const char *path);
/* Swap, of the whole host; less wanted than what there is already. */
int sys_swapon(const char *path);
int sys_swapoff(const char *path);
int sys_openat2(int dir, const char *path, int flags, mode_t mode,
		uint64_t resolve);
/* Close descriptors `first` to `last` (Linux 5.9). */
int sys_close_range(unsigned int first, unsigned int last);
int sys_sched_setaffinity(pid_t pid, const cpu_set_t *cpus);
int sys_execve(const char *path, char *const argv[], char *const envp[]);

/* The mount API of 2019 (Linux 5.2): fsopen(2) and its companions. */
int sys_fsopen(const char *type);
int sys_fsconfig(int fs, unsigned int command, const char *key,
		 const char *value);
int sys_fsmount(int fs, unsigned int attributes);
int sys_move_mount(int mount, const char *target);

/* eBPF (linux/bpf.h); returns what the command returns. */
union bpf_attr;
int sys_bpf(int command, union bpf_attr *attr, unsigned int size);

/* Processes held by descriptor, never by a pid that may be reused. */
int sys_pidfd_open(pid_t pid);
int sys_pidfd_send_signal(int pidfd, int signal);

#endif
