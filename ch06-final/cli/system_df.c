/* system_df.c - parent.  `system df`: what takes how much of the disk. */
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "format.h"
#include "rows.h"
#include "sizes.h"
#include "store.h"

struct df_options {
	bool verbose;
	const char *format;
};

static int
take_format(void *data, const char *value)
{
	((struct df_options *)data)->format = value;
	return 0;
}

static const struct option_row options[] = {
	{ 0, "format", "STRING", "\"table\", \"table TEMPLATE\", \"json\" or a "
	  "Go template", take_format, 0 },
	SWITCH('v', "verbose", "Show detailed information on space usage",
	       struct df_options, verbose),
	{ 0 },
};

/* What was found, to be counted in several ways. */
struct usage {
	struct view *views;
	size_t view_count;
	struct image *images;
	size_t image_count;
	struct words volumes;
	struct store store;
};

static int
find_volumes(struct words *volumes)
{
	auto_free char *path = text("%s/volumes", verb_root());
	auto_dir DIR *dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR)
			words_add(volumes, entry->d_name);
	return 0;
}

static int
find_all(struct usage *usage)
{
	if (view_list(verb_root(), &usage->views, &usage->view_count) < 0 ||
	    verb_open_store(&usage->store) < 0)
		return -1;
	return store_list(&usage->store, &usage->images,
			  &usage->image_count) < 0 ?
		       -1 : find_volumes(&usage->volumes);
}

static void
free_all(struct usage *usage)
{
	view_free_list(usage->views, usage->view_count);
	store_free_list(usage->images, usage->image_count);
	words_free(&usage->volumes);
	store_close(&usage->store);
}

/* ---- images -------------------------------------------------------------- */

static size_t
containers_of(const struct usage *usage, const char *image_id)
{
	size_t count = 0;
	for (size_t i = 0; i < usage->view_count; i++)
		count += strcmp(usage->views[i].record.image_id,
				image_id) == 0;
	return count;
}

/* An image with several names comes several times. */
static bool
is_first(const struct usage *usage, size_t image)
{
	for (size_t i = 0; i < image; i++)
		if (strcmp(usage->images[i].id, usage->images[image].id) == 0)
			return false;
	return true;
}

/* Each layer once: of all images, or of those with a container. */
static uint64_t
layer_bytes(const struct usage *usage, bool only_used)
{
	auto_words struct words seen = { 0 };
	uint64_t bytes = 0;
	for (size_t i = 0; i < usage->image_count; i++) {
		const struct image *image = &usage->images[i];
		if (only_used && !containers_of(usage, image->id))
			continue;
		for (char **id = image->diff_ids; *id; id++) {
			if (words_has(&seen, *id))
				continue;
			words_add(&seen, *id);
			bytes += shelves_layer_size(&usage->store, *id + 7);
		}
	}
	return bytes;
}

/* Of this image's bytes, those in layers that another has, too. */
static uint64_t
shared_bytes(const struct usage *usage, const struct image *image)
{
	uint64_t bytes = 0;
	for (char **id = image->diff_ids; *id; id++) {
		bool is_shared = false;
		for (size_t i = 0; i < usage->image_count; i++) {
			const struct image *other = &usage->images[i];
			if (strcmp(other->id, image->id) == 0)
				continue;
			for (char **own = other->diff_ids; *own; own++)
				is_shared |= strcmp(*own, *id) == 0;
		}
		if (is_shared)
			bytes += shelves_layer_size(&usage->store, *id + 7);
	}
	return bytes;
}

/* ---- volumes ------------------------------------------------------------- */

static uint64_t
volume_bytes(const char *name)
{
	auto_free char *path = text("%s/volumes/%s/_data", verb_root(), name);
	return sizes_of_tree(path);
}

static size_t
links_of(const struct usage *usage, const char *volume)
{
	size_t count = 0;
	for (size_t i = 0; i < usage->view_count; i++) {
		const struct settings *settings = &usage->views[i].settings;
		for (size_t k = 0; k < settings->volume_count; k++)
			count += settings->volumes[k].source &&
				 strcmp(settings->volumes[k].source,
					volume) == 0;
	}
	return count;
}

