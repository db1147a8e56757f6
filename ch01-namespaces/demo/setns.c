/*
 * setns.c - experiment `setns`: into a namespace that is there.
 *
 * Hosts are children in new namespaces, visitors are children that join them:
 * by a file, by a file that outlives the host, by a pidfd.  The stage stays
 * where it is.
 */
#include "demo.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "become.h"
#include "look.h"
#include "mountinfo.h"
#include "ns.h"
#include "nsfile.h"
#include "nschild.h"
#include "sync.h"
#include "sys.h"

#define HOST_NAME "first"
#define KEPT "kept"

/* ---- hosts and visitors ------------------------------------------------ */

/* `data`: the host name to set, or NULL. */
static int
be_host(int sock, void *data)
{
	if (data && sys_sethostname(data) < 0)
		return fail("set the host name inside");
	if (sync_send(sock, SYNC_READY) < 0)
		return -1;
	return sync_expect(sock, SYNC_GO, "the parent");
}

static int
start_host(struct ns_child *host, uint64_t flags, const char *name)
{
	if (ns_child_create(host, flags, -1, be_host, (void *)name) < 0)
		return -1;
	if (sync_expect(host->sock, SYNC_READY, "the host") < 0)
		return ns_child_give_up(host);
	return 0;
}

static int
send_visitor(ns_child_body *body, void *data)
{
	struct ns_child visitor;
	if (ns_child_create(&visitor, 0, -1, body, data) < 0)
		return -1;
	return ns_child_wait(&visitor, NULL);
}

/* ---- by a file --------------------------------------------------------- */

/* `data`: the file of a UTS namespace whose host name is HOST_NAME. */
static int
visit_by_file(int sock, void *data)
{
	const char *path = data;
	(void)sock;
	auto_close int fd = ns_open(path, look_kind("uts"));
	if (fd < 0)
		return -1;
	auto_free char *before = look_host_name();
	if (ns_join_files(&fd, 1) < 0)
		return -1;
	auto_free char *after = look_host_name();
	tour_show("gethostname()", "\"%s\", after setns \"%s\"", before, after);
	tour_expect(strcmp(after, HOST_NAME) == 0,
		    "the visitor reads the name that was set there");
	if (strcmp(path, KEPT) != 0)
		return 0;
	return tour_shell("Try: hostname; grep nsfs /proc/self/mountinfo");
}

static int
show_wrong_kind(const char *path)
{
	auto_close int fd = ns_open(path, look_kind("uts"));
	if (fd < 0)
		return -1;
	int joined = sys_setns(fd, CLONE_NEWIPC), code = errno;
	tour_show("setns(uts, CLONE_NEWIPC)", "%s",
		  joined < 0 ? strerror(code) : "joined");
	tour_expect(joined < 0 && code == EINVAL,
		    "EINVAL: the second argument is what one expects it to be");
	return 0;
}

/* ---- kept without a process -------------------------------------------- */

static int
pin(const char *path, struct ns_id *id)
{
	auto_close int fd = ns_open(path, look_kind("uts"));
	struct stat st;
	if (fd < 0 || ns_pin(fd, KEPT) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return fail("look at %s", path);
	*id = (struct ns_id){ st.st_dev, st.st_ino };
	return 0;
}

/* Is a process in this UTS namespace?  Of those we are allowed to look at. */
static int
count_members(struct ns_id id)
{
	int count = 0;
	auto_dir DIR *proc = opendir("/proc");
	struct dirent *entry;
	while (proc && (entry = readdir(proc))) {
		auto_free char *path = text("%s/ns/uts", entry->d_name);
		struct stat st;
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    fstatat(dirfd(proc), path, &st, 0) == 0)
			count += ns_same(id, (struct ns_id){ st.st_dev,
							     st.st_ino });
	}
	return count;
}

static int
show_pin(struct ns_id id)
{
	auto_mounts struct mount_table table = { 0 };
	if (mountinfo_read(0, &table) < 0)
		return -1;
	auto_free char *here = getcwd(NULL, 0);
	auto_free char *target = text("%s/%s", here, KEPT);
	const struct mountinfo *mount = mountinfo_find(&table, target);
	tour_show("mountinfo of \"" KEPT "\"", "type %s, root %s",
		  mount ? mount->type : "?", mount ? mount->root : "?");
	int members = count_members(id);
	tour_show("processes in it", "%d", members);
	tour_expect(mount && strcmp(mount->type, "nsfs") == 0 && !members,
		    "the mount is all that refers to it");
	return 0;
}

static int
keep(struct ns_child *host, const char *path)
{
	struct ns_id id;
	tour_step("The file is bind-mounted on another one, and the host "
		  "ends.");
	if (pin(path, &id) < 0 || sync_send(host->sock, SYNC_GO) < 0)
		return ns_child_give_up(host);
	if (ns_child_wait(host, NULL) < 0)
		return -1;
	bool gone = access(path, F_OK) < 0;
	tour_show("its file in /proc", "%s", gone ? strerror(errno) : "there");
	if (show_pin(id) < 0 || send_visitor(visit_by_file, KEPT) < 0)
		return -1;

	tour_step("The mount is taken away.");
	if (ns_unpin(KEPT) < 0)
		return -1;
	int fd = ns_open(KEPT, NULL);
	tour_show("open(\"" KEPT "\")", "%s", strerror(failure.code));
	tour_expect(fd < 0 && failure.code == ENOENT,
		    "no file leads to it any more, and no process was in it");
	tour_say("That is all one sees of its end: what has no name cannot be "
		 "asked for.");
	return 0;
}

