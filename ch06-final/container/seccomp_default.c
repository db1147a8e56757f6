/*
 * seccomp_default.c - parent.  The system calls of a container that nobody
 * said anything about.
 *
 * A list of what is allowed, so that a call which a later kernel brings is
 * refused until somebody has looked at it.  The measure for a call:
 *
 *   - what an ordinary program of an ordinary user does is allowed: the kernel
 *     is made to check that, and namespaces and cgroups bound it;
 *   - what a capability is needed for, and is for the whole machine, is
 *     allowed with that capability only, although the kernel asks for it, too:
 *     in a new user namespace everybody has all of them, and most ways out of
 *     a container began with such a call;
 *   - what is not per namespace (keyrings, kernel modules, the clock, swap),
 *     lets a process stop the kernel at a place of its choice (userfaultfd),
 *     goes round this filter (io_uring) or is obsolete is left out.
 *
 * Refused is refused with EPERM: a program goes on without it, or says so.
 */
#include "seccomp_profile.h"

#include <jansson.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

#define NONE -1
static const struct group {
	int cap; /* NONE: for everybody */
	const char *calls;
} groups[] = {
	/* Files that are open. */
	{ NONE, "read write readv writev pread64 pwrite64 preadv pwritev "
		"preadv2 pwritev2 close close_range lseek _llseek dup dup2 "
		"dup3 fcntl fcntl64 ioctl flock fsync fdatasync sync syncfs "
		"sync_file_range sync_file_range2 arm_sync_file_range "
		"readahead fadvise64 fadvise64_64 arm_fadvise64_64 fallocate "
		"ftruncate ftruncate64 truncate truncate64 sendfile sendfile64 "
		"splice tee vmsplice copy_file_range cachestat" },
	/* Names of files, and what is known of them. */
	{ NONE, "open openat openat2 creat access faccessat faccessat2 stat "
		"stat64 fstat fstat64 lstat lstat64 newfstatat fstatat64 statx "
		"statfs statfs64 fstatfs fstatfs64 getdents getdents64 readdir "
		"getcwd chdir fchdir mkdir mkdirat rmdir mknod mknodat link "
		"linkat symlink symlinkat readlink readlinkat unlink unlinkat "
		"rename renameat renameat2 chmod fchmod fchmodat fchmodat2 "
		"chown chown32 fchown fchown32 lchown lchown32 fchownat umask "
		"utime utimes futimesat utimensat utimensat_time64 "
		"name_to_handle_at" },
	{ NONE, "getxattr lgetxattr fgetxattr getxattrat listxattr llistxattr "
		"flistxattr listxattrat setxattr lsetxattr fsetxattr "
		"setxattrat removexattr lremovexattr fremovexattr "
		"removexattrat inotify_init inotify_init1 inotify_add_watch "
		"inotify_rm_watch fanotify_mark" },
	/* Waiting for them. */
	{ NONE, "poll ppoll ppoll_time64 select _newselect pselect6 "
		"pselect6_time64 epoll_create epoll_create1 epoll_ctl "
		"epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait "
		"epoll_pwait2 eventfd eventfd2 signalfd signalfd4 pipe pipe2 "
		"io_setup io_destroy io_submit io_cancel io_getevents "
		"io_pgetevents io_pgetevents_time64" },
	/* Memory.  memfd_secret takes pages from the kernel's own map, and a
	 * limit of locked memory bounds it. */
	{ NONE, "brk mmap mmap2 munmap mremap mprotect madvise mincore msync "
		"mlock mlock2 mlockall munlock munlockall remap_file_pages "
		"pkey_alloc pkey_free pkey_mprotect memfd_create memfd_secret "
		"membarrier map_shadow_stack mseal" },
	/* Processes.  Namespaces are below, at clone. */
	{ NONE, "fork vfork execve execveat exit exit_group wait4 waitid "
		"waitpid getpid getppid gettid getpgid getpgrp setpgid getsid "
		"setsid set_tid_address pidfd_open pidfd_send_signal "
		"process_mrelease rseq prctl arch_prctl modify_ldt "
		"set_thread_area get_thread_area restart_syscall "
		"landlock_create_ruleset landlock_add_rule "
		"landlock_restrict_self seccomp ptrace uname sysinfo getcpu "
		"getrandom lsm_get_self_attr lsm_set_self_attr "
		"lsm_list_modules" },
	/* Threads waiting for each other. */
	{ NONE, "futex futex_time64 futex_waitv futex_wait futex_wake "
		"futex_requeue set_robust_list get_robust_list sched_yield" },
	/* Signals. */
	{ NONE, "kill tkill tgkill pause alarm signal sigaction sigpending "
		"sigprocmask sigreturn sigsuspend sigaltstack rt_sigaction "
		"rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn "
		"rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 "
		"rt_tgsigqueueinfo" },
	/* Time, as far as it is only read and waited for: adjtimex is how it
	 * is read with its error, and to set it takes CAP_SYS_TIME. */
	{ NONE, "time gettimeofday clock_gettime clock_gettime64 clock_getres "
		"clock_getres_time64 clock_nanosleep clock_nanosleep_time64 "
		"nanosleep adjtimex clock_adjtime clock_adjtime64 getitimer "
		"setitimer times timer_create timer_delete timer_getoverrun "
		"timer_gettime timer_gettime64 timer_settime timer_settime64 "
		"timerfd_create timerfd_gettime timerfd_gettime64 "
		"timerfd_settime timerfd_settime64" },
	/* Who one is.  The kernel checks each, and no-new-privileges is there
	 * for who wants less. */
	{ NONE, "getuid getuid32 geteuid geteuid32 getgid getgid32 getegid "
		"getegid32 getgroups getgroups32 getresuid getresuid32 "
		"getresgid getresgid32 setuid setuid32 setgid setgid32 "
		"setreuid setreuid32 setregid setregid32 setresuid "
		"setresuid32 setresgid setresgid32 setfsuid setfsuid32 "
		"setfsgid setfsgid32 setgroups setgroups32 capget capset" },
	/* How much of the machine one wants. */
	{ NONE, "getrlimit ugetrlimit setrlimit prlimit64 getrusage "
		"getpriority setpriority nice ioprio_get ioprio_set "
		"sched_getaffinity sched_setaffinity sched_getattr "
		"sched_setattr sched_getparam sched_setparam "
		"sched_getscheduler sched_setscheduler sched_get_priority_max "
		"sched_get_priority_min sched_rr_get_interval "
		"sched_rr_get_interval_time64" },
	/* Talking to each other: the IPC namespace is the container's. */
	{ NONE, "ipc msgctl msgget msgrcv msgsnd semctl semget semop "
		"semtimedop semtimedop_time64 shmat shmctl shmdt shmget "
		"mq_getsetattr mq_notify mq_open mq_timedreceive "
		"mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 "
		"mq_unlink" },
	/* Sockets, but for their making, below. */
	{ NONE, "socketpair bind connect listen accept accept4 getsockname "
		"getpeername getsockopt setsockopt shutdown send sendto "
		"sendmsg sendmmsg recv recvfrom recvmsg recvmmsg "
		"recvmmsg_time64 socketcall" },
	/* Other machines' own. */
	{ NONE, "breakpoint cacheflush set_tls get_tls s390_pci_mmio_read "
		"s390_pci_mmio_write s390_runtime_instr riscv_flush_icache "
		"riscv_hwprobe swapcontext" },

	/* With a capability. */
	{ CAP_DAC_READ_SEARCH, "open_by_handle_at" },
	{ CAP_SYS_ADMIN,
	  "mount umount umount2 pivot_root mount_setattr move_mount open_tree "
	  "open_tree_attr fsopen fsconfig fsmount fspick statmount listmount "
	  "setns unshare clone clone3 fanotify_init quotactl quotactl_fd "
	  "lookup_dcookie bpf perf_event_open sethostname setdomainname "
	  "syslog" },
	{ CAP_BPF, "bpf" },
	{ CAP_PERFMON, "perf_event_open" },
	{ CAP_SYSLOG, "syslog" },
	{ CAP_SYS_BOOT, "reboot" },
	{ CAP_SYS_CHROOT, "chroot" },
	{ CAP_SYS_MODULE, "init_module finit_module delete_module" },
	{ CAP_SYS_NICE, "get_mempolicy set_mempolicy mbind migrate_pages "
			"move_pages set_mempolicy_home_node" },
	{ CAP_SYS_PACCT, "acct" },
	{ CAP_SYS_PTRACE, "kcmp pidfd_getfd process_madvise process_vm_readv "
			  "process_vm_writev" },
	{ CAP_SYS_RAWIO, "iopl ioperm" },
	{ CAP_SYS_TIME, "settimeofday stime clock_settime clock_settime64" },
	{ CAP_SYS_TTY_CONFIG, "vhangup" },
};

