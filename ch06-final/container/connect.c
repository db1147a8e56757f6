/* connect.c - parent.  See connect.h. */
#include "connect.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "attach.h"
#include "core.h"
#include "files.h"
#include "held.h"
#include "netlink.h"
#include "outside.h"
#include "published.h"

/* ---- what is asked for -------------------------------------------------- */

/* Without one it is the default bridge, which is said now. */
static void
make_room(struct settings *settings, size_t count)
{
	bool is_said = settings->network_count > 0;
	settings->networks =
		resize_bytes(settings->networks,
			     (settings->network_count + count + !is_said) *
				     sizeof(*settings->networks));
	if (is_said)
		return;
	settings->networks[settings->network_count++] =
		(struct network_wanted){ .name = copy_text("bridge") };
}

static struct network_wanted *
add_wanted(struct settings *settings, const struct network_wanted *wanted,
	   const char *name)
{
	make_room(settings, 1);
	struct network_wanted *copy =
		&settings->networks[settings->network_count++];
	*copy = (struct network_wanted){
		.name = copy_text(name),
		.ip = wanted->ip ? copy_text(wanted->ip) : NULL,
		.ip6 = wanted->ip6 ? copy_text(wanted->ip6) : NULL,
		.mac = wanted->mac ? copy_text(wanted->mac) : NULL,
		.gw_priority = wanted->gw_priority,
	};
	words_add_all(&copy->aliases, wanted->aliases.items);
	words_add_all(&copy->link_local, wanted->link_local.items);
	words_add_all(&copy->driver_options, wanted->driver_options.items);
	return copy;
}

static struct network_wanted *
find_wanted(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->network_count; i++) {
		const char *one = settings->networks[i].name;
		if (strcmp(one, name) == 0 ||
		    (strcmp(one, "default") == 0 &&
		     strcmp(name, "bridge") == 0))
			return &settings->networks[i];
	}
	return NULL;
}

static void
remove_wanted(struct settings *settings, struct network_wanted *one)
{
	size_t at = one - settings->networks;
	free(one->name);
	free(one->ip);
	free(one->ip6);
	free(one->mac);
	words_free(&one->aliases);
	words_free(&one->link_local);
	words_free(&one->driver_options);
	settings->network_count--;
	memmove(one, one + 1,
		(settings->network_count - at) * sizeof(*one));
}

static int
check_modes(const struct settings *settings,
	    const struct network_record *record)
{
	const char *first = settings_network(settings);
	if (strcmp(first, "none") == 0 || strcmp(record->name, "none") == 0)
		return failx("container cannot be connected to multiple "
			     "networks with one of the networks in private "
			     "(none) mode");
	if (strcmp(first, "host") == 0 || strcmp(record->name, "host") == 0)
		return failx("container cannot be disconnected from host "
			     "network or connected to host network");
	if (strncmp(first, "container:", 10) == 0)
		return failx("container sharing network namespace with "
			     "another container or host cannot be connected "
			     "to any other network");
	return 0;
}

/* ---- in its namespace --------------------------------------------------- */

struct inside {
	int netns;
	struct netlink nl;
};
#define INSIDE_CLOSED { -1, NETLINK_CLOSED }

static void
inside_close(struct inside *inside)
{
	netlink_close(&inside->nl);
	close_scoped(&inside->netns);
}
#define auto_inside __attribute__((cleanup(inside_close)))

static int
inside_open(const struct container *c, struct inside *inside)
{
	auto_free char *place = core_root(c->root);
	inside->netns = joined_namespace(place, &c->record, "net");
	return inside->netns < 0 ? -1 : netlink_open_in(&inside->nl,
							 inside->netns);
}

/* The first ethN that is free. */
static unsigned int
free_link(struct inside *inside)
{
	struct netlink_link link;
	for (unsigned int number = 0;; number++) {
		auto_free char *name = text("eth%u", number);
		if (netlink_get_link(&inside->nl, name, &link) < 0)
			return number;
	}
}

/* The gateway of the default route, of this family; family 0: there is none. */
static struct netlink_ip
way_out(struct inside *inside, int family)
{
	auto_free struct netlink_route *routes = NULL;
	size_t count;
	if (netlink_list_routes(&inside->nl, family, &routes, &count) < 0)
		return (struct netlink_ip){ 0 };
	for (size_t i = 0; i < count; i++)
		if (routes[i].to.prefix == 0 && routes[i].via.family &&
		    routes[i].table == RT_TABLE_MAIN)
			return routes[i].via;
	return (struct netlink_ip){ 0 };
}

static bool
has_way_out(struct inside *inside)
{
	return way_out(inside, AF_INET).family != 0;
}

