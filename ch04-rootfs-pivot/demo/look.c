/* look.c - see look.h. */
#include "look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tour.h"

int
look_put(const char *path, const char *content)
{
	const char *slash = strrchr(path, '/');
	auto_free char *parent = text("%.*s", slash ? (int)(slash - path) : 0,
				      path);
	if (*parent && make_dirs(parent, 0755) < 0)
		return -1;
	auto_close int fd = open(path,
				 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				 0644);
	size_t length = strlen(content);
	if (fd < 0 || write(fd, content, length) != (ssize_t)length)
		return fail("write %s", path);
	return 0;
}

bool
look_holds(const char *path, const char *content)
{
	size_t length = 0;
	auto_free char *found = read_all(AT_FDCWD, path, &length);
	return found && length == strlen(content) &&
	       memcmp(found, content, length) == 0;
}

bool
look_is_missing(const char *path)
{
	struct stat st;
	return lstat(path, &st) < 0 && errno == ENOENT;
}

char *
look_names(const char *path)
{
	struct dirent **list;
	int count = scandir(path, &list, NULL, alphasort);
	char *names = copy_text("");
	for (int i = 0; i < count; i++) {
		const char *name = list[i]->d_name;
		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
			char *longer = text("%s%s%s", names,
					    *names ? " " : "", name);
			free(names);
			names = longer;
		}
		free(list[i]);
	}
	if (count >= 0)
		free(list);
	return names;
}

bool
look_is(const char *path, const struct stat *st)
{
	struct stat now;
	return stat(path, &now) == 0 && now.st_dev == st->st_dev &&
	       now.st_ino == st->st_ino;
}

bool
look_is_same(const char *a, const char *b)
{
	struct stat st;
	return stat(b, &st) == 0 && look_is(a, &st);
}

int
look_try_create(const char *dir)
{
	auto_free char *path = text("%s/try-to-create", dir);
	auto_close int fd = open(path,
				 O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				 0600);
	if (fd < 0)
		return errno;
	return unlink(path) < 0 ? errno : 0;
}

int
look_try_write(const char *path)
{
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? errno : 0;
}

const char *
look_word(int error)
{
	return error ? strerror(error) : "yes";
}

char *
look_mount(const char *target)
{
	auto_mounts struct mount_table table = { 0 };
	if (mountinfo_read(0, &table) < 0)
		return copy_text("");
	const struct mountinfo *mount = mountinfo_find(&table, target);
	if (!mount) {
		tour_show("mounted there", "nothing");
		return copy_text("");
	}
	tour_show("mounted there", "%s%s%s %s%s%s", mount->type,
		  strcmp(mount->root, "/") != 0 ? " of " : "",
		  strcmp(mount->root, "/") != 0 ? mount->root : "",
		  mount->options, *mount->optional ? " " : "",
		  mount->optional);
	return copy_text(mount->options);
}

#define COLUMNS_SHOWN 62

void
look_show(const char *what, const char *words)
{
	while (strlen(words) > COLUMNS_SHOWN) {
		int cut = COLUMNS_SHOWN;
		while (cut > 0 && words[cut] != ' ')
			cut--;
		if (cut == 0)
			break;
		tour_show(what, "%.*s", cut, words);
		words += cut + 1;
		what = "";
	}
	tour_show(what, "%s", words);
}

int
look_count_mounts(const char *path)
{
	auto_mounts struct mount_table table = { 0 };
	size_t length = strcmp(path, "/") == 0 ? 0 : strlen(path);
	int count = 0;
	if (mountinfo_read(0, &table) < 0)
		return -1;
	for (size_t i = 0; i < table.count; i++) {
		const char *target = table.mounts[i].target;
		count += strncmp(target, path, length) == 0 &&
			 (length == 0 || target[length] == '\0' ||
			  target[length] == '/');
	}
	return count;
}
