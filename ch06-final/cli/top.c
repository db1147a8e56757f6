/* top.c - parent.  `top`: the processes of a container, as ps(1) of the host
 * shows them. */
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allowed.h"
#include "cgroups.h"
#include "container.h"
#include "table.h"
#include "tell.h"
#include "view.h"

static const struct option_row none[] = { { 0 } };

struct processes {
	pid_t *list;
	size_t count;
};

static bool
has_pid_space(const char *pid, ino_t space)
{
	auto_free char *path = text("/proc/%s/ns/pid", pid);
	struct stat st;
	return stat(path, &st) == 0 && st.st_ino == space;
}

/* Without a cgroup of its own it is told by its pid namespace. */
static int
find_by_space(const struct view *view, struct processes *found)
{
	auto_free char *path = text("/proc/%d/ns/pid", view->record.pid);
	auto_dir DIR *proc = opendir("/proc");
	struct stat inside, ours;
	struct dirent *entry;
	if (!proc || stat(path, &inside) < 0 ||
	    stat("/proc/self/ns/pid", &ours) < 0)
		return fail("look at the processes of %s", view->record.name);
	if (inside.st_ino == ours.st_ino)
		return failx("container %s has neither a control group nor a "
			     "pid namespace of its own: its processes cannot "
			     "be told from others", view->record.name);
	while ((entry = readdir(proc))) {
		uint64_t pid;
		if (parse_number(entry->d_name, 1, INT32_MAX, &pid) < 0 ||
		    !has_pid_space(entry->d_name, inside.st_ino))
			continue;
		found->list = resize_bytes(found->list, (found->count + 1) *
							sizeof(pid_t));
		found->list[found->count++] = pid;
	}
	return 0;
}

static int
find_processes(const struct view *view, struct processes *found)
{
	auto_free char *why = allowed_why_not("pids");
	if (why)
		return find_by_space(view, found);
	struct cgroup cgroup = { 0 };
	if (container_open_cgroup(view->root, view->record.id, &cgroup) < 0)
		return -1;
	int result = cgroups_processes(&cgroup, &found->list, &found->count);
	cgroup_close(&cgroup);
	return result;
}

static bool
is_one(const struct processes *processes, const char *word)
{
	for (size_t i = 0; i < processes->count; i++)
		if (processes->list[i] == atoi(word))
			return true;
	return false;
}

/* What `ps` prints, in fresh memory; its own messages go where ours do. */
static char *
output_of(char *const *words)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0) {
		fail("make a pipe");
		return NULL;
	}
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execvp(words[0], words);
		dprintf(STDERR_FILENO, "mydocker: run ps: %s\n",
			strerror(errno));
		_exit(127);
	}
	close(ends[1]);
	auto_file FILE *in = fdopen(ends[0], "r");
	auto_free char *all = NULL;
	size_t size = 0;
	if (pid > 0 && in && getdelim(&all, &size, '\0', in) < 0)
		free_scoped(&all);
	int status = 0;
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			break;
	if (pid > 0 && all && status == 0)
		return take_ptr(&all);
	failx("ps: exit status %d", WEXITSTATUS(status));
	return NULL;
}

/* A line as cells: as many as the title has, the last one with all the rest.
 * Changes the line; `pid` is the word in that column, or NULL. */
static char *
cells_of(char *line, int columns, int pid_column, const char **pid)
{
	char *cells = copy_text(""), *rest = line;
	*pid = NULL;
	for (int i = 0; rest && *(rest += strspn(rest, " \t")); i++) {
		char *word = rest;
		if (i + 1 < columns || columns == 0)
			word = strsep(&rest, " \t");
		else
			rest = NULL;
		char *longer = text("%s%s%s", cells, i ? "\t" : "", word);
		free(cells);
		cells = longer;
		if (i == pid_column)
			*pid = word;
	}
	return cells;
}

/* In which column the pids are, and how many there are. */
static int
read_title(const char *title, int *columns, int *pid_column)
{
	auto_free char *copy = copy_text(title);
	char *rest = copy, *word;
	*columns = 0;
	*pid_column = -1;
	while ((word = strsep(&rest, " \t"))) {
		if (strcmp(word, "PID") == 0)
			*pid_column = *columns;
		*columns += *word != '\0';
	}
	if (*pid_column < 0)
		return failx("Couldn't find PID field in ps output");
	return 0;
}

static int
print_processes(char *output, const struct processes *processes)
{
	auto_free char *lines = NULL;
	size_t size;
	int columns, pid_column;
	char *line = strsep(&output, "\n");
	const char *pid;
	if (read_title(line, &columns, &pid_column) < 0)
		return -1;
	FILE *out = open_memstream(&lines, &size);
	if (!out)
		return fail("make a table");
	auto_free char *title = cells_of(line, 0, -1, &pid);
	fprintf(out, "%s\n", title);
	while ((line = strsep(&output, "\n"))) {
		auto_free char *cells = cells_of(line, columns, pid_column,
						 &pid);
		if (pid && is_one(processes, pid))
			fprintf(out, "%s\n", cells);
	}
	fclose(out);
	table_print(lines, 20, stdout);
	return 0;
}

static int
print_top(const struct view *view, char **words)
{
	static char ps[] = "ps", by_default[] = "-ef";
	char *usual[] = { ps, by_default, NULL };
	struct processes processes = { 0 };
	if (!view_is_running(view))
		return failx("container %s is not running", view->record.id);
	char **command = usual;
	if (words[0]) {
		command = words - 1; /* in the place of the container's name */
		command[0] = ps;
	}
	auto_free char *output = output_of(command);
	if (!output || find_processes(view, &processes) < 0)
		return -1;
	int result = print_processes(output, &processes);
	free(processes.list);
	if (result == 0)
		container_tell(view->dir, &view->record,
			       &view->settings.labels, "top", NULL);
	return result;
}

static int
run_top(const struct verb *verb, int argc, char **argv)
{
	int status;
	int first = verb_begin(verb, argc, argv, NULL, 1, -1, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	auto_view struct view view = { 0 };
	if (view_open(verb_root(), argv[first], &view) < 0 ||
	    print_top(&view, argv + first + 1) < 0)
		return verb_error(verb);
	return 0;
}

const struct verb verb_top = {
	.name = "top",
	.arguments = "CONTAINER [ps OPTIONS]",
	.shows = "Display the running processes of a container",
	.options = none,
	.failure_status = 1,
	.run = run_top,
	.takes_command = true,
};
