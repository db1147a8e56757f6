/* test_cgroups.c - a container's cgroup as its config.json wants it, on v1, v2
 * and hybrid hosts laid out in a directory. */
#include "cgroups.h"

#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_limit.h"
#include "device_program.h"
#include "oci_full.h"
#include "test.h"

#include "a_cgroup.h"

#define DEVICES "sys/fs/cgroup/devices/"
#define ENGINE "/libpod_parent/libpod-7f3a"
#define OWN "mydocker-oci-7f3a"

/* In place of device_attach.c: there is no kernel behind these directories. */
static int attached; /* instructions of the program; negative: this errno */

int
device_program_attach(const struct device_program *program, int dir)
{
	(void)dir;
	if (attached < 0) {
		errno = -attached;
		return fail("load a device program");
	}
	attached = program->count;
	return 0;
}

/* ---- a configuration ---------------------------------------------------- */

static struct oci_config config;

/* Everything but its "linux", in single quotes. */
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

/* Both halves of it, with no child between; undone as create.c does. */
static int
create_both(const char *name)
{
	if (cgroups_begin(&cg, name, &config) < 0)
		return -1;
	if (cg.count == 0 || cgroups_complete(&cg, &config, 0) == 0)
		return 0;
	struct failure reason = failure;
	auto_free char *kept = cgroups_kept(&cg);
	assert_int_equal(cgroups_end(&cg, kept), 0);
	cgroup_close(&cg);
	failure = reason;
	return -1;
}

/* With these resources. */
static int
make(const char *name, const char *resources)
{
	auto_free char *kernel = text("{'resources': %s}", resources);
	configure(kernel);
	failure = (struct failure){ 0 };
	return create_both(name);
}

static void
must_make(const char *name, const char *resources)
{
	if (make(name, resources) < 0)
		fail_msg("%s", failure.text);
}

static int
update(const char *single)
{
	auto_free char *json = oci_quoted(single);
	struct oci_document document = { 0 };
	if (oci_document_parse(&document, "res", json, strlen(json)) < 0)
		fail_msg("%s", failure.text);
	struct oci_node at = oci_root(&document);
	struct oci_resources *resources =
		oci_document_new(&document, sizeof(*resources));
	if (oci_take_fields(&at, &oci_resources_shape, resources) < 0)
		fail_msg("%s", failure.text);
	int result = cgroups_update(&cg, resources, &at);
	oci_document_free(&document);
	return result;
}

static void
end(const char *trace_of_it)
{
	assert_int_equal(cgroup_end(&cg), 0);
	assert_int_equal(cgroup_end(&cg), 0); /* twice does no harm */
	cgroup_close(&cg);
	oci_config_free(&config);
	assert_false(exists(trace_of_it));
}

static void
v1_with_devices(void)
{
	fake_v1();
	put("proc/self/cgroup", "5:devices:/\n3:cpuset,cpu,cpuacct:/\n"
				"2:memory,freezer:/\n1:pids:/user\n");
	fake_mount(1, "sys/fs/cgroup/devices", "devices", "/");
}

/* ---- names -------------------------------------------------------------- */

static void
names(void **state)
{
	(void)state;
	static const struct {
		const char *kernel, *name; /* NULL: refused */
	} rows[] = {
		{ "{}", OWN },
		{ "{'cgroupsPath': ''}", OWN },
		{ "{'cgroupsPath': '/libpod_parent/libpod-7f3a'}", ENGINE },
		{ "{'cgroupsPath': '//a/./b:c d//.e/'}", "/a/b:c d/.e" },
		{ "{'cgroupsPath': 'default/x'}", "mydocker/default/x" },
		{ "{'cgroupsPath': '/'}", NULL },
		{ "{'cgroupsPath': '.'}", NULL },
		{ "{'cgroupsPath': '/a\\nb'}", NULL },
	};
	for (size_t i = 0; i < countof(rows); i++) {
		configure(rows[i].kernel);
		auto_free char *name = cgroups_name(&config, "7f3a", false);
		if (rows[i].name)
			assert_string_equal(name, rows[i].name);
		else
			assert_null(name);
	}
	oci_config_free(&config);
}

/* ---- making ------------------------------------------------------------- */

