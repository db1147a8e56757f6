/* test_runid.c - is a run alive, also one of another pid namespace? */
#include "runid.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "in_child.h"

static void
check_this_run(void)
{
	must(runid_take() == 0);
	int pid;
	unsigned long long born;
	must(sscanf(runid(), "%d-%llu", &pid, &born) == 2);
	must(pid == getpid());
	must(runid_is_alive(runid()));
	/* The same pid, in another life. */
	auto_free char *rest = copy_text(strchr(runid(), '-'));
	must(strtoull(rest + 1, NULL, 10) == born);
	auto_free char *other = text("%d-%llu", pid, born + 1);
	const char *namespace = strchr(rest + 1, '-');
	auto_free char *reused = text("%s%s", other,
				      namespace ? namespace : "");
	must(!runid_is_alive(reused));
	must(!runid_is_alive(""));
	must(!runid_is_alive("mydocker"));
	must(!runid_is_alive("12"));
}

static void
this_run(void **state)
{
	(void)state;
	in_child(check_this_run);
}

static void
check_dead_run(void)
{
	int ends[2];
	char id[64] = "";
	must(pipe(ends) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		must(runid_take() == 0);
		must(write(ends[1], runid(), strlen(runid())) > 0);
		pause();
	}
	must(read(ends[0], id, sizeof(id) - 1) > 0);
	must(runid_take() == 0);
	must(strcmp(id, runid()) != 0);
	must(runid_is_alive(id));
	kill(pid, SIGKILL);
	must(waitpid(pid, NULL, 0) == pid);
	must(!runid_is_alive(id));
}

static void
dead_run(void **state)
{
	(void)state;
	in_child(check_dead_run);
}

/* Process 1 of a pid namespace of its own: tells its name and stays. */
static void
run_inside(int out, const char *outside)
{
	must(mount("proc", "/proc", "proc", 0, NULL) == 0);
	must(runid_take() == 0);
	must(strncmp(runid(), "1-", 2) == 0);
	must(runid_is_alive(runid()));
	/* Of the others nothing is known, so both may be alive. */
	must(runid_is_alive(outside));
	must(runid_is_alive("4194304-1"));
	must(write(out, runid(), strlen(runid())) > 0);
	pause();
}

static void
check_other_namespace(void)
{
	int ends[2];
	char id[64] = "";
	must(runid_take() == 0);
	bool in_first = strchr(strchr(runid(), '-') + 1, '-') == NULL;
	become_root_somehow();
	must(pipe(ends) == 0);
	must(unshare(CLONE_NEWPID | CLONE_NEWNS) == 0);
	pid_t pid = fork();
	if (pid == 0)
		run_inside(ends[1], runid());
	close(ends[1]);
	must(read(ends[0], id, sizeof(id) - 1) > 0);
	must(runid_is_alive(id));
	/* There is no process 2 in there; only from above that is certain. */
	auto_free char *no_such = text("2%s", id + 1);
	must(runid_is_alive(no_such) == !in_first);
	kill(pid, SIGKILL);
	must(waitpid(pid, NULL, 0) == pid);
	must(runid_is_alive(id) == !in_first);
}

static void
other_namespace(void **state)
{
	(void)state;
	in_child(check_other_namespace);
}

/* With the /proc of another namespace every pid in it is a wrong one. */
static void
check_wrong_proc(void)
{
	become_root_somehow();
	must(unshare(CLONE_NEWPID) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		must(runid_take() < 0);
		must(strstr(failure.text, "mount -t proc proc /proc"));
		_exit(0);
	}
	int status;
	must(waitpid(pid, &status, 0) == pid);
	must(status == 0);
}

static void
wrong_proc(void **state)
{
	(void)state;
	in_child(check_wrong_proc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_run),
		cmocka_unit_test(dead_run),
		cmocka_unit_test(other_namespace),
		cmocka_unit_test(wrong_proc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
