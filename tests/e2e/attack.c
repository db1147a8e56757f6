/*
 * attack.c - tries to get out of a root directory, in every way its author
 * knows.  For test_roots.py, which builds it static and runs it inside.
 *
 *	attack SECRET WORD [HANDLE]
 *
 * SECRET is the full path of a file outside that holds WORD, HANDLE its handle
 * (name_to_handle_at(2)) as type and bytes in hexadecimal.  A line for each
 * attack: its name, and "OUT", "inside", or "not-tried" where there may be no
 * user namespace.  Exit status 0: none got out; 3: some did.  Everything is
 * tried twice, the second time as root of a user namespace made for it.
 *
 * What would do damage is only opened, never written.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *secret, *word, *handle_text;
static char scratch[64]; /* a directory in here that can be written */

static int
holds_word(int fd)
{
	char found[128] = "";
	if (fd < 0)
		return 0;
	ssize_t got = read(fd, found, sizeof(found) - 1);
	close(fd);
	return got > 0 && strstr(found, word);
}

static int
reads_secret(int dir, const char *before)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s%s", before, secret);
	return holds_word(openat(dir, path, O_RDONLY | O_CLOEXEC));
}

/* Call `try` with every process's directory in /proc, until it is out. */
static int
for_each_process(int (*try)(const char *path, pid_t pid))
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int out = 0;
	while (!out && proc && (entry = readdir(proc))) {
		char path[300];
		pid_t pid = atoi(entry->d_name);
		snprintf(path, sizeof(path), "/proc/%s", entry->d_name);
		if (pid > 0)
			out = try(path, pid);
	}
	return out;
}

/* ---- paths ------------------------------------------------------------- */

static int
plain_path(void)
{
	return reads_secret(AT_FDCWD, "") || reads_secret(AT_FDCWD, "/../..");
}

static int
climb(void)
{
	for (int i = 0; i < 100; i++)
		if (chdir("..") < 0)
			return 0;
	return reads_secret(AT_FDCWD, ".") ||
	       (chroot(".") == 0 && plain_path());
}

static int
chroot_again(void)
{
	char below[100];
	snprintf(below, sizeof(below), "%s/below", scratch);
	mkdir(below, 0755);
	if (chdir("/") < 0 || chroot(below) < 0)
		return 0;
	return climb();
}

static int
where_we_stand(void)
{
	char here[4096] = "";
	syscall(SYS_getcwd, here, sizeof(here));
	return here[0] == '(' || climb();
}

/* Whatever was left open to us. */
static int
descriptors(void)
{
	for (int fd = 0; fd < 1024; fd++) {
		struct stat st;
		if (fstat(fd, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode) &&
		    (reads_secret(fd, ".") || reads_secret(fd, "../../../..")))
			return 1;
		if (S_ISDIR(st.st_mode) && fchdir(fd) == 0 && climb())
			return 1;
	}
	return 0;
}

/* ---- other processes --------------------------------------------------- */

static int
links_of(const char *path, pid_t pid)
{
	char link[400];
	(void)pid;
	static const char *const links[] = { "root", "cwd",
					     "cwd/../../../../../.." };
	for (int i = 0; i < 3; i++) {
		snprintf(link, sizeof(link), "%s/%s", path, links[i]);
		if (reads_secret(AT_FDCWD, link))
			return 1;
	}
	for (int fd = 0; fd < 64; fd++) {
		snprintf(link, sizeof(link), "%s/fd/%d", path, fd);
		if (reads_secret(AT_FDCWD, link))
			return 1;
	}
	return 0;
}

static int
proc_links(void)
{
	return for_each_process(links_of);
}

static int
enter(const char *path, pid_t pid)
{
	char link[400];
	(void)pid;
	snprintf(link, sizeof(link), "%s/ns/mnt", path);
	int fd = open(link, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNS) < 0)
		return 0;
	return plain_path();
}

static int
enter_namespaces(void)
{
	return for_each_process(enter);
}

/* Only of processes with another root than ours is it an escape. */
static int
attach(const char *path, pid_t pid)
{
	char link[400];
	struct stat ours, theirs;
	int status;
	snprintf(link, sizeof(link), "%s/root/.", path);
	if (stat("/", &ours) < 0 || stat(link, &theirs) < 0 ||
	    (ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino))
		return 0;
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0)
		return 0;
	waitpid(pid, &status, __WALL);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return 1;
}

