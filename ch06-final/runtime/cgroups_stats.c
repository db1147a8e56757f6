/*
 * cgroups_stats.c - parent: what a container uses, as `events --stats` of runc
 * says it.
 *
 * The names are those of runc's types/events.go; what readers of it count on is
 * that the objects are there, and that what is not known is 0 or absent.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_stat.h"
#include "cgroups.h"

/* A number into `into`, unless the kernel does not tell it. */
static void
put(json_t *into, const char *key, uint64_t number)
{
	if (number != CGROUP_NONE)
		json_object_set_new(into, key, json_integer(number));
}

/* The number in a file, or CGROUP_NONE. */
static uint64_t
number_in(const struct cgroup_dir *dir, const char *file, const char *key)
{
	uint64_t number;
	return dir && cgroup_read_number(dir->fd, file, key, &number) == 0 ?
		       number : CGROUP_NONE;
}

static uint64_t
or_zero(uint64_t number)
{
	return number == CGROUP_NONE ? 0 : number;
}

static bool
is_v1(const struct cgroup_dir *dir)
{
	return dir && dir->in.version == 1;
}

/* ---- pressure ----------------------------------------------------------- */

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static json_t *
stall(const char *lines, const char *which)
{
	double avg10 = 0, avg60 = 0, avg300 = 0;
	uint64_t total = 0;
	auto_free char *format = text("%s avg10=%%lf avg60=%%lf avg300=%%lf "
				      "total=%%" SCNu64, which);
	const char *line = strstr(lines, which);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (line)
		sscanf(line, format, &avg10, &avg60, &avg300, &total);
#pragma GCC diagnostic pop
	return json_pack("{s:f s:f s:f s:I}", "avg10", avg10, "avg60", avg60,
			 "avg300", avg300, "total", (json_int_t)total);
}

static void
put_pressure(json_t *into, const struct cgroup *cgroup, const char *file)
{
	int dir = cgroup_v2_fd(cgroup);
	auto_free char *lines = dir < 0 ? NULL : read_all(dir, file, NULL);
	if (lines)
		json_object_set_new(into, "psi",
				    json_pack("{s:o s:o}", "some",
					      stall(lines, "some"), "full",
					      stall(lines, "full")));
}

/* ---- CPU ---------------------------------------------------------------- */

/* The numbers of one line, or of a whole file of one: nanoseconds by CPU. */
static json_t *
list_of(const char *words)
{
	json_t *list = json_array();
	auto_free char *copy = copy_text(words);
	char *rest = copy;
	for (char *word; (word = strtok_r(rest, " \n", &rest));)
		json_array_append_new(list,
				      json_integer(strtoll(word, NULL, 10)));
	return list;
}

/* "cpu user system", and a line for each. */
static void
put_by_cpu(json_t *into, const struct cgroup_dir *dir)
{
	auto_free char *all = read_all(dir->fd, "cpuacct.usage_percpu", NULL);
	if (all)
		json_object_set_new(into, "percpu", list_of(all));
	auto_free char *split = read_all(dir->fd, "cpuacct.usage_all", NULL);
	if (!split)
		return;
	json_t *user = json_array(), *kernel = json_array();
	char *rest = split;
	for (char *line; (line = strtok_r(rest, "\n", &rest));) {
		uint64_t in_user, in_kernel;
		if (sscanf(line, "%*u %" SCNu64 " %" SCNu64, &in_user,
			   &in_kernel) != 2)
			continue;
		json_array_append_new(user, json_integer(in_user));
		json_array_append_new(kernel, json_integer(in_kernel));
	}
	json_object_set_new(into, "percpu_kernel", kernel);
	json_object_set_new(into, "percpu_user", user);
}

static json_t *
cpu_stats(const struct cgroup *cgroup, const struct cgroup_usage *usage)
{
	json_t *cpu = json_object(), *used = json_object(),
	       *throttling = json_object();
	const struct cgroup_dir *dir = cgroup_dir_with(cgroup, "cpuacct");
	put(used, "total", or_zero(usage->cpu_us) * 1000);
	if (is_v1(dir)) {
		put(used, "total", number_in(dir, "cpuacct.usage", NULL));
		put_by_cpu(used, dir);
	}
	put(used, "kernel", or_zero(usage->cpu_system_us) * 1000);
	put(used, "user", or_zero(usage->cpu_user_us) * 1000);
	put(throttling, "periods", usage->cpu_periods);
	put(throttling, "throttledPeriods", usage->cpu_throttled);
	put(throttling, "throttledTime",
	    usage->cpu_throttled_us == CGROUP_NONE ?
		    CGROUP_NONE : usage->cpu_throttled_us * 1000);
	json_object_set_new(cpu, "usage", used);
	json_object_set_new(cpu, "throttling", throttling);
	put_pressure(cpu, cgroup, "cpu.pressure");
	return cpu;
}

