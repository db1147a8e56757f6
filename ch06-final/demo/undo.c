/* undo.c - experiment `undo`: every step made to fail, and nothing is left. */
#include "demo.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "mountinfo.h"
#include "net.h"
#include "netlink.h"
#include "stage.h"
#include "steps.h"

/* What of a host a failed start could leave behind. */
struct host {
	size_t mounts;
	size_t links;
	size_t cgroups; /* directories with our name in some hierarchy */
	size_t containers;
};

static int
look(struct host *host)
{
	auto_mounts struct mount_table table = { 0 };
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	struct netlink_link *links;
	struct cgroup cgroup = { 0 };
	auto_close int containers = records_open(getenv("MYDOCKER_ROOT"));
	if (containers < 0 || mountinfo_read(0, &table) < 0 ||
	    netlink_open(&nl) < 0 ||
	    netlink_list_links(&nl, &links, &host->links) < 0)
		return -1;
	free(links);
	int found = cgroup_open(&cgroup, "mydocker");
	cgroup_close(&cgroup);
	struct record *records = records_list(containers, &host->containers);
	for (size_t i = 0; i < host->containers; i++)
		record_free(&records[i]);
	free(records);
	host->mounts = table.count;
	host->cgroups = found;
	return found < 0 ? -1 : 0;
}

static bool
same(const struct host *a, const struct host *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static int
fail_at(const char *step, const struct host *before)
{
	int status;
	setenv("FAIL_AT", step, 1);
	auto_free char *said = stage_output(
		(const char *const[]){ "./demo", "run", "-m", "64m", "busybox",
				       "true", NULL },
		&status);
	unsetenv("FAIL_AT");
	struct host after;
	if (!said || look(&after) < 0)
		return -1;
	said[strcspn(said, "\n")] = '\0';
	tour_show(step, "exit %d, %s", status, said);
	tour_expect(status == 125 && strstr(said, step) &&
			    same(before, &after),
		    "it is named, and the host is as it was");
	return 0;
}

static int
fail_each(const struct step *step, const struct host *before)
{
	for (; step->name; step++)
		if (fail_at(step->name, before) < 0)
			return -1;
	return 0;
}

static int
run_undo(void)
{
	int not_ready = stage_enter();
	if (not_ready)
		return not_ready;
	tour_say("A container is set up by a table of steps, and undone by "
		 "the same table backwards.");
	tour_say("Each step is now made to fail after it has done its work "
		 "(FAIL_AT=step).");
	if (stage_run("run", "--rm", "busybox", "true") != 0)
		return failx("the container does not even run undisturbed");
	struct host before;
	if (look(&before) < 0)
		return -1;
	tour_show("before", "%zu mounts, %zu links, %zu cgroups of ours",
		  before.mounts, before.links, before.cgroups);
	tour_step("The runtime's half (container/up.c).");
	if (fail_each(up_steps, &before) < 0)
		return -1;
	tour_step("The child's half, between clone and exec (child.c).");
	return fail_each(child_steps, &before);
}

const struct experiment demo_undo = {
	.name = "undo",
	.shows = "every step of the set-up made to fail: nothing is left",
	.run = run_undo,
	.tidy = stage_tidy,
};
