/* a_cgroup.h - what the tests of cgroups have in common: a cgroup of ours on
 * one of the hosts of cgroupfs.h, and what it must leave behind: nothing. */
#ifndef A_CGROUP_H
#define A_CGROUP_H

#include "cgroup.h"
#include "cgroupfs.h"
#include "test.h"

#define CPU "sys/fs/cgroup/cpu/"
#define MEMORY "sys/fs/cgroup/memory/"
#define PIDS "sys/fs/cgroup/pids/"
#define V2 "sys/fs/cgroup/"
#define UNIFIED "sys/fs/cgroup/unified/"
#define NAME "mydocker/7f3a"

static struct cgroup cg;

static inline void
create(const char *name)
{
	if (cgroup_create(&cg, name) < 0)
		fail_msg("%s", failure.text);
}

/* Remove it and see that it and `trace` of it are gone. */
static inline void
remove_all(const char *trace_of_it)
{
	assert_int_equal(cgroup_destroy(&cg), 0);
	assert_int_equal(cgroup_destroy(&cg), 0); /* twice does no harm */
	cgroup_close(&cg);
	assert_false(exists(trace_of_it));
}

static inline void
assert_says(const char *part)
{
	if (!strstr(failure.text, part))
		fail_msg("\"%s\" does not say \"%s\"", failure.text, part);
}

#endif
