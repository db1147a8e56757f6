/* making.c - parent and child.  See making.h. */
#include "making.h"

#include <string.h>

#include "process.h"
#include "session.h"
#include "stepping.h"
#include "sync.h"

static bool
has_step(const struct making_step *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return true;
	return false;
}

bool
making_is_step(const char *name)
{
	return has_step(create_steps, name) || has_step(init_steps, name) ||
	       has_step(restore_steps, name);
}

int
making_check_names(void)
{
	return stepping_check(making_is_step, "--debug");
}

int
making_do(const struct making_step *step, struct making *making)
{
	stepping_tell("step", step->name);
	return stepping_end(step->name, step->up(making));
}

int
making_undo(size_t count, struct making *making)
{
	struct failure first = { 0 };
	while (count-- > 0) {
		const struct making_step *step = &making->steps[count];
		if (!step->down)
			continue;
		stepping_tell("undo", step->name);
		/* Go on: what can be undone must be. */
		if (step->down(making) < 0 && !first.text[0]) {
			wrap("undo %s", step->name);
			first = failure;
		}
	}
	failure = first;
	return first.text[0] ? -1 : 0;
}

const struct oci_intel_rdt *
making_class(const struct making *making)
{
	static const struct oci_intel_rdt by_update;
	const struct oci_linux *kernel = making->config.kernel;
	if (kernel && kernel->intel_rdt)
		return kernel->intel_rdt;
	return making->state.in_class ? &by_update : NULL;
}

char *
making_state_json(const struct making *making, enum oci_status status,
		  pid_t pid)
{
	struct oci_state state = {
		.id = making->state.id,
		.status = status,
		.pid = pid,
		.bundle = making->state.bundle,
		.annotations = making->config.annotations,
	};
	return oci_state_json(&state, false);
}

static void
warn_of_ungranted(uint64_t caps)
{
	char names[200] = "";
	size_t used = 0;
	for (unsigned int cap = 0; cap < 64; cap++) {
		const char *name = oci_word_name(oci_capability_names, cap);
		if (caps >> cap & 1 && used < sizeof(names))
			used += snprintf(names + used, sizeof(names) - used,
					 " %s", name ?: "?");
	}
	failure_set("process.capabilities: left out, as this runtime has not "
		    "got them:%s", names);
	runtime_warn();
}

void
making_warn(const struct making *making, const struct oci_document *document,
	    const struct oci_process *process)
{
	const struct oci_warning *warning = document->warnings;
	for (; warning; warning = warning->next) {
		failure_set("%s", warning->text);
		runtime_warn();
	}
	/* In a user namespace of its own there are all. */
	bool all = oci_namespace_find(making->config.kernel, "user");
	uint64_t caps = process && !all ? process_ungranted(process) : 0;
	if (caps)
		warn_of_ungranted(caps);
}

int
making_join(void *data)
{
	const struct joining *joining = data;
	if (joining->process && process_oom_score(joining->process, 0,
						  joining->procfs) < 0)
		return -1;
	return session_hide();
}

int
making_seal(const struct making *making, int sock)
{
	auto_close int listener = -1;
	bool tells = filter_listens(&making->filter);
	bool mute = tells && filter_is_mute(making->config.kernel->seccomp);
	/* Under the filter to send may be forbidden: it comes before, unless
	 * there is something to send. */
	if ((!tells && sync_send(sock, SYNC_EXEC) < 0) ||
	    (mute && filter_number(sock) < 0) ||
	    filter_load(&making->filter, &listener) < 0)
		return -1;
	if (!tells)
		return 0;
	/* Until the agent has it nothing of the payload runs. */
	if ((!mute && sync_send_fd(sock, listener) < 0) ||
	    sync_expect(sock, SYNC_GO, "the runtime") < 0)
		return -1;
	return sync_send(sock, SYNC_EXEC);
}

int
making_notify(const struct making *making, enum oci_status status, int sock)
{
	const struct oci_seccomp *seccomp = making->config.kernel->seccomp;
	struct oci_state state = {
		.id = making->state.id,
		.status = status,
		.pid = making->pid,
		.bundle = making->state.bundle,
		.annotations = making->config.annotations,
	};
	auto_free char *json =
		oci_seccomp_state_json(&state, seccomp->listener_metadata);
	auto_close int listener =
		!json ? -1 :
		filter_is_mute(seccomp) ?
			filter_fetch(making->pidfd, sock) :
			sync_expect_fd(sock, "the container");
	if (listener < 0 ||
	    filter_notify(seccomp->listener_path, json, listener) < 0)
		return -1;
	return sync_send(sock, SYNC_GO);
}
