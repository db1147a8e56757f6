/* aufs.c - see aufs.h: mounting it, and which function does what is asked. */
#include "aufs.h"

#include <errno.h>
#include <linux/securebits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aufs_attr.h"
#include "aufs_dir.h"
#include "aufs_file.h"
#include "aufs_forget.h"
#include "aufs_handle.h"
#include "aufs_names.h"
#include "aufs_remount.h"
#include "aufs_show.h"

static const fuse_handler operations[] = {
	[FUSE_LOOKUP] = names_op_lookup,
	[FUSE_FORGET] = names_op_forget,
	[FUSE_BATCH_FORGET] = names_op_batch_forget,
	[FUSE_READLINK] = names_op_readlink,
	[FUSE_SYMLINK] = names_op_symlink,
	[FUSE_MKNOD] = names_op_mknod,
	[FUSE_MKDIR] = names_op_mkdir,
	[FUSE_LINK] = names_op_link,
	[FUSE_UNLINK] = names_op_unlink,
	[FUSE_RMDIR] = names_op_rmdir,
	[FUSE_RENAME] = names_op_rename,
	[FUSE_RENAME2] = names_op_rename2,
	[FUSE_CREATE] = names_op_create,
	[FUSE_TMPFILE] = names_op_tmpfile,

	[FUSE_GETATTR] = attr_op_getattr,
	[FUSE_SETATTR] = attr_op_setattr,
	[FUSE_GETXATTR] = attr_op_getxattr,
	[FUSE_LISTXATTR] = attr_op_listxattr,
	[FUSE_SETXATTR] = attr_op_setxattr,
	[FUSE_REMOVEXATTR] = attr_op_removexattr,
	[FUSE_STATFS] = attr_op_statfs,

	[FUSE_OPEN] = file_op_open,
	[FUSE_READ] = file_op_read,
	[FUSE_WRITE] = file_op_write,
	[FUSE_RELEASE] = file_op_release,
	[FUSE_FSYNC] = file_op_fsync,
	[FUSE_FALLOCATE] = file_op_fallocate,
	[FUSE_LSEEK] = file_op_lseek,
	[FUSE_COPY_FILE_RANGE] = file_op_copy_file_range,

	[FUSE_OPENDIR] = dir_op_opendir,
	[FUSE_READDIR] = dir_op_readdir,
	[FUSE_READDIRPLUS] = dir_op_readdirplus,
	[FUSE_RELEASEDIR] = dir_op_releasedir,
	[FUSE_FSYNCDIR] = dir_op_fsyncdir,

	[FUSE_IOCTL] = remount_op_ioctl,
};

void
aufs_init(struct aufs *aufs)
{
	pthread_rwlockattr_t writers_first;
	*aufs = (struct aufs){
		.fuse = { .handlers = operations,
			  .count = countof(operations),
			  .data = aufs,
			  .device = -1 },
		.next_id = AUFS_BRANCHES_MAX / 2 + 1,
		.listing_fd = -1,
	};
	pthread_rwlockattr_init(&writers_first);
	pthread_rwlockattr_setkind_np(
		&writers_first, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&aufs->tree, &writers_first);
	pthread_mutex_init(&aufs->copies, NULL);
	pthread_cond_init(&aufs->copied, NULL);
	nodes_init(&aufs->nodes);
	getrandom(&aufs->si, sizeof(aufs->si), 0);
}

/* ---- the process that serves ------------------------------------------- */

/* The table of descriptors has room for so many from the start. */
#define TABLE_SIZE 16384

/*
 * Every node holds descriptors: as many as we may have, and a quarter of that
 * for what is open.  The kernel doubles its table of them when it is full, and
 * where threads share it waits for each doubling until no CPU can see the old
 * one (synchronize_rcu(), 10 ms and more): so it grows now, while we are alone.
 */
static void
make_room_for_descriptors(struct aufs *aufs)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	aufs->nodes.descriptors_wanted = limit.rlim_max / 4 * 3;
	rlim_t last = (limit.rlim_max < TABLE_SIZE ? limit.rlim_max :
						     TABLE_SIZE) - 1;
	auto_close int highest = fcntl(aufs->branches[0]->fd, F_DUPFD_CLOEXEC,
				       (int)last);
}

/*
 * Files are made as the user who asks (names_as_caller()), but with our
 * privileges: those do not go with the user (capabilities(7)).  One arena of
 * memory for all threads gives back more of it.
 */
static void
prepare_process(struct aufs *aufs)
{
	prctl(PR_SET_SECUREBITS,
	      prctl(PR_GET_SECUREBITS) | SECBIT_NO_SETUID_FIXUP);
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, 128 * 1024);
	umask(0);
	make_room_for_descriptors(aufs);
}

/* Everything but the mount itself. */
static int
prepare(struct aufs *aufs)
{
	if (aufs->branch_count == 0)
		return failx("no branches: -o dirs=DIRECTORY:DIRECTORY...");
	prepare_process(aufs);
	return remount_make_root(aufs);
}

int
aufs_mount(struct aufs *aufs, const char *source, const char *target,
	   unsigned long flags)
{
	if (aufs->show_whiteouts && !(flags & MS_RDONLY))
		return failx("shwh shows what must not be changed: mount with "
			     "-o ro,shwh");
	aufs->target = realpath(target, NULL);
	if (!aufs->target)
		return fail("find mount point %s", target);
	if (prepare(aufs) < 0 ||
	    fuse_mount(&aufs->fuse, source, target, "aufs", flags) < 0)
		return -1;
	show_write(aufs);
	return 0;
}

int
aufs_mount_detached(struct aufs *aufs, const char *source,
		    unsigned int attributes)
{
	aufs->is_sealed = true;
	if (prepare(aufs) < 0)
		return -1;
	return fuse_mount_detached(&aufs->fuse, source, "aufs", attributes);
}

int
aufs_serve(struct aufs *aufs)
{
	if (forget_start(aufs) < 0)
		return -1;
	int result = fuse_serve(&aufs->fuse);
	forget_stop(aufs);
	/* The last descriptors may be the nodes'; what follows needs one. */
	close_scoped(&aufs->fuse.device);
	plinks_leave(&aufs->plinks, NULL);
	show_remove(aufs);
	return result;
}

void
aufs_free(struct aufs *aufs)
{
	plinks_leave(&aufs->plinks, NULL);
	handle_close_all(&aufs->nodes);
	dir_close_all(aufs);
	nodes_free(&aufs->nodes);
	for (int i = 0; i < aufs->branch_count; i++)
		branch_free(aufs->branches[i]);
	aufs->branch_count = 0;
	free_scoped(&aufs->target);
	free_scoped(&aufs->listing);
	close_scoped(&aufs->fuse.device);
}
