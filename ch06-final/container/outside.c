/* outside.c - parent.  See outside.h. */
#include "outside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rootless.h"

/* Without one nothing is wrong yet with a network that ends at itself: see
 * outside_warning(). */
static int
try_way_out(void)
{
	return rootless_way_out() == 0 || failure.code == ENOENT ? 0 : -1;
}

int
outside_join(const struct settings *settings)
{
	bool is_host = strcmp(settings_network(settings), "host") == 0;
	return is_host && rootless_is_inside() ? try_way_out() : 0;
}

struct nat_port *
outside_take(const char *id, const struct settings *settings)
{
	size_t count = settings->publish_count;
	auto_free struct nat_port *ports =
		new_bytes((count + 1) * sizeof(*ports));
	if (count)
		memcpy(ports, settings->publish, count * sizeof(*ports));
	if (!rootless_is_inside())
		return take_ptr(&ports);
	if (count && rootless_publish(id, ports, count) < 0)
		return NULL;
	if (!count && try_way_out() < 0)
		return NULL;
	for (size_t i = 0; i < count; i++)
		ports[i].host_address = 0;
	return take_ptr(&ports);
}

int
outside_give(const char *id)
{
	return rootless_is_inside() ? rootless_unpublish(id) : 0;
}

/* Is `port` one of the host's that were asked for, be it any or of a range? */
static bool
is_wanted(const struct nat_port *wanted, uint16_t port)
{
	uint16_t last = wanted->host_port_last ?: wanted->host_port;
	return !wanted->host_port ||
	       (port >= wanted->host_port && port <= last);
}

uint32_t
outside_address(const struct settings *settings, const struct nat_port *port)
{
	for (size_t i = 0; i < settings->publish_count; i++) {
		const struct nat_port *one = &settings->publish[i];
		if (one->protocol == port->protocol &&
		    one->port == port->port &&
		    is_wanted(one, port->host_port))
			return one->host_address;
	}
	return port->host_address;
}

char *
outside_warning(void)
{
	if (!rootless_is_inside() || rootless_way_out() == 0)
		return NULL;
	return copy_text(failure.text);
}
