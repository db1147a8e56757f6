/* undo.c - experiment `undo`: every step made to fail, and nothing is left. */
#include "demo.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "container.h"
#include "mountinfo.h"
#include "stage.h"
#include "steps.h"

/*
 * What is left of the container `id`: every name of a kernel object is made of
 * the id, so nothing that others do on this host meanwhile is taken for ours.
 */
struct left {
	int cgroups; /* directories, in all hierarchies */
	int links;
	int mounts;
	int records;
};

static int
look(const char *id, struct left *left)
{
	auto_mounts struct mount_table table = { 0 };
	auto_free char *name = container_cgroup_name(id);
	auto_close int containers = records_open(getenv("MYDOCKER_ROOT"));
	char veth[IFNAMSIZ];
	struct cgroup cgroup = { 0 };
	if (containers < 0 || net_name_veth(id, veth) < 0 ||
	    mountinfo_read(0, &table) < 0 ||
	    (left->cgroups = cgroup_open(&cgroup, name)) < 0)
		return -1;
	cgroup_close(&cgroup);
	left->links = if_nametoindex(veth) != 0;
	left->mounts = 0;
	for (size_t i = 0; i < table.count; i++)
		left->mounts += strstr(table.mounts[i].target, id) != NULL;
	left->records = faccessat(containers, id, F_OK, 0) == 0;
	return 0;
}

static bool
is_nothing(const struct left *left)
{
	return !left->cgroups && !left->links && !left->mounts &&
	       !left->records;
}

/* The word after `label`, cut off in place; NULL when it is not there. */
static char *
word_after(char *words, const char *label)
{
	char *found = strstr(words, label);
	if (!found)
		return NULL;
	found += strlen(label);
	found[strcspn(found, " \n")] = '\0';
	return found;
}

static int
fail_at(const char *step)
{
	int status;
	setenv("FAIL_AT", step, 1);
	auto_free char *said = stage_output(
		(const char *const[]){ "./demo", "-v", "run", "-m", "64m",
				       "busybox", "true", NULL },
		&status);
	unsetenv("FAIL_AT");
	char *error = said ? strstr(said, "mydocker run: ") : NULL;
	if (!error)
		return failx("%s: ./demo run said nothing", step);
	error[strcspn(error, "\n")] = '\0';
	tour_show(step, "exit %d, %s", status, error);
	bool named = status == 125 && strstr(error, step);
	char *id = word_after(said, "-- container ");
	struct left left;
	if (!id || look(id, &left) < 0)
		return failx("%s: cannot look for what is left", step);
	tour_expect(named && is_nothing(&left),
		    "it is named; %d cgroups, %d links, %d mounts, %d records "
		    "of it are left", left.cgroups, left.links, left.mounts,
		    left.records);
	return 0;
}

static int
fail_each(const struct step *step)
{
	for (; step->name; step++)
		if (fail_at(step->name) < 0)
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
	tour_step("The runtime's half (container/up.c).");
	if (fail_each(up_steps) < 0)
		return -1;
	tour_step("The child's half, between clone and exec (child.c).");
	return fail_each(child_steps);
}

const struct experiment demo_undo = {
	.name = "undo",
	.shows = "every step of the set-up made to fail: nothing is left",
	.run = run_undo,
	.tidy = stage_tidy,
};
