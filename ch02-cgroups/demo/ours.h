/* ours.h - which cgroups of this project there are on the host: those of the
 * demos and of chapter 6's containers. */
#ifndef OURS_H
#define OURS_H

#include "hierarchy.h"

/* Their names, "mydocker/7f3a", each once and in order: what is below a cgroup
 * comes right after it. */
struct ours {
	char **names;
	size_t count;
};

void ours_find(const struct hierarchies *found, struct ours *ours);
void ours_free(struct ours *ours);
#define auto_ours __attribute__((cleanup(ours_free)))

#endif
