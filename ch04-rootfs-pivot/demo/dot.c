/*
 * dot.c - the mounts of this moment as a tree, in Graphviz's language.
 *
 *	sudo ./demo --dot | dot -Tsvg > mounts.svg
 *
 * First our own mount namespace, then every other one whose root directory is
 * not ours: those are the containers, of whatever engine, and this chapter's
 * experiment while its shell is open.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "demo.h"
#include "mountinfo.h"
#include "ns.h"

/* The mount namespaces that were drawn or passed over already. */
struct seen {
	struct ns_id *ids;
	size_t count;
};

/* Text within quotes. */
static void
print_text(FILE *out, const char *string)
{
	for (; *string; string++) {
		if (*string == '"' || *string == '\\')
			fputc('\\', out);
		fputc((unsigned char)*string < ' ' ? '?' : *string, out);
	}
}

static bool
has_id(const struct mount_table *table, int id)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->mounts[i].id == id)
			return true;
	return false;
}

static void
print_mount(FILE *out, const struct mount_table *table, pid_t pid,
	    const struct mountinfo *mount)
{
	fprintf(out, "\t\tm%d_%d [label=\"", pid, mount->id);
	print_text(out, mount->target);
	fputs("\\n", out);
	print_text(out, mount->type);
	/* Only what is not simply the whole of a file system. */
	if (strcmp(mount->root, "/") != 0) {
		fputs(" of ", out);
		print_text(out, mount->root);
	}
	if (*mount->optional) {
		fputs("\\n", out);
		print_text(out, mount->optional);
	}
	fprintf(out, "\"%s];\n",
		mountinfo_has_option(mount->options, "ro") ?
			", style=dashed" :
			"");
	if (mount->parent != mount->id && has_id(table, mount->parent))
		fprintf(out, "\t\tm%d_%d -> m%d_%d;\n", pid, mount->parent,
			pid, mount->id);
}

static int
print_namespace(FILE *out, pid_t pid, const char *whose)
{
	auto_mounts struct mount_table table = { 0 };
	if (mountinfo_read(pid, &table) < 0)
		return -1;
	fprintf(out, "\tsubgraph cluster_%d {\n\t\tlabel=\"%s\";\n", pid,
		whose);
	for (size_t i = 0; i < table.count; i++)
		print_mount(out, &table, pid, &table.mounts[i]);
	fputs("\t}\n", out);
	return 0;
}

static bool
is_new(struct seen *seen, struct ns_id id)
{
	for (size_t i = 0; i < seen->count; i++)
		if (ns_same(seen->ids[i], id))
			return false;
	seen->ids = resize_bytes(seen->ids,
				 (seen->count + 1) * sizeof(*seen->ids));
	seen->ids[seen->count++] = id;
	return true;
}

/* Does this process see another directory as "/" than we do? */
static bool
has_other_root(pid_t pid)
{
	struct stat ours, theirs;
	auto_free char *root = text("/proc/%d/root/", pid);
	return stat("/", &ours) == 0 && stat(root, &theirs) == 0 &&
	       (ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino);
}

static void
print_others(FILE *out, DIR *proc, struct seen *seen)
{
	struct dirent *entry;
	while ((entry = readdir(proc))) {
		uint64_t pid;
		struct ns_id id;
		if (parse_number(entry->d_name, 1, INT32_MAX, &pid) < 0 ||
		    ns_id(pid, &ns_kinds[0], &id) < 0 || !is_new(seen, id) ||
		    !has_other_root(pid))
			continue;
		auto_free char *whose =
			text("the mount namespace of process %d", (int)pid);
		print_namespace(out, pid, whose); /* it may end meanwhile */
	}
}

int
dot(FILE *out)
{
	auto_dir DIR *proc = opendir("/proc");
	struct seen seen = { 0 };
	struct ns_id own;
	if (!proc)
		return fail("open /proc");
	if (ns_id(getpid(), &ns_kinds[0], &own) < 0)
		return -1;
	is_new(&seen, own);
	fputs("digraph mounts {\n"
	      "\tlabel=\"what is mounted on what; dashed: read-only\";\n"
	      "\trankdir=LR;\n"
	      "\tnode [shape=box, fontname=\"monospace\"];\n", out);
	int done = print_namespace(out, getpid(), "this mount namespace");
	if (done == 0)
		print_others(out, proc, &seen);
	free_scoped(&seen.ids);
	fputs("}\n", out);
	return done;
}
