/* test_bundle.c - what run's options become in a config.json, part by part;
 * and each that is made is one that the runtime takes. */
#include "container/bundle.h" /* "bundle.h" is another one here */

#include <errno.h>
#include <jansson.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci_config.h"
#include "run_line.h"

static const struct user root_user = { .home = (char *)"/root" };
static const struct user other_user = { .uid = 5, .gid = 6, .groups = { 7 },
					.group_count = 1,
					.home = (char *)"/" };
static struct bundle_facts facts = {
	.id = "0123", .directory = "/d/containers/0123",
	.volumes = "/d/volumes", .hostname = "host", .user = &root_user,
};

/* The config of this command line, which the runtime takes; NULL and the
 * failure. */
static json_t *
config_of(const char *line)
{
	struct run_wanted wanted;
	struct oci_config config = { 0 };
	if (try_line(line, &wanted) < 0)
		fail_msg("%s: %s", line, failure.text);
	if (wanted.settings.argv.count == 0)
		words_add(&wanted.settings.argv, "true");
	for (size_t i = 0; i < wanted.settings.volume_count; i++)
		if (!wanted.settings.volumes[i].source)
			wanted.settings.volumes[i].source = copy_text("named");
	auto_free char *content = bundle_config(&wanted.settings, &facts);
	run_options_free(&wanted);
	if (!content)
		return NULL;
	if (oci_config_parse(&config, content, strlen(content)) < 0)
		fail_msg("%s: %s\n%s", line, failure.text, content);
	oci_config_free(&config);
	/* A limit of 2^64 - 1 is for the runtime's reader alone. */
	json_t *json = json_loads(content, JSON_DECODE_INT_AS_REAL, NULL);
	json_t *exact = json_loads(content, 0, NULL);
	json_decref(exact ? json : NULL);
	return exact ?: json;
}

/* "linux.resources.pids", "mounts[6]"; a borrowed reference, or NULL. */
static json_t *
part_of(json_t *json, const char *path)
{
	auto_free char *copy = copy_text(path);
	char *rest = copy, *word;
	while (json && (word = strsep(&rest, "."))) {
		char *bracket = strchr(word, '[');
		if (bracket)
			*bracket++ = '\0';
		if (*word)
			json = json_object_get(json, word);
		if (bracket)
			json = json_array_get(json, strtoul(bracket, NULL, 10));
	}
	return json;
}

