/* test_cgroup.c - creating, going in, killing and removing on v1, v2 and hybrid
 * hosts laid out in a directory, and all the ways that fails. */
#include "cgroup_limit.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "subtree.h"
#include "test.h"

#include "a_cgroup.h"

/* ---- making and removing ------------------------------------------------ */

static void
v1_is_a_directory_in_each_hierarchy(void **state)
{
	(void)state;
	fake_v1();
	create(NAME);
	assert_int_equal(cg.count, 3);
	assert_true(exists(CPU NAME) && exists(MEMORY NAME) &&
		    exists(PIDS NAME));
	assert_false(exists("sys/fs/cgroup/systemd/mydocker"));
	assert_true(cgroup_has(&cg, "cpuacct") && cgroup_has(&cg, "freezer"));
	assert_false(cgroup_has(&cg, "io"));
	assert_int_equal(cgroup_v2_fd(&cg), -1);
	remove_all(CPU "mydocker");
	assert_false(exists(MEMORY "mydocker") || exists(PIDS "mydocker"));
}

/* Or attaching to it would be ENOSPC. */
static void
v1_cpusets_inherit_level_by_level(void **state)
{
	(void)state;
	fake_v1();
	create("mydocker/a/b");
	assert_string_equal(get(CPU "mydocker/cpuset.cpus"), "0-3");
	assert_string_equal(get(CPU "mydocker/a/cpuset.cpus"), "0-3");
	assert_string_equal(get(CPU "mydocker/a/b/cpuset.cpus"), "0-3");
	assert_string_equal(get(CPU "mydocker/a/b/cpuset.mems"), "0");
	remove_all(CPU "mydocker");
}

static void
v2_hands_controllers_down_and_takes_them_back(void **state)
{
	(void)state;
	fake_v2();
	create(NAME);
	assert_int_equal(cg.count, 1);
	assert_true(cgroup_v2_fd(&cg) >= 0);
	/* What was there before, and what we use besides. */
	assert_string_equal(get(V2 "cgroup.subtree_control"),
			    "cpu memory cpuset io pids");
	assert_string_equal(get(V2 "mydocker/cgroup.subtree_control"),
			    "cpu cpuset io memory pids");
	/* Where processes are nothing is handed on. */
	assert_string_equal(get(V2 NAME "/cgroup.subtree_control"), "");
	assert_true(cgroup_has(&cg, "pids"));
	remove_all(V2 "mydocker");
	assert_string_equal(get(V2 "cgroup.subtree_control"), "cpu memory");
}

static void
v2_keeps_a_controller_while_another_of_ours_is_there(void **state)
{
	(void)state;
	fake_v2();
	struct cgroup other;
	create("mydocker-demo-1/limited");
	assert_int_equal(cgroup_create(&other, NAME), 0);
	remove_all(V2 "mydocker-demo-1");
	assert_string_equal(get(V2 "cgroup.subtree_control"),
			    "cpu memory cpuset io pids");
	assert_string_equal(get(V2 NAME "/pids.max"), "max");
	/* The last one inherited the note, and puts all back. */
	cg = other;
	remove_all(V2 "mydocker");
	assert_string_equal(get(V2 "cgroup.subtree_control"), "cpu memory");
}

static void
v2_leaves_a_controller_in_which_another_has_a_limit(void **state)
{
	(void)state;
	fake_v2();
	auto_free char *path = text("%s/" V2 "kubepods", fake.where);
	assert_int_equal(mkdir(path, 0755), 0);
	auto_close int dir = open(path, O_RDONLY | O_CLOEXEC);
	fake_fill(dir, 2, "cpu memory");
	create(NAME);
	assert_string_equal(get(V2 "kubepods/pids.max"), "max");
	put(V2 "kubepods/pids.max", "7\n");
	remove_all(V2 "mydocker");
	/* cpuset and io, of which it made no use, went. */
	assert_string_equal(get(V2 "cgroup.subtree_control"),
			    "cpu memory pids");
}

static void
a_single_name_will_do(void **state)
{
	(void)state;
	fake_v2();
	create("mydocker-x");
	assert_true(cgroup_has(&cg, "pids"));
	remove_all(V2 "mydocker-x");
	assert_string_equal(get(V2 "cgroup.subtree_control"), "cpu memory");
}

