/*
 * dot.c - the overlays that exist at this moment, as a Graphviz graph.
 *
 *	sudo ./demo company --shell			one terminal
 *	sudo ./demo --dot | dot -Tsvg > layers.svg	another
 *
 * Every mount namespace has its own table, so those of all processes are
 * read, each namespace once: the containers of any engine are found, too.
 * Each overlay is a stack, the topmost layer first, with the names it holds;
 * what a whiteout deletes is struck through.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"
#include "mountinfo.h"
#include "ns.h"
#include "overlay.h"

#define NAMES_SHOWN 12

/* The mount namespaces that were read already. */
struct seen {
	struct ns_id *ids;
	size_t count;
};

/* Text between tags: what means something there is spelled out. */
static void
print_text(FILE *out, const char *string)
{
	for (; *string; string++) {
		switch (*string) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			/* A name may hold anything; a graph may not. */
			fputc((unsigned char)*string < ' ' ? '?' : *string,
			      out);
		}
	}
}

/* One row a layer: what it is, where it is, and the names in it. */
static void
print_layer(FILE *out, pid_t pid, const char *kind, const char *path)
{
	auto_free char *inside = text("/proc/%d/root%s", pid, path);
	struct dirent **entries;
	int count = *path == '/' ?
			    scandir(inside, &entries, NULL, alphasort) :
			    -1;
	auto_close int dir = open(inside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fprintf(out, "<tr><td align=\"left\">%s</td><td align=\"left\">",
		kind);
	print_text(out, path);
	fputs("</td><td align=\"left\">", out);
	if (count < 0)
		fputs("<i>not to be seen from here</i>", out);
	int shown = 0;
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		bool dots = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
		if (!dots && shown++ < NAMES_SHOWN) {
			bool gone = overlay_is_whiteout(dir, name) == 1;
			fputs(gone ? "<s>" : "", out);
			print_text(out, name);
			fputs(gone ? "</s> " : " ", out);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	if (shown > NAMES_SHOWN)
		fprintf(out, "and %d more", shown - NAMES_SHOWN);
	else if (shown == 0 && count >= 0)
		fputs("<i>empty</i>", out);
	fputs("</td></tr>\n", out);
}

static int
print_overlay(FILE *out, pid_t pid, const struct mountinfo *mount)
{
	auto_layers struct overlay_layers layers = { 0 };
	if (overlay_read_layers(pid, mount->id, &layers) < 0)
		return -1;
	fprintf(out, "\tmount%d_%d [label=<<table border=\"0\" "
		     "cellborder=\"1\" cellspacing=\"0\">\n"
		     "<tr><td colspan=\"3\"><b>", pid, mount->id);
	print_text(out, mount->target);
	fprintf(out, "</b> (process %d)</td></tr>\n", pid);
	if (layers.upper)
		print_layer(out, pid, "upper", layers.upper);
	for (size_t i = 0; i < layers.count; i++)
		print_layer(out, pid, "lower", layers.names[i]);
	fputs("</table>>];\n", out);
	return 0;
}

/* Have we been in the mount namespace of this process?  Remember it. */
static bool
is_new(struct seen *seen, pid_t pid)
{
	struct ns_id id;
	if (ns_id(pid, &ns_kinds[0], &id) < 0)
		return false; /* it ended, or it is none of our business */
	for (size_t i = 0; i < seen->count; i++)
		if (ns_same(seen->ids[i], id))
			return false;
	seen->ids = resize_bytes(seen->ids,
				 (seen->count + 1) * sizeof(*seen->ids));
	seen->ids[seen->count++] = id;
	return true;
}

/* Returns how many overlays there are in the namespace of this process. */
static int
print_namespace(FILE *out, pid_t pid)
{
	auto_mounts struct mount_table table = { 0 };
	int count = 0;
	if (mountinfo_read(pid, &table) < 0)
		return 0;
	for (size_t i = 0; i < table.count; i++)
		if (strcmp(table.mounts[i].type, "overlay") == 0 &&
		    print_overlay(out, pid, &table.mounts[i]) == 0)
			count++;
	return count;
}

int
dot(FILE *out)
{
	auto_dir DIR *proc = opendir("/proc");
	struct seen seen = { 0 };
	struct dirent *entry;
	int count = 0;
	if (!proc)
		return fail("open /proc");
	fputs("digraph overlays {\n"
	      "\tlabel=\"every overlay mounted now, topmost layer first; "
	      "struck through: deleted by a whiteout\";\n"
	      "\tnode [shape=plain, fontname=\"monospace\"];\n", out);
	while ((entry = readdir(proc))) {
		uint64_t pid;
		if (parse_number(entry->d_name, 1, INT32_MAX, &pid) == 0 &&
		    is_new(&seen, pid))
			count += print_namespace(out, pid);
	}
	free(seen.ids);
	if (count == 0)
		fputs("\tnone [label=\"no overlay is mounted that we may see; "
		      "try ./demo company --shell in another terminal\"];\n",
		      out);
	fputs("}\n", out);
	return 0;
}
