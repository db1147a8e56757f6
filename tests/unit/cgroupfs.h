/*
 * cgroupfs.h - a kernel's cgroup file systems, played in a directory of /tmp.
 *
 * The module under test finds its hierarchies below `hierarchy_root`.  Here
 * that is an empty directory, in which a test lays out v1, v2 or both.  Some
 * calls of the C library are defined anew below, and do in that directory what
 * the kernel does in a cgroup: a new directory fills with files, one that is
 * removed need not be empty of them, a write replaces what a file says, is
 * refused where the kernel refuses, and subtree_control hands controllers
 * down.  Nobody is root for it, and no real cgroup is touched.
 *
 * Include it once, from the only file of a program: a unit test, or a driver of
 * the labs, which has no cmocka.
 */
#ifndef CGROUPFS_H
#define CGROUPFS_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "hierarchy.h"

/* What cannot fail, unless the play itself has a fault. */
#define surely(condition)                                                     \
	do {                                                                  \
		if (!(condition)) {                                           \
			fprintf(stderr, "%s:%d: %s does not hold: %s\n",      \
				__FILE__, __LINE__, #condition,               \
				strerror(errno));                             \
			abort();                                              \
		}                                                             \
	} while (0)

/* What a test asks the kernel to do differently. */
static struct {
	char where[128];      /* the directory of this test */
	const char *no_controller; /* handing this one down fails: EPERM */
	const char *no_mkdir; /* directories of this name fail with EAGAIN */
	const char *fatal;    /* who has made a directory of this name... */
	int fatal_at;	      /* ...so many times is killed in that instant */
	int busy;	      /* so many times rmdir says EBUSY */
	const char *refuse;   /* a write to a file of this name fails... */
	int refuse_with;      /* ...with this errno */
	const char *ignore;   /* this value is taken, and nothing done */
} fake;

/* ---- files -------------------------------------------------------------- */

/* A file below the root of the test, its directories made as needed. */
static inline void
put(const char *path, const char *content)
{
	auto_free char *full = text("%s/%s", fake.where, path);
	char *slash = strrchr(full, '/');
	*slash = '\0';
	surely(make_dirs(full, 0755) == 0);
	*slash = '/';
	auto_file FILE *file = fopen(full, "w");
	surely(file);
	surely(fputs(content, file) >= 0);
}

static inline void
add(const char *path, const char *fmt, const char *a, unsigned int b,
    unsigned int c)
{
	auto_free char *full = text("%s/%s", fake.where, path);
	auto_file FILE *file = fopen(full, "a");
	surely(file);
	for (; *fmt; fmt++)
		if (*fmt == '@')
			fputs(a, file);
		else if (*fmt == '#')
			fprintf(file, "%u:%u", b, c);
		else
			fputc(*fmt, file);
}

static inline bool
exists(const char *path)
{
	auto_free char *full = text("%s/%s", fake.where, path);
	return access(full, F_OK) == 0;
}

/* What a file says, which must be there. */
static inline const char *
get(const char *path)
{
	static char content[4096];
	auto_free char *full = text("%s/%s", fake.where, path);
	if (read_text(AT_FDCWD, full, content, sizeof(content)) < 0)
		return "(no such file)";
	return content;
}

/* Not write_file(): nothing here is worth an fsync. */
static inline int
put_in(int dir, const char *name, const char *content)
{
	auto_close int fd = openat(dir, name,
				   O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				   0644);
	size_t size = strlen(content);
	return fd >= 0 && syscall(SYS_write, fd, content, size) ==
				  (long)size ? 0 : -1;
}

/* ---- the kernel --------------------------------------------------------- */