static void
hybrid_uses_both(void **state)
{
	(void)state;
	fake_hybrid();
	create(NAME);
	assert_int_equal(cgroup_dir_with(&cg, "cpu")->in.version, 1);
	assert_int_equal(cgroup_dir_with(&cg, "memory")->in.version, 2);
	assert_true(cgroup_v2_fd(&cg) >= 0);
	remove_all(UNIFIED "mydocker");
	assert_false(exists(CPU "mydocker"));
	assert_string_equal(get(UNIFIED "cgroup.subtree_control"), "");
}

static void
one_that_exists_is_never_shared(void **state)
{
	(void)state;
	fake_v1();
	struct cgroup second;
	create(NAME);
	assert_int_equal(cgroup_create(&second, NAME), -1);
	assert_says("exists");
	assert_true(exists(CPU NAME) && exists(PIDS NAME));
	remove_all(CPU "mydocker");

	/* One of another's making, in the last hierarchy only. */
	put(PIDS NAME "/tasks", "");
	assert_int_equal(cgroup_create(&second, NAME), -1);
	assert_false(exists(CPU "mydocker") || exists(MEMORY "mydocker"));
	assert_true(exists(PIDS NAME));
}

static void
what_was_made_before_a_failure_is_undone(void **state)
{
	(void)state;
	fake_v2();
	fake.no_mkdir = "7f3a";
	assert_int_equal(cgroup_create(&cg, NAME), -1);
	assert_says("cgroup.max.descendants");
	assert_false(exists(V2 "mydocker"));
	assert_string_equal(get(V2 "cgroup.subtree_control"), "cpu memory");
}

static void
bad_names_touch_nothing(void **state)
{
	(void)state;
	static const char *const names[] = {
		"", "/", "a/", "a//b", "..", "../a", "a/../b", "a/.", ".",
		"a\nb", ".hidden", "//a", "/a/", "/..", "/a/../b", "/a/.",
		"/a\nb",
	};
	fake_v1();
	for (size_t i = 0; i < countof(names); i++) {
		assert_int_equal(cgroup_create(&cg, names[i]), -1);
		assert_int_equal(cgroup_open(&cg, names[i]), -1);
	}
	assert_false(exists(CPU "a") || exists("sys/fs/cgroup/a"));
}

static void
without_any_hierarchy_the_reason_is_given(void **state)
{
	(void)state;
	put("proc/self/cgroup", "1:name=systemd:/\n0::/\n");
	assert_int_equal(cgroup_create(&cg, NAME), -1);
	assert_int_equal(failure.code, EACCES);
	assert_says("not mounted");
}

static void
a_directory_of_others_stays(void **state)
{
	(void)state;
	fake_v2();
	auto_free char *path = text("%s/" V2 "kubepods", fake.where);
	assert_int_equal(mkdir(path, 0755), 0);
	auto_close int dir = open(path, O_RDONLY | O_CLOEXEC);
	fake_fill(dir, 2, "cpu memory");
	create("kubepods/7");
	/* Not ours, so nothing was enabled there. */
	assert_string_equal(get(V2 "kubepods/cgroup.subtree_control"), "");
	assert_string_equal(get(V2 "cgroup.subtree_control"), "cpu memory");
	assert_int_equal(cgroup_limit(&cg, &(struct cgroup_limits){
						   .pids = 1 }), -1);
	assert_says("is not ours");
	remove_all(V2 "kubepods/7");
	assert_true(exists(V2 "kubepods"));
}

static void
finding_one_after_a_crash(void **state)
{
	(void)state;
	fake_v1();
	create(NAME);
	cgroup_close(&cg); /* the process is gone, the directories are not */
	struct stat st;
	auto_free char *lost = text("%s/" MEMORY NAME, fake.where);
	assert_int_equal(unlinkat(AT_FDCWD, lost, AT_REMOVEDIR), 0);
	assert_int_equal(cgroup_open(&cg, NAME), 2);
	assert_false(cgroup_has(&cg, "memory"));
	remove_all(CPU "mydocker");
	assert_false(exists(PIDS "mydocker") || exists(MEMORY "mydocker"));
	assert_int_equal(cgroup_open(&cg, NAME), 0);
	assert_int_equal(cgroup_kill(&cg), 0);
	remove_all(CPU "mydocker");
	assert_int_equal(stat(lost, &st), -1);
}

