/* state.c - parent.  See state.h. */
#include "state.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lock.h"
#include "oci_config.h"
#include "sys.h"

#define STATE_FILE "state.json"
#define NEXT_FILE "state.json.next"
#define LOCK_FILE "lock"

void
state_free(struct state *state)
{
	free(state->id);
	free(state->bundle);
	free(state->rootfs);
	free(state->cgroup);
	free(state->kept);
	*state = (struct state){ 0 };
}

char *
state_path(const char *root, const char *id)
{
	return text("%s/%s", root, id);
}

/* ---- the file ------------------------------------------------------------ */

/* Renamed into place, but not fsynced, as other things here that are kept are:
 * of all that is written down nothing lives on after a power cut, and load()
 * takes what such a one may leave.  A start does not wait for a disk. */
int
state_write(int dir, const char *name, const char *content)
{
	auto_close int fd = openat(dir, name,
				   O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
					   O_CLOEXEC,
				   0600);
	size_t length = strlen(content);
	if (fd < 0)
		return fail("create %s", name);
	ssize_t done = write(fd, content, length);
	if (done < 0)
		return fail("write %s", name);
	if ((size_t)done != length) {
		errno = ENOSPC;
		return fail("write %s", name);
	}
	return 0;
}

static int
save_as(int dir, const char *name, const struct state *state)
{
	json_t *json = json_pack(
		"{s:s, s:s, s:s, s:s, s:s*, s:s*, s:b, s:b, s:i, s:I, s:s, "
		"s:b, s:b, s:I, s:I}",
		"ociVersion", OCI_VERSION, "id", state->id, "bundle",
		state->bundle, "rootfs", state->rootfs, "cgroup",
		state->cgroup, "kept", state->kept, "systemd", state->systemd,
		"inClass", state->in_class, "pid", state->pid,
		"startTime", (json_int_t)state->start_time, "boot",
		state->boot, "started", state->started, "restored",
		state->restored, "created",
		(json_int_t)state->created_ns, "owner",
		(json_int_t)state->owner);
	auto_free char *content = json ? json_dumps(json, JSON_INDENT(2)) :
					 NULL;
	json_decref(json);
	if (!content)
		return failx("state of container %s: a path in it is not "
			     "UTF-8", state->id);
	return state_write(dir, name, content);
}

int
state_save_beside(int dir, const struct state *state)
{
	return save_as(dir, NEXT_FILE, state);
}

int
state_save(int dir, const struct state *state)
{
	return state_save_beside(dir, state) < 0 ? -1 :
						   state_put_in_place(dir);
}

int
state_put_in_place(int dir)
{
	return renameat(dir, NEXT_FILE, dir, STATE_FILE) < 0 ?
		       fail("rename " NEXT_FILE " to " STATE_FILE) : 0;
}

static char *
copy_or_null(const char *string)
{
	return string ? copy_text(string) : NULL;
}

static int
parse(struct state *state, const char *content, size_t length)
{
	json_error_t error;
	json_t *json = json_loadb(content, length, 0, &error);
	const char *id, *bundle, *rootfs, *boot, *cgroup = NULL, *kept = NULL;
	json_int_t start_time, created, owner;
	int systemd, started, in_class = 0, restored = 0;
	if (!json ||
	    json_unpack_ex(json, &error, 0,
			   "{s:s, s:s, s:s, s?s, s?s, s:b, s?b, s:i, s:I, s:s, "
			   "s:b, s?b, s:I, s:I}",
			   "id", &id, "bundle", &bundle, "rootfs", &rootfs,
			   "cgroup", &cgroup, "kept", &kept, "systemd",
			   &systemd, "inClass", &in_class, "pid",
			   &state->pid, "startTime", &start_time, "boot",
			   &boot, "started", &started, "restored", &restored,
			   "created", &created, "owner", &owner) < 0) {
		json_decref(json);
		return failx(STATE_FILE ": %s", error.text);
	}
	*state = (struct state){
		.id = copy_text(id),
		.bundle = copy_text(bundle),
		.rootfs = copy_text(rootfs),
		.cgroup = copy_or_null(cgroup),
		.kept = copy_or_null(kept),
		.systemd = systemd,
		.in_class = in_class,
		.pid = state->pid,
		.start_time = start_time,
		.started = started,
		.restored = restored,
		.created_ns = created,
		.owner = owner,
	};
	snprintf(state->boot, sizeof(state->boot), "%s", boot);
	json_decref(json);
	return 0;
}

/* ---- the directory ------------------------------------------------------- */

