/*
 * einval.c - why pivot_root says EINVAL, and the cure, the experiment
 * `einval`.
 *
 * Seven mistakes are made on purpose, each in a mount namespace of its own;
 * each time the kernel has the same two words for it, and rootfs.c looks up
 * which of them it is.  Then the mistake is put right, and nothing else, and
 * the pivot is done.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"
#include "look.h"
#include "ns.h"
#include "root.h"
#include "rootfs.h"
#include "stage.h"
#include "sys.h"

/*
 * Every child begins in the scratch directory, which is a private mount, with
 * "new" a directory on it that has the makings of a root.
 */
struct mistake {
	const char *words;
	int (*make)(void); /* returns a descriptor of the new root */
	const char *diagnosis; /* in what rootfs_pivot says */
	const char *cure;
	int (*put_right)(int *root);
};

static int
propagate(const char *path, unsigned long how)
{
	return sys_mount(NULL, path, NULL, how, NULL) < 0 ?
		       fail("set the propagation of %s", path) :
		       0;
}

static int
open_directory(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fail("open %s", path) : fd;
}

static int
open_again(int *root)
{
	close_scoped(root);
	*root = open_directory("new");
	return *root < 0 ? -1 : 0;
}

/* ---- no mount point ---------------------------------------------------- */

static int
take_plain(void)
{
	return open_directory("new");
}

static int
bind_it(int *root)
{
	close_scoped(root);
	*root = root_bind_onto_itself("new");
	return *root < 0 ? -1 : 0;
}

/* ---- shared mounts ----------------------------------------------------- */

static int
share_new(void)
{
	auto_close int root = root_bind_onto_itself("new");
	if (root < 0 || propagate("new", MS_SHARED) < 0)
		return -1;
	return take_fd(&root);
}

static int
unshare_new(int *root)
{
	(void)root;
	return propagate("new", MS_PRIVATE);
}

/* As systemd leaves them: all of them are shared. */
static int
share_parent(void)
{
	if (propagate(".", MS_SHARED) < 0)
		return -1;
	auto_close int root = root_bind_onto_itself("new");
	/* What is mounted on a shared mount is shared, too. */
	if (root < 0 || propagate("new", MS_PRIVATE) < 0)
		return -1;
	return take_fd(&root);
}

static int
unshare_all(int *root)
{
	(void)root;
	return propagate("/", MS_REC | MS_PRIVATE);
}

/* ---- the present root -------------------------------------------------- */

/* "/" is a mere directory, the new root a mount on it. */
static int
enter_by_chroot(void)
{
	static const char *const mounts[][2] = { { "new", "jail/new" },
						 { "/proc", "jail/proc" } };
	for (size_t i = 0; i < countof(mounts); i++)
		if (sys_mount(mounts[i][0], mounts[i][1], NULL,
			      MS_BIND | MS_REC, NULL) < 0)
			return fail("bind %s", mounts[i][0]);
	if (sys_chroot("jail") < 0 || chdir("/") < 0)
		return fail("chroot");
	return open_directory("new");
}

/* What is mounted on "/" is entered by "/..": a step up that leads nowhere,
 * and then onto what is mounted there. */
static int
mount_root_over(int *root)
{
	if (sys_mount("/", "/", NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    chdir("/..") < 0 || sys_chroot(".") < 0)
		return fail("make the present root a mount point");
	return open_again(root);
}

static int
take_present(void)
{
	return open_directory("/");
}

/* ---- another namespace ------------------------------------------------- */

/* A namespace that is left by everybody ends; this one shall not. */
static int left_behind = -1;

static int
open_before_leaving(void)
{
	auto_close int root = root_bind_onto_itself("new");
	left_behind = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (root < 0 || left_behind < 0 || ns_own_mounts() < 0)
		return -1;
	return take_fd(&root);
}

static const struct mistake mistakes[] = {
	{ "The new root is a directory, and no mount point", take_plain,
	  "not a mount point", "bind it onto itself", bind_it },
	{ "The new root is a shared mount", share_new, "new root is a shared",
	  "make it private", unshare_new },
	{ "The mount that the new root is on is shared, as under systemd",
	  share_parent, "is on is shared",
	  "make the tree private: mount(\"/\", MS_REC|MS_PRIVATE)",
	  unshare_all },
	{ "The present root was entered by chroot", enter_by_chroot,
	  "entered by chroot",
	  "bind it onto itself and enter that; or pivot before the chroot",
	  mount_root_over },
	{ "The new root is the present one", take_present, "the present one",
	  "take another", bind_it },
	{ "The new root was opened in another mount namespace",
	  open_before_leaving, "not in this mount namespace",
	  "open it after unshare", open_again },
};

static int
make_mistake(void *data)
{
	const struct mistake *mistake = data;
	struct stat before, new;
	if (ns_own_mounts() < 0)
		return -1;
	auto_close int root = mistake->make();
	if (root < 0 || stat("/", &before) < 0)
		return -1;
	int done = rootfs_pivot(root);
	struct failure told = failure;
	tour_show("the kernel says", "%s",
		  done < 0 ? strerror(told.code) : "nothing: it did it");
	look_show("and it means", done < 0 ? told.text : "-");
	/* EBUSY is its word for the one case that it tells apart. */
	tour_expect(done < 0 &&
			    (told.code == EINVAL || told.code == EBUSY) &&
			    strstr(told.text, mistake->diagnosis) &&
			    look_is("/", &before),
		    "refused, the reason found, and / is where it was");
	tour_show("the cure", "%s", mistake->cure);
	if (mistake->put_right(&root) < 0 || fstat(root, &new) < 0)
		return -1;
	if (rootfs_pivot(root) < 0)
		return -1;
	tour_expect(look_is("/", &new) && look_holds("/etc/motd", ROOT_MOTD),
		    "now it is done: / is the new root");
	return 0;
}

/* The one mistake that has to do with the second argument. */
static int
put_old_elsewhere(void *data)
{
	(void)data;
	if (ns_own_mounts() < 0)
		return -1;
	auto_close int root = root_bind_onto_itself("new");
	if (root < 0)
		return -1;
	int done = sys_pivot_root("new", ".");
	tour_show("pivot_root(\"new\", \".\")", "%s",
		  done < 0 ? strerror(errno) : "done");
	tour_expect(done < 0 && errno == EINVAL,
		    "put_old must be at or below the new root");
	done = sys_pivot_root("new", "new");
	tour_show("pivot_root(\"new\", \"new\")", "%s",
		  done < 0 ? strerror(errno) : "done");
	tour_expect(done == 0, "it may be the new root itself");
	return 0;
}

static int
run(void)
{
	int refused = stage_enter();
	if (refused)
		return refused;
	if (root_make("new") < 0 || make_dirs("jail/new", 0755) < 0 ||
	    make_dirs("jail/proc", 0755) < 0)
		return -1;
	for (size_t i = 0; i < countof(mistakes); i++) {
		tour_step("%s", mistakes[i].words);
		if (stage_child(0, make_mistake, (void *)&mistakes[i]) < 0)
			return -1;
	}
	tour_step("The place for the old root is not below the new one");
	return stage_child(0, put_old_elsewhere, NULL) < 0 ? -1 : 0;
}

const struct experiment demo_einval = {
	.name = "einval",
	.shows = "why pivot_root says EINVAL, most of all on a shared tree, "
		 "and the cure",
	.run = run,
};
