/* storage.c - see storage.h. */
#include "storage.h"

#include <string.h>

static const struct {
	const char *name;
	size_t layers_max;
} drivers[] = {
	/* OVL_MAX_STACK of the kernel */
	[STORAGE_OVERLAY] = { "overlay", 500 },
	/* AUFS_BRANCHES_MAX of aufs_branch.h, one of them the container's */
	[STORAGE_AUFS] = { "aufs", 126 },
};

const char *
storage_name(enum storage driver)
{
	return drivers[driver].name;
}

int
storage_parse(const char *name, enum storage *driver)
{
	for (size_t i = 0; i < countof(drivers); i++) {
		if (strcmp(drivers[i].name, name) == 0) {
			*driver = i;
			return 0;
		}
	}
	return failx("unknown storage driver '%s': there are overlay and aufs",
		     name);
}

enum marks
storage_marks(enum storage driver)
{
	return driver == STORAGE_AUFS ? MARKS_NAMES : marks_of_overlay();
}

size_t
storage_layers_max(enum storage driver)
{
	return drivers[driver].layers_max;
}