/* A way that there is stays, unless the new one `goes_first`. */
static int
lead_out(struct inside *inside, const struct netlink_ip *gateway,
	 bool goes_first)
{
	struct netlink_ip to = { .family = gateway->family };
	struct netlink_ip before = way_out(inside, gateway->family);
	if (before.family &&
	    (!goes_first || memcmp(&before.bytes, &gateway->bytes,
				   sizeof(before.bytes)) == 0))
		return 0;
	if (before.family &&
	    netlink_delete_route(&inside->nl, &to, &before) < 0)
		return -1;
	return netlink_add_default_route(&inside->nl, gateway);
}

/* Of all that it is on now, the first with the highest priority.  Its own way,
 * or one that the container has made, is taken away only by `newest`, the
 * network it has just come to; NULL: it has left one. */
static int
find_way_out(int networks, const struct settings *settings,
	     const char *newest, struct inside *inside)
{
	auto_network_record struct network_record best = { 0 };
	int64_t highest = 0;
	for (size_t i = 0; i < settings->network_count; i++) {
		auto_network_record struct network_record record = { 0 };
		const struct network_wanted *one = &settings->networks[i];
		if (network_find(networks, one->name, &record) < 0 ||
		    record.internal || record.subnet.prefix == 0 ||
		    (best.name && one->gw_priority <= highest))
			continue;
		network_record_free(&best);
		best = record;
		record = (struct network_record){ 0 };
		highest = one->gw_priority;
	}
	if (!best.name)
		return 0;
	struct netlink_ip gateway = netlink_ip4(ipam_gateway(&best.subnet), 0);
	struct netlink_ip gateway6 = { .family = AF_INET6 };
	bool goes_first = newest && strcmp(best.name, newest) == 0;
	if (lead_out(inside, &gateway, goes_first) < 0)
		return -1;
	ipam_address6(&best.subnet6, 1, gateway6.bytes);
	return best.subnet6.prefix ? lead_out(inside, &gateway6, goes_first) :
				     0;
}

/* ---- connect ------------------------------------------------------------ */

static struct attached
whose(const struct container *c, const struct settings *settings)
{
	return (struct attached){
		.root = c->root, .id = c->record.id, .name = c->record.name,
		.hostname = settings->hostname, .settings = settings,
	};
}