/* ---- the summary --------------------------------------------------------- */

static void
add_row(json_t *rows, const char *type, size_t total, size_t active,
	uint64_t bytes, uint64_t free_bytes)
{
	auto_free char *size = format_fine_size(bytes);
	auto_free char *part = format_fine_size(free_bytes);
	auto_free char *reclaimable = bytes ?
		text("%s (%llu%%)", part,
		     (unsigned long long)(free_bytes * 100 / bytes)) :
		copy_text(part);
	auto_free char *all = text("%zu", total);
	auto_free char *used = text("%zu", active);
	json_array_append_new(
		rows, json_pack("{s:s, s:s, s:s, s:s, s:s}", "Active", used,
				"Reclaimable", reclaimable, "Size", size,
				"TotalCount", all, "Type", type));
}

static void
add_images(const struct usage *usage, json_t *rows)
{
	size_t total = 0, active = 0;
	for (size_t i = 0; i < usage->image_count; i++) {
		total += is_first(usage, i);
		active += is_first(usage, i) &&
			  containers_of(usage, usage->images[i].id) > 0;
	}
	uint64_t bytes = layer_bytes(usage, false);
	add_row(rows, "Images", total, active, bytes,
		bytes - layer_bytes(usage, true));
}

static void
add_containers(const struct usage *usage, json_t *rows)
{
	size_t active = 0;
	uint64_t bytes = 0, in_use = 0;
	for (size_t i = 0; i < usage->view_count; i++) {
		uint64_t written = view_written(&usage->views[i]);
		bytes += written;
		if (!view_is_running(&usage->views[i]))
			continue;
		active++;
		in_use += written;
	}
	add_row(rows, "Containers", usage->view_count, active, bytes,
		bytes - in_use);
}

static void
add_volumes(const struct usage *usage, json_t *rows)
{
	size_t active = 0;
	uint64_t bytes = 0, in_use = 0;
	for (size_t i = 0; i < usage->volumes.count; i++) {
		const char *name = usage->volumes.items[i];
		uint64_t own = volume_bytes(name);
		bool is_used = links_of(usage, name) > 0;
		bytes += own;
		in_use += is_used ? own : 0;
		active += is_used;
	}
	add_row(rows, "Local Volumes", usage->volumes.count, active, bytes,
		bytes - in_use);
}

static int
print_summary(struct usage *usage, const char *format)
{
	static const struct heading headings[] = {
		{ "Type", "TYPE" },	{ "TotalCount", "TOTAL" },
		{ "Active", "ACTIVE" }, { "Size", "SIZE" },
		{ "Reclaimable", "RECLAIMABLE" }, { NULL, NULL },
	};
	static const struct listing listing = {
		.table = "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t"
			 "{{.Reclaimable}}",
		.type = "*formatter.diskUsageImagesContext",
		.headings = headings,
	};
	json_t *rows = json_array();
	add_images(usage, rows);
	add_containers(usage, rows);
	add_volumes(usage, rows);
	size_t kept = 0;
	uint64_t bytes = 0;
	if (builder_size(&usage->store, &kept, &bytes) < 0) {
		json_decref(rows);
		return -1;
	}
	add_row(rows, "Build Cache", kept, 0, bytes, bytes);
	int result = listing_print(&listing, format ? format : "", false,
				   rows, stdout);
	json_decref(rows);
	return result;
}

/* ---- in detail ----------------------------------------------------------- */