static void
one_directory_in_each_hierarchy_and_none_after(void **state)
{
	(void)state;
	fake_v1();
	must_make(OWN, "{}");
	assert_int_equal(cg.count, 3);
	assert_string_equal(get(CPU OWN "/cpuset.cpus"), "0-3");
	assert_string_equal(get(CPU OWN "/cpuset.mems"), "0");
	assert_true(exists(MEMORY OWN) && exists(PIDS OWN));
	end(CPU OWN);
	assert_false(exists(MEMORY OWN) || exists(PIDS OWN));
}

static void
what_we_made_above_goes_and_what_others_made_stays(void **state)
{
	(void)state;
	fake_v1();
	put("sys/fs/cgroup/cpu/libpod_parent/tasks", "");
	put("sys/fs/cgroup/cpu/libpod_parent/cpuset.cpus", "\n");
	put("sys/fs/cgroup/cpu/libpod_parent/cpuset.mems", "\n");
	put("sys/fs/cgroup/cpu/libpod_parent/.controllers", "cpuset,cpu\n");
	must_make(ENGINE, "{}");
	/* The engine has left its cpusets to us. */
	assert_string_equal(get(CPU "libpod_parent/cpuset.cpus"), "0-3");
	assert_string_equal(get("sys/fs/cgroup/cpu" ENGINE "/cpuset.cpus"),
			    "0-3");
	struct cgroup first = cg;
	must_make("/libpod_parent/second", "{}");
	end(CPU "libpod_parent/second");
	assert_true(exists(PIDS "libpod_parent"));
	cg = first;
	end("sys/fs/cgroup/cpu" ENGINE);
	assert_true(exists(CPU "libpod_parent"));
	assert_false(exists(PIDS "libpod_parent") ||
		     exists(MEMORY "libpod_parent"));
}

/* An engine's directory on v2 is prepared for the container, as all runtimes
 * do it; nothing is taken back from it. */
static void
v2_is_prepared_all_the_way(void **state)
{
	(void)state;
	fake_v2();
	auto_free char *path = text("%s/" V2 "kubepods", fake.where);
	assert_int_equal(mkdir(path, 0755), 0);
	auto_close int dir = open(path, O_RDONLY | O_CLOEXEC);
	fake_fill(dir, 2, "cpu memory");
	must_make("/kubepods/a:b/c", "{'pids': {'limit': 7}}");
	assert_string_equal(get(V2 "kubepods/a:b/c/pids.max"), "7");
	end(V2 "kubepods/a:b");
	assert_true(exists(V2 "kubepods"));
	assert_string_equal(get(V2 "kubepods/cgroup.subtree_control"),
			    "cpu cpuset io memory pids");
}

static void
an_empty_one_of_the_engines_is_taken_over(void **state)
{
	(void)state;
	fake_v1();
	must_make(ENGINE, "{}");
	cgroup_close(&cg);
	must_make(ENGINE, "{'pids': {'limit': 3}}");
	assert_string_equal(get("sys/fs/cgroup/pids" ENGINE "/pids.max"), "3");
	put("sys/fs/cgroup/memory" ENGINE "/cgroup.procs", "12345\n");
	struct cgroup kept = cg;
	assert_int_equal(make(ENGINE, "{}"), -1);
	assert_says("libpod-7f3a exists and is not empty");
	put("sys/fs/cgroup/memory" ENGINE "/cgroup.procs", "");
	put("sys/fs/cgroup/memory" ENGINE "/freezer.state", "FROZEN\n");
	assert_int_equal(make(ENGINE, "{}"), -1);
	assert_says("exists and is frozen");
	put("sys/fs/cgroup/memory" ENGINE "/freezer.state", "THAWED\n");
	cg = kept;
	end("sys/fs/cgroup/pids/libpod_parent");
	assert_false(exists("sys/fs/cgroup/cpu/libpod_parent"));
}

static void
a_refused_limit_leaves_nothing(void **state)
{
	(void)state;
	fake_v2();
	attached = 0;
	fake.refuse = "pids.max";
	fake.refuse_with = EIO;
	assert_int_equal(make(OWN, "{'pids': {'limit': 3}}"), -1);
	assert_says("pids.max");
	assert_false(exists(V2 OWN));
	assert_string_equal(get(V2 "cgroup.subtree_control"), "cpu memory");
	assert_int_equal(cg.count, 0);
	fake.refuse = NULL;
	fake.no_mkdir = "c";
	assert_int_equal(make("/a/b/c", "{}"), -1);
	assert_says("cgroup.max.d");
	assert_false(exists(V2 "a"));
	assert_string_equal(get(V2 "cgroup.subtree_control"), "cpu memory");
}

