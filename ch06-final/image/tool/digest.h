/*
 * digest.h - sha256, by OpenSSL: the only hash with which images are named.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include "base.h"

struct evp_md_ctx_st;

struct digest {
	struct evp_md_ctx_st *context;
};

int digest_begin(struct digest *digest);
int digest_add(struct digest *digest, const void *bytes, size_t size);
/* 64 digits and a NUL.  Ends the digest, as digest_free() does. */
int digest_end(struct digest *digest, char hex[65]);
void digest_free(struct digest *digest);

/* All of it at once. */
int digest_bytes(const void *bytes, size_t size, char hex[65]);

#endif
