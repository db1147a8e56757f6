/* scope.c - parent.  See scope.h. */
#include "scope.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "device_program.h"
#include "idmap.h"
#include "self.h"
#include "sys.h"

#define PROGRAM "mydocker-systemd"

bool
scope_is_of_user(void)
{
	return geteuid() != 0 || !idmap_is_whole();
}

/* ---- names -------------------------------------------------------------- */

/* "a-b.slice" lies in "a.slice", and that in the root: "a.slice/a-b.slice". */
static char *
slice_path(const char *slice)
{
	size_t length = strlen(slice);
	const char *ending = ".slice";
	if (strcmp(slice, "-.slice") == 0)
		return copy_text("");
	if (length <= 6 || strcmp(slice + length - 6, ending) != 0 ||
	    strchr(slice, '/') || slice[0] == '-' || slice[length - 7] == '-' ||
	    strstr(slice, "--")) {
		failx("linux.cgroupsPath: \"%.100s\" is not the name of a "
		      "slice of systemd's", slice);
		return NULL;
	}
	char *path = copy_text("");
	for (size_t i = 1; i <= length - 6; i++) {
		if (slice[i] != '-' && slice[i] != '.')
			continue;
		if (slice[i] == '.' && i != length - 6)
			continue;
		char *longer = text("%s%.*s.slice/", path, (int)i, slice);
		free(path);
		path = longer;
	}
	return path;
}

char *
scope_name(const char *path, const char *id)
{
	bool user = scope_is_of_user();
	auto_free char *default_path = text("%s:mydocker:%s",
					    user ? "user.slice" :
						   "system.slice", id);
	auto_free char *parts = copy_text(path && *path ? path : default_path);
	char *slice = parts, *prefix = strchr(slice, ':');
	char *name = prefix ? strchr(prefix + 1, ':') : NULL;
	if (!name || strchr(name + 1, ':') || name[1] == '\0' ||
	    strpbrk(parts, "/\n")) {
		failx("linux.cgroupsPath: \"%.150s\" is not "
		      "SLICE:PREFIX:NAME, as --systemd-cgroup wants it", path);
		return NULL;
	}
	*prefix++ = '\0';
	*name++ = '\0';
	if (!*slice)
		slice = user ? "user.slice" : "system.slice";
	auto_free char *above = slice_path(slice);
	if (!above)
		return NULL;
	/* A user's systemd has its root where we have our base. */
	return text("%s%s%s%s%s.scope", user ? "" : "/", above, prefix,
		    *prefix ? "-" : "", name);
}

static const char *
unit_of(const char *name)
{
	const char *slash = strrchr(name, '/');
	return slash ? slash + 1 : name;
}

/* "system.slice" of "/system.slice/x.scope"; in the root it is "-.slice". */
static char *
slice_of(const char *name)
{
	const char *unit = unit_of(name);
	auto_free char *above = text("%.*s", (int)(unit - name), name);
	size_t length = strlen(above);
	if (length <= 1)
		return copy_text("-.slice");
	above[length - 1] = '\0';
	return copy_text(unit_of(above));
}

/* ---- properties --------------------------------------------------------- */

void
scope_properties_free(struct scope_properties *properties)
{
	for (size_t i = 0; i < properties->count; i++)
		free(properties->all[i]);
	free(properties->all);
	*properties = (struct scope_properties){ 0 };
}

void
scope_add(struct scope_properties *properties, char *property)
{
	properties->all = resize_bytes(properties->all,
				       (properties->count + 2) *
					       sizeof(char *));
	properties->all[properties->count++] = property;
	properties->all[properties->count] = NULL;
}

/* A limit; 0: it is not set, and the absence of one is the largest number. */
static void
add_number(struct scope_properties *properties, const char *name,
	   uint64_t number)
{
	if (name && number)
		scope_add(properties,
			  text("t %s %" PRIu64, name,
			       number == CGROUP_ZERO ? 0 : number));
}

