/*
 * escape.c - the classic ways out of a chroot, tried, the experiment `escape`.
 *
 * The same seven attempts are made by a process after chroot, after
 * pivot_root, after what else belongs to it (no process but its own in /proc,
 * no descriptor left open), and at last without capabilities.  What the table
 * at the end says is what happened.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attempts.h"
#include "demo.h"
#include "look.h"
#include "ns.h"
#include "root.h"
#include "rootfs.h"
#include "stage.h"
#include "sys.h"

/* ---- four prisons ------------------------------------------------------ */

static int
lock_by_chroot(void)
{
	return sys_chroot("new") < 0 || chdir("/") < 0 ? fail("chroot") : 0;
}

static int
lock_by_pivot(void)
{
	if (ns_own_mounts() < 0)
		return -1;
	auto_close int root = root_bind_onto_itself("new");
	return root < 0 ? -1 : rootfs_pivot(root);
}

/* In a pid namespace: /proc shows what is in that. */
static int
lock_alone(void)
{
	if (ns_own_mounts() < 0)
		return -1;
	auto_close int root = root_bind_onto_itself("new");
	if (root < 0 || rootfs_mount_all(root, rootfs_plan_default) < 0)
		return -1;
	return rootfs_pivot(root);
}

static int
lock_powerless(void)
{
	return lock_alone() < 0 ? -1 : attempts_drop_capabilities();
}

static const struct prison {
	const char *name;
	const char *words;
	uint64_t kinds; /* of new namespaces */
	int (*lock)(void);
	bool closes; /* what was open outside */
} prisons[] = {
	{ "chroot", "chroot(\"new\"), as root", 0, lock_by_chroot, false },
	{ "pivot_root", "pivot_root, as root, in a mount namespace", 0,
	  lock_by_pivot, false },
	{ "+ own /proc",
	  "The same, in a pid namespace with a /proc of its own, and nothing "
	  "left open",
	  CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET, lock_alone, true },
	{ "+ no caps", "All that, and without capabilities",
	  CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET, lock_powerless, true },
};
enum { CHROOT, PIVOT, ALONE, POWERLESS, PRISONS };

/* As a container has it, to try more in. */
static int
open_shell(void *data)
{
	(void)data;
	if (ns_own_mounts() < 0)
		return -1;
	auto_close int root = root_bind_onto_itself("new");
	if (root < 0 || rootfs_mount_all(root, rootfs_plan_default) < 0 ||
	    rootfs_dev(root) < 0 ||
	    rootfs_mask(root, rootfs_masked_paths) < 0 ||
	    rootfs_readonly_paths(root, rootfs_readonly_default) < 0 ||
	    rootfs_pivot(root) < 0 || attempts_drop_capabilities() < 0)
		return -1;
	setenv("PATH", "/bin", 1);
	return root_shell("Try to get out: cd ..; ls /proc/*/root; chroot "
			  "tmp; mount -t proc proc /tmp");
}

/* ---- one attempt ------------------------------------------------------- */

struct trial {
	const struct prison *prison;
	const struct attempt *attempt;
	struct attempts_outside *outside;
};

static int
try_inside(void *data)
{
	const struct trial *trial = data;
	if (trial->prison->closes)
		close_scoped(&trial->outside->kept);
	if (trial->prison->lock() < 0)
		return -1;
	errno = 0;
	return trial->attempt->try(trial->outside);
}

static const char *
outcome(int result)
{
	const char *name = result ? strerrorname_np(result) : "out!";
	return name ? name : "?";
}

static int
try_all(const struct prison *prison, struct attempts_outside *outside,
	int *results)
{
	tour_step("%s", prison->words);
	for (size_t i = 0; i < ATTEMPTS; i++) {
		struct trial trial = { prison, &attempts[i], outside };
		results[i] = stage_child(prison->kinds, try_inside, &trial);
		if (results[i] < 0)
			return wrap("%s", attempts[i].name);
		tour_show(attempts[i].name, "%s",
			  results[i] ? strerror(results[i]) : "OUT");
	}
	return 0;
}

/* ---- the comparison ---------------------------------------------------- */

