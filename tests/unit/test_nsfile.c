/*
 * test_nsfile.c - namespaces by their files, as an ordinary user who is root
 * of a user namespace; the targets are children that wait to be joined.
 */
#include "nsfile.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "in_child.h"
#include "nschild.h"
#include "sync.h"
#include "sys.h"

static int
own_file(const char *kind)
{
	auto_free char *path = text("/proc/self/ns/%s",
				    kind_named(kind)->file);
	return ns_open(path, kind_named(kind));
}

static int
file_of(const struct ns_child *child, const char *kind)
{
	auto_free char *path = text("/proc/%d/ns/%s", child->pid,
				    kind_named(kind)->file);
	return ns_open(path, kind_named(kind));
}

/* Are we where `pid` is? */
static bool
with(pid_t pid, const char *kind)
{
	struct ns_id ours, theirs;
	must(ns_id(getpid(), kind_named(kind), &ours) == 0);
	must(ns_id(pid, kind_named(kind), &theirs) == 0);
	return ns_same(ours, theirs);
}

static bool
says(const char *words)
{
	return strstr(failure.text, words) != NULL;
}

/* ---- a target ---------------------------------------------------------- */

/* What it unshares one after the other once it is born. */
struct moves {
	int first, second;
};

static int
move_and_wait(int sock, void *data)
{
	const struct moves *moves = data;
	if ((moves->first && unshare(moves->first) < 0) ||
	    (moves->second && unshare(moves->second) < 0))
		return fail("unshare");
	if (sync_send(sock, SYNC_READY) < 0)
		return -1;
	return sync_expect(sock, SYNC_GO, "the test");
}

static struct ns_child
target(uint64_t flags, int first, int second)
{
	struct moves moves = { first, second };
	struct ns_child child;
	must(ns_child_create(&child, flags, -1, move_and_wait, &moves) == 0);
	must(sync_expect(child.sock, SYNC_READY, "the target") == 0);
	return child;
}

/* In a further process: what is joined is left again by its end. */
static void
try_out(void (*body)(struct ns_child *), struct ns_child *child)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		body(child);
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid && status == 0);
}

/* ---- opening ----------------------------------------------------------- */

static void
each_kind_is_known_by_its_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < NS_KINDS; i++) {
		auto_free char *path = text("/proc/self/ns/%s",
					    ns_kinds[i].file);
		if (access(path, F_OK) < 0)
			continue;
		auto_close int fd = ns_open(path, NULL);
		assert_true(fd >= 0);
		assert_ptr_equal(ns_kind_of(fd), &ns_kinds[i]);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		const struct ns_kind *other = &ns_kinds[(i + 1) % NS_KINDS];
		assert_int_equal(ns_open(path, other), -1);
		assert_true(says(ns_kinds[i].name) && says(other->name));
	}
}

static void
other_files_are_refused(void **state)
{
	(void)state;
	static const char *const files[] = { "/dev/null", "/proc/self/status",
					     "/proc/self/ns", "/" };
	for (size_t i = 0; i < countof(files); i++) {
		assert_int_equal(ns_open(files[i], NULL), -1);
		assert_true(says(files[i]) && says("not the file of a"));
	}
	assert_int_equal(ns_open("/proc/self/ns/nonsense", NULL), -1);
	assert_int_equal(failure.code, ENOENT);
	assert_null(ns_kind_of(-1));
}

/* Who opens a FIFO waits for a writer: for ever. */
static void
a_fifo_does_not_hang_us(void **state)
{
	(void)state;
	char path[] = "/tmp/test-nsfile-XXXXXX";
	assert_non_null(mkdtemp(path));
	auto_free char *fifo = text("%s/fifo", path);
	int made = mkfifo(fifo, 0600);
	alarm(10);
	int fd = ns_open(fifo, NULL);
	alarm(0);
	unlink(fifo);
	rmdir(path);
	assert_int_equal(made, 0);
	assert_int_equal(fd, -1);
}

/* ---- joining: the order ------------------------------------------------ */

/* An owner without privilege: user first, or the rest is refused. */
static void
join_as_owner(struct ns_child *child)
{
	int fds[] = { file_of(child, "uts"), file_of(child, "ipc"),
		      file_of(child, "user") };
	must(setns(fds[0], 0) < 0 && errno == EPERM);
	must(ns_join_files(fds, 3) == 0);
	must(with(child->pid, "uts") && with(child->pid, "ipc"));
	must(with(child->pid, "user"));
}

static void
join_process_as_owner(struct ns_child *child)
{
	must(ns_join_process(child->pidfd, CLONE_NEWUTS | CLONE_NEWIPC |
					   CLONE_NEWUSER) == 0);
	must(with(child->pid, "uts") && with(child->pid, "ipc"));
	must(with(child->pid, "user"));
}

