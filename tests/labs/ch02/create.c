/*
 * create.c HOST FILE CODE NAME... - on a host with v1, v2 or both ("hybrid")
 * makes cgroups, one after the other.  Somebody else's directory "theirs" is
 * there in each hierarchy.  A write to FILE is refused with CODE.
 */
#include "cgroup.h"
#include "stop.h"

#include "../../unit/cgroupfs.h"

/* Lay out the host, and in each hierarchy somebody else's directory. */
static void
lay_out(const char *host)
{
	if (strcmp(host, "v1") == 0)
		fake_v1();
	else if (strcmp(host, "v2") == 0)
		fake_v2();
	else
		fake_hybrid();
	/* Where fake_v1() and fake_v2() have this process live. */
	put("sys/fs/cgroup/pids/user/cgroup.procs", "");
	put("sys/fs/cgroup/user/cgroup.procs", "");
	struct hierarchies found;
	must(hierarchy_find_all(&found) == 0);
	for (size_t i = 0; i < found.count; i++) {
		if (!found.all[i].base) /* it has a name and no controller */
			continue;
		auto_close int base = open(found.all[i].base,
					   O_RDONLY | O_DIRECTORY);
		must(mkdirat(base, "theirs", 0755) == 0);
	}
	hierarchy_free_all(&found);
}

int
main(int argc, char **argv)
{
	must(argc > 4);
	auto_free char *here = getcwd(NULL, 0);
	auto_free char *where = text("%s/host-XXXXXX", here);
	must(here && mkdtemp(where));
	fake_begin(where);
	lay_out(argv[1]);
	fake.refuse = argv[2];
	fake.refuse_with = atoi(argv[3]);
	for (int i = 4; i < argc; i++) {
		struct cgroup cg;
		stop("before", "pid=%d host=%s", getpid(), where);
		forget_failure();
		int result = cgroup_create(&cg, argv[i]);
		stop("created", "%s", RESULT(result));
	}
	return 0;
}
