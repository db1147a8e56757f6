/* inside.c - experiment `inside`: the same process from both sides. */
#include "demo.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mountinfo.h"
#include "ns.h"
#include "stage.h"
#include "verbs.h"

/* Docker's choice: a user namespace only when asked for, and no time one. */
static bool
is_new(const struct ns_kind *kind)
{
	return strcmp(kind->name, "user") != 0 &&
	       strcmp(kind->name, "time") != 0;
}

static int
compare_namespaces(pid_t pid)
{
	for (size_t i = 0; i < NS_KINDS; i++) {
		const struct ns_kind *kind = &ns_kinds[i];
		struct ns_id ours, theirs;
		if (!(ns_supported() & kind->flag))
			continue;
		if (ns_id(getpid(), kind, &ours) < 0 ||
		    ns_id(pid, kind, &theirs) < 0)
			return -1;
		bool same = ns_same(ours, theirs);
		tour_expect(same != is_new(kind), "%s: %s", kind->name,
			    same ? "shared with the host" : "its own");
	}
	return 0;
}

static int
look_at_mounts(pid_t pid)
{
	auto_mounts struct mount_table table = { 0 };
	if (mountinfo_read(pid, &table) < 0)
		return -1;
	const struct mountinfo *root = mountinfo_find(&table, "/");
	const struct mountinfo *proc = mountinfo_find(&table, "/proc");
	const struct mountinfo *dev = mountinfo_find(&table, "/dev");
	const struct mountinfo *sys = mountinfo_find(&table, "/sys");
	if (!root || !proc || !dev || !sys)
		return failx("the container lacks /, /proc, /dev or /sys");
	tour_show("mounts in all", "%zu", table.count);
	bool is_aufs = verb_driver() == STORAGE_AUFS;
	tour_expect(strcmp(root->type, is_aufs ? "fuse.aufs" : "overlay") == 0,
		    "/ is an %s of the image's layers",
		    storage_name(verb_driver()));
	tour_expect(strcmp(proc->type, "proc") == 0 &&
			    strcmp(dev->type, "tmpfs") == 0,
		    "/proc and /dev are its own");
	tour_expect(mountinfo_has_option(sys->options, "ro"),
		    "/sys is read-only");
	size_t host = 0;
	for (size_t i = 0; i < table.count; i++)
		host += strncmp(table.mounts[i].target, "/home", 5) == 0 ||
			strncmp(table.mounts[i].target, "/boot", 5) == 0;
	tour_expect(host == 0, "nothing of the host is mounted in there");
	return 0;
}

static int
run_inside(void)
{
	int not_ready = stage_enter();
	if (not_ready)
		return not_ready;
	struct guest guest;
	tour_step("A container in the background.");
	if (stage_start_run(&guest, "inside-tour", "--hostname", "inside",
			    "busybox", "sleep", "1000") < 0)
		return -1;
	tour_expect(stage_run("ps") == 0, "it is listed");
	tour_show("on the host it is process", "%d", guest.record.pid);

	tour_step("Its namespaces, from outside.");
	if (compare_namespaces(guest.record.pid) < 0)
		return -1;

	tour_step("Its mounts, from outside (/proc/%d/mountinfo).",
		  guest.record.pid);
	if (look_at_mounts(guest.record.pid) < 0)
		return -1;

	tour_step("And from inside, in a container of the same kind.");
	stage_run("run", "--rm", "--hostname", "inside", "busybox", "sh", "-c",
		  "hostname; id; ps; ls /dev; grep CapEff /proc/self/status");
	int status;
	auto_free char *pid = stage_output(
		(const char *const[]){ "./demo", "run", "--rm", "busybox",
				       "sh", "-c", "echo $$", NULL },
		&status);
	tour_expect(pid && strcmp(pid, "1\n") == 0,
		    "the command is process 1 of its own");
	return stage_end(&guest);
}

const struct experiment demo_inside = {
	.name = "inside",
	.shows = "namespaces, mounts and ids of a container, from both sides",
	.run = run_inside,
	.tidy = stage_tidy,
};
