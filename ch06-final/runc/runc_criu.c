/* runc_criu.c - parent.  See runc_criu.h. */
#include "runc_criu.h"

#include <string.h>

int
runc_criu_images(void *data, const char *value)
{
	((struct criu_options *)data)->images = *value ? value : NULL;
	return 0;
}

int
runc_criu_work(void *data, const char *value)
{
	((struct criu_options *)data)->work = *value ? value : NULL;
	return 0;
}

int
runc_criu_cgroups(void *data, const char *value)
{
	static const struct {
		const char *name;
		enum criu_cgroups mode;
	} modes[] = {
		{ "", CRIU_CGROUPS_SOFT },
		{ "soft", CRIU_CGROUPS_SOFT },
		{ "full", CRIU_CGROUPS_FULL },
		{ "strict", CRIU_CGROUPS_STRICT },
		{ "ignore", CRIU_CGROUPS_IGNORE },
	};
	for (size_t i = 0; i < countof(modes); i++) {
		if (strcmp(value, modes[i].name) != 0)
			continue;
		((struct criu_options *)data)->cgroups = modes[i].mode;
		return 0;
	}
	return failx("it is soft, full, strict or ignore");
}

int
runc_criu_empty_ns(void *data, const char *value)
{
	(void)data;
	return strcmp(value, "network") == 0 ?
		       0 :
		       failx("network is the only one that can be empty");
}

void
runc_criu_complete(const struct runc *runc, struct criu_options *criu)
{
	criu->program = runc->criu;
	if (!criu->images)
		criu->images = "checkpoint";
}
