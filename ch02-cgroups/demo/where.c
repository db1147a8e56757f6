/*
 * where.c - experiment `where`: which controllers this machine has, on which
 * hierarchy each is, where in them this process is, and where it may make
 * cgroups of its own.
 *
 * What the module finds by way of the mount table is held against what the
 * kernel says elsewhere: /proc/cgroups, the magic numbers of statfs(2), and
 * the lists of processes.
 */
#include "demo.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cgroup.h"
#include "hand.h"
#include "load.h"
#include "runid.h"

/* ---- the controllers ---------------------------------------------------- */

/* Those of this hierarchy, between commas.  The caller frees. */
static char *
list_controllers(const struct hierarchy *h)
{
	if (h->version == 1 || !h->mount)
		return copy_text(h->version == 1 ? h->controllers : "");
	auto_free char *path = text("%s/cgroup.controllers", h->mount);
	return hand_cat(AT_FDCWD, path);
}

/* Is there any but "name=systemd"? */
static bool
has_controllers(const struct hierarchy *h)
{
	auto_free char *list = list_controllers(h);
	return *list && strncmp(list, "name=", 5) != 0;
}

static void
show_hierarchy(const struct hierarchy *h)
{
	auto_free char *list = list_controllers(h);
	tour_show(*list ? list : "(no controller)", "v%d  %s", h->version,
		  h->mount ? h->mount : "(not mounted here)");
}

/*
 * The number of the v1 hierarchy in which /proc/self/cgroup has this
 * controller, "4:memory:/": 0 when it is in none.
 */
static int
find_number(const char *controller)
{
	auto_free char *lines = read_all(AT_FDCWD, "/proc/self/cgroup", NULL);
	char *rest = lines;
	for (char *line; lines && (line = strtok_r(rest, "\n", &rest));) {
		int number = atoi(line);
		strsep(&line, ":");
		const char *controllers = strsep(&line, ":");
		if (line && hierarchy_list_has(controllers, controller))
			return number;
	}
	return 0;
}

/* Is it on v2, where v1's blkio is called io? */
static bool
is_on_v2(const struct hierarchies *found, const char *controller)
{
	if (strcmp(controller, "blkio") == 0)
		controller = "io";
	for (size_t i = 0; i < found->count; i++) {
		auto_free char *list = list_controllers(&found->all[i]);
		if (found->all[i].version == 2 &&
		    hierarchy_list_has(list, controller))
			return true;
	}
	return false;
}

/* A line of /proc/cgroups: "memory 4 112 1". */
static bool
is_as_counted(const struct hierarchies *found, char *line, int *nowhere)
{
	char name[64];
	int number;
	if (*line == '#' || sscanf(line, "%63s %d", name, &number) != 2)
		return true;
	const struct hierarchy *h = hierarchy_with(found, name);
	*nowhere += number == 0 && !is_on_v2(found, name);
	return number == find_number(name) &&
	       (number != 0) == (h && h->version == 1);
}

static void
show_controllers(const struct hierarchies *found)
{
	tour_step("The hierarchies, their controllers and mount points.");
	for (size_t i = 0; i < found->count; i++)
		show_hierarchy(&found->all[i]);
	auto_free char *lines = read_all(AT_FDCWD, "/proc/cgroups", NULL);
	if (!lines) {
		tour_say("/proc/cgroups is not there: it is about v1, and this "
			 "kernel has only v2.");
		return;
	}
	bool agrees = true;
	int nowhere = 0;
	char *rest = lines;
	for (char *line; (line = strtok_r(rest, "\n", &rest));)
		agrees &= is_as_counted(found, line, &nowhere);
	tour_show("of those in /proc/cgroups", "%d in none of them", nowhere);
	tour_expect(agrees, "/proc/cgroups numbers those of v1 as "
		    "/proc/self/cgroup does, and the others 0");
}

/* ---- v1, v2 or hybrid --------------------------------------------------- */

static bool
has_right_magic(const struct hierarchy *h)
{
	struct statfs fs;
	return !h->mount ||
	       (statfs(h->mount, &fs) == 0 &&
		fs.f_type == (h->version == 1 ? CGROUP_SUPER_MAGIC :
						CGROUP2_SUPER_MAGIC));
}

static void
show_version(const struct hierarchies *found)
{
	int with[3] = { 0 };
	bool right = true, v2_mounted = false;
	tour_step("v1, v2 or hybrid?");
	for (size_t i = 0; i < found->count; i++) {
		const struct hierarchy *h = &found->all[i];
		with[h->version] += has_controllers(h);
		v2_mounted |= h->version == 2 && h->mount;
		right &= has_right_magic(h);
	}
	tour_show("hierarchies with controllers", "%d of v1, %d of v2", with[1],
		  with[2]);
	tour_show("so this host is", "%s", !with[1]    ? "v2" :
					  v2_mounted ? "hybrid" : "v1");
	tour_expect(right, "the magic number of each mount says the same");
}

