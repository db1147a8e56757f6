/* operate.c - parent.  What is done with a container that is there: looked
 * at, signalled, frozen, deleted. */
#include "runtime.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroups.h"
#include "hooks.h"
#include "making.h"
#include "rdt.h"
#include "sys.h"

/* What there is of its cgroup; `count` 0: nothing. */
static int
open_cgroup(const struct state *state, struct cgroup *cgroup)
{
	*cgroup = (struct cgroup){ 0 };
	return state->cgroup ? cgroup_open(cgroup, state->cgroup) : 0;
}

static bool
is_paused(const struct state *state)
{
	struct failure kept = failure;
	struct cgroup cgroup;
	bool paused = false;
	if (open_cgroup(state, &cgroup) > 0) {
		paused = cgroups_frozen(&cgroup) == 1;
		cgroup_close(&cgroup);
	}
	failure = kept;
	return paused;
}

int
runtime_look(const char *root, const char *id, struct state *state,
	     struct oci_config *config, enum oci_status *status)
{
	auto_close int dir = -1;
	if (state_open(root, id, state, &dir, NULL) < 0)
		return -1;
	*status = state_status(state);
	if (*status == OCI_RUNNING && is_paused(state))
		*status = OCI_PAUSED;
	if (!config)
		return 0;
	/* Of one that was never finished there may be none. */
	*config = (struct oci_config){ 0 };
	if (state->pid == 0 || oci_config_load(config, dir) == 0)
		return 0;
	state_free(state);
	return -1;
}

/* ---- signals ------------------------------------------------------------- */

static int
kill_all(const struct state *state, int signal)
{
	struct cgroup cgroup;
	pid_t *pids = NULL;
	size_t count = 0;
	int found = open_cgroup(state, &cgroup);
	/* This user has no cgroups; whoever creates it has yet to see that. */
	if (found < 0 && failure.code == EACCES && state->pid == 0)
		failure.code = ESRCH;
	if (found <= 0)
		return found;
	int result = signal == SIGKILL ? cgroup_kill(&cgroup) :
					 cgroups_processes(&cgroup, &pids,
							   &count);
	for (size_t i = 0; result == 0 && i < count; i++)
		if (sys_kill(pids[i], signal) < 0 && errno != ESRCH)
			result = fail("signal process %d", pids[i]);
	free(pids);
	cgroup_close(&cgroup);
	return result;
}

int
runtime_kill(const char *root, const char *id, int signal, bool all)
{
	auto_state struct state state;
	auto_close int dir = -1;
	if (state_open(root, id, &state, &dir, NULL) < 0)
		return -1;
	if (all && state.cgroup)
		return kill_all(&state, signal);
	auto_close int pidfd = state_pidfd(&state);
	if (pidfd < 0)
		return -1;
	if (sys_pidfd_send_signal(pidfd, signal) < 0)
		return fail("signal container \"%s\"", id);
	return 0;
}

/* ---- pause and resume ---------------------------------------------------- */

static int
freeze(const char *root, const char *id, bool frozen)
{
	auto_state struct state state;
	auto_close int dir = -1;
	auto_close int lock = -1;
	if (state_open(root, id, &state, &dir, &lock) < 0)
		return -1;
	enum oci_status status = state_status(&state);
	if (status == OCI_RUNNING && is_paused(&state))
		status = OCI_PAUSED;
	bool may = frozen ? status == OCI_RUNNING || status == OCI_CREATED :
			    status == OCI_PAUSED;
	if (!may)
		return failx("cannot %s a container that is %s",
			     frozen ? "pause" : "resume",
			     oci_status_names[status]);
	struct cgroup cgroup;
	int found = open_cgroup(&state, &cgroup);
	if (found < 0)
		return -1;
	if (found == 0)
		return failx("container \"%s\" has no cgroup that could be "
			     "frozen", id);
	int result = cgroup_freeze(&cgroup, frozen);
	cgroup_close(&cgroup);
	return result;
}

int
runtime_pause(const char *root, const char *id)
{
	return freeze(root, id, true);
}

int
runtime_resume(const char *root, const char *id)
{
	return freeze(root, id, false);
}

/* ---- new limits ---------------------------------------------------------- */

static int
change_limits(const struct state *state, const struct oci_resources *resources,
	      const struct oci_node *at)
{
	struct cgroup cgroup = { 0 };
	if (state_status(state) == OCI_STOPPED)
		return failx("container not running");
	if (!state->cgroup)
		return failx("container %s has no cgroup of its own that could "
			     "be limited", state->id);
	if (cgroup_open(&cgroup, state->cgroup) < 0)
		return -1;
	int result = state->systemd ?
			     cgroups_systemd_update(&cgroup, resources, at) :
			     cgroups_update(&cgroup, resources, at);
	cgroup_close(&cgroup);
	return result;
}

