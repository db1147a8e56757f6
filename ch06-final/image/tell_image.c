/* tell_image.c - see tell_image.h.  Runs in the parent, and in image/tool. */
#include "tell_image.h"

#include <stdlib.h>
#include <string.h>

#include "events.h"

int
image_tell(const struct store *store, const char *action, const char *id,
	   const char *name)
{
	/* The store of another driver is a part of the whole (shelves.h). */
	auto_free char *root = copy_text(store->root);
	char *last = strrchr(root, '/');
	if (store->driver != STORAGE_OVERLAY && last)
		*last = '\0';
	return events_tell(root, &(struct event){
		.type = "image", .action = action, .id = id,
		.attributes = (const char *const[]){
			"name", name ? name : id, NULL } });
}
