/*
 * prune.c - parent.  `system prune`, `container prune`, `image prune`: what
 * nobody needs is removed, after a question.
 */
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "container.h"
#include "each.h"
#include "filters.h"
#include "format.h"
#include "image_mounts.h"
#include "partial.h"
#include "store.h"
#include "tell.h"
#include "tell_image.h"
#include "times.h"
#include "view.h"
#include "view_networks.h"
#include "volume_prune.h"

struct prune_options {
	bool all, force, volumes;
	struct filters filters;
	int64_t until_ns; /* what is younger stays */
};

#define ALL SWITCH('a', "all", "Remove all unused images, not just dangling " \
		   "ones", struct prune_options, all)
#define FILTER MEMBER(0, "filter", "FILTER", "Provide filter values (e.g. "   \
		      "\"label=<key>=<value>\", \"until=<time>\")",          \
		      filters_add, struct prune_options, filters)
#define FORCE SWITCH('f', "force", "Do not prompt for confirmation",          \
		     struct prune_options, force)

#define VOLUMES SWITCH(0, "volumes", "Prune anonymous volumes, too",           \
		       struct prune_options, volumes)

static const struct option_row system_options[] = { ALL, FILTER, FORCE,
						    VOLUMES, { 0 } };
static const struct option_row image_options[] = { ALL, FILTER, FORCE, { 0 } };
static const struct option_row container_options[] = { FILTER, FORCE, { 0 } };

static const char *const known_filters[] = { "label", "label!", "until",
					     NULL };

/* ---- containers ---------------------------------------------------------- */

static bool
is_due(const struct view *view, const struct prune_options *wanted)
{
	bool has_ended = strcmp(view->status, "exited") == 0 ||
			 strcmp(view->status, "created") == 0 ||
			 strcmp(view->status, "dead") == 0;
	return has_ended &&
	       view->record.created_ns < wanted->until_ns &&
	       filters_fit_labels(&wanted->filters,
				  view->settings.labels.items);
}

/* Whoever has its lock by now has started it, or removes it as well: 0. */
static int
remove_container(int containers, const struct view *view)
{
	auto_close int lock = -1;
	auto_record struct record record = { 0 };
	int ours = record_lock(view->dir, &lock);
	if (ours != 1)
		return ours < 0 && failure.code != ENOENT ? -1 : 0;
	if (record_load(view->dir, &record) < 0)
		return failure.code == ENOENT ? 0 : -1;
	if (record.status == STATUS_RUNNING)
		return 0;
	if (record_remove(containers, record.id) < 0)
		return -1;
	container_tell(view->dir, &record, &view->settings.labels, "destroy",
		       NULL);
	return 1;
}

static int
prune_containers(const struct prune_options *wanted, uint64_t *bytes)
{
	struct view *views;
	size_t count;
	uint64_t before = *bytes;
	auto_close int containers = records_open(verb_root());
	if (containers < 0 || view_list(verb_root(), &views, &count) < 0)
		return -1;
	bool is_first = true;
	int result = 0;
	for (size_t i = 0; i < count && result >= 0; i++) {
		if (!is_due(&views[i], wanted))
			continue;
		uint64_t written = view_written(&views[i]);
		result = remove_container(containers, &views[i]);
		if (result != 1)
			continue;
		*bytes += written;
		printf("%s%s\n", is_first ? "Deleted Containers:\n" : "",
		       views[i].record.id);
		is_first = false;
	}
	if (!is_first)
		printf("\n");
	view_free_list(views, count);
	each_tell_prune("container", *bytes - before);
	return result < 0 ? -1 : 0;
}

/* ---- images -------------------------------------------------------------- */

struct users {
	struct view *views;
	size_t count;
};

static const char *
container_of(void *data, const char *id, bool *running)
{
	const struct users *users = data;
	for (size_t i = 0; i < users->count; i++) {
		const struct view *view = &users->views[i];
		if (view->record.driver != verb_driver() ||
		    (strcmp(view->record.image_id, id) != 0 &&
		     !image_mounts_have(&view->settings, id)))
			continue;
		*running = view_is_running(view);
		return view->record.name;
	}
	return NULL;
}

static bool
is_unused(const struct image *image, const struct users *users,
	  const struct prune_options *wanted)
{
	bool running;
	return (wanted->all || !image->name) &&
	       image->created_s < wanted->until_ns / 1000000000 &&
	       filters_fit_labels(&wanted->filters, image->labels) &&
	       !container_of((void *)users, image->id, &running);
}

