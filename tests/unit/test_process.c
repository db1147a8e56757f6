/* test_process.c - what the kernel says of a process that became what a
 * config.json asks for. */
#include "process.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "procfs.h"
#include "rights.h"
#include "sandbox.h"

/* The process of a test; it changes what it is about. */
static struct oci_user user;
static struct oci_capabilities caps;
static struct oci_process process = {
	.user = &user, .cwd = "/", .capabilities = &caps,
};

/* A line of /proc/self/status. */
static const char *
status_line(const char *name)
{
	static char status[8192];
	must(read_text(AT_FDCWD, "/proc/thread-self/status", status,
		       sizeof(status)) > 0);
	char *line = strstr(status, name);
	must(line && line[strlen(name)] == ':');
	line[strcspn(line, "\n")] = '\0';
	return line + strlen(name) + 2;
}

static uint64_t
status_set(const char *name)
{
	return strtoull(status_line(name), NULL, 16);
}

static bool
says(const char *part)
{
	return strstr(failure.text, part) != NULL;
}

static int
become(void)
{
	return process_become(&process, false);
}

/* ---- capabilities ------------------------------------------------------- */

#define KEPT (RIGHT(CAP_CHOWN) | RIGHT(CAP_KILL) | RIGHT(CAP_SETUID))

static void
five_sets(void)
{
	caps = (struct oci_capabilities){
		.bounding = KEPT | RIGHT(CAP_NET_RAW),
		.permitted = KEPT,
		.effective = RIGHT(CAP_KILL),
		.inheritable = RIGHT(CAP_KILL) | RIGHT(CAP_CHOWN),
		.ambient = RIGHT(CAP_CHOWN),
	};
	must(become() == 0);
	must(status_set("CapBnd") == (KEPT | RIGHT(CAP_NET_RAW)));
	must(status_set("CapPrm") == KEPT);
	must(status_set("CapEff") == RIGHT(CAP_KILL));
	must(status_set("CapInh") == (RIGHT(CAP_KILL) | RIGHT(CAP_CHOWN)));
	must(status_set("CapAmb") == RIGHT(CAP_CHOWN));
	must(sethostname("x", 1) < 0 && errno == EPERM);
}

/* CVE-2022-24769: what is not said to be inheritable is not. */
static void
nothing_inherited(void)
{
	caps = (struct oci_capabilities){
		.bounding = KEPT, .permitted = KEPT, .effective = KEPT,
	};
	must(rights_set(~UINT64_C(0) >> 23, ~UINT64_C(0) >> 23, KEPT) == 0);
	must(status_set("CapInh") == KEPT);
	must(become() == 0);
	must(status_set("CapInh") == 0);
	must(status_set("CapAmb") == 0);
}

/* As in crun and runc. */
static void
no_capabilities(void)
{
	process.capabilities = NULL;
	must(become() == 0);
	must(status_set("CapBnd") == 0);
	must(status_set("CapPrm") == 0);
	must(status_set("CapEff") == 0);
}

/* Left out: ambient ones that could not be, and bits beyond the sets above
 * them. */
static void
impossible_sets(void)
{
	caps = (struct oci_capabilities){
		.bounding = RIGHT(CAP_KILL),
		.permitted = RIGHT(CAP_KILL),
		.effective = RIGHT(CAP_KILL) | RIGHT(CAP_CHOWN),
		.inheritable = RIGHT(CAP_CHOWN),
		.ambient = RIGHT(CAP_KILL) | RIGHT(CAP_CHOWN),
	};
	must(become() == 0);
	must(status_set("CapEff") == RIGHT(CAP_KILL));
	must(status_set("CapInh") == 0);
	must(status_set("CapAmb") == 0);
}

/* Those that we have not got are told, and no failure. */
static void
ungranted(void)
{
	caps.permitted = caps.effective = caps.bounding = KEPT;
	must(rights_bound(KEPT & ~RIGHT(CAP_KILL)) == 0);
	must(process_ungranted(&process) == 0);
	must(rights_set(KEPT & ~RIGHT(CAP_KILL), RIGHT(CAP_SETUID), 0) == 0);
	must(process_ungranted(&process) == RIGHT(CAP_KILL));
	/* CAP_SETGID is among those that are gone: */
	must(become() < 0);
	must(says("supplementary groups") && failure.code == EPERM);
}

static void
cannot_bound(void)
{
	must(rights_set(KEPT, KEPT, 0) == 0);
	must(become() < 0);
	must(says("drop CAP_") && says("from the bounding set"));
	must(failure.code == EPERM);
}

