/* cgroup_plan.c - see cgroup_plan.h; and cgroup_limit(). */
#include "cgroup_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_stat.h"

/* ---- the plan ----------------------------------------------------------- */

struct cgroup_write *
cgroup_plan_add(struct cgroup_plan *plan, const struct cgroup_dir *dir,
		const char *file, char *value)
{
	size_t size = (plan->count + 1) * sizeof(*plan->writes);
	plan->writes = resize_bytes(plan->writes, size);
	struct cgroup_write *write = &plan->writes[plan->count++];
	*write = (struct cgroup_write){
		.dir = dir,
		.file = copy_text(file),
		.value = value,
	};
	return write;
}

void
cgroup_plan_add_line(struct cgroup_plan *plan, const struct cgroup_dir *dir,
		     const char *file, const char *key, const char *value,
		     const char *unset)
{
	struct cgroup_write *write = cgroup_plan_add(
		plan, dir, file, text("%s %s", key, value));
	write->key = copy_text(key);
	write->unset = unset;
}

static void
free_plan(struct cgroup_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->writes[i].file);
		free(plan->writes[i].value);
		free(plan->writes[i].key);
		free(plan->writes[i].before);
	}
	free(plan->writes);
	device_program_free(&plan->program);
}

const struct cgroup_dir *
cgroup_need(const struct cgroup *cg, const char *controller)
{
	const struct cgroup_dir *dir = cgroup_dir_with(cg, controller);
	auto_hierarchies struct hierarchies found = { 0 };
	if (!dir)
		dir = cgroup_ask_for(cg, controller);
	auto_free char *asked = copy_text(failure.text);
	if (dir || hierarchy_find_all(&found) < 0)
		return dir;
	const struct hierarchy *with = hierarchy_with(&found, controller);
	const char *why = with ? "it did not reach the cgroup" :
				 "this kernel has none, or has it switched off "
				 "or not delegated (see /proc/cgroups and "
				 "cgroup.controllers)";
	for (size_t i = 0; i < cg->count; i++)
		if (cg->dirs[i].lacking && with && with->version == 2)
			why = cg->dirs[i].lacking;
	if (*asked && with && with->version == 2)
		why = asked;
	if (with && with->why)
		why = with->why;
	failx("no %s controller for %s: %s", controller, cg->name, why);
	return NULL;
}

/* ---- refusals ----------------------------------------------------------- */

#define NO_SWAP "this kernel does not account swap (boot with swapaccount=1)"
#define NO_KMEM                                                               \
	"since Linux 5.16 kernel memory has no limit of its own, it counts " \
	"as memory"
#define NOT_ABOVE "the cgroup above has not got all of these"

/* What an errno means for these files.  0: the kernel took the value, and then
 * did something else. */
