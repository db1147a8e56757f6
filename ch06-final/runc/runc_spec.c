/* runc_spec.c - parent.  `spec`: a config.json to begin with. */
#include "runc.h"

#include "oci_spec.h"

struct wanted {
	const char *bundle;
	bool rootless;
};

static int
take_bundle(void *data, const char *value)
{
	((struct wanted *)data)->bundle = value;
	return *value ? 0 : failx("it is a directory");
}

static const struct option_row rows[] = {
	{ 'b', "bundle", "DIR", "Where it is written (default: here)",
	  take_bundle, 0 },
	SWITCH(0, "rootless", "For the user who calls, without root's rights",
	       struct wanted, rootless),
	{ 0 },
};

static int
run(const struct runc *runc, void *data, char **words)
{
	const struct wanted *wanted = data;
	(void)runc;
	(void)words;
	return oci_spec_write(wanted->bundle ? wanted->bundle : ".",
			      wanted->rootless);
}

const struct runc_verb runc_spec = {
	.name = "spec",
	.arguments = "",
	.shows = "write a config.json to begin with",
	.more = "It runs a shell in the directory \"rootfs\" beside it.  One "
		"that is there already\nis left alone.\n",
	.options = rows,
	.wanted_size = sizeof(struct wanted),
	.is_about_all = true,
	.run = run,
};
