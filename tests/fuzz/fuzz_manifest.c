/*
 * fuzz_manifest.c - the texts that say what an image is, as an archive or a
 * registry may have them: manifest.json, a manifest, an index, a config.
 */
#include "fuzz.h"

#include "digest.h"
#include "image.h"
#include "manifest.h"
#include "reference.h"

#include <sys/mman.h>
#include <unistd.h>

/* An image that an index may lead to: seeds.py has its digest. */
#define KNOWN                                                                 \
	"{\"config\":{\"mediaType\":"                                         \
	"\"application/vnd.oci.image.config.v1+json\",\"digest\":\"sha256:"    \
	"00000000000000000000000000000000"                                    \
	"00000000000000000000000000000000\"},\"layers\":[]}"
#define BLOBS "blobs/sha256/"

/* They become paths in the archive and, by the digest, in the store. */
static void
check_claim(const struct claim *claim)
{
	hold(claim->config && claim->config[0]);
	hold(!claim->config_digest ||
	     reference_is_digest(claim->config_digest));
	hold(claim->layers.count == claim->digests.count);
	hold(!claim->is_further || claim->platform);
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

/* ---- in an archive ----------------------------------------------------- */

static void
put(int fd, const char *name, const char *bytes, size_t size)
{
	static const char zeros[512];
	char header[512] = { 0 };
	unsigned int sum = 0;
	snprintf(header, 100, "%s", name);
	snprintf(header + 100, 8, "0000644");
	snprintf(header + 124, 12, "%011o", (unsigned int)size);
	memcpy(header + 148, "        ", 8);
	memcpy(header + 156, "0\0", 2);
	memcpy(header + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(header); i++)
		sum += (unsigned char)header[i];
	snprintf(header + 148, 8, "%06o", sum);
	hold(write(fd, header, sizeof(header)) == sizeof(header));
	hold(write(fd, bytes, size) == (ssize_t)size);
	hold(write(fd, zeros, -size % 512) == (ssize_t)(-size % 512));
}

static void
put_blob(int fd, const char *bytes, size_t size, char hex[65])
{
	hold(digest_bytes(bytes, size, hex) == 0);
	auto_free char *name = text(BLOBS "%s", hex);
	put(fd, name, bytes, size);
}

static void
read_archive(int fd, const char *platforms)
{
	struct bundle bundle;
	struct claims claims;
	if (bundle_open(&bundle, fd, "fuzz", -1) == 0) {
		if (manifest_read(&bundle, platforms, &claims) == 0) {
			hold(claims.count > 0 && !claims.list[0].is_further);
			for (size_t i = 0; i < claims.count; i++)
				check_claim(&claims.list[i]);
			manifest_free(&claims);
		} else {
			hold(failure.text[0]);
		}
	}
	bundle_close(&bundle);
}

/* As index.json, and as the index to which that leads. */
static void
try_archive(const char *json, size_t size, bool is_nested)
{
	auto_close int fd = memfd_create("fuzz", MFD_CLOEXEC);
	static const char end[1024];
	char hex[65];
	hold(fd >= 0);
	put_blob(fd, KNOWN, strlen(KNOWN), hex);
	if (is_nested) {
		put_blob(fd, json, size, hex);
		auto_free char *index = text(
			"{\"manifests\":[{\"mediaType\":\"application/"
			"vnd.oci.image.index.v1+json\",\"digest\":"
			"\"sha256:%s\",\"annotations\":{"
			"\"io.containerd.image.name\":\"a:1\"}}]}", hex);
		put(fd, "index.json", index, strlen(index));
	} else {
		put(fd, "index.json", json, size);
	}
	hold(write(fd, end, sizeof(end)) == sizeof(end));
	static const char *const asked[] = { NULL, "linux/arm/v7,amd64" };
	for (size_t i = 0; i < countof(asked); i++) {
		hold(lseek(fd, 0, SEEK_SET) == 0);
		read_archive(fd, asked[i]);
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
	if (size) {
		try_archive(json, size, false);
		try_archive(json, size, true);
	}
	return 0;
}
