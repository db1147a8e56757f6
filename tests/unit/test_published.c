/* test_published.c - published ports go from one network to another: the
 * kernel's rules, the sockets that keep them, and the record. */
#include "published.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netlink.h"
#include "sandbox.h"
#include "sys.h"

#define ROOT "/tmp/root"
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int networks, dir;

static void
become_host(void)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	must(sys_unshare(CLONE_NEWNET) == 0);
	must(netlink_open(&nl) == 0 && netlink_set_up(&nl, "lo", true) == 0);
	must(write_text(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", "0") == 0);
	must(setenv("MYDOCKER_RUN", "/tmp/run", 1) == 0);
	must(mkdir("/tmp/run", 0755) == 0 && mkdir(ROOT, 0755) == 0 &&
	     mkdir(ROOT "/c", 0755) == 0);
	must((networks = networks_open(ROOT, 0)) >= 0);
	dir = open(ROOT "/c", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct record record = {
		.id = ID, .name = "web", .image = "i", .image_id = "sha256:0",
		.command = "c", .ports = "old", .status = STATUS_RUNNING,
	};
	must(dir >= 0 && record_save(dir, &record) == 0);
}

static void
make_network(const char *name, const char *subnet, bool has_ipv6)
{
	auto_network_record struct network_record record = {
		.name = copy_text(name), .driver = copy_text("bridge"),
		.internal = strcmp(name, "vault") == 0,
	};
	must(ipam_parse_subnet(subnet, &record.subnet) == 0);
	if (has_ipv6)
		must(ipam_parse_subnet6("fd00:7::/64", &record.subnet6) == 0);
	must(network_create(networks, &record) == 0);
}

static struct settings
on(struct network_wanted *wanted, size_t count, struct nat_port *ports)
{
	struct settings settings = SETTINGS_DEFAULT;
	settings.networks = wanted;
	settings.network_count = count;
	settings.publish = ports;
	settings.publish_count = 1;
	return settings;
}

/* On all of them, a cable in each; the descriptors as its monitor has them. */
static void
start(const struct attached *us, struct attachments *all, struct held *held,
      int *netns)
{
	must(net_open_sandbox(netns) == 0);
	must(attachments_reserve(us, all) == 0);
	for (size_t i = 0; i < all->count; i++) {
		struct attachment *a = &all->list[i];
		must(net_attach(&a->network, &a->endpoint, *netns) == 0);
	}
	size_t count;
	auto_free int *fds = attachments_held(all->list, all->count, &count);
	for (size_t i = 0; i < count; i++)
		held_add(held, fds[i]);
	/* Whoever started it has ended. */
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
}

static bool
shows(const char *words)
{
	auto_free char *rules = NULL;
	must(nat_run("list ruleset\n", &rules) == 0);
	return strstr(rules, words) != NULL;
}

static bool
record_says(const char *ports)
{
	auto_record struct record record;
	must(record_load(dir, &record) == 0);
	return strcmp(record.ports, ports) == 0;
}

static bool
is_taken(uint16_t port, bool is_ipv6)
{
	struct nat_port again = { .protocol = IPPROTO_TCP, .host_port = port,
				  .port = 80, .is_ipv6 = is_ipv6 };
	auto_close int fd = net_hold_port(&again);
	return fd < 0;
}

/* It leaves the network `name`, and is on the rest. */
static void
leave(struct attachment *a, const struct settings *rest, struct held *held)
{
	auto_published struct published p = { .endpoint.lease.fd = -1 };
	char room[IPAM_ADDRESS_SIZE];
	ipam_format(a->endpoint.lease.address, room);
	must(published_find(networks, ID, rest, &a->network, room, &p) == 0);
	published_held(&a->network, &p, held);
	must(attachment_recover(&a->network, a->id) == 0);
	must(names_drop(networks, &a->record, ID) == 0);
	must(published_lead(dir, rest, &p) == 0);
}

static void
follow_body(void)
{
	become_host();
	make_network("red", "10.7.0.0/24", false);
	make_network("vault", "10.8.0.0/24", false);
	make_network("blue", "10.9.0.0/24", true);
	struct network_wanted wanted[] = { { .name = "red" },
					   { .name = "vault" },
					   { .name = "blue" } };
	struct nat_port port = { .protocol = IPPROTO_TCP, .host_port = 8080,
				 .port = 80 };
	struct settings settings = on(wanted, 3, &port);
	struct settings rest = on(wanted + 1, 2, &port);
	struct settings last = on(wanted + 1, 1, &port);
	struct attached us = { .root = ROOT, .id = ID, .name = "web",
			       .settings = &settings,
			       .ports = settings.publish,
			       .port_count = settings.publish_count };
	struct attachments all = { 0 };
	auto_held struct held held = { 0 };
	int netns;
	start(&us, &all, &held, &netns);
	must(held.count == 4 && shows("tcp . 8080 : 10.7.0.2 . 80"));
	must(is_taken(8080, false) && !is_taken(8080, true));
	/* Past the one that leads nowhere, and by IPv6 as well. */
	leave(&all.list[0], &rest, &held);
	must(held.count == 4 && is_taken(8080, false) && is_taken(8080, true));
	must(shows("tcp . 8080 : 10.9.0.2 . 80") && !shows("10.7.0."));
	must(shows("tcp . 8080 : fd00:7::2 . 80"));
	must(record_says("0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"));
	/* And then there is none. */
	leave(&all.list[2], &last, &held);
	must(held.count == 1 && !is_taken(8080, false) &&
	     !is_taken(8080, true));
	must(!shows("8080") && record_says(""));
	held_free(&held);
	must(net_recover(&all.list[1].network) == 0 && !shows("mydocker"));
	must(rmdir("/tmp/run") == 0);
}

static void
test_they_follow(void **state)
{
	(void)state;
	in_sandbox(follow_body, ALL_CALLS);
}

/* What stands before it in the queue, what after it, and no IPv6 any more. */
static void
back_body(void)
{
	become_host();
	make_network("six", "10.9.0.0/24", true);
	make_network("red", "10.7.0.0/24", false);
	struct network_wanted wanted[] = { { .name = "six" },
					   { .name = "red" } };
	struct nat_port port = { .protocol = IPPROTO_TCP, .host_port = 8080,
				 .port = 80 };
	struct settings settings = on(wanted, 2, &port);
	struct settings rest = on(wanted + 1, 1, &port);
	struct attached us = { .root = ROOT, .id = ID, .name = "web",
			       .settings = &settings,
			       .ports = settings.publish,
			       .port_count = settings.publish_count };
	struct attachments all = { 0 };
	auto_held struct held held = { 0 };
	int netns;
	start(&us, &all, &held, &netns);
	must(held.count == 4 && is_taken(8080, true));
	leave(&all.list[0], &rest, &held);
	must(held.count == 2 && is_taken(8080, false) &&
	     !is_taken(8080, true));
	must(shows("tcp . 8080 : 10.7.0.2 . 80") && !shows("fd00"));
	must(record_says("0.0.0.0:8080->80/tcp"));
	/* It ends, and whoever comes by undoes it. */
	held_free(&held);
	must(net_recover(&all.list[1].network) == 0 && !shows("mydocker"));
	must(!is_taken(8080, false) && rmdir("/tmp/run") == 0);
}

static void
test_one_family_is_left(void **state)
{
	(void)state;
	in_sandbox(back_body, ALL_CALLS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_they_follow),
		cmocka_unit_test(test_one_family_is_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
