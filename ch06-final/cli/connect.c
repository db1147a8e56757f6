/* connect.c - parent.  `network connect` and `network disconnect`: a container
 * on one network more, or less (container/connect.h). */
#include "connect.h"

#include <stdlib.h>
#include <string.h>

#include "network_options.h"
#include "verbs.h"
#include "view_networks.h"

struct connect_wanted {
	struct network_wanted network;
	struct words links;
};

static const struct option_row connect_rows[] = {
	MEMBER(0, "alias", "strings", "Add network-scoped alias for the "
	       "container", option_take_word, struct connect_wanted,
	       network.aliases),
	MEMBER(0, "driver-opt", "strings", "driver options for the network",
	       take_driver_option, struct connect_wanted,
	       network.driver_options),
	MEMBER(0, "gw-priority", "int", "Highest gw-priority provides the "
	       "default gateway. Accepts positive and negative values.",
	       take_priority, struct connect_wanted, network.gw_priority),
	MEMBER(0, "ip", "ip", "IPv4 address (e.g., 172.30.100.104)", take_ip,
	       struct connect_wanted, network.ip),
	MEMBER(0, "ip6", "ip", "IPv6 address (e.g., 2001:db8::33)", take_ip6,
	       struct connect_wanted, network.ip6),
	MEMBER(0, "link", "list", NULL, take_link, struct connect_wanted,
	       links),
	MEMBER(0, "link-local-ip", "strings", "Add a link-local address for "
	       "the container", take_link_local, struct connect_wanted,
	       network.link_local),
	{ 0 },
};

static void
free_wanted(struct connect_wanted *wanted)
{
	struct network_wanted *network = &wanted->network;
	free(network->ip);
	free(network->ip6);
	words_free(&network->aliases);
	words_free(&network->link_local);
	words_free(&network->driver_options);
	words_free(&wanted->links);
}

static int
connect_it(struct connect_wanted *wanted, char *network, const char *word)
{
	auto_container struct container c;
	auto_network_record struct network_record record = { 0 };
	wanted->network.name = network;
	if (container_find(&c, verb_root(), word) < 0)
		return -1;
	if (wanted->links.count)
		return failx("--link: the containers of a network reach each "
			     "other by their names; give %s another with "
			     "--alias", wanted->links.items[0]);
	if (container_connect(&c, &wanted->network, &record) < 0)
		return -1;
	network_tell(verb_root(), "connect", &record, c.record.id);
	return 0;
}

static int
run_connect(const struct verb *verb, int argc, char **argv)
{
	struct connect_wanted wanted = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 2, 2, &status);
	if (first >= 0 && (status = verb_settle(verb)) == 0 &&
	    connect_it(&wanted, argv[first], argv[first + 1]) < 0)
		status = verb_error(verb);
	free_wanted(&wanted);
	return status;
}

const struct verb verb_network_connect = {
	.name = "network connect",
	.arguments = "NETWORK CONTAINER",
	.shows = "Connect a container to a network",
	.options = connect_rows,
	.failure_status = 1,
	.run = run_connect,
};

/* ---- disconnect ---------------------------------------------------------- */

struct disconnect_wanted {
	bool force;
};

static const struct option_row disconnect_rows[] = {
	SWITCH('f', "force", "Force the container to disconnect from a network",
	       struct disconnect_wanted, force),
	{ 0 },
};

static int
disconnect_it(const char *network, const char *word)
{
	auto_container struct container c;
	auto_network_record struct network_record record = { 0 };
	if (container_find(&c, verb_root(), word) < 0 ||
	    container_disconnect(&c, network, &record) < 0)
		return -1;
	network_tell(verb_root(), "disconnect", &record, c.record.id);
	return 0;
}

static int
run_disconnect(const struct verb *verb, int argc, char **argv)
{
	struct disconnect_wanted wanted = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 2, 2, &status);
	if (first >= 0 && (status = verb_settle(verb)) == 0 &&
	    disconnect_it(argv[first], argv[first + 1]) < 0)
		status = verb_error(verb);
	return status;
}

const struct verb verb_network_disconnect = {
	.name = "network disconnect",
	.arguments = "NETWORK CONTAINER",
	.shows = "Disconnect a container from a network",
	.options = disconnect_rows,
	.failure_status = 1,
	.run = run_disconnect,
};
