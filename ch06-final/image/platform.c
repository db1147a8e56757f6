/* platform.c - see platform.h.  Runs in the parent; it touches only memory. */
#include "platform.h"

#include <string.h>

#define PLATFORM_MAX 80

char *
platform_text(const char *os, const char *architecture, const char *variant)
{
	bool has_variant = variant && *variant;
	return text("%s/%s%s%s", os, architecture, has_variant ? "/" : "",
		    has_variant ? variant : "");
}

/* Does one begin with the other, up to a slash or the end? */
static bool
begins_with(const char *whole, const char *beginning)
{
	size_t length = strlen(beginning);
	return strncmp(whole, beginning, length) == 0 &&
	       (whole[length] == '\0' || whole[length] == '/');
}

/* "linux/arm/v7" has two slashes. */
static bool
has_variant(const char *platform)
{
	const char *slash = strchr(platform, '/');
	return slash && strchr(slash + 1, '/');
}

bool
platform_fits(const char *found, const char *asked)
{
	const char *architecture = strchr(found, '/');
	if (begins_with(found, asked) ||
	    (architecture && begins_with(architecture + 1, asked)))
		return true;
	/* "linux/arm64" is what is there of "linux/arm64/v8". */
	return !has_variant(found) && begins_with(asked, found);
}

bool
platform_is_valid(const char *platform)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-/";
	size_t length = strlen(platform);
	return length < PLATFORM_MAX && strchr(platform, '/') &&
	       strspn(platform, letters) == length;
}

void
platform_split(const char *list, struct words *platforms)
{
	while (list && *list) {
		size_t length = strcspn(list, ",");
		auto_free char *platform = text("%.*s", (int)length, list);
		words_add(platforms, platform);
		list += length + (list[length] == ',');
	}
}