/* The line of /proc/self/status that a program sees which is run now. */
static uint64_t
set_after_exec(const char *name)
{
	int ends[2];
	char status[8192];
	must(pipe2(ends, O_CLOEXEC) == 0);
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execl("/bin/cat", "cat", "/proc/self/status", NULL);
		_exit(127);
	}
	close(ends[1]);
	size_t used = 0;
	for (ssize_t got = 1; got > 0; used += got) {
		got = read(ends[0], status + used, sizeof(status) - 1 - used);
		must(got >= 0);
	}
	status[used] = '\0';
	must(waitpid(pid, NULL, 0) == pid);
	char *line = strstr(status, name);
	must(line);
	return strtoull(line + strlen(name) + 1, NULL, 16);
}

/* Who is going to load a filter keeps CAP_SYS_ADMIN for it; the program does
 * not get it, were it root's. */
static void
spare_for_a_filter(void)
{
	caps.permitted = caps.effective = caps.bounding = KEPT;
	must(process_become(&process, true) == 0);
	must(status_set("CapEff") == (KEPT | RIGHT(CAP_SYS_ADMIN)));
	must(status_set("CapBnd") == KEPT);
	must(set_after_exec("CapEff") == KEPT);
	must(set_after_exec("CapPrm") == KEPT);
}

static void
no_spare(void)
{
	caps.permitted = caps.effective = caps.bounding = KEPT;
	process.no_new_privileges = true;
	must(process_become(&process, true) == 0);
	must(status_set("CapPrm") == KEPT);
}

static void
no_new_privileges(void)
{
	process.no_new_privileges = true;
	must(become() == 0);
	must(status_line("NoNewPrivs")[0] == '1');
}

/* ---- users and groups --------------------------------------------------- */

static void
another_user(void)
{
	uint32_t groups[] = { 71, 72 };
	uid_t real, effective, saved;
	gid_t now[8];
	user = (struct oci_user){ .uid = 61, .gid = 62,
				  .umask = { true, 077 },
				  .additional_gids = { groups, 2 } };
	caps = (struct oci_capabilities){
		.bounding = KEPT, .permitted = KEPT, .effective = KEPT,
		.inheritable = RIGHT(CAP_KILL), .ambient = RIGHT(CAP_KILL),
	};
	umask(0);
	must(process_become(&process, true) == 0);
	must(getresuid(&real, &effective, &saved) == 0);
	must(real == 61 && effective == 61 && saved == 61);
	must(getresgid(&real, &effective, &saved) == 0);
	must(real == 62 && effective == 62 && saved == 62);
	must(getgroups(countof(now), now) == 2);
	must(now[0] == 71 && now[1] == 72);
	must(umask(0) == 077);
	const uint64_t spare = KEPT | RIGHT(CAP_SYS_ADMIN);
	must(status_set("CapPrm") == spare && status_set("CapEff") == spare);
	must(set_after_exec("CapPrm") == RIGHT(CAP_KILL));
	must(set_after_exec("CapEff") == RIGHT(CAP_KILL));
	must(status_set("CapAmb") == RIGHT(CAP_KILL));
	must(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) == 0);
}

static void
no_way_back(void)
{
	const gid_t mine[] = { 5, 6 };
	must(setgroups(countof(mine), mine) == 0);
	umask(027);
	user = (struct oci_user){ .uid = 61, .gid = 62 };
	must(become() == 0);
	/* The groups of whoever called sudo do not come along. */
	must(getgroups(0, NULL) == 0);
	must(umask(0) == 027);
	must(setuid(0) < 0 && setgid(0) < 0 && setgroups(0, NULL) < 0);
}

/* A user namespace of an ordinary user denies setgroups(2). */
static void
denied_groups(void)
{
	uint32_t groups[] = { 71 };
	user.additional_gids = (struct oci_ids){ groups, 1 };
	must(become() < 0);
	must(says("additional groups") && says("user namespace"));
	user.additional_gids.count = 0;
	must(become() == 0);
}

static void
unmapped_user(void)
{
	user.uid = 61;
	must(become() < 0);
	must(says("become user 61 (it is not mapped in this user namespace)"));
	user.uid = 0;
	user.gid = 62;
	must(become() < 0);
	must(says("become group 62 (it is not mapped"));
}

static void
nobody(void)
{
	user.uid = -1;
	must(become() < 0);
	must(says("-1 means nobody"));
}

