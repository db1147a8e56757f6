/* network_create.c - parent.  `network create`: subnets, gateways and ranges
 * as they are typed, put together (network/networks.h). */
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "networks.h"
#include "rootless.h"
#include "view_networks.h"

struct create_wanted {
	struct network_record record;
	struct words subnets, gateways, ranges;
	struct words ipam_options;
	char *scope, *ipam_driver, *config_from;
	bool ipv4, ipv6, ingress, config_only;
};

/* --driver may say "none" for "null". */
static const struct option_row create_rows[] = {
	SWITCH(0, "attachable", "Enable manual container attachment (as every "
	       "network here has it)", struct create_wanted,
	       record.attachable),
	MEMBER(0, "aux-address", "map", "Addresses of other hosts (NAME=IP), "
	       "which no container is given", option_take_word,
	       struct create_wanted, record.aux),
	MEMBER(0, "config-from", "string", NULL, option_take_text,
	       struct create_wanted, config_from),
	SWITCH(0, "config-only", NULL, struct create_wanted, config_only),
	MEMBER('d', "driver", "string", "Driver to manage the network: bridge, "
	       "macvlan", option_take_text, struct create_wanted,
	       record.driver),
	MEMBER(0, "gateway", "strings", "IPv4 or IPv6 gateway for the subnet",
	       option_take_word, struct create_wanted, gateways),
	SWITCH(0, "ingress", NULL, struct create_wanted, ingress),
	SWITCH(0, "internal", "Restrict external access to the network",
	       struct create_wanted, record.internal),
	MEMBER(0, "ip-range", "strings", "Allocate container addresses from a "
	       "sub-range", option_take_word, struct create_wanted, ranges),
	MEMBER(0, "ipam-driver", "string", "IP address management driver: "
	       "default", option_take_text, struct create_wanted,
	       ipam_driver),
	MEMBER(0, "ipam-opt", "map", NULL, option_take_word,
	       struct create_wanted, ipam_options),
	SWITCH(0, "ipv4", "Enable IPv4 networking (every network here has it)",
	       struct create_wanted, ipv4),
	SWITCH(0, "ipv6", "Enable IPv6 networking", struct create_wanted,
	       ipv6),
	MEMBER(0, "label", "list", "Set metadata on a network",
	       option_take_label, struct create_wanted, record.labels),
	MEMBER('o', "opt", "map", "Set driver specific options: "
	       "com.docker.network.driver.mtu (or mtu), parent",
	       option_take_word, struct create_wanted, record.options),
	MEMBER(0, "scope", "string", "Control the network's scope: local",
	       option_take_text, struct create_wanted, scope),
	MEMBER(0, "subnet", "strings", "Subnet in CIDR format that represents "
	       "a network segment", option_take_word, struct create_wanted,
	       subnets),
	{ 0 },
};

/* One of each family. */
static int
take_subnet(struct create_wanted *wanted, const char *subnet)
{
	struct network_record *record = &wanted->record;
	bool is_v6 = strchr(subnet, ':') != NULL;
	bool *is_own = is_v6 ? &record->own_subnet6 : &record->own_subnet;
	if (*is_own)
		return failx("bad subnet: %s is the second one of IPv%d",
			     subnet, is_v6 ? 6 : 4);
	if (is_v6 && !wanted->ipv6)
		return failx("subnet %s: an IPv6 subnet wants --ipv6", subnet);
	*is_own = true;
	return is_v6 ? ipam_parse_subnet6(subnet, &record->subnet6) :
		       ipam_parse_subnet(subnet, &record->subnet);
}

static int
take_gateway6(struct network_record *record, const char *gateway)
{
	uint8_t address[16], first[16];
	if (ipam_parse_address6(gateway, address) < 0)
		return -1;
	if (!record->subnet6.prefix ||
	    !ipam_contains6(&record->subnet6, address))
		return failx("no matching subnet for gateway %s", gateway);
	ipam_address6(&record->subnet6, 1, first);
	return memcmp(address, first, 16) == 0 ?
		       0 :
		       failx("gateway %s: of an IPv6 subnet it is the first "
			     "address", gateway);
}

static int
take_gateway(struct network_record *record, const char *gateway)
{
	struct ipam_subnet *subnet = &record->subnet;
	uint32_t address;
	if (strchr(gateway, ':'))
		return take_gateway6(record, gateway);
	if (ipam_parse_address(gateway, &address) < 0)
		return failx("invalid gateway address: %s", gateway);
	if (!record->own_subnet || !ipam_contains(subnet, address))
		return failx("no matching subnet for gateway %s", gateway);
	if (address == subnet->network || address == ipam_broadcast(subnet))
		return failx("gateway %s: the network's own and the broadcast "
			     "address are nobody's", gateway);
	if (subnet->gateway)
		return failx("cannot configure multiple gateways (%s) on the "
			     "same subnet", gateway);
	subnet->gateway = address;
	return 0;
}

