/* graph.c - see graph.h. */
#include "graph.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "look.h"
#include "marks.h"
#include "overlay.h"

/* A file of the layer; "" where it has none. */
static char *
read_of(const char *id, const char *name)
{
	auto_free char *path = text("%s/%s", id, name);
	char *content = read_all(AT_FDCWD, path, NULL);
	return content ? content : copy_text("");
}

/* Docker takes 26 letters by chance; here they count up. */
static int
make_link(const char *id)
{
	static int made;
	auto_free char *name = text("L%05d", ++made);
	auto_free char *link = text("l/%s", name);
	auto_free char *target = text("../%s/diff", id);
	auto_free char *path = text("%s/link", id);
	if (symlink(target, link) < 0)
		return fail("make the link %s", link);
	return look_put(path, name);
}

int
graph_create(const char *id, const char *parent)
{
	static const char *const bare[] = { "diff", "work", "merged" };
	for (size_t i = 0; i < countof(bare); i++) {
		auto_free char *path = text("%s/%s", id, bare[i]);
		if (make_dirs(path, 0755) < 0)
			return -1;
	}
	if (make_dirs("l", 0755) < 0 || make_link(id) < 0)
		return -1;
	if (!parent)
		return 0;
	auto_free char *link = read_of(parent, "link");
	auto_free char *below = read_of(parent, "lower");
	auto_free char *lower =
		text("l/%s%s%s", link, *below ? ":" : "", below);
	auto_free char *path = text("%s/lower", id);
	return look_put(path, lower);
}

int
graph_mount(const char *id)
{
	auto_free char *lower = read_of(id, "lower");
	auto_free char *upper = text("%s/diff", id);
	auto_free char *work = text("%s/work", id);
	auto_free char *merged = text("%s/merged", id);
	const char *layers[64];
	struct overlay stack = { .layers = layers, .upper = upper,
				 .work = work };
	for (char *rest = lower; rest && stack.layer_count < countof(layers);)
		layers[stack.layer_count++] = strsep(&rest, ":");
	return overlay_mount(&stack, merged, 0);
}

int
graph_unmount(const char *id)
{
	auto_free char *merged = text("%s/merged", id);
	return overlay_unmount(merged);
}

static int
add_sizes(const char *path, uint64_t *bytes)
{
	auto_list struct marks_list list = { 0 };
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail("open %s", path);
	if (marks_list(dir, &list) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		struct stat st;
		auto_free char *entry = text("%s/%s", path, list.names[i]);
		if (lstat(entry, &st) < 0)
			return fail("look at %s", entry);
		if (S_ISREG(st.st_mode))
			*bytes += st.st_size;
		if (S_ISDIR(st.st_mode) && add_sizes(entry, bytes) < 0)
			return -1;
	}
	return 0;
}

int
graph_size(const char *id, uint64_t *bytes)
{
	auto_free char *diff = text("%s/diff", id);
	*bytes = 0;
	return add_sizes(diff, bytes);
}
