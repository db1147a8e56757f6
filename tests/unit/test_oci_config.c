/* test_oci_config.c - a whole config.json: each value arrives where it belongs,
 * and each mistake is told with its path. */
#include "oci_config.h"

#include <errno.h>
#include <jansson.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "oci_full.h"
#include "test.h"

static int
parse(struct oci_config *config, const char *single)
{
	auto_free char *json = oci_quoted(single);
	failure = (struct failure){ 0 };
	return oci_config_parse(config, json, strlen(json));
}

static struct oci_config
full(void)
{
	struct oci_config config;
	if (parse(&config, oci_full) < 0)
		fail_msg("%s", failure.text);
	return config;
}

/* ---- everything arrives ------------------------------------------------- */

static void
process(void **state)
{
	(void)state;
	auto_oci_config struct oci_config config = full();
	const struct oci_process *p = config.process;
	assert_true(p->terminal);
	assert_int_equal(p->console_size->height, 25);
	assert_int_equal(p->console_size->width, 80);
	assert_int_equal(p->user->uid, 1);
	assert_int_equal(p->user->gid, 2);
	assert_true(p->user->umask.set);
	assert_int_equal(p->user->umask.value, 077);
	assert_int_equal(p->user->additional_gids.count, 2);
	assert_int_equal(p->user->additional_gids.ids[1], 6);
	assert_string_equal(p->args[2], "true");
	assert_null(p->args[3]);
	assert_string_equal(p->env[1], "EMPTY=");
	assert_string_equal(p->cwd, "/root");
	assert_int_equal(p->capabilities->bounding,
			 1 << CAP_CHOWN | 1 << CAP_KILL);
	assert_int_equal(p->capabilities->effective, 1 << CAP_KILL);
	assert_int_equal(p->capabilities->inheritable, 1 << CAP_KILL);
	assert_int_equal(p->capabilities->permitted, 1 << CAP_KILL);
	assert_true(p->capabilities->ambient ==
		    UINT64_C(1) << CAP_CHECKPOINT_RESTORE);
	assert_int_equal(p->rlimit_count, 2);
	assert_int_equal(p->rlimits[1].type, RLIMIT_NOFILE);
	assert_int_equal(p->rlimits[1].soft, 1024);
	assert_true(p->rlimits[1].hard == RLIM_INFINITY);
	assert_true(p->no_new_privileges);
	assert_int_equal(p->oom_score_adj.value, -500);
	assert_int_equal(p->scheduler->policy, 6);
	assert_int_equal(p->scheduler->nice.value, -3);
	assert_int_equal(p->scheduler->flags, 3);
	assert_int_equal(p->scheduler->runtime_ns, 10);
	assert_int_equal(p->scheduler->deadline_ns, 20);
	assert_int_equal(p->scheduler->period_ns, 30);
	assert_int_equal(p->io_priority->class, 3);
	assert_int_equal(p->io_priority->priority, 4);
	assert_string_equal(p->selinux_label, "u:r:t:s0");
	assert_string_equal(p->apparmor_profile, "some");
	assert_string_equal(p->exec_cpu_affinity->initial, "7");
	assert_string_equal(p->exec_cpu_affinity->final, "0-3,7");
}

static void
top(void **state)
{
	(void)state;
	auto_oci_config struct oci_config config = full();
	assert_string_equal(config.version, "1.2.0-rc.1+dev");
	assert_string_equal(config.root->path, "rootfs");
	assert_true(config.root->readonly);
	assert_string_equal(config.hostname, "box");
	assert_string_equal(config.domainname, "example.test");
	assert_int_equal(config.annotations.count, 2);
	assert_string_equal(config.annotations.pairs[0].key,
			    "org.example.key");
	assert_string_equal(config.annotations.pairs[1].value, "");
	assert_null(config.document.warnings);

	const struct oci_hook_list *hooks = config.hooks->of;
	assert_string_equal(hooks[OCI_PRESTART].hooks[0].path, "/h1");
	assert_string_equal(hooks[OCI_PRESTART].hooks[0].args[1], "x");
	assert_string_equal(hooks[OCI_PRESTART].hooks[0].env[0], "A=b");
	assert_int_equal(hooks[OCI_PRESTART].hooks[0].timeout.value, 30);
	assert_string_equal(hooks[OCI_CREATE_RUNTIME].hooks[0].path, "/h2");
	assert_null(hooks[OCI_CREATE_RUNTIME].hooks[0].args);
	assert_false(hooks[OCI_CREATE_RUNTIME].hooks[0].timeout.set);
	assert_string_equal(hooks[OCI_CREATE_CONTAINER].hooks[0].path, "/h3");
	assert_string_equal(hooks[OCI_START_CONTAINER].hooks[0].path, "/h4");
	assert_string_equal(hooks[OCI_POSTSTART].hooks[0].path, "/h5");
	assert_int_equal(hooks[OCI_POSTSTOP].count, 2);
	assert_string_equal(hooks[OCI_POSTSTOP].hooks[1].path, "/h7");
}

