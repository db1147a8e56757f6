/* run_check.c - parent.  See run_options.h: what only all options of a `run`
 * together show to be wrong, in Docker's words and in the order of Docker. */
#include "run_options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env_file.h"
#include "keep_id.h"
#include "network_options.h"
#include "oci_sysctl.h"
#include "rootless.h"
#include "steps.h"
#include "update_options.h"

/* Longer names of a cgroup's parent a monitor does not take (launch.h). */
#define PARENT_MAX 1900

static bool
is_mode(const char *mode, const char *wanted)
{
	return mode && strcmp(mode, wanted) == 0;
}

/* ---- what comes from files ---------------------------------------------- */

/* Those of the files first: what was typed goes before them. */
static int
read_files(const struct words *files, bool from_us, struct words *pairs)
{
	struct words whole = { 0 };
	int result = 0;
	for (size_t i = 0; i < files->count && result == 0; i++)
		result = env_file_read(files->items[i], from_us, &whole);
	words_add_all(&whole, pairs->items);
	words_free(pairs);
	*pairs = whole;
	return result;
}

/* "key" is "key=", and of the same key the last holds. */
static void
keep_labels(struct run_wanted *wanted)
{
	for (size_t i = 0; i < wanted->labels.count; i++) {
		const char *label = wanted->labels.items[i];
		auto_free char *whole =
			text("%s%s", label + strspn(label, " \t"),
			     strchr(label, '=') ? "" : "=");
		env_replace(&wanted->settings.labels, whole);
	}
}

/* ---- limits ------------------------------------------------------------- */

static int
settle_limits(struct run_wanted *wanted)
{
	struct settings *settings = &wanted->settings;
	settings->limits.oom_kill_disable = wanted->oom_kill_disable;
	if (limits_settle(settings, false) < 0)
		return -1;
	if (settings->oom_score_adj != SETTINGS_UNSET &&
	    (settings->oom_score_adj < -1000 || settings->oom_score_adj > 1000))
		return failx("Invalid value %" PRId64 ", range for oom score "
			     "adj is [-1000, 1000]", settings->oom_score_adj);
	return 0;
}

/* ---- health ------------------------------------------------------------- */

static int
settle_health(struct run_wanted *wanted)
{
	struct health_wanted *health = &wanted->settings.health;
	bool is_said = wanted->health_command || health->interval_ns ||
		       health->timeout_ns || health->start_period_ns ||
		       health->start_interval_ns || health->retries;
	if (wanted->no_health && is_said)
		return failx("--no-healthcheck conflicts with --health-* "
			     "options");
	if (wanted->no_health)
		words_add(&health->test, "NONE");
	if (wanted->health_command) {
		words_add(&health->test, "CMD-SHELL");
		words_add(&health->test, wanted->health_command);
	}
	return 0;
}

/* ---- namespaces --------------------------------------------------------- */

/* "" behind "container:" is no name. */
static bool
is_known(const char *mode, const char *const *known)
{
	const char *other = mode_container(mode);
	if (!mode || (other && *other))
		return true;
	for (; *known; known++)
		if (strcmp(mode, *known) == 0)
			return true;
	return false;
}

static int
check_modes(const struct settings *settings)
{
	static const char *const host[] = { "host", NULL };
	static const char *const cgroup[] = { "host", "private", NULL };
	static const char *const ipc[] = { "none", "private", "shareable",
					   "host", NULL };
	if (!is_known(settings->pid, host))
		return failx("--pid: invalid PID mode");
	if (!is_known(settings->uts, host))
		return failx("--uts: invalid UTS mode");
	if (keep_id_is_wanted(settings) && !rootless_is_inside())
		return failx("--userns=keep-id is for ordinary users: root is "
			     "root inside as it is");
	if (settings->userns && !is_mode(settings->userns, "host") &&
	    !keep_id_is_wanted(settings))
		return failx("--userns: invalid USER mode");
	if (mode_container(settings->cgroupns) ||
	    !is_known(settings->cgroupns, cgroup))
		return failx("--cgroupns: invalid CGROUP mode");
	if (!is_known(settings->ipc, ipc))
		return failx("invalid IPC mode: %s", settings->ipc);
	if (settings->hostname && settings->uts)
		return failx("conflicting options: hostname and the UTS mode");
	return 0;
}

