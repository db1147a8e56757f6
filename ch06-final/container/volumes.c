/* volumes.c - parent.  See volumes.h. */
#include "volumes.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lock.h"
#include "record.h"
#include "safepath.h"
#include "tmpcopyup.h"
#include "tree.h"

#define VOLUME_FILE "volume.json"
#define DATA "_data"
#define LETTERS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

void
volume_record_free(struct volume_record *record)
{
	free(record->name);
	words_free(&record->labels);
	words_free(&record->options);
	*record = (struct volume_record){ 0 };
}

/* ---- what may be asked for ---------------------------------------------- */

int
volume_check_name(const char *name)
{
	if (strlen(name) < 2)
		return failx("volume name is too short, names should be at "
			     "least two alphanumeric characters");
	if (strlen(name) > 255)
		return failx("create %.40s...: the name is too long", name);
	if (strspn(name, LETTERS) > 0 &&
	    name[strspn(name, LETTERS "_.-")] == '\0')
		return 0;
	return failx("create %.40s: \"%.40s\" includes invalid characters for "
		     "a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" "
		     "are allowed. If you intended to pass a host directory, "
		     "use absolute path", name, name);
}

static bool
has_option(const struct words *options, const char *key)
{
	size_t length = strlen(key);
	for (size_t i = 0; i < options->count; i++)
		if (strncmp(options->items[i], key, length) == 0 &&
		    options->items[i][length] == '=')
			return true;
	return false;
}

int
volume_check_options(const struct words *options)
{
	static const char *const needed[] = { "type", "device" };
	if (has_option(options, "size"))
		return failx("quota size requested but no quota support");
	for (size_t i = 0; i < options->count; i++) {
		const char *option = options->items[i];
		if (strncmp(option, "type=", 5) != 0 &&
		    strncmp(option, "device=", 7) != 0 &&
		    strncmp(option, "o=", 2) != 0)
			return failx("invalid option: \"%.*s\"",
				     (int)strcspn(option, "="), option);
	}
	for (size_t i = 0; options->count && i < countof(needed); i++)
		if (!has_option(options, needed[i]))
			return failx("missing required option: \"%s\"",
				     needed[i]);
	return 0;
}

/* ---- the file ----------------------------------------------------------- */

static json_t *
list_of(const struct words *words)
{
	json_t *array = json_array();
	for (size_t i = 0; i < words->count; i++)
		json_array_append_new(array, json_string(words->items[i]));
	return array;
}

static int
take_list(const json_t *array, struct words *words)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		json_t *item = json_array_get(array, i);
		if (!json_is_string(item))
			return failx("a text is expected");
		words_add(words, json_string_value(item));
	}
	return 0;
}

static int
save(int dir, const struct volume_record *record)
{
	json_t *json = json_pack("{s:s, s:I, s:b, s:o, s:o}", "name",
				 record->name, "created",
				 (json_int_t)record->created, "anonymous",
				 record->anonymous, "labels",
				 list_of(&record->labels), "options",
				 list_of(&record->options));
	auto_free char *content = json ? json_dumps(json, JSON_INDENT(2)) :
					 NULL;
	bool whole = json_array_size(json_object_get(json, "labels")) ==
			     record->labels.count &&
		     json_array_size(json_object_get(json, "options")) ==
			     record->options.count;
	json_decref(json);
	if (!content || !whole)
		return failx("a label or an option is not UTF-8");
	return write_file(dir, VOLUME_FILE, content, 0600);
}

static int
take(const char *content, size_t length, struct volume_record *record)
{
	json_error_t error;
	json_t *json = json_loadb(content, length, JSON_REJECT_DUPLICATES,
				  &error);
	const char *name;
	json_t *labels, *options;
	json_int_t created;
	int anonymous, result;
	if (!json || json_unpack_ex(json, &error, JSON_STRICT,
				    "{s:s, s:I, s:b, s:o, s:o}", "name", &name,
				    "created", &created, "anonymous",
				    &anonymous, "labels", &labels, "options",
				    &options) < 0) {
		json_decref(json);
		return failx("%s", error.text);
	}
	record->name = copy_text(name);
	record->created = created;
	record->anonymous = anonymous;
	result = take_list(labels, &record->labels);
	if (result == 0)
		result = take_list(options, &record->options);
	json_decref(json);
	return result;
}

