/*
 * mount.c - experiment `mount`: two mount tables, and what spreads from one
 * to the other.
 *
 * The stage makes four mounts side by side, one of each propagation type, and
 * a child in a mount namespace of its own, which is a copy.  Then each side
 * mounts something on each of the four, and both tables are compared.
 */
#include "demo.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "become.h"
#include "look.h"
#include "mountinfo.h"
#include "ns.h"
#include "nschild.h"
#include "sync.h"
#include "sys.h"

/* A mount below the scratch directory, and what its type promises. */
static const struct place {
	const char *name;
	unsigned long outside; /* what the stage makes of it */
	unsigned long inside;  /* and the child of its copy, or 0 */
	bool enters, leaves;   /* does a later mount cross over? */
} places[] = {
	{ "private", MS_PRIVATE, 0, false, false },
	{ "shared", MS_SHARED, 0, true, true },
	{ "slave", MS_SHARED, MS_SLAVE, true, false },
	{ "unbindable", MS_UNBINDABLE, 0, false, false },
};

/* ---- to make ----------------------------------------------------------- */

static int
mount_tmpfs(const char *path)
{
	if (sys_mount("mydocker", path, "tmpfs", 0, "mode=0755") < 0)
		return fail("mount a tmpfs on %s", path);
	return 0;
}

/* A tmpfs of this type, and in it a directory for each side to mount on. */
static int
make_place(const struct place *place)
{
	auto_free char *outside = text("%s/outside", place->name);
	auto_free char *inside = text("%s/inside", place->name);
	if (mkdir(place->name, 0755) < 0)
		return fail("make the directory %s", place->name);
	if (mount_tmpfs(place->name) < 0)
		return -1;
	if (sys_mount(NULL, place->name, NULL, place->outside, NULL) < 0)
		return fail("change the propagation of %s", place->name);
	if (mkdir(outside, 0755) < 0 || mkdir(inside, 0755) < 0)
		return fail("make the directories in %s", place->name);
	return 0;
}

/* Mount something on each place, at the directory of this side. */
static int
mount_everywhere(const char *side)
{
	for (size_t i = 0; i < countof(places); i++) {
		auto_free char *path = text("%s/%s", places[i].name, side);
		if (mount_tmpfs(path) < 0)
			return -1;
	}
	return 0;
}

static int
umount_everywhere(const char *side)
{
	for (size_t i = 0; i < countof(places); i++) {
		auto_free char *path = text("%s/%s", places[i].name, side);
		if (sys_umount2(path, 0) < 0)
			return fail("unmount %s", path);
	}
	return 0;
}

/* ---- to look ----------------------------------------------------------- */

/* The mount at `path` of the scratch directory; NULL: there is none. */
static const struct mountinfo *
find(const struct mount_table *table, const char *path)
{
	auto_free char *here = getcwd(NULL, 0);
	auto_free char *target = text("%s/%s", here, path);
	return mountinfo_find(table, target);
}

static bool
has(const struct mount_table *table, const struct place *place,
    const char *side)
{
	auto_free char *path = text("%s/%s", place->name, side);
	return find(table, path) != NULL;
}

static const char *
propagation(const struct mount_table *table, const char *path)
{
	const struct mountinfo *mount = find(table, path);
	return !mount ? "?" : *mount->optional ? mount->optional : "-";
}

/* The type of each, as the optional fields of both tables have it. */
static void
show_types(const struct mount_table *ours, const struct mount_table *theirs)
{
	tour_show("optional fields", "%-16s %s", "outside", "inside");
	for (size_t i = 0; i < countof(places); i++)
		tour_show(places[i].name, "%-16s %s",
			  propagation(ours, places[i].name),
			  propagation(theirs, places[i].name));
}

/* The table grows: its lines of the four, by their first, second and optional
 * fields. */
static int
show_table(size_t before)
{
	auto_mounts struct mount_table table = { 0 };
	if (mountinfo_read(0, &table) < 0)
		return -1;
	for (size_t i = 0; i < countof(places); i++) {
		const struct mountinfo *mount = find(&table, places[i].name);
		tour_show(places[i].name, "mount %d on mount %d, %s",
			  mount ? mount->id : 0, mount ? mount->parent : 0,
			  propagation(&table, places[i].name));
	}
	tour_show("mounts", "%zu before, %zu after", before, table.count);
	tour_expect(table.count == before + countof(places),
		    "the mount table has four lines more");
	return 0;
}

/* Who sees what: a row for each place, one column for each mount and side. */
static void
show_mounts(const struct mount_table *ours, const struct mount_table *theirs)
{
	tour_show("who sees", "%-24s %s", "what outside mounted",
		  "what inside mounted");
	for (size_t i = 0; i < countof(places); i++) {
		const struct place *place = &places[i];
		bool out_out = has(ours, place, "outside");
		bool out_in = has(theirs, place, "outside");
		bool in_out = has(ours, place, "inside");
		bool in_in = has(theirs, place, "inside");
		tour_show(place->name, "%-7s %-16s %-7s %s",
			  out_out ? "outside" : "", out_in ? "inside" : "",
			  in_out ? "outside" : "", in_in ? "inside" : "");
		tour_expect(out_out && in_in && out_in == place->enters &&
			    in_out == place->leaves,
			    "%s: %s, %s", place->name,
			    place->enters ? "comes in" : "does not come in",
			    place->leaves ? "goes out" : "does not go out");
	}
}

/* ---- the child --------------------------------------------------------- */

