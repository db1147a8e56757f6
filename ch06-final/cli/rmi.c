/* rmi.c - parent.  `rmi`: a name of an image; with its last name, the image. */
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "image_mounts.h"
#include "store.h"
#include "tell_image.h"

struct rmi_options {
	bool force, keep_layers;
};

static const struct option_row options[] = {
	SWITCH('f', "force", "Force removal of the image", struct rmi_options,
	       force),
	SWITCH(0, "no-prune", "Do not delete untagged parents",
	       struct rmi_options, keep_layers),
	{ 0 },
};

struct user {
	int containers; /* the directory of all */
	struct record *records;
	size_t count;
};

/* By --mount type=image. */
static bool
is_mounted(const struct user *user, const char *container, const char *id)
{
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	struct failure kept = failure;
	auto_close int dir = openat(user->containers, container,
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool found = dir >= 0 && settings_load(dir, &settings) == 0 &&
		     image_mounts_have(&settings, id);
	failure = kept;
	return found;
}

static const char *
container_of_image(void *data, const char *id, bool *running)
{
	const struct user *user = data;
	for (size_t i = 0; i < user->count; i++) {
		/* Another driver's image has the same id, and other layers. */
		if (user->records[i].driver != verb_driver() ||
		    (strcmp(user->records[i].image_id, id) != 0 &&
		     !is_mounted(user, user->records[i].id, id)))
			continue;
		*running = user->records[i].status == STATUS_RUNNING;
		return user->records[i].name;
	}
	return NULL;
}

static int
remove_image(struct store *store, const char *name,
	     const struct rmi_options *wanted, struct user *user)
{
	struct store_users users = { .image_user = container_of_image,
				     .data = user };
	struct store_removal removal;
	/* Whose name it is, while it has it: for the event. */
	auto_image struct image image = { 0 };
	if (store_find_image(store, name, &image) < 0)
		image = (struct image){ 0 };
	if (store_remove_image(store, name, wanted->force, &users, &removal) <
	    0)
		return -1;
	for (size_t i = 0; i < removal.untagged.count; i++) {
		printf("Untagged: %s\n", removal.untagged.items[i]);
		if (image.id)
			image_tell(store, "untag", image.id, NULL);
	}
	if (removal.deleted.count)
		image_tell(store, "delete", removal.deleted.items[0], NULL);
	for (size_t i = 0; i < removal.deleted.count; i++)
		printf("Deleted: %s\n", removal.deleted.items[i]);
	store_free_removal(&removal);
	return 0;
}

static int
run_rmi(const struct verb *verb, int argc, char **argv)
{
	struct rmi_options wanted = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, -1, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	auto_store struct store store = { 0 };
	auto_close int containers = records_open(verb_root());
	if (containers < 0 || verb_open_store(&store) < 0)
		return verb_error(verb);
	struct user user;
	user.containers = containers;
	user.records = records_list(containers, &user.count);
	for (int i = first; i < argc; i++)
		if (remove_image(&store, argv[i], &wanted, &user) < 0) {
			/* What is gone already is no failure to -f. */
			bool is_gone = wanted.force && failure.code == ENOENT;
			int failed = verb_error(verb);
			status = is_gone ? status : failed;
		}
	for (size_t i = 0; i < user.count; i++)
		record_free(&user.records[i]);
	free(user.records);
	return status;
}

const struct verb verb_rmi = {
	.name = "rmi",
	.arguments = "IMAGE [IMAGE...]",
	.shows = "Remove images",
	.options = options,
	.failure_status = 1,
	.run = run_rmi,
};
