/* test_scope.c - what systemd is asked for; a script is in place of
 * the program that asks. */
#include "scope.h"

#include <signal.h>
#include <sys/wait.h>

#include "cgroups.h"
#include "device_program.h"
#include "oci_full.h"
#include "self.h"
#include "test.h"

#include "a_cgroup.h"

#define SCOPE "/machine.slice/libpod-7f3a.scope"

/* In place of device_attach.c. */
int
device_program_attach(const struct device_program *program, int dir)
{
	(void)program, (void)dir;
	return 0;
}

/* In place of self.c. */
char *
self_beside(const char *name)
{
	return text("%s/%s", fake.where, name);
}

/* The program writes its arguments down, each in a line, and does `more`. */
static void
have_program(const char *more)
{
	auto_free char *script = text("#!/bin/sh\nfor i; do echo \"$i\"; "
				      "done >> %s/said\n%s\n", fake.where,
				      more);
	auto_free char *path = self_beside("mydocker-systemd");
	put("mydocker-systemd", script);
	assert_int_equal(chmod(path, 0755), 0);
	put("said", "");
}

static struct oci_config config;

static void
configure(const char *kernel)
{
	oci_config_free(&config);
	auto_free char *single = text("{'ociVersion': '1.2.0', 'root': "
				      "{'path': 'rootfs'}, 'linux': %s}",
				      kernel);
	auto_free char *json = oci_quoted(single);
	if (oci_config_parse(&config, json, strlen(json)) < 0)
		fail_msg("%s", failure.text);
}

/* ---- names -------------------------------------------------------------- */

static void
names(void **state)
{
	(void)state;
	static const struct {
		const char *path, *name; /* NULL: refused */
	} rows[] = {
		{ "machine.slice:libpod:7f3a", SCOPE },
		{ ":libpod:7f3a", "/system.slice/libpod-7f3a.scope" },
		{ "a.slice::x", "/a.slice/x.scope" },
		{ "-.slice:p:x", "/p-x.scope" },
		{ "kube-pods-pod1.slice:cri:x", "/kube.slice/kube-pods.slice/"
		  "kube-pods-pod1.slice/cri-x.scope" },
		{ NULL, "/system.slice/mydocker-7f3a.scope" },
		{ "", "/system.slice/mydocker-7f3a.scope" },
		{ "/machine.slice/x", NULL },
		{ "machine.slice:x", NULL },
		{ "machine.slice:a:b:c", NULL },
		{ "machine.slice:a:", NULL },
		{ "machine:a:b", NULL },
		{ "-a.slice:a:b", NULL },
		{ "a-.slice:a:b", NULL },
		{ "a--b.slice:a:b", NULL },
		{ "a/b.slice:a:b", NULL },
		{ "a.slice:a:../b", NULL },
		{ ".slice:a:b", NULL },
	};
	if (scope_is_of_user())
		skip();
	for (size_t i = 0; i < countof(rows); i++) {
		auto_free char *name = scope_name(rows[i].path,
							    "7f3a");
		if (rows[i].name)
			assert_string_equal(name, rows[i].name);
		else
			assert_null(name);
	}
}

/* ---- properties --------------------------------------------------------- */

/* All of them, each in a line. */
static char *
properties_of(const struct cgroup_limits *limits)
{
	auto_hierarchies struct hierarchies found = { 0 };
	auto_scope_properties struct scope_properties properties = { 0 };
	assert_int_equal(hierarchy_find_all(&found), 0);
	scope_properties(&properties, limits, &found);
	char *all = copy_text("");
	for (size_t i = 0; i < properties.count; i++) {
		char *longer = text("%s%s\n", all, properties.all[i]);
		free(all);
		all = longer;
	}
	return all;
}

static const struct device_rule rules[] = {
	DEVICE_DENY_ALL,
	{ true, 'c', DEVICE_ANY, DEVICE_ANY, "m" },
	{ true, 'c', 1, 3, "rwm" },
	{ true, 'c', 136, DEVICE_ANY, "rw" },
	{ true, 'b', 8, 0, "r" },
};

static const struct cgroup_limits many = {
	.memory = 4096000, .memory_swap = 8192000, .memory_reservation = 4096,
	.cpu_shares = 1024, .cpu_quota_us = 33333, .cpu_period_us = 100000,
	.cpuset_cpus = "0-2,9", .cpuset_mems = "0", .pids = 7,
	.io_weight = 500, .devices = rules, .device_count = countof(rules),
};

