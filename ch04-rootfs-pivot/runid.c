/* runid.c - see runid.h. */
#include "runid.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"

/* The first pid namespace's, on every kernel since Linux 3.8 (proc_ns.h). */
static const unsigned long FIRST_NAMESPACE = 0xEFFFFFFC;

struct run {
	int pid;
	unsigned long long born;
	unsigned long pid_namespace;
};

static struct run self;
static char name[64];

/* Field 22 of /proc/PID/stat, in ticks since boot; the second field is a
 * name that may hold anything, so count from its last parenthesis. */
static int
start_time(pid_t pid, unsigned long long *ticks)
{
	auto_free char *path = text("/proc/%d/stat", pid);
	char stat[1024];
	if (read_text(AT_FDCWD, path, stat, sizeof(stat)) < 0)
		return -1;
	const char *field = strrchr(stat, ')');
	for (int i = 2; field && i < 22; i++)
		field = strchr(field + 1, ' ');
	if (!field || sscanf(field, " %llu", ticks) != 1)
		return failx("read %s: no start time", path);
	return 0;
}

bool
runid_is_outermost(void)
{
	return self.pid_namespace == FIRST_NAMESPACE;
}

int
runid_take(void)
{
	struct stat st;
	char pid[24] = "";
	self.pid = getpid();
	if (readlink("/proc/self", pid, sizeof(pid) - 1) < 0 ||
	    stat("/proc/self/ns/pid", &st) < 0)
		return fail("look at /proc/self (is /proc mounted?)");
	if (atoi(pid) != self.pid)
		return failx("/proc shows another pid namespace, where this "
			     "process is not %d; mount its own: mount -t proc "
			     "proc /proc", self.pid);
	if (start_time(self.pid, &self.born) < 0)
		return -1;
	self.pid_namespace = st.st_ino;
	int length = snprintf(name, sizeof(name), "%d-%llu", self.pid,
			      self.born);
	if (!runid_is_outermost())
		snprintf(name + length, sizeof(name) - length, "-%lu",
			 self.pid_namespace);
	return 0;
}

const char *
runid(void)
{
	return name;
}

/* Is the process with this directory in /proc `run`, by the pid that it has
 * in its own namespace: the last one of NSpid (proc_pid_status(5))? */
static bool
is_inside(int proc, const char *pid, const struct run *run)
{
	struct stat st;
	auto_free char *link = text("%s/ns/pid", pid);
	if (fstatat(proc, link, &st, 0) < 0 ||
	    st.st_ino != run->pid_namespace)
		return false;
	auto_free char *path = text("%s/status", pid);
	auto_free char *status = read_all(proc, path, NULL);
	char *line = status ? strstr(status, "\nNSpid:") : NULL;
	if (!line)
		return true; /* Linux before 4.1: it may be */
	line++;
	line[strcspn(line, "\n")] = '\0';
	return atoi(strrchr(line, '\t') + 1) == run->pid;
}

/* A namespace sees the processes of those below it, and of no other one. */
static bool
may_be_elsewhere(const struct run *run)
{
	if (!runid_is_outermost())
		return true;
	auto_dir DIR *proc = opendir("/proc");
	struct dirent *entry;
	while (proc && (entry = readdir(proc)))
		if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9' &&
		    is_inside(dirfd(proc), entry->d_name, run))
			return true;
	return !proc;
}

bool
runid_is_alive(const char *id)
{
	struct run run = { .pid_namespace = FIRST_NAMESPACE };
	unsigned long long ticks;
	if (sscanf(id, "%d-%llu-%lu", &run.pid, &run.born,
		   &run.pid_namespace) < 2)
		return false;
	if (run.pid_namespace != self.pid_namespace)
		return may_be_elsewhere(&run);
	return start_time(run.pid, &ticks) == 0 && ticks == run.born;
}
