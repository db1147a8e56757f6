/*
 * network.c - parent.  `network ls`, `rm`, `inspect`, `prune`.  See
 * network_create.c, and connect.c for who joins one and leaves it.
 */
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "each.h"
#include "filters.h"
#include "format.h"
#include "graph.h"
#include "table.h"
#include "view.h"
#include "view_networks.h"

static void
free_all(struct network_record *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		network_record_free(&list[i]);
	free(list);
}

/* Is a container on it now? */
static bool
is_in_use(int networks, const struct network_record *record)
{
	auto_names struct names names = { 0 };
	return names_read(networks, record, &names) < 0 || names.count > 0;
}

/* ---- ls ------------------------------------------------------------------ */

static const struct option_row ls_rows[] = {
	MEMBER('f', "filter", "filter", "dangling=true, driver=, id=, label=, "
	       "name=, scope=, type=custom", filters_add, struct ls_wanted,
	       filters),
	MEMBER(0, "format", "string", "\"table\", \"table TEMPLATE\", \"json\" "
	       "or a Go template", option_take_text, struct ls_wanted, format),
	SWITCH(0, "no-trunc", "Do not truncate the output", struct ls_wanted,
	       whole),
	SWITCH('q', "quiet", "Only display network IDs", struct ls_wanted,
	       quiet),
	{ 0 },
};

static json_t *
row_of(const struct network_record *record, bool whole)
{
	auto_free char *labels = words_join(&record->labels, ",");
	auto_free char *id = text("%.*s", whole ? NETWORK_ID : SHORT_ID,
				  record->id);
	auto_free char *created = format_time(record->created);
	const char *const members[][2] = {
		{ "CreatedAt", created },
		{ "Driver", record->driver },
		{ "ID", id },
		{ "IPv4", "true" },
		{ "IPv6", record->subnet6.prefix ? "true" : "false" },
		{ "Internal", record->internal ? "true" : "false" },
		{ "Labels", labels },
		{ "Name", record->name },
		{ "Scope", "local" },
	};
	json_t *row = json_members(members, countof(members));
	json_object_set_new(row, ".Label", json_map(&record->labels));
	return row;
}

static const struct heading headings[] = {
	{ "ID", "NETWORK ID" },	    { "Name", "NAME" },
	{ "Driver", "DRIVER" },	    { "Scope", "SCOPE" },
	{ "IPv4", "IPV4" },	    { "IPv6", "IPV6" },
	{ "Internal", "INTERNAL" }, { "Labels", "LABELS" },
	{ "CreatedAt", "CREATED AT" }, { NULL, NULL },
};

static bool
fits(const struct filters *filters, const struct network_record *record)
{
	const char *type = network_is_given(record->name) ? "builtin" :
							    "custom";
	return filters_fit_text(filters, "driver", record->driver) &&
	       filters_fit_text(filters, "scope", "local") &&
	       filters_fit_text(filters, "type", type) &&
	       filters_fit_pattern(filters, "id", record->id) &&
	       filters_fit_pattern(filters, "name", record->name) &&
	       filters_fit_labels(filters, record->labels.items);
}

static int
ls(const struct ls_wanted *wanted)
{
	static const char *const known[] = { "dangling", "driver", "id",
					     "label", "label!", "name",
					     "scope", "type", NULL };
	static const struct listing listing = {
		.table = "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
		.quiet = "{{.ID}}",
		.type = "*network.networkContext",
		.headings = headings,
	};
	const struct filters *filters = &wanted->filters;
	bool is_set, dangling;
	size_t count;
	auto_close int networks = networks_open(verb_root(), 0);
	if (filters_check(filters, known) < 0 ||
	    filters_get_bool(filters, "dangling", &is_set, &dangling) < 0 ||
	    networks < 0)
		return -1;
	struct network_record *list = networks_list(networks, &count);
	json_t *rows = json_array();
	for (size_t i = 0; i < count; i++)
		if (fits(filters, &list[i]) &&
		    (!is_set || dangling == (list[i].created &&
					     !is_in_use(networks, &list[i]))))
			json_array_append_new(rows, row_of(&list[i],
							   wanted->whole));
	int result = listing_print(&listing, wanted->format ?: "",
				   wanted->quiet, rows, stdout);
	json_decref(rows);
	free_all(list, count);
	return result;
}

static int
run_ls(const struct verb *verb, int argc, char **argv)
{
	return each_ls(verb, argc, argv, ls);
}

const struct verb verb_network_ls = {
	.name = "network ls",
	.arguments = "",
	.shows = "List networks",
	.options = ls_rows,
	.failure_status = 1,
	.run = run_ls,
};

/* ---- rm ------------------------------------------------------------------ */

