/* net.c - see net.h. */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "forward.h"
#include "netlink.h"
#include "sys.h"

#ifndef SO_NETNS_COOKIE /* headers before Linux 5.14 */
#define SO_NETNS_COOKIE 71
#endif

#define RUN_DIRECTORY "/run/mydocker"
#define SUBNET_FILE "subnet"
#define SUBNET6_FILE "subnet6"
/* As long as it takes on a busy machine; most often it is no time at all. */
#define CARRIER_MS 500

/* ---- names and choices ------------------------------------------------- */

int
net_name_veth(const char *id, char veth[IFNAMSIZ])
{
	size_t length = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-");
	if (length == 0 || id[length] != '\0')
		return failx("\"%s\" is no id for a container", id);
	snprintf(veth, IFNAMSIZ, "myd%.12s", id);
	return 0;
}

void
net_derive_mac(uint32_t address, uint8_t mac[6])
{
	/* Bit 1 of the first byte says: chosen locally, not by a vendor. */
	mac[0] = 0x02;
	mac[1] = 0x42;
	for (int i = 0; i < 4; i++)
		mac[2 + i] = address >> (24 - 8 * i);
}

/* Private space (RFC 1918), in the order in which it is tried: first what
 * Docker takes last, then what a home or a company is likely to use. */
static const struct {
	uint32_t first;
	uint32_t step;
	unsigned int count;
	unsigned int prefix;
} private_space[] = {
	{ 0xac1d0000, 0x10000, 3, 16 },	  /* 172.29 to 172.31 */
	{ 0xac100000, 0x10000, 13, 16 },  /* 172.16 to 172.28 */
	{ 0x0ac80000, 0x10000, 56, 16 },  /* 10.200 to 10.255 */
	{ 0xc0a86400, 0x100, 156, 24 },	  /* 192.168.100 to 192.168.255 */
};

int
net_choose_subnet(const struct ipam_subnet *taken, size_t count,
		  struct ipam_subnet *chosen)
{
	for (size_t i = 0; i < countof(private_space); i++) {
		for (unsigned int n = 0; n < private_space[i].count; n++) {
			struct ipam_subnet subnet = {
				.network = private_space[i].first +
					   n * private_space[i].step,
				.prefix = private_space[i].prefix,
			};
			size_t other = 0;
			while (other < count &&
			       !ipam_overlap(&taken[other], &subnet))
				other++;
			if (other == count) {
				*chosen = subnet;
				return 0;
			}
		}
	}
	return failx("every private subnet that could be used overlaps with "
		     "a route of this host; name one yourself");
}

/* ---- opening a network ------------------------------------------------- */

/* A number of our network namespace that no other ever had.  Before Linux
 * 5.14 it is the inode, which may be given again after the namespace died. */
static int
namespace_number(unsigned long long *number)
{
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie;
	socklen_t length = sizeof(cookie);
	if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie,
				  &length) == 0) {
		*number = cookie;
		return 0;
	}
	struct stat st;
	if (stat("/proc/thread-self/ns/net", &st) < 0)
		return fail("look at our network namespace");
	*number = st.st_ino;
	return 0;
}

int
net_open(struct net_network *network, const char *name, const char *bridge,
	 const struct ipam_subnet *subnet)
{
	*network = (struct net_network){ 0 };
	if (!netlink_is_name(bridge) || strncmp(bridge, "mydocker", 8) != 0 ||
	    strpbrk(bridge, "\"\\*"))
		return failx("\"%s\" is no name for a bridge of ours: it must "
			     "begin with \"mydocker\" and have at most 15 "
			     "characters", bridge);
	unsigned long long number;
	if (namespace_number(&number) < 0)
		return -1;
	const char *run = getenv("MYDOCKER_RUN");
	network->run = text("%s/network/%llu",
			    run && *run ? run : RUN_DIRECTORY, number);
	network->name = copy_text(name);
	snprintf(network->bridge, sizeof(network->bridge), "%s", bridge);
	if (subnet) {
		network->subnet = *subnet;
		network->gateway = ipam_gateway(subnet);
	}
	return 0;
}

int
net_default(struct net_network *network)
{
	return net_open(network, "bridge", "mydocker0", NULL);
}

int
net_use_ipv6(struct net_network *network, const struct ipam_subnet6 *subnet)
{
	/* Locally assigned, and then the forty bits (RFC 4193, 3.2.2). */
	struct ipam_subnet6 private = { { 0xfd }, 64 };
	if (getrandom(private.network + 1, 5, 0) != 5)
		return fail("choose an IPv6 subnet");
	network->subnet6 = subnet ? *subnet : private;
	return 0;
}

void
net_close(struct net_network *network)
{
	free_scoped(&network->name);
	free_scoped(&network->run);
	free_scoped(&network->parent);
}

/* ---- finding a subnet -------------------------------------------------- */

static struct ipam_subnet
subnet_of(const struct netlink_ip *ip)
{
	struct ipam_subnet subnet = { .prefix = ip->prefix };
	subnet.network = netlink_to_ip4(ip) & ipam_mask(&subnet);
	return subnet;
}

/* What the host routes anywhere, or has an address in.  The halves of the
 * world (0.0.0.0/1, as a VPN sets them) are default routes, no subnets. */
static int
choose_free_subnet(struct netlink *nl, const struct net_network *network,
		   struct ipam_subnet *chosen)
{
	auto_free struct netlink_route *routes = NULL;
	auto_free struct netlink_address *addresses = NULL;
	size_t route_count, address_count, count = 0;
	if (netlink_list_routes(nl, AF_INET, &routes, &route_count) < 0 ||
	    netlink_list_addresses(nl, AF_INET, &addresses, &address_count) < 0)
		return -1;
	auto_free struct ipam_subnet *taken = new_bytes(
		(route_count + address_count + network->avoid_count + 1) *
		sizeof(*taken));
	for (size_t i = 0; i < route_count; i++)
		if (routes[i].to.prefix > 1)
			taken[count++] = subnet_of(&routes[i].to);
	for (size_t i = 0; i < address_count; i++)
		if (addresses[i].ip.prefix > 1)
			taken[count++] = subnet_of(&addresses[i].ip);
	for (size_t i = 0; i < network->avoid_count; i++)
		taken[count++] = network->avoid[i];
	return net_choose_subnet(taken, count, chosen);
}

