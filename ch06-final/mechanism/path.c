/* path.c - see path.h.  Runs anywhere: it touches nothing but memory. */
#include "path.h"

#include <string.h>

int
path_depth(const char *path)
{
	int depth = 0;
	while (*path) {
		size_t length = strcspn(path, "/");
		if (length == 2 && strncmp(path, "..", 2) == 0)
			depth -= depth > 0;
		else if (length > 0 && !(length == 1 && *path == '.'))
			depth++;
		path += length + (path[length] == '/');
	}
	return depth;
}

char *
path_clean(const char *path)
{
	char *clean = new_bytes(strlen(path) + 2), *end = clean;
	while (*path) {
		size_t length = strcspn(path, "/");
		if (length == 2 && strncmp(path, "..", 2) == 0) {
			while (end > clean && *--end != '/')
				;
		} else if (length > 0 && !(length == 1 && *path == '.')) {
			*end++ = '/';
			memcpy(end, path, length);
			end += length;
		}
		path += length + (path[length] == '/');
	}
	if (end == clean)
		*end++ = '/';
	*end = '\0';
	return clean;
}
