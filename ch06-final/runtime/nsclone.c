/* nsclone.c - parent and child.  See nsclone.h. */
#include "nsclone.h"

#include <errno.h>
#include <linux/nsfs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "idmap.h"
#include "sync.h"
#include "sys.h"

/* ---- what is to be joined, what is to be new ----------------------------- */

static int
open_one(const struct oci_namespace *namespace)
{
	const char *path = namespace->path;
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail("open %s", path);
	int kind = ioctl(fd, NS_GET_NSTYPE);
	if (kind < 0 && errno == ENOTTY)
		return failx("%s is no namespace", path);
	if (kind < 0)
		return fail("ask %s for its kind of namespace", path);
	if ((uint64_t)kind != namespace->kind->flag)
		return failx("%s is a namespace of another type", path);
	return take_fd(&fd);
}

/* The user namespace decides what may be done with the others; and behind a
 * mount namespace nothing is where it was. */
static int
rank(const struct oci_namespace *namespace)
{
	switch (namespace->kind->flag) {
	case CLONE_NEWUSER:
		return 0;
	case CLONE_NEWNS:
		return 2;
	default:
		return 1;
	}
}

int
nsclone_open(struct nsclone_joins *joins, const struct oci_linux *config)
{
	size_t all = config ? config->namespace_count : 0;
	for (int turn = 0; turn <= 2; turn++) {
		for (size_t i = 0; i < all; i++) {
			const struct oci_namespace *namespace =
				&config->namespaces[i];
			if (!namespace->path || rank(namespace) != turn)
				continue;
			int fd = open_one(namespace);
			if (fd < 0)
				return wrap("linux.namespaces[%zu].path", i);
			joins->kinds[joins->count] = namespace->kind->flag;
			joins->fds[joins->count++] = fd;
		}
	}
	return 0;
}

void
nsclone_close(struct nsclone_joins *joins)
{
	for (size_t i = 0; i < joins->count; i++)
		close_scoped(&joins->fds[i]);
	joins->count = 0;
}

static uint64_t
new_ones(const struct oci_linux *config)
{
	uint64_t flags = 0;
	for (size_t i = 0; config && i < config->namespace_count; i++)
		if (!config->namespaces[i].path)
			flags |= config->namespaces[i].kind->flag;
	return flags;
}

#define BY_BIRTH ((uint64_t)(CLONE_NEWPID | CLONE_NEWUSER))
#define LATER ((uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME))

uint64_t
nsclone_flags(const struct oci_linux *config)
{
	return new_ones(config) & BY_BIRTH;
}

int
nsclone_unshare(const struct oci_linux *config)
{
	uint64_t flags = new_ones(config) & ~(BY_BIRTH | LATER);
	return flags && sys_unshare(flags) < 0 ?
		       fail("make the new namespaces") : 0;
}

/* ---- the clone ----------------------------------------------------------- */

static int
join_all(const struct nsclone_joins *joins)
{
	if (joins->of_pidfd && sys_setns(joins->pidfd, joins->of_pidfd) < 0)
		return fail("enter the container's namespaces");
	for (size_t i = 0; i < joins->count; i++)
		if (sys_setns(joins->fds[i], joins->kinds[i]) < 0)
			return fail("join linux.namespaces of type %#llx",
				    (unsigned long long)joins->kinds[i]);
	return 0;
}

/* In between: tells the number of the child over the socket, in the code of a
 * failure that is none.  Returns in the child alone. */
static void
go_between(const struct nsclone_joins *joins, uint64_t flags, int sock)
{
	int pidfd = -1;
	pid_t pid = -1;
	if ((!joins->before || joins->before(joins->data) == 0) &&
	    join_all(joins) == 0) {
		pid = sys_clone(flags | CLONE_PARENT, -1, &pidfd);
		if (pid < 0)
			fail("make a child in the namespaces joined");
	}
	if (pid == 0)
		return;
	if (pid > 0)
		failure = (struct failure){ .code = pid };
	sync_send_failure(sock);
	_exit(pid > 0 ? 0 : 1);
}

static pid_t
nsclone_between(const struct nsclone_joins *joins, uint64_t flags, int cgroup,
	      int *pidfd)
{
	auto_close int ours = -1;
	auto_close int theirs = -1;
	if (sync_pair(&ours, &theirs) < 0)
		return -1;
	auto_close int between_pidfd = -1;
	/* It is in the cgroup already: behind a cgroup namespace one cannot be
	 * entered from outside (the mount option nsdelegate of v2). */
	pid_t between = sys_clone(0, cgroup, &between_pidfd);
	if (between == 0) {
		go_between(joins, flags, theirs);
		return 0;
	}
	if (between < 0)
		return fail("make a process to join namespaces");
	close_scoped(&theirs);
	int status = -1;
	while (waitpid(between, &status, 0) < 0 && errno == EINTR)
		;
	if (!sync_take_failure(ours))
		return failx("the process that joins namespaces died without "
			     "a word");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return -1;
	/* A child of ours, which nobody else waits for. */
	pid_t pid = failure.code;
	failure = (struct failure){ 0 };
	*pidfd = sys_pidfd_open(pid);
	return *pidfd < 0 ? fail("hold process %d", pid) : pid;
}

pid_t
nsclone(const struct nsclone_joins *joins, uint64_t flags, int cgroup,
	int *pidfd)
{
	/* What is buffered would be written twice. */
	fflush(NULL);
	if (joins->count > 0 || joins->of_pidfd)
		return nsclone_between(joins, flags, cgroup, pidfd);
	pid_t pid = sys_clone(flags, cgroup, pidfd);
	return pid < 0 ? fail("make a child in new namespaces") : pid;
}

/* ---- id maps ------------------------------------------------------------- */

static int
take_mappings(struct id_map *map, const struct oci_id_mapping *mappings,
	      size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (idmap_add(map, mappings[i].container_id,
			      mappings[i].host_id, mappings[i].size) < 0)
			return -1;
	return 0;
}

int
nsclone_map(pid_t pid, const struct oci_linux *config)
{
	if (config->uid_mapping_count == 0)
		return ns_map_root(pid, geteuid(), getegid());
	struct id_map uids = { 0 }, gids = { 0 };
	if (take_mappings(&uids, config->uid_mappings,
			  config->uid_mapping_count) < 0)
		return wrap("linux.uidMappings");
	if (take_mappings(&gids, config->gid_mappings,
			  config->gid_mapping_count) < 0)
		return wrap("linux.gidMappings");
	return idmap_write(pid, &uids, &gids);
}