/* "0-2,7" one by one. */
static json_t *
members_of(const char *list)
{
	json_t *members = json_array();
	auto_free char *copy = copy_text(list);
	char *rest = copy;
	for (char *range; (range = strtok_r(rest, ",\n", &rest));) {
		int first, last;
		int fields = sscanf(range, "%d-%d", &first, &last);
		for (int i = first; fields > 0 && i <= (fields == 2 ? last :
								      first);
		     i++)
			json_array_append_new(members, json_integer(i));
	}
	return members;
}

static json_t *
cpuset_stats(const struct cgroup *cgroup)
{
	static const char *const flags[] = {
		"cpu_exclusive", "mem_hardwall", "mem_exclusive",
		"memory_migrate", "memory_spread_page", "memory_spread_slab",
		"memory_pressure", "sched_load_balance",
	};
	json_t *cpuset = json_object();
	const struct cgroup_dir *dir = cgroup_dir_with(cgroup, "cpuset");
	for (int i = 0; dir && i < 2; i++) {
		const char *key = i ? "mems" : "cpus";
		auto_free char *file = text("cpuset.%s%s", key,
					    is_v1(dir) ? "" : ".effective");
		auto_free char *list = read_all(dir->fd, file, NULL);
		if (list && list[0] != '\n')
			json_object_set_new(cpuset, key, members_of(list));
	}
	for (size_t i = 0; i < countof(flags); i++) {
		auto_free char *file = text("cpuset.%s", flags[i]);
		put(cpuset, flags[i],
		    or_zero(number_in(is_v1(dir) ? dir : NULL, file, NULL)));
	}
	uint64_t level = number_in(is_v1(dir) ? dir : NULL,
				   "cpuset.sched_relax_domain_level", NULL);
	json_object_set_new(cpuset, "sched_relax_domain_level",
			    json_integer(level != CGROUP_NONE ?
						 (json_int_t)level :
					 is_v1(dir) ? -1 : 0));
	return cpuset;
}

/* ---- memory ------------------------------------------------------------- */

/* No limit is, as Go has it, the largest number; v1 itself shows it rounded
 * down to whole pages. */
static json_t *
memory_entry(uint64_t limit, uint64_t usage, uint64_t peak, uint64_t failures)
{
	json_t *entry = json_object();
	json_object_set_new(entry, "limit",
			    json_integer(limit == CGROUP_NONE ?
						 INT64_MAX :
						 (json_int_t)limit));
	put(entry, "usage", usage);
	put(entry, "max", peak);
	put(entry, "failcnt", or_zero(failures));
	return entry;
}

/* The four files of one kind on v1: "memory", "memory.kmem"... */
static json_t *
memory_entry_v1(const struct cgroup_dir *dir, const char *kind)
{
	auto_free char *limit = text("%s.limit_in_bytes", kind);
	auto_free char *usage = text("%s.usage_in_bytes", kind);
	auto_free char *peak = text("%s.max_usage_in_bytes", kind);
	auto_free char *failures = text("%s.failcnt", kind);
	return memory_entry(number_in(dir, limit, NULL),
			    number_in(dir, usage, NULL),
			    number_in(dir, peak, NULL),
			    number_in(dir, failures, NULL));
}

/* memory.stat, all of it. */
static json_t *
raw_memory(const struct cgroup_dir *dir)
{
	json_t *raw = json_object();
	auto_free char *lines = read_all(dir->fd, "memory.stat", NULL);
	char *rest = lines ?: "";
	for (char *line; (line = strtok_r(rest, "\n", &rest));) {
		char *blank = strchr(line, ' ');
		uint64_t number;
		if (!blank)
			continue;
		*blank = '\0';
		if (parse_number(blank + 1, 0, INT64_MAX, &number) == 0)
			put(raw, line, number);
	}
	return raw;
}

static json_t *
memory_stats(const struct cgroup *cgroup, const struct cgroup_usage *usage)
{
	json_t *memory = json_object();
	const struct cgroup_dir *dir = cgroup_dir_with(cgroup, "memory");
	if (!dir)
		return memory;
	put(memory, "cache", usage->memory_cache);
	if (is_v1(dir)) {
		json_object_set_new(memory, "usage",
				    memory_entry_v1(dir, "memory"));
		json_object_set_new(memory, "swap",
				    memory_entry_v1(dir, "memory.memsw"));
		json_object_set_new(memory, "kernel",
				    memory_entry_v1(dir, "memory.kmem"));
		json_object_set_new(memory, "kernelTCP",
				    memory_entry_v1(dir, "memory.kmem.tcp"));
	} else {
		json_object_set_new(
			memory, "usage",
			memory_entry(usage->memory_limit, usage->memory,
				     usage->memory_peak, usage->memory_stops));
		json_object_set_new(
			memory, "swap",
			memory_entry(number_in(dir, "memory.swap.max", NULL),
				     usage->memory_swap,
				     number_in(dir, "memory.swap.peak", NULL),
				     0));
	}
	json_object_set_new(memory, "raw", raw_memory(dir));
	put_pressure(memory, cgroup, "memory.pressure");
	return memory;
}