int
net_find_subnet(const struct net_network *network, struct ipam_subnet *subnet)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	return netlink_open(&nl) < 0 ?
		       -1 :
		       choose_free_subnet(&nl, network, subnet);
}

/* The subnet of a bridge that is there: 1, or 0 when it has no address. */
static int
find_bridge_subnet(struct netlink *nl, int index, struct ipam_subnet *subnet)
{
	auto_free struct netlink_address *addresses = NULL;
	size_t count;
	if (netlink_list_addresses(nl, AF_INET, &addresses, &count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (addresses[i].link != index)
			continue;
		*subnet = subnet_of(&addresses[i].ip);
		return 1;
	}
	return 0;
}

static int
read_subnet_file(int leases, struct ipam_subnet *subnet)
{
	char line[32];
	if (read_text(leases, SUBNET_FILE, line, sizeof(line)) < 0)
		return failure.code == ENOENT ? 0 : -1;
	if (!*line) /* a power cut, where /run is on a disk */
		return 0;
	if (ipam_parse_subnet(line, subnet) < 0)
		return wrap("read " SUBNET_FILE);
	return 1;
}

/*
 * Which subnet the network has: what the bridge says, else what was chosen
 * when it was last up, else what the caller wants, else a free one.  What the
 * caller wants must agree with what is there.
 */
static int
settle_subnet(struct netlink *nl, int leases, int bridge_index,
	      struct net_network *network)
{
	struct ipam_subnet wanted = network->subnet, subnet = { 0 };
	int found = bridge_index ?
			    find_bridge_subnet(nl, bridge_index, &subnet) :
			    0;
	if (found == 0)
		found = read_subnet_file(leases, &subnet);
	if (found < 0)
		return -1;
	char room[IPAM_ADDRESS_SIZE];
	if (found && wanted.prefix &&
	    (wanted.network != subnet.network ||
	     wanted.prefix != subnet.prefix))
		return failx("network %s is in use with the subnet %s/%u",
			     network->name, ipam_format(subnet.network, room),
			     subnet.prefix);
	if (wanted.prefix)
		subnet = wanted; /* with the gateway and the range */
	else if (!found && choose_free_subnet(nl, network, &subnet) < 0)
		return -1;
	network->subnet = subnet;
	network->gateway = ipam_gateway(&subnet);
	auto_free char *line = text("%s/%u\n",
				    ipam_format(subnet.network, room),
				    subnet.prefix);
	return write_file_unsynced(leases, SUBNET_FILE, line, 0600);
}

/* Of IPv6 there is nothing to choose: what was chosen when it was last up
 * holds, if the caller does not want another one. */
static int
settle_subnet6(int leases, struct net_network *network)
{
	char line[IPAM_ADDRESS6_SIZE + 8], room[IPAM_ADDRESS6_SIZE];
	struct ipam_subnet6 *subnet = &network->subnet6;
	ssize_t length = read_text(leases, SUBNET6_FILE, line, sizeof(line));
	if (length > 0)
		return ipam_parse_subnet6(line, subnet);
	if (length < 0 && failure.code != ENOENT)
		return -1;
	if (subnet->prefix == 0)
		return 0;
	if (128 - subnet->prefix < 32 - network->subnet.prefix)
		return failx("network %s: its IPv6 subnet is smaller than its "
			     "IPv4 subnet", network->name);
	auto_free char *fresh = text("%s/%u\n",
				     ipam_format6(subnet->network, room),
				     subnet->prefix);
	return write_file_unsynced(leases, SUBNET6_FILE, fresh, 0600);
}

/* ---- bringing a network up --------------------------------------------- */

/* The bridge's index, or 0 when there is none; a link of another kind that
 * has its name is somebody else's, and stays as it is. */
static int
find_bridge(struct netlink *nl, const char *name, int *index)
{
	struct netlink_link link;
	*index = 0;
	if (netlink_get_link(nl, name, &link) < 0)
		return failure.code == ENODEV ? 0 : -1;
	if (strcmp(link.kind, "bridge") != 0)
		return failx("link %s is there already and is no bridge (%s); "
			     "rename or remove it", name,
			     link.kind[0] ? link.kind : "hardware");
	*index = link.index;
	return 0;
}

/* Is anything plugged into the bridge? */
static int
has_ports(struct netlink *nl, int bridge_index, bool *has)
{
	struct netlink_link *links;
	size_t count;
	if (netlink_list_links(nl, &links, &count) < 0)
		return -1;
	*has = false;
	for (size_t i = 0; i < count; i++)
		*has |= links[i].master == bridge_index;
	free(links);
	return 0;
}

/*
 * Somebody may have emptied our directory while containers live.  Nobody knows
 * their addresses then, and they are not to be given to others.  The link of
 * one that has just ended goes in a moment.
 */
static int
check_state_is_kept(struct netlink *nl, int leases, int bridge_index,
		    const struct net_network *network)
{
	bool in_use = bridge_index &&
		      faccessat(leases, SUBNET_FILE, F_OK, 0) < 0;
	for (int tries = 0; in_use && tries < 50; tries++) {
		if (has_ports(nl, bridge_index, &in_use) < 0)
			return -1;
		if (in_use)
			nanosleep(&(struct timespec){ .tv_nsec = 20000000 },
				  NULL);
	}
	return in_use ? failx("%s is in use, and what was kept of its "
			      "addresses in %s is gone: stop all who are on "
			      "this network first", network->bridge,
			      network->run) : 0;
}

/* The IPv6 address with a number, and the prefix of its subnet. */
static struct netlink_ip
ip6_numbered(const struct net_network *network, uint64_t number)
{
	struct netlink_ip ip = { .family = AF_INET6,
				 .prefix = network->subnet6.prefix };
	ipam_address6(&network->subnet6, number, ip.bytes);
	return ip;
}

static int
make_bridge(struct netlink *nl, const struct net_network *network)
{
	uint8_t mac[6];
	net_derive_mac(network->gateway, mac);
	if (netlink_create_bridge(nl, network->bridge, mac) < 0)
		return -1;
	return network->mtu ? netlink_set_mtu(nl, network->bridge,
					      network->mtu) : 0;
}

static int
give_bridge_addresses(struct netlink *nl, const struct net_network *network)
{
	struct netlink_ip gateways[] = {
		netlink_ip4(network->gateway, network->subnet.prefix),
		ip6_numbered(network, 1),
	};
	size_t count = network->subnet6.prefix ? 2 : 1;
	for (size_t i = 0; i < count; i++)
		if (netlink_add_address(nl, network->bridge, &gateways[i]) <
			    0 && failure.code != EEXIST)
			return -1;
	return netlink_set_up(nl, network->bridge, true);
}

/* Whatever of it is missing is made: a helper may have died half-way. */
static int
bring_bridge_up(struct net_network *network, int leases)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	int index;
	if (netlink_open(&nl) < 0 ||
	    find_bridge(&nl, network->bridge, &index) < 0 ||
	    check_state_is_kept(&nl, leases, index, network) < 0 ||
	    settle_subnet(&nl, leases, index, network) < 0 ||
	    settle_subnet6(leases, network) < 0)
		return -1;
	if (index == 0 && make_bridge(&nl, network) < 0)
		return -1;
	/* Nobody else has the bridge's addresses, and to wait until that is
	 * sure (DAD, rfc4862) would take a second or two in which it asks for
	 * no neighbour on behalf of others. */
	auto_free char *dad = text("/proc/sys/net/ipv6/conf/%s/accept_dad",
				   network->bridge);
	if (network->subnet6.prefix && write_text(AT_FDCWD, dad, "0") < 0)
		return -1;
	if (give_bridge_addresses(&nl, network) < 0)
		return -1;
	/* Lets 127.0.0.1 on the host reach a published port: packets with a
	 * loopback address may use this one link.  nat.h has the guard. */
	auto_free char *localnet = text(
		"/proc/sys/net/ipv4/conf/%s/route_localnet", network->bridge);
	return write_text(AT_FDCWD, localnet, "1");
}

