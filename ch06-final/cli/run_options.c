/* run_options.c - parent.  See run_options.h. */
#include "run_options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env_file.h"
#include "log_limits.h"
#include "mount_options.h"
#include "network_options.h"
#include "ports.h"
#include "security_options.h"
#include "signals.h"
#include "units.h"
#include "update_options.h"

/* ---- what it is called -------------------------------------------------- */

static int
take_name(void *member, const char *value)
{
	option_take_text(member, value);
	return check_name(value);
}

static int
take_hostname(void *member, const char *value)
{
	option_take_text(member, value);
	return check_hostname(value);
}

/* ---- its program -------------------------------------------------------- */

static int
take_workdir(void *member, const char *value)
{
	if (*value && *value != '/')
		return failx("the working directory '%s' is invalid, it needs "
			     "to be an absolute path", value);
	return take_text(member, value);
}

static int
take_env(void *words, const char *value)
{
	if (value[0] == '=' || value[0] == '\0')
		return failx("invalid environment variable: %s", value);
	env_add(value, true, words);
	return 0;
}

static int
take_attach(void *words, const char *value)
{
	static const char *const streams[] = { "stdin", "stdout", "stderr" };
	for (size_t i = 0; i < countof(streams); i++)
		if (strcasecmp(value, streams[i]) == 0)
			return option_take_word(words, streams[i]);
	return failx("valid streams are STDIN, STDOUT and STDERR");
}

/* ---- its life ----------------------------------------------------------- */

static int
take_stop_signal(void *member, const char *value)
{
	int number;
	if (signal_parse(value, &number) < 0 || number == 0)
		return failx("invalid signal: %s", value);
	return option_take_text(member, value);
}

static int
take_stop_timeout(void *member, const char *value)
{
	return parse_integer(value, INT32_MIN, INT32_MAX, member);
}

static int
take_retries(void *member, const char *value)
{
	if (parse_integer(value, INT32_MIN, INT32_MAX, member) < 0)
		return -1;
	return *(int64_t *)member < 0 ? failx("it cannot be negative") : 0;
}

static int
take_duration(void *member, const char *value)
{
	int64_t ns;
	if (parse_go_duration(value, &ns) < 0)
		return -1;
	if (ns < 0)
		return failx("it cannot be negative");
	if (ns && ns < 1000000)
		return failx("it cannot be less than 1ms");
	*(int64_t *)member = ns;
	return 0;
}

static int
take_log_driver(void *member, const char *value)
{
	if (*value && strcmp(value, "json-file") != 0 &&
	    strcmp(value, "none") != 0)
		return failx("logger: no log driver named '%s' is registered",
			     value);
	return take_text(member, value);
}

static int
take_log_option(void *words, const char *value)
{
	struct log_limits limits;
	return log_limits_take(&limits, value) < 0 ?
		       -1 : option_take_word(words, value);
}

static int
take_pull(void *member, const char *value)
{
	if (*value && strcmp(value, "always") != 0 &&
	    strcmp(value, "missing") != 0 && strcmp(value, "never") != 0)
		return failx("invalid pull option: '%s': must be one of "
			     "\"always\", \"missing\" or \"never\"", value);
	return take_text(member, value);
}

/* ---- its files and its ports -------------------------------------------- */

static int
add(int result, struct settings *settings, const struct volume *volume)
{
	if (result == 0)
		volume_add(settings, volume);
	return result;
}

static int
take_volume(void *settings, const char *value)
{
	struct volume volume;
	return add(parse_volume(value, &volume), settings, &volume);
}

static int
take_tmpfs(void *settings, const char *value)
{
	struct volume volume;
	return add(parse_tmpfs(value, &volume), settings, &volume);
}

static int
take_mount(void *settings, const char *value)
{
	struct volume volume;
	return add(parse_mount(value, &volume), settings, &volume);
}

