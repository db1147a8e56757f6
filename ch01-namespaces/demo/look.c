/* look.c - see look.h. */
#include "look.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

const struct ns_kind *
look_kind(const char *name)
{
	for (size_t i = 0; i < NS_KINDS; i++)
		if (strcmp(ns_kinds[i].name, name) == 0)
			return &ns_kinds[i];
	return NULL;
}

/* "/proc/PID/WHAT", or of ourselves. */
static char *
proc_path(pid_t pid, const char *what)
{
	return pid ? text("/proc/%d/%s", pid, what) :
		     text("/proc/self/%s", what);
}

char *
look_link(pid_t pid, const char *kind)
{
	auto_free char *file = text("ns/%s", look_kind(kind)->file);
	auto_free char *path = proc_path(pid, file);
	char target[64];
	ssize_t length = readlink(path, target, sizeof(target));
	return length < 0 ? copy_text("?") : text("%.*s", (int)length, target);
}

char *
look_status(pid_t pid, const char *key)
{
	auto_free char *path = proc_path(pid, "status");
	auto_free char *status = read_all(AT_FDCWD, path, NULL);
	size_t length = strlen(key);
	for (char *line = status; line;) {
		char *end = strchr(line, '\n');
		if (end)
			*end = '\0';
		if (strncmp(line, key, length) == 0 && line[length] == ':') {
			char *value = line + length + 1;
			for (char *c = value; *c; c++)
				if (*c == '\t')
					*c = ' ';
			return copy_text(value + strspn(value, " "));
		}
		line = end ? end + 1 : NULL;
	}
	return copy_text("?");
}

char *
look_host_name(void)
{
	struct utsname names;
	return copy_text(uname(&names) == 0 ? names.nodename : "?");
}

int
look_count_processes(void)
{
	int count = 0;
	auto_dir DIR *proc = opendir("/proc");
	struct dirent *entry;
	while (proc && (entry = readdir(proc)))
		count += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
	return count;
}