static int
bring_up6(const struct net_network *network, int run)
{
	bool internal = network->internal;
	if (!internal && forward_enable6(run) < 0)
		return -1;
	auto_free char *note = internal ? NULL : forward_noted(run, true);
	return nat_add_noted6(network->bridge,
			      internal ? NULL : &network->subnet6, note);
}

/* `living`: somebody else uses this network, so that all of it was made. */
static int
bring_up(struct net_network *network, int run, int leases, size_t living)
{
	bool has_table = false, internal = network->internal;
	if (network->parent) /* the cable is there, and the subnet known */
		return 0;
	if ((!internal && forward_enable(run) < 0) ||
	    bring_bridge_up(network, leases) < 0)
		return wrap("bring network %s up", network->name);
	if (living && nat_has_table(&has_table) < 0)
		return wrap("bring network %s up", network->name);
	if (has_table)
		return 0;
	auto_free char *note = internal ? NULL : forward_noted(run, false);
	if (nat_add_noted(network->bridge,
			  internal ? NULL : &network->subnet, note) < 0)
		return wrap("bring network %s up", network->name);
	if (network->subnet6.prefix && bring_up6(network, run) < 0)
		return wrap("bring network %s up with IPv6", network->name);
	return 0;
}

/* ---- undoing ----------------------------------------------------------- */

static int
parse_addresses(const char *host, const char *address, struct nat_port *port)
{
	port->is_ipv6 = strchr(host, ':') != NULL;
	if (port->is_ipv6)
		return ipam_parse_address6(host, port->host_address6) < 0 ?
			       -1 :
			       ipam_parse_address6(address, port->address6);
	return ipam_parse_address(host, &port->host_address) < 0 ?
		       -1 :
		       ipam_parse_address(address, &port->address);
}

int
net_parse_note(const char *line, char veth[IFNAMSIZ], struct nat_port *port)
{
	char kind[8], host[IPAM_ADDRESS6_SIZE], address[IPAM_ADDRESS6_SIZE];
	unsigned int host_port, inner_port;
	int end = 0;
	veth[0] = '\0';
	*port = (struct nat_port){ 0 };
	if (sscanf(line, "veth %15s%n", veth, &end) == 1 && !line[end])
		return strncmp(veth, "myd", 3) == 0 ? 0 : -1;
	veth[0] = '\0';
	if (sscanf(line, "port %4s %45s %5u %45s %5u%n", kind, host, &host_port,
		   address, &inner_port, &end) != 5 || line[end])
		return -1;
	port->protocol = nat_protocol_number(kind);
	if (!port->protocol || host_port < 1 || host_port > 65535 ||
	    inner_port < 1 || inner_port > 65535 ||
	    parse_addresses(host, address, port) < 0)
		return -1;
	port->host_port = host_port;
	port->port = inner_port;
	return 0;
}

static int
remove_link(const char *name)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	if (netlink_open(&nl) < 0)
		return -1;
	/* Gone already: with the container's namespace goes its end of the
	 * pair, and with that ours. */
	if (netlink_delete_link(&nl, name) < 0 && failure.code != ENODEV)
		return -1;
	return 0;
}

/* ipam_undo: what the note of a dead holder's lease asks for. */
static int
undo_note(uint32_t address, const char *note, void *data)
{
	(void)address;
	(void)data;
	auto_free char *lines = copy_text(note);
	char *rest = lines, *line;
	int result = 0;
	while ((line = strsep(&rest, "\n"))) {
		char veth[IFNAMSIZ];
		struct nat_port port;
		if (net_parse_note(line, veth, &port) < 0)
			continue; /* cut short, so never carried out */
		if (veth[0] ? remove_link(veth) < 0 :
			      nat_unpublish(&port, 1) < 0)
			result = -1;
	}
	return result;
}

/* Nobody is left on this bridge that we know of: remove it, but nothing of its
 * name that is no bridge.  1: somebody is on it all the same, who was forgotten
 * (check_state_is_kept), so it stays. */