static int
take_volumes_from(void *words, const char *value)
{
	const char *mode = strchr(value, ':');
	if (!*value || mode == value)
		return failx("invalid volumes-from specification: '%s'",
			     value);
	if (mode && strcmp(mode, ":ro") != 0 && strcmp(mode, ":rw") != 0 &&
	    strcmp(mode, ":z") != 0 && strcmp(mode, ":Z") != 0)
		return failx("invalid mode: %s", mode + 1);
	return option_take_word(words, value);
}

static int
take_publish(void *data, const char *value)
{
	struct settings *settings = data;
	return parse_publish(value, &settings->publish,
			     &settings->publish_count);
}

static int
take_expose(void *words, const char *value)
{
	return parse_expose(value, words);
}

/* ---- what there is not -------------------------------------------------- */

static int
refuse_gpus(void *data, const char *value)
{
	(void)data;
	(void)value;
	return failx("could not select device driver \"\" with capabilities: "
		     "[[gpu]]; name its devices with --device");
}

static int
refuse_storage(void *data, const char *value)
{
	(void)data;
	return strchr(value, '=') ?
		       failx("--storage-opt is supported only for overlay over "
			     "xfs with 'pquota' mount option") :
		       failx("invalid storage option");
}

/* ---- the table ---------------------------------------------------------- */

#define W struct run_wanted
#define S(letter, name, value, help, take, member) \
	MEMBER(letter, name, value, help, take, struct run_wanted, \
	       settings.member)
#define ALL(letter, name, value, help, take) \
	MEMBER(letter, name, value, help, take, struct run_wanted, settings)