int
runtime_update(const char *root, const char *id, struct oci_document *limits)
{
	auto_state struct state state = { 0 };
	auto_close int dir = -1;
	struct oci_node at = oci_root(limits);
	struct oci_resources resources = { 0 };
	if (oci_take_fields(&at, &oci_resources_shape, &resources) < 0 ||
	    state_open(root, id, &state, &dir, NULL) < 0)
		return -1;
	return change_limits(&state, &resources, &at);
}

/* ---- delete -------------------------------------------------------------- */

/* SIGKILL, and wait until it has ended: ten seconds at most. */
static int
end_process(const struct state *state)
{
	auto_close int pidfd = state_pidfd(state);
	if (pidfd < 0)
		return failure.code == ESRCH ? 0 : -1;
	if (sys_pidfd_send_signal(pidfd, SIGKILL) < 0 && errno != ESRCH)
		return fail("kill container \"%s\"", state->id);
	struct pollfd ended = { pidfd, POLLIN, 0 };
	if (poll(&ended, 1, 10000) != 1)
		return failx("container \"%s\" does not end", state->id);
	return 0;
}

/* First all in the cgroup, for whoever is frozen does not end otherwise.  `run`
 * has it open still. */
static int
end_all(struct making *making)
{
	const struct state *state = &making->state;
	struct cgroup *cgroup = &making->cgroup;
	if (cgroup->count == 0 && open_cgroup(state, cgroup) < 0 &&
	    failure.code != EACCES) /* none can be made here, so none was */
		return -1;
	int result = cgroups_end(cgroup, state->kept);
	cgroup_close(cgroup);
	if (result == 0)
		result = end_process(state);
	if (result == 0 && state->systemd)
		result = cgroups_systemd_stop(state->cgroup);
	return result;
}

/* runtime.md, "Lifecycle", 12 and 13.  What fails in a hook is told, and holds
 * nothing up. */
int
making_delete(struct making *making, const char *root)
{
	if (end_all(making) < 0 ||
	    rdt_forget(making_class(making), making->state.id) < 0)
		return -1;
	auto_free char *json = NULL;
	if (making->config.hooks)
		json = making_state_json(making, OCI_STOPPED, 0);
	if (state_remove(root, making->state.id, making->dir) < 0)
		return -1;
	if (json && hooks_run_all(making->config.hooks, OCI_POSTSTOP, json) < 0)
		runtime_warn();
	return 0;
}

static int
delete_locked(struct making *making, const char *root, bool force)
{
	enum oci_status status = state_status(&making->state);
	if (!force && status != OCI_STOPPED)
		return failx("cannot delete container \"%s\" that is not "
			     "stopped: it is %s; `kill` it first, or delete "
			     "it with --force", making->state.id,
			     oci_status_names[status]);
	/* Of one that was never finished there may be no config, or none that
	 * can be read; it goes all the same. */
	if (oci_config_load(&making->config, making->dir) < 0)
		oci_config_free(&making->config);
	return making_delete(making, root);
}

/* One that is in no class gets one, and is noted to have it. */
static int
change_class(struct making *making, const struct oci_intel_rdt *limits)
{
	const struct oci_intel_rdt *class = making_class(making);
	const char *id = making->state.id;
	if (state_status(&making->state) == OCI_STOPPED)
		return failx("container not running");
	auto_free char *resctrl = rdt_mount_point();
	if (!resctrl)
		return -1;
	if (class)
		return rdt_change(resctrl, class, id, limits);
	if (rdt_join(resctrl, limits, id, making->state.pid) < 0)
		return -1;
	making->state.in_class = true;
	return state_save(making->dir, &making->state);
}

int
runtime_change_class(const char *root, const char *id,
		     const struct oci_intel_rdt *limits)
{
	struct making making;
	if (making_open(&making, root, id) < 0)
		return -1;
	int result = oci_config_load(&making.config, making.dir);
	if (result == 0)
		result = change_class(&making, limits);
	making_free(&making);
	return result;
}

int
runtime_delete(const char *root, const char *id, bool force)
{
	struct making making;
	if (making_open(&making, root, id) < 0)
		return force && failure.code == ENOENT ? 0 : -1;
	int result = delete_locked(&making, root, force);
	making_free(&making);
	return result;
}
