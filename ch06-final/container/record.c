/* record.c - parent.  See record.h. */
#include "record.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lock.h"
#include "tree.h"

#define RECORD_FILE "record.json"
#define NAME_FILE "name"
#define NAME_MOST 255
#define LOCK_FILE "lock"

static const char *const status_names[] = {
	[STATUS_CREATED] = "created",
	[STATUS_RUNNING] = "running",
	[STATUS_RESTARTING] = "restarting",
	[STATUS_EXITED] = "exited",
};

void
record_free(struct record *record)
{
	free(record->name);
	free(record->image);
	free(record->image_id);
	free(record->command);
	free(record->ports);
	free(record->address);
	free(record->error);
	free(record->health);
	*record = (struct record){ 0 };
}

bool
record_is_at_rest(const struct record *record)
{
	return record->status == STATUS_CREATED ||
	       record->status == STATUS_EXITED;
}

int
records_open(const char *root)
{
	auto_free char *path = text("%s/containers", root);
	return lock_open_directory(path, 0700, 0);
}

/* ---- the file ---------------------------------------------------------- */

int
record_save(int dir, const struct record *record)
{
	json_t *json = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:i, s:i, "
		"s:b, s:s, s:b, s:i, s:s?, s:s?, s:s?}",
		"id", record->id, "name", record->name, "image",
		record->image, "imageId", record->image_id, "command",
		record->command, "ports", record->ports, "status",
		status_names[record->status], "createdNs",
		(json_int_t)record->created_ns, "startedNs",
		(json_int_t)record->started_ns, "finishedNs",
		(json_int_t)record->finished_ns, "pid", record->pid, "exitCode",
		record->exit_code, "remove", record->remove, "driver",
		storage_name(record->driver), "oomKilled", record->oom_killed,
		"restarts", (int)record->restarts, "error", record->error,
		"health", record->health, "address", record->address);
	if (!json)
		return failx("record of %s: a text is not UTF-8", record->id);
	auto_free char *content = json_dumps(json, JSON_INDENT(2));
	json_decref(json);
	if (!content)
		return failx("record of %s: cannot be written", record->id);
	/* One that is removed when it ends is not to outlive a power cut. */
	return (record->remove ? write_file_unsynced : write_file)(
		dir, RECORD_FILE, content, 0600);
}

int64_t
record_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

bool
record_is_text(const char *string)
{
	json_t *json = json_string(string);
	json_decref(json);
	return json != NULL;
}

/* Names of cgroups, links and files are made of it: nothing else may pass. */
static int
parse_id(const char *text, char id[ID_LENGTH + 1])
{
	if (strlen(text) != ID_LENGTH ||
	    strspn(text, "0123456789abcdef") != ID_LENGTH)
		return failx("%s: \"%s\" is not an id", RECORD_FILE, text);
	memcpy(id, text, ID_LENGTH + 1);
	return 0;
}

static int
parse_status(const char *name, enum container_status *status)
{
	for (size_t i = 0; i < countof(status_names); i++) {
		if (strcmp(name, status_names[i]) == 0) {
			*status = i;
			return 0;
		}
	}
	return failx("%s: unknown status \"%s\"", RECORD_FILE, name);
}

/* It can be changed while another writes the record: so it is in a file of its
 * own, and what the record says may be an older one. */
static char *
current_name(int dir, const char *recorded)
{
	char name[NAME_MOST + 1];
	struct failure kept = failure;
	if (read_text(dir, NAME_FILE, name, sizeof(name)) < 0 || !*name) {
		failure = kept;
		return copy_text(recorded);
	}
	return copy_text(name);
}

/* An empty one is as good as none: see record_save(). */
static char *
read_record(int dir, size_t *length)
{
	auto_free char *content = read_all(dir, RECORD_FILE, length);
	if (!content || *length > 0)
		return take_ptr(&content);
	failx("read %s: it is empty", RECORD_FILE);
	failure.code = ENOENT;
	return NULL;
}

