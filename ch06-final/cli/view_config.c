/*
 * view_config.c - parent.  What was asked for of a container, as Docker's
 * Config, HostConfig and Mounts: see view.h.
 *
 * Docker fills in every member, so most of this is one long list each; what
 * does not exist here is as in a container that did not ask for it.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "cgroup_limit.h"
#include "oci_spec.h"
#include "rootfs.h"
#include "view.h"
#include "view_mounts.h"

static void
set(json_t *json, const char *key, json_t *value)
{
	json_object_set_new(json, key, value);
}

static void
set_text(json_t *json, const char *key, const char *value)
{
	set(json, key, json_words(value));
}

/* CGROUP_NONE is -1 for Docker, CGROUP_ZERO 0. */
static void
set_limit(json_t *json, const char *key, uint64_t value)
{
	set(json, key, json_integer(value == CGROUP_NONE ? -1 :
				    value == CGROUP_ZERO ? 0 :
							   (int64_t)value));
}

/* {"80/tcp": {}} */
static json_t *
key_set(const struct words *words)
{
	json_t *set_of = json_object();
	for (size_t i = 0; i < words->count; i++)
		set(set_of, words->items[i], json_object());
	return set_of;
}

/* ---- Config -------------------------------------------------------------- */

static json_t *
health_json(const struct health_wanted *health)
{
	json_t *json = json_pack("{s:o}", "Test", json_list(&health->test));
	static const struct {
		const char *key;
		size_t at;
	} times[] = {
		{ "Interval", offsetof(struct health_wanted, interval_ns) },
		{ "Timeout", offsetof(struct health_wanted, timeout_ns) },
		{ "StartPeriod",
		  offsetof(struct health_wanted, start_period_ns) },
		{ "StartInterval",
		  offsetof(struct health_wanted, start_interval_ns) },
		{ "Retries", offsetof(struct health_wanted, retries) },
	};
	for (size_t i = 0; i < countof(times); i++) {
		int64_t value = *(const int64_t *)((const char *)health +
						   times[i].at);
		if (value)
			set(json, times[i].key, json_integer(value));
	}
	return json;
}

/* What it exposes is what was said so, and what it publishes. */
static json_t *
exposed_json(const struct settings *settings)
{
	json_t *ports = key_set(&settings->expose);
	for (size_t i = 0; i < settings->publish_count; i++) {
		const struct nat_port *port = &settings->publish[i];
		auto_free char *key = text("%u/%s", port->port,
					   nat_protocol_name(port->protocol));
		set(ports, key, json_object());
	}
	return ports;
}

/* The places of its volumes that have no name. */
static json_t *
volumes_json(const struct settings *settings)
{
	json_t *volumes = json_object();
	for (size_t i = 0; i < settings->volume_count; i++)
		if (settings->volumes[i].anonymous)
			set(volumes, settings->volumes[i].target,
			    json_object());
	if (json_object_size(volumes))
		return volumes;
	json_decref(volumes);
	return json_null();
}

json_t *
view_json_config(const struct view *view)
{
	const struct settings *settings = &view->settings;
	json_t *json = json_object();
	auto_free char *short_id = text("%.*s", SHORT_ID, view->record.id);
	set_text(json, "Hostname",
		 settings->hostname ? settings->hostname : short_id);
	set_text(json, "Domainname", settings->domainname);
	set_text(json, "User", settings->user);
	set(json, "AttachStdin", json_boolean(settings->attach_stdin));
	set(json, "AttachStdout", json_boolean(settings->attach_stdout));
	set(json, "AttachStderr", json_boolean(settings->attach_stderr));
	json_t *exposed = exposed_json(settings);
	if (json_object_size(exposed))
		json_object_set(json, "ExposedPorts", exposed);
	json_decref(exposed);
	set(json, "Tty", json_boolean(settings->terminal));
	set(json, "OpenStdin", json_boolean(settings->interactive));
	set(json, "StdinOnce", json_boolean(settings->interactive &&
					    settings->attach_stdin));
	set(json, "Env", json_list(&settings->env));
	set(json, "Cmd", json_list(&settings->cmd));
	if (settings->health.test.count)
		set(json, "Healthcheck", health_json(&settings->health));
	set_text(json, "Image", view->record.image);
	set(json, "Volumes", volumes_json(settings));
	set_text(json, "WorkingDir", settings->cwd);
	set(json, "Entrypoint", json_list(&settings->entrypoint));
	set(json, "OnBuild", json_null());
	set(json, "Labels", json_map(&settings->labels));
	if (settings->stop_signal)
		set_text(json, "StopSignal", settings->stop_signal);
	if (settings->stop_timeout_s && /* zeroed: there is no file */
	    settings->stop_timeout_s != SETTINGS_UNSET)
		set(json, "StopTimeout",
		    json_integer(settings->stop_timeout_s));
	return json;
}

