/*
 * cgroup.c - see cgroup.h.  Here: making a cgroup, finding one, and going in.
 * The end is in cgroup_end.c.
 */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "subtree.h"
#include "sys.h"

#define CGROUP_MODE 0755

/* ---- names and hierarchies ---------------------------------------------- */

/* Without "." and "..": it must not lead out of where we begin.  What we call
 * ourselves has no part that begins with a dot; an engine may like that. */
static int
check_name(const char *name)
{
	bool absolute = name[0] == '/';
	if (strchr(name, '\n'))
		return failx("the name of a cgroup has a newline in it");
	for (const char *part = name + absolute;; part++) {
		size_t length = strcspn(part, "/");
		if (length == 0 || (part[0] == '.' && !absolute) ||
		    (length <= 2 && strspn(part, ".") >= length))
			return failx("\"%s\" does not name a cgroup: no part "
				     "of it may be empty, or begin with a dot",
				     name);
		part += length;
		if (*part == '\0')
			return 0;
	}
}

/* What of the name is below the base. */
static const char *
below_base(const struct cgroup_dir *dir)
{
	return dir->path + strlen(dir->in.base) + 1;
}

/* The path of the cgroup in this hierarchy; NULL: we may not make it. */
static char *
path_in(struct hierarchy *in, const char *name)
{
	if (name[0] != '/')
		return text("%s/%s", in->base, name);
	size_t length = strlen(in->base);
	auto_free char *path = text("%s%s", in->mount, name);
	if (strncmp(path, in->base, length) == 0 && path[length] == '/')
		return take_ptr(&path);
	free(in->why);
	in->why = text("%s is not below %s, where this user may make cgroups",
		       path, in->base);
	return NULL;
}

/* Take over the hierarchies in which we may build; `why` says what is with
 * the others when there is none.  An old cgroup is looked for in a threaded
 * one, too: it may have become so since. */
static void
take_usable(struct cgroup *cg, struct hierarchies *found, bool for_new,
	    char **why)
{
	for (size_t i = 0; i < found->count; i++) {
		struct hierarchy *in = &found->all[i];
		bool usable = in->base && !(for_new && in->threaded);
		char *path = usable ? path_in(in, cg->name) : NULL;
		if (!path) {
			/* The last is v2, the one that matters most. */
			free(*why);
			*why = take_ptr(&in->why);
			continue;
		}
		struct cgroup_dir *dir = &cg->dirs[cg->count++];
		*dir = (struct cgroup_dir){ .in = *in, .path = path, .fd = -1 };
		*in = (struct hierarchy){ 0 };
	}
}

/* Fill in `cg` but for the descriptors. */
static int
lay_out(struct cgroup *cg, const char *name, bool for_new)
{
	*cg = (struct cgroup){ 0 };
	if (check_name(name) < 0)
		return -1;
	auto_hierarchies struct hierarchies found = { 0 };
	if (hierarchy_find_all(&found) < 0)
		return -1;
	auto_free char *why = NULL;
	cg->name = copy_text(name);
	take_usable(cg, &found, for_new, &why);
	if (cg->count > 0)
		return 0;
	cgroup_close(cg);
	failx("no cgroup can be made: %s",
	      why ? why : "/proc/self/cgroup is empty");
	failure.code = EACCES;
	return -1;
}

/* Neighbours go in one call. */
static void
close_all(struct cgroup *cg)
{
	for (size_t i = 0; i < cg->count;) {
		int first = cg->dirs[i].fd, last = first;
		for (i++; i < cg->count && first >= 0 &&
			  cg->dirs[i].fd == last + 1; i++)
			last++;
		if (last > first && sys_close_range(first, last) == 0)
			continue;
		for (int fd = first; fd >= 0 && fd <= last; fd++)
			close(fd);
	}
}

void
cgroup_close(struct cgroup *cg)
{
	close_all(cg);
	for (size_t i = 0; i < cg->count; i++) {
		struct cgroup_dir *dir = &cg->dirs[i];
		free(dir->path);
		free(dir->lacking);
		hierarchy_free(&dir->in);
	}
	free(cg->name);
	*cg = (struct cgroup){ 0 };
}

