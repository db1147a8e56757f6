/* driver.c - client.  See driver.h. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lock.h"
#include "overlay.h"
#include "tree.h"

#define FILE_NAME "driver"
#define TRIAL "trial"

/* ---- what is written down ------------------------------------------------ */

/* "overlay\n", or "aufs\n" and a line that says why; NULL: nothing. */
static char *
read_choice(const char *root)
{
	auto_free char *path = text("%s/" FILE_NAME, root);
	struct failure unrelated = failure;
	char *choice = read_all(AT_FDCWD, path, NULL);
	failure = unrelated;
	return choice;
}

char *
driver_why(const char *root)
{
	auto_free char *choice = read_choice(root);
	char *why = choice ? strchr(choice, '\n') : NULL;
	if (!why || why[1] == '\0')
		return NULL;
	return text("%.*s", (int)strcspn(why + 1, "\n"), why + 1);
}

/* ---- tried --------------------------------------------------------------- */

static int
mount_once(const char *place)
{
	auto_free char *lower = text("%s/lower", place);
	auto_free char *upper = text("%s/upper", place);
	auto_free char *work = text("%s/work", place);
	auto_free char *merged = text("%s/merged", place);
	const char *const layers[] = { lower };
	struct overlay overlay = { .layers = layers, .layer_count = 1,
				   .upper = upper, .work = work };
	if (make_dirs(lower, 0700) < 0 || make_dirs(upper, 0700) < 0 ||
	    make_dirs(work, 0700) < 0 || make_dirs(merged, 0700) < 0)
		return -1;
	/* The mount would do without, until the first deletion. */
	if (setxattr(upper, "user.overlay.opaque", "y", 1, 0) < 0)
		return fail("keep a mark on a directory of %s", place);
	return overlay_mount(&overlay, merged, 0) < 0 ?
		       -1 :
		       overlay_unmount(merged);
}

static int
try_overlay(const char *root)
{
	auto_close int dir = lock_open_directory(root, 0700, LOCK_EX);
	auto_free char *place = text("%s/" TRIAL, root);
	if (dir < 0 || tree_remove(dir, TRIAL) < 0)
		return -1;
	int result = mount_once(place);
	struct failure why = failure;
	tree_remove(dir, TRIAL);
	failure = why;
	return result;
}

enum storage
driver_choose(const char *root, bool *is_news)
{
	auto_free char *known = read_choice(root);
	auto_free char *path = text("%s/" FILE_NAME, root);
	struct failure unrelated = failure;
	*is_news = false;
	if (known && *known)
		return strncmp(known, "aufs\n", 5) == 0 ? STORAGE_AUFS :
							  STORAGE_OVERLAY;
	auto_free char *choice = copy_text("overlay\n");
	/* Without a way for the other, overlay's failure shall be heard of. */
	if (try_overlay(root) < 0 && access("/dev/fuse", R_OK | W_OK) == 0) {
		free(choice);
		choice = text("aufs\n%s\n", failure.text);
		*is_news = true;
	}
	write_file(AT_FDCWD, path, choice, 0600);
	failure = unrelated;
	return *is_news ? STORAGE_AUFS : STORAGE_OVERLAY;
}