static int
trace_process(void)
{
	return for_each_process(attach);
}

/* ---- by number --------------------------------------------------------- */

static int
open_by_handle(void)
{
	static const char *const places[] = { "/", "/tmp", "/dev", "/etc" };
	struct {
		struct file_handle handle;
		unsigned char bytes[128];
	} h = { 0 };
	int type = 0, at = 0;
	if (!handle_text || sscanf(handle_text, "%d:%n", &type, &at) != 1)
		return 0;
	h.handle.handle_type = type;
	unsigned char *bytes = (unsigned char *)&h.handle + sizeof(h.handle);
	for (const char *p = handle_text + at; p[0] && p[1]; p += 2) {
		unsigned int byte;
		sscanf(p, "%2x", &byte);
		bytes[h.handle.handle_bytes++] = byte;
	}
	for (int i = 0; i < 4; i++) {
		int place = open(places[i], O_RDONLY | O_DIRECTORY);
		if (place >= 0 &&
		    holds_word(open_by_handle_at(place, &h.handle, O_RDONLY)))
			return 1;
	}
	return 0;
}

/* ---- the disks --------------------------------------------------------- */

/* The numbers of disks are no secret: /proc/partitions has them. */
static int
for_each_disk(int (*try)(dev_t device))
{
	FILE *list = fopen("/proc/partitions", "re");
	char line[200];
	while (list && fgets(line, sizeof(line), list)) {
		unsigned int high, low;
		if (sscanf(line, "%u %u", &high, &low) == 2 &&
		    try(makedev(high, low)))
			return 1;
	}
	return 0;
}

static char node[100];

static int
make_node(dev_t device)
{
	snprintf(node, sizeof(node), "%s/node", scratch);
	unlink(node);
	return mknod(node, S_IFBLK | 0600, device);
}

static int
read_raw(dev_t device)
{
	char block[512];
	if (make_node(device) < 0)
		return 0;
	int fd = open(node, O_RDONLY | O_CLOEXEC);
	int out = fd >= 0 && read(fd, block, sizeof(block)) > 0;
	close(fd);
	unlink(node);
	return out;
}

static int
raw_disk(void)
{
	return for_each_disk(read_raw);
}

static int
mount_one(dev_t device)
{
	char place[100];
	snprintf(place, sizeof(place), "%s/disk", scratch);
	mkdir(place, 0755);
	if (make_node(device) < 0)
		return 0;
	int out = mount(node, place, "ext4", 0, NULL) == 0;
	if (out)
		umount2(place, MNT_DETACH);
	unlink(node);
	return out;
}

static int
mount_disk(void)
{
	return for_each_disk(mount_one);
}

static int
devices_there(void)
{
	DIR *dev = opendir("/dev");
	struct dirent *entry;
	while (dev && (entry = readdir(dev))) {
		struct stat st;
		if (fstatat(dirfd(dev), entry->d_name, &st, 0) < 0)
			continue;
		int dangerous = S_ISBLK(st.st_mode) ||
				strcmp(entry->d_name, "mem") == 0 ||
				strcmp(entry->d_name, "kmsg") == 0;
		if (dangerous &&
		    openat(dirfd(dev), entry->d_name, O_RDONLY) >= 0)
			return 1;
	}
	return 0;
}

/* ---- mounts ------------------------------------------------------------ */

/* The kernel's tree of all devices, with every disk in it. */
static int
devtmpfs(void)
{
	char place[100];
	snprintf(place, sizeof(place), "%s/dev", scratch);
	mkdir(place, 0755);
	int out = mount("dev", place, "devtmpfs", 0, NULL) == 0;
	if (out)
		umount2(place, MNT_DETACH);
	return out;
}

/* A release_agent is run by the host's kernel, as root, outside. */
static int
release_agent(void)
{
	char place[100], agent[150];
	snprintf(place, sizeof(place), "%s/cgroup", scratch);
	snprintf(agent, sizeof(agent), "%s/release_agent", place);
	mkdir(place, 0755);
	if (mount("cgroup", place, "cgroup", 0, "none,name=attack") < 0)
		return 0;
	int out = open(agent, O_WRONLY) >= 0;
	umount2(place, MNT_DETACH);
	return out;
}