static int
take_down(int leases, const char *bridge)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	struct ipam_subnet subnet = { 0 };
	bool in_use = false;
	int index;
	if (netlink_open(&nl) < 0)
		return -1;
	/* What is no bridge is none of ours, and not looked into. */
	if (find_bridge(&nl, bridge, &index) < 0)
		index = 0;
	if (index && has_ports(&nl, index, &in_use) < 0)
		return -1;
	if (in_use)
		return 1;
	if (read_subnet_file(leases, &subnet) < 0)
		subnet.prefix = 0;
	char line[IPAM_ADDRESS6_SIZE + 8];
	struct ipam_subnet6 subnet6 = { .prefix = 0 };
	if (read_text(leases, SUBNET6_FILE, line, sizeof(line)) >= 0 &&
	    (ipam_parse_subnet6(line, &subnet6) < 0 ||
	     nat_remove_network6(bridge, &subnet6) < 0))
		return -1;
	if (nat_remove_network(bridge, &subnet) < 0)
		return -1;
	if (index && netlink_delete_link(&nl, bridge) < 0 &&
	    failure.code != ENODEV)
		return -1;
	return 0;
}

static int
open_state(int parent, const char *name)
{
	int fd = openat(parent, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? fail("open the state of %s", name) : fd;
}

static DIR *
open_dir(int parent, const char *name)
{
	auto_close int fd = open_state(parent, name);
	if (fd < 0)
		return NULL;
	DIR *dir = fdopendir(fd);
	if (dir)
		take_fd(&fd);
	else
		fail("open the state of %s", name);
	return dir;
}

/* What a write_file() that was killed left behind. */
static void
remove_unfinished(DIR *dir)
{
	struct dirent *entry;
	rewinddir(dir);
	while ((entry = readdir(dir))) {
		const char *end = strrchr(entry->d_name, '.');
		if (end && strcmp(end, ".new") == 0)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
}

/* Remove our files; a lease that could not be undone stays, and with it the
 * directory. */
static int
remove_state(int parent, const char *name)
{
	auto_dir DIR *dir = open_dir(parent, name);
	if (!dir)
		return -1;
	remove_unfinished(dir);
	unlinkat(dirfd(dir), SUBNET_FILE, 0);
	unlinkat(dirfd(dir), SUBNET6_FILE, 0);
	if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fail("remove the state of %s", name);
	return 0;
}

/* One network: the dead undone, and all of it taken down when none is left.
 * Returns how many of its endpoints live, or -1. */
static int
sweep_network(int run, const char *bridge)
{
	auto_close int leases = open_state(run, bridge);
	size_t living;
	if (leases < 0)
		return -1;
	if (ipam_recover(leases, undo_note, NULL, &living) < 0)
		return wrap("recover network %s", bridge);
	if (living > 0)
		return 1;
	int left = take_down(leases, bridge);
	if (left < 0 || (left == 0 && remove_state(run, bridge) < 0))
		return wrap("take network %s down", bridge);
	return left;
}

/* NAMESPACE and `network` above it, where they are empty; and our own directory
 * above that, but not one that MYDOCKER_RUN names: it is somebody's. */
static void
remove_directories(const char *run_path)
{
	auto_free char *path = copy_text(run_path);
	for (int i = 0; i < 2; i++) {
		rmdir(path);
		*strrchr(path, '/') = '\0';
	}
	if (strcmp(path, RUN_DIRECTORY) == 0)
		rmdir(path);
}

/* All networks.  The caller holds the lock, which goes with the last one. */
static int
sweep(const char *run_path)
{
	auto_dir DIR *dir = open_dir(AT_FDCWD, run_path);
	if (!dir)
		return -1;
	int run = dirfd(dir);
	int in_use = 0, result = 0;
	struct dirent *entry;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "mydocker", 8) != 0)
			continue;
		int state = sweep_network(run, entry->d_name);
		if (state != 0)
			in_use = 1;
		if (state < 0)
			result = -1;
	}
	if (in_use)
		return result;
	if (forward_recall(run) < 0 || nat_remove_table() < 0 ||
	    forward_restore(run) < 0)
		return wrap("take the last network down");
	remove_unfinished(dir);
	/* Whoever waits for this lock finds out that it is gone. */
	unlinkat(run, "lock", 0);
	remove_directories(run_path);
	return 0;
}

/*
 * Our directory was emptied while containers lived (check_state_is_kept), and
 * they have ended since: of what they left nobody knows any more.  So each of
 * our bridges is given the directory of a network, and swept like one.
 */
static int
sweep_forgotten(const struct net_network *network)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	auto_free struct netlink_link *links = NULL;
	auto_close int lock = -1;
	size_t count;
	if (netlink_open(&nl) < 0 ||
	    netlink_list_links(&nl, &links, &count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(links[i].kind, "bridge") != 0 ||
		    strncmp(links[i].name, "mydocker", 8) != 0)
			continue;
		if (lock < 0 && (lock = ipam_lock(network->run)) < 0)
			return -1;
		auto_free char *leases = text("%s/%s", network->run,
					      links[i].name);
		if (make_dirs(leases, 0755) < 0)
			return -1;
	}
	return lock < 0 ? 0 : sweep(network->run);
}

int
net_recover(const struct net_network *network)
{
	auto_close int lock = -1;
	if (ipam_lock_existing(network->run, &lock) < 0)
		return wrap("recover the networks");
	if (lock < 0) {
		remove_directories(network->run); /* a half-made one */
		return sweep_forgotten(network) < 0 ?
			       wrap("recover the networks") : 0;
	}
	return sweep(network->run);
}

/* ---- network namespaces that are no more ------------------------------- */

/* ipam_undo: with the namespace went all that the note tells of. */
static int
undo_nothing(uint32_t address, const char *note, void *data)
{
	(void)address;
	(void)note;
	(void)data;
	return 0;
}

/* 1: somebody has an address of this network still. */
static int
forget_network(int run, const char *bridge)
{
	auto_close int leases = open_state(run, bridge);
	size_t living;
	if (leases < 0 ||
	    ipam_recover(leases, undo_nothing, NULL, &living) < 0)
		return -1;
	return living ? 1 : remove_state(run, bridge);
}

