/* ns_id.c - asks for the namespaces of this process and of one that is in
 * others, then of one that is no more. */
#include "ns.h"
#include "stop.h"

static void
prepare(void)
{
	must(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
		     CLONE_NEWNET | CLONE_NEWCGROUP) == 0);
}

static void
ask(const char *who, pid_t pid, const struct ns_kind *kind)
{
	struct ns_id id = { 0 };
	forget_failure();
	int result = ns_id(pid, kind, &id);
	stop(who, "pid=%d file=%s device=%lu inode=%lu %s", pid, kind->file,
	     (unsigned long)id.device, (unsigned long)id.inode,
	     RESULT(result));
}

int
main(void)
{
	pid_t pid = bystander(prepare);
	for (size_t i = 0; i < NS_KINDS; i++) {
		ask("own", getpid(), &ns_kinds[i]);
		ask("other", pid, &ns_kinds[i]);
	}
	dismiss(pid);
	ask("gone", pid, &ns_kinds[0]);
	return 0;
}