/* ---- making ------------------------------------------------------------- */

/*
 * A new cpuset of v1 has no CPUs and no memory nodes, and refuses every
 * process with ENOSPC.  Give it what the one above has.
 */
static int
fill_cpuset(int above, int dir)
{
	/* lab fill_cpuset: For each of cpuset.cpus and cpuset.mems: what the
	 * new directory has already stays (read_all() of base.h; an empty one
	 * says "\n").  Otherwise write into it what the file of the same name
	 * says in the directory above, without its newline. */
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	for (size_t i = 0; i < countof(files); i++) {
		auto_free char *own = read_all(dir, files[i], NULL);
		if (!own)
			return -1;
		if (own[0] != '\0' && own[0] != '\n')
			continue;
		auto_free char *inherited = read_all(above, files[i], NULL);
		if (!inherited)
			return -1;
		inherited[strcspn(inherited, "\n")] = '\0';
		if (*inherited && write_text(dir, files[i], inherited) < 0)
			return -1;
	}
	return 0;
	/* lab end: return failx("fill_cpuset(%d, %d): not written yet", above,
	 *	dir); */
}

/*
 * What must be so in `above` and `below` before a process can live there.  What
 * is not ours is left as it is, unless an engine has named it, and so asked for
 * that: the others of its kind prepare all of the way, too.
 */
static int
prepare(struct cgroup_dir *dir, int above, const char *above_path, int below,
	bool is_first)
{
	bool asked = dir->by_engine;
	if (dir->in.version == 1)
		return hierarchy_list_has(dir->in.controllers, "cpuset") &&
				       (asked || subtree_is_ours(below)) ?
			       fill_cpuset(above, below) :
			       0;
	if (!asked && !subtree_is_ours(is_first ? below : above))
		failx("%s is not ours, so nothing was changed in its "
		      "cgroup.subtree_control", above_path);
	else if (subtree_hand_down(above, above_path, is_first ? below : -1,
				   dir->wants) == 0)
		return 0;
	/* Those that it has all the same go on; the first reason tells most. */
	if (!dir->lacking)
		dir->lacking = copy_text(failure.text);
	return 0;
}

/* From here on it is known as ours by its mark. */
static int
mark(int dir)
{
	if (subtree_mark(dir) < 0)
		return -1;
	return trace(fchmod(dir, CGROUP_MODE), "fchmod(%d, %#o)", dir,
		     CGROUP_MODE) == 0 ?
		       0 :
		       fail("change the mode of a cgroup");
}

/* Make `name` in `above`, or step into it when it is there and may be. */
static int
make_or_enter(int above, const char *above_path, const char *name,
	      bool must_be_new)
{
	mode_t mode = CGROUP_MODE | SUBTREE_UNMARKED;
	bool made = trace(mkdirat(above, name, mode),
			  "mkdirat(%d<%s>, \"%s\", %#o)", above, above_path,
			  name, mode) == 0;
	if (!made && errno == EEXIST && must_be_new)
		return failx("it exists: a cgroup is never shared");
	if (!made && errno == EAGAIN)
		return failx("cgroup.max.descendants or cgroup.max.depth of a "
			     "cgroup above allows no more");
	if (!made && errno != EEXIST)
		return fail("make directory %s", name);
	auto_close int fd = openat(above, name, SUBTREE_OPEN);
	if (fd < 0)
		fail("open %s", name);
	if (made && (fd < 0 || mark(fd) < 0)) {
		unlinkat(above, name, AT_REMOVEDIR);
		return -1;
	}
	return take_fd(&fd);
}