static int
forget_namespace(const char *run_path)
{
	auto_close int lock = -1;
	auto_dir DIR *dir = open_dir(AT_FDCWD, run_path);
	struct dirent *entry;
	struct stat st;
	int state = 0;
	if (!dir || fstat(dirfd(dir), &st) < 0 || st.st_uid != geteuid())
		return 0; /* it went meanwhile, or is somebody else's */
	if (ipam_lock_existing(run_path, &lock) < 0)
		return -1;
	while (state == 0 && (entry = readdir(dir)))
		if (strncmp(entry->d_name, "mydocker", 8) == 0)
			state = forget_network(dirfd(dir), entry->d_name);
	if (state != 0)
		return state < 0 ? -1 : 0;
	forward_forget(dirfd(dir));
	remove_unfinished(dir);
	unlinkat(dirfd(dir), "lock", 0);
	remove_directories(run_path);
	return 0;
}

/* Those of other namespaces are named by their numbers. */
static bool
is_other(const char *name, const char *own)
{
	return strcmp(name, own) != 0 &&
	       strspn(name, "0123456789") == strlen(name);
}

int
net_forget_others(const struct net_network *network)
{
	auto_free char *path = copy_text(network->run);
	char *own = strrchr(path, '/');
	*own++ = '\0';
	auto_dir DIR *dir = open_dir(AT_FDCWD, path);
	struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		auto_free char *run = text("%s/%s", path, entry->d_name);
		if (is_other(entry->d_name, own) && forget_namespace(run) < 0)
			return wrap("remove %s, of networks that are no more",
				    run);
	}
	return 0;
}

bool
net_is_leased(const struct net_network *network, const char *id)
{
	char veth[IFNAMSIZ], noted[IFNAMSIZ], note[IPAM_NOTE_MAX + 1];
	struct failure unrelated = failure;
	auto_free char *path = text("%s/%s", network->run, network->bridge);
	auto_dir DIR *leases = open_dir(AT_FDCWD, path);
	struct dirent *entry;
	struct nat_port port;
	bool found = net_name_veth(id, veth) < 0 || !leases;
	bool is_known = !found;
	while (is_known && !found && (entry = readdir(leases))) {
		char *end = note;
		found = read_text(dirfd(leases), entry->d_name, note,
				  sizeof(note)) >= 0 &&
			net_parse_note(strsep(&end, "\n"), noted, &port) == 0 &&
			strcmp(noted, veth) == 0;
	}
	failure = unrelated;
	return is_known && found;
}

/* ---- host ports -------------------------------------------------------- */

static int
fail_bind(const struct nat_port *port)
{
	char place[NAT_PLACE_SIZE];
	int code = errno;
	nat_format_place(port, place);
	if (code == EADDRINUSE)
		failx("Bind for %s failed: port is already allocated", place);
	else if (code == EADDRNOTAVAIL)
		failx("Bind for %s failed: this host has no such address",
		      place);
	else if (code == EACCES)
		failx("Bind for %s failed: ports below the limit are root's "
		      "(publish a higher one, or \"sudo sysctl "
		      "net.ipv4.ip_unprivileged_port_start=%u\")", place,
		      port->host_port);
	else
		fail("Bind for %s failed", place);
	failure.code = code;
	return -1;
}

/*
 * The socket must hold the port and do nothing else.  A filter that lets
 * nothing through keeps connections out of it: until the rules are there a
 * client gets no answer, asks again a second later, and finds the container.
 * Some kernels give filters to the network's administrator only (EPERM).
 */
static bool
make_deaf(int fd)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { 1, &drop };
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program)) == 0;
}

/* What bind(2) wants to know; returns its size. */
static socklen_t
host_address(const struct nat_port *port, struct sockaddr_storage *address)
{
	struct sockaddr_in *in = (struct sockaddr_in *)address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
	*address = (struct sockaddr_storage){ 0 };
	if (port->is_ipv6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port->host_port);
		memcpy(&in6->sin6_addr, port->host_address6, 16);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(port->host_port);
	in->sin_addr.s_addr = htonl(port->host_address);
	return sizeof(*in);
}

static int
bind_port(int fd, const struct nat_port *port, bool is_served)
{
	struct sockaddr_storage address;
	socklen_t length = host_address(port, &address);
	/* The two families have a holder each. */
	if (port->is_ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY,
					&(int){ 1 }, sizeof(int)) < 0)
		return fail("prepare a socket");
	/* Only a deaf socket may listen where nobody serves it: another would
	 * take connections in and never answer.  Listening is what lets
	 * SO_REUSEADDR be used: connections that a server on this port has
	 * just closed are then no reason to refuse it, and one that listens
	 * still is. */
	bool listens = (is_served || make_deaf(fd)) &&
		       port->protocol == IPPROTO_TCP;
	if (listens && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 },
				  sizeof(int)) < 0)
		return fail("prepare a socket");
	if (bind(fd, (struct sockaddr *)&address, length) < 0 ||
	    (listens && listen(fd, 1) < 0))
		return fail_bind(port);
	return 0;
}

static int
note_chosen_port(int fd, struct nat_port *port)
{
	struct sockaddr_storage bound;
	socklen_t length = sizeof(bound);
	if (getsockname(fd, (struct sockaddr *)&bound, &length) < 0)
		return fail("look at the port of a socket");
	/* The port is at the same place in both families' addresses. */
	port->host_port = ntohs(((struct sockaddr_in *)&bound)->sin_port);
	return 0;
}