static void
kernel(void **state)
{
	(void)state;
	auto_oci_config struct oci_config config = full();
	const struct oci_linux *k = config.kernel;
	assert_int_equal(k->namespace_count, 8);
	assert_string_equal(oci_namespace_find(k, "pid")->path,
			    "/proc/1/ns/pid");
	assert_null(oci_namespace_find(k, "time")->path);
	assert_null(oci_namespace_find(NULL, "time"));
	assert_int_equal(k->uid_mappings[0].size, 32000);
	assert_int_equal(k->gid_mapping_count, 2);
	assert_int_equal(k->gid_mappings[1].container_id, 1);
	assert_int_equal(k->gid_mappings[1].host_id, 100000);
	assert_int_equal(k->time_offset_count, 2);
	assert_string_equal(k->time_offsets[0].clock, "boottime");
	assert_int_equal(k->time_offsets[0].seconds, -5);
	assert_int_equal(k->time_offsets[0].nanoseconds, 999999999);
	assert_int_equal(k->devices[0].major.value, 10);
	assert_int_equal(k->devices[0].minor.value, 229);
	assert_int_equal(k->devices[0].file_mode.value, 0666);
	assert_int_equal(k->devices[0].uid, 1);
	assert_int_equal(k->devices[0].gid, 2);
	assert_string_equal(k->devices[1].type, "p");
	assert_false(k->devices[1].file_mode.set);
	assert_string_equal(k->net_devices[0].host_name, "eth1");
	assert_string_equal(k->net_devices[0].name, "inner%d");
	assert_null(k->net_devices[1].name);
	assert_string_equal(k->cgroups_path, "/my/box");
	assert_int_equal(k->rootfs_propagation, MS_SLAVE);
	assert_int_equal(k->sysctl.count, 2);
	assert_string_equal(k->masked_paths[0], "/proc/kcore");
	assert_string_equal(k->readonly_paths[0], "/proc/sys");
	assert_string_equal(k->mount_label, "u:o:t:s0");
	assert_int_equal(k->personality->domain, 8);
	assert_string_equal(k->intel_rdt->clos_id, "group");
	assert_string_equal(k->intel_rdt->l3_cache_schema, "L3:0=7f0");
	assert_string_equal(k->intel_rdt->mem_bw_schema, "MB:0=20");
	assert_string_equal(k->intel_rdt->schemata[1], "MB:0=20");
	assert_true(k->intel_rdt->enable_cmt && k->intel_rdt->enable_mbm &&
		    k->intel_rdt->enable_monitoring);
	assert_int_equal(k->memory_policy->mode, 2);
	assert_int_equal(k->memory_policy->flags, 1 << 15);
	assert_string_equal(k->memory_policy->nodes, "0");
}

static void
resources(void **state)
{
	(void)state;
	auto_oci_config struct oci_config config = full();
	const struct oci_resources *r = config.kernel->resources;
	assert_int_equal(r->memory->limit.value, 536870912);
	assert_int_equal(r->memory->kernel.value, -1);
	assert_true(r->memory->swappiness.set);
	assert_true(r->memory->use_hierarchy);
	assert_true(r->memory->check_before_update);
	assert_int_equal(r->cpu->quota.value, 1000000);
	assert_int_equal(r->cpu->realtime_period.value, 1000000);
	assert_string_equal(r->cpu->cpus, "2-3");
	assert_true(r->cpu->idle.set);
	assert_int_equal(r->pids->limit, 32771);
	assert_int_equal(r->block_io->leaf_weight.value, 11);
	assert_int_equal(r->block_io->weight_devices[0].weight.value, 500);
	for (int i = 0; i < OCI_THROTTLES; i++)
		assert_int_equal(r->block_io->throttle[i].devices[0].rate,
				 600 + (i == 1 ? 1 : i == 2 ? 2 : i));
	assert_string_equal(r->hugepage_limits[0].page_size, "2MB");
	assert_int_equal(r->network->class_id.value, 1048577);
	assert_string_equal(r->network->priorities[0].name, "eth0");
	assert_string_equal(r->rdma[0].device, "mlx5_1");
	assert_int_equal(r->rdma[0].hca_objects.value, 10000);
	assert_string_equal(r->unified.pairs[0].key, "memory.high");
	assert_false(r->devices[0].allow);
	assert_false(r->devices[0].major.set);
	assert_int_equal(r->devices[1].major.value, 10);
	assert_string_equal(r->devices[1].access, "rw");
}

