/* view.c - parent.  See view.h. */
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "container.h"
#include "core.h"
#include "execs.h"
#include "format.h"
#include "runtime.h"
#include "sizes.h"
#include "store.h"

/* ---- what the kernel says ------------------------------------------------ */

/* As the runtime has it: the number of a process may be another's by now. */
static enum oci_status
real_status(const struct view *view)
{
	auto_state struct state state = { 0 };
	auto_free char *place = core_root(view->root);
	enum oci_status status;
	struct failure kept = failure;
	if (runtime_look(place, view->record.id, &state, NULL, &status) < 0)
		status = OCI_STOPPED;
	failure = kept;
	return status;
}

static const char *
recorded_status(const struct record *record)
{
	static const char *const words[] = {
		[STATUS_CREATED] = "created",
		[STATUS_RUNNING] = "running",
		[STATUS_RESTARTING] = "restarting",
		[STATUS_EXITED] = "exited",
	};
	return words[record->status];
}

static int
load(struct view *view)
{
	record_free(&view->record);
	if (record_load(view->dir, &view->record) < 0)
		return -1;
	view->status = recorded_status(&view->record);
	return 0;
}

/*
 * Between the end of its process and the word of it in the record there is a
 * moment; nobody shall be told then that it runs.  Whoever has the record's
 * lock is given a second; then it is "dead", which is true.
 */
static int
check_status(struct view *view)
{
	for (int tries = 0; tries < 100; tries++) {
		if (strcmp(view->status, "running") != 0)
			return 0;
		enum oci_status status = real_status(view);
		if (status == OCI_PAUSED)
			view->status = "paused";
		if (status != OCI_STOPPED)
			return 0;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		if (load(view) < 0)
			return -1;
	}
	view->status = "dead";
	return 0;
}

bool
view_is_running(const struct view *view)
{
	return strcmp(view->status, "running") == 0 ||
	       strcmp(view->status, "paused") == 0;
}

/* ---- finding ------------------------------------------------------------ */

void
view_free(struct view *view)
{
	record_free(&view->record);
	settings_free(&view->settings);
	free(view->root);
	if (view->dir > 0)
		close(view->dir);
	*view = (struct view){ 0 };
}

static int
fill(const char *root, int dir, struct view *view)
{
	*view = (struct view){ .root = copy_text(root), .dir = dir };
	if (load(view) < 0 || check_status(view) < 0)
		return -1;
	if (faccessat(dir, SETTINGS_FILE, F_OK, 0) == 0)
		return settings_load(dir, &view->settings);
	return 0;
}

int
view_open(const char *root, const char *word, struct view *view)
{
	*view = (struct view){ 0 };
	auto_close int containers = records_open(root);
	auto_record struct record record = { 0 };
	int dir;
	if (containers < 0 || record_find(containers, word, &record, &dir) < 0)
		return -1;
	return fill(root, dir, view);
}

int
view_list(const char *root, struct view **views, size_t *count)
{
	auto_close int containers = records_open(root);
	*views = NULL;
	*count = 0;
	if (containers < 0)
		return -1;
	size_t all;
	struct record *records = records_list(containers, &all);
	*views = new_bytes((all + 1) * sizeof(**views));
	for (size_t i = 0; i < all; i++) {
		struct view *view = &(*views)[*count];
		int dir = openat(containers, records[i].id,
				 O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir >= 0 && fill(root, dir, view) == 0)
			++*count;
		else if (dir >= 0)
			view_free(view);
		record_free(&records[i]);
	}
	free(records);
	return 0;
}

void
view_free_list(struct view *views, size_t count)
{
	for (size_t i = 0; i < count; i++)
		view_free(&views[i]);
	free(views);
}

/* ---- in words ------------------------------------------------------------ */

const char *
view_health(const struct view *view)
{
	return view->record.health ? view->record.health : "none";
}

static char *
up_words(const struct view *view)
{
	int64_t up_ns = record_now() - view->record.started_ns;
	auto_free char *up = format_duration(RECORD_SECONDS(up_ns));
	const char *health = view_health(view);
	if (strcmp(view->status, "paused") == 0)
		return text("Up %s (Paused)", up);
	if (strcmp(health, "none") == 0)
		return text("Up %s", up);
	bool is_starting = strcmp(health, "starting") == 0;
	return text("Up %s (%s%s)", up, is_starting ? "health: " : "", health);
}