/* In Docker's words: who is on it. */
static int
check_unused(int networks, const struct network_record *record)
{
	auto_names struct names names = { 0 };
	auto_free char *list = copy_text("");
	if (names_read(networks, record, &names) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		char *longer = text("%s%sname:\"%s\" id:\"%.12s\"", list,
				    i ? ", " : "", names.lines[i].name,
				    names.lines[i].id);
		free_scoped(&list);
		list = longer;
	}
	return names.count ? failx("error while removing network: network %s "
				   "has active endpoints (%.150s)",
				   record->name, list) : 0;
}

static int
rm(const char *word, bool force)
{
	auto_network_record struct network_record record = { 0 };
	auto_close int networks = networks_open(verb_root(), LOCK_EX);
	if (networks < 0)
		return -1;
	if (network_find(networks, word, &record) < 0)
		return force && failure.code == ENOENT ? 0 : -1;
	if (network_is_given(record.name))
		return failx("%s is a pre-defined network and cannot be "
			     "removed", record.name);
	if (check_unused(networks, &record) < 0 ||
	    network_remove(networks, &record) < 0)
		return -1;
	network_tell(verb_root(), "destroy", &record, NULL);
	printf("%s\n", word);
	return 0;
}

static int
run_rm(const struct verb *verb, int argc, char **argv)
{
	return each_rm(verb, argc, argv, rm);
}

const struct verb verb_network_rm = {
	.name = "network rm",
	.arguments = "NETWORK [NETWORK...]",
	.shows = "Remove one or more networks",
	.options = each_rm_rows,
	.failure_status = 1,
	.run = run_rm,
};

/* ---- inspect ------------------------------------------------------------- */

struct inspect_wanted {
	char *format;
	bool verbose, dot;
};

static const struct option_row inspect_rows[] = {
	MEMBER('f', "format", "string", "\"json\", or a Go template",
	       option_take_text, struct inspect_wanted, format),
	SWITCH(0, "dot", "Draw them, and who is on them, for dot(1)",
	       struct inspect_wanted, dot),
	SWITCH('v', "verbose", "As without: there is no swarm",
	       struct inspect_wanted, verbose),
	{ 0 },
};

static int
draw(const struct verb *verb, char **names)
{
	auto_words struct words networks = { 0 };
	int status = verb_settle(verb);
	words_add_all(&networks, names);
	if (status == 0 && graph_print(verb_root(), &networks, stdout) < 0)
		status = verb_error(verb);
	return status;
}

/* As `inspect` does it, of networks alone. */
static int
run_inspect(const struct verb *verb, int argc, char **argv)
{
	struct inspect_wanted wanted = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, -1, &status);
	if (first < 0)
		return status;
	if (wanted.dot)
		return draw(verb, argv + first);
	status = verb_inspect_type("network", wanted.format, argv + first);
	free(wanted.format);
	return status;
}

const struct verb verb_network_inspect = {
	.name = "network inspect",
	.arguments = "NETWORK [NETWORK...]",
	.shows = "Display detailed information on one or more networks",
	.options = inspect_rows,
	.failure_status = 1,
	.run = run_inspect,
};

/* ---- prune --------------------------------------------------------------- */

static const struct option_row prune_rows[] = {
	MEMBER(0, "filter", "filter", "label=, label!=, until=", filters_add,
	       struct prune_wanted, filters),
	SWITCH('f', "force", "Do not prompt for confirmation",
	       struct prune_wanted, force),
	{ 0 },
};

int
network_prune(const struct filters *filters, int64_t until_ns)
{
	size_t count;
	bool is_first = true;
	int result = 0;
	auto_close int networks = networks_open(verb_root(), LOCK_EX);
	if (networks < 0)
		return -1;
	struct network_record *list = networks_list(networks, &count);
	for (size_t i = 0; i < count && result == 0; i++) {
		const struct network_record *one = &list[i];
		if (network_is_given(one->name) || is_in_use(networks, one) ||
		    one->created >= until_ns / 1000000000 ||
		    !filters_fit_labels(filters, one->labels.items))
			continue;
		result = network_remove(networks, one);
		if (result < 0)
			break;
		printf("%s%s\n", is_first ? "Deleted Networks:\n" : "",
		       one->name);
		is_first = false;
		network_tell(verb_root(), "destroy", one, NULL);
	}
	if (!is_first)
		printf("\n");
	free_all(list, count);
	each_tell_prune("network", 0);
	return result;
}

static int
prune(const struct prune_wanted *wanted)
{
	return network_prune(&wanted->filters, wanted->until_ns);
}

static int
run_prune(const struct verb *verb, int argc, char **argv)
{
	static const char *const known[] = { "label", "label!", "until",
					     NULL };
	static const struct each_prune networks = {
		.known = known,
		.question = "This will remove all custom networks not used by "
			    "at least one container.",
		.prune = prune,
	};
	return each_prune(verb, argc, argv, &networks);
}

const struct verb verb_network_prune = {
	.name = "network prune",
	.arguments = "",
	.shows = "Remove all unused networks",
	.options = prune_rows,
	.failure_status = 1,
	.run = run_prune,
};