/* ---- Mounts -------------------------------------------------------------- */

json_t *
view_json_mounts(const struct view *view)
{
	const struct settings *settings = &view->settings;
	json_t *list = json_array();
	for (size_t i = 0; i < settings->volume_count; i++) {
		const struct volume *volume = &settings->volumes[i];
		const char *type = volume->type ? volume->type : "bind";
		bool is_volume = strcmp(type, "volume") == 0;
		/* Those of --tmpfs are in HostConfig.Tmpfs, and not here. */
		if (strcmp(type, "tmpfs") == 0 && !volume->by_mount)
			continue;
		auto_free char *data = is_volume && volume->source ?
			text("%s/volumes/%s/_data", view->root,
			     volume->source) : NULL;
		json_t *json = json_object();
		set_text(json, "Type", type);
		if (is_volume)
			set_text(json, "Name", volume->source);
		set_text(json, "Source", data ? data : volume->source);
		set_text(json, "Destination", volume->target);
		if (is_volume)
			set_text(json, "Driver",
				 volume->driver ? volume->driver : "local");
		set_text(json, "Mode", volume->mode);
		set(json, "RW", json_boolean(!(volume->flags & MS_RDONLY)));
		set_text(json, "Propagation",
			 volume->propagation        ? volume->propagation :
			 strcmp(type, "bind") == 0  ? "rprivate" : "");
		json_array_append_new(list, json);
	}
	return list;
}

/* "/src:/dst:ro", and "name:/dst": as -v says them. */
static json_t *
binds_json(const struct settings *settings)
{
	auto_words struct words binds = { 0 };
	for (size_t i = 0; i < settings->volume_count; i++) {
		const struct volume *volume = &settings->volumes[i];
		bool is_tmpfs = volume->type &&
				strcmp(volume->type, "tmpfs") == 0;
		if (is_tmpfs || volume->anonymous || volume->by_mount ||
		    !volume->source)
			continue;
		bool has_mode = volume->mode && *volume->mode;
		auto_free char *bind = text("%s:%s%s%s", volume->source,
					    volume->target,
					    has_mode ? ":" : "",
					    has_mode ? volume->mode : "");
		words_add(&binds, bind);
	}
	return json_list(&binds);
}

/* ---- HostConfig ---------------------------------------------------------- */

static json_t *
bindings_json(const struct settings *settings)
{
	json_t *bindings = json_object();
	for (size_t i = 0; i < settings->publish_count; i++) {
		const struct nat_port *port = &settings->publish[i];
		char room[IPAM_ADDRESS_SIZE];
		auto_free char *key = text("%u/%s", port->port,
					   nat_protocol_name(port->protocol));
		auto_free char *number =
			port->host_port_last ? text("%u-%u", port->host_port,
						    port->host_port_last) :
			port->host_port ? text("%u", port->host_port) :
					  copy_text("");
		json_t *list = json_object_get(bindings, key);
		if (!list) {
			list = json_array();
			set(bindings, key, list);
		}
		json_array_append_new(
			list, json_pack("{s:s, s:s}", "HostIp",
					port->host_address ?
						ipam_format(port->host_address,
							    room) : "",
					"HostPort", number));
	}
	return bindings;
}

static json_t *
rates_json(const struct device_rates *rates, const char *what)
{
	if (!rates->count)
		return json_null();
	json_t *list = json_array();
	for (size_t i = 0; i < rates->count; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:I}", "Path",
					rates->list[i].path, what,
					(json_int_t)rates->list[i].rate));
	return list;
}

static json_t *
devices_json(const struct settings *settings)
{
	json_t *list = json_array();
	for (size_t i = 0; i < settings->device_count; i++) {
		const struct device_wanted *device = &settings->devices[i];
		json_t *json = json_object();
		set_text(json, "PathOnHost", device->host);
		set_text(json, "PathInContainer", device->target);
		set_text(json, "CgroupPermissions", device->access);
		json_array_append_new(list, json);
	}
	return list;
}

/* Of a container to which all of /proc and /sys is open there are none. */
static json_t *
paths_json(bool is_open, const char *const *paths)
{
	return is_open ? json_null() : oci_spec_strings(paths);
}

