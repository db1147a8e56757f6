/* hierarchy.c - see hierarchy.h. */
#include "hierarchy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "mountinfo.h"

const char *hierarchy_root = "";
const char *hierarchy_named;

#define LIST_DIVIDERS ", \n"

bool
hierarchy_list_has(const char *list, const char *word)
{
	size_t length = strlen(word);
	for (;;) {
		list += strspn(list, LIST_DIVIDERS);
		size_t here = strcspn(list, LIST_DIVIDERS);
		if (here == 0)
			return false;
		if (here == length && memcmp(list, word, length) == 0)
			return true;
		list += here;
	}
}

void
hierarchy_free(struct hierarchy *hierarchy)
{
	free(hierarchy->controllers);
	free(hierarchy->mount);
	free(hierarchy->own);
	free(hierarchy->base);
	free(hierarchy->why);
	*hierarchy = (struct hierarchy){ 0 };
}

void
hierarchy_free_all(struct hierarchies *found)
{
	for (size_t i = 0; i < found->count; i++)
		hierarchy_free(&found->all[i]);
	found->count = 0;
}

bool
hierarchy_has(const struct hierarchy *hierarchy, const char *controller)
{
	if (hierarchy->version == 1 && strcmp(controller, "io") == 0)
		controller = "blkio";
	return hierarchy_list_has(hierarchy->controllers, controller);
}

const struct hierarchy *
hierarchy_with(const struct hierarchies *found, const char *controller)
{
	for (size_t i = 0; i < found->count; i++)
		if (hierarchy_has(&found->all[i], controller))
			return &found->all[i];
	return NULL;
}

/* ---- the mount table ---------------------------------------------------- */

/*
 * Lines that mountinfo_parse() refuses are passed over: a mount that cannot
 * be understood is no reason not to find the others.
 */
static int
read_mounts(struct mount_table *table)
{
	auto_free char *path = text("%s/proc/self/mountinfo", hierarchy_root);
	*table = (struct mount_table){ .text = read_all(AT_FDCWD, path, NULL) };
	if (!table->text)
		return wrap("is /proc mounted? find the cgroup mounts");
	size_t room = 0;
	for (char *line = table->text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (table->count == room) {
			room = room ? 2 * room : 32;
			table->mounts = resize_bytes(
				table->mounts, room * sizeof(*table->mounts));
		}
		if (mountinfo_parse(line, &table->mounts[table->count]) == 0)
			table->count++;
	}
	return 0;
}

/* Is this mount one of the hierarchy with these controllers (or name)? */
static bool
mount_is_of(const struct mountinfo *mount, const struct hierarchy *hierarchy)
{
	if (hierarchy->version == 2)
		return strcmp(mount->type, "cgroup2") == 0;
	if (strcmp(mount->type, "cgroup") != 0)
		return false;
	/* One is enough: a controller is in one hierarchy only. */
	auto_free char *first = copy_text(hierarchy->controllers);
	first[strcspn(first, ",")] = '\0';
	return mountinfo_has_option(mount->super, first);
}

/* Is this mount in the other one, or in one that is, and so on? */
static bool
mount_is_in(const struct mountinfo *mount, const struct mountinfo *other,
	    const struct mount_table *table)
{
	int id = mount->parent;
	/* As often as there are mounts, if not for ever. */
	for (size_t steps = 0; steps < table->count && id != other->id; steps++)
		for (size_t i = 0; i < table->count; i++)
			if (table->mounts[i].id == id) {
				id = table->mounts[i].parent;
				break;
			}
	return id == other->id;
}

/* Is there another one at this path or above, that this one is not in? */
static bool
mount_may_be_covered(const struct mountinfo *mount,
		     const struct mount_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct mountinfo *other = &table->mounts[i];
		size_t length = strcmp(other->target, "/") == 0 ?
					0 : strlen(other->target);
		if (other != mount &&
		    strncmp(mount->target, other->target, length) == 0 &&
		    strchr("/", mount->target[length]) &&
		    !mount_is_in(mount, other, table))
			return true;
	}
	return false;
}

