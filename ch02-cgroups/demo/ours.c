/* ours.c - see ours.h. */
#include "ours.h"

#include <stdlib.h>
#include <string.h>

#include "subtree.h"

#define PREFIX "mydocker"

struct walk {
	struct ours *ours;
	const char *above; /* of the directory being listed, or NULL */
	int depth;
};

static bool
has_name(const struct ours *ours, const char *name)
{
	for (size_t i = 0; i < ours->count; i++)
		if (strcmp(ours->names[i], name) == 0)
			return true;
	return false;
}

static int
collect(int fd, int parent, const char *name, void *data)
{
	(void)parent;
	struct walk *walk = data;
	struct ours *ours = walk->ours;
	const char *above = walk->above;
	if ((!above && strncmp(name, PREFIX, strlen(PREFIX)) != 0) ||
	    walk->depth == SUBTREE_DEPTH)
		return 0;
	auto_free char *full = above ? text("%s/%s", above, name) :
				       copy_text(name);
	if (!has_name(ours, full)) {
		ours->names = resize_bytes(ours->names, (ours->count + 1) *
								sizeof(char *));
		ours->names[ours->count++] = copy_text(full);
	}
	walk->above = full;
	walk->depth++;
	int result = subtree_each_child(fd, collect, walk);
	walk->depth--;
	walk->above = above;
	return result;
}

/* As strcmp(3), but a slash comes before everything that a name can have. */
static int
compare(const void *a, const void *b)
{
	const char *left = *(char *const *)a, *right = *(char *const *)b;
	while (*left && *left == *right)
		left++, right++;
	int l = *left == '/' ? 1 : (unsigned char)*left;
	int r = *right == '/' ? 1 : (unsigned char)*right;
	return l - r;
}

void
ours_find(const struct hierarchies *found, struct ours *ours)
{
	*ours = (struct ours){ 0 };
	struct walk walk = { .ours = ours };
	for (size_t i = 0; i < found->count; i++) {
		const struct hierarchy *h = &found->all[i];
		const char *place = h->base ? h->base : h->mount;
		auto_close int base = place ? open(place, SUBTREE_OPEN) : -1;
		if (base >= 0)
			subtree_each_child(base, collect, &walk);
	}
	if (ours->count > 0)
		qsort(ours->names, ours->count, sizeof(char *), compare);
}

void
ours_free(struct ours *ours)
{
	for (size_t i = 0; i < ours->count; i++)
		free(ours->names[i]);
	free(ours->names);
}
