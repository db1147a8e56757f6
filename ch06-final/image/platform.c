/* platform.c - see platform.h.  Runs in the parent; it touches only memory. */
#include "platform.h"

#include <ctype.h>
#include <string.h>

#define PLATFORM_MAX 80

char *
platform_text(const char *os, const char *architecture, const char *variant)
{
	bool has_variant = variant && *variant;
	return text("%s/%s%s%s", os, architecture, has_variant ? "/" : "",
		    has_variant ? variant : "");
}

/* ---- one platform, written in several ways ------------------------------- */

struct parts {
	char os[PLATFORM_MAX];
	char architecture[PLATFORM_MAX]; /* "" is any */
	char variant[PLATFORM_MAX];
	bool has_variant; /* it was written */
};

/* What is written otherwise.  A variant of NULL is any, and stays. */
static const struct alias {
	const char *architecture, *variant;
	const char *right, *right_variant;
} aliases[] = {
	{ "i386", NULL, "386", "" },
	{ "x86_64", NULL, "amd64", NULL },
	{ "x86-64", NULL, "amd64", NULL },
	{ "amd64", "v1", "amd64", "" },
	{ "aarch64", NULL, "arm64", NULL },
	{ "arm64", "v8", "arm64", "" },
	{ "arm64", "8", "arm64", "" },
	{ "armhf", NULL, "arm", "v7" },
	{ "armel", NULL, "arm", "v6" },
	{ "arm", "", "arm", "v7" },
	{ "arm", "5", "arm", "v5" },
	{ "arm", "6", "arm", "v6" },
	{ "arm", "7", "arm", "v7" },
	{ "arm", "8", "arm", "v8" },
};

/* In the order of the table: "x86_64/v1" is "amd64/v1" and that is "amd64". */
static void
normalize(struct parts *parts)
{
	for (size_t i = 0; i < countof(aliases); i++) {
		const struct alias *alias = &aliases[i];
		if (strcmp(parts->architecture, alias->architecture) != 0 ||
		    (alias->variant &&
		     strcmp(parts->variant, alias->variant) != 0))
			continue;
		strcpy(parts->architecture, alias->right);
		if (alias->right_variant)
			strcpy(parts->variant, alias->right_variant);
	}
}

/* What lies before the next slash; what is too long is "?", which is none. */
static const char *
take_part(const char *rest, char part[PLATFORM_MAX])
{
	size_t length = strcspn(rest, "/");
	memset(part, 0, PLATFORM_MAX);
	if (length >= PLATFORM_MAX)
		part[0] = '?';
	else
		for (size_t i = 0; i < length; i++)
			part[i] = tolower(rest[i]);
	return rest + length + (rest[length] == '/');
}

static struct parts
split(const char *platform)
{
	struct parts parts = { 0 };
	bool has_os = strchr(platform, '/') || strcmp(platform, "linux") == 0;
	if (has_os)
		platform = take_part(platform, parts.os);
	if (!parts.os[0])
		strcpy(parts.os, "linux");
	platform = take_part(platform, parts.architecture);
	take_part(platform, parts.variant);
	parts.has_variant = parts.variant[0];
	normalize(&parts);
	return parts;
}

char *
platform_normal(const char *platform)
{
	struct parts parts = split(platform);
	return platform_text(parts.os, parts.architecture, parts.variant);
}

int
platform_distance(const char *found, const char *asked)
{
	struct parts there = split(found), wish = split(asked);
	if (strcmp(there.os, wish.os) != 0)
		return -1;
	if (!wish.architecture[0])
		return 0;
	if (strcmp(there.architecture, wish.architecture) != 0)
		return -1;
	if (strcmp(there.variant, wish.variant) == 0)
		return 0;
	/* A v7 takes what was made for a v6, or a v5, too. */
	if (!wish.has_variant && strcmp(wish.architecture, "arm") == 0 &&
	    (strcmp(there.variant, "v5") == 0 ||
	     strcmp(there.variant, "v6") == 0))
		return '7' - there.variant[1];
	return there.has_variant ? -1 : 3;
}

bool
platform_fits(const char *found, const char *asked)
{
	return platform_distance(found, asked) >= 0;
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
