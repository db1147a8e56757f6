/* show_bridge.c - see show_bridge.h. */
#include "show_bridge.h"

#include <stdlib.h>
#include <string.h>

#include "netlink.h"
#include "tour.h"

static void
show_bridge(const struct netlink_link *bridge,
	    const struct netlink_link *links, size_t count, size_t *ports)
{
	const uint8_t *id = bridge->bridge_id;
	const char *name = bridge->name;
	char number[20];
	snprintf(number, sizeof(number), "%02x%02x.%02x%02x%02x%02x%02x%02x",
		 id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7]);
	const char *stp = bridge->bridge_stp ? "yes" : "no";
	for (size_t i = 0; i < count; i++) {
		if (links[i].master != bridge->index)
			continue;
		tour_show(name, "%-20s %-12s %s", number, stp, links[i].name);
		name = stp = "";
		number[0] = '\0';
		(*ports)++;
	}
	if (number[0])
		tour_show(name, "%-20s %s", number, stp);
}

int
show_bridges(size_t *ports)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	auto_free struct netlink_link *links = NULL;
	size_t count;
	*ports = 0;
	if (netlink_open(&nl) < 0 ||
	    netlink_list_links(&nl, &links, &count) < 0)
		return -1;
	tour_show("bridge name", "%-20s %-12s %s", "bridge id", "STP enabled",
		  "interfaces");
	for (size_t i = 0; i < count; i++)
		if (strcmp(links[i].kind, "bridge") == 0)
			show_bridge(&links[i], links, count, ports);
	return 0;
}