static void
seccomp(void **state)
{
	(void)state;
	auto_oci_config struct oci_config config = full();
	const struct oci_seccomp *s = config.kernel->seccomp;
	assert_int_equal(s->default_action, SECCOMP_RET_ERRNO);
	assert_int_equal(s->default_errno_ret.value, ENOSYS);
	assert_int_equal(s->architecture_count, 2);
	assert_int_equal(s->architectures[0], AUDIT_ARCH_X86_64);
	assert_int_equal(s->flags, SECCOMP_FILTER_FLAG_LOG);
	assert_string_equal(s->listener_path, "/run/agent");
	assert_string_equal(s->listener_metadata, "opaque");
	assert_int_equal(s->rule_count, 3);
	assert_string_equal(s->rules[0].names[1], "write");
	assert_int_equal(s->rules[1].action, SECCOMP_RET_USER_NOTIF);
	assert_int_equal(s->rules[2].errno_ret.value, EPERM);
	assert_false(s->rules[0].errno_ret.set);
	assert_true(s->rules[2].args[0].value == UINT64_MAX - 127);
	assert_int_equal(s->rules[2].args[0].op, OCI_CMP_MASKED_EQ);
}

/* ---- configs as they are met with --------------------------------------- */

static void
minimal(void **state)
{
	(void)state;
	auto_oci_config struct oci_config config;
	assert_int_equal(parse(&config, "{'ociVersion': '1.0.2', 'root': "
					"{'path': '/r'}}"), 0);
	assert_null(config.process);
	assert_null(config.kernel);
	assert_false(config.root->readonly);
}

/* An engine in Go writes null for what it has not filled in; a pod's container
 * joins the namespaces of another; rules of seccomp have notes for people. */
static void
as_engines_write(void **state)
{
	(void)state;
	auto_oci_config struct oci_config config;
	if (parse(&config,
"{'ociVersion': '1.2.1', 'hooks': {}, 'annotations': null,"
"'process': {'user': {'uid': 0, 'gid': 0, 'additionalGids': null,"
"  'umask': 18}, 'args': ['/pause'], 'cwd': '/', 'env': null,"
"  'capabilities': {}, 'rlimits': [{'type': 'RLIMIT_NPROC',"
"  'hard': 18446744073709551615, 'soft': 18446744073709551615}],"
"  'oomScoreAdj': -998, 'consoleSize': {'height': 0, 'width': 0}},"
"'root': {'path': '/var/lib/x/merged'}, 'hostname': 'pod',"
"'mounts': [{'destination': '/etc/hosts', 'type': 'bind',"
"  'source': '/run/x/hosts', 'options': ['bind', 'rprivate']},"
"  {'destination': '/sys/fs/cgroup', 'type': 'cgroup', 'source': 'cgroup',"
"   'options': ['rprivate', 'nosuid', 'noexec', 'nodev', 'relatime',"
"   'rw']}],"
"'linux': {'resources': {'memory': {}, 'cpu': {'shares': 2},"
"  'devices': [{'allow': false, 'access': 'rwm'}, {'allow': true,"
"  'type': 'c', 'major': 136, 'minor': -1, 'access': 'rwm'}]},"
"  'cgroupsPath': 'kubepods.slice:cri:0123', 'namespaces': ["
"  {'type': 'pid'}, {'type': 'ipc', 'path': '/proc/9/ns/ipc'},"
"  {'type': 'uts', 'path': '/proc/9/ns/uts'}, {'type': 'mount'},"
"  {'type': 'network', 'path': '/run/netns/cni-1'}],"
"  'seccomp': {'defaultAction': 'SCMP_ACT_ERRNO', 'syscalls': [{'names':"
"  ['read'], 'action': 'SCMP_ACT_ALLOW', 'errnoRet': null,"
"  'comment': 'x', 'includes': {'caps': ['CAP_BPF']}}]},"
"  'rootfsPropagation': 'rslave'}, 'windows': 5}") < 0)
		fail_msg("%s", failure.text);
	assert_null(config.process->env);
	assert_null(config.process->console_size);
	assert_int_equal(config.process->user->umask.value, 022);
	assert_string_equal(config.kernel->cgroups_path,
			    "kubepods.slice:cri:0123");
}

static void
unknown_capabilities_are_warnings(void **state)
{
	(void)state;
	auto_oci_config struct oci_config config;
	assert_int_equal(parse(&config,
"{'ociVersion': '1.1.0', 'root': {'path': 'r'}, 'process': {'cwd': '/',"
"'args': ['x'], 'capabilities': {"
"'bounding': ['CAP_KILL', 'CAP_FLY'], 'ambient': ['kill']}}}"), 0);
	assert_int_equal(config.process->capabilities->bounding,
			 1 << CAP_KILL);
	assert_int_equal(config.process->user->uid, 0);
	const struct oci_warning *first = config.document.warnings;
	assert_string_equal(first->text,
			    "process.capabilities.bounding[1]: unknown "
			    "capability CAP_FLY");
	assert_string_equal(first->next->text,
			    "process.capabilities.ambient[0]: unknown "
			    "capability kill");
	assert_null(first->next->next);
}

