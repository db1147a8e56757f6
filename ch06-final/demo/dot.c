/*
 * dot.c - `./demo --dot`: images, their layers, and the containers made from
 * them, as a graph: those of one storage driver.  A layer that two images
 * share is one box.
 */
#include "demo.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record.h"
#include "rootless.h"
#include "store.h"
#include "verbs.h"

/* A string in double quotes, as Graphviz's language wants it. */
static void
put_quoted(FILE *out, const char *prefix, const char *s)
{
	fprintf(out, "\"%s", prefix);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', out);
		fputc(*s, out);
	}
	fputc('"', out);
}

static void
put_image(FILE *out, const struct image *image)
{
	fprintf(out, "  ");
	put_quoted(out, "", image->id);
	fprintf(out, " [shape=folder label=");
	put_quoted(out, "", image->name ? image->name : "<none>");
	fprintf(out, "]\n");
	/* The container writes to the top; each layer lies on the next. */
	const char *above = image->id;
	size_t count = 0;
	while (image->diff_ids[count])
		count++;
	while (count-- > 0) {
		const char *layer = image->diff_ids[count];
		fprintf(out, "  \"layer %s\" [shape=box3d label=\"layer "
			     "%.12s\"]\n", layer, strchr(layer, ':') + 1);
		fprintf(out, "  \"%s%s\" -> \"layer %s\"\n",
			above == image->id ? "" : "layer ", above, layer);
		above = layer;
	}
}

static void
put_container(FILE *out, const struct record *record)
{
	static const char *const words[] = { "created", "running",
					     "restarting", "exited" };
	fprintf(out, "  \"%s\" [shape=component style=%s label=", record->id,
		record->status == STATUS_RUNNING ? "bold" : "dashed");
	auto_free char *label =
		text("%s (%s)", record->name, words[record->status]);
	put_quoted(out, "", label);
	fprintf(out, "]\n  \"%s\" -> ", record->id);
	put_quoted(out, "", record->image_id);
	fprintf(out, "\n");
}

int
dot(FILE *out)
{
	if (rootless_enter() < 0)
		return -1;
	/* Looking must not make anything. */
	if (access(verb_root(), F_OK) < 0) {
		fprintf(out, "digraph mydocker { }\n");
		return 0;
	}
	auto_store struct store store = { 0 };
	auto_close int containers = records_open(verb_root());
	struct image *images;
	size_t image_count, count;
	if (containers < 0 || verb_open_store(&store) < 0 ||
	    store_list(&store, &images, &image_count) < 0)
		return -1;
	fprintf(out, "digraph mydocker {\n  rankdir=LR\n"
		     "  node [fontname=\"monospace\"]\n");
	for (size_t i = 0; i < image_count; i++)
		put_image(out, &images[i]);
	store_free_list(images, image_count);
	struct record *records = records_list(containers, &count);
	for (size_t i = 0; i < count; i++) {
		if (records[i].driver == verb_driver())
			put_container(out, &records[i]);
		record_free(&records[i]);
	}
	free(records);
	fprintf(out, "}\n");
	return 0;
}