/* ---- disks and huge pages ----------------------------------------------- */

static void
put_operation(json_t *list, const struct cgroup_io *disk, const char *name,
	      uint64_t value)
{
	json_array_append_new(
		list, json_pack("{s:I s:I s:s s:I}", "major",
				(json_int_t)disk->major, "minor",
				(json_int_t)disk->minor, "op", name, "value",
				(json_int_t)value));
}

static json_t *
blkio_stats(const struct cgroup *cgroup)
{
	json_t *blkio = json_object();
	struct cgroup_io *disks = NULL;
	size_t count = 0;
	if (cgroup_read_io(cgroup, &disks, &count) == 0 && count > 0) {
		json_t *bytes = json_array(), *operations = json_array();
		for (size_t i = 0; i < count; i++) {
			put_operation(bytes, &disks[i], "Read",
				      disks[i].read_bytes);
			put_operation(bytes, &disks[i], "Write",
				      disks[i].write_bytes);
			put_operation(operations, &disks[i], "Read",
				      disks[i].reads);
			put_operation(operations, &disks[i], "Write",
				      disks[i].writes);
		}
		json_object_set_new(blkio, "ioServiceBytesRecursive", bytes);
		json_object_set_new(blkio, "ioServicedRecursive", operations);
	}
	free(disks);
	put_pressure(blkio, cgroup, "io.pressure");
	return blkio;
}

/* A size for each "hugetlb.2MB.limit_in_bytes" or "hugetlb.2MB.max". */
static json_t *
hugetlb_stats(const struct cgroup *cgroup)
{
	json_t *sizes = json_object();
	const struct cgroup_dir *dir = cgroup_dir_with(cgroup, "hugetlb");
	auto_close int fd = dir ? openat(dir->fd, ".", O_RDONLY | O_DIRECTORY |
							       O_CLOEXEC) : -1;
	auto_dir DIR *files = fd < 0 ? NULL : fdopendir(fd);
	if (!files)
		return sizes;
	take_fd(&fd);
	bool v1 = is_v1(dir);
	for (struct dirent *entry; (entry = readdir(files));) {
		char size[16], rest[32];
		if (sscanf(entry->d_name, "hugetlb.%15[0-9A-Z].%31s", size,
			   rest) != 2 ||
		    strcmp(rest, v1 ? "limit_in_bytes" : "max") != 0)
			continue;
		auto_free char *usage = text("hugetlb.%s.%s", size,
					     v1 ? "usage_in_bytes" : "current");
		auto_free char *peak = text("hugetlb.%s.max_usage_in_bytes",
					    size);
		auto_free char *failures = text("hugetlb.%s.%s", size,
						v1 ? "failcnt" : "events");
		json_t *one = json_object();
		put(one, "usage", number_in(dir, usage, NULL));
		put(one, "max", v1 ? number_in(dir, peak, NULL) : CGROUP_NONE);
		put(one, "failcnt",
		    or_zero(number_in(dir, failures, v1 ? NULL : "max")));
		json_object_set_new(sizes, size, one);
	}
	return sizes;
}

/* ---- all of it ---------------------------------------------------------- */

static json_t *
pids_stats(const struct cgroup_usage *usage)
{
	json_t *pids = json_object();
	put(pids, "current", usage->pids);
	put(pids, "limit", usage->pids_limit);
	return pids;
}

char *
cgroups_stats_json(const struct cgroup *cgroup, const char *id)
{
	struct cgroup_usage usage;
	if (cgroup_read_usage(cgroup, &usage) < 0)
		return NULL;
	json_t *event = json_pack(
		"{s:s s:s s:{s:o s:o s:o s:o s:o s:o s:{} s:n}}", "type",
		"stats", "id", id, "data", "cpu", cpu_stats(cgroup, &usage),
		"cpuset", cpuset_stats(cgroup), "memory",
		memory_stats(cgroup, &usage), "pids", pids_stats(&usage),
		"blkio", blkio_stats(cgroup), "hugetlb", hugetlb_stats(cgroup),
		"intel_rdt", "network_interfaces");
	char *json = event ? json_dumps(event, JSON_COMPACT) : NULL;
	json_decref(event);
	if (!json)
		failx("the statistics of %s cannot be written as JSON", id);
	return json;
}
