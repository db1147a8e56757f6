/*
 * fuzz_manifest.c - the texts that say what an image is, as an archive or a
 * registry may have them: manifest.json, a manifest, an index, a config.
 */
#include "fuzz.h"

#include "image.h"
#include "manifest.h"
#include "reference.h"

/* They become paths in the archive and, by the digest, in the store. */
static void
check_claim(const struct claim *claim)
{
	hold(claim->config && claim->config[0]);
	hold(!claim->config_digest ||
	     reference_is_digest(claim->config_digest));
	hold(claim->layers.count == claim->digests.count);
	for (size_t i = 0; i < claim->digests.count; i++)
		hold(claim->digests.items[i][0] == '\0' ||
		     reference_is_digest(claim->digests.items[i]));
}

static void
try_claims(const char *json, size_t size)
{
	struct claims claims = { 0 };
	struct claim claim = { 0 };
	if (manifest_parse_docker(json, size, &claims) == 0)
		for (size_t i = 0; i < claims.count; i++)
			check_claim(&claims.list[i]);
	manifest_free(&claims);
	if (manifest_parse_oci(json, size, &claim) == 0)
		check_claim(&claim);
	manifest_free_claim(&claim);
}

static void
try_index(const char *json, size_t size)
{
	static const char *const platforms[] = { "amd64", "linux/arm/v7" };
	for (size_t i = 0; i < countof(platforms); i++) {
		auto_free char *digest = NULL;
		if (manifest_pick(json, size, platforms[i], &digest) == 0)
			hold(!digest || reference_is_digest(digest));
	}
}

static void
try_config(const char *json, size_t size)
{
	struct image image = { 0 };
	if (image_parse(json, size, "sha256:x", &image) == 0) {
		hold(image.env && image.cmd && image.entrypoint &&
		     image.diff_ids && image.ports && image.volumes &&
		     image.labels && image.workdir && image.user);
		for (char **id = image.diff_ids; *id; id++)
			hold(reference_is_digest(*id));
	} else {
		hold(failure.text[0]);
	}
	image_free(&image);
}

int
fuzz(const uint8_t *data, size_t size)
{
	auto_free char *json = fuzz_bytes(data, size);
	failure = (struct failure){ 0 };
	try_claims(json, size);
	try_index(json, size);
	try_config(json, size);
	return 0;
}