/* A parameter of the host's namespace is the host's. */
static int
check_sysctls(const struct settings *settings, const char *network)
{
	bool host_ipc = is_mode(settings->ipc, "host") ||
			mode_container(settings->ipc);
	for (size_t i = 0; i < settings->sysctls.count; i++) {
		const char *sysctl = settings->sysctls.items[i];
		auto_free char *name =
			text("%.*s", (int)strcspn(sysctl, "="), sysctl);
		const char *kind = oci_sysctl_kind(name);
		if (is_mode(network, "host") && is_mode(kind, "network"))
			return failx("sysctl '%s' is not allowed with the "
				     "host's network", sysctl);
		if (host_ipc && is_mode(kind, "ipc"))
			return failx("sysctl '%s' is not allowed with another "
				     "IPC namespace than its own", sysctl);
	}
	return 0;
}

/* ---- networks ----------------------------------------------------------- */

static int
both_ways(const char *option, const char *noun)
{
	return failx("conflicting options: cannot specify both %s and "
		     "per-network %s", option, noun);
}

static void
move(char **from, char **to)
{
	if (*from)
		*to = take_ptr(from);
}

/* The old options are of the first network, which is the usual one when none
 * was named. */
static int
settle_endpoint(struct run_wanted *wanted)
{
	struct settings *settings = &wanted->settings;
	struct network_wanted *from = &wanted->endpoint;
	bool is_said = from->ip || from->ip6 || from->mac ||
		       from->aliases.count || from->link_local.count;
	if (!is_said)
		return 0;
	if (settings->network_count == 0)
		take_network(settings, "bridge");
	struct network_wanted *to = &settings->networks[0];
	if (from->aliases.count && to->aliases.count)
		return both_ways("--network-alias", "alias");
	if (from->ip && to->ip)
		return both_ways("--ip", "IPv4 address");
	if (from->ip6 && to->ip6)
		return both_ways("--ip6", "IPv6 address");
	if (from->mac && to->mac)
		return both_ways("--mac-address", "MAC address");
	move(&from->ip, &to->ip);
	move(&from->ip6, &to->ip6);
	move(&from->mac, &to->mac);
	words_add_all(&to->aliases, from->aliases.items);
	words_add_all(&to->link_local, from->link_local.items);
	return 0;
}

static int
check_networks(const struct settings *settings)
{
	bool own = false, given = false;
	for (size_t i = 0; i < settings->network_count; i++) {
		const struct network_wanted *network = &settings->networks[i];
		bool is_own = network_is_own(network->name);
		own |= is_own;
		given |= !is_own;
		if (!is_own && network->link_local.count &&
		    !is_mode(network->name, "bridge") &&
		    !is_mode(network->name, "default"))
			return failx("conflicting options: link-local IP "
				     "addresses and the network mode %s",
				     network->name);
		if (!is_own && network->aliases.count)
			return failx("network-scoped aliases are only "
				     "supported for user-defined networks");
		if (!is_own && (network->ip || network->ip6))
			return failx("invalid config for network %s: invalid "
				     "endpoint settings:\nuser-specified IP "
				     "address is supported on user-defined "
				     "networks only", network->name);
		for (size_t j = 0; j < i; j++)
			if (is_mode(network->name, settings->networks[j].name))
				return failx("network \"%s\" is specified "
					     "multiple times", network->name);
	}
	if (own && given)
		return failx("conflicting options: cannot attach both "
			     "user-defined and non-user-defined "
			     "network-modes");
	if (settings->network_count > 1 && given)
		return failx("conflicting options: a container has one of the "
			     "networks bridge, host, none and container:NAME");
	return 0;
}

/* What another container's network has already. */
static int
check_joined(const struct settings *settings, const char *name)
{
	if (!*name)
		return failx("invalid network mode: invalid container format "
			     "container:<name|id>");
	if (settings->hostname)
		return failx("conflicting options: hostname and the network "
			     "mode");
	if (settings->links.count)
		return failx("conflicting options: container type network "
			     "can't be used with links. This would result in "
			     "undefined behavior");
	if (settings->dns.count)
		return failx("conflicting options: dns and the network mode");
	if (settings->hosts.count)
		return failx("conflicting options: custom host-to-IP mapping "
			     "and the network mode");
	if (settings->networks[0].mac)
		return failx("conflicting options: mac-address and the network "
			     "mode");
	if (settings->publish_count || settings->publish_all)
		return failx("conflicting options: port publishing and the "
			     "container type network mode");
	if (settings->expose.count)
		return failx("conflicting options: port exposing and the "
			     "container type network mode");
	return 0;
}

