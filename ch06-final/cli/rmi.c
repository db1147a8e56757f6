/* rmi.c - parent.  `rmi`: a name of an image; with its last name, the image. */
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "store.h"

static const struct option_row none[] = { { 0 } };

struct user {
	struct record *records;
	size_t count;
};

static const char *
container_of_image(void *data, const char *id, bool *running)
{
	const struct user *user = data;
	for (size_t i = 0; i < user->count; i++) {
		/* Another driver's image has the same id, and other layers. */
		if (user->records[i].driver != verb_driver() ||
		    strcmp(user->records[i].image_id, id) != 0)
			continue;
		*running = user->records[i].status == STATUS_RUNNING;
		return user->records[i].name;
	}
	return NULL;
}

static int
remove_image(struct store *store, const char *name, struct user *user)
{
	struct store_users users = { .image_user = container_of_image,
				     .data = user };
	struct store_removal removal;
	if (store_remove_image(store, name, false, &users, &removal) < 0)
		return -1;
	for (size_t i = 0; i < removal.untagged.count; i++)
		printf("Untagged: %s\n", removal.untagged.items[i]);
	for (size_t i = 0; i < removal.deleted.count; i++)
		printf("Deleted: %s\n", removal.deleted.items[i]);
	store_free_removal(&removal);
	return 0;
}

static int
run_rmi(const struct verb *verb, int argc, char **argv)
{
	int status;
	int first = verb_begin(verb, argc, argv, NULL, 1, -1, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	auto_store struct store store = { 0 };
	auto_close int containers = records_open(verb_root());
	if (containers < 0 || verb_open_store(&store) < 0)
		return verb_error(verb);
	struct user user;
	user.records = records_list(containers, &user.count);
	for (int i = first; i < argc; i++)
		if (remove_image(&store, argv[i], &user) < 0)
			status = verb_error(verb);
	for (size_t i = 0; i < user.count; i++)
		record_free(&user.records[i]);
	free(user.records);
	return status;
}

const struct verb verb_rmi = {
	.name = "rmi",
	.arguments = "IMAGE [IMAGE...]",
	.shows = "Remove images",
	.options = none,
	.failure_status = 1,
	.run = run_rmi,
};
