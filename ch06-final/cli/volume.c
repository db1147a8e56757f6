/*
 * volume.c - parent.  `volume create`, `ls`, `rm`, `inspect`, `prune`:
 * directories that outlive containers (container/volumes.h).
 */
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "durable.h"
#include "each.h"
#include "events.h"
#include "filters.h"
#include "format.h"
#include "sizes.h"
#include "table.h"
#include "view.h"
#include "view_volume.h"
#include "volume_prune.h"
#include "volumes.h"

static void
tell(const char *action, const char *name)
{
	events_tell(verb_root(), &(struct event){
		.type = "volume", .action = action, .id = name,
		.attributes =
			(const char *const[]){ "driver", "local", NULL } });
}

static char *
mount_point(const char *root, const char *name)
{
	return text("%s/volumes/%s/_data", root, name);
}

/* ---- create ------------------------------------------------------------- */

struct create_wanted {
	struct volume_record record;
	char *name, *driver;
};

static const struct option_row create_rows[] = {
	MEMBER('d', "driver", "string", "Volume driver name: local",
	       option_take_text, struct create_wanted, driver),
	MEMBER(0, "label", "list", "Set metadata for a volume",
	       option_take_label, struct create_wanted, record.labels),
	MEMBER(0, "name", "string", NULL, option_take_text,
	       struct create_wanted, name),
	MEMBER('o', "opt", "map", "Set driver specific options: type, device, "
	       "o", option_take_word, struct create_wanted, record.options),
	{ 0 },
};

static int
create(struct create_wanted *wanted, const char *name)
{
	if (wanted->name && name)
		return failx("conflicting options: cannot specify a "
			     "volume-name through both --name and as a "
			     "positional arg");
	if (wanted->driver && strcmp(wanted->driver, "local") != 0)
		return failx("error looking up volume plugin %s: plugin \"%s\" "
			     "not found", wanted->driver, wanted->driver);
	if (name)
		option_take_text(&wanted->name, name);
	wanted->record.name = take_ptr(&wanted->name);
	auto_close int volumes = volumes_open(verb_root(), LOCK_EX);
	if (volumes < 0 || volume_create(volumes, &wanted->record) < 0 ||
	    sync_names(volumes, wanted->record.name) < 0)
		return -1;
	tell("create", wanted->record.name);
	printf("%s\n", wanted->record.name);
	return 0;
}

static int
run_create(const struct verb *verb, int argc, char **argv)
{
	struct create_wanted wanted = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 0, 1, &status);
	if (first >= 0 && (status = verb_settle(verb)) == 0 &&
	    create(&wanted, argv[first]) < 0)
		status = verb_error(verb);
	volume_record_free(&wanted.record);
	free(wanted.name);
	free(wanted.driver);
	return status;
}

const struct verb verb_volume_create = {
	.name = "volume create",
	.arguments = "[VOLUME]",
	.shows = "Create a volume",
	.options = create_rows,
	.failure_status = 1,
	.run = run_create,
};

/* ---- all there are ------------------------------------------------------ */

struct all_volumes {
	struct volume_record *list;
	size_t count;
	struct volume_uses uses;
};

static void
all_free(struct all_volumes *all)
{
	for (size_t i = 0; i < all->count; i++)
		volume_record_free(&all->list[i]);
	free(all->list);
	volume_uses_free(&all->uses);
}

static int
all_find(int volumes, struct all_volumes *all)
{
	*all = (struct all_volumes){ 0 };
	if (volume_uses_find(verb_root(), &all->uses) < 0)
		return -1;
	all->list = volumes_list(volumes, &all->count);
	return 0;
}

/* ---- ls ----------------------------------------------------------------- */

static const struct option_row ls_rows[] = {
	MEMBER('f', "filter", "filter", "dangling=true, driver=, label=, name=",
	       filters_add, struct ls_wanted, filters),
	MEMBER(0, "format", "string", "\"table\", \"table TEMPLATE\", \"json\" "
	       "or a Go template", option_take_text, struct ls_wanted, format),
	SWITCH('q', "quiet", "Only display volume names", struct ls_wanted,
	       quiet),
	{ 0 },
};

