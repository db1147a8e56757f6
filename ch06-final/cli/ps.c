/* ps.c - parent.  `ps`: which containers there are. */
#include "verbs.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "filters.h"
#include "format.h"
#include "go_value.h"
#include "rows.h"
#include "table.h"
#include "view.h"

struct ps_options {
	bool all, quiet, no_trunc, size, latest;
	uint64_t last; /* -n; 0: not said */
	const char *format;
	struct filters filters;
};

static int
take_format(void *data, const char *value)
{
	((struct ps_options *)data)->format = value;
	return 0;
}

static int
take_last(void *data, const char *value)
{
	struct ps_options *wanted = data;
	if (strcmp(value, "-1") == 0) { /* Docker's default: all */
		wanted->last = 0;
		return 0;
	}
	return parse_number(value, 0, INT_MAX, &wanted->last);
}

static const struct option_row options[] = {
	SWITCH('a', "all", "Show all containers (default shows just running)",
	       struct ps_options, all),
	MEMBER('f', "filter", "FILTER", "Filter output based on conditions "
	       "provided", filters_add, struct ps_options, filters),
	{ 0, "format", "STRING", "\"table\", \"table TEMPLATE\", \"json\" or a "
	  "Go template", take_format, 0 },
	{ 'n', "last", "INT", "Show n last created containers (includes all "
	  "states)", take_last, 0 },
	SWITCH('l', "latest", "Show the latest created container (includes all "
	       "states)", struct ps_options, latest),
	SWITCH(0, "no-trunc", "Don't truncate output", struct ps_options,
	       no_trunc),
	SWITCH('q', "quiet", "Only display container IDs", struct ps_options,
	       quiet),
	SWITCH('s', "size", "Display total file sizes", struct ps_options,
	       size),
	{ 0 },
};

/* ---- filters ------------------------------------------------------------- */

static const char *const known_filters[] = {
	"ancestor", "before", "exited", "expose", "health", "id", "is-task",
	"label", "label!", "name", "network", "publish", "since", "status",
	"volume", NULL,
};

static int
check_statuses(const struct filters *filters)
{
	static const char *const words[] = { "paused", "restarting",
		"removing", "running", "dead", "created", "exited" };
	for (size_t i = 0; i < filters->list.count; i++) {
		const char *filter = filters->list.items[i];
		bool is_known = strncmp(filter, "status=", 7) != 0;
		for (size_t k = 0; k < countof(words) && !is_known; k++)
			is_known = strcmp(filter + 7, words[k]) == 0;
		if (!is_known)
			return failx("invalid filter 'status=%s'", filter + 7);
	}
	return 0;
}

/* "image", "image:tag", or the beginning of its id. */
static bool
is_of_image(const void *data, const char *value)
{
	const struct view *view = data;
	const char *image = view->record.image;
	size_t length = strlen(value);
	const char *digits = strchr(view->record.image_id, ':');
	bool is_tagged = strncmp(image, value, length) == 0 &&
			 (!image[length] || image[length] == ':');
	bool is_latest = length > 7 &&
		strcmp(value + length - 7, ":latest") == 0 &&
		strlen(image) == length - 7 &&
		strncmp(image, value, length - 7) == 0;
	return is_tagged || is_latest ||
	       strcmp(view->record.image_id, value) == 0 ||
	       (length >= 4 && digits &&
		strncmp(digits + 1, value, length) == 0);
}

static bool
has_volume(const void *data, const char *value)
{
	const struct view *view = data;
	const struct settings *settings = &view->settings;
	for (size_t i = 0; i < settings->volume_count; i++) {
		const struct volume *volume = &settings->volumes[i];
		if ((volume->source && strcmp(volume->source, value) == 0) ||
		    strcmp(volume->target, value) == 0)
			return true;
	}
	return false;
}

static bool
has_network(const void *data, const char *value)
{
	const struct view *view = data;
	const struct settings *settings = &view->settings;
	if (!settings->network_count)
		return strcmp(value, settings->loopback_only ? "none" :
							       "bridge") == 0;
	for (size_t i = 0; i < settings->network_count; i++)
		if (strcmp(settings->networks[i].name, value) == 0)
			return true;
	return false;
}

/* "80", "80/tcp", "80-90/udp": has `keys` one within? */
static bool
has_port(json_t *keys, const char *value)
{
	unsigned int first, last, number;
	char protocol[8] = "tcp", own[8];
	int got = sscanf(value, "%u-%u/%7s", &first, &last, protocol);
	if (got < 2) {
		sscanf(value, "%u/%7s", &first, protocol);
		last = first;
	}
	const char *key;
	json_t *item;
	json_object_foreach(keys, key, item)
		if (sscanf(key, "%u/%7s", &number, own) == 2 &&
		    number >= first && number <= last &&
		    strcmp(own, protocol) == 0)
			return true;
	return false;
}

