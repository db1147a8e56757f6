/*
 * download.h - blobs from a registry, several at once, each into a file.
 *
 * A blob has the digest and the size that the manifest says, or it never gets
 * as far as anybody's use: a byte too many ends the connection, and a short or
 * broken answer is continued where it stopped, as long as something comes.
 * What has come of a blob when the pull ends badly or is killed stays in
 * ROOT/partial, and the next pull goes on from there.
 */
#ifndef DOWNLOAD_H
#define DOWNLOAD_H

#include "progress.h"
#include "registry.h"
#include "store.h"

struct blob {
	const char *digest; /* "sha256:..."; the caller's */
	uint64_t size;
	size_t row;	    /* of the progress */
	int fd;		    /* its bytes from the start, when it is ready */
	bool is_ready;
};

struct download {
	struct registry *registry;
	struct store *store;
	struct progress *progress;
	struct blob *blobs;
	size_t count;
	/* Called when a blob is there and right. */
	void (*ready)(void *data, size_t which);
	/* Asked now and then: is it still of use? */
	bool (*is_wanted)(void *data);
	void *data;
};

/* Get them all.  The files are open after success and after failure, until
 * download_close(). */
int download_run(struct download *download);
/* `is_done`: they were used, and need not be kept for another time. */
void download_close(struct download *download, bool is_done);

#endif