static void
check_owner(void)
{
	become_ordinary();
	struct ns_child child;
	struct moves moves = { 0, 0 };
	if (ns_child_create(&child, CLONE_NEWUSER | CLONE_NEWUTS |
			    CLONE_NEWIPC, -1, move_and_wait, &moves) < 0)
		_exit(CANNOT);
	must(sync_expect(child.sock, SYNC_READY, "the target") == 0);
	try_out(join_as_owner, &child);
	try_out(join_process_as_owner, &child);
	ns_child_end(&child);
}

static void
an_owner_enters_the_user_namespace_first(void **state)
{
	(void)state;
	in_child(check_owner);
}

/* Root: the host name belongs to us and not to the user namespace, so it is
 * out of reach from in there; the queues belong to that one. */
static void
join_from_above(struct ns_child *child)
{
	int fds[] = { file_of(child, "user"), file_of(child, "uts"),
		      file_of(child, "ipc") };
	must(ns_join_files(fds, 3) == 0);
	must(with(child->pid, "uts") && with(child->pid, "ipc"));
	must(with(child->pid, "user"));
}

static void
join_process_from_above(struct ns_child *child)
{
	must(ns_join_process(child->pidfd, CLONE_NEWUTS | CLONE_NEWIPC |
					   CLONE_NEWUSER) == 0);
	must(with(child->pid, "uts") && with(child->pid, "ipc"));
	must(with(child->pid, "user"));
}

static void
join_in_the_wrong_order(struct ns_child *child)
{
	auto_close int user = file_of(child, "user");
	auto_close int uts = file_of(child, "uts");
	must(setns(user, 0) == 0);
	must(ns_join_files(&uts, 1) == -1);
	must(failure.code == EPERM && says("uts") && says("CAP_SYS_ADMIN"));
}

static void
check_from_above(void)
{
	become_root_somehow();
	struct ns_child child = target(0, CLONE_NEWUTS,
				       CLONE_NEWUSER | CLONE_NEWIPC);
	try_out(join_in_the_wrong_order, &child);
	try_out(join_from_above, &child);
	try_out(join_process_from_above, &child);
	ns_child_end(&child);
}

static void
root_enters_the_user_namespace_last(void **state)
{
	(void)state;
	in_child(check_from_above);
}

static void
check_own_user_namespace(void)
{
	become_root_somehow();
	struct ns_child child = target(CLONE_NEWUTS, 0, 0);
	int fds[] = { own_file("user"), file_of(&child, "uts") };
	must(setns(fds[0], 0) < 0 && errno == EINVAL);
	must(ns_join_files(fds, 2) == 0 && with(child.pid, "uts"));
	must(unshare(CLONE_NEWUTS) == 0 && !with(child.pid, "uts"));
	must(ns_join_process(child.pidfd, CLONE_NEWUSER | CLONE_NEWUTS) == 0);
	must(with(child.pid, "uts"));
	ns_child_end(&child);
}

static void
ones_own_user_namespace_is_left_out(void **state)
{
	(void)state;
	in_child(check_own_user_namespace);
}

/* ---- joining: a process ------------------------------------------------ */

/* The network is the host's, not ours to enter: then nothing is entered. */
static void
check_all_or_none(void)
{
	become_root_somehow();
	struct ns_child child = target(CLONE_NEWUTS, 0, 0);
	must(ns_join_process(child.pidfd, CLONE_NEWUTS | CLONE_NEWNET) == -1);
	must(failure.code == EPERM && says("CAP_SYS_ADMIN"));
	must(!with(child.pid, "uts"));
	ns_child_end(&child);
}

static void
a_process_is_joined_whole_or_not_at_all(void **state)
{
	(void)state;
	in_child(check_all_or_none);
}

