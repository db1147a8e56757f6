/* published.c - parent.  See published.h. */
#include "published.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "outside.h"

void
published_free(struct published *p)
{
	for (size_t i = 0; p->sockets && i < p->count; i++)
		close_scoped(&p->sockets[i]);
	free(p->sockets);
	free(p->ports);
	network_record_free(&p->record);
	net_close(&p->network);
	close_scoped(&p->endpoint.lease.fd);
	*p = (struct published){ .endpoint.lease.fd = -1 };
}

/* ---- in words ----------------------------------------------------------- */

void
published_words(char **words, const struct settings *settings,
		const struct nat_port *ports, size_t count)
{
	auto_free struct nat_port *seen = outside_seen(settings, ports, &count);
	for (size_t i = 0; i < count; i++) {
		char room[NAT_PLACE_SIZE];
		char *longer = text("%s%s%s->%u/%s", *words,
				    **words ? ", " : "",
				    nat_format_place(&seen[i], room),
				    seen[i].port,
				    nat_protocol_name(seen[i].protocol));
		free(*words);
		*words = longer;
	}
}

int
published_tell(int dir, const struct settings *settings,
	       const struct nat_port *ports, size_t count)
{
	auto_record struct record record;
	if (record_load(dir, &record) < 0)
		return -1;
	free(record.ports);
	record.ports = copy_text("");
	published_words(&record.ports, settings, ports, count);
	return record_save(dir, &record);
}

/* ---- from one network to another ---------------------------------------- */

/* Is the container on it, and can ports lead in by it? */
static int
try_network(int networks, const char *id, const char *name,
	    struct published *p)
{
	auto_names struct names names = { 0 };
	struct net_endpoint *endpoint = &p->endpoint;
	if (network_find_wanted(networks, name, &p->record) < 0 ||
	    !attachment_can_publish(&p->record) ||
	    names_read(networks, &p->record, &names) < 0)
		return -1;
	struct names_line *line = names_find(&names, id);
	if (!line || network_open(&p->record, &p->network) < 0)
		return -1;
	if (network_is_given(p->record.name))
		snprintf(p->id, sizeof(p->id), "%s", id);
	else
		network_endpoint_id(&p->record, id, p->id);
	*endpoint = (struct net_endpoint)NET_ENDPOINT(p->id);
	if (p->network.subnet6.prefix &&
	    ipam_parse_address6(line->address6, endpoint->address6) < 0)
		return -1;
	return ipam_parse_address(line->address, &endpoint->lease.address);
}

int
published_find(int networks, const char *id, const struct settings *settings,
	       const struct net_network *left, const char *address,
	       struct published *p)
{
	uint32_t number;
	*p = (struct published){ .endpoint.lease.fd = -1 };
	if (left->parent || ipam_parse_address(address, &number) < 0 ||
	    net_noted_ports(left, number, &p->ports, &p->count) < 0)
		return 0;
	for (size_t i = 0; p->count && i < settings->network_count; i++) {
		if (try_network(networks, id, settings->networks[i].name,
				p) == 0)
			return 0;
		network_record_free(&p->record);
		net_close(&p->network);
		p->network = (struct net_network){ 0 };
	}
	return 0;
}

/* A lease is a file in the directory of its bridge: its name there, or NULL.
 * `room` has the path. */
static const char *
lease_of(int fd, const char *bridge, char room[512])
{
	auto_free char *place = text("/%s/", bridge);
	auto_free char *link = text("/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, room, 511);
	room[length < 0 ? 0 : length] = '\0';
	char *found = *room == '/' ? strstr(room, place) : NULL;
	return found ? found + strlen(place) : NULL;
}

/* A socket, or what stands for one (net_hold_port()): not a lease. */
static bool
is_socket(const char *path)
{
	return *path != '/' || strcmp(path, "/dev/null") == 0;
}

/* What is of the network that is left is taken out; its sockets come in the
 * order of the ports. */
static void
take_out(const struct net_network *left, struct published *p,
	 struct held *held)
{
	size_t kept = 0, taken = 0;
	bool is_its = false;
	char path[512];
	p->sockets = new_bytes((2 * p->count + 1) * sizeof(*p->sockets));
	for (size_t i = 0; i < held->count; i++) {
		bool is_lease = lease_of(held->fds[i], left->bridge, path);
		if (is_lease || !is_socket(path))
			is_its = is_lease;
		if (!is_its)
			held->fds[kept++] = held->fds[i];
		else if (is_socket(path) && taken < p->count)
			p->sockets[taken++] = take_fd(&held->fds[i]);
		else
			close_scoped(&held->fds[i]);
	}
	held->count = kept;
	while (p->count > taken)
		p->sockets[--p->count] = -1;
}

/* A port of every address is one of IPv6 where the network has that, and only
 * there.  Who has it of IPv6 already keeps it. */
static void
match_families(struct published *p)
{
	bool has_ipv6 = p->network.subnet6.prefix != 0, has_twins = false;
	size_t kept = 0, all = p->count;
	p->ports = resize_bytes(p->ports, (2 * all + 1) * sizeof(*p->ports));
	for (size_t i = 0; i < all; i++) {
		has_twins |= p->ports[i].is_ipv6;
		if (p->ports[i].is_ipv6 && !has_ipv6) {
			close_scoped(&p->sockets[i]);
			continue;
		}
		p->ports[kept] = p->ports[i];
		p->sockets[kept++] = p->sockets[i];
	}
	p->count = kept;
	for (size_t i = 0; i < kept && has_ipv6 && !has_twins; i++) {
		struct nat_port twin = p->ports[i];
		twin.is_ipv6 = true;
		int fd = twin.host_address ? -1 : net_hold_port(&twin);
		if (fd < 0)
			continue;
		p->ports[p->count] = twin;
		p->sockets[p->count++] = fd;
	}
}

/* Behind the leases of the other network, in memory of its own. */
static void
put_in(struct published *p, struct held *held)
{
	char path[512], address[IPAM_ADDRESS_SIZE];
	struct held all = { 0 };
	size_t behind = 0;
	ipam_format(p->endpoint.lease.address, address);
	for (size_t i = 0; i < held->count; i++) {
		const char *name = lease_of(held->fds[i], p->network.bridge,
					    path);
		if (name)
			behind = i + 1;
		if (name && strcmp(name, address) == 0)
			p->endpoint.lease.fd = fcntl(held->fds[i],
						     F_DUPFD_CLOEXEC, 3);
	}
	for (size_t i = 0; i < held->count; i++) {
		held_add(&all, held->fds[i]);
		for (size_t k = 0; i + 1 == behind && k < p->count; k++)
			held_add(&all, p->sockets[k]);
	}
	held_free(held);
	*held = all;
}

void
published_held(const struct net_network *left, struct published *p,
	       struct held *held)
{
	take_out(left, p, held);
	if (!p->count || !p->record.name)
		return;
	match_families(p);
	put_in(p, held);
}

int
published_lead(int dir, const struct settings *settings, struct published *p)
{
	struct net_endpoint *endpoint = &p->endpoint;
	if (!p->count)
		return 0;
	if (!p->record.name || endpoint->lease.fd < 0)
		return published_tell(dir, settings, NULL, 0);
	endpoint->ports = p->ports;
	endpoint->port_count = p->count;
	return net_publish(&p->network, endpoint) < 0 ?
		       -1 : published_tell(dir, settings, p->ports, p->count);
}
