/*
 * copy_up.c BRANCHES ORIGINAL NAME SIZE PLAY - copies the original, a path, up
 * to the first branch, where it gets that name.  PLAY is what the kernel does:
 *
 *	plain	no two files share blocks
 *	shared	they do: the data need not be copied
 *	blind	it cannot tell holes from data
 *	full	nothing more can be written
 *
 * A filter of seccomp(2) answers in the kernel's place.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "aufs_copyup.h"
#include "union.h"

enum { ANY = -1 };

/* From now on the call fails with `code` (0: it does nothing, and succeeds),
 * where the argument with this number, or ANY, has the value. */
static void
play(int call, int argument, uint32_t value, int code)
{
	size_t looks_at = offsetof(struct seccomp_data, args) +
			  argument * sizeof(uint64_t);
	if (argument == ANY) {
		looks_at = offsetof(struct seccomp_data, nr);
		value = call;
	}
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, looks_at),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | code),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { countof(filter), filter };
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void
begin(const char *name)
{
	bool is_shared = strcmp(name, "shared") == 0;
	play(SYS_ioctl, 1, FICLONE, is_shared ? 0 : EOPNOTSUPP);
	if (strcmp(name, "blind") == 0) {
		play(SYS_lseek, 2, SEEK_DATA, EINVAL);
		play(SYS_lseek, 2, SEEK_HOLE, EINVAL);
	} else if (strcmp(name, "full") == 0) {
		play(SYS_copy_file_range, ANY, 0, ENOSPC);
		play(SYS_pwrite64, ANY, 0, ENOSPC);
		play(SYS_write, ANY, 0, ENOSPC);
	}
}

int
main(int argc, char **argv)
{
	struct aufs aufs;
	struct stat st;
	bool differs;
	must(argc == 6);
	make_union(&aufs, argv[1]);
	struct layer original = { aufs.branches[1],
				  open(argv[2], O_PATH | O_NOFOLLOW) };
	must(original.fd >= 0 && fstat(original.fd, &st) == 0);
	struct node *node =
		node_get(&aufs.nodes, &original, 1, false, &st, &differs);
	node_add_alias(&aufs.nodes, node, &aufs.nodes.root, argv[3]);
	begin(argv[5]);
	int result = copyup(&aufs, node, strtoull(argv[4], NULL, 10));
	stop("copied", "%s", ERRNO(result));
	return 0;
}
