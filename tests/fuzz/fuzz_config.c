/*
 * fuzz_config.c - the texts that say what a container is to be, and that a
 * stranger's bundle may have: config.json, exec's process.json, and the
 * resources of update.  Every input is given to all three: what one of them
 * does not know it passes over.
 */
#include "fuzz.h"

#include "filter.h"
#include "oci_config.h"
#include "oci_limits.h"
#include "oci_sysctl.h"
#include "scope.h"

/* One line, as a log wants it, and about something. */
static void
check_failure(void)
{
	hold(failure.text[0]);
}

/* ---- what they say, once they were taken --------------------------------- */

static void
check_process(const struct oci_process *process)
{
	hold(process->args && process->args[0] && process->user);
	hold(process->cwd[0] == '/');
	hold(process->terminal || !process->console_size);
	for (const char *const *one = process->env; one && *one; one++)
		hold(strchr(*one, '=') > *one);
}

/* Names of files, which must lead nowhere else. */
static void
check_resources(const struct oci_node *at, const struct oci_resources *given)
{
	struct cgroup_limits limits;
	if (oci_limits(at, given, &limits) < 0) {
		check_failure();
		return;
	}
	for (size_t i = 0; i < limits.file_count; i++)
		hold(!strchr(limits.files[i].name, '/') &&
		     limits.files[i].name[0] != '.' && limits.files[i].value);
	auto_scope_properties struct scope_properties told = { 0 };
	const struct hierarchies none = { 0 };
	scope_properties(&told, &limits, &none);
}

static void
check_sysctl(const struct oci_linux *kernel)
{
	for (size_t i = 0; i < kernel->sysctl.count; i++) {
		auto_free char *path =
			oci_sysctl_path(kernel->sysctl.pairs[i].key);
		hold(path[0] != '/' && !strstr(path, "../"));
	}
}

static void
check_seccomp(const struct oci_seccomp *seccomp)
{
	struct filter filter = { 0 };
	for (size_t i = 0; seccomp && i < seccomp->rule_count; i++)
		hold(seccomp->rules[i].names[0]);
	if (filter_compile(&filter, seccomp) < 0)
		check_failure();
	else
		hold(!seccomp || filter.code);
	filter_free(&filter);
}

static void
check_linux(const struct oci_node *at, const struct oci_linux *kernel)
{
	struct oci_node resources;
	for (size_t i = 0; i < kernel->namespace_count; i++)
		hold(kernel->namespaces[i].kind);
	for (size_t i = 0; i < kernel->device_count; i++)
		hold(kernel->devices[i].path[0] == '/');
	for (size_t i = 0; i < kernel->net_device_count; i++)
		hold(kernel->net_devices[i].host_name[0]);
	check_sysctl(kernel);
	check_seccomp(kernel->seccomp);
	oci_member(at, "resources", &resources);
	check_resources(&resources, kernel->resources);
}

static void
check_hooks(const struct oci_hooks *hooks)
{
	for (size_t kind = 0; hooks && kind < OCI_HOOK_KINDS; kind++)
		for (size_t i = 0; i < hooks->of[kind].count; i++)
			hold(hooks->of[kind].hooks[i].path[0] == '/');
}

static void
check_config(struct oci_config *config)
{
	struct oci_node root = oci_root(&config->document), kernel;
	auto_scope_properties struct scope_properties told = { 0 };
	hold(config->version && config->root && config->root->path[0]);
	if (config->process)
		check_process(config->process);
	for (size_t i = 0; i < config->mount_count; i++)
		hold(config->mounts[i].plan.target);
	check_hooks(config->hooks);
	oci_member(&root, "linux", &kernel);
	if (config->kernel)
		check_linux(&kernel, config->kernel);
	if (scope_annotations(&told, &config->annotations) < 0)
		check_failure();
}

/* ---- the three ----------------------------------------------------------- */

static void
try_config(const char *json, size_t size)
{
	struct oci_config config;
	if (oci_config_parse(&config, json, size) == 0)
		check_config(&config);
	else
		check_failure();
	oci_config_free(&config);
}

static void
try_process(const char *json, size_t size)
{
	struct oci_document document;
	struct oci_process process = { 0 };
	if (oci_document_parse(&document, "process.json", json, size) == 0) {
		struct oci_node at = oci_root(&document);
		if (oci_take_fields(&at, &oci_process_shape, &process) == 0)
			check_process(&process);
		else
			check_failure();
	}
	oci_document_free(&document);
}

static void
try_resources(const char *json, size_t size)
{
	struct oci_document document;
	struct oci_resources resources = { 0 };
	if (oci_document_parse(&document, "resources", json, size) == 0) {
		struct oci_node at = oci_root(&document);
		if (oci_take_fields(&at, &oci_resources_shape,
				    &resources) == 0)
			check_resources(&at, &resources);
		else
			check_failure();
	}
	oci_document_free(&document);
}

int
fuzz(const uint8_t *data, size_t size)
{
	auto_free char *json = fuzz_bytes(data, size);
	void (*const all[])(const char *, size_t) = {
		try_config, try_process, try_resources,
	};
	for (size_t i = 0; i < countof(all); i++) {
		failure = (struct failure){ 0 };
		all[i](json, size);
	}
	return 0;
}
