/*
 * docker.c - experiment `docker`: what `docker run` with limits writes, and
 * where: a directory for each container in each hierarchy, a few files in it.
 *
 * Which file an option ends in is not said here: it is the module's table,
 * cgroup_settings.  `./demo docker --table` prints the whole of it.
 */
#include "demo.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_limit.h"
#include "cgroup_plan.h"
#include "hand.h"
#include "load.h"
#include "sys.h"
#include "words.h"

#define CONTAINER "docker/9c3057ad6d7f"

/* ---- the table ---------------------------------------------------------- */

static int
print_table(FILE *out)
{
	for (size_t i = 0; i < cgroup_setting_count; i++) {
		const struct cgroup_setting *s = &cgroup_settings[i];
		if (!s->option)
			continue;
		fprintf(out, "%-22s %-33s %s\n%-22s %s%s%s\n", s->option, s->v1,
			s->v2 ? s->v2 : "-", "", s->value,
			s->v2 ? "" : "; ", s->v2 ? "" : s->without);
	}
	return 0;
}

static const struct tour_view views[] = {
	{ "--table", "each option of Docker's: its files on v1 and v2",
	  print_table },
	{ 0 },
};

/* ---- the options of this run -------------------------------------------- */

/* The row of the table for an option, and what its file is to say then. */
struct row {
	const char *option;
	const char *v1, *v2;
};

/* A set of options as they are typed. */
static char first_cpu[16], cpuset_option[32];
static struct option {
	const char *typed;
	const char *controller;
	struct cgroup_limits limits;
	struct row rows[2];
} options[] = {
	{ "-m 64m", "memory", { .memory = 64 * MIB },
	  { { "--memory", "67108864", "67108864" },
	    { "--memory-swap", "134217728", "67108864" } } },
	{ "--cpus 0.5", "cpu",
	  { .cpu_quota_us = 50000, .cpu_period_us = 100000 },
	  { { "--cpu-quota", "50000", "50000 100000" },
	    { "--cpu-period", "100000", "50000 100000" } } },
	{ "--cpu-shares 512", "cpu", { .cpu_shares = 512 },
	  { { "--cpu-shares", "512", "59" } } },
	{ cpuset_option, "cpuset", { .cpuset_cpus = first_cpu },
	  { { "--cpuset-cpus", first_cpu, first_cpu } } },
	{ "--pids-limit 20", "pids", { .pids = 20 },
	  { { "--pids-limit", "20", "20" } } },
};

/* CPU 0 where we may use it. */
static void
choose_cpu(void)
{
	cpu_set_t allowed;
	int cpu = 0;
	if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0)
		while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &allowed))
			cpu++;
	snprintf(first_cpu, sizeof(first_cpu), "%d", cpu);
	snprintf(cpuset_option, sizeof(cpuset_option), "--cpuset-cpus %d",
		 cpu);
}

static const char *
find_file(const char *option, int version)
{
	for (size_t i = 0; i < cgroup_setting_count; i++) {
		const struct cgroup_setting *s = &cgroup_settings[i];
		if (s->option && strcmp(s->option, option) == 0)
			return version == 1 ? s->v1 : s->v2;
	}
	return "?";
}

/* What the file says now, and is it `wanted`?  A kernel that does not account
 * swap has no file for it. */
static bool
show_row(const char *typed, const struct cgroup_dir *dir, const char *file,
	 const char *wanted)
{
	bool is_there = faccessat(dir->fd, file, F_OK, 0) == 0;
	auto_free char *value = is_there ? hand_cat(dir->fd, file) :
					   copy_text("(no such file)");
	tour_show(typed, "%-32s %s", file, value);
	return !is_there || strcmp(value, wanted) == 0;
}

static int
set_option(const struct cgroup *cg, const struct option *option, bool *right)
{
	const struct cgroup_dir *dir = cgroup_need(cg, option->controller);
	if (!dir) {
		tour_show(option->typed, "left out: %s", failure.text);
		return 0;
	}
	if (cgroup_limit(cg, &option->limits) < 0)
		return -1;
	int version = dir->in.version;
	const char *typed = option->typed, *last = "";
	for (size_t i = 0; i < 2 && option->rows[i].option; i++, typed = "") {
		const char *file = find_file(option->rows[i].option, version);
		if (strcmp(file, last) != 0)
			*right &= show_row(typed, dir, file,
					   version == 1 ? option->rows[i].v1 :
							  option->rows[i].v2);
		last = file;
	}
	return 0;
}

/* ---- a container's cgroup ----------------------------------------------- */

static void
show_places(const struct cgroup *cg)
{
	tour_step("A directory for the container, in each hierarchy.");
	for (size_t i = 0; i < cg->count; i++)
		tour_show(cg->dirs[i].in.controllers, "%s", cg->dirs[i].path);
	tour_say("(Docker makes them below the mount points: "
		 "/sys/fs/cgroup/memory/docker/ID.)");
}

static int
set_options(const struct cgroup *cg)
{
	bool right = true;
	tour_step("Each option, the file it ends in, and what that says now.");
	for (size_t i = 0; i < countof(options); i++)
		if (set_option(cg, &options[i], &right) < 0)
			return -1;
	tour_expect(right, "each says what was asked for, in its own unit");
	return 0;
}

static int
enter(const struct cgroup *cg)
{
	struct load load;
	int status;
	tour_step("A process is put in, and /proc/PID/cgroup says so.");
	if (load_start(&load, cg, load_spin, 0) < 0)
		return -1;
	size_t listed = 0;
	for (size_t i = 0; i < cg->count; i++)
		listed += hand_lists(cg->dirs[i].fd, "cgroup.procs", load.pid);
	auto_free char *path = hand_path(load.pid,
					 cg->dirs[0].in.version == 1 ?
						 cg->dirs[0].in.controllers :
						 "");
	tour_show("its cgroup", "%s", path ? path : "?");
	tour_expect(listed == cg->count, "it is in all of them, and has not "
		    "begun yet");
	if (sys_pidfd_send_signal(load.pidfd, SIGKILL) < 0)
		return fail("kill process %d", load.pid);
	return load_wait(&load, &status);
}

static int
remove_all(const struct cgroup *cg)
{
	tour_step("The container ends, and its directories go.");
	/* The shell may have left something in the background. */
	if (cgroup_kill(cg) < 0 || cgroup_destroy(cg) < 0)
		return -1;
	size_t left = 0;
	for (size_t i = 0; i < cg->count; i++)
		left += access(cg->dirs[i].path, F_OK) == 0;
	tour_show("left of them", "%zu", left);
	tour_expect(left == 0, "nothing else is to be undone: the limits were "
		    "in the files");
	return 0;
}

static int
run(void)
{
	struct cgroup cg;
	int result = load_cgroup_or_skip(&cg, CONTAINER, NULL);
	if (result)
		return result;
	choose_cpu();
	show_places(&cg);
	if (set_options(&cg) < 0 || enter(&cg) < 0 ||
	    load_shell(&cg, "Try: cat /proc/self/cgroup") < 0)
		return -1;
	return remove_all(&cg);
}

const struct experiment demo_docker = {
	.name = "docker",
	.shows = "a directory for a container, and what its options write",
	.run = run,
	.tidy = load_remove_cgroups,
	.has_shell = true,
	.views = views,
};
