/* oci_mounts.c - parent.  See oci_mounts.h. */
#include "oci_mounts.h"

#include <jansson.h>
#include <linux/mount.h>
#include <string.h>

/* Of <linux/mount.h>, which older ones and that of the C library lack. */
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

/* ---- the options -------------------------------------------------------- */

struct option {
	const char *name;
	unsigned long set, clear; /* for mount(2) */
	unsigned long propagation;
	uint64_t below_set, below_clear; /* for mount_setattr(2) */
	unsigned int special;
};

#define ATIME MOUNT_ATTR__ATIME /* is set as a whole: mount_setattr(2) */
static const struct option options[] = {
	{ .name = "defaults" },
	{ "ro", .set = MS_RDONLY },
	{ "rw", .clear = MS_RDONLY },
	{ "nosuid", .set = MS_NOSUID },
	{ "suid", .clear = MS_NOSUID },
	{ "nodev", .set = MS_NODEV },
	{ "dev", .clear = MS_NODEV },
	{ "noexec", .set = MS_NOEXEC },
	{ "exec", .clear = MS_NOEXEC },
	{ "sync", .set = MS_SYNCHRONOUS },
	{ "async", .clear = MS_SYNCHRONOUS },
	{ "dirsync", .set = MS_DIRSYNC },
	{ "remount", .set = MS_REMOUNT },
	{ "mand", .set = MS_MANDLOCK },
	{ "nomand", .clear = MS_MANDLOCK },
	{ "noatime", .set = MS_NOATIME },
	{ "atime", .clear = MS_NOATIME },
	{ "nodiratime", .set = MS_NODIRATIME },
	{ "diratime", .clear = MS_NODIRATIME },
	{ "relatime", .set = MS_RELATIME },
	{ "norelatime", .clear = MS_RELATIME },
	{ "strictatime", .set = MS_STRICTATIME },
	{ "nostrictatime", .clear = MS_STRICTATIME },
	{ "lazytime", .set = MS_LAZYTIME },
	{ "nolazytime", .clear = MS_LAZYTIME },
	{ "iversion", .set = MS_I_VERSION },
	{ "noiversion", .clear = MS_I_VERSION },
	{ "silent", .set = MS_SILENT },
	{ "loud", .clear = MS_SILENT },
	{ "nosymfollow", .set = MS_NOSYMFOLLOW },
	{ "symfollow", .clear = MS_NOSYMFOLLOW },
	{ "bind", .set = MS_BIND },
	{ "rbind", .set = MS_BIND | MS_REC },

	{ "private", .propagation = MS_PRIVATE },
	{ "rprivate", .propagation = MS_PRIVATE | MS_REC },
	{ "shared", .propagation = MS_SHARED },
	{ "rshared", .propagation = MS_SHARED | MS_REC },
	{ "slave", .propagation = MS_SLAVE },
	{ "rslave", .propagation = MS_SLAVE | MS_REC },
	{ "unbindable", .propagation = MS_UNBINDABLE },
	{ "runbindable", .propagation = MS_UNBINDABLE | MS_REC },

	{ "rro", .below_set = MOUNT_ATTR_RDONLY },
	{ "rrw", .below_clear = MOUNT_ATTR_RDONLY },
	{ "rnosuid", .below_set = MOUNT_ATTR_NOSUID },
	{ "rsuid", .below_clear = MOUNT_ATTR_NOSUID },
	{ "rnodev", .below_set = MOUNT_ATTR_NODEV },
	{ "rdev", .below_clear = MOUNT_ATTR_NODEV },
	{ "rnoexec", .below_set = MOUNT_ATTR_NOEXEC },
	{ "rexec", .below_clear = MOUNT_ATTR_NOEXEC },
	{ "rnodiratime", .below_set = MOUNT_ATTR_NODIRATIME },
	{ "rdiratime", .below_clear = MOUNT_ATTR_NODIRATIME },
	{ "rnosymfollow", .below_set = MOUNT_ATTR_NOSYMFOLLOW },
	{ "rsymfollow", .below_clear = MOUNT_ATTR_NOSYMFOLLOW },
	/* One of three; what takes one back leaves the kernel's default,
	 * relatime, whose number is 0. */
	{ "rnoatime", .below_set = MOUNT_ATTR_NOATIME, .below_clear = ATIME },
	{ "ratime", .below_clear = ATIME },
	{ "rstrictatime", .below_set = MOUNT_ATTR_STRICTATIME,
	  .below_clear = ATIME },
	{ "rnostrictatime", .below_clear = ATIME },
	{ "rrelatime", .below_clear = ATIME },
	{ "rnorelatime", .below_clear = ATIME },

	{ "tmpcopyup", .special = OCI_MOUNT_COPY_UP },
	{ "idmap", .special = OCI_MOUNT_IDMAP },
	{ "ridmap", .special = OCI_MOUNT_IDMAP | OCI_MOUNT_IDMAP_BELOW },
};

const char *
oci_mount_option_name(size_t index)
{
	return index < countof(options) ? options[index].name : NULL;
}