/* The host's ports, as keys. */
static bool
publishes(const void *data, const char *value)
{
	json_t *ports = view_json_ports(data), *host = json_object(), *list;
	const char *key;
	json_object_foreach(ports, key, list) {
		const char *number = json_string_value(json_object_get(
			json_array_get(list, 0), "HostPort"));
		auto_free char *own = number ?
			text("%s%s", number, strchr(key, '/')) : NULL;
		if (own)
			json_object_set_new(host, own, json_null());
	}
	bool found = has_port(host, value);
	json_decref(ports);
	json_decref(host);
	return found;
}

static bool
exposes(const void *data, const char *value)
{
	json_t *ports = view_json_ports(data);
	bool found = has_port(ports, value);
	json_decref(ports);
	return found;
}

/* Of one that never ran Docker says nothing here. */
static bool
has_exit_code(const void *data, const char *value)
{
	const struct view *view = data;
	return strcmp(view->status, "created") != 0 &&
	       !view_is_running(view) &&
	       view->record.exit_code == atoi(value);
}

/* name=^/web$ is as good as name=^web$. */
static bool
fits_name(const struct view *view, const struct filters *filters)
{
	auto_free char *slashed = text("/%s", view->record.name);
	return filters_fit_pattern(filters, "name", view->record.name) ||
	       filters_fit_pattern(filters, "name", slashed);
}

static bool
fits(const struct view *view, const struct filters *filters)
{
	return filters_fit_text(filters, "status", view->status) &&
	       fits_name(view, filters) &&
	       filters_fit_beginning(filters, "id", view->record.id) &&
	       filters_fit_text(filters, "health", view_health(view)) &&
	       filters_fit_text(filters, "is-task", "false") &&
	       filters_fit_labels(filters, view->settings.labels.items) &&
	       filters_fit(filters, "exited", has_exit_code, view) &&
	       filters_fit(filters, "ancestor", is_of_image, view) &&
	       filters_fit(filters, "volume", has_volume, view) &&
	       filters_fit(filters, "network", has_network, view) &&
	       filters_fit(filters, "publish", publishes, view) &&
	       filters_fit(filters, "expose", exposes, view);
}

/* ---- rows ---------------------------------------------------------------- */

/* The image as the user called it; without a digest's digits. */
static char *
image_words(const struct view *view, bool whole)
{
	const char *image = view->record.image;
	const char *at = strchr(image, '@');
	return !whole && at ? text("%.*s", (int)(at - image), image) :
			      copy_text(image);
}

static char *
command_words(const struct view *view, bool whole)
{
	auto_free char *shown = whole ?
		copy_text(view->record.command) :
		format_ellipsis(view->record.command, 20);
	char *quoted = NULL;
	size_t size;
	FILE *out = open_memstream(&quoted, &size);
	if (!out)
		return copy_text("");
	go_quote(shown, out);
	fclose(out);
	return quoted;
}

/* Its mounts: a volume's name, or the source. */
static void
add_mounts(json_t *row, const struct view *view, bool whole)
{
	auto_words struct words names = { 0 };
	int local = 0;
	for (size_t i = 0; i < view->settings.volume_count; i++) {
		const struct volume *volume = &view->settings.volumes[i];
		if (!volume->source)
			continue;
		auto_free char *name = whole ?
			copy_text(volume->source) :
			format_ellipsis(volume->source, 15);
		words_add(&names, name);
		local += volume->type && strcmp(volume->type, "volume") == 0;
	}
	auto_free char *line = words_join(&names, ",");
	auto_free char *count = text("%d", local);
	json_object_set_new(row, "LocalVolumes", json_string(count));
	json_object_set_new(row, "Mounts", json_words(line));
}

static void
add_networks(json_t *row, const struct view *view)
{
	const struct settings *settings = &view->settings;
	auto_words struct words names = { 0 };
	for (size_t i = 0; i < settings->network_count; i++)
		words_add(&names, settings->networks[i].name);
	if (!settings->network_count)
		words_add(&names, settings->loopback_only ? "none" : "bridge");
	auto_free char *line = words_join(&names, ",");
	json_object_set_new(row, "Networks", json_words(line));
}

static void
add_size(json_t *row, const struct view *view, bool is_wanted)
{
	auto_words struct words layers = { 0 };
	uint64_t below = 0;
	uint64_t written = is_wanted ? view_written(view) : 0;
	if (is_wanted && view_layers(view, &layers, &below) < 0)
		below = 0;
	auto_free char *own = format_size(written);
	auto_free char *all = format_size(written + below);
	auto_free char *both = text("%s (virtual %s)", own, all);
	json_object_set_new(row, "Size",
			    json_string(is_wanted ? both : own));
}

