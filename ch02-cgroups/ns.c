/* ns.c - see ns.h. */
#include "ns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys.h"

const struct ns_kind ns_kinds[NS_KINDS] = {
	{ "mount", "mnt", CLONE_NEWNS, "mount points", "2.4.19",
	  "mount_namespaces(7)" },
	{ "uts", "uts", CLONE_NEWUTS, "host name and NIS domain name", "2.6.19",
	  "uts_namespaces(7)" },
	{ "ipc", "ipc", CLONE_NEWIPC, "System V IPC, POSIX message queues",
	  "2.6.30", "ipc_namespaces(7)" },
	{ "pid", "pid", CLONE_NEWPID, "process ids", "2.6.24",
	  "pid_namespaces(7)" },
	{ "network", "net", CLONE_NEWNET, "devices, addresses, ports, rules",
	  "2.6.29", "network_namespaces(7)" },
	{ "user", "user", CLONE_NEWUSER, "user and group ids, capabilities",
	  "3.8", "user_namespaces(7)" },
	{ "cgroup", "cgroup", CLONE_NEWCGROUP, "the root of the cgroup tree",
	  "4.6", "cgroup_namespaces(7)" },
	{ "time", "time", CLONE_NEWTIME, "boot and monotonic clocks", "5.6",
	  "time_namespaces(7)" },
};

uint64_t
ns_supported(void)
{
	uint64_t flags = 0;
	for (size_t i = 0; i < NS_KINDS; i++) {
		auto_free char *path = text("/proc/self/ns/%s",
					    ns_kinds[i].file);
		if (access(path, F_OK) == 0)
			flags |= ns_kinds[i].flag;
	}
	return flags;
}

int
ns_id(pid_t pid, const struct ns_kind *kind, struct ns_id *id)
{
	/* lab ns_id: Two processes share a namespace when /proc/PID/ns/FILE
	 * leads both to the same inode of the same device: stat(2) it, and
	 * keep the two numbers in *id.  A process that is not there is a
	 * failure that names the path. */
	auto_free char *path = text("/proc/%d/ns/%s", pid, kind->file);
	struct stat st;
	if (stat(path, &st) < 0)
		return fail("look at %s", path);
	*id = (struct ns_id){ st.st_dev, st.st_ino };
	return 0;
	/* lab end: *id = (struct ns_id){ 0 };
	 * return failx("ns_id(%d, %s): not written yet", pid, kind->name); */
}

bool
ns_same(struct ns_id a, struct ns_id b)
{
	/* lab ns_same: An inode number alone says nothing: see stat(2). */
	return a.device == b.device && a.inode == b.inode;
	/* lab end: (void)a;
	 * (void)b;
	 * return false; */
}