/* The maker of NAME, killed when he has made "mydocker" so many times. */
static void
killed_at(int times)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		fake.fatal = "mydocker";
		fake.fatal_at = times;
		cgroup_take(&cg, NAME, 0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void
one_that_was_killed_before_he_marked_it_leaves_nothing(void **state)
{
	(void)state;
	static const char *const places[] = { CPU "mydocker", MEMORY "mydocker",
					      PIDS "mydocker" };
	fake_v1();
	for (size_t i = 0; i < 2 * countof(places); i++) {
		size_t last = i / 2;
		killed_at(last + 1);
		assert_true(exists(places[last]));
		assert_int_equal(cgroup_open(&cg, NAME), last);
		/* Another may come and go before that is cleaned up. */
		struct cgroup left = cg;
		if (i % 2) {
			assert_int_equal(cgroup_take(&cg, "mydocker/b", 0), 0);
			assert_int_equal(cgroup_end(&cg), 0);
			cgroup_close(&cg);
		}
		assert_int_equal(cgroup_end(&left), 0);
		cgroup_close(&left);
		for (size_t k = 0; k < countof(places); k++)
			assert_false(exists(places[k]));
	}
}

static void
what_he_did_not_mark_takes_a_note_all_the_same(void **state)
{
	(void)state;
	fake_v2();
	killed_at(1);
	assert_true(exists(V2 "mydocker"));
	create(NAME);
	assert_true(cgroup_has(&cg, "pids"));
	remove_all(V2 "mydocker");
	assert_string_equal(get(V2 "cgroup.subtree_control"), "cpu memory");
}

static void
what_its_processes_made_below_goes_too(void **state)
{
	(void)state;
	fake_v2();
	create(NAME);
	auto_close int deep = openat(cgroup_v2_fd(&cg), ".", O_RDONLY);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(mkdirat(deep, "a", 0755), 0);
		assert_int_equal(mkdirat(deep, "b", 0755), 0);
		int next = openat(deep, "a", O_RDONLY | O_CLOEXEC);
		close_scoped(&deep);
		deep = next;
	}
	remove_all(V2 "mydocker");
}

static void
ebusy_is_waited_for(void **state)
{
	(void)state;
	fake_v1();
	create(NAME);
	fake.busy = 5;
	remove_all(CPU "mydocker");
}

static void
a_living_process_is_a_failure_that_names_it(void **state)
{
	(void)state;
	fake_v1();
	create(NAME);
	put(MEMORY NAME "/cgroup.procs", "12345\n12346\n");
	assert_int_equal(cgroup_destroy(&cg), -1);
	assert_says("2 processes are alive in it, one of them 12345");
	assert_true(exists(CPU NAME)); /* and nothing was removed */
	put(MEMORY NAME "/cgroup.procs", "");
	remove_all(CPU "mydocker");
}

static void
another_of_the_same_name_is_not_removed(void **state)
{
	(void)state;
	fake_v2();
	create(NAME);
	assert_int_equal(cgroup_destroy(&cg), 0);
	struct cgroup next;
	/* Hold the number of the first, or the second may be given it. */
	assert_int_equal(cgroup_create(&next, NAME), 0);
	assert_int_equal(cgroup_destroy(&cg), 0);
	assert_true(exists(V2 NAME));
	cgroup_close(&cg);
	cg = next;
	remove_all(V2 "mydocker");
}

/* ---- taking ------------------------------------------------------------- */

static void
take(const char *name, pid_t inmate)
{
	if (cgroup_take(&cg, name, inmate) < 0)
		fail_msg("%s", failure.text);
}

static void
one_of_an_engines_is_taken_over_when_it_is_vacant(void **state)
{
	(void)state;
	fake_v1();
	take("/engine/a", 0);
	assert_false(cg.dirs[0].was_there);
	cgroup_close(&cg);
	put(PIDS "engine/a/cgroup.procs", "77\n");
	assert_int_equal(cgroup_take(&cg, "/engine/a", 0), -1);
	assert_says("engine/a exists and is not empty");
	assert_true(exists(CPU "engine/a") && exists(PIDS "engine/a"));
	/* But for the one who is meant to live there. */
	take("/engine/a", 77);
	assert_true(cg.dirs[0].was_there);
	put(PIDS "engine/a/cgroup.procs", "");
	assert_int_equal(cgroup_end(&cg), 0);
	cgroup_close(&cg);
	assert_false(exists(CPU "engine") || exists(PIDS "engine"));
}