/* The files of a new directory, and what is in them. */
static const struct fake_file {
	int version;
	const char *controller; /* "" for those of every directory */
	const char *name;
	const char *content;
} fake_files[] = {
	{ 1, "", "cgroup.procs", "" },
	{ 1, "", "tasks", "" },
	{ 1, "blkio", "blkio.bfq.weight", "100\n" },
	{ 1, "blkio", "blkio.bfq.weight_device", "default 100\n" },
	{ 1, "blkio", "blkio.throttle.read_bps_device", "" },
	{ 1, "blkio", "blkio.throttle.write_bps_device", "" },
	{ 1, "blkio", "blkio.throttle.read_iops_device", "" },
	{ 1, "blkio", "blkio.throttle.write_iops_device", "" },
	{ 1, "blkio", "blkio.throttle.io_service_bytes_recursive",
	  "8:0 Read 4096\n8:0 Write 8192\n8:0 Total 12288\nTotal 12288\n" },
	{ 1, "blkio", "blkio.throttle.io_serviced_recursive",
	  "8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n" },
	{ 1, "cpu", "cpu.cfs_burst_us", "0\n" },
	{ 1, "cpu", "cpu.cfs_period_us", "100000\n" },
	{ 1, "cpu", "cpu.cfs_quota_us", "-1\n" },
	{ 1, "cpu", "cpu.idle", "0\n" },
	{ 1, "cpu", "cpu.shares", "1024\n" },
	{ 1, "cpu", "cpu.stat",
	  "nr_periods 7\nnr_throttled 3\nthrottled_time 5000\n" },
	{ 1, "cpuacct", "cpuacct.usage", "1234567\n" },
	{ 1, "cpuacct", "cpuacct.usage_user", "1000000\n" },
	{ 1, "cpuacct", "cpuacct.usage_sys", "234567\n" },
	{ 1, "cpuset", "cpuset.cpus", "\n" },
	{ 1, "cpuset", "cpuset.mems", "\n" },
	{ 1, "devices", "devices.allow", "" },
	{ 1, "devices", "devices.deny", "" },
	{ 1, "devices", "devices.list", "a *:* rwm\n" },
	{ 1, "freezer", "freezer.state", "THAWED\n" },
	{ 1, "hugetlb", "hugetlb.2MB.limit_in_bytes",
	  "9223372036854771712\n" },
	{ 1, "memory", "memory.failcnt", "6\n" },
	{ 1, "memory", "memory.kmem.limit_in_bytes",
	  "9223372036854771712\n" },
	{ 1, "memory", "memory.limit_in_bytes", "9223372036854771712\n" },
	{ 1, "memory", "memory.memsw.limit_in_bytes",
	  "9223372036854771712\n" },
	{ 1, "memory", "memory.soft_limit_in_bytes",
	  "9223372036854771712\n" },
	{ 1, "memory", "memory.swappiness", "60\n" },
	{ 1, "memory", "memory.usage_in_bytes", "4096\n" },
	{ 1, "memory", "memory.max_usage_in_bytes", "8192\n" },
	{ 1, "memory", "memory.oom_control",
	  "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n" },
	{ 1, "memory", "memory.stat",
	  "cache 1\ntotal_cache 1024\ntotal_rss 3072\ntotal_swap 512\n" },
	{ 1, "pids", "pids.max", "max\n" },
	{ 1, "pids", "pids.current", "5\n" },
	{ 1, "pids", "pids.events", "max 9\n" },
	{ 1, "rdma", "rdma.max",
	  "mlx4_0 hca_handle=max hca_object=max\n" },
	{ 2, "", "cgroup.procs", "" },
	{ 2, "", "cgroup.type", "domain\n" },
	{ 2, "", "cgroup.subtree_control", "" },
	{ 2, "", "cgroup.freeze", "0\n" },
	{ 2, "", "cgroup.events", "populated 0\nfrozen 0\n" },
	{ 2, "", "cpu.pressure",
	  "some avg10=1.50 avg60=0.00 avg300=0.00 total=77\n" },
	{ 2, "", "memory.pressure",
	  "some avg10=12.05 avg60=0.00 avg300=0.00 total=99\n"
	  "full avg10=0.25 avg60=0.00 avg300=0.00 total=88\n" },
	{ 2, "", "cpu.stat",
	  "usage_usec 1234\nuser_usec 1000\nsystem_usec 234\n"
	  "nr_periods 7\nnr_throttled 3\nthrottled_usec 5\n" },
	{ 2, "cpu", "cpu.idle", "0\n" },
	{ 2, "cpu", "cpu.max", "max 100000\n" },
	{ 2, "cpu", "cpu.max.burst", "0\n" },
	{ 2, "cpu", "cpu.weight", "100\n" },
	{ 2, "cpuset", "cpuset.cpus", "\n" },
	{ 2, "cpuset", "cpuset.cpus.effective", "0-3\n" },
	{ 2, "cpuset", "cpuset.mems", "\n" },
	{ 2, "cpuset", "cpuset.mems.effective", "0\n" },
	{ 2, "hugetlb", "hugetlb.2MB.max", "max\n" },
	{ 2, "hugetlb", "hugetlb.2MB.rsvd.max", "max\n" },
	{ 2, "io", "io.max", "" },
	{ 2, "io", "io.weight", "default 100\n" },
	{ 2, "io", "io.stat",
	  "8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n" },
	{ 2, "memory", "memory.max", "max\n" },
	{ 2, "memory", "memory.low", "0\n" },
	{ 2, "memory", "memory.swap.max", "max\n" },
	{ 2, "memory", "memory.swap.current", "512\n" },
	{ 2, "memory", "memory.current", "4096\n" },
	{ 2, "memory", "memory.peak", "8192\n" },
	{ 2, "memory", "memory.events",
	  "low 0\nmax 6\noom 4\noom_kill 2\n" },
	{ 2, "memory", "memory.stat", "anon 3072\nfile 1024\n" },
	{ 2, "pids", "pids.max", "max\n" },
	{ 2, "pids", "pids.current", "5\n" },
	{ 2, "pids", "pids.events", "max 9\n" },
	{ 2, "rdma", "rdma.max",
	  "mlx4_0 hca_handle=max hca_object=max\n" },
};

