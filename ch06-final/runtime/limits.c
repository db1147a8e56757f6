/* limits.c - what a process gets of the machine.  See process.h. */
#include "process.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cpulist.h"
#include "procfs.h"

/* ---- limits of a process ------------------------------------------------- */

static int
set_rlimit(pid_t pid, const struct oci_rlimit *wanted, struct rlimit value)
{
	const char *name = oci_word_name(oci_rlimit_names, wanted->type);
	if (trace(prlimit(pid, wanted->type, &value, NULL),
		  "prlimit(%d, %s, {%llu, %llu})", pid, name,
		  (unsigned long long)value.rlim_cur,
		  (unsigned long long)value.rlim_max) == 0)
		return 0;
	return fail("set %s to %llu, at most %llu%s", name,
		    (unsigned long long)wanted->soft,
		    (unsigned long long)wanted->hard,
		    errno == EPERM ? " (raising it takes CAP_SYS_RESOURCE)" :
				     "");
}

static int
raise_rlimit(const struct oci_rlimit *limit, pid_t pid)
{
	struct rlimit now;
	if (prlimit(pid, limit->type, NULL, &now) < 0)
		return fail("read the limits of process %d", pid);
	if (now.rlim_max >= limit->hard)
		return 0;
	now.rlim_max = limit->hard;
	return set_rlimit(pid, limit, now);
}

int
process_restrict(const struct oci_process *process)
{
	for (size_t i = 0; i < process->rlimit_count; i++) {
		const struct oci_rlimit *limit = &process->rlimits[i];
		const struct rlimit value = { limit->soft, limit->hard };
		if (set_rlimit(0, limit, value) < 0)
			return -1;
	}
	return 0;
}

int
process_oom_score(const struct oci_process *process, pid_t pid, int procfs)
{
	const struct oci_int *score = &process->oom_score_adj;
	if (!score->set)
		return 0;
	auto_free char *path = pid ? text("%d/oom_score_adj", pid) :
				     copy_text("self/oom_score_adj");
	char words[24];
	snprintf(words, sizeof(words), "%lld", (long long)score->value);
	if (procfs_write(procfs, path, words) < 0)
		return wrap("set oom_score_adj to %s%s", words,
			    failure.code == EACCES ?
				    " (lowering it takes CAP_SYS_RESOURCE)" :
				    "");
	return 0;
}

/* struct sched_attr of sched_setattr(2), which some C libraries have, and
 * which the kernel's header has together with what they all have. */
struct schedule {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max; /* no words for them in a config.json */
};

static int
set_scheduler(const struct oci_scheduler *scheduler, pid_t pid)
{
	if (!scheduler)
		return 0;
	const struct schedule schedule = {
		.size = sizeof(schedule),
		.policy = scheduler->policy,
		.flags = scheduler->flags,
		.nice = scheduler->nice.value,
		.priority = scheduler->priority.value,
		.runtime = scheduler->runtime_ns,
		.deadline = scheduler->deadline_ns,
		.period = scheduler->period_ns,
	};
	if (trace(syscall(SYS_sched_setattr, pid, &schedule, 0),
		  "sched_setattr(%d, {policy=%u, flags=%#llx, nice=%d, "
		  "priority=%u})", pid, schedule.policy,
		  (unsigned long long)schedule.flags, schedule.nice,
		  schedule.priority) < 0)
		return fail("set scheduling policy %u%s", schedule.policy,
			    errno == EPERM ? " (it takes CAP_SYS_NICE)" : "");
	return 0;
}

static int
set_io_priority(const struct oci_io_priority *io, pid_t pid)
{
	if (!io)
		return 0;
	int value = IOPRIO_PRIO_VALUE(io->class, io->priority);
	if (trace(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, value),
		  "ioprio_set(IOPRIO_WHO_PROCESS, %d, %#x)", pid, value) < 0)
		return fail("set I/O priority %u of class %llu", io->priority,
			    (unsigned long long)io->class);
	return 0;
}

bool
process_needs_limits(const struct oci_process *process)
{
	struct rlimit now;
	for (size_t i = 0; i < process->rlimit_count; i++)
		if (getrlimit(process->rlimits[i].type, &now) < 0 ||
		    now.rlim_max < process->rlimits[i].hard)
			return true;
	return process->scheduler || process->io_priority;
}

int
process_limits(const struct oci_process *process, pid_t pid)
{
	for (size_t i = 0; i < process->rlimit_count; i++)
		if (raise_rlimit(&process->rlimits[i], pid) < 0)
			return -1;
	if (set_scheduler(process->scheduler, pid) < 0)
		return -1;
	return set_io_priority(process->io_priority, pid);
}

/* ---- where on the machine ------------------------------------------------ */

/* As many bits as cpulist.h has numbers. */
struct numbers {
	unsigned long bits[8192 / (8 * sizeof(unsigned long))];
};

static int
parse_numbers(const char *list, struct numbers *numbers)
{
	const size_t width = 8 * sizeof(unsigned long);
	auto_free char *ranges = cpulist_normalize(list);
	if (!ranges)
		return -1;
	*numbers = (struct numbers){ 0 };
	for (char *at = ranges; *at; at += *at == ',') {
		unsigned long first = strtoul(at, &at, 10);
		unsigned long last = *at == '-' ? strtoul(at + 1, &at, 10) :
						  first;
		for (unsigned long i = first; i <= last; i++)
			numbers->bits[i / width] |= 1UL << i % width;
	}
	return 0;
}

int
process_affinity(const char *cpus)
{
	struct numbers set;
	if (!cpus || !*cpus)
		return 0;
	if (parse_numbers(cpus, &set) < 0)
		return -1;
	if (trace(syscall(SYS_sched_setaffinity, 0, sizeof(set), &set),
		  "sched_setaffinity(0, {%s})", cpus) < 0)
		return fail("run on CPUs %s alone%s", cpus,
			    errno == EINVAL ? " (none of them is ours to use)" :
					      "");
	return 0;
}

int
process_memory(const struct oci_memory_policy *policy)
{
	struct numbers set;
	if (!policy)
		return 0;
	bool has_nodes = policy->nodes && *policy->nodes;
	if (has_nodes && parse_numbers(policy->nodes, &set) < 0)
		return -1;
	if (trace(syscall(SYS_set_mempolicy, policy->mode | policy->flags,
			  has_nodes ? &set : NULL,
			  has_nodes ? 8 * sizeof(set) : 0),
		  "set_mempolicy(%#llx, {%s})",
		  (unsigned long long)(policy->mode | policy->flags),
		  has_nodes ? policy->nodes : "") < 0)
		return fail("set the memory policy (nodes %s)",
			    has_nodes ? policy->nodes : "none");
	return 0;
}