/* setns(2) with these two flags is refused as Linux before 5.8 would. */
static void
forget_pidfds(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setns, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			 CLONE_NEWUTS | CLONE_NEWIPC, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { countof(filter), filter };
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void
check_old_kernel(void)
{
	become_root_somehow();
	struct ns_child child = target(CLONE_NEWUTS | CLONE_NEWIPC, 0, 0);
	forget_pidfds();
	must(ns_join_process(child.pidfd, CLONE_NEWUTS | CLONE_NEWIPC) == 0);
	must(with(child.pid, "uts") && with(child.pid, "ipc"));
	/* A descriptor that holds no process. */
	auto_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	must(ns_join_process(null, CLONE_NEWUTS | CLONE_NEWIPC) == -1);
	must(says("holds no process"));
	ns_child_end(&child);
}

static void
before_5_8_a_process_is_joined_by_its_files(void **state)
{
	(void)state;
	in_child(check_old_kernel);
}

static void
check_dead(void)
{
	become_root_somehow();
	struct ns_child child = target(CLONE_NEWUTS, 0, 0);
	auto_close int pidfd = fcntl(child.pidfd, F_DUPFD_CLOEXEC, 0);
	ns_child_end(&child);
	must(ns_join_process(pidfd, CLONE_NEWUTS) == -1);
	must(failure.code == ESRCH);
	must(ns_join_process(-1, CLONE_NEWUTS) == -1);
	must(failure.code == EBADF);
}

static void
the_dead_are_not_joined(void **state)
{
	(void)state;
	in_child(check_dead);
}

static void
check_pid(void)
{
	become_root_somehow();
	auto_close int own = own_file("pid");
	struct ns_child child = target(CLONE_NEWPID, 0, 0);
	auto_close int inner = file_of(&child, "pid");
	must(ns_join_files(&inner, 1) == 0);
	must(!with(child.pid, "pid"));
	pid_t pid = fork();
	if (pid == 0) {
		must(getpid() == 2);
		must(ns_join_files(&own, 1) == -1);
		must(failure.code == EPERM || says("not below"));
		_exit(0);
	}
	int status;
	must(waitpid(pid, &status, 0) == pid && status == 0);
	ns_child_end(&child);
}

static void
a_pid_namespace_takes_the_children_only(void **state)
{
	(void)state;
	in_child(check_pid);
}

static void *
stay(void *data)
{
	pause();
	return data;
}

static void
check_threads(void)
{
	become_root_somehow();
	must(unshare(CLONE_NEWNS) == 0);
	struct ns_child child = target(CLONE_NEWNS | CLONE_NEWUTS, 0,
				       CLONE_NEWUSER);
	auto_close int mount = file_of(&child, "mount");
	auto_close int user = file_of(&child, "user");
	auto_close int uts = file_of(&child, "uts");
	pthread_t thread;
	must(pthread_create(&thread, NULL, stay, NULL) == 0);
	must(ns_join_files(&mount, 1) == -1);
	must(failure.code == EINVAL && says("mount") && says("thread"));
	must(ns_join_files(&user, 1) == -1);
	must(failure.code == EINVAL && says("user") && says("thread"));
	must(ns_join_process(child.pidfd, CLONE_NEWNS) == -1);
	must(failure.code == EINVAL && says("mount") && says("thread"));
	must(ns_join_files(&uts, 1) == 0);
	/* The cure for a thread: a root and working directory of its own. */
	must(unshare(CLONE_FS) == 0 && ns_join_files(&mount, 1) == 0);
	ns_child_end(&child);
}

static void
threads_are_told_what_they_cannot(void **state)
{
	(void)state;
	in_child(check_threads);
}

static void
check_nonsense(void)
{
	become_root_somehow();
	struct ns_child child = target(CLONE_NEWUTS, 0, 0);
	int uts = file_of(&child, "uts");
	int many[NS_KINDS + 1];
	for (size_t i = 0; i < countof(many); i++)
		many[i] = uts;
	must(ns_join_files(many, countof(many)) == -1);
	must(ns_join_files((int[]){ uts, 0 }, 2) == -1);
	must(ns_join_files((int[]){ uts, -1 }, 2) == -1);
	must(!with(child.pid, "uts"));
	must(ns_join_files(NULL, 0) == 0);
	ns_child_end(&child);
}

static void
before_all_is_right_nothing_is_joined(void **state)
{
	(void)state;
	in_child(check_nonsense);
}

/* ---- pinning ----------------------------------------------------------- */

static void
enter_scratch(void)
{
	become_root_somehow();
	must(ns_own_mounts() == 0);
	must(mount("scratch", "/tmp", "tmpfs", 0, NULL) == 0);
	must(chdir("/tmp") == 0);
}

static int
name_and_end(int sock, void *data)
{
	(void)data;
	must(sys_sethostname("survivor") == 0);
	must(sync_send(sock, SYNC_READY) == 0);
	return sync_expect(sock, SYNC_GO, "the test");
}

static void
check_pin(void)
{
	enter_scratch();
	struct ns_child child;
	must(ns_child_create(&child, CLONE_NEWUTS, -1, name_and_end, NULL) ==
	     0);
	must(sync_expect(child.sock, SYNC_READY, "the target") == 0);
	int uts = file_of(&child, "uts");
	must(ns_pin(uts, "kept") == 0);
	close(uts);
	ns_child_end(&child);

	auto_close int kept = ns_open("kept", kind_named("uts"));
	must(kept >= 0 && ns_join_files(&kept, 1) == 0);
	char name[64];
	must(gethostname(name, sizeof(name)) == 0);
	must(strcmp(name, "survivor") == 0);

	must(ns_unpin("kept") == 0 && access("kept", F_OK) < 0);
	must(ns_unpin("kept") == 0);
	must(ns_open("kept", NULL) == -1 && failure.code == ENOENT);
}

static void
what_is_pinned_outlives_its_processes(void **state)
{
	(void)state;
	in_child(check_pin);
}

static void
check_pin_refusals(void)
{
	enter_scratch();
	must(write_file(AT_FDCWD, "data", "kept", 0600) == 0);
	auto_close int uts = own_file("uts");
	must(ns_pin(uts, "data") == -1 && failure.code == EEXIST);
	must(ns_pin(uts, "missing/file") == -1 && failure.code == ENOENT);
	must(ns_pin(0, "file") == -1 && access("file", F_OK) < 0);
	must(symlink("data", "link") == 0);
	must(ns_pin(uts, "link") == -1 && failure.code == EEXIST);

	must(ns_unpin("data") == -1 && says("left alone"));
	must(ns_pin(uts, "pin") == 0 && symlink("pin", "to-pin") == 0);
	must(ns_unpin("to-pin") == -1 && says("left alone"));
	must(ns_unpin("/proc/self/ns/uts") == -1 && says("left alone"));
	must(ns_unpin("pin") == 0);
	char content[8];
	must(read_text(AT_FDCWD, "data", content, sizeof(content)) == 4);

	/* No right to mount: nothing is left of the attempt. */
	must(setresuid(1, 1, 1) < 0 && unshare(CLONE_NEWUSER) == 0);
	must(ns_pin(uts, "file") == -1);
	must(access("file", F_OK) < 0 && errno == ENOENT);
}

static void
what_is_no_pin_is_left_alone(void **state)
{
	(void)state;
	in_child(check_pin_refusals);
}

/* Linux 6.18 tells the older of two mount namespaces by numbers that are only
 * in order on one CPU, and so refuses some pins that are right. */
static void
stay_on_this_cpu(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	must(sched_setaffinity(0, sizeof(set), &set) == 0);
}

static void
check_pin_mount(void)
{
	stay_on_this_cpu();
	enter_scratch();
	auto_close int own = own_file("mount");
	must(ns_pin(own, "own") == -1 && failure.code == EINVAL);
	must(says("not from within") && access("own", F_OK) < 0);

	struct ns_child child = target(CLONE_NEWNS, 0, 0);
	auto_close int inner = file_of(&child, "mount");
	must(ns_pin(inner, "inner") == 0 && ns_unpin("inner") == 0);
	ns_child_end(&child);

	/* A shared mount has its copy in there, and the pin would spread. */
	must(mount(NULL, "/tmp", NULL, MS_SHARED, NULL) == 0);
	struct ns_child peer = target(CLONE_NEWNS, 0, 0);
	auto_close int shared = file_of(&peer, "mount");
	must(ns_pin(shared, "shared") == -1 && failure.code == EINVAL);
	must(says("shared mount") && access("shared", F_OK) < 0);
	must(mount(NULL, "/tmp", NULL, MS_PRIVATE, NULL) == 0);
	must(ns_pin(shared, "shared") == 0 && ns_unpin("shared") == 0);
	ns_child_end(&peer);
}

static void
a_mount_namespace_does_not_hold_itself(void **state)
{
	(void)state;
	in_child(check_pin_mount);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_is_known_by_its_file),
		cmocka_unit_test(other_files_are_refused),
		cmocka_unit_test(a_fifo_does_not_hang_us),
		cmocka_unit_test(an_owner_enters_the_user_namespace_first),
		cmocka_unit_test(root_enters_the_user_namespace_last),
		cmocka_unit_test(ones_own_user_namespace_is_left_out),
		cmocka_unit_test(a_process_is_joined_whole_or_not_at_all),
		cmocka_unit_test(before_5_8_a_process_is_joined_by_its_files),
		cmocka_unit_test(the_dead_are_not_joined),
		cmocka_unit_test(a_pid_namespace_takes_the_children_only),
		cmocka_unit_test(threads_are_told_what_they_cannot),
		cmocka_unit_test(before_all_is_right_nothing_is_joined),
		cmocka_unit_test(what_is_pinned_outlives_its_processes),
		cmocka_unit_test(what_is_no_pin_is_left_alone),
		cmocka_unit_test(a_mount_namespace_does_not_hold_itself),
	};
	return cmocka_run_group_tests_name("nsfile", tests, NULL, NULL);
}
