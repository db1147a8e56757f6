/* oci_linux.c - parent.  See oci_linux.h. */
#include "oci_linux.h"

#include <jansson.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/personality.h>

#include "oci_sysctl.h"

/* ---- namespaces --------------------------------------------------------- */

const struct oci_namespace *
oci_namespace_find(const struct oci_linux *config, const char *kind)
{
	for (size_t i = 0; config && i < config->namespace_count; i++)
		if (strcmp(config->namespaces[i].kind->name, kind) == 0)
			return &config->namespaces[i];
	return NULL;
}

static int
take_kind(const struct oci_node *at, const struct oci_field *field, void *into)
{
	(void)field;
	const char *name = oci_text(at);
	if (!name)
		return -1;
	for (size_t i = 0; i < NS_KINDS; i++) {
		if (strcmp(ns_kinds[i].name, name) == 0) {
			((struct oci_namespace *)into)->kind = &ns_kinds[i];
			return 0;
		}
	}
	return oci_fail(at, "unknown namespace %.100s", *name ? name : "\"\"");
}

static const struct oci_field namespace_fields[] = {
	{ "type", .take = take_kind, .required = true },
	{ "path", oci_take_path, .at = offsetof(struct oci_namespace, path) },
	{ 0 }
};
static const struct oci_shape namespace_shape = {
	.size = sizeof(struct oci_namespace), namespace_fields,
};

static int
take_namespaces(const struct oci_node *at, const struct oci_field *field,
		void *into)
{
	if (oci_take_list(at, field, into) < 0)
		return -1;
	const struct oci_linux *config = into;
	uint64_t seen = 0;
	for (size_t i = 0; i < config->namespace_count; i++) {
		const struct ns_kind *kind = config->namespaces[i].kind;
		struct oci_node one = oci_item(at, i);
		if (seen & kind->flag)
			return oci_fail(&one, "%s is there twice", kind->name);
		seen |= kind->flag;
	}
	return 0;
}

/* What else was written needs a namespace of its own: otherwise it would be
 * done to the host. */
static int
check_namespaces(const struct oci_node *at, const struct oci_linux *config)
{
	const struct {
		const char *key, *kind;
		bool there;
	} needs[] = {
		{ "uidMappings", "user", config->uid_mapping_count > 0 },
		{ "gidMappings", "user", config->gid_mapping_count > 0 },
		{ "timeOffsets", "time", config->time_offset_count > 0 },
		{ "netDevices", "network", config->net_device_count > 0 },
	};
	for (size_t i = 0; i < countof(needs); i++)
		if (needs[i].there &&
		    !oci_namespace_find(config, needs[i].kind))
			return oci_fail_member(
				at, needs[i].key,
				"there is no namespace of type %s",
				needs[i].kind);
	/* Its clocks are set before the first process comes. */
	const struct oci_namespace *time = oci_namespace_find(config, "time");
	if (config->time_offset_count > 0 && time->path)
		return oci_fail_member(at, "timeOffsets",
				       "the namespace of type time is not "
				       "new");
	return 0;
}

/* ---- the clocks of a time namespace ------------------------------------- */

static int
check_time_offset(const struct oci_node *at, void *made)
{
	const struct oci_time_offset *offset = made;
	if (strcmp(offset->clock, "boottime") != 0 &&
	    strcmp(offset->clock, "monotonic") != 0)
		return oci_fail(at, "unknown clock");
	return 0;
}

#define TIME(member) offsetof(struct oci_time_offset, member)
static const struct oci_field time_offset_fields[] = {
	{ "secs", oci_take_i64, .at = TIME(seconds) },
	{ "nanosecs", oci_take_u32, .at = TIME(nanoseconds),
	  .max = 999999999 },
	{ 0 }
};
static const struct oci_shape time_offset_shape = {
	.size = sizeof(struct oci_time_offset), time_offset_fields,
	check_time_offset, .name_at = TIME(clock),
};

/* ---- devices ------------------------------------------------------------ */

static int
check_device(const struct oci_node *at, void *made)
{
	struct oci_device *device = made;
	if (strlen(device->type) != 1 || !strchr("cubp", device->type[0]))
		return oci_fail_member(at, "type",
				       "\"%.100s\" is none of c, u, b and p",
				       device->type);
	if (device->type[0] != 'p' &&
	    (!device->major.set || !device->minor.set))
		return oci_fail_member(
			at, device->major.set ? "minor" : "major",
			"is missing");
	/* Some write the type of the file there, too. */
	device->file_mode.value &= 07777;
	return 0;
}