char *
view_words(const struct view *view)
{
	if (view_is_running(view))
		return up_words(view);
	if (strcmp(view->status, "created") == 0)
		return copy_text("Created");
	if (strcmp(view->status, "dead") == 0)
		return copy_text("Dead");
	auto_free char *ago =
		format_ago(RECORD_SECONDS(view->record.finished_ns));
	return text("%s (%d) %s",
		    strcmp(view->status, "restarting") == 0 ? "Restarting" :
							      "Exited",
		    view->record.exit_code, ago);
}

/* ---- its files ----------------------------------------------------------- */

uint64_t
view_written(const struct view *view)
{
	auto_free char *upper = text("%s/containers/%s/upper", view->root,
				     view->record.id);
	return sizes_of_tree(upper);
}

int
view_layers(const struct view *view, struct words *layers, uint64_t *bytes)
{
	auto_store struct store store = { 0 };
	auto_image struct image image = { 0 };
	*bytes = 0;
	if (store_open(&store, view->root, view->record.driver) < 0 ||
	    store_find_image(&store, view->record.image_id, &image) < 0) {
		/* rmi -f; but what it was started with is on record. */
		words_add_all(layers, view->settings.layers.items);
		return layers->count ? 0 : -1;
	}
	*bytes = image.size;
	words_add_all(layers, image.layers);
	return 0;
}

/* ---- as JSON ------------------------------------------------------------- */

