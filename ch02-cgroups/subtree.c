/* subtree.c - see subtree.h. */
#include "subtree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "hierarchy.h"

#define LOCK_TRIES 5000 /* a millisecond each */
#define LIST_SIZE 512	/* room for the names of all controllers */

/*
 * The controllers for which this project has a use; the first are those that
 * every container has.  Others are not handed down before somebody asks for
 * them: each that is enabled costs something in every cgroup that has it.
 */
static const char *const wanted[] = {
	"cpu", "cpuset", "io", "memory", "pids", "hugetlb", "rdma", "misc",
};
#define USUAL 5

bool
subtree_would_hand_down(const char *controllers)
{
	for (size_t i = 0; i < USUAL; i++)
		if (hierarchy_list_has(controllers, wanted[i]))
			return true;
	return false;
}

int
subtree_lock(const char *base)
{
	auto_close int fd = open(base, SUBTREE_OPEN);
	if (fd < 0)
		return fail("open %s", base);
	for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; tries++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail("lock %s", base);
		if (tries == LOCK_TRIES)
			return failx("lock %s: another process has kept it "
				     "locked for seconds (lslocks names it)",
				     base);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return take_fd(&fd);
}

/* ---- marks -------------------------------------------------------------- */

/* "made" and the controllers enabled above: "made hugetlb memory". */
static const char *const mark_names[] = { "user.mydocker",
					  "trusted.mydocker" };
#define MARK_MADE "made"

struct mark {
	char text[LIST_SIZE];
};

static bool
read_mark(int dir, struct mark *mark)
{
	for (size_t i = 0; i < countof(mark_names); i++) {
		ssize_t length = fgetxattr(dir, mark_names[i], mark->text,
					   sizeof(mark->text) - 1);
		if (length >= 0) {
			mark->text[length] = '\0';
			return true;
		}
	}
	/* Its maker was killed before he came to that. */
	struct stat st;
	if (fstat(dir, &st) < 0 || !(st.st_mode & SUBTREE_UNMARKED))
		return false;
	*mark = (struct mark){ MARK_MADE };
	return true;
}

static int
write_mark(int dir, const struct mark *mark)
{
	for (size_t i = 0; i < countof(mark_names); i++)
		if (trace(fsetxattr(dir, mark_names[i], mark->text,
				    strlen(mark->text), 0),
			  "fsetxattr(%d, \"%s\", \"%s\")", dir, mark_names[i],
			  mark->text) == 0)
			return 0;
	return fail("mark a cgroup as ours (an extended attribute; for other "
		    "users than root it takes Linux 5.7)");
}

/* Add a word to a list that has not got it yet. */
static void
add_word(struct mark *list, const char *prefix, const char *word)
{
	size_t used = strlen(list->text);
	if (!hierarchy_list_has(list->text, word))
		snprintf(list->text + used, sizeof(list->text) - used,
			 "%s%s%s", used ? " " : "", prefix, word);
}

static void
remove_word(struct mark *list, const char *word)
{
	struct mark old = *list;
	char *rest = old.text;
	list->text[0] = '\0';
	for (char *each; (each = strtok_r(rest, " ", &rest));)
		if (strcmp(each, word) != 0)
			add_word(list, "", each);
}

int
subtree_mark(int dir)
{
	return write_mark(dir, &(struct mark){ MARK_MADE });
}

bool
subtree_is_ours(int dir)
{
	struct mark mark;
	return read_mark(dir, &mark);
}

/* ---- controllers -------------------------------------------------------- */

bool
subtree_has_note(int dir)
{
	struct mark mark;
	return read_mark(dir, &mark) && strcmp(mark.text, MARK_MADE) != 0;
}

/* Those to enable, as cgroup.subtree_control wants it: "+io +memory". */
static int
missing_controllers(int above, const char *controller, struct mark *missing)
{
	char had[LIST_SIZE], handed_down[LIST_SIZE];
	missing->text[0] = '\0';
	if (read_once(above, "cgroup.controllers", had, sizeof(had)) < 0 ||
	    read_once(above, "cgroup.subtree_control", handed_down,
		      sizeof(handed_down)) < 0)
		return -1;
	for (size_t i = 0; i < countof(wanted); i++)
		if (controller ? strcmp(controller, wanted[i]) == 0 : i < USUAL)
			if (hierarchy_list_has(had, wanted[i]) &&
			    !hierarchy_list_has(handed_down, wanted[i]))
				add_word(missing, "+", wanted[i]);
	return 0;
}

/* Does it live by the rule that a cgroup which hands controllers down has no
 * processes?  All do but the root of all, which has no cgroup.type. */
static bool
has_inner_processes(int dir)
{
	if (faccessat(dir, "cgroup.type", F_OK, 0) < 0)
		return false;
	auto_free char *list = read_all(dir, "cgroup.procs", NULL);
	return list && *list;
}

/* One write changes all or none: after a refusal try them one by one. */
static int
write_changes(int dir, struct mark *changes)
{
	if (write_text(dir, "cgroup.subtree_control", changes->text) == 0)
		return 0;
	int result = 0;
	char *rest = changes->text;
	for (char *word; (word = strtok_r(rest, " ", &rest));)
		if (write_text(dir, "cgroup.subtree_control", word) < 0)
			result = -1;
	return result;
}

static int
enable(int above, const char *path, struct mark *missing)
{
	/* The kernel would not refuse cpu and pids here, but make the cgroup
	 * a threaded one for them, in which no container can live. */
	if (has_inner_processes(above))
		return failx("there are processes in %s itself, and v2 hands "
			     "controllers down only from a cgroup without any:"
			     " move them to a child of it", path);
	return write_changes(above, missing) < 0 ?
		       wrap("hand down from %s", path) : 0;
}