static void
an_end_is_of_this_one_alone(void **state)
{
	(void)state;
	fake_v1();
	take(NAME, 0);
	struct cgroup first = cg;
	assert_int_equal(cgroup_end(&first), 0);
	assert_false(exists(CPU "mydocker") || exists(PIDS "mydocker"));
	take(NAME, 0);
	assert_int_equal(cgroup_end(&first), 0);
	assert_true(exists(CPU NAME) && exists(PIDS NAME));
	cgroup_close(&first);
	assert_int_equal(cgroup_end(&cg), 0);
	cgroup_close(&cg);
	take("/deep/er/x", 0);
	assert_string_equal(get(CPU "deep/er/x/cpuset.cpus"), "0-3");
	assert_int_equal(cgroup_end(&cg), 0);
	cgroup_close(&cg);
	assert_false(exists(CPU "deep"));
}

/* ---- controllers -------------------------------------------------------- */

/* v2's rule: a cgroup with processes in it hands nothing down.  The kernel
 * would take +cpu and +pids there, and make it a threaded one. */
static void
inner_processes_are_named_as_the_reason(void **state)
{
	(void)state;
	fake_v2();
	put(V2 "cgroup.procs", "1\n2\n");
	create(NAME);
	assert_string_equal(get(V2 "cgroup.subtree_control"), "cpu memory");
	assert_false(cgroup_has(&cg, "pids"));
	assert_int_equal(cgroup_limit(&cg, &(struct cgroup_limits){
						   .pids = 1 }), -1);
	assert_says("there are processes in ");
	remove_all(V2 "mydocker");
	assert_string_equal(get(V2 "cgroup.subtree_control"), "cpu memory");

	/* The root of all is exempt. */
	auto_free char *type = text("%s/" V2 "cgroup.type", fake.where);
	assert_int_equal(unlink(type), 0);
	create(NAME);
	assert_true(cgroup_has(&cg, "pids"));
	remove_all(V2 "mydocker");
}

/* One controller of several: the others are had all the same.  (An ordinary
 * user may not hand down cpuset while a process of root's is in there.) */
static void
one_refused_controller_is_the_only_one(void **state)
{
	(void)state;
	fake_v2();
	fake.no_controller = "cpuset";
	create(NAME);
	assert_true(cgroup_has(&cg, "pids") && cgroup_has(&cg, "io"));
	assert_int_equal(cgroup_limit(&cg, &(struct cgroup_limits){
						   .cpuset_cpus = "0" }), -1);
	assert_says("no cpuset controller");
	assert_says("write \"+cpuset\" to cgroup.subtree_control: ");
	remove_all(V2 "mydocker");
	assert_string_equal(get(V2 "cgroup.subtree_control"), "cpu memory");
}

static void
a_refused_controller_is_named(void **state)
{
	(void)state;
	fake_v2();
	fake.refuse = "cgroup.subtree_control";
	fake.refuse_with = EINVAL;
	create(NAME);
	assert_true(cgroup_has(&cg, "memory") == false);
	fake.refuse = NULL;
	assert_int_equal(cgroup_limit(&cg, &(struct cgroup_limits){
						   .pids = 1 }), -1);
	assert_says("hand down from ");
	assert_says("Invalid argument");
	remove_all(V2 "mydocker");
}

static void
a_threaded_base_is_refused_but_swept(void **state)
{
	(void)state;
	fake_v2();
	create(NAME);
	cgroup_close(&cg);
	put(V2 "cgroup.type", "domain threaded\n");
	assert_int_equal(cgroup_create(&cg, "mydocker/new"), -1);
	assert_says("threaded");
	assert_false(exists(V2 "mydocker/new"));
	assert_int_equal(cgroup_open(&cg, NAME), 1);
	remove_all(V2 "mydocker");
}

/* ---- going in, and the end ---------------------------------------------- */

static void
joining_is_by_oneself_and_by_tasks(void **state)
{
	(void)state;
	fake_hybrid();
	create(NAME);
	assert_int_equal(cgroup_join(&cg, true), 0);
	assert_string_equal(get(CPU NAME "/tasks"), "0");
	assert_string_equal(get(CPU NAME "/cgroup.procs"), "");
	assert_string_equal(get(UNIFIED NAME "/cgroup.procs"), "");
	assert_int_equal(cgroup_join(&cg, false), 0);
	assert_string_equal(get(UNIFIED NAME "/cgroup.procs"), "0");
	put(UNIFIED NAME "/cgroup.procs", "");
	fake.refuse = "tasks";
	fake.refuse_with = ENOSPC;
	assert_int_equal(cgroup_join(&cg, true), -1);
	assert_says("cpuset.cpus or cpuset.mems is empty");
	assert_says(CPU NAME);
	remove_all(CPU "mydocker");
}