static void
stdio(void)
{
	int ends[2];
	struct stat st;
	must(pipe(ends) == 0);
	must(dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO);
	auto_close int file = open("log", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	must(dup2(file, STDIN_FILENO) == STDIN_FILENO);
	user = (struct oci_user){ .uid = 61, .gid = 62 };
	must(become() == 0);
	must(fstat(ends[1], &st) == 0 && st.st_uid == 61 && st.st_gid == 0);
	/* A file of the host's, where output was sent, is not given away. */
	must(fstat(file, &st) == 0 && st.st_uid == 0);
}

/* ---- the working directory ---------------------------------------------- */

static void
own_directory(void)
{
	must(mkdir("of-user", 0700) == 0);
	must(chown("of-user", 61, 62) == 0);
	process.cwd = "/tmp/of-user";
	user = (struct oci_user){ .uid = 61, .gid = 62 };
	must(become() == 0);
	char path[64];
	must(getcwd(path, sizeof(path)) && strcmp(path, process.cwd) == 0);
}

/* Enough to become a user, and not to walk where only others may. */
#define FEW (RIGHT(CAP_SETGID) | RIGHT(CAP_SETUID) | RIGHT(CAP_SETPCAP))

static void
forbidden_directory(void)
{
	must(mkdir("closed", 0) == 0);
	must(rights_set(FEW, FEW, 0) == 0);
	process.cwd = "/tmp/closed";
	user = (struct oci_user){ .uid = 61, .gid = 62 };
	must(become() < 0);
	must(says("enter the working directory /tmp/closed"));
	must(failure.code == EACCES && getuid() == 61);
}

/* Root cannot without its capabilities, and then the user can. */
static void
as_the_user(void)
{
	must(mkdir("of-user", 0700) == 0);
	must(chown("of-user", 61, 62) == 0);
	must(rights_set(FEW, FEW, 0) == 0);
	must(chdir("of-user") < 0 && errno == EACCES);
	process.cwd = "/tmp/of-user";
	user = (struct oci_user){ .uid = 61, .gid = 62 };
	must(become() == 0);
	char path[64];
	must(getcwd(path, sizeof(path)) && strcmp(path, process.cwd) == 0);
}

static void
wrong_directories(void)
{
	process.cwd = "/tmp/not-there";
	must(become() < 0 && failure.code == ENOENT);
	process.cwd = "tmp";
	must(become() < 0 && says("not an absolute path"));
	process.cwd = "/proc/self/exe";
	must(become() < 0 && failure.code == ENOTDIR);
}

/* CVE-2024-21626: a descriptor of a directory that is outside of the root. */
static void
outside_directory(void)
{
	auto_close int outside = open("/usr", O_PATH | O_DIRECTORY);
	must(outside >= 0);
	must(mkdir("root", 0755) == 0 && mkdir("root/proc", 0755) == 0);
	must(mount("/proc", "root/proc", NULL, MS_BIND | MS_REC, NULL) == 0);
	must(chroot("root") == 0);
	auto_free char *path = text("/proc/self/fd/%d", outside);
	process.cwd = path;
	must(become() < 0);
	must(says("is outside of the container"));
	/* The same behind an image's link. */
	must(symlink(path, "/link") == 0);
	process.cwd = "/link";
	must(become() < 0);
	must(says("is outside of the container"));
	/* What does not exist any more is nowhere. */
	must(mkdir("/gone", 0755) == 0);
	auto_close int gone = open("/gone", O_PATH | O_DIRECTORY);
	must(rmdir("/gone") == 0);
	auto_free char *lost = text("/proc/self/fd/%d", gone);
	process.cwd = lost;
	must(become() < 0 && failure.code == ENOENT);
}

static void
made_directory(void)
{
	struct stat st;
	must(mkdir("root", 0755) == 0 && mkdir("outside", 0755) == 0);
	must(symlink("/../../outside", "root/link") == 0);
	auto_close int root = open("root", O_PATH | O_DIRECTORY);
	umask(022);
	process.cwd = "/a/b";
	must(process_make_cwd(&process, root) == 0);
	must(stat("root/a/b", &st) == 0 && (st.st_mode & 07777) == 0755);
	must(process_make_cwd(&process, root) == 0);
	/* Not outside of the root, whatever the image's links say. */
	process.cwd = "/link/c";
	must(process_make_cwd(&process, root) == 0);
	must(stat("root/outside/c", &st) == 0);
	must(stat("outside/c", &st) < 0 && errno == ENOENT);
	must(mknod("root/file", S_IFREG | 0644, 0) == 0);
	process.cwd = "/file";
	must(process_make_cwd(&process, root) < 0);
	must(says("make the working directory /file"));
}

/* ---- limits ------------------------------------------------------------- */

static int
limit(void)
{
	auto_close int proc = procfs_open();
	must(proc >= 0);
	if (process_oom_score(&process, 0, proc) < 0 ||
	    process_limits(&process, 0) < 0)
		return -1;
	return process_restrict(&process);
}

static void
rlimits(void)
{
	struct oci_rlimit limits[] = { { RLIMIT_NOFILE, 100, 200 },
				       { RLIMIT_CORE, 0, 0 },
				       { RLIMIT_STACK, 1 << 20, 1 << 20 } };
	struct rlimit now;
	process.rlimits = limits;
	process.rlimit_count = countof(limits);
	must(limit() == 0);
	must(getrlimit(RLIMIT_NOFILE, &now) == 0);
	must(now.rlim_cur == 100 && now.rlim_max == 200);
	must(getrlimit(RLIMIT_CORE, &now) == 0);
	must(now.rlim_cur == 0 && now.rlim_max == 0);
	must(getrlimit(RLIMIT_STACK, &now) == 0);
	must(now.rlim_cur == 1 << 20);
	/* Not up again, for root of a user namespace of its own. */
	limits[0] = (struct oci_rlimit){ RLIMIT_NOFILE, 100, 201 };
	must(limit() < 0);
	must(says("set RLIMIT_NOFILE to 100, at most 201") &&
	     says("CAP_SYS_RESOURCE") && failure.code == EPERM);
	must(getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_max == 200);
}

/* What cannot be done from inside a user namespace, its parent does. */
static void
of_another(void)
{
	struct oci_rlimit limits[] = { { RLIMIT_NOFILE, 100, 200 } };
	struct rlimit now;
	int ends[2];
	process.rlimits = limits;
	process.rlimit_count = 1;
	process.oom_score_adj = (struct oci_int){ true, 321 };
	must(pipe(ends) == 0);
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		close(ends[1]);
		_exit(read(ends[0], &pid, 1) != 0);
	}
	auto_close int procfs = procfs_open();
	must(setpriority(PRIO_PROCESS, 0, 5) == 0);
	process.scheduler = &(struct oci_scheduler){ .policy = SCHED_BATCH,
						     .nice = { true, 9 } };
	must(process_oom_score(&process, pid, procfs) == 0);
	must(process_limits(&process, pid) == 0);
	/* What is lower already than it may be is not touched from here. */
	must(prlimit(pid, RLIMIT_NOFILE, NULL, &now) == 0);
	must(now.rlim_max > 200);
	must(sched_getscheduler(pid) == SCHED_BATCH);
	must(getpriority(PRIO_PROCESS, pid) == 9);
	auto_free char *path = text("/proc/%d/oom_score_adj", pid);
	char score[16];
	must(read_text(AT_FDCWD, path, score, sizeof(score)) > 0);
	must(strcmp(score, "321") == 0);
	/* And we are what we were. */
	must(sched_getscheduler(0) == SCHED_OTHER);
	must(getpriority(PRIO_PROCESS, 0) == 5);
	close(ends[1]);
	must(waitpid(pid, NULL, 0) == pid);
}

