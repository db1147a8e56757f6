/*
 * floor.c - the least that a container costs: `floor ROOT` makes the default
 * namespaces, mounts and device nodes in ROOT, enters it, and executes
 * /bin/true there; no cgroup, no checks, no state, and the kernel's word for
 * everything.  What a runtime takes beyond this is its own.
 *
 *	floor ROOT		so
 *	floor -- COMMAND...	the command alone; then, on standard error, the
 *				nanoseconds it took and the KiB of memory that
 *				it, or who it waited for, had at most
 *
 * (The second is here because what is started by Python, or another big
 * program, is charged with that one's memory.)
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAFE (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static void
must(int result, const char *what)
{
	if (result < 0)
		err(125, "%s", what);
}

static void
put(const char *type, const char *target, unsigned long flags,
    const char *data)
{
	must(mount(type, target, type, flags, data), target);
}

static void
cover(const char *path)
{
	/* Of what is covered by default some is not in every kernel. */
	if (mount("dev/null", path, NULL, MS_BIND, NULL) < 0)
		mount("tmpfs", path, "tmpfs", SAFE | MS_RDONLY, NULL);
}

static void
make_read_only(const char *path)
{
	if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) == 0)
		must(mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY,
			   NULL), path);
}

static void
make_files(void)
{
	static const int nodes[][2] = { { 1, 3 }, { 1, 5 }, { 1, 7 },
					{ 1, 8 }, { 1, 9 }, { 5, 0 } };
	static const char *const names[] = { "dev/null", "dev/zero", "dev/full",
					     "dev/random", "dev/urandom",
					     "dev/tty" };
	put("proc", "proc", 0, NULL);
	put("tmpfs", "dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
	must(mkdir("dev/pts", 0755) | mkdir("dev/shm", 0755) |
	     mkdir("dev/mqueue", 0755), "mkdir");
	put("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC,
	    "newinstance,ptmxmode=0666,mode=0620,gid=5");
	put("tmpfs", "dev/shm", SAFE, "mode=1777,size=65536k");
	put("mqueue", "dev/mqueue", SAFE, NULL);
	put("sysfs", "sys", SAFE | MS_RDONLY, NULL);
	for (int i = 0; i < 6; i++)
		must(mknod(names[i], S_IFCHR | 0666,
			   makedev(nodes[i][0], nodes[i][1])), names[i]);
	make_read_only("proc/bus");
	make_read_only("proc/fs");
	make_read_only("proc/irq");
	make_read_only("proc/sys");
	cover("proc/acpi");
	cover("proc/keys");
	cover("proc/timer_list");
	cover("sys/firmware");
}

static _Noreturn void
child(const char *root)
{
	must(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "mount");
	must(mount(root, root, NULL, MS_BIND | MS_REC, NULL), root);
	must(chdir(root), root);
	make_files();
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount");
	must(chdir("/"), "chdir");
	execl("/bin/true", "true", (char *)NULL);
	err(125, "execute /bin/true");
}

static int
wait_for(pid_t pid, struct rusage *usage)
{
	int status;
	must(pid, "make a process");
	must(wait4(pid, &status, 0, usage), "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

static int
measure(char **argv)
{
	struct timespec before, after;
	struct rusage usage;
	clock_gettime(CLOCK_MONOTONIC, &before);
	pid_t pid = vfork();
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	int status = wait_for(pid, &usage);
	clock_gettime(CLOCK_MONOTONIC, &after);
	dprintf(STDERR_FILENO, "\n%lld %ld\n",
		(after.tv_sec - before.tv_sec) * 1000000000LL +
			(after.tv_nsec - before.tv_nsec),
		usage.ru_maxrss);
	return status;
}

int
main(int argc, char **argv)
{
	struct clone_args args = {
		.flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
			 CLONE_NEWPID | CLONE_NEWNET,
		.exit_signal = SIGCHLD,
	};
	if (argc > 2 && strcmp(argv[1], "--") == 0)
		return measure(argv + 2);
	if (argc != 2)
		errx(2, "usage: floor ROOT | floor -- COMMAND...");
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		child(argv[1]);
	return wait_for(pid, NULL);
}
