/* test_oci_features.c - what `features` says that is understood, is. */
#include "oci_features.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "oci_config.h"
#include "test.h"

static json_t *
features(const struct oci_abilities *can)
{
	auto_free char *text = oci_features_json(can);
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	return json;
}

/* Does the parser take a config that is `before`, a name, `after`? */
static void
taken(const char *before, json_t *names, const char *after)
{
	size_t i;
	json_t *name;
	assert_true(json_array_size(names) > 0);
	json_array_foreach(names, i, name) {
		auto_free char *config = text(
			"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},"
			"%s%s%s}", before, json_string_value(name), after);
		struct oci_config parsed;
		if (oci_config_parse(&parsed, config, strlen(config)) < 0)
			fail_msg("%s: %s", json_string_value(name),
				 failure.text);
		if (parsed.document.warnings)
			fail_msg("%s", parsed.document.warnings->text);
		oci_config_free(&parsed);
	}
}

static json_t *
at(json_t *json, const char *path)
{
	auto_free char *copy = copy_text(path);
	char *rest = copy;
	for (char *key; (key = strsep(&rest, "."));)
		json = json_object_get(json, key);
	assert_non_null(json);
	return json;
}

static void
every_name_is_taken(void **state)
{
	(void)state;
	const struct oci_abilities all = { .seccomp = true };
	json_t *json = features(&all);
	taken("\"hooks\":{\"", at(json, "hooks"), "\":[{\"path\":\"/x\"}]}");
	taken("\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],\"user\":{\"uid\":0,"
	      "\"gid\":0},\"capabilities\":{\"bounding\":[\"",
	      at(json, "linux.capabilities"), "\"]}}");
	taken("\"linux\":{\"seccomp\":{\"listenerPath\":\"/s\","
	      "\"defaultAction\":\"", at(json, "linux.seccomp.actions"),
	      "\"}}");
	taken("\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\","
	      "\"architectures\":[\"", at(json, "linux.seccomp.archs"),
	      "\"]}}");
	taken("\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\","
	      "\"flags\":[\"", at(json, "linux.seccomp.knownFlags"), "\"]}}");
	taken("\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\","
	      "\"syscalls\":[{\"names\":[\"x\"],\"action\":\"SCMP_ACT_LOG\","
	      "\"args\":[{\"index\":0,\"value\":1,\"op\":\"",
	      at(json, "linux.seccomp.operators"), "\"}]}]}}");
	taken("\"linux\":{\"memoryPolicy\":{\"mode\":\"",
	      at(json, "linux.memoryPolicy.modes"), "\"}}");
	taken("\"linux\":{\"memoryPolicy\":{\"mode\":\"MPOL_BIND\","
	      "\"flags\":[\"", at(json, "linux.memoryPolicy.flags"), "\"]}}");
	json_decref(json);
}

static void
versions(void **state)
{
	(void)state;
	json_t *json = features(&(const struct oci_abilities){ 0 });
	static const char *const keys[] = { "ociVersionMin", "ociVersionMax" };
	for (size_t i = 0; i < countof(keys); i++) {
		auto_free char *config = text(
			"{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"}}",
			json_string_value(at(json, keys[i])));
		struct oci_config parsed;
		assert_int_equal(oci_config_parse(&parsed, config,
						  strlen(config)), 0);
		oci_config_free(&parsed);
	}
	json_decref(json);
}

static void
options_are_no_data(void **state)
{
	(void)state;
	json_t *json = features(&(const struct oci_abilities){ 0 }), *name;
	size_t i;
	json_array_foreach(at(json, "mountOptions"), i, name) {
		auto_free char *config = text(
			"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},"
			"\"linux\":{\"namespaces\":[{\"type\":\"user\"}],"
			"\"uidMappings\":[{\"containerID\":0,\"hostID\":0,"
			"\"size\":1}],\"gidMappings\":[{\"containerID\":0,"
			"\"hostID\":0,\"size\":1}]},"
			"\"mounts\":[{\"destination\":\"/\",\"source\":\"/\","
			"\"type\":\"tmpfs\",\"options\":[\"%s\"]}]}",
			json_string_value(name));
		struct oci_config parsed;
		if (oci_config_parse(&parsed, config, strlen(config)) < 0)
			fail_msg("%s: %s", json_string_value(name),
				 failure.text);
		assert_null(parsed.mounts[0].plan.data);
		oci_config_free(&parsed);
	}
	assert_true(i > 60);
	json_decref(json);
}

static void
abilities(void **state)
{
	(void)state;
	json_t *none = features(&(const struct oci_abilities){ 0 });
	json_t *some = features(&(const struct oci_abilities){
		.seccomp = true, .idmap = true, .systemd = true });
	assert_true(json_is_false(at(none, "linux.seccomp.enabled")));
	assert_int_equal(json_array_size(
		at(none, "linux.seccomp.supportedFlags")), 0);
	assert_true(json_is_true(at(some, "linux.seccomp.enabled")));
	assert_true(json_is_false(at(none,
				     "linux.mountExtensions.idmap.enabled")));
	assert_true(json_is_true(at(some,
				    "linux.mountExtensions.idmap.enabled")));
	assert_true(json_is_true(at(some, "linux.cgroup.systemd")));
	assert_true(json_is_false(at(some, "linux.netDevices.enabled")));
	assert_int_equal(json_array_size(at(none, "linux.namespaces")), 8);
	assert_int_equal(json_array_size(at(none, "linux.capabilities")), 41);
	json_decref(none);
	json_decref(some);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_taken),
		cmocka_unit_test(versions),
		cmocka_unit_test(options_are_no_data),
		cmocka_unit_test(abilities),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