/* ---- without one -------------------------------------------------------- */

static void
who_may_make_none_has_none(void **state)
{
	(void)state;
	put("proc/self/cgroup", "0::/\n"); /* and it is not mounted */
	must_make(OWN, "{'devices': [{'allow': false}], 'pids': {'limit': 0}}");
	assert_int_equal(cg.count, 0);
	assert_int_equal(cgroup_end(&cg), 0);
	assert_int_equal(cgroup_join(&cg, true), 0);
	assert_int_equal(update("{'cpu': {'shares': 0}}"), 0);
	assert_int_equal(update("{'pids': {'limit': 5}}"), -1);
	assert_says("has no cgroup of its own");
	static const char *const limits[] = {
		"{'pids': {'limit': 5}}", "{'memory': {'swap': -1}}",
		"{'unified': {'cgroup.max.depth': '1'}}",
		"{'cpu': {'cpus': '0'}}",
	};
	for (size_t i = 0; i < countof(limits); i++) {
		assert_int_equal(make(OWN, limits[i]), -1);
		assert_says("linux.resources needs a cgroup: no cgroup can be "
			    "made");
	}
	oci_config_free(&config);
}

/* ---- limits ------------------------------------------------------------- */

static void
swap_is_left_alone(void **state)
{
	(void)state;
	fake_v1();
	must_make(OWN, "{'memory': {'limit': 4096000}}");
	assert_string_equal(get(MEMORY OWN "/memory.limit_in_bytes"),
			    "4096000");
	assert_string_equal(get(MEMORY OWN "/memory.memsw.limit_in_bytes"),
			    "9223372036854771712");
	/* Half of the pair may have been set before. */
	assert_int_equal(update("{'memory': {'swap': 8192000}}"), 0);
	assert_string_equal(get(MEMORY OWN "/memory.memsw.limit_in_bytes"),
			    "8192000");
	assert_int_equal(update("{'memory': {'swap': 4096}}"), -1);
	assert_int_equal(update("{'memory': {'limit': 8192000}}"), 0);
	assert_int_equal(update("{'memory': {'limit': -1}}"), 0);
	assert_string_equal(get(MEMORY OWN "/memory.memsw.limit_in_bytes"),
			    "-1");
	end(CPU OWN);
}

static void
an_update_is_of_all_or_of_nothing(void **state)
{
	(void)state;
	fake_v2();
	must_make(OWN, "{'pids': {'limit': 5}, 'cpu': {'quota': 50000}}");
	assert_int_equal(update("{'cpu': {'period': 20000}}"), 0);
	assert_string_equal(get(V2 OWN "/cpu.max"), "50000 20000");
	assert_string_equal(get(V2 OWN "/pids.max"), "5");
	assert_int_equal(update("{'cpu': {'idle': 1, 'burst': 10}, "
				"'pids': {'limit': 5000000}}"), -1);
	assert_string_equal(get(V2 OWN "/cpu.idle"), "0");
	assert_string_equal(get(V2 OWN "/cpu.max.burst"), "0");
	assert_string_equal(get(V2 OWN "/pids.max"), "5");
	/* 4096 bytes are in use. */
	assert_int_equal(update("{'memory': {'limit': 100, "
				"'checkBeforeUpdate': true}}"), -1);
	assert_says("4096 bytes are in use");
	assert_int_equal(update("{'memory': {'limit': 4096, "
				"'checkBeforeUpdate': true}}"), 0);
	end(V2 OWN);
}

static void
unified_is_written_as_it_is(void **state)
{
	(void)state;
	fake_v2();
	must_make(OWN, "{'unified': {'cpu.weight': '77', 'io.max': "
		       "'8:0 rbps=1\\n8:16 wbps=2'}}");
	assert_string_equal(get(V2 OWN "/cpu.weight"), "77");
	assert_true(strstr(get(V2 OWN "/io.max"), "8:0 rbps=1") != NULL);
	assert_true(strstr(get(V2 OWN "/io.max"), "8:16 ") != NULL);
	/* What was written before a refusal is put back. */
	fake.refuse = "memory.max";
	fake.refuse_with = EINVAL;
	assert_int_equal(update("{'unified': {'cpu.weight': '5', "
				"'memory.max': 'x'}}"), -1);
	assert_says("write \"x\" to ");
	assert_string_equal(get(V2 OWN "/cpu.weight"), "77");
	fake.refuse = NULL;
	assert_int_equal(update("{'unified': {'memory.none': '1'}}"), -1);
	assert_says("memory.none: No such file");
	assert_int_equal(update("{'unified': {'foo.max': '1'}}"), -1);
	assert_says("no foo controller");
	end(V2 OWN);
}

