/* remote_file.c - parent.  See remote_file.h. */
#include "remote_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_program.h"
#include "reference.h"
#include "tool/stream.h"

/* "a.tar" of "http://host/dir/a.tar?x=y"; the caller frees. */
static char *
name_of(const char *url)
{
	const char *path = strstr(url, "://") + 3;
	size_t length = strcspn(path, "?#");
	auto_free char *plain = text("%.*s", (int)length, path);
	const char *slash = strrchr(plain, '/');
	const char *name = slash ? slash + 1 : "";
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		failx("cannot determine filename for source %.150s", url);
		return NULL;
	}
	return copy_text(name);
}

static int
sum_up(int dir, const char *name, char hex[65])
{
	struct file_stream file;
	struct digest_stream digest;
	auto_close int fd = openat(dir, name,
				   O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail("open what was fetched");
	file_stream_open(&file, fd, name, 0);
	int result = digest_stream_open(&digest, &file.stream);
	if (result == 0)
		result = stream_drain(&digest.stream);
	if (result == 0)
		result = digest_stream_end(&digest, hex);
	digest_stream_close(&digest);
	file_stream_close(&file);
	return result;
}

/* It appears under its name when it is complete. */
static int
fetch(struct step_job *job, int dir, const char *url, const char *name)
{
	const char *const words[] = { "fetch", "--", url, NULL };
	auto_close int fd = openat(dir, ".fetched", O_WRONLY | O_CREAT |
				   O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail("make a file for %.150s", url);
	if (image_program_run(job->build->root, job->build->store.driver,
			      words, fd, job->telling) < 0)
		return -1;
	return renameat(dir, ".fetched", dir, name) < 0 ?
		       fail("name %.100s", name) : 0;
}

static int
open_place(const struct step_job *job, const char *url)
{
	char hex[65];
	if (digest_bytes(url, strlen(url), hex) < 0)
		return -1;
	auto_free char *part = text("remote-%s", hex);
	if (mkdirat(job->build->scratch.dir, part, 0700) < 0 &&
	    errno != EEXIST)
		return fail("make a directory for %.150s", url);
	int dir = openat(job->build->scratch.dir, part,
			 O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? fail("open the directory for %.150s", url) : dir;
}

int
remote_file_open(struct step_job *job, const char *url, char **name)
{
	const char *checksum = job->instruction->checksum;
	char hex[65];
	*name = name_of(url);
	auto_close int dir = *name ? open_place(job, url) : -1;
	if (dir < 0)
		return -1;
	if (faccessat(dir, *name, F_OK, 0) < 0 &&
	    fetch(job, dir, url, *name) < 0)
		return wrap("ADD");
	if (checksum && (sum_up(dir, *name, hex) < 0 ||
			 strncmp(checksum, "sha256:", 7) != 0 ||
			 strcmp(checksum + 7, hex) != 0))
		return failx("digest mismatch sha256:%s: %s", hex, checksum);
	return take_fd(&dir);
}

int
remote_file_key(struct step_job *job, const char *url, struct cache_key *key)
{
	const char *checksum = job->instruction->checksum;
	auto_free char *name = NULL;
	char hex[65];
	if (checksum && !reference_is_digest(checksum))
		return failx("unsupported digest %.100s: say sha256:HEX",
			     checksum);
	if (checksum) {
		cache_key_add(key, checksum);
		return 0;
	}
	auto_close int dir = remote_file_open(job, url, &name);
	if (dir < 0 || sum_up(dir, name, hex) < 0)
		return -1;
	cache_key_add(key, hex);
	return 0;
}
