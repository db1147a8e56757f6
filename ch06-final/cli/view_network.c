/*
 * view_network.c - parent.  A container's addresses and ports, as Docker's
 * NetworkSettings: see view.h.  Who is on a network, and where, stands in its
 * file of names (network/names.h); who does not run is on none.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "port_words.h"
#include "view.h"
#include "view_networks.h"

/* ---- ports --------------------------------------------------------------- */

/* "0.0.0.0:8080->80/tcp": from the record, where the host's are known. */
static void
add_port(json_t *ports, char *words)
{
	char *arrow = strstr(words, "->");
	char *colon;
	if (!arrow)
		return;
	*arrow = '\0';
	colon = strrchr(words, ':');
	if (!colon)
		return;
	*colon = '\0';
	/* "[::]" is "::" here. */
	if (*words == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		words++;
	}
	json_t *list = json_object_get(ports, arrow + 2);
	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(ports, arrow + 2, list);
	}
	json_array_append_new(list, json_pack("{s:s, s:s}", "HostIp", words,
					      "HostPort", colon + 1));
}

json_t *
view_json_ports(const struct view *view)
{
	json_t *ports = json_object();
	if (!view_is_running(view))
		return ports;
	for (size_t i = 0; i < view->settings.expose.count; i++)
		json_object_set_new(ports, view->settings.expose.items[i],
				    json_null());
	auto_free char *words = copy_text(view->record.ports);
	char *rest = words, *port;
	while ((port = strsep(&rest, ",")))
		add_port(ports, port + strspn(port, " "));
	return ports;
}

char *
view_ports(const struct view *view)
{
	json_t *ports = view_json_ports(view);
	char *words = port_words(ports);
	json_decref(ports);
	return words;
}

/* ---- networks ------------------------------------------------------------ */

/* A container's place on one network. */
struct place {
	struct network_record record;
	struct names names;
	struct ipam_subnet subnet;
	const struct names_line *line; /* NULL: it is not there now */
	const struct network_wanted *wanted;
};

static void
place_close(struct place *place)
{
	network_record_free(&place->record);
	names_free(&place->names);
}
#define auto_place __attribute__((cleanup(place_close)))

/* A network that was removed since is there by its name alone. */
static void
place_find(const struct view *view, int networks, const char *name,
	   struct place *place)
{
	*place = (struct place){ 0 };
	if (networks < 0 ||
	    network_find_wanted(networks, name, &place->record) < 0)
		return;
	network_subnet(&place->record, &place->subnet);
	if (view_is_running(view) &&
	    names_read(networks, &place->record, &place->names) == 0)
		place->line = names_find(&place->names, view->record.id);
}

static void
set_addresses(json_t *json, const struct place *place)
{
	char gateway[IPAM_ADDRESS_SIZE] = "", gateway6[IPAM_ADDRESS6_SIZE] = "";
	const struct names_line *line = place->line;
	bool has_v6 = line && *line->address6;
	uint8_t first[16];
	if (line && place->subnet.prefix && !place->record.internal)
		ipam_format(ipam_gateway(&place->subnet), gateway);
	if (has_v6) {
		ipam_address6(&place->record.subnet6, 1, first);
		ipam_format6(first, gateway6);
	}
	json_object_set_new(json, "Gateway", json_string(gateway));
	json_object_set_new(json, "IPAddress",
			    json_string(line ? line->address : ""));
	json_object_set_new(json, "IPPrefixLen",
			    json_integer(line ? place->subnet.prefix : 0));
	json_object_set_new(json, "IPv6Gateway", json_string(gateway6));
	json_object_set_new(json, "GlobalIPv6Address",
			    json_string(has_v6 ? line->address6 : ""));
	json_object_set_new(json, "GlobalIPv6PrefixLen",
			    json_integer(has_v6 ? place->record.subnet6.prefix :
						  0));
}

static json_t *
mac_json(const struct place *place)
{
	char mac[MAC_SIZE];
	const struct network_wanted *wanted = place->wanted;
	if (!place->line)
		return json_string("");
	return json_string(network_mac(place->line,
				       wanted ? wanted->mac : NULL, mac));
}

static json_t *
id_json(const struct view *view, const struct place *place)
{
	char id[NETWORK_ID + 1] = "";
	if (place->line)
		network_endpoint_id(&place->record, view->record.id, id);
	return json_string(id);
}

