/* lsview.c - see lsview.h. */
#include "lsview.h"

#include <string.h>

#include "look.h"
#include "put.h"

static const struct namespace *
user_namespace(const struct ns_row *row)
{
	return row->in[look_kind("user") - ns_kinds];
}

/* ---- text -------------------------------------------------------------- */

/* A column is as wide as its heading: letters are shorter. */
static void
put_kind(FILE *out, size_t kind, const char *what)
{
	int width = strlen(ns_kinds[kind].name);
	fprintf(out, " %-*s", width, what);
}

static void
put_head(FILE *out, const char *third)
{
	fprintf(out, "%7s %7s %7s ", "PID", "NSPID", third);
	for (size_t i = 0; i < NS_KINDS; i++)
		put_kind(out, i, ns_kinds[i].name);
	fprintf(out, " %7s NAME\n", "OWNER");
}

static void
put_row(FILE *out, const struct ns_row *row, int third)
{
	const struct namespace *user = user_namespace(row);
	fprintf(out, "%7d %7d %7d ", row->pid, row->nspid, third);
	for (size_t i = 0; i < NS_KINDS; i++)
		put_kind(out, i, row->in[i] ? row->in[i]->letter : "-");
	if (user && user->owner != NS_NO_OWNER)
		fprintf(out, " %7u ", user->owner);
	else
		fprintf(out, " %7s ", "-");
	put_plain(out, row->comm);
	fputc('\n', out);
}

void
lsview_head(FILE *out)
{
	put_head(out, "PROCS");
}

void
lsview_row(FILE *out, const struct ns_row *row)
{
	put_row(out, row, row->processes);
}

static void
put_unseen(FILE *out, const struct ns_table *table)
{
	if (table->unseen)
		fprintf(out, "processes that are not ours to look at: %zu\n",
			table->unseen);
}

int
lsview_text(FILE *out)
{
	auto_ns_table struct ns_table table;
	if (ns_table_read(&table) < 0)
		return -1;
	ns_table_fold(&table);
	lsview_head(out);
	for (size_t i = 0; i < table.count; i++)
		lsview_row(out, &table.rows[i]);
	put_unseen(out, &table);
	return 0;
}

int
lsview_each(FILE *out)
{
	auto_ns_table struct ns_table table;
	if (ns_table_read(&table) < 0)
		return -1;
	put_head(out, "PPID");
	for (size_t i = 0; i < table.count; i++)
		put_row(out, &table.rows[i], table.rows[i].ppid);
	put_unseen(out, &table);
	return 0;
}

/* ---- JSON -------------------------------------------------------------- */

static void
put_namespace(FILE *out, const struct namespace *n)
{
	fprintf(out, "{\"kind\": \"%s\", \"letter\": \"%s\", "
		     "\"device\": %lu, \"inode\": %lu, "
		     "\"processes\": %d, \"pid\": %d",
		n->kind->name, n->letter, (unsigned long)n->id.device,
		(unsigned long)n->id.inode, n->processes, n->first);
	if (n->owner != NS_NO_OWNER)
		fprintf(out, ", \"owner\": %u", n->owner);
	fputc('}', out);
}

/* Kinds that it is in none of are left out. */
static void
put_process(FILE *out, const struct ns_row *row)
{
	fprintf(out, "{\"pid\": %d, \"ppid\": %d, \"nspid\": %d, \"uid\": %u, "
		     "\"name\": ", row->pid, row->ppid, row->nspid, row->uid);
	put_json(out, row->comm);
	fputs(", \"namespaces\": {", out);
	const char *between = "";
	for (size_t i = 0; i < NS_KINDS; i++) {
		if (!row->in[i])
			continue;
		fprintf(out, "%s\"%s\": \"%s\"", between, ns_kinds[i].name,
			row->in[i]->letter);
		between = ", ";
	}
	fputs("}}", out);
}

/* One object; each kind, namespace and process is a line of it. */
int
lsview_json(FILE *out)
{
	auto_ns_table struct ns_table table;
	if (ns_table_read(&table) < 0)
		return -1;
	fputs("{\"kinds\": [", out);
	for (size_t i = 0; i < NS_KINDS; i++)
		fprintf(out, "%s\n{\"name\": \"%s\", \"file\": \"%s\"}",
			i ? "," : "", ns_kinds[i].name, ns_kinds[i].file);
	fputs("],\n\"namespaces\": [", out);
	for (size_t i = 0; i < table.namespace_count; i++) {
		fputs(i ? ",\n" : "\n", out);
		put_namespace(out, table.namespaces[i]);
	}
	fputs("],\n\"processes\": [", out);
	for (size_t i = 0; i < table.count; i++) {
		fputs(i ? ",\n" : "\n", out);
		put_process(out, &table.rows[i]);
	}
	fprintf(out, "],\n\"unseen\": %zu}\n", table.unseen);
	return 0;
}