int
subtree_hand_down(int above, const char *path, int noted_in,
		  const char *controller)
{
	struct mark missing, mark;
	if (missing_controllers(above, controller, &missing) < 0)
		return wrap("find the controllers of %s", path);
	if (missing.text[0] == '\0')
		return 0;
	/* The note first: a crash between the two then leaves a note too many,
	 * which does no harm, and never a controller too many. */
	if (noted_in >= 0 && read_mark(noted_in, &mark)) {
		struct mark words = missing;
		char *rest = words.text;
		for (char *word; (word = strtok_r(rest, " ", &rest));)
			add_word(&mark, "", word + 1);
		if (write_mark(noted_in, &mark) < 0)
			return -1;
	}
	return enable(above, path, &missing);
}

/*
 * What a controller can be told, and what its file says until it has been.
 * A directory of somebody else's where it says another thing has come to rely
 * on the controller: taken back, its limit would go without a word.
 */
static const struct setting {
	const char *controller, *file, *none;
} settings[] = {
	{ "cpu", "cpu.max", "max 100000" },
	{ "cpu", "cpu.weight", "100" },
	{ "cpuset", "cpuset.cpus", "" },
	{ "cpuset", "cpuset.mems", "" },
	{ "hugetlb", "hugetlb.2MB.max", "max" },
	{ "hugetlb", "hugetlb.1GB.max", "max" },
	{ "io", "io.max", "" },
	{ "io", "io.weight", "default 100" },
	{ "memory", "memory.max", "max" },
	{ "memory", "memory.high", "max" },
	{ "memory", "memory.low", "0" },
	{ "memory", "memory.min", "0" },
	{ "memory", "memory.swap.max", "max" },
	{ "pids", "pids.max", "max" },
};

/* Of what is to be taken back, once its maker goes. */
struct search {
	const char *name;	 /* the maker's: not this one */
	const struct mark *note; /* what it has enabled */
	struct mark left;	 /* what none of the others has set */
	bool has_heir;		 /* another of ours has the note now */
};

static bool
inherit_note(int fd, const struct mark *note)
{
	struct mark mark;
	if (!read_mark(fd, &mark))
		return false;
	for (size_t i = 0; i < countof(wanted); i++)
		if (hierarchy_list_has(note->text, wanted[i]))
			add_word(&mark, "", wanted[i]);
	return write_mark(fd, &mark) == 0;
}

static void
strike_what_is_set(int fd, struct mark *left)
{
	char value[4096];
	for (size_t i = 0; i < countof(settings); i++) {
		const struct setting *setting = &settings[i];
		if (!hierarchy_list_has(left->text, setting->controller))
			continue;
		ssize_t length = read_once(fd, setting->file, value,
					   sizeof(value));
		/* (No code: it is there, and longer than that.) */
		if (length < 0 ? failure.code == 0 :
				 strcmp(value, setting->none) != 0)
			remove_word(left, setting->controller);
	}
}

static int
ask_neighbour(int fd, int parent, const char *name, void *data)
{
	(void)parent;
	struct search *search = data;
	if (search->has_heir || strcmp(name, search->name) == 0)
		return 0;
	search->has_heir = inherit_note(fd, search->note);
	if (!search->has_heir && !subtree_is_ours(fd))
		strike_what_is_set(fd, &search->left);
	return 0;
}

void
subtree_take_back(int above, int dir, const char *name)
{
	struct mark note;
	if (!read_mark(dir, &note) || strcmp(note.text, MARK_MADE) == 0)
		return;
	struct search search = { .name = name, .note = &note, .left = note };
	subtree_each_child(above, ask_neighbour, &search);
	struct mark minus = { "" };
	for (size_t i = 0; i < countof(wanted) && !search.has_heir; i++)
		if (hierarchy_list_has(search.left.text, wanted[i]))
			add_word(&minus, "-", wanted[i]);
	if (!minus.text[0])
		return;
	/* In its own first: what is handed on cannot be taken back. */
	struct mark own = minus;
	write_changes(dir, &own);
	write_changes(above, &minus);
}

/* ---- children ----------------------------------------------------------- */

/* A descriptor of the directory `name`, or -1 when it is none of interest. */
static int
open_child(int dir, const char *name)
{
	struct stat here, there;
	auto_close int fd = openat(dir, name, SUBTREE_OPEN);
	if (fd < 0 || fstat(dir, &here) < 0 || fstat(fd, &there) < 0 ||
	    here.st_dev != there.st_dev)
		return -1;
	return take_fd(&fd);
}

int
subtree_each_child(int dir, subtree_visitor *visit, void *data)
{
	/* A descriptor of its own, since readdir moves the offset. */
	auto_close int fd = openat(dir, ".", SUBTREE_OPEN);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail("open a cgroup");
	auto_dir DIR *entries = fdopendir(fd);
	if (!entries)
		return fail("list a cgroup");
	take_fd(&fd);
	struct dirent *entry;
	while ((entry = readdir(entries))) {
		if (entry->d_name[0] == '.' ||
		    (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
			continue;
		auto_close int child = open_child(dir, entry->d_name);
		if (child >= 0 && visit(child, dir, entry->d_name, data) < 0)
			return -1;
	}
	return 0;
}

static int
note_child(int fd, int parent, const char *name, void *data)
{
	(void)fd, (void)parent, (void)name;
	*(bool *)data = true;
	return 0;
}

bool
subtree_has_children(int dir)
{
	bool any = false;
	subtree_each_child(dir, note_child, &any);
	return any;
}