/* Fill a directory; `controllers` is a list, as cgroup.controllers has it. */
static inline void
fake_fill(int dir, int version, const char *controllers)
{
	for (size_t i = 0; i < countof(fake_files); i++) {
		const struct fake_file *f = &fake_files[i];
		if (f->version == version &&
		    (!*f->controller ||
		     hierarchy_list_has(controllers, f->controller)))
			surely(put_in(dir, f->name, f->content) == 0);
	}
	auto_free char *line = text("%s\n", controllers);
	surely(put_in(dir, version == 2 ? "cgroup.controllers" :
					  ".controllers", line) == 0);
}

/* Is this file or directory a matter of the kernel's, and of which? */
static inline int
fake_version(int dir)
{
	return faccessat(dir, "cgroup.controllers", F_OK, 0) == 0 ? 2 :
	       faccessat(dir, ".controllers", F_OK, 0) == 0 ? 1 : 0;
}

int
mkdirat(int dir, const char *name, mode_t mode)
{
	/* A whole path is a name in the directory above. */
	auto_free char *path = copy_text(name);
	char *slash = strrchr(path, '/');
	auto_close int above = -1;
	if (slash) {
		*slash = '\0';
		above = openat(dir, path, O_RDONLY | O_CLOEXEC);
		if (above < 0)
			return -1;
		return mkdirat(above, slash + 1, mode);
	}
	int version = fake_version(dir);
	if (fake.no_mkdir && strcmp(name, fake.no_mkdir) == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (syscall(SYS_mkdirat, dir, name, mode) < 0)
		return -1;
	if (version == 0)
		return 0;
	char controllers[512];
	surely(read_text(dir, version == 2 ? "cgroup.subtree_control" :
					     ".controllers",
			 controllers, sizeof(controllers)) >= 0);
	auto_close int made = openat(dir, name, O_RDONLY | O_CLOEXEC);
	fake_fill(made, version, controllers);
	if (fake.fatal && strcmp(name, fake.fatal) == 0 &&
	    --fake.fatal_at == 0)
		raise(SIGKILL);
	return 0;
}

/* Call for each entry of `dir` that is a directory (or is none). */
static inline int
fake_entries(int dir, bool directories, bool remove)
{
	auto_close int again = openat(dir, ".", O_RDONLY | O_CLOEXEC);
	auto_dir DIR *entries = fdopendir(again);
	take_fd(&again);
	int count = 0;
	struct dirent *entry;
	while ((entry = readdir(entries))) {
		struct stat st;
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0 ||
		    fstatat(dir, entry->d_name, &st, 0) < 0 ||
		    S_ISDIR(st.st_mode) != directories)
			continue;
		count++;
		if (remove)
			syscall(SYS_unlinkat, dir, entry->d_name, 0);
	}
	return count;
}

int
unlinkat(int dir, const char *name, int flags)
{
	auto_close int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && (flags & AT_REMOVEDIR) && fake_version(fd)) {
		char procs[64] = "";
		read_text(fd, "cgroup.procs", procs, sizeof(procs));
		if (procs[0] || fake_entries(fd, true, false) > 0 ||
		    fake.busy > 0) {
			fake.busy--;
			errno = EBUSY;
			return -1;
		}
		fake_entries(fd, false, true);
	}
	return syscall(SYS_unlinkat, dir, name, flags);
}