/* 1: ours; 0: somebody else's (with LOCK_NB); -1: failure. */
static int
take_lock(int dir, int how, int *lock)
{
	auto_close int fd = openat(dir, LOCK_FILE,
				   O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
				   0600);
	if (fd < 0)
		return fail("open the lock of the container");
	if (lock_take(fd, LOCK_EX | how) < 0)
		return errno == EWOULDBLOCK ? 0 : fail("lock the container");
	*lock = take_fd(&fd);
	return 1;
}

void
state_unlock(int lock)
{
	flock(lock, LOCK_UN);
}

int
state_lock_again(int lock)
{
	struct stat st;
	if (lock_take(lock, LOCK_EX) < 0 || fstat(lock, &st) < 0)
		return fail("lock the container");
	return st.st_nlink > 0;
}

int
state_create(const char *root, const char *id, int *dir, int *lock)
{
	if (oci_id_check(id) < 0)
		return -1;
	auto_free char *path = state_path(root, id);
	int made = mkdir(path, 0700);
	/* Again, when the last container took the empty `root` with it; not
	 * for ever, for `root` may lead nowhere. */
	for (int i = 0; i < 100 && made < 0 && errno == ENOENT; i++) {
		if (make_dirs(root, 0711) < 0)
			return -1;
		made = mkdir(path, 0700);
	}
	if (made < 0) {
		if (errno != EEXIST)
			return fail("make %s", path);
		failx("container with id %s exists already; `delete` it, or "
		      "choose another id", id);
		failure.code = EEXIST;
		return -1;
	}
	*dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*dir < 0 || take_lock(*dir, 0, lock) < 0) {
		fail("open %s", path);
		close_scoped(dir);
		rmdir(path);
		return -1;
	}
	return 0;
}

/* Whoever waits for a lock may find that it was of a container that is gone,
 * and that another has its id. */
static bool
is_still_there(const char *path, int dir)
{
	struct stat now, then;
	return stat(path, &now) == 0 && fstat(dir, &then) == 0 &&
	       now.st_dev == then.st_dev && now.st_ino == then.st_ino;
}

static int
not_there(const char *id)
{
	failx("container \"%s\" does not exist", id);
	failure.code = ENOENT;
	return -1;
}

static int
load(int dir, const char *id, bool locked, struct state *state)
{
	*state = (struct state){ 0 };
	size_t length;
	auto_free char *content = read_all(dir, STATE_FILE, &length);
	if (!content && failure.code != ENOENT)
		return wrap("container \"%s\"", id);
	/* Empty is what a power cut may leave, and then nothing lives. */
	bool is_known = content && length > 0;
	if (is_known && parse(state, content, length) < 0)
		return wrap("container \"%s\"", id);
	if (!is_known)
		*state = (struct state){
			.id = copy_text(id),
			.bundle = copy_text(""),
			.rootfs = copy_text(""),
		};
	if (state->pid == 0) {
		auto_close int lock = -1;
		state->abandoned =
			locked || take_lock(dir, LOCK_NB, &lock) == 1;
	}
	return 0;
}

int
state_open(const char *root, const char *id, struct state *state, int *dir,
	   int *lock)
{
	*state = (struct state){ 0 };
	if (oci_id_check(id) < 0)
		return -1;
	auto_free char *path = state_path(root, id);
	auto_close int fd =
		open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? not_there(id) : fail("open %s", path);
	auto_close int held = -1;
	if (lock && take_lock(fd, 0, &held) < 0)
		return failure.code == ENOENT ? not_there(id) : -1;
	if (!is_still_there(path, fd))
		return not_there(id);
	if (load(fd, id, lock != NULL, state) < 0)
		return -1;
	if (lock)
		*lock = take_fd(&held);
	*dir = take_fd(&fd);
	return 0;
}

void
state_close(int *dir, int *lock)
{
	int first = take_fd(dir), last = take_fd(lock);
	bool both = first >= 0 && last == first + 1;
	if (both && sys_close_range(first, last) == 0)
		return;
	close_scoped(&first);
	close_scoped(&last);
}

/* What somebody who was killed may have left, too: everything in it is a file
 * of ours; and should it be a directory after all, it stays. */
static int
remove_rest(int dir)
{
	int own = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *listing = own < 0 ? NULL : fdopendir(own);
	if (!listing)
		return fail("list the container's files");
	struct dirent *entry;
	while ((entry = readdir(listing)))
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0 &&
		    unlinkat(dir, entry->d_name, 0) < 0 && errno != ENOENT)
			return fail("remove %s", entry->d_name);
	return 0;
}

