/* test_settings.c - what is asked for of a container comes back from its file
 * as it went in, and nothing else is taken for it. */
#include "settings.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "tree.h"

/* Every property there is, in the file's own order and form. */
static const char full[] =
"{'version': 1, 'name': 'web', 'hostname': 'h', 'domainname': 'd',"
" 'cidfile': '/c', 'labels': ['a=b', ''], 'annotations': ['c=d'],"
" 'image': 'busybox', 'imageId': 'sha256:1', 'platform': 'linux/amd64',"
" 'layers': ['/b', '/a'], 'driver': 'aufs', 'entrypoint': ['sh'],"
" 'cmd': ['-c', {'hex': '41ff00'}], 'argv': ['sh', '-c', {'hex': '41ff'}],"
" 'env': ['A=1'], 'cwd': '/tmp', 'user': '1:2', 'groups': ['9'],"
" 'terminal': true, 'interactive': true, 'window': 2031717,"
" 'attachStdin': true, 'attachStdout': true, 'attachStderr': true,"
" 'init': true, 'remove': true,"
" 'restart': 'on-failure', 'restartMax': 3, 'stopSignal': 'TERM',"
" 'stopTimeoutS': 0, 'health': {'test': ['CMD', 'x'], 'intervalNs': 1,"
"   'timeoutNs': 2, 'startPeriodNs': 3, 'startIntervalNs': 4, 'retries': 5},"
" 'logDriver': 'none', 'logOptions': ['max-size=1m'], 'loopbackOnly': true,"
" 'networks': [{'name': 'n', 'aliases': ['x'], 'linkLocal': ['y'],"
"   'driverOptions': ['z=1'], 'ip': '10.0.0.2', 'ip6': 'fd00::2',"
"   'mac': '02:00:00:00:00:01'}],"
" 'publish': [{'hostAddress': '0.0.0.0', 'hostPort': 0, 'port': 80,"
"   'protocol': 'tcp'}, {'hostAddress': '[fd00::1]', 'hostPort': 65535,"
"   'port': 1, 'protocol': 'udp'}],"
" 'publishAll': true, 'expose': ['80/tcp'], 'dns': ['10.0.0.1'],"
" 'dnsSearch': ['x.org'], 'dnsOptions': ['ndots:2'], 'hosts': ['a:10.0.0.9'],"
" 'links': ['a:b'], 'pid': 'host', 'ipc': 'private', 'uts': 'host',"
" 'userns': 'host', 'cgroupns': 'host', 'readOnly': true,"
" 'volumes': [{'type': 'bind', 'source': '/s', 'target': '/t', 'flags': 1,"
"   'data': 'size=1', 'mode': 'ro', 'propagation': 'rslave',"
"   'recursive': 'disabled', 'driver': 'local', 'labels': ['l=1'],"
"   'options': ['o=1'], 'anonymous': true, 'noCopy': true, 'byMount': true,"
"   'fromImage': true}, {'type': 'volume', 'target': '/u'}],"
" 'volumesFrom': ['x:ro'], 'volumeDriver': 'local',"
" 'shmSize': 65536,"
" 'limits': {'memory': 4194304, 'memorySwap': -1, 'memoryReservation': 3,"
"   'swappiness': -2, 'oomKillDisable': 1, 'kernelMemory': 4,"
"   'cpuShares': 2, 'cpuQuotaUs': 5, 'cpuPeriodUs': 6, 'cpusetCpus': '0-1',"
"   'cpusetMems': '0', 'pids': -1, 'ioWeight': 10},"
" 'nanoCpus': 7, 'realtimePeriodUs': 8, 'realtimeRuntimeUs': 9,"
" 'readBps': [{'path': '/dev/a', 'rate': 1}],"
" 'writeBps': [{'path': '/dev/b', 'rate': 2}],"
" 'readIops': [{'path': '/dev/c', 'rate': 3}],"
" 'writeIops': [{'path': '/dev/d', 'rate': 4}],"
" 'ioWeights': [{'path': '/dev/e', 'rate': 5}],"
" 'cgroupParent': 'x', 'oomScoreAdj': 0,"
" 'ulimits': [{'name': 'nofile', 'soft': 1, 'hard': -1}],"
" 'sysctls': ['net.a=1'], 'privileged': true, 'capAdd': ['ALL'],"
" 'capDrop': ['KILL'], 'unmasked': true, 'noNewPrivileges': true,"
" 'seccomp': '{}', 'apparmor': 'p', 'securityLabels': ['type:x'],"
" 'devices': [{'host': '/dev/x', 'target': '/dev/y', 'access': 'r'}],"
" 'deviceRules': ['c 1:3 r']}";

