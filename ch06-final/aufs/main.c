/*
 * mydocker-aufs - the root of one container, by the storage driver aufs.
 *
 *	mydocker-aufs UPPER LAYER...		top first
 *
 * Started by the runtime (container/union.c) with a socket as its standard
 * input, a lock as its standard output, and nothing as the third.  It makes the
 * mount, sends a descriptor of it, and serves it until it is gone: with the
 * container's mount namespace.  It is a process of the host, in none of the
 * container's namespaces or cgroups, and holds the lock for as long as it
 * lives.
 */
#include "aufs.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aufs_options.h"
#include "aufs_remount.h"
#include "mountfd.h"
#include "sync.h"
#include "sys.h"

enum { SOCKET = STDIN_FILENO };

static bool
is_started_by_the_runtime(void)
{
	struct stat st;
	return fstat(SOCKET, &st) == 0 && S_ISSOCK(st.st_mode);
}

/*
 * Nothing of whoever called the runtime stays with us: no descriptors, no
 * terminal.  What tells a program to end is not for us: we end when nobody can
 * ask us anything any more.
 */
static int
begin(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE };
	sigset_t none;
	sigemptyset(&none);
	for (size_t i = 0; i < countof(ignored); i++)
		signal(ignored[i], SIG_IGN);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return fail("unblock signals");
	if (sys_close_range(STDERR_FILENO + 1, ~0U) < 0)
		return fail("close the runtime's descriptors");
	if (setsid() < 0)
		return fail("leave the runtime's session");
	return 0;
}

/*
 * The layers as Docker gave them to aufs: read-only, their whiteouts count.
 * Nobody changes them behind our back (udba=none).  By name and not in one
 * list with colons between: a path may have a colon in it.
 */
static int
add_branches(struct aufs *aufs, char **paths)
{
	if (aufs_set_options(aufs, "udba=none") < 0)
		return -1;
	for (size_t i = 0; paths[i]; i++) {
		auto_free char *spec =
			text("%s=%s", paths[i], i == 0 ? "rw" : "ro+wh");
		if (aufs_append(aufs, spec) < 0)
			return -1;
	}
	/* Not earlier: a path may be relative. */
	return chdir("/") < 0 ? fail("leave the working directory") : 0;
}

/* Device nodes that an image brings along open nothing. */
static int
send_mount(struct aufs *aufs, char **paths)
{
	if (begin() < 0 || add_branches(aufs, paths) < 0)
		return -1;
	auto_close int mount = aufs_mount_detached(
		aufs, "aufs", mountfd_attributes(MS_NODEV));
	/* Closed at once: as long as we have it, the mount never goes. */
	return mount < 0 ? -1 : sync_send_fd(SOCKET, mount);
}

int
main(int argc, char **argv)
{
	static struct aufs aufs;
	if (argc < 3 || !is_started_by_the_runtime()) {
		fprintf(stderr, "mydocker-aufs: not to be started by hand: "
				"./demo --storage-driver aufs run ...\n");
		return 1;
	}
	aufs_init(&aufs);
	int result = send_mount(&aufs, argv + 1);
	if (result < 0)
		sync_send_failure(SOCKET);
	dup2(STDERR_FILENO, SOCKET); /* /dev/null */
	if (result == 0)
		result = aufs_serve(&aufs);
	aufs_free(&aufs);
	return result < 0;
}