/* "+memory -io" against what is there; -1 where the kernel refuses. */
static inline int
fake_subtree_control(const char *path, const char *words)
{
	char list[512] = "", had[512], *rest;
	auto_free char *dir = copy_text(path);
	*strrchr(dir, '/') = '\0';
	auto_free char *controllers = text("%s/cgroup.controllers", dir);
	if (read_text(AT_FDCWD, controllers, had, sizeof(had)) < 0 ||
	    read_text(AT_FDCWD, path, list, sizeof(list)) < 0)
		return -1;
	auto_free char *refused = text("+%s", fake.no_controller);
	if (fake.no_controller && hierarchy_list_has(words, refused)) {
		errno = EPERM;
		return -1;
	}
	auto_free char *now = text("%s %s", list, words);
	auto_free char *result = copy_text("");
	rest = now;
	for (char *word; (word = strtok_r(rest, " \n", &rest));) {
		auto_free char *minus = text("-%s", word);
		const char *bare = *word == '+' ? word + 1 : word;
		if (*word == '+' && !hierarchy_list_has(had, bare)) {
			errno = ENOENT;
			return -1;
		}
		if (*word == '-' || hierarchy_list_has(words, minus) ||
		    hierarchy_list_has(result, bare))
			continue;
		char *longer = text("%s%s%s", result, *result ? " " : "",
				    bare);
		free(result);
		result = longer;
	}
	auto_file FILE *file = fopen(path, "w");
	return fprintf(file, "%s\n", result) < 0 ? -1 : 0;
}

/* A controller has come to the children, or gone from them. */
static inline void
fake_hand_down(const char *path)
{
	char list[512];
	auto_free char *dir = copy_text(path);
	*strrchr(dir, '/') = '\0';
	surely(read_text(AT_FDCWD, path, list, sizeof(list)) >= 0);
	auto_dir DIR *entries = opendir(dir);
	struct dirent *entry;
	while ((entry = readdir(entries))) {
		auto_close int child = openat(dirfd(entries), entry->d_name,
					      O_RDONLY | O_CLOEXEC);
		if (entry->d_name[0] != '.' && child >= 0 &&
		    fake_version(child) == 2)
			fake_fill(child, 2, list);
	}
}

/* What the kernel says to this value in this file: 0 or an errno. */
static inline int
fake_verdict(const char *name, const char *value)
{
	uint64_t number = strtoull(value, NULL, 10);
	if (fake.refuse && strcmp(name, fake.refuse) == 0)
		return fake.refuse_with;
	if (strcmp(name, "pids.max") == 0 && number > 4194304)
		return EINVAL;
	if (strcmp(name, "cpu.cfs_quota_us") == 0 && value[0] != '-' &&
	    number < 1000)
		return EINVAL;
	return 0;
}

/* A file with a line for each object: change or add that of this value, and
 * leave out what says no more than that there is no limit. */
static inline void
fake_put_line(const char *path, const char *value)
{
	char old[1024];
	surely(read_text(AT_FDCWD, path, old, sizeof(old)) >= 0);
	auto_file FILE *file = fopen(path, "w");
	int length = strcspn(value, " ");
	char *rest = old, line[256] = "";
	for (char *had; (had = strsep(&rest, "\n")) && *had;)
		if (strncmp(had, value, length + 1) != 0)
			fprintf(file, "%s\n", had);
		else
			snprintf(line, sizeof(line), "%s", had);
	if (!strchr(value, '=')) {
		if (strcmp(value + length, " 0") != 0 &&
		    strcmp(value + length, " default") != 0)
			fprintf(file, "%s\n", value);
		return;
	}
	static const char *const words[] = { "rbps", "wbps", "riops", "wiops",
					     "hca_handle", "hca_object" };
	bool rdma = strstr(value, "hca_");
	bool any = rdma;
	auto_free char *out = text("%.*s", length, value);
	for (size_t i = rdma ? 4 : 0; i < (rdma ? 6 : 4); i++) {
		auto_free char *key = text(" %s=", words[i]);
		const char *at = strstr(value, key);
		at = at ? at : strstr(line, key);
		at = at ? at + strlen(key) : "max";
		char *longer = text("%s%s%.*s", out, key,
				    (int)strcspn(at, " "), at);
		any |= strncmp(at, "max", 3) != 0;
		free(out);
		out = longer;
	}
	if (any)
		fprintf(file, "%s\n", out);
}

