/*
 * dot.c - `./demo --dot`: our cgroups as a tree, with what they use and may
 * use, beside the cgroup that this process is in.
 *
 * On v1 a cgroup is one directory in each of many hierarchies.  For whoever
 * makes them all under one name it is one thing, and so it is drawn as one.
 */
#include "demo.h"

#include <inttypes.h>
#include <string.h>

#include "cgroup_stat.h"
#include "ours.h"

/* A quoted string of Graphviz: quotes and backslashes want a backslash. */
static void
put_escaped(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', out);
		fputc(*s, out);
	}
}

static void
put_mib(FILE *out, const char *before, uint64_t bytes)
{
	if (bytes != CGROUP_NONE)
		fprintf(out, "%s%.1f MiB", before,
			(double)bytes / (1 << 20));
}

static void
put_usage(FILE *out, const struct cgroup_usage *usage)
{
	put_mib(out, "\\lmemory ", usage->memory);
	put_mib(out, " of ", usage->memory_limit);
	put_mib(out, ", peak ", usage->memory_peak);
	if (usage->cpu_us != CGROUP_NONE)
		fprintf(out, "\\lCPU %.2f s", usage->cpu_us / 1e6);
	if (usage->cpu_quota_us != CGROUP_NONE)
		fprintf(out, ", at most %.0f %%",
			100.0 * usage->cpu_quota_us / usage->cpu_period_us);
	if (usage->pids != CGROUP_NONE)
		fprintf(out, "\\lprocesses %" PRIu64, usage->pids);
	if (usage->pids_limit != CGROUP_NONE)
		fprintf(out, " of %" PRIu64, usage->pids_limit);
	fputs("\\l", out);
}

/* One of ours, below the one above it. */
static void
put_cgroup(FILE *out, const char *name)
{
	struct cgroup cg;
	struct cgroup_usage usage;
	if (cgroup_open(&cg, name) < 0)
		return;
	const char *slash = strrchr(name, '/');
	fputs("\t\"", out);
	put_escaped(out, name);
	fputs("\" [label=\"", out);
	put_escaped(out, slash ? slash + 1 : name);
	if (cgroup_read_usage(&cg, &usage) == 0)
		put_usage(out, &usage);
	fputs("\"];\n\t\"", out);
	if (slash) {
		auto_free char *above = copy_text(name);
		above[slash - name] = '\0';
		put_escaped(out, above);
	} else {
		fputs("/", out);
	}
	fputs("\" -> \"", out);
	put_escaped(out, name);
	fputs("\";\n", out);
	cgroup_close(&cg);
}

/* The root: where each hierarchy is; and where this process is in them. */
static void
put_hierarchies(FILE *out, const struct hierarchies *found)
{
	fputs("\t\"/\" [label=\"hierarchies\\l", out);
	for (size_t i = 0; i < found->count; i++) {
		const struct hierarchy *h = &found->all[i];
		fprintf(out, "v%d ", h->version);
		put_escaped(out, h->controllers);
		fputs(" ", out);
		put_escaped(out, h->mount ? h->mount : "(not mounted)");
		fputs("\\l", out);
	}
	fputs("\"];\n\tself [style=dashed, label=\"this process\\l", out);
	for (size_t i = 0; i < found->count; i++) {
		const struct hierarchy *h = &found->all[i];
		if (!h->own)
			continue;
		put_escaped(out, h->own);
		fputs("\\l", out);
	}
	fputs("\"];\n\t\"/\" -> self [style=dashed];\n", out);
}

int
dot(FILE *out)
{
	auto_hierarchies struct hierarchies found = { 0 };
	if (hierarchy_find_all(&found) < 0)
		return -1;
	auto_ours struct ours ours;
	ours_find(&found, &ours);
	fputs("digraph cgroups {\n\trankdir=LR;\n"
	      "\tnode [shape=box, fontname=\"monospace\"];\n", out);
	put_hierarchies(out, &found);
	for (size_t i = 0; i < ours.count; i++)
		put_cgroup(out, ours.names[i]);
	fputs("}\n", out);
	return 0;
}