/* A mask that is taken off shows what it was there to hide. */
static int
unmask(void)
{
	static const char *const masks[] = { "/proc/kcore", "/proc/keys",
					     "/proc/timer_list",
					     "/proc/interrupts", "/proc/acpi",
					     "/sys/firmware", "/proc/sys" };
	for (int i = 0; i < 7; i++)
		if (umount2(masks[i], MNT_DETACH) == 0)
			return 1;
	return 0;
}

static int
below_the_root(void)
{
	int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (umount2("/", MNT_DETACH) < 0)
		return 0;
	return plain_path() ||
	       (setns(own, CLONE_NEWNS) == 0 && plain_path());
}

static int
pivot_back(void)
{
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return 0;
	return plain_path() || climb();
}

static int
remount_root(void)
{
	struct stat st;
	return stat("/sys/kernel", &st) == 0 &&
	       mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND, NULL) == 0;
}

/* ---- switches of the host ---------------------------------------------- */

static int
switches(void)
{
	static const char *const files[] = {
		"/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern",
		"/proc/sys/kernel/modprobe", "/sys/kernel/uevent_helper",
		"/proc/sys/vm/drop_caches", "/proc/kcore", "/proc/kmsg",
	};
	for (int i = 0; i < 7; i++) {
		struct stat st;
		int fd = open(files[i], i < 5 ? O_WRONLY : O_RDONLY);
		/* A mask is the null device, and may be opened. */
		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
			return 1;
	}
	return 0;
}

/* ------------------------------------------------------------------------ */

static const struct {
	const char *name;
	int (*try)(void);
} attacks[] = {
	{ "path", plain_path },
	{ "where-we-stand", where_we_stand },
	{ "chroot-again", chroot_again },
	{ "descriptors", descriptors },
	{ "proc-links", proc_links },
	{ "enter-namespaces", enter_namespaces },
	{ "ptrace", trace_process },
	{ "handle", open_by_handle },
	{ "raw-disk", raw_disk },
	{ "mount-disk", mount_disk },
	{ "devices", devices_there },
	{ "devtmpfs", devtmpfs },
	{ "release-agent", release_agent },
	{ "unmask", unmask },
	{ "below-the-root", below_the_root },
	{ "pivot-back", pivot_back },
	{ "remount-sys", remount_root },
	{ "switches", switches },
};

/* More rights than before, where a user may make namespaces. */
static int
become_root_of_a_namespace(void)
{
	return unshare(CLONE_NEWUSER | CLONE_NEWNS);
}

enum { INSIDE = 0, OUT = 1, NOT_TRIED = 2 };

static int
attack(unsigned int i, int as_new_root)
{
	int status;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		alarm(20);
		if (as_new_root && become_root_of_a_namespace() < 0)
			_exit(NOT_TRIED);
		_exit(attacks[i].try() ? OUT : INSIDE);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		exit(2);
	/* One that dies half-way has not been withstood. */
	int end = WIFEXITED(status) ? WEXITSTATUS(status) : OUT;
	printf("%s%s %s\n", as_new_root ? "user-ns-" : "", attacks[i].name,
	       end == NOT_TRIED ? "not-tried" : end ? "OUT" : "inside");
	return end != INSIDE && end != NOT_TRIED;
}

int
main(int argc, char **argv)
{
	static const char *const places[] = { "/tmp", "/dev/shm", "/run",
					      "/" };
	int outs = 0;
	if (argc < 3)
		return 2;
	secret = argv[1];
	word = argv[2];
	handle_text = argc > 3 ? argv[3] : NULL;
	for (int i = 0; i < 4; i++) {
		snprintf(scratch, sizeof(scratch), "%s/attack.XXXXXX",
			 places[i]);
		if (mkdtemp(scratch))
			break;
		scratch[0] = '\0';
	}
	for (int as_new_root = 0; as_new_root < 2; as_new_root++)
		for (unsigned int i = 0;
		     i < sizeof(attacks) / sizeof(attacks[0]); i++)
			outs += attack(i, as_new_root);
	return outs ? 3 : 0;
}