/* Another mount may lie on top of this one: if the table leaves it open, ask
 * the path where it leads. */
static bool
mount_is_visible(const struct mountinfo *mount, const char *path,
		 const struct mount_table *table)
{
	struct stat st;
	if (strcmp(mount->root, "/") == 0 &&
	    !mount_may_be_covered(mount, table))
		return true;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	       st.st_dev == makedev(mount->major, mount->minor);
}

static bool
mount_is_writable(const struct mountinfo *mount)
{
	return mountinfo_has_option(mount->options, "rw") &&
	       mountinfo_has_option(mount->super, "rw");
}

/*
 * Where the cgroup `path` is below the mount point, or NULL when this mount
 * does not show it: "/docker/7/x" through a mount with the root "/docker/7"
 * is "/x".  In a cgroup namespace a path outside begins with "/..".
 */
static const char *
path_below(const struct mountinfo *mount, const char *path)
{
	size_t length = strlen(mount->root);
	if (strncmp(path, "/..", 3) == 0 || strncmp(mount->root, "/..", 3) == 0)
		return NULL;
	if (length == 1)
		return path[1] ? path : "";
	if (strncmp(path, mount->root, length) != 0 ||
	    (path[length] != '/' && path[length] != '\0'))
		return NULL;
	return path + length;
}

/* Of several mounts take a writable one, and of those the first. */
static void
choose_mount(struct hierarchy *hierarchy, const char *cgroup,
	     const struct mount_table *table)
{
	const struct mountinfo *chosen = NULL;
	for (size_t i = 0; i < table->count; i++) {
		const struct mountinfo *mount = &table->mounts[i];
		if (!mount_is_of(mount, hierarchy) ||
		    (chosen && !mount_is_writable(mount)))
			continue;
		char *path = text("%s%s", hierarchy_root, mount->target);
		if (!mount_is_visible(mount, path, table)) {
			free(path);
			continue;
		}
		chosen = mount;
		free(hierarchy->mount);
		hierarchy->mount = path;
		if (mount_is_writable(mount))
			break;
	}
	const char *below = chosen ? path_below(chosen, cgroup) : NULL;
	if (!below)
		return;
	hierarchy->own = text("%s%s", hierarchy->mount, below);
	/* The mount point is there; our cgroup may be removed under us. */
	if (*below && access(hierarchy->own, F_OK) < 0) {
		free(hierarchy->own);
		hierarchy->own = NULL;
	}
}

/* ---- where we may build ------------------------------------------------- */

static void set_reason(struct hierarchy *hierarchy, const char *fmt, ...)
	printf_like(2, 3);

/* The first reason is the telling one. */
static void
set_reason(struct hierarchy *hierarchy, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	if (!hierarchy->why && vasprintf(&hierarchy->why, fmt, args) < 0)
		hierarchy->why = NULL;
	va_end(args);
}

/* A cgroup v2 below a threaded one can hold no process as a whole.  (The root
 * of all has no cgroup.type.) */
static void
note_threaded(struct hierarchy *hierarchy)
{
	char type[64];
	auto_free char *path = text("%s/cgroup.type", hierarchy->base);
	hierarchy->threaded =
		read_once(AT_FDCWD, path, type, sizeof(type)) >= 0 &&
		strcmp(type, "domain") != 0;
	if (hierarchy->threaded)
		set_reason(hierarchy, "%s is a threaded cgroup, which can "
			   "have no ordinary child", hierarchy->base);
}

/* May we make a cgroup in `dir`, and move processes from ours to there? */
static bool
can_build_in(struct hierarchy *hierarchy, const char *dir)
{
	auto_free char *procs = text("%s/cgroup.procs", dir);
	if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) < 0 ||
	    (hierarchy->version == 2 &&
	     faccessat(AT_FDCWD, procs, W_OK, AT_EACCESS) < 0)) {
		if (errno == EROFS)
			set_reason(hierarchy, "%s is mounted read-only", dir);
		else
			set_reason(hierarchy, "uid %d may not make cgroups in "
				   "%s and nothing below it is delegated",
				   (int)geteuid(), dir);
		return false;
	}
	return true;
}