/* C's own quotes stay readable with JSON's as single ones. */
static char *
quoted(const char *json)
{
	char *copy = copy_text(json);
	for (char *at = copy; *at; at++)
		if (*at == '\'')
			*at = '"';
	return copy;
}

static int
parse(const char *json, struct settings *settings)
{
	auto_free char *copy = quoted(json);
	return settings_parse(copy, strlen(copy), settings);
}

/* `full`, with what is no argument put right. */
static struct settings
load_full(void)
{
	auto_free char *copy = copy_text(full);
	struct settings settings;
	memcpy(strstr(copy, "41ff00"), "41ff01", 6);
	if (parse(copy, &settings) < 0)
		fail_msg("%s", failure.text);
	return settings;
}

static void
all_comes_back(void **state)
{
	(void)state;
	auto_settings struct settings once = load_full();
	auto_free char *first = settings_print(&once);
	auto_settings struct settings twice;
	assert_int_equal(settings_parse(first, strlen(first), &twice), 0);
	auto_free char *second = settings_print(&twice);
	assert_string_equal(first, second);
	/* As it was typed above, but for blanks. */
	auto_free char *typed = quoted(full);
	memcpy(strstr(typed, "41ff00"), "41ff01", 6);
	const char *a = typed, *b = first;
	for (; *a || *b; a++, b++) {
		a += strspn(a, " \n");
		b += strspn(b, " \n");
		if (*a != *b)
			fail_msg("asked: %.40s\nprinted: %.40s", a, b);
	}
}

/* A member that the table forgets would be zero: look at each 8 bytes. */
static void
no_member_is_forgotten(void **state)
{
	(void)state;
	auto_settings struct settings settings = load_full();
	const size_t limits = offsetof(struct settings, limits);
#define LIMIT(member) (limits + offsetof(struct cgroup_limits, member))
	for (size_t at = 0; at < sizeof(settings); at += sizeof(uint64_t)) {
		uint64_t word;
		bool oci_alone = at == LIMIT(cpu_burst_us) ||
				 at == LIMIT(cpu_idle) ||
				 (at >= LIMIT(io) && at < LIMIT(file_count) +
							      sizeof(size_t));
		memcpy(&word, (const char *)&settings + at, sizeof(word));
		/* These two are 0 in the file, and that is not "unset". */
		bool zero = at == offsetof(struct settings, stop_timeout_s) ||
			    at == offsetof(struct settings, oom_score_adj);
		if (!word && !oci_alone && !zero)
			fail_msg("nothing set the 8 bytes at %zu", at);
	}
}

static void
members(void **state)
{
	(void)state;
	auto_settings struct settings s = load_full();
	assert_string_equal(s.argv.items[2], "A\xff");
	assert_string_equal(s.cmd.items[1], "A\xff\x01");
	assert_string_equal(s.labels.items[1], "");
	assert_int_equal(s.driver, STORAGE_AUFS);
	assert_int_equal(s.stop_timeout_s, 0);
	assert_int_equal(s.limits.swappiness, CGROUP_ZERO);
	assert_int_equal(s.limits.pids, CGROUP_NONE);
	assert_int_equal(s.publish[1].protocol, IPPROTO_UDP);
	assert_true(s.publish[1].is_ipv6);
	assert_int_equal(s.publish[1].host_address6[0], 0xfd);
	assert_int_equal(s.publish[1].host_address6[15], 1);
	assert_int_equal(s.volume_count, 2);
	assert_null(s.volumes[1].source);
	assert_int_equal(s.ulimits[0].hard, -1);
}

static void
little_is_little(void **state)
{
	(void)state;
	auto_settings struct settings s;
	assert_int_equal(parse("{'version': 1, 'driver': 'overlay'}", &s), 0);
	assert_int_equal(s.stop_timeout_s, SETTINGS_UNSET);
	assert_int_equal(s.oom_score_adj, SETTINGS_UNSET);
	auto_free char *printed = settings_print(&s);
	assert_string_equal(printed, "{\n  \"version\": 1,\n"
				     "  \"driver\": \"overlay\"\n}");
}

/* Every byte there is, in every place where people may put any. */
static void
any_bytes(void **state)
{
	(void)state;
	auto_settings struct settings s = SETTINGS_DEFAULT;
	char all[256];
	for (int i = 0; i < 255; i++)
		all[i] = i + 1;
	all[255] = '\0';
	words_add(&s.argv, all);
	words_add(&s.env, "\xc3\xa9 \xc0\x80 \xed\xa0\x80 \n\t\"\\");
	words_add(&s.env, "hex");
	s.cwd = copy_text("/\xff");
	auto_free char *printed = settings_print(&s);
	auto_settings struct settings back;
	assert_int_equal(settings_parse(printed, strlen(printed), &back), 0);
	assert_string_equal(back.argv.items[0], all);
	assert_string_equal(back.env.items[0], s.env.items[0]);
	assert_string_equal(back.env.items[1], "hex");
	assert_string_equal(back.cwd, "/\xff");
}

