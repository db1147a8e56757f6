/*
 * bundle.h - for tests of the runtime's mounts: a config.json in a line of C,
 * a root next to it, and what the kernel says afterwards.
 *
 *	struct oci_config config;
 *	load(&config, "'mounts': [...]", "'namespaces': [...]");
 *	int root = build(&config);
 *
 * Include it in a body of sandbox.h: root/ in the working directory is the
 * container's, everything else the host's.
 */
#ifndef BUNDLE_H
#define BUNDLE_H

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "mountinfo.h"
#include "mounts.h"
#include "oci_config.h"
#include "sandbox.h"

/* Quotes are single, to be readable in C.  `more` are properties of the whole,
 * `kernel` those of "linux"; either may be "". */
static inline void
load(struct oci_config *config, const char *more, const char *kernel)
{
	auto_free char *json = text("{'ociVersion': '1.2.0', 'root': {'path': "
				    "'root'}%s%s, 'linux': {%s}}",
				    *more ? ", " : "", more, kernel);
	for (char *at = json; *at; at++)
		if (*at == '\'')
			*at = '"';
	must(oci_config_parse(config, json, strlen(json)) == 0);
}

static inline int
open_bundle(void)
{
	int bundle = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(bundle >= 0);
	return bundle;
}

static inline int
open_root(const struct oci_config *config)
{
	static const struct mounts_sources none = MOUNTS_NO_SOURCES;
	auto_free char *bundle = getcwd(NULL, 0);
	if (mkdir("root", 0755) < 0)
		must(errno == EEXIST);
	int root = mounts_root(config, bundle, &none);
	must(root >= 0);
	return root;
}

/* As create.c and init.c do it, in one process. */
static inline int
try_mounts(int root, const struct oci_config *config)
{
	static const struct cgroup none;
	struct mounts_sources sources;
	auto_close int bundle = open_bundle();
	if (mounts_prepare(&sources, config, bundle) < 0)
		return -1;
	int result = mounts_make(root, config, &sources, &none);
	struct failure reason = failure;
	mounts_close(&sources);
	failure = reason;
	return result;
}

static inline int
build(const struct oci_config *config)
{
	int root = open_root(config);
	must(try_mounts(root, config) == 0);
	return root;
}

/* One mount on a root that is there; NULL when it was made. */
static inline const char *
try_one(int root, const char *mount)
{
	auto_oci_config struct oci_config config;
	auto_free char *mounts = text("'mounts': [{%s}]", mount);
	load(&config, mounts, "");
	return try_mounts(root, &config) == 0 ? NULL : failure.text;
}

static inline bool
is_refused(const char *why, const char *words)
{
	if (why && strstr(why, words))
		return true;
	print_error("\"%s\" lacks \"%s\"\n", why ? why : "(success)", words);
	return false;
}

/* ---- what is there ------------------------------------------------------- */

static inline void
put(const char *path, const char *content)
{
	auto_close int fd = open(path,
				 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				 0644);
	must(fd >= 0);
	must(write(fd, content, strlen(content)) == (ssize_t)strlen(content));
}

static inline bool
says(const char *path, const char *content)
{
	char found[64];
	return read_text(AT_FDCWD, path, found, sizeof(found)) >= 0 &&
	       strcmp(found, content) == 0;
}

static inline bool
exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

static inline bool
is_readonly(const char *path)
{
	auto_free char *new = text("%s/test-new", path);
	return mkdir(new, 0755) < 0 && errno == EROFS;
}

static inline size_t
count_mounts(void)
{
	auto_mounts struct mount_table table = { 0 };
	must(mountinfo_read(0, &table) == 0);
	return table.count;
}

/* All that mountinfo says of the mount on root/`path`, divided by blanks:
 * "ro,nosuid master:4 tmpfs rw,size=4k"; "" when there is none. */
static inline const char *
told(const char *path)
{
	static char line[1024];
	auto_mounts struct mount_table table = { 0 };
	auto_free char *here = getcwd(NULL, 0);
	auto_free char *target = text("%s/root%s", here, path);
	must(mountinfo_read(0, &table) == 0);
	const struct mountinfo *mount = mountinfo_find(&table, target);
	*line = '\0';
	if (mount)
		snprintf(line, sizeof(line), ",%s, %s %s ,%s,", mount->options,
			 mount->optional, mount->type, mount->super);
	return line;
}

/* Has the mount on root/`path` this option of its own? */
static inline bool
has_option(const char *path, const char *option)
{
	auto_free char *copy = copy_text(told(path));
	char *end = strchr(copy, ' ');
	auto_free char *word = text(",%s,", option);
	must(end);
	*end = '\0';
	return strstr(copy, word);
}

#endif
