/*
 * dot.c - `./demo --dot`: processes against namespaces, as one table.
 *
 * A namespace is a set of processes, so edges between the two would be a
 * tangle; a table reads better.  Processes that share all their namespaces
 * are one row.  The same letter in a column is the same namespace; what is
 * not the first row's is shaded.
 */
#include "demo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ns.h"

#define MAX_ROWS 64

struct row {
	struct ns_id ids[NS_KINDS];
	pid_t first; /* the lowest pid of the row */
	char name[80];
	int count;
};

struct table {
	struct row rows[MAX_ROWS];
	size_t count;
	int unseen;   /* processes that are not ours to look at */
	int left_out; /* and those there was no row for */
};

/* False for a process that is gone or not ours to look at. */
static bool
read_ids(pid_t pid, struct ns_id ids[NS_KINDS])
{
	uint64_t here = ns_supported();
	for (size_t i = 0; i < NS_KINDS; i++) {
		ids[i] = (struct ns_id){ 0 };
		if ((here & ns_kinds[i].flag) &&
		    ns_id(pid, &ns_kinds[i], &ids[i]) < 0)
			return false;
	}
	return true;
}

static bool
same_ids(const struct ns_id a[NS_KINDS], const struct ns_id b[NS_KINDS])
{
	for (size_t i = 0; i < NS_KINDS; i++)
		if (!ns_same(a[i], b[i]))
			return false;
	return true;
}

static void
add_process(struct table *table, pid_t pid, const struct ns_id ids[NS_KINDS])
{
	for (size_t i = 0; i < table->count; i++) {
		if (same_ids(table->rows[i].ids, ids)) {
			table->rows[i].count++;
			return;
		}
	}
	if (table->count == MAX_ROWS) {
		table->left_out++;
		return;
	}
	struct row *row = &table->rows[table->count++];
	memcpy(row->ids, ids, sizeof(row->ids));
	row->first = pid;
	row->count = 1;
	auto_free char *path = text("/proc/%d/comm", pid);
	if (read_text(AT_FDCWD, path, row->name, sizeof(row->name)) < 0)
		strcpy(row->name, "?");
}

static void
read_table(struct table *table)
{
	auto_dir DIR *proc = opendir("/proc");
	struct dirent *entry;
	while (proc && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);
		struct ns_id ids[NS_KINDS];
		if (pid <= 0)
			continue;
		if (read_ids(pid, ids))
			add_process(table, pid, ids);
		else if (failure.code == EACCES)
			table->unseen++;
	}
}

/* The letter of a namespace: A for the first one met in its column. */
static char
letter(const struct row *rows, size_t row, size_t kind)
{
	char next = 'A';
	for (size_t i = 0; i < row; i++) {
		bool is_new = true;
		for (size_t j = 0; j < i; j++)
			is_new &= !ns_same(rows[i].ids[kind],
					   rows[j].ids[kind]);
		if (ns_same(rows[i].ids[kind], rows[row].ids[kind]))
			return letter(rows, i, kind);
		next += is_new && next < 'z';
	}
	return next;
}

/* HTML-like labels (Graphviz) want these four as entities. */
static void
put_escaped(FILE *out, const char *s)
{
	for (; *s; s++) {
		const char *entity = *s == '&' ? "&amp;" :
				     *s == '<' ? "&lt;" :
				     *s == '>' ? "&gt;" :
				     *s == '"' ? "&quot;" : NULL;
		if (entity)
			fputs(entity, out);
		else
			fputc(*s, out);
	}
}

static void
put_row(FILE *out, const struct row *rows, size_t i)
{
	fputs("  <tr><td align=\"left\">", out);
	put_escaped(out, rows[i].name);
	fprintf(out, " (pid %d)", rows[i].first);
	if (rows[i].count > 1)
		fprintf(out, " and %d more", rows[i].count - 1);
	fputs("</td>", out);
	for (size_t kind = 0; kind < NS_KINDS; kind++) {
		char c = letter(rows, i, kind);
		fprintf(out, "<td%s>%c</td>",
			c == 'A' ? "" : " bgcolor=\"gray80\"", c);
	}
	fputs("</tr>\n", out);
}

static void
put_rest(FILE *out, int count, const char *why)
{
	if (count)
		fprintf(out, "  <tr><td colspan=\"%d\">%d more processes: "
			     "%s</td></tr>\n", NS_KINDS + 1, count, why);
}

int
dot(FILE *out)
{
	auto_free struct table *table = new_bytes(sizeof(*table));
	read_table(table);
	fprintf(out, "digraph namespaces {\n"
		     "  node [shape=plain fontname=\"monospace\"]\n"
		     "  table [label=<<table border=\"0\" cellborder=\"1\" "
		     "cellspacing=\"0\" cellpadding=\"4\">\n"
		     "  <tr><td><b>processes</b></td>");
	for (size_t kind = 0; kind < NS_KINDS; kind++)
		fprintf(out, "<td><b>%s</b></td>", ns_kinds[kind].name);
	fprintf(out, "</tr>\n");
	for (size_t i = 0; i < table->count; i++)
		put_row(out, table->rows, i);
	put_rest(out, table->unseen, "of other users, not to be seen");
	put_rest(out, table->left_out, "in still other namespaces");
	fprintf(out, "  </table>>]\n}\n");
	return 0;
}
