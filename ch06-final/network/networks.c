/* networks.c - parent.  See networks.h. */
#include "networks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "durable.h"
#include "events.h"
#include "lock.h"
#include "netlink.h"
#include "tree.h"

#define LETTERS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

int
networks_open(const char *root, int lock)
{
	auto_free char *path = text("%s/networks", root);
	return lock_open_directory(path, 0755, lock);
}

/* ---- numbers made of names ---------------------------------------------- */

/* FNV-1a, of 64 bits, four times with different beginnings. */
static void
hash(const char *first, const char *second, char hex[NETWORK_ID + 1])
{
	for (unsigned int part = 0; part < 4; part++) {
		uint64_t sum = 0xcbf29ce484222325 + part;
		for (const char *c = first; *c; c++)
			sum = (sum ^ (unsigned char)*c) * 0x100000001b3;
		for (const char *c = second; *c; c++)
			sum = (sum ^ (unsigned char)*c) * 0x100000001b3;
		snprintf(hex + 16 * part, 17, "%016llx",
			 (unsigned long long)sum);
	}
}

void
network_endpoint_id(const struct network_record *record,
		    const char *container, char id[NETWORK_ID + 1])
{
	hash(container, record->id, id);
}

/* ---- the three of everybody --------------------------------------------- */

static const struct {
	const char *name, *driver;
} given[] = {
	{ "bridge", "bridge" }, { "host", "host" }, { "none", "null" },
};

bool
network_is_given(const char *name)
{
	for (size_t i = 0; i < countof(given); i++)
		if (strcmp(given[i].name, name) == 0)
			return true;
	return false;
}

static void
make_given(size_t which, struct network_record *record)
{
	*record = (struct network_record){ 0 };
	record->name = copy_text(given[which].name);
	record->driver = copy_text(given[which].driver);
	hash("mydocker", record->name, record->id);
}

/* ---- all there are ------------------------------------------------------ */

static int
by_name(const void *a, const void *b)
{
	const struct network_record *first = a, *second = b;
	return strcmp(first->name, second->name);
}

static void
append(struct network_record **list, size_t *count,
       const struct network_record *record)
{
	*list = resize_bytes(*list, (*count + 1) * sizeof(**list));
	(*list)[(*count)++] = *record;
}

struct network_record *
networks_list(int networks, size_t *count)
{
	struct network_record *list = NULL;
	int own = openat(networks, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *listing = own < 0 ? NULL : fdopendir(own);
	struct dirent *entry;
	*count = 0;
	for (size_t i = 0; i < countof(given); i++) {
		struct network_record record;
		make_given(i, &record);
		append(&list, count, &record);
	}
	/* What cannot be read is none: half made, or removed just now. */
	while (listing && (entry = readdir(listing))) {
		struct network_record record = { 0 };
		if (strlen(entry->d_name) == NETWORK_ID &&
		    network_load(networks, entry->d_name, &record) == 0)
			append(&list, count, &record);
	}
	qsort(list, *count, sizeof(*list), by_name);
	return list;
}

static void
free_list(struct network_record *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		network_record_free(&list[i]);
	free(list);
}

struct ipam_subnet *
networks_subnets(int networks, size_t *count)
{
	size_t all, used = 0;
	struct network_record *list = networks_list(networks, &all);
	struct ipam_subnet *subnets = new_bytes((all + 1) * sizeof(*subnets));
	for (size_t i = 0; i < all; i++)
		if (list[i].subnet.prefix)
			subnets[used++] = list[i].subnet;
	free_list(list, all);
	*count = used;
	return subnets;
}

/* ---- found -------------------------------------------------------------- */

/* By name first: nobody's id is to stand in the way of one. */
static struct network_record *
look(struct network_record *list, size_t count, const char *word, bool *many)
{
	struct network_record *found = NULL;
	size_t length = strlen(word);
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].name, word) == 0 ||
		    strcmp(list[i].id, word) == 0)
			return &list[i];
	for (size_t i = 0; i < count && length; i++) {
		if (strncmp(list[i].id, word, length) != 0)
			continue;
		*many = found != NULL;
		found = &list[i];
	}
	return *many ? NULL : found;
}