/* The monitor holds what there is, and this. */
static int
hand_over(const struct container *c, const struct attachment *a)
{
	auto_held struct held held = { 0 };
	size_t count;
	auto_free int *fds = attachments_held(a, 1, &count);
	if (held_take(c->dir, &held) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		held_add(&held, fds[i]);
	return held_give(c->dir, &held);
}

static int
tell_files(const struct container *c, const struct settings *settings,
	   const struct attachment *a)
{
	auto_words struct words addresses = { 0 };
	const char *name = settings->hostname;
	auto_free char *short_id = text("%.*s", SHORT_ID, c->record.id);
	attachment_addresses(a, &addresses);
	for (size_t i = 0; i < addresses.count; i++)
		if (files_add_host(c->dir, addresses.items[i],
				   name ?: short_id) < 0)
			return -1;
	return files_serve(c->dir, settings,
			   !network_is_given(a->record.name));
}

static int
plug(int networks, struct container *c, const struct settings *settings,
     struct attachment *a, struct inside *inside,
     const struct nat_port *ports, size_t port_count)
{
	struct attached us = whose(c, settings);
	if (attachment_reserve(networks, &us, a, ports, port_count) < 0)
		return -1;
	if (net_attach(&a->network, &a->endpoint, inside->netns) == 0) {
		if (hand_over(c, a) == 0 &&
		    attachment_tell(networks, &us, a, c->record.pid) == 0 &&
		    tell_files(c, settings, a) == 0 &&
		    (!ports || published_tell(c->dir, settings,
					      a->endpoint.ports,
					      a->endpoint.port_count) == 0))
			return 0;
		struct failure why = failure;
		net_unplug(&a->endpoint, inside->netns);
		failure = why;
	}
	struct failure why = failure;
	net_release(&a->network, &a->endpoint);
	names_drop(networks, &a->record, c->record.id);
	failure = why;
	return -1;
}

static int
connect_running(int networks, struct container *c,
		const struct settings *settings,
		const struct network_wanted *wanted)
{
	struct attached us = whose(c, settings);
	auto_inside struct inside inside = INSIDE_CLOSED;
	struct attachment a;
	if (inside_open(c, &inside) < 0 ||
	    attachment_open(networks, &us, wanted, free_link(&inside), &a) < 0)
		return -1;
	a.endpoint.no_default_route = has_way_out(&inside);
	/* Its ports, if they led nowhere so far. */
	auto_free struct nat_port *ports = NULL;
	bool publishes = settings->publish_count && !*c->record.ports &&
			 attachment_can_publish(&a.record);
	int result = -1;
	size_t count = 0;
	if (!publishes ||
	    (ports = outside_take(c->record.id, settings, &count)))
		result = plug(networks, c, settings, &a, &inside, ports,
			      count);
	if (result == 0)
		result = find_way_out(networks, settings, a.record.name,
				      &inside);
	attachment_close(&a);
	struct failure why = failure;
	if (result < 0 && publishes)
		outside_give(c->record.id);
	failure = why;
	return result;
}

int
container_connect(struct container *c, const struct network_wanted *wanted,
		  struct network_record *record)
{
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	auto_close int change = record_lock_change(c->dir);
	auto_close int networks = networks_open(c->root, LOCK_EX);
	if (change < 0 || networks < 0 ||
	    settings_load(c->dir, &settings) < 0 ||
	    network_find(networks, wanted->name, record) < 0 ||
	    check_modes(&settings, record) < 0)
		return -1;
	make_room(&settings, 0);
	if (find_wanted(&settings, record->name))
		return failx("endpoint with name %s already exists in network "
			     "%s", c->record.name, record->name);
	struct network_wanted *one = add_wanted(&settings, wanted,
						record->name);
	bool runs = c->record.status == STATUS_RUNNING;
	if ((runs && connect_running(networks, c, &settings, one) < 0) ||
	    settings_save(c->dir, &settings) < 0)
		return -1;
	close_scoped(&networks);
	if (container_sync(c) < 0)
		return -1;
	if (!runs || network_is_given(record->name))
		return 0;
	return attachments_serve(c->root, c->record.id, c->record.pid) < 0 ?
		       -1 : attach_tell_names(c->dir);
}

/* ---- disconnect --------------------------------------------------------- */

/* Of the descriptors that the monitor holds, one network's; its ports may go to
 * another. */
static int
let_go(const struct container *c, const struct net_network *network,
       struct published *ports)
{
	auto_held struct held held = { 0 };
	if (held_take(c->dir, &held) < 0)
		return -1;
	published_held(network, ports, &held);
	return held_give(c->dir, &held);
}

/* Which link of it is on that network: the one with the address. */
static void
unplug(struct inside *inside, const struct names_line *line)
{
	auto_free struct netlink_address *list = NULL;
	auto_free struct netlink_link *links = NULL;
	size_t count, link_count;
	uint32_t address;
	if (ipam_parse_address(line->address, &address) < 0 ||
	    netlink_list_addresses(&inside->nl, AF_INET, &list, &count) < 0 ||
	    netlink_list_links(&inside->nl, &links, &link_count) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < link_count; k++)
			if (netlink_to_ip4(&list[i].ip) == address &&
			    links[k].index == list[i].link)
				netlink_delete_link(&inside->nl,
						    links[k].name);
}

static int
disconnect_running(int networks, struct container *c,
		   const struct settings *settings,
		   const struct network_record *record)
{
	auto_inside struct inside inside = INSIDE_CLOSED;
	auto_network struct net_network network = { 0 };
	auto_names struct names names = { 0 };
	auto_published struct published ports = { .endpoint.lease.fd = -1 };
	char id[NETWORK_ID + 1];
	if (inside_open(c, &inside) < 0 || network_open(record, &network) < 0 ||
	    names_read(networks, record, &names) < 0)
		return -1;
	struct names_line *line = names_find(&names, c->record.id);
	network_endpoint_id(record, c->record.id, id);
	if (line && published_find(networks, c->record.id, settings, &network,
				   line->address, &ports) < 0)
		return -1;
	if (line)
		unplug(&inside, line);
	if (let_go(c, &network, &ports) < 0 ||
	    attachment_recover(&network, network_is_given(record->name) ?
						 c->record.id : id) < 0 ||
	    names_drop(networks, record, c->record.id) < 0)
		return -1;
	if (line && (files_drop_host(c->dir, line->address) < 0 ||
		     files_drop_host(c->dir, line->address6) < 0))
		return -1;
	if (ports.count && !ports.record.name && outside_give(c->record.id) < 0)
		return -1;
	if (find_way_out(networks, settings, NULL, &inside) < 0)
		return -1;
	return published_lead(c->dir, settings, &ports);
}

int
container_disconnect(struct container *c, const char *network,
		     struct network_record *record)
{
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	auto_close int change = record_lock_change(c->dir);
	auto_close int networks = networks_open(c->root, LOCK_EX);
	if (change < 0 || networks < 0 ||
	    settings_load(c->dir, &settings) < 0 ||
	    network_find(networks, network, record) < 0 ||
	    check_modes(&settings, record) < 0)
		return -1;
	make_room(&settings, 0);
	struct network_wanted *one = find_wanted(&settings, record->name);
	if (!one)
		return failx("container %s is not connected to network %s",
			     c->record.id, record->name);
	remove_wanted(&settings, one);
	if (c->record.status == STATUS_RUNNING &&
	    disconnect_running(networks, c, &settings, record) < 0)
		return -1;
	return settings_save(c->dir, &settings) < 0 ? -1 : container_sync(c);
}
