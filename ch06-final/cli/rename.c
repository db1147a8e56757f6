/* rename.c - parent.  `rename`: a container is called otherwise. */
#include <string.h>
#include <sys/file.h>

#include "container.h"
#include "names.h"
#include "tell.h"
#include "units.h"
#include "verbs.h"

static const struct option_row options[] = {
	{ 0 },
};

static int
rename_it(const char *word, const char *name)
{
	auto_container struct container c;
	/* "/web" is what Docker's own lists call it. */
	name += *name == '/';
	if (container_find(&c, verb_root(), word) < 0)
		return -1;
	if (!*name)
		return failx("Neither old nor new names may be empty");
	if (strcmp(name, c.record.name) == 0)
		return failx("Renaming a container with the same name as its "
			     "current name");
	auto_free char *old = text("/%s", c.record.name);
	if (check_name(name) < 0 ||
	    record_rename(c.containers, c.dir, &c.record, name) < 0)
		return wrap("Error when allocating new name");
	auto_close int networks = networks_open(verb_root(), LOCK_EX);
	if (networks < 0 || names_rename(networks, c.record.id, name) < 0 ||
	    container_sync(&c) < 0)
		return -1;
	container_tell(c.dir, &c.record, NULL, "rename",
		       (const char *const[]){ "oldName", old, NULL });
	return 0;
}

static int
run_rename(const struct verb *verb, int argc, char **argv)
{
	int status;
	int first = verb_begin(verb, argc, argv, NULL, 2, 2, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	if (rename_it(argv[first], argv[first + 1]) == 0)
		return 0;
	verb_error(verb);
	fprintf(stderr, "mydocker rename: failed to rename container named "
		"%s\n", argv[first]);
	return verb->failure_status;
}

const struct verb verb_rename = {
	.name = "rename",
	.arguments = "CONTAINER NEW_NAME",
	.shows = "Rename a container",
	.options = options,
	.failure_status = 1,
	.run = run_rename,
};
