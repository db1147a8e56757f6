/* diff.c - parent.  `diff`: what a container changed in its files. */
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "container.h"
#include "overlay.h"
#include "view.h"

static const struct option_row none[] = { { 0 } };

static bool
is_of_runtime(const struct change *change)
{
	for (size_t i = 0; container_own_places[i]; i++)
		if (strcmp(change->path, container_own_places[i]) == 0)
			return true;
	return false;
}

/* Is something told that is in this directory? */
static bool
holds_a_change(const struct changes *changes, size_t directory)
{
	const char *path = changes->list[directory].path;
	size_t length = strlen(path);
	for (size_t i = 0; i < changes->count; i++) {
		const char *other = changes->list[i].path;
		if (strncmp(other, path, length) == 0 &&
		    other[length] == '/' && !is_of_runtime(&changes->list[i]))
			return true;
	}
	return false;
}

/* Of /etc there may be nothing to tell but the files of the runtime: then it
 * was changed by us alone. */
static bool
is_told(const struct changes *changes, size_t i)
{
	const struct change *change = &changes->list[i];
	if (is_of_runtime(change))
		return false;
	return change->kind == 'D' || strcmp(change->path, "/etc") != 0 ||
	       holds_a_change(changes, i);
}

static int
print_changes(const struct view *view)
{
	auto_words struct words layers = { 0 };
	uint64_t bytes;
	if (view_layers(view, &layers, &bytes) < 0)
		return wrap("find the layers of %s", view->record.name);
	auto_free char *upper = text("%s/containers/%s/upper", view->root,
				     view->record.id);
	struct overlay stack = { .layers = (const char *const *)layers.items,
				 .layer_count = layers.count,
				 .upper = upper };
	auto_changes struct changes changes = { 0 };
	if (changes_read(&stack, storage_marks(view->record.driver),
			 &changes) < 0)
		return -1;
	for (size_t i = 0; i < changes.count; i++)
		if (is_told(&changes, i))
			printf("%c %s\n", changes.list[i].kind,
			       changes.list[i].path);
	return 0;
}

static int
run_diff(const struct verb *verb, int argc, char **argv)
{
	int status;
	int first = verb_begin(verb, argc, argv, NULL, 1, 1, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	auto_view struct view view = { 0 };
	if (view_open(verb_root(), argv[first], &view) < 0 ||
	    print_changes(&view) < 0)
		return verb_error(verb);
	return 0;
}

const struct verb verb_diff = {
	.name = "diff",
	.arguments = "CONTAINER",
	.shows = "Inspect changes to files or directories on a container's "
		 "filesystem",
	.options = none,
	.failure_status = 1,
	.run = run_diff,
};
