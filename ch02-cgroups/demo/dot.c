/*
 * dot.c - `./demo --dot`: our cgroups as a tree, with what they use and may
 * use, beside the cgroup that this process is in.
 *
 * On v1 a cgroup is one directory in each of many hierarchies.  For whoever
 * makes them all under one name it is one thing, and so it is drawn as one.
 */
#include "demo.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_stat.h"
#include "subtree.h"

#define PREFIX "mydocker"

/* The names of all cgroups of ours, "mydocker/7f3a", each once. */
struct names {
	char **all;
	size_t count;
	const char *above; /* of the directory being listed, or NULL */
	int depth;
};

static bool
has_name(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->all[i], name) == 0)
			return true;
	return false;
}

static int
collect(int fd, int parent, const char *name, void *data)
{
	(void)parent;
	struct names *names = data;
	const char *above = names->above;
	if ((!above && strncmp(name, PREFIX, strlen(PREFIX)) != 0) ||
	    names->depth == SUBTREE_DEPTH)
		return 0;
	auto_free char *full = above ? text("%s/%s", above, name) :
				       copy_text(name);
	if (!has_name(names, full)) {
		names->all = resize_bytes(names->all, (names->count + 1) *
							      sizeof(char *));
		names->all[names->count++] = copy_text(full);
	}
	names->above = full;
	names->depth++;
	int result = subtree_each_child(fd, collect, names);
	names->depth--;
	names->above = above;
	return result;
}

static void
free_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->all[i]);
	free(names->all);
}

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
	struct names names = { 0 };
	for (size_t i = 0; i < found.count; i++) {
		const char *place = found.all[i].base ? found.all[i].base :
							found.all[i].mount;
		auto_close int base = place ? open(place, SUBTREE_OPEN) : -1;
		if (base >= 0)
			subtree_each_child(base, collect, &names);
	}
	fputs("digraph cgroups {\n\trankdir=LR;\n"
	      "\tnode [shape=box, fontname=\"monospace\"];\n", out);
	put_hierarchies(out, &found);
	for (size_t i = 0; i < names.count; i++)
		put_cgroup(out, names.all[i]);
	fputs("}\n", out);
	free_names(&names);
	return 0;
}