static void
unified_is_of_v2_alone(void **state)
{
	(void)state;
	fake_v1();
	assert_int_equal(make(OWN, "{'unified': {'memory.high': '1'}}"), -1);
	assert_says("no memory.high: it is a file of cgroup v2");
	assert_int_equal(make(OWN, "{'network': {'classID': 1}}"), -1);
	assert_says("no net_cls controller");
	assert_false(exists(CPU OWN));
	oci_config_free(&config);
}

/* hugetlb is handed down when it is asked for, and taken back in the end. */
static void
rare_controllers_are_asked_for(void **state)
{
	(void)state;
	fake_v2();
	put(V2 "cgroup.controllers", "cpu memory hugetlb pids\n");
	must_make(OWN, "{}");
	assert_string_equal(get(V2 "cgroup.subtree_control"),
			    "cpu memory pids");
	assert_int_equal(update("{'hugepageLimits': [{'pageSize': '2MB', "
				"'limit': 0}]}"), 0);
	assert_string_equal(get(V2 OWN "/hugetlb.2MB.max"), "0");
	assert_string_equal(get(V2 "cgroup.subtree_control"),
			    "cpu memory pids hugetlb");
	end(V2 OWN);
	assert_string_equal(get(V2 "cgroup.subtree_control"), "cpu memory");
}

/* ---- devices ------------------------------------------------------------ */

#define USUAL                                                                 \
	"c *:* m\nb *:* m\nc 1:3 rwm\nc 1:5 rwm\nc 1:7 rwm\nc 1:8 rwm\n"      \
	"c 1:9 rwm\nc 5:0 rwm\nc 5:1 rwm\nc 5:2 rwm\nc 136:* rwm\n"           \
	"c 10:200 rwm"

static void
devices_are_denied_but_for_the_usual(void **state)
{
	(void)state;
	static const struct {
		const char *rules, *list;
	} rows[] = {
		{ "[]", USUAL },
		{ "[{'allow': false, 'access': 'rwm'}]", USUAL },
		/* Docker denies one of the many that nothing has allowed. */
		{ "[{'allow': false}, {'allow': false, 'type': 'c', 'major': "
		  "10, 'minor': 229, 'access': 'rwm'}]", USUAL },
		{ "[{'allow': true, 'type': 'b', 'major': 8, 'minor': 0, "
		  "'access': 'r'}]", "b 8:0 r\n" USUAL },
		{ "[{'allow': false}, {'allow': true, 'type': 'a', 'access': "
		  "'rwm'}]", "a *:* rwm" },
	};
	v1_with_devices();
	for (size_t i = 0; i < countof(rows); i++) {
		auto_free char *resources = text("{'devices': %s}",
						 rows[i].rules);
		must_make(OWN, resources);
		assert_string_equal(get(DEVICES OWN "/devices.list"),
				    rows[i].list);
		/* They stay when anything else changes. */
		assert_int_equal(update("{'devices': [{'allow': true}]}"), 0);
		assert_string_equal(get(DEVICES OWN "/devices.list"),
				    rows[i].list);
		end(CPU OWN);
	}
}

static void
devices_are_a_program_on_v2(void **state)
{
	(void)state;
	fake_v2();
	attached = 0;
	must_make(OWN, "{}");
	assert_true(attached > 20);
	end(V2 OWN);
	attached = -EINVAL;
	assert_int_equal(make(OWN, "{}"), -1);
	assert_says("load a device program");
	assert_false(exists(V2 OWN));
	attached = 0;
	oci_config_free(&config);
}

/* ---- whose it is -------------------------------------------------------- */

#define USERS "{'type': 'user'}"
#define OWN_NAMESPACE "{'type': 'cgroup'}"