int
record_load(int dir, struct record *record)
{
	*record = (struct record){ 0 };
	size_t length;
	auto_free char *content = read_record(dir, &length);
	if (!content)
		return -1;
	json_error_t error;
	json_t *json = json_loadb(content, length, 0, &error);
	const char *id, *name, *image, *image_id, *command, *ports, *status;
	const char *driver = storage_name(STORAGE_OVERLAY); /* before aufs */
	json_int_t created, started, finished;
	int remove, oom_killed = 0, restarts = 0;
	json_t *error_text = NULL, *health = NULL, *address = NULL;
	if (!json ||
	    json_unpack_ex(json, &error, 0,
			   "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, "
			   "s:I, s:i, s:i, s:b, s?s, s?b, s?i, s?o, s?o, s?o}",
			   "id", &id, "name", &name, "image", &image,
			   "imageId", &image_id, "command", &command, "ports",
			   &ports, "status", &status, "createdNs", &created,
			   "startedNs", &started, "finishedNs", &finished,
			   "pid", &record->pid, "exitCode", &record->exit_code,
			   "remove", &remove, "driver", &driver, "oomKilled",
			   &oom_killed, "restarts", &restarts, "error",
			   &error_text, "health", &health, "address",
			   &address) < 0) {
		json_decref(json);
		return failx("read %s: %s", RECORD_FILE, error.text);
	}
	record->name = current_name(dir, name);
	record->image = copy_text(image);
	record->image_id = copy_text(image_id);
	record->command = copy_text(command);
	record->ports = copy_text(ports);
	record->created_ns = created;
	record->started_ns = started;
	record->finished_ns = finished;
	record->remove = remove;
	record->oom_killed = oom_killed;
	record->restarts = restarts;
	if (json_is_string(error_text))
		record->error = copy_text(json_string_value(error_text));
	if (json_is_string(health))
		record->health = copy_text(json_string_value(health));
	if (json_is_string(address))
		record->address = copy_text(json_string_value(address));
	int result = parse_id(id, record->id);
	if (result == 0)
		result = parse_status(status, &record->status);
	if (result == 0 && storage_parse(driver, &record->driver) < 0)
		result = wrap(RECORD_FILE);
	json_decref(json);
	if (result < 0)
		record_free(record);
	return result;
}

/* ---- making one -------------------------------------------------------- */

static int
random_bytes(void *bytes, size_t size)
{
	if (getrandom(bytes, size, 0) != (ssize_t)size)
		return fail("get %zu random bytes", size);
	return 0;
}

/* Two words, as Docker does, so that people can talk about a container. */
static int
invent_name(char **name)
{
	static const char *const left[] = {
		"brave", "calm", "clever", "eager", "fair", "gentle", "happy",
		"keen", "kind", "lucid", "merry", "nimble", "patient", "quiet",
		"steady", "tidy",
	};
	static const char *const right[] = {
		"bell", "curie", "dijkstra", "hamilton", "hopper", "kernighan",
		"knuth", "lovelace", "mccarthy", "noether", "perlman",
		"ritchie", "stallman", "thompson", "torvalds", "turing",
	};
	uint8_t bytes[2];
	if (random_bytes(bytes, sizeof(bytes)) < 0)
		return -1;
	*name = text("%s_%s", left[bytes[0] % countof(left)],
		     right[bytes[1] % countof(right)]);
	return 0;
}

static bool
is_taken(const struct record *records, size_t count, const char *name,
	 const char **by)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(records[i].name, name) == 0) {
			*by = records[i].id;
			return true;
		}
	}
	return false;
}

static int
choose_name(int containers, struct record *record)
{
	size_t count;
	const char *by;
	struct record *others = records_list(containers, &count);
	int result = 0;
	if (record->name && is_taken(others, count, record->name, &by))
		result = failx("Conflict. The container name \"/%s\" is "
			       "already in use by container \"%s\". You have "
			       "to remove (or rename) that container to be "
			       "able to reuse that name.", record->name, by);
	for (int tries = 0; result == 0 && !record->name; tries++) {
		auto_free char *name = NULL;
		result = invent_name(&name);
		if (result == 0 && is_taken(others, count, name, &by)) {
			/* Most of the 256 are in use: number them. */
			char *numbered = text("%s%d", name, tries);
			free(name);
			name = numbered;
		}
		if (result == 0 && !is_taken(others, count, name, &by))
			record->name = take_ptr(&name);
	}
	for (size_t i = 0; i < count; i++)
		record_free(&others[i]);
	free(others);
	return result;
}

/* The short id becomes a host name, and one of digits alone would be taken
 * for an address: try until there is a letter in it. */
int
record_invent_id(char id[ID_LENGTH + 1])
{
	uint8_t bytes[ID_LENGTH / 2];
	do {
		if (random_bytes(bytes, sizeof(bytes)) < 0)
			return -1;
		for (size_t i = 0; i < sizeof(bytes); i++)
			sprintf(id + 2 * i, "%02x", bytes[i]);
	} while (strspn(id, "0123456789") >= SHORT_ID);
	return 0;
}