static json_t *
row_of(const struct volume_record *volume)
{
	auto_free char *labels = words_join(&volume->labels, ",");
	auto_free char *place = mount_point(verb_root(), volume->name);
	const char *const members[][2] = {
		{ "Availability", "N/A" }, { "Driver", "local" },
		{ "Group", "N/A" },	   { "Labels", labels },
		{ "Links", "N/A" },	   { "Mountpoint", place },
		{ "Name", volume->name },  { "Scope", "local" },
		{ "Size", "N/A" },	   { "Status", "N/A" },
	};
	json_t *row = json_members(members, countof(members));
	json_object_set_new(row, ".Label", json_map(&volume->labels));
	return row;
}

static const struct heading headings[] = {
	{ "Driver", "DRIVER" },	    { "Name", "VOLUME NAME" },
	{ "Labels", "LABELS" },	    { "Mountpoint", "MOUNTPOINT" },
	{ "Scope", "SCOPE" },	    { "Size", "SIZE" },
	{ "Links", "LINKS" },	    { "Status", "STATUS" },
	{ "Group", "GROUP" },	    { "Availability", "AVAILABILITY" },
	{ NULL, NULL },
};

static int
ls(const struct ls_wanted *wanted)
{
	static const char *const known[] = { "dangling", "driver", "label",
					     "label!", "name", NULL };
	static const struct listing listing = {
		.table = "{{.Driver}}\t{{.Name}}",
		.quiet = "{{.Name}}",
		.type = "*formatter.volumeContext",
		.headings = headings,
	};
	const struct filters *filters = &wanted->filters;
	bool is_set, dangling;
	struct all_volumes all;
	auto_close int volumes = volumes_open(verb_root(), 0);
	if (filters_check(filters, known) < 0 ||
	    filters_get_bool(filters, "dangling", &is_set, &dangling) < 0 ||
	    volumes < 0 || all_find(volumes, &all) < 0)
		return -1;
	json_t *rows = json_array();
	for (size_t i = 0; i < all.count; i++) {
		const struct volume_record *one = &all.list[i];
		bool used = words_has(&all.uses.volumes, one->name);
		if ((!is_set || dangling != used) &&
		    filters_fit_text(filters, "driver", "local") &&
		    filters_fit_pattern(filters, "name", one->name) &&
		    filters_fit_labels(filters, one->labels.items))
			json_array_append_new(rows, row_of(one));
	}
	int result = listing_print(&listing, wanted->format ?: "",
				   wanted->quiet, rows, stdout);
	json_decref(rows);
	all_free(&all);
	return result;
}

static int
run_ls(const struct verb *verb, int argc, char **argv)
{
	return each_ls(verb, argc, argv, ls);
}

const struct verb verb_volume_ls = {
	.name = "volume ls",
	.arguments = "",
	.shows = "List volumes",
	.options = ls_rows,
	.failure_status = 1,
	.run = run_ls,
};

/* ---- rm ----------------------------------------------------------------- */

static int
check_unused(const struct volume_uses *uses, const char *name)
{
	auto_words struct words ids = { 0 };
	for (size_t i = 0; i < uses->volumes.count; i++)
		if (strcmp(uses->volumes.items[i], name) == 0 &&
		    !words_has(&ids, uses->ids.items[i]))
			words_add(&ids, uses->ids.items[i]);
	if (ids.count == 0)
		return 0;
	/* Docker has a comma and a blank between them. */
	auto_free char *list = words_join(&ids, ", ");
	return failx("remove %s: volume is in use - [%s]", name, list);
}

static int
rm(const char *name, bool force)
{
	struct volume_uses uses;
	auto_close int volumes = volumes_open(verb_root(), LOCK_EX);
	if (volumes < 0 || volume_uses_find(verb_root(), &uses) < 0)
		return -1;
	int result = check_unused(&uses, name);
	volume_uses_free(&uses);
	if (result == 0)
		result = volume_remove(volumes, name);
	if (result == 0)
		result = sync_names(volumes, NULL);
	if (result < 0 && !(force && failure.code == ENOENT))
		return -1;
	if (result == 0)
		tell("destroy", name);
	printf("%s\n", name);
	return 0;
}

static int
run_rm(const struct verb *verb, int argc, char **argv)
{
	return each_rm(verb, argc, argv, rm);
}

const struct verb verb_volume_rm = {
	.name = "volume rm",
	.arguments = "VOLUME [VOLUME...]",
	.shows = "Remove one or more volumes",
	.options = each_rm_rows,
	.failure_status = 1,
	.run = run_rm,
};

/* ---- inspect ------------------------------------------------------------ */

