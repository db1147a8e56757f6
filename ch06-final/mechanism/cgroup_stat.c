/* cgroup_stat.c - see cgroup_stat.h. */
#include "cgroup_stat.h"

#include <stdlib.h>
#include <string.h>

/* ---- numbers ------------------------------------------------------------ */

/* v1 has no word for "no limit": it shows the largest number of whole pages
 * that fits, LONG_MAX rounded down to the page size (64 KiB at most). */
#define V1_UNLIMITED ((uint64_t)INT64_MAX - 0xffff)

/* The first word after "key ", or the first word of all without a key. */
static const char *
find_value(const char *lines, const char *key)
{
	size_t length = key ? strlen(key) : 0;
	while (key && *lines &&
	       (strncmp(lines, key, length) != 0 || lines[length] != ' ')) {
		lines += strcspn(lines, "\n");
		lines += *lines == '\n';
	}
	if (*lines == '\0')
		return NULL;
	return key ? lines + length + 1 : lines;
}

int
cgroup_read_number(int dir, const char *file, const char *key, uint64_t *value)
{
	auto_free char *lines = read_all(dir, file, NULL);
	if (!lines)
		return -1;
	const char *found = find_value(lines, key);
	if (!found)
		return failx("%s has no %s", file, key ? key : "number");
	auto_free char *word = copy_text(found);
	word[strcspn(word, " \n")] = '\0';
	if (strcmp(word, "max") == 0 || strcmp(word, "-1") == 0)
		*value = CGROUP_NONE;
	else if (parse_number(word, 0, UINT64_MAX, value) < 0)
		return wrap("read %s", file);
	else if (*value >= V1_UNLIMITED)
		*value = CGROUP_NONE;
	return 0;
}

/* ---- readings ----------------------------------------------------------- */

/* Where v1 and v2 keep each number of a struct cgroup_usage. */
static const struct reading {
	size_t at; /* offset in the structure */
	int version;
	const char *controller; /* NULL: in every directory of that version */
	const char *file;
	const char *key;
	unsigned int divisor; /* into the unit of the structure */
} readings[] = {
#define AT(field) offsetof(struct cgroup_usage, field)
	{ AT(memory), 1, "memory", "memory.usage_in_bytes", NULL, 1 },
	{ AT(memory), 2, "memory", "memory.current", NULL, 1 },
	{ AT(memory_peak), 1, "memory", "memory.max_usage_in_bytes", NULL, 1 },
	{ AT(memory_peak), 2, "memory", "memory.peak", NULL, 1 },
	{ AT(memory_limit), 1, "memory", "memory.limit_in_bytes", NULL, 1 },
	{ AT(memory_limit), 2, "memory", "memory.max", NULL, 1 },
	{ AT(oom_kills), 1, "memory", "memory.oom_control", "oom_kill", 1 },
	{ AT(oom_kills), 2, "memory", "memory.events", "oom_kill", 1 },
	{ AT(cpu_us), 2, NULL, "cpu.stat", "usage_usec", 1 },
	{ AT(cpu_us), 1, "cpuacct", "cpuacct.usage", NULL, 1000 },
	{ AT(cpu_quota_us), 1, "cpu", "cpu.cfs_quota_us", NULL, 1 },
	{ AT(cpu_quota_us), 2, "cpu", "cpu.max", NULL, 1 },
	{ AT(cpu_period_us), 1, "cpu", "cpu.cfs_period_us", NULL, 1 },
	{ AT(cpu_period_us), 2, "cpu", "cpu.max", NULL, 1 },
	{ AT(cpu_periods), 1, "cpu", "cpu.stat", "nr_periods", 1 },
	{ AT(cpu_periods), 2, "cpu", "cpu.stat", "nr_periods", 1 },
	{ AT(cpu_throttled), 1, "cpu", "cpu.stat", "nr_throttled", 1 },
	{ AT(cpu_throttled), 2, "cpu", "cpu.stat", "nr_throttled", 1 },
	{ AT(pids), 1, "pids", "pids.current", NULL, 1 },
	{ AT(pids), 2, "pids", "pids.current", NULL, 1 },
	{ AT(pids_limit), 1, "pids", "pids.max", NULL, 1 },
	{ AT(pids_limit), 2, "pids", "pids.max", NULL, 1 },
	{ AT(pids_refused), 1, "pids", "pids.events", "max", 1 },
	{ AT(pids_refused), 2, "pids", "pids.events", "max", 1 },
#undef AT
};

/* cpu.max is "QUOTA PERIOD": take the second. */
static int
read_cpu_max_period(int dir, uint64_t *value)
{
	char line[64];
	if (read_text(dir, "cpu.max", line, sizeof(line)) < 0)
		return -1;
	char *blank = strchr(line, ' ');
	return blank ? parse_number(blank + 1, 0, UINT64_MAX, value) : -1;
}

static bool
take_reading(const struct cgroup_dir *dir, const struct reading *reading,
	     uint64_t *value)
{
	if (dir->fd < 0 || dir->in.version != reading->version ||
	    (reading->controller &&
	     !hierarchy_list_has(dir->in.controllers, reading->controller)))
		return false;
	if (reading->version == 2 &&
	    reading->at == offsetof(struct cgroup_usage, cpu_period_us))
		return read_cpu_max_period(dir->fd, value) == 0;
	if (cgroup_read_number(dir->fd, reading->file, reading->key, value) < 0)
		return false;
	if (*value != CGROUP_NONE)
		*value /= reading->divisor;
	return true;
}

int
cgroup_read_usage(const struct cgroup *cg, struct cgroup_usage *usage)
{
	memset(usage, 0xff, sizeof(*usage)); /* CGROUP_NONE everywhere */
	bool any = false;
	for (size_t i = 0; i < countof(readings); i++) {
		uint64_t *value = (uint64_t *)((char *)usage + readings[i].at);
		for (size_t d = 0; d < cg->count; d++)
			any |= take_reading(&cg->dirs[d], &readings[i], value);
	}
	return any ? 0 :
		     failx("nothing can be read of cgroup %s: is it gone?",
			   cg->name);
}
