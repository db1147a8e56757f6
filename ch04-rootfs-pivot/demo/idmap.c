/*
 * idmap.c - one directory, seen with other owners, the experiment `idmap`.
 *
 * A container in a user namespace is root by the number 100000 or so.  The
 * files of its image belong to the number 0, which it has not: so they belong
 * to nobody.  To change their owners on the disk would spoil them for the next
 * container, whose numbers are others.  An id-mapped mount changes what is
 * seen, and nothing on the disk.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "demo.h"
#include "look.h"
#include "ns.h"
#include "rootfs.h"
#include "stage.h"
#include "sys.h"

enum { FIRST = 100000, COUNT = 65536, NOBODY = 65534, SOMEBODY = 1000 };

static int
nothing(void *data)
{
	(void)data;
	return 0;
}

static int
write_map(pid_t pid, const char *file)
{
	auto_free char *path = text("/proc/%d/%s", pid, file);
	auto_free char *map = text("0 %d %d", FIRST, COUNT);
	return write_text(AT_FDCWD, path, map);
}

/* Root of a namespace that is 100000 outside, as a container's would be. */
static int
start_users(struct stage_helper *helper)
{
	if (stage_help(helper, CLONE_NEWUSER | CLONE_NEWNS, nothing, NULL) < 0)
		return -1;
	if (write_map(helper->pid, "uid_map") < 0 ||
	    write_map(helper->pid, "gid_map") < 0)
		return -1;
	auto_free char *path = text("/proc/%d/ns/user", helper->pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? fail("open %s", path) : fd;
}

/* ---- in the eyes of its root ------------------------------------------- */

struct view {
	int users;
	const char *directory;
	uid_t root, somebody; /* the owners that it sees */
	int write_error;
};

static int
look(struct view *view)
{
	struct stat root, somebody;
	auto_free char *first = text("%s/roots", view->directory);
	auto_free char *second = text("%s/somebodys", view->directory);
	if (sys_setns(view->users, CLONE_NEWUSER) < 0)
		return fail("enter the user namespace");
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return fail("be root there");
	if (stat(first, &root) < 0 || stat(second, &somebody) < 0)
		return fail("look at the files");
	view->root = root.st_uid;
	view->somebody = somebody.st_uid;
	view->write_error = look_try_create(view->directory);
	return 0;
}

static int
look_and_tell(void *data)
{
	struct view *view = data;
	return look(view) < 0 ? -1 : 0;
}

/* The child looks; what it has seen is in memory that both have. */
static int
see(int users, const char *directory, struct view *view)
{
	*view = (struct view){ .users = users, .directory = directory };
	if (stage_child(0, look_and_tell, view) < 0)
		return -1;
	tour_show(directory, "roots: %u, somebodys: %u; make a file: %s",
		  view->root, view->somebody, look_word(view->write_error));
	return 0;
}

/* ---- the experiment ---------------------------------------------------- */

static int
make_files(void)
{
	if (look_put("image/roots", "") < 0 ||
	    look_put("image/somebodys", "") < 0)
		return -1;
	if (chown("image/somebodys", SOMEBODY, SOMEBODY) < 0)
		return fail("change the owner of a file");
	return 0;
}

static int
see_plainly(int users, struct view *view)
{
	tour_step("Without a map on the mount");
	if (see(users, "image", view) < 0)
		return -1;
	tour_expect(view->root == NOBODY && view->somebody == NOBODY,
		    "in there all of it belongs to nobody (65534)");
	tour_expect(view->write_error != 0,
		    "and its root may not write: to the kernel it is user "
		    "%d, and the file is 0's", FIRST);
	return 0;
}

static int
see_mapped(int users, struct view *view)
{
	tour_step("The same directory, mounted with the namespace's map");
	if (see(users, "mapped/image", view) < 0)
		return -1;
	tour_expect(view->root == 0 && view->somebody == SOMEBODY,
		    "each file has the owner that is written on the disk");
	tour_expect(view->write_error == 0, "and its root may write");
	struct stat outside;
	if (stat("mapped/image/roots", &outside) < 0)
		return fail("look at it from outside");
	tour_show("from outside, roots", "%u through the mount",
		  outside.st_uid);
	tour_expect(outside.st_uid == FIRST, "from outside the same mount "
					     "shows it as %d's", FIRST);
	return 0;
}

static int
create_through(void *data)
{
	struct view *view = data;
	if (sys_setns(view->users, CLONE_NEWUSER) < 0 ||
	    setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return fail("be root of the user namespace");
	return look_put("mapped/image/new", "");
}

static int
look_at_disk(struct view *view)
{
	struct stat made, old;
	tour_step("On the disk");
	if (stage_child(0, create_through, view) < 0)
		return -1;
	if (stat("image/new", &made) < 0 || stat("image/roots", &old) < 0)
		return fail("look at the disk");
	tour_show("image/new", "%u", made.st_uid);
	tour_expect(made.st_uid == 0 && old.st_uid == 0,
		    "what it made belongs to 0, as an image's file should: "
		    "nothing was chowned");
	return 0;
}

static int
map_mount(int users)
{
	const struct rootfs_mount mount = { .source = "image",
					    .target = "/image",
					    .flags = MS_BIND,
					    .users = users };
	if (mkdir("mapped", 0755) < 0)
		return fail("make directory mapped");
	auto_close int root = open("mapped", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? fail("open mapped") : rootfs_mount(root, &mount);
}

static int
play(struct stage_helper *helper, struct view *view)
{
	auto_close int users = start_users(helper);
	if (users < 0)
		return tour_skip("needs user namespaces: %s", failure.text);
	if (see_plainly(users, view) < 0)
		return -1;
	if (map_mount(users) < 0)
		return failure.code == EINVAL || failure.code == ENOSYS ||
				       failure.code == EPERM ?
			       tour_skip("needs id-mapped mounts of a tmpfs "
					 "(Linux 6.3): %s", failure.text) :
			       -1;
	if (see_mapped(users, view) < 0)
		return -1;
	view->users = users;
	return look_at_disk(view);
}

static int
run(void)
{
	int refused = stage_enter();
	if (refused)
		return refused;
	if (!stage_is_real_root())
		return tour_skip("needs real root, whose file system it is; "
				 "found a user namespace");
	if (make_files() < 0)
		return -1;
	struct view *view = stage_shared(sizeof(*view));
	if (!view)
		return -1;
	struct stage_helper helper = { 0 };
	int done = play(&helper, view);
	stage_dismiss(&helper);
	return done;
}

const struct experiment demo_idmap = {
	.name = "idmap",
	.shows = "an id-mapped mount: files with the owners that a user "
		 "namespace knows",
	.run = run,
};
