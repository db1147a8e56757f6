/* oci_config.c - parent.  See oci_config.h. */
#include "oci_config.h"

#include <limits.h>
#include <string.h>

/* ---- the version -------------------------------------------------------- */

/* A number without leading zeros; what follows it, or NULL. */
static const char *
skip_number(const char *at)
{
	size_t digits = strspn(at, "0123456789");
	return digits == 0 || (*at == '0' && digits > 1) ? NULL : at + digits;
}

/* "1.0.2-dev+build": see semver.org, version 2.0.0. */
static bool
is_version(const char *at)
{
	for (int part = 0; part < 3; part++) {
		at = skip_number(at);
		if (!at || (part < 2 && *at++ != '.'))
			return false;
	}
	if (*at == '-' || *at == '+')
		at += 1 + strspn(at + 1, "0123456789.+-"
					 "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	return !*at && strchr(".-+", at[-1]) == NULL;
}

/* All of version 1 is taken.  Later minor versions may have properties that we
 * do not know, which are ignored as others are. */
static int
take_version(const struct oci_node *at, const struct oci_field *field,
	     void *into)
{
	if (oci_take_text(at, field, into) < 0)
		return -1;
	const char *version = oci_text(at);
	if (!is_version(version))
		return oci_fail(at, "\"%.100s\" is not a version such as "
				    OCI_VERSION, version);
	if (strncmp(version, "1.", 2) != 0)
		return oci_fail(at, "%.100s: only version 1 is known",
				version);
	return 0;
}

/* ---- the whole ---------------------------------------------------------- */

static int
check_root_fs(const struct oci_node *at, void *made)
{
	const struct oci_root_fs *root = made;
	return *root->path ? 0 : oci_fail_member(at, "path", "is empty");
}

static const struct oci_field root_fs_fields[] = {
	{ "path", oci_take_text, .at = offsetof(struct oci_root_fs, path),
	  .required = true },
	{ "readonly", oci_take_bool,
	  .at = offsetof(struct oci_root_fs, readonly) },
	{ 0 }
};
static const struct oci_shape root_fs_shape = {
	.size = sizeof(struct oci_root_fs), root_fs_fields, check_root_fs,
};

/* Without a namespace for it, it would be the host that gets the name. */
static int
check_name(const struct oci_node *at, const char *key, const char *name,
	   const struct oci_linux *kernel)
{
	if (!name || !*name)
		return 0;
	if (!oci_namespace_find(kernel, "uts"))
		return oci_fail_member(at, key, "is the host's: there is no "
						"namespace of type uts");
	if (strlen(name) > HOST_NAME_MAX)
		return oci_fail_member(at, key, "is longer than %d bytes",
				       HOST_NAME_MAX);
	return 0;
}

static int
check_id_maps(const struct oci_node *at, const struct oci_config *config)
{
	struct oci_node mounts;
	oci_member(at, "mounts", &mounts);
	for (size_t i = 0; i < config->mount_count; i++) {
		const struct oci_mount *mount = &config->mounts[i];
		struct oci_node one = oci_item(&mounts, i);
		if (mount->special & OCI_MOUNT_IDMAP &&
		    mount->uid_mapping_count == 0 &&
		    !oci_namespace_find(config->kernel, "user"))
			return oci_fail(&one, "idmap needs uidMappings and "
					      "gidMappings, or a namespace of "
					      "type user");
	}
	return 0;
}

static int
check_config(const struct oci_node *at, void *made)
{
	const struct oci_config *config = made;
	if (check_name(at, "hostname", config->hostname, config->kernel) < 0 ||
	    check_name(at, "domainname", config->domainname,
		       config->kernel) < 0)
		return -1;
	return check_id_maps(at, config);
}

#define AT(member) offsetof(struct oci_config, member)
static const struct oci_field config_fields[] = {
	{ "ociVersion", take_version, .at = AT(version), .required = true },
	{ "process", oci_take_object, .at = AT(process),
	  .shape = &oci_process_shape },
	{ "root", oci_take_object, .at = AT(root), .required = true,
	  .shape = &root_fs_shape },
	{ "hostname", oci_take_text, .at = AT(hostname) },
	{ "domainname", oci_take_text, .at = AT(domainname) },
	{ "mounts", oci_take_list, .at = AT(mounts),
	  .count_at = AT(mount_count), .shape = &oci_mount_shape },
	{ "hooks", oci_take_object, .at = AT(hooks),
	  .shape = &oci_hooks_shape },
	{ "linux", oci_take_object, .at = AT(kernel),
	  .shape = &oci_linux_shape },
	{ "annotations", oci_take_map, .at = AT(annotations) },
	{ 0 }
};
static const struct oci_shape config_shape = {
	.size = sizeof(struct oci_config), config_fields, check_config,
};

static int
take(struct oci_config *config)
{
	struct oci_node root = oci_root(&config->document);
	return oci_take_fields(&root, &config_shape, config);
}

int
oci_config_load(struct oci_config *config, int bundle)
{
	*config = (struct oci_config){ 0 };
	if (oci_document_read(&config->document, bundle, "config.json") < 0)
		return -1;
	return take(config);
}

int
oci_config_parse(struct oci_config *config, const char *content, size_t length)
{
	*config = (struct oci_config){ 0 };
	if (oci_document_parse(&config->document, "config.json", content,
			       length) < 0)
		return -1;
	return take(config);
}

void
oci_config_free(struct oci_config *config)
{
	oci_document_free(&config->document);
	*config = (struct oci_config){ 0 };
}
