/* sys.c - see sys.h. */
#include "sys.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base.h"

/* Newer than the oldest libc this is built with; the same number everywhere. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

/* ---- flags in words ---------------------------------------------------- */

struct flag_name {
	uint64_t flag;
	const char *name;
};

#define FLAG(name)                                                            \
	{                                                                     \
		name, #name                                                   \
	}
static const struct flag_name clone_flags[] = {
	FLAG(CLONE_NEWUSER),   FLAG(CLONE_NEWNS),  FLAG(CLONE_NEWPID),
	FLAG(CLONE_NEWNET),    FLAG(CLONE_NEWUTS), FLAG(CLONE_NEWIPC),
	FLAG(CLONE_NEWCGROUP), FLAG(CLONE_NEWTIME), FLAG(CLONE_PIDFD),
	FLAG(CLONE_INTO_CGROUP), FLAG(CLONE_FS),
	FLAG(CLONE_PARENT),
};
static const struct flag_name mount_flags[] = {
	FLAG(MS_BIND),	 FLAG(MS_REC),	   FLAG(MS_REMOUNT), FLAG(MS_RDONLY),
	FLAG(MS_NOSUID), FLAG(MS_NODEV),   FLAG(MS_NOEXEC),  FLAG(MS_MOVE),
	FLAG(MS_PRIVATE), FLAG(MS_SLAVE),  FLAG(MS_SHARED),
	FLAG(MS_UNBINDABLE), FLAG(MS_STRICTATIME), FLAG(MS_NOATIME),
	FLAG(MS_RELATIME),
};
static const struct flag_name umount_flags[] = {
	FLAG(MNT_DETACH),
	FLAG(MNT_FORCE),
	FLAG(UMOUNT_NOFOLLOW),
};

struct words {
	char text[256];
};

/* "MS_BIND|MS_REC"; what has no name comes last, as a number. */
static struct words
in_words(uint64_t flags, const struct flag_name *names, size_t count)
{
	struct words words = { "" };
	size_t used = 0;
	for (size_t i = 0; i < count; i++) {
		if ((flags & names[i].flag) != names[i].flag)
			continue;
		flags &= ~names[i].flag;
		used += snprintf(words.text + used, sizeof(words.text) - used,
				 "%s%s", used ? "|" : "", names[i].name);
	}
	if (flags || !used)
		snprintf(words.text + used, sizeof(words.text) - used,
			 used ? "|%#llx" : "%#llx", (unsigned long long)flags);
	return words;
}
#define IN_WORDS(flags, table) in_words(flags, table, countof(table)).text

/* A string as it stands in C, or NULL. */
#define QUOTED(s) (s) ? "\"" : "", (s) ? (s) : "NULL", (s) ? "\"" : ""

/* ---- processes --------------------------------------------------------- */

/* Where clone3 is hidden (ENOSYS from a seccomp filter), clone(2) serves. */
static pid_t
clone_old(uint64_t flags, int *pidfd)
{
#if defined(__s390x__)
	return syscall(SYS_clone, 0, flags | SIGCHLD, pidfd, 0, 0);
#else
	return syscall(SYS_clone, flags | SIGCHLD, 0, pidfd, 0, 0);
#endif
}

pid_t
sys_clone(uint64_t flags, int cgroup, int *pidfd)
{
	*pidfd = -1;
	flags |= CLONE_PIDFD;
	struct clone_args args = {
		.flags = flags | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uintptr_t)pidfd,
		/* A sister is waited for as we are. */
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
		.cgroup = cgroup >= 0 ? cgroup : 0,
	};
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0 && errno == ENOSYS && cgroup < 0 &&
	    !(flags & CLONE_NEWTIME))
		pid = clone_old(flags, pidfd);
	if (pid != 0)
		trace(pid, "clone3({flags=%s, exit_signal=SIGCHLD})",
		      IN_WORDS(args.flags, clone_flags));
	return pid;
}

pid_t
sys_fork(void)
{
	return trace(fork(), "fork()");
}

int
sys_kill(pid_t pid, int signal)
{
	return trace(kill(pid, signal), "kill(%d, %s)", pid,
		     signal ? strsignal(signal) : "0");
}

int
sys_unshare(int flags)
{
	return trace(unshare(flags), "unshare(%s)",
		     IN_WORDS((unsigned int)flags, clone_flags));
}

int
sys_setns(int fd, int nstype)
{
	return trace(setns(fd, nstype), "setns(%d, %s)", fd,
		     IN_WORDS((unsigned int)nstype, clone_flags));
}

int
sys_pidfd_open(pid_t pid)
{
	return trace(syscall(SYS_pidfd_open, pid, 0), "pidfd_open(%d)", pid);
}

int
sys_pidfd_send_signal(int pidfd, int signal)
{
	return trace(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0),
		     "pidfd_send_signal(%d, %s)", pidfd, strsignal(signal));
}