/* ---- where this process is ---------------------------------------------- */

/* What one's own cgroup can be asked, if it has such a file: the root of v2
 * has few. */
static const struct {
	const char *what, *controller, *v1, *v2;
} own_files[] = {
	{ "memory in use", "memory", "memory.usage_in_bytes",
	  "memory.current" },
	{ "weight on the CPUs", "cpu", "cpu.shares", "cpu.weight" },
	{ "CPUs it may use", "cpuset", "cpuset.cpus",
	  "cpuset.cpus.effective" },
};

static void
show_own_files(const struct hierarchies *found)
{
	for (size_t i = 0; i < countof(own_files); i++) {
		const struct hierarchy *h =
			hierarchy_with(found, own_files[i].controller);
		if (!h || !h->own)
			continue;
		const char *file = h->version == 1 ? own_files[i].v1 :
						     own_files[i].v2;
		auto_free char *path = text("%s/%s", h->own, file);
		auto_free char *value = hand_cat(AT_FDCWD, path);
		tour_show(own_files[i].what, "%s: %s", file, value);
	}
}

static void
show_own(const struct hierarchies *found)
{
	int roots = 0, seen = 0, listed = 0;
	tour_step("Where this process is in them (pid %d).", getpid());
	for (size_t i = 0; i < found->count; i++) {
		const struct hierarchy *h = &found->all[i];
		if (!h->own)
			continue;
		auto_close int dir = open(h->own, O_RDONLY | O_DIRECTORY |
					  O_CLOEXEC);
		seen++;
		listed += hand_lists(dir, "cgroup.procs", getpid());
		if (strcmp(h->own, h->mount) == 0)
			roots++;
		else
			tour_show("", "%s", h->own);
	}
	tour_show("at the mount point itself", "%d of %d", roots, seen);
	tour_expect(listed == seen, "cgroup.procs of each of these directories "
		    "lists it");
	show_own_files(found);
}

/* ---- where it may make some --------------------------------------------- */

/* What has no base for a reason of rights: does the kernel see it so, too? */
static bool
is_refused(const struct hierarchy *h)
{
	auto_free char *path = text("%s/mydocker-demo-%s",
				    h->own ? h->own : h->mount,
				    runid());
	if (mkdir(path, 0755) < 0)
		return true;
	rmdir(path);
	return false;
}

static void
show_bases(const struct hierarchies *found)
{
	int refused = 0, tried = 0;
	const char *why = NULL;
	for (size_t i = 0; i < found->count; i++) {
		const struct hierarchy *h = &found->all[i];
		auto_free char *list = list_controllers(h);
		if (!h->base && h->mount && strncmp(list, "name=", 5) != 0) {
			tried++;
			refused += is_refused(h);
			why = h->why;
			continue;
		}
		tour_show(*list ? list : "(no controller)", "%s%s",
			  h->base ? "in " : "no: ", h->base ? h->base : h->why);
	}
	if (tried == 0)
		return;
	tour_show("in other hierarchies", "no, %d times, as: %s", tried, why);
	tour_expect(refused == tried, "mkdir(2) says no where we do");
}

static int
make_one(void)
{
	struct cgroup cg;
	if (load_create_cgroup(&cg, "where") < 0)
		return failure.code == EACCES ? 0 : -1;
	size_t filled = 0;
	for (size_t i = 0; i < cg.count; i++)
		filled += faccessat(cg.dirs[i].fd, "cgroup.procs", F_OK,
				    0) == 0;
	tour_show("made and removed", "%s, in %zu hierarchies", cg.name,
		  cg.count);
	tour_expect(filled == cg.count,
		    "the kernel has filled each directory with files");
	int result = cgroup_destroy(&cg);
	cgroup_close(&cg);
	return result;
}

static int
run(void)
{
	auto_hierarchies struct hierarchies found = { 0 };
	if (hierarchy_find_all(&found) < 0)
		return -1;
	show_controllers(&found);
	show_version(&found);
	show_own(&found);
	tour_step("Where we may make cgroups, as uid %d.", (int)geteuid());
	show_bases(&found);
	return make_one();
}

const struct experiment demo_where = {
	.name = "where",
	.shows = "the hierarchies, their controllers, and one's own place",
	.run = run,
	.tidy = load_remove_cgroups,
};
