/* allowed.c - parent.  See allowed.h. */
#include "allowed.h"

#include "hierarchy.h"
#include "rootless.h"

static const char cure_v1[] =
	"control groups of version 1 are root's alone: run it with sudo, or "
	"boot with systemd.unified_cgroup_hierarchy=1 and log in by a session "
	"of systemd's";
static const char cure_v2[] =
	"none with this controller was handed down to you: log in by a session "
	"of systemd's, or \"systemd-run --user --scope -p Delegate=yes "
	"./demo ...\", or use sudo";

char *
allowed_why_not(const char *controller)
{
	auto_hierarchies struct hierarchies found = { 0 };
	if (!rootless_is_inside())
		return NULL;
	if (hierarchy_find_all(&found) < 0)
		return copy_text(failure.text);
	const struct hierarchy *with = hierarchy_with(&found, controller);
	if (with && with->base && !with->threaded)
		return NULL;
	return text("it takes a control group, and %s",
		    with && with->version == 1 ? cure_v1 : cure_v2);
}

int
allowed_check(const struct settings *settings)
{
	const struct cgroup_limits *l = &settings->limits;
	const struct {
		const char *option, *controller;
		bool is_set;
	} rows[] = {
		{ "--memory", "memory", l->memory },
		{ "--memory-swap", "memory", l->memory_swap &&
			l->memory_swap != CGROUP_SWAP_KEEP },
		{ "--memory-reservation", "memory", l->memory_reservation },
		{ "--memory-swappiness", "memory", l->swappiness },
		{ "--kernel-memory", "memory", l->kernel_memory },
		{ "--oom-kill-disable", "memory", l->oom_kill_disable },
		{ "--cpus", "cpu", settings->nano_cpus },
		{ "--cpu-shares", "cpu", l->cpu_shares },
		{ "--cpu-quota", "cpu", l->cpu_quota_us },
		{ "--cpu-period", "cpu", l->cpu_period_us },
		{ "--cpuset-cpus", "cpuset", l->cpuset_cpus },
		{ "--cpuset-mems", "cpuset", l->cpuset_mems },
		{ "--pids-limit", "pids", l->pids },
		{ "--blkio-weight", "io", l->io_weight },
		{ "--blkio-weight-device", "io", settings->io_weights.count },
		{ "--device-read-bps", "io", settings->read_bps.count },
		{ "--device-write-bps", "io", settings->write_bps.count },
		{ "--device-read-iops", "io", settings->read_iops.count },
		{ "--device-write-iops", "io", settings->write_iops.count },
		{ "--cgroup-parent", "pids", settings->cgroup_parent },
		{ "--device-cgroup-rule", "devices",
			settings->device_rules.count },
	};
	for (size_t i = 0; i < countof(rows); i++) {
		auto_free char *why = rows[i].is_set ?
			allowed_why_not(rows[i].controller) : NULL;
		if (why)
			return failx("%s: %.200s", rows[i].option, why);
	}
	return 0;
}