static json_t *
ulimits_json(const struct settings *settings)
{
	if (!settings->ulimit_count)
		return json_null();
	json_t *list = json_array();
	for (size_t i = 0; i < settings->ulimit_count; i++) {
		const struct ulimit *ulimit = &settings->ulimits[i];
		json_array_append_new(
			list, json_pack("{s:s, s:I, s:I}", "Name",
					ulimit->name, "Hard",
					(json_int_t)ulimit->hard, "Soft",
					(json_int_t)ulimit->soft));
	}
	return list;
}

static json_t *
security_json(const struct settings *settings)
{
	auto_words struct words options = { 0 };
	if (settings->no_new_privileges)
		words_add(&options, "no-new-privileges");
	if (settings->unmasked)
		words_add(&options, "systempaths=unconfined");
	const char *const named[][2] = { { "seccomp", settings->seccomp },
					 { "apparmor", settings->apparmor } };
	for (size_t i = 0; i < countof(named); i++) {
		auto_free char *option = named[i][1] ?
			text("%s=%s", named[i][0], named[i][1]) : NULL;
		if (option)
			words_add(&options, option);
	}
	for (size_t i = 0; i < settings->security_labels.count; i++)
		words_add(&options, settings->security_labels.items[i]);
	return json_list(&options);
}

/* How Docker calls the network that it was started on. */
static const char *
network_mode(const struct settings *settings)
{
	if (settings->loopback_only)
		return "none";
	if (settings->network_count && settings->networks[0].name)
		return settings->networks[0].name;
	return "bridge";
}

/* Its life, and whose namespaces it has. */
static void
add_life(json_t *json, const struct settings *settings, bool remove)
{
	set(json, "Binds", binds_json(settings));
	set_text(json, "ContainerIDFile", settings->cidfile);
	set(json, "LogConfig",
	    json_pack("{s:s, s:o}", "Type",
		      settings->log_driver ? settings->log_driver :
					     "json-file",
		      "Config", json_map(&settings->log_options)));
	set_text(json, "NetworkMode", network_mode(settings));
	set(json, "PortBindings", bindings_json(settings));
	set(json, "RestartPolicy",
	    json_pack("{s:s, s:I}", "Name",
		      settings->restart ? settings->restart : "no",
		      "MaximumRetryCount",
		      (json_int_t)settings->restart_max));
	set(json, "AutoRemove", json_boolean(remove));
	set_text(json, "VolumeDriver", settings->volume_driver);
	set(json, "VolumesFrom", json_list(&settings->volumes_from));
	set(json, "ConsoleSize",
	    json_pack("[I,I]", (json_int_t)(settings->window >> 16),
		      (json_int_t)(settings->window & 0xffff)));
	set(json, "CapAdd", json_list(&settings->cap_add));
	set(json, "CapDrop", json_list(&settings->cap_drop));
	set_text(json, "CgroupnsMode",
		 settings->cgroupns ? settings->cgroupns : "private");
	set(json, "Dns", json_list(&settings->dns));
	set(json, "DnsOptions", json_list(&settings->dns_options));
	set(json, "DnsSearch", json_list(&settings->dns_search));
	set(json, "ExtraHosts", json_list(&settings->hosts));
	set(json, "GroupAdd", json_list(&settings->groups));
	set_text(json, "IpcMode", settings->ipc ? settings->ipc : "private");
	set_text(json, "Cgroup", "");
	set(json, "Links", json_list(&settings->links));
	set(json, "OomScoreAdj",
	    json_integer(settings->oom_score_adj == SETTINGS_UNSET ?
				 0 : settings->oom_score_adj));
	set_text(json, "PidMode", settings->pid);
	set(json, "Privileged", json_boolean(settings->privileged));
	set(json, "PublishAllPorts", json_boolean(settings->publish_all));
	set(json, "ReadonlyRootfs", json_boolean(settings->read_only));
	set(json, "SecurityOpt", security_json(settings));
	set_text(json, "UTSMode", settings->uts);
	set_text(json, "UsernsMode", settings->userns);
	set(json, "ShmSize", json_integer(settings->shm_size ?
						  settings->shm_size :
						  64 << 20));
	set_text(json, "Runtime", "mydocker-oci");
	set_text(json, "Isolation", "");
}

