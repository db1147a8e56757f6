/*
 * hierarchy.c - experiment `hierarchy`: a tree of cgroups, and the five rules
 * by which hierarchies, subsystems and processes belong together.
 *
 * The hierarchy is one of this run's own, without a controller: whatever is
 * done in it limits nobody.
 */
#include "demo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "clock.h"
#include "hand.h"
#include "load.h"
#include "named.h"
#include "subtree.h"
#include "sync.h"
#include "sys.h"

#define TREE "cgroup-test"

/* The directories of the tree. */
struct tree {
	int root, one, two;
};

/* ---- the files ---------------------------------------------------------- */

static const struct {
	const char *name;
	bool only_root;
	const char *purpose;
} files[] = {
	{ "cgroup.procs", false, "the processes in it; to write one moves it" },
	{ "tasks", false, "its threads; to write one moves that alone" },
	{ "notify_on_release", false, "1: tell when the last one has left" },
	{ "cgroup.clone_children", false, "for cpuset: 1: children copy it" },
	{ "release_agent", true, "the program that is run to tell it" },
	{ "cgroup.sane_behavior", true, "0; a switch from before v2" },
};

/* How many files of the table are there, and nothing but these? */
static size_t
count_files(int dir)
{
	size_t known = 0, all = 0;
	auto_close int fd = openat(dir, ".", SUBTREE_OPEN);
	auto_dir DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	if (entries)
		take_fd(&fd);
	struct dirent *entry;
	while (entries && (entry = readdir(entries)))
		all += entry->d_type == DT_REG;
	for (size_t i = 0; i < countof(files); i++)
		known += faccessat(dir, files[i].name, F_OK, 0) == 0;
	return known == all ? all : 0;
}

static int
grow(struct tree *tree)
{
	tour_step("mkdir makes a cgroup, and the kernel fills it with files.");
	tree->one = hand_mkdir(tree->root, "cgroup-1");
	tree->two = hand_mkdir(tree->root, "cgroup-2");
	if (tree->one < 0 || tree->two < 0)
		return -1;
	for (size_t i = 0; i < countof(files); i++) {
		bool below = faccessat(tree->one, files[i].name, F_OK, 0) == 0;
		auto_free char *name = text("%s%s",
					    below ? "cgroup-*/" : "./",
					    files[i].name);
		tour_show(name, "%s", files[i].purpose);
	}
	tour_expect(count_files(tree->root) == 6 &&
			    count_files(tree->one) == 4 &&
			    count_files(tree->two) == 4,
		    "six files in the root, four of them in each cgroup "
		    "below, and no other");
	return 0;
}

/* ---- the rules ---------------------------------------------------------- */

/* Of all processes, how many are in the root?  Who ends meanwhile is in
 * neither number. */
static int
count_in_root(int *all)
{
	int in_root = 0;
	auto_dir DIR *proc = opendir("/proc");
	struct dirent *entry;
	*all = 0;
	while (proc && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);
		auto_free char *path =
			pid > 0 ? hand_path(pid, named_controllers()) : NULL;
		*all += path != NULL;
		in_root += path && strcmp(path, "/") == 0;
	}
	return in_root;
}

static int
show_new_hierarchy(struct tree *tree)
{
	int all, in_root = count_in_root(&all);
	tree->root = open(TREE, SUBTREE_OPEN);
	if (tree->root < 0)
		return fail("open " TREE);
	auto_free char *path = hand_path(getpid(), named_controllers());
	tour_show("mount -t cgroup -o none,...", "%s", named_controllers());
	tour_show("/proc/self/cgroup has it", "%s", path ? path : "no");
	tour_show("/proc/PID/cgroup of all", "/ in %d of %d", in_root, all);
	tour_expect(path && strcmp(path, "/") == 0 && in_root == all &&
			    hand_lists(tree->root, "cgroup.procs", getpid()) &&
			    hand_lists(tree->root, "cgroup.procs", getppid()),
		    "rule 1: a new hierarchy begins with every process in its "
		    "root");
	return 0;
}

/* A hierarchy of v1 that has a controller, or NULL. */
static const struct hierarchy *
find_v1(const struct hierarchies *found)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->all[i].version == 1 &&
		    strncmp(found->all[i].controllers, "name=", 5) != 0)
			return &found->all[i];
	return NULL;
}

/*
 * Only a controller that is on v1 is asked for: one that v2 has and nobody
 * uses would not be refused, but would move to the new hierarchy.
 */
static int
attach_twice(void)
{
	tour_step("The hierarchy once more, and a controller of another one.");
	auto_hierarchies struct hierarchies found = { 0 };
	if (hierarchy_find_all(&found) < 0 || named_mount("again") < 0)
		return -1;
	tour_expect(access("again/cgroup-1", F_OK) == 0,
		    "a second mount shows the same tree: cgroup-1 is there");
	const struct hierarchy *v1 = find_v1(&found);
	if (!v1) {
		tour_say("Left out here: no controller is on a hierarchy of "
			 "v1, so none is held by one.");
		return 0;
	}
	auto_free char *options = text("%s,%s-2", v1->controllers,
				       named_controllers());
	bool made = sys_mount("second", "again", "cgroup", 0, options) == 0;
	int code = errno;
	tour_show("mount -t cgroup -o ...", "%s,name=...: %s", v1->controllers,
		  made ? "done" : strerror(code));
	tour_expect(!made && code == EBUSY,
		    "rule 2: a subsystem is attached to one hierarchy; it may "
		    "share it with others");
	return 0;
}