/* The members by name, as {{json .}} has them. */
json_t *
row_of_container(const struct view *view, bool whole, bool sizes)
{
	int64_t created_s = RECORD_SECONDS(view->record.created_ns);
	auto_free char *command = command_words(view, whole);
	auto_free char *created = format_time(created_s);
	auto_free char *id = text("%.*s", whole ? ID_LENGTH : SHORT_ID,
				  view->record.id);
	auto_free char *image = image_words(view, whole);
	auto_free char *labels = words_join(&view->settings.labels, ",");
	auto_free char *ports = view_ports(view);
	auto_free char *ago = format_ago(created_s);
	auto_free char *words = view_words(view);
	json_t *row = json_object();
	json_object_set_new(row, "Command", json_words(command));
	json_object_set_new(row, "CreatedAt", json_words(created));
	json_object_set_new(row, "ID", json_words(id));
	json_object_set_new(row, "Image", json_words(image));
	json_object_set_new(row, "Labels", json_words(labels));
	add_mounts(row, view, whole);
	json_object_set_new(row, "Names", json_words(view->record.name));
	add_networks(row, view);
	json_object_set_new(row, "Ports", json_words(ports));
	json_object_set_new(row, "RunningFor", json_words(ago));
	add_size(row, view, sizes);
	json_object_set_new(row, "State", json_words(view->status));
	json_object_set_new(row, "Status", json_words(words));
	json_object_set_new(row, ".Label", json_map(&view->settings.labels));
	return row;
}

const struct heading container_headings[] = {
	{ "ID", "CONTAINER ID" },   { "Image", "IMAGE" },
	{ "Command", "COMMAND" },   { "CreatedAt", "CREATED AT" },
	{ "RunningFor", "CREATED" }, { "Status", "STATUS" },
	{ "State", "STATE" },	    { "Ports", "PORTS" },
	{ "Names", "NAMES" },	    { "Labels", "LABELS" },
	{ "Mounts", "MOUNTS" },	    { "LocalVolumes", "LOCAL VOLUMES" },
	{ "Networks", "NETWORKS" }, { "Size", "SIZE" },
	{ NULL, NULL },
};

#define COLUMNS                                                               \
	"{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t"                \
	"{{.Status}}\t{{.Ports}}\t{{.Names}}"

/* ---- the verb ------------------------------------------------------------ */

/* Which of the list it is, of before=X and since=X; `count`: none was said. */
static int
find_bound(const struct view *views, size_t count,
	   const struct filters *filters, const char *key, size_t *found)
{
	*found = count;
	for (size_t i = 0; i < filters->list.count; i++) {
		const char *filter = filters->list.items[i];
		size_t length = strlen(key);
		if (strncmp(filter, key, length) != 0 || filter[length] != '=')
			continue;
		const char *word = filter + length + 1;
		for (size_t v = 0; v < count; v++)
			if (strcmp(views[v].record.name, word) == 0 ||
			    (strlen(word) >= 1 &&
			     strncmp(views[v].record.id, word,
				     strlen(word)) == 0))
				*found = v;
		if (*found == count)
			return failx("No such container: %s", word);
	}
	return 0;
}

/* They come newest first: since=X are those before it in the list. */
static int
list_rows(const struct view *views, size_t count,
	  const struct ps_options *wanted, json_t *rows)
{
	const struct filters *filters = &wanted->filters;
	size_t before, since, most = wanted->latest ? 1 : wanted->last;
	if (find_bound(views, count, filters, "before", &before) < 0 ||
	    find_bound(views, count, filters, "since", &since) < 0)
		return -1;
	/* What can only be met by one that has ended means those, too. */
	bool all = wanted->all || most || filters_have(filters, "status") ||
		   filters_have(filters, "exited");
	for (size_t i = 0; i < count; i++) {
		if ((!all && !view_is_running(&views[i]) &&
		     strcmp(views[i].status, "restarting") != 0) ||
		    (before < count && i <= before) || i >= since ||
		    !fits(&views[i], filters))
			continue;
		json_array_append_new(
			rows, row_of_container(&views[i], wanted->no_trunc,
					       wanted->size));
		if (most && json_array_size(rows) == most)
			break;
	}
	return 0;
}

static int
print_list(const struct ps_options *wanted)
{
	struct view *views;
	size_t count;
	const struct listing listing = {
		.table = wanted->size ? COLUMNS "\t{{.Size}}" : COLUMNS,
		.quiet = "{{.ID}}",
		.type = "*formatter.ContainerContext",
		.headings = container_headings,
	};
	if (filters_check(&wanted->filters, known_filters) < 0 ||
	    check_statuses(&wanted->filters) < 0 ||
	    view_list(verb_root(), &views, &count) < 0)
		return -1;
	json_t *rows = json_array();
	int result = list_rows(views, count, wanted, rows);
	if (result == 0)
		result = listing_print(&listing,
				       wanted->format ? wanted->format : "",
				       wanted->quiet, rows, stdout);
	json_decref(rows);
	view_free_list(views, count);
	return result;
}

static int
run_ps(const struct verb *verb, int argc, char **argv)
{
	struct ps_options wanted = { 0 };
	int status;
	if (verb_begin(verb, argc, argv, &wanted, 0, 0, &status) >= 0 &&
	    (status = verb_settle(verb)) == 0) {
		if (wanted.format && wanted.quiet)
			fprintf(stderr, "WARNING: Ignoring custom format, "
					"because both --format and --quiet "
					"are set.\n");
		if (print_list(&wanted) < 0)
			status = verb_error(verb);
	}
	filters_free(&wanted.filters);
	return status;
}

const struct verb verb_ps = {
	.name = "ps",
	.arguments = "",
	.shows = "List containers",
	.options = options,
	.failure_status = 1,
	.run = run_ps,
};
