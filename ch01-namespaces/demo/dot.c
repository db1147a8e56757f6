/*
 * dot.c - `./demo --dot`: processes against namespaces, as one table.
 *
 * A namespace is a set of processes, so edges between the two would be a
 * tangle; a table reads better.  Processes that share all their namespaces
 * are one row.  The same letter in a column is the same namespace.
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

/* Returns how many rows there are with this process in one of them. */
static size_t
add_process(struct row *rows, size_t count, pid_t pid,
	    const struct ns_id ids[NS_KINDS])
{
	for (size_t i = 0; i < count; i++) {
		if (same_ids(rows[i].ids, ids)) {
			rows[i].count++;
			return count;
		}
	}
	if (count == MAX_ROWS)
		return count;
	struct row *row = &rows[count];
	memcpy(row->ids, ids, sizeof(row->ids));
	row->first = pid;
	row->count = 1;
	auto_free char *path = text("/proc/%d/comm", pid);
	if (read_text(AT_FDCWD, path, row->name, sizeof(row->name)) < 0)
		strcpy(row->name, "?");
	return count + 1;
}

static size_t
read_rows(struct row *rows, int *unseen)
{
	size_t count = 0;
	auto_dir DIR *proc = opendir("/proc");
	struct dirent *entry;
	while (proc && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);
		struct ns_id ids[NS_KINDS];
		if (pid <= 0)
			continue;
		if (read_ids(pid, ids))
			count = add_process(rows, count, pid, ids);
		else if (failure.code == EACCES)
			++*unseen;
	}
	return count;
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

int
dot(FILE *out)
{
	auto_free struct row *rows = new_bytes(MAX_ROWS * sizeof(*rows));
	int unseen = 0;
	size_t count = read_rows(rows, &unseen);

	fprintf(out, "digraph namespaces {\n"
		     "  node [shape=plain fontname=\"monospace\"]\n"
		     "  table [label=<<table border=\"0\" cellborder=\"1\" "
		     "cellspacing=\"0\">\n  <tr><td>processes</td>");
	for (size_t kind = 0; kind < NS_KINDS; kind++)
		fprintf(out, "<td>%s</td>", ns_kinds[kind].name);
	fprintf(out, "</tr>\n");
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "  <tr><td align=\"left\">%d ", rows[i].first);
		put_escaped(out, rows[i].name);
		if (rows[i].count > 1)
			fprintf(out, " and %d more", rows[i].count - 1);
		fprintf(out, "</td>");
		for (size_t kind = 0; kind < NS_KINDS; kind++)
			fprintf(out, "<td>%c</td>", letter(rows, i, kind));
		fprintf(out, "</tr>\n");
	}
	if (unseen)
		fprintf(out, "  <tr><td colspan=\"9\">%d processes of other "
			     "users not shown</td></tr>\n", unseen);
	fprintf(out, "  </table>>]\n}\n");
	return 0;
}
