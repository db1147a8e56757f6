/* groups.c - parent.  The groups of verbs: see verbs.h. */
#include "verbs.h"

#include <string.h>

/* A word without a verb of another name is a verb's own: "container start".
 * Those that do not exist (yet) are in no list. */
static const struct {
	const char *group, *word, *verb;
} rows[] = {
	{ "builder", "build", "build" },
	{ "builder", "du", "builder du" },
	{ "builder", "prune", "builder prune" },
	{ "container", "attach", "attach" },
	{ "container", "commit", "commit" },
	{ "container", "cp", "cp" },
	{ "container", "create", "create" },
	{ "container", "diff", "diff" },
	{ "container", "exec", "exec" },
	{ "container", "export", "export" },
	{ "container", "inspect", "inspect" },
	{ "container", "kill", "kill" },
	{ "container", "logs", "logs" },
	{ "container", "ls", "ps" },
	{ "container", "list", "ps" },
	{ "container", "ps", "ps" },
	{ "container", "pause", "pause" },
	{ "container", "port", "port" },
	{ "container", "prune", "container prune" },
	{ "container", "rename", "rename" },
	{ "container", "restart", "restart" },
	{ "container", "rm", "rm" },
	{ "container", "run", "run" },
	{ "container", "start", "start" },
	{ "container", "stats", "stats" },
	{ "container", "stop", "stop" },
	{ "container", "top", "top" },
	{ "container", "unpause", "unpause" },
	{ "container", "update", "update" },
	{ "container", "wait", "wait" },
	{ "image", "build", "build" },
	{ "image", "history", "history" },
	{ "image", "import", "import" },
	{ "image", "inspect", "inspect" },
	{ "image", "load", "load" },
	{ "image", "ls", "images" },
	{ "image", "list", "images" },
	{ "image", "prune", "image prune" },
	{ "image", "pull", "pull" },
	{ "image", "push", "push" },
	{ "image", "rm", "rmi" },
	{ "image", "save", "save" },
	{ "image", "tag", "tag" },
	{ "network", "connect", "network connect" },
	{ "network", "create", "network create" },
	{ "network", "disconnect", "network disconnect" },
	{ "network", "inspect", "network inspect" },
	{ "network", "ls", "network ls" },
	{ "network", "list", "network ls" },
	{ "network", "prune", "network prune" },
	{ "network", "rm", "network rm" },
	{ "network", "remove", "network rm" },
	{ "system", "boot", "system boot" },
	{ "system", "check", "system check" },
	{ "system", "df", "system df" },
	{ "system", "events", "events" },
	{ "system", "halt", "system halt" },
	{ "system", "info", "info" },
	{ "system", "prune", "system prune" },
	{ "volume", "create", "volume create" },
	{ "volume", "inspect", "volume inspect" },
	{ "volume", "ls", "volume ls" },
	{ "volume", "list", "volume ls" },
	{ "volume", "prune", "volume prune" },
	{ "volume", "rm", "volume rm" },
	{ "volume", "remove", "volume rm" },
};

static const char *const names[] = { "builder", "container", "image", "network",
				     "system", "volume" };

bool
groups_has(const char *group)
{
	for (size_t i = 0; i < countof(names); i++)
		if (strcmp(names[i], group) == 0)
			return true;
	return false;
}

const char *
groups_name(size_t index)
{
	return index < countof(names) ? names[index] : NULL;
}

const struct verb *
groups_find(const char *group, const char *word)
{
	for (size_t i = 0; i < countof(rows); i++)
		if (strcmp(rows[i].group, group) == 0 &&
		    strcmp(rows[i].word, word) == 0)
			return verb_find(rows[i].verb);
	return NULL;
}

const char *
groups_word(const char *group, size_t index)
{
	for (size_t i = 0; i < countof(rows); i++)
		if (strcmp(rows[i].group, group) == 0 &&
		    verb_find(rows[i].verb) && index-- == 0)
			return rows[i].word;
	return NULL;
}

void
groups_help(const char *group)
{
	const char *word;
	printf("Usage:  ./demo %s COMMAND\n\nCommands:\n", group);
	for (size_t i = 0; (word = groups_word(group, i)); i++)
		printf("  %-10s %s\n", word,
		       groups_find(group, word)->shows);
}