/* By which it is found: of the default bridge nobody is. */
static json_t *
names_json(const struct view *view, const struct place *place)
{
	const struct names_line *line = place->line;
	auto_free char *short_id = text("%.*s", SHORT_ID, view->record.id);
	if (!line || network_is_given(place->record.name))
		return json_null();
	json_t *list = json_array();
	json_array_append_new(list, json_words(line->name));
	for (size_t i = 0; i < line->aliases.count; i++)
		json_array_append_new(list,
				      json_words(line->aliases.items[i]));
	if (!words_has(&line->aliases, short_id))
		json_array_append_new(list, json_string(short_id));
	return list;
}

/* What was asked for: null when it was nothing. */
static json_t *
ipam_wanted(const struct network_wanted *wanted)
{
	if (!wanted || (!wanted->ip && !wanted->ip6 &&
			!wanted->link_local.count))
		return json_null();
	json_t *json = json_object();
	if (wanted->ip)
		json_object_set_new(json, "IPv4Address",
				    json_string(wanted->ip));
	if (wanted->ip6)
		json_object_set_new(json, "IPv6Address",
				    json_string(wanted->ip6));
	if (wanted->link_local.count)
		json_object_set_new(json, "LinkLocalIPs",
				    json_list(&wanted->link_local));
	return json;
}

static json_t *
endpoint_json(const struct view *view, const struct place *place)
{
	const struct network_wanted *wanted = place->wanted;
	json_t *json = json_object();
	json_object_set_new(json, "IPAMConfig", ipam_wanted(wanted));
	json_object_set_new(json, "Links", json_null());
	json_object_set_new(json, "Aliases",
			    wanted ? json_list(&wanted->aliases) :
				     json_null());
	json_object_set_new(json, "MacAddress", mac_json(place));
	json_object_set_new(json, "DriverOpts",
			    wanted && wanted->driver_options.count ?
				    json_map(&wanted->driver_options) :
				    json_null());
	json_object_set_new(json, "GwPriority",
			    json_integer(wanted ? wanted->gw_priority : 0));
	json_object_set_new(json, "NetworkID",
			    json_string(place->line ? place->record.id : ""));
	json_object_set_new(json, "EndpointID", id_json(view, place));
	set_addresses(json, place);
	json_object_set_new(json, "DNSNames", names_json(view, place));
	return json;
}

/* ---- the whole ----------------------------------------------------------- */

/* "container:web" is on no network of its own. */
static json_t *
networks_json(const struct view *view, int networks)
{
	const struct settings *settings = &view->settings;
	const char *usual = settings->loopback_only ? "none" : "bridge";
	size_t count = settings->network_count;
	json_t *json = json_object();
	for (size_t i = 0; i < (count ? count : 1); i++) {
		const char *name = count ? settings->networks[i].name : usual;
		auto_place struct place place = { 0 };
		if (!name || strchr(name, ':'))
			continue;
		place_find(view, networks, name, &place);
		place.wanted = count ? &settings->networks[i] : NULL;
		json_object_set_new(json, name, endpoint_json(view, &place));
	}
	return json;
}

/* At the top, for old readers: what there is of the default bridge. */
static void
set_old(json_t *json, const struct view *view, int networks)
{
	auto_place struct place place = { 0 };
	place_find(view, networks, "bridge", &place);
	json_object_set_new(json, "EndpointID", id_json(view, &place));
	set_addresses(json, &place);
	json_object_set_new(json, "MacAddress", mac_json(&place));
}

json_t *
view_json_network(const struct view *view)
{
	auto_close int networks = networks_open(view->root, 0);
	json_t *json = json_pack("{s:s, s:s, s:s, s:o}", "Bridge", "",
				 "SandboxID", "", "SandboxKey", "", "Ports",
				 view_json_ports(view));
	if (view_is_running(view)) {
		auto_free char *key = text("/proc/%d/ns/net",
					   view->record.pid);
		json_object_set_new(json, "SandboxID",
				    json_string(view->record.id));
		json_object_set_new(json, "SandboxKey", json_string(key));
	}
	set_old(json, view, networks);
	json_object_set_new(json, "Networks", networks_json(view, networks));
	return json;
}
