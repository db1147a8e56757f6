/*
 * replay.c - in place of libFuzzer where there is none: gives a target each of
 * the files that are named, or are in a directory that is named, once.
 *
 *	build/asan/fuzz_NAME fuzz/corpus/NAME
 */
#include "fuzz.h"

#include <fcntl.h>

static int
replay(int dir, const char *name)
{
	size_t size;
	auto_free char *bytes = read_all(dir, name, &size);
	if (!bytes)
		return -1;
	(void)!fuzz((const uint8_t *)bytes, size);
	return 1;
}

static int
replay_all(const char *path)
{
	int count = 0;
	auto_dir DIR *dir = opendir(path);
	if (!dir)
		return replay(AT_FDCWD, path);
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		if (replay(dirfd(dir), entry->d_name) < 0)
			return -1;
		count++;
	}
	return count;
}

int
main(int argc, char **argv)
{
	int count = 0;
	for (int i = 1; i < argc; i++) {
		int played = replay_all(argv[i]);
		if (played < 0) {
			fprintf(stderr, "%s\n", failure.text);
			return 1;
		}
		count += played;
	}
	printf("%d inputs\n", count);
	return count == 0;
}