static int
remove_directory(const char *path, int dir)
{
	static const char *const files[] = {
		STATE_FILE, "config.json", LOCK_FILE,
	};
	auto_close int opened = -1;
	if (dir < 0)
		dir = opened = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
						  O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : fail("open %s", path);
	/* First what makes it a container. */
	for (size_t i = 0; i < countof(files); i++)
		if (unlinkat(dir, files[i], 0) < 0 && errno != ENOENT)
			return fail("remove %s/%s", path, files[i]);
	if (rmdir(path) == 0)
		return 0;
	/* Of one that waited for `start`. */
	if (unlinkat(dir, "exec.sock", 0) == 0 && rmdir(path) == 0)
		return 0;
	if (remove_rest(dir) < 0)
		return wrap("remove %s", path);
	return rmdir(path) < 0 ? fail("remove %s", path) : 0;
}

int
state_remove(const char *root, const char *id, int dir)
{
	auto_free char *path = state_path(root, id);
	if (remove_directory(path, dir) < 0)
		return -1;
	/* A place of somebody's choice is theirs, also when it is empty. */
	if (strcmp(root, STATE_ROOT) == 0)
		rmdir(root);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **
state_list(const char *root)
{
	size_t count = 0;
	auto_dir DIR *listing = opendir(root);
	struct dirent *entry;
	if (!listing && errno != ENOENT) {
		fail("list the containers in %s", root);
		return NULL;
	}
	char **ids = new_bytes(sizeof(*ids));
	while (listing && (entry = readdir(listing))) {
		struct stat st;
		if (oci_id_check(entry->d_name) < 0 ||
		    fstatat(dirfd(listing), entry->d_name, &st,
			    AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
			continue;
		ids = resize_bytes(ids, (count + 2) * sizeof(*ids));
		ids[count++] = copy_text(entry->d_name);
	}
	qsort(ids, count, sizeof(*ids), by_name);
	ids[count] = NULL;
	return ids;
}

/* ---- the process --------------------------------------------------------- */

struct process_stat {
	char letter;		       /* of the state: field 3 */
	unsigned long long start_time; /* 22 */
	int cpu;		       /* 39: where it was last */
};

/* The name before them may have blanks and parentheses in it. */
static int
read_stat(pid_t pid, struct process_stat *stat)
{
	char path[40], content[1024];
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_once(AT_FDCWD, path, content, sizeof(content)) < 0)
		return -1;
	const char *after_name = strrchr(content, ')');
	if (!after_name ||
	    sscanf(after_name + 1,
		   " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		   "%*s %*s %*s %*s %*s %llu %*s %*s %*s %*s %*s %*s %*s %*s "
		   "%*s %*s %*s %*s %*s %*s %*s %*s %d", &stat->letter,
		   &stat->start_time, &stat->cpu) != 3)
		return failx("%s is not as proc_pid_stat(5) has it", path);
	return 0;
}

static int
read_boot(char *boot, size_t size)
{
	return read_once(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot,
			   size) < 0 ? -1 : 0;
}

int
state_note_birth(struct state *state, pid_t pid)
{
	struct process_stat stat;
	if (read_stat(pid, &stat) < 0)
		return wrap("note the start of process %d", pid);
	state->start_time = stat.start_time;
	return stat.cpu;
}

int
state_note_process(struct state *state, pid_t pid)
{
	if ((state->start_time == 0 && state_note_birth(state, pid) < 0) ||
	    read_boot(state->boot, sizeof(state->boot)) < 0)
		return -1;
	state->pid = pid;
	return 0;
}

/* Is it the one we mean, and has it not ended? */
static bool
is_alive(const struct state *state)
{
	char boot[sizeof(state->boot)];
	struct process_stat stat;
	return state->pid > 0 && read_boot(boot, sizeof(boot)) == 0 &&
	       strcmp(boot, state->boot) == 0 &&
	       read_stat(state->pid, &stat) == 0 &&
	       stat.start_time == state->start_time && stat.letter != 'Z' &&
	       stat.letter != 'X';
}

int
state_pidfd(const struct state *state)
{
	auto_close int pidfd = state->pid > 0 ? sys_pidfd_open(state->pid) :
						-1;
	/* Looked at once it is held: it cannot become another's now. */
	if (pidfd < 0 || !is_alive(state)) {
		failx("container not running: \"%s\" has ended", state->id);
		failure.code = ESRCH;
		return -1;
	}
	return take_fd(&pidfd);
}

enum oci_status
state_status(const struct state *state)
{
	struct failure kept = failure;
	enum oci_status status = OCI_STOPPED;
	if (state->pid == 0)
		status = state->abandoned ? OCI_STOPPED : OCI_CREATING;
	else if (is_alive(state))
		status = state->started ? OCI_RUNNING : OCI_CREATED;
	failure = kept;
	return status;
}