/* Walk from the base down to the leaf, making what is missing. */
static int
make_path(struct cgroup_dir *dir, const char *name)
{
	/* lab make_path: Open the base.  For each part of the name, "a" and
	 * "b" of "a/b": make_or_enter() it in the directory above, the last
	 * one `must_be_new` unless dir->may_exist; prepare() the pair; then it
	 * is the directory above.  `is_first` is the part right below the
	 * base.  The last one is to be open in dir->fd, close-on-exec, as soon
	 * as it is made, so that a later failure undoes it; all else is closed
	 * in the end. */
	auto_close int above = open(dir->in.base, SUBTREE_OPEN);
	if (above < 0)
		return fail("open %s", dir->in.base);
	auto_free char *above_path = copy_text(dir->in.base);
	auto_free char *parts = copy_text(name);
	for (char *part = parts, *next; part; part = next) {
		next = strchr(part, '/');
		if (next)
			*next++ = '\0';
		bool must_be_new = !next && !dir->may_exist;
		auto_close int below = make_or_enter(above, above_path, part,
						     must_be_new);
		if (below < 0)
			return -1;
		if (!next) /* from here on it is ours to undo */
			dir->fd = fcntl(below, F_DUPFD_CLOEXEC, 3);
		if (prepare(dir, above, above_path, below, part == parts) < 0)
			return -1;
		close_scoped(&above);
		above = take_fd(&below);
		char *path = text("%s/%s", above_path, part);
		free(above_path);
		above_path = path;
	}
	return dir->fd < 0 ? fail("keep the directory open") : 0;
	/* lab end: (void)prepare;
	 * (void)make_or_enter;
	 * return failx("make_path(%s, %s): not written yet", dir->path,
	 *	name); */
}

/* v2: the controllers that are at work in the leaf itself. */
static int
read_controllers(struct cgroup_dir *dir)
{
	char list[HIERARCHY_CONTROLLERS];
	if (read_once(dir->fd, "cgroup.controllers", list, sizeof(list)) < 0)
		return -1;
	free(dir->in.controllers);
	dir->in.controllers = copy_text(list);
	return 0;
}

static int
make_all(struct cgroup *cg)
{
	auto_close int lock = subtree_lock(cg->dirs[0].in.base);
	if (lock < 0)
		return -1;
	for (size_t i = 0; i < cg->count; i++) {
		struct cgroup_dir *dir = &cg->dirs[i];
		if (make_path(dir, below_base(dir)) < 0 ||
		    (dir->in.version == 2 && read_controllers(dir) < 0))
			return wrap("create cgroup %s", dir->path);
	}
	return 0;
}

/* Whoever lives in what was there before is no concern of an undo. */
static void
let_go_of_others(struct cgroup *cg)
{
	for (size_t i = 0; i < cg->count; i++)
		if (cg->dirs[i].was_there)
			close_scoped(&cg->dirs[i].fd);
}

/* Undo what was made, and keep the reason. */
static int
give_up(struct cgroup *cg)
{
	struct failure reason = failure;
	let_go_of_others(cg);
	cgroup_destroy(cg);
	cgroup_close(cg);
	failure = reason;
	return -1;
}

int
cgroup_create(struct cgroup *cg, const char *name)
{
	if (lay_out(cg, name, true) < 0)
		return -1;
	return make_all(cg) < 0 ? give_up(cg) : 0;
}

/* ---- taking ------------------------------------------------------------- */

/* Into a cpuset that was made just now goes what the one above has; false when
 * that is nothing. */
static bool
copy_cpuset(int dir)
{
	static const char *const files[] = { "../cpuset.cpus",
					     "../cpuset.mems" };
	char list[4096];
	for (size_t i = 0; i < countof(files); i++)
		if (read_once(dir, files[i], list, sizeof(list)) <= 0 ||
		    write_text(dir, files[i] + 3, list) < 0)
			return false;
	return true;
}

/*
 * Where all above is there and prepared it takes two system calls: mkdir and
 * open.  It is not marked: it goes with the container, and what is above it is
 * not ours, or marked already.  The exception is v2 right below the base, where
 * the mark may have to take a note.  False: it takes more.
 */
