/* test_oci_spec.c - what `spec` writes is what the parser reads. */
#include "oci_spec.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci_config.h"
#include "test.h"

static struct oci_config
parsed(bool rootless)
{
	auto_free char *json = oci_spec_json(rootless);
	struct oci_config config;
	if (oci_config_parse(&config, json, strlen(json)) < 0)
		fail_msg("%s", failure.text);
	assert_null(config.document.warnings);
	return config;
}

static const struct oci_mount *
mount_of(const struct oci_config *config, const char *target)
{
	for (size_t i = 0; i < config->mount_count; i++)
		if (strcmp(config->mounts[i].plan.target, target) == 0)
			return &config->mounts[i];
	return NULL;
}

static void
for_root(void **state)
{
	(void)state;
	auto_oci_config struct oci_config config = parsed(false);
	assert_string_equal(config.version, OCI_VERSION);
	assert_string_equal(config.root->path, "rootfs");
	assert_true(config.root->readonly);
	assert_string_equal(config.process->args[0], "sh");
	assert_null(config.process->args[1]);
	assert_true(config.process->terminal);
	assert_true(config.process->no_new_privileges);
	assert_int_equal(config.process->capabilities->bounding,
			 1u << 5 | 1u << 10 | 1u << 29);
	assert_int_equal(config.process->capabilities->ambient, 0);
	assert_non_null(oci_namespace_find(config.kernel, "network"));
	assert_null(oci_namespace_find(config.kernel, "user"));
	assert_int_equal(config.kernel->resources->device_count, 1);
	assert_string_equal(mount_of(&config, "/dev/pts")->plan.data,
			    "newinstance,ptmxmode=0666,mode=0620,gid=5");
	assert_string_equal(mount_of(&config, "/sys")->plan.type, "sysfs");
}

static void
for_a_user(void **state)
{
	(void)state;
	auto_oci_config struct oci_config config = parsed(true);
	assert_null(oci_namespace_find(config.kernel, "network"));
	assert_non_null(oci_namespace_find(config.kernel, "user"));
	assert_int_equal(config.kernel->uid_mapping_count, 1);
	assert_int_equal(config.kernel->uid_mappings[0].host_id, geteuid());
	assert_int_equal(config.kernel->gid_mappings[0].host_id, getegid());
	assert_int_equal(config.kernel->gid_mappings[0].size, 1);
	assert_null(config.kernel->resources);
	assert_string_equal(mount_of(&config, "/dev/pts")->plan.data,
			    "newinstance,ptmxmode=0666,mode=0620");
	assert_int_equal(mount_of(&config, "/sys")->plan.flags,
			 MS_BIND | MS_REC | MS_NOSUID | MS_NOEXEC | MS_NODEV |
				 MS_RDONLY);
}

static void
written_once(void **state)
{
	(void)state;
	char bundle[] = "/tmp/unit-oci-spec.XXXXXX";
	assert_non_null(mkdtemp(bundle));
	int before = count_descriptors();
	assert_int_equal(oci_spec_write(bundle, false), 0);
	auto_close int dir = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_oci_config struct oci_config config;
	assert_int_equal(oci_config_load(&config, dir), 0);
	assert_string_equal(config.hostname, "mydocker");

	struct stat first, second;
	assert_int_equal(fstatat(dir, "config.json", &first, 0), 0);
	assert_int_equal(oci_spec_write(bundle, true), -1);
	assert_non_null(strstr(failure.text, "File exists"));
	assert_int_equal(fstatat(dir, "config.json", &second, 0), 0);
	assert_int_equal(first.st_ino, second.st_ino);
	assert_int_equal(first.st_size, second.st_size);
	assert_int_equal(count_descriptors(), before + 1);
	unlinkat(dir, "config.json", 0);
	rmdir(bundle);
	assert_int_equal(oci_spec_write(bundle, false), -1);
	assert_non_null(strstr(failure.text, "open the bundle"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(for_root),
		cmocka_unit_test(for_a_user),
		cmocka_unit_test(written_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