static int
open_volume(int volumes, const char *name)
{
	int dir = openat(volumes, name,
			 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return dir < 0 ? fail("open volume %s", name) : dir;
}

static int
no_such(const char *name)
{
	failx("get %s: no such volume", name);
	failure.code = ENOENT;
	return -1;
}

int
volume_load(int volumes, const char *name, struct volume_record *record)
{
	size_t length;
	*record = (struct volume_record){ 0 };
	if (volume_check_name(name) < 0)
		return no_such(name);
	auto_close int dir = open_volume(volumes, name);
	auto_free char *content =
		dir < 0 ? NULL : read_all(dir, VOLUME_FILE, &length);
	if (!content)
		return failure.code == ENOENT || failure.code == ENOTDIR ?
			       no_such(name) :
			       -1;
	if (take(content, length, record) == 0 &&
	    strcmp(record->name, name) == 0)
		return 0;
	volume_record_free(record);
	return wrap("volume %s: %s is broken", name, VOLUME_FILE);
}

/* ---- making and removing ------------------------------------------------ */

int
volumes_open(const char *root, int lock)
{
	auto_free char *path = text("%s/volumes", root);
	return lock_open_directory(path, 0700, lock);
}

static int
invent_name(char **name)
{
	*name = new_bytes(ID_LENGTH + 1);
	return record_invent_id(*name);
}

/* What a creation that was killed has left is taken over. */
static int
make_directory(int volumes, const struct volume_record *record)
{
	if (mkdirat(volumes, record->name, 0700) < 0 && errno != EEXIST)
		return fail("make volume %s", record->name);
	auto_close int dir = open_volume(volumes, record->name);
	if (dir < 0)
		return -1;
	if (tree_remove(dir, DATA) < 0)
		return -1;
	if (mkdirat(dir, DATA, 0755) < 0 || fchmodat(dir, DATA, 0755, 0) < 0)
		return fail("make volume %s", record->name);
	return save(dir, record);
}

int
volume_create(int volumes, struct volume_record *record)
{
	auto_volume_record struct volume_record old = { 0 };
	record->anonymous = !record->name;
	if (record->anonymous && invent_name(&record->name) < 0)
		return -1;
	if (volume_check_name(record->name) < 0 ||
	    volume_check_options(&record->options) < 0)
		return -1;
	if (volume_load(volumes, record->name, &old) == 0)
		return 0;
	if (failure.code != ENOENT)
		return -1;
	/* How Docker tells. */
	if (record->anonymous)
		words_add(&record->labels, "com.docker.volume.anonymous=");
	record->created = time(NULL);
	if (make_directory(volumes, record) == 0)
		return 0;
	struct failure why = failure;
	tree_remove(volumes, record->name);
	failure = why;
	return -1;
}

int
volume_remove(int volumes, const char *name)
{
	if (volume_check_name(name) < 0)
		return no_such(name);
	auto_close int dir = open_volume(volumes, name);
	if (dir < 0)
		return failure.code == ENOENT ? no_such(name) : -1;
	/* As long as something is left the volume is listed. */
	if (tree_remove(dir, DATA) < 0 || tree_remove(volumes, name) < 0)
		return wrap("remove volume %s", name);
	return 0;
}

/* ---- finding them ------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct volume_record *)a)->name,
		      ((const struct volume_record *)b)->name);
}

struct volume_record *
volumes_list(int volumes, size_t *count)
{
	struct volume_record *list = NULL;
	struct dirent *entry;
	*count = 0;
	int own = openat(volumes, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *listing = own < 0 ? NULL : fdopendir(own);
	while (listing && (entry = readdir(listing))) {
		struct volume_record one;
		if (volume_load(volumes, entry->d_name, &one) < 0)
			continue;
		list = resize_bytes(list, (*count + 1) * sizeof(*list));
		list[(*count)++] = one;
	}
	if (*count)
		qsort(list, *count, sizeof(*list), by_name);
	return list;
}

void
volume_uses_free(struct volume_uses *uses)
{
	words_free(&uses->volumes);
	words_free(&uses->ids);
}

static int
add_uses(int containers, const char *id, struct volume_uses *uses)
{
	struct settings settings;
	auto_close int dir = openat(containers, id,
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
					    O_CLOEXEC);
	/* One that is not made yet, or just gone, is none. */
	if (dir < 0)
		return 0;
	if (settings_load(dir, &settings) < 0)
		return failure.code == ENOENT ?
			       0 :
			       wrap("which volumes container %.12s uses", id);
	for (size_t i = 0; i < settings.volume_count; i++) {
		const struct volume *volume = &settings.volumes[i];
		if (strcmp(volume->type, "volume") != 0 || !volume->source)
			continue;
		words_add(&uses->volumes, volume->source);
		words_add(&uses->ids, id);
	}
	settings_free(&settings);
	return 0;
}