static int
take_range(struct network_record *record, const char *range)
{
	struct ipam_subnet part;
	if (strchr(range, ':'))
		return failx("range %s: addresses of IPv6 have the numbers of "
			     "those of IPv4", range);
	if (ipam_parse_subnet(range, &part) < 0)
		return -1;
	if (!record->own_subnet || part.prefix < record->subnet.prefix ||
	    !ipam_contains(&record->subnet, part.network))
		return failx("no matching subnet for range %s", range);
	if (record->range)
		return failx("cannot configure multiple ranges (%s) on the "
			     "same subnet", range);
	return network_set_range(record, range);
}

/* In the words of who typed them. */
static int
take_aux(struct network_record *record)
{
	for (size_t i = 0; i < record->aux.count; i++) {
		const char *word = record->aux.items[i];
		if (strchr(word, ':'))
			return failx("aux-address %s: addresses of IPv6 have "
				     "the numbers of those of IPv4", word);
		if (!record->own_subnet)
			return failx("no matching subnet for aux-address %s",
				     word);
	}
	return network_aux(record) < 0 ? wrap("aux-address") : 0;
}

static int
settle_ipv6(struct create_wanted *wanted)
{
	auto_network struct net_network chosen = { 0 };
	if (!wanted->ipv6 || wanted->record.own_subnet6)
		return 0;
	if (net_use_ipv6(&chosen, NULL) < 0)
		return -1;
	wanted->record.subnet6 = chosen.subnet6;
	return 0;
}

/* What Docker has, and what there is instead. */
static int
refuse_absent(const struct create_wanted *wanted)
{
	if (wanted->ingress)
		return failx("--ingress: it is a swarm's, and there is none");
	if (wanted->config_only || wanted->config_from)
		return failx("--config-%s: there are no networks that only "
			     "lend their options; give these again",
			     wanted->config_only ? "only" : "from");
	if (wanted->ipam_options.count)
		return failx("--ipam-opt %s: the driver \"default\" has no "
			     "options", wanted->ipam_options.items[0]);
	if (!wanted->ipv4)
		return failx("--ipv4=false: a network's addresses are counted "
			     "by those of IPv4");
	return 0;
}

static int
settle(struct create_wanted *wanted)
{
	struct network_record *record = &wanted->record;
	if (refuse_absent(wanted) < 0)
		return -1;
	if (wanted->scope && strcmp(wanted->scope, "local") != 0)
		return failx("scope %s: there is only \"local\"",
			     wanted->scope);
	if (wanted->ipam_driver && strcmp(wanted->ipam_driver, "default") != 0)
		return failx("ipam driver %s: there is only \"default\"",
			     wanted->ipam_driver);
	for (size_t i = 0; i < wanted->subnets.count; i++)
		if (take_subnet(wanted, wanted->subnets.items[i]) < 0)
			return -1;
	for (size_t i = 0; i < wanted->gateways.count; i++)
		if (take_gateway(record, wanted->gateways.items[i]) < 0)
			return -1;
	for (size_t i = 0; i < wanted->ranges.count; i++)
		if (take_range(record, wanted->ranges.items[i]) < 0)
			return -1;
	if (take_aux(record) < 0)
		return -1;
	if (!record->driver)
		record->driver = copy_text("bridge");
	return settle_ipv6(wanted);
}

/* The links that an ordinary user's networks could be on are in his own
 * namespace. */
static int
explain_parent(void)
{
	if (failure.code == ENODEV && rootless_is_inside()) {
		auto_free char *why = copy_text(failure.text);
		failx("%.170s (the host's links are root's: use sudo)", why);
		failure.code = ENODEV;
	}
	return -1;
}

static int
create(struct create_wanted *wanted, const char *name)
{
	auto_close int networks = networks_open(verb_root(), LOCK_EX);
	wanted->record.name = copy_text(name);
	if (networks < 0 || settle(wanted) < 0)
		return -1;
	if (network_create(networks, &wanted->record) < 0)
		return explain_parent();
	network_tell(verb_root(), "create", &wanted->record, NULL);
	printf("%s\n", wanted->record.id);
	return 0;
}

static int
run_create(const struct verb *verb, int argc, char **argv)
{
	struct create_wanted wanted = { .ipv4 = true };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, 1, &status);
	if (first >= 0 && (status = verb_settle(verb)) == 0 &&
	    create(&wanted, argv[first]) < 0)
		status = verb_error(verb);
	network_record_free(&wanted.record);
	words_free(&wanted.subnets);
	words_free(&wanted.gateways);
	words_free(&wanted.ranges);
	words_free(&wanted.ipam_options);
	free(wanted.config_from);
	free(wanted.scope);
	free(wanted.ipam_driver);
	return status;
}

const struct verb verb_network_create = {
	.name = "network create",
	.arguments = "NETWORK",
	.shows = "Create a network",
	.options = create_rows,
	.failure_status = 1,
	.run = run_create,
};
