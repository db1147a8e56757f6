/* sizes.c - parent.  See sizes.h. */
#include "sizes.h"

#include <fts.h>
#include <sys/stat.h>

/* Of files with several names, each inode once. */
static bool
is_counted(ino_t **seen, size_t *count, const struct stat *st)
{
	if (st->st_nlink < 2)
		return false;
	for (size_t i = 0; i < *count; i++)
		if ((*seen)[i] == st->st_ino)
			return true;
	*seen = resize_bytes(*seen, (*count + 1) * sizeof(**seen));
	(*seen)[(*count)++] = st->st_ino;
	return false;
}

uint64_t
sizes_of_tree(const char *path)
{
	auto_free char *top = copy_text(path);
	FTS *walk = fts_open((char *const[]){ top, NULL },
			     FTS_PHYSICAL | FTS_XDEV, NULL);
	auto_free ino_t *seen = NULL;
	size_t count = 0;
	uint64_t bytes = 0;
	FTSENT *entry;
	while (walk && (entry = fts_read(walk)))
		if (entry->fts_info == FTS_F &&
		    !is_counted(&seen, &count, entry->fts_statp))
			bytes += entry->fts_statp->st_size;
	if (walk)
		fts_close(walk);
	return bytes;
}
