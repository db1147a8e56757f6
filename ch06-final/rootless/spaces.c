/* spaces.c - holder.  See spaces.h. */
#include "spaces.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "idmap.h"
#include "netlink.h"
#include "places.h"
#include "sync.h"
#include "sys.h"

#define FILE_NAME "namespaces"
#define ONE_ID "one-id"

static const char *const kinds[SPACES] = { "user", "mnt", "net" };

void
spaces_close(struct spaces *spaces)
{
	for (int i = 0; i < SPACES; i++)
		close_scoped(&spaces->fds[i]);
}

/* ---- who is in them ----------------------------------------------------- */

static bool
is_in(const char *pid, int kind, unsigned long long number)
{
	auto_free char *path = text("/proc/%s/ns/%s", pid, kinds[kind]);
	struct stat st;
	return stat(path, &st) == 0 && st.st_ino == number;
}

/* Of a zombie the user namespace is still known, and no other. */
static bool
lives(const char *pid)
{
	auto_free char *path = text("/proc/%s/ns/mnt", pid);
	struct stat st;
	return stat(path, &st) == 0;
}

/* The first process other than `but` and our own that is in all of the first
 * `count`; 0: none. */
static pid_t
find_in(const struct spaces *spaces, int count, pid_t but)
{
	auto_dir DIR *proc = opendir("/proc");
	struct dirent *entry;
	while (proc && (entry = readdir(proc))) {
		uint64_t pid;
		int same = 0;
		if (parse_number(entry->d_name, 1, INT32_MAX, &pid) < 0 ||
		    (pid_t)pid == but || getsid(pid) == getsid(0))
			continue;
		while (same < count && is_in(entry->d_name, same,
					     spaces->numbers[same]))
			same++;
		if (same == count && lives(entry->d_name))
			return pid;
	}
	return 0;
}

int
spaces_inhabitant(const struct spaces *spaces, pid_t but)
{
	for (;;) {
		pid_t pid = find_in(spaces, 1, but);
		auto_free char *name = text("%d", pid);
		if (pid == 0)
			return -1;
		auto_close int pidfd = sys_pidfd_open(pid);
		if (pidfd >= 0 &&
		    is_in(name, SPACE_USER, spaces->numbers[SPACE_USER]) &&
		    lives(name))
			return take_fd(&pidfd);
	}
}

/* ---- those that are there ----------------------------------------------- */

/* All three of one process. */
static int
open_of(struct spaces *spaces, pid_t pid)
{
	for (int i = 0; i < SPACES; i++) {
		auto_free char *path = text("/proc/%d/ns/%s", pid, kinds[i]);
		struct stat st;
		spaces->fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (spaces->fds[i] < 0 || fstat(spaces->fds[i], &st) < 0)
			return fail("open %s", path);
		spaces->numbers[i] = st.st_ino;
	}
	return 0;
}

/* 1: they are open. */
static int
adopt(struct spaces *spaces, int dir)
{
	char line[80];
	if (read_text(dir, FILE_NAME, line, sizeof(line)) < 0 ||
	    sscanf(line, "%llu %llu %llu", &spaces->numbers[0],
		   &spaces->numbers[1], &spaces->numbers[2]) != SPACES)
		return 0;
	struct spaces known = *spaces;
	pid_t pid = find_in(&known, SPACES, 0);
	if (pid == 0)
		return 0;
	if (open_of(spaces, pid) == 0 &&
	    memcmp(spaces->numbers, known.numbers, sizeof(known.numbers)) == 0)
		return 1;
	spaces_close(spaces);
	return 0;
}

/* ---- new ones ----------------------------------------------------------- */

_Noreturn static void
be_in_them(int sock)
{
	auto_netlink struct netlink link = NETLINK_CLOSED;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sync_expect(sock, SYNC_MAPPED, "the holder") == 0 &&
	    netlink_open(&link) == 0 &&
	    netlink_set_up(&link, "lo", true) == 0 &&
	    sync_send(sock, SYNC_READY) == 0)
		for (;;)
			pause();
	sync_send_failure(sock);
	_exit(1);
}

/* Root is the user; what is lent follows. */
static int
map_many(pid_t pid)
{
	struct id_map uids = { 0 }, gids = { 0 };
	auto_free char *name = places_user();
	if (idmap_add(&uids, 0, geteuid(), 1) < 0 ||
	    idmap_add(&gids, 0, getegid(), 1) < 0 ||
	    idmap_add_subordinate(&uids, "/etc/subuid", name, getuid()) < 0 ||
	    idmap_add_subordinate(&gids, "/etc/subgid", name, getuid()) < 0)
		return -1;
	return idmap_write(pid, &uids, &gids);
}

static int
map_one(pid_t pid)
{
	struct id_map uids = { 0 }, gids = { 0 };
	if (idmap_add(&uids, 0, geteuid(), 1) < 0 ||
	    idmap_add(&gids, 0, getegid(), 1) < 0)
		return -1;
	return idmap_write(pid, &uids, &gids);
}

/* A map that was begun cannot be written again: so the child of an attempt
 * that failed goes. */
static int
make(struct spaces *spaces, int (*map)(pid_t pid))
{
	auto_close int ours = -1, theirs = -1, pidfd = -1;
	if (sync_pair(&ours, &theirs) < 0)
		return -1;
	pid_t pid = sys_clone(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET, -1,
			      &pidfd);
	if (pid == 0) {
		close_scoped(&ours);
		be_in_them(theirs);
	}
	if (pid < 0)
		return fail("make a user namespace%s",
			    errno == EPERM || errno == ENOSPC ?
				    " (sysctl kernel.unprivileged_userns_clone"
				    ", user.max_user_namespaces or "
				    "kernel.apparmor_restrict_unprivileged_"
				    "userns forbids it)" : "");
	close_scoped(&theirs);
	int result = map(pid);
	if (result == 0)
		result = sync_send(ours, SYNC_MAPPED);
	if (result == 0)
		result = sync_expect(ours, SYNC_READY, "their first process");
	if (result == 0)
		result = open_of(spaces, pid);
	struct failure why = failure;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	failure = why;
	return result;
}

static int
make_new(struct spaces *spaces, int dir)
{
	unlinkat(dir, ONE_ID, 0);
	if (make(spaces, map_many) == 0)
		return 0;
	spaces_close(spaces);
	/* Whatever was wrong with what is lent; and if it was something else,
	 * that is wrong now, too. */
	auto_free char *why = text("%s\n", failure.text);
	if (make(spaces, map_one) < 0)
		return -1;
	return write_file_unsynced(dir, ONE_ID, why, 0600);
}

int
spaces_open(struct spaces *spaces, int dir)
{
	*spaces = (struct spaces)SPACES_NONE;
	if (adopt(spaces, dir))
		return 0;
	if (make_new(spaces, dir) < 0)
		return -1;
	auto_free char *line = text("%llu %llu %llu\n", spaces->numbers[0],
				    spaces->numbers[1], spaces->numbers[2]);
	return write_file_unsynced(dir, FILE_NAME, line, 0600);
}

void
spaces_forget(int dir)
{
	unlinkat(dir, FILE_NAME, 0);
	unlinkat(dir, ONE_ID, 0);
}