static void
show_table(int results[PRISONS][ATTEMPTS])
{
	tour_step("Side by side");
	tour_show("", "%-11s %-11s %-11s %s", prisons[0].name, prisons[1].name,
		  prisons[2].name, prisons[3].name);
	for (size_t i = 0; i < ATTEMPTS; i++)
		tour_show(attempts[i].name, "%-11s %-11s %-11s %s",
			  outcome(results[CHROOT][i]),
			  outcome(results[PIVOT][i]),
			  outcome(results[ALONE][i]),
			  outcome(results[POWERLESS][i]));
}

static bool
all_fail(const int *results, size_t from, size_t count)
{
	for (size_t i = from; i < from + count; i++)
		if (results[i] == 0)
			return false;
	return true;
}

static void
judge(int results[PRISONS][ATTEMPTS])
{
	tour_expect(results[CHROOT][0] == 0 && results[CHROOT][1] == 0 &&
			    results[CHROOT][2] == 0 && results[CHROOT][3] == 0,
		    "root gets out of a chroot by the first four, each alone");
	tour_expect(results[PIVOT][0] != 0 && results[PIVOT][3] != 0,
		    "after pivot_root there is nothing above the root, and the "
		    "namespace begins there");
	tour_expect(results[PIVOT][1] == 0,
		    "but what was open stays open: close it");
	tour_expect(all_fail(results[ALONE], 0, 5),
		    "with its own /proc, and nothing open, no path and no "
		    "process is left to name");
	tour_expect(all_fail(results[POWERLESS], 0, ATTEMPTS),
		    "without capabilities not one gets out");
	if (stage_is_real_root())
		tour_say("What root may do to the machine itself (the last "
			 "two) no root directory forbids.");
}

/* ---- the outside ------------------------------------------------------- */

static int
hold_word(void *data)
{
	attempts_word = *(const long *)data;
	return 0;
}

/* Of what the outer "/" is made: for whoever wants to mount it. */
static int
find_disk(struct attempts_outside *outside, struct mount_table *table)
{
	struct stat st;
	if (stat("/", &st) < 0)
		return fail("look at /");
	if (mountinfo_read(0, table) < 0)
		return -1;
	const struct mountinfo *root = mountinfo_find(table, "/");
	outside->device = st.st_dev;
	outside->inode = st.st_ino;
	outside->type = root ? root->type : "none";
	return 0;
}

static int
try_prisons(struct attempts_outside *outside)
{
	int results[PRISONS][ATTEMPTS];
	struct stage_helper helper;
	if (stage_help(&helper, 0, hold_word, &outside->word) < 0)
		return -1;
	outside->outsider = helper.pid;
	int done = 0;
	for (size_t i = 0; i < PRISONS && done == 0; i++)
		done = try_all(&prisons[i], outside, results[i]);
	stage_dismiss(&helper);
	if (done < 0)
		return -1;
	show_table(results);
	judge(results);
	close_scoped(&outside->kept);
	return stage_child(prisons[ALONE].kinds, open_shell, NULL) < 0 ? -1 :
									 0;
}

static int
run(void)
{
	static const struct rootfs_mount proc = { .type = "proc",
						  .source = "/proc",
						  .target = "/proc",
						  .flags = MS_BIND | MS_REC };
	auto_mounts struct mount_table table = { 0 };
	int refused = stage_enter();
	if (refused)
		return refused;
	if (root_make("new") < 0 || look_put("secret", ATTEMPTS_SECRET) < 0)
		return -1;
	auto_close int root = open("new", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_free char *secret = realpath("secret", NULL);
	if (root < 0 || !secret)
		return fail("look around");
	if (rootfs_mount(root, &proc) < 0)
		return -1;
	auto_free void *handle = attempts_take_handle("secret");
	struct attempts_outside outside = {
		.secret = secret,
		.kept = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.word = 0x5ec4e7 + getpid(),
		.handle = handle,
	};
	if (outside.kept < 0)
		return fail("open /");
	if (find_disk(&outside, &table) < 0)
		return -1;
	return try_prisons(&outside);
}

const struct experiment demo_escape = {
	.name = "escape",
	.shows = "the ways out of a chroot, tried; after pivot_root; without "
		 "capabilities",
	.run = run,
	.has_shell = true,
};
