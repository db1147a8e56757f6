/*
 * 02-mountinfo-to-mount-point.c - where is the directory to make cgroups in?
 *
 *	build/steps/02-mountinfo-to-mount-point memory
 *
 * Not at a fixed path: v1 mounts each controller somewhere, v2 all of them at
 * one place, and a container sees what it was given.  The mount table knows.
 * A line of it, whose seventh field may be there any number of times:
 *
 *	35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is `word` in `list`, between any two of these `dividers`? */
static int
has_word(char *list, const char *word, const char *dividers)
{
	for (char *next; (next = strtok_r(list, dividers, &list));)
		if (strcmp(next, word) == 0)
			return 1;
	return 0;
}

/* v2 says in a file which controllers it has. */
static int
v2_has(const char *mount_point, const char *controller)
{
	char path[4200], list[256] = "";
	snprintf(path, sizeof(path), "%s/cgroup.controllers", mount_point);
	FILE *file = fopen(path, "r");
	if (!file)
		return 0;
	if (!fgets(list, sizeof(list), file))
		list[0] = '\0';
	fclose(file);
	return has_word(list, controller, " \n");
}

int
main(int argc, char **argv)
{
	const char *controller = argc > 1 ? argv[1] : "memory";
	FILE *table = fopen("/proc/self/mountinfo", "r");
	char *line = NULL;
	size_t room = 0;
	if (!table)
		return perror("/proc/self/mountinfo"), 1;
	while (getline(&line, &room, table) > 0) {
		char mount_point[4096], type[64], options[1024];
		char *after = strstr(line, " - ");
		if (!after ||
		    sscanf(line, "%*s %*s %*s %*s %4095s", mount_point) != 1 ||
		    sscanf(after, " - %63s %*s %1023s", type, options) != 2)
			continue;
		/* v1 names its controllers in the mount options. */
		int v1 = strcmp(type, "cgroup") == 0 &&
			 has_word(options, controller, ",");
		int v2 = strcmp(type, "cgroup2") == 0 &&
			 v2_has(mount_point, controller);
		if (v1 || v2)
			return printf("v%d %s\n", v1 ? 1 : 2, mount_point), 0;
	}
	printf("no hierarchy here has a controller %s\n", controller);
	return 1;
}
