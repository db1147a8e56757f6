/* pack.c - see pack.h.  Runs in mydocker-image. */
#include "pack.h"

#include "digest.h"
#include "recipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define BLOCK_SIZE ((size_t)256 * 1024)
/* What others take, too: slower is hardly smaller. */
#define LEVEL 6

struct packing {
	z_stream gzip;
	struct digest digest; /* of what comes out */
	struct pack *pack;
	char *buffer;
};

static int
put(struct packing *packing, size_t size)
{
	const char *bytes = packing->buffer;
	if (digest_add(&packing->digest, bytes, size) < 0)
		return -1;
	while (size > 0) {
		ssize_t done = write(packing->pack->fd, bytes, size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return fail("write a compressed layer");
		bytes += done;
		size -= done;
		packing->pack->size += done;
	}
	return 0;
}

static int
deflate_block(struct packing *packing, const void *block, size_t size,
	      int flush)
{
	z_stream *gzip = &packing->gzip;
	gzip->next_in = (Bytef *)(uintptr_t)block;
	gzip->avail_in = size;
	do {
		gzip->next_out = (Bytef *)packing->buffer;
		gzip->avail_out = BLOCK_SIZE;
		if (deflate(gzip, flush) == Z_STREAM_ERROR)
			return failx("zlib cannot go on");
		if (put(packing, BLOCK_SIZE - gzip->avail_out) < 0)
			return -1;
	} while (gzip->avail_out == 0);
	return 0;
}

static int
compress_all(struct packing *packing, struct stream *from)
{
	const void *block;
	ssize_t size;
	while ((size = stream_next(from, &block)) > 0)
		if (deflate_block(packing, block, size, Z_NO_FLUSH) < 0)
			return -1;
	return size < 0 ? -1 : deflate_block(packing, NULL, 0, Z_FINISH);
}

static int
compress_layer(struct packing *packing, struct stream *tar, const char *hex)
{
	struct digest_stream digest;
	char found[65];
	int result = digest_stream_open(&digest, tar);
	if (result == 0)
		result = compress_all(packing, &digest.stream);
	if (result == 0)
		result = digest_stream_end(&digest, found);
	digest_stream_close(&digest);
	if (result == 0 && strcmp(found, hex) != 0)
		return failx("its files were changed in the store: their tar "
			     "has the digest sha256:%s", found);
	if (result == 0)
		result = digest_end(&packing->digest, found);
	if (result == 0)
		packing->pack->digest = text("sha256:%s", found);
	return result;
}

static int
read_and_compress(struct packing *packing, struct store *store,
		  const char *hex)
{
	struct recipe_reader tar = { .file = -1 };
	auto_close int dir = openat(store->layers, hex,
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail("open %s/layers/%s", store->root, hex);
	int result = recipe_read(&tar, store->layers, dir, hex);
	/* 16 means gzip, in whose header there is no name and no time. */
	if (result == 0 && deflateInit2(&packing->gzip, LEVEL, Z_DEFLATED,
					15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		result = failx("zlib is out of memory");
	else if (result == 0) {
		result = compress_layer(packing, &tar.stream, hex);
		deflateEnd(&packing->gzip);
	}
	recipe_reader_close(&tar);
	return result;
}

int
pack_layer(struct store *store, int scratch, const char *hex,
	   struct pack *pack)
{
	struct packing packing = { .pack = pack };
	*pack = (struct pack){ .fd = openat(scratch, ".", O_RDWR | O_TMPFILE |
					    O_CLOEXEC, 0600) };
	if (pack->fd < 0)
		return fail("make a file for a compressed layer");
	packing.buffer = new_bytes(BLOCK_SIZE);
	int result = digest_begin(&packing.digest);
	if (result == 0)
		result = read_and_compress(&packing, store, hex);
	digest_free(&packing.digest);
	free(packing.buffer);
	if (result < 0)
		pack_free(pack);
	return result < 0 ? wrap("layer %.12s", hex) : 0;
}

void
pack_free(struct pack *pack)
{
	close_scoped(&pack->fd);
	pack->fd = -1;
	free(take_ptr(&pack->digest));
}
