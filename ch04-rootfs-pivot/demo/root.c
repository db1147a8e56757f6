/* root.c - see root.h. */
#include "root.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "busybox.h"
#include "look.h"
#include "sys.h"
#include "tour.h"

int
root_make(const char *path)
{
	static const char *const directories[] = {
		"", "bin", "etc", "proc", "sys", "dev", "tmp", "root",
	};
	for (size_t i = 0; i < countof(directories); i++) {
		auto_free char *each = text("%s/%s", path, directories[i]);
		if (mkdir(each, 0755) < 0)
			return fail("make directory %s", each);
	}
	auto_free char *tmp = text("%s/tmp", path);
	auto_free char *passwd = text("%s/etc/passwd", path);
	auto_free char *motd = text("%s/etc/motd", path);
	if (chmod(tmp, 01777) < 0)
		return fail("make %s everybody's", tmp);
	if (look_put(passwd, "root:x:0:0:root:/root:/bin/sh\n") < 0 ||
	    look_put(motd, ROOT_MOTD) < 0)
		return -1;
	auto_close int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return fail("open %s", path);
	return busybox_install(root);
}

int
root_bind_onto_itself(const char *path)
{
	if (sys_mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0)
		return fail("bind %s onto itself", path);
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fail("open %s", path) : fd;
}

int
root_make_mount(const char *path)
{
	return root_make(path) < 0 ? -1 : root_bind_onto_itself(path);
}

int
root_shell(const char *advice)
{
	if (busybox_is_installed())
		return tour_shell(advice);
	tour_say("For a shell in here this machine needs a busybox that "
		 "stands alone:");
	tour_say("apt install busybox-static");
	return 0;
}
