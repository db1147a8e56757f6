/*
 * mountinfo.c - experiment `mountinfo`: the eleven fields of a line of
 * /proc/PID/mountinfo, and the mount they are about.
 *
 * The mount is made for it: a directory of a tmpfs, bound to a place whose
 * name has a blank, in a mount namespace of its own.
 */
#include "mountinfo.h"

#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "become.h"
#include "demo.h"
#include "ns.h"
#include "put.h"
#include "sys.h"

#define PLACE "a blank"

/* Where `name` is, as mountinfo has it: from the root. */
static char *
path_here(const char *name)
{
	auto_free char *here = getcwd(NULL, 0);
	return text("%s/%s", here ? here : "?", name);
}

static int
make_mount(void)
{
	if (mkdir("whole", 0755) < 0 || mkdir(PLACE, 0755) < 0)
		return fail("make two directories");
	if (sys_mount("the source", "whole", "tmpfs", MS_NOSUID,
		      "size=1m") < 0 ||
	    sys_mount(NULL, "whole", NULL, MS_SHARED, NULL) < 0)
		return fail("mount a tmpfs and make it shared");
	if (mkdir("whole/part", 0755) < 0 ||
	    sys_mount("whole/part", PLACE, NULL, MS_BIND, NULL) < 0)
		return fail("bind a part of it to %s", PLACE);
	return 0;
}

/* ---- one line ---------------------------------------------------------- */

/* The line whose mount point is `target`, as it stands in the file. */
static char *
raw_line(const char *target)
{
	auto_free char *table = read_all(AT_FDCWD, "/proc/self/mountinfo",
					 NULL);
	char *rest = table;
	for (char *line; rest && (line = strsep(&rest, "\n"));) {
		struct mountinfo mount;
		auto_free char *cut = copy_text(line);
		if (mountinfo_parse(cut, &mount) == 0 &&
		    strcmp(mount.target, target) == 0)
			return copy_text(line);
	}
	return NULL;
}

static void
show_fields(const struct mountinfo *m)
{
	tour_show(" 1 id", "%d", m->id);
	tour_show(" 2 parent's id", "%d", m->parent);
	tour_show(" 3 major:minor", "%u:%u", m->major, m->minor);
	tour_show(" 4 root", "%s", m->root);
	tour_show(" 5 mount point", "%s", m->target);
	tour_show(" 6 options", "%s", m->options);
	tour_show(" 7 optional", "%s", m->optional);
	tour_show(" 8 separator", "-");
	tour_show(" 9 type", "%s", m->type);
	tour_show("10 source", "%s", m->source);
	tour_show("11 options of the whole", "%s", m->super);
}

/* The mount that a path leads to, as the kernel says of an open descriptor
 * (proc_pid_fdinfo(5)); -1 when it does not. */
static int
mount_id(const char *path)
{
	auto_close int fd = open(path, O_PATH | O_CLOEXEC);
	auto_free char *info = text("/proc/self/fdinfo/%d", fd);
	auto_free char *lines = read_all(AT_FDCWD, info, NULL);
	const char *found = lines ? strstr(lines, "mnt_id:") : NULL;
	int id;
	return found && sscanf(found, "mnt_id: %d", &id) == 1 ? id : -1;
}

static int
show_line(void)
{
	auto_free char *target = path_here(PLACE);
	auto_free char *line = raw_line(target);
	if (!line)
		return failx("find the mount at %s in mountinfo", target);
	tour_step("One line of /proc/self/mountinfo.");
	printf("    %s\n", line);
	tour_expect(strstr(line, "/a\\040blank ") != NULL,
		    "a blank in a path is written \\040, so that blanks can "
		    "part the fields");

	struct mountinfo m;
	struct stat st;
	if (mountinfo_parse(line, &m) < 0)
		return -1;
	tour_step("Its eleven fields.");
	show_fields(&m);
	tour_expect(mount_id(m.target) == m.id && mount_id(".") == m.parent,
		    "1, 2: the ids that the kernel has for %s and for the "
		    "directory it is in", PLACE);
	tour_expect(stat(m.target, &st) == 0 && major(st.st_dev) == m.major &&
		    minor(st.st_dev) == m.minor,
		    "3, 5: stat(2) of the mount point finds that device");
	tour_expect(strcmp(m.root, "/part") == 0,
		    "4: of the file system, no more than its /part is here");
	tour_expect(strcmp(m.type, "tmpfs") == 0 &&
		    strcmp(m.source, "the source") == 0,
		    "9, 10: its type and the word given as its source");
	return 0;
}