json_t *
json_words(const char *string)
{
	json_t *json = json_string(string ? string : "");
	if (json)
		return json;
	auto_free char *changed = copy_text(string);
	for (char *c = changed; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return json_string(changed);
}

json_t *
json_list(const struct words *words)
{
	if (!words->count)
		return json_null();
	json_t *list = json_array();
	for (size_t i = 0; i < words->count; i++)
		json_array_append_new(list, json_words(words->items[i]));
	return list;
}

json_t *
json_members(const char *const (*members)[2], size_t count)
{
	json_t *object = json_object();
	for (size_t i = 0; i < count; i++)
		json_object_set_new(object, members[i][0],
				    json_words(members[i][1]));
	return object;
}

json_t *
json_map(const struct words *words)
{
	json_t *map = json_object();
	for (size_t i = 0; i < words->count; i++) {
		auto_free char *pair = copy_text(words->items[i]);
		char *value = strchr(pair, '=');
		if (value)
			*value++ = '\0';
		json_object_set_new(map, pair, json_words(value));
	}
	return map;
}

/* What the monitor writes of its checks has Docker's form already; but of one
 * that has not been checked yet there is none, or that of its last life. */
static void
add_health(json_t *state, const struct view *view)
{
	size_t length;
	const char *now = view->record.health;
	json_t *health = NULL;
	if (faccessat(view->dir, "health.json", F_OK, 0) == 0) {
		auto_free char *content =
			read_all(view->dir, "health.json", &length);
		health = content ? json_loadb(content, length, 0, NULL) : NULL;
	}
	if (!health && now)
		health = json_pack("{s:s, s:i, s:[]}", "Status", now,
				   "FailingStreak", 0, "Log");
	if (!health)
		return;
	const char *then =
		json_string_value(json_object_get(health, "Status"));
	if (now && then && strcmp(then, now) != 0) {
		json_object_set_new(health, "Status", json_string(now));
		if (strcmp(now, "unhealthy") != 0)
			json_object_set_new(health, "FailingStreak",
					    json_integer(0));
	}
	json_object_set_new(state, "Health", health);
}

static json_t *
state_json(const struct view *view)
{
	const struct record *record = &view->record;
	bool is_running = view_is_running(view);
	bool is_restarting = strcmp(view->status, "restarting") == 0;
	auto_free char *started = format_rfc3339(record->started_ns);
	auto_free char *finished = format_rfc3339(record->finished_ns);
	json_t *state = json_pack(
		"{s:s, s:b, s:b, s:b, s:b, s:b, s:i, s:i, s:s, s:s, s:s}",
		"Status", view->status, "Running", is_running || is_restarting,
		"Paused", strcmp(view->status, "paused") == 0, "Restarting",
		is_restarting, "OOMKilled", record->oom_killed, "Dead",
		strcmp(view->status, "dead") == 0, "Pid",
		is_running ? record->pid : 0, "ExitCode", record->exit_code,
		"Error", record->error ? record->error : "", "StartedAt",
		started, "FinishedAt", finished);
	add_health(state, view);
	return state;
}

static json_t *
driver_json(const struct view *view, const struct words *layers)
{
	bool is_overlay = view->record.driver == STORAGE_OVERLAY;
	auto_free char *lower = copy_text("");
	for (size_t i = 0; i < layers->count; i++) {
		char *longer = text("%s%s%s", lower, i ? ":" : "",
				    layers->items[i]);
		free_scoped(&lower);
		lower = longer;
	}
	auto_free char *place = text("%s/containers/%s", view->root,
				     view->record.id);
	auto_free char *merged = text("%s/rootfs", place);
	auto_free char *upper = text("%s/upper", place);
	auto_free char *work = text("%s/work", place);
	json_t *data = json_pack("{s:s, s:s, s:s}", "LowerDir", lower,
				 "MergedDir", merged, "UpperDir", upper);
	if (is_overlay)
		json_object_set_new(data, "WorkDir", json_string(work));
	return json_pack("{s:o, s:s}", "Data", data, "Name",
			 is_overlay ? "overlay2" : "aufs");
}

/* Of the command: the first word, and the others. */
static void
add_command(json_t *json, const struct view *view)
{
	const struct words *argv = &view->settings.argv;
	auto_free char *first = text("%.*s",
				     (int)strcspn(view->record.command, " "),
				     view->record.command);
	json_object_set_new(json, "Path",
			    json_words(argv->count ? argv->items[0] : first));
	json_t *list = json_array();
	for (size_t i = 1; i < argv->count; i++)
		json_array_append_new(list, json_words(argv->items[i]));
	json_object_set_new(json, "Args", list);
}

static void
add_text(json_t *json, const char *key, const char *value)
{
	json_object_set_new(json, key, json_words(value));
}

/* Where one of its files is, or "" where it is not. */
static void
add_place(json_t *json, const char *key, const struct view *view,
	  const char *file)
{
	auto_free char *path = text("%s/containers/%s/%s", view->root,
				    view->record.id, file);
	bool is_there = faccessat(view->dir, file, F_OK, 0) == 0;
	add_text(json, key, is_there ? path : "");
}

static void
add_execs(json_t *json, const struct view *view)
{
	auto_words struct words ids = { 0 };
	execs_list(view->dir, &ids);
	json_t *list = ids.count ? json_array() : json_null();
	for (size_t i = 0; i < ids.count; i++)
		json_array_append_new(list, json_string(ids.items[i]));
	json_object_set_new(json, "ExecIDs", list);
}

static void
add_places(json_t *json, const struct view *view)
{
	auto_free char *log = text("%s-json.log", view->record.id);
	auto_free char *name = text("/%s", view->record.name);
	add_place(json, "ResolvConfPath", view, "resolv.conf");
	add_place(json, "HostnamePath", view, "hostname");
	add_place(json, "HostsPath", view, "hosts");
	add_place(json, "LogPath", view, log);
	add_text(json, "Name", name);
	json_object_set_new(json, "RestartCount",
			    json_integer(view->record.restarts));
	add_text(json, "Driver", view->record.driver == STORAGE_OVERLAY ?
					 "overlay2" : "aufs");
	add_text(json, "Platform", "linux");
	add_text(json, "MountLabel", "");
	add_text(json, "ProcessLabel", "");
	add_text(json, "AppArmorProfile", "");
	add_execs(json, view);
}

json_t *
view_json(const struct view *view, bool sizes)
{
	auto_words struct words layers = { 0 };
	auto_free char *created = format_rfc3339(view->record.created_ns);
	uint64_t bytes = 0;
	view_layers(view, &layers, &bytes); /* none: then it has none */
	json_t *json = json_object();
	add_text(json, "Id", view->record.id);
	add_text(json, "Created", created);
	add_command(json, view);
	json_object_set_new(json, "State", state_json(view));
	add_text(json, "Image", view->record.image_id);
	add_places(json, view);
	json_object_set_new(json, "HostConfig", view_json_host_config(view));
	json_object_set_new(json, "GraphDriver", driver_json(view, &layers));
	if (sizes) {
		uint64_t written = view_written(view);
		json_object_set_new(json, "SizeRw", json_integer(written));
		json_object_set_new(json, "SizeRootFs",
				    json_integer(written + bytes));
	}
	json_object_set_new(json, "Mounts", view_json_mounts(view));
	json_object_set_new(json, "Config", view_json_config(view));
	json_object_set_new(json, "NetworkSettings", view_json_network(view));
	return json;
}
