/* tell.c - parent, and monitor.  See tell.h. */
#include "tell.h"

#include <jansson.h>
#include <string.h>

#include "events.h"

/* The monitor is small: for the labels alone it does not take in all that
 * reads settings. */
static void
read_labels(int dir, struct words *labels)
{
	size_t length, i;
	json_t *label;
	auto_free char *content = read_all(dir, "settings.json", &length);
	json_t *settings = content ? json_loadb(content, length, 0, NULL) :
				     NULL;
	json_array_foreach(json_object_get(settings, "labels"), i, label)
		if (json_is_string(label)) /* all others are no text */
			words_add(labels, json_string_value(label));
	json_decref(settings);
}

/* What there is of "key=value" goes in as two: `words` is cut in place. */
static size_t
add_labels(const struct words *words, const char **all)
{
	size_t used = 0;
	for (size_t i = 0; i < words->count; i++) {
		char *equals = strchr(words->items[i], '=');
		if (equals)
			*equals = '\0';
		all[used++] = words->items[i];
		all[used++] = equals ? equals + 1 : "";
	}
	return used;
}

void
container_tell(int dir, const struct record *record,
	       const struct words *labels, const char *action,
	       const char *const *extra)
{
	struct failure kept = failure;
	auto_words struct words own = { 0 };
	if (labels)
		words_add_all(&own, labels->items);
	else
		read_labels(dir, &own);
	size_t extras = 0, used;
	while (extra && extra[extras])
		extras++;
	auto_free const char **all = new_bytes(
		(2 * own.count + extras + 5) * sizeof(*all));
	used = add_labels(&own, all);
	for (size_t i = 0; i < extras; i++)
		all[used++] = extra[i];
	all[used++] = "image";
	all[used++] = record->image;
	all[used++] = "name";
	all[used++] = record->name;
	all[used] = NULL;
	auto_free char *root = text("/proc/self/fd/%d/../..", dir);
	events_tell(root, &(struct event){
		.type = "container", .action = action, .id = record->id,
		.attributes = all });
	failure = kept;
}
