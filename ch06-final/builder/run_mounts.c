/* run_mounts.c - parent.  See run_mounts.h. */
#include "run_mounts.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build_shelf.h"
#include "copy_source.h"
#include "lock.h"
#include "mount_options.h"
#include "mountfd.h"
#include "ns.h"
#include "path.h"
#include "pour.h"
#include "safepath.h"
#include "tree.h"

/* ---- the key ------------------------------------------------------------- */

/* What it begins with, where that comes from elsewhere. */
static int
key_from(struct step_job *job, const struct run_mount *mount,
	 struct cache_key *key)
{
	auto_build_state struct build_state from = { 0 };
	if (step_from(job, mount->from, mount->from_stage, &from) < 0)
		return -1;
	step_key_layers(key, &from);
	return 0;
}

/* All that would be there, also what .dockerignore leaves out. */
static int
key_context(const struct build *build, const struct run_mount *mount,
	    struct cache_key *key)
{
	const struct copy_place place = {
		.root = build->context.root,
		.is_context = true,
	};
	auto_words struct words paths = { 0 };
	struct copy_source source;
	char hex[65];
	if (copy_source_find(&place, mount->source ?: "/", &paths) < 0 ||
	    copy_source_open(&place, paths.items[0], &source) < 0)
		return -1;
	source.tar.data = &source;
	int result = tar_digest(&source.tar, hex);
	free(source.path);
	if (result == 0)
		cache_key_add(key, hex);
	return result;
}

static int
key_mount(struct step_job *job, const struct run_mount *mount,
	  struct cache_key *key)
{
	if (mount->from)
		return key_from(job, mount, key);
	return mount->kind == RUN_MOUNT_BIND ?
		       key_context(job->build, mount, key) : 0;
}

int
run_mounts_key(struct step_job *job, struct cache_key *key)
{
	const struct instruction *run = job->instruction;
	cache_key_add_all(key, &run->mount_flags);
	for (size_t i = 0; i < run->mount_count; i++)
		if (key_mount(job, &run->mounts[i], key) < 0)
			return wrap("--mount=%s", run->mount_flags.items[i]);
	return 0;
}

/* ---- one more volume ----------------------------------------------------- */

static void
add_volume(struct step_job *job, struct draft *draft, const char *type,
	   const char *source, const struct run_mount *mount)
{
	struct volume volume = {
		.type = copy_text(type),
		.source = source ? copy_text(source) : NULL,
		.target = step_path(job->state, mount->target),
		.flags = mount->read_only ? MS_RDONLY : 0,
	};
	if (strcmp(type, "tmpfs") == 0)
		volume.data = mount->has_size ?
			text("size=%llu", (unsigned long long)mount->size) :
			copy_text("");
	volume_add(&draft->settings, &volume);
}

