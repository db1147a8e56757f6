/* test_manifest.c - what archives claim; their hostile forms. */
#include "manifest.h"

#include <string.h>

#include "test.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CONFIG                                                                \
	"\"config\": {\"mediaType\": "                                        \
	"\"application/vnd.oci.image.config.v1+json\", "                      \
	"\"digest\": \"sha256:" HEX "\"}"
#define LAYER(digest)                                                         \
	"{\"mediaType\": \"application/vnd.oci.image.layer.v1.tar+gzip\", "   \
	"\"digest\": \"" digest "\"}"

static int
parse_docker(const char *json, struct claims *claims)
{
	*claims = (struct claims){ 0 };
	return manifest_parse_docker(json, strlen(json), claims);
}

static void
docker_images(void **state)
{
	struct claims claims;
	(void)state;
	assert_int_equal(
		parse_docker("[{\"Config\": \"" HEX ".json\", \"RepoTags\": "
			     "[\"a:1\", \"b\"], \"Layers\": [\"x/layer.tar\", "
			     "\"y..z/..layer\"]}, {\"Config\": \"c.json\", "
			     "\"RepoTags\": null, \"Layers\": null}, "
			     "{\"Config\": \"blobs/sha256/" HEX "\"}]",
			     &claims), 0);
	assert_int_equal(claims.count, 3);
	const struct claim *first = &claims.list[0];
	assert_string_equal(first->config, HEX ".json");
	assert_string_equal(first->config_digest, "sha256:" HEX);
	assert_int_equal(first->names.count, 2);
	assert_string_equal(first->names.items[1], "b");
	assert_int_equal(first->layers.count, 2);
	assert_string_equal(first->digests.items[1], "");
	assert_null(claims.list[1].config_digest);
	assert_string_equal(claims.list[2].config_digest, "sha256:" HEX);
	manifest_free(&claims);
	manifest_free(&claims);
}