/* Its process is the user 5 of the container. */
static void
configure_owner(const char *namespaces, const char *options)
{
	auto_free char *single = text(
		"{'ociVersion': '1.2.0', 'root': {'path': 'rootfs'}, "
		"'process': {'args': ['x'], 'cwd': '/', "
		"'user': {'uid': 5, 'gid': 0}}, "
		"'mounts': [{'destination': '/sys/fs/cgroup', "
		"'type': 'cgroup', 'options': [%s]}], "
		"'linux': {'namespaces': [%s]%s}}", options, namespaces,
		strstr(namespaces, USERS) ?
			", 'uidMappings': [{'containerID': 3, 'hostID': "
			"100000, 'size': 9}], 'gidMappings': "
			"[{'containerID': 0, 'hostID': 0, 'size': 9}]" : "");
	auto_free char *json = oci_quoted(single);
	oci_config_free(&config);
	if (oci_config_parse(&config, json, strlen(json)) < 0)
		fail_msg("%s", failure.text);
}

static uid_t
owner_of(const char *name)
{
	auto_free char *path = text("%s/" V2 OWN "%s", hierarchy_root, name);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	return st.st_uid;
}

static void
it_is_the_users_who_may_write_to_it(void **state)
{
	(void)state;
	static const struct {
		const char *namespaces, *options;
		uid_t owner;
	} rows[] = {
		{ USERS ", " OWN_NAMESPACE, "'nosuid'", 100002 },
		{ OWN_NAMESPACE, "", 5 },
		{ USERS ", " OWN_NAMESPACE, "'ro'", 0 },
		{ USERS, "", 0 },
	};
	if (geteuid() != 0)
		skip();
	fake_v2();
	for (size_t n = 0; n < countof(rows) * 2; n++) {
		bool listed = n >= countof(rows);
		size_t i = n % countof(rows);
		uid_t owner = rows[i].owner;
		configure_owner(rows[i].namespaces, rows[i].options);
		assert_int_equal(create_both(OWN), 0);
		put(V2 OWN "/cgroup.threads", "");
		put(V2 OWN "/memory.max", "max");
		if (listed)
			put("sys/kernel/cgroup/delegate",
			    "cgroup.procs\nmemory.max\n");
		assert_int_equal(cgroups_give(&cg, &config), 0);
		assert_int_equal(owner_of(""), owner);
		assert_int_equal(owner_of("/cgroup.procs"), owner);
		assert_int_equal(owner_of("/cgroup.threads"),
				 listed ? 0 : owner);
		assert_int_equal(owner_of("/memory.max"), listed ? owner : 0);
		assert_int_equal(owner_of("/cpu.max"), 0);
		end(V2 OWN);
	}
}

/* ---- what is in it ------------------------------------------------------ */

