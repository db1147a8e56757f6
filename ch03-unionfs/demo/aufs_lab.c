/* aufs_lab.c - see aufs_lab.h. */
#include "aufs_lab.h"

#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ns.h"
#include "overlay.h"
#include "stage.h"
#include "sys.h"
#include "tour.h"

#define SHOWN "/sys/fs/aufs"
#define HELPERS ".lab/sbin"
#define FS ".lab/fs"
/* Root in the lab is root already: the notes' "sudo mount ..." works where
 * there is no sudo, and in a user namespace, where it could not. */
static const char sudo[] = "#!/bin/sh\nexec \"$@\"\n";

/* ---- what there is ----------------------------------------------------- */

bool
aufs_lab_is_the_kernels(void)
{
	auto_free char *types = read_all(AT_FDCWD, "/proc/filesystems", NULL);
	/* It cannot be mounted in a user namespace. */
	return types && strstr(types, "\taufs\n") && !overlay_needs_userxattr();
}

/* The program `aufs`, which `make ch03` puts beside this one. */
static char *
find_program(void)
{
	auto_free char *self = realpath("/proc/self/exe", NULL);
	int length = self ? strrchr(self, '/') - self : 0;
	auto_free char *program = text("%.*s/aufs", length, self ? self : "");
	if (access(program, X_OK) == 0)
		return take_ptr(&program);
	fail("the program aufs, which \"make ch03\" puts beside this one: %s",
	     program);
	return NULL;
}

static int
check_fuse(void)
{
	auto_close int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (device < 0)
		return fail("FUSE (modprobe fuse, or CONFIG_FUSE_FS): open "
			    "/dev/fuse");
	return 0;
}

/* ---- the helper of mount(8) -------------------------------------------- */

static int
write_script(const char *path, const char *script)
{
	auto_close int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	ssize_t length = strlen(script);
	if (fd < 0 || write(fd, script, length) != length)
		return fail("write %s", path);
	return 0;
}

/* /sbin with a few names more, by an overlay of two layers over it. */
static int
add_helpers(const char *program)
{
	auto_free char *sbin = realpath("/sbin", NULL);
	auto_free char *here = realpath(".", NULL);
	auto_free char *helpers = text("%s/" HELPERS, here);
	const char *const layers[] = { helpers, sbin };
	const struct overlay overlay = { .layers = layers, .layer_count = 2 };
	if (!sbin || make_dirs(HELPERS, 0755) < 0 ||
	    symlink(program, HELPERS "/mount.aufs") < 0 ||
	    symlink(program, HELPERS "/mount.fuse.aufs") < 0 ||
	    symlink(program, HELPERS "/umount.fuse.aufs") < 0)
		return fail("make the helpers of mount");
	if (write_script(HELPERS "/sudo", sudo) < 0)
		return -1;
	const char *path = getenv("PATH");
	auto_free char *longer = text("%s:%s", sbin, path ? path : "/bin");
	setenv("PATH", longer, 1);
	return overlay_mount(&overlay, sbin, MS_RDONLY);
}

/*
 * Nobody can make a directory in sysfs.  But another directory can be mounted
 * over /sys/fs: with an `aufs`, and with all that was there.
 */
static int
add_listing(void)
{
	auto_dir DIR *old = opendir("/sys/fs");
	struct dirent *entry;
	if (make_dirs(FS "/aufs", 0755) < 0)
		return -1;
	while (old && (entry = readdir(old))) {
		if (entry->d_name[0] == '.')
			continue;
		auto_free char *from = text("/sys/fs/%s", entry->d_name);
		auto_free char *to = text(FS "/%s", entry->d_name);
		if (make_dirs(to, 0755) == 0)
			sys_mount(from, to, NULL, MS_BIND | MS_REC, NULL);
	}
	if (sys_mount(FS, "/sys/fs", NULL, MS_BIND | MS_REC, NULL) < 0)
		return fail("mount a directory over /sys/fs");
	setenv("MYDOCKER_AUFS_SHOW", SHOWN, 1);
	return 0;
}

/* ---- everybody's end --------------------------------------------------- */