static void
properties_of_v2(void **state)
{
	(void)state;
	fake_v2();
	auto_free char *all = properties_of(&many);
	assert_string_equal(all, "t MemoryMax 4096000\n"
				 "t MemoryLow 4096\n"
				 "t MemorySwapMax 4096000\n"
				 "t CPUWeight 100\n"
				 "t CPUQuotaPeriodUSec 100000\n"
				 "t CPUQuotaPerSecUSec 340000\n"
				 "ay AllowedCPUs 0702\n"
				 "ay AllowedMemoryNodes 01\n"
				 "t TasksMax 7\n"
				 "t IOWeight 4950\n"
				 "s DevicePolicy strict\n"
				 "a(ss) DeviceAllow char-* m,"
				 "/dev/char/1:3 rwm,char-136 rw,"
				 "/dev/block/8:0 r\n");
	static const struct cgroup_file files[] = {
		{ 2, "memory", "memory.high", "100" },
		{ 2, "memory", "memory.oom.group", "1" },
		{ 2, "pids", "pids.max", "max" },
	};
	auto_free char *other = properties_of(&(struct cgroup_limits){
		.memory = CGROUP_NONE, .memory_swap = -1, .cpu_idle = 1,
		.cpu_quota_us = CGROUP_NONE, .files = files, .file_count = 3 });
	assert_string_equal(other, "t MemoryMax 18446744073709551615\n"
				   "t MemorySwapMax 18446744073709551615\n"
				   "t CPUWeight 0\n"
				   "t CPUQuotaPerSecUSec 18446744073709551615\n"
				   "t MemoryHigh 100\n"
				   "t TasksMax 18446744073709551615\n");
}

static void
properties_of_v1(void **state)
{
	(void)state;
	fake_v1();
	auto_free char *all = properties_of(&(struct cgroup_limits){
		.memory = 4096000, .memory_swap = 8192000, .cpu_shares = 512,
		.cpuset_cpus = "1", .pids = 7 });
	assert_string_equal(all, "t MemoryLimit 4096000\nt CPUShares 512\n"
				 "t TasksMax 7\n");
}

/* ---- annotations -------------------------------------------------------- */

static void
properties_of_annotations(void **state)
{
	(void)state;
	static const struct {
		const char *name, *value, *property;
	} rows[] = {
		{ "TimeoutStopUSec", "uint64 123", "t TimeoutStopUSec 123" },
		{ "TimeoutStopSec", "2", "t TimeoutStopUSec 2000000" },
		{ "RuntimeMaxSec", "uint32 7", "t RuntimeMaxUSec 7000000" },
		{ "RuntimeMaxSec", "0.25", "t RuntimeMaxUSec 250000" },
		{ "CollectMode", "'inactive-or-failed'",
		  "s CollectMode inactive-or-failed" },
		{ "Description", "\"a 'b' \\\\ \\\"c\\\"\"",
		  "s Description a 'b' \\ \"c\"" },
		{ "After", "['a.service', \"b.service\" ]",
		  "as After a.service,b.service" },
		{ "After", "[]", "as After " },
		{ "Delegate", "true", "b Delegate true" },
		{ "KillSignal", "-3", "i KillSignal -3" },
		{ "KillSignal", " int32 3", "i KillSignal 3" },
		{ "Some", "int64 -9223372036854775808",
		  "x Some -9223372036854775808" },
		{ "Some", "uint32 4294967295", "u Some 4294967295" },
		{ "", "1", NULL }, { "ab", "1", NULL }, { "A1b", "1", NULL },
		{ "A b", "1", NULL }, { "Some", "", NULL },
		{ "Some", "word", NULL }, { "Some", "'open", NULL },
		{ "Some", "'a' b", NULL }, { "Some", "'a\nb'", NULL },
		{ "Some", "'a\\n'", NULL }, { "Some", "'a\\", NULL },
		{ "Some", "['a,b']", NULL }, { "Some", "['a' 'b']", NULL },
		{ "Some", "['a'", NULL }, { "Some", "['a'] x", NULL },
		{ "Some", "[1]", NULL }, { "Some", "2147483648", NULL },
		{ "Some", "uint32 -1", NULL }, { "Some", "byte 1", NULL },
		{ "Some", "1.5", NULL }, { "SomeSec", "'1'", NULL },
		{ "SomeSec", "1s", NULL }, { "SomeSec", "-1", NULL },
		{ "SomeSec", "inf", NULL },
	};
	for (size_t i = 0; i < countof(rows); i++) {
		auto_scope_properties struct scope_properties made = { 0 };
		auto_free char *key =
			text("org.systemd.property.%s", rows[i].name);
		struct oci_pair pairs[] = { { "org.other", "x" },
					    { key, rows[i].value } };
		const struct oci_map map = { pairs, countof(pairs) };
		int result = scope_annotations(&made, &map);
		if (result != (rows[i].property ? 0 : -1))
			fail_msg("%s of \"%s\"", key, rows[i].value);
		if (result == 0)
			assert_string_equal(made.all[0], rows[i].property);
		else
			assert_non_null(strstr(failure.text, key));
	}
}