/* ---- mistakes ----------------------------------------------------------- */

/* Put `value` (NULL: nothing) at "a.0.b" of the document. */
static void
put(json_t *json, const char *path, const char *value)
{
	auto_free char *copy = copy_text(path);
	char *rest = copy, *key = strsep(&rest, ".");
	for (; rest; key = strsep(&rest, "."))
		json = json_is_array(json) ?
			       json_array_get(json, atoi(key)) :
			       json_object_get(json, key);
	assert_non_null(json);
	auto_free char *quoted = value ? oci_quoted(value) : NULL;
	json_t *made = value ? json_loads(quoted, JSON_DECODE_ANY, NULL) :
			       NULL;
	if (value && !made)
		fail_msg("not JSON: %s", value);
	if (json_is_array(json))
		json_array_set_new(json, atoi(key), made);
	else if (value)
		json_object_set_new(json, key, made);
	else
		assert_int_equal(json_object_del(json, key), 0);
}

/* The full one without its big numbers, which jansson cannot carry. */
static json_t *
tree(void)
{
	auto_free char *quoted = oci_quoted(oci_full);
	for (char *big; (big = strstr(quoted, "18446744073709551"));)
		memcpy(big, "9223372036854775807 ", 20);
	json_t *json = json_loads(quoted, 0, NULL);
	assert_non_null(json);
	return json;
}

static int
parse_tree(struct oci_config *config, json_t *json)
{
	auto_free char *content = json_dumps(json, JSON_COMPACT |
							   JSON_ENCODE_ANY);
	failure = (struct failure){ 0 };
	return oci_config_parse(config, content, strlen(content));
}