static int
open_port(struct nat_port *port, bool is_served)
{
	const char *protocol = nat_protocol_name(port->protocol);
	if (!protocol)
		return failx("protocol %d cannot be published",
			     port->protocol);
	if (port->port == 0)
		return failx("publish: the container's port must be from 1 to "
			     "65535");
	auto_close int fd = socket(
		port->is_ipv6 ? AF_INET6 : AF_INET,
		SOCK_CLOEXEC | (port->protocol == IPPROTO_UDP ? SOCK_DGRAM :
								SOCK_STREAM),
		port->protocol);
	/* A kernel that forwards SCTP need not speak it.  Then nobody on the
	 * host can have the port, and nothing has to hold it. */
	if (fd < 0 && errno == EPROTONOSUPPORT &&
	    port->protocol == IPPROTO_SCTP && port->host_port)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail("open a socket for port %u", port->host_port);
	if (bind_port(fd, port, is_served) < 0 ||
	    note_chosen_port(fd, port) < 0)
		return -1;
	trace(fd, "bind(%s port %u)", protocol, port->host_port);
	return take_fd(&fd);
}

int
net_hold_port(struct nat_port *port)
{
	return open_port(port, false);
}

int
net_serve_port(struct nat_port *port)
{
	return open_port(port, true);
}

static void
let_ports_go(struct net_endpoint *endpoint)
{
	for (size_t i = 0; endpoint->sockets && i < endpoint->port_count; i++)
		close_scoped(&endpoint->sockets[i]);
	free_scoped(&endpoint->sockets);
	free_scoped(&endpoint->ports);
	endpoint->port_count = 0;
}

static int
hold(struct net_endpoint *endpoint, const struct nat_port *wanted)
{
	struct nat_port *port = &endpoint->ports[endpoint->port_count];
	*port = *wanted;
	port->address = endpoint->lease.address;
	memcpy(port->address6, endpoint->address6, 16);
	int fd = net_hold_port(port);
	/* Of a range the first that is free. */
	while (fd < 0 && failure.code == EADDRINUSE &&
	       port->host_port < port->host_port_last) {
		port->host_port++;
		fd = net_hold_port(port);
	}
	if (fd < 0)
		return -1;
	port->host_port_last = 0;
	endpoint->sockets[endpoint->port_count++] = fd;
	return 0;
}

static int
hold_ports(const struct net_network *network, struct net_endpoint *endpoint,
	   const struct nat_port *ports, size_t count)
{
	bool has_ipv6 = network->subnet6.prefix != 0;
	endpoint->ports = new_bytes((2 * count + 1) *
				    sizeof(*endpoint->ports));
	endpoint->sockets = new_bytes((2 * count + 1) * sizeof(int));
	endpoint->port_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (ports[i].is_ipv6 && !has_ipv6)
			return failx("publish: network %s has no IPv6",
				     network->name);
		if (hold(endpoint, &ports[i]) < 0)
			return -1;
		if (!has_ipv6 || ports[i].is_ipv6 || ports[i].host_address)
			continue;
		struct nat_port twin = endpoint->ports[endpoint->port_count -
						       1];
		twin.is_ipv6 = true;
		memset(twin.host_address6, 0, 16);
		if (hold(endpoint, &twin) < 0)
			return -1;
	}
	return 0;
}

/* ---- reserve ----------------------------------------------------------- */

static char *
note_port(const struct nat_port *port)
{
	char host[IPAM_ADDRESS6_SIZE], address[IPAM_ADDRESS6_SIZE];
	if (port->is_ipv6) {
		ipam_format6(port->host_address6, host);
		ipam_format6(port->address6, address);
	} else {
		ipam_format(port->host_address, host);
		ipam_format(port->address, address);
	}
	return text("port %s %s %u %s %u\n",
		    nat_protocol_name(port->protocol), host, port->host_port,
		    address, port->port);
}

/* Written before anything of it is made. */
static int
note_endpoint(const struct net_endpoint *endpoint)
{
	auto_free char *note = text("veth %s\n", endpoint->veth);
	for (size_t i = 0; i < endpoint->port_count; i++) {
		auto_free char *before = take_ptr(&note);
		auto_free char *line = note_port(&endpoint->ports[i]);
		note = text("%s%s", before, line);
	}
	return ipam_note(&endpoint->lease, note);
}

/* The IPv4 address that has the same number in its subnet as that of IPv6 has
 * in its own; 0: there is none. */
static uint32_t
same_number(const struct net_network *network, const uint8_t address6[16])
{
	const struct ipam_subnet *subnet = &network->subnet;
	uint64_t last = ipam_broadcast(subnet) - subnet->network - 1;
	uint32_t number = (uint32_t)address6[12] << 24 | address6[13] << 16 |
			  address6[14] << 8 | address6[15];
	uint8_t again[16];
	ipam_address6(&network->subnet6, number, again);
	return number <= last && memcmp(again, address6, 16) == 0 ?
		       subnet->network + number :
		       0;
}

static bool
is_known_lease(int leases, const char *name)
{
	return faccessat(leases, name, F_OK, 0) == 0;
}

/* One lease does for both families, as long as nobody wants it otherwise. */
static int
take_address6(const struct net_network *network, int leases,
	      struct net_endpoint *endpoint)
{
	const uint8_t *wanted = endpoint->wanted6;
	uint8_t *address = endpoint->address6;
	char name[IPAM_ADDRESS6_SIZE];
	ipam_address6(&network->subnet6,
		      endpoint->lease.address - network->subnet.network,
		      address);
	if (network->subnet6.prefix == 0 ||
	    (wanted && memcmp(wanted, address, 16) == 0) ||
	    (!wanted && !is_known_lease(leases, ipam_format6(address, name))))
		return 0;
	uint32_t other = wanted ? same_number(network, wanted) : 0;
	if (other && is_known_lease(leases, ipam_format(other, name))) {
		failx("address %s is already in use",
		      ipam_format6(wanted, name));
		failure.code = EADDRINUSE;
		return -1;
	}
	if (ipam_take6(leases, &network->subnet6, wanted,
		       &endpoint->lease6) < 0)
		return -1;
	memcpy(address, endpoint->lease6.address6, 16);
	return 0;
}

static int
take_addresses(const struct net_network *network, int leases,
	       struct net_endpoint *endpoint)
{
	uint32_t wanted = endpoint->wanted;
	if (!wanted && endpoint->wanted6)
		wanted = same_number(network, endpoint->wanted6);
	if (ipam_take(leases, &network->subnet, wanted, &endpoint->lease) < 0)
		return -1;
	net_derive_mac(endpoint->lease.address, endpoint->mac);
	if (endpoint->wanted_mac)
		memcpy(endpoint->mac, endpoint->wanted_mac, 6);
	return take_address6(network, leases, endpoint);
}

