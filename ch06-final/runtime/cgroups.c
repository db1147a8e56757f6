/* cgroups.c - parent.  See cgroups.h.  Statistics are in cgroups_stats.c. */
#include "cgroups.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_stat.h"
#include "device_program.h"
#include "oci_limits.h"
#include "scope.h"
#include "subtree.h"
#include "sys.h"

/* ---- names -------------------------------------------------------------- */

/* "//a/./b/" is "/a/b".  (One with ".." in it has not been read.) */
static char *
tidy(const char *path)
{
	auto_free char *parts = copy_text(path);
	char *result = copy_text(""), *rest = parts;
	for (char *part; (part = strtok_r(rest, "/", &rest));) {
		if (strcmp(part, ".") == 0)
			continue;
		char *longer = text("%s/%s", result, part);
		free(result);
		result = longer;
	}
	return result;
}

char *
cgroups_name(const struct oci_config *config, const char *id, bool systemd)
{
	const char *path = config->kernel ? config->kernel->cgroups_path : NULL;
	if (systemd)
		return scope_name(path, id);
	if (!path || !*path)
		return text("mydocker-oci-%s", id);
	auto_free char *tidied = tidy(path);
	if (!tidied)
		return NULL;
	if (!*tidied || strchr(tidied, '\n')) {
		failx("linux.cgroupsPath: \"%.150s\" is not the path of a "
		      "cgroup of a container", path);
		return NULL;
	}
	return text("%s%s", *path == '/' ? "" : "mydocker", tidied);
}

/* ---- devices ------------------------------------------------------------ */

#define DEVICE(major_, minor_)                                                \
	{ .allow = true, .type = 'c', .major = major_, .minor = minor_,       \
	  .access = "rwm" }

/*
 * What every container may use, whatever its rules say: the devices of
 * config-linux.md, "Default Devices", and /dev/net/tun, which all other
 * runtimes allow, too.  And as they do, it may make any node it has the
 * capability for: engines grant CAP_MKNOD and count on that; a node that may
 * not be opened is a name and nothing more.
 */
static const struct device_rule allowed[] = {
	{ true, 'c', DEVICE_ANY, DEVICE_ANY, "m" },
	{ true, 'b', DEVICE_ANY, DEVICE_ANY, "m" },
	DEVICE(1, 3), /* null */
	DEVICE(1, 5), /* zero */
	DEVICE(1, 7), /* full */
	DEVICE(1, 8), /* random */
	DEVICE(1, 9), /* urandom */
	DEVICE(5, 0), /* tty */
	DEVICE(5, 1), /* console */
	DEVICE(5, 2), /* ptmx */
	DEVICE(136, DEVICE_ANY), /* pts */
	DEVICE(10, 200), /* net/tun */
};
static const struct device_rule deny_all = DEVICE_DENY_ALL;

/* Nothing is allowed but by the rules, and these devices besides. */
static void
complete_rules(struct oci_document *document, struct cgroup_limits *limits)
{
	const struct device_rule *rules = limits->devices;
	size_t count = limits->device_count, used = 0;
	/* What is of all devices leaves nothing of the rules before it. */
	while (count > 1 && rules[1].type == 'a') {
		rules++;
		count--;
	}
	struct device_rule *all = oci_document_new(
		document, (1 + count + countof(allowed)) * sizeof(*all));
	if (count == 0 || rules[0].type != 'a')
		all[used++] = deny_all;
	for (size_t i = 0; i < count; i++)
		all[used++] = rules[i];
	bool is_all = count == 1 && rules[0].type == 'a' && rules[0].allow;
	for (size_t i = 0; i < countof(allowed) && !is_all; i++)
		all[used++] = allowed[i];
	limits->devices = all;
	limits->device_count = used;
}

/* ---- making ------------------------------------------------------------- */

/* Is any limit asked for?  Rules for devices do not count. */
static bool
any_is_asked_for(const struct cgroup_limits *l)
{
	bool swap = l->memory_swap && l->memory_swap != CGROUP_SWAP_KEEP;
	return l->memory || swap || l->memory_reservation || l->swappiness ||
	       l->oom_kill_disable || l->kernel_memory || l->cpu_shares ||
	       l->cpu_quota_us || l->cpu_period_us || l->cpu_burst_us ||
	       l->cpu_idle ||
	       l->cpuset_cpus || l->cpuset_mems || l->pids || l->io_weight ||
	       l->io_count || l->hugetlb_count || l->rdma_count ||
	       l->file_count;
}

/* memory.checkBeforeUpdate: rather refuse than kill. */
static int
check_usage(const struct cgroup *cgroup, const struct oci_memory *memory,
	    const struct cgroup_limits *limits)
{
	const struct cgroup_dir *dir = cgroup_dir_with(cgroup, "memory");
	uint64_t usage;
	if (!memory || !memory->check_before_update || !dir ||
	    limits->memory == 0 || limits->memory == CGROUP_NONE)
		return 0;
	if (cgroup_read_number(dir->fd, dir->in.version == 1 ?
					"memory.usage_in_bytes" :
					"memory.current", NULL, &usage) < 0)
		return -1;
	return usage <= limits->memory ?
		       0 :
		       failx("memory.checkBeforeUpdate: %llu bytes are in use, "
			     "more than the limit of %llu is to allow",
			     (unsigned long long)usage,
			     (unsigned long long)limits->memory);
}