static void
add_cpu_and_io(json_t *json, const struct settings *settings)
{
	const struct cgroup_limits *limits = &settings->limits;
	set_limit(json, "CpuShares", limits->cpu_shares);
	set_limit(json, "Memory", limits->memory);
	set(json, "NanoCpus", json_integer(settings->nano_cpus));
	set_text(json, "CgroupParent", settings->cgroup_parent);
	set_limit(json, "BlkioWeight", limits->io_weight);
	set(json, "BlkioWeightDevice",
	    rates_json(&settings->io_weights, "Weight"));
	set(json, "BlkioDeviceReadBps",
	    rates_json(&settings->read_bps, "Rate"));
	set(json, "BlkioDeviceWriteBps",
	    rates_json(&settings->write_bps, "Rate"));
	set(json, "BlkioDeviceReadIOps",
	    rates_json(&settings->read_iops, "Rate"));
	set(json, "BlkioDeviceWriteIOps",
	    rates_json(&settings->write_iops, "Rate"));
	/* --cpus is told as NanoCpus alone. */
	set_limit(json, "CpuPeriod",
		  settings->nano_cpus ? 0 : limits->cpu_period_us);
	set_limit(json, "CpuQuota",
		  settings->nano_cpus ? 0 : limits->cpu_quota_us);
	set(json, "CpuRealtimePeriod",
	    json_integer(settings->realtime_period_us));
	set(json, "CpuRealtimeRuntime",
	    json_integer(settings->realtime_runtime_us));
	set_text(json, "CpusetCpus", limits->cpuset_cpus);
	set_text(json, "CpusetMems", limits->cpuset_mems);
}

/* With a limit of memory alone Docker sets swap to as much again. */
static int64_t
memory_swap(const struct cgroup_limits *limits)
{
	if (limits->memory_swap == CGROUP_SWAP_KEEP)
		return 0;
	if (limits->memory_swap == 0)
		return 2 * (int64_t)limits->memory;
	return limits->memory_swap;
}

static void
add_rest(json_t *json, const struct settings *settings)
{
	const struct cgroup_limits *limits = &settings->limits;
	set(json, "Devices", devices_json(settings));
	set(json, "DeviceCgroupRules", json_list(&settings->device_rules));
	set(json, "DeviceRequests", json_null());
	set_limit(json, "MemoryReservation", limits->memory_reservation);
	set(json, "MemorySwap", json_integer(memory_swap(limits)));
	set(json, "MemorySwappiness", json_null());
	if (limits->swappiness)
		set_limit(json, "MemorySwappiness", limits->swappiness);
	set(json, "OomKillDisable", json_null());
	if (limits->oom_kill_disable)
		set(json, "OomKillDisable",
		    json_boolean(limits->oom_kill_disable == 1));
	set(json, "PidsLimit", json_null());
	if (limits->pids)
		set_limit(json, "PidsLimit", limits->pids);
	set(json, "Ulimits", ulimits_json(settings));
	bool is_open = settings->unmasked || settings->privileged;
	set(json, "MaskedPaths", paths_json(is_open, rootfs_masked_paths));
	set(json, "ReadonlyPaths",
	    paths_json(is_open, rootfs_readonly_default));
	set(json, "CpuCount", json_integer(0));
	set(json, "CpuPercent", json_integer(0));
	set(json, "IOMaximumIOps", json_integer(0));
	set(json, "IOMaximumBandwidth", json_integer(0));
	if (settings->sysctls.count)
		set(json, "Sysctls", json_map(&settings->sysctls));
	if (settings->annotations.count)
		set(json, "Annotations", json_map(&settings->annotations));
	if (settings->init)
		set(json, "Init", json_true());
}

/* --tmpfs, and not --mount: {"/run": "size=64m"}. */
static void
add_tmpfs(json_t *json, const struct settings *settings)
{
	json_t *tmpfs = json_object();
	for (size_t i = 0; i < settings->volume_count; i++) {
		const struct volume *volume = &settings->volumes[i];
		if (volume->type && strcmp(volume->type, "tmpfs") == 0 &&
		    !volume->by_mount)
			set_text(tmpfs, volume->target, volume->mode);
	}
	if (json_object_size(tmpfs))
		json_object_set(json, "Tmpfs", tmpfs);
	json_decref(tmpfs);
}

json_t *
view_json_host_config(const struct view *view)
{
	json_t *json = json_object();
	add_life(json, &view->settings, view->record.remove);
	add_cpu_and_io(json, &view->settings);
	add_rest(json, &view->settings);
	add_tmpfs(json, &view->settings);
	set(json, "Mounts", view_json_wanted_mounts(&view->settings));
	return json;
}
