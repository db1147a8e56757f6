/* restore.c - parent, and the child that becomes criu.  See restore.h. */
#include "restore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroups.h"
#include "console.h"
#include "external.h"
#include "process.h"
#include "safepath.h"
#include "session.h"
#include "sync.h"
#include "sys.h"
#include "yard.h"

#define LOG "restore.log"

/* ---- before anything is made --------------------------------------------- */

/* As if it had been deleted before: what `checkpoint` leaves is stopped. */
static int
delete_stopped(const char *root, const char *id)
{
	struct making old;
	if (making_open(&old, root, id) < 0)
		return failure.code == ENOENT ? 0 : -1;
	/* One that goes on is told by who makes the directory. */
	int result = 0;
	if (state_status(&old.state) == OCI_STOPPED) {
		if (oci_config_load(&old.config, old.dir) < 0)
			oci_config_free(&old.config);
		result = making_delete(&old, root);
	}
	making_free(&old);
	return result;
}

/* In a user namespace criu opens the images as its root, who has no right of
 * the host's root: so its group gets that to look into their directory. */
static int
show_images(const struct making *making)
{
	const struct oci_linux *kernel = making->config.kernel;
	int images = making->restoring->criu.images;
	for (size_t i = 0; kernel && i < kernel->gid_mapping_count; i++) {
		struct stat st;
		if (kernel->gid_mappings[i].container_id != 0)
			continue;
		if (fstat(images, &st) < 0 ||
		    fchown(images, -1, kernel->gid_mappings[i].host_id) < 0 ||
		    fchmod(images, (st.st_mode & 07777) | 0050) < 0)
			return fail("let the container's root see the images");
	}
	return 0;
}

int
restore_make_way(struct making *making)
{
	const struct create_options *create = making->options;
	struct criu *criu = &making->restoring->criu;
	if (external_check(&making->config) < 0 ||
	    criu_open(criu, &making->restoring->options->criu, LOG, false) < 0)
		return -1;
	if (faccessat(criu->images, "inventory.img", R_OK, 0) < 0)
		return fail("read the images: %s/inventory.img",
			    making->restoring->options->criu.images);
	if (show_images(making) < 0)
		return -1;
	return delete_stopped(create->root, create->id);
}

/* ---- the child, until it is criu ----------------------------------------- */

/* Is it to be made on another mount of the container?  Then criu makes it, or
 * it is there. */
static bool
is_below_another(const struct oci_config *config, const char *target)
{
	for (size_t i = 0; i < config->mount_count; i++) {
		const char *above = config->mounts[i].plan.target;
		size_t length = strlen(above);
		if (length > 1 && strncmp(target, above, length) == 0 &&
		    target[length] == '/')
			return true;
	}
	return false;
}