static void
bad_docker_manifests(void **state)
{
	static const char *const bad[] = {
		"", " ", "{", "[", "[]", "{}", "null", "1", "\"x\"", "[null]",
		"[[]]", "[{}]", "[{\"Config\": null}]", "[{\"Config\": \"\"}]",
		"[{\"Config\": \"/etc/passwd\"}]",
		"[{\"Config\": \"../x\"}]", "[{\"Config\": \"a/../b\"}]",
		"[{\"Config\": \"a/..\"}]", "[{\"Config\": \"..\"}]",
		"[{\"Config\": \"a\", \"Layers\": {}}]",
		"[{\"Config\": \"a\", \"Layers\": [1]}]",
		"[{\"Config\": \"a\", \"Layers\": [\"a/../../b\"]}]",
		"[{\"Config\": \"a\", \"RepoTags\": \"x\"}]",
		"[{\"Config\": \"a\", \"RepoTags\": [null]}]",
		"[{\"Config\": \"a\", \"Config\": \"b\"}]",
		"[{\"Config\": \"a\"}] trailing",
		"[{\"Config\": \"a\\u0000b\"}]", "[{\"Config\": \"\xff\"}]",
	};
	(void)state;
	for (size_t i = 0; i < countof(bad); i++) {
		struct claims claims;
		if (parse_docker(bad[i], &claims) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_true(failure.text[0] != '\0');
		manifest_free(&claims);
	}
}

static int
parse_oci(const char *json, struct claims *claims)
{
	/* A list of one, so that manifest_free() can give it back. */
	assert_int_equal(parse_docker("[{\"Config\": \"a\"}]", claims), 0);
	struct claim *claim = &claims->list[0];
	free_scoped(&claim->config);
	return manifest_parse_oci(json, strlen(json), claim);
}

static void
oci_manifests(void **state)
{
	struct claims claims;
	(void)state;
	assert_int_equal(parse_oci("{" CONFIG ", \"layers\": ["
				   LAYER("sha256:" HEX) ", "
				   LAYER("sha256:" HEX) "]}", &claims), 0);
	const struct claim *claim = &claims.list[0];
	assert_string_equal(claim->config, "blobs/sha256/" HEX);
	assert_string_equal(claim->config_digest, "sha256:" HEX);
	assert_int_equal(claim->layers.count, 2);
	assert_string_equal(claim->layers.items[1], "blobs/sha256/" HEX);
	assert_string_equal(claim->digests.items[1], "sha256:" HEX);
	manifest_free(&claims);
}

static void
bad_oci_manifests(void **state)
{
	static const char *const bad[] = {
		"", "{}", "[]", "null", "{\"config\": {}, \"layers\": []}",
		"{\"config\": {\"mediaType\": \"text/plain\", \"digest\": "
			"\"sha256:" HEX "\"}, \"layers\": []}",
		"{" CONFIG "}", "{" CONFIG ", \"layers\": {}}",
		"{" CONFIG ", \"layers\": [null]}",
		"{" CONFIG ", \"layers\": [{}]}",
		"{" CONFIG ", \"layers\": [" LAYER("sha256:../../x") "]}",
		"{" CONFIG ", \"layers\": [" LAYER("sha512:" HEX HEX) "]}",
		"{" CONFIG ", \"layers\": [" LAYER("") "]}",
		"{" CONFIG ", \"layers\": [" LAYER("sha256:" HEX "0") "]}",
		"{" CONFIG ", \"layers\": [{\"mediaType\": 7, \"digest\": "
			"\"sha256:" HEX "\"}]}",
	};
	(void)state;
	for (size_t i = 0; i < countof(bad); i++) {
		struct claims claims;
		if (parse_oci(bad[i], &claims) == 0)
			fail_msg("taken: %s", bad[i]);
		manifest_free(&claims);
	}
}

/* Every beginning of a good manifest is refused, and no byte changed in it
 * makes the parser read or write where it should not. */
static void
cut_and_changed(void **state)
{
	static const char good[] = "[{\"Config\": \"" HEX ".json\", "
				   "\"RepoTags\": [\"a:1\"], \"Layers\": "
				   "[\"x/layer.tar\"]}]";
	struct claims claims;
	char copy[sizeof(good)];
	(void)state;
	for (size_t length = 0; length < sizeof(good) - 1; length++) {
		claims = (struct claims){ 0 };
		assert_int_equal(manifest_parse_docker(good, length, &claims),
				 -1);
		manifest_free(&claims);
	}
	for (size_t i = 0; i < sizeof(good) - 1; i++)
		for (int byte = 0; byte < 256; byte++) {
			memcpy(copy, good, sizeof(good));
			copy[i] = byte;
			claims = (struct claims){ 0 };
			(void)!manifest_parse_docker(copy, sizeof(good) - 1,
						     &claims);
			manifest_free(&claims);
		}
}

static void
this_machine(void **state)
{
	(void)state;
	assert_true(strlen(manifest_platform()) > 0);
	assert_string_not_equal(manifest_platform(), "x86_64");
}

#define PLATFORM(os, machine, more)                                           \
	"\"platform\": {\"os\": \"" os "\", "                                 \
	"\"architecture\": \"" machine "\"" more "}}"
#define ENTRY(digit, platform)                                                \
	"{\"mediaType\": \"application/vnd.oci.image.manifest.v1+json\", "     \
	"\"digest\": \"sha256:" digit "\", " platform
#define HEX64(d) d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d  \
	d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d

/* The first digit of what is picked, "" for a manifest, NULL for none. */
static const char *
picked(const char *json, const char *platform)
{
	static char digit[2];
	auto_free char *digest = NULL;
	if (manifest_pick(json, strlen(json), platform, &digest) < 0)
		return NULL;
	snprintf(digit, sizeof(digit), "%s", digest ? digest + 7 : "");
	return digit;
}

static void
one_of_an_index(void **state)
{
	static const char index[] = "{\"manifests\": ["
		ENTRY(HEX64("0"), PLATFORM("windows", "amd64", "")) ", "
		ENTRY(HEX64("1"), PLATFORM("linux", "amd64", "")) ", "
		ENTRY(HEX64("2"), PLATFORM("linux", "arm",
					   ", \"variant\": \"v6\"")) ", "
		ENTRY(HEX64("3"), PLATFORM("linux", "arm",
					   ", \"variant\": \"v7\"")) ", "
		ENTRY(HEX64("4"), PLATFORM("linux", "arm64",
					   ", \"variant\": \"v8\"")) ", "
		ENTRY(HEX64("5"), PLATFORM("linux", "386", "")) "]}";
	(void)state;
	assert_string_equal(picked(index, "amd64"), "1");
	assert_string_equal(picked(index, "linux/amd64"), "1");
	assert_string_equal(picked(index, "linux/arm"), "3");
	assert_string_equal(picked(index, "linux/armel"), "2");
	assert_string_equal(picked(index, "arm64"), "4");
	assert_string_equal(picked(index, "linux/aarch64"), "4");
	assert_string_equal(picked(index, "linux/i386"), "5");
	assert_string_equal(picked(index, "linux/arm/v7"), "3");
	assert_null(picked(index, "linux/arm/v8"));
	assert_null(picked(index, "linux/arm6"));
	assert_null(picked(index, "windows/amd64"));
	assert_non_null(strstr(failure.text, "no matching manifest for "));
	assert_string_equal(picked("{\"schemaVersion\": 2}", "amd64"), "");
	assert_null(picked("{\"schemaVersion\": 1}", "amd64"));
	assert_null(picked("{\"manifests\": []}", "amd64"));
	assert_null(picked("{\"manifests\": [5]}", "amd64"));
	assert_null(picked("<html>", "amd64"));
}

static void
sizes_of_layers(void **state)
{
	static const char json[] = "{" CONFIG ", \"layers\": ["
		"{\"mediaType\": \"application/vnd.oci.image.layer.v1.tar\", "
		"\"size\": 12, \"digest\": \"sha256:" HEX "\"}, "
		"{\"mediaType\": \"application/vnd.oci.image.layer.v1.tar\", "
		"\"size\": -1, \"digest\": \"sha256:" HEX "\"}]}";
	struct claim claim = { 0 };
	(void)state;
	assert_int_equal(manifest_parse_oci(json, strlen(json), &claim), 0);
	assert_int_equal(claim.sizes[0], 12);
	assert_int_equal(claim.sizes[1], 0);
	assert_string_equal(claim.types.items[1],
			    "application/vnd.oci.image.layer.v1.tar");
	manifest_free_claim(&claim);
	manifest_free_claim(&claim);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(docker_images),
		cmocka_unit_test(bad_docker_manifests),
		cmocka_unit_test(oci_manifests),
		cmocka_unit_test(bad_oci_manifests),
		cmocka_unit_test(cut_and_changed),
		cmocka_unit_test(this_machine),
		cmocka_unit_test(one_of_an_index),
		cmocka_unit_test(sizes_of_layers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
