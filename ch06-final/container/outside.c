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

/* Inside each is one of any address, by the host's number of it. */
static size_t
without_addresses(struct nat_port *ports, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		struct nat_port port = { .protocol = ports[i].protocol,
					 .host_port = ports[i].host_port,
					 .port = ports[i].port };
		size_t same = 0;
		while (same < kept &&
		       memcmp(&ports[same], &port, sizeof(port)) != 0)
			same++;
		if (same == kept)
			ports[kept++] = port;
	}
	return kept;
}

struct nat_port *
outside_take(const char *id, const struct settings *settings, size_t *count)
{
	*count = settings->publish_count;
	auto_free struct nat_port *ports =
		new_bytes((*count + 1) * sizeof(*ports));
	if (*count)
		memcpy(ports, settings->publish, *count * sizeof(*ports));
	if (!rootless_is_inside())
		return take_ptr(&ports);
	if (*count && rootless_publish(id, ports, *count) < 0)
		return NULL;
	if (!*count && try_way_out() < 0)
		return NULL;
	*count = without_addresses(ports, *count);
	return take_ptr(&ports);
}

int
outside_give(const char *id)
{
	return rootless_is_inside() ? rootless_unpublish(id) : 0;
}

/* Is the inner `port` one that was asked for in this way? */
static bool
is_wanted(const struct nat_port *wanted, const struct nat_port *port)
{
	uint16_t last = wanted->host_port_last ?: wanted->host_port;
	return wanted->protocol == port->protocol &&
	       wanted->port == port->port &&
	       (!wanted->host_port || (port->host_port >= wanted->host_port &&
				       port->host_port <= last));
}

/* Those that ask for just this number are seen all; of others, whose number
 * was found, the first that has none yet. */
static size_t
see(const struct settings *settings, bool *used, const struct nat_port *port,
    struct nat_port *seen)
{
	size_t count = 0;
	for (int exactly = 1; exactly >= 0 && count == 0; exactly--)
		for (size_t i = 0; i < settings->publish_count; i++) {
			const struct nat_port *one = &settings->publish[i];
			bool is_exact = one->host_port && !one->host_port_last;
			if (used[i] || is_exact != exactly ||
			    !is_wanted(one, port) || (count && !exactly))
				continue;
			used[i] = true;
			seen[count] = *one;
			seen[count++].host_port = port->host_port;
		}
	if (count == 0)
		seen[count++] = *port;
	return count;
}

struct nat_port *
outside_seen(const struct settings *settings, const struct nat_port *ports,
	     size_t *count)
{
	size_t all = *count + settings->publish_count + 1;
	struct nat_port *seen = new_bytes(all * sizeof(*seen));
	auto_free bool *used = new_bytes(settings->publish_count + 1);
	memset(used, 0, settings->publish_count + 1);
	size_t length = 0;
	for (size_t i = 0; i < *count; i++)
		if (!rootless_is_inside())
			seen[length++] = ports[i];
		else if (!ports[i].is_ipv6) /* in there it is nobody's */
			length += see(settings, used, &ports[i],
				      seen + length);
	*count = length;
	return seen;
}

char *
outside_warning(void)
{
	if (!rootless_is_inside() || rootless_way_out() == 0)
		return NULL;
	return copy_text(failure.text);
}
