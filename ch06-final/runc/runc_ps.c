/* runc_ps.c - parent.  `ps`: the processes of a container. */
#include "runc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroups.h"
#include "runc_values.h"

struct wanted {
	bool json;
};

static int
take_format(void *data, const char *value)
{
	return parse_format(value, &((struct wanted *)data)->json);
}

static const struct option_row rows[] = {
	{ 'f', "format", "FORMAT", "table (the default), or json: process "
	  "ids", take_format, 0 },
	{ 0 },
};

struct pids {
	pid_t *list;
	size_t count;
};

static int
find_pids(struct pids *pids, const char *root, const char *id)
{
	auto_state struct state state = { 0 };
	enum oci_status status;
	if (runtime_look(root, id, &state, NULL, &status) < 0)
		return -1;
	if (!state.cgroup)
		return failx("container %s has no cgroup of its own, which "
			     "would tell its processes", id);
	struct cgroup cgroup = { 0 };
	if (cgroup_open(&cgroup, state.cgroup) < 0)
		return -1;
	int result = cgroups_processes(&cgroup, &pids->list, &pids->count);
	cgroup_close(&cgroup);
	return result;
}

static void
print_json(const struct pids *pids)
{
	printf("[");
	for (size_t i = 0; i < pids->count; i++)
		printf("%s%d", i ? "," : "", pids->list[i]);
	printf("]\n");
}

/* ---- the rows that ps(1) has of them ------------------------------------ */

/* What `ps` prints can be read from the file. */
static FILE *
start_ps(char **argv, pid_t *pid)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0 || (*pid = fork()) < 0) {
		fail("start ps");
		return NULL;
	}
	if (*pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execvp(argv[0], argv);
		dprintf(STDERR_FILENO, "mydocker-oci: %s: %s\n", argv[0],
			strerror(errno));
		_exit(127);
	}
	close(ends[1]);
	return fdopen(ends[0], "r");
}

/* The word at `index`, from 0, in fresh memory; or NULL. */
static char *
word_at(const char *line, int index)
{
	static const char blanks[] = " \t\n";
	line += strspn(line, blanks);
	while (*line && index-- > 0) {
		line += strcspn(line, blanks);
		line += strspn(line, blanks);
	}
	size_t length = strcspn(line, blanks);
	return length ? text("%.*s", (int)length, line) : NULL;
}

/* Which of the words of the title is "PID"?  -1: none. */
static int
find_column(const char *title)
{
	for (int i = 0;; i++) {
		auto_free char *word = word_at(title, i);
		if (!word)
			return failx("what ps prints has no column PID");
		if (strcmp(word, "PID") == 0)
			return i;
	}
}

static bool
is_of(const struct pids *pids, const char *line, int column)
{
	auto_free char *word = word_at(line, column);
	uint64_t pid;
	if (!word || parse_number(word, 1, INT32_MAX, &pid) < 0)
		return false;
	for (size_t i = 0; i < pids->count; i++)
		if (pids->list[i] == (pid_t)pid)
			return true;
	return false;
}

/* The title, and the rows whose PID is one of ours. */
static int
filter(FILE *table, const struct pids *pids)
{
	auto_free char *line = NULL;
	size_t size = 0;
	if (getline(&line, &size, table) < 0)
		return failx("ps prints nothing");
	int column = find_column(line);
	if (column < 0)
		return -1;
	fputs(line, stdout);
	while (getline(&line, &size, table) > 0)
		if (is_of(pids, line, column))
			fputs(line, stdout);
	return 0;
}

static int
print_table(const struct pids *pids, char **argv)
{
	static char *by_default[] = { (char *)"ps", (char *)"-ef", NULL };
	pid_t pid;
	int status;
	FILE *table = start_ps(argv[1] ? argv : by_default, &pid);
	if (!table)
		return -1;
	int result = filter(table, pids);
	fclose(table); /* it writes no more, whatever it has to say */
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("wait for ps");
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		return failx("ps failed: exit status %d", WEXITSTATUS(status));
	return result;
}

/* ---- the verb ----------------------------------------------------------- */

static int
run(const struct runc *runc, void *data, char **words)
{
	const struct wanted *wanted = data;
	struct pids pids = { 0 };
	if (find_pids(&pids, runc->root, words[0]) < 0)
		return -1;
	int result = 0;
	words[0] = (char *)"ps"; /* what is left is its command line */
	if (wanted->json)
		print_json(&pids);
	else
		result = print_table(&pids, words);
	free(pids.list);
	return result;
}

const struct runc_verb runc_ps = {
	.name = "ps",
	.arguments = "ID [PS-OPTION...]",
	.shows = "list the processes of a container",
	.more = "The table has the rows of `ps -ef`, or of ps(1) with the "
		"options given.\n",
	.options = rows,
	.wanted_size = sizeof(struct wanted),
	.least = 1,
	.most = -1,
	.in_order = true,
	.run = run,
};
