/* images.c - parent.  `images`: what can be run. */
#include "verbs.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "filters.h"
#include "format.h"
#include "rows.h"
#include "store.h"
#include "table.h"
#include "view.h"

struct images_options {
	bool all, quiet, no_trunc, digests;
	const char *format, *name; /* REPOSITORY[:TAG], or NULL */
	struct filters filters;
};

static int
take_format(void *data, const char *value)
{
	((struct images_options *)data)->format = value;
	return 0;
}

static const struct option_row options[] = {
	SWITCH('a', "all", "Show all images; there are no intermediate ones "
	       "here", struct images_options, all),
	SWITCH(0, "digests", "Show digests", struct images_options, digests),
	MEMBER('f', "filter", "FILTER", "Filter output based on conditions "
	       "provided", filters_add, struct images_options, filters),
	{ 0, "format", "STRING", "\"table\", \"table TEMPLATE\", \"json\" or a "
	  "Go template", take_format, 0 },
	SWITCH(0, "no-trunc", "Don't truncate output", struct images_options,
	       no_trunc),
	SWITCH('q', "quiet", "Only show image IDs", struct images_options,
	       quiet),
	{ 0 },
};

static const char *const known_filters[] = {
	"before", "dangling", "label", "label!", "reference", "since", "until",
	NULL,
};

/* ---- what fits ----------------------------------------------------------- */

/* "busybox", "busy*", "*:latest", as path.Match of Go has it. */
static bool
is_called(const void *data, const char *pattern)
{
	const char *name = data;
	auto_free char *repository = text("%.*s",
					  (int)(strrchr(name, ':') - name),
					  name);
	return fnmatch(pattern, name, FNM_PATHNAME) == 0 ||
	       fnmatch(pattern, repository, FNM_PATHNAME) == 0;
}

/* Of before=X and since=X: when X was made. */
static int
find_time(const struct image *images, size_t count,
	  const struct filters *filters, const char *key, int64_t *when)
{
	size_t length = strlen(key);
	for (size_t i = 0; i < filters->list.count; i++) {
		const char *filter = filters->list.items[i];
		if (strncmp(filter, key, length) != 0 || filter[length] != '=')
			continue;
		const char *word = filter + length + 1;
		bool found = false;
		for (size_t k = 0; k < count && !found; k++) {
			const struct image *image = &images[k];
			found = strncmp(image->id + 7, word,
					strlen(word)) == 0 ||
				(image->name && is_called(image->name, word));
			if (found)
				*when = image->created_s;
		}
		if (!found)
			return failx("No such image: %s", word);
	}
	return 0;
}

struct wanted_images {
	const struct images_options *options;
	int64_t before, since, until_ns;
	bool dangling_is_set, dangling;
};

static bool
fits(const struct image *image, const struct wanted_images *wanted)
{
	const struct filters *filters = &wanted->options->filters;
	const char *name = image->name ? image->name : "<none>:<none>";
	if (wanted->dangling_is_set && wanted->dangling != !image->name)
		return false;
	if (wanted->options->name && !is_called(name, wanted->options->name))
		return false;
	return image->created_s < wanted->before &&
	       image->created_s > wanted->since &&
	       image->created_s < wanted->until_ns / 1000000000 &&
	       filters_fit_labels(filters, image->labels) &&
	       filters_fit(filters, "reference", is_called, name);
}

/* ---- rows ---------------------------------------------------------------- */

/* That by which the repository's registry knows it. */
static const char *
digest_in(const struct image *image, const char *repository)
{
	size_t length = strlen(repository);
	for (char **digest = image->digests; digest && *digest; digest++)
		if (strncmp(*digest, repository, length) == 0 &&
		    (*digest)[length] == '@')
			return *digest + length + 1;
	return "<none>";
}