static const struct {
	const char *file; /* begins with this */
	int code;
	const char *why;
} refusals[] = {
	{ "memory.kmem", 0, NO_KMEM },
	{ "memory.kmem", EOPNOTSUPP, NO_KMEM },
	{ "memory.kmem", ENOENT, NO_KMEM },
	{ "memory.memsw", EINVAL, "it must be no less than the limit of "
				  "memory alone" },
	{ "memory.memsw", ENOENT, NO_SWAP },
	{ "memory.swap.max", ENOENT, NO_SWAP },
	{ "memory.limit", EINVAL, "it must be no more than the limit of "
				  "memory and swap" },
	{ "memory.", EBUSY, "more than that is in use and cannot be freed" },
	{ "cpu.cfs_burst_us", EINVAL, "it must be no more than the quota" },
	{ "cpu.max.burst", EINVAL, "it must be no more than the quota" },
	{ "cpu.cfs_burst_us", ENOENT, "it takes Linux 5.14" },
	{ "cpu.max.burst", ENOENT, "it takes Linux 5.14" },
	{ "cpu.idle", ENOENT, "it takes Linux 5.15" },
	{ "cpu.shares", EINVAL, "an idle cgroup has none (cpu.idle)" },
	{ "cpu.weight", EINVAL, "an idle cgroup has none (cpu.idle)" },
	{ "cpu.rt_", ENOENT, "this kernel has no realtime scheduling of groups "
			     "(CONFIG_RT_GROUP_SCHED)" },
	{ "cpu.", EINVAL, "it is a larger share than the cgroup above has, or "
			  "more than the kernel can count" },
	{ "cpu.", ENOENT, "this kernel has no CPU quotas "
			  "(CONFIG_CFS_BANDWIDTH)" },
	{ "cpuset.", 0, NOT_ABOVE },
	{ "cpuset.", EACCES, NOT_ABOVE },
	{ "cpuset.", EINVAL, NOT_ABOVE },
	{ "cpuset.", ERANGE, NOT_ABOVE },
	{ "pids.", EINVAL, "it must be no more than 4194304" },
	{ "blkio.", ENODEV, "there is no such disk, or it is a partition" },
	{ "io.", ENODEV, "there is no such disk, or it is a partition" },
	{ "io.max", EINVAL, "v2 has no rate of less than 2 a second" },
	{ "blkio.", EOPNOTSUPP, "the disk's scheduler has no weights; bfq has "
				"(/sys/block/*/queue/scheduler)" },
	{ "io.weight", EOPNOTSUPP, "this disk has no weights: they take "
				   "enable=1 in io.cost.qos of the root" },
	{ "io.bfq.", EOPNOTSUPP, "the disk's scheduler has no weights; bfq has "
				 "(/sys/block/*/queue/scheduler)" },
	{ "blkio.", ENOENT, "this kernel has no weights of I/O (they take "
			    "BFQ)" },
	{ "io.", ENOENT, "this kernel has no weights of I/O (they take BFQ or "
			 "CONFIG_BLK_CGROUP_IOCOST)" },
	{ "hugetlb.", ENOENT, "there are no huge pages of that size (see "
			      "/sys/kernel/mm/hugepages)" },
	{ "rdma.", ENODEV, "there is no such RDMA device" },
	{ "devices.", EPERM, "the cgroup above does not allow it" },
	{ "devices.", 0, "it is not in devices.list" },
	{ "", ENODEV, "the cgroup is gone" },
};

static const char *
meaning_of(const char *file, int code)
{
	for (size_t i = 0; i < countof(refusals); i++)
		if (refusals[i].code == code &&
		    strncmp(file, refusals[i].file,
			    strlen(refusals[i].file)) == 0)
			return refusals[i].why;
	return code ? strerror(code) : "the kernel took something else";
}

int
cgroup_explain(const struct cgroup_write *write, int code, const char *now)
{
	failx("%s \"%s\" %s %s/%s%s%s%s: %s",
	      write->only_read ? "want" : "write", write->value,
	      write->only_read ? "in" : "to", write->dir->path, write->file,
	      now ? ", which says \"" : "", now ? now : "", now ? "\"" : "",
	      meaning_of(write->file, code));
	failure.code = code;
	return -1;
}

/* ---- carrying it out ---------------------------------------------------- */

/* The first line of the file, or the one with our key. */
static char *
read_line(const struct cgroup_write *write)
{
	auto_free char *lines = read_all(write->dir->fd, write->file, NULL);
	if (!lines)
		return NULL;
	size_t length = write->key ? strlen(write->key) : 0;
	char *rest = lines;
	for (char *line; (line = strsep(&rest, "\n"));)
		if (!write->key || (strncmp(line, write->key, length) == 0 &&
				    line[length] == ' '))
			return copy_text(line);
	return text("%s %s", write->key, write->unset);
}

/* Is every word of `value` in `line`? */
static bool
has_words(const char *line, const char *value)
{
	auto_free char *words = copy_text(value);
	char *rest = words;
	for (char *word; (word = strsep(&rest, " "));)
		if (!hierarchy_list_has(line, word))
			return false;
	return true;
}

/* Is the number in the file the one that was asked for, but for rounding?
 * (What is beyond counting in pages is shown as no limit.) */
static bool
is_rounded(const struct cgroup_write *write)
{
	uint64_t asked = CGROUP_NONE, now;
	if (strcmp(write->value, "-1") != 0 &&
	    strcmp(write->value, "max") != 0 &&
	    parse_number(write->value, 0, UINT64_MAX, &asked) < 0)
		return false;
	if (cgroup_read_number(write->dir->fd, write->file, NULL, &now) < 0)
		return false;
	if (now == CGROUP_NONE)
		return asked > INT64_MAX - write->granule;
	return now <= asked && asked - now < write->granule;
}