static const struct option *
find(const char *name)
{
	for (size_t i = 0; i < countof(options); i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

/* Of two that contradict each other the later one holds. */
static void
apply(const struct option *option, struct oci_mount *mount)
{
	struct rootfs_mount *plan = &mount->plan;
	plan->flags = (plan->flags & ~option->clear) | option->set;
	mount->cleared = (mount->cleared & ~option->set) | option->clear;
	if (option->propagation)
		plan->propagation = option->propagation;
	mount->below_set =
		(mount->below_set & ~option->below_clear) | option->below_set;
	mount->below_cleared = (mount->below_cleared & ~option->below_set) |
			       option->below_clear;
	mount->special |= option->special;
}

static int
take_options(const struct oci_node *at, const struct oci_field *field,
	     void *into)
{
	struct oci_mount *mount = into;
	if (!json_is_array(at->json))
		return oci_wrong_type(at, "an array");
	size_t room = 1;
	for (size_t i = 0; i < json_array_size(at->json); i++) {
		struct oci_node one = oci_item(at, i);
		const char *name = oci_text(&one);
		if (!name)
			return -1;
		room += strlen(name) + 1;
	}
	char *data = oci_document_new(at->document, room), *end = data;
	for (size_t i = 0; i < json_array_size(at->json); i++) {
		const char *name =
			json_string_value(json_array_get(at->json, i));
		const struct option *option = find(name);
		if (option)
			apply(option, mount);
		else if (*name)
			end += sprintf(end, "%s%s", end > data ? "," : "",
				       name);
	}
	(void)field;
	mount->plan.data = *data ? data : NULL;
	return 0;
}

/* For old configurations a relative one is allowed, and relative to "/". */
static int
take_destination(const struct oci_node *at, const struct oci_field *field,
		 void *into)
{
	struct oci_mount *mount = into;
	const char *path = oci_text(at);
	(void)field;
	if (!path)
		return -1;
	if (!*path)
		return oci_fail(at, "is empty");
	mount->plan.target = path;
	if (*path != '/') {
		char *whole = oci_document_new(at->document, strlen(path) + 2);
		sprintf(whole, "/%s", path);
		mount->plan.target = whole;
	}
	return 0;
}

/* ---- ids ---------------------------------------------------------------- */

static int
check_id_mapping(const struct oci_node *at, void *made)
{
	const struct oci_id_mapping *mapping = made;
	uint64_t first = mapping->container_id > mapping->host_id ?
				 mapping->container_id :
				 mapping->host_id;
	if (mapping->size == 0)
		return oci_fail(at, "maps nothing: its size is 0");
	if (first + mapping->size > UINT32_MAX)
		return oci_fail(at, "goes beyond the last id, %u",
				UINT32_MAX - 1);
	return 0;
}

#define ID(member) offsetof(struct oci_id_mapping, member)
static const struct oci_field id_mapping_fields[] = {
	{ "containerID", oci_take_u32, .at = ID(container_id),
	  .required = true },
	{ "hostID", oci_take_u32, .at = ID(host_id), .required = true },
	{ "size", oci_take_u32, .at = ID(size), .required = true },
	{ 0 }
};
const struct oci_shape oci_id_mapping_shape = {
	.size = sizeof(struct oci_id_mapping), id_mapping_fields,
	check_id_mapping,
};

int
oci_id_mappings_check(const struct oci_node *at, size_t uids, size_t gids)
{
	if (!uids == !gids)
		return 0;
	return oci_fail(at, "uidMappings and gidMappings come together, %s "
			    "is missing", uids ? "gidMappings" : "uidMappings");
}

/* ---- the whole ---------------------------------------------------------- */

static int
check_mount(const struct oci_node *at, void *made)
{
	struct oci_mount *mount = made;
	struct rootfs_mount *plan = &mount->plan;
	if (plan->flags & MS_BIND) {
		if (!plan->source || !*plan->source)
			return oci_fail(at, "a bind mount needs a source");
	} else if (!(plan->flags & MS_REMOUNT)) {
		if (!plan->type || !*plan->type)
			return oci_fail(at, "has no type, nor the option bind "
					    "or rbind");
		if (strcmp(plan->type, "bind") == 0)
			return oci_fail(at, "of type bind, without the option "
					    "bind or rbind");
	}
	bool is_tmpfs = plan->type && strcmp(plan->type, "tmpfs") == 0 &&
			!(plan->flags & MS_BIND);
	if (mount->special & OCI_MOUNT_COPY_UP && !is_tmpfs)
		return oci_fail(at, "tmpcopyup is only for a tmpfs");
	/* Without the option older runtimes would show the ids as they are;
	 * we do not. */
	if (mount->uid_mapping_count > 0)
		mount->special |= OCI_MOUNT_IDMAP;
	return oci_id_mappings_check(at, mount->uid_mapping_count,
				     mount->gid_mapping_count);
}

#define AT(member) offsetof(struct oci_mount, member)
static const struct oci_field mount_fields[] = {
	{ "destination", .take = take_destination, .required = true },
	{ "type", oci_take_text, .at = AT(plan.type) },
	{ "source", oci_take_text, .at = AT(plan.source) },
	{ "options", .take = take_options },
	{ "uidMappings", oci_take_list, .at = AT(uid_mappings),
	  .count_at = AT(uid_mapping_count), .shape = &oci_id_mapping_shape },
	{ "gidMappings", oci_take_list, .at = AT(gid_mappings),
	  .count_at = AT(gid_mapping_count), .shape = &oci_id_mapping_shape },
	{ 0 }
};
const struct oci_shape oci_mount_shape = {
	.size = sizeof(struct oci_mount), mount_fields, check_mount,
};