static void
oom_score(void)
{
	char score[16];
	process.oom_score_adj = (struct oci_int){ true, 500 };
	must(limit() == 0);
	must(read_text(AT_FDCWD, "/proc/self/oom_score_adj", score,
		       sizeof(score)) > 0);
	must(strcmp(score, "500") == 0);
	/* Back to 0 is allowed to all who began there; to less it is not. */
	process.oom_score_adj.value = -500;
	must(limit() < 0);
	must(says("set oom_score_adj to -500 (lowering it takes "
		  "CAP_SYS_RESOURCE)"));
	/* Not said: left alone. */
	process.oom_score_adj = (struct oci_int){ 0 };
	must(limit() == 0);
	must(read_text(AT_FDCWD, "/proc/self/oom_score_adj", score,
		       sizeof(score)) > 0);
	must(strcmp(score, "500") == 0);
}

/* struct sched_attr as of the first kernel that had it. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static struct attributes
attributes(void)
{
	struct attributes now = { 0 };
	must(syscall(SYS_sched_getattr, 0, &now, sizeof(now), 0) == 0);
	return now;
}

static void
scheduler(void)
{
	struct oci_scheduler s = { .policy = SCHED_BATCH,
				   .nice = { true, 7 },
				   .flags = SCHED_FLAG_RESET_ON_FORK };
	process.scheduler = &s;
	must(limit() == 0);
	struct attributes now = attributes();
	must(now.policy == SCHED_BATCH && now.nice == 7);
	must(now.flags == SCHED_FLAG_RESET_ON_FORK);
	s = (struct oci_scheduler){ .policy = SCHED_IDLE };
	s.flags = SCHED_FLAG_RESET_ON_FORK;
	must(limit() == 0);
	must(attributes().policy == SCHED_IDLE);
	/* Real time is for the machine's root. */
	s = (struct oci_scheduler){ .policy = SCHED_FIFO,
				    .priority = { true, 1 } };
	must(limit() < 0);
	must(says("set scheduling policy 1 (it takes CAP_SYS_NICE)"));
	s.policy = 99;
	must(limit() < 0 && failure.code == EINVAL);
}

