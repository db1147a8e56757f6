/* copy_source.c - parent.  See copy_source.h. */
#include "copy_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "go_match.h"
#include "marks.h"
#include "safepath.h"

/* ---- names --------------------------------------------------------------- */

static int
not_found(const char *path)
{
	return failx("failed to compute cache key: \"/%.150s\": not found",
		     path);
}

/* Without "." and empty parts; ".." is refused, not obeyed: what was meant
 * lies outside. */
static int
clean(const char *pattern, char **cleaned)
{
	char *out = new_bytes(strlen(pattern) + 1);
	size_t length = 0;
	*cleaned = out;
	for (const char *at = pattern; *at;) {
		at += strspn(at, "/");
		size_t part = strcspn(at, "/");
		if (part == 2 && strncmp(at, "..", 2) == 0)
			return failx("forbidden path outside the build "
				     "context: %.150s", pattern);
		if (part > 0 && !(part == 1 && *at == '.')) {
			if (length)
				out[length++] = '/';
			memcpy(out + length, at, part);
			length += part;
		}
		at += part;
	}
	out[length] = '\0';
	return 0;
}

size_t
copy_source_pivot(const char *pattern)
{
	const char *end = strstr(pattern, "/./");
	size_t count = 0;
	for (const char *at = pattern; end && at < end;) {
		at += strspn(at, "/");
		size_t part = strcspn(at, "/");
		count += part > 0 && at < end && !(part == 1 && *at == '.');
		at += part;
	}
	return count;
}

const char *
copy_source_kept(const struct copy_place *place, const char *path)
{
	if (!place->keeps_parents) {
		const char *slash = strrchr(path, '/');
		return slash ? slash + 1 : path;
	}
	for (size_t i = 0; i < place->pivot && *path; i++) {
		path += strcspn(path, "/");
		path += *path == '/';
	}
	return path;
}

/* What --exclude names is left out, though it was named itself. */
static bool
is_excluded(const struct copy_place *place, const char *path)
{
	const char *kept = copy_source_kept(place, path);
	return place->excludes && *kept &&
	       ignorefile_excludes(place->excludes, kept) &&
	       !ignorefile_may_allow_below(place->excludes, kept);
}

static bool
is_left_out(const struct copy_place *place, const char *path)
{
	return place->ignore && *path &&
	       ignorefile_excludes(place->ignore, path) &&
	       !ignorefile_may_allow_below(place->ignore, path);
}

static char *
join(const char *above, const char *name)
{
	return *above ? text("%s/%s", above, name) : copy_text(name);
}

static int
match_below(const struct copy_place *place, const char *above,
	    const char *pattern, struct words *paths);

/* `name` is one component that fits. */
static int
go_on(const struct copy_place *place, const char *above, const char *name,
      const char *rest, struct words *paths)
{
	auto_free char *path = join(above, name);
	if (is_left_out(place, path))
		return 0;
	if (*rest)
		return match_below(place, path, rest, paths);
	auto_close int there = safepath_open(place->root, path, O_PATH);
	if (there < 0)
		return failure.code == ENOENT ? 0 : -1;
	/* Only "**" has two ways to the same. */
	if (!place->keeps_parents || !words_has(paths, path))
		words_add(paths, path);
	return 0;
}

/* "**" and more: here, or below any directory.  A link is none: it may lead
 * back. */
static int
match_deep(const struct copy_place *place, const char *above,
	   const char *pattern, const char *rest, int dir,
	   const struct marks_list *list, struct words *paths)
{
	if (match_below(place, above, rest, paths) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++) {
		struct stat st;
		auto_free char *path = join(above, list->names[i]);
		if (fstatat(dir, list->names[i], &st,
			    AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISDIR(st.st_mode) || is_left_out(place, path))
			continue;
		if (match_below(place, path, pattern, paths) < 0)
			return -1;
	}
	return 0;
}

/* All that fits below a directory that is there; one that is not is no failure
 * here. */
static int
match_below(const struct copy_place *place, const char *above,
	    const char *pattern, struct words *paths)
{
	size_t length = strcspn(pattern, "/");
	const char *rest = pattern + length + (pattern[length] == '/');
	auto_free char *part = text("%.*s", (int)length, pattern);
	auto_list struct marks_list list = { 0 };
	if (!go_match_is_pattern(part))
		return go_on(place, above, part, rest, paths);
	auto_close int dir = safepath_open(place->root, *above ? above : ".",
					   O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return failure.code == ENOENT || failure.code == ENOTDIR ?
			       0 : -1;
	if (marks_list(dir, &list) < 0)
		return -1;
	if (place->keeps_parents && strcmp(part, "**") == 0 && *rest)
		return match_deep(place, above, pattern, rest, dir, &list,
				  paths);
	for (size_t i = 0; i < list.count; i++) {
		int fits = go_match(part, list.names[i]);
		if (fits < 0)
			return -1;
		if (fits && go_on(place, above, list.names[i], rest,
				  paths) < 0)
			return -1;
	}
	return 0;
}

int
copy_source_find(const struct copy_place *place, const char *pattern,
		 struct words *paths)
{
	auto_free char *cleaned = NULL;
	auto_words struct words found = { 0 };
	if (clean(pattern, &cleaned) < 0)
		return -1;
	if (!*cleaned) {
		words_add(paths, "");
		return 0;
	}
	if (match_below(place, "", cleaned, &found) < 0)
		return -1;
	for (size_t i = 0; i < found.count; i++)
		if (!is_excluded(place, found.items[i]))
			words_add(paths, found.items[i]);
	if (found.count > 0)
		return 0;
	return go_match_is_pattern(cleaned) ?
		       failx("no source files were found for \"%.150s\"",
			     pattern) : not_found(cleaned);
}

/* ---- files --------------------------------------------------------------- */

static enum tar_choice
choose(void *data, const char *path, bool is_dir)
{
	const struct copy_source *source = data;
	const struct copy_place *place = source->place;
	auto_free char *whole = join(source->path, path);
	const char *kept = place->keeps_parents ?
				   copy_source_kept(place, whole) : path;
	if (place->excludes && ignorefile_excludes(place->excludes, kept))
		return is_dir && ignorefile_may_allow_below(place->excludes,
							    kept) ?
			       TAR_BELOW : TAR_OUT;
	if (!place->ignore || !ignorefile_excludes(place->ignore, whole))
		return TAR_IN;
	return is_dir && ignorefile_may_allow_below(place->ignore, whole) ?
		       TAR_BELOW : TAR_OUT;
}

int
copy_source_open(const struct copy_place *place, const char *path,
		 struct copy_source *source)
{
	struct stat st;
	auto_close int fd = safepath_open(place->root, *path ? path : ".",
					  O_PATH);
	if (fd < 0)
		return failure.code == ENOENT ? not_found(path) : -1;
	if (fstat(fd, &st) < 0)
		return fail("look at %s", path);
	*source = (struct copy_source){
		.place = place,
		.path = copy_text(path),
		.is_dir = S_ISDIR(st.st_mode),
	};
	const char *slash = strrchr(source->path, '/');
	const char *name = slash ? slash + 1 : source->path;
	source->tar = (struct tar_source){
		.root = place->root,
		.path = *source->path ? source->path : ".",
		.name = source->is_dir ? "." : name,
		.follow = true,
		.choose = place->ignore || place->excludes ? choose : NULL,
		.has_owner = place->is_context,
	};
	return 0;
}

void
copy_source_free(struct copy_source *sources, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(sources[i].path);
	free(sources);
}
