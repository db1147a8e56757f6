/*
 * runc_criu.h - parent: the options that `checkpoint` and `restore` have in
 * common.  The struct that they fill begins with a struct criu_options.
 */
#ifndef RUNC_CRIU_H
#define RUNC_CRIU_H

#include "runc.h"

int runc_criu_images(void *data, const char *value);
int runc_criu_work(void *data, const char *value);
int runc_criu_cgroups(void *data, const char *value);
int runc_criu_empty_ns(void *data, const char *value);

#define CRIU_SWITCH(name, help, member)                                       \
	SWITCH(0, name, help, struct criu_options, member)
#define CRIU_ROWS                                                             \
	{ 0, "image-path", "DIR", "The images (default: ./checkpoint)",       \
	  runc_criu_images, 0 },                                              \
	{ 0, "work-path", "DIR", "criu's log (default: with the images)",     \
	  runc_criu_work, 0 },                                                \
	CRIU_SWITCH("tcp-established", "Also connections of TCP",             \
		    tcp_established),                                         \
	CRIU_SWITCH("ext-unix-sk", "Also sockets connected to the host's",    \
		    ext_unix_sk),                                             \
	CRIU_SWITCH("shell-job", "Also with a terminal of the host's",        \
		    shell_job),                                               \
	CRIU_SWITCH("file-locks", "Also locks of files", file_locks),         \
	CRIU_SWITCH("lazy-pages", "Memory is fetched when it is used",        \
		    lazy_pages),                                              \
	CRIU_SWITCH("auto-dedup", "Free what newer images have, too",         \
		    auto_dedup),                                              \
	{ 0, "manage-cgroups-mode", "MODE", "soft, full, strict or ignore",   \
	  runc_criu_cgroups, 0 },                                             \
	{ 0, "empty-ns", "network", "As it is always", runc_criu_empty_ns, 0 }

/* What is left open by the options. */
void runc_criu_complete(const struct runc *runc, struct criu_options *criu);

#endif