/* ---- the optional fields ----------------------------------------------- */

/* Bind the same to one more place, and change that; what field 7 says then. */
static char *
optional_after(const char *name, unsigned long change, unsigned long more)
{
	auto_mounts struct mount_table table = { 0 };
	auto_free char *target = path_here(name);
	if (mkdir(name, 0755) < 0 ||
	    sys_mount("whole/part", name, NULL, MS_BIND, NULL) < 0 ||
	    (change && sys_mount(NULL, name, NULL, change, NULL) < 0) ||
	    (more && sys_mount(NULL, name, NULL, more, NULL) < 0)) {
		fail("bind the same to %s, and change that", name);
		return NULL;
	}
	const struct mountinfo *mount =
		mountinfo_read(0, &table) < 0 ? NULL :
		mountinfo_find(&table, target);
	const char *optional = mount ? mount->optional : "?";
	tour_show(name, "%s", *optional ? optional : "(none)");
	return copy_text(optional);
}

static int
show_optional(void)
{
	tour_step("Field 7 of five mounts of the same directory.");
	auto_free char *peer = optional_after("peer", 0, 0);
	auto_free char *slave = optional_after("slave", MS_SLAVE, 0);
	auto_free char *both = optional_after("both", MS_SLAVE, MS_SHARED);
	auto_free char *none = optional_after("private", MS_PRIVATE, 0);
	auto_free char *unbindable =
		optional_after("unbindable", MS_UNBINDABLE, 0);
	if (!peer || !slave || !both || !none || !unbindable)
		return -1;
	int group = 0, master = 0, own = 0, masters = 0;
	sscanf(peer, "shared:%d", &group);
	sscanf(slave, "master:%d", &master);
	sscanf(both, "shared:%d master:%d", &own, &masters);
	tour_expect(group > 0 && group == master,
		    "peer is in the group that slave receives from");
	tour_expect(masters == group && own > 0 && own != group,
		    "both receives from that, and has a group of its own: two "
		    "fields");
	tour_expect(*none == '\0' && strcmp(unbindable, "unbindable") == 0,
		    "private has no such field: the separator comes at once");
	return 0;
}

static int
look_outside(void)
{
	auto_mounts struct mount_table table;
	auto_free char *target = path_here(PLACE);
	if (mountinfo_read(getppid(), &table) < 0)
		return -1;
	tour_step("Outside: /proc/%d/mountinfo, of this process's parent.",
		  getppid());
	tour_show("mounts", "%zu", table.count);
	tour_expect(!mountinfo_find(&table, target),
		    "none of these mounts is in it: another mount namespace, "
		    "another table");
	return 0;
}

static int
run_mountinfo(void)
{
	int refused = become_root_or_skip();
	if (refused)
		return refused;
	if (ns_own_mounts() < 0)
		return become_refused();
	if (tour_scratch() < 0 || make_mount() < 0 || show_line() < 0 ||
	    show_optional() < 0)
		return -1;
	return look_outside();
}

/* ---- the view ---------------------------------------------------------- */

static void
put_field(FILE *out, const char *name, const char *value)
{
	fprintf(out, ", \"%s\": ", name);
	put_json(out, value);
}

/* An array with a mount a line, in the kernel's order. */
static int
print_json(FILE *out)
{
	auto_mounts struct mount_table table;
	if (mountinfo_read(0, &table) < 0)
		return -1;
	for (size_t i = 0; i < table.count; i++) {
		const struct mountinfo *m = &table.mounts[i];
		fprintf(out, "%s\n{\"id\": %d, \"parent\": %d, \"major\": %u, "
			     "\"minor\": %u", i ? "," : "[", m->id, m->parent,
			m->major, m->minor);
		put_field(out, "root", m->root);
		put_field(out, "target", m->target);
		put_field(out, "options", m->options);
		put_field(out, "optional", m->optional);
		put_field(out, "type", m->type);
		put_field(out, "source", m->source);
		put_field(out, "super", m->super);
		fputc('}', out);
	}
	fputs(table.count ? "\n]\n" : "[]\n", out);
	return 0;
}

const struct experiment demo_mountinfo = {
	.name = "mountinfo",
	.shows = "the mount table: the eleven fields of a line, parsed, named",
	.run = run_mountinfo,
	.views = (const struct tour_view[]){
		{ "--json", "the mounts of this namespace, for programs",
		  print_json },
		{ 0 },
	},
};