/* In a user namespace the kernel takes no rules for devices, and lets nobody
 * make a device either. */
static int
set_limits(const struct cgroup *cgroup, struct cgroup_limits *limits)
{
	if (cgroup_limit(cgroup, limits) == 0)
		return 0;
	if (failure.code != EPERM || !scope_is_of_user())
		return -1;
	limits->device_count = 0;
	return cgroup_limit(cgroup, limits);
}

/* What a config.json makes of a cgroup: `at` are its resources. */
struct plan {
	struct oci_document scratch; /* has what the limits point to */
	struct oci_node top, kernel, at;
	const struct oci_memory *memory;
	struct cgroup_limits limits;
	bool has_rules; /* for devices, of its own */
};

static int
make_plan(struct plan *plan, const struct oci_config *config)
{
	const struct oci_resources *resources =
		config->kernel ? config->kernel->resources : NULL;
	*plan = (struct plan){
		.scratch.json = json_incref(config->document.json),
		.memory = resources ? resources->memory : NULL,
	};
	plan->top = oci_root(&plan->scratch);
	oci_member(&plan->top, "linux", &plan->kernel);
	oci_member(&plan->kernel, "resources", &plan->at);
	if (oci_limits(&plan->at, resources, &plan->limits) < 0)
		return -1;
	plan->has_rules = plan->limits.device_count > 0;
	complete_rules(&plan->scratch, &plan->limits);
	return 0;
}

static void
free_plan(struct plan *plan)
{
	oci_document_free(&plan->scratch);
}
#define auto_plan __attribute__((cleanup(free_plan)))

static int
limit(struct cgroup *cgroup, struct plan *plan)
{
	/* Rules that nobody wrote need not be kept where they cannot be. */
	if (!plan->has_rules && !cgroup_has(cgroup, "devices") &&
	    cgroup_v2_fd(cgroup) < 0)
		plan->limits.device_count = 0;
	return check_usage(cgroup, plan->memory, &plan->limits) < 0 ?
		       -1 : set_limits(cgroup, &plan->limits);
}

static bool
is_forbidden(void)
{
	return failure.code == EACCES || failure.code == EPERM ||
	       failure.code == EROFS;
}

/* None could be made, as `failure` says: is that as good? */
static int
do_without(const struct plan *plan)
{
	return any_is_asked_for(&plan->limits) ?
		       wrap("linux.resources needs a cgroup") : 0;
}

int
cgroups_begin(struct cgroup *cgroup, const char *name,
	      const struct oci_config *config)
{
	if (cgroup_begin(cgroup, name) == 0)
		return 0;
	*cgroup = (struct cgroup){ 0 };
	if (!is_forbidden())
		return -1;
	struct failure reason = failure;
	auto_plan struct plan plan;
	if (make_plan(&plan, config) < 0)
		return -1;
	failure = reason;
	return do_without(&plan);
}

int
cgroups_complete(struct cgroup *cgroup, const struct oci_config *config,
		 pid_t pid)
{
	auto_plan struct plan plan;
	if (make_plan(&plan, config) < 0)
		return -1;
	if (cgroup_complete(cgroup, pid) == 0)
		return limit(cgroup, &plan) < 0 ?
			       -1 : cgroups_give(cgroup, config);
	/* Who was born in one has it. */
	if (!is_forbidden() || cgroup_v2_fd(cgroup) >= 0)
		return -1;
	struct failure reason = failure;
	cgroup_end(cgroup);
	cgroup_close(cgroup);
	failure = reason;
	return do_without(&plan);
}

/* Into those cgroups of which systemd knows nothing (v1: freezer, cpuset). */
static int
move(const struct cgroup *cgroup, pid_t pid)
{
	auto_free char *number = text("%d", pid);
	for (size_t i = 0; i < cgroup->count; i++)
		if (write_text(cgroup->dirs[i].fd, "cgroup.procs", number) < 0)
			return wrap("%s", cgroup->dirs[i].path);
	return 0;
}

int
cgroups_systemd_start(struct cgroup *cgroup, const char *name, const char *id,
		      const struct oci_config *config, pid_t pid)
{
	auto_plan struct plan plan;
	*cgroup = (struct cgroup){ 0 };
	if (make_plan(&plan, config) < 0)
		return -1;
	if (scope_start(name, id, pid, &plan.limits, &config->annotations) ==
		    0 &&
	    cgroup_take(cgroup, name, pid) == 0 && move(cgroup, pid) == 0 &&
	    limit(cgroup, &plan) == 0 && cgroups_give(cgroup, config) == 0)
		return 0;
	struct failure reason = failure;
	/* Or systemd would ask it to end, and wait. */
	sys_kill(pid, SIGKILL);
	scope_stop(name);
	cgroup_end(cgroup);
	cgroup_close(cgroup);
	failure = reason;
	return -1;
}

/* ---- the end ------------------------------------------------------------ */

