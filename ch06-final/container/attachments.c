/* attachments.c - parent.  See attachments.h. */
#include "attachments.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dns_serve.h"
#include "lock.h"
#include "netlink.h"
#include "record.h"

/* ---- one: what is asked for --------------------------------------------- */

bool
attachments_has_any(const struct settings *settings)
{
	const char *first = settings_network(settings);
	return strcmp(first, "none") != 0 && strcmp(first, "host") != 0 &&
	       strncmp(first, "container:", 10) != 0;
}

static void
read_mac(const char *string, uint8_t mac[6])
{
	for (size_t i = 0; i < 6; i++)
		mac[i] = strtoul(string + 3 * i, NULL, 16);
}

/* Of the networks that their RFCs gave them, 3927 and 4291. */
static int
take_link_local(const struct words *wanted, struct attachment *a)
{
	a->link_local = new_bytes((wanted->count + 1) *
				  sizeof(*a->link_local));
	for (size_t i = 0; i < wanted->count; i++) {
		struct netlink_ip *ip = &a->link_local[i];
		if (netlink_parse_ip(wanted->items[i], ip) < 0)
			return -1;
		ip->prefix = ip->family == AF_INET ? 16 : 64;
	}
	a->endpoint.link_local = a->link_local;
	a->endpoint.link_local_count = wanted->count;
	return 0;
}

/* Addresses that the user may choose are those of subnets that he chose. */
static int
take_wanted(const struct network_wanted *wanted, struct attachment *a)
{
	struct net_endpoint *endpoint = &a->endpoint;
	const struct network_record *record = &a->record;
	if ((wanted->ip || wanted->ip6) && network_is_given(record->name))
		return failx("invalid endpoint settings: user-specified IP "
			     "address is supported on user-defined networks "
			     "only");
	if ((wanted->ip && !record->own_subnet) ||
	    (wanted->ip6 && !record->own_subnet6))
		return failx("invalid endpoint settings: user specified IP "
			     "address is supported only when connecting to "
			     "networks with user configured subnets (network "
			     "create --subnet)");
	if (wanted->ip &&
	    ipam_parse_address(wanted->ip, &endpoint->wanted) < 0)
		return -1;
	if (wanted->ip6) {
		if (ipam_parse_address6(wanted->ip6, a->ip6) < 0)
			return -1;
		endpoint->wanted6 = a->ip6;
	}
	if (wanted->mac) {
		read_mac(wanted->mac, a->mac);
		endpoint->wanted_mac = a->mac;
	}
	return take_link_local(&wanted->link_local, a);
}

int
attachment_open(int networks, const struct attached *whose,
		const struct network_wanted *wanted, unsigned int number,
		struct attachment *a)
{
	const char *name = wanted ? wanted->name : "bridge";
	*a = (struct attachment){ .wanted = wanted };
	if (network_find_wanted(networks, name, &a->record) < 0)
		return -1;
	bool is_default = network_is_given(a->record.name);
	if (is_default)
		snprintf(a->id, sizeof(a->id), "%s", whose->id);
	else
		network_endpoint_id(&a->record, whose->id, a->id);
	const char *link = wanted ? network_wanted_link(wanted) : NULL;
	if (link)
		snprintf(a->link, sizeof(a->link), "%s", link);
	else
		snprintf(a->link, sizeof(a->link), "eth%u", number);
	a->endpoint = (struct net_endpoint)NET_ENDPOINT(a->id);
	a->endpoint.link = a->link;
	if ((wanted && take_wanted(wanted, a) < 0) ||
	    network_open(&a->record, &a->network) < 0) {
		attachment_close(a);
		return -1;
	}
	if (is_default) {
		a->avoid = networks_subnets(networks, &a->network.avoid_count);
		a->network.avoid = a->avoid;
	}
	return 0;
}

void
attachment_close(struct attachment *a)
{
	network_record_free(&a->record);
	net_close(&a->network);
	free_scoped(&a->avoid);
	free_scoped(&a->link_local);
}

void
attachments_close(struct attachments *all)
{
	for (size_t i = 0; i < all->count; i++)
		attachment_close(&all->list[i]);
	free(all->list);
	*all = (struct attachments){ 0 };
}

/* ---- who is there ------------------------------------------------------- */

static void
add_alias(struct names_line *line, const char *alias)
{
	if (alias && *alias && !words_has(&line->aliases, alias) &&
	    strcmp(alias, line->name) != 0)
		words_add(&line->aliases, alias);
}