static void
real_time(void)
{
	struct oci_scheduler s = { .policy = SCHED_RR,
				   .priority = { true, 3 } };
	process.scheduler = &s;
	if (limit() < 0 && failure.code == EPERM)
		_exit(CANNOT);
	must(failure.code == 0);
	must(attributes().policy == SCHED_RR && attributes().priority == 3);
	s = (struct oci_scheduler){ .policy = SCHED_DEADLINE,
				    .runtime_ns = 2000000,
				    .deadline_ns = 100000000,
				    .period_ns = 100000000 };
	must(limit() == 0);
	struct attributes now = attributes();
	must(now.policy == SCHED_DEADLINE && now.runtime == 2000000);
	must(now.deadline == 100000000 && now.period == 100000000);
}

static void
io_priority(void)
{
	struct oci_io_priority io = { IOPRIO_CLASS_BE, 6 };
	process.io_priority = &io;
	must(limit() == 0);
	must(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) ==
	     IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6));
	io = (struct oci_io_priority){ IOPRIO_CLASS_IDLE, 0 };
	must(limit() == 0);
	must(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) ==
	     IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
	io = (struct oci_io_priority){ IOPRIO_CLASS_RT, 0 };
	must(limit() < 0);
	must(says("set I/O priority 0 of class 1") && failure.code == EPERM);
}

static void
affinity(void)
{
	must(process_affinity(NULL) == 0 && process_affinity("") == 0);
	must(process_affinity("0") == 0);
	must(strcmp(status_line("Cpus_allowed_list"), "0") == 0);
	must(process_affinity("0-8191") == 0);
	must(process_affinity("8191") < 0);
	must(says("run on CPUs 8191 alone") && failure.code == EINVAL);
	must(process_affinity("0-") < 0 && says("0-"));
}

static void
memory_policy(void)
{
	int mode = 99;
	struct oci_memory_policy policy = { .mode = 2 /* BIND */,
					    .nodes = "0" };
	must(process_memory(NULL) == 0);
	if (process_memory(&policy) < 0 && failure.code == ENOSYS)
		_exit(CANNOT);
	must(failure.code == 0);
	must(syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) == 0);
	must(mode == 2);
	policy.nodes = "1023";
	must(process_memory(&policy) < 0);
	must(says("memory policy (nodes 1023)"));
}

/* ---- labels, keys, home ------------------------------------------------- */

static void
labels(void)
{
	const struct oci_personality domain = { 8 /* PER_LINUX32 */ };
	auto_close int procfs = procfs_open();
	must(process_labels(&process, NULL, procfs) == 0);
	must(personality(0xffffffff) == 0);
	must(process_labels(&process, &domain, procfs) == 0);
	must(personality(0xffffffff) == 8);
}

static void
no_security_module(void)
{
	if (access("/sys/module/apparmor", F_OK) == 0 ||
	    access("/sys/fs/selinux/enforce", F_OK) == 0)
		_exit(CANNOT);
	auto_close int procfs = procfs_open();
	must(process_check(&process) == 0);
	process.apparmor_profile = process.selinux_label = "";
	must(process_check(&process) == 0);
	must(process_labels(&process, NULL, procfs) == 0);
	process.apparmor_profile = "some";
	must(process_check(&process) < 0);
	must(says("process.apparmorProfile: this kernel has no AppArmor"));
	must(process_labels(&process, NULL, procfs) < 0);
	must(says("set the AppArmor profile some"));
	process.apparmor_profile = NULL;
	process.selinux_label = "u:r:t:s0";
	must(process_check(&process) < 0);
	must(says("process.selinuxLabel: this kernel has no SELinux"));
	must(process_labels(&process, NULL, procfs) < 0);
	must(says("set the SELinux label u:r:t:s0"));
}