static bool
make_at_once(struct cgroup_dir *dir)
{
	bool v2 = dir->in.version == 2;
	if (v2 && subtree_would_hand_down(dir->in.controllers)) {
		dir->was_there = access(dir->path, F_OK) == 0;
		return false;
	}
	if (trace(mkdirat(AT_FDCWD, dir->path, CGROUP_MODE),
		  "mkdirat(AT_FDCWD, \"%s\", %#o)", dir->path,
		  CGROUP_MODE) < 0) {
		dir->was_there = errno == EEXIST;
		return false;
	}
	dir->fd = open(dir->path, SUBTREE_OPEN);
	if (dir->fd >= 0 &&
	    (!v2 || strchr(below_base(dir), '/') ||
	     subtree_mark(dir->fd) == 0) &&
	    (!hierarchy_list_has(dir->in.controllers, "cpuset") ||
	     copy_cpuset(dir->fd))) {
		if (v2)
			dir->in.controllers[0] = '\0';
		dir->is_new = true;
		return true;
	}
	close_scoped(&dir->fd);
	unlinkat(AT_FDCWD, dir->path, AT_REMOVEDIR);
	return false;
}

/* What nobody lives in is as good as new. */
static int
check_vacant(const struct cgroup *cg, pid_t inmate)
{
	auto_free char *alone = text("%d\n", inmate);
	for (size_t i = 0; i < cg->count; i++) {
		const struct cgroup_dir *dir = &cg->dirs[i];
		if (dir->fd < 0)
			continue;
		auto_free char *procs = read_all(dir->fd, "cgroup.procs", NULL);
		if (!procs)
			return -1;
		if ((*procs && strcmp(procs, alone) != 0) ||
		    subtree_has_children(dir->fd))
			return failx("%s exists and is not empty: a cgroup is "
				     "never shared", dir->path);
	}
	int frozen = cgroup_is_frozen(cg);
	return frozen <= 0 ? frozen :
			     failx("%s exists and is frozen", cg->name);
}

/* Those of this version. */
static int
take_of(struct cgroup *cg, int version, pid_t inmate)
{
	bool any_was_there = false;
	auto_close int lock = -1;
	for (size_t i = 0; i < cg->count; i++) {
		struct cgroup_dir *dir = &cg->dirs[i];
		if (dir->in.version != version)
			continue;
		dir->may_exist = dir->by_engine = true;
		if (make_at_once(dir))
			continue;
		if (lock < 0 &&
		    (lock = subtree_lock(cg->dirs[0].in.base)) < 0)
			return -1;
		any_was_there |= dir->was_there;
		if (make_path(dir, below_base(dir)) < 0 ||
		    (dir->in.version == 2 && read_controllers(dir) < 0))
			return wrap("create cgroup %s", dir->path);
	}
	return any_was_there ? check_vacant(cg, inmate) : 0;
}

int
cgroup_take(struct cgroup *cg, const char *name, pid_t inmate)
{
	if (lay_out(cg, name, true) < 0)
		return -1;
	return take_of(cg, 2, inmate) < 0 || take_of(cg, 1, inmate) < 0 ?
		       give_up(cg) : 0;
}

int
cgroup_begin(struct cgroup *cg, const char *name)
{
	if (lay_out(cg, name, true) < 0)
		return -1;
	return take_of(cg, 2, 0) < 0 ? give_up(cg) : 0;
}

int
cgroup_complete(struct cgroup *cg, pid_t inmate)
{
	if (take_of(cg, 1, inmate) == 0)
		return 0;
	let_go_of_others(cg);
	return -1;
}

const struct cgroup_dir *
cgroup_ask_for(const struct cgroup *cg, const char *controller)
{
	const struct cgroup_dir *dir = NULL;
	failure = (struct failure){ 0 };
	bool usual = subtree_would_hand_down(controller);
	for (size_t i = 0; i < cg->count && !usual; i++)
		if (cg->dirs[i].in.version == 2 && cg->dirs[i].fd >= 0)
			dir = &cg->dirs[i];
	auto_close int lock = dir ? subtree_lock(dir->in.base) : -1;
	if (lock < 0)
		return NULL;
	struct cgroup_dir again = { .in = dir->in, .path = dir->path, .fd = -1,
				    .may_exist = true,
				    .by_engine = cg->name[0] == '/',
				    .wants = controller };
	char list[512];
	int result = make_path(&again, below_base(dir));
	close_scoped(&again.fd);
	if (again.lacking) {
		failx("%s", again.lacking);
		free(again.lacking);
	}
	if (result < 0 || read_text(dir->fd, "cgroup.controllers", list,
				    sizeof(list)) < 0)
		return NULL;
	return hierarchy_list_has(list, controller) ? dir : NULL;
}