int
volume_uses_find(const char *root, struct volume_uses *uses)
{
	auto_free char *path = text("%s/containers", root);
	struct dirent *entry;
	*uses = (struct volume_uses){ 0 };
	auto_dir DIR *listing = opendir(path);
	if (!listing)
		return errno == ENOENT ? 0 : fail("read %s", path);
	while ((entry = readdir(listing)))
		if (entry->d_name[0] != '.' &&
		    add_uses(dirfd(listing), entry->d_name, uses) < 0) {
			volume_uses_free(uses);
			return -1;
		}
	return 0;
}

/* ---- for a container ---------------------------------------------------- */

/* What -v has made of nothing until there was a --mount. */
static int
prepare_bind(const struct volume *volume)
{
	struct stat st;
	if (volume->by_mount || stat(volume->source, &st) == 0)
		return 0;
	if (errno != ENOENT)
		return fail("error while creating mount source path '%s'",
			    volume->source);
	return make_dirs(volume->source, 0755) < 0 ?
		       wrap("error while creating mount source path '%s'",
			    volume->source) :
		       0;
}

/* The settings then have its name, and the options that it was made with. */
static int
prepare_volume(int volumes, struct volume *volume)
{
	auto_volume_record struct volume_record record = {
		.name = volume->source ? copy_text(volume->source) : NULL,
	};
	words_add_all(&record.labels, volume->labels.items);
	words_add_all(&record.options, volume->options.items);
	if (volume_create(volumes, &record) < 0)
		return -1;
	free(volume->source);
	volume->source = copy_text(record.name);
	volume_record_free(&record);
	if (volume_load(volumes, volume->source, &record) < 0)
		return -1;
	words_free(&volume->options);
	words_add_all(&volume->options, record.options.items);
	return 0;
}

static void
forget(int volumes, struct settings *settings, size_t count)
{
	struct failure why = failure;
	for (size_t i = 0; i < count; i++) {
		struct volume *volume = &settings->volumes[i];
		if (!volume->anonymous || !volume->source)
			continue;
		volume_remove(volumes, volume->source);
		free_scoped(&volume->source);
	}
	failure = why;
}

static bool
has_volumes(const struct settings *settings)
{
	for (size_t i = 0; i < settings->volume_count; i++)
		if (strcmp(settings->volumes[i].type, "volume") == 0)
			return true;
	return false;
}

int
volumes_prepare(const char *root, struct settings *settings, int *lock)
{
	auto_close int volumes = -1;
	if (has_volumes(settings) &&
	    (volumes = volumes_open(root, LOCK_EX)) < 0)
		return -1;
	for (size_t i = 0; i < settings->volume_count; i++) {
		struct volume *volume = &settings->volumes[i];
		int result = strcmp(volume->type, "bind") == 0 ?
				     prepare_bind(volume) :
			     strcmp(volume->type, "volume") == 0 ?
				     prepare_volume(volumes, volume) : 0;
		if (result < 0) {
			forget(volumes, settings, i);
			return -1;
		}
	}
	*lock = take_fd(&volumes);
	return 0;
}

