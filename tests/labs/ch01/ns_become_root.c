/* ns_become_root.c [hidden|limited] - becomes root of a user namespace; where
 * /proc is hidden, or no user namespace may be made, it cannot. */
#include "ns.h"
#include "stop.h"

#include <sys/mount.h>

int
main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	if (*how)
		become_privileged(CLONE_NEWNS);
	if (strcmp(how, "hidden") == 0)
		must(mount("none", "/proc", "tmpfs", 0, NULL) == 0);
	if (strcmp(how, "limited") == 0)
		must(write_text(AT_FDCWD, "/proc/sys/user/max_user_namespaces",
				"0") == 0);
	forget_failure();
	int result = ns_become_root();
	stop("asked", "pid=%d %s", getpid(), RESULT(result));
	return 0;
}
