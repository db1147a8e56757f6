/*
 * chroot.c - another root directory for one process, the experiment `chroot`.
 *
 * chroot(2) changes one pointer, where a path that begins with "/" begins.
 * What it does not change is compared before and after.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "demo.h"
#include "look.h"
#include "ns.h"
#include "root.h"
#include "stage.h"
#include "sys.h"

#define SECRET "outside"

/* ---- what a process is, besides its root ------------------------------- */

static const char *const files[] = { "mnt", "pid", "user", "net", "ipc",
				     "uts" };

struct state {
	struct ns_id namespaces[countof(files)];
	pid_t pid;
	uid_t uid;
	char capabilities[64];
};

/* By a descriptor of /proc: afterwards there is none. */
static int
take_state(int proc, struct state *state)
{
	struct stat st;
	for (size_t i = 0; i < countof(files); i++) {
		auto_free char *path = text("self/ns/%s", files[i]);
		if (fstatat(proc, path, &st, 0) < 0)
			return fail("look at /proc/%s", path);
		state->namespaces[i] = (struct ns_id){ st.st_dev, st.st_ino };
	}
	state->pid = getpid();
	state->uid = getuid();
	auto_free char *status = read_all(proc, "self/status", NULL);
	char *line = status ? strstr(status, "CapEff:") : NULL;
	if (!line)
		return failx("read our capabilities");
	snprintf(state->capabilities, sizeof(state->capabilities), "%.*s",
		 (int)strcspn(line, "\n"), line);
	return 0;
}

static void
compare_state(const struct state *before, const struct state *after)
{
	bool same = true;
	for (size_t i = 0; i < countof(files); i++)
		same &= ns_same(before->namespaces[i], after->namespaces[i]);
	tour_show("pid, uid", "%d, %d", after->pid, after->uid);
	tour_show("capabilities", "%s", after->capabilities);
	tour_expect(same, "the same namespaces: mnt, pid, user, net, ipc, uts");
	tour_expect(before->pid == after->pid && before->uid == after->uid &&
			    strcmp(before->capabilities,
				   after->capabilities) == 0,
		    "the same process, user and capabilities");
}

/* ---- the change -------------------------------------------------------- */

static int
look_inside(void)
{
	struct stat top, above;
	auto_free char *names = look_names("/");
	tour_show("in /", "%s", names);
	if (stat("/", &top) < 0 || stat("/..", &above) < 0)
		return fail("look at the new /");
	tour_expect(look_holds("/etc/motd", ROOT_MOTD),
		    "/etc/motd is the file that was new/etc/motd");
	tour_expect(top.st_ino == above.st_ino && top.st_dev == above.st_dev,
		    "\"..\" of / is / itself");
	tour_expect(look_holds("/link", ROOT_MOTD),
		    "a link to /etc/motd leads to the one inside");
	return 0;
}

static void
look_outside(int kept)
{
	char here[4096] = "";
	char byte;
	if (syscall(SYS_getcwd, here, sizeof(here)) < 0)
		here[0] = '\0';
	tour_show("getcwd", "%s", here);
	tour_expect(strncmp(here, "(unreachable)", 13) == 0,
		    "the working directory has stayed where it was: outside");
	tour_expect(look_holds("secret", SECRET),
		    "so \"secret\", without a slash, is still the outside's");
	tour_expect(pread(kept, &byte, 1, 0) == 1 && byte == SECRET[0],
		    "a descriptor that was open still reads the file");
}

static int
change_root(void *data)
{
	struct state before, after;
	const int *kept = data;
	auto_close int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return fail("open /proc");
	if (take_state(proc, &before) < 0)
		return -1;
	tour_step("chroot(\"new\")");
	if (sys_chroot("new") < 0)
		return fail("chroot");
	if (look_inside() < 0)
		return -1;
	tour_step("What it did not change");
	look_outside(*kept);
	if (take_state(proc, &after) < 0)
		return -1;
	compare_state(&before, &after);
	return 0;
}

/* ---- what others see --------------------------------------------------- */

static int
enter_and_stay(void *data)
{
	(void)data;
	return sys_chroot("new") < 0 || chdir("/") < 0 ? fail("chroot") : 0;
}

/* From outside the table of a process in a chroot is that of its namespace,
 * less what it cannot reach: the kernel leaves those lines out. */
static int
look_at_table(void)
{
	struct stage_helper helper;
	auto_mounts struct mount_table ours = { 0 }, theirs = { 0 };
	tour_step("The mount table, read by us and of a process inside");
	if (stage_help(&helper, 0, enter_and_stay, NULL) < 0)
		return -1;
	struct ns_id here, there;
	int done = mountinfo_read(0, &ours);
	if (done == 0)
		done = mountinfo_read(helper.pid, &theirs);
	if (done == 0)
		done = ns_id(getpid(), &ns_kinds[0], &here);
	if (done == 0)
		done = ns_id(helper.pid, &ns_kinds[0], &there);
	auto_free char *link = text("/proc/%d/root", helper.pid);
	bool is_new = look_is_same(link, "new");
	stage_dismiss(&helper);
	if (done < 0)
		return -1;
	tour_show("our mounts", "%zu", ours.count);
	tour_show("those it is shown", "%zu", theirs.count);
	tour_expect(theirs.count < ours.count && ns_same(here, there),
		    "it is shown fewer, and they are all still there: the "
		    "namespace is the same");
	tour_expect(is_new, "its /proc/PID/root leads to \"new\"");
	return 0;
}

static int
open_shell(void *data)
{
	(void)data;
	if (sys_chroot("new") < 0 || chdir("/") < 0)
		return fail("chroot");
	return root_shell("Try: ls /; cd ..; pwd; echo $$; cat /etc/motd");
}

static int
run(void)
{
	struct stat before;
	int refused = stage_enter();
	if (refused)
		return refused;
	tour_step("A directory with a few programs, and a file beside it");
	if (root_make("new") < 0 || look_put("secret", SECRET) < 0)
		return -1;
	if (symlink("/etc/motd", "new/link") < 0)
		return fail("make a link");
	auto_free char *names = look_names("new");
	tour_show("in new", "%s", names);
	auto_close int kept = open("secret", O_RDONLY | O_CLOEXEC);
	if (kept < 0 || stat("/", &before) < 0)
		return fail("look around");
	if (stage_child(0, change_root, &kept) < 0)
		return -1;
	tour_expect(look_is("/", &before),
		    "outside nobody noticed: it was one process's root");
	if (look_at_table() < 0)
		return -1;
	return stage_child(0, open_shell, NULL) < 0 ? -1 : 0;
}

const struct experiment demo_chroot = {
	.name = "chroot",
	.shows = "another root directory for one process, and what that does "
		 "not change",
	.run = run,
	.has_shell = true,
};
