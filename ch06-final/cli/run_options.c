/* run_options.c - parent.  See run_options.h. */
#include "run_options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "steps.h"
#include "units.h"

static int
take_name(void *data, const char *value)
{
	struct config *config = &((struct run_options *)data)->config;
	free_scoped(&config->name);
	config->name = copy_text(value);
	return check_name(value);
}

static int
take_hostname(void *data, const char *value)
{
	struct config *config = &((struct run_options *)data)->config;
	free_scoped(&config->hostname);
	config->hostname = copy_text(value);
	return check_hostname(value);
}

/* Here, and for -w: empty is as if it were not there. */
static int
take_user(void *data, const char *value)
{
	((struct run_options *)data)->user = *value ? value : NULL;
	return 0;
}

static int
take_workdir(void *data, const char *value)
{
	((struct run_options *)data)->workdir = *value ? value : NULL;
	if (*value && *value != '/')
		return failx("the working directory '%s' is invalid, it needs "
			     "to be an absolute path", value);
	return 0;
}

/* Not so here: empty takes the image's away. */
static int
take_entrypoint(void *data, const char *value)
{
	((struct run_options *)data)->entrypoint = value;
	return 0;
}

/* ---- limits ------------------------------------------------------------ */

static int
take_memory(void *data, const char *value)
{
	struct config *config = &((struct run_options *)data)->config;
	if (parse_size(value, &config->limits.memory) < 0)
		return -1;
	if (config->limits.memory < 4 << 20)
		return failx("minimum memory limit allowed is 4MB");
	return 0;
}

static int
take_cpus(void *data, const char *value)
{
	struct config *config = &((struct run_options *)data)->config;
	return parse_cpus(value, &config->limits.cpu_quota_us);
}

static int
take_pids(void *data, const char *value)
{
	struct config *config = &((struct run_options *)data)->config;
	return parse_pids(value, &config->limits.pids);
}

/* ---- files ------------------------------------------------------------- */

/* What lies deeper is mounted later, in whatever order it was asked for. */
static void
add_volume(struct config *config, const struct volume *volume)
{
	size_t at = config->volume_count++;
	config->volumes =
		resize_bytes(config->volumes, config->volume_count *
						      sizeof(*config->volumes));
	for (; at > 0 && path_depth(config->volumes[at - 1].target) >
				 path_depth(volume->target);
	     at--)
		config->volumes[at] = config->volumes[at - 1];
	config->volumes[at] = *volume;
}

static int
take_volume(void *data, const char *value)
{
	struct volume volume;
	if (parse_volume(value, &volume) < 0)
		return -1;
	add_volume(&((struct run_options *)data)->config, &volume);
	return 0;
}

static int
take_tmpfs(void *data, const char *value)
{
	struct volume volume;
	if (parse_tmpfs(value, &volume) < 0)
		return -1;
	add_volume(&((struct run_options *)data)->config, &volume);
	return 0;
}

/* ---- network ----------------------------------------------------------- */

static int
take_publish(void *data, const char *value)
{
	struct config *config = &((struct run_options *)data)->config;
	struct nat_port publish;
	if (parse_publish(value, &publish) < 0)
		return -1;
	config->publish = resize_bytes(config->publish,
				       (config->publish_count + 1) *
					       sizeof(*config->publish));
	config->publish[config->publish_count++] = publish;
	return 0;
}

static int
take_network(void *data, const char *value)
{
	struct config *config = &((struct run_options *)data)->config;
	config->loopback_only = strcmp(value, "none") == 0;
	if (!config->loopback_only && strcmp(value, "bridge") != 0)
		return failx("network %s not found: there are bridge and none",
			     value);
	return 0;
}

/* ---- the rest ---------------------------------------------------------- */

/* "NAME=value", or "NAME": our own value, when we have one. */
static int
take_env(void *data, const char *value)
{
	struct run_options *wanted = data;
	if (value[0] == '=' || value[0] == '\0')
		return failx("invalid environment variable: %s", value);
	if (strchr(value, '=')) {
		words_add(&wanted->env, value);
		return 0;
	}
	const char *ours = getenv(value);
	auto_free char *pair = ours ? text("%s=%s", value, ours) : NULL;
	if (pair)
		words_add(&wanted->env, pair);
	return 0;
}

static int
take_security(void *data, const char *value)
{
	struct config *config = &((struct run_options *)data)->config;
	if (strcmp(value, "systempaths=unconfined") == 0)
		config->unmasked = true;
	else if (strcmp(value, "no-new-privileges") == 0)
		config->no_new_privileges = true;
	else
		return failx("invalid --security-opt: there are "
			     "no-new-privileges and systempaths=unconfined");
	return 0;
}

/* ---- the table --------------------------------------------------------- */

const struct option_row run_option_rows[] = {
	SWITCH('i', "interactive", "Keep STDIN open", struct run_options,
	       config.interactive),
	SWITCH('t', "tty", "Allocate a pseudo-TTY", struct run_options,
	       config.terminal),
	SWITCH(0, "rm", "Remove the container when it exits",
	       struct run_options, config.remove),
	{ 0, "name", "NAME", "Assign a name to the container", take_name, 0 },
	{ 'h', "hostname", "NAME", "Container host name", take_hostname, 0 },
	{ 'u', "user", "USER[:GROUP]", "Name or number, in the image's words",
	  take_user, 0 },
	{ 'w', "workdir", "DIR", "Working directory inside", take_workdir, 0 },
	{ 0, "entrypoint", "FILE", "In place of the image's ENTRYPOINT",
	  take_entrypoint, 0 },
	{ 'e', "env", "K=V", "Set an environment variable", take_env, 0 },
	{ 'm', "memory", "SIZE", "Memory limit: 64m, 1g", take_memory, 0 },
	{ 0, "cpus", "N", "Number of CPUs: 0.5, 2", take_cpus, 0 },
	{ 0, "pids-limit", "N", "Processes and threads (-1: no limit)",
	  take_pids, 0 },
	{ 'v', "volume", "A:B[:ro]", "Bind mount A of the host at B",
	  take_volume, 0 },
	{ 0, "tmpfs", "DIR[:OPTIONS]", "Mount a tmpfs: /tmp:size=64m,exec",
	  take_tmpfs, 0 },
	SWITCH(0, "read-only", "Mount the root file system read-only",
	       struct run_options, config.read_only),
	{ 0, "network", "NAME", "bridge, or none: a loopback alone",
	  take_network, 0 },
	{ 'p', "publish", "[IP:]H:C", "Publish port C at the host's port H",
	  take_publish, 0 },
	{ 0, "security-opt", "OPTION", "systempaths=unconfined, "
	  "no-new-privileges", take_security, 0 },
	{ 0 },
};

int
run_options_check(const struct run_options *wanted)
{
	const struct config *config = &wanted->config;
	if (config->terminal && config->interactive && !isatty(STDIN_FILENO))
		return failx("the input device is not a TTY (leave out -t to "
			     "feed it from a pipe or a file)");
	if (config->loopback_only && config->publish_count)
		return failx("conflicting options: port publishing and the "
			     "none type network mode");
	return steps_check_names();
}

void
run_options_free(struct run_options *wanted)
{
	struct config *config = &wanted->config;
	for (size_t i = 0; i < config->volume_count; i++) {
		free(config->volumes[i].source);
		free(config->volumes[i].target);
		free(config->volumes[i].data);
	}
	free(config->volumes);
	free(config->publish);
	free(config->name);
	free(config->hostname);
	words_free(&wanted->env);
}