int
network_find(int networks, const char *word, struct network_record *record)
{
	size_t count;
	bool many = false;
	struct network_record *list = networks_list(networks, &count);
	struct network_record *found = look(list, count, word, &many);
	*record = (struct network_record){ 0 };
	if (found) {
		*record = *found;
		*found = (struct network_record){ 0 };
	}
	free_list(list, count);
	if (found)
		return 0;
	if (many)
		return failx("network %s is ambiguous (several ids begin with "
			     "it)", word);
	failx("network %s not found", word);
	failure.code = ENOENT;
	return -1;
}

int
network_find_wanted(int networks, const char *name,
		    struct network_record *record)
{
	bool is_default = strcmp(name, "default") == 0;
	return network_find(networks, is_default ? "bridge" : name, record);
}

/* ---- what may be asked for ---------------------------------------------- */

static int
check_option(const struct network_record *record, const char *option)
{
	static const char *const known[] = {
		"com.docker.network.driver.mtu", "mtu", "parent",
		"macvlan_mode", "com.docker.network.bridge.enable_icc",
		"com.docker.network.bridge.enable_ip_masquerade",
	};
	auto_free char *key = text("%.*s", (int)strcspn(option, "="), option);
	const char *value = strchr(option, '=') ? strchr(option, '=') + 1 : "";
	size_t i = 0;
	while (i < countof(known) && strcmp(known[i], key) != 0)
		i++;
	if (i == countof(known))
		return failx("option %s: the driver \"%s\" has none of this "
			     "name (it has com.docker.network.driver.mtu%s)",
			     key, record->driver,
			     strcmp(record->driver, "macvlan") == 0 ?
				     " and parent" : "");
	if (i < 2 && network_mtu(record) == 0)
		return failx("option %s: \"%s\" is no size from 68 to 65535",
			     key, value);
	if (i == 3 && strcmp(value, "bridge") != 0)
		return failx("option macvlan_mode: only \"bridge\" is there, "
			     "not \"%s\"", value);
	if (i > 3 && strcmp(value, "true") != 0)
		return failx("option %s: only \"true\" is there", key);
	return 0;
}

static int
check_name(const char *name)
{
	if (strspn(name, LETTERS) > 0 && strlen(name) < 256 &&
	    name[strspn(name, LETTERS "_.-")] == '\0')
		return 0;
	return failx("\"%.40s\" is no name for a network: only "
		     "[a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", name);
}

/* Docker makes a missing eth0.5 itself. */
static int
explain_parent(const char *parent)
{
	const char *dot = strrchr(parent, '.');
	wrap("driver macvlan: the parent %s", parent);
	if (failure.code == ENODEV && dot && dot[1]) {
		auto_free char *why = copy_text(failure.text);
		failx("%.120s (make it: ip link add link %.*s name %s type "
		      "vlan id %s)", why, (int)(dot - parent), parent, parent,
		      dot + 1);
		failure.code = ENODEV;
	}
	return -1;
}

static int
check_driver(const struct network_record *record)
{
	const char *driver = record->driver, *parent;
	if (strcmp(driver, "host") == 0 || strcmp(driver, "null") == 0 ||
	    strcmp(driver, "none") == 0)
		return failx("only one instance of \"%s\" network is allowed",
			     strcmp(driver, "none") == 0 ? "null" : driver);
	if (strcmp(driver, "bridge") == 0)
		return network_option(record, "parent") ?
			       failx("option parent: a bridge has none") : 0;
	if (strcmp(driver, "macvlan") != 0)
		return failx("error looking up network driver plugin %s: "
			     "plugin \"%s\" not found (there are bridge and "
			     "macvlan)", driver, driver);
	parent = network_option(record, "parent");
	if (!parent)
		return failx("driver macvlan: say on which link of the host "
			     "it is to be, as in -o parent=eth0");
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	struct netlink_link link;
	if (netlink_open(&nl) < 0 || netlink_get_link(&nl, parent, &link) < 0)
		return explain_parent(parent);
	return 0;
}

static int
check(const struct network_record *record)
{
	if (check_name(record->name) < 0 || check_driver(record) < 0)
		return -1;
	for (size_t i = 0; i < record->options.count; i++)
		if (check_option(record, record->options.items[i]) < 0)
			return -1;
	return 0;
}

/* ---- made --------------------------------------------------------------- */

static bool
overlap6(const struct ipam_subnet6 *a, const struct ipam_subnet6 *b)
{
	return a->prefix && b->prefix &&
	       (ipam_contains6(a, b->network) || ipam_contains6(b, a->network));
}