/* v1's list of devices: "c 1:3 rwm" is allowed or denied in it. */
static inline void
fake_devices(const char *path, const char *value, bool allow)
{
	auto_free char *list = copy_text(path);
	strcpy(strrchr(list, '/'), "/devices.list");
	char old[1024], all[] = "a *:* rwm";
	surely(read_text(AT_FDCWD, list, old, sizeof(old)) >= 0);
	auto_file FILE *file = fopen(list, "w");
	if (value[0] == 'a' || strcmp(old, all) == 0) {
		if (value[0] == 'a' ? allow : true)
			fprintf(file, "%s\n", all);
		return;
	}
	size_t length = strrchr(value, ' ') + 1 - value;
	const char *letters = value + length;
	char *rest = old;
	for (char *had; (had = strsep(&rest, "\n")) && *had;) {
		bool same = strncmp(had, value, length) == 0;
		char kept[4] = "";
		for (const char *c = had + length; same && *c; c++)
			if (!strchr(letters, *c))
				strncat(kept, c, 1);
		if (!same)
			fprintf(file, "%s\n", had);
		else if (!allow && *kept)
			fprintf(file, "%.*s%s\n", (int)length, had, kept);
	}
	if (allow)
		fprintf(file, "%s\n", value);
}

/* What is in the file after this was written to it; NULL: nothing changes. */
static inline char *
fake_content(const char *name, const char *value)
{
	uint64_t number = strtoull(value, NULL, 10), granule = 1;
	if (strcmp(name, "memory.kmem.limit_in_bytes") == 0)
		return NULL; /* as Linux since 6.6: taken, and ignored */
	if (strcmp(name, "memory.oom_control") == 0)
		return text("oom_kill_disable %s\nunder_oom 0\noom_kill 2\n",
			    value);
	if (strcmp(name, "memory.low") == 0 ||
	    strcmp(name, "memory.soft_limit_in_bytes") == 0)
		granule = 4096;
	if (strncmp(name, "hugetlb.", 8) == 0)
		granule = 2 << 20;
	if (granule > 1 && number < INT64_MAX - 65535 && value[0] != '-' &&
	    value[0] != 'm')
		return text("%" PRIu64 "\n", number - number % granule);
	return text("%s%.*s\n", strncmp(name, "io.", 3) == 0 ? "default " : "",
		    (int)strcspn(value, "\n"), value);
}

/* v2's sets are limited to what the cgroup above has. */
static inline void
fake_effective(const char *path, const char *value)
{
	const char *above = strstr(path, "cpuset.mems") ? "0" : "0-3";
	auto_free char *file = text("%s.effective", path);
	auto_file FILE *out = fopen(file, "w");
	bool has_all = *value != '\n' && !strpbrk(value, "456789");
	fprintf(out, "%s\n", has_all ? value : above);
}

ssize_t
write(int fd, const void *bytes, size_t size)
{
	char path[4096];
	auto_free char *link = text("/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, path, sizeof(path) - 1);
	size_t skip = strlen(fake.where);
	if (length < 0 || skip == 0 || strncmp(path, fake.where, skip) != 0)
		return syscall(SYS_write, fd, bytes, size);
	path[length] = '\0';
	const char *name = strrchr(path, '/') + 1;
	auto_free char *value = text("%.*s", (int)size, (const char *)bytes);
	errno = fake_verdict(name, value);
	if (errno)
		return -1;
	if (fake.ignore && strcmp(value, fake.ignore) == 0)
		return size;
	if (strcmp(name, "cgroup.subtree_control") == 0 && *value &&
	    strchr("+-", *value)) {
		if (fake_subtree_control(path, value) < 0)
			return -1;
		fake_hand_down(path);
		return size;
	}
	if (strncmp(name, "devices.", 8) == 0) {
		fake_devices(path, value, strcmp(name, "devices.allow") == 0);
		return size;
	}
	if (strchr(value, ' ') && !strstr(name, "cpu.max")) {
		fake_put_line(path, value);
		return size;
	}
	auto_free char *content = fake_content(name, value);
	if (content && (ftruncate(fd, 0) < 0 ||
			syscall(SYS_write, fd, content, strlen(content)) < 0))
		return -1;
	if (strncmp(name, "cpuset.", 7) == 0)
		fake_effective(path, value);
	return size;
}

/* Not every file system behind /tmp has user xattrs: they are files here. */
int
fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
	(void)flags;
	auto_free char *file = text(".xattr.%s", name);
	auto_free char *content = text("%.*s", (int)size, (const char *)value);
	return put_in(fd, file, content);
}

