/*
 * cpuset.c - experiment `cpuset`: which CPUs, and which memory.
 *
 * The first is what everybody comes for; the second is what v1 refuses every
 * process without.
 */
#include "demo.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_limit.h"
#include "clock.h"
#include "load.h"
#include "proc.h"
#include "sys.h"

#define LIST 4096 /* characters */
#define SAMPLES 50
#define SAMPLE_US 2000

static void
show_status(pid_t pid)
{
	auto_free char *cpus = proc_status(pid, "Cpus_allowed_list");
	auto_free char *mems = proc_status(pid, "Mems_allowed_list");
	tour_show("Cpus_, Mems_allowed_list", "%s, %s", cpus, mems);
}

/* ---- what a new one has ------------------------------------------------- */

/* What is in force, in the words of v1 and of v2. */
static const char *
effective_cpus(const struct cgroup_dir *dir)
{
	return dir->in.version == 1 ? "cpuset.effective_cpus" :
				      "cpuset.cpus.effective";
}

/* The process asks for every CPU: what it inherited from us, who may have been
 * started by taskset(1), is not of interest.  It gets what its cgroup has. */
static int
look_at_new(const struct cgroup_dir *dir, pid_t pid, cpu_set_t *allowed)
{
	char cpus[LIST], mems[LIST], in_force[LIST];
	if (read_text(dir->fd, "cpuset.cpus", cpus, LIST) < 0 ||
	    read_text(dir->fd, "cpuset.mems", mems, LIST) < 0 ||
	    read_text(dir->fd, effective_cpus(dir), in_force, LIST) < 0)
		return -1;
	memset(allowed, 0xff, sizeof(*allowed));
	if (sys_sched_setaffinity(pid, allowed) < 0 ||
	    sched_getaffinity(pid, sizeof(*allowed), allowed) < 0)
		return fail("ask for all CPUs");
	tour_show("cpuset.cpus, cpuset.mems", "\"%s\", \"%s\"", cpus, mems);
	tour_show(effective_cpus(dir), "\"%s\"", in_force);
	show_status(pid);
	auto_free char *list = proc_status(pid, "Cpus_allowed_list");
	tour_expect(strcmp(list, in_force) == 0,
		    "the process may use what its cgroup has");
	if (dir->in.version == 1)
		tour_expect(*cpus && *mems, "v1: cgroup_create() has copied "
			    "both from above; see below");
	else
		tour_expect(!*cpus && !*mems && *in_force,
			    "v2: a list that is empty inherits from above");
	return 0;
}

/* ---- pinned ------------------------------------------------------------- */

/* How often it was seen on this CPU. */
static int
count_on(pid_t pid, int cpu)
{
	int count = 0;
	for (int i = 0; i < SAMPLES; i++) {
		count += proc_cpu(pid) == cpu;
		clock_sleep_us(SAMPLE_US);
	}
	return count;
}

static int
pin(const struct cgroup *cg, pid_t pid, int cpu, int other)
{
	auto_free char *list = text("%d", cpu);
	tour_step("It is on some CPU; then cpuset.cpus is written, \"%s\"",
		  list);
	tour_show("on CPU, now", "%d", proc_cpu(pid));
	if (cgroup_limit(cg, &(struct cgroup_limits){
				     .cpuset_cpus = list }) < 0)
		return -1;
	int count = count_on(pid, cpu);
	show_status(pid);
	tour_show("seen on that CPU", "%d times of %d", count, SAMPLES);
	auto_free char *allowed = proc_status(pid, "Cpus_allowed_list");
	tour_expect(strcmp(allowed, list) == 0 && count == SAMPLES,
		    "the running process was moved there, and stays there");

	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(other, &set);
	int result = sys_sched_setaffinity(pid, &set);
	tour_show("sched_setaffinity(2)", "to CPU %d: %s", other,
		  result < 0 ? strerror(errno) : "0");
	tour_expect(result < 0 && errno == EINVAL,
		    "it may choose among its CPUs, and no other");
	return 0;
}

/* ---- memory nodes are no CPUs ------------------------------------------- */