static int
remove_image(struct store *store, const struct image *image,
	     const struct store_users *users, bool *is_first, uint64_t *bytes)
{
	struct store_removal removal;
	if (store_remove_image(store, image->name ? image->name : image->id,
			       false, users, &removal) < 0)
		return failure.code == ENOENT ? 0 : -1;
	if (*is_first)
		printf("Deleted Images:\n");
	*is_first = false;
	for (size_t i = 0; i < removal.untagged.count; i++) {
		printf("untagged: %s\n", removal.untagged.items[i]);
		image_tell(store, "untag", image->id, NULL);
	}
	for (size_t i = 0; i < removal.deleted.count; i++)
		printf("deleted: %s\n", removal.deleted.items[i]);
	*bytes += removal.bytes;
	if (removal.deleted.count)
		image_tell(store, "delete", image->id, NULL);
	store_free_removal(&removal);
	return 0;
}

static int
prune_images(const struct prune_options *wanted, uint64_t *bytes)
{
	auto_store struct store store = { 0 };
	struct image *images = NULL;
	size_t count = 0;
	struct users users = { 0 };
	struct store_users asked = { .image_user = container_of,
				     .data = &users };
	uint64_t before = *bytes;
	bool is_first = true;
	int result = -1;
	if (verb_open_store(&store) == 0 &&
	    view_list(verb_root(), &users.views, &users.count) == 0)
		result = store_list(&store, &images, &count);
	for (size_t i = 0; i < count && result == 0; i++)
		if (is_unused(&images[i], &users, wanted))
			result = remove_image(&store, &images[i], &asked,
					      &is_first, bytes);
	/* What killed pulls have left has neither labels nor an age. */
	if (result == 0 && wanted->filters.list.count == 0)
		result = partial_sweep(&store, 0, bytes);
	if (!is_first)
		printf("\n");
	view_free_list(users.views, users.count);
	store_free_list(images, count);
	each_tell_prune("image", *bytes - before);
	return result;
}

/* ---- the verbs ----------------------------------------------------------- */

static int
prune(const struct verb *verb, struct prune_options *wanted,
      const char *warning, bool containers, bool images)
{
	uint64_t bytes = 0;
	wanted->until_ns = INT64_MAX;
	if (filters_check(&wanted->filters, known_filters) < 0 ||
	    filters_get_time(&wanted->filters, "until",
			     &wanted->until_ns) < 0)
		return verb_error(verb);
	if (wanted->volumes && wanted->until_ns != INT64_MAX) {
		failx("The \"until\" filter is not supported with "
		      "\"--volumes\"");
		return verb_error(verb);
	}
	if (!wanted->force && !verb_is_agreed(warning))
		return 0;
	bool everything = containers && images;
	if ((containers && prune_containers(wanted, &bytes) < 0) ||
	    (everything &&
	     network_prune(&wanted->filters, wanted->until_ns) < 0) ||
	    (wanted->volumes &&
	     volume_prune(&wanted->filters, false, &bytes) < 0) ||
	    (images && prune_images(wanted, &bytes) < 0) ||
	    (everything && builder_prune(&bytes) < 0))
		return verb_error(verb);
	auto_free char *size = format_fine_size(bytes);
	printf("Total reclaimed space: %s\n", size);
	return 0;
}

static int
run_prune(const struct verb *verb, int argc, char **argv)
{
	struct prune_options wanted = { 0 };
	bool is_system = verb == &verb_system_prune;
	bool is_image = verb == &verb_image_prune;
	int status;
	if (verb_begin(verb, argc, argv, &wanted, 0, 0, &status) >= 0 &&
	    (status = verb_settle(verb)) == 0) {
		const char *images = wanted.all ?
			"all images without at least one container associated "
			"to them" : "all dangling images";
		auto_free char *warning = is_system ?
			text("This will remove:\n  - all stopped containers\n"
			     "  - all networks not used by at least one "
			     "container\n%s  - %s\n  - build cache\n",
			     wanted.volumes ?
			     "  - all anonymous volumes not used by at least "
			     "one container\n" : "", images) :
			text("This will remove %s.",
			     is_image ? images : "all stopped containers");
		status = prune(verb, &wanted, warning, !is_image,
			       is_system || is_image);
	}
	filters_free(&wanted.filters);
	return status;
}

const struct verb verb_system_prune = {
	.name = "system prune",
	.arguments = "",
	.shows = "Remove unused data",
	.options = system_options,
	.failure_status = 1,
	.run = run_prune,
};

const struct verb verb_image_prune = {
	.name = "image prune",
	.arguments = "",
	.shows = "Remove unused images",
	.options = image_options,
	.failure_status = 1,
	.run = run_prune,
};

const struct verb verb_container_prune = {
	.name = "container prune",
	.arguments = "",
	.shows = "Remove all stopped containers",
	.options = container_options,
	.failure_status = 1,
	.run = run_prune,
};