static int
settle_network(struct run_wanted *wanted)
{
	struct settings *settings = &wanted->settings;
	if (settle_endpoint(wanted) < 0 || check_networks(settings) < 0)
		return -1;
	const char *network =
		settings->network_count ? settings->networks[0].name : "bridge";
	const char *other = mode_container(network);
	settings->loopback_only = is_mode(network, "none");
	if (other && check_joined(settings, other) < 0)
		return -1;
	if (is_mode(network, "host") && settings->links.count)
		return failx("conflicting options: host type networking can't "
			     "be used with links. This would result in "
			     "undefined behavior");
	if (settings->loopback_only && settings->publish_count)
		return failx("conflicting options: port publishing and the "
			     "none type network mode");
	return check_sysctls(settings, network);
}

/* ---- mounts ------------------------------------------------------------- */

static int
check_mounts(const struct settings *settings)
{
	const char *driver = settings->volume_driver;
	for (size_t i = 0; i < settings->volume_count; i++) {
		const struct volume *volume = &settings->volumes[i];
		if (volume->driver)
			driver = volume->driver;
		for (size_t j = 0; j < i; j++)
			if (strcmp(volume->target,
				   settings->volumes[j].target) == 0)
				return failx("Duplicate mount point: %s",
					     volume->target);
	}
	if (driver && strcmp(driver, "local") != 0)
		return failx("error looking up volume plugin %s: plugin \"%s\" "
			     "not found", driver, driver);
	return 0;
}

/* ---- the rest ----------------------------------------------------------- */

static void
settle_streams(struct run_wanted *wanted)
{
	struct settings *settings = &wanted->settings;
	bool none = wanted->attach.count == 0;
	settings->attach_stdin = settings->interactive ||
				 words_has(&wanted->attach, "stdin");
	settings->attach_stdout = none || words_has(&wanted->attach, "stdout");
	settings->attach_stderr = none || words_has(&wanted->attach, "stderr");
	if (wanted->detach)
		settings->attach_stdin = settings->attach_stdout =
			settings->attach_stderr = false;
}

static int
check_rest(const struct run_wanted *wanted)
{
	const struct settings *settings = &wanted->settings;
	if (settings->remove && settings->restart)
		return failx("conflicting options: cannot specify both "
			     "--restart and --rm");
	if (is_mode(settings->log_driver, "none") &&
	    settings->log_options.count)
		return failx("invalid logging opts for driver none");
	if (wanted->isolation && !is_mode(wanted->isolation, "default"))
		return failx("invalid isolation (%s): linux only supports "
			     "'default'", wanted->isolation);
	if (wanted->runtime && !is_mode(wanted->runtime, "mydocker-oci"))
		return failx("unknown or invalid runtime name: %s",
			     wanted->runtime);
	if (settings->cgroup_parent &&
	    (strstr(settings->cgroup_parent, "..") ||
	     strlen(settings->cgroup_parent) > PARENT_MAX))
		return failx("invalid cgroup parent: %s",
			     settings->cgroup_parent);
	if (settings->cidfile && access(settings->cidfile, F_OK) == 0)
		return failx("container ID file found, make sure the other "
			     "container isn't running or delete %s",
			     settings->cidfile);
	return 0;
}

char *
run_options_warnings(const struct run_wanted *wanted)
{
	const struct settings *settings = &wanted->settings;
	const char *oom = "", *ports = "", *local = NULL;
	if (wanted->oom_kill_disable && !settings->limits.memory)
		oom = "WARNING: Disabling the OOM killer on containers without "
		      "setting a '-m/--memory' limit may be dangerous.\n";
	for (size_t i = 0; i < settings->dns.count && !local; i++)
		if (strncmp(settings->dns.items[i], "127.", 4) == 0 ||
		    is_mode(settings->dns.items[i], "::1"))
			local = settings->dns.items[i];
	if (settings->publish_count && settings->network_count &&
	    is_mode(settings->networks[0].name, "host"))
		ports = "WARNING: Published ports are discarded when using "
			"host network mode\n";
	return text("%s%s%s%s%s", oom,
		    local ? "WARNING: Localhost DNS setting (--dns=" : "",
		    local ?: "", local ? ") may fail in containers.\n" : "",
		    ports);
}

int
run_options_check(struct run_wanted *wanted)
{
	if (read_files(&wanted->env_files, true, &wanted->env) < 0 ||
	    read_files(&wanted->label_files, false, &wanted->labels) < 0)
		return -1;
	keep_labels(wanted);
	if (check_modes(&wanted->settings) < 0 || settle_health(wanted) < 0 ||
	    check_rest(wanted) < 0 || settle_network(wanted) < 0 ||
	    check_mounts(&wanted->settings) < 0 || settle_limits(wanted) < 0)
		return -1;
	settle_streams(wanted);
	return steps_check_names();
}
