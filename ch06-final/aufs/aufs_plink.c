/* aufs_plink.c - see aufs_plink.h. */
#include "aufs_plink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

static struct plink **
chain_of(const struct plinks *plinks, ino_t ino)
{
	return (struct plink **)&plinks->chains[ino % PLINK_CHAINS];
}

struct plink *
plink_of_original(const struct plinks *plinks, const struct stat *original)
{
	struct plink *plink = *chain_of(plinks, original->st_ino);
	while (plink && (plink->ino != original->st_ino ||
			 plink->dev != original->st_dev))
		plink = plink->next;
	bool is_another = plink && plink->born &&
			  original->st_ctim.tv_sec > plink->born;
	return is_another ? NULL : plink;
}

struct plink *
plink_of_copy(const struct plinks *plinks, const struct stat *copy)
{
	for (int i = 0; i < PLINK_CHAINS; i++)
		for (struct plink *p = plinks->chains[i]; p; p = p->next)
			if (p->branch && p->copy == copy->st_ino &&
			    p->branch->dev == copy->st_dev)
				return p;
	return NULL;
}

static struct plink *
add(struct plinks *plinks, dev_t dev, ino_t ino)
{
	struct plink **chain = chain_of(plinks, ino);
	struct plink *plink = new_bytes(sizeof(*plink));
	*plink = (struct plink){ .next = *chain, .dev = dev, .ino = ino };
	return *chain = plink;
}

static void
forget(struct plinks *plinks, struct plink *plink)
{
	struct plink **at = chain_of(plinks, plink->ino);
	while (*at != plink)
		at = &(*at)->next;
	*at = plink->next;
	free(plink->name);
	free(plink);
}

void
plink_name_handled(struct plinks *plinks, const struct stat *original)
{
	struct plink *plink = plink_of_original(plinks, original);
	if (!plink)
		plink = add(plinks, original->st_dev, original->st_ino);
	plink->links = original->st_nlink;
	plink->handled++;
}

/* ---- on disk ----------------------------------------------------------- */

/* What tells a file system from others, also after the next boot. */
static uint64_t
file_system_id(int fd)
{
	struct statfs fs;
	uint64_t id = 0;
	if (fstatfs(fd, &fs) == 0)
		memcpy(&id, &fs.f_fsid, sizeof(id));
	return id;
}

static time_t
birth(int dir, const char *name)
{
	struct statx stx;
	if (statx(dir, name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, STATX_BTIME,
		  &stx) < 0 ||
	    !(stx.stx_mask & STATX_BTIME))
		return 0;
	return stx.stx_btime.tv_sec;
}

int
plink_make(struct plinks *plinks, struct branch *branch, int original,
	   int copy)
{
	struct stat from, to;
	if (fstat(original, &from) < 0 || fstat(copy, &to) < 0)
		return -errno;
	auto_free char *name =
		from.st_dev == branch->dev ?
			text("%ju.%ju", (uintmax_t)from.st_ino,
			     (uintmax_t)to.st_ino) :
			text("%ju.%ju.%" PRIx64, (uintmax_t)from.st_ino,
			     (uintmax_t)to.st_ino, file_system_id(original));
	auto_free char *path = text("/proc/self/fd/%d", copy);
	unlinkat(branch->plinks, name, 0); /* of another life */
	if (linkat(AT_FDCWD, path, branch->plinks, name, AT_SYMLINK_FOLLOW) <
	    0)
		return -errno;
	plink_name_handled(plinks, &from);
	struct plink *plink = plink_of_original(plinks, &from);
	plink->branch = branch;
	plink->name = take_ptr(&name);
	plink->copy = to.st_ino;
	plink->born = birth(copy, "");
	return 0;
}

/* On which device of the branches is the original? */
static bool
find_device(struct branch *const *branches, int count, uint64_t id, dev_t *dev)
{
	for (int i = 0; i < count; i++)
		if (file_system_id(branches[i]->fd) == id) {
			*dev = branches[i]->dev;
			return true;
		}
	return false;
}

static void
read_one(struct plinks *plinks, struct branch *branch, const char *name,
	 struct branch *const *branches, int count)
{
	uintmax_t original, copy;
	uint64_t id;
	dev_t dev = branch->dev;
	struct stat st;
	int fields = sscanf(name, "%ju.%ju.%" SCNx64, &original, &copy, &id);
	if (fields < 2 ||
	    fstatat(branch->plinks, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    st.st_ino != copy ||
	    (fields == 3 && !find_device(branches, count, id, &dev)))
		return;
	struct plink *plink = add(plinks, dev, original);
	plink->branch = branch;
	plink->name = copy_text(name);
	plink->copy = copy;
	plink->born = birth(branch->plinks, name);
	/* That many names are real links by now; how many there were is known
	 * when the original is seen again. */
	plink->handled = st.st_nlink - 1;
}

void
plinks_read(struct plinks *plinks, struct branch *branch,
	    struct branch *const *branches, int count)
{
	auto_dir DIR *dir = fdopendir(openat(
		branch->plinks, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *entry;
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			read_one(plinks, branch, entry->d_name, branches,
				 count);
}

void
plink_remove(struct plinks *plinks, struct plink *plink)
{
	unlinkat(plink->branch->plinks, plink->name, 0);
	forget(plinks, plink);
}

void
plinks_leave(struct plinks *plinks, const struct branch *branch)
{
	for (int i = 0; i < PLINK_CHAINS; i++)
		for (struct plink *p = plinks->chains[i], *next; p; p = next) {
			next = p->next;
			if (branch && p->branch != branch)
				continue;
			if (p->branch && p->links && p->handled >= p->links)
				plink_remove(plinks, p);
			else
				forget(plinks, p);
		}
}

/* ---- counting ---------------------------------------------------------- */

nlink_t
plink_count_names(const struct plinks *plinks, const struct stat *st,
		  const struct branch *branch)
{
	bool may_be_copy = branch_is_writable(branch);
	const struct plink *plink = may_be_copy ?
					    plink_of_copy(plinks, st) :
					    plink_of_original(plinks, st);
	if (!plink)
		return st->st_nlink;
	if (!may_be_copy)
		return st->st_nlink - plink->handled;
	nlink_t left = plink->links > plink->handled ?
			       plink->links - plink->handled : 0;
	return st->st_nlink - 1 + left;
}
