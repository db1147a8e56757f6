/* ownproc.c - see ownproc.h. */
#include "ownproc.h"

#include "base.h"
#include "sys.h"

int
own_proc(void)
{
	/* The copied mounts may still be shared with the host's. */
	if (sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail("make the mounts inside private");
	if (sys_mount("proc", "/proc", "proc",
		      MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return fail("mount a new /proc inside (inside another "
			    "container, whose /proc is partly covered, the "
			    "kernel refuses it)");
	return 0;
}
