/* named.c - see named.h. */
#include "named.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "hand.h"
#include "ns.h"
#include "runid.h"
#include "subtree.h"
#include "sys.h"
#include "tour.h"

#define PREFIX "mydocker-demo-"

const char *
named_controllers(void)
{
	static char controllers[80];
	snprintf(controllers, sizeof(controllers), "name=" PREFIX "%s",
		 runid());
	return controllers;
}

int
named_mount(const char *target)
{
	auto_free char *options = text("none,%s", named_controllers());
	if (mkdir(target, 0755) < 0 && errno != EEXIST)
		return fail("make directory %s", target);
	if (sys_mount("cgroup-test", target, "cgroup", 0, options) < 0)
		return fail("mount -t cgroup -o %s", options);
	return 0;
}

int
named_create(const char *target)
{
	return ns_own_mounts() < 0 || tour_scratch() < 0 ? -1 :
							   named_mount(target);
}

bool
named_is_refused(void)
{
	return failure.code == EPERM || failure.code == ENODEV;
}

static bool
is_known(const char *controllers)
{
	auto_free char *path = hand_path(getpid(), controllers);
	return path != NULL;
}

bool
named_exists(void)
{
	return is_known(named_controllers());
}

/* ---- the end ------------------------------------------------------------ */

static int
remove_below(int dir, int parent, const char *name, void *data)
{
	subtree_each_child(dir, remove_below, data);
	unlinkat(parent, name, AT_REMOVEDIR);
	return 0;
}

/*
 * A mount that is nowhere in the tree: it needs no directory and no mount
 * namespace, and ends with its descriptor.
 */
static void
empty(const char *name)
{
	auto_close int fs = sys_fsopen("cgroup");
	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_SET_FLAG, "none", NULL) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_SET_STRING, "name", name) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return;
	auto_close int root = sys_fsmount(fs, 0);
	if (root >= 0)
		subtree_each_child(root, remove_below, NULL);
}

/*
 * The hierarchy goes when its last mount does while no cgroup is in it; and
 * one that was removed stays in it for a moment.  So: again, until it is gone.
 */
static void
remove_hierarchy(const char *controllers)
{
	for (int tries = 0; tries < 200 && is_known(controllers); tries++) {
		empty(controllers + strlen("name="));
		clock_sleep_us(5000);
	}
}

void
named_remove_all(void)
{
	auto_free char *lines = read_all(AT_FDCWD, "/proc/self/cgroup", NULL);
	char *rest = lines;
	for (char *line; lines && (line = strtok_r(rest, "\n", &rest));) {
		strsep(&line, ":");
		const char *controllers = strsep(&line, ":");
		if (!line || strncmp(controllers, "name=" PREFIX,
				     strlen("name=" PREFIX)) != 0)
			continue;
		const char *id = controllers + strlen("name=" PREFIX);
		if (strcmp(id, runid()) == 0 ||
		    !runid_is_alive(id))
			remove_hierarchy(controllers);
	}
}
