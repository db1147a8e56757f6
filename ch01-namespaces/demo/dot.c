/*
 * dot.c - `./demo --dot`: processes against namespaces, as one table.
 *
 * A namespace is a set of processes, so edges between the two would be a
 * tangle; a table reads better.  Processes that share all their namespaces
 * are one row.  The same letter in a column is the same namespace; what is
 * not the first row's is shaded.
 */
#include "demo.h"

#include <string.h>

#include "nstable.h"
#include "put.h"

#define MAX_ROWS 64

static void
put_row(FILE *out, const struct ns_row *row)
{
	fputs("  <tr><td align=\"left\">", out);
	put_xml(out, row->comm);
	fprintf(out, " (pid %d)", row->pid);
	if (row->processes > 1)
		fprintf(out, " and %d more", row->processes - 1);
	fputs("</td>", out);
	for (size_t kind = 0; kind < NS_KINDS; kind++) {
		const struct namespace *in = row->in[kind];
		const char *letter = in ? in->letter : "-";
		fprintf(out, "<td%s>%s</td>",
			strcmp(letter, "A") == 0 ? "" : " bgcolor=\"gray80\"",
			letter);
	}
	fputs("</tr>\n", out);
}

static void
put_rest(FILE *out, size_t count, const char *why)
{
	if (count)
		fprintf(out, "  <tr><td colspan=\"%d\">processes %s: "
			     "%zu</td></tr>\n", NS_KINDS + 1, why, count);
}

int
dot(FILE *out)
{
	auto_ns_table struct ns_table table;
	if (ns_table_read(&table) < 0)
		return -1;
	ns_table_fold(&table);
	fprintf(out, "digraph namespaces {\n"
		     "  node [shape=plain fontname=\"monospace\"]\n"
		     "  table [label=<<table border=\"0\" cellborder=\"1\" "
		     "cellspacing=\"0\" cellpadding=\"4\">\n"
		     "  <tr><td><b>processes</b></td>");
	for (size_t kind = 0; kind < NS_KINDS; kind++)
		fprintf(out, "<td><b>%s</b></td>", ns_kinds[kind].name);
	fprintf(out, "</tr>\n");
	size_t left_out = 0;
	for (size_t i = 0; i < table.count; i++) {
		if (i < MAX_ROWS)
			put_row(out, &table.rows[i]);
		else
			left_out += table.rows[i].processes;
	}
	put_rest(out, table.unseen, "that are not ours to look at");
	put_rest(out, left_out, "in still other namespaces");
	fprintf(out, "  </table>>]\n}\n");
	return 0;
}