int
attachment_tell(int networks, const struct attached *whose,
		const struct attachment *a, pid_t pid)
{
	char address[IPAM_ADDRESS_SIZE], address6[IPAM_ADDRESS6_SIZE] = "";
	ipam_format(a->endpoint.lease.address, address);
	if (a->network.subnet6.prefix)
		ipam_format6(a->endpoint.address6, address6);
	struct names_line line = {
		.pid = pid, .address = address, .address6 = address6,
		.name = (char *)whose->name,
	};
	snprintf(line.id, sizeof(line.id), "%s", whose->id);
	for (size_t i = 0; a->wanted && i < a->wanted->aliases.count; i++)
		add_alias(&line, a->wanted->aliases.items[i]);
	add_alias(&line, whose->hostname);
	int result = names_put(networks, &a->record, &line);
	words_free(&line.aliases);
	return result;
}

void
attachment_addresses(const struct attachment *a, struct words *addresses)
{
	char room[IPAM_ADDRESS6_SIZE];
	words_add(addresses, ipam_format(a->endpoint.lease.address, room));
	if (a->network.subnet6.prefix)
		words_add(addresses, ipam_format6(a->endpoint.address6, room));
}

/* ---- reserved ----------------------------------------------------------- */

bool
attachment_can_publish(const struct network_record *record)
{
	return strcmp(record->driver, "bridge") == 0 && !record->internal;
}

int
attachment_reserve(int networks, const struct attached *whose,
		   struct attachment *a, const struct nat_port *ports,
		   size_t count)
{
	if (a->record.internal)
		a->endpoint.no_default_route = true;
	if (net_reserve(&a->network, &a->endpoint, ports, count) < 0)
		return -1;
	if (attachment_tell(networks, whose, a, 0) == 0)
		return 0;
	struct failure why = failure;
	net_release(&a->network, &a->endpoint);
	failure = why;
	return -1;
}

static int
open_all(int networks, const struct attached *whose, struct attachments *all)
{
	const struct settings *settings = whose->settings;
	size_t count = settings->network_count ? settings->network_count : 1;
	all->list = new_bytes(count * sizeof(*all->list));
	for (; all->count < count; all->count++)
		if (attachment_open(networks, whose,
				    settings->network_count ?
					    &settings->networks[all->count] :
					    NULL,
				    all->count, &all->list[all->count]) < 0)
			return -1;
	return 0;
}

/* The first of those that have a way out, and of these the highest priority. */
static size_t
which_leads_out(const struct attachments *all)
{
	size_t best = all->count;
	int64_t highest = 0;
	for (size_t i = 0; i < all->count; i++) {
		const struct attachment *a = &all->list[i];
		int64_t priority = a->wanted ? a->wanted->gw_priority : 0;
		if (a->record.internal ||
		    (best < all->count && priority <= highest))
			continue;
		best = i;
		highest = priority;
	}
	return best;
}

/* The ports are the first network's that can have them. */
static int
reserve_all(int networks, const struct attached *whose,
	    struct attachments *all)
{
	bool has_ports = false;
	size_t way_out = which_leads_out(all);
	for (size_t i = 0; i < all->count; i++) {
		struct attachment *a = &all->list[i];
		bool publishes = !has_ports &&
				 attachment_can_publish(&a->record);
		a->endpoint.no_default_route = i != way_out;
		if (attachment_reserve(networks, whose, a, whose->ports,
				       publishes ? whose->port_count : 0) < 0)
			return -1;
		has_ports |= publishes;
	}
	return 0;
}

int
attachments_reserve(const struct attached *whose, struct attachments *all)
{
	auto_close int networks = networks_open(whose->root, LOCK_EX);
	if (networks < 0 || open_all(networks, whose, all) < 0)
		return -1;
	if (reserve_all(networks, whose, all) < 0)
		return -1;
	for (size_t i = 0; i < all->count; i++)
		network_tell(whose->root, "connect", &all->list[i].record,
			     whose->id);
	return 0;
}

int *
attachments_held(const struct attachment *list, size_t length, size_t *count)
{
	size_t most = 0;
	for (size_t i = 0; i < length; i++)
		most += 2 + list[i].endpoint.port_count;
	int *fds = new_bytes((most + 1) * sizeof(*fds));
	*count = 0;
	for (size_t i = 0; i < length; i++) {
		const struct net_endpoint *endpoint = &list[i].endpoint;
		fds[(*count)++] = endpoint->lease.fd;
		if (endpoint->lease6.fd >= 0)
			fds[(*count)++] = endpoint->lease6.fd;
		for (size_t k = 0; k < endpoint->port_count; k++)
			fds[(*count)++] = endpoint->sockets[k];
	}
	return fds;
}

