/* sysctl.c - child.  See sysctl.h. */
#include "sysctl.h"

#include <errno.h>

#include "oci_sysctl.h"
#include "procfs.h"

int
sysctl_write(int procfs, const struct oci_config *config)
{
	size_t count = config->kernel ? config->kernel->sysctl.count : 0;
	for (size_t i = 0; i < count; i++) {
		const struct oci_pair *pair = &config->kernel->sysctl.pairs[i];
		auto_free char *below = oci_sysctl_path(pair->key);
		auto_free char *path = text("sys/%s", below);
		if (procfs_write(procfs, path, pair->value) == 0)
			continue;
		return failure.code == ENOENT ?
			       wrap("linux.sysctl.%s: this kernel does not "
				    "have it", pair->key) :
			       wrap("linux.sysctl.%s", pair->key);
	}
	return 0;
}