/* ---- finding ------------------------------------------------------------ */

/* How many of its directories there are, opened. */
static int
open_all(struct cgroup *cg)
{
	int found = 0;
	for (size_t i = 0; i < cg->count; i++) {
		struct cgroup_dir *dir = &cg->dirs[i];
		dir->fd = open(dir->path, SUBTREE_OPEN);
		if (dir->fd < 0 && errno == ENOENT)
			continue;
		if (dir->fd < 0)
			return fail("open cgroup %s", dir->path);
		if (dir->in.version == 2 && read_controllers(dir) < 0)
			return -1;
		found++;
	}
	return found;
}

int
cgroup_open(struct cgroup *cg, const char *name)
{
	if (lay_out(cg, name, false) < 0)
		return -1;
	int found = open_all(cg);
	if (found < 0)
		cgroup_close(cg);
	return found;
}

bool
cgroup_has(const struct cgroup *cg, const char *controller)
{
	return cgroup_dir_with(cg, controller) != NULL;
}

const struct cgroup_dir *
cgroup_dir_with(const struct cgroup *cg, const char *controller)
{
	for (size_t i = 0; i < cg->count; i++)
		if (cg->dirs[i].fd >= 0 &&
		    hierarchy_has(&cg->dirs[i].in, controller))
			return &cg->dirs[i];
	return NULL;
}

/* ---- going in ----------------------------------------------------------- */

int
cgroup_v2_fd(const struct cgroup *cg)
{
	for (size_t i = 0; i < cg->count; i++)
		if (cg->dirs[i].in.version == 2)
			return cg->dirs[i].fd;
	return -1;
}

/* What the errno of a refused move means here. */
static const char *
why_not_joined(int code)
{
	switch (code) {
	case ENOSPC:
		return "its cpuset.cpus or cpuset.mems is empty";
	case EBUSY:
		return "it hands controllers down, and such a cgroup of v2 "
		       "may hold no process";
	case EOPNOTSUPP:
		return "it lies below a threaded cgroup";
	case EACCES:
	case EPERM:
		return "this user may not move processes between there and "
		       "here";
	default:
		return NULL;
	}
}

int
cgroup_join(const struct cgroup *cg, bool born_there)
{
	/* lab join: Go through cg->dirs.  One that is not there (fd -1) is
	 * passed over, and so is that of v2 when we were born in it.  Go into
	 * the others by a "0" in `tasks` on v1, in cgroup.procs on v2.  The
	 * first that refuses ends it: wrap() the failure in the path and, where
	 * why_not_joined() knows more than the errno, in that. */
	for (size_t i = 0; i < cg->count; i++) {
		const struct cgroup_dir *dir = &cg->dirs[i];
		bool is_v2 = dir->in.version == 2;
		if (dir->fd < 0 || (is_v2 && born_there))
			continue;
		if (write_text(dir->fd, is_v2 ? "cgroup.procs" : "tasks",
			       "0") == 0)
			continue;
		const char *why = why_not_joined(failure.code);
		return why ? wrap("join cgroup %s: %s", dir->path, why) :
			     wrap("join cgroup %s", dir->path);
	}
	return 0;
	/* lab end: (void)why_not_joined;
	 * return failx("cgroup_join(%s, %d): not written yet", cg->name,
	 *	born_there); */
}

int
cgroup_join_rest(struct cgroup *cg)
{
	for (size_t i = 0; i < cg->count; i++) {
		struct cgroup_dir *dir = &cg->dirs[i];
		if (dir->fd >= 0)
			continue;
		auto_free char *tasks = text("%s/tasks", dir->path);
		dir->is_in = write_text(AT_FDCWD, tasks, "0") == 0;
		if (!dir->is_in && failure.code != ENOENT)
			return wrap("join cgroup %s: %s", dir->path,
				    why_not_joined(failure.code) ?:
					    "the kernel refuses it");
	}
	return 0;
}