static const struct mistake {
	const char *path, *value, *message;
} mistakes[] = {
	{ "ociVersion", NULL, "ociVersion: is missing" },
	{ "ociVersion", "'1.0'", "ociVersion: \"1.0\" is not a version such as "
				 "1.3.0" },
	{ "ociVersion", "'1.0.01'", "ociVersion: \"1.0.01\" is not a" },
	{ "ociVersion", "'1.0.0-'", "ociVersion: \"1.0.0-\" is not a" },
	{ "ociVersion", "'1.0.0x'", "ociVersion: \"1.0.0x\" is not a" },
	{ "ociVersion", "'2.0.0'",
	  "ociVersion: 2.0.0: only version 1 is known" },
	{ "root", NULL, "root: is missing" },
	{ "root.path", NULL, "root.path: is missing" },
	{ "root.path", "''", "root.path: is empty" },
	{ "root.readonly", "'yes'",
	  "root.readonly: is a string, must be a boolean" },
	{ "annotations", "{'': 'x'}",
	  "annotations[\"\"]: a name must not be empty" },
	{ "annotations", "{'a.b': 1}",
	  "annotations[\"a.b\"]: is an integer, must be a string" },

	{ "process.cwd", "'tmp'",
	  "process.cwd: \"tmp\" is not an absolute path" },
	{ "process.cwd", NULL, "process.cwd: is missing" },
	{ "process.args", NULL, "process.args: is missing" },
	{ "process.args", "[]", "process.args: is empty: what is to be run?" },
	{ "process.args.1", "null",
	  "process.args[1]: is null, must be a string" },
	{ "process.env.1", "'EMPTY'",
	  "process.env[1]: \"EMPTY\" is not NAME=value" },
	{ "process.env.0", "'=x'", "process.env[0]: \"=x\" is not NAME=value" },
	{ "process.user.uid", NULL, "process.user.uid: is missing" },
	{ "process.user.uid", "-1",
	  "process.user.uid: -1 is out of range: 0 to 4294967294" },
	{ "process.user.gid", "4294967295",
	  "process.user.gid: 4294967295 is out of range: 0 to 4294967294" },
	{ "process.user.umask", "512",
	  "process.user.umask: 512 is out of range: 0 to 511" },
	{ "process.user.additionalGids.1", "-5",
	  "process.user.additionalGids[1]: -5 is out of range" },
	{ "process.consoleSize.width", "65536",
	  "process.consoleSize.width: 65536 is out of range: 0 to 65535" },
	{ "process.rlimits.1.type", "'RLIMIT_FOO'",
	  "process.rlimits[1].type: unknown limit RLIMIT_FOO" },
	{ "process.rlimits.1.type", "'RLIMIT_CORE'",
	  "process.rlimits[1]: RLIMIT_CORE is there twice" },
	{ "process.rlimits.0.soft", "1",
	  "process.rlimits[0]: soft is more than hard" },
	{ "process.rlimits.0.hard", NULL,
	  "process.rlimits[0].hard: is missing" },
	{ "process.oomScoreAdj", "1001",
	  "process.oomScoreAdj: 1001 is out of range: -1000 to 1000" },
	{ "process.scheduler.policy", "'SCHED_FAST'",
	  "process.scheduler.policy: unknown policy SCHED_FAST" },
	{ "process.scheduler.policy", "'SCHED_OTHER'",
	  "process.scheduler: runtime, deadline and period are only for "
	  "SCHED_DEADLINE" },
	{ "process.scheduler.priority", "5",
	  "process.scheduler: priority is only for SCHED_FIFO and SCHED_RR" },
	{ "process.scheduler.nice", "20",
	  "process.scheduler.nice: 20 is out of range: -20 to 19" },
	{ "process.scheduler.flags.1", "'X'",
	  "process.scheduler.flags[1]: unknown flag X" },
	{ "process.ioPriority.class", "'IOPRIO_CLASS_NONE'",
	  "process.ioPriority.class: unknown class IOPRIO_CLASS_NONE" },
	{ "process.ioPriority.priority", "8",
	  "process.ioPriority.priority: 8 is out of range: 0 to 7" },
	{ "process.execCPUAffinity.final", "'3-1'",
	  "process.execCPUAffinity.final: \"3-1\" is not a list such as "
	  "0-3,7" },

	{ "mounts.0.destination", "''", "mounts[0].destination: is empty" },
	{ "mounts.0.destination", "5", "mounts[0].destination: " },
	{ "mounts.0.type", NULL, "mounts[0]: has no type, nor the option bind "
				 "or rbind" },
	{ "mounts.0.type", "'bind'", "mounts[0]: of type bind, without the "
				     "option bind or rbind" },
	{ "mounts.0.options", "['ro', 5]",
	  "mounts[0].options[1]: is an integer, must be a string" },
	{ "mounts.0.options", "['tmpcopyup']",
	  "mounts[0]: tmpcopyup is only for a tmpfs" },
	{ "mounts.1.source", NULL, "mounts[1]: a bind mount needs a source" },
	{ "mounts.1.gidMappings", NULL,
	  "mounts[1]: uidMappings and gidMappings come together, gidMappings "
	  "is missing" },
	{ "mounts.1.uidMappings.0.size", "0",
	  "mounts[1].uidMappings[0]: maps nothing: its size is 0" },

	{ "hooks.poststop.1.path", "'h7'",
	  "hooks.poststop[1].path: \"h7\" is not an absolute path" },
	{ "hooks.prestart.0.timeout", "0",
	  "hooks.prestart[0].timeout: 0 is out of range: 1 to 2147483647" },
	{ "hooks.createRuntime.0.path", NULL,
	  "hooks.createRuntime[0].path: is missing" },

	{ "linux.namespaces.0.type", "'net'",
	  "linux.namespaces[0].type: unknown namespace net" },
	{ "linux.namespaces.0.type", "'network'",
	  "linux.namespaces[1]: network is there twice" },
	{ "linux.namespaces.0.path", "'ns/pid'",
	  "linux.namespaces[0].path: \"ns/pid\" is not an absolute path" },
	{ "linux.namespaces", "[{'type': 'uts'}]",
	  "linux.uidMappings: there is no namespace of type user" },
	{ "linux.namespaces", "[{'type': 'user'}]",
	  "linux.timeOffsets: there is no namespace of type time" },
	{ "linux.namespaces", "[{'type': 'user'}, {'type': 'time'}]",
	  "linux.netDevices: there is no namespace of type network" },
	{ "linux.namespaces", "[{'type': 'user'}, {'type': 'time'}, "
			      "{'type': 'network'}]",
	  "linux.sysctl[\"kernel.shmmax\"]: is the host's: there is no "
	  "namespace of type ipc" },
	{ "linux.namespaces", "[{'type': 'user'}, {'type': 'time'}, "
			      "{'type': 'network'}, {'type': 'ipc'}]",
	  "hostname: is the host's: there is no namespace of type uts" },
	{ "linux.namespaces.7.path", "'/proc/1/ns/time'",
	  "linux.timeOffsets: the namespace of type time is not new" },
	{ "linux.uidMappings", NULL,
	  "linux: uidMappings and gidMappings come together, uidMappings is "
	  "missing" },
	{ "linux.gidMappings", "[]",
	  "linux: uidMappings and gidMappings come together, gidMappings is "
	  "missing" },
	{ "linux.uidMappings.0.size", "0",
	  "linux.uidMappings[0]: maps nothing: its size is 0" },
	{ "linux.uidMappings.0.size", "4294967295",
	  "linux.uidMappings[0]: goes beyond the last id, 4294967294" },
	{ "linux.timeOffsets", "{'realtime': {}}",
	  "linux.timeOffsets.realtime: unknown clock" },
	{ "linux.timeOffsets.boottime.nanosecs", "1000000000",
	  "linux.timeOffsets.boottime.nanosecs: 1000000000 is out of range" },
	{ "linux.devices.0.type", "'x'",
	  "linux.devices[0].type: \"x\" is none of c, u, b and p" },
	{ "linux.devices.0.minor", NULL,
	  "linux.devices[0].minor: is missing" },
	{ "linux.devices.1.type", "'b'",
	  "linux.devices[1].major: is missing" },
	{ "linux.devices.0.path", "'dev/fuse'",
	  "linux.devices[0].path: \"dev/fuse\" is not an absolute path" },
	{ "linux.netDevices", "{'a/b': {}}",
	  "linux.netDevices[\"a/b\"]: no interface can have this name" },
	{ "linux.netDevices.eth1.name", "'a23456789012345678'",
	  "linux.netDevices.eth1: no interface can be called" },
	{ "linux.cgroupsPath", "'/a/../b'",
	  "linux.cgroupsPath: must not lead up by \"..\"" },
	{ "linux.rootfsPropagation", "'up'",
	  "linux.rootfsPropagation: unknown propagation up" },
	{ "linux.sysctl", "{'vm.swappiness': '1'}",
	  "linux.sysctl[\"vm.swappiness\"]: is the host's: no namespace has "
	  "its own" },
	{ "linux.maskedPaths.0", "'kcore'",
	  "linux.maskedPaths[0]: \"kcore\" is not an absolute path" },
	{ "linux.readonlyPaths.0", "''",
	  "linux.readonlyPaths[0]: \"\" is not an absolute path" },
	{ "linux.personality.domain", "'BSD'",
	  "linux.personality.domain: unknown domain BSD" },
	{ "linux.personality.flags", "['X']",
	  "linux.personality.flags[0]: unknown flag X" },
	{ "linux.intelRdt.closID", "'..'",
	  "linux.intelRdt.closID: \"..\" is not the name of a directory" },
	{ "linux.intelRdt.memBwSchema", "'L3:0'",
	  "linux.intelRdt.memBwSchema: does not begin with MB:" },
	{ "linux.intelRdt.memBwSchema", "'MB:0\\nMB:1'",
	  "linux.intelRdt.memBwSchema: has more than one line" },
	{ "linux.memoryPolicy.nodes", "'x'",
	  "linux.memoryPolicy.nodes: \"x\" is not a list such as 0-3,7" },
	{ "linux.memoryPolicy.mode", "'MPOL_X'",
	  "linux.memoryPolicy.mode: unknown mode MPOL_X" },

	{ "linux.resources.memory.limit", "-2",
	  "linux.resources.memory.limit: -2 is out of range: -1 to" },
	{ "linux.resources.memory.swappiness", "101",
	  "linux.resources.memory.swappiness: 101 is out of range" },
	{ "linux.resources.cpu.burst", "1000001",
	  "linux.resources.cpu: burst is more than quota" },
	{ "linux.resources.cpu.cpus", "'a'",
	  "linux.resources.cpu.cpus: \"a\" is not a list such as 0-3,7" },
	{ "linux.resources.cpu.idle", "2",
	  "linux.resources.cpu.idle: 2 is out of range: 0 to 1" },
	{ "linux.resources.pids", "{}",
	  "linux.resources.pids.limit: is missing" },
	{ "linux.resources.blockIO.weight", "65536",
	  "linux.resources.blockIO.weight: 65536 is out of range" },
	{ "linux.resources.blockIO.weightDevice.0",
	  "{'major': 8, 'minor': 0}",
	  "linux.resources.blockIO.weightDevice[0]: has neither weight nor "
	  "leafWeight" },
	{ "linux.resources.blockIO.throttleReadIOPSDevice.0.rate", NULL,
	  "linux.resources.blockIO.throttleReadIOPSDevice[0].rate: is "
	  "missing" },
	{ "linux.resources.hugepageLimits.0.pageSize", "'../2MB'",
	  "linux.resources.hugepageLimits[0].pageSize: \"../2MB\" is not a "
	  "size such as 2MB" },
	{ "linux.resources.network.priorities.0.priority", NULL,
	  "linux.resources.network.priorities[0].priority: is missing" },
	{ "linux.resources.rdma", "{'mlx': {}}",
	  "linux.resources.rdma.mlx: has neither hcaHandles nor hcaObjects" },
	{ "linux.resources.unified", "{'../cgroup.procs': '1'}",
	  "linux.resources.unified[\"../cgroup.procs\"]: is not a file of a "
	  "cgroup" },
	{ "linux.resources.devices.1.type", "'x'",
	  "linux.resources.devices[1].type: \"x\" is neither a, b nor c" },
	{ "linux.resources.devices.1.access", "'rx'",
	  "linux.resources.devices[1].access: \"rx\" is more than r, w and "
	  "m" },
	{ "linux.resources.devices.1.allow", NULL,
	  "linux.resources.devices[1].allow: is missing" },

	{ "linux.seccomp.defaultAction", NULL,
	  "linux.seccomp.defaultAction: is missing" },
	{ "linux.seccomp.defaultAction", "'SCMP_ACT_KILL'",
	  "linux.seccomp.defaultErrnoRet: only SCMP_ACT_ERRNO and "
	  "SCMP_ACT_TRACE return a number" },
	{ "linux.seccomp.architectures.1", "'SCMP_ARCH_VAX'",
	  "linux.seccomp.architectures[1]: unknown architecture "
	  "SCMP_ARCH_VAX" },
	{ "linux.seccomp.flags.0", "'X'",
	  "linux.seccomp.flags[0]: unknown flag X" },
	{ "linux.seccomp.listenerPath", NULL,
	  "linux.seccomp.listenerMetadata: there is no listenerPath" },
	{ "linux.seccomp.syscalls.0.names", "[]",
	  "linux.seccomp.syscalls[0].names: is empty: which system calls?" },
	{ "linux.seccomp.syscalls.0.errnoRet", "1",
	  "linux.seccomp.syscalls[0].errnoRet: only SCMP_ACT_ERRNO and "
	  "SCMP_ACT_TRACE return a number" },
	{ "linux.seccomp.syscalls.2.action", "'SCMP_ACT_FOO'",
	  "linux.seccomp.syscalls[2].action: unknown action SCMP_ACT_FOO" },
	{ "linux.seccomp.syscalls.2.args.0.index", "6",
	  "linux.seccomp.syscalls[2].args[0].index: 6 is out of range: 0 to "
	  "5" },
	{ "linux.seccomp.syscalls.2.args.0.op", "'='",
	  "linux.seccomp.syscalls[2].args[0].op: unknown operator =" },
};