json_t *
row_of_image(const struct image *image, bool whole)
{
	auto_free char *name = copy_text(image->name ? image->name :
						       "<none>:<none>");
	/* One that came by its digest alone has a repository and no tag. */
	char *at = strchr(name, '@');
	char *tag = at ? at : strrchr(name, ':');
	*tag++ = '\0';
	if (at)
		tag = "<none>";
	auto_free char *id = whole ?
		copy_text(image->id) : text("%.12s", image->id + 7);
	auto_free char *created = format_time(image->created_s);
	auto_free char *ago = format_ago(image->created_s);
	auto_free char *size = format_size(image->size);
	const char *const members[][2] = {
		{ "Containers", "N/A" }, { "CreatedAt", created },
		{ "CreatedSince", ago },
		{ "Digest", digest_in(image, name) },
		{ "ID", id },		 { "Repository", name },
		{ "SharedSize", "N/A" }, { "Size", size },
		{ "Tag", tag },		 { "UniqueSize", "N/A" },
	};
	return json_members(members, countof(members));
}

const struct heading image_headings[] = {
	{ "ID", "IMAGE ID" },	    { "Repository", "REPOSITORY" },
	{ "Tag", "TAG" },	    { "Digest", "DIGEST" },
	{ "CreatedSince", "CREATED" }, { "CreatedAt", "CREATED AT" },
	{ "Size", "SIZE" },	    { "Containers", "CONTAINERS" },
	{ "SharedSize", "SHARED SIZE" }, { "UniqueSize", "UNIQUE SIZE" },
	{ NULL, NULL },
};

/* The newest first, as Docker has them. */
static int
by_age(const void *a, const void *b)
{
	const struct image *x = a, *y = b;
	if (x->created_s != y->created_s)
		return x->created_s < y->created_s ? 1 : -1;
	return strcmp(x->name ? x->name : "", y->name ? y->name : "");
}

/* ---- the verb ------------------------------------------------------------ */

static int
print_images(struct image *images, size_t count,
	     const struct images_options *options_given)
{
	const struct filters *filters = &options_given->filters;
	struct wanted_images wanted = { .options = options_given,
					.before = INT64_MAX,
					.since = INT64_MIN,
					.until_ns = INT64_MAX };
	const struct listing listing = {
		.table = options_given->digests ?
			"{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t"
			"{{.CreatedSince}}\t{{.Size}}" :
			"{{.Repository}}\t{{.Tag}}\t{{.ID}}\t"
			"{{.CreatedSince}}\t{{.Size}}",
		.quiet = "{{.ID}}",
		.type = "*formatter.imageContext",
		.headings = image_headings,
	};
	if (find_time(images, count, filters, "before", &wanted.before) < 0 ||
	    find_time(images, count, filters, "since", &wanted.since) < 0 ||
	    filters_get_bool(filters, "dangling", &wanted.dangling_is_set,
			     &wanted.dangling) < 0 ||
	    filters_get_time(filters, "until", &wanted.until_ns) < 0)
		return -1;
	if (count)
		qsort(images, count, sizeof(*images), by_age);
	json_t *rows = json_array();
	for (size_t i = 0; i < count; i++)
		if (fits(&images[i], &wanted))
			json_array_append_new(
				rows, row_of_image(&images[i],
						   options_given->no_trunc));
	int result = listing_print(
		&listing, options_given->format ? options_given->format : "",
		options_given->quiet, rows, stdout);
	json_decref(rows);
	return result;
}

static int
list_images(const struct images_options *wanted)
{
	auto_store struct store store = { 0 };
	struct image *images;
	size_t count;
	if (filters_check(&wanted->filters, known_filters) < 0 ||
	    verb_open_store(&store) < 0 ||
	    store_list(&store, &images, &count) < 0)
		return -1;
	int result = print_images(images, count, wanted);
	store_free_list(images, count);
	return result;
}

static int
run_images(const struct verb *verb, int argc, char **argv)
{
	struct images_options wanted = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 0, 1, &status);
	if (first >= 0 && (status = verb_settle(verb)) == 0) {
		wanted.name = argv[first];
		if (list_images(&wanted) < 0)
			status = verb_error(verb);
	}
	filters_free(&wanted.filters);
	return status;
}

const struct verb verb_images = {
	.name = "images",
	.arguments = "[REPOSITORY[:TAG]]",
	.shows = "List images",
	.options = options,
	.failure_status = 1,
	.run = run_images,
};
