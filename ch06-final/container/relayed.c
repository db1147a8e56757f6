/* relayed.c - parent.  See relayed.h. */
#include "relayed.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "held.h"
#include "rootless.h"

void
relayed_free(struct relayed *relayed)
{
	for (size_t i = 0; i < relayed->count; i++)
		close_scoped(&relayed->sockets[i]);
	free(relayed->sockets);
	free(relayed->ports);
	*relayed = (struct relayed){ 0 };
}

bool
relayed_is_possible(const struct attachments *all)
{
	for (size_t i = 0; i < all->count; i++)
		for (size_t k = 0; k < all->list[i].endpoint.port_count; k++)
			if (all->list[i].endpoint.ports[k].is_ipv6)
				return true;
	return false;
}

/* Among what is held there are files, too: those fail here. */
static bool
holds(int fd, const struct nat_port *port)
{
	struct sockaddr_in6 here;
	socklen_t length = sizeof(here), size = sizeof(int);
	int protocol;
	return getsockname(fd, (struct sockaddr *)&here, &length) == 0 &&
	       here.sin6_family == AF_INET6 &&
	       ntohs(here.sin6_port) == port->host_port &&
	       memcmp(&here.sin6_addr, port->host_address6, 16) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 &&
	       protocol == port->protocol;
}

/* If it is held. */
static void
add(struct relayed *relayed, const struct nat_port *port,
    const uint8_t address6[16], struct held *held)
{
	size_t i = 0, count = relayed->count;
	while (i < held->count && !holds(held->fds[i], port))
		i++;
	if (i == held->count)
		return;
	relayed->ports = resize_bytes(relayed->ports,
				      (count + 1) * sizeof(*port));
	relayed->sockets = resize_bytes(relayed->sockets,
					(count + 1) * sizeof(int));
	relayed->ports[count] = *port;
	memcpy(relayed->ports[count].address6, address6, 16);
	relayed->sockets[count] = take_fd(&held->fds[i]);
	relayed->count++;
}

/* Those that lead in by one of its networks. */
static int
look_at(int networks, const struct container *c, const char *name,
	struct held *held, struct relayed *relayed)
{
	auto_network_record struct network_record record = { 0 };
	auto_names struct names names = { 0 };
	struct net_network network = { 0 };
	auto_free struct nat_port *ports = NULL;
	uint8_t address6[16];
	uint32_t address;
	size_t count = 0;
	if (network_find_wanted(networks, name, &record) < 0 ||
	    names_read(networks, &record, &names) < 0)
		return -1;
	struct names_line *line = names_find(&names, c->record.id);
	if (!line || !*line->address6)
		return 0;
	if (ipam_parse_address(line->address, &address) < 0 ||
	    ipam_parse_address6(line->address6, address6) < 0 ||
	    network_open(&record, &network) < 0)
		return -1;
	int result = net_noted_ports(&network, address, &ports, &count);
	for (size_t i = 0; i < count; i++)
		if (ports[i].is_ipv6)
			add(relayed, &ports[i], address6, held);
	net_close(&network);
	return result;
}

int
relayed_find(const struct container *c, int queue, struct relayed *relayed)
{
	auto_held struct held held = { 0 };
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	/* In a user's own network nobody asks ::1 (outside.h). */
	if (rootless_is_inside())
		return 0;
	auto_close int networks = networks_open(c->root, LOCK_SH);
	/* Whoever had the lock may have changed these. */
	if (networks < 0 || settings_load(c->dir, &settings) < 0 ||
	    held_look(queue, &held) < 0)
		return -1;
	if (!settings.network_count)
		return look_at(networks, c, "bridge", &held, relayed);
	for (size_t i = 0; i < settings.network_count; i++)
		if (look_at(networks, c, settings.networks[i].name, &held,
			    relayed) < 0)
			return -1;
	return 0;
}