/* ---- a life ------------------------------------------------------------- */

static pid_t
child(void)
{
	pid_t pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static void
bury(pid_t pid, int signal)
{
	int status;
	if (!signal)
		kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) &&
		    WTERMSIG(status) == (signal ?: SIGTERM));
}

static void
a_scope_is_taken_over(void **state)
{
	(void)state;
	if (scope_is_of_user())
		skip();
	fake_v1();
	/* As systemd does it: in those of v1 that it knows. */
	auto_free char *systemd = text(
		"[ \"$1\" = start ] || exit 0\nmkdir -p %s/" MEMORY
		"machine.slice/libpod-7f3a.scope && cd %s/" MEMORY SCOPE
		" && echo memory,freezer >.controllers && echo $3 >cgroup.procs"
		" && echo THAWED >freezer.state && echo 99 "
		">memory.limit_in_bytes && echo 99 "
		">memory.memsw.limit_in_bytes", fake.where, fake.where);
	have_program(systemd);
	configure("{'cgroupsPath': 'machine.slice:libpod:7f3a', 'resources': "
		  "{'pids': {'limit': 7}}}");
	pid_t pid = child();
	auto_free char *line = text("%d", pid);
	auto_free char *name = cgroups_name(&config, "7f3a", true);
	if (cgroups_systemd_start(&cg, name, "7f3a", &config, pid) < 0)
		fail_msg("%s", failure.text);
	auto_free char *begin = text("start\nlibpod-7f3a.scope\n%d\n"
				     "s Description container 7f3a\n"
				     "s Slice machine.slice\n"
				     "b Delegate true\n", pid);
	assert_true(strncmp(get("said"), begin, strlen(begin)) == 0);
	assert_non_null(strstr(get("said"), "t TasksMax 7\n"));
	assert_non_null(strstr(get("said"), "s DevicePolicy strict\n"));
	/* It is in the others, too, and they are limited. */
	assert_string_equal(get("sys/fs/cgroup/cpu" SCOPE "/cgroup.procs"),
			    line);
	assert_string_equal(get("sys/fs/cgroup/pids" SCOPE "/pids.max"), "7");
	put("sys/fs/cgroup/cpu" SCOPE "/cgroup.procs", "");
	put("sys/fs/cgroup/pids" SCOPE "/cgroup.procs", "");
	put("sys/fs/cgroup/memory" SCOPE "/cgroup.procs", "");
	bury(pid, 0);
	put("said", "");
	assert_int_equal(cgroup_end(&cg), 0);
	cgroup_close(&cg);
	assert_false(exists(CPU "machine.slice") ||
		     exists(PIDS "machine.slice"));
	assert_true(exists(MEMORY "machine.slice")); /* that is systemd's */
	assert_int_equal(cgroups_systemd_stop(name), 0);
	assert_string_equal(get("said"), "stop\nlibpod-7f3a.scope");
	oci_config_free(&config);
}

static void
a_refusal_is_in_the_words_of_systemd(void **state)
{
	(void)state;
	if (scope_is_of_user())
		skip();
	fake_v1();
	have_program("echo 'start x: systemd: Access denied' >&2; exit 1");
	configure("{}");
	pid_t pid = child();
	assert_int_equal(cgroups_systemd_start(&cg, SCOPE, "7f3a", &config,
					       pid), -1);
	assert_string_equal(failure.text, "start x: systemd: Access denied");
	assert_false(exists(CPU "machine.slice"));
	assert_int_equal(cg.count, 0);
	bury(pid, SIGKILL);
	have_program("kill -9 $$");
	assert_int_equal(cgroups_systemd_stop(SCOPE), -1);
	assert_says("mydocker-systemd died");
	auto_free char *path = self_beside("mydocker-systemd");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(cgroups_systemd_stop(SCOPE), -1);
	assert_says("libsystemd-dev");
	oci_config_free(&config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(names),
		fake_test(properties_of_v2),
		fake_test(properties_of_v1),
		fake_test(properties_of_annotations),
		fake_test(a_scope_is_taken_over),
		fake_test(a_refusal_is_in_the_words_of_systemd),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