static int
check(const struct cgroup_write *write)
{
	auto_free char *now = read_line(write);
	if (!now)
		return cgroup_explain(write, failure.code, NULL);
	return strcmp(now, write->value) == 0 ||
			       has_words(now, write->value) ||
			       is_rounded(write) ?
		       0 :
		       cgroup_explain(write, 0, now);
}

/* One write(2) for each line. */
static int
put_lines(const struct cgroup_write *write, const char *text_of_lines)
{
	auto_free char *lines = copy_text(text_of_lines);
	char *rest = lines;
	for (char *line; (line = strtok_r(rest, "\n", &rest));)
		if (write_text(write->dir->fd, write->file, line) < 0)
			return cgroup_explain(write, failure.code, NULL);
	return 0;
}

static int
apply(struct cgroup_write *write)
{
	if (write->rules || write->as_it_is) {
		/* Some have no more than a way in (memory.reclaim). */
		if (!write->before && !write->rules)
			write->before = read_all(write->dir->fd, write->file,
						 NULL);
		write->written = true;
		return write->rules ? cgroup_put_rules(write) :
				      put_lines(write, write->value);
	}
	if (write->only_read)
		return check(write);
	write->before = read_line(write);
	if (!write->before && write->optional && failure.code == ENOENT)
		return 0;
	if (!write->before)
		return cgroup_explain(write, failure.code, NULL);
	if (write_text(write->dir->fd, write->file, write->value) < 0)
		return cgroup_explain(write, failure.code, NULL);
	write->written = true;
	return check(write);
}

static void
put_back(const struct cgroup_write *write)
{
	const char *old = write->before;
	if (!write->written || !old)
		return;
	if (write->rules) {
		cgroup_undo_rules(write);
		return;
	}
	if (write->as_it_is) {
		put_lines(write, old);
		return;
	}
	/* What some files show before the number they do not want written. */
	size_t length = write->key ? strlen(write->key) : 0;
	if (write->key && strncmp(write->value, write->key, length) != 0)
		old += length + 1;
	if (strncmp(old, "default ", 8) == 0)
		old += 8;
	/* To write nothing is nothing; an empty line is an empty set. */
	write_text(write->dir->fd, write->file, *old ? old : "\n");
}

static int
carry_out(struct cgroup_plan *plan)
{
	int result = 0;
	for (size_t i = 0; i < plan->count && result == 0; i++)
		result = apply(&plan->writes[i]);
	if (result == 0 && plan->program.count > 0)
		result = device_program_attach(&plan->program,
					       cgroup_v2_fd(plan->cg));
	if (result == 0)
		return 0;
	struct failure reason = failure;
	for (size_t i = plan->count; i-- > 0;)
		put_back(&plan->writes[i]);
	failure = reason;
	return -1;
}

static int
plan_files(struct cgroup_plan *plan, const struct cgroup_limits *limits)
{
	for (size_t i = 0; i < limits->file_count; i++) {
		const struct cgroup_file *file = &limits->files[i];
		const struct cgroup_dir *dir = NULL;
		for (size_t d = 0; d < plan->cg->count; d++)
			if (plan->cg->dirs[d].in.version == file->version)
				dir = &plan->cg->dirs[d];
		if (dir && file->controller &&
		    !(dir = cgroup_need(plan->cg, file->controller)))
			return -1;
		if (!dir || dir->in.version != file->version)
			return failx("no %s: it is a file of cgroup v%d, and "
				     "%s is not on v%d here", file->name,
				     file->version, file->controller ?:
				     "this cgroup", file->version);
		cgroup_plan_add(plan, dir, file->name, copy_text(file->value))
			->as_it_is = true;
	}
	return 0;
}

int
cgroup_limit(const struct cgroup *cg, const struct cgroup_limits *limits)
{
	struct cgroup_plan plan = { .cg = cg };
	int result = 0;
	for (size_t i = 0; i < cgroup_setting_count && result == 0; i++) {
		const struct cgroup_setting *setting = &cgroup_settings[i];
		if (setting->plan && setting->plan(&plan, limits, setting) < 0)
			result = wrap("limit cgroup");
	}
	if (result == 0 && plan_files(&plan, limits) < 0)
		result = wrap("limit cgroup");
	if (result == 0)
		result = carry_out(&plan);
	free_plan(&plan);
	return result;
}