static int
print_images(const struct usage *usage)
{
	static const struct listing listing = {
		.table = "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t"
			 "{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t"
			 "{{.UniqueSize}}\t{{.Containers}}",
		.type = "*formatter.imageContext",
		.headings = image_headings,
	};
	json_t *rows = json_array();
	for (size_t i = 0; i < usage->image_count; i++) {
		const struct image *image = &usage->images[i];
		uint64_t shared = shared_bytes(usage, image);
		json_t *row = row_of_image(image, false);
		auto_free char *both = format_size(shared);
		auto_free char *own = format_size(image->size - shared);
		auto_free char *count =
			text("%zu", containers_of(usage, image->id));
		json_object_set_new(row, "SharedSize", json_string(both));
		json_object_set_new(row, "UniqueSize", json_string(own));
		json_object_set_new(row, "Containers", json_string(count));
		json_array_append_new(rows, row);
	}
	printf("Images space usage:\n\n");
	int result = listing_print(&listing, "", false, rows, stdout);
	json_decref(rows);
	return result;
}

static int
print_containers(const struct usage *usage)
{
	static const struct listing listing = {
		.table = "{{.ID}}\t{{.Image}}\t{{.Command}}\t"
			 "{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t"
			 "{{.Status}}\t{{.Names}}",
		.type = "*formatter.ContainerContext",
		.headings = container_headings,
	};
	json_t *rows = json_array();
	for (size_t i = 0; i < usage->view_count; i++) {
		const struct view *view = &usage->views[i];
		json_t *row = row_of_container(view, false, false);
		auto_free char *size = format_size(view_written(view));
		json_object_set_new(row, "Size", json_string(size));
		json_array_append_new(rows, row);
	}
	printf("\nContainers space usage:\n\n");
	int result = listing_print(&listing, "", false, rows, stdout);
	json_decref(rows);
	return result;
}

static int
print_volumes(const struct usage *usage)
{
	static const struct heading headings[] = {
		{ "Name", "VOLUME NAME" }, { "Links", "LINKS" },
		{ "Size", "SIZE" },	   { NULL, NULL },
	};
	static const struct listing listing = {
		.table = "{{.Name}}\t{{.Links}}\t{{.Size}}",
		.type = "*formatter.volumeContext",
		.headings = headings,
	};
	json_t *rows = json_array();
	for (size_t i = 0; i < usage->volumes.count; i++) {
		const char *name = usage->volumes.items[i];
		auto_free char *size = format_size(volume_bytes(name));
		json_array_append_new(
			rows, json_pack("{s:s, s:i, s:s}", "Name", name,
					"Links", (int)links_of(usage, name),
					"Size", size));
	}
	printf("\nLocal Volumes space usage:\n\n");
	int result = listing_print(&listing, "", false, rows, stdout);
	json_decref(rows);
	return result;
}

/* ---- the verb ------------------------------------------------------------ */

static int
print_build_cache(struct usage *usage)
{
	size_t kept;
	uint64_t bytes;
	if (builder_size(&usage->store, &kept, &bytes) < 0)
		return -1;
	auto_free char *size = format_fine_size(bytes);
	printf("\nBuild cache usage: %s\n\n", size);
	return 0;
}

static int
print_usage(const struct df_options *wanted)
{
	struct usage usage = { 0 };
	int result = find_all(&usage);
	if (result == 0 && !wanted->verbose)
		result = print_summary(&usage, wanted->format);
	else if (result == 0 && print_images(&usage) == 0 &&
		 print_containers(&usage) == 0)
		result = print_volumes(&usage);
	if (result == 0 && wanted->verbose)
		result = print_build_cache(&usage);
	free_all(&usage);
	return result;
}

static int
run_df(const struct verb *verb, int argc, char **argv)
{
	struct df_options wanted = { 0 };
	int status;
	if (verb_begin(verb, argc, argv, &wanted, 0, 0, &status) < 0 ||
	    (status = verb_settle(verb)) != 0)
		return status;
	if (wanted.verbose && wanted.format)
		failx("the verbose option and the format option can not be "
		      "used together");
	else if (print_usage(&wanted) == 0)
		return 0;
	return verb_error(verb);
}

const struct verb verb_system_df = {
	.name = "system df",
	.arguments = "",
	.shows = "Show disk usage",
	.options = options,
	.failure_status = 1,
	.run = run_df,
};
