/* dockerfile_expose.c - see dockerfile_part.h: the ports of EXPOSE. */
#include "dockerfile_part.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PORTS 65536

static const char *const protocols[] = { "tcp", "udp", "sctp" };

/* Each once, however often it was said. */
struct exposed {
	bool ports[countof(protocols)][PORTS];
};

static int
take_protocol(const char *name, size_t *protocol)
{
	for (size_t i = 0; i < countof(protocols); i++) {
		if (strcasecmp(name, protocols[i]) == 0) {
			*protocol = i;
			return 0;
		}
	}
	return failx("invalid proto: %.40s", name);
}

/* "80" or "8000-8010". */
static int
take_range(const char *range, bool *ports)
{
	size_t length = strcspn(range, "-");
	auto_free char *first = text("%.*s", (int)length, range);
	const char *last = range[length] ? range + length + 1 : first;
	uint64_t begin, end;
	if (*range == '\0')
		return failx("no port specified: <empty>");
	if (parse_number(first, 0, PORTS - 1, &begin) < 0 ||
	    parse_number(last, 0, PORTS - 1, &end) < 0 || end < begin)
		return failx("invalid containerPort: %.40s", range);
	while (begin <= end)
		ports[begin++] = true;
	return 0;
}

/* "[[ip:]hostport:]ports[/protocol]"; what is of the host means nothing. */
static int
take_spec(const char *spec, struct exposed *exposed)
{
	auto_free char *copy = copy_text(spec);
	size_t protocol = 0;
	char *slash = strrchr(copy, '/');
	if (slash && take_protocol(slash + 1, &protocol) < 0)
		return -1;
	if (slash)
		*slash = '\0';
	const char *colon = strrchr(copy, ':');
	return take_range(colon ? colon + 1 : copy, exposed->ports[protocol]);
}

int
expose_parse(const struct words *specs, struct words *ports)
{
	auto_free struct exposed *exposed = new_bytes(sizeof(*exposed));
	for (size_t i = 0; i < specs->count; i++)
		if (take_spec(specs->items[i], exposed) < 0)
			return -1;
	for (size_t protocol = 0; protocol < countof(protocols); protocol++) {
		for (size_t port = 0; port < PORTS; port++) {
			if (!exposed->ports[protocol][port])
				continue;
			auto_free char *name =
				text("%zu/%s", port, protocols[protocol]);
			words_add(ports, name);
		}
	}
	return 0;
}