/* The directories' paths, one a line. */
char *
cgroups_kept(const struct cgroup *cgroup)
{
	char *kept = NULL;
	for (size_t i = 0; i < cgroup->count; i++) {
		if (!cgroup->dirs[i].was_there)
			continue;
		char *longer = text("%s%s\n", kept ?: "",
				    cgroup->dirs[i].path);
		free(kept);
		kept = longer;
	}
	return kept;
}

static bool
is_kept(const char *kept, const char *path)
{
	size_t length = strlen(path);
	for (const char *line = kept; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, path, length) == 0 && line[length] == '\n')
			return true;
	}
	return false;
}

int
cgroups_end(struct cgroup *cgroup, const char *kept)
{
	if (!kept)
		return cgroup_end(cgroup);
	if (cgroup_kill(cgroup) < 0)
		return -1;
	/* One without a descriptor is passed over. */
	for (size_t i = 0; i < cgroup->count; i++)
		if (is_kept(kept, cgroup->dirs[i].path))
			close_scoped(&cgroup->dirs[i].fd);
	return cgroup_destroy(cgroup);
}

/* ---- while it runs ------------------------------------------------------ */

/*
 * Devices stay as they were: v1 cannot exchange its rules in one go, and for a
 * moment the container could not open /dev/null.
 */
static int
update(const struct cgroup *cgroup, const struct oci_resources *resources,
       struct cgroup_limits *limits)
{
	if (cgroup->count == 0)
		return any_is_asked_for(limits) ?
			       failx("the container has no cgroup of its own, "
				     "and so no limits") : 0;
	limits->device_count = 0;
	/* Memory and swap are one number: half of it may be set already. */
	const struct cgroup_dir *dir = cgroup_dir_with(cgroup, "memory");
	if (dir && limits->memory == 0 && limits->memory_swap > 0 &&
	    cgroup_read_number(dir->fd, dir->in.version == 1 ?
					"memory.limit_in_bytes" : "memory.max",
			       NULL, &limits->memory) < 0)
		return -1;
	return check_usage(cgroup, resources->memory, limits) < 0 ?
		       -1 : cgroup_limit(cgroup, limits);
}

int
cgroups_update(const struct cgroup *cgroup,
	       const struct oci_resources *resources,
	       const struct oci_node *at)
{
	struct cgroup_limits limits;
	return oci_limits(at, resources, &limits) < 0 ?
		       -1 : update(cgroup, resources, &limits);
}

int
cgroups_systemd_update(const struct cgroup *cgroup,
		       const struct oci_resources *resources,
		       const struct oci_node *at)
{
	struct cgroup_limits limits;
	if (oci_limits(at, resources, &limits) < 0 ||
	    update(cgroup, resources, &limits) < 0)
		return -1;
	return scope_set(cgroup->name, &limits);
}

int
cgroups_systemd_stop(const char *name)
{
	return scope_stop(name);
}

int
cgroups_frozen(const struct cgroup *cgroup)
{
	return cgroup_is_frozen(cgroup);
}

struct pids {
	pid_t *all;
	size_t count;
	int depth;
};

/* 0 is a process that our pid namespace does not show. */
static int
add_processes(int dir, int parent, const char *name, void *data)
{
	(void)parent, (void)name;
	struct pids *pids = data;
	auto_free char *lines = read_all(dir, "cgroup.procs", NULL);
	/* It is gone, or threaded: then the one above has its processes. */
	if (!lines && failure.code != ENODEV && failure.code != ENOENT &&
	    failure.code != EOPNOTSUPP)
		return -1;
	char *rest = lines ?: "";
	for (char *line; (line = strtok_r(rest, "\n", &rest));) {
		uint64_t pid;
		if (parse_number(line, 0, INT32_MAX, &pid) < 0)
			return wrap("read cgroup.procs");
		if (pid == 0)
			continue;
		pids->all = resize_bytes(pids->all, (pids->count + 1) *
							    sizeof(pid_t));
		pids->all[pids->count++] = pid;
	}
	int result = pids->depth++ < SUBTREE_DEPTH ?
			     subtree_each_child(dir, add_processes, pids) : 0;
	pids->depth--;
	return result;
}

static int
by_number(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

int
cgroups_processes(const struct cgroup *cgroup, pid_t **found, size_t *count)
{
	struct pids pids = { 0 };
	int dir = cgroup_v2_fd(cgroup);
	for (size_t i = 0; i < cgroup->count && dir < 0; i++)
		dir = cgroup->dirs[i].fd;
	if (dir >= 0 && add_processes(dir, -1, NULL, &pids) < 0) {
		free(pids.all);
		return wrap("list the processes of cgroup %s", cgroup->name);
	}
	/* One whose threads are in two cgroups of v1 is listed in both. */
	size_t kept = 0;
	if (pids.count)
		qsort(pids.all, pids.count, sizeof(*pids.all), by_number);
	for (size_t i = 0; i < pids.count; i++)
		if (kept == 0 || pids.all[i] != pids.all[kept - 1])
			pids.all[kept++] = pids.all[i];
	*found = pids.all;
	*count = kept;
	return 0;
}
