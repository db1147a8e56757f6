/* test_oci_limits.c - resources become the limits of a cgroup. */
#include "oci_limits.h"

#include <stdlib.h>
#include <string.h>

#include "device_program.h"
#include "oci_full.h"
#include "test.h"

static struct oci_document document;

static int
limits_of(const char *single, struct cgroup_limits *limits)
{
	auto_free char *json = oci_quoted(single);
	if (oci_document_parse(&document, "resources", json,
			       strlen(json)) < 0)
		fail_msg("%s", failure.text);
	struct oci_node top = oci_root(&document);
	struct oci_node root = { &document, &top, "res", 0, top.json };
	struct oci_resources *resources =
		oci_document_new(&document, sizeof(*resources));
	if (oci_take_fields(&root, &oci_resources_shape, resources) < 0)
		fail_msg("%s", failure.text);
	failure = (struct failure){ 0 };
	return oci_limits(&root, resources, limits);
}

static int
tear_down(void **state)
{
	(void)state;
	oci_document_free(&document);
	return 0;
}

static void
nothing(void **state)
{
	(void)state;
	struct cgroup_limits limits;
	static const struct cgroup_limits none;
	struct oci_node top = oci_root(&document);
	assert_int_equal(oci_limits(&top, NULL, &limits), 0);
	assert_memory_equal(&limits, &none, sizeof(none));
	assert_int_equal(limits_of("{'memory': {}, 'cpu': {'cpus': ''}, "
				   "'pids': {'limit': 0}, 'blockIO': {}}",
				   &limits), 0);
	assert_true(limits.memory_swap == CGROUP_SWAP_KEEP);
	assert_int_equal(limits.memory | limits.file_count | limits.pids |
			 limits.cpu_shares | limits.swappiness |
			 limits.cpu_burst_us | limits.io_weight, 0);
	assert_null(limits.cpuset_cpus);
}

static void
numbers(void **state)
{
	(void)state;
	struct cgroup_limits limits;
	assert_int_equal(limits_of(
"{'memory': {'limit': 100, 'swap': 200, 'reservation': 50, 'kernel': -1,"
" 'swappiness': 0, 'disableOOMKiller': true}, 'cpu': {'shares': 512,"
" 'quota': 50000, 'period': 100000, 'burst': 0, 'idle': 1, 'cpus': '0-1',"
" 'mems': '0'}, 'pids': {'limit': 7}}", &limits), 0);
	assert_int_equal(limits.memory, 100);
	assert_int_equal(limits.memory_swap, 200);
	assert_int_equal(limits.memory_reservation, 50);
	assert_true(limits.kernel_memory == CGROUP_NONE);
	assert_true(limits.swappiness == CGROUP_ZERO);
	assert_int_equal(limits.oom_kill_disable, 1);
	assert_int_equal(limits.cpu_shares, 512);
	assert_int_equal(limits.cpu_quota_us, 50000);
	assert_int_equal(limits.cpu_period_us, 100000);
	assert_true(limits.cpu_burst_us == CGROUP_ZERO);
	assert_int_equal(limits.cpu_idle, 1);
	assert_string_equal(limits.cpuset_cpus, "0-1");
	assert_string_equal(limits.cpuset_mems, "0");
	assert_int_equal(limits.pids, 7);
}

static void
no_limit(void **state)
{
	(void)state;
	struct cgroup_limits limits;
	assert_int_equal(limits_of(
"{'memory': {'limit': -1, 'swap': -1}, 'cpu': {'quota': -1, 'shares': 1,"
" 'idle': 0}, 'pids': {'limit': -1}, 'hugepageLimits': [{'pageSize': '2MB',"
" 'limit': 18446744073709551615}, {'pageSize': '1GB', 'limit': 0}],"
" 'rdma': {'mlx': {'hcaHandles': 4294967295}}}", &limits), 0);
	assert_true(limits.memory == CGROUP_NONE);
	assert_int_equal(limits.memory_swap, -1);
	assert_true(limits.cpu_quota_us == CGROUP_NONE);
	assert_true(limits.cpu_idle == CGROUP_ZERO);
	assert_int_equal(limits.cpu_shares, 2);
	assert_true(limits.pids == CGROUP_NONE);
	assert_true(limits.hugetlb[0].bytes == CGROUP_NONE);
	assert_true(limits.hugetlb[1].bytes == CGROUP_ZERO);
	assert_string_equal(limits.hugetlb[1].page_size, "1GB");
	assert_true(limits.rdma[0].handles == CGROUP_NONE);
	assert_int_equal(limits.rdma[0].objects, 0);
	assert_string_equal(limits.rdma[0].device, "mlx");
}

