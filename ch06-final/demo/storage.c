/* storage.c - experiment `storage`: one image by both storage drivers. */
#include "demo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ns.h"
#include "stage.h"

#define SCRIPT                                                                \
	"echo more >>/etc/passwd; rm /etc/group; rm -r /var; mkdir /var; "     \
	"cut -d ' ' -f 2,3 /proc/mounts | head -1"

/* A file in the directory of a container; the caller frees. */
static char *
path_of(const struct record *record, const char *name)
{
	return text("%s/containers/%s/%s", getenv("MYDOCKER_ROOT"), record->id,
		    name);
}

/* What the container has left, and how it says what is no more. */
static int
look_at(const char *upper, enum storage driver)
{
	auto_free char *words = stage_whiteout_words("group", driver);
	tour_run((const char *const[]){ "find", upper, "-mindepth", "1",
					"-printf", "%y %P\\n", NULL });
	auto_close int dir =
		open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int etc = openat(dir, "etc",
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int var = openat(dir, "var",
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || etc < 0 || var < 0)
		return fail("open %s, its etc and its var", upper);
	tour_expect(faccessat(etc, "passwd", F_OK, 0) == 0,
		    "the changed file is there, whole");
	tour_expect(stage_is_deleted(etc, "group", driver),
		    "the deleted one is %s", words);
	tour_expect(marks_is_opaque(var, storage_marks(driver)) == 1,
		    "the directory made anew is opaque: %s",
		    driver == STORAGE_AUFS ?
			    "the empty file .wh..wh..opq" :
			    "an attribute, not to be seen here");
	return 0;
}

static int
run_by(enum storage driver)
{
	const char *name = storage_name(driver);
	auto_free char *container = text("by-%s", name);
	tour_step("By %s: a change, a deletion, a directory made anew.", name);
	tour_expect(stage_run("--storage-driver", name, "run", "--name",
			      container, "busybox", "sh", "-c", SCRIPT) == 0,
		    "the container has done it");
	auto_record struct record record = { 0 };
	auto_close int dir = -1;
	auto_close int containers = records_open(getenv("MYDOCKER_ROOT"));
	if (containers < 0 ||
	    record_find(containers, container, &record, &dir) < 0)
		return -1;
	auto_free char *upper = path_of(&record, "upper");
	return look_at(upper, driver);
}

/* The process that answers for the root of a container of aufs. */
static int
look_at_daemon(const struct record *record)
{
	auto_free char *path = path_of(record, "daemon");
	char digits[16];
	uint64_t pid;
	struct ns_id ours, its, theirs;
	const struct ns_kind *kind = ns_kinds;
	while (strcmp(kind->name, "pid") != 0)
		kind++;
	if (read_text(AT_FDCWD, path, digits, sizeof(digits)) < 0 ||
	    parse_number(digits, 1, INT32_MAX, &pid) < 0)
		return -1;
	auto_free char *name = text("/proc/%s/comm", digits);
	char comm[32];
	if (read_text(AT_FDCWD, name, comm, sizeof(comm)) < 0)
		return -1;
	tour_show(comm, "process %s", digits);
	if (ns_id(getpid(), kind, &ours) < 0 || ns_id(pid, kind, &its) < 0 ||
	    ns_id(record->pid, kind, &theirs) < 0)
		return -1;
	tour_expect(ns_same(ours, its) && !ns_same(its, theirs),
		    "it is a process of the host, not of the container");
	return pid;
}

static int
watch_daemon(void)
{
	struct guest guest;
	tour_step("Who answers for an aufs?  A process beside the container.");
	if (stage_start(&guest, "served",
			(const char *const[]){
				"./demo", "--storage-driver", "aufs", "run",
				"--rm", "--name", "served", "busybox", "sleep",
				"1000", NULL }) < 0)
		return -1;
	int pid = look_at_daemon(&guest.record);
	if (stage_end(&guest) < 0 || pid < 0)
		return -1;
	auto_free char *process = text("/proc/%d", pid);
	tour_expect(access(process, F_OK) < 0 && errno == ENOENT,
		    "it has ended with the container");
	return 0;
}

static int
run_storage(void)
{
	int not_ready = stage_enter();
	if (not_ready)
		return not_ready;
	if (access("/dev/fuse", R_OK | W_OK) < 0)
		return tour_skip("needs /dev/fuse (modprobe fuse): %s",
				 strerror(errno));
	if (run_by(STORAGE_OVERLAY) < 0 || run_by(STORAGE_AUFS) < 0)
		return -1;
	tour_step("Each has images of its own: the marks differ.");
	stage_run("--storage-driver", "aufs", "images");
	tour_run((const char *const[]){ "ls", "-d", "layers", "aufs/layers",
					NULL });
	return watch_daemon();
}

const struct experiment demo_storage = {
	.name = "storage",
	.shows = "one image by overlay and by aufs: what each leaves on disk",
	.run = run_storage,
	.tidy = stage_tidy,
};