/* Compares a part with what is written with single quotes; "" is: not there. */
static void
expect(const char *line, const char *path, const char *wanted)
{
	json_t *json = config_of(line);
	if (!json)
		fail_msg("%s: %s", line, failure.text);
	auto_free char *copy = copy_text(wanted);
	for (char *c = copy; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	json_t *found = part_of(json, path);
	json_t *expected = json_loads(copy, JSON_DECODE_ANY, NULL);
	if (!found != !expected || (found && !json_equal(found, expected))) {
		auto_free char *shown =
			found ? json_dumps(found, JSON_ENCODE_ANY) : NULL;
		fail_msg("%s: %s: %s", line, path, shown ?: "not there");
	}
	json_decref(expected);
	json_decref(json);
}

struct row {
	const char *line, *path, *wanted;
};

static void
expect_all(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect(rows[i].line, rows[i].path, rows[i].wanted);
}

static void
process(void **state)
{
	static const struct row rows[] = {
		{ "", "process.args", "['true']" },
		{ "", "process.cwd", "'/'" },
		{ "-w /x", "process.cwd", "'/x'" },
		{ "", "process.terminal", "false" },
		{ "-t", "process.terminal", "true" },
		{ "", "process.env", "['HOSTNAME=host','HOME=/root']" },
		{ "", "process.user",
		  "{'uid':0,'gid':0,'additionalGids':[0]}" },
		{ "", "process.noNewPrivileges", "false" },
		{ "", "process.oomScoreAdj", "" },
		{ "--oom-score-adj -5", "process.oomScoreAdj", "-5" },
		{ "--security-opt apparmor=p", "process.apparmorProfile",
		  "'p'" },
		{ "--security-opt apparmor=unconfined",
		  "process.apparmorProfile", "" },
		{ "--ulimit nofile=1:2 --ulimit core=0", "process.rlimits",
		  "[{'type':'RLIMIT_NOFILE','soft':1,'hard':2},"
		  "{'type':'RLIMIT_CORE','soft':0,'hard':0}]" },
		{ "", "process.rlimits", "[]" },
		{ "", "root", "{'path':'rootfs','readonly':false}" },
		{ "--read-only", "root.readonly", "true" },
		{ "--annotation a=b=c", "annotations", "{'a':'b=c'}" },
		{ "", "annotations", "" },
		{ "", "hostname", "'host'" },
		{ "--domainname x.org", "domainname", "'x.org'" },
		{ "--uts host", "hostname", "" },
	};
	(void)state;
	expect_all(rows, countof(rows));
	facts.user = &other_user;
	expect("", "process.user", "{'uid':5,'gid':6,'additionalGids':[6,7]}");
	expect("", "process.capabilities.effective", "");
	facts.user = &root_user;
	facts.init = "/where/init";
	expect("--init", "process.args", "['/sbin/docker-init','--','true']");
	expect("--init", "mounts[10]",
	       "{'destination':'/sbin/docker-init','type':'bind','source':"
	       "'/where/init','options':['bind','ro','nosuid','nodev']}");
	facts.init = NULL;
	assert_null(config_of("--init"));
	assert_non_null(strstr(failure.text, "there is no init"));
}

/* 2^64 - 1 is more than jansson's numbers have, and less than the runtime's. */
static void
no_limit(void **state)
{
	struct run_wanted wanted;
	auto_oci_config struct oci_config config = { 0 };
	(void)state;
	assert_int_equal(try_line("--ulimit core=5:-1 --annotation "
				  "rlimits=[] -e \"rlimits\":~[]=1", &wanted),
			 0);
	words_add(&wanted.settings.argv, "\"rlimits\": []");
	auto_free char *content = bundle_config(&wanted.settings, &facts);
	run_options_free(&wanted);
	assert_int_equal(oci_config_parse(&config, content, strlen(content)),
			 0);
	assert_int_equal(config.process->rlimit_count, 1);
	assert_int_equal(config.process->rlimits[0].soft, 5);
	assert_true(config.process->rlimits[0].hard == UINT64_MAX);
	assert_string_equal(config.process->args[0], "\"rlimits\": []");
}

static void
namespaces(void **state)
{
#define TYPE(name) "{'type':'" name "'}"
	static const struct row rows[] = {
		{ "", "linux.namespaces",
		  "[" TYPE("mount") "," TYPE("pid") "," TYPE("network") ","
		  TYPE("ipc") "," TYPE("uts") "," TYPE("cgroup") "]" },
		{ "--network none", "linux.namespaces[2]", TYPE("network") },
		{ "--network host --pid host --ipc host --uts host --cgroupns "
		  "host", "linux.namespaces", "[" TYPE("mount") "]" },
		{ "--ipc none --cgroupns private", "linux.namespaces[3]",
		  TYPE("ipc") },
	};
	(void)state;
	expect_all(rows, countof(rows));
	facts.net = "/proc/9/ns/net";
	facts.pid = "/proc/9/ns/pid";
	expect("--network container:x --pid container:x",
	       "linux.namespaces[2]",
	       "{'type':'network','path':'/proc/9/ns/net'}");
	expect("--network container:x --pid container:x",
	       "linux.namespaces[1]",
	       "{'type':'pid','path':'/proc/9/ns/pid'}");
	facts.net = facts.pid = NULL;
	assert_null(config_of("--network container:x"));
	assert_non_null(strstr(failure.text, "container:x is not known"));
}

#define MOUNT(type, source, target, options)                                 \
	"{'destination':'" target "','type':'" type "','source':'" source    \
	"','options':[" options "]}"
#define DEV "'nosuid','noexec','nodev'"
#define FILE_OPTIONS "'rbind','rprivate','nosuid','nodev'"
static void
mounts(void **state)
{
	static const struct row rows[] = {
		{ "", "mounts",
		  "[" MOUNT("proc", "proc", "/proc", DEV) ","
		  MOUNT("tmpfs", "tmpfs", "/dev", "'nosuid','strictatime',"
			"'mode=755','size=65536k'") ","
		  MOUNT("devpts", "devpts", "/dev/pts", "'nosuid','noexec',"
			"'newinstance','ptmxmode=0666','mode=0620','gid=5'") ","
		  MOUNT("sysfs", "sysfs", "/sys", DEV ",'ro'") ","
		  MOUNT("cgroup", "cgroup", "/sys/fs/cgroup",
			DEV ",'relatime','ro'") ","
		  MOUNT("tmpfs", "shm", "/dev/shm",
			DEV ",'mode=1777','size=67108864'") ","
		  MOUNT("mqueue", "mqueue", "/dev/mqueue", DEV) ","
		  MOUNT("bind", "/d/containers/0123/resolv.conf",
			"/etc/resolv.conf", FILE_OPTIONS) ","
		  MOUNT("bind", "/d/containers/0123/hostname",
			"/etc/hostname", FILE_OPTIONS) ","
		  MOUNT("bind", "/d/containers/0123/hosts", "/etc/hosts",
			FILE_OPTIONS) "]" },
		{ "--shm-size 1m", "mounts[5].options[4]", "'size=1048576'" },
		{ "--ipc none", "mounts[5].destination", "'/dev/mqueue'" },
		{ "--ipc host", "mounts[5]",
		  MOUNT("bind", "/dev/shm", "/dev/shm", "'rbind'," DEV) },
		{ "--privileged", "mounts[3].options", "[" DEV "]" },
		{ "--privileged", "mounts[4].options",
		  "[" DEV ",'relatime']" },
		{ "-v /a:/b", "mounts[7]",
		  MOUNT("bind", "/a", "/b", "'rbind','rprivate'") },
		{ "-v /a:/b:ro,rslave", "mounts[7].options",
		  "['rbind','rslave','ro','rro']" },
		{ "-v /a:/b:rslave", "linux.rootfsPropagation", "'rslave'" },
		{ "-v /a:/b:shared", "linux.rootfsPropagation", "'shared'" },
		{ "-v /a:/b", "linux.rootfsPropagation", "" },
		{ "--mount type=bind,src=/,dst=/b,bind-nonrecursive",
		  "mounts[7].options", "['bind','rprivate']" },
		{ "--mount type=bind,src=/,dst=/b,ro,bind-recursive=writable",
		  "mounts[7].options", "['rbind','rprivate','ro']" },
		{ "-v vol:/b:ro", "mounts[7]",
		  MOUNT("bind", "/d/volumes/vol/_data", "/b",
			"'rbind','rprivate','ro','rro'") },
		{ "-v /b", "mounts[7].source", "'/d/volumes/named/_data'" },
		{ "--mount src=v1,dst=/b,ro,volume-opt=type=nfs,volume-opt="
		  "device=:/x,\"volume-opt=o=addr=1.2.3.4,soft\"",
		  "mounts[7]", MOUNT("nfs", ":/x", "/b",
				     "'addr=1.2.3.4','soft','ro'") },
		{ "--tmpfs /t:size=1m,exec,ro", "mounts[7]",
		  MOUNT("tmpfs", "tmpfs", "/t",
			"'ro','nosuid','nodev','size=1m'") },
		/* Somebody's own in place of ours. */
		{ "-v /a:/etc/hosts", "mounts[10]", "" },
	};
	(void)state;
	expect_all(rows, countof(rows));
}

static void
resources(void **state)
{
	static const struct row rows[] = {
		{ "", "linux.resources",
		  "{'devices':[{'allow':false,'access':'rwm'}]}" },
		{ "", "linux.cgroupsPath", "'0123'" },
		{ "--cgroup-parent /x/y", "linux.cgroupsPath", "'/x/y/0123'" },
		{ "-m 8m --memory-swap 9m --memory-reservation 7m "
		  "--memory-swappiness 0 --oom-kill-disable",
		  "linux.resources.memory", "{'limit':8388608,'reservation':"
		  "7340032,'swap':9437184,'swappiness':0,'disableOOMKiller':"
		  "true}" },
		{ "-m 8m --memory-swap -1", "linux.resources.memory.swap",
		  "-1" },
		{ "--cpus 1.5 -c 5 --cpuset-cpus 0 --cpuset-mems 0",
		  "linux.resources.cpu", "{'shares':5,'quota':150000,'period':"
		  "100000,'cpus':'0','mems':'0'}" },
		{ "--cpu-period 5000 --cpu-quota -1", "linux.resources.cpu",
		  "{'quota':-1,'period':5000}" },
		{ "--cpu-rt-period 9 --cpu-rt-runtime 8",
		  "linux.resources.cpu", "{'realtimeRuntime':8,"
					 "'realtimePeriod':9}" },
		{ "--pids-limit 7", "linux.resources.pids", "{'limit':7}" },
		{ "--blkio-weight 10", "linux.resources.blockIO",
		  "{'weight':10}" },
		{ "--sysctl net.ipv4.ip_forward=1 --sysctl kernel.sem=1~2",
		  "linux.sysctl", "{'net.ipv4.ip_forward':'1',"
				  "'kernel.sem':'1 2'}" },
		{ "--device-cgroup-rule c~1:*~rw --device-cgroup-rule "
		  "a~*:*~m", "linux.resources.devices",
		  "[{'allow':false,'access':'rwm'},{'allow':true,'type':'c',"
		  "'access':'rw','major':1},{'allow':true,'type':'a',"
		  "'access':'m'}]" },
		{ "--privileged", "linux.resources.devices",
		  "[{'allow':true,'access':'rwm'}]" },
	};
	(void)state;
	expect_all(rows, countof(rows));
	assert_null(config_of("--device-read-bps /dev/no-such:1"));
	assert_non_null(strstr(failure.text, "stat /dev/no-such: No such"));
	assert_null(config_of("--device-write-iops /dev/null:1"));
	assert_non_null(strstr(failure.text, "not a block device"));
}

static void
devices(void **state)
{
	(void)state;
	expect("--device /dev/null:/dev/x:rw", "linux.devices[0].path",
	       "'/dev/x'");
	expect("--device /dev/null:/dev/x:rw", "linux.devices[0].minor", "3");
	expect("--device /dev/null:/dev/x:rw", "linux.resources.devices[1]",
	       "{'allow':true,'type':'c','major':1,'minor':3,'access':'rw'}");
	assert_null(config_of("--device /dev/no-such"));
	assert_non_null(strstr(failure.text, "error gathering device "
		"information while adding custom device \"/dev/no-such\": No "
		"such file"));
	assert_null(config_of("--device /proc/version:/dev/x"));
	assert_non_null(strstr(failure.text, "not a device node"));
	/* All of the host's, but what is the container's own. */
	json_t *json = config_of("--privileged");
	json_t *list = part_of(json, "linux.devices"), *device;
	bool has_null = false;
	size_t i;
	json_array_foreach(list, i, device) {
		const char *path =
			json_string_value(json_object_get(device, "path"));
		has_null |= strcmp(path, "/dev/null") == 0;
		assert_true(strncmp(path, "/dev/pts/", 9) != 0);
		assert_string_not_equal(path, "/dev/ptmx");
	}
	assert_true(has_null);
	json_decref(json);
}

/* As one number, of the set "bounding". */
static uint64_t
caps(const char *line)
{
	struct run_wanted wanted;
	assert_int_equal(try_line(line, &wanted), 0);
	uint64_t found = bundle_caps(&wanted.settings);
	run_options_free(&wanted);
	return found;
}

static void
capabilities(void **state)
{
	/* CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP,
	 * NET_BIND_SERVICE, NET_RAW, SYS_CHROOT, MKNOD, AUDIT_WRITE, SETFCAP:
	 * what `docker run` shows in CapBnd. */
	const uint64_t usual = 0xa80425fb;
	const uint64_t admin = 1ULL << CAP_SYS_ADMIN;
	const uint64_t chown = 1ULL << CAP_CHOWN;
	const uint64_t all = caps("--privileged");
	(void)state;
	assert_true(caps("") == usual);
	assert_true(caps("--cap-add SYS_ADMIN") == (usual | admin));
	assert_true(caps("--cap-drop chown") == (usual & ~chown));
	assert_true(caps("--cap-drop ALL") == 0);
	assert_true(caps("--cap-drop ALL --cap-add chown") == chown);
	assert_true(caps("--cap-add ALL") == all);
	assert_true(caps("--cap-add ALL --cap-drop chown") == (all & ~chown));
	assert_true(all >= 0x1ffffffffff);
	expect("--cap-drop ALL --cap-add chown", "process.capabilities",
	       "{'bounding':['CAP_CHOWN'],'effective':['CAP_CHOWN'],"
	       "'permitted':['CAP_CHOWN']}");
}

static void
confinement(void **state)
{
	static const struct row rows[] = {
		{ "", "linux.seccomp.defaultAction", "'SCMP_ACT_ERRNO'" },
		{ "--privileged", "linux.seccomp", "" },
		{ "--security-opt seccomp=unconfined", "linux.seccomp", "" },
		{ "", "linux.readonlyPaths[0]", "'/proc/bus'" },
		{ "--privileged", "linux.maskedPaths", "" },
		{ "--privileged", "linux.readonlyPaths", "" },
		{ "--security-opt systempaths=unconfined",
		  "linux.maskedPaths", "" },
	};
	(void)state;
	expect_all(rows, countof(rows));
}

static void
bytes(void **state)
{
	struct run_wanted wanted;
	auto_words struct words args = { 0 }, env = { 0 };
	(void)state;
	expect("-e A=\xff", "process.env[0]", "'HOSTNAME=host'");
	assert_int_equal(try_line("", &wanted), 0);
	words_add(&wanted.settings.argv, "\xff\xc3\xa9");
	words_add(&wanted.settings.env, "A=\xfe");
	words_add(&wanted.settings.env, "HOME=/h");
	auto_free char *content = bundle_config(&wanted.settings, &facts);
	assert_non_null(content);
	assert_non_null(strstr(content, "\"???\""));
	bundle_args(&wanted.settings, &args);
	bundle_env(&wanted.settings, &facts, &env);
	assert_string_equal(args.items[0], "\xff\xc3\xa9");
	assert_string_equal(env.items[0], "A=\xfe");
	assert_string_equal(env.items[2], "HOSTNAME=host");
	assert_int_equal(env.count, 3);
	run_options_free(&wanted);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process),	cmocka_unit_test(no_limit),
		cmocka_unit_test(namespaces),	cmocka_unit_test(mounts),
		cmocka_unit_test(resources),	cmocka_unit_test(devices),
		cmocka_unit_test(capabilities), cmocka_unit_test(confinement),
		cmocka_unit_test(bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
