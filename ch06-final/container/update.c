/* update.c - parent.  See update.h. */
#include "update.h"

#include <stdlib.h>
#include <string.h>

#include "allowed.h"
#include "bundle.h"
#include "core.h"
#include "oci_json.h"
#include "runtime.h"
#include "tell.h"

/* ---- the settings ------------------------------------------------------- */

/* --cpus is a quota, too: only one of the two can hold. */
static int
check_cpus(const struct settings *now, const struct settings *wanted)
{
	const struct cgroup_limits *is = &now->limits;
	const struct cgroup_limits *new = &wanted->limits;
	bool has_quota = (int64_t)is->cpu_quota_us > 0 && !now->nano_cpus;
	if (wanted->nano_cpus && is->cpu_period_us)
		return failx("Conflicting options: Nano CPUs cannot be updated "
			     "as CPU Period has already been set");
	if (wanted->nano_cpus && has_quota)
		return failx("Conflicting options: Nano CPUs cannot be updated "
			     "as CPU Quota has already been set");
	if (new->cpu_period_us && now->nano_cpus)
		return failx("Conflicting options: CPU Period cannot be "
			     "updated as NanoCPUs has already been set");
	if ((int64_t)new->cpu_quota_us > 0 && now->nano_cpus &&
	    !wanted->nano_cpus)
		return failx("Conflicting options: CPU Quota cannot be updated "
			     "as NanoCPUs has already been set");
	return 0;
}

/* What has not been said of swap is twice the memory. */
static int
check_memory(const struct cgroup_limits *now, const struct cgroup_limits *new)
{
	int64_t swap = now->memory_swap ?: 2 * (int64_t)now->memory;
	if (new->memory && new->memory_swap == 0 && swap >= 0 &&
	    (int64_t)new->memory > swap)
		return failx("Memory limit should be smaller than already set "
			     "memoryswap limit, update the memoryswap at the "
			     "same time");
	return 0;
}

static void
put(uint64_t *now, uint64_t wanted)
{
	if (wanted)
		*now = wanted;
}

static void
put_signed(int64_t *now, int64_t wanted)
{
	if (wanted)
		*now = wanted;
}

static void
put_text(char **now, const char *wanted)
{
	if (!wanted)
		return;
	free(*now);
	*now = copy_text(wanted);
}

static void
change_limits(struct settings *settings, const struct settings *wanted)
{
	struct cgroup_limits *now = &settings->limits;
	const struct cgroup_limits *new = &wanted->limits;
	/* The swap limit of before stays, said or not. */
	if (new->memory && now->memory && now->memory_swap == 0)
		now->memory_swap = 2 * now->memory;
	put(&now->memory, new->memory);
	put_signed(&now->memory_swap, new->memory_swap);
	put(&now->memory_reservation, new->memory_reservation);
	put(&now->kernel_memory, new->kernel_memory);
	put(&now->cpu_shares, new->cpu_shares);
	put(&now->cpu_quota_us, new->cpu_quota_us);
	put(&now->cpu_period_us, new->cpu_period_us);
	put(&now->pids, new->pids);
	put(&now->io_weight, new->io_weight);
	put_text((char **)&now->cpuset_cpus, new->cpuset_cpus);
	put_text((char **)&now->cpuset_mems, new->cpuset_mems);
	put_signed(&settings->nano_cpus, wanted->nano_cpus);
	put_signed(&settings->realtime_period_us, wanted->realtime_period_us);
	put_signed(&settings->realtime_runtime_us,
		   wanted->realtime_runtime_us);
}

static int
change(struct settings *settings, const struct update *update)
{
	const struct settings *wanted = &update->settings;
	if (check_cpus(settings, wanted) < 0 ||
	    check_memory(&settings->limits, &wanted->limits) < 0)
		return -1;
	if (update->restart && settings->remove && wanted->restart)
		return failx("Restart policy cannot be updated because "
			     "AutoRemove is enabled for the container");
	change_limits(settings, wanted);
	if (!update->restart)
		return 0;
	free_scoped(&settings->restart);
	put_text(&settings->restart, wanted->restart);
	settings->restart_max = wanted->restart_max;
	return 0;
}

/* ---- one that runs ------------------------------------------------------ */

static int
limit(const struct container *c, const struct settings *settings)
{
	/* Without a control group there are no limits that could change. */
	auto_free char *why = allowed_why_not("pids");
	if (why && allowed_check(settings) == 0)
		return 0;
	auto_free char *json = bundle_resources(settings);
	auto_free char *root = core_root(c->root);
	struct oci_document document = { 0 };
	if (!json)
		return -1;
	int result = oci_document_parse(&document, "resources", json,
					strlen(json));
	if (result == 0)
		result = runtime_update(root, c->record.id, &document);
	oci_document_free(&document);
	return result;
}

static int
apply(const struct container *c, const struct settings *settings,
      bool restart)
{
	bool runs = c->record.status == STATUS_RUNNING;
	if (runs && limit(c, settings) < 0)
		return -1;
	const struct restart_policy policy = container_restart_policy(settings);
	return restart && (runs || c->record.status == STATUS_RESTARTING) ?
		       attach_set_restart(c->dir, &policy) : 0;
}

int
container_update(struct container *c, const struct update *update)
{
	auto_settings struct settings before = SETTINGS_DEFAULT;
	auto_settings struct settings after = SETTINGS_DEFAULT;
	auto_close int lock = record_lock_change(c->dir);
	if (lock < 0 || settings_load(c->dir, &before) < 0 ||
	    settings_load(c->dir, &after) < 0)
		return -1;
	if (change(&after, update) < 0)
		return wrap("Cannot update container %s", c->record.id);
	if (settings_save(c->dir, &after) < 0)
		return -1;
	if (apply(c, &after, update->restart) < 0) {
		struct failure why = failure;
		settings_save(c->dir, &before);
		failure = why;
		return wrap("Cannot update container %s", c->record.id);
	}
	container_tell(c->dir, &c->record, &after.labels, "update", NULL);
	return container_sync(c);
}
