/* graph.c - parent.  `graph`: the whole host as a picture, containers, images,
 * networks and volumes.  See graph.h. */
#include "graph.h"

#include <stdlib.h>
#include <string.h>

#include "verbs.h"
#include "view.h"
#include "view_networks.h"

/* ---- dot(1) ------------------------------------------------------------- */

/* A text between quotes; "\n" begins a line of a label. */
static void
put_quoted(FILE *out, const char *string)
{
	fputc('"', out);
	for (const char *c = string; *c; c++) {
		if (*c == '\n') {
			fputs("\\n", out);
			continue;
		}
		if (*c == '"' || *c == '\\')
			fputc('\\', out);
		fputc(*c, out);
	}
	fputc('"', out);
}

/* Takes the texts. */
static void
put_node(FILE *out, char *name, const char *shape, char *label)
{
	fputc('\t', out);
	put_quoted(out, name);
	fprintf(out, " [shape=%s, label=", shape);
	put_quoted(out, label);
	fputs("];\n", out);
	free(name);
	free(label);
}

static void
put_edge(FILE *out, char *from, char *to, const char *label)
{
	fputc('\t', out);
	put_quoted(out, from);
	fputs(" -- ", out);
	put_quoted(out, to);
	fputs(" [label=", out);
	put_quoted(out, label);
	fputs("];\n", out);
	free(from);
	free(to);
}

/* ---- networks ----------------------------------------------------------- */

static void
put_network(FILE *out, int networks, const struct network_record *record)
{
	auto_names struct names names = { 0 };
	struct ipam_subnet subnet;
	char room[IPAM_ADDRESS_SIZE];
	auto_free char *range = network_subnet(record, &subnet) ?
		text("\n%s/%u", ipam_format(subnet.network, room),
		     subnet.prefix) : copy_text("");
	put_node(out, text("network %s", record->id), "ellipse",
		 text("%s\n%s%s%s", record->name, record->driver, range,
		      record->internal ? "\ninternal" : ""));
	if (names_read(networks, record, &names) < 0)
		return;
	for (size_t i = 0; i < names.count; i++)
		put_edge(out, text("container %s", names.lines[i].id),
			 text("network %s", record->id),
			 names.lines[i].address);
}

/* Those alone that are on the networks which were drawn. */
static void
put_members(FILE *out, int networks, const struct network_record *record,
	    struct words *drawn)
{
	auto_names struct names names = { 0 };
	if (names_read(networks, record, &names) < 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		const struct names_line *line = &names.lines[i];
		if (words_has(drawn, line->id))
			continue;
		words_add(drawn, line->id);
		put_node(out, text("container %s", line->id), "box",
			 text("%s\n%.12s", line->name, line->id));
	}
}

static int
print_some(int networks, const struct words *wanted, FILE *out)
{
	auto_words struct words drawn = { 0 };
	for (size_t i = 0; i < wanted->count; i++) {
		auto_network_record struct network_record record = { 0 };
		if (network_find(networks, wanted->items[i], &record) < 0)
			return -1;
		put_network(out, networks, &record);
		put_members(out, networks, &record, &drawn);
	}
	return 0;
}

/* ---- containers, with what they are made of ----------------------------- */

static void
put_container(FILE *out, const struct view *view, struct words *drawn)
{
	const struct record *record = &view->record;
	auto_free char *ports = view_ports(view);
	put_node(out, text("container %s", record->id), "box",
		 text("%s\n%.12s\n%s%s%s", record->name, record->id,
		      view->status, *ports ? "\n" : "", ports));
	if (!words_has(drawn, record->image_id))
		put_node(out, text("image %s", record->image_id), "note",
			 text("%s", record->image));
	words_add(drawn, record->image_id);
	put_edge(out, text("image %s", record->image_id),
		 text("container %s", record->id), "");
	for (size_t i = 0; i < view->settings.volume_count; i++) {
		const struct volume *volume = &view->settings.volumes[i];
		if (!volume->source || strcmp(volume->type, "volume") != 0)
			continue;
		auto_free char *name = text("volume %s", volume->source);
		if (!words_has(drawn, name))
			put_node(out, copy_text(name), "cylinder",
				 text("%.20s", volume->source));
		words_add(drawn, name);
		put_edge(out, text("container %s", record->id),
			 copy_text(name), volume->target);
	}
}

static int
print_all(const char *root, int networks, FILE *out)
{
	auto_words struct words drawn = { 0 };
	struct view *views;
	size_t count, network_count;
	if (view_list(root, &views, &count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		put_container(out, &views[i], &drawn);
	view_free_list(views, count);
	struct network_record *list = networks_list(networks, &network_count);
	for (size_t i = 0; i < network_count; i++) {
		if (strcmp(list[i].driver, "null") != 0 &&
		    strcmp(list[i].driver, "host") != 0)
			put_network(out, networks, &list[i]);
		network_record_free(&list[i]);
	}
	free(list);
	return 0;
}

int
graph_print(const char *root, const struct words *networks, FILE *out)
{
	auto_close int directory = networks_open(root, 0);
	if (directory < 0)
		return -1;
	fputs("graph mydocker {\n\trankdir=LR;\n"
	      "\tnode [fontname=\"sans-serif\","
	      " fontsize=11];\n\tedge [fontname=\"sans-serif\", "
	      "fontsize=9];\n", out);
	int result = networks ? print_some(directory, networks, out) :
				print_all(root, directory, out);
	fputs("}\n", out);
	return result;
}

/* ---- the verb ----------------------------------------------------------- */

struct graph_wanted {
	bool dot;
};

static const struct option_row options[] = {
	SWITCH(0, "dot", "Print it for dot(1), as without", struct graph_wanted,
	       dot),
	{ 0 },
};

static int
run_graph(const struct verb *verb, int argc, char **argv)
{
	struct graph_wanted wanted = { 0 };
	int status;
	if (verb_begin(verb, argc, argv, &wanted, 0, 0, &status) >= 0 &&
	    (status = verb_settle(verb)) == 0 &&
	    graph_print(verb_root(), NULL, stdout) < 0)
		status = verb_error(verb);
	return status;
}

const struct verb verb_graph = {
	.name = "graph",
	.arguments = "",
	.shows = "Draw containers, images, networks and volumes, for dot(1)",
	.options = options,
	.failure_status = 1,
	.run = run_graph,
};