/* Walk down from the mount point to our own directory. */
static void
choose_base(struct hierarchy *hierarchy)
{
	if (!hierarchy->mount) {
		set_reason(hierarchy, "it is not mounted here");
		return;
	}
	auto_free char *dir = copy_text(hierarchy->own ? hierarchy->own :
							 hierarchy->mount);
	for (char *cut = dir + strlen(hierarchy->mount);; cut++) {
		char kept = *cut;
		if (kept != '/' && kept != '\0')
			continue;
		*cut = '\0';
		if (can_build_in(hierarchy, dir)) {
			hierarchy->base = copy_text(dir);
			free(hierarchy->why);
			hierarchy->why = NULL;
			if (hierarchy->version == 2)
				note_threaded(hierarchy);
			return;
		}
		*cut = kept;
		if (kept == '\0')
			return;
	}
}

/* v2 says in each directory which controllers can be had there. */
static int
read_controllers(struct hierarchy *hierarchy)
{
	const char *dir = hierarchy->base ? hierarchy->base : hierarchy->mount;
	if (!dir)
		return 0;
	auto_free char *path = text("%s/cgroup.controllers", dir);
	char list[HIERARCHY_CONTROLLERS];
	if (read_once(AT_FDCWD, path, list, sizeof(list)) < 0)
		return -1;
	for (char *blank = list; (blank = strchr(blank, ' '));)
		*blank = ',';
	free(hierarchy->controllers);
	hierarchy->controllers = copy_text(list);
	return 0;
}

/* ---- /proc/self/cgroup -------------------------------------------------- */

/* Has it no controller, only a name, and is that not the one we are to know? */
static bool
is_of_others(const char *controllers)
{
	return strncmp(controllers, "name=", 5) == 0 &&
	       !strchr(controllers, ',') &&
	       (!hierarchy_named || strcmp(controllers, hierarchy_named) != 0);
}

/* "4:memory:/user/x", "0::/user/x" on v2: cut into its three fields. */
static int
cut_line(char *line, char **controllers, char **cgroup)
{
	char *first = strchr(line, ':');
	char *second = first ? strchr(first + 1, ':') : NULL;
	if (!second || second[1] != '/')
		return failx("\"%s\" is not a line of /proc/self/cgroup",
			     line);
	*second = '\0';
	*controllers = first + 1;
	*cgroup = second + 1;
	return 0;
}

static int
add_hierarchy(struct hierarchies *found, char *line,
	      const struct mount_table *table)
{
	char *controllers, *cgroup;
	if (cut_line(line, &controllers, &cgroup) < 0)
		return -1;
	if (found->count == HIERARCHY_MAX)
		return failx("more than %d cgroup hierarchies", HIERARCHY_MAX);
	struct hierarchy *hierarchy = &found->all[found->count++];
	*hierarchy = (struct hierarchy){
		.version = *controllers ? 1 : 2,
		.controllers = copy_text(controllers),
	};
	choose_mount(hierarchy, cgroup, table);
	if (is_of_others(controllers))
		set_reason(hierarchy,
			   "it has no controller and belongs to who made it");
	else
		choose_base(hierarchy);
	return hierarchy->version == 2 ? read_controllers(hierarchy) : 0;
}

int
hierarchy_find_all(struct hierarchies *found)
{
	found->count = 0;
	auto_free char *path = text("%s/proc/self/cgroup", hierarchy_root);
	auto_free char *lines = read_all(AT_FDCWD, path, NULL);
	if (!lines)
		return wrap("is /proc mounted, and has this kernel cgroups? "
			    "find our own");
	auto_mounts struct mount_table table = { 0 };
	if (read_mounts(&table) < 0)
		return -1;
	for (char *line = lines, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (add_hierarchy(found, line, &table) < 0) {
			hierarchy_free_all(found);
			return wrap("find the cgroup hierarchies");
		}
	}
	return 0;
}