static json_t *
names_of(const char *list)
{
	json_t *names = json_array();
	for (const char *at = list; *at; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");
		json_array_append_new(names, json_stringn(at, length));
		at += length;
	}
	return names;
}

static void
allow(json_t *rules, const char *calls)
{
	json_array_append_new(rules, json_pack("{s:o, s:s}", "names",
					       names_of(calls), "action",
					       "SCMP_ACT_ALLOW"));
}

/* When the argument compares so; `mask` is of SCMP_CMP_MASKED_EQ. */
static void
allow_when(json_t *rules, const char *call, const char *op, uint64_t value)
{
	bool is_mask = strcmp(op, "SCMP_CMP_MASKED_EQ") == 0;
	json_t *arg = json_pack("{s:i, s:I, s:s}", "index", 0, "value",
				(json_int_t)value, "op", op);
	if (is_mask)
		json_object_set_new(arg, "valueTwo", json_integer(0));
	json_array_append_new(rules, json_pack("{s:[s], s:s, s:[o]}", "names",
					       call, "action",
					       "SCMP_ACT_ALLOW", "args", arg));
}

/* A new process, but in no new namespace; clone3 has its flags in memory,
 * where no filter can look: "not there" makes the C library take clone. */
static void
allow_clone(json_t *rules)
{
	static const uint64_t namespaces =
		CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
		CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME;
	/* The lowest byte is the signal of the child's end, in which
	 * CLONE_NEWTIME cannot be told from one: clone(2) has none. */
	allow_when(rules, "clone", "SCMP_CMP_MASKED_EQ", namespaces & ~0xffULL);
	json_array_append_new(rules,
			      json_pack("{s:[s], s:s, s:i}", "names", "clone3",
					"action", "SCMP_ACT_ERRNO", "errnoRet",
					38 /* ENOSYS, on all but a few */));
}