/* ---- plugged in --------------------------------------------------------- */

int
attachments_open_netns(pid_t pid)
{
	auto_free char *path = text("/proc/%d/ns/net", pid);
	int netns = open(path, O_RDONLY | O_CLOEXEC);
	if (netns >= 0)
		return netns;
	/* Who has been killed is in no namespace any more. */
	return errno == ENOENT ? failx("the container died without a word") :
				 fail("open %s", path);
}

int
attachments_plug(const struct attached *whose, struct attachments *all,
		 pid_t pid)
{
	auto_close int netns = attachments_open_netns(pid);
	auto_close int networks = -1;
	if (netns < 0)
		return -1;
	for (size_t i = 0; i < all->count; i++)
		if (net_attach(&all->list[i].network, &all->list[i].endpoint,
			       netns) < 0)
			return -1;
	if ((networks = networks_open(whose->root, LOCK_EX)) < 0)
		return -1;
	for (size_t i = 0; i < all->count; i++)
		if (attachment_tell(networks, whose, &all->list[i], pid) < 0)
			return -1;
	close_scoped(&networks);
	return attachments_have_names(all) ?
		       attachments_serve(whose->root, whose->id, pid) : 0;
}

bool
attachments_have_names(const struct attachments *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (!network_is_given(all->list[i].record.name))
			return true;
	return false;
}

int
attachments_serve(const char *root, const char *id, pid_t pid)
{
	auto_free char *networks = text("%s/networks", root);
	return dns_serve(networks, id, pid);
}

int
attachments_mend(const char *root)
{
	auto_free char *networks = text("%s/networks", root);
	return dns_serve_tidy(networks);
}

/* ---- gone --------------------------------------------------------------- */

int
attachments_release(const struct attached *whose, struct attachments *all)
{
	struct failure first = { 0 };
	auto_close int networks = networks_open(whose->root, LOCK_EX);
	for (size_t i = all->count; i-- > 0;) {
		struct attachment *a = &all->list[i];
		if (net_release(&a->network, &a->endpoint) < 0 ||
		    networks < 0 ||
		    names_drop(networks, &a->record, whose->id) < 0)
			first = failure;
		network_tell(whose->root, "disconnect", &a->record, whose->id);
	}
	attachments_close(all);
	close_scoped(&networks);
	if (attachments_mend(whose->root) < 0)
		first = failure;
	failure = first;
	return first.text[0] ? -1 : 0;
}

/* If its holder was killed he may have it a moment longer (net.h). */
int
attachment_recover(const struct net_network *network, const char *id)
{
	for (int tries = 0; tries < 2000; tries++) {
		if (net_recover(network) < 0)
			return -1;
		if (!net_is_leased(network, id))
			break;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return 0;
}

static int
forget_one(const char *root, int networks,
	   const struct network_record *record, const char *id)
{
	auto_network struct net_network network = { 0 };
	auto_names struct names names = { 0 };
	char endpoint[NETWORK_ID + 1];
	/* What cannot be read names nobody. */
	if (names_read(networks, record, &names) == 0 &&
	    !names_find(&names, id))
		return 0;
	network_endpoint_id(record, id, endpoint);
	if (network_open(record, &network) < 0 ||
	    attachment_recover(&network, network_is_given(record->name) ?
						 id : endpoint) < 0)
		return -1;
	/* Waiting is over: nobody else waits for us meanwhile. */
	if (lock_take(networks, LOCK_EX) < 0)
		return fail("lock the networks");
	int result = names_drop(networks, record, id);
	flock(networks, LOCK_UN);
	if (result == 0 && names.count)
		network_tell(root, "disconnect", record, id);
	return result;
}

int
attachments_forget(const char *root, const char *id)
{
	auto_network struct net_network usual = { 0 };
	auto_close int networks = networks_open(root, 0);
	size_t count;
	if (networks < 0)
		return -1;
	struct failure first = { 0 };
	struct network_record *list = networks_list(networks, &count);
	for (size_t i = 0; i < count; i++) {
		if (forget_one(root, networks, &list[i], id) < 0)
			first = failure;
		network_record_free(&list[i]);
	}
	free(list);
	/* What was reserved and never told of. */
	if (net_default(&usual) < 0 || attachment_recover(&usual, id) < 0 ||
	    attachments_mend(root) < 0)
		return -1;
	failure = first;
	return first.text[0] ? -1 : 0;
}