static void
each_mistake(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(mistakes); i++) {
		const struct mistake *mistake = &mistakes[i];
		json_t *json = tree();
		put(json, mistake->path, mistake->value);
		struct oci_config config;
		if (parse_tree(&config, json) == 0)
			fail_msg("taken: %s %s", mistake->path,
				 mistake->value ?: "deleted");
		if (strncmp(failure.text, mistake->message,
			    strlen(mistake->message)) != 0)
			fail_msg("%s\n instead of: %s", failure.text,
				 mistake->message);
		oci_config_free(&config);
		json_decref(json);
	}
}

static void
several_together(void **state)
{
	(void)state;
	struct oci_config config;
	assert_int_equal(parse(&config,
"{'ociVersion': '1.1.0', 'root': {'path': 'r'}, 'mounts': [{'destination':"
"'/a', 'source': 'a', 'options': ['bind', 'ridmap']}]}"), -1);
	assert_string_equal(failure.text,
			    "mounts[0]: idmap needs uidMappings and "
			    "gidMappings, or a namespace of type user");
	oci_config_free(&config);
	assert_int_equal(parse(&config,
"{'ociVersion': '1.1.0', 'root': {'path': 'r'}, 'linux': {'seccomp': {"
"'defaultAction': 'SCMP_ACT_NOTIFY'}}}"), -1);
	assert_string_equal(failure.text,
			    "linux.seccomp.listenerPath: is missing: "
			    "SCMP_ACT_NOTIFY needs it");
	oci_config_free(&config);
	/* As exec's --process has it: its paths begin there. */
	struct oci_document document;
	static const char alone[] = "{\"cwd\":\"x\",\"args\":[\"y\"]}";
	assert_int_equal(oci_document_parse(&document, "process.json", alone,
					    strlen(alone)), 0);
	struct oci_node root = oci_root(&document);
	struct oci_process made = { 0 };
	assert_int_equal(oci_take_fields(&root, &oci_process_shape, &made),
			 -1);
	assert_string_equal(failure.text,
			    "cwd: \"x\" is not an absolute path");
	oci_document_free(&document);
	assert_int_equal(parse(&config, "[]"), -1);
	assert_string_equal(failure.text, "is an array, must be an object");
	oci_config_free(&config);
	assert_int_equal(parse(&config, "{'a': 1, 'a': 2}"), -1);
	oci_config_free(&config);
}