int
sys_close_range(unsigned int first, unsigned int last)
{
	return trace(syscall(SYS_close_range, first, last, 0),
		     "close_range(%u, %u)", first, last);
}

int
sys_sched_setaffinity(pid_t pid, const cpu_set_t *cpus)
{
	return trace(sched_setaffinity(pid, sizeof(*cpus), cpus),
		     "sched_setaffinity(%d, %zu, {%#lx, ...})", pid,
		     sizeof(*cpus), cpus->__bits[0]);
}

int
sys_execve(const char *path, char *const argv[], char *const envp[])
{
	/* Nothing can be reported after an execve that succeeds. */
	if (trace_hook)
		trace(0, "execve(\"%s\", [\"%s\", ...])", path, argv[0]);
	return execve(path, argv, envp);
}

int
sys_sethostname(const char *name)
{
	return trace(sethostname(name, strlen(name)), "sethostname(\"%s\")",
		     name);
}

int
sys_setdomainname(const char *name)
{
	return trace(setdomainname(name, strlen(name)),
		     "setdomainname(\"%s\")", name);
}

/* ---- mounts ------------------------------------------------------------ */

int
sys_mount(const char *source, const char *target, const char *type,
	  unsigned long flags, const char *data)
{
	return trace(mount(source, target, type, flags, data),
		     "mount(%s%s%s, \"%s\", %s%s%s, %s, %s%s%s)",
		     QUOTED(source), target, QUOTED(type),
		     IN_WORDS(flags, mount_flags), QUOTED(data));
}

int
sys_umount2(const char *target, int flags)
{
	return trace(umount2(target, flags), "umount2(\"%s\", %s)", target,
		     IN_WORDS((unsigned int)flags, umount_flags));
}

int
sys_pivot_root(const char *new_root, const char *put_old)
{
	return trace(syscall(SYS_pivot_root, new_root, put_old),
		     "pivot_root(\"%s\", \"%s\")", new_root, put_old);
}

int
sys_chroot(const char *path)
{
	return trace(chroot(path), "chroot(\"%s\")", path);
}

int
sys_swapon(const char *path)
{
	return trace(swapon(path, 0), "swapon(\"%s\", 0)", path);
}

int
sys_swapoff(const char *path)
{
	return trace(swapoff(path), "swapoff(\"%s\")", path);
}

int
sys_openat2(int dir, const char *path, int flags, mode_t mode,
	    uint64_t resolve)
{
	struct open_how how = {
		.flags = (unsigned int)flags,
		.mode = mode,
		.resolve = resolve,
	};
	long fd;
	/* EAGAIN: a rename or mount elsewhere disturbed the walk; openat2(2)
	 * asks for another try. */
	for (int tries = 0; tries < 64; tries++) {
		fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return trace(fd, "openat2(%d, \"%s\", {flags=%#x, resolve=%#llx})",
		     dir, path, flags, (unsigned long long)resolve);
}

int
sys_fsopen(const char *type)
{
	return trace(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC),
		     "fsopen(\"%s\", FSOPEN_CLOEXEC)", type);
}

int
sys_fsconfig(int fs, unsigned int command, const char *key, const char *value)
{
	static const char *const names[] = {
		[FSCONFIG_SET_FLAG] = "FSCONFIG_SET_FLAG",
		[FSCONFIG_SET_STRING] = "FSCONFIG_SET_STRING",
		[FSCONFIG_CMD_CREATE] = "FSCONFIG_CMD_CREATE",
	};
	const char *name = command < countof(names) && names[command] ?
				   names[command] :
				   "?";
	return trace(syscall(SYS_fsconfig, fs, command, key, value, 0),
		     "fsconfig(%d, %s, %s%s%s, %s%s%s)", fs, name, QUOTED(key),
		     QUOTED(value));
}

int
sys_fsmount(int fs, unsigned int attributes)
{
	return trace(syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes),
		     "fsmount(%d, FSMOUNT_CLOEXEC, %#x)", fs, attributes);
}

int
sys_move_mount(int mount, const char *target)
{
	return trace(syscall(SYS_move_mount, mount, "", AT_FDCWD, target,
			     MOVE_MOUNT_F_EMPTY_PATH),
		     "move_mount(%d, \"\", AT_FDCWD, \"%s\")", mount, target);
}

int
sys_bpf(int command, union bpf_attr *attr, unsigned int size)
{
	static const char *const names[] = {
		[BPF_PROG_LOAD] = "BPF_PROG_LOAD",
		[BPF_PROG_ATTACH] = "BPF_PROG_ATTACH",
		[BPF_PROG_DETACH] = "BPF_PROG_DETACH",
		[BPF_PROG_QUERY] = "BPF_PROG_QUERY",
		[BPF_PROG_GET_FD_BY_ID] = "BPF_PROG_GET_FD_BY_ID",
	};
	const char *name = (size_t)command < countof(names) && names[command] ?
				   names[command] :
				   "?";
	return trace(syscall(SYS_bpf, command, attr, size), "bpf(%s)", name);
}
