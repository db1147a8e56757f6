/*
 * cgroup.c - experiment `cgroup`: one's own cgroup is shown as "/".
 *
 * No cgroup is made: the one that we are in will do.  Below systemd it is
 * a session's, with a long path; where it is the root already, there is
 * nothing to hide, and that is told.
 */
#include "demo.h"

#include <string.h>
#include <unistd.h>

#include "become.h"
#include "mountinfo.h"
#include "nschild.h"
#include "sync.h"
#include "sys.h"

/* /proc/PID/cgroup; the caller frees. */
static char *
read_paths(pid_t pid)
{
	auto_free char *path = text("/proc/%d/cgroup", pid);
	return read_all(AT_FDCWD, path, NULL);
}

/*
 * Each line is "NUMBER:CONTROLLERS:PATH", one for each hierarchy; in that of
 * cgroup v2 the controllers are left empty (cgroups(7)).  Shows the paths that
 * are not "/", and returns how many they are.
 */
static int
show_paths(const char *lines)
{
	auto_free char *copy = copy_text(lines);
	char *rest = copy, *line;
	int count = 0, hidden = 0;
	for (; (line = strsep(&rest, "\n")) && *line; count++) {
		strsep(&line, ":");
		char *controllers = strsep(&line, ":");
		if (!line || strcmp(line, "/") == 0)
			continue;
		tour_show(*controllers ? controllers : "(cgroup v2)", "%s",
			  line);
		hidden++;
	}
	tour_show("paths that are \"/\"", "%d of %d", count - hidden, count);
	return hidden;
}

/* Field 4 of mountinfo, which part of the hierarchy is mounted, is a path of
 * cgroups as well. */
static int
show_mounts(void)
{
	auto_mounts struct mount_table table;
	if (mountinfo_read(0, &table) < 0)
		return -1;
	int whole = 0, count = 0;
	for (size_t i = 0; i < table.count; i++) {
		const struct mountinfo *mount = &table.mounts[i];
		if (strncmp(mount->type, "cgroup", strlen("cgroup")) != 0)
			continue;
		count++;
		if (strcmp(mount->root, "/") == 0)
			whole++;
		else
			tour_show(mount->target, "root %s", mount->root);
	}
	tour_show("mounts whose root is \"/\"", "%d of %d", whole, count);
	return 0;
}

static int
inside(int sock, void *data)
{
	(void)data;
	auto_free char *paths = read_paths(getpid());
	auto_free char *first = read_paths(1);
	if (!paths)
		return -1;
	tour_step("Inside: a child in a new cgroup namespace looks at itself.");
	tour_expect(show_paths(paths) == 0,
		    "in every hierarchy it seems to be at the root");
	if (show_mounts() < 0)
		return -1;
	if (first && strcmp(first, paths) != 0) {
		tour_say("Process 1 is not where we are; its path begins by "
			 "going up:");
		show_paths(first);
	}
	if (sync_send(sock, SYNC_READY) < 0 ||
	    sync_expect(sock, SYNC_GO, "the parent") < 0)
		return -1;
	return tour_shell("Try: cat /proc/self/cgroup; "
			  "grep cgroup /proc/self/mountinfo");
}

static int
meet(struct ns_child *child, const char *before)
{
	if (sync_expect(child->sock, SYNC_READY, "the child") < 0)
		return ns_child_give_up(child);
	tour_step("Outside: the same child (pid %d), the same file.",
		  child->pid);
	auto_free char *paths = read_paths(child->pid);
	if (!paths)
		return ns_child_give_up(child);
	show_paths(paths);
	tour_expect(strcmp(paths, before) == 0,
		    "it has not moved: only what is shown has changed");
	if (sync_send(child->sock, SYNC_GO) < 0)
		return ns_child_give_up(child);
	return ns_child_wait(child, NULL);
}

static int
run_cgroup(void)
{
	int refused = become_root_or_skip();
	if (refused)
		return refused;
	tour_say("A cgroup's path tells where in the host's tree one is. The "
		 "namespace begins");
	tour_say("the path anew, at the cgroup in which its maker was: make "
		 "it last.");
	tour_step("Before: /proc/self/cgroup.");
	auto_free char *before = read_paths(getpid());
	if (!before)
		return -1;
	if (show_paths(before) == 0)
		tour_say("We are at the root, or in a cgroup namespace "
			 "already: nothing is hidden.");
	if (show_mounts() < 0)
		return -1;
	struct ns_child child;
	if (ns_child_create(&child, CLONE_NEWCGROUP, -1, inside, NULL) < 0)
		return become_refused();
	return meet(&child, before);
}

const struct experiment demo_cgroup = {
	.name = "cgroup",
	.shows = "one's own cgroup seems to be the root, and it has not moved",
	.run = run_cgroup,
	.has_shell = true,
};
