/* view_networks.c - parent.  See view_networks.h. */
#include "view_networks.h"

#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "netlink.h"
#include "verbs.h"
#include "view.h"

char *
network_mac(const struct names_line *line, const char *wanted,
	    char room[MAC_SIZE])
{
	uint8_t mac[6];
	uint32_t address;
	if (wanted || ipam_parse_address(line->address, &address) < 0) {
		snprintf(room, MAC_SIZE, "%s", wanted ?: "");
		return room;
	}
	net_derive_mac(address, mac);
	snprintf(room, MAC_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
		 mac[1], mac[2], mac[3], mac[4], mac[5]);
	return room;
}

/* ---- subnets ------------------------------------------------------------- */

/* What its bridge has, if there is one. */
static int
find_bridge_subnet(struct ipam_subnet *subnet)
{
	auto_network struct net_network network = { 0 };
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	auto_free struct netlink_address *list = NULL;
	struct netlink_link link;
	size_t count;
	if (net_default(&network) < 0 || netlink_open(&nl) < 0 ||
	    netlink_get_link(&nl, network.bridge, &link) < 0 ||
	    netlink_list_addresses(&nl, AF_INET, &list, &count) < 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (list[i].link != link.index)
			continue;
		*subnet = (struct ipam_subnet){ .prefix = list[i].ip.prefix };
		subnet->network = netlink_to_ip4(&list[i].ip) &
				  ipam_mask(subnet);
		return 1;
	}
	return 0;
}

int
network_subnet(const struct network_record *record, struct ipam_subnet *subnet)
{
	*subnet = record->subnet;
	if (subnet->prefix)
		return 1;
	return strcmp(record->driver, "bridge") == 0 ?
		       find_bridge_subnet(subnet) : 0;
}

static json_t *
pool(const struct network_record *record)
{
	struct ipam_subnet subnet;
	char room[IPAM_ADDRESS_SIZE], gateway[IPAM_ADDRESS_SIZE];
	if (!network_subnet(record, &subnet))
		return NULL;
	auto_free char *whole = text("%s/%u",
				     ipam_format(subnet.network, room),
				     subnet.prefix);
	json_t *json = json_pack("{s:s}", "Subnet", whole);
	if (record->range)
		json_object_set_new(json, "IPRange",
				    json_string(record->range));
	json_object_set_new(json, "Gateway",
			    json_string(ipam_format(ipam_gateway(&subnet),
						    gateway)));
	if (record->aux.count)
		json_object_set_new(json, "AuxiliaryAddresses",
				    json_map(&record->aux));
	return json;
}

static json_t *
pool6(const struct network_record *record)
{
	char room[IPAM_ADDRESS6_SIZE];
	uint8_t first[16];
	const struct ipam_subnet6 *subnet = &record->subnet6;
	auto_free char *whole = text("%s/%u",
				     ipam_format6(subnet->network, room),
				     subnet->prefix);
	ipam_address6(subnet, 1, first);
	return json_pack("{s:s, s:s}", "Subnet", whole, "Gateway",
			 ipam_format6(first, room));
}

static json_t *
ipam_json(const struct network_record *record)
{
	json_t *config = json_array(), *first = pool(record);
	if (first)
		json_array_append_new(config, first);
	if (record->subnet6.prefix)
		json_array_append_new(config, pool6(record));
	return json_pack("{s:s, s:o, s:o}", "Driver", "default", "Options",
			 record->created ? json_object() : json_null(),
			 "Config", config);
}

/* ---- who is there -------------------------------------------------------- */

static const char *
wanted_mac(const struct view *view, const struct network_record *record)
{
	for (size_t i = 0; i < view->settings.network_count; i++)
		if (strcmp(view->settings.networks[i].name, record->name) == 0)
			return view->settings.networks[i].mac;
	return NULL;
}

static json_t *
container_json(const char *root, const struct network_record *record,
	       const struct names_line *line, const struct ipam_subnet *subnet)
{
	auto_view struct view view = { 0 };
	char endpoint[NETWORK_ID + 1], mac[MAC_SIZE];
	const char *wanted = view_open(root, line->id, &view) < 0 ?
				     NULL : wanted_mac(&view, record);
	auto_free char *ip = text("%s/%u", line->address, subnet->prefix);
	auto_free char *ip6 = *line->address6 ?
				      text("%s/%u", line->address6,
					   record->subnet6.prefix) :
				      copy_text("");
	network_endpoint_id(record, line->id, endpoint);
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "Name", line->name,
			 "EndpointID", endpoint, "MacAddress",
			 network_mac(line, wanted, mac), "IPv4Address", ip,
			 "IPv6Address", ip6);
}

static json_t *
containers_json(const char *root, int networks,
		const struct network_record *record)
{
	auto_names struct names names = { 0 };
	struct ipam_subnet subnet;
	json_t *json = json_object();
	network_subnet(record, &subnet);
	if (names_read(networks, record, &names) < 0)
		return json;
	for (size_t i = 0; i < names.count; i++)
		json_object_set_new(json, names.lines[i].id,
				    container_json(root, record,
						   &names.lines[i], &subnet));
	return json;
}

/* ---- the whole ----------------------------------------------------------- */

json_t *
view_network(const char *root, const char *word)
{
	auto_network_record struct network_record record = { 0 };
	auto_close int networks = networks_open(root, 0);
	if (networks < 0 || network_find(networks, word, &record) < 0)
		return NULL;
	auto_free char *created = format_rfc3339(
		record.created * INT64_C(1000000000) + record.created_ns);
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:o, s:b, s:b, s:b, "
		"s:{s:s}, s:b, s:o, s:o, s:o}", "Name", record.name, "Id",
		record.id, "Created", created, "Scope", "local", "Driver",
		record.driver, "EnableIPv4", 1, "EnableIPv6",
		record.subnet6.prefix != 0, "IPAM", ipam_json(&record),
		"Internal", record.internal, "Attachable", record.attachable,
		"Ingress", 0, "ConfigFrom", "Network", "", "ConfigOnly", 0,
		"Containers", containers_json(root, networks, &record),
		"Options", json_map(&record.options), "Labels",
		json_map(&record.labels));
}
