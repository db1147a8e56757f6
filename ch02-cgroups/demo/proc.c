/* proc.c - see proc.h. */
#include "proc.h"

#include <string.h>

char *
proc_status(pid_t pid, const char *key)
{
	auto_free char *path = text("/proc/%d/status", pid);
	auto_free char *lines = read_all(AT_FDCWD, path, NULL);
	size_t length = strlen(key);
	char *rest = lines;
	for (char *line; (line = strsep(&rest, "\n"));) {
		if (strncmp(line, key, length) != 0 || line[length] != ':')
			continue;
		line += length + 1;
		return copy_text(line + strspn(line, "\t "));
	}
	return copy_text("?");
}

/* Field 39 of stat, counted from the end of the name: that is the second one,
 * and may hold anything. */
int
proc_cpu(pid_t pid)
{
	auto_free char *path = text("/proc/%d/stat", pid);
	char stat[1024];
	if (read_text(AT_FDCWD, path, stat, sizeof(stat)) < 0)
		return -1;
	const char *field = strrchr(stat, ')');
	for (int i = 2; field && i < 39; i++)
		field = strchr(field + 1, ' ');
	int cpu;
	return field && sscanf(field, " %d", &cpu) == 1 ? cpu : -1;
}
