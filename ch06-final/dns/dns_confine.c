/* dns_confine.c - the name server.  See dns_confine.h. */
#include "dns_confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

/* What the modules call, and under it the C library: memory, time, files. */
static const int allowed[] = {
	SYS_recvfrom, SYS_sendto, SYS_recvmsg, SYS_socket, SYS_connect,
	SYS_accept4, SYS_close, SYS_read, SYS_epoll_ctl, SYS_epoll_pwait,
#ifdef SYS_epoll_wait
	SYS_epoll_wait, SYS_open, SYS_stat, SYS_getdents,
#endif
	SYS_openat, SYS_newfstatat, SYS_fstat, SYS_lseek, SYS_getdents64,
	SYS_inotify_add_watch, SYS_getrandom, SYS_clock_gettime, SYS_fcntl,
	SYS_ioctl, SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise,
	SYS_futex, SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_getpid,
	SYS_gettid, SYS_tgkill, SYS_restart_syscall, SYS_exit, SYS_exit_group,
};

/* What is refused is EPERM; the system calls of another architecture, which
 * have other numbers, are the end. */
static int
filter_calls(void)
{
#ifdef ARCHITECTURE
	enum { BEFORE = 4, AFTER = 2 };
	const size_t count = countof(allowed);
	struct sock_filter code[BEFORE + countof(allowed) + AFTER] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
	};
	for (size_t i = 0; i < count; i++)
		code[BEFORE + i] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i],
			count - i, 0);
	code[BEFORE + count] = (struct sock_filter)BPF_STMT(
		BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	code[BEFORE + count + 1] = (struct sock_filter)BPF_STMT(
		BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { countof(code), code };
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 &&
	    errno != EINVAL)
		return fail("filter the system calls of the name server");
#endif
	return 0;
}

/* In a user namespace of one id, or of few, there may be no nobody. */
static int
become_nobody(void)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return fail("leave all groups");
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 && errno != EINVAL)
		return fail("become group %d", NOBODY);
	if (setresuid(NOBODY, NOBODY, NOBODY) < 0 && errno != EINVAL)
		return fail("become user %d", NOBODY);
	return 0;
}

static int
drop_capabilities(void)
{
	struct __user_cap_header_struct who = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[2] = { 0 };
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 &&
	    errno != EINVAL)
		return fail("clear the ambient capabilities");
	if (syscall(SYS_capset, &who, none) < 0)
		return fail("drop all capabilities");
	return 0;
}

int
dns_confine(void)
{
	if (become_nobody() < 0 || drop_capabilities() < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail("give up new privileges");
	return filter_calls();
}
