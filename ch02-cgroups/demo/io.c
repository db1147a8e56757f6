/*
 * io.c - experiment `io`: bytes and operations a second, on a disk of our own.
 *
 * A reader and a writer at a time, past the page cache, so that a request is
 * a request.  What keeps them from more can only be the limit: the disk is
 * memory.
 */
#include "demo.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cgroup_limit.h"
#include "clock.h"
#include "disk.h"
#include "load.h"
#include "words.h"

#define DISK_SIZE (UINT64_C(1) << 20)
#define BYTES_LIMIT 102400 /* "100kb" to Docker */
#define OPERATIONS_LIMIT 10
#define BUFFERED 49152	   /* a dozen pages, for half a second */
#define TOLERANCE 0.10
#define REQUESTS 20 /* two seconds, at ten a second */

static struct disk disk;

/* ---- a reader and a writer ---------------------------------------------- */

enum { READER, WRITER, BOTH };
static const char *const names[BOTH] = { "read", "write" };
static struct transfer *transfers; /* in memory shared with them */

static int
transfer(int sock, uint64_t which)
{
	(void)sock;
	disk_transfer(&disk, &transfers[which]);
	return 0;
}

/* Both at once in the cgroup, with requests of this size. */
static int
transfer_both(const struct cgroup *cg, size_t size)
{
	struct load loads[BOTH];
	for (int i = 0; i < BOTH; i++) {
		transfers[i] = (struct transfer){
			.writes = i == WRITER,
			.offset = i * DISK_SIZE / 2,
			.size = size,
			.more = REQUESTS,
		};
		if (load_start(&loads[i], cg, transfer, i) < 0)
			return -1;
	}
	int status;
	for (int i = 0; i < BOTH; i++)
		if (load_go(&loads[i]) < 0)
			return -1;
	for (int i = 0; i < BOTH; i++)
		if (load_wait(&loads[i], &status) < 0)
			return -1;
	for (int i = 0; i < BOTH; i++)
		if (transfers[i].code)
			return failx("%s %s: %s", names[i], disk.path,
				     strerror(transfers[i].code));
	return 0;
}

static double
operations_per_second(int which)
{
	return REQUESTS * 1e6 / transfers[which].us;
}

static void
show_rates(void)
{
	for (int i = 0; i < BOTH; i++) {
		double rate = operations_per_second(i);
		tour_show(names[i], "%d x %zu bytes in %.3f s: %.1f kB/s, "
			  "%.1f op/s", REQUESTS, transfers[i].size,
			  transfers[i].us / 1e6,
			  rate * transfers[i].size / 1024, rate);
	}
}

/* ---- with a limit ------------------------------------------------------- */

/*
 * What the machine's other load takes away is measured again; what is too
 * much is not: that no load can bring about.
 */
static int
measure(const struct cgroup *cg, size_t size, double limit, double *low,
	double *high)
{
	for (int tries = 0; tries < 3; tries++) {
		if (transfer_both(cg, size) < 0)
			return -1;
		show_rates();
		double rates[BOTH];
		for (int i = 0; i < BOTH; i++)
			rates[i] = operations_per_second(i) / limit;
		*low = rates[READER] < rates[WRITER] ? rates[READER] :
						       rates[WRITER];
		*high = rates[READER] + rates[WRITER] - *low;
		if (*low > 1 - TOLERANCE)
			break;
	}
	return 0;
}

/* `limit` is in requests of this size a second. */
static int
try_limit(const struct cgroup *cg, size_t size, double limit)
{
	struct cgroup_io before, after;
	double low, high;
	if (disk_read_io(&disk, cg, &before) < 0 ||
	    measure(cg, size, limit, &low, &high) < 0 ||
	    disk_read_io(&disk, cg, &after) < 0)
		return -1;
	tour_expect(low > 1 - TOLERANCE && high < 1 + TOLERANCE,
		    "within %.0f %% of the limit, each of the two",
		    TOLERANCE * 100);
	uint64_t reads = after.reads - before.reads;
	uint64_t writes = after.writes - before.writes;
	tour_show("counted by the kernel", "%" PRIu64 " reads, %" PRIu64
		  " bytes; %" PRIu64 " writes, %" PRIu64 " bytes",
		  reads, after.read_bytes - before.read_bytes, writes,
		  after.write_bytes - before.write_bytes);
	tour_expect(reads % (REQUESTS + 1) == 0 && reads == writes &&
			    after.read_bytes - before.read_bytes ==
				    reads * size &&
			    after.write_bytes - before.write_bytes ==
				    writes * size,
		    "each request was counted, and nothing else");
	return 0;
}

static int
set_limit(const struct cgroup *cg, const struct cgroup_io_limit *limit)
{
	return cgroup_limit(cg, &(struct cgroup_limits){ .io = limit,
							 .io_count = 1 });
}

/* Docker's options with this end, and the files that now have the limit. */
static int
show_limit(const struct cgroup_dir *dir, const char *end)
{
	for (size_t i = 0; i < cgroup_setting_count; i++) {
		const struct cgroup_setting *setting = &cgroup_settings[i];
		if (!setting->option || !strstr(setting->option, end))
			continue;
		char line[256];
		const char *file = cgroup_setting_file(setting,
						       dir->in.version);
		if (!file || read_text(dir->fd, file, line, sizeof(line)) < 0)
			return -1;
		tour_show(setting->option, "%s: %s", file, line);
	}
	return 0;
}

