/* undo.c - experiment `undo`: every step made to fail, and nothing is left. */
#include "demo.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allowed.h"
#include "cgroup.h"
#include "container.h"
#include "making.h"
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
	auto_free char *name = container_cgroup_name(id, NULL);
	auto_close int containers = records_open(getenv("MYDOCKER_ROOT"));
	char veth[IFNAMSIZ];
	struct cgroup cgroup = { 0 };
	if (containers < 0 || net_name_veth(id, veth) < 0 ||
	    mountinfo_read(0, &table) < 0)
		return -1;
	/* Where none can be made there is none. */
	auto_free char *never = allowed_why_not("pids");
	left->cgroups = never ? 0 : cgroup_open(&cgroup, name);
	if (left->cgroups < 0)
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
begin_failing(struct running *running, const char *step)
{
	/* A limit, for there to be one to undo; where nobody would keep one of
	 * memory, another of the same size. */
	auto_free char *never = allowed_why_not("memory");
	setenv("FAIL_AT", step, 1);
	int result = stage_begin(
		running, (const char *const[]){ "./demo", "-v", "run", "--rm",
						never ? "--shm-size" : "-m",
						"64m", "busybox", "true",
						NULL });
	unsetenv("FAIL_AT");
	return result;
}

static int
judge(const char *step, char *said, int status)
{
	char *error = said ? strstr(said, "mydocker run: ") : NULL;
	if (!error)
		return failx("%s: ./demo run ended with %d, and said "
			     "\"%.100s\"", step, status,
			     said ? said : failure.text);
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

/* A container that comes and goes mostly waits for the kernel: while it does,
 * others can. */
#define SIDE_BY_SIDE 6

/* `name` gives the name of each step, NULL after the last.  Whatever fails,
 * those that were begun are ended. */
static int
fail_each(const char *(*name)(size_t i))
{
	struct running running[SIDE_BY_SIDE];
	size_t begun = 0;
	int result = 0;
	for (size_t ended = 0; ended < begun || (result == 0 && name(ended));) {
		if (result == 0 && name(begun) &&
		    begun - ended < SIDE_BY_SIDE) {
			result = begin_failing(&running[begun % SIDE_BY_SIDE],
					       name(begun));
			begun += result == 0;
			continue;
		}
		int status;
		auto_free char *said = stage_finish(
			&running[ended % SIDE_BY_SIDE], &status);
		if (result == 0)
			result = judge(name(ended), said, status);
		ended++;
	}
	return result;
}

static const char *
of_container(size_t i)
{
	return up_steps[i].name;
}

static const char *
of_create(size_t i)
{
	return create_steps[i].name;
}

static const char *
of_child(size_t i)
{
	return init_steps[i].name;
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
		 "(FAIL_AT=step), several containers side by side.");
	if (stage_run("run", "--rm", "busybox", "true") != 0)
		return failx("the container does not even run undisturbed");
	tour_step("The container around it (container/up.c).");
	if (fail_each(of_container) < 0)
		return -1;
	tour_step("Within `create`: the parent's half (runtime/create.c).");
	if (fail_each(of_create) < 0)
		return -1;
	tour_step("The child's half, between clone and exec (child.c).");
	return fail_each(of_child);
}

const struct experiment demo_undo = {
	.name = "undo",
	.shows = "every step of the set-up made to fail: nothing is left",
	.run = run_undo,
	.tidy = stage_tidy,
};