ssize_t
fgetxattr(int fd, const char *name, void *value, size_t size)
{
	auto_free char *file = text(".xattr.%s", name);
	auto_free char *content = read_all(fd, file, NULL);
	if (!content || strlen(content) > size)
		return -1;
	memcpy(value, content, strlen(content));
	return strlen(content);
}

/* ---- hosts -------------------------------------------------------------- */

/* Mount a hierarchy: "rw,cpu,cpuacct" of v1, or "" and v2's controllers. */
static inline void
fake_mount(int version, const char *target, const char *controllers,
	   const char *root)
{
	auto_free char *path = text("%s/%s", fake.where, target);
	surely(make_dirs(path, 0755) == 0);
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fake_fill(dir, version, controllers);
	struct stat st;
	surely(fstat(dir, &st) == 0);
	auto_free char *line =
		version == 2 ? text("9 1 # %s /%s rw,nosuid shared:4 - "
				    "cgroup2 cgroup2 rw\n", root, target) :
			       text("9 1 # %s /%s rw,nosuid - cgroup cgroup "
				    "rw,@\n", root, target);
	add("proc/self/mountinfo", line, controllers, major(st.st_dev),
	    minor(st.st_dev));
}

static inline void
fake_v1(void)
{
	put("proc/self/cgroup", "4:name=systemd:/\n3:cpuset,cpu,cpuacct:/\n"
				"2:memory,freezer:/\n1:pids:/user\n");
	fake_mount(1, "sys/fs/cgroup/cpu", "cpuset,cpu,cpuacct", "/");
	fake_mount(1, "sys/fs/cgroup/memory", "memory,freezer", "/");
	fake_mount(1, "sys/fs/cgroup/pids", "pids", "/");
	fake_mount(1, "sys/fs/cgroup/systemd", "name=systemd", "/");
	put("sys/fs/cgroup/cpu/cpuset.cpus", "0-3\n");
	put("sys/fs/cgroup/cpu/cpuset.mems", "0\n");
}

static inline void
fake_v2(void)
{
	put("proc/self/cgroup", "0::/user\n");
	fake_mount(2, "sys/fs/cgroup", "cpuset cpu io memory pids", "/");
	put("sys/fs/cgroup/cgroup.subtree_control", "cpu memory\n");
}

/* CPU on v1, the rest on v2. */
static inline void
fake_hybrid(void)
{
	put("proc/self/cgroup", "1:cpu,cpuacct:/\n0::/\n");
	fake_mount(1, "sys/fs/cgroup/cpu", "cpu,cpuacct", "/");
	fake_mount(2, "sys/fs/cgroup/unified", "memory pids", "/");
}

static inline int
fake_remove_tree(const char *path)
{
	auto_dir DIR *dir = opendir(path);
	struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		auto_free char *inner = text("%s/%s", path, entry->d_name);
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlink(inner) < 0)
			fake_remove_tree(inner);
	}
	return syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

/* From here on this directory is the host, and has no hierarchy yet. */
static inline void
fake_begin(const char *where)
{
	memset(&fake, 0, sizeof(fake));
	surely(strlen(where) < sizeof(fake.where));
	strcpy(fake.where, where);
	hierarchy_root = fake.where;
	put("proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/root rw\n");
}

static inline int
fake_setup(void **state)
{
	(void)state;
	char where[] = "/tmp/mydocker-unit.XXXXXX";
	if (!mkdtemp(where))
		return -1;
	chmod(where, 0755);
	fake_begin(where);
	return 0;
}

static inline int
fake_teardown(void **state)
{
	(void)state;
	hierarchy_root = "";
	return fake_remove_tree(fake.where);
}

#define fake_test(function) \
	cmocka_unit_test_setup_teardown(function, fake_setup, fake_teardown)

#endif
