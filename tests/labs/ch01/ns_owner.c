/* ns_owner.c UID - becomes UID in a user namespace of its own, unless it is UID
 * already; asks who made its user namespace and that of a child, then asks
 * about the child once more when it is gone. */
#include "nstable.h"
#include "stop.h"

static void
become(uid_t uid)
{
	if (uid == geteuid())
		return;
	auto_free char *uid_map = text("%u %u 1", uid, geteuid());
	auto_free char *gid_map = text("0 %u 1", getegid());
	must(unshare(CLONE_NEWUSER) == 0);
	must(write_text(AT_FDCWD, "/proc/self/setgroups", "deny") == 0);
	must(write_text(AT_FDCWD, "/proc/self/uid_map", uid_map) == 0);
	must(write_text(AT_FDCWD, "/proc/self/gid_map", gid_map) == 0);
}

static void
prepare(void)
{
	must(unshare(CLONE_NEWUSER) == 0);
}

static int
open_process(pid_t pid)
{
	auto_free char *path = text("/proc/%d", pid);
	int process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(process >= 0);
	return process;
}

static void
ask(const char *where, pid_t pid, int process)
{
	uid_t owner = NS_NO_OWNER;
	forget_failure();
	int result = ns_owner(process, &owner);
	stop(where, "pid=%d owner=%u %s", pid, owner, RESULT(result));
}

int
main(int argc, char **argv)
{
	must(argc == 2);
	become(strtoul(argv[1], NULL, 10));
	pid_t pid = bystander(prepare);
	int own = open_process(getpid()), other = open_process(pid);
	stop("begun", "pid=%d", getpid());
	ask("own", getpid(), own);
	ask("other", pid, other);
	dismiss(pid);
	ask("gone", pid, other);
	return 0;
}