static int
join_by_file(void)
{
	struct ns_child host;
	tour_step("A host in a new UTS namespace, and a visitor by its file.");
	if (start_host(&host, CLONE_NEWUTS, HOST_NAME) < 0)
		return become_refused();
	auto_free char *path = text("/proc/%d/ns/uts", host.pid);
	tour_show("the file", "%s", path);
	if (send_visitor(visit_by_file, path) < 0 || show_wrong_kind(path) < 0)
		return ns_child_give_up(&host);
	return keep(&host, path);
}

/* ---- by a pidfd -------------------------------------------------------- */

static int
visit_process(int sock, void *data)
{
	const struct ns_child *host = data;
	static const char *const kinds[] = { "uts", "ipc", "mount" };
	(void)sock;
	if (ns_join_process(host->pidfd, CLONE_NEWUTS | CLONE_NEWIPC |
					 CLONE_NEWNS) < 0)
		return -1;
	for (size_t i = 0; i < countof(kinds); i++) {
		auto_free char *ours = look_link(0, kinds[i]);
		auto_free char *theirs = look_link(host->pid, kinds[i]);
		tour_show(kinds[i], "visitor %s, host %s", ours, theirs);
		tour_expect(strcmp(ours, theirs) == 0, "%s: joined", kinds[i]);
	}
	return 0;
}

static void *
stay(void *data)
{
	for (;;)
		pause();
	return data;
}

static int
visit_with_threads(int sock, void *data)
{
	(void)sock;
	(void)data;
	auto_close int mounts = ns_open("/proc/self/ns/mnt", NULL);
	pthread_t thread;
	if (mounts < 0)
		return -1;
	if (pthread_create(&thread, NULL, stay, NULL) != 0)
		return failx("start a thread");
	int joined = sys_setns(mounts, CLONE_NEWNS), code = errno;
	tour_show("with two threads", "%s",
		  joined < 0 ? strerror(code) : "joined");
	tour_expect(joined < 0 && code == EINVAL,
		    "EINVAL: they share a root and a working directory");
	if (sys_unshare(CLONE_FS) < 0)
		return fail("have a root and working directory of one's own");
	joined = sys_setns(mounts, CLONE_NEWNS);
	tour_show("after unshare(CLONE_FS)", "%s",
		  joined < 0 ? strerror(errno) : "joined");
	tour_expect(joined == 0, "a thread with its own may go");
	return 0;
}

static int
join_by_pidfd(void)
{
	struct ns_child host;
	tour_step("By a pidfd: several at once, all or none (Linux 5.8).");
	if (start_host(&host, CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNS,
		       NULL) < 0)
		return become_refused();
	if (send_visitor(visit_process, &host) < 0)
		return ns_child_give_up(&host);
	ns_child_end(&host);
	tour_step("A mount namespace, even one's own, in a process with "
		  "threads.");
	return send_visitor(visit_with_threads, NULL);
}

/* ---- pid --------------------------------------------------------------- */

static int
tell_pid(int sock, void *data)
{
	(void)sock;
	(void)data;
	tour_show("getpid() in its child", "%d", getpid());
	tour_expect(getpid() == 2, "born in there, beside process 1");
	return 0;
}

static int
visit_pid(int sock, void *data)
{
	const struct ns_child *host = data;
	pid_t before = getpid();
	(void)sock;
	auto_free char *path = text("/proc/%d/ns/pid", host->pid);
	auto_close int fd = ns_open(path, look_kind("pid"));
	auto_free char *link = look_link(0, "pid");
	if (fd < 0 || ns_join_files(&fd, 1) < 0)
		return -1;
	auto_free char *after = look_link(0, "pid");
	tour_show("getpid() of the visitor", "%d, after setns %d", before,
		  getpid());
	tour_expect(getpid() == before && strcmp(link, after) == 0,
		    "it has not moved");
	return send_visitor(tell_pid, NULL);
}

static int
join_pid(void)
{
	struct ns_child host;
	tour_step("A pid namespace: only children go there.");
	if (start_host(&host, CLONE_NEWPID, NULL) < 0)
		return become_refused();
	if (send_visitor(visit_pid, &host) < 0)
		return ns_child_give_up(&host);
	ns_child_end(&host);
	return 0;
}

static int
run_setns(void)
{
	int result = become_root_or_skip();
	if (result)
		return result;
	if (ns_own_mounts() < 0)
		return become_refused();
	if (tour_scratch() < 0)
		return -1;
	result = join_by_file();
	if (result == 0)
		result = join_by_pidfd();
	if (result == 0)
		result = join_pid();
	return result;
}

const struct experiment demo_setns = {
	.name = "setns",
	.shows = "join by file or pidfd; keep a namespace without a process",
	.run = run_setns,
	.has_shell = true,
};