static void
add_memory(struct scope_properties *properties,
	   const struct cgroup_limits *limits, bool v2)
{
	uint64_t memory = limits->memory;
	add_number(properties, v2 ? "MemoryMax" : "MemoryLimit", memory);
	if (!v2)
		return;
	add_number(properties, "MemoryLow", limits->memory_reservation);
	if (limits->memory_swap < 0 && limits->memory_swap != CGROUP_SWAP_KEEP)
		add_number(properties, "MemorySwapMax", CGROUP_NONE);
	else if (limits->memory_swap > 0 && memory != CGROUP_NONE &&
		 (uint64_t)limits->memory_swap >= memory)
		scope_add(properties,
			  text("t MemorySwapMax %" PRIu64,
			       (uint64_t)limits->memory_swap - memory));
}

/* Of every second, in steps of ten milliseconds, upwards. */
static uint64_t
quota_of_a_second(const struct cgroup_limits *limits)
{
	uint64_t period = limits->cpu_period_us ?: 100000;
	if (limits->cpu_quota_us == 0 || limits->cpu_quota_us == CGROUP_NONE)
		return limits->cpu_quota_us;
	uint64_t quota = limits->cpu_quota_us * 1000000 / period;
	return (quota + 9999) / 10000 * 10000;
}

static void
add_cpu(struct scope_properties *properties,
	const struct cgroup_limits *limits, bool v2)
{
	if (!v2)
		add_number(properties, "CPUShares", limits->cpu_shares);
	else if (limits->cpu_idle == 1)
		add_number(properties, "CPUWeight", CGROUP_ZERO);
	else if (limits->cpu_shares)
		add_number(properties, "CPUWeight",
			   cgroup_weight_of_shares(limits->cpu_shares));
	add_number(properties, "CPUQuotaPeriodUSec", limits->cpu_period_us);
	add_number(properties, "CPUQuotaPerSecUSec",
		   quota_of_a_second(limits));
}

/* "0-2,9" is "0702": a bit for each, the first byte first. */
static void
add_set(struct scope_properties *properties, const char *name, const char *list)
{
	unsigned char bits[1024] = { 0 };
	auto_free char *ranges = copy_text(list ?: "");
	char *rest = ranges;
	size_t used = 0;
	for (char *range; (range = strtok_r(rest, ",", &rest));) {
		unsigned int first, last;
		int fields = sscanf(range, "%u-%u", &first, &last);
		if (fields < 1)
			return; /* cgroup_limit() says what is wrong with it */
		last = fields == 1 ? first : last;
		for (unsigned int i = first; i <= last &&
					     i / 8 < sizeof(bits); i++) {
			bits[i / 8] |= 1 << i % 8;
			used = i / 8 + 1 > used ? i / 8 + 1 : used;
		}
	}
	auto_free char *digits = new_bytes(2 * used + 1);
	for (size_t i = 0; i < used; i++)
		snprintf(digits + 2 * i, 3, "%02x", bits[i]);
	if (used)
		scope_add(properties, text("ay %s %s", name, digits));
}

/* What of `unified` it knows; the rest stays between the kernel and us. */
static void
add_unified(struct scope_properties *properties,
	    const struct cgroup_limits *limits)
{
	static const char *const known[][2] = {
		{ "cpu.weight", "CPUWeight" },
		{ "memory.high", "MemoryHigh" },
		{ "memory.low", "MemoryLow" },
		{ "memory.max", "MemoryMax" },
		{ "memory.min", "MemoryMin" },
		{ "memory.swap.max", "MemorySwapMax" },
		{ "pids.max", "TasksMax" },
	};
	for (size_t i = 0; i < limits->file_count; i++) {
		const struct cgroup_file *file = &limits->files[i];
		uint64_t number = UINT64_MAX;
		for (size_t k = 0; k < countof(known); k++)
			if (file->version == 2 &&
			    strcmp(file->name, known[k][0]) == 0 &&
			    (strcmp(file->value, "max") == 0 ||
			     parse_number(file->value, 0, INT64_MAX,
					  &number) == 0))
				scope_add(properties,
					  text("t %s %" PRIu64, known[k][1],
					       number));
	}
}