static int
give_addresses(int leases, struct net_endpoint *endpoint)
{
	int result = ipam_give(leases, &endpoint->lease6);
	return ipam_give(leases, &endpoint->lease) < 0 ? -1 : result;
}

static int
reserve(struct net_network *network, int run, struct net_endpoint *endpoint,
	const struct nat_port *ports, size_t count)
{
	if (mkdirat(run, network->bridge, 0755) < 0 && errno != EEXIST)
		return fail("make the state of network %s", network->name);
	auto_close int leases = openat(run, network->bridge,
				       O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (leases < 0)
		return fail("open the state of network %s", network->name);
	/* What cannot be recovered keeps its address and its ports; that is
	 * net_recover()'s to report, and no reason to refuse this one. */
	size_t living = 0;
	ipam_recover(leases, undo_note, NULL, &living);
	if (bring_up(network, run, leases, living) < 0)
		return -1;
	if (take_addresses(network, leases, endpoint) < 0 ||
	    hold_ports(network, endpoint, ports, count) < 0 ||
	    note_endpoint(endpoint) < 0) {
		struct failure reason = failure;
		let_ports_go(endpoint);
		give_addresses(leases, endpoint);
		failure = reason;
		return -1;
	}
	return 0;
}

int
net_reserve(struct net_network *network, struct net_endpoint *endpoint,
	    const struct nat_port *ports, size_t count)
{
	if (net_name_veth(endpoint->id, endpoint->veth) < 0)
		return -1;
	auto_close int lock = ipam_lock(network->run);
	if (lock < 0)
		return -1;
	auto_close int run =
		open(network->run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run < 0)
		return fail("open %s", network->run);
	if (reserve(network, run, endpoint, ports, count) == 0)
		return 0;
	struct failure reason = failure;
	sweep(network->run);
	failure = reason;
	return -1;
}

/* ---- a sandbox --------------------------------------------------------- */

int
net_open_sandbox(int *netns)
{
	auto_close int pidfd = -1;
	pid_t pid = sys_clone(CLONE_NEWNET, -1, &pidfd);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (pid < 0)
		return fail("make a network namespace");
	auto_free char *path = text("/proc/%d/ns/net", pid);
	*netns = open(path, O_RDONLY | O_CLOEXEC);
	int result = *netns < 0 ? fail("open %s", path) : 0;
	/* The namespace stays, for it is open. */
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return result;
}

/* ---- attach and release ------------------------------------------------ */

/*
 * Wait until a link carries packets.  The kernel finds that out in a worker of
 * its own, for the ends of a pair and then for the bridge, and what is sent
 * before is lost: the first connection would hang for the second that it takes
 * until it is tried again.
 */
static void
await_running(struct netlink *nl, const char *name)
{
	struct netlink_link link = { 0 };
	for (int ms = 0; ms < CARRIER_MS; ms++) {
		if (netlink_get_link(nl, name, &link) < 0 || link.running)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

static const char *
link_inside(const struct net_endpoint *endpoint)
{
	return endpoint->link ? endpoint->link : NET_LINK;
}

static int
set_up_ipv6(struct netlink *inside, const struct net_network *network,
	    const struct net_endpoint *endpoint)
{
	struct netlink_ip address = { .family = AF_INET6,
				      .prefix = network->subnet6.prefix };
	struct netlink_ip gateway = ip6_numbered(network, 1);
	memcpy(address.bytes, endpoint->address6, 16);
	if (netlink_add_address(inside, link_inside(endpoint), &address) < 0)
		return -1;
	return endpoint->no_default_route ?
		       0 :
		       netlink_add_default_route(inside, &gateway);
}

static int
add_link_local(struct netlink *inside, const struct net_endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->link_local_count; i++)
		if (netlink_add_address(inside, link_inside(endpoint),
					&endpoint->link_local[i]) < 0)
			return -1;
	return 0;
}

/* The container's side, by a socket that lives inside. */
static int
set_up_inside(const struct net_network *network,
	      const struct net_endpoint *endpoint, int netns)
{
	auto_netlink struct netlink inside = NETLINK_CLOSED;
	struct netlink_ip address = netlink_ip4(endpoint->lease.address,
						network->subnet.prefix);
	struct netlink_ip gateway = netlink_ip4(network->gateway, 0);
	const char *link = link_inside(endpoint);
	if (netlink_open_in(&inside, netns) < 0 ||
	    netlink_set_up(&inside, "lo", true) < 0 ||
	    (network->mtu &&
	     netlink_set_mtu(&inside, link, network->mtu) < 0) ||
	    netlink_add_address(&inside, link, &address) < 0 ||
	    netlink_set_up(&inside, link, true) < 0 ||
	    (!endpoint->no_default_route &&
	     netlink_add_default_route(&inside, &gateway) < 0) ||
	    (network->subnet6.prefix &&
	     set_up_ipv6(&inside, network, endpoint) < 0) ||
	    add_link_local(&inside, endpoint) < 0)
		return wrap("set up the container's network");
	await_running(&inside, link);
	return 0;
}

/* What a macvlan has on the host is its parent, and that is not ours. */
static int
attach_macvlan(const struct net_network *network,
	       const struct net_endpoint *endpoint, int netns)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	auto_netlink struct netlink inside = NETLINK_CLOSED;
	const char *link = link_inside(endpoint);
	if (netlink_open(&nl) < 0 || netlink_open_in(&inside, netns) < 0 ||
	    netlink_create_macvlan(&nl, link, network->parent, netns) < 0)
		return wrap("attach to network %s", network->name);
	if (netlink_set_mac(&inside, link, endpoint->mac) == 0 &&
	    set_up_inside(network, endpoint, netns) == 0)
		return 0;
	struct failure reason = failure;
	netlink_delete_link(&inside, link);
	failure = reason;
	return wrap("attach to network %s", network->name);
}

int
net_unplug(const struct net_endpoint *endpoint, int netns)
{
	auto_netlink struct netlink inside = NETLINK_CLOSED;
	if (netlink_open_in(&inside, netns) < 0)
		return -1;
	/* With this end of a pair goes the other. */
	if (netlink_delete_link(&inside, link_inside(endpoint)) < 0 &&
	    failure.code != ENODEV)
		return -1;
	return 0;
}

int
net_attach(const struct net_network *network, struct net_endpoint *endpoint,
	   int netns)
{
	if (endpoint->lease.fd < 0)
		return failx("attach to network %s: nothing is reserved",
			     network->name);
	if (network->parent)
		return attach_macvlan(network, endpoint, netns);
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	struct netlink_veth veth = {
		.name = endpoint->veth,
		.master = network->bridge,
		.peer_name = link_inside(endpoint),
		.peer_netns = netns,
		.peer_mac = endpoint->mac,
	};
	if (netlink_open(&nl) < 0 || netlink_create_veth(&nl, &veth) < 0)
		return wrap("attach to network %s", network->name);
	/* Where bridged packets pass the rules, too (br_netfilter, which
	 * Docker loads), a container that calls its own published port is
	 * answered through the port of the bridge that it called from. */
	if ((network->mtu == 0 ||
	     netlink_set_mtu(&nl, endpoint->veth, network->mtu) == 0) &&
	    (endpoint->port_count == 0 ||
	     netlink_set_hairpin(&nl, endpoint->veth, true) == 0) &&
	    set_up_inside(network, endpoint, netns) == 0 &&
	    nat_publish(endpoint->ports, endpoint->port_count) == 0) {
		await_running(&nl, endpoint->veth);
		await_running(&nl, network->bridge);
		return 0;
	}
	struct failure reason = failure;
	netlink_delete_link(&nl, endpoint->veth);
	failure = reason;
	return wrap("attach to network %s", network->name);
}

int
net_publish(const struct net_network *network, struct net_endpoint *endpoint)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	if (net_name_veth(endpoint->id, endpoint->veth) < 0)
		return -1;
	for (size_t i = 0; i < endpoint->port_count; i++) {
		endpoint->ports[i].address = endpoint->lease.address;
		memcpy(endpoint->ports[i].address6, endpoint->address6, 16);
	}
	auto_close int lock = ipam_lock(network->run);
	if (lock < 0 || note_endpoint(endpoint) < 0 || netlink_open(&nl) < 0 ||
	    netlink_set_hairpin(&nl, endpoint->veth, true) < 0 ||
	    nat_publish(endpoint->ports, endpoint->port_count) < 0)
		return wrap("publish by network %s", network->name);
	return 0;
}

