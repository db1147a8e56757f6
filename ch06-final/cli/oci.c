/* oci.c - parent.  `oci`: mydocker-oci, the program beside us that engines
 * such as podman call. */
#include "verbs.h"

#include <stdlib.h>
#include <unistd.h>

#include "self.h"

static const struct option_row none[] = { { 0 } };

/* In our place: its exit status, its signals, its descriptors are ours. */
static int
run_oci(const struct verb *verb, int argc, char **argv)
{
	(void)argc;
	auto_free char *path = self_beside("mydocker-oci");
	if (!path)
		return verb_error(verb);
	argv[0] = path;
	execv(path, argv);
	fail("run %s", path);
	return verb_error(verb);
}

const struct verb verb_oci = {
	.name = "oci",
	.arguments = "VERB [OPTIONS] ...",
	.shows = "The runtime for engines, runc's command line: `oci --help`",
	.options = none,
	.failure_status = 1,
	.run = run_oci,
	.takes_command = true,
};
