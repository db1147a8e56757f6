/*
 * cgroups_below.c - parent.  Where below a container's cgroup another process
 * of it begins: where --cgroup says, or where its first process has gone.  See
 * cgroups.h.
 */
#include "cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "safepath.h"
#include "subtree.h"

/* ---- --cgroup ----------------------------------------------------------- */

static bool
leads_up(const char *path)
{
	for (; *path; path += strspn(path, "/")) {
		size_t length = strcspn(path, "/");
		if (length == 2 && strncmp(path, "..", 2) == 0)
			return true;
		path += length;
	}
	return false;
}

/* Let `dir` be the one at `path` in it: "/" is itself, as for runc. */
static int
step_into(struct cgroup_dir *dir, const char *path)
{
	path += strspn(path, "/");
	if (!*path)
		return 0;
	if (leads_up(path))
		return failx("it leads out of the container's cgroup");
	auto_close int fd = safepath_open(dir->fd, path, SUBTREE_OPEN);
	if (fd < 0 && failure.code == ENOENT)
		return failx("there is no %s/%s", dir->path, path);
	if (fd < 0)
		return -1;
	char *longer = text("%s/%s", dir->path, path);
	free(dir->path);
	dir->path = longer;
	close_scoped(&dir->fd);
	dir->fd = take_fd(&fd);
	return 0;
}

static int
find_v1(const struct cgroup *cgroup, const char *controller)
{
	for (size_t i = 0; i < cgroup->count; i++)
		if (cgroup->dirs[i].in.version == 1 &&
		    cgroup->dirs[i].fd >= 0 &&
		    hierarchy_list_has(cgroup->dirs[i].in.controllers,
				       controller))
			return i;
	return failx("the container is in no cgroup of version 1 with the "
		     "controller \"%s\"", controller);
}

/* "cpu,cpuacct:a" is `of` the directories with cpu and with cpuacct. */
static int
take_controllers(const struct cgroup *cgroup, const char *word,
		 const char *of[HIERARCHY_MAX])
{
	auto_free char *list = text("%.*s", (int)strcspn(word, ":"), word);
	char *rest = list, *controller;
	while ((controller = strsep(&rest, ","))) {
		if (!*controller)
			return failx("a controller without a name");
		int i = find_v1(cgroup, controller);
		if (i < 0)
			return -1;
		if (of[i] && of[i] != word)
			return failx("the cgroup with the controller \"%s\" "
				     "is said already", controller);
		of[i] = word;
	}
	return 0;
}

static const char *
path_of(const char *word)
{
	const char *colon = strchr(word, ':');
	return colon ? colon + 1 : word;
}

/* A path alone is that in every hierarchy, and has none beside it. */
static int
take_word(const struct cgroup *cgroup, const char *word, bool alone,
	  const char *of[HIERARCHY_MAX])
{
	if (strchr(word, ':'))
		return take_controllers(cgroup, word, of);
	if (!alone)
		return failx("of several each is CONTROLLER:PATH");
	for (size_t i = 0; i < cgroup->count; i++)
		if (cgroup->dirs[i].fd >= 0)
			of[i] = word;
	return 0;
}

int
cgroups_step_into(struct cgroup *cgroup, const char *const *words)
{
	const char *of[HIERARCHY_MAX] = { 0 };
	for (size_t i = 0; words[i]; i++)
		if (take_word(cgroup, words[i], i == 0 && !words[1], of) < 0)
			return wrap("--cgroup %s", words[i]);
	for (size_t i = 0; i < cgroup->count; i++)
		if (of[i] && step_into(&cgroup->dirs[i], path_of(of[i])) < 0)
			return wrap("--cgroup %s", of[i]);
	return 0;
}

/* ---- where another process is -------------------------------------------- */

struct search {
	const char *number; /* of the process, as a line */
	int fd;		    /* of its directory, or -1 */
	char *path;	    /* from where the search began */
	int depth;
};

static bool
lists(int dir, const char *number)
{
	auto_free char *lines = read_all(dir, "cgroup.procs", NULL);
	for (const char *at = lines; at && (at = strstr(at, number)); at++)
		if (at == lines || at[-1] == '\n')
			return true;
	return false;
}

static int
look_into(int dir, int parent, const char *name, void *data)
{
	(void)parent;
	struct search *search = data;
	if (lists(dir, search->number)) {
		search->fd = fcntl(dir, F_DUPFD_CLOEXEC, 3);
		search->path = copy_text(name);
		return -1; /* no further */
	}
	if (search->depth == SUBTREE_DEPTH)
		return 0;
	search->depth++;
	int result = subtree_each_child(dir, look_into, search);
	search->depth--;
	if (!search->path)
		return result;
	char *longer = text("%s/%s", name, search->path);
	free(search->path);
	search->path = longer;
	return -1;
}

int
cgroups_follow(struct cgroup *cgroup, pid_t pid)
{
	auto_free char *number = text("%d\n", pid);
	struct search search = { .number = number, .fd = -1 };
	struct cgroup_dir *dir = NULL;
	for (size_t i = 0; i < cgroup->count && !dir; i++)
		if (cgroup->dirs[i].in.version == 2 && cgroup->dirs[i].fd >= 0)
			dir = &cgroup->dirs[i];
	if (dir)
		subtree_each_child(dir->fd, look_into, &search);
	auto_close int fd = search.fd;
	auto_free char *below = search.path;
	if (fd < 0)
		return failx("process %d is in no cgroup below the "
			     "container's", pid);
	char *path = text("%s/%s", dir->path, below);
	free(dir->path);
	dir->path = path;
	close_scoped(&dir->fd);
	dir->fd = take_fd(&fd);
	return 0;
}