#define DEVICE(member) offsetof(struct oci_device, member)
static const struct oci_field device_fields[] = {
	{ "type", oci_take_text, .at = DEVICE(type), .required = true },
	{ "path", oci_take_path, .at = DEVICE(path), .required = true },
	{ "major", oci_take_uint, .at = DEVICE(major), .max = UINT32_MAX },
	{ "minor", oci_take_uint, .at = DEVICE(minor), .max = UINT32_MAX },
	{ "fileMode", oci_take_uint, .at = DEVICE(file_mode),
	  .max = UINT32_MAX },
	{ "uid", oci_take_u32, .at = DEVICE(uid), .max = UINT32_MAX - 1 },
	{ "gid", oci_take_u32, .at = DEVICE(gid), .max = UINT32_MAX - 1 },
	{ 0 }
};
static const struct oci_shape device_shape = {
	.size = sizeof(struct oci_device), device_fields, check_device,
};

/* IFNAMSIZ is 16, and the last is a NUL; "%d" may stand for a number. */
static bool
is_interface(const char *name)
{
	return *name && strlen(name) < 16 && !strpbrk(name, "/: \t\n") &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int
check_net_device(const struct oci_node *at, void *made)
{
	const struct oci_net_device *device = made;
	if (!is_interface(device->host_name))
		return oci_fail(at, "no interface can have this name");
	if (device->name && !is_interface(device->name))
		return oci_fail(at, "no interface can be called \"%.100s\"",
				device->name);
	return 0;
}

static const struct oci_field net_device_fields[] = {
	{ "name", oci_take_text, .at = offsetof(struct oci_net_device, name) },
	{ 0 }
};
static const struct oci_shape net_device_shape = {
	.size = sizeof(struct oci_net_device), net_device_fields,
	check_net_device,
	.name_at = offsetof(struct oci_net_device, host_name),
};

/* ---- paths -------------------------------------------------------------- */

static int
take_cgroups_path(const struct oci_node *at, const struct oci_field *field,
		  void *into)
{
	if (oci_take_text(at, field, into) < 0)
		return -1;
	for (const char *part = oci_text(at); part;
	     part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
		if (strcspn(part, "/") == 2 && strncmp(part, "..", 2) == 0)
			return oci_fail(at, "must not lead up by \"..\"");
	return 0;
}

static int
check_sysctl(const struct oci_node *at, const struct oci_linux *config)
{
	struct oci_node sysctl, one;
	oci_member(at, "sysctl", &sysctl);
	for (size_t i = 0; i < config->sysctl.count; i++) {
		oci_member(&sysctl, config->sysctl.pairs[i].key, &one);
		const char *kind = oci_sysctl_kind(one.key);
		if (!kind)
			return oci_fail(&one, "is the host's: no namespace "
					      "has its own");
		if (!oci_namespace_find(config, kind))
			return oci_fail(&one, "is the host's: there is no "
					      "namespace of type %s", kind);
	}
	return 0;
}

/* The specification has four.  Engines write those with "r", too. */
static const struct oci_word propagations[] = {
	{ "private", MS_PRIVATE },
	{ "rprivate", MS_PRIVATE | MS_REC },
	{ "shared", MS_SHARED },
	{ "rshared", MS_SHARED | MS_REC },
	{ "slave", MS_SLAVE },
	{ "rslave", MS_SLAVE | MS_REC },
	{ "unbindable", MS_UNBINDABLE },
	{ "runbindable", MS_UNBINDABLE | MS_REC },
	{ 0 }
};

/* ---- odds and ends ------------------------------------------------------ */

static const struct oci_word domains[] = {
	{ "LINUX", PER_LINUX }, { "LINUX32", PER_LINUX32 }, { 0 }
};
static const struct oci_word no_words[] = { { 0 } };

static const struct oci_field personality_fields[] = {
	{ "domain", oci_take_word,
	  .at = offsetof(struct oci_personality, domain), .required = true,
	  .words = domains, .noun = "domain" },
	/* The specification has none yet. */
	{ "flags", oci_take_words, .words = no_words, .noun = "flag" },
	{ 0 }
};
static const struct oci_shape personality_shape = {
	.size = sizeof(struct oci_personality), personality_fields,
};

/* Since 1.3 a list of lines; drafts had one text. */
static int
take_schemata(const struct oci_node *at, const struct oci_field *field,
	      void *into)
{
	if (!json_is_string(at->json))
		return oci_take_texts(at, field, into);
	const char **lines = oci_document_new(at->document,
					      2 * sizeof(*lines));
	lines[0] = oci_text(at);
	((struct oci_intel_rdt *)into)->schemata = lines;
	return lines[0] ? 0 : -1;
}

static int
check_intel_rdt(const struct oci_node *at, void *made)
{
	const struct oci_intel_rdt *rdt = made;
	const char *id = rdt->clos_id;
	bool is_root = id && strcmp(id, "/") == 0;
	if (id && !is_root && (!*id || strchr(id, '/') ||
			       strcmp(id, ".") == 0 || strcmp(id, "..") == 0))
		return oci_fail_member(at, "closID",
				       "\"%.100s\" is not the name of a "
				       "directory", id);
	const char *bandwidth = rdt->mem_bw_schema;
	if (bandwidth && strncmp(bandwidth, "MB:", 3) != 0)
		return oci_fail_member(at, "memBwSchema",
				       "does not begin with MB:");
	if (bandwidth && strchr(bandwidth, '\n'))
		return oci_fail_member(at, "memBwSchema",
				       "has more than one line");
	return 0;
}

#define RDT(member) offsetof(struct oci_intel_rdt, member)
static const struct oci_field intel_rdt_fields[] = {
	{ "closID", oci_take_text, .at = RDT(clos_id) },
	{ "l3CacheSchema", oci_take_text, .at = RDT(l3_cache_schema) },
	{ "memBwSchema", oci_take_text, .at = RDT(mem_bw_schema) },
	{ "schemata", take_schemata, .at = RDT(schemata) },
	{ "enableCMT", oci_take_bool, .at = RDT(enable_cmt) },
	{ "enableMBM", oci_take_bool, .at = RDT(enable_mbm) },
	{ "enableMonitoring", oci_take_bool, .at = RDT(enable_monitoring) },
	{ 0 }
};
static const struct oci_shape intel_rdt_shape = {
	.size = sizeof(struct oci_intel_rdt), intel_rdt_fields,
	check_intel_rdt,
};

/* The last is of Linux 6.9. */
const struct oci_word oci_memory_modes[] = {
	{ "MPOL_DEFAULT", MPOL_DEFAULT },
	{ "MPOL_PREFERRED", MPOL_PREFERRED },
	{ "MPOL_BIND", MPOL_BIND },
	{ "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
	{ "MPOL_LOCAL", MPOL_LOCAL },
	{ "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY },
	{ "MPOL_WEIGHTED_INTERLEAVE", MPOL_PREFERRED_MANY + 1 },
	{ 0 }
};
const struct oci_word oci_memory_flags[] = {
	{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
	{ 0 }
};

#define POLICY(member) offsetof(struct oci_memory_policy, member)
static const struct oci_field memory_policy_fields[] = {
	{ "mode", oci_take_word, .at = POLICY(mode), .required = true,
	  .words = oci_memory_modes, .noun = "mode" },
	{ "nodes", oci_take_ranges, .at = POLICY(nodes) },
	{ "flags", oci_take_words, .at = POLICY(flags),
	  .words = oci_memory_flags, .noun = "flag" },
	{ 0 }
};
static const struct oci_shape memory_policy_shape = {
	.size = sizeof(struct oci_memory_policy), memory_policy_fields,
};

/* ---- the whole ---------------------------------------------------------- */

static int
check_linux(const struct oci_node *at, void *made)
{
	const struct oci_linux *config = made;
	if (oci_id_mappings_check(at, config->uid_mapping_count,
				  config->gid_mapping_count) < 0)
		return -1;
	if (check_namespaces(at, config) < 0)
		return -1;
	return check_sysctl(at, config);
}

#define AT(member) offsetof(struct oci_linux, member)
static const struct oci_field linux_fields[] = {
	{ "namespaces", take_namespaces, .at = AT(namespaces),
	  .count_at = AT(namespace_count), .shape = &namespace_shape },
	{ "uidMappings", oci_take_list, .at = AT(uid_mappings),
	  .count_at = AT(uid_mapping_count), .shape = &oci_id_mapping_shape },
	{ "gidMappings", oci_take_list, .at = AT(gid_mappings),
	  .count_at = AT(gid_mapping_count), .shape = &oci_id_mapping_shape },
	{ "timeOffsets", oci_take_named, .at = AT(time_offsets),
	  .count_at = AT(time_offset_count), .shape = &time_offset_shape },
	{ "devices", oci_take_list, .at = AT(devices),
	  .count_at = AT(device_count), .shape = &device_shape },
	{ "netDevices", oci_take_named, .at = AT(net_devices),
	  .count_at = AT(net_device_count), .shape = &net_device_shape },
	{ "cgroupsPath", take_cgroups_path, .at = AT(cgroups_path) },
	{ "resources", oci_take_object, .at = AT(resources),
	  .shape = &oci_resources_shape },
	{ "rootfsPropagation", oci_take_word, .at = AT(rootfs_propagation),
	  .words = propagations, .noun = "propagation" },
	{ "seccomp", oci_take_object, .at = AT(seccomp),
	  .shape = &oci_seccomp_shape },
	{ "sysctl", oci_take_map, .at = AT(sysctl) },
	{ "maskedPaths", oci_take_paths, .at = AT(masked_paths) },
	{ "readonlyPaths", oci_take_paths, .at = AT(readonly_paths) },
	{ "mountLabel", oci_take_text, .at = AT(mount_label) },
	{ "personality", oci_take_object, .at = AT(personality),
	  .shape = &personality_shape },
	{ "intelRdt", oci_take_object, .at = AT(intel_rdt),
	  .shape = &intel_rdt_shape },
	{ "memoryPolicy", oci_take_object, .at = AT(memory_policy),
	  .shape = &memory_policy_shape },
	{ 0 }
};
const struct oci_shape oci_linux_shape = {
	.size = sizeof(struct oci_linux), linux_fields, check_linux,
};