/*
 * Told again and again, for after a reload systemd writes the rules that it
 * knows.  It knows no denial but that of all.
 */
static void
add_devices(struct scope_properties *properties,
	    const struct cgroup_limits *limits)
{
	auto_free char *list = copy_text("");
	for (size_t i = 0; i < limits->device_count; i++) {
		const struct device_rule *rule = &limits->devices[i];
		const char *type = rule->type == 'b' ? "block" : "char";
		auto_free char *device =
			rule->major == DEVICE_ANY ? text("%s-*", type) :
			rule->minor == DEVICE_ANY ?
				text("%s-%d", type, rule->major) :
				text("/dev/%s/%d:%d", type, rule->major,
				     rule->minor);
		if (!rule->allow)
			continue;
		char *longer = rule->type == 'a' ?
				       text("%s%schar-* rwm,block-* rwm", list,
					    *list ? "," : "") :
				       text("%s%s%s %s", list,
					    *list ? "," : "", device,
					    rule->access);
		free(list);
		list = longer;
	}
	/* A user's systemd may set none, and lets it be known. */
	if (limits->device_count && !scope_is_of_user()) {
		scope_add(properties, text("s DevicePolicy strict"));
		scope_add(properties, text("a(ss) DeviceAllow %s", list));
	}
}

void
scope_properties(struct scope_properties *properties,
		       const struct cgroup_limits *limits,
		       const struct hierarchies *found)
{
	static const char *const controllers[] = { "memory", "cpu", "cpuset",
						   "io" };
	bool v2[countof(controllers)];
	for (size_t i = 0; i < countof(controllers); i++) {
		const struct hierarchy *with =
			hierarchy_with(found, controllers[i]);
		v2[i] = !with || with->version == 2;
	}
	add_memory(properties, limits, v2[0]);
	add_cpu(properties, limits, v2[1]);
	if (v2[2]) {
		add_set(properties, "AllowedCPUs", limits->cpuset_cpus);
		add_set(properties, "AllowedMemoryNodes",
			limits->cpuset_mems);
	}
	add_number(properties, "TasksMax", limits->pids);
	if (limits->io_weight)
		add_number(properties, v2[3] ? "IOWeight" : "BlockIOWeight",
			   v2[3] ? 1 + (limits->io_weight - 10) * 9999 / 990 :
				   limits->io_weight);
	add_unified(properties, limits);
	add_devices(properties, limits);
}

/* ---- the program -------------------------------------------------------- */

_Noreturn static void
become(const char *path, char *const *argv, int words)
{
	if (dup2(words, STDERR_FILENO) >= 0 && sys_close_range(3, ~0U) == 0)
		execv(path, argv);
	dprintf(STDERR_FILENO, "run %s: %s\n", path, strerror(errno));
	_exit(EXIT_FAILURE);
}

/* What it has to say is one line, and our failure. */
static int
run(char *const *argv)
{
	int ends[2], status;
	auto_free char *path = self_beside(PROGRAM);
	if (!path)
		return -1;
	if (access(path, X_OK) < 0)
		return failx("--systemd-cgroup takes %s, which is made where "
			     "there is libsystemd (in Debian: libsystemd-dev) "
			     "when this is built", path);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail("make a pipe");
	auto_close int words = ends[0];
	auto_close int theirs = ends[1];
	pid_t pid = sys_fork();
	if (pid < 0)
		return fail("start " PROGRAM);
	if (pid == 0)
		become(path, argv, theirs);
	close_scoped(&theirs);
	char line[240] = "";
	size_t used = 0;
	for (ssize_t got; (got = read(words, line + used,
				      sizeof(line) - 1 - used)) > 0;)
		used += got;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("wait for " PROGRAM);
	line[strcspn(line, "\n")] = '\0';
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return failx("%s", *line ? line : PROGRAM " died");
}

