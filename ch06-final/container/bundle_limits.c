/* bundle_limits.c - parent.  How much a container may have, as the "resources"
 * of a config.json.  See config-linux.md, "Control groups". */
#include "bundle_part.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "bundle.h"
#include "hierarchy.h"

/* A number that is not set is left out. */
static void
put(json_t *object, const char *key, uint64_t value)
{
	if (value)
		json_object_set_new(object, key,
				    json_integer(value == CGROUP_ZERO ?
							 0 :
							 (json_int_t)value));
}

static void
put_text(json_t *object, const char *key, const char *value)
{
	if (value)
		json_object_set_new(object, key, bundle_text(value));
}

/* An object that has got something; takes it. */
static void
put_object(json_t *resources, const char *key, json_t *object)
{
	if (json_object_size(object))
		json_object_set(resources, key, object);
	json_decref(object);
}

/* ---- memory ------------------------------------------------------------- */

/* Is swap limited at all?  On v1 that is asked for at boot (swapaccount=1). */
static bool
accounts_swap(void)
{
	auto_hierarchies struct hierarchies found = { 0 };
	if (hierarchy_find_all(&found) < 0)
		return false;
	const struct hierarchy *with = hierarchy_with(&found, "memory");
	if (!with || !with->mount)
		return false;
	auto_free char *file =
		with->version == 2 ?
			copy_text("/proc/swaps") :
			text("%s/memory.memsw.limit_in_bytes", with->mount);
	return access(file, F_OK) == 0;
}

/*
 * Docker's --memory-swap is memory and swap together, and so is "swap": S; -1
 * is no limit; none, or 0, is twice the memory, where swap is accounted.
 */
static json_t *
memory(const struct cgroup_limits *limits)
{
	json_t *json = json_object();
	int64_t swap = limits->memory_swap;
	put(json, "limit", limits->memory);
	put(json, "reservation", limits->memory_reservation);
	if (limits->memory && swap == 0 && accounts_swap())
		swap = 2 * limits->memory;
	put(json, "swap", swap);
	put(json, "swappiness", limits->swappiness);
	put(json, "kernel", limits->kernel_memory);
	if (limits->oom_kill_disable)
		json_object_set_new(json, "disableOOMKiller", json_true());
	return json;
}

/* ---- processors --------------------------------------------------------- */

static json_t *
cpu(const struct settings *settings)
{
	const struct cgroup_limits *limits = &settings->limits;
	json_t *json = json_object();
	put(json, "shares", limits->cpu_shares);
	put(json, "quota", limits->cpu_quota_us);
	put(json, "period", limits->cpu_period_us ?:
			    limits->cpu_quota_us ? 100000 : 0);
	put(json, "realtimeRuntime", settings->realtime_runtime_us);
	put(json, "realtimePeriod", settings->realtime_period_us);
	put_text(json, "cpus", limits->cpuset_cpus);
	put_text(json, "mems", limits->cpuset_mems);
	return json;
}

/* ---- disks -------------------------------------------------------------- */

static int
put_disks(json_t *io, const char *key, const char *noun,
	  const struct device_rates *rates)
{
	json_t *array = json_array();
	if (rates->count)
		json_object_set(io, key, array);
	json_decref(array);
	for (size_t i = 0; i < rates->count; i++) {
		const struct device_rate *rate = &rates->list[i];
		struct stat st;
		if (stat(rate->path, &st) < 0)
			return fail("stat %s", rate->path);
		if (!S_ISBLK(st.st_mode))
			return failx("%s is not a block device", rate->path);
		json_array_append_new(
			array, json_pack("{s:I, s:I, s:I}", "major",
					 (json_int_t)major(st.st_rdev),
					 "minor",
					 (json_int_t)minor(st.st_rdev), noun,
					 (json_int_t)rate->rate));
	}
	return 0;
}

static int
put_io(json_t *resources, const struct settings *settings)
{
	const struct {
		const char *key, *noun;
		const struct device_rates *rates;
	} rows[] = {
		{ "weightDevice", "weight", &settings->io_weights },
		{ "throttleReadBpsDevice", "rate", &settings->read_bps },
		{ "throttleWriteBpsDevice", "rate", &settings->write_bps },
		{ "throttleReadIOPSDevice", "rate", &settings->read_iops },
		{ "throttleWriteIOPSDevice", "rate", &settings->write_iops },
	};
	json_t *io = json_object();
	int result = 0;
	put(io, "weight", settings->limits.io_weight);
	for (size_t i = 0; i < countof(rows) && result == 0; i++)
		result = put_disks(io, rows[i].key, rows[i].noun,
				   rows[i].rates);
	put_object(resources, "blockIO", io);
	return result;
}

int
bundle_limits(const struct settings *settings, json_t *resources)
{
	put_object(resources, "memory", memory(&settings->limits));
	put_object(resources, "cpu", cpu(settings));
	if (settings->limits.pids)
		json_object_set_new(
			resources, "pids",
			json_pack("{s:I}", "limit",
				  (json_int_t)settings->limits.pids));
	return put_io(resources, settings);
}

char *
bundle_resources(const struct settings *settings)
{
	json_t *resources = json_object();
	char *content = bundle_limits(settings, resources) < 0 ?
				NULL :
				json_dumps(resources, JSON_COMPACT);
	json_decref(resources);
	return content;
}
