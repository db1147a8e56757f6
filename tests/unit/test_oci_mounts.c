/* test_oci_mounts.c - the options of a mount, and what they become. */
#include "oci_mounts.h"

#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>

#include "oci_config.h"
#include "oci_full.h"
#include "test.h"

/* The mount with these options ("'ro', 'bind'"). */
static struct oci_mount
with(struct oci_config *config, const char *type, const char *options)
{
	auto_free char *single = text(
		"{'ociVersion': '1.0.0', 'root': {'path': 'r'}, 'linux': "
		"{'namespaces': [{'type': 'user', 'path': '/x'}]}, 'mounts': "
		"[{'destination': '/d', 'source': 's', 'type': '%s', "
		"'options': [%s]}]}", type, options);
	auto_free char *json = oci_quoted(single);
	if (oci_config_parse(config, json, strlen(json)) < 0)
		fail_msg("%s", failure.text);
	return config->mounts[0];
}

static void
flags(void **state)
{
	(void)state;
	static const struct {
		const char *options;
		unsigned long set, cleared;
	} rows[] = {
		{ "", 0, 0 },
		{ "'defaults'", 0, 0 },
		{ "'ro'", MS_RDONLY, 0 },
		{ "'rw'", 0, MS_RDONLY },
		{ "'ro', 'rw'", 0, MS_RDONLY },
		{ "'rw', 'ro'", MS_RDONLY, 0 },
		{ "'nosuid', 'nodev', 'noexec'",
		  MS_NOSUID | MS_NODEV | MS_NOEXEC, 0 },
		{ "'suid', 'dev', 'exec'", 0,
		  MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "'bind'", MS_BIND, 0 },
		{ "'rbind'", MS_BIND | MS_REC, 0 },
		{ "'sync', 'dirsync', 'mand'",
		  MS_SYNCHRONOUS | MS_DIRSYNC | MS_MANDLOCK, 0 },
		{ "'async', 'nomand'", 0, MS_SYNCHRONOUS | MS_MANDLOCK },
		{ "'noatime', 'nodiratime'", MS_NOATIME | MS_NODIRATIME, 0 },
		{ "'atime', 'diratime'", 0, MS_NOATIME | MS_NODIRATIME },
		{ "'relatime', 'strictatime', 'lazytime'",
		  MS_RELATIME | MS_STRICTATIME | MS_LAZYTIME, 0 },
		{ "'norelatime', 'nostrictatime', 'nolazytime'", 0,
		  MS_RELATIME | MS_STRICTATIME | MS_LAZYTIME },
		{ "'iversion', 'silent', 'remount'",
		  MS_I_VERSION | MS_SILENT | MS_REMOUNT, 0 },
		{ "'noiversion', 'loud'", 0, MS_I_VERSION | MS_SILENT },
		{ "'nosymfollow'", 256, 0 },
		{ "'symfollow'", 0, 256 },
	};
	for (size_t i = 0; i < countof(rows); i++) {
		auto_oci_config struct oci_config config;
		struct oci_mount mount = with(&config, "tmpfs",
					      rows[i].options);
		if (mount.plan.flags != rows[i].set ||
		    mount.cleared != rows[i].cleared)
			fail_msg("%s: %lx %lx", rows[i].options,
				 mount.plan.flags, mount.cleared);
		assert_null(mount.plan.data);
		assert_int_equal(mount.plan.propagation, 0);
		assert_int_equal(mount.below_set | mount.below_cleared, 0);
	}
}

static void
propagation(void **state)
{
	(void)state;
	static const struct {
		const char *options;
		unsigned long propagation;
	} rows[] = {
		{ "'private'", MS_PRIVATE },
		{ "'rprivate'", MS_PRIVATE | MS_REC },
		{ "'shared'", MS_SHARED },
		{ "'rshared'", MS_SHARED | MS_REC },
		{ "'slave'", MS_SLAVE },
		{ "'rslave'", MS_SLAVE | MS_REC },
		{ "'unbindable'", MS_UNBINDABLE },
		{ "'runbindable'", MS_UNBINDABLE | MS_REC },
		{ "'rshared', 'private'", MS_PRIVATE },
	};
	for (size_t i = 0; i < countof(rows); i++) {
		auto_oci_config struct oci_config config;
		struct oci_mount mount = with(&config, "tmpfs",
					      rows[i].options);
		assert_int_equal(mount.plan.propagation, rows[i].propagation);
		assert_int_equal(mount.plan.flags, 0);
	}
}

