/* test_nat.c - the text given to nftables, what it refuses, and what the
 * kernel makes of it, in a network namespace. */
#include "nat.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys.h"

#include "sandbox.h"

static const struct ipam_subnet net = { .network = 0xac1d0000, .prefix = 16 };

static struct nat_port
port_to(uint32_t address, uint16_t host_port)
{
	return (struct nat_port){ .protocol = IPPROTO_TCP,
				  .host_port = host_port,
				  .address = address,
				  .port = 80 };
}

/* ---- the text ---------------------------------------------------------- */

static void
test_network_text(void **state)
{
	(void)state;
	auto_free char *commands = nat_compose_network("mydocker0", &net);
	assert_non_null(commands);
	assert_non_null(strstr(commands, "subnets { 172.29.0.0/16 }"));
	assert_non_null(strstr(commands, "bridges { \"mydocker0\" }"));
	/* Every command is about our table, and none flushes more. */
	auto_free char *copy = copy_text(commands);
	char *rest = copy, *line;
	while ((line = strsep(&rest, "\n")))
		assert_true(!*line || strstr(line, " ip mydocker"));
	assert_null(strstr(commands, "flush ruleset"));
}

static void
test_element_text(void **state)
{
	(void)state;
	struct nat_port port = port_to(0xac1d0002, 8080);
	auto_free char *any = nat_compose_element("add", &port);
	assert_string_equal(any, "add element ip mydocker ports { tcp . 8080 "
				 ": 172.29.0.2 . 80 }\n");
	port.host_address = 0x7f000001;
	port.protocol = IPPROTO_UDP;
	auto_free char *one = nat_compose_element("delete", &port);
	assert_string_equal(one,
			    "delete element ip mydocker address_ports { "
			    "127.0.0.1 . udp . 8080 : 172.29.0.2 . 80 }\n");
}

static void
test_hostile_arguments(void **state)
{
	(void)state;
	static const char *const names[] = {
		"", "a\"", "a\" }; flush ruleset", "a\nflush ruleset", "a b",
		"a\\", "br*", "1234567890123456", "a;b\"", "..", "a/b",
	};
	for (size_t i = 0; i < countof(names); i++) {
		assert_null(nat_compose_network(names[i], &net));
		assert_int_equal(nat_remove_network(names[i], &net), -1);
	}
	struct nat_port good = port_to(0xac1d0002, 8080);
	struct nat_port bad[5] = { good, good, good, good, good };
	bad[0].protocol = IPPROTO_ICMP;
	bad[1].protocol = -1;
	bad[2].host_port = 0;
	bad[3].port = 0;
	bad[4].address = 0;
	for (size_t i = 0; i < countof(bad); i++) {
		assert_null(nat_compose_element("add", &bad[i]));
		assert_int_equal(nat_publish(&bad[i], 1), -1);
		assert_int_equal(nat_unpublish(&bad[i], 1), -1);
	}
	assert_null(nat_protocol_name(IPPROTO_DCCP));
	assert_string_equal(nat_protocol_name(IPPROTO_SCTP), "sctp");
	assert_int_equal(nat_protocol_number("sctp"), IPPROTO_SCTP);
	assert_int_equal(nat_protocol_number("icmp"), 0);
	assert_int_equal(nat_protocol_number(""), 0);
	struct nat_port nowhere = good;
	nowhere.is_ipv6 = true; /* and address6 is :: */
	assert_null(nat_compose_element("add", &nowhere));
	assert_string_equal(nat_protocol_name(IPPROTO_TCP), "tcp");
}

/* ---- IPv6, ranges ------------------------------------------------------ */

static struct nat_port
port6_to(uint8_t number, uint16_t host_port)
{
	struct nat_port port = port_to(0, host_port);
	port.is_ipv6 = true;
	ipam_parse_address6("fd00:1::", port.address6);
	port.address6[15] = number;
	return port;
}

static void
test_ipv6_text(void **state)
{
	(void)state;
	char room[NAT_PLACE_SIZE];
	struct nat_port port = port6_to(2, 8080);
	auto_free char *any = nat_compose_element("add", &port);
	assert_string_equal(any, "add element ip6 mydocker ports { tcp . 8080 "
				 ": fd00:1::2 . 80 }\n");
	assert_string_equal(nat_format_place(&port, room), "[::]:8080");
	port.protocol = IPPROTO_SCTP;
	ipam_parse_address6("2001:db8::2", port.host_address6);
	auto_free char *one = nat_compose_element("delete", &port);
	assert_string_equal(one,
			    "delete element ip6 mydocker address_ports { "
			    "2001:db8::2 . sctp . 8080 : fd00:1::2 . 80 }\n");
	assert_string_equal(nat_format_place(&port, room),
			    "[2001:db8::2]:8080");
	port = port_to(0xac1d0002, 8080);
	assert_string_equal(nat_format_place(&port, room), "0.0.0.0:8080");
}

