/* holders.c - see holders.h. */
#include "holders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "mountinfo.h"
#include "ns.h"

#ifndef AT_STATX_DONT_SYNC
#define AT_STATX_DONT_SYNC 0x4000
#endif

struct search {
	dev_t device;
	struct holders *found;
	pid_t pid;
	int dir; /* /proc/PID */
};

static void
add(struct search *search, const char *how, const char *what)
{
	struct holders *found = search->found;
	found->list = resize_bytes(found->list, (found->count + 1) *
							sizeof(*found->list));
	struct holder *holder = &found->list[found->count++];
	*holder = (struct holder){ .pid = search->pid, .how = how,
				   .what = copy_text(what) };
	if (read_text(search->dir, "comm", holder->program,
		      sizeof(holder->program)) < 0)
		strcpy(holder->program, "?");
}

/* The links of /proc lead to the object itself, wherever it is.  Without
 * "sync" a network file system, or a FUSE, is not asked. */
static bool
is_on_device(const struct search *search, const char *link)
{
	struct statx st;
	return statx(search->dir, link, AT_STATX_DONT_SYNC, 0, &st) == 0 &&
	       makedev(st.stx_dev_major, st.stx_dev_minor) == search->device;
}

static void
check_link(struct search *search, const char *link, const char *how)
{
	char path[4096];
	if (!is_on_device(search, link))
		return;
	ssize_t length = readlinkat(search->dir, link, path, sizeof(path) - 1);
	path[length > 0 ? length : 0] = '\0';
	add(search, how, path);
}

static void
check_descriptors(struct search *search)
{
	int fd = openat(search->dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		auto_free char *link = text("fd/%s", entry->d_name);
		if (entry->d_name[0] != '.')
			check_link(search, link, "open file");
	}
}

/* A file may be mapped and no longer open: its line has the device. */
static void
check_maps(struct search *search)
{
	auto_free char *maps = read_all(search->dir, "maps", NULL);
	char *rest = maps;
	char *line;
	auto_free char *last = copy_text("");
	while (rest && (line = strsep(&rest, "\n"))) {
		unsigned int high, low;
		int at = 0;
		if (sscanf(line, "%*s %*s %*s %x:%x %*s %n", &high, &low,
			   &at) != 2 ||
		    makedev(high, low) != search->device ||
		    strcmp(line + at, last) == 0)
			continue;
		free(last);
		last = copy_text(line + at);
		add(search, "mapped file", last);
	}
}

/* Another namespace's mount of it does not keep ours from being unmounted,
 * but the file system from ending. */
static void
check_namespace(struct search *search)
{
	struct ns_id own, theirs;
	auto_mounts struct mount_table table = { 0 };
	if (ns_id(getpid(), &ns_kinds[0], &own) < 0 ||
	    ns_id(search->pid, &ns_kinds[0], &theirs) < 0 ||
	    ns_same(own, theirs) || mountinfo_read(search->pid, &table) < 0)
		return;
	for (size_t i = 0; i < table.count; i++)
		if (makedev(table.mounts[i].major, table.mounts[i].minor) ==
		    search->device)
			add(search, "mount namespace", table.mounts[i].target);
}

int
holders_find(dev_t device, struct holders *holders)
{
	auto_dir DIR *proc = opendir("/proc");
	struct dirent *entry;
	*holders = (struct holders){ 0 };
	if (!proc)
		return fail("open /proc");
	while ((entry = readdir(proc))) {
		uint64_t pid;
		if (parse_number(entry->d_name, 1, INT32_MAX, &pid) < 0)
			continue;
		auto_close int dir = openat(dirfd(proc), entry->d_name,
					    O_PATH | O_DIRECTORY | O_CLOEXEC);
		struct search search = { device, holders, pid, dir };
		if (dir < 0)
			continue; /* it has ended */
		check_link(&search, "cwd", "working directory");
		check_link(&search, "root", "root directory");
		check_link(&search, "exe", "program");
		check_descriptors(&search);
		check_maps(&search);
		check_namespace(&search);
	}
	return 0;
}

bool
holders_has(const struct holders *holders, pid_t pid, const char *how)
{
	for (size_t i = 0; i < holders->count; i++)
		if (holders->list[i].pid == pid &&
		    strcmp(holders->list[i].how, how) == 0)
			return true;
	return false;
}

void
holders_free(struct holders *holders)
{
	for (size_t i = 0; i < holders->count; i++)
		free(holders->list[i].what);
	free(holders->list);
	*holders = (struct holders){ 0 };
}