/* The path of what a descriptor is of; the caller frees. */
static char *
path_of(int fd)
{
	char path[PATH_MAX];
	auto_free char *link = text("/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, path, sizeof(path));
	return length < 0 ? NULL : text("%.*s", (int)length, path);
}

/* ---- bind ---------------------------------------------------------------- */

/* What is written to the context is not written there. */
static int
find_layers(struct step_job *job, const struct run_mount *mount,
	    struct draft *draft)
{
	struct build *build = job->build;
	struct words *layers = &draft->settings.layers;
	auto_build_state struct build_state from = { 0 };
	if (!mount->from)
		build_state_empty(&from, build_architecture(build->platform));
	else if (step_from(job, mount->from, mount->from_stage, &from) < 0)
		return -1;
	if (draft_open(build, &from, draft) < 0)
		return -1;
	if (!mount->from) {
		words_free(layers);
		words_add(layers, build->context.path);
	}
	return 0;
}

/* The root of a stage, mounted where nobody else sees it. */
static int
mount_from(struct step_job *job, const struct run_mount *mount,
	   struct run_mounts *mounts)
{
	struct build *build = job->build;
	struct draft *draft = &mounts->sources[mounts->count++];
	*draft = (struct draft){ 0 };
	container_init(&draft->c, build->root, NULL);
	if (find_layers(job, mount, draft) < 0 ||
	    draft_create(build, draft) < 0)
		return -1;
	int root = draft_mount(draft);
	auto_free char *place = text("%s/containers/%s/rootfs", build->root,
				     draft->c.record.id);
	auto_close int target = open(place,
				     O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || target < 0 || mountfd_attach(root, target) < 0)
		return wrap("mount the files of %.60s",
			    mount->from ?: "the context");
	return open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int
add_bind(struct step_job *job, struct draft *draft,
	 const struct run_mount *mount, struct run_mounts *mounts)
{
	bool is_plain = !mount->from && mount->read_only;
	auto_close int own = is_plain ? -1 : mount_from(job, mount, mounts);
	int root = is_plain ? job->build->context.root : own;
	if (root < 0)
		return -1;
	auto_close int source = safepath_open(root, mount->source ?: ".",
					      O_PATH);
	auto_free char *path = source < 0 ? NULL : path_of(source);
	if (!path)
		return wrap("find %.100s", mount->source ?: ".");
	add_volume(job, draft, "bind", path, mount);
	return 0;
}

/* ---- cache --------------------------------------------------------------- */

static int
open_caches(const struct build *build)
{
	int parent = build->store.build;
	if (mkdirat(parent, BUILD_CACHES, 0700) < 0 && errno != EEXIST)
		return fail("make the directory of caches");
	int fd = openat(parent, BUILD_CACHES,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? fail("open the directory of caches") : fd;
}

static int
hold(struct run_mounts *mounts, int caches, const char *hex, int how)
{
	auto_free char *name = text("%s.lock", hex);
	auto_close int lock = openat(caches, name,
				     O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0)
		return fail("open the lock of a cache");
	if (lock_take(lock, how) < 0)
		return -1;
	mounts->locks = resize_bytes(mounts->locks,
				     (mounts->lock_count + 1) * sizeof(int));
	mounts->locks[mounts->lock_count++] = take_fd(&lock);
	return 0;
}

/* sharing=private: the first of these that nobody has. */
static int
choose_cache(struct run_mounts *mounts, const struct run_mount *mount,
	     const char *id, int caches, char hex[65])
{
	for (unsigned int i = 0;; i++) {
		auto_free char *name = i ? text("%s\n%u", id, i) :
					   copy_text(id);
		if (digest_bytes(name, strlen(name), hex) < 0)
			return -1;
		bool is_private = mount->sharing == RUN_MOUNT_PRIVATE;
		int how = mount->sharing == RUN_MOUNT_SHARED ? LOCK_SH :
							       LOCK_EX;
		if (hold(mounts, caches, hex,
			 how | (is_private ? LOCK_NB : 0)) == 0)
			return 0;
		if (!is_private || errno != EWOULDBLOCK)
			return fail("lock the cache %.*s",
				    (int)strcspn(id, "\n"), id);
	}
}

/* One that begins with the files of a stage or an image is another than that
 * which begins empty, or with others. */
static int
name_cache(struct step_job *job, const struct run_mount *mount, char **id)
{
	struct cache_key key;
	char hex[65];
	auto_free char *target = step_path(job->state, mount->target);
	auto_free char *source = path_clean(mount->source ?: "/");
	const char *given = mount->id ?: target;
	if (mount->source && !mount->from)
		return failx("a cache with source=%.60s needs a from= to take "
			     "that of", mount->source);
	*id = mount->from ? NULL : copy_text(given);
	if (*id)
		return 0;
	if (cache_key_begin(&key, "") < 0)
		return -1;
	cache_key_add(&key, source);
	if (key_from(job, mount, &key) < 0 || cache_key_end(&key, hex) < 0)
		return -1;
	*id = text("%s\nfrom %s", given, hex);
	return 0;
}

static int
unpack_into(void *data, int input)
{
	const struct place place = { .root = *(int *)data, .path = "/" };
	uint64_t bytes;
	return tar_read(&place, input, &bytes);
}

static int
fill_cache(struct step_job *job, const struct run_mount *mount,
	   struct run_mounts *mounts, int to)
{
	const char *path = mount->source ?: "/";
	auto_close int root = mount_from(job, mount, mounts);
	if (root < 0)
		return -1;
	auto_close int source = safepath_open(root, path,
					      O_PATH | O_DIRECTORY);
	struct stat st;
	if (source < 0 || fstat(source, &st) < 0)
		return fail("find %.100s", path);
	if (fchown(to, st.st_uid, st.st_gid) < 0 ||
	    fchmod(to, st.st_mode & 07777) < 0)
		return fail("make it like %.100s", path);
	const struct tar_source files = { .root = root, .path = path,
					  .name = "." };
	return pour(&files, unpack_into, &to);
}

static int
begin_cache(struct step_job *job, const struct run_mount *mount,
	    struct run_mounts *mounts, int to)
{
	if (mount->from && fill_cache(job, mount, mounts, to) < 0)
		return -1;
	if ((mount->has_uid || mount->has_gid || !mount->from) &&
	    fchown(to, mount->has_uid ? mount->uid : 0,
		   mount->has_gid ? mount->gid : 0) < 0)
		return fail("give it to %u:%u", mount->uid, mount->gid);
	if ((mount->has_mode || !mount->from) &&
	    fchmod(to, mount->has_mode ? mount->mode : 0755) < 0)
		return fail("set its mode");
	return 0;
}

/* It appears with all that it begins with.  Of two who make it at once one is
 * first, and the other takes that; what somebody who was killed has begun goes
 * with his scratch. */
static int
make_cache(struct step_job *job, const struct run_mount *mount,
	   struct run_mounts *mounts, int caches, const char *hex,
	   const char *id)
{
	int scratch = job->build->scratch.dir;
	auto_free char *note = text("%s.id", hex);
	auto_free char *given = text("%.*s", (int)strcspn(id, "\n"), id);
	auto_free char *begun = text("cache-%d", getpid());
	if (faccessat(caches, hex, F_OK, 0) == 0)
		return 0;
	if (tree_remove(scratch, begun) < 0 ||
	    mkdirat(scratch, begun, 0700) < 0)
		return fail("make the cache %.100s", given);
	auto_close int dir = openat(scratch, begun,
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || begin_cache(job, mount, mounts, dir) < 0) {
		struct failure why = failure;
		tree_remove(scratch, begun);
		failure = why;
		return wrap("make the cache %.100s", given);
	}
	if (renameat2(scratch, begun, caches, hex, RENAME_NOREPLACE) == 0)
		return write_file_unsynced(caches, note, given, 0600);
	if (errno != EEXIST)
		return fail("make the cache %.100s", given);
	return tree_remove(scratch, begun);
}

static int
add_cache(struct step_job *job, struct draft *draft,
	  const struct run_mount *mount, struct run_mounts *mounts)
{
	char hex[65];
	auto_free char *id = NULL;
	auto_close int caches = open_caches(job->build);
	if (caches < 0 || name_cache(job, mount, &id) < 0 ||
	    choose_cache(mounts, mount, id, caches, hex) < 0 ||
	    make_cache(job, mount, mounts, caches, hex, id) < 0)
		return -1;
	auto_free char *place = path_of(caches);
	auto_free char *path = text("%s/%s", place, hex);
	add_volume(job, draft, "bind", path, mount);
	return 0;
}

/* ---- secret -------------------------------------------------------------- */

/* Its bytes, which the caller frees; NULL when nobody gave it: then
 * failure.code is ENOENT. */
static char *
read_secret(const struct build *build, const char *id, size_t *length)
{
	const struct words *given = &build->options.secrets;
	for (size_t i = 0; i < given->count; i++) {
		const char *fields = given->items[i];
		auto_free char *name = build_field(fields, "id");
		auto_free char *env = build_field(fields, "env");
		auto_free char *file = build_field(fields, "src");
		if (!file)
			file = build_field(fields, "source");
		if (strcmp(name, id) != 0)
			continue;
		const char *value = !file ? getenv(env ?: id) : NULL;
		if (value) {
			*length = strlen(value);
			return copy_text(value);
		}
		if (!file && env)
			break; /* a variable that is not set is no file */
		return read_all(AT_FDCWD, file ?: id, length);
	}
	failx("secret %s: not found", id);
	failure.code = ENOENT;
	return NULL;
}

static int
add_secret(struct step_job *job, struct draft *draft,
	   const struct run_mount *mount)
{
	size_t length;
	auto_free char *bytes = read_secret(job->build, mount->id, &length);
	if (!bytes)
		return mount->is_required || failure.code != ENOENT ? -1 : 0;
	if (mount->env) {
		auto_free char *pair = text("%s=%s", mount->env, bytes);
		words_add(&draft->settings.env, pair);
	}
	if (!mount->target)
		return 0;
	auto_free char *path =
		build_file(job->build, bytes, length,
			   mount->has_uid ? mount->uid : 0,
			   mount->has_gid ? mount->gid : 0,
			   mount->has_mode ? mount->mode : 0400);
	if (!path)
		return wrap("secret %s", mount->id);
	add_volume(job, draft, "bind", path, mount);
	return 0;
}

/* ---- all of them --------------------------------------------------------- */

static int
add_one(struct step_job *job, struct draft *draft,
	const struct run_mount *mount, struct run_mounts *mounts)
{
	switch (mount->kind) {
	case RUN_MOUNT_BIND:
		return add_bind(job, draft, mount, mounts);
	case RUN_MOUNT_CACHE:
		return add_cache(job, draft, mount, mounts);
	case RUN_MOUNT_SECRET:
		return add_secret(job, draft, mount);
	case RUN_MOUNT_TMPFS:
		add_volume(job, draft, "tmpfs", NULL, mount);
	}
	return 0;
}

int
run_mounts_open(struct step_job *job, struct draft *draft,
		struct run_mounts *mounts)
{
	const struct instruction *run = job->instruction;
	if (run->mount_count && ns_own_mounts() < 0)
		return -1;
	/* All at once: a container knows where its settings are. */
	mounts->sources = new_bytes((run->mount_count + 1) *
				    sizeof(*mounts->sources));
	for (size_t i = 0; i < run->mount_count; i++)
		if (add_one(job, draft, &run->mounts[i], mounts) < 0)
			return wrap("--mount");
	return 0;
}

void
run_mounts_look(struct run_mounts *mounts, int root,
		const struct settings *settings)
{
	struct failure kept = failure;
	for (size_t i = 0; i < settings->volume_count; i++) {
		auto_free char *part =
			copy_text(settings->volumes[i].target);
		for (char *end; *part; *end = '\0') {
			auto_close int fd = safepath_open(root, part, O_PATH);
			if (fd >= 0)
				break;
			if (!words_has(&mounts->stubs, part))
				words_add(&mounts->stubs, part);
			end = strrchr(part, '/');
			if (!end || end == part)
				break;
		}
	}
	failure = kept;
}

/* Each list goes from the inside out. */
void
run_mounts_clean(struct run_mounts *mounts, int root)
{
	struct failure kept = failure;
	for (size_t i = 0; i < mounts->stubs.count; i++) {
		auto_free char *path = copy_text(mounts->stubs.items[i]);
		char *slash = strrchr(path, '/');
		*slash = '\0';
		auto_close int dir = safepath_open(root, *path ? path : "/",
						   O_PATH | O_DIRECTORY);
		struct stat st;
		if (dir < 0 || fstatat(dir, slash + 1, &st,
				       AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			unlinkat(dir, slash + 1, AT_REMOVEDIR);
		else if (S_ISREG(st.st_mode) && st.st_size == 0)
			unlinkat(dir, slash + 1, 0);
	}
	failure = kept;
}

void
run_mounts_close(struct run_mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++) {
		struct draft *draft = &mounts->sources[i];
		auto_free char *place = text("%s/containers/%s/rootfs",
					     draft->c.root,
					     draft->c.record.id);
		umount2(place, MNT_DETACH);
		draft_close(draft);
	}
	for (size_t i = 0; i < mounts->lock_count; i++)
		close(mounts->locks[i]);
	free(mounts->sources);
	free(mounts->locks);
	words_free(&mounts->stubs);
	*mounts = (struct run_mounts){ 0 };
}
