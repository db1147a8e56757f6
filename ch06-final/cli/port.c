/* port.c - parent.  `port`: what leads to a container. */
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

#include "view.h"

static const struct option_row none[] = { { 0 } };

static const char *
member(json_t *place, const char *key)
{
	return json_string_value(json_object_get(place, key));
}

/* "0.0.0.0:8080", "[::]:8080" */
static void
print_place(json_t *place, const char *prefix)
{
	const char *address = member(place, "HostIp");
	bool is_v6 = strchr(address, ':') && *address != '[';
	printf("%s%s%s%s:%s\n", prefix, is_v6 ? "[" : "", address,
	       is_v6 ? "]" : "", member(place, "HostPort"));
}

/* In the order of their names, as Docker has them. */
static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
print_all(json_t *ports)
{
	size_t count = 0, size = json_object_size(ports);
	auto_free const char **keys = new_bytes((size + 1) * sizeof(*keys));
	const char *key;
	json_t *list, *place;
	json_object_foreach(ports, key, list)
		keys[count++] = key;
	qsort(keys, count, sizeof(*keys), by_name);
	for (size_t i = 0; i < count; i++) {
		size_t k;
		auto_free char *prefix = text("%s -> ", keys[i]);
		json_array_foreach(json_object_get(ports, keys[i]), k, place)
			print_place(place, prefix);
	}
}

/* PORT or PORT/PROTOCOL. */
static int
print_one(json_t *ports, const char *wanted, const char *container)
{
	auto_free char *key = strchr(wanted, '/') ? copy_text(wanted) :
						    text("%s/tcp", wanted);
	uint64_t number;
	auto_free char *digits = text("%.*s", (int)strcspn(wanted, "/"),
				      wanted);
	if (parse_number(digits, 1, 65535, &number) < 0)
		return failx("invalid port '%s'", wanted);
	json_t *list = json_object_get(ports, key), *place;
	size_t i;
	if (json_array_size(list) == 0)
		return failx("no public port '%s' published for %s", key,
			     container);
	json_array_foreach(list, i, place)
		print_place(place, "");
	return 0;
}

static int
run_port(const struct verb *verb, int argc, char **argv)
{
	int status;
	int first = verb_begin(verb, argc, argv, NULL, 1, 2, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	auto_view struct view view = { 0 };
	if (view_open(verb_root(), argv[first], &view) < 0)
		return verb_error(verb);
	json_t *ports = view_json_ports(&view);
	if (!argv[first + 1])
		print_all(ports);
	else if (print_one(ports, argv[first + 1], argv[first]) < 0)
		status = verb_error(verb);
	json_decref(ports);
	return status;
}

const struct verb verb_port = {
	.name = "port",
	.arguments = "CONTAINER [PRIVATE_PORT[/PROTO]]",
	.shows = "List port mappings or a specific mapping for the container",
	.options = none,
	.failure_status = 1,
	.run = run_port,
};