/* Any family but that of virtual machines' hosts, which no network namespace
 * bounds. */
static void
allow_sockets(json_t *rules)
{
	allow_when(rules, "socket", "SCMP_CMP_LT", AF_VSOCK);
	allow_when(rules, "socket", "SCMP_CMP_GT", AF_VSOCK);
}

/* To ask, to be ordinary Linux of 64 or 32 bits, and the same without the
 * randomness in addresses, or with the old release numbers. */
static void
allow_personalities(json_t *rules)
{
	static const uint32_t known[] = { 0x0, 0x8, 0x20000, 0x20008,
					  0x40000, 0xffffffff };
	for (size_t i = 0; i < countof(known); i++)
		allow_when(rules, "personality", "SCMP_CMP_EQ", known[i]);
}

json_t *
seccomp_default(uint64_t caps)
{
	json_t *rules = json_array();
	for (size_t i = 0; i < countof(groups); i++)
		if (groups[i].cap == NONE || caps & (1ULL << groups[i].cap))
			allow(rules, groups[i].calls);
	allow_sockets(rules);
	allow_personalities(rules);
	if (!(caps & (1ULL << CAP_SYS_ADMIN)))
		allow_clone(rules);
	return json_pack("{s:s, s:i, s:o, s:o}", "defaultAction",
			 "SCMP_ACT_ERRNO", "defaultErrnoRet", 1 /* EPERM */,
			 "architectures", seccomp_architectures(), "syscalls",
			 rules);
}