static int
inside(int sock, void *data)
{
	(void)data;
	for (size_t i = 0; i < countof(places); i++)
		if (places[i].inside &&
		    sys_mount(NULL, places[i].name, NULL, places[i].inside,
			      NULL) < 0)
			return fail("change the propagation of %s inside",
				    places[i].name);
	if (sync_send(sock, SYNC_READY) < 0 ||
	    sync_expect(sock, SYNC_GO, "the parent") < 0 ||
	    mount_everywhere("inside") < 0 ||
	    sync_send(sock, SYNC_READY) < 0 ||
	    sync_expect(sock, SYNC_GO, "the parent") < 0)
		return -1;
	return tour_shell("Try: findmnt -o TARGET,PROPAGATION; mount -t tmpfs "
			  "x shared; umount shared/inside");
}

/* ---- the parent -------------------------------------------------------- */

static int
compare_copies(pid_t pid)
{
	auto_mounts struct mount_table ours = { 0 };
	auto_mounts struct mount_table theirs = { 0 };
	if (mountinfo_read(0, &ours) < 0 || mountinfo_read(pid, &theirs) < 0)
		return -1;
	tour_step("A child in a new mount namespace (pid %d out here).", pid);
	auto_free char *link = look_link(0, "mount");
	auto_free char *link_inside = look_link(pid, "mount");
	tour_show("namespaces", "%s, inside %s", link, link_inside);
	tour_show("mounts", "%zu, inside %zu", ours.count, theirs.count);
	tour_expect(strcmp(link, link_inside) != 0 &&
		    ours.count == theirs.count,
		    "it begins as a copy of the whole table");
	tour_say("Same number, same peer group. The child has made its copy of "
		 "\"slave\" a slave:");
	show_types(&ours, &theirs);
	return 0;
}

static int
compare_mounts(pid_t pid)
{
	auto_mounts struct mount_table ours = { 0 };
	auto_mounts struct mount_table theirs = { 0 };
	if (mountinfo_read(0, &ours) < 0 || mountinfo_read(pid, &theirs) < 0)
		return -1;
	tour_step("Each side has mounted a tmpfs on each of the four.");
	show_mounts(&ours, &theirs);
	tour_show("mounts", "%zu, inside %zu", ours.count, theirs.count);
	return 0;
}

static int
compare_after_umount(pid_t pid)
{
	if (umount_everywhere("outside") < 0)
		return -1;
	auto_mounts struct mount_table theirs = { 0 };
	if (mountinfo_read(pid, &theirs) < 0)
		return -1;
	tour_step("Outside takes its four mounts away again.");
	bool gone = true, kept = true;
	for (size_t i = 0; i < countof(places); i++) {
		gone = gone && !has(&theirs, &places[i], "outside");
		kept = kept && has(&theirs, &places[i], "inside");
	}
	tour_expect(gone, "umount spreads as well: inside they are gone, too");
	tour_expect(kept, "what inside has mounted is still there");
	return 0;
}

static int
look_at_the_rest(void)
{
	auto_mounts struct mount_table ours = { 0 };
	if (mountinfo_read(0, &ours) < 0)
		return -1;
	tour_step("The child has ended, and its mount table with it.");
	bool left = false;
	for (size_t i = 0; i < countof(places); i++) {
		bool here = has(&ours, &places[i], "inside");
		left = left || here != places[i].leaves;
		if (here)
			tour_show("still here", "%s/inside", places[i].name);
	}
	tour_expect(!left, "what had come out of it is a mount of ours, and "
		    "stays");
	return 0;
}

static int
meet(struct ns_child *child)
{
	if (sync_expect(child->sock, SYNC_READY, "the child") < 0 ||
	    compare_copies(child->pid) < 0 ||
	    mount_everywhere("outside") < 0 ||
	    sync_send(child->sock, SYNC_GO) < 0 ||
	    sync_expect(child->sock, SYNC_READY, "the child") < 0 ||
	    compare_mounts(child->pid) < 0 ||
	    compare_after_umount(child->pid) < 0 ||
	    sync_send(child->sock, SYNC_GO) < 0)
		return ns_child_give_up(child);
	if (ns_child_wait(child, NULL) < 0)
		return -1;
	return look_at_the_rest();
}

static int
bind_them(void)
{
	tour_step("What \"unbindable\" adds to private: no second view of it.");
	if (mkdir("copy", 0755) < 0)
		return fail("make the directory copy");
	int bound = sys_mount("private", "copy", NULL, MS_BIND, NULL);
	tour_expect(bound == 0, "a bind mount of the private one works");
	if (bound == 0 && sys_umount2("copy", 0) < 0)
		return fail("unmount copy");
	bound = sys_mount("unbindable", "copy", NULL, MS_BIND, NULL);
	int code = errno;
	tour_show("bind of the unbindable", "%s",
		  bound ? strerror(code) : "done");
	tour_expect(bound < 0 && code == EINVAL,
		    "a bind mount of the unbindable one is EINVAL");
	return 0;
}

static int
run_mount(void)
{
	int refused = become_root_or_skip();
	if (refused)
		return refused;
	if (ns_own_mounts() < 0)
		return become_refused();
	if (tour_scratch() < 0)
		return -1;
	auto_mounts struct mount_table before = { 0 };
	if (mountinfo_read(0, &before) < 0)
		return -1;
	tour_step("Four mounts, side by side (the slave's master is shared).");
	for (size_t i = 0; i < countof(places); i++)
		if (make_place(&places[i]) < 0)
			return -1;
	if (show_table(before.count) < 0 || bind_them() < 0)
		return -1;
	struct ns_child child;
	if (ns_child_create(&child, CLONE_NEWNS, -1, inside, NULL) < 0)
		return become_refused();
	return meet(&child);
}

const struct experiment demo_mount = {
	.name = "mount",
	.shows = "what spreads: private, shared, slave, unbindable compared",
	.run = run_mount,
	.has_shell = true,
};
