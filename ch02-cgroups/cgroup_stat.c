/* cgroup_stat.c - see cgroup_stat.h. */
#include "cgroup_stat.h"

#include <errno.h>
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

struct reading {
	size_t at; /* offset in the structure */
	int version;
	const char *controller; /* NULL: in every directory of that version */
	const char *file;
	const char *key;
	unsigned int divisor; /* into the unit of the structure */
};

/* Where v1 and v2 keep each number of a struct cgroup_usage. */
static const struct reading readings[] = {
#define AT(field) offsetof(struct cgroup_usage, field)
	{ AT(memory), 1, "memory", "memory.usage_in_bytes", NULL, 1 },
	{ AT(memory), 2, "memory", "memory.current", NULL, 1 },
	{ AT(memory_peak), 1, "memory", "memory.max_usage_in_bytes", NULL, 1 },
	{ AT(memory_peak), 2, "memory", "memory.peak", NULL, 1 },
	{ AT(memory_anon), 1, "memory", "memory.stat", "total_rss", 1 },
	{ AT(memory_anon), 2, "memory", "memory.stat", "anon", 1 },
	{ AT(memory_cache), 1, "memory", "memory.stat", "total_cache", 1 },
	{ AT(memory_cache), 2, "memory", "memory.stat", "file", 1 },
	{ AT(memory_swap), 1, "memory", "memory.stat", "total_swap", 1 },
	{ AT(memory_swap), 2, "memory", "memory.swap.current", NULL, 1 },
	{ AT(memory_stops), 1, "memory", "memory.failcnt", NULL, 1 },
	{ AT(memory_stops), 2, "memory", "memory.events", "max", 1 },
	{ AT(memory_limit), 1, "memory", "memory.limit_in_bytes", NULL, 1 },
	{ AT(memory_limit), 2, "memory", "memory.max", NULL, 1 },
	{ AT(oom_kills), 1, "memory", "memory.oom_control", "oom_kill", 1 },
	{ AT(oom_kills), 2, "memory", "memory.events", "oom_kill", 1 },
	{ AT(cpu_us), 2, NULL, "cpu.stat", "usage_usec", 1 },
	{ AT(cpu_us), 1, "cpuacct", "cpuacct.usage", NULL, 1000 },
	{ AT(cpu_user_us), 2, NULL, "cpu.stat", "user_usec", 1 },
	{ AT(cpu_user_us), 1, "cpuacct", "cpuacct.usage_user", NULL, 1000 },
	{ AT(cpu_system_us), 2, NULL, "cpu.stat", "system_usec", 1 },
	{ AT(cpu_system_us), 1, "cpuacct", "cpuacct.usage_sys", NULL, 1000 },
	{ AT(cpu_quota_us), 1, "cpu", "cpu.cfs_quota_us", NULL, 1 },
	{ AT(cpu_quota_us), 2, "cpu", "cpu.max", NULL, 1 },
	{ AT(cpu_period_us), 1, "cpu", "cpu.cfs_period_us", NULL, 1 },
	{ AT(cpu_period_us), 2, "cpu", "cpu.max", NULL, 1 },
	{ AT(cpu_periods), 1, "cpu", "cpu.stat", "nr_periods", 1 },
	{ AT(cpu_periods), 2, "cpu", "cpu.stat", "nr_periods", 1 },
	{ AT(cpu_throttled), 1, "cpu", "cpu.stat", "nr_throttled", 1 },
	{ AT(cpu_throttled), 2, "cpu", "cpu.stat", "nr_throttled", 1 },
	{ AT(cpu_throttled_us), 1, "cpu", "cpu.stat", "throttled_time", 1000 },
	{ AT(cpu_throttled_us), 2, "cpu", "cpu.stat", "throttled_usec", 1 },
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

/* ---- disks -------------------------------------------------------------- */

/* The element of this disk, made when there is none yet. */
static struct cgroup_io *
disk_of(struct cgroup_io **all, size_t *count, unsigned int major,
	unsigned int minor)
{
	for (size_t i = 0; i < *count; i++)
		if ((*all)[i].major == major && (*all)[i].minor == minor)
			return &(*all)[i];
	*all = resize_bytes(*all, (*count + 1) * sizeof(**all));
	struct cgroup_io *disk = &(*all)[(*count)++];
	*disk = (struct cgroup_io){ .major = major, .minor = minor };
	return disk;
}

/*
 * The words of a line after "8:0": "rbytes=1 wios=2" on v2; on v1 "Read 1",
 * in one file of bytes and one of operations.
 */
static void
take_words(struct cgroup_io *disk, char *words, bool of_operations)
{
	const struct {
		const char *name;
		uint64_t *number;
	} fields[] = {
		{ "rbytes=", &disk->read_bytes },
		{ "wbytes=", &disk->write_bytes },
		{ "rios=", &disk->reads },
		{ "wios=", &disk->writes },
		{ "Read ", of_operations ? &disk->reads : &disk->read_bytes },
		{ "Write ", of_operations ? &disk->writes :
					    &disk->write_bytes },
	};
	for (char *word = words; word; word = strchr(word, ' ')) {
		word += strspn(word, " ");
		for (size_t i = 0; i < countof(fields); i++) {
			size_t length = strlen(fields[i].name);
			if (strncmp(word, fields[i].name, length) == 0)
				*fields[i].number = strtoull(word + length,
							     NULL, 10);
		}
	}
}

static int
read_io_file(const struct cgroup_dir *dir, const char *file,
	     struct cgroup_io **all, size_t *count)
{
	auto_free char *lines = read_all(dir->fd, file, NULL);
	if (!lines)
		return -1;
	char *rest = lines;
	for (char *line; (line = strsep(&rest, "\n"));) {
		unsigned int major, minor;
		int used = 0;
		if (sscanf(line, "%u:%u %n", &major, &minor, &used) == 2 &&
		    used > 0)
			take_words(disk_of(all, count, major, minor),
				   line + used, strstr(file, "serviced"));
	}
	return 0;
}

int
cgroup_read_io(const struct cgroup *cg, struct cgroup_io **all, size_t *count)
{
	*all = NULL;
	*count = 0;
	const struct cgroup_dir *dir = cgroup_dir_with(cg, "io");
	if (!dir)
		return failx("there is no io controller for %s", cg->name);
	if (dir->in.version == 2)
		return read_io_file(dir, "io.stat", all, count);
	if (read_io_file(dir, "blkio.throttle.io_service_bytes_recursive", all,
			 count) == 0 &&
	    read_io_file(dir, "blkio.throttle.io_serviced_recursive", all,
			 count) == 0)
		return 0;
	free_scoped(all);
	return -1;
}

/* ---- pressure ----------------------------------------------------------- */

/* "some avg10=1.23 avg60=0.00 avg300=0.00 total=456" */
static int
read_stall(const char *line, double *percent, uint64_t *us)
{
	/* lab read_stall: Find "avg10=" and "total=" in the line, and put the
	 * number behind each into *percent and *us.  A line without one of
	 * them, or without a number, is a failure that shows the line. */
	const char *average = strstr(line, "avg10=");
	const char *total = strstr(line, "total=");
	if (!average || !total)
		return failx("\"%.60s\" is no line of pressure", line);
	unsigned int whole, hundredths;
	if (sscanf(average, "avg10=%u.%2u", &whole, &hundredths) != 2)
		return failx("\"%.60s\" is no line of pressure", line);
	*percent = whole + hundredths / 100.0;
	*us = strtoull(total + strlen("total="), NULL, 10);
	return 0;
	/* lab end: (void)percent;
	 * (void)us;
	 * return failx("read_stall(%s): not written yet", line); */
}

int
cgroup_read_pressure(const struct cgroup *cg, const char *resource,
		     struct cgroup_pressure *pressure)
{
	*pressure = (struct cgroup_pressure){ 0 };
	int dir = cgroup_v2_fd(cg);
	if (dir < 0)
		return failx("only a v2 hierarchy tells the pressure");
	auto_free char *file = text("%s.pressure", resource);
	auto_free char *lines = read_all(dir, file, NULL);
	if (!lines && (failure.code == ENOENT || failure.code == EOPNOTSUPP))
		return failx("this kernel does not tell %s (it takes "
			     "CONFIG_PSI, and may take psi=1 at boot)", file);
	const char *full = lines ? strstr(lines, "full ") : NULL;
	if (!lines || read_stall(lines, &pressure->some_percent,
				 &pressure->some_us) < 0)
		return -1;
	/* Of the CPU there is none before Linux 5.13. */
	return full ? read_stall(full, &pressure->full_percent,
				 &pressure->full_us) : 0;
}