static void
test_ranges(void **state)
{
	(void)state;
	struct nat_port ports[4], first = port_to(0xac1d0002, 8000);
	assert_int_equal(nat_spread(&first, 4, ports), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(ports[i].host_port, 8000 + i);
		assert_int_equal(ports[i].port, 80 + i);
		assert_int_equal(ports[i].address, 0xac1d0002);
	}
	/* The kernel's choice is one for each. */
	first.host_port = 0;
	assert_int_equal(nat_spread(&first, 4, ports), 0);
	assert_int_equal(ports[3].host_port, 0);
	assert_int_equal(ports[3].port, 83);
	first.host_port = 65533;
	assert_int_equal(nat_spread(&first, 3, ports), 0);
	assert_int_equal(ports[2].host_port, 65535);
	assert_int_equal(nat_spread(&first, 4, ports), -1);
	first.host_port = 80;
	first.port = 65534;
	assert_int_equal(nat_spread(&first, 3, ports), -1);
	assert_int_equal(nat_spread(&first, 0, ports), -1);
}

/* ---- the kernel -------------------------------------------------------- */

/* What nft shows, by a context of the test's own. */
static char *
ruleset(const char *command)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	must(nft && nft_ctx_buffer_output(nft) == 0);
	must(nft_run_cmd_from_buffer(nft, command) == 0);
	char *output = copy_text(nft_ctx_get_output_buffer(nft));
	nft_ctx_free(nft);
	return output;
}

static bool
shows(const char *what)
{
	auto_free char *all = ruleset("list ruleset");
	return strstr(all, what) != NULL;
}

static const char other_people[] =
	"table ip filter {\n"
	"	chain FORWARD {\n"
	"		type filter hook forward priority 0; policy accept;\n"
	"		ip saddr 172.29.0.2 drop\n"
	"	}\n"
	"}\n"
	"table inet mydocker { }\n"; /* our name, another family */