int
ns_map_root(pid_t pid, uid_t uid, gid_t gid)
{
	/* lab ns_map_root: Open /proc/PID once (O_PATH), so that all three
	 * files are the same process's; text() and write_text() of base.h do
	 * the rest.  In this order: "deny" into setgroups unless we are root,
	 * "0 UID 1" into uid_map, "0 GID 1" into gid_map.  Each write can be
	 * refused, and each refusal is told. */
	auto_free char *process = text("/proc/%d", pid);
	auto_close int dir =
		open(process, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail("open %s", process);
	auto_free char *uid_map = text("0 %u 1", uid);
	auto_free char *gid_map = text("0 %u 1", gid);
	/* Root may keep setgroups(2); only the unprivileged must give it up. */
	if (geteuid() != 0 && write_text(dir, "setgroups", "deny") < 0)
		return wrap("turn setgroups off for process %d", pid);
	if (write_text(dir, "uid_map", uid_map) < 0 ||
	    write_text(dir, "gid_map", gid_map) < 0)
		return wrap("map ids of process %d", pid);
	return 0;
	/* lab end: return failx("ns_map_root(%d, %u, %u): not written yet",
	 *	pid, uid, gid); */
}

/* The first switch that is set so that user namespaces are forbidden. */
static const char *
userns_switch(void)
{
	static const struct {
		const char *file, *forbids, *cure;
	} switches[] = {
		{ "/proc/sys/kernel/unprivileged_userns_clone", "0",
		  "sysctl kernel.unprivileged_userns_clone=1" },
		{ "/proc/sys/user/max_user_namespaces", "0",
		  "sysctl user.max_user_namespaces=10000" },
		{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
		  "1",
		  "sysctl kernel.apparmor_restrict_unprivileged_userns=0" },
	};
	for (size_t i = 0; i < countof(switches); i++) {
		char value[32];
		if (read_text(AT_FDCWD, switches[i].file, value,
			      sizeof(value)) > 0 &&
		    strcmp(value, switches[i].forbids) == 0)
			return switches[i].cure;
	}
	return NULL;
}

int
ns_fail_userns(const char *what)
{
	int code = errno;
	bool root = geteuid() == 0;
	const char *cure = userns_switch();
	errno = code;
	if (cure)
		return fail("%s (this machine forbids it; \"sudo %s\" allows "
			    "it%s)", what, cure,
			    root ? "" : ", or run this with sudo");
	return fail("%s (%s)", what,
		    root ? "in a chroot, and in many containers, not even root "
			   "can" : "run this with sudo");
}

int
ns_become_root(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	if (uid == 0)
		return 0;
	if (sys_unshare(CLONE_NEWUSER) < 0)
		return ns_fail_userns("make a user namespace");
	/* lab ns_become_root: The process now has every capability in its new
	 * namespace, and no ids there: getuid() is the overflow id, 65534.
	 * Write its own three files, by /proc/self.  For a write that fails,
	 * put failure.code into errno and let ns_fail_userns() explain. */
	auto_free char *uid_map = text("0 %u 1", uid);
	auto_free char *gid_map = text("0 %u 1", gid);
	/* Ubuntu's AppArmor lets unshare pass and takes the capabilities
	 * away afterwards: then it is these writes that fail. */
	if (write_text(AT_FDCWD, "/proc/self/setgroups", "deny") < 0 ||
	    write_text(AT_FDCWD, "/proc/self/uid_map", uid_map) < 0 ||
	    write_text(AT_FDCWD, "/proc/self/gid_map", gid_map) < 0) {
		errno = failure.code;
		return ns_fail_userns("map ids in a user namespace");
	}
	return 0;
	/* lab end: return failx("ns_become_root: maps for %u, %u: not written "
	 *	"yet", uid, gid); */
}

int
ns_own_mounts(void)
{
	/* lab ns_own_mounts: A new mount namespace begins as a copy, and the
	 * copy of a shared mount is in the same peer group as the original:
	 * what is mounted on one appears on the other.  Leave for a new
	 * namespace (sys_unshare), then cut every mount in it loose
	 * (sys_mount; which flag, and which one more?). */
	if (sys_unshare(CLONE_NEWNS) < 0)
		return fail("make a mount namespace");
	if (sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail("make every mount private in the new namespace");
	return 0;
	/* lab end: return failx("ns_own_mounts: not written yet"); */
}

int
ns_within(int fd, const struct ns_kind *kind, int (*call)(void *), void *data)
{
	/* lab ns_within: Keep the way home open (/proc/thread-self/ns/FILE),
	 * enter (sys_setns), call, return home.  Where entering fails there is
	 * no call.  What `call` returned is returned, and its failure is still
	 * in `failure`.  When the way home fails: abort(3). */
	auto_free char *own = text("/proc/thread-self/ns/%s", kind->file);
	auto_close int home = open(own, O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return fail("open %s", own);
	if (sys_setns(fd, kind->flag) < 0)
		return fail("enter the %s namespace", kind->name);
	int result = call(data);
	struct failure inner = failure;
	/* Going on in the wrong namespace would be worse than stopping. */
	if (sys_setns(home, kind->flag) < 0) {
		fail("return to our own %s namespace", kind->name);
		abort();
	}
	failure = inner;
	return result;
	/* lab end: (void)call;
	 * (void)data;
	 * return failx("ns_within(%d, %s): not written yet", fd,
	 *	kind->name); */
}