int
net_noted_ports(const struct net_network *network, uint32_t address,
		struct nat_port **ports, size_t *count)
{
	char room[IPAM_ADDRESS_SIZE], veth[IFNAMSIZ];
	auto_free char *path = text("%s/%s/%s", network->run, network->bridge,
				    ipam_format(address, room));
	auto_free char *note = read_all(AT_FDCWD, path, NULL);
	char *rest = note, *line;
	struct nat_port port;
	*ports = NULL;
	*count = 0;
	while (note && (line = strsep(&rest, "\n"))) {
		if (net_parse_note(line, veth, &port) < 0 || veth[0])
			continue;
		*ports = resize_bytes(*ports, (*count + 1) * sizeof(**ports));
		(*ports)[(*count)++] = port;
	}
	return note ? 0 : fail("read the lease of %s", room);
}

/* Rules first: nothing new should arrive while the rest goes. */
static int
detach(const struct net_endpoint *endpoint)
{
	int result = nat_unpublish(endpoint->ports, endpoint->port_count);
	if (remove_link(endpoint->veth) < 0)
		result = -1;
	return result;
}

static int
release_lease(const struct net_network *network, struct net_endpoint *endpoint,
	      bool undone)
{
	auto_free char *path = text("%s/%s", network->run, network->bridge);
	auto_close int leases =
		open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (undone && leases >= 0)
		return give_addresses(leases, endpoint);
	ipam_abandon(&endpoint->lease6);
	ipam_abandon(&endpoint->lease);
	return 0;
}

int
net_release(const struct net_network *network, struct net_endpoint *endpoint)
{
	if (endpoint->lease.fd < 0) {
		let_ports_go(endpoint);
		return 0;
	}
	auto_close int lock = ipam_lock(network->run);
	if (lock < 0)
		return wrap("leave network %s", network->name);
	int result = detach(endpoint);
	let_ports_go(endpoint);
	if (release_lease(network, endpoint, result == 0) < 0)
		result = -1;
	struct failure reason = failure;
	if (sweep(network->run) < 0 && result == 0)
		return wrap("leave network %s", network->name);
	failure = reason;
	return result < 0 ? wrap("leave network %s", network->name) : 0;
}

/* ---- advice ------------------------------------------------------------ */

char *
net_forward_warning(const struct net_network *network)
{
	char *found = NULL;
	struct failure unrelated = failure;
	int result = nat_find_forward_drop(network->bridge,
					   network->subnet6.prefix != 0,
					   &found);
	failure = unrelated;
	auto_free char *chain = found;
	if (result != 1)
		return NULL;
	const char *bridge = network->bridge;
	bool is_ipv6 = strcmp(chain, "ip6 filter FORWARD") == 0;
	const char *tool = is_ipv6 ? "ip6tables" : "iptables";
	if (is_ipv6 || strcmp(chain, "ip filter FORWARD") == 0)
		return text("another firewall (nftables chain %s, policy drop "
			    "or the like, as Docker and ufw have it) drops "
			    "what containers send; to let them through: %s -I "
			    "FORWARD -i %s -j ACCEPT && %s -I FORWARD -o %s "
			    "-j ACCEPT", chain, tool, bridge, tool, bridge);
	return text("another firewall (nftables chain %s) drops what "
		    "containers send; to let them through: nft insert rule %s "
		    "iifname %s accept && nft insert rule %s oifname %s "
		    "accept", chain, chain, bridge, chain, bridge);
}
