/* keep_id.c - parent.  See keep_id.h. */
#include "keep_id.h"

#include <string.h>

/* Of our own namespace: who is root there, and how many others there are. */
struct own_ids {
	uint32_t root, others;
};

static int
look(const char *file, struct own_ids *ids)
{
	auto_free char *map = read_all(AT_FDCWD, file, NULL);
	if (!map)
		return -1;
	*ids = (struct own_ids){ 0 };
	for (char *rest = map, *line; (line = strsep(&rest, "\n"));) {
		unsigned int inside, outside, count;
		if (sscanf(line, "%u %u %u", &inside, &outside, &count) != 3)
			continue;
		if (inside == 0) {
			ids->root = outside;
			ids->others += count - 1;
		} else {
			ids->others += count;
		}
	}
	return 0;
}

bool
keep_id_is_wanted(const struct settings *settings)
{
	return settings->userns && strcmp(settings->userns, "keep-id") == 0;
}

char *
keep_id_user(void)
{
	struct own_ids uids, gids;
	if (look("/proc/self/uid_map", &uids) < 0 ||
	    look("/proc/self/gid_map", &gids) < 0)
		return NULL;
	return text("%u:%u", uids.root, gids.root);
}

static void
add_range(json_t *maps, uint32_t inside, uint32_t outside, uint32_t count)
{
	if (count)
		json_array_append_new(
			maps, json_pack("{s:I, s:I, s:I}", "containerID",
					(json_int_t)inside, "hostID",
					(json_int_t)outside, "size",
					(json_int_t)count));
}

/* Below the user's own number, that, and above it. */
static json_t *
maps_of(const struct own_ids *ids)
{
	json_t *maps = json_array();
	uint32_t below = ids->root < ids->others ? ids->root : ids->others;
	add_range(maps, 0, 1, below);
	add_range(maps, ids->root, 0, 1);
	add_range(maps, ids->root + 1, below + 1, ids->others - below);
	return maps;
}

int
keep_id_add(json_t *kernel)
{
	struct own_ids uids, gids;
	if (look("/proc/self/uid_map", &uids) < 0 ||
	    look("/proc/self/gid_map", &gids) < 0)
		return -1;
	json_object_set_new(kernel, "uidMappings", maps_of(&uids));
	json_object_set_new(kernel, "gidMappings", maps_of(&gids));
	json_array_append_new(json_object_get(kernel, "namespaces"),
			      json_pack("{s:s}", "type", "user"));
	return 0;
}