static void
below(void **state)
{
	(void)state;
	static const struct {
		const char *options;
		uint64_t set, cleared;
	} rows[] = {
		{ "'rro'", MOUNT_ATTR_RDONLY, 0 },
		{ "'rrw'", 0, MOUNT_ATTR_RDONLY },
		{ "'rro', 'rrw'", 0, MOUNT_ATTR_RDONLY },
		{ "'rrw', 'rro'", MOUNT_ATTR_RDONLY, 0 },
		{ "'rnosuid', 'rnodev', 'rnoexec'",
		  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
		  0 },
		{ "'rsuid', 'rdev', 'rexec'", 0,
		  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
		{ "'rnodiratime', 'rnosymfollow'",
		  MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW, 0 },
		{ "'rdiratime', 'rsymfollow'", 0,
		  MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW },
		{ "'rnoatime'", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
		{ "'rnoatime', 'rstrictatime'", MOUNT_ATTR_STRICTATIME,
		  MOUNT_ATTR__ATIME },
		{ "'rstrictatime', 'rnoatime'", MOUNT_ATTR_NOATIME,
		  MOUNT_ATTR__ATIME },
		{ "'rnoatime', 'ratime'", 0, MOUNT_ATTR__ATIME },
		{ "'rrelatime'", 0, MOUNT_ATTR__ATIME },
		{ "'rnorelatime'", 0, MOUNT_ATTR__ATIME },
		{ "'rstrictatime', 'rnostrictatime'", 0, MOUNT_ATTR__ATIME },
	};
	for (size_t i = 0; i < countof(rows); i++) {
		auto_oci_config struct oci_config config;
		struct oci_mount mount = with(&config, "tmpfs",
					      rows[i].options);
		if (mount.below_set != rows[i].set ||
		    mount.below_cleared != rows[i].cleared)
			fail_msg("%s: %llx %llx", rows[i].options,
				 (unsigned long long)mount.below_set,
				 (unsigned long long)mount.below_cleared);
		assert_int_equal(mount.plan.flags | mount.cleared, 0);
	}
}

static void
data(void **state)
{
	(void)state;
	auto_oci_config struct oci_config config;
	struct oci_mount mount = with(&config, "tmpfs",
				      "'mode=755', 'ro', 'size=64k', '', "
				      "'RO', 'uid=0'");
	assert_string_equal(mount.plan.data, "mode=755,size=64k,RO,uid=0");
	assert_int_equal(mount.plan.flags, MS_RDONLY);
	assert_string_equal(mount.plan.target, "/d");
	assert_string_equal(mount.plan.source, "s");
	assert_string_equal(mount.plan.type, "tmpfs");
}

static void
special(void **state)
{
	(void)state;
	auto_oci_config struct oci_config copy, once, all;
	assert_int_equal(with(&copy, "tmpfs", "'tmpcopyup'").special,
			 OCI_MOUNT_COPY_UP);
	assert_int_equal(with(&once, "none", "'bind', 'idmap'").special,
			 OCI_MOUNT_IDMAP);
	assert_int_equal(with(&all, "none", "'rbind', 'ridmap'").special,
			 OCI_MOUNT_IDMAP | OCI_MOUNT_IDMAP_BELOW);
}

/* Mappings alone are meant, too: an older runtime would not see them. */
static void
mappings_without_the_option(void **state)
{
	(void)state;
	auto_oci_config struct oci_config config;
	auto_free char *json = oci_quoted(
		"{'ociVersion': '1.0.0', 'root': {'path': 'r'}, 'mounts': [{"
		"'destination': '/d', 'source': '/s', 'options': ['bind'], "
		"'uidMappings': [{'containerID': 0, 'hostID': 5, 'size': 2}],"
		"'gidMappings': [{'containerID': 0, 'hostID': 6, 'size': 3}]"
		"}]}");
	assert_int_equal(oci_config_parse(&config, json, strlen(json)), 0);
	const struct oci_mount *mount = &config.mounts[0];
	assert_int_equal(mount->special, OCI_MOUNT_IDMAP);
	assert_int_equal(mount->uid_mappings[0].host_id, 5);
	assert_int_equal(mount->gid_mappings[0].size, 3);
	assert_int_equal(mount->gid_mapping_count, 1);
}

static void
a_relative_destination(void **state)
{
	(void)state;
	auto_oci_config struct oci_config config;
	auto_free char *json = oci_quoted(
		"{'ociVersion': '1.0.0', 'root': {'path': 'r'}, 'mounts': [{"
		"'destination': 'a/b', 'type': 'tmpfs'}]}");
	assert_int_equal(oci_config_parse(&config, json, strlen(json)), 0);
	assert_string_equal(config.mounts[0].plan.target, "/a/b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags),
		cmocka_unit_test(propagation),
		cmocka_unit_test(below),
		cmocka_unit_test(data),
		cmocka_unit_test(special),
		cmocka_unit_test(mappings_without_the_option),
		cmocka_unit_test(a_relative_destination),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