static void
refusals(void **state)
{
	static const struct {
		const char *json, *why;
	} cases[] = {
		{ "", "line" },
		{ "[]", "no object" },
		{ "{}", "no version" },
		{ "{'version': '1'}", "no version" },
		{ "{'version': 2}", "version 2" },
		{ "{'version': 1, 'naem': 'x'}", "\"naem\" is not known" },
		{ "{'version': 1, 'name': 1}", "name: not a text" },
		{ "{'version': 1, 'name': null}", "name: not a text" },
		{ "{'version': 1, 'name': 'a', 'name': 'b'}", "duplicate" },
		{ "{'version': 1, 'name': 'a\\u0000b'}", "line" },
		{ "{'version': 1} x", "line" },
		{ "{'version': 1, 'init': 1}", "init: not true or false" },
		{ "{'version': 1, 'argv': 'x'}", "argv: not a list of texts" },
		{ "{'version': 1, 'argv': [1]}", "argv: not a list of texts" },
		{ "{'version': 1, 'argv': [{'hex': '0'}]}", "argv" },
		{ "{'version': 1, 'argv': [{'hex': 'FF'}]}", "argv" },
		{ "{'version': 1, 'argv': [{'hex': '4100'}]}", "argv" },
		{ "{'version': 1, 'argv': [{'hex': 'ff', 'x': 1}]}", "argv" },
		{ "{'version': 1, 'shmSize': 1.5}", "shmSize: not a number" },
		{ "{'version': 1, 'driver': 'zfs'}", "driver: " },
		{ "{'version': 1, 'limits': []}", "limits: not an object" },
		{ "{'version': 1, 'limits': {'pids': 'x'}}",
		  "limits: pids: not a number" },
		{ "{'version': 1, 'volumes': [{'typ': 'x'}]}",
		  "volumes: \"typ\" is not known" },
		{ "{'version': 1, 'volumes': [1]}", "volumes: not a list" },
		{ "{'version': 1, 'volumes': {}}", "volumes: not a list" },
		{ "{'version': 1, 'publish': [{'hostAddress': '1.2.3',"
		  "'hostPort': 1, 'port': 1, 'protocol': 'tcp'}]}", "publish" },
		{ "{'version': 1, 'publish': [{'hostAddress': '1.2.3.4',"
		  "'hostPort': 1, 'port': 0, 'protocol': 'tcp'}]}", "publish" },
		{ "{'version': 1, 'publish': [{'hostAddress': '1.2.3.4',"
		  "'hostPort': 1, 'port': 1, 'protocol': 'ip'}]}", "publish" },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct settings s;
		failure = (struct failure){ 0 };
		if (parse(cases[i].json, &s) == 0)
			fail_msg("taken: %s", cases[i].json);
		if (!strstr(failure.text, cases[i].why))
			fail_msg("%s: %s", cases[i].json, failure.text);
		/* Nothing is left of what was read before. */
		assert_null(s.name);
	}
}

static void
file(void **state)
{
	(void)state;
	char top[] = "/tmp/mydocker-unit-settings.XXXXXX";
	assert_non_null(mkdtemp(top));
	auto_close int dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct settings loaded;
	struct stat st;
	int before = count_descriptors();
	assert_int_equal(settings_load(dir, &loaded), -1);
	assert_int_equal(failure.code, ENOENT);
	auto_settings struct settings settings = load_full();
	assert_int_equal(settings_save(dir, &settings), 0);
	assert_int_equal(settings_save(dir, &settings), 0);
	assert_int_equal(fstatat(dir, SETTINGS_FILE, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(settings_load(dir, &loaded), 0);
	assert_string_equal(loaded.name, "web");
	settings_free(&loaded);
	settings_free(&loaded);
	assert_int_equal(count_descriptors(), before);
	assert_int_equal(chdir("/tmp"), 0);
	assert_int_equal(tree_remove(AT_FDCWD, strrchr(top, '/') + 1), 0);
}

#define TEST(name) cmocka_unit_test(name)
int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_comes_back),  TEST(no_member_is_forgotten),
		TEST(members),	       TEST(little_is_little),
		TEST(any_bytes),       TEST(refusals),
		TEST(file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
