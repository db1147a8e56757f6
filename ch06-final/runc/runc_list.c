/* runc_list.c - parent.  `list`: the containers of a root. */
#include "runc.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "runc_log.h"
#include "runc_look.h"
#include "runc_values.h"

struct wanted {
	bool json, quiet;
};

static int
take_format(void *data, const char *value)
{
	return parse_format(value, &((struct wanted *)data)->json);
}

static const struct option_row rows[] = {
	{ 'f', "format", "FORMAT", "table (the default) or json", take_format,
	  0 },
	SWITCH('q', "quiet", "Ids alone", struct wanted, quiet),
	{ 0 },
};

/* ---- the table ---------------------------------------------------------- */

enum { COLUMNS = 6 };
static const char *const titles[COLUMNS] = {
	"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER",
};

struct row {
	char *cells[COLUMNS];
};

static struct row
row_of(const struct runc_look *look)
{
	return (struct row){ {
		copy_text(look->state.id),
		text("%d", look->pid),
		copy_text(oci_status_names[look->status]),
		copy_text(look->state.bundle),
		copy_text(look->created),
		copy_text(look->owner),
	} };
}

/* A column is as wide as its widest cell and three blanks, and 12 at least. */
static void
measure(const char *const cells[], size_t *widths)
{
	for (int i = 0; i < COLUMNS; i++)
		if (strlen(cells[i]) + 3 > widths[i])
			widths[i] = strlen(cells[i]) + 3;
}

static void
print_row(const char *const cells[], const size_t *widths)
{
	for (int i = 0; i < COLUMNS - 1; i++)
		printf("%-*s", (int)widths[i], cells[i]);
	printf("%s\n", cells[COLUMNS - 1]);
}

static void
print_table(const struct row *table, size_t count)
{
	size_t widths[COLUMNS] = { 12, 12, 12, 12, 12, 12 };
	measure(titles, widths);
	for (size_t i = 0; i < count; i++)
		measure((const char *const *)table[i].cells, widths);
	print_row(titles, widths);
	for (size_t i = 0; i < count; i++)
		print_row((const char *const *)table[i].cells, widths);
}

/* ---- the verb ----------------------------------------------------------- */

struct listing {
	struct row *table;
	size_t count;
	json_t *json;
};

/* One that cannot be read is told of, and does not hide the others; one that
 * has just been deleted is none. */
static void
add(struct listing *listing, const char *root, const char *id)
{
	auto_look struct runc_look look;
	json_t *json = NULL;
	if (runc_look_open(&look, root, id) < 0 ||
	    !(json = runc_look_json(&look))) {
		if (failure.code != ENOENT)
			runc_log_warning(failure.text);
		return;
	}
	json_array_append_new(listing->json, json);
	listing->table = resize_bytes(
		listing->table, (listing->count + 1) * sizeof(struct row));
	listing->table[listing->count++] = row_of(&look);
}

static void
let_go(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		for (int j = 0; j < COLUMNS; j++)
			free(listing->table[i].cells[j]);
	free(listing->table);
	json_decref(listing->json);
}

static void
print(const struct listing *listing, const struct wanted *wanted)
{
	if (wanted->quiet) {
		for (size_t i = 0; i < listing->count; i++)
			puts(listing->table[i].cells[0]);
	} else if (wanted->json) {
		auto_free char *printed =
			json_dumps(listing->json, JSON_COMPACT);
		puts(printed);
	} else {
		print_table(listing->table, listing->count);
	}
}

static int
run(const struct runc *runc, void *data, char **words)
{
	(void)words;
	char **ids = state_list(runc->root);
	if (!ids)
		return -1;
	struct listing listing = { .json = json_array() };
	for (size_t i = 0; ids[i]; i++) {
		add(&listing, runc->root, ids[i]);
		free(ids[i]);
	}
	free(ids);
	print(&listing, data);
	let_go(&listing);
	return 0;
}

const struct runc_verb runc_list = {
	.name = "list",
	.arguments = "",
	.shows = "list the containers",
	.options = rows,
	.wanted_size = sizeof(struct wanted),
	.is_about_all = true,
	.run = run,
};