/* In a root that is a fresh copy the places are missing that `create` made. */
static int
make_places(const struct making *making)
{
	const struct oci_config *config = &making->config;
	auto_close int root = open(making->state.rootfs,
				   O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return fail("open the root %s", making->state.rootfs);
	for (size_t i = 0; i < config->mount_count; i++) {
		const struct rootfs_mount *plan = &config->mounts[i].plan;
		struct stat st;
		if (is_below_another(config, plan->target))
			continue;
		bool is_file = plan->flags & MS_BIND &&
			       fstatat(making->bundle, plan->source, &st,
				       0) == 0 && !S_ISDIR(st.st_mode);
		auto_close int made =
			is_file ? safepath_make_file(root, plan->target,
						     0644) :
				  safepath_make_dir(root, plan->target, 0755);
		if (made < 0)
			return wrap("mounts[%zu]: %s", i, plan->target);
	}
	return 0;
}

/* Of a cgroup namespace criu knows nothing when it is not to mind cgroups. */
static bool
needs_cgroup_namespace(const struct making *making)
{
	const struct oci_namespace *cgroups =
		oci_namespace_find(making->config.kernel, "cgroup");
	return cgroups && making->restoring->options->criu.cgroups ==
				  CRIU_CGROUPS_IGNORE;
}

static int
join_cgroup(struct making *making)
{
	if (making->state.systemd)
		return sync_expect(making->sync, SYNC_GO, "the runtime");
	return cgroup_join(&making->cgroup,
			   cgroup_v2_fd(&making->cgroup) >= 0);
}

/*
 * It must not live longer than we do, who are told what it makes.  And what
 * criu has and does not restore, the container's processes inherit: so the
 * keys must not be our caller's, and no_new_privs must be set (before 4.0).
 */
static int
get_ready(void *data)
{
	struct making *making = data;
	const struct oci_process *process = making->config.process;
	close_scoped(&making->sync);
	making->sync = take_fd(&making->child_sync);
	if (session_tie(true) < 0 || join_cgroup(making) < 0)
		return -1;
	if (needs_cgroup_namespace(making) && sys_unshare(CLONE_NEWCGROUP) < 0)
		return fail("make a cgroup namespace");
	auto_free char *place = state_path(making->options->root,
					   making->options->id);
	if (make_places(making) < 0 ||
	    yard_make(place, making->state.rootfs) < 0 ||
	    process_keyring(making->state.id) < 0)
		return -1;
	if (process->no_new_privileges &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail("set no_new_privs");
	return 0;
}

/* ---- the parent ---------------------------------------------------------- */

/* In the cgroup of the container are its processes, for criu is in it. */
int
restore_criu_up(struct making *making)
{
	struct restoring *restoring = making->restoring;
	const struct restore_options *options = restoring->options;
	struct criu *criu = &restoring->criu;
	criu_say(criu, &options->criu, &making->config);
	auto_free char *root = text("%s/%s/" YARD_ROOT, making->options->root,
				    making->options->id);
	auto_free char *yard = text("%s/%s/" YARD, making->options->root,
				    making->options->id);
	protobuf_string(&criu->wants, CRIU_ROOT, root);
	protobuf_string(&criu->wants, CRIU_CGROUP_YARD, yard);
	protobuf_true(&criu->wants, CRIU_EVASIVE_DEVICES, true);
	protobuf_true(&criu->wants, CRIU_RESTORE_SIBLING, true);
	protobuf_string(&criu->wants, CRIU_LSM_PROFILE, options->lsm_profile);
	protobuf_string(&criu->wants, CRIU_LSM_MOUNT_CONTEXT,
			options->lsm_mount_context);
	if (external_restore(criu, making) < 0 ||
	    sync_pair(&making->sync, &making->child_sync) < 0)
		return -1;
	if (criu_start(criu, cgroup_v2_fd(&making->cgroup), get_ready,
		       making) < 0)
		return -1;
	close_scoped(&making->child_sync);
	making->pid = criu->pid;
	return 0;
}

int
restore_criu_down(struct making *making)
{
	criu_close(&making->restoring->criu);
	close_scoped(&making->sync);
	return making_network_down(making);
}

/* "4:memory:/a/b" of /proc/PID/cgroup: for each hierarchy, where its cgroup is
 * now.  It had another name when it was saved, perhaps. */
static int
say_cgroups(const struct making *making)
{
	struct criu *criu = &making->restoring->criu;
	auto_free char *path = text("/proc/%d/cgroup", criu->pid);
	size_t length;
	auto_free char *content = read_all(AT_FDCWD, path, &length);
	if (!content)
		return -1;
	for (char *rest = content, *line; (line = strsep(&rest, "\n"));) {
		strsep(&line, ":");
		char *names = strsep(&line, ":");
		for (char *name; line && (name = strsep(&names, ","));)
			criu_say_pair(criu, CRIU_CGROUP_ROOT, name, line);
	}
	return 0;
}

/* Its namespaces are there, and nothing of it runs. */
static int
take_process(struct making *making, pid_t pid)
{
	making->pid = pid;
	making->pidfd = sys_pidfd_open(pid);
	if (making->pidfd < 0)
		return fail("hold process %d", pid);
	return making_hooks(making) < 0 ? -1 : making_network(making);
}

/* The root is as criu was given it, which needs it writable itself: it is made
 * read-only as at the end of the child's steps of `create`, but from outside.
 * By a child, who does not come back from the container's files. */
static int
finish_root(struct making *making)
{
	auto_close int ours = -1;
	auto_close int theirs = -1;
	int status = 0;
	if (!making->config.root->readonly)
		return 0;
	if (sync_pair(&ours, &theirs) < 0)
		return -1;
	fflush(NULL);
	pid_t child = sys_fork();
	if (child == 0) {
		if (sys_setns(making->pidfd, CLONE_NEWNS) < 0)
			fail("enter the container's mount namespace");
		else if (mounts_finish(&making->config) == 0)
			_exit(0);
		sync_send_failure(theirs);
		_exit(1);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (child < 0)
		return fail("make a process to finish the root");
	if (status == 0)
		return 0;
	return sync_take_failure(ours) ?
		       -1 :
		       failx("the process that finishes the root died");
}

static int
hear(void *data, const struct criu_event *event)
{
	struct making *making = data;
	if (strcmp(event->name, "setup-namespaces") == 0)
		return take_process(making, event->pid);
	if (strcmp(event->name, "post-restore") == 0)
		return finish_root(making);
	if (strcmp(event->name, "orphan-pts-master") != 0)
		return 0;
	making->master = fcntl(event->fd, F_DUPFD_CLOEXEC, 0);
	if (making->master < 0)
		return fail("take the terminal");
	return making_terminal(making);
}

int
restore_images_up(struct making *making)
{
	struct criu *criu = &making->restoring->criu;
	pid_t pid = 0;
	external_cgroups(criu, making);
	if (making_keep_config(making) < 0 || say_cgroups(making) < 0 ||
	    criu_ask(criu, CRIU_RESTORE, hear, making, &pid) < 0)
		return -1;
	return pid == making->pid ? 0 :
				    failx("criu restored process %d, and "
					  "spoke of %d", pid, making->pid);
}

/* ---- the operation ------------------------------------------------------- */

static int
begin(struct making *making, const struct run_options *run, void *data)
{
	*making = (struct making)MAKING_NOTHING;
	making->restoring = data;
	return making_climb(making, restore_steps, &run->create, run);
}

int
runtime_restore(const struct restore_options *options)
{
	struct restoring restoring = { .options = options,
				       .criu = CRIU_NONE };
	int status = making_run(&options->run, begin, &restoring);
	struct failure why = failure;
	criu_close(&restoring.criu);
	failure = why;
	return status;
}