static long
session_keyring(char *described, size_t size)
{
	long ring = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID,
			    KEY_SPEC_SESSION_KEYRING, 0);
	if (ring > 0)
		must(syscall(SYS_keyctl, KEYCTL_DESCRIBE, ring, described,
			     size) > 0);
	return ring;
}

static void
keyring(void)
{
	char words[256] = "";
	long before = session_keyring(words, sizeof(words));
	if (before < 0 && errno == ENOSYS)
		_exit(CANNOT);
	must(process_keyring("one") == 0);
	long one = session_keyring(words, sizeof(words));
	must(one != before && strstr(words, ";_ses.one"));
	must(process_keyring("two") == 0);
	must(session_keyring(words, sizeof(words)) != one);
	/* exec finds that of its container again. */
	must(process_keyring("one") == 0);
	must(session_keyring(words, sizeof(words)) == one);
}

static void
home(void)
{
	must(mkdir("root", 0755) == 0 && mkdir("root/etc", 0755) == 0);
	auto_file FILE *passwd = fopen("root/etc/passwd", "w");
	fputs("root:x:0:0::/root:/bin/sh\n+::::::\n"
	      "web:x:33:33::/var/www:/bin/sh\n", passwd);
	fflush(passwd);
	must(chroot("root") == 0);
	auto_free char *www = process_home(33);
	auto_free char *none = process_home(34);
	must(strcmp(www, "/var/www") == 0 && strcmp(none, "/") == 0);
	/* A FIFO there would keep a careless reader waiting. */
	must(unlink("/etc/passwd") == 0);
	must(mkfifo("/etc/passwd", 0644) == 0);
	auto_free char *still = process_home(33);
	must(strcmp(still, "/") == 0);
}

/* ---- the table ---------------------------------------------------------- */

struct body {
	void (*run)(void);
};

static void
in_user_namespace(void **state)
{
	const struct body *body = *state;
	in_sandbox(body->run, ALL_CALLS);
}

static void
as_root(void **state)
{
	const struct body *body = *state;
	in_root_sandbox(body->run, ALL_CALLS);
}

#define IN_USER_NAMESPACE(name)                                               \
	{ #name, in_user_namespace, NULL, NULL, &(struct body){ name } }
#define AS_ROOT(name)                                                         \
	{ #name, as_root, NULL, NULL, &(struct body){ name } }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_USER_NAMESPACE(five_sets),
		IN_USER_NAMESPACE(nothing_inherited),
		IN_USER_NAMESPACE(no_capabilities),
		IN_USER_NAMESPACE(impossible_sets),
		IN_USER_NAMESPACE(ungranted),
		IN_USER_NAMESPACE(cannot_bound),
		IN_USER_NAMESPACE(spare_for_a_filter),
		IN_USER_NAMESPACE(no_spare),
		IN_USER_NAMESPACE(no_new_privileges),
		IN_USER_NAMESPACE(denied_groups),
		IN_USER_NAMESPACE(unmapped_user),
		IN_USER_NAMESPACE(nobody),
		IN_USER_NAMESPACE(wrong_directories),
		IN_USER_NAMESPACE(outside_directory),
		IN_USER_NAMESPACE(made_directory),
		IN_USER_NAMESPACE(rlimits),
		IN_USER_NAMESPACE(of_another),
		IN_USER_NAMESPACE(oom_score),
		IN_USER_NAMESPACE(scheduler),
		IN_USER_NAMESPACE(io_priority),
		IN_USER_NAMESPACE(affinity),
		IN_USER_NAMESPACE(memory_policy),
		IN_USER_NAMESPACE(labels),
		IN_USER_NAMESPACE(no_security_module),
		IN_USER_NAMESPACE(keyring),
		IN_USER_NAMESPACE(home),
		AS_ROOT(another_user),
		AS_ROOT(no_way_back),
		AS_ROOT(stdio),
		AS_ROOT(own_directory),
		AS_ROOT(as_the_user),
		AS_ROOT(forbidden_directory),
		AS_ROOT(real_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
