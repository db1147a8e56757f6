/* rdt.c - parent.  See rdt.h. */
#include "rdt.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mountinfo.h"

char *
rdt_mount_point(void)
{
	auto_mounts struct mount_table table = { 0 };
	if (mountinfo_read(0, &table) < 0)
		return NULL;
	for (size_t i = 0; i < table.count; i++)
		if (strcmp(table.mounts[i].type, "resctrl") == 0)
			return copy_text(table.mounts[i].target);
	failx("no resctrl is mounted, which takes a processor and a kernel "
	      "that have it");
	return NULL;
}

static bool
is_measured(const struct oci_intel_rdt *rdt)
{
	return rdt->enable_monitoring || rdt->enable_cmt || rdt->enable_mbm;
}

/* "/" is the class that everybody is in. */
static char *
class_path(const char *resctrl, const struct oci_intel_rdt *rdt,
	   const char *id)
{
	const char *name = rdt->clos_id ? rdt->clos_id : id;
	return strcmp(name, "/") == 0 ? copy_text(resctrl) :
					text("%s/%s", resctrl, name);
}

/* ---- what a class gets -------------------------------------------------- */

/* Is this line in the file?  There it is indented, to look well. */
static bool
has_line(const char *file, const char *line, size_t length)
{
	while (*file) {
		file += strspn(file, " \t\n");
		if (strncmp(file, line, length) == 0 &&
		    (file[length] == '\n' || file[length] == '\0'))
			return true;
		file += strcspn(file, "\n");
	}
	return false;
}

/* Has a class that was there before just these limits? */
static int
compare(int class, const char *wanted)
{
	auto_free char *file = read_all(class, "schemata", NULL);
	if (!file)
		return -1;
	for (const char *line = wanted; line && *line;
	     line += strspn(line, "\n")) {
		size_t length = strcspn(line, "\n");
		if (!has_line(file, line, length))
			return failx("the class is there already, and has not "
				     "\"%.*s\"", (int)length, line);
		line += length;
	}
	return 0;
}

static int
write_line(int class, const char *line)
{
	auto_free char *whole = text("%s\n", line);
	if (write_text(class, "schemata", whole) < 0)
		return wrap("set \"%.100s\"", line);
	return 0;
}

static int
set_limits(int class, const struct oci_intel_rdt *rdt, bool is_new)
{
	const char *const both[] = { rdt->l3_cache_schema,
				     rdt->mem_bw_schema };
	for (size_t i = 0; i < countof(both); i++)
		if (both[i] && (is_new ? write_line(class, both[i]) :
					 compare(class, both[i])) < 0)
			return -1;
	for (const char *const *line = rdt->schemata; line && *line; line++)
		if (write_line(class, *line) < 0)
			return -1;
	return 0;
}

/* ---- in and out ---------------------------------------------------------- */

static int
join_class(int class, const struct oci_intel_rdt *rdt, bool is_new,
	   const char *id, pid_t pid)
{
	auto_free char *number = text("%d", pid);
	if (set_limits(class, rdt, is_new) < 0 ||
	    write_text(class, "tasks", number) < 0)
		return -1;
	if (!is_measured(rdt))
		return 0;
	auto_free char *group = text("mon_groups/%s", id);
	auto_free char *tasks = text("%s/tasks", group);
	if (mkdirat(class, group, 0755) < 0)
		return fail("make %s", group);
	return write_text(class, tasks, number);
}

int
rdt_join(const char *resctrl, const struct oci_intel_rdt *rdt, const char *id,
	 pid_t pid)
{
	auto_free char *path = class_path(resctrl, rdt, id);
	bool limited = rdt->l3_cache_schema || rdt->mem_bw_schema ||
		       rdt->schemata;
	bool may_make = !rdt->clos_id || limited;
	bool is_new = may_make && mkdir(path, 0755) == 0;
	if (may_make && !is_new && (errno != EEXIST || !rdt->clos_id))
		return fail("make the class %s", path);
	auto_close int class = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (class >= 0 && join_class(class, rdt, is_new, id, pid) == 0)
		return 0;
	if (class < 0)
		fail("open the class %s", path);
	struct failure why = failure;
	rdt_leave(resctrl, rdt, id);
	if (is_new)
		rmdir(path);
	failure = why;
	return wrap("%s", path);
}

int
rdt_change(const char *resctrl, const struct oci_intel_rdt *rdt,
	   const char *id, const struct oci_intel_rdt *limits)
{
	auto_free char *path = class_path(resctrl, rdt, id);
	auto_close int class = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (class < 0)
		return fail("open the class %s", path);
	return set_limits(class, limits, true) < 0 ? wrap("%s", path) : 0;
}

static int
remove_directory(const char *path)
{
	if (rmdir(path) < 0 && errno != ENOENT)
		return fail("remove %s", path);
	return 0;
}

int
rdt_leave(const char *resctrl, const struct oci_intel_rdt *rdt, const char *id)
{
	auto_free char *path = class_path(resctrl, rdt, id);
	auto_free char *group = text("%s/mon_groups/%s", path, id);
	if (is_measured(rdt) && remove_directory(group) < 0)
		return -1;
	return rdt->clos_id ? 0 : remove_directory(path);
}

int
rdt_forget(const struct oci_intel_rdt *rdt, const char *id)
{
	auto_free char *resctrl = rdt ? rdt_mount_point() : NULL;
	return resctrl ? rdt_leave(resctrl, rdt, id) : 0;
}