/* ---- every node, spoilt ------------------------------------------------- */

static size_t spoilt, deleted;

static void
spoil(json_t *all, json_t *at, const char *path);

/* Put each of these in the place of a member; what has another type must be
 * refused, with this path or, where it is a matter of several, its parent's. */
static void
replace(json_t *all, json_t *parent, const char *key, size_t index,
	const char *path)
{
	static const char *const values[] = { "'x'", "5", "1.5", "true", "[]",
					      "{}", "-9", "''", "null", "[[]]",
					      "9223372036854775807" };
	bool known = strncmp(path, "unknown", 7) != 0;
	json_t *old = json_incref(key ? json_object_get(parent, key) :
					json_array_get(parent, index));
	for (size_t i = 0; i < countof(values); i++) {
		auto_free char *quoted = oci_quoted(values[i]);
		json_t *bad = json_loads(quoted, JSON_DECODE_ANY, NULL);
		json_type type = json_typeof(bad);
		bool other = type != JSON_NULL && type != json_typeof(old) &&
			     !(json_is_boolean(old) && json_is_boolean(bad));
		if (key)
			json_object_set_new(parent, key, bad);
		else
			json_array_set_new(parent, index, bad);
		struct oci_config config;
		int result = parse_tree(&config, all);
		oci_config_free(&config);
		spoilt++;
		if (!other || !known)
			continue;
		/* A text in the place of a list of lines is allowed. */
		if (strcmp(path, "linux.intelRdt.schemata") == 0 &&
		    type == JSON_STRING)
			continue;
		if (result == 0 ||
		    strncmp(failure.text, path, strlen(path)) != 0)
			fail_msg("%s = %s: %s", path, values[i],
				 result ? failure.text : "is taken");
	}
	if (key)
		json_object_set(parent, key, old);
	else
		json_array_set(parent, index, old);
	json_decref(old);
}