static int
check_overlap(const struct network_record *record,
	      const struct network_record *other)
{
	bool v4 = other->subnet.prefix && record->subnet.prefix &&
		  ipam_overlap(&other->subnet, &record->subnet);
	if (v4 || overlap6(&other->subnet6, &record->subnet6))
		return failx("Pool overlaps with other one on this address "
			     "space: network %s has it", other->name);
	return 0;
}

static int
random_bytes(void *bytes, size_t size)
{
	return getrandom(bytes, size, 0) == (ssize_t)size ?
		       0 : fail("get %zu random bytes", size);
}

/* The bridge is called after its first seven digits: nobody else's may be. */
static int
choose_id(const struct network_record *list, size_t count, char *id)
{
	uint8_t bytes[NETWORK_ID / 2];
	for (bool is_taken = true; is_taken;) {
		if (random_bytes(bytes, sizeof(bytes)) < 0)
			return -1;
		for (size_t i = 0; i < sizeof(bytes); i++)
			sprintf(id + 2 * i, "%02x", bytes[i]);
		is_taken = false;
		for (size_t i = 0; i < count; i++)
			is_taken |= strncmp(list[i].id, id, 7) == 0;
	}
	return 0;
}

/* The first that neither a network has nor the host reaches anywhere.  The
 * very first is the default bridge's, if it can be. */
static int
choose_subnet(int networks, struct network_record *record)
{
	auto_network struct net_network wanted = { 0 };
	size_t count;
	auto_free struct ipam_subnet *taken = networks_subnets(networks,
							       &count);
	taken[count++] = (struct ipam_subnet){ .network = 0xac1d0000,
					       .prefix = 16 };
	wanted.avoid = taken;
	wanted.avoid_count = count;
	return net_find_subnet(&wanted, &record->subnet);
}

static int
settle(int networks, struct network_record *record)
{
	size_t count;
	struct network_record *list = networks_list(networks, &count);
	int result = 0;
	for (size_t i = 0; i < count && result == 0; i++)
		result = strcmp(list[i].name, record->name) == 0 ?
				 failx("network with name %s already exists",
				       record->name) :
				 check_overlap(record, &list[i]);
	if (result == 0)
		result = choose_id(list, count, record->id);
	free_list(list, count);
	if (result == 0 && record->subnet.prefix == 0)
		result = choose_subnet(networks, record);
	return result;
}

int
network_create(int networks, struct network_record *record)
{
	struct timespec now;
	if (check(record) < 0 || settle(networks, record) < 0)
		return -1;
	clock_gettime(CLOCK_REALTIME, &now);
	record->created = now.tv_sec;
	record->created_ns = now.tv_nsec;
	if (mkdirat(networks, record->id, 0755) < 0)
		return fail("make a directory for network %s", record->name);
	if (network_save(networks, record) == 0)
		return sync_names(networks, record->id);
	struct failure why = failure;
	unlinkat(networks, record->id, AT_REMOVEDIR);
	failure = why;
	return -1;
}

int
network_remove(int networks, const struct network_record *record)
{
	/* The record first: without it there is no network. */
	auto_free char *file = text("%s/" NETWORK_FILE, record->id);
	if (unlinkat(networks, file, 0) < 0)
		return fail("remove network %s", record->name);
	return tree_remove(networks, record->id) < 0 ?
		       -1 : sync_names(networks, NULL);
}

void
network_tell(const char *root, const char *action,
	     const struct network_record *record, const char *container)
{
	struct failure kept = failure;
	events_tell(root, &(struct event){
		.type = "network", .action = action, .id = record->id,
		.attributes = (const char *const[]){
			"container", container, "name", record->name, "type",
			record->driver, NULL } });
	failure = kept;
}

/* ---- for net.h ---------------------------------------------------------- */

int
network_open(const struct network_record *record, struct net_network *network)
{
	const char *parent = network_option(record, "parent");
	auto_free char *bridge = text("mydocker%.7s", record->id);
	if (network_is_given(record->name))
		return net_default(network);
	if (net_open(network, record->name, bridge, &record->subnet) < 0)
		return -1;
	network->internal = record->internal;
	network->mtu = network_mtu(record);
	network->parent = parent ? copy_text(parent) : NULL;
	return record->subnet6.prefix ?
		       net_use_ipv6(network, &record->subnet6) : 0;
}
