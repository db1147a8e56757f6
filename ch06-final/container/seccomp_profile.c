/*
 * seccomp_profile.c - parent.  See seccomp_profile.h: a profile in Docker's
 * format as the OCI specification has it.
 */
#include "seccomp_profile.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "oci_process.h"

/* ---- this machine ------------------------------------------------------- */

/* As the kernel, Docker's conditions and the specification call them; the
 * last are those that its kernel runs besides. */
static const struct machine {
	const char *kernel, *docker, *oci, *also[3];
} machines[] = {
	{ "x86_64", "amd64", "SCMP_ARCH_X86_64",
	  { "SCMP_ARCH_X86", "SCMP_ARCH_X32" } },
	{ "aarch64", "arm64", "SCMP_ARCH_AARCH64", { "SCMP_ARCH_ARM" } },
	{ "i686", "x86", "SCMP_ARCH_X86", { NULL } },
	{ "armv7l", "arm", "SCMP_ARCH_ARM", { NULL } },
	{ "ppc64le", "ppc64le", "SCMP_ARCH_PPC64LE", { NULL } },
	{ "riscv64", "riscv64", "SCMP_ARCH_RISCV64", { NULL } },
	{ "s390x", "s390x", "SCMP_ARCH_S390X", { "SCMP_ARCH_S390" } },
	{ "loongarch64", "loong64", "SCMP_ARCH_LOONGARCH64", { NULL } },
};

/* NULL: one that is not in the table. */
static const struct machine *
this_machine(void)
{
	struct utsname name;
	uname(&name);
	for (size_t i = 0; i < countof(machines); i++)
		if (strcmp(name.machine, machines[i].kernel) == 0)
			return &machines[i];
	return NULL;
}

json_t *
seccomp_architectures(void)
{
	const struct machine *machine = this_machine();
	json_t *array = json_array();
	if (!machine)
		return array;
	json_array_append_new(array, json_string(machine->oci));
	for (size_t i = 0; machine->also[i]; i++)
		json_array_append_new(array, json_string(machine->also[i]));
	return array;
}

/* Of the entry for this machine; without one, the machine's alone. */
static json_t *
mapped_architectures(const json_t *map)
{
	const struct machine *machine = this_machine();
	json_t *array = json_array(), *entry, *sub;
	size_t i, j;
	json_array_foreach((json_t *)map, i, entry)
	{
		json_t *name = json_object_get(entry, "architecture");
		if (!machine || !json_is_string(name) ||
		    strcmp(json_string_value(name), machine->oci) != 0)
			continue;
		json_array_append(array, name);
		json_array_foreach(json_object_get(entry, "subArchitectures"),
				   j, sub)
			json_array_append(array, sub);
	}
	return array;
}

/* ---- conditions --------------------------------------------------------- */

static bool
has_cap(const json_t *name, uint64_t caps)
{
	const char *string = json_string_value(name);
	const struct oci_word *word =
		string ? oci_word_find(oci_capability_names, string) : NULL;
	return word && caps & (1ULL << word->value);
}

static bool
is_machine(const json_t *name)
{
	const struct machine *machine = this_machine();
	const char *string = json_string_value(name);
	return machine && string && strcmp(string, machine->docker) == 0;
}

/* "4.8": is this kernel as new? */
static bool
is_kernel(const char *wanted)
{
	struct utsname name;
	unsigned int major, minor, least, least_minor = 0;
	uname(&name);
	if (sscanf(name.release, "%u.%u", &major, &minor) != 2 ||
	    sscanf(wanted, "%u.%u", &least, &least_minor) < 1)
		return false;
	return major > least || (major == least && minor >= least_minor);
}

/* Of a rule that is for these: all capabilities, one of the machines, that
 * kernel. */
static bool
is_included(const json_t *rule, uint64_t caps)
{
	const json_t *includes = json_object_get(rule, "includes");
	json_t *arches = json_object_get(includes, "arches"), *name;
	const char *kernel =
		json_string_value(json_object_get(includes, "minKernel"));
	bool machine = json_array_size(arches) == 0;
	size_t i;
	json_array_foreach(json_object_get(includes, "caps"), i, name)
		if (!has_cap(name, caps))
			return false;
	json_array_foreach(arches, i, name)
		machine |= is_machine(name);
	return machine && (!kernel || is_kernel(kernel));
}

/* Any of them is enough. */
static bool
is_excluded(const json_t *rule, uint64_t caps)
{
	const json_t *excludes = json_object_get(rule, "excludes");
	const char *kernel =
		json_string_value(json_object_get(excludes, "minKernel"));
	json_t *name;
	size_t i;
	json_array_foreach(json_object_get(excludes, "caps"), i, name)
		if (has_cap(name, caps))
			return true;
	json_array_foreach(json_object_get(excludes, "arches"), i, name)
		if (is_machine(name))
			return true;
	return kernel && is_kernel(kernel);
}

/* ---- the whole ---------------------------------------------------------- */

static void
copy_member(json_t *to, const json_t *from, const char *key)
{
	json_t *value = json_object_get(from, key);
	if (value && !json_is_null(value))
		json_object_set(to, key, value);
}

/* Old profiles have one "name". */
static int
add_rule(json_t *rules, const json_t *from, uint64_t caps)
{
	static const char *const keys[] = { "names", "action", "errnoRet",
					    "args" };
	const json_t *name = json_object_get(from, "name");
	bool is_old = json_is_string(name) && *json_string_value(name);
	if (is_old && json_array_size(json_object_get(from, "names")))
		return failx("'name' and 'names' were specified in the seccomp "
			     "profile, use either 'name' or 'names'");
	if (!is_included(from, caps) || is_excluded(from, caps))
		return 0;
	json_t *rule = json_object();
	for (size_t i = 0; i < countof(keys); i++)
		copy_member(rule, from, keys[i]);
	if (is_old)
		json_object_set_new(rule, "names", json_pack("[O]", name));
	json_array_append_new(rules, rule);
	return 0;
}

static int
convert(const json_t *profile, uint64_t caps, json_t *into)
{
	static const char *const keys[] = { "defaultAction", "defaultErrnoRet",
					    "flags", "listenerPath",
					    "listenerMetadata",
					    "architectures" };
	json_t *map = json_object_get(profile, "archMap"), *rule;
	json_t *rules = json_array();
	size_t i;
	json_object_set_new(into, "syscalls", rules);
	if (!json_is_string(json_object_get(profile, "defaultAction")))
		return failx("the seccomp profile has no defaultAction");
	for (i = 0; i < countof(keys); i++)
		copy_member(into, profile, keys[i]);
	if (json_array_size(map) &&
	    json_array_size(json_object_get(profile, "architectures")))
		return failx("'architectures' and 'archMap' were specified in "
			     "the seccomp profile, use either 'architectures' "
			     "or 'archMap'");
	if (json_array_size(map))
		json_object_set_new(into, "architectures",
				    mapped_architectures(map));
	json_array_foreach(json_object_get(profile, "syscalls"), i, rule)
		if (add_rule(rules, rule, caps) < 0)
			return -1;
	return 0;
}

json_t *
seccomp_profile(const char *content, uint64_t caps)
{
	json_error_t error;
	json_t *profile = json_loads(content, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(profile)) {
		failx("decoding seccomp profile failed: %s",
		      profile ? "it is no object" : error.text);
		json_decref(profile);
		return NULL;
	}
	json_t *made = json_object();
	int result = convert(profile, caps, made);
	json_decref(profile);
	if (result == 0)
		return made;
	json_decref(made);
	return NULL;
}