static int
limit_bytes(const struct cgroup *cg)
{
	tour_step("%d bytes a second, by requests of a tenth of that",
		  BYTES_LIMIT);
	const struct cgroup_io_limit limit = {
		disk.major, disk.minor,
		.read_bps = BYTES_LIMIT, .write_bps = BYTES_LIMIT,
	};
	if (set_limit(cg, &limit) < 0 ||
	    show_limit(cgroup_dir_with(cg, "io"), "-bps") < 0)
		return -1;
	return try_limit(cg, BYTES_LIMIT / 10, 10);
}

static int
limit_operations(const struct cgroup *cg)
{
	tour_step("%d operations a second, whatever they carry",
		  OPERATIONS_LIMIT);
	const struct cgroup_io_limit limit = {
		disk.major, disk.minor,
		.read_iops = OPERATIONS_LIMIT, .write_iops = OPERATIONS_LIMIT,
	};
	if (set_limit(cg, &limit) < 0 ||
	    show_limit(cgroup_dir_with(cg, "io"), "-iops") < 0)
		return -1;
	return try_limit(cg, DISK_SIZE / 64, OPERATIONS_LIMIT);
}

/* ---- without, and around it --------------------------------------------- */

static int
try_free(const struct cgroup *cg)
{
	tour_step("Without a limit: a reader and a writer, with direct I/O");
	if (transfer_both(cg, BYTES_LIMIT / 10) < 0)
		return -1;
	show_rates();
	tour_expect(operations_per_second(READER) > 2 * OPERATIONS_LIMIT &&
			    operations_per_second(WRITER) >
				    2 * OPERATIONS_LIMIT,
		    "more than twice of what it will be allowed");
	return 0;
}

/* Into the page cache, and no further. */
static int
write_buffered(int sock, uint64_t size)
{
	(void)sock;
	auto_free char *data = new_bytes(size);
	memset(data, 'x', size);
	return pwrite(disk.fd, data, size, 0) != (ssize_t)size;
}

/* Are the pages of files charged to the disk limit of who dirtied them? */
static bool
knows_writers(const struct cgroup *cg)
{
	const struct cgroup_dir *io = cgroup_dir_with(cg, "io");
	return io->in.version == 2 && io == cgroup_dir_with(cg, "memory");
}

static int
try_buffered(const struct cgroup *cg)
{
	tour_step("The same cgroup writes without O_DIRECT");
	struct load writer;
	struct cgroup_io before, after;
	int status;
	if (disk_read_io(&disk, cg, &before) < 0 ||
	    load_start(&writer, cg, write_buffered, BUFFERED) < 0 ||
	    load_go(&writer) < 0 || load_wait(&writer, &status) < 0)
		return -1;
	uint64_t start = clock_us();
	if (fsync(disk.fd) < 0) /* by us, who are not in that cgroup */
		return fail("write back the pages of %s", disk.path);
	uint64_t us = clock_us() - start;
	if (disk_read_io(&disk, cg, &after) < 0)
		return -1;
	uint64_t counted = after.write_bytes - before.write_bytes;
	tour_show("write(2) of it", "%s", words_status(status).text);
	tour_show("written back, by us", "%d bytes in %.3f s",
		  BUFFERED, us / 1e6);
	tour_show("counted in the cgroup", "%" PRIu64 " bytes", counted);
	if (knows_writers(cg))
		tour_expect(counted == BUFFERED, "v2 knows whose pages "
			    "they were: counted there, and slowed down there");
	else
		tour_expect(status == 0 && counted == 0, "they have escaped: "
			    "v1 asks who writes back, not who wrote");
	return 0;
}

/* What stat(2) says of a file is the number of its file system, which need
 * not be that of a disk: /proc's is none. */
static int
try_no_disk(const struct cgroup *cg)
{
	struct stat proc;
	if (stat("/proc", &proc) < 0)
		return fail("look at /proc");
	unsigned int major = major(proc.st_dev), minor = minor(proc.st_dev);
	tour_step("A limit for %u:%u, where /proc is", major, minor);
	const struct cgroup_io_limit limit = { major, minor,
					       .read_bps = BYTES_LIMIT };
	bool refused = set_limit(cg, &limit) < 0;
	const char *reason = refused ? strrchr(failure.text, ':') : NULL;
	tour_show("refused", "%s", reason ? reason + 2 : "no");
	tour_expect(refused, "a limit is for one disk, as a whole");
	return 0;
}

/* ---- the whole ---------------------------------------------------------- */

static int
run(void)
{
	struct cgroup bytes, operations;
	static const char *const io[] = { "io", NULL };
	int result = load_cgroup_or_skip(&bytes, "bytes", io);
	if (result)
		return result;
	if (disk_create(&disk, DISK_SIZE) < 0)
		return tour_skip("needs a loop device, by LOOP_CONFIGURE of "
				 "Linux 5.8; found: %s", failure.text);
	if (load_create_cgroup(&operations, "operations") < 0)
		return -1;
	transfers = mmap(NULL, BOTH * sizeof(*transfers),
			 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	if (transfers == MAP_FAILED)
		return fail("map shared memory");
	tour_say("The disk is %s, %u:%u: %" PRIu64 " bytes of memory.",
		 disk.path, disk.major, disk.minor, DISK_SIZE);
	if (try_free(&bytes) < 0 || limit_bytes(&bytes) < 0 ||
	    try_buffered(&bytes) < 0 || limit_operations(&operations) < 0)
		return -1;
	return try_no_disk(&operations);
}

const struct experiment demo_io = {
	.name = "io",
	.shows = "bytes and operations a second of one disk, limited",
	.run = run,
	.tidy = load_remove_cgroups,
};