static void
a_child_of_before_joins_by_paths(void **state)
{
	(void)state;
	fake_hybrid();
	assert_int_equal(cgroup_begin(&cg, NAME), 0);
	struct cgroup child = cg; /* as fork(2) copies it */
	assert_int_equal(cgroup_complete(&cg, 0), 0);
	assert_int_equal(cgroup_join_rest(&child), 0);
	assert_string_equal(get(CPU NAME "/tasks"), "0");
	assert_string_equal(get(CPU NAME "/cgroup.procs"), "");
	assert_string_equal(get(UNIFIED NAME "/cgroup.procs"), "");
	for (size_t i = 0; i < child.count; i++)
		assert_true(child.dirs[i].is_in ==
			    (child.dirs[i].in.version == 1));
	fake.refuse = "tasks";
	fake.refuse_with = ENOSPC;
	assert_int_equal(cgroup_join_rest(&child), -1);
	assert_says("cpuset.cpus or cpuset.mems is empty");
	assert_says(CPU NAME);
	fake.refuse_with = ENOENT;
	assert_int_equal(cgroup_join_rest(&child), 0);
	for (size_t i = 0; i < child.count; i++)
		assert_false(child.dirs[i].is_in);
	fake.refuse = NULL;
	remove_all(CPU "mydocker");
}

/* The list empties when the process on it has ended. */
static char *emptied[2];

static void
empty_lists(int signal)
{
	(void)signal;
	for (size_t i = 0; i < countof(emptied); i++)
		if (emptied[i] && truncate(emptied[i], 0) < 0)
			_exit(1);
}

static pid_t
member(const char *first, const char *second)
{
	signal(SIGCHLD, empty_lists);
	pid_t pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	auto_free char *line = text("%d\n", pid);
	put(first, line);
	put(second, line);
	emptied[0] = text("%s/%s", fake.where, first);
	emptied[1] = text("%s/%s", fake.where, second);
	return pid;
}