/* The lists of the specification are by number, ours are by disk. */
static void
disks(void **state)
{
	(void)state;
	struct cgroup_limits limits;
	assert_int_equal(limits_of(
"{'blockIO': {'weight': 500, 'weightDevice': [{'major': 8, 'minor': 0,"
" 'weight': 300}], 'throttleReadBpsDevice': [{'major': 8, 'minor': 0,"
" 'rate': 1}, {'major': 8, 'minor': 16, 'rate': 2}],"
" 'throttleWriteBpsDevice': [{'major': 8, 'minor': 16, 'rate': 3}],"
" 'throttleReadIOPSDevice': [{'major': 8, 'minor': 0, 'rate': 4}],"
" 'throttleWriteIOPSDevice': [{'major': 8, 'minor': 0, 'rate': 0}]}}",
		&limits), 0);
	assert_int_equal(limits.io_weight, 500);
	assert_int_equal(limits.io_count, 2);
	assert_int_equal(limits.io[0].minor, 0);
	assert_int_equal(limits.io[0].weight, 300);
	assert_int_equal(limits.io[0].read_bps, 1);
	assert_int_equal(limits.io[0].write_bps, 0);
	assert_int_equal(limits.io[0].read_iops, 4);
	assert_true(limits.io[0].write_iops == CGROUP_NONE);
	assert_int_equal(limits.io[1].minor, 16);
	assert_int_equal(limits.io[1].read_bps, 2);
	assert_int_equal(limits.io[1].write_bps, 3);
}

static void
devices(void **state)
{
	(void)state;
	struct cgroup_limits limits;
	assert_int_equal(limits_of(
"{'devices': [{'allow': false, 'access': 'rwm'}, {'allow': true,"
" 'type': 'c', 'major': 10, 'minor': -1, 'access': 'rw'}, {'allow': true,"
" 'access': 'm'}, {'allow': true, 'type': 'a', 'major': 7},"
" {'allow': true}]}", &limits), 0);
	static const char *const lines[] = { "c 10:* rw", "b *:* m", "c *:* m",
					     "b 7:* rwm", "c 7:* rwm" };
	assert_int_equal(limits.device_count, 7);
	assert_int_equal(limits.devices[0].type, 'a');
	assert_false(limits.devices[0].allow);
	for (size_t i = 0; i < countof(lines); i++) {
		auto_free char *line = device_rule_text(&limits.devices[i + 1]);
		assert_string_equal(line, lines[i]);
	}
	assert_int_equal(limits.devices[6].type, 'a');
	assert_int_equal(device_rules_check(limits.devices, 7), 0);
}

static void
refused(void **state)
{
	(void)state;
	static const struct {
		const char *resources, *path;
	} rows[] = {
		{ "{'blockIO': {'leafWeight': 5}}", "blockIO.leafWeight" },
		{ "{'blockIO': {'weightDevice': [{'major': 1, 'minor': 2, "
		  "'leafWeight': 5}]}}", "blockIO.weightDevice" },
	};
	for (size_t i = 0; i < countof(rows); i++) {
		struct cgroup_limits limits;
		auto_free char *message = text("res.%s: this runtime cannot "
					       "set it", rows[i].path);
		assert_int_equal(limits_of(rows[i].resources, &limits), -1);
		assert_string_equal(failure.text, message);
		oci_document_free(&document);
	}
}

/* What there is no number for in the limits. */
static void
files(void **state)
{
	(void)state;
	struct cgroup_limits limits;
	assert_int_equal(limits_of(
"{'memory': {'kernelTCP': 5}, 'cpu': {'realtimeRuntime': -1,"
" 'realtimePeriod': 9}, 'network': {'classID': 4294967295, 'priorities':"
" [{'name': 'lo', 'priority': 3}]}, 'unified': {'memory.high': '1G',"
" 'cgroup.max.depth': '0', 'io.pressure': 'x', 'io.max': 'a\\nb'}}",
		&limits), 0);
	static const struct cgroup_file rows[] = {
		{ 1, "memory", "memory.kmem.tcp.limit_in_bytes", "5" },
		{ 1, "cpu", "cpu.rt_period_us", "9" },
		{ 1, "cpu", "cpu.rt_runtime_us", "-1" },
		{ 1, "net_cls", "net_cls.classid", "4294967295" },
		{ 1, "net_prio", "net_prio.ifpriomap", "lo 3" },
		{ 2, "memory", "memory.high", "1G" },
		{ 2, NULL, "cgroup.max.depth", "0" },
		{ 2, NULL, "io.pressure", "x" },
		{ 2, "io", "io.max", "a\nb" },
	};
	assert_int_equal(limits.file_count, countof(rows));
	for (size_t i = 0; i < countof(rows); i++) {
		const struct cgroup_file *file = &limits.files[i];
		assert_int_equal(file->version, rows[i].version);
		assert_string_equal(file->controller ?: "none",
				    rows[i].controller ?: "none");
		assert_string_equal(file->name, rows[i].name);
		assert_string_equal(file->value, rows[i].value);
	}
	oci_document_free(&document);
	assert_int_equal(limits_of("{'network': {'priorities': [{'name': "
				   "'a 1\\nb', 'priority': 1}]}}", &limits),
			 -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nothing, tear_down),
		cmocka_unit_test_teardown(numbers, tear_down),
		cmocka_unit_test_teardown(no_limit, tear_down),
		cmocka_unit_test_teardown(disks, tear_down),
		cmocka_unit_test_teardown(devices, tear_down),
		cmocka_unit_test_teardown(refused, tear_down),
		cmocka_unit_test_teardown(files, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
