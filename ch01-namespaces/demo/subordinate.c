/*
 * subordinate.c - see subordinate.h.
 *
 * One id is not enough for an image, whose files belong to many.  The child
 * makes its user namespace itself, so that it has no map yet, and waits.
 */
#include "subordinate.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "idmap.h"
#include "look.h"
#include "nschild.h"
#include "sync.h"
#include "sys.h"
#include "tour.h"

/* What root lends: ids of nobody, as useradd(8) would choose them first. */
#define LENT_FIRST 100000
#define LENT_COUNT 65536

struct maps {
	struct id_map uids, gids;
};

/* uid 0 inside makes a file and gives it to uid 1, which must exist. */
static int
give_away(int sock, void *data)
{
	(void)data;
	struct stat st;
	if (sys_unshare(CLONE_NEWUSER) < 0)
		return fail("make a user namespace");
	if (sync_send(sock, SYNC_READY) < 0 ||
	    sync_expect(sock, SYNC_MAPPED, "the parent") < 0)
		return -1;
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return fail("become 0 inside");
	auto_close int file = memfd_create("mydocker", MFD_CLOEXEC);
	if (file < 0 || fchown(file, 1, 1) < 0 || fstat(file, &st) < 0)
		return fail("make a file and give it to uid 1");
	tour_show("owner inside, after chown 1", "%u", st.st_uid);
	tour_expect(st.st_uid == 1, "there is a uid 1 in here");
	return sync_send_fd(sock, file);
}

/* Line by line; a map's numbers without the columns the kernel puts them in. */
static void
show_lines(const char *what, char *lines)
{
	char *line;
	for (; (line = strsep(&lines, "\n")) && *line; what = "") {
		struct id_range r;
		if (sscanf(line, "%u %u %u", &r.inside, &r.outside,
			   &r.count) == 3)
			tour_show(what, "%u %u %u", r.inside, r.outside,
				  r.count);
		else
			tour_show(what, "%s", line);
	}
}

void
show_id_maps(pid_t pid)
{
	static const char *const files[] = { "uid_map", "gid_map",
					     "setgroups" };
	for (size_t i = 0; i < countof(files); i++) {
		auto_free char *path = text("/proc/%d/%s", pid, files[i]);
		auto_free char *lines = read_all(AT_FDCWD, path, NULL);
		if (lines)
			show_lines(files[i], lines);
	}
}

/* The same file seen by both: a descriptor means the inode, not a number. */
static int
compare_owners(const struct ns_child *child, uint32_t lent)
{
	struct stat st;
	if (sync_send(child->sock, SYNC_MAPPED) < 0)
		return -1;
	auto_close int file = sync_expect_fd(child->sock, "the child");
	if (file < 0)
		return -1;
	if (fstat(file, &st) < 0)
		return fail("look at the child's file");
	tour_show("owner outside", "%u", st.st_uid);
	tour_expect(st.st_uid == lent, "out here the file belongs to %u",
		    lent);
	return 0;
}

/* Our own id as 0; from 1 on, what we may lend. */
static int
find_ids(struct maps *maps)
{
	bool root = geteuid() == 0;
	uid_t uid = root ? ORDINARY_USER : geteuid();
	gid_t gid = root ? ORDINARY_USER : getegid();
	if (idmap_add(&maps->uids, 0, uid, 1) < 0 ||
	    idmap_add(&maps->gids, 0, gid, 1) < 0)
		return -1;
	if (root) {
		tour_say("Root may lend any ids: here %d and those after it.",
			 LENT_FIRST);
		return idmap_add(&maps->uids, 1, LENT_FIRST, LENT_COUNT) < 0 ||
		       idmap_add(&maps->gids, 1, LENT_FIRST, LENT_COUNT) < 0 ?
			       -1 : 0;
	}
	struct passwd *user = getpwuid(uid);
	const char *name = user ? user->pw_name : NULL;
	if (idmap_add_subordinate(&maps->uids, "/etc/subuid", name, uid) < 0 ||
	    idmap_add_subordinate(&maps->gids, "/etc/subgid", name, uid) < 0)
		return -1;
	tour_say("/etc/subuid and /etc/subgid say which ids are lent to us.");
	return 0;
}

static int
left_out(void)
{
	tour_say("Left out here: %s", failure.text);
	return 0;
}

int
subordinate_ids(void)
{
	struct maps maps = { 0 };
	struct ns_child child;
	tour_step("A range of ids: the files of an image belong to many.");
	if (find_ids(&maps) < 0)
		return left_out();
	if (ns_child_create(&child, 0, -1, give_away, NULL) < 0)
		return -1;
	if (sync_expect(child.sock, SYNC_READY, "the child") < 0)
		return ns_child_give_up(&child);
	if (idmap_write(child.pid, &maps.uids, &maps.gids) < 0) {
		ns_child_end(&child);
		return left_out();
	}
	show_id_maps(child.pid);
	if (compare_owners(&child, maps.uids.ranges[1].outside) < 0)
		return ns_child_give_up(&child);
	return ns_child_wait(&child, NULL);
}
