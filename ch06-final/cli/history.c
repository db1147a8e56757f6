/* history.c - parent.  `history`: what an image was made by, newest first. */
#include "verbs.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "store.h"
#include "table.h"
#include "view.h"

#define SHOWN 45 /* so much of a command, as Docker */

struct history_options {
	bool quiet, no_trunc, human;
	const char *format;
};

static int
take_format(void *data, const char *value)
{
	((struct history_options *)data)->format = value;
	return 0;
}

static const struct option_row options[] = {
	{ 0, "format", "STRING", "\"table\", \"table TEMPLATE\", \"json\" or a "
	  "Go template", take_format, 0 },
	SWITCH('H', "human", "Print sizes and dates in human readable format "
	       "(default true)", struct history_options, human),
	SWITCH(0, "no-trunc", "Don't truncate output", struct history_options,
	       no_trunc),
	SWITCH('q', "quiet", "Only show image IDs", struct history_options,
	       quiet),
	{ 0 },
};

/* A text of an entry, "" when there is none. */
static const char *
get(json_t *entry, const char *key)
{
	const char *found = json_string_value(json_object_get(entry, key));
	return found ? found : "";
}

/* One line, however many the command has; cut between two characters. */
static char *
shown_command(const char *command, bool whole)
{
	auto_free char *line = copy_text(command);
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	if (whole || strlen(line) <= SHOWN)
		return take_ptr(&line);
	size_t length = SHOWN - 1;
	while (length > 0 && ((unsigned char)line[length] & 0xc0) == 0x80)
		length--;
	return text("%.*s\xe2\x80\xa6", (int)length, line);
}

static json_t *
row_of(json_t *entry, const char *id, uint64_t bytes,
       const struct history_options *wanted)
{
	int64_t when = image_seconds(get(entry, "created"));
	auto_free char *ago = format_ago(when);
	auto_free char *at = format_rfc3339(when * 1000000000);
	auto_free char *size = wanted->human ?
				       format_size(bytes) :
				       text("%llu", (unsigned long long)bytes);
	auto_free char *command =
		shown_command(get(entry, "created_by"), wanted->no_trunc);
	const char *const members[][2] = {
		{ "Comment", get(entry, "comment") }, { "CreatedAt", at },
		{ "CreatedBy", command },	      { "CreatedSince", ago },
		{ "ID", id },			      { "Size", size },
	};
	return json_members(members, countof(members));
}

/* The newest first.  The entries that made a layer, and the layers, go in
 * step. */
static json_t *
rows_of(struct store *store, const struct image *image, json_t *history,
	const struct history_options *wanted)
{
	json_t *rows = json_array();
	size_t layer = 0;
	while (image->diff_ids[layer])
		layer++;
	auto_free char *id = wanted->no_trunc ? copy_text(image->id) :
						text("%.12s", image->id + 7);
	for (size_t i = json_array_size(history); i > 0; i--) {
		json_t *entry = json_array_get(history, i - 1);
		bool is_empty =
			json_is_true(json_object_get(entry, "empty_layer"));
		uint64_t size = 0;
		if (!is_empty && layer > 0)
			size = shelves_layer_size(store,
						  image->diff_ids[--layer] + 7);
		bool is_last = i == json_array_size(history);
		json_array_append_new(rows, row_of(entry, is_last ? id :
						   "<missing>", size, wanted));
	}
	return rows;
}

static int
print_rows(json_t *rows, const struct history_options *wanted)
{
	static const struct heading headings[] = {
		{ "ID", "IMAGE" },	   { "CreatedSince", "CREATED" },
		{ "CreatedAt", "CREATED AT" }, { "CreatedBy", "CREATED BY" },
		{ "Size", "SIZE" },	   { "Comment", "COMMENT" },
		{ NULL, NULL },
	};
	const struct listing listing = {
		.table = wanted->human ?
			"{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t"
			"{{.Size}}\t{{.Comment}}" :
			"{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t"
			"{{.Comment}}",
		.quiet = "{{.ID}}",
		.type = "*image.historyContext",
		.headings = headings,
	};
	return listing_print(&listing, wanted->format ?: "", wanted->quiet,
			     rows, stdout);
}

static int
print_history(struct store *store, const char *name,
	      const struct history_options *wanted)
{
	auto_image struct image image = { 0 };
	size_t length;
	if (store_find_image(store, name, &image) < 0)
		return -1;
	auto_free char *config = shelves_read_config(store, image.id, &length);
	json_t *root = config ? json_loadb(config, length, 0, NULL) : NULL;
	if (!root)
		return config ? failx("image %s: its config is not JSON", name)
			      : -1;
	json_t *rows = rows_of(store, &image, json_object_get(root, "history"),
			       wanted);
	json_decref(root);
	int result = print_rows(rows, wanted);
	json_decref(rows);
	return result;
}

static int
run_history(const struct verb *verb, int argc, char **argv)
{
	struct history_options wanted = { .human = true };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, 1, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	auto_store struct store store = { 0 };
	if (verb_open_store(&store) < 0 || store_lock(&store, LOCK_SH) < 0)
		return verb_error(verb);
	int result = print_history(&store, argv[first], &wanted);
	store_unlock(&store);
	return result < 0 ? verb_error(verb) : 0;
}

const struct verb verb_history = {
	.name = "history",
	.arguments = "IMAGE",
	.shows = "Show what an image was made by",
	.options = options,
	.failure_status = 1,
	.run = run_history,
};