int
volumes_remove_anonymous(const char *root, const struct settings *settings)
{
	struct volume_uses uses;
	int result = 0;
	if (!has_volumes(settings))
		return 0;
	auto_close int volumes = volumes_open(root, LOCK_EX);
	if (volumes < 0 || volume_uses_find(root, &uses) < 0)
		return -1;
	for (size_t i = 0; i < settings->volume_count; i++) {
		const struct volume *volume = &settings->volumes[i];
		if (volume->anonymous && volume->source &&
		    !words_has(&uses.volumes, volume->source) &&
		    volume_remove(volumes, volume->source) < 0 &&
		    failure.code != ENOENT)
			result = -1;
	}
	volume_uses_free(&uses);
	return result;
}

/* ---- filling ------------------------------------------------------------ */

/* 1: there is nothing in it. */
static int
is_empty(int dir)
{
	struct dirent *entry;
	int own = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *listing = own < 0 ? NULL : fdopendir(own);
	if (!listing)
		return fail("read the volume");
	while ((errno = 0, entry = readdir(listing)))
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			return 0;
	return errno ? fail("read the volume") : 1;
}

int
volume_fill(int root_fd, const char *target, int volume_fd)
{
	struct stat st;
	int empty = is_empty(volume_fd);
	if (empty <= 0)
		return empty;
	auto_close int from =
		safepath_open(root_fd, target, O_RDONLY | O_DIRECTORY);
	if (from < 0)
		return failure.code == ENOENT || failure.code == ENOTDIR ?
			       0 :
			       wrap("fill the volume for %s", target);
	if (tmpcopyup(from, volume_fd) < 0)
		return wrap("fill the volume for %s", target);
	if (fstat(from, &st) < 0 ||
	    fchown(volume_fd, st.st_uid, st.st_gid) < 0 ||
	    fchmod(volume_fd, st.st_mode & 07777) < 0)
		return fail("fill the volume for %s", target);
	return 0;
}

static int
open_data(int volumes, const char *name)
{
	auto_close int dir = open_volume(volumes, name);
	if (dir < 0)
		return -1;
	int data = openat(dir, DATA, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
					     O_CLOEXEC);
	return data < 0 ? fail("open volume %s", name) : data;
}

int
volumes_fill(const char *root, int root_fd, const struct settings *settings)
{
	auto_close int volumes = -1;
	for (size_t i = 0; i < settings->volume_count; i++) {
		const struct volume *volume = &settings->volumes[i];
		/* One with options is mounted from elsewhere. */
		if (strcmp(volume->type, "volume") != 0 || volume->no_copy ||
		    volume->subpath || volume->options.count)
			continue;
		/* One at a time: another container may begin with it, too. */
		if (volumes < 0 &&
		    (volumes = volumes_open(root, LOCK_EX)) < 0)
			return -1;
		auto_close int data = open_data(volumes, volume->source);
		if (data < 0)
			return -1;
		if (volume_fill(root_fd, volume->target, data) < 0)
			return -1;
	}
	return 0;
}

/* ---- a path in one ------------------------------------------------------ */

static int
open_path(int volumes, const struct volume *volume)
{
	if (volume->options.count)
		return failx("volume-subpath: volume %s is mounted from "
			     "elsewhere", volume->source);
	auto_close int data = open_data(volumes, volume->source);
	if (data < 0)
		return -1;
	int fd = safepath_open(data, volume->subpath, O_PATH);
	return fd < 0 ? wrap("cannot access path %s of volume %s",
			     volume->subpath, volume->source) : fd;
}

int
volumes_open_paths(const char *root, const struct settings *settings,
		   int **fds)
{
	auto_close int volumes = -1;
	for (size_t i = 0; i < settings->volume_count; i++) {
		const struct volume *volume = &settings->volumes[i];
		size_t size = settings->volume_count * sizeof(**fds);
		if (!volume->subpath || strcmp(volume->type, "volume") != 0)
			continue;
		if (!*fds)
			*fds = memset(new_bytes(size), -1, size);
		if (volumes < 0 && (volumes = volumes_open(root, 0)) < 0)
			return -1;
		(*fds)[i] = open_path(volumes, volume);
		if ((*fds)[i] < 0)
			return -1;
	}
	return 0;
}

void
volumes_close_paths(const struct settings *settings, int **fds)
{
	for (size_t i = 0; *fds && i < settings->volume_count; i++)
		close_scoped(&(*fds)[i]);
	free_scoped(fds);
}
