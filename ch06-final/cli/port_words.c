/* port_words.c - parent.  See port_words.h. */
#include "port_words.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"

struct port {
	int own, host; /* host: 0, it is only exposed */
	const char *protocol, *address;
};
struct ports {
	struct port *list;
	size_t count;
};

static void
add(struct ports *ports, struct port port)
{
	ports->list = resize_bytes(ports->list, (ports->count + 1) *
						 sizeof(*ports->list));
	ports->list[ports->count++] = port;
}

/* The strings stay the JSON's. */
static void
collect(json_t *json, struct ports *ports)
{
	const char *key;
	json_t *bindings, *binding;
	size_t i;
	json_object_foreach(json, key, bindings) {
		struct port port = { .own = atoi(key), .address = "" };
		port.protocol = key + strcspn(key, "/") + 1;
		if (!json_is_array(bindings))
			add(ports, port);
		json_array_foreach(bindings, i, binding) {
			port.address = json_string_value(
				json_object_get(binding, "HostIp"));
			port.host = atoi(json_string_value(
				json_object_get(binding, "HostPort")));
			add(ports, port);
		}
	}
}

static int
by_own_port(const void *a, const void *b)
{
	const struct port *x = a, *y = b;
	if (x->own != y->own)
		return x->own - y->own;
	int order = strcmp(x->address, y->address);
	if (order != 0)
		return order;
	return x->host != y->host ? x->host - y->host :
				    strcmp(x->protocol, y->protocol);
}

/* Takes both. */
static void
append(char **line, char *word)
{
	char *longer = text("%s%s%s", *line, **line ? ", " : "", word);
	free(*line);
	free(word);
	*line = longer;
}

/* "[::]:80", or "0.0.0.0:80-82". */
static char *
place(const char *address, const char *numbers)
{
	return strchr(address, ':') ? text("[%s]:%s", address, numbers) :
				      text("%s:%s", address, numbers);
}

static bool
is_range(const struct port *port)
{
	return port->host == 0 || port->host == port->own;
}

static bool
is_alike(const struct port *a, const struct port *b)
{
	return strcmp(a->protocol, b->protocol) == 0 &&
	       strcmp(a->address, b->address) == 0;
}

/* Ports in a row, all for one address. */
struct group {
	struct port first;
	int last;
};

static void
end_group(char **line, const struct group *group)
{
	const struct port *first = &group->first;
	int last = group->last;
	auto_free char *numbers = last == first->own ?
					  text("%d", last) :
					  text("%d-%d", first->own, last);
	auto_free char *host = place(first->address, numbers);
	append(line, first->host ? text("%s->%s/%s", host, numbers,
					first->protocol) :
				   text("%s/%s", numbers, first->protocol));
}

/* Docker's own order: a group that ends is told before all that go on. */
static void
add_groups(char **line, const struct ports *ports)
{
	size_t count = 0;
	auto_free struct group *groups =
		new_bytes((ports->count + 1) * sizeof(*groups));
	for (size_t i = 0; i < ports->count; i++) {
		const struct port *port = &ports->list[i];
		size_t at = 0;
		if (!is_range(port))
			continue;
		while (at < count && !is_alike(&groups[at].first, port))
			at++;
		if (at < count && groups[at].last + 1 == port->own) {
			groups[at].last++;
			continue;
		}
		if (at < count)
			end_group(line, &groups[at]);
		groups[at] = (struct group){ *port, port->own };
		count += at == count;
	}
	for (size_t i = 0; i < count; i++)
		end_group(line, &groups[i]);
}

char *
port_words(json_t *json)
{
	struct ports ports = { 0 };
	char *line = copy_text("");
	collect(json, &ports);
	if (ports.count)
		qsort(ports.list, ports.count, sizeof(*ports.list),
		      by_own_port);
	add_groups(&line, &ports);
	for (size_t i = 0; i < ports.count; i++) {
		const struct port *port = &ports.list[i];
		if (is_range(port))
			continue;
		auto_free char *number = text("%d", port->host);
		auto_free char *host = place(port->address, number);
		append(&line, text("%s->%d/%s", host, port->own,
				   port->protocol));
	}
	free(ports.list);
	return line;
}
