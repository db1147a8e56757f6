/* build.c - see build.h. */
#include "build.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph.h"
#include "look.h"
#include "tour.h"

/* What images/ID says. */
struct image {
	char *text; /* what the others point into */
	char *parent, *layer, *words;
};

static int
image_read(const char *id, struct image *image)
{
	auto_free char *path = text("images/%s", id);
	image->text = read_all(AT_FDCWD, path, NULL);
	if (!image->text)
		return -1;
	char *rest = image->text;
	image->parent = strsep(&rest, "\n");
	image->layer = strsep(&rest, "\n");
	image->words = strsep(&rest, "\n");
	return image->words ? 0 : failx("%s is no image", path);
}

static void
image_free(struct image *image)
{
	free(image->text);
}
#define auto_image __attribute__((cleanup(image_free), unused))

/* FNV-1a, of a text and its end. */
static uint64_t
mix(uint64_t hash, const char *string)
{
	do
		hash = (hash ^ (unsigned char)*string) * 0x100000001b3;
	while (*string++);
	return hash;
}

static char *
id_of(const char *parent, const struct instruction *step)
{
	uint64_t hash = mix(mix(0xcbf29ce484222325, parent), step->words);
	auto_free char *content = step->copies ? read_all(AT_FDCWD,
							  step->copies, NULL) :
						 copy_text("");
	if (!content)
		return NULL;
	return text("%016" PRIx64, mix(hash, content));
}

/* The layer of the step: a new one, or, where it makes none, its parent's. */
static int
make_layer(const char *id, const char *below, const struct instruction *step)
{
	bool is_base = *below == '\0';
	auto_free char *root = text("%s/%s", id, is_base ? "diff" : "merged");
	if (graph_create(id, is_base ? NULL : below) < 0 ||
	    (!is_base && graph_mount(id) < 0))
		return -1;
	int result = step->run(root);
	if (!is_base && graph_unmount(id) < 0)
		return -1;
	return result;
}

static int
make_image(const char *id, const char *parent, const struct instruction *step)
{
	auto_free char *below = *parent ? build_layer(parent) : copy_text("");
	auto_free char *path = text("images/%s", id);
	if (!below || (step->run && make_layer(id, below, step) < 0))
		return -1;
	auto_free char *record = text("%s\n%s\n%s\n", parent,
				      step->run ? id : below, step->words);
	return look_put(path, record);
}

char *
build_image(const struct instruction *steps, size_t count, size_t *built)
{
	char *parent = copy_text("");
	*built = 0;
	for (size_t i = 0; i < count; i++) {
		auto_free char *id = id_of(parent, &steps[i]);
		auto_free char *path = text("images/%s", id ? id : "");
		bool is_cached = id && !look_is_missing(path);
		if (!id ||
		    (!is_cached && make_image(id, parent, &steps[i]) < 0)) {
			free(parent);
			return NULL;
		}
		*built += !is_cached;
		auto_free char *step = text("Step %zu/%zu : %s", i + 1, count,
					    steps[i].words);
		tour_show(step, "---> %s%s", id,
			  is_cached ? "  (using cache)" : "");
		free(parent);
		parent = take_ptr(&id);
	}
	return parent;
}

char *
build_layer(const char *image)
{
	auto_image struct image found = { 0 };
	return image_read(image, &found) < 0 ? NULL : copy_text(found.layer);
}

int
build_show_history(const char *image, size_t *layers)
{
	auto_free char *id = copy_text(image);
	*layers = 0;
	while (*id) {
		auto_image struct image found = { 0 };
		uint64_t size = 0;
		if (image_read(id, &found) < 0)
			return -1;
		bool has_layer = strcmp(found.layer, id) == 0;
		if (has_layer && graph_size(id, &size) < 0)
			return -1;
		*layers += has_layer;
		tour_show(id, "%-24s %5" PRIu64 " B%s", found.words, size,
			  has_layer ? "" : "  (no layer)");
		free(id);
		id = copy_text(found.parent);
	}
	return 0;
}
