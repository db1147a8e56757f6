/* images.c - parent.  `images`: what can be run. */
#include "verbs.h"

#include <string.h>

#include "format.h"
#include "store.h"

struct images_options {
	bool quiet, no_trunc;
};

static const struct option_row options[] = {
	SWITCH('q', "quiet", "Only show image IDs", struct images_options,
	       quiet),
	SWITCH(0, "no-trunc", "Don't truncate output", struct images_options,
	       no_trunc),
	{ 0 },
};

static void
print_image(const struct image *image, const struct images_options *wanted)
{
	const char *hex = strchr(image->id, ':') + 1;
	auto_free char *id = wanted->no_trunc ? copy_text(image->id) :
						text("%.12s", hex);
	if (wanted->quiet) {
		printf("%s\n", id);
		return;
	}
	auto_free char *name = copy_text(image->name ? image->name :
						       "<none>:<none>");
	char *tag = strrchr(name, ':');
	*tag++ = '\0';
	auto_free char *size = format_size(image->size);
	auto_free char *created = format_ago(image->created_s);
	printf("%-28s %-12s %-14s %-24s %s\n", name, tag, id, created, size);
}

static int
run_images(const struct verb *verb, int argc, char **argv)
{
	struct images_options wanted = { 0 };
	int status;
	if (verb_begin(verb, argc, argv, &wanted, 0, 0, &status) < 0 ||
	    (status = verb_settle(verb)) != 0)
		return status;
	auto_store struct store store = { 0 };
	struct image *images;
	size_t count;
	if (verb_open_store(&store) < 0 ||
	    store_list(&store, &images, &count) < 0)
		return verb_error(verb);
	if (!wanted.quiet)
		printf("%-28s %-12s %-14s %-24s %s\n", "REPOSITORY", "TAG",
		       "IMAGE ID", "CREATED", "SIZE");
	for (size_t i = 0; i < count; i++)
		print_image(&images[i], &wanted);
	store_free_list(images, count);
	return 0;
}

const struct verb verb_images = {
	.name = "images",
	.arguments = "",
	.shows = "List images",
	.options = options,
	.failure_status = 1,
	.run = run_images,
};
