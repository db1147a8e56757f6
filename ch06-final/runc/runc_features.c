/* runc_features.c - parent.  `features`: what this runtime understands. */
#include "runc.h"

#include "filter.h"
#include "oci_features.h"

static const struct oci_abilities abilities = {
	.seccomp = true,
	.apparmor = true,
	.selinux = true,
	.idmap = true,
	.net_devices = true,
	.intel_rdt = true,
	.systemd = true,
	.systemd_user = true,
	.checkpoint = true,
	.knows_architecture = filter_knows_architecture,
};

static int
run(const struct runc *runc, void *wanted, char **words)
{
	(void)runc;
	(void)wanted;
	(void)words;
	auto_free char *json = oci_features_json(&abilities);
	puts(json);
	return 0;
}

const struct runc_verb runc_features = {
	.name = "features",
	.arguments = "",
	.shows = "print what of the specification is understood, as JSON",
	.is_about_all = true,
	.run = run,
};