static void
processes_are_counted_once(void **state)
{
	(void)state;
	pid_t *pids;
	size_t count;
	fake_v1();
	must_make(OWN, "{}");
	assert_int_equal(cgroups_processes(&cg, &pids, &count), 0);
	assert_int_equal(count, 0);
	free(pids);
	/* In each of its two cgroups a process with threads in both. */
	assert_int_equal(mkdirat(cg.dirs[0].fd, "below", 0755), 0);
	put(CPU OWN "/cgroup.procs", "30\n7\n0\n");
	put(CPU OWN "/below/cgroup.procs", "7\n12\n");
	assert_int_equal(cgroups_processes(&cg, &pids, &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(pids[0], 7);
	assert_int_equal(pids[1], 12);
	assert_int_equal(pids[2], 30);
	free(pids);
	put(CPU OWN "/below/cgroup.procs", "nonsense\n");
	assert_int_equal(cgroups_processes(&cg, &pids, &count), -1);
	put(CPU OWN "/below/cgroup.procs", "");
	put(CPU OWN "/cgroup.procs", "");
	end(CPU OWN);
}

static void
frozen_or_not(void **state)
{
	(void)state;
	fake_v1();
	must_make(OWN, "{}");
	assert_int_equal(cgroups_frozen(&cg), 0);
	put(MEMORY OWN "/freezer.state", "FREEZING\n");
	assert_int_equal(cgroups_frozen(&cg), 1);
	end(CPU OWN);
	fake_remove_tree(fake.where);
	put("proc/self/mountinfo", "");
	fake_v2();
	must_make(OWN, "{}");
	assert_int_equal(cgroups_frozen(&cg), 0);
	put(V2 OWN "/cgroup.freeze", "1\n");
	assert_int_equal(cgroups_frozen(&cg), 1);
	end(V2 OWN);
	assert_int_equal(cgroups_frozen(&(struct cgroup){ 0 }), 0);
}

static json_int_t
number(const json_t *event, const char *group, const char *entry,
       const char *key)
{
	json_t *at = json_object_get(json_object_get(event, "data"), group);
	if (entry)
		at = json_object_get(at, entry);
	at = json_object_get(at, key);
	if (!json_is_integer(at))
		fail_msg("no number %s.%s.%s", group, entry ?: "", key);
	return json_integer_value(at);
}

static void
statistics_are_those_of_runc(void **state)
{
	(void)state;
	void (*const hosts[])(void) = { fake_v1, fake_v2 };
	for (size_t i = 0; i < countof(hosts); i++) {
		fake_remove_tree(fake.where);
		put("proc/self/mountinfo", "");
		hosts[i]();
		must_make(OWN, "{'pids': {'limit': 9}, 'memory': "
			       "{'limit': 8192}}");
		auto_free char *json = cgroups_stats_json(&cg, "7f3a");
		assert_non_null(json);
		json_t *event = json_loads(json, 0, NULL);
		assert_string_equal(json_string_value(json_object_get(
					    event, "type")), "stats");
		assert_string_equal(json_string_value(json_object_get(
					    event, "id")), "7f3a");
		assert_int_equal(number(event, "pids", NULL, "current"), 5);
		assert_int_equal(number(event, "pids", NULL, "limit"), 9);
		assert_int_equal(number(event, "memory", "usage", "usage"),
				 4096);
		assert_int_equal(number(event, "memory", "usage", "limit"),
				 8192);
		assert_int_equal(number(event, "memory", "usage", "max"),
				 8192);
		assert_int_equal(number(event, "memory", "usage", "failcnt"),
				 6);
		assert_int_equal(number(event, "cpu", "usage", "total"),
				 i ? 1234000 : 1234567);
		assert_int_equal(number(event, "cpu", "throttling",
					"throttledPeriods"), 3);
		assert_int_equal(number(event, "cpu", "throttling",
					"throttledTime"), 5000);
		json_decref(event);
		end(i ? V2 OWN : CPU OWN);
	}
	assert_null(cgroups_stats_json(&(struct cgroup){ .name = "x" }, "x"));
}

/* ---- the end ------------------------------------------------------------ */

static void
what_is_below_goes_along(void **state)
{
	(void)state;
	fake_v1();
	must_make(ENGINE, "{}");
	assert_int_equal(mkdirat(cg.dirs[1].fd, "below", 0755), 0);
	end("sys/fs/cgroup/cpu/libpod_parent");
	assert_false(exists("sys/fs/cgroup/memory/libpod_parent") ||
		     exists("sys/fs/cgroup/pids/libpod_parent"));
}

/* ---- below it ------------------------------------------------------------ */

static int
step_into(const char *first, const char *second)
{
	const char *const words[] = { first, second, NULL };
	return cgroups_step_into(&cg, words);
}

static void
refuse_step(const char *first, const char *second, const char *says)
{
	assert_int_equal(step_into(first, second), -1);
	assert_says(says);
}

static void
a_cgroup_below_by_its_name(void **state)
{
	(void)state;
	fake_v1();
	must_make(OWN, "{}");
	const size_t cpu = 0, memory = 1, pids = 2;
	for (size_t i = cpu; i <= memory; i++) {
		assert_int_equal(mkdirat(cg.dirs[i].fd, "a", 0755), 0);
		assert_int_equal(mkdirat(cg.dirs[i].fd, "a/b", 0755), 0);
	}
	refuse_step("../x", NULL, "--cgroup ../x: it leads out");
	refuse_step("a/b/../../..", NULL, "it leads out");
	refuse_step("a/b", "a", "--cgroup a/b: of several each");
	refuse_step("cpu:a", "a", "--cgroup a: of several each");
	refuse_step("cpu,:a", NULL, "without a name");
	refuse_step(":a", NULL, "without a name");
	refuse_step("frob:a", NULL, "the controller \"frob\"");
	refuse_step("cpu:a", "cpuset:/", "--cgroup cpuset:/: the cgroup with");
	/* All of them must be there. */
	refuse_step("cpu,pids:a", NULL, "--cgroup cpu,pids:a: there is no");
	cgroup_close(&cg);
	assert_int_equal(cgroup_open(&cg, OWN), 3);
	int own = cg.dirs[pids].fd;
	assert_int_equal(step_into("/", NULL), 0);
	assert_int_equal(step_into("cpu,cpuset:a", "memory:/a/b"), 0);
	assert_int_equal(cg.dirs[pids].fd, own);
	assert_string_equal(strrchr(cg.dirs[cpu].path, '/'), "/a");
	assert_string_equal(strrchr(cg.dirs[memory].path, '/'), "/b");
	assert_int_equal(cgroup_join(&cg, false), 0);
	assert_int_equal(cgroup_join(&cg, false), 0);
	assert_string_equal(get(CPU OWN "/a/tasks"), "0");
	assert_string_equal(get(MEMORY OWN "/a/b/tasks"), "0");
	cgroup_close(&cg);
	assert_int_equal(cgroup_open(&cg, OWN), 3);
	end(CPU OWN);
}

static void
where_a_process_is_below(void **state)
{
	(void)state;
	fake_v2();
	must_make(OWN, "{}");
	/* Its own is not below. */
	static const char *const places[] = { "a", "b", "b/c", "b/c/d" };
	for (size_t i = 0; i < countof(places); i++)
		assert_int_equal(mkdirat(cgroup_v2_fd(&cg), places[i], 0755),
				 0);
	put(V2 OWN "/cgroup.procs", "7\n");
	put(V2 OWN "/a/cgroup.procs", "77\n17\n");
	assert_int_equal(cgroups_follow(&cg, 7), -1);
	assert_says("process 7 is in no cgroup below");
	put(V2 OWN "/b/c/d/cgroup.procs", "70\n7\n");
	assert_int_equal(cgroups_follow(&cg, 7), 0);
	const char *path = cg.dirs[0].path;
	size_t length = strlen(path), wanted = strlen(OWN "/b/c/d");
	assert_string_equal(path + length - wanted, OWN "/b/c/d");
	put_in(cgroup_v2_fd(&cg), "cgroup.procs", "here");
	assert_string_equal(get(V2 OWN "/b/c/d/cgroup.procs"), "here");
	put(V2 OWN "/b/c/d/cgroup.procs", "");
	put(V2 OWN "/a/cgroup.procs", "");
	put(V2 OWN "/cgroup.procs", "");
	cgroup_close(&cg);
	assert_int_equal(cgroup_open(&cg, OWN), 1);
	end(V2 OWN);
}

static void
another_of_the_same_name_is_not_removed(void **state)
{
	(void)state;
	fake_v1();
	must_make(OWN, "{}");
	struct cgroup first = cg;
	assert_int_equal(cgroup_end(&first), 0);
	must_make(OWN, "{}");
	assert_int_equal(cgroup_end(&first), 0);
	assert_true(exists(CPU OWN) && exists(PIDS OWN));
	cgroup_close(&first);
	end(CPU OWN);
}

static void
nothing_stays_open(void **state)
{
	(void)state;
	fake_hybrid();
	attached = 0;
	int before = count_descriptors();
	for (int i = 0; i < 5; i++) {
		must_make(i % 2 ? ENGINE : OWN, "{'pids': {'limit': 2}}");
		auto_free char *json = cgroups_stats_json(&cg, "x");
		assert_non_null(json);
		assert_int_equal(update("{'unified': {'memory.max': '1'}}"), 0);
		end(i % 2 ? "sys/fs/cgroup/cpu/libpod_parent" : CPU OWN);
	}
	assert_int_equal(count_descriptors(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(names),
		fake_test(one_directory_in_each_hierarchy_and_none_after),
		fake_test(what_we_made_above_goes_and_what_others_made_stays),
		fake_test(v2_is_prepared_all_the_way),
		fake_test(an_empty_one_of_the_engines_is_taken_over),
		fake_test(a_refused_limit_leaves_nothing),
		fake_test(who_may_make_none_has_none),
		fake_test(swap_is_left_alone),
		fake_test(an_update_is_of_all_or_of_nothing),
		fake_test(unified_is_written_as_it_is),
		fake_test(unified_is_of_v2_alone),
		fake_test(rare_controllers_are_asked_for),
		fake_test(devices_are_denied_but_for_the_usual),
		fake_test(devices_are_a_program_on_v2),
		fake_test(it_is_the_users_who_may_write_to_it),
		fake_test(processes_are_counted_once),
		fake_test(frozen_or_not),
		fake_test(statistics_are_those_of_runc),
		fake_test(what_is_below_goes_along),
		fake_test(a_cgroup_below_by_its_name),
		fake_test(where_a_process_is_below),
		fake_test(another_of_the_same_name_is_not_removed),
		fake_test(nothing_stays_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
