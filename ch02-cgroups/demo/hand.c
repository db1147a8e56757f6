/* hand.c - see hand.h. */
#include "hand.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hierarchy.h"
#include "subtree.h"
#include "tour.h"

int
hand_mkdir(int dir, const char *name)
{
	if (trace(mkdirat(dir, name, 0755), "mkdirat(%d, \"%s\")", dir,
		  name) < 0)
		return fail("make the cgroup %s", name);
	int fd = openat(dir, name, SUBTREE_OPEN);
	return fd < 0 ? fail("open the cgroup %s", name) : fd;
}

int
hand_echo(int dir, const char *place, const char *file, const char *value)
{
	bool taken = write_text(dir, file, value) == 0;
	int code = taken ? 0 : failure.code;
	auto_free char *command = text("echo %s > %s/%s", value, place, file);
	auto_free char *column = text("%-49s", command);
	tour_show(column, "%s", taken ? "done" : strerror(code));
	return code;
}

int
hand_echo_pid(int dir, const char *place, const char *file, pid_t pid)
{
	auto_free char *value = text("%d", pid);
	return hand_echo(dir, place, file, value);
}

char *
hand_cat(int dir, const char *file)
{
	char *line = read_all(dir, file, NULL);
	for (char *end = line; end && (end = strchr(end, '\n'));)
		*end = end[1] ? ' ' : '\0';
	return line ? line : text("(%s)", strerror(failure.code));
}

bool
hand_lists(int dir, const char *file, pid_t pid)
{
	auto_free char *list = read_all(dir, file, NULL);
	auto_free char *word = text("%d", pid);
	return list && hierarchy_list_has(list, word);
}

pid_t
hand_other(int dir, pid_t but)
{
	auto_free char *list = read_all(dir, "cgroup.procs", NULL);
	char *rest = list;
	for (char *word; list && (word = strtok_r(rest, "\n", &rest));)
		if (atoi(word) != but)
			return atoi(word);
	return 0;
}

char *
hand_path(pid_t pid, const char *controller)
{
	auto_free char *file = text("/proc/%d/cgroup", pid);
	auto_free char *lines = read_all(AT_FDCWD, file, NULL);
	char *rest = lines;
	for (char *line; lines && (line = strtok_r(rest, "\n", &rest));) {
		strsep(&line, ":");
		const char *controllers = strsep(&line, ":");
		if (line && (*controller ?
				     hierarchy_list_has(controllers,
							controller) :
				     !*controllers))
			return copy_text(line);
	}
	return NULL;
}
