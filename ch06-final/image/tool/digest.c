/* digest.c - see digest.h.  Runs in mydocker-image. */
#include "digest.h"

#include <openssl/evp.h>

int
digest_begin(struct digest *digest)
{
	digest->context = EVP_MD_CTX_new();
	if (!digest->context ||
	    EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) != 1) {
		digest_free(digest);
		return failx("OpenSSL has no sha256");
	}
	return 0;
}

int
digest_add(struct digest *digest, const void *bytes, size_t size)
{
	if (EVP_DigestUpdate(digest->context, bytes, size) != 1)
		return failx("OpenSSL could not go on with sha256");
	return 0;
}

int
digest_end(struct digest *digest, char hex[65])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int length = 0;
	int done = EVP_DigestFinal_ex(digest->context, sum, &length);
	digest_free(digest);
	if (done != 1 || length != 32)
		return failx("OpenSSL could not finish sha256");
	for (unsigned int i = 0; i < length; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	return 0;
}

void
digest_free(struct digest *digest)
{
	EVP_MD_CTX_free(digest->context);
	digest->context = NULL;
}

int
digest_bytes(const void *bytes, size_t size, char hex[65])
{
	struct digest digest;
	if (digest_begin(&digest) < 0)
		return -1;
	if (digest_add(&digest, bytes, size) < 0) {
		digest_free(&digest);
		return -1;
	}
	return digest_end(&digest, hex);
}