/* Nothing may be written to 1 and 2, by what works or by what fails. */
static void
in_silence(void (*body)(void))
{
	must(sys_unshare(CLONE_NEWNET) == 0);
	auto_close int log = open("log", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	auto_close int error = dup(2);
	must(log >= 0 && error >= 0);
	fflush(NULL);
	must(dup2(log, 1) == 1 && dup2(log, 2) == 2);
	body();
	fflush(NULL);
	must(dup2(error, 2) == 2);
	struct stat st;
	must(fstat(log, &st) == 0 && st.st_size == 0);
}

static void
network_body(void)
{
	bool there = true;
	free(ruleset(other_people));
	auto_free char *before = ruleset("list ruleset");
	must(nat_has_table(&there) == 0 && !there);
	must(nat_remove_table() == 0);
	must(nat_remove_network("mydocker0", &net) == 0);
	must(nat_add_network("mydocker0", &net) == 0);
	must(nat_has_table(&there) == 0 && there);
	auto_free char *once = ruleset("list ruleset");
	must(nat_add_network("mydocker0", &net) == 0);
	auto_free char *twice = ruleset("list ruleset");
	must(strcmp(once, twice) == 0);
	struct ipam_subnet other = { .network = 0xac1e0000, .prefix = 16 };
	must(nat_add_network("mydocker1", &other) == 0);
	must(shows("172.30.0.0/16") && shows("mydocker1"));
	must(nat_remove_network("mydocker1", &other) == 0);
	must(nat_remove_network("mydocker1", &other) == 0);
	auto_free char *again = ruleset("list ruleset");
	must(strcmp(once, again) == 0);
	auto_free char *ours = nat_show();
	must(ours && strstr(ours, "masquerade"));
	must(nat_remove_table() == 0);
	must(nat_remove_table() == 0);
	auto_free char *after = ruleset("list ruleset");
	must(strcmp(before, after) == 0);
	must(nat_show() == NULL);
}

static void
network_in_silence(void)
{
	in_silence(network_body);
}

static void
network_aloud(void)
{
	must(sys_unshare(CLONE_NEWNET) == 0);
	network_body();
}

static void
test_networks(void **state)
{
	(void)state;
	in_sandbox(network_aloud, ALL_CALLS);
	in_sandbox(network_in_silence, ALL_CALLS);
}

static void
ports_body(void)
{
	must(sys_unshare(CLONE_NEWNET) == 0);
	must(nat_add_network("mydocker0", &net) == 0);
	struct nat_port two = port_to(0xac1d0002, 8080);
	struct nat_port twenty = port_to(0xac1d0014, 8081);
	struct nat_port both[2] = { twenty, port_to(0xac1d0014, 8080) };
	must(nat_publish(NULL, 0) == 0);
	must(nat_publish(&two, 1) == 0);
	must(nat_publish(&two, 1) == 0); /* the same is no conflict */
	must(nat_publish(both, 2) < 0);	 /* all or none */
	must(failure.code == EADDRINUSE);
	must(!shows("8081"));
	must(nat_publish(&twenty, 1) == 0);
	must(shows("172.29.0.2 . 80") && shows("172.29.0.20 . 80"));
	/* An element that leads to somebody else is not ours. */
	must(nat_unpublish(&both[1], 1) == 0);
	must(shows("172.29.0.2 . 80"));
	/* .2 goes, .20 stays. */
	must(nat_unpublish(&two, 1) == 0);
	must(!shows("172.29.0.2 . 80") && shows("172.29.0.20 . 80"));
	must(nat_unpublish(&two, 1) == 0);
	must(nat_unpublish(&twenty, 1) == 0);
	must(!shows("172.29.0.20"));
	/* The table mended: published ports stay published. */
	must(nat_publish(&two, 1) == 0);
	free(ruleset("flush chain ip mydocker guard"));
	must(!shows("127.0.0.0/8 drop"));
	must(nat_add_network("mydocker0", &net) == 0);
	must(shows("127.0.0.0/8 drop") && shows("172.29.0.2 . 80"));
	must(nat_remove_table() == 0);
	must(nat_unpublish(&two, 1) == 0);
	must(nat_publish(&two, 1) < 0 && failure.code == ENOENT);
}

static void
test_ports(void **state)
{
	(void)state;
	in_sandbox(ports_body, ALL_CALLS);
}

static void
ipv6_body(void)
{
	struct ipam_subnet6 net6;
	must(sys_unshare(CLONE_NEWNET) == 0);
	if (access("/proc/sys/net/ipv6", F_OK) < 0)
		_exit(CANNOT);
	must(ipam_parse_subnet6("fd00:1::/64", &net6) == 0);
	must(nat_add_network("mydocker0", &net) == 0);
	must(nat_add_network6("mydocker0", &net6) == 0);
	must(shows("table ip6 mydocker") && shows("fd00:1::/64"));
	auto_free char *with = ruleset("list ruleset");
	struct nat_port two = port6_to(2, 8080), three = port6_to(3, 8080);
	struct nat_port four = port_to(0xac1d0002, 8080);
	must(nat_publish(&two, 1) == 0 && nat_publish(&four, 1) == 0);
	must(nat_publish(&three, 1) < 0 && failure.code == EADDRINUSE);
	must(nat_unpublish(&three, 1) == 0);
	must(shows("tcp . 8080 : fd00:1::2 . 80"));
	must(nat_unpublish(&two, 1) == 0);
	must(!shows("fd00:1::2") && shows("172.29.0.2 . 80"));
	must(nat_unpublish(&four, 1) == 0);
	auto_free char *again = ruleset("list ruleset");
	must(strcmp(with, again) == 0);
	must(nat_remove_network6("mydocker0", &net6) == 0);
	must(!shows("fd00:1::/64") && shows("172.29.0.0/16"));
	must(nat_remove_table() == 0 && nat_remove_table() == 0);
	must(!shows("mydocker"));
}

static void
test_ipv6(void **state)
{
	(void)state;
	in_sandbox(ipv6_body, ALL_CALLS);
}

/* ---- other people's chains --------------------------------------------- */

static void
find_drop(const char *rules, bool by_ipv6, const char *wanted)
{
	auto_free char *chain = NULL;
	free(ruleset(rules));
	int found = nat_find_forward_drop("mydocker0", by_ipv6, &chain);
	must(found == (wanted != NULL));
	must(wanted ? chain && strcmp(chain, wanted) == 0 : !chain);
	free(ruleset("flush ruleset"));
}

/* A table with one base chain that drops; `rule` may be "". */
static void
find_base_chain(const char *family, const char *table, const char *chain,
		const char *hook, const char *rule, bool counts)
{
	auto_free char *rules =
		text("add table %s %s\nadd chain %s %s %s { type filter hook "
		     "%s priority 0; policy drop; }\n%s%s", family, table,
		     family, table, chain, hook, rule, *rule ? "\n" : "");
	auto_free char *name = text("%s %s %s", family, table, chain);
	find_drop(rules, false, counts ? name : NULL);
}

#define DROPS " { type filter hook forward priority 0; policy drop; }\n"
static const char several[] =
	"add table ip first\nadd chain ip first FORWARD" DROPS
	"add rule ip first FORWARD iifname \"mydocker*\" accept\n"
	"add table ip second\nadd chain ip second FORWARD" DROPS;
static const char by_ipv6_alone[] =
	"add table ip6 filter\nadd chain ip6 filter FORWARD" DROPS;

#define ACCEPTS \
	"add table inet firewalld\nadd chain inet firewalld filter_FORWARD" \
	" { type filter hook forward priority 10; policy accept; }\n" \
	"add rule inet firewalld filter_FORWARD ct state established accept\n"
static const char refuses[] =
	ACCEPTS "add rule inet firewalld filter_FORWARD counter reject with "
		"icmpx type admin-prohibited";
static const char refuses_some[] =
	ACCEPTS "add rule inet firewalld filter_FORWARD iifname \"eth7\" "
		"drop";

static void
forward_body(void)
{
	must(sys_unshare(CLONE_NEWNET) == 0);
	find_drop("add table ip nothing", false, NULL);
	find_drop(other_people, false, NULL); /* a policy of accept */
	find_base_chain("ip", "filter", "FORWARD", "forward", "", true);
	find_base_chain("inet", "firewalld", "filter_FORWARD", "forward", "",
			true);
	/* Not our packets: another hook, another family. */
	find_base_chain("ip", "filter", "INPUT", "input", "", false);
	find_base_chain("ip6", "filter", "FORWARD", "forward", "", false);
	find_base_chain("bridge", "filter", "FORWARD", "forward", "", false);
	/* It has been told about us, or only about somebody like us. */
	find_base_chain("ip", "filter", "FORWARD", "forward",
			"add rule ip filter FORWARD iifname \"mydocker0\" "
			"accept", false);
	find_base_chain("ip", "filter", "FORWARD", "forward",
			"add rule ip filter FORWARD iifname \"mydocker00\" "
			"accept", true);
	find_base_chain("ip", "filter", "FORWARD", "forward",
			"add rule ip filter FORWARD iifname \"mydocker*\" "
			"accept", false);
	find_base_chain("ip", "filter", "FORWARD", "forward",
			"add rule ip filter FORWARD iifname \"mydocker00*\" "
			"accept", true);
	/* Of several the first in the way; of IPv6 where that counts. */
	find_drop(several, false, "ip second FORWARD");
	find_drop(by_ipv6_alone, true, "ip6 filter FORWARD");
	find_drop(by_ipv6_alone, false, NULL);
	find_drop(refuses, false, "inet firewalld filter_FORWARD");
	find_drop(refuses_some, false, NULL);
	/* Ours is not somebody else's. */
	must(nat_add_network("mydocker0", &net) == 0);
	find_drop("add table ip nothing", false, NULL);
}

static void
test_forward_drop(void **state)
{
	(void)state;
	in_sandbox(forward_body, ALL_CALLS);
}

static void
no_rights_body(void)
{
	bool there;
	must(sys_unshare(CLONE_NEWNET) == 0);
	must(sys_unshare(CLONE_NEWUSER) == 0);
	must(nat_has_table(&there) < 0 && failure.code == EPERM);
	must(nat_add_network("mydocker0", &net) < 0);
	must(failure.code == EPERM);
	must(strstr(failure.text, "mydocker0") != NULL);
	must(nat_remove_table() < 0 && failure.code == EPERM);
	must(nat_show() == NULL && failure.code == EPERM);
}

static void
no_rights_in_silence(void)
{
	in_silence(no_rights_body);
}

static void
test_without_rights(void **state)
{
	(void)state;
	in_sandbox(no_rights_body, ALL_CALLS);
	in_sandbox(no_rights_in_silence, ALL_CALLS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_network_text),
		cmocka_unit_test(test_element_text),
		cmocka_unit_test(test_hostile_arguments),
		cmocka_unit_test(test_ipv6_text),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_forward_drop),
		cmocka_unit_test(test_without_rights),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
