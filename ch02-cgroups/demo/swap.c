/* swap.c - see swap.h. */
#include "swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "runid.h"
#include "sys.h"
#include "tour.h"
#include "words.h"

/* /tmp is often a tmpfs, on which there can be no swap. */
#define PLACE "/var/tmp"
#define PREFIX "mydocker-swap-"

static uint64_t
free_swap(void)
{
	struct sysinfo info;
	return sysinfo(&info) < 0 ? 0 : (uint64_t)info.freeswap * info.mem_unit;
}

/* The first page of a swap area, as mkswap(8) writes it. */
static int
write_header(int fd, uint64_t bytes)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	auto_free char *header = new_bytes(page);
	memset(header, 0, page);
	uint32_t version_and_last_page[] = { 1, bytes / page - 1 };
	memcpy(header + 1024, version_and_last_page,
	       sizeof(version_and_last_page));
	memcpy(header + page - 10, "SWAPSPACE2", 10);
	return pwrite(fd, header, page, 0) == (ssize_t)page ? 0 : -1;
}

static int
make_file(const char *path, uint64_t bytes)
{
	auto_close int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
				 0600);
	if (fd < 0)
		return fail("create %s", path);
	/* A swap file has no holes. */
	if (fallocate(fd, 0, 0, bytes) < 0 || write_header(fd, bytes) < 0 ||
	    fsync(fd) < 0)
		return fail("write %s", path);
	if (sys_swapon(path) < 0)
		return errno == EINVAL ?
			       failx("the file system of " PLACE " takes no "
				     "swap file") :
			       fail("swapon %s", path);
	return 0;
}

int
swap_need(uint64_t bytes)
{
	uint64_t there = free_swap();
	if (there >= bytes) {
		tour_say("The host has %s of swap to spare.",
			 words_mib(there).text);
		return 0;
	}
	auto_free char *path = text(PLACE "/" PREFIX "%s", runid());
	if (make_file(path, bytes) < 0) {
		swap_remove();
		return -1;
	}
	tour_say("The host has no swap to spare; for now it has %s in %s.",
		 words_mib(bytes).text, path);
	return 0;
}

/* A file that we have made, and no other name of one elsewhere: the place
 * belongs to everybody. */
static bool
is_ours(int dir, const char *name)
{
	struct stat st;
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	       st.st_nlink == 1;
}

void
swap_remove(void)
{
	auto_dir DIR *dir = opendir(PLACE);
	struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		size_t skip = strlen(PREFIX);
		const char *id = entry->d_name + skip;
		if (strncmp(entry->d_name, PREFIX, skip) != 0 ||
		    !is_ours(dirfd(dir), entry->d_name) ||
		    (strcmp(id, runid()) != 0 &&
		     runid_is_alive(id)))
			continue;
		auto_free char *path = text(PLACE "/%s", entry->d_name);
		sys_swapoff(path);
		unlink(path);
	}
}
