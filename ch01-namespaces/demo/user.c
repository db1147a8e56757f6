/*
 * user.c - experiment `user`: an ordinary user becomes root, in a namespace.
 *
 * Nothing here takes privilege.  So that root sees the same, the part is then
 * played by a child that has given its privilege up for good.  That user makes
 * another child, in a new user namespace: what the one is outside, the other
 * is inside.
 */
#include "demo.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "become.h"
#include "capabilities.h"
#include "look.h"
#include "ns.h"
#include "nschild.h"
#include "subordinate.h"
#include "sync.h"
#include "sys.h"

#define ROOTS_FILE "/etc/passwd"
#define INSIDE_NAME "inside"

/* ---- inside ------------------------------------------------------------ */

static void
look_inside(void)
{
	uint64_t set = capabilities_effective();
	tour_step("Inside: a child in a new user namespace.");
	tour_say("Its parent, as ordinary as before, has written the two maps: "
		 "ID INSIDE, ID");
	tour_say("OUTSIDE, HOW MANY. All capabilities came with the "
		 "namespace.");
	tour_run((const char *const[]){ "id", NULL });
	show_id_maps(getpid());
	capabilities_show("CapEff", set);
	tour_expect(getuid() == 0 && getgid() == 0, "it is root in here");
	tour_expect(__builtin_popcountll(set) == capabilities_known(),
		    "with every capability that there is");
}

/* A file without a name, made in here; both sides look at the same one. */
static int
hand_out_a_file(int sock)
{
	struct stat st;
	auto_close int file = memfd_create("mydocker", MFD_CLOEXEC);
	if (file < 0 || fstat(file, &st) < 0)
		return fail("make a file");
	tour_show("owner of a file it makes", "%u", st.st_uid);
	tour_expect(st.st_uid == 0, "what it makes belongs to root, in here");
	return sync_send_fd(sock, file);
}

/* `result` is what a call returned that ought to have been refused. */
static void
refused(const char *call, int result, const char *why)
{
	int code = errno;
	tour_show(call, "%s", result < 0 ? strerror(code) : "done");
	tour_expect(result < 0 && (code == EPERM || code == EACCES), "%s",
		    why);
}

/* None of these would do harm if it were allowed. */
static void
reach_out(void)
{
	struct timespec now;
	struct stat st;
	auto_free char *name = look_host_name();
	clock_gettime(CLOCK_REALTIME, &now);
	tour_step("Inside: what these capabilities do not reach.");
	tour_say("Whatever was there before belongs to the user namespace "
		 "outside. There it");
	tour_say("is an ordinary user, and that is where the kernel looks.");
	refused("sethostname", sys_sethostname(name),
		"the UTS namespace is not its own");
	refused("mount", sys_mount("none", "/", "tmpfs", 0, NULL),
		"nor is the mount namespace");
	refused("clock_settime", clock_settime(CLOCK_REALTIME, &now),
		"the clock belongs to nobody but the first user namespace");
	if (stat(ROOTS_FILE, &st) == 0)
		tour_show("owner of " ROOTS_FILE, "%u", st.st_uid);
	refused("chown", chown(ROOTS_FILE, 0, 0),
		"root's files have an owner that is not mapped: nobody");
	refused("open for writing", open(ROOTS_FILE, O_WRONLY | O_CLOEXEC),
		"so it is not their owner, and may not override their mode");
	refused("setgroups", setgroups(0, NULL),
		"and groups were given up before the group map was written");
}

static int
rule_at_home(void)
{
	tour_step("Inside: what they do reach.");
	tour_say("A namespace of another kind belongs to the user namespace "
		 "of its maker.");
	auto_free char *before = look_link(0, "uts");
	if (sys_unshare(CLONE_NEWUTS) < 0)
		return ns_fail_userns("make a UTS namespace inside");
	auto_free char *after = look_link(0, "uts");
	tour_show("before unshare", "%s", before);
	tour_show("after", "%s", after);
	int result = sys_sethostname(INSIDE_NAME);
	auto_free char *name = look_host_name();
	tour_show("gethostname()", "%s", name);
	tour_expect(result == 0 && strcmp(name, INSIDE_NAME) == 0,
		    "in a UTS namespace of its own it sets the host name");
	return 0;
}

