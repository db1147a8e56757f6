/* history.c - parent.  `history`: what an image was made by, newest first. */
#include "verbs.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "store.h"

#define SHOWN 45 /* so much of a command, as Docker */

struct history_options {
	bool quiet, no_trunc;
};

static const struct option_row options[] = {
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

static void
print_entry(json_t *entry, const char *id, uint64_t bytes,
	    const struct history_options *wanted)
{
	if (wanted->quiet) {
		printf("%s\n", id);
		return;
	}
	auto_free char *ago = format_ago(image_seconds(get(entry, "created")));
	auto_free char *size = format_size(bytes);
	auto_free char *command =
		shown_command(get(entry, "created_by"), wanted->no_trunc);
	/* The mark of what was cut is three bytes and one column. */
	int width = SHOWN + (strstr(command, "\xe2\x80\xa6") ? 2 : 0);
	printf("%-14s %-17s %-*s  %-10s %s\n", id, ago, width, command, size,
	       get(entry, "comment"));
}

/* The entries that made a layer, and the layers, go in step. */
static void
print_entries(struct store *store, const struct image *image, json_t *history,
	      const struct history_options *wanted)
{
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
		print_entry(entry, is_last ? id : "<missing>", size, wanted);
	}
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
	if (!wanted->quiet)
		printf("%-14s %-17s %-*s  %-10s %s\n", "IMAGE", "CREATED",
		       SHOWN, "CREATED BY", "SIZE", "COMMENT");
	print_entries(store, &image, json_object_get(root, "history"), wanted);
	json_decref(root);
	return 0;
}

static int
run_history(const struct verb *verb, int argc, char **argv)
{
	struct history_options wanted = { 0 };
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
