/*
 * join.c BORN FILE CODE KIND... - goes into a cgroup that has a directory of
 * each kind: 1, of v1; 2, of v2; or -, one of v1 that is not there.  A write to
 * FILE is refused with CODE.
 */
#include "cgroup.h"
#include "stop.h"

#include "../../unit/cgroupfs.h"

static void
add_directory(struct cgroup *cg, const char *kind)
{
	struct cgroup_dir *dir = &cg->dirs[cg->count];
	*dir = (struct cgroup_dir){
		.in.version = *kind == '2' ? 2 : 1,
		.path = text("%s/%zu", fake.where, cg->count),
		.fd = -1,
	};
	must(make_dirs(dir->path, 0755) == 0);
	int fd = open(dir->path, O_RDONLY | O_DIRECTORY);
	must(fd >= 0);
	fake_fill(fd, dir->in.version, "");
	if (*kind != '-')
		dir->fd = fd;
	cg->count++;
}

int
main(int argc, char **argv)
{
	must(argc > 4);
	struct cgroup cg = { .name = "x" };
	auto_free char *here = getcwd(NULL, 0);
	auto_free char *where = text("%s/host-XXXXXX", here);
	must(here && mkdtemp(where));
	fake_begin(where);
	for (int i = 4; i < argc; i++)
		add_directory(&cg, argv[i]);
	fake.refuse = argv[2];
	fake.refuse_with = atoi(argv[3]);
	forget_failure();
	int result = cgroup_join(&cg, *argv[1] == '1');
	stop("joined", "host=%s %s", where, RESULT(result));
	return 0;
}