static int
inside(int sock, void *data)
{
	(void)data;
	look_inside();
	if (hand_out_a_file(sock) < 0 ||
	    sync_expect(sock, SYNC_GO, "the parent") < 0)
		return -1;
	reach_out();
	if (rule_at_home() < 0)
		return -1;
	return tour_shell("Try: id; cat /proc/self/uid_map; ls -l /; "
			  "unshare --net ip link");
}

/* ---- outside ----------------------------------------------------------- */

static int
look_outside(const struct ns_child *child)
{
	struct stat st;
	auto_close int file = sync_expect_fd(child->sock, "the child");
	if (file < 0)
		return -1;
	if (fstat(file, &st) < 0)
		return fail("look at the child's file");
	tour_step("Outside: its parent looks at it (pid %d).", child->pid);
	auto_free char *uids = look_status(child->pid, "Uid");
	auto_free char *ours = look_status(0, "Uid");
	auto_free char *user = look_link(child->pid, "user");
	auto_free char *our_user = look_link(0, "user");
	tour_show("user namespaces", "%s, here %s", user, our_user);
	tour_show("Uid of the child", "%s", uids);
	tour_show("owner of its file", "%u", st.st_uid);
	tour_expect(strcmp(user, our_user) != 0, "two user namespaces");
	tour_expect(strcmp(uids, ours) == 0 && st.st_uid == geteuid(),
		    "to everybody out here it is uid %u, and so are its files",
		    geteuid());
	return sync_send(child->sock, SYNC_GO);
}

/* What became of it: 0, tour_skip()'s value or -1. */
static int
result_of(struct ns_child *child)
{
	int status;
	if (ns_child_wait(child, &status) < 0)
		return become_refused();
	return status < 128 ? status : failx("a child was killed by signal %d",
					     status - 128);
}

static int
play(void)
{
	tour_step("Before: an ordinary user.");
	tour_run((const char *const[]){ "id", NULL });
	uint64_t set = capabilities_effective();
	capabilities_show("CapEff", set);
	tour_expect(geteuid() != 0 && set == 0, "who may do nothing special");
	struct ns_child child;
	if (ns_child_create(&child, CLONE_NEWUSER, -1, inside, NULL) < 0)
		return become_refused();
	if (look_outside(&child) < 0)
		return ns_child_give_up(&child);
	return result_of(&child);
}

/* In a child of root's. */
static int
play_without_root(int sock, void *data)
{
	(void)sock;
	(void)data;
	tour_say("You are root. The part of the ordinary user is played by a "
		 "child that has");
	tour_say("given that up and is now uid %d.", ORDINARY_USER);
	if (setgroups(0, NULL) < 0 ||
	    setresgid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) < 0 ||
	    setresuid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) < 0)
		return tour_skip("needs an ordinary user, and root here cannot "
				 "become one: %s", strerror(errno));
	/* A change of ids makes files in /proc/PID root's, and forgets that we
	 * are to end with our parent. */
	prctl(PR_SET_DUMPABLE, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (chdir("/") < 0)
		return fail("leave a directory that may be root's");
	return play();
}

static int
run_user(void)
{
	if (!(ns_supported() & CLONE_NEWUSER))
		return tour_skip("needs a kernel with user namespaces");
	struct ns_child child;
	bool root = geteuid() == 0;
	if (root &&
	    ns_child_create(&child, 0, -1, play_without_root, NULL) < 0)
		return -1;
	int result = root ? result_of(&child) : play();
	return result ? result : subordinate_ids();
}

const struct experiment demo_user = {
	.name = "user",
	.shows = "an ordinary user becomes root inside, and what that reaches",
	.run = run_user,
	.has_shell = true,
};
