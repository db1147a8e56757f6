/* ns_map_root.c - a child in a new user namespace, whose maps its parent
 * writes; then writes that the kernel refuses. */
#include "ns.h"
#include "stop.h"

static void
prepare(void)
{
	must(unshare(CLONE_NEWUSER) == 0);
}

static void
map(const char *where, pid_t pid, uid_t uid, gid_t gid)
{
	forget_failure();
	int result = ns_map_root(pid, uid, gid);
	stop(where, "child=%d %s", pid, RESULT(result));
}

int
main(void)
{
	stop("begun", "pid=%d", getpid());
	pid_t pid = bystander(prepare), other = bystander(prepare);
	map("mapped", pid, geteuid(), getegid());
	map("again", pid, geteuid(), getegid());
	map("foreign", other, geteuid() + 1, getegid());
	dismiss(pid);
	dismiss(other);
	map("gone", pid, geteuid(), getegid());
	return 0;
}