static int
make_directory(int containers, struct record *record, int *dir, int *lock)
{
	if (mkdirat(containers, record->id, 0700) < 0)
		return fail("create a directory for the container");
	*dir = openat(containers, record->id,
		      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*dir < 0)
		return fail("open the directory of the container");
	auto_close int made =
		openat(*dir, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (made < 0)
		return fail("make the lock of the new container");
	if (record_lock(*dir, lock) != 1)
		return wrap("lock the new container");
	return record_save(*dir, record);
}

int
record_create(int containers, struct record *record, int *dir, int *lock)
{
	*dir = *lock = -1;
	/* A name is chosen and taken in one go: nobody else may be at it. */
	if (flock(containers, LOCK_EX) < 0)
		return fail("lock the directory of containers");
	record->created_ns = record_now();
	int result = choose_name(containers, record);
	if (result == 0)
		result = record_invent_id(record->id);
	if (result == 0) {
		result = make_directory(containers, record, dir, lock);
		if (result < 0) {
			struct failure why = failure;
			record_remove(containers, record->id);
			close_scoped(dir);
			close_scoped(lock);
			failure = why;
		}
	}
	flock(containers, LOCK_UN);
	return result;
}

int
record_rename(int containers, int dir, struct record *record,
	      const char *name)
{
	struct record wanted = { .name = (char *)name };
	if (flock(containers, LOCK_EX) < 0)
		return fail("lock the directory of containers");
	int result = choose_name(containers, &wanted);
	if (result == 0)
		result = write_file(dir, NAME_FILE, name, 0600);
	flock(containers, LOCK_UN);
	if (result < 0)
		return -1;
	free(record->name);
	record->name = copy_text(name);
	return 0;
}

bool
record_exists(int dir)
{
	struct stat st;
	return fstatat(dir, RECORD_FILE, &st, 0) == 0 && st.st_size > 0;
}

int
record_lock(int dir, int *lock)
{
	/* Who removes it takes the record first: without one, a lock that is
	 * gone is not to come back, or the directory would not go. */
	auto_close int fd = openat(dir, LOCK_FILE, O_RDWR | O_CLOEXEC);
	/* Though the disk has become read-only, what runs can be stopped. */
	if (fd < 0 && errno == EROFS)
		fd = openat(dir, LOCK_FILE, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && record_exists(dir))
		fd = openat(dir, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail("open the lock of a container");
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return 0;
		return fail("lock a container");
	}
	*lock = take_fd(&fd);
	return 1;
}

int
record_lock_change(int dir)
{
	auto_close int fd =
		openat(dir, "change", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 || lock_take(fd, LOCK_EX) < 0 ?
		       fail("lock what was asked for of a container") :
		       take_fd(&fd);
}

int
record_remove(int containers, const char *id)
{
	/* The record goes first: a directory without one is plain rubbish,
	 * which the next command finishes removing. */
	auto_free char *file = text("%s/%s", id, RECORD_FILE);
	if (unlinkat(containers, file, 0) < 0 && errno != ENOENT &&
	    errno != ENOTDIR)
		return fail("remove the record of container %.12s", id);
	if (tree_remove(containers, id) < 0)
		return wrap("remove container %.12s", id);
	return 0;
}

/* ---- finding them ------------------------------------------------------ */

static int
by_age(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	if (x->created_ns != y->created_ns)
		return x->created_ns < y->created_ns ? 1 : -1;
	return strcmp(x->id, y->id);
}

struct record *
records_list(int containers, size_t *count)
{
	struct record *records = NULL;
	size_t room = 0;
	*count = 0;
	int own = openat(containers, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *listing = own < 0 ? NULL : fdopendir(own);
	struct dirent *entry;
	while (listing && (entry = readdir(listing))) {
		struct record record;
		auto_close int dir =
			openat(containers, entry->d_name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
				       O_CLOEXEC);
		if (strlen(entry->d_name) != ID_LENGTH || dir < 0)
			continue;
		if (record_load(dir, &record) < 0)
			continue;
		if (strcmp(record.id, entry->d_name) != 0) {
			record_free(&record);
			continue;
		}
		if (*count == room) {
			room = room ? room * 2 : 16;
			records = resize_bytes(records,
					       room * sizeof(*records));
		}
		records[(*count)++] = record;
	}
	if (*count)
		qsort(records, *count, sizeof(*records), by_age);
	return records;
}

int
record_find(int containers, const char *word, struct record *record, int *dir)
{
	size_t count, matches = 0, found = 0;
	struct record *records = records_list(containers, &count);
	/* `inspect` tells it as Docker does, with a slash before it. */
	const char *name = word + (*word == '/');
	for (size_t i = 0; i < count; i++) {
		bool whole = strcmp(records[i].name, name) == 0 ||
			     strcmp(records[i].id, word) == 0;
		if (whole || (*word && strncmp(records[i].id, word,
					       strlen(word)) == 0)) {
			found = i;
			matches = whole ? 1 : matches + 1;
			if (whole)
				break;
		}
	}
	if (matches == 1) {
		*record = records[found];
		records[found] = (struct record){ 0 };
	}
	for (size_t i = 0; i < count; i++)
		record_free(&records[i]);
	free(records);
	if (matches == 0) {
		failx("No such container: %s", word);
		failure.code = ENOENT;
		return -1;
	}
	if (matches > 1)
		return failx("Multiple IDs found with provided prefix: %s",
			     word);
	*dir = openat(containers, record->id,
		      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*dir < 0)
		return fail("open container %s", word);
	return 0;
}