/* The stage now only stands for the process that goes on in its place. */
static _Noreturn void
stand_for(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				    WEXITSTATUS(status));
}

/*
 * Returns in a child, process 1 of a new pid namespace.  From there its
 * parent cannot be seen; that it has ended before we asked to hear of it is
 * told by a pipe of which it has the other end.
 */
static int
go_on_as_first(void)
{
	int ends[2], pidfd;
	char nothing;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return fail("make a pipe");
	fflush(stdout);
	pid_t pid = sys_clone(CLONE_NEWPID, -1, &pidfd);
	if (pid < 0)
		return ns_fail_userns("make a pid namespace");
	if (pid > 0) {
		close(ends[0]);
		stand_for(pid);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(ends[1]);
	if (read(ends[0], &nothing, 1) == 0)
		_exit(EXIT_FAILURE);
	close(ends[0]);
	/* For ps and pidof.  Refused where the old one is partly covered; that
	 * will do, too. */
	sys_mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  NULL);
	return 0;
}

int
aufs_lab_enter(void)
{
	auto_free char *program = NULL;
	int refused = stage_enter();
	if (refused)
		return refused;
	bool is_ours = !aufs_lab_is_the_kernels();
	if (is_ours && (!(program = find_program()) || check_fuse() < 0))
		return tour_skip("needs %s", failure.text);
	if (is_ours && add_helpers(program) < 0)
		return tour_skip("needs an overlay over /sbin, for mount's "
				 "helper: %s", failure.text);
	if (is_ours && add_listing() < 0)
		return -1;
	if (go_on_as_first() < 0)
		return tour_skip("needs a pid namespace: %s", failure.text);
	if (mkdir("mnt", 0755) < 0)
		return fail("make directory mnt");
	tour_show("aufs is", "%s", is_ours ? program : "the kernel's own");
	return 0;
}

/* ---- typing ------------------------------------------------------------ */

int
aufs_lab_mount(const char *options)
{
	int status = tour_run((const char *const[]){
		"mount", "-t", "aufs", "-o", options, "none", "./mnt", NULL });
	return status == 0 ? 0 :
			     failx("mount ended with status %d", status);
}

int
aufs_lab_remount(const char *options)
{
	auto_free char *words = text("remount,%s", options);
	return tour_run((const char *const[]){ "mount", "-o", words, "./mnt",
					       NULL });
}

int
aufs_lab_unmount(void)
{
	int status = tour_run((const char *const[]){ "umount", "./mnt", NULL });
	if (status != 0)
		return failx("umount ended with status %d", status);
	/* The daemon, an orphan and so our child: it tidies up behind it. */
	while (waitpid(-1, NULL, 0) > 0)
		;
	return 0;
}

char *
aufs_lab_listing(const char *name)
{
	glob_t found;
	auto_free char *pattern = text(SHOWN "/si_*/%s", name);
	char *content = NULL;
	size_t length;
	if (glob(pattern, 0, NULL, &found) != 0)
		return NULL;
	content = read_all(AT_FDCWD, found.gl_pathv[0], &length);
	globfree(&found);
	if (content)
		content[strcspn(content, "\n")] = '\0';
	return content;
}

void
aufs_lab_show_branches(void)
{
	auto_free char *here = realpath(".", NULL);
	size_t skip = strlen(here);
	for (int i = 0; ; i++) {
		auto_free char *name = text("br%d", i);
		auto_free char *id_name = text("brid%d", i);
		auto_free char *branch = aufs_lab_listing(name);
		auto_free char *id = aufs_lab_listing(id_name);
		if (!branch || !id)
			return;
		bool is_here = strncmp(branch, here, skip) == 0;
		auto_free char *both = text("%s, %s", name, id_name);
		tour_show(both, "%s%-24s %s", is_here ? "." : "",
			  is_here ? branch + skip : branch, id);
	}
}

int
aufs_lab_kill_daemon(void)
{
	if (getpid() != 1)
		return failx("not alone in a pid namespace");
	sys_kill(-1, SIGKILL); /* all the others: that is the daemon alone */
	while (waitpid(-1, NULL, 0) > 0)
		;
	return 0;
}
