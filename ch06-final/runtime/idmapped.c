/* idmapped.c - parent.  See idmapped.h. */
#include "idmapped.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys.h"

struct maps {
	const struct oci_id_mapping *uids, *gids;
	size_t uid_count, gid_count;
};

static int
write_map(pid_t pid, const char *file, const struct oci_id_mapping *map,
	  size_t count)
{
	auto_free char *path = text("/proc/%d/%s", pid, file);
	char *lines = copy_text("");
	for (size_t i = 0; i < count; i++) {
		char *more = text("%s%u %u %u\n", lines, map[i].container_id,
				  map[i].host_id, map[i].size);
		free(lines);
		lines = more;
	}
	int result = write_text(AT_FDCWD, path, lines);
	free(lines);
	return result;
}

static int
open_with_maps(pid_t pid, const struct maps *maps)
{
	auto_free char *path = text("/proc/%d/ns/user", pid);
	if (write_map(pid, "uid_map", maps->uids, maps->uid_count) < 0 ||
	    write_map(pid, "gid_map", maps->gids, maps->gid_count) < 0)
		return -1;
	int users = open(path, O_RDONLY | O_CLOEXEC);
	return users < 0 ? fail("open %s", path) : users;
}

/* The child does nothing; the namespace outlives it by the descriptor. */
static int
make_namespace(const struct maps *maps)
{
	auto_close int pidfd = -1;
	fflush(NULL);
	pid_t pid = sys_clone(CLONE_NEWUSER, -1, &pidfd);
	if (pid < 0)
		return fail("make a user namespace for a mount");
	if (pid == 0)
		for (;;)
			pause();
	int users = open_with_maps(pid, maps);
	sys_pidfd_send_signal(pidfd, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return users < 0 ? wrap("make a user namespace for a mount") : users;
}

int
idmapped_users(const struct oci_mount *mount, const struct oci_config *config)
{
	if (mount->uid_mapping_count > 0)
		return make_namespace(&(struct maps){
			mount->uid_mappings, mount->gid_mappings,
			mount->uid_mapping_count, mount->gid_mapping_count });
	const struct oci_linux *kernel = config->kernel;
	const struct oci_namespace *users =
		kernel ? oci_namespace_find(kernel, "user") : NULL;
	if (!users)
		return failx("idmap needs uidMappings and gidMappings, for "
			     "the container has no user namespace");
	if (users->path) {
		int fd = open(users->path, O_RDONLY | O_CLOEXEC);
		return fd < 0 ? fail("open %s", users->path) : fd;
	}
	if (kernel->uid_mapping_count == 0)
		return failx("idmap needs uidMappings and gidMappings, of the "
			     "mount or of the container");
	return make_namespace(&(struct maps){
		kernel->uid_mappings, kernel->gid_mappings,
		kernel->uid_mapping_count, kernel->gid_mapping_count });
}
