/* execs.c - parent.  See execs.h. */
#include "execs.h"

#include <dirent.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "exec-"

int
execs_begin(int dir, char id[ID_LENGTH + 1])
{
	if (record_invent_id(id) < 0)
		return -1;
	auto_free char *name = text(PREFIX "%s", id);
	for (;;) {
		struct stat st;
		auto_close int lock = openat(dir, name,
					     O_RDWR | O_CREAT | O_CLOEXEC,
					     0600);
		if (lock < 0 || flock(lock, LOCK_EX) < 0 ||
		    fstat(lock, &st) < 0)
			return fail("make %s", name);
		/* execs_list() may have come in between. */
		if (st.st_nlink > 0)
			return take_fd(&lock);
	}
}

void
execs_end(int dir, const char *id)
{
	auto_free char *name = text(PREFIX "%s", id);
	unlinkat(dir, name, 0);
}

static bool
is_alive(int dir, const char *name)
{
	auto_close int lock = openat(dir, name, O_RDONLY | O_CLOEXEC);
	return lock >= 0 && flock(lock, LOCK_SH | LOCK_NB) < 0;
}

void
execs_list(int dir, struct words *ids)
{
	int own = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *listing = own < 0 ? NULL : fdopendir(own);
	struct dirent *entry;
	while (listing && (entry = readdir(listing))) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		if (is_alive(dir, entry->d_name))
			words_add(ids, entry->d_name + strlen(PREFIX));
		else
			unlinkat(dir, entry->d_name, 0);
	}
}
