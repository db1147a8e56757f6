/* inspect.c - parent.  `inspect`: all that is known of a thing, as JSON. */
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "go_value.h"
#include "table.h"
#include "view.h"
#include "view_image.h"
#include "view_networks.h"
#include "view_volume.h"

struct inspect_options {
	const char *format, *type;
	bool size;
};

static int
take_format(void *data, const char *value)
{
	((struct inspect_options *)data)->format = value;
	return 0;
}

static json_t *
find_container(const char *word, bool sizes)
{
	auto_view struct view view = { 0 };
	return view_open(verb_root(), word, &view) < 0 ?
		       NULL : view_json(&view, sizes);
}

static json_t *
find_image(const char *word, bool sizes)
{
	(void)sizes;
	auto_store struct store store = { 0 };
	return verb_open_store(&store) < 0 ? NULL : view_image(&store, word);
}

static json_t *
find_volume(const char *word, bool sizes)
{
	(void)sizes;
	return view_volume(verb_root(), word);
}

static json_t *
find_network(const char *word, bool sizes)
{
	(void)sizes;
	return view_network(verb_root(), word);
}

/* What there may be of a name, in the order in which Docker looks. */
static const struct kind {
	const char *type;
	json_t *(*find)(const char *word, bool sizes);
} kinds[] = {
	{ "container", find_container },
	{ "image", find_image },
	{ "network", find_network },
	{ "volume", find_volume },
};

static int
take_type(void *data, const char *value)
{
	((struct inspect_options *)data)->type = value;
	return 0;
}

/* Not where it is taken: the exit status is another. */
static int
check_type(const char *type)
{
	for (size_t i = 0; i < countof(kinds); i++)
		if (!type || strcmp(kinds[i].type, type) == 0)
			return 0;
	return failx("\"%s\" is not a valid value for --type", type);
}

static const struct option_row options[] = {
	{ 'f', "format", "STRING", "\"json\", or a Go template", take_format,
	  0 },
	SWITCH('s', "size", "Display total file sizes if the type is "
	       "container", struct inspect_options, size),
	{ 0, "type", "STRING", "container, image, network, volume", take_type,
	  0 },
	{ 0 },
};

/* ---- one ----------------------------------------------------------------- */

/* NULL with the code ENOENT: there is nothing of that name. */
static json_t *
find(const char *word, const struct inspect_options *wanted)
{
	for (size_t i = 0; i < countof(kinds); i++) {
		if (wanted->type && strcmp(wanted->type, kinds[i].type) != 0)
			continue;
		json_t *found = kinds[i].find(word, wanted->size);
		if (found)
			return found;
		/* What cannot be a name of one kind may be one of the next. */
		if (failure.code && failure.code != ENOENT)
			return NULL;
	}
	failx("No such %s: %s", wanted->type ? wanted->type : "object", word);
	return NULL;
}

/* ---- all ----------------------------------------------------------------- */

static int
print_as(const struct inspect_options *wanted, json_t *list)
{
	size_t i;
	json_t *item;
	if (!wanted->format) {
		auto_free char *all = json_dumps(list, JSON_INDENT(4));
		printf("%s\n", all);
		return 0;
	}
	bool is_json = strcmp(wanted->format, "json") == 0;
	if (json_array_size(list) == 0)
		printf("\n");
	json_array_foreach(list, i, item)
		if (format_print(is_json ? "{{json .}}" : wanted->format, item,
				 NULL, stdout) < 0)
			return -1;
	return 0;
}

static int
inspect(const struct verb *verb, const struct inspect_options *wanted,
	char **names)
{
	int status = verb_settle(verb);
	if (status != 0)
		return status;
	json_t *list = json_array();
	auto_words struct words missing = { 0 };
	for (; *names; names++) {
		json_t *found = find(*names, wanted);
		if (found)
			json_array_append_new(list, found);
		else
			words_add(&missing, failure.text);
	}
	if (print_as(wanted, list) < 0)
		status = verb_error(verb);
	json_decref(list);
	fflush(stdout);
	for (size_t i = 0; i < missing.count; i++) {
		fprintf(stderr, "Error: %s\n", missing.items[i]);
		status = verb->failure_status;
	}
	return status;
}

int
verb_inspect_type(const char *type, const char *format, char **names)
{
	const struct inspect_options wanted = { .type = type,
						.format = format };
	return inspect(&verb_inspect, &wanted, names);
}

static int
run_inspect(const struct verb *verb, int argc, char **argv)
{
	struct inspect_options wanted = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, -1, &status);
	if (first < 0)
		return status;
	if (check_type(wanted.type) < 0)
		return verb_error(verb);
	return inspect(verb, &wanted, argv + first);
}

const struct verb verb_inspect = {
	.name = "inspect",
	.arguments = "NAME|ID [NAME|ID...]",
	.shows = "Return low-level information on containers, images and "
		 "others",
	.options = options,
	.failure_status = 1,
	.run = run_inspect,
};