/* mydocker-systemd [--user] VERB UNIT [PID] PROPERTY... */
static int
tell(const char *verb, const char *name, const char *pid,
     const struct scope_properties *properties)
{
	size_t count = properties ? properties->count : 0, used = 0;
	auto_free const char **argv = new_bytes((count + 6) * sizeof(*argv));
	argv[used++] = PROGRAM;
	if (scope_is_of_user())
		argv[used++] = "--user";
	argv[used++] = verb;
	argv[used++] = unit_of(name);
	if (pid)
		argv[used++] = pid;
	for (size_t i = 0; i < count; i++)
		argv[used++] = properties->all[i];
	return run((char *const *)argv);
}

/* ---- a unit's life ------------------------------------------------------ */

int
scope_start(const char *name, const char *id, pid_t pid,
	    const struct cgroup_limits *limits,
	    const struct oci_map *annotations)
{
	static const char *const always[] = {
		"b Delegate true",	   "b DefaultDependencies false",
		"b CPUAccounting true",	   "b MemoryAccounting true",
		"b TasksAccounting true",  "b IOAccounting true",
		"s CollectMode inactive-or-failed",
	};
	auto_hierarchies struct hierarchies found = { 0 };
	auto_scope_properties struct scope_properties properties = { 0 };
	if (hierarchy_find_all(&found) < 0)
		return -1;
	auto_free char *slice = slice_of(name);
	auto_free char *number = text("%d", pid);
	scope_add(&properties, text("s Description container %s", id));
	scope_add(&properties, text("s Slice %s", slice));
	for (size_t i = 0; i < countof(always); i++)
		scope_add(&properties, copy_text(always[i]));
	scope_properties(&properties, limits, &found);
	if (scope_annotations(&properties, annotations) < 0)
		return -1;
	return tell("start", name, number, &properties);
}

int
scope_set(const char *name, const struct cgroup_limits *limits)
{
	auto_hierarchies struct hierarchies found = { 0 };
	auto_scope_properties struct scope_properties properties = { 0 };
	if (hierarchy_find_all(&found) < 0)
		return -1;
	scope_properties(&properties, limits, &found);
	return properties.count ? tell("set", name, NULL, &properties) : 0;
}

int
scope_stop(const char *name)
{
	return tell("stop", name, NULL, NULL);
}

/* ---- a user's own process ------------------------------------------------ */

static bool
has_manager(void)
{
	const char *place = getenv("XDG_RUNTIME_DIR");
	auto_free char *path = text("%s/systemd/private", place ?: "");
	auto_free char *program = self_beside(PROGRAM);
	return place && access(path, F_OK) == 0 && program &&
	       access(program, X_OK) == 0;
}

/* Where limits could be kept, if we were elsewhere. */
static bool
is_left_out(void)
{
	auto_hierarchies struct hierarchies found = { 0 };
	if (hierarchy_find_all(&found) < 0)
		return false;
	const struct hierarchy *with = hierarchy_with(&found, "pids");
	return with && with->version == 2 && !with->base;
}

void
scope_enter(void)
{
	auto_scope_properties struct scope_properties properties = { 0 };
	if (geteuid() == 0 || !has_manager() || !is_left_out())
		return;
	/* It outlives us, with what we start: one day the pid is another's. */
	auto_free char *name = text("mydocker-%d-%lld.scope", getpid(),
				    (long long)time(NULL));
	auto_free char *number = text("%d", getpid());
	scope_add(&properties, copy_text("s Description mydocker"));
	scope_add(&properties, copy_text("s Slice app.slice"));
	scope_add(&properties, copy_text("b Delegate true"));
	scope_add(&properties,
		  copy_text("s CollectMode inactive-or-failed"));
	tell("start", name, number, &properties);
}