static void
assert_killed(pid_t pid)
{
	int status;
	signal(SIGCHLD, SIG_DFL);
	for (size_t i = 0; i < countof(emptied); i++) {
		free(emptied[i]);
		emptied[i] = NULL;
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void
killing_freezes_kills_and_thaws(void **state)
{
	(void)state;
	fake_v1();
	create(NAME);
	assert_int_equal(cgroup_kill(&cg), 0); /* nobody there */
	assert_int_equal(mkdirat(cg.dirs[0].fd, "below", 0755), 0);
	pid_t pid = member(MEMORY NAME "/cgroup.procs",
			   CPU NAME "/below/cgroup.procs");
	assert_int_equal(cgroup_kill(&cg), 0);
	assert_killed(pid);
	assert_string_equal(get(MEMORY NAME "/freezer.state"), "THAWED");
	remove_all(CPU "mydocker");
}

static void
killing_thaws_what_is_frozen_below(void **state)
{
	(void)state;
	fake_v1();
	create(NAME);
	int dir = cgroup_dir_with(&cg, "freezer")->fd;
	assert_int_equal(mkdirat(dir, "below", 0755), 0);
	put(MEMORY NAME "/below/freezer.state", "FROZEN\n");
	pid_t pid = member(MEMORY NAME "/below/cgroup.procs",
			   CPU NAME "/cgroup.procs");
	assert_int_equal(cgroup_kill(&cg), 0);
	assert_killed(pid);
	assert_string_equal(get(MEMORY NAME "/below/freezer.state"), "THAWED");
	remove_all(CPU "mydocker");
}

static void
killing_works_without_a_freezer(void **state)
{
	(void)state;
	fake_v2();
	create(NAME);
	pid_t pid = member(V2 NAME "/cgroup.procs", V2 "unrelated");
	assert_int_equal(cgroup_kill(&cg), 0);
	assert_killed(pid);
	remove_all(V2 "mydocker");
}

static void
killing_uses_cgroup_kill_where_it_is(void **state)
{
	(void)state;
	fake_v2();
	create(NAME);
	put(V2 NAME "/cgroup.kill", "");
	pid_t pid = member(V2 NAME "/cgroup.procs", V2 "unrelated");
	assert_int_equal(cgroup_kill(&cg), 0);
	assert_string_equal(get(V2 NAME "/cgroup.kill"), "1");
	assert_killed(pid);
	remove_all(V2 "mydocker");
}

static void
killing_oneself_is_refused(void **state)
{
	(void)state;
	fake_v1();
	create(NAME);
	auto_free char *line = text("1\n%d\n", getpid());
	put(PIDS NAME "/cgroup.procs", line);
	assert_int_equal(cgroup_kill(&cg), -1);
	assert_says("this process is in it");
	put(PIDS NAME "/cgroup.procs", "");
	assert_int_equal(mkdirat(cg.dirs[0].fd, "below", 0755), 0);
	put(CPU NAME "/below/cgroup.procs", line);
	assert_int_equal(cgroup_kill(&cg), -1);
	assert_says("this process is in it");
	assert_string_equal(get(MEMORY NAME "/freezer.state"), "THAWED");
	put(CPU NAME "/below/cgroup.procs", "");
	put(PIDS NAME "/cgroup.procs", "nonsense\n");
	assert_int_equal(cgroup_kill(&cg), -1);
	put(PIDS NAME "/cgroup.procs", "");
	remove_all(CPU "mydocker");
}

static void
freezing_waits_for_the_kernel(void **state)
{
	(void)state;
	fake_v1();
	create(NAME);
	assert_int_equal(cgroup_freeze(&cg, true), 0);
	assert_string_equal(get(MEMORY NAME "/freezer.state"), "FROZEN");
	assert_int_equal(cgroup_freeze(&cg, false), 0);
	remove_all(CPU "mydocker");

	fake_remove_tree(fake.where);
	put("proc/self/mountinfo", "");
	fake_v2();
	create(NAME);
	/* Here cgroup.events never says so. */
	assert_int_equal(cgroup_freeze(&cg, true), -1);
	assert_says("not all of its processes obeyed");
	assert_string_equal(get(V2 NAME "/cgroup.freeze"), "1");
	remove_all(V2 "mydocker");
}

static void
nothing_stays_open(void **state)
{
	(void)state;
	fake_hybrid();
	int before = dup(0);
	close(before);
	for (int i = 0; i < 20; i++) {
		create(NAME);
		assert_int_equal(cgroup_limit(&cg, &(struct cgroup_limits){
							   .pids = 1 }), 0);
		struct cgroup second;
		assert_int_equal(cgroup_create(&second, NAME), -1);
		assert_int_equal(cgroup_open(&second, NAME), 2);
		cgroup_close(&second);
		assert_int_equal(cgroup_kill(&cg), 0);
		remove_all(CPU "mydocker");
	}
	int after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(v1_is_a_directory_in_each_hierarchy),
		fake_test(v1_cpusets_inherit_level_by_level),
		fake_test(v2_hands_controllers_down_and_takes_them_back),
		fake_test(v2_keeps_a_controller_while_another_of_ours_is_there),
		fake_test(v2_leaves_a_controller_in_which_another_has_a_limit),
		fake_test(a_single_name_will_do),
		fake_test(hybrid_uses_both),
		fake_test(one_that_exists_is_never_shared),
		fake_test(what_was_made_before_a_failure_is_undone),
		fake_test(bad_names_touch_nothing),
		fake_test(without_any_hierarchy_the_reason_is_given),
		fake_test(a_directory_of_others_stays),
		fake_test(finding_one_after_a_crash),
		fake_test(
			one_that_was_killed_before_he_marked_it_leaves_nothing),
		fake_test(what_he_did_not_mark_takes_a_note_all_the_same),
		fake_test(what_its_processes_made_below_goes_too),
		fake_test(ebusy_is_waited_for),
		fake_test(a_living_process_is_a_failure_that_names_it),
		fake_test(another_of_the_same_name_is_not_removed),
		fake_test(one_of_an_engines_is_taken_over_when_it_is_vacant),
		fake_test(an_end_is_of_this_one_alone),
		fake_test(inner_processes_are_named_as_the_reason),
		fake_test(one_refused_controller_is_the_only_one),
		fake_test(a_refused_controller_is_named),
		fake_test(a_threaded_base_is_refused_but_swept),
		fake_test(joining_is_by_oneself_and_by_tasks),
		fake_test(a_child_of_before_joins_by_paths),
		fake_test(killing_freezes_kills_and_thaws),
		fake_test(killing_thaws_what_is_frozen_below),
		fake_test(killing_works_without_a_freezer),
		fake_test(killing_uses_cgroup_kill_where_it_is),
		fake_test(killing_oneself_is_refused),
		fake_test(freezing_waits_for_the_kernel),
		fake_test(nothing_stays_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
