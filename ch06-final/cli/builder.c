/* builder.c - parent.  `builder prune` and `builder du`: what builds keep, so
 * as not to do it again. */
#include "builder.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "build_shelf.h"
#include "each.h"
#include "format.h"
#include "sizes.h"
#include "verbs.h"

struct builder_options {
	bool all, force;
};

static const struct option_row prune_options[] = {
	SWITCH('a', "all", "Remove all unused build cache, not just dangling "
	       "ones (here they all are)", struct builder_options, all),
	SWITCH('f', "force", "Do not prompt for confirmation",
	       struct builder_options, force),
	{ 0 },
};

static const struct option_row du_options[] = { { 0 } };

/* ---- how much ------------------------------------------------------------ */

static int
read_shelf(struct store *store, struct build_shelf *shelf)
{
	if (build_shelf_read(store, shelf) < 0)
		return -1;
	for (size_t i = 0; i < shelf->count; i++) {
		struct build_kept *kept = &shelf->list[i];
		if (!kept->is_cache)
			continue;
		auto_free char *path = text("%s/build/" BUILD_CACHES "/%s",
					    store->root, kept->id);
		kept->size = sizes_of_tree(path);
	}
	return 0;
}

int
builder_size(struct store *store, size_t *count, uint64_t *bytes)
{
	struct build_shelf shelf;
	*bytes = 0;
	*count = 0;
	if (read_shelf(store, &shelf) < 0)
		return -1;
	for (size_t i = 0; i < shelf.count; i++)
		*bytes += shelf.list[i].size;
	*count = shelf.count;
	build_shelf_free(&shelf);
	return 0;
}

static void
print_shelf(const struct build_shelf *shelf)
{
	printf("%-14s%-10s%-22s%s\n", "ID", "SIZE", "LAST USED",
	       "DESCRIPTION");
	for (size_t i = 0; i < shelf->count; i++) {
		const struct build_kept *kept = &shelf->list[i];
		auto_free char *size = format_fine_size(kept->size);
		char used[32];
		struct tm tm;
		time_t seconds = kept->used_s;
		localtime_r(&seconds, &tm);
		strftime(used, sizeof(used), "%Y-%m-%d %H:%M:%S", &tm);
		printf("%-14.12s%-10s%-22s%s%.60s\n", kept->id, size, used,
		       kept->is_cache ? "cache mount " : "", kept->what);
	}
}

static int
run_du(const struct verb *verb, int argc, char **argv)
{
	struct build_shelf shelf = { 0 };
	auto_store struct store store = { 0 };
	int status;
	if (verb_begin(verb, argc, argv, NULL, 0, 0, &status) < 0 ||
	    (status = verb_settle(verb)) != 0)
		return status;
	if (verb_open_store(&store) < 0 || read_shelf(&store, &shelf) < 0)
		return verb_error(verb);
	print_shelf(&shelf);
	uint64_t bytes = 0;
	for (size_t i = 0; i < shelf.count; i++)
		bytes += shelf.list[i].size;
	auto_free char *size = format_fine_size(bytes);
	printf("Total: %s\n", size);
	build_shelf_free(&shelf);
	return 0;
}

/* ---- it goes ------------------------------------------------------------- */

int
builder_prune(uint64_t *bytes)
{
	auto_store struct store store = { 0 };
	uint64_t size;
	size_t count;
	if (verb_open_store(&store) < 0)
		return -1;
	auto_close int lock = build_shelf_lock(&store, LOCK_EX | LOCK_NB);
	if (lock < 0 && failure.code == EWOULDBLOCK)
		return 1;
	if (lock < 0 || builder_size(&store, &count, &size) < 0 ||
	    build_shelf_clear(&store) < 0)
		return -1;
	if (count)
		printf("Deleted build cache objects: %zu\n\n", count);
	*bytes += size;
	each_tell_prune("builder", size);
	return 0;
}

static int
run_prune(const struct verb *verb, int argc, char **argv)
{
	struct builder_options wanted = { 0 };
	uint64_t bytes = 0;
	int status;
	if (verb_begin(verb, argc, argv, &wanted, 0, 0, &status) < 0 ||
	    (status = verb_settle(verb)) != 0)
		return status;
	if (!wanted.force &&
	    !verb_is_agreed("This will remove all build cache."))
		return 0;
	int result = builder_prune(&bytes);
	if (result == 1)
		failx("somebody is building: nothing was removed");
	if (result != 0)
		return verb_error(verb);
	auto_free char *size = format_fine_size(bytes);
	printf("Total:\t%s\n", size);
	return 0;
}

const struct verb verb_builder_prune = {
	.name = "builder prune",
	.arguments = "",
	.shows = "Remove build cache",
	.options = prune_options,
	.failure_status = 1,
	.run = run_prune,
};

const struct verb verb_builder_du = {
	.name = "builder du",
	.arguments = "",
	.shows = "Show what the build cache has",
	.options = du_options,
	.failure_status = 1,
	.run = run_du,
};