static json_t *
map_or_null(const struct words *words)
{
	return words->count ? json_map(words) : json_null();
}

json_t *
view_volume(const char *root, const char *name)
{
	auto_volume_record struct volume_record volume = { 0 };
	auto_close int volumes = volumes_open(root, 0);
	if (volumes < 0 || volume_load(volumes, name, &volume) < 0)
		return NULL;
	auto_free char *created = format_rfc3339(volume.created *
						   INT64_C(1000000000));
	auto_free char *place = mount_point(root, name);
	return json_pack("{s:s, s:s, s:o, s:s, s:s, s:o, s:s}", "CreatedAt",
			 created, "Driver", "local", "Labels",
			 map_or_null(&volume.labels), "Mountpoint", place,
			 "Name", name, "Options", map_or_null(&volume.options),
			 "Scope", "local");
}

struct inspect_wanted {
	char *format;
};

static const struct option_row inspect_rows[] = {
	MEMBER('f', "format", "string", "\"json\", or a Go template",
	       option_take_text, struct inspect_wanted, format),
	{ 0 },
};

/* As `inspect` does it, of volumes alone. */
static int
run_inspect(const struct verb *verb, int argc, char **argv)
{
	struct inspect_wanted wanted = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, -1, &status);
	if (first < 0)
		return status;
	status = verb_inspect_type("volume", wanted.format, argv + first);
	free(wanted.format);
	return status;
}

const struct verb verb_volume_inspect = {
	.name = "volume inspect",
	.arguments = "VOLUME [VOLUME...]",
	.shows = "Display detailed information on one or more volumes",
	.options = inspect_rows,
	.failure_status = 1,
	.run = run_inspect,
};

/* ---- prune -------------------------------------------------------------- */

static const struct option_row prune_rows[] = {
	SWITCH('a', "all", "Remove all unused volumes, not just anonymous ones",
	       struct prune_wanted, all),
	MEMBER(0, "filter", "filter", "label=, label!=", filters_add,
	       struct prune_wanted, filters),
	SWITCH('f', "force", "Do not prompt for confirmation",
	       struct prune_wanted, force),
	{ 0 },
};

static bool
is_due(const struct all_volumes *all, const struct volume_record *volume,
       const struct filters *filters, bool whole)
{
	return (whole || volume->anonymous) &&
	       !words_has(&all->uses.volumes, volume->name) &&
	       filters_fit_labels(filters, volume->labels.items);
}

int
volume_prune(const struct filters *filters, bool whole, uint64_t *bytes)
{
	struct all_volumes all;
	uint64_t before = *bytes;
	bool is_first = true;
	int result = 0;
	auto_close int volumes = volumes_open(verb_root(), LOCK_EX);
	if (volumes < 0 || all_find(volumes, &all) < 0)
		return -1;
	for (size_t i = 0; i < all.count && result == 0; i++) {
		const char *name = all.list[i].name;
		if (!is_due(&all, &all.list[i], filters, whole))
			continue;
		auto_free char *place = mount_point(verb_root(), name);
		uint64_t size = sizes_of_tree(place);
		result = volume_remove(volumes, name);
		if (result < 0)
			break;
		*bytes += size;
		printf("%s%s\n", is_first ? "Deleted Volumes:\n" : "", name);
		is_first = false;
		tell("destroy", name);
	}
	all_free(&all);
	if (!is_first)
		printf("\n");
	each_tell_prune("volume", *bytes - before);
	return result < 0 || is_first ? result : sync_names(volumes, NULL);
}

static int
prune(const struct prune_wanted *wanted)
{
	uint64_t bytes = 0;
	int result = volume_prune(&wanted->filters, wanted->all, &bytes);
	auto_free char *size = format_fine_size(bytes);
	printf("Total reclaimed space: %s\n", size);
	return result;
}

static int
run_prune(const struct verb *verb, int argc, char **argv)
{
	static const char *const known[] = { "label", "label!", NULL };
	static const struct each_prune volumes = {
		.known = known,
		.question = "This will remove anonymous local volumes not used "
			    "by at least one container.",
		.question_all = "This will remove all local volumes not used "
				"by at least one container.",
		.prune = prune,
	};
	return each_prune(verb, argc, argv, &volumes);
}

const struct verb verb_volume_prune = {
	.name = "volume prune",
	.arguments = "",
	.shows = "Remove unused local volumes",
	.options = prune_rows,
	.failure_status = 1,
	.run = run_prune,
};
