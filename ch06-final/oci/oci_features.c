/* oci_features.c - parent.  See oci_features.h. */
#include "oci_features.h"

#include <jansson.h>
#include <stdlib.h>

#include "oci_config.h"

static json_t *
names_of(const struct oci_word *words)
{
	json_t *array = json_array();
	for (; words->name; words++)
		json_array_append_new(array, json_string(words->name));
	return array;
}

static json_t *
namespaces(void)
{
	json_t *array = json_array();
	for (size_t i = 0; i < NS_KINDS; i++)
		json_array_append_new(array, json_string(ns_kinds[i].name));
	return array;
}

static json_t *
hooks(void)
{
	json_t *array = json_array();
	for (size_t i = 0; i < OCI_HOOK_KINDS; i++)
		json_array_append_new(array, json_string(oci_hook_names[i]));
	return array;
}

static json_t *
mount_options(void)
{
	json_t *array = json_array();
	for (size_t i = 0; oci_mount_option_name(i); i++)
		json_array_append_new(array,
				      json_string(oci_mount_option_name(i)));
	return array;
}

/* Those that filters can be made for: not every libseccomp knows all. */
static json_t *
architectures(const struct oci_abilities *can)
{
	json_t *array = json_array();
	for (const struct oci_word *word = oci_seccomp_archs; word->name;
	     word++)
		if (!can->knows_architecture ||
		    can->knows_architecture(word->value))
			json_array_append_new(array, json_string(word->name));
	return array;
}

static json_t *
seccomp(const struct oci_abilities *can)
{
	bool enabled = can->seccomp;
	return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o}", "enabled", enabled,
			 "actions", names_of(oci_seccomp_actions), "operators",
			 names_of(oci_seccomp_ops), "archs",
			 architectures(can), "knownFlags",
			 names_of(oci_seccomp_flags), "supportedFlags",
			 enabled ? names_of(oci_seccomp_flags) : json_array());
}

static json_t *
kernel(const struct oci_abilities *can)
{
	return json_pack(
		"{s:o, s:o, s:{s:b, s:b, s:b, s:b, s:b}, s:o, s:{s:b}, "
		"s:{s:b}, s:{s:b, s:b, s:b}, s:{s:{s:b}}, s:{s:b}, "
		"s:{s:o, s:o}}",
		"namespaces", namespaces(), "capabilities",
		names_of(oci_capability_names), "cgroup", "v1", 1, "v2", 1,
		"systemd", can->systemd, "systemdUser", can->systemd_user,
		"rdma", 1, "seccomp", seccomp(can), "apparmor",
		"enabled", can->apparmor, "selinux", "enabled", can->selinux,
		"intelRdt", "enabled", can->intel_rdt, "schemata",
		can->intel_rdt, "monitoring", can->intel_rdt,
		"mountExtensions", "idmap", "enabled", can->idmap,
		"netDevices", "enabled", can->net_devices, "memoryPolicy",
		"modes", names_of(oci_memory_modes), "flags",
		names_of(oci_memory_flags));
}

/* By runc's name, for there is no other that engines would know. */
static json_t *
annotations(const struct oci_abilities *can)
{
	return json_pack("{s:s}", "org.opencontainers.runc.checkpoint.enabled",
			 can->checkpoint ? "true" : "false");
}

char *
oci_features_json(const struct oci_abilities *can)
{
	json_t *json = json_pack(
		"{s:s, s:s, s:o, s:o, s:o, s:o, s:[s]}", "ociVersionMin",
		OCI_VERSION_MIN, "ociVersionMax", OCI_VERSION, "hooks",
		hooks(), "mountOptions", mount_options(), "linux", kernel(can),
		"annotations", annotations(can),
		"potentiallyUnsafeConfigAnnotations", "org.systemd.property.");
	char *result = json_dumps(json, JSON_INDENT(2));
	json_decref(json);
	if (!result)
		abort(); /* memory is out */
	return result;
}