const struct option_row run_option_rows[] = {
	/* RUN_ONLY_ROWS */
	SWITCH('d', "detach", "Run it in the background and print its id", W,
	       detach),
	MEMBER(0, "detach-keys", "string", "The keys that detach from it",
	       option_take_text, W, detach_keys),
	SWITCH(0, "sig-proxy", "Pass signals on to its process (default true)",
	       W, sig_proxy),

	S(0, "add-host", "list", "Add a name to /etc/hosts (host:ip)",
	  take_host, hosts),
	S(0, "annotation", "map", "Add an annotation for the OCI runtime",
	  option_take_word, annotations),
	MEMBER('a', "attach", "list", "Attach to STDIN, STDOUT or STDERR",
	       take_attach, W, attach),
	S(0, "blkio-weight-device", "list", "The same of one disk "
	  "(/dev/sda:500)", take_weight, io_weights),
	S(0, "cap-add", "list", "Add a capability", take_capability, cap_add),
	S(0, "cap-drop", "list", "Take a capability away", take_capability,
	  cap_drop),
	S(0, "cgroup-parent", "string", "The cgroup that its own is put in",
	  take_text, cgroup_parent),
	S(0, "cgroupns", "string", "Cgroup namespace (host|private)",
	  take_text, cgroupns),
	S(0, "cidfile", "string", "Write its id to this file",
	  take_text, cidfile),
	ALL(0, "device", "list", "Give it a device of the host's",
	    take_device),
	S(0, "device-cgroup-rule", "list", "Allow it devices (c 1:3 rwm)",
	  take_device_rule, device_rules),
	S(0, "device-read-bps", "list", "Bytes a second read from a disk",
	  take_bps, read_bps),
	S(0, "device-read-iops", "list", "Reads a second from a disk",
	  take_iops, read_iops),
	S(0, "device-write-bps", "list", "Bytes a second written to a disk",
	  take_bps, write_bps),
	S(0, "device-write-iops", "list", "Writes a second to a disk",
	  take_iops, write_iops),
	SWITCH(0, "disable-content-trust", NULL, W, distrust),
	S(0, "dns", "list", "Name servers", take_dns, dns),
	S(0, "dns-opt", "list", NULL, option_take_word, dns_options),
	S(0, "dns-option", "list", "Options of resolv.conf",
	  option_take_word, dns_options),
	S(0, "dns-search", "list", "Domains to look names up in",
	  take_dns_search, dns_search),
	S(0, "domainname", "string", "NIS domain name", take_text, domainname),
	MEMBER(0, "entrypoint", "string", "In place of the image's ENTRYPOINT",
	       option_take_text, W, entrypoint),
	MEMBER('e', "env", "list", "Set an environment variable", take_env, W,
	       env),
	MEMBER(0, "env-file", "list", "Read environment variables from a file",
	       option_take_word, W, env_files),
	S(0, "expose", "list", "A port, or a range, that it serves",
	  take_expose, expose),
	ALL(0, "gpus", "gpu-request", "GPUs: refused, see --device",
	    refuse_gpus),
	S(0, "group-add", "list", "One more group to be in",
	  option_take_word, groups),
	MEMBER(0, "health-cmd", "string", "The command that tells its health",
	       take_text, W, health_command),
	S(0, "health-interval", "duration", "Time between two checks "
	  "(ms|s|m|h)", take_duration, health.interval_ns),
	S(0, "health-retries", "int", "Failures in a row that mean unhealthy",
	  take_retries, health.retries),
	S(0, "health-start-interval", "duration", "Time between two checks "
	  "while it starts", take_duration, health.start_interval_ns),
	S(0, "health-start-period", "duration", "Time to start, in which "
	  "failures do not count", take_duration, health.start_period_ns),
	S(0, "health-timeout", "duration", "Time that one check may take",
	  take_duration, health.timeout_ns),
	S('h', "hostname", "string", "Container host name", take_hostname,
	  hostname),
	SWITCH(0, "init", "Run an init that forwards signals and reaps", W,
	       settings.init),
	SWITCH('i', "interactive", "Keep STDIN open even if not attached", W,
	       settings.interactive),
	MEMBER(0, "ip", "string", "IPv4 address (172.30.100.104)", take_ip, W,
	       endpoint.ip),
	MEMBER(0, "ip6", "string", "IPv6 address (2001:db8::33)", take_ip6, W,
	       endpoint.ip6),
	S(0, "ipc", "string", "IPC mode: private, shareable, host, none, "
	  "container:NAME", take_text, ipc),
	MEMBER(0, "isolation", "string", "Container isolation technology",
	       take_text, W, isolation),
	MEMBER('l', "label", "list", "Set a label (key=value)",
	       option_take_label, W, labels),
	MEMBER(0, "label-file", "list", "Read labels from a file",
	       option_take_word, W, label_files),
	S(0, "link", "list", "Know another container by name (name:alias)",
	  take_link, links),
	MEMBER(0, "link-local-ip", "list", "Address of its link alone "
	       "(169.254.3.4)", take_link_local, W, endpoint.link_local),
	S(0, "log-driver", "string", "json-file or none", take_log_driver,
	  log_driver),
	S(0, "log-opt", "list", "max-size=10m, max-file=3", take_log_option,
	  log_options),
	MEMBER(0, "mac-address", "string", "MAC address (92:d0:c6:0a:29:33)",
	       take_mac, W, endpoint.mac),
	S(0, "memory-swappiness", "int", "How readily it is swapped, 0 to 100 "
	  "(-1: the usual)", take_swappiness, limits),
	ALL(0, "mount", "mount", "Mount something: type=bind,src=/a,dst=/b",
	    take_mount),
	S(0, "name", "string", "Assign a name to the container", take_name,
	  name),
	ALL(0, "net", "network", NULL, take_network),
	MEMBER(0, "net-alias", "list", NULL, option_take_word, W,
	       endpoint.aliases),
	ALL(0, "network", "network", "bridge, host, none, container:NAME, or "
	    "one of yours", take_network),
	MEMBER(0, "network-alias", "list", "One more name on its network",
	       option_take_word, W, endpoint.aliases),
	SWITCH(0, "no-healthcheck", "Do without the image's HEALTHCHECK", W,
	       no_health),
	SWITCH(0, "oom-kill-disable", "Wait for memory, do not die", W,
	       oom_kill_disable),
	S(0, "oom-score-adj", "int", "Whom the host kills first, -1000 to "
	  "1000", take_number, oom_score_adj),
	S(0, "pid", "string", "PID namespace: host, container:NAME", take_text,
	  pid),
	S(0, "pids-limit", "int", "Processes and threads (-1: no limit)",
	  take_pids, limits),
	S(0, "platform", "string", "The image for this platform "
	  "(linux/amd64)", take_text, platform),
	SWITCH(0, "privileged", "Everything that root may, and all devices", W,
	       settings.privileged),
	ALL('p', "publish", "list", "Publish a port: [[IP:]HOST:]CONTAINER",
	    take_publish),
	SWITCH('P', "publish-all", "Publish all exposed ports at free ones", W,
	       settings.publish_all),
	MEMBER(0, "pull", "string", "Pull the image first (always|missing|"
	       "never)", take_pull, W, pull),
	SWITCH('q', "quiet", "Say nothing while an image is pulled", W, quiet),
	SWITCH(0, "read-only", "Mount the root file system read-only", W,
	       settings.read_only),
	ALL(0, "restart", "string", "no, on-failure[:max], always, "
	    "unless-stopped", take_restart),
	SWITCH(0, "rm", "Remove it and its anonymous volumes after it",
	       W, settings.remove),
	MEMBER(0, "runtime", "string", "Runtime to use: there is one",
	       take_text, W, runtime),
	ALL(0, "security-opt", "list", "no-new-privileges, seccomp=FILE, "
	    "apparmor=NAME, systempaths=unconfined", take_security),
	S(0, "shm-size", "bytes", "Size of /dev/shm (64m)", take_size,
	  shm_size),
	S(0, "stop-signal", "string", "The signal that stops it",
	  take_stop_signal, stop_signal),
	S(0, "stop-timeout", "int", "Seconds until it is killed (10)",
	  take_stop_timeout, stop_timeout_s),
	ALL(0, "storage-opt", "list", "Refused: there are none",
	    refuse_storage),
	S(0, "sysctl", "map", "Set a kernel parameter of its namespaces",
	  take_sysctl, sysctls),
	ALL(0, "tmpfs", "list", "Mount a tmpfs: /tmp:size=64m,exec",
	    take_tmpfs),
	SWITCH('t', "tty", "Allocate a pseudo-TTY", W, settings.terminal),
	ALL(0, "ulimit", "ulimit", "Limit its processes: nofile=1024:2048",
	    take_ulimit),
	S('u', "user", "string", "Name or number (USER[:GROUP])", take_text,
	  user),
	S(0, "userns", "string", "User namespace: host, keep-id", take_text,
	  userns),
	S(0, "uts", "string", "UTS namespace: host, container:NAME", take_text,
	  uts),
	ALL('v', "volume", "list", "Mount a directory or a volume: A:B[:ro]",
	    take_volume),
	S(0, "volume-driver", "string", "Driver of its volumes: local",
	  take_text, volume_driver),
	S(0, "volumes-from", "list", "Mount the volumes of another container",
	  take_volumes_from, volumes_from),
	S('w', "workdir", "string", "Working directory inside", take_workdir,
	  cwd),
	UPDATE_ROWS(W),
	{ 0 },
};

const char *const run_everyday[] = {
	"cpus", "detach", "entrypoint", "env", "env-file", "hostname", "init",
	"interactive", "label", "memory", "mount", "name", "network",
	"privileged", "publish", "read-only", "restart", "rm", "tmpfs", "tty",
	"user", "volume", "workdir", NULL,
};

void
run_options_free(struct run_wanted *wanted)
{
	struct words *const lists[] = {
		&wanted->env, &wanted->env_files, &wanted->labels,
		&wanted->label_files, &wanted->attach,
		&wanted->endpoint.aliases, &wanted->endpoint.link_local,
	};
	char *const texts[] = {
		wanted->entrypoint, wanted->health_command, wanted->endpoint.ip,
		wanted->endpoint.ip6, wanted->endpoint.mac, wanted->pull,
		wanted->detach_keys, wanted->runtime, wanted->isolation,
	};
	for (size_t i = 0; i < countof(lists); i++)
		words_free(lists[i]);
	for (size_t i = 0; i < countof(texts); i++)
		free(texts[i]);
	settings_free(&wanted->settings);
	*wanted = (struct run_wanted)RUN_WANTED;
}