/* How many lines /proc/PID/cgroup has: one a hierarchy. */
static int
count_lines(pid_t pid)
{
	auto_free char *path = text("/proc/%d/cgroup", pid);
	auto_free char *lines = read_all(AT_FDCWD, path, NULL);
	int count = lines && *lines;
	for (const char *end = lines; end && (end = strchr(end, '\n')); end++)
		count += end[1] != '\0';
	return count;
}

static int
place_one(const struct tree *tree, pid_t pid)
{
	tour_step("A process is in one cgroup of each hierarchy.");
	if (hand_echo_pid(tree->one, "cgroup-1", "cgroup.procs", pid) != 0)
		return failx("move process %d", pid);
	auto_free char *first = hand_path(pid, named_controllers());
	tour_show("it is in", "%s here; /proc/%d/cgroup has %d lines",
		  first ? first : "?", pid, count_lines(pid));
	tour_expect(first && strcmp(first, "/cgroup-1") == 0 &&
			    count_lines(pid) > 1,
		    "rule 3: in several cgroups, each of another hierarchy");
	if (hand_echo_pid(tree->two, "cgroup-2", "cgroup.procs", pid) != 0)
		return failx("move process %d", pid);
	auto_free char *second = hand_path(pid, named_controllers());
	tour_show("it is in", "%s; cgroup-1 has %s", second ? second : "?",
		  hand_other(tree->one, 0) ? "a process" : "no process");
	tour_expect(second && strcmp(second, "/cgroup-2") == 0 &&
			    !hand_other(tree->one, 0),
		    "rule 4: in one cgroup of a hierarchy: to enter one is to "
		    "leave another");
	return 0;
}

static int
fork_one(const struct tree *tree, struct load *parent)
{
	tour_step("The process forks.");
	if (load_go(parent) < 0 ||
	    sync_expect(parent->sock, SYNC_READY, "the process") < 0)
		return -1;
	pid_t child = hand_other(tree->two, parent->pid);
	auto_free char *born = hand_path(child, named_controllers());
	tour_show("the child's cgroup", "%s", born ? born : "?");
	bool inherited = born && strcmp(born, "/cgroup-2") == 0;
	if (hand_echo_pid(tree->one, "cgroup-1", "cgroup.procs", child) != 0)
		return failx("move the child");
	tour_expect(inherited && hand_lists(tree->one, "cgroup.procs", child) &&
			    hand_lists(tree->two, "cgroup.procs", parent->pid),
		    "rule 5: a child is born in its parent's cgroup, and may "
		    "be moved without it");
	return 0;
}

/* ---- the end ------------------------------------------------------------ */

static bool
removes_two(void *tree)
{
	return unlinkat(((struct tree *)tree)->root, "cgroup-2",
			AT_REMOVEDIR) == 0;
}

static int
remove_cgroup(struct tree *tree, struct load *parent)
{
	int status;
	tour_step("rmdir removes a cgroup that has no process.");
	bool removed = removes_two(tree);
	int code = errno;
	tour_show("rmdir cgroup-2", "%s", removed ? "done" : strerror(code));
	tour_expect(!removed && code == EBUSY, "not while one is in it");
	if (load_go(parent) < 0 || load_wait(parent, &status) < 0)
		return -1;
	/* Who was waited for is counted for a moment longer. */
	removed = clock_until(removes_two, tree);
	tour_show("rmdir, when it has ended", "%s",
		  removed ? "done" : strerror(errno));
	tour_expect(removed, "its files are no hindrance: they go with it");
	return 0;
}

static int
outlive_mounts(struct tree *tree)
{
	tour_step("umount, while a cgroup is in the hierarchy.");
	close_scoped(&tree->root);
	close_scoped(&tree->one);
	close_scoped(&tree->two);
	if (sys_umount2("again", 0) < 0 || sys_umount2(TREE, 0) < 0)
		return fail("unmount the hierarchy");
	tour_show("/proc/self/cgroup has it", "%s",
		  named_exists() ? "yes" : "no");
	if (named_mount(TREE) < 0)
		return -1;
	tour_expect(access(TREE "/cgroup-1", F_OK) == 0,
		    "it lives on: mounted again, cgroup-1 is there");
	if (sys_umount2(TREE, 0) < 0)
		return fail("unmount the hierarchy");
	named_remove_all();
	tour_show("emptied, and unmounted", "%s",
		  named_exists() ? "still there" : "gone");
	tour_expect(!named_exists(), "without cgroups it ends with its last "
		    "mount");
	return 0;
}

static int
run(void)
{
	struct tree tree = { -1, -1, -1 };
	struct load parent;
	tour_step("A new hierarchy, without a controller: only a name.");
	if (named_create(TREE) < 0)
		return named_is_refused() ?
			tour_skip("needs " NAMED_NEEDS "; found: %s",
				  failure.text) : -1;
	if (show_new_hierarchy(&tree) < 0 || grow(&tree) < 0 ||
	    attach_twice() < 0 ||
	    load_start(&parent, &(struct cgroup){ 0 }, load_fork, 1) < 0 ||
	    place_one(&tree, parent.pid) < 0 || fork_one(&tree, &parent) < 0 ||
	    tour_shell("Try: ls " TREE "; cat " TREE "/cgroup-*/tasks; "
		       "cat /proc/self/cgroup") < 0 ||
	    remove_cgroup(&tree, &parent) < 0)
		return -1;
	return outlive_mounts(&tree);
}

const struct experiment demo_hierarchy = {
	.name = "hierarchy",
	.shows = "a named hierarchy, its files, and the five rules",
	.run = run,
	.tidy = named_remove_all,
	.has_shell = true,
};
