/* run_step.c - parent.  RUN: a program in a container, like any other. */
#include "step.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "console.h"
#include "draft.h"
#include "mount_options.h"
#include "rootless.h"
#include "run_mounts.h"
#include "steps.h"
#include "sys.h"
#include "union.h"

/* Where a here-document that is a program is seen. */
#define SCRIPT "/dev/pipes/EOF"

/* ---- the key ------------------------------------------------------------- */

static const char *
network_of(const struct step_job *job)
{
	const char *own = job->instruction->network;
	const char *wanted = own && strcmp(own, "default") != 0 ?
				     own : job->build->options.network;
	bool is_usual = !wanted || strcmp(wanted, "default") == 0;
	return is_usual ? "bridge" : wanted;
}

int
run_step_key(struct step_job *job, struct cache_key *key)
{
	auto_words struct words words = { 0 }, environment = { 0 };
	build_state_command(job->state, job->instruction, &words);
	build_scope_environment(job->scope, true, &environment);
	cache_key_add(key, "RUN");
	cache_key_add_all(key, &words);
	cache_key_add_all(key, &environment);
	cache_key_add(key, network_of(job));
	return run_mounts_key(job, key);
}

/* ---- what is asked for of the container ---------------------------------- */

static void
set_network(struct settings *settings, const char *network)
{
	settings->loopback_only = strcmp(network, "none") == 0;
	settings->networks = new_bytes(sizeof(*settings->networks));
	settings->networks[0] = (struct network_wanted){
		.name = copy_text(network),
	};
	settings->network_count = 1;
}

static void
copy_limits(struct settings *settings, const struct settings *given)
{
	words_add_all(&settings->hosts, given->hosts.items);
	settings->shm_size = given->shm_size;
	settings->ulimits =
		new_bytes((given->ulimit_count + 1) * sizeof(struct ulimit));
	for (size_t i = 0; i < given->ulimit_count; i++) {
		settings->ulimits[i] = given->ulimits[i];
		settings->ulimits[i].name = copy_text(given->ulimits[i].name);
	}
	settings->ulimit_count = given->ulimit_count;
}

/* Its text in a file that it is executed from. */
static int
set_script(const struct step_job *job, struct settings *settings)
{
	const char *content = job->instruction->words.items[0];
	char *path = build_file(job->build, content, strlen(content), 0, 0,
				0755);
	if (!path)
		return wrap("the script");
	const struct volume volume = {
		.type = copy_text("bind"),
		.source = path,
		.target = copy_text(SCRIPT),
	};
	volume_add(settings, &volume);
	words_add(&settings->argv, SCRIPT);
	return 0;
}

static int
fill_settings(struct step_job *job, struct draft *draft)
{
	struct settings *settings = &draft->settings;
	const char *user = build_state_get(job->state, "User");
	const char *directory = build_state_get(job->state, "WorkingDir");
	words_free(&settings->argv);
	build_scope_environment(job->scope, false, &settings->env);
	settings->user = *user ? copy_text(user) : NULL;
	settings->cwd = *directory ? copy_text(directory) : NULL;
	set_network(settings, network_of(job));
	copy_limits(settings, &job->build->options.settings);
	if (job->instruction->is_script)
		return set_script(job, settings);
	build_state_command(job->state, job->instruction, &settings->argv);
	return 0;
}

/* ---- it runs ------------------------------------------------------------- */

/* What it says, until nobody is left who could say more; or we are told to
 * end, and then it is ended. */
static int
listen_to(struct step_job *job, struct console *console, int pidfd,
	  int signals)
{
	struct pollfd fds[] = {
		{ .fd = console->ours[1], .events = POLLIN },
		{ .fd = console->ours[2], .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	char block[8192];
	bool is_ending = false;
	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, countof(fds), -1) < 0 && errno != EINTR)
			return fail("wait for what it says");
		for (int i = 0; i < 2; i++) {
			if (fds[i].fd < 0 || !fds[i].revents)
				continue;
			ssize_t got = read(fds[i].fd, block, sizeof(block));
			if (got > 0)
				telling_output(job->telling, block, got);
			else
				fds[i].fd = -1;
		}
		if (fds[2].revents && console_is_ending(signals)) {
			sys_pidfd_send_signal(pidfd, SIGKILL);
			is_ending = true;
		}
	}
	return is_ending ? failx("interrupted") : 0;
}

/* BuildKit's words. */
static int
judge(const struct step_job *job, int status)
{
	auto_words struct words words = { 0 };
	if (status == 0)
		return 0;
	build_state_command(job->state, job->instruction, &words);
	auto_free char *line = words_join(&words, " ");
	int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
					 WEXITSTATUS(status);
	return failx("process \"%.140s%s\" did not complete successfully: "
		     "exit code: %d", line, strlen(line) > 140 ? "..." : "",
		     code);
}

static int
wait_for(struct container *c)
{
	int status;
	while (waitpid(c->pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("wait for the command");
	c->pid = 0;
	return status;
}

static int
run(struct step_job *job, struct draft *draft, int signals)
{
	struct container *c = &draft->c;
	struct console console = CONSOLE_CLOSED;
	struct launched made = LAUNCHED_NOTHING;
	/* What came from elsewhere before came by the host's. */
	if (rootless_enter_network() < 0 || console_open(&console) < 0)
		return -1;
	if (container_start(c, &console, &made) < 0) {
		console_close(&console);
		return -1;
	}
	/* It is we who hold the address, till the end. */
	close_scoped(&made.held);
	c->record.pid = made.pid;
	c->record.started_ns = record_now();
	record_save(c->dir, &c->record);
	int result = listen_to(job, &console, c->pidfd, signals);
	struct failure why = failure;
	int status = wait_for(c);
	console_close(&console);
	failure = why;
	return result < 0 || status < 0 ? -1 : judge(job, status);
}

static int
look(struct draft *draft, struct run_mounts *mounts)
{
	int root = draft_mount(draft);
	if (root >= 0)
		run_mounts_look(mounts, root, &draft->settings);
	return root < 0 ? -1 : union_down(&draft->c);
}

/* When it has ended all of it is undone but the layer. */
static int
run_and_clean(struct step_job *job, struct draft *draft,
	      struct run_mounts *mounts)
{
	sigset_t before;
	if (draft->settings.volume_count && look(draft, mounts) < 0)
		return -1;
	int signals = console_signals(&before);
	int result = signals < 0 ? -1 : run(job, draft, signals);
	struct failure why = failure;
	if (container_undo(&draft->c) < 0 && result == 0)
		return -1;
	failure = why;
	console_end_signals(&signals, &before);
	if (result < 0 || mounts->stubs.count == 0)
		return result;
	int root = draft_mount(draft);
	if (root >= 0)
		run_mounts_clean(mounts, root);
	return root < 0 ? -1 : union_down(&draft->c);
}

int
run_step_do(struct step_job *job, const char key[65])
{
	struct build *build = job->build;
	auto_draft struct draft draft;
	struct run_mounts mounts = { 0 };
	int result = draft_open(build, job->state, &draft);
	if (result == 0)
		result = fill_settings(job, &draft);
	if (result == 0)
		result = run_mounts_open(job, &draft, &mounts);
	if (result == 0)
		result = draft_create(build, &draft);
	if (result == 0)
		result = run_and_clean(job, &draft, &mounts);
	struct failure why = failure;
	run_mounts_close(&mounts);
	failure = why;
	return result < 0 ? -1 : draft_keep(build, &draft, job->state,
					    job->created_by, key);
}