static int
confuse(const struct cgroup_dir *dir, int cpu)
{
	auto_free char *node = text("/sys/devices/system/node/node%d", cpu);
	auto_free char *list = text("%d", cpu);
	tour_step("The same list in cpuset.mems");
	if (access(node, F_OK) == 0) {
		tour_say("Left out: this machine has a memory node %d.", cpu);
		return 0;
	}
	int result = write_text(dir->fd, "cpuset.mems", list);
	tour_show("write", "\"%s\": %s", list,
		  result < 0 ? strerror(failure.code) : "done");
	tour_expect(result < 0 && failure.code == EINVAL,
		    "there is a CPU %d, and no memory node of that number",
		    cpu);
	return 0;
}

/* ---- an empty one, v1 --------------------------------------------------- */

/* A child goes in, by `tasks`, and ends: 0, or the errno. */
static int
go_in(int dir)
{
	int status;
	pid_t pid = sys_fork();
	if (pid == 0)
		_exit(write_text(dir, "tasks", "0") < 0 ? failure.code : 0);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return fail("start a child");
	tour_show("a child writes to tasks", "%s",
		  WEXITSTATUS(status) ? strerror(WEXITSTATUS(status)) :
					"it is in");
	return WEXITSTATUS(status);
}

/* As mkdir(1) makes it, in a directory of ours.  v1 can be told to copy both
 * lists into new directories (cgroup.clone_children): not here. */
static int
make_empty(const struct cgroup_dir *dir)
{
	if (write_text(dir->fd, "cgroup.clone_children", "0") < 0)
		return -1;
	if (trace(mkdirat(dir->fd, "empty", 0755),
		  "mkdirat(%d<%s>, \"empty\", 0755)", dir->fd, dir->path) < 0)
		return fail("make directory %s/empty", dir->path);
	int fd = openat(dir->fd, "empty", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fail("open %s/empty", dir->path) : fd;
}

static int
fill_by_hand(const struct cgroup_dir *dir)
{
	tour_step("v1: a directory made by mkdir, and nothing else done");
	auto_close int empty = make_empty(dir);
	char cpus[LIST], mems[LIST];
	if (empty < 0 || read_text(dir->fd, "cpuset.cpus", cpus, LIST) < 0 ||
	    read_text(dir->fd, "cpuset.mems", mems, LIST) < 0 ||
	    write_text(empty, "cpuset.cpus", cpus) < 0)
		return -1;
	tour_show("cpuset.cpus, cpuset.mems", "\"%s\", \"\"", cpus);
	int refused = go_in(empty);
	tour_expect(refused == ENOSPC, "ENOSPC: a process needs memory, and "
		    "this set has no node");
	if (write_text(empty, "cpuset.mems", mems) < 0)
		return -1;
	tour_show("cpuset.cpus, cpuset.mems", "\"%s\", \"%s\"", cpus, mems);
	int accepted = go_in(empty);
	tour_expect(accepted == 0, "with the node of the directory above it "
		    "can go in");
	return 0;
}

/* ---- the whole ---------------------------------------------------------- */

static int
play(const struct cgroup *cg)
{
	struct load spinner;
	cpu_set_t allowed;
	const struct cgroup_dir *dir = cgroup_dir_with(cg, "cpuset");
	tour_step("A process that spins, in a new cgroup");
	if (load_start(&spinner, cg, load_spin, 0) < 0 ||
	    load_go(&spinner) < 0 ||
	    look_at_new(dir, spinner.pid, &allowed) < 0)
		return -1;
	int first = 0, last = CPU_SETSIZE - 1;
	while (!CPU_ISSET(first, &allowed))
		first++;
	while (!CPU_ISSET(last, &allowed))
		last--;
	if (first == last)
		tour_say("Pinning is left out: it needs two CPUs, and there is "
			 "one here.");
	else if (pin(cg, spinner.pid, last, first) < 0 ||
		 confuse(dir, last) < 0)
		return -1;
	return dir->in.version == 1 ? fill_by_hand(dir) : 0;
}

static int
run(void)
{
	struct cgroup cg;
	int result = load_cgroup_or_skip(
		&cg, "cpuset", (const char *const[]){ "cpuset", NULL });
	if (result)
		return result;
	result = play(&cg);
	cgroup_close(&cg);
	return result;
}

const struct experiment demo_cpuset = {
	.name = "cpuset",
	.shows = "pinned to a CPU; why an empty cpuset.mems is ENOSPC",
	.run = run,
	.tidy = load_remove_cgroups,
};