static void
erase(json_t *all, json_t *parent, const char *key)
{
	json_t *old = json_incref(json_object_get(parent, key));
	json_object_del(parent, key);
	struct oci_config config;
	if (parse_tree(&config, all) < 0)
		assert_non_null(strchr(failure.text, ':'));
	oci_config_free(&config);
	json_object_set_new(parent, key, old);
	deleted++;
}

static void
spoil(json_t *all, json_t *at, const char *path)
{
	json_t *keys = json_array(), *name;
	const char *key;
	json_t *value;
	size_t i;
	json_object_foreach(at, key, value)
		json_array_append_new(keys, json_string(key));
	json_array_foreach(keys, i, name) {
		key = json_string_value(name);
		auto_free char *below =
			strchr(key, '.') ? text("%s[\"%s\"]", path, key) :
					   text("%s%s%s", path,
						*path ? "." : "", key);
		replace(all, at, key, 0, below);
		erase(all, at, key);
		spoil(all, json_object_get(at, key), below);
	}
	json_decref(keys);
	for (i = 0; i < json_array_size(at); i++) {
		auto_free char *below = text("%s[%zu]", path, i);
		replace(all, at, NULL, i, below);
		spoil(all, json_array_get(at, i), below);
	}
}

/* That nothing is overlooked, too: a property that is in no table would be
 * taken whatever it is. */
static void
every_node_spoilt(void **state)
{
	(void)state;
	json_t *all = tree();
	spoil(all, all, "");
	struct oci_config config;
	assert_int_equal(parse_tree(&config, all), 0);
	oci_config_free(&config);
	json_decref(all);
	print_message("             %zu spoilt, %zu deleted\n", spoilt,
		      deleted);
	assert_true(spoilt > 1000 && deleted > 150);
}

/* Cut anywhere, the text is no document, and nothing is read beyond it. */
static void
cut_short(void **state)
{
	(void)state;
	auto_free char *json = oci_quoted(oci_full);
	size_t length = strlen(json);
	for (size_t i = 0; i < length; i += 7) {
		char *exactly = new_bytes(i + 1);
		memcpy(exactly, json, i);
		exactly = resize_bytes(exactly, i ?: 1);
		struct oci_config config;
		assert_int_equal(oci_config_parse(&config, exactly, i), -1);
		oci_config_free(&config);
		free(exactly);
	}
}

/* Bytes changed here and there: taken or refused, never more. */
static void
noise(void **state)
{
	(void)state;
	static const char bytes[] = "\"{}[],:0129-.eE\\u\0\xff tn/x";
	auto_free char *json = oci_quoted(oci_full);
	size_t length = strlen(json), refused = 0;
	uint32_t random = 1;
	for (int i = 0; i < 3000; i++) {
		auto_free char *copy = copy_text(json);
		for (int n = 0; n <= i % 3; n++) {
			random = random * 1664525 + 1013904223;
			copy[(random >> 8) % length] =
				bytes[(random >> 3) % sizeof(bytes)];
		}
		struct oci_config config;
		refused += oci_config_parse(&config, copy, length) < 0;
		oci_config_free(&config);
	}
	print_message("             %zu of 3000 refused\n", refused);
	assert_in_range(refused, 1000, 2999);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process),
		cmocka_unit_test(top),
		cmocka_unit_test(kernel),
		cmocka_unit_test(resources),
		cmocka_unit_test(seccomp),
		cmocka_unit_test(minimal),
		cmocka_unit_test(as_engines_write),
		cmocka_unit_test(unknown_capabilities_are_warnings),
		cmocka_unit_test(each_mistake),
		cmocka_unit_test(several_together),
		cmocka_unit_test(every_node_spoilt),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(noise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
