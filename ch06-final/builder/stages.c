/* stages.c - parent.  See stages.h. */
#include "stages.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container.h"
#include "one_stage.h"

/* ---- signals ------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void
interrupt(int number)
{
	interrupted = number;
}

int
stages_interrupted(void)
{
	return interrupted;
}

static void
catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = interrupt };
	for (size_t i = 0; i < countof(numbers); i++)
		sigaction(numbers[i], &action, NULL);
}

/* ---- in which order ------------------------------------------------------ */

struct plan {
	struct build *build;
	struct one_stage *stages;
	size_t count;
	bool *is_needed, *is_begun;
	size_t at_work; /* processes */
};

/* Are all others that it needs done? */
static bool
is_ready(const struct plan *plan, size_t index)
{
	auto_free bool *needs = new_bytes(plan->count * sizeof(bool));
	if (!plan->is_needed[index] || plan->is_begun[index])
		return false;
	dockerfile_needed(&plan->build->file, index, needs);
	for (size_t i = 0; i < plan->count; i++)
		if (i != index && needs[i] && !plan->build->done[i].root)
			return false;
	return true;
}

/* One that is done at once may be what another has waited for: these come
 * later in the file. */
static int
begin_ready(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (!is_ready(plan, i))
			continue;
		plan->is_begun[i] = true;
		int result = one_stage_go(&plan->stages[i]);
		if (result < 0)
			return -1;
		plan->at_work += result;
	}
	return 0;
}

static struct one_stage *
stage_of(const struct plan *plan, pid_t pid)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->is_begun[i] && plan->stages[i].pid == pid)
			return &plan->stages[i];
	return NULL;
}

static int
wait_for_one(struct plan *plan)
{
	int status;
	pid_t pid = waitpid(-1, &status, 0);
	if (pid < 0 && errno == EINTR)
		return interrupted ? -1 : 0;
	if (pid < 0)
		return fail("wait for a stage");
	struct one_stage *one = stage_of(plan, pid);
	if (!one)
		return 0;
	one->pid = 0;
	plan->at_work--;
	return status == 0 ? one_stage_fetch(plan->build, one->index) : -1;
}

/* One failed: the others are told to end. */
static void
end_all(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->stages[i].pid > 0)
			kill(plan->stages[i].pid, SIGTERM);
	while (plan->at_work > 0) {
		pid_t pid = waitpid(-1, NULL, 0);
		if (pid < 0 && errno != EINTR)
			break;
		plan->at_work -= pid > 0 && stage_of(plan, pid);
	}
	/* Whoever was killed has left his containers. */
	container_recover(plan->build->root);
}

static int
carry_out(struct plan *plan, int target)
{
	while (!plan->build->done[target].root) {
		if (begin_ready(plan) < 0)
			return -1;
		if (plan->at_work > 0 && wait_for_one(plan) < 0)
			return -1;
	}
	return 0;
}

int
stages_run(struct build *build, int target)
{
	struct plan plan = { .build = build,
			     .count = build->file.stage_count };
	plan.stages = new_bytes(plan.count * sizeof(*plan.stages));
	plan.is_needed = new_bytes(plan.count * sizeof(bool));
	plan.is_begun = new_bytes(plan.count * sizeof(bool));
	for (size_t i = 0; i < plan.count; i++)
		plan.stages[i] = (struct one_stage){ .build = build,
						     .index = i };
	dockerfile_needed(&build->file, target, plan.is_needed);
	catch_signals();
	int result = carry_out(&plan, target);
	if (result < 0)
		end_all(&plan);
	free(plan.stages);
	free(plan.is_needed);
	free(plan.is_begun);
	return result;
}
