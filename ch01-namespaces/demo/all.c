/*
 * all.c - experiment `all`: one child in new namespaces of every kind.
 *
 * The stage is the parent.  It makes the child with clone3, writes its id
 * maps, and then both look at the same facts from their own side: that is the
 * whole idea of a namespace.  Parent and child take turns by sync.h.
 */
#include "demo.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

#include "become.h"
#include "look.h"
#include "ns.h"
#include "nschild.h"
#include "ownproc.h"
#include "sync.h"
#include "sys.h"

#define INSIDE_NAME "inside"
#define NEEDED                                                                \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID |           \
	 CLONE_NEWNET)
#define QUEUE_KEY 0x6d79646b /* "mydk" */

/* ---- the child --------------------------------------------------------- */

static int
set_up_inside(void)
{
	if (sys_sethostname(INSIDE_NAME) < 0)
		return fail("set the host name inside");
	if (own_proc() < 0)
		return -1;
	if (msgget(QUEUE_KEY, IPC_CREAT | 0600) < 0)
		return fail("make a System V message queue inside");
	return 0;
}

static void
look_at_network(void)
{
	struct ifaddrs *list = NULL, *i;
	int others = 0, up = 0;
	if (getifaddrs(&list) == 0) {
		for (i = list; i; i = i->ifa_next) {
			others += strcmp(i->ifa_name, "lo") != 0;
			up += (i->ifa_flags & IFF_UP) != 0;
		}
		freeifaddrs(list);
	}
	tour_show("network interfaces", "lo, %s; others: %d",
		  up ? "up" : "down", others);
	tour_expect(list && !others && !up,
		    "net: nothing but a loopback, and that is down");
}

/* Each line of /proc/self/cgroup ends in the path within one hierarchy. */
static void
look_at_cgroups(void)
{
	auto_free char *lines = read_all(AT_FDCWD, "/proc/self/cgroup", NULL);
	int count = 0, roots = 0;
	for (char *line = lines; line && *line; count++) {
		char *end = strchrnul(line, '\n');
		roots += end - line >= 2 && strncmp(end - 2, ":/", 2) == 0;
		line = *end ? end + 1 : end;
	}
	tour_show("/proc/self/cgroup", "%d hierarchies, %d at \"/\"", count,
		  roots);
	tour_expect(count > 0 && roots == count,
		    "cgroup: its own cgroup looks like the root everywhere");
}

static void
look_around_inside(int processes_outside)
{
	auto_free char *name = look_host_name();
	int processes = look_count_processes();
	tour_show("getpid()", "%d", getpid());
	tour_show("getuid(), getgid()", "%u, %u", getuid(), getgid());
	tour_show("gethostname()", "%s", name);
	tour_show("processes in /proc", "%d (outside: %d)", processes,
		  processes_outside);
	tour_expect(getpid() == 1, "pid: the child is process 1 in here");
	tour_expect(getuid() == 0, "user: and it is root in here");
	tour_expect(strcmp(name, INSIDE_NAME) == 0,
		    "uts: the host name is the one it set");
	tour_expect(processes < processes_outside,
		    "mount: its own /proc lists only its own processes");
	look_at_network();
	look_at_cgroups();
}

static int
inside(int sock, void *data)
{
	const int *processes_outside = data;
	if (set_up_inside() < 0)
		return -1;
	if (sync_send(sock, SYNC_READY) < 0 ||
	    sync_expect(sock, SYNC_GO, "the parent") < 0)
		return -1;
	tour_step("Inside: the child looks at the same things.");
	look_around_inside(*processes_outside);
	return tour_shell("Try: hostname; ps; id; ip link; "
			  "ls -l /proc/self/ns");
}

/* ---- the parent -------------------------------------------------------- */

static int
compare_namespaces(pid_t pid, uint64_t flags)
{
	for (size_t i = 0; i < NS_KINDS; i++) {
		const struct ns_kind *kind = &ns_kinds[i];
		struct ns_id ours, theirs;
		if (!(flags & kind->flag)) {
			tour_show(kind->name, "not in this kernel (since %s)",
				  kind->since);
			continue;
		}
		if (ns_id(getpid(), kind, &ours) < 0 ||
		    ns_id(pid, kind, &theirs) < 0)
			return -1;
		tour_show(kind->name, "outside %lu, inside %lu",
			  (unsigned long)ours.inode,
			  (unsigned long)theirs.inode);
		tour_expect(!ns_same(ours, theirs), "%s: two namespaces, %s",
			    kind->name, kind->isolates);
	}
	return 0;
}

static int
look_from_outside(pid_t pid, uint64_t flags, const char *name_before)
{
	tour_step("Outside: the parent looks at the child (pid %d here).",
		  pid);
	auto_free char *pids = look_status(pid, "NSpid");
	tour_show("NSpid of the child", "%s", pids);
	if (compare_namespaces(pid, flags) < 0)
		return -1;
	auto_free char *name = look_host_name();
	tour_show("gethostname()", "%s", name);
	tour_expect(strcmp(name, name_before) == 0,
		    "the host's own name is what it was");
	tour_expect(msgget(QUEUE_KEY, 0) < 0,
		    "the message queue that the child made is not here");
	return 0;
}

static int
meet(struct ns_child *child, uint64_t flags, const char *name_before)
{
	if (sync_expect(child->sock, SYNC_READY, "the child") < 0 ||
	    look_from_outside(child->pid, flags, name_before) < 0 ||
	    sync_send(child->sock, SYNC_GO) < 0)
		return ns_child_give_up(child);
	/* The child ends after its own look, or says why it could not. */
	if (ns_child_wait(child, NULL) < 0)
		return -1;
	tour_expect(waitpid(child->pid, NULL, WNOHANG) < 0,
		    "the child has ended, and its namespaces with it");
	return 0;
}

static int
run_all(void)
{
	auto_free char *name_before = look_host_name();
	uint64_t flags = ns_supported();
	tour_say("A namespace decides what a process sees of one kind of "
		 "thing. There are eight");
	tour_say("kinds; clone3(2) makes a child that is in new ones of as "
		 "many kinds as asked for.");
	/* Without a namespace for it, the name it sets would be the host's. */
	if ((flags & NEEDED) != NEEDED)
		return tour_skip("needs a kernel with mount, UTS, IPC, pid and "
				 "network namespaces");
	if (!(flags & CLONE_NEWUSER) && geteuid() != 0)
		return tour_skip("needs root, or user namespaces; this kernel "
				 "was built without them");
	int processes = look_count_processes();
	struct ns_child child;
	if (ns_child_create(&child, flags, -1, inside, &processes) < 0)
		return become_refused();
	return meet(&child, flags, name_before) < 0 ? become_refused() : 0;
}

const struct experiment demo_all = {
	.name = "all",
	.shows = "a child in new namespaces of all eight kinds at once",
	.run = run_all,
	.has_shell = true,
};
