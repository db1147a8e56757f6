/* test_netlink.c - believing nothing: answers as the kernel gives them, and
 * as it never should; then the real kernel, in a network namespace. */
#include "netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "sys.h"

#include "sandbox.h"

enum { SEQUENCE = 7, PORT = 4242 };

/* ---- answers by hand --------------------------------------------------- */

struct answer {
	char bytes[512] __attribute__((aligned(8)));
	size_t length;
};

static struct nlmsghdr *
add_message(struct answer *answer, uint16_t type, uint16_t flags,
	    const void *payload, size_t size)
{
	struct nlmsghdr *message =
		(struct nlmsghdr *)(answer->bytes + answer->length);
	*message = (struct nlmsghdr){ .nlmsg_len = NLMSG_LENGTH(size),
				      .nlmsg_type = type,
				      .nlmsg_flags = flags,
				      .nlmsg_seq = SEQUENCE,
				      .nlmsg_pid = PORT };
	memcpy(NLMSG_DATA(message), payload, size);
	answer->length += NLMSG_ALIGN(message->nlmsg_len);
	return message;
}

/* An error message, with the kernel's words when there are any. */
static struct nlmsghdr *
add_error(struct answer *answer, int error, const char *words)
{
	struct {
		struct nlmsgerr error;
		struct nlattr head;
		char words[100];
	} payload = { .error.error = error };
	size_t size = sizeof(payload.error);
	uint16_t flags = NLM_F_CAPPED;
	if (words) {
		payload.head.nla_type = NLMSGERR_ATTR_MSG;
		payload.head.nla_len = NLA_HDRLEN + strlen(words) + 1;
		memcpy(payload.words, words, strlen(words) + 1);
		size += NLA_ALIGN(payload.head.nla_len);
		flags |= NLM_F_ACK_TLVS;
	}
	return add_message(answer, NLMSG_ERROR, flags, &payload, size);
}

static int seen;

static int
count_message(const struct nlmsghdr *message, void *data)
{
	(void)message;
	seen++;
	return data ? failx("enough") : 0;
}

static int
read_back(const struct answer *answer)
{
	bool stale = false;
	seen = 0;
	failure = (struct failure){ 0 };
	return netlink_read_reply(answer->bytes, answer->length, SEQUENCE,
				  PORT, count_message, NULL, &stale);
}

static void
test_acknowledged(void **state)
{
	(void)state;
	struct answer answer = { 0 };
	add_error(&answer, 0, NULL);
	assert_int_equal(read_back(&answer), 1);
	struct answer warned = { 0 };
	add_error(&warned, 0, "a warning, and still done");
	assert_int_equal(read_back(&warned), 1);
	struct answer empty = { 0 };
	assert_int_equal(read_back(&empty), 0);
}

static void
test_refused(void **state)
{
	(void)state;
	static const struct {
		int code;
		const char *words;
	} cases[] = { { EEXIST, NULL }, { ENODEV, NULL }, { EPERM, NULL },
		      { EINVAL, "Attribute failed policy validation" },
		      { ENODEV, "" } };
	for (size_t i = 0; i < countof(cases); i++) {
		struct answer answer = { 0 };
		add_error(&answer, -cases[i].code, cases[i].words);
		assert_int_equal(read_back(&answer), -1);
		assert_int_equal(failure.code, cases[i].code);
		assert_non_null(strstr(failure.text, strerror(cases[i].code)));
		if (cases[i].words)
			assert_non_null(strstr(failure.text, cases[i].words));
	}
}

/* Old kernels send the request back, in full length, before the words. */
static void
test_refused_with_an_echo(void **state)
{
	(void)state;
	struct {
		struct nlmsgerr error;
		char request[32];
		struct nlattr head;
		char words[8];
	} payload = { .error = { -EEXIST, { .nlmsg_len = 16 + 32 } },
		      .head = { NLA_HDRLEN + 8, NLMSGERR_ATTR_MSG },
		      .words = "exists!" };
	struct answer answer = { 0 };
	add_message(&answer, NLMSG_ERROR, NLM_F_ACK_TLVS, &payload,
		    sizeof(payload));
	assert_int_equal(read_back(&answer), -1);
	assert_int_equal(failure.code, EEXIST);
	assert_non_null(strstr(failure.text, "exists!"));
	/* And one that lies about how long the request was. */
	payload.error.msg.nlmsg_len = 0x7ffffff0;
	struct answer lying = { 0 };
	add_message(&lying, NLMSG_ERROR, NLM_F_ACK_TLVS, &payload,
		    sizeof(payload));
	assert_int_equal(read_back(&lying), -1);
	assert_int_equal(failure.code, EEXIST);
	assert_null(strstr(failure.text, "exists!"));
}

static void
test_lying_lengths(void **state)
{
	(void)state;
	static const uint32_t lengths[] = { 0, 1, 15, 64, 1000, 0x80000000,
					    0xffffffff };
	for (size_t i = 0; i < countof(lengths); i++) {
		struct answer answer = { 0 };
		add_error(&answer, 0, NULL)->nlmsg_len = lengths[i];
		assert_int_equal(read_back(&answer), -1);
		assert_non_null(strstr(failure.text, "makes no sense"));
	}
	struct answer cut = { 0 };
	add_error(&cut, 0, NULL);
	for (size_t length = 1; length < cut.length; length++) {
		struct answer shorter = cut;
		shorter.length = length;
		assert_int_equal(read_back(&shorter), -1);
	}
	/* An error message that has no room for an error. */
	struct answer small = { 0 };
	add_message(&small, NLMSG_ERROR, 0, "1234", 4);
	assert_int_equal(read_back(&small), -1);
	assert_non_null(strstr(failure.text, "makes no sense"));
}

static void
test_lying_errors(void **state)
{
	(void)state;
	static const int errors[] = { 1, EEXIST, -4096, -100000,
				      INT32_MIN + 1 };
	for (size_t i = 0; i < countof(errors); i++) {
		struct answer answer = { 0 };
		add_error(&answer, errors[i], NULL);
		assert_int_equal(read_back(&answer), -1);
		assert_non_null(strstr(failure.text, "makes no sense"));
	}
	/* Words without an end are not read. */
	struct answer answer = { 0 };
	struct nlmsghdr *message = add_error(&answer, -EPERM, "abc");
	memset((char *)message + message->nlmsg_len - 4, 'x', 4);
	assert_int_equal(read_back(&answer), -1);
	assert_int_equal(failure.code, EPERM);
	assert_null(strstr(failure.text, "xxx"));
}

static void
test_not_for_us(void **state)
{
	(void)state;
	struct answer answer = { 0 };
	add_error(&answer, -EPERM, NULL)->nlmsg_seq = SEQUENCE - 1;
	add_error(&answer, -EPERM, NULL)->nlmsg_pid = PORT + 1;
	add_message(&answer, NLMSG_NOOP, 0, "", 0);
	assert_int_equal(read_back(&answer), 0);
	add_error(&answer, 0, NULL);
	assert_int_equal(read_back(&answer), 1);
	assert_int_equal(seen, 0);
}

static void
test_lists(void **state)
{
	(void)state;
	struct answer answer = { 0 };
	add_message(&answer, RTM_NEWLINK, NLM_F_MULTI, "1234", 4);
	add_message(&answer, RTM_NEWLINK, NLM_F_MULTI, "1234", 4);
	assert_int_equal(read_back(&answer), 0);
	assert_int_equal(seen, 2);
	add_message(&answer, NLMSG_DONE, NLM_F_MULTI, "\0\0\0\0", 4);
	assert_int_equal(read_back(&answer), 1);
	struct answer failed = { 0 };
	add_message(&failed, NLMSG_DONE, NLM_F_MULTI, &(int){ -ENOMEM }, 4);
	assert_int_equal(read_back(&failed), -1);
	assert_int_equal(failure.code, ENOMEM);
	struct answer lost = { 0 };
	add_message(&lost, NLMSG_OVERRUN, 0, "", 0);
	assert_int_equal(read_back(&lost), -1);
	bool stale = false;
	struct answer changed = { 0 };
	add_message(&changed, NLMSG_DONE, NLM_F_DUMP_INTR, "\0\0\0\0", 4);
	assert_int_equal(netlink_read_reply(changed.bytes, changed.length,
					    SEQUENCE, PORT, NULL, NULL,
					    &stale), 1);
	assert_true(stale);
	/* The reader's own failure ends it. */
	assert_int_equal(netlink_read_reply(answer.bytes, answer.length,
					    SEQUENCE, PORT, count_message, "",
					    &stale), -1);
	assert_string_equal(failure.text, "enough");
}

static void
test_names(void **state)
{
	(void)state;
	static const char *const good[] = { "lo", "mydocker0", "a.b-c_d",
					    "123456789012345" };
	static const char *const bad[] = { "", ".", "..", "1234567890123456",
					   "a/b", "a:b", "a b", "a%d", "a\n",
					   "a\t", "\x7f" };
	for (size_t i = 0; i < countof(good); i++)
		assert_true(netlink_is_name(good[i]));
	for (size_t i = 0; i < countof(bad); i++) {
		struct netlink nl = { .fd = -1 };
		struct netlink_link link;
		assert_false(netlink_is_name(bad[i]));
		/* Refused before anything is sent: the socket is not open. */
		assert_int_equal(netlink_create_bridge(&nl, bad[i], NULL), -1);
		assert_int_equal(failure.code, EINVAL);
		assert_int_equal(netlink_delete_link(&nl, bad[i]), -1);
		assert_int_equal(failure.code, EINVAL);
		assert_int_equal(netlink_get_link(&nl, bad[i], &link), -1);
		assert_int_equal(failure.code, EINVAL);
	}
}

/* ---- a fake kernel ----------------------------------------------------- */

/* A socket pair in place of a netlink socket: the test answers itself, ahead
 * of the question; the first request has the sequence number 7. */
static int
fake_kernel(struct netlink *nl)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				    ends), 0);
	*nl = (struct netlink){ ends[0], SEQUENCE - 1, PORT };
	return ends[1];
}

static void
test_over_a_socket(void **state)
{
	(void)state;
	struct netlink nl = NETLINK_CLOSED;
	auto_close int kernel = fake_kernel(&nl);
	struct answer late = { 0 }, answer = { 0 };
	add_error(&late, -EPERM, NULL)->nlmsg_seq = SEQUENCE - 5;
	add_error(&answer, -EEXIST, "Device exists");
	assert_true(send(kernel, late.bytes, late.length, 0) > 0);
	assert_true(send(kernel, answer.bytes, answer.length, 0) > 0);
	assert_int_equal(netlink_create_bridge(&nl, "br0", NULL), -1);
	assert_int_equal(failure.code, EEXIST);
	assert_non_null(strstr(failure.text, "br0"));
	assert_non_null(strstr(failure.text, "Device exists"));
	/* What was asked: a request that wants an acknowledgement. */
	char bytes[1024] __attribute__((aligned(8)));
	struct nlmsghdr *request = (struct nlmsghdr *)bytes;
	ssize_t length = recv(kernel, bytes, sizeof(bytes), 0);
	assert_int_equal(length, request->nlmsg_len);
	assert_int_equal(request->nlmsg_type, RTM_NEWLINK);
	assert_int_equal(request->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK |
			 NLM_F_CREATE | NLM_F_EXCL);
	assert_int_equal(request->nlmsg_seq, SEQUENCE);
	netlink_close(&nl);
	netlink_close(&nl);
}

static void
test_a_kernel_that_hangs_up(void **state)
{
	(void)state;
	struct netlink nl = NETLINK_CLOSED;
	auto_close int kernel = fake_kernel(&nl);
	shutdown(kernel, SHUT_WR);
	assert_int_equal(netlink_set_up(&nl, "lo", true), -1);
	assert_non_null(strstr(failure.text, "closed"));
	close_scoped(&kernel);
	assert_int_equal(netlink_set_up(&nl, "lo", true), -1);
	assert_true(failure.code == EPIPE || failure.code == ECONNRESET);
	netlink_close(&nl);
}

static void
test_an_answer_cut_off(void **state)
{
	(void)state;
	struct netlink nl = NETLINK_CLOSED;
	auto_close int kernel = fake_kernel(&nl);
	static char large[40000];
	assert_int_equal(send(kernel, large, sizeof(large), 0), sizeof(large));
	assert_int_equal(netlink_set_up(&nl, "lo", true), -1);
	assert_non_null(strstr(failure.text, "cut off"));
	netlink_close(&nl);
}

static int timer_kernel = -1;
static int timer_rounds;

/* Twice for nothing, then the answer: all while netlink_request waits. */
static void
on_timer(int number)
{
	(void)number;
	struct answer answer = { 0 };
	if (++timer_rounds < 3)
		return;
	add_error(&answer, 0, NULL);
	if (send(timer_kernel, answer.bytes, answer.length, 0) < 0)
		_exit(1);
}

static void
test_interrupted_by_signals(void **state)
{
	(void)state;
	struct netlink nl = NETLINK_CLOSED;
	auto_close int kernel = fake_kernel(&nl);
	timer_kernel = kernel;
	struct sigaction action = { .sa_handler = on_timer }, old;
	struct itimerval often = { { 0, 5000 }, { 0, 5000 } }, never = { 0 };
	assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	assert_int_equal(netlink_set_up(&nl, "lo", true), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
	assert_true(timer_rounds >= 3);
	netlink_close(&nl);
}

/* Whatever the bytes, an answer ends in a value or a failure; the sanitizer
 * build says whether anything was read that was not there. */
static void
test_random_bytes(void **state)
{
	(void)state;
	unsigned int seed = 1;
	for (int round = 0; round < 5000; round++) {
		struct netlink nl = NETLINK_CLOSED;
		auto_close int kernel = fake_kernel(&nl);
		struct answer answer = { 0 };
		char payload[200];
		for (size_t i = 0; i < sizeof(payload); i++)
			payload[i] = rand_r(&seed) % 4 ? rand_r(&seed) % 64 :
							 rand_r(&seed);
		uint16_t types[] = { RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE,
				     NLMSG_ERROR, NLMSG_DONE };
		add_message(&answer, types[rand_r(&seed) % 5],
			    rand_r(&seed) % 2 ? NLM_F_MULTI : NLM_F_ACK_TLVS,
			    payload, rand_r(&seed) % sizeof(payload));
		if (rand_r(&seed) % 2)
			add_message(&answer, NLMSG_DONE, 0, "\0\0\0\0", 4);
		send(kernel, answer.bytes, answer.length, 0);
		shutdown(kernel, SHUT_WR);
		struct netlink_link *links = NULL;
		struct netlink_address *addresses = NULL;
		struct netlink_route *routes = NULL;
		size_t count;
		if (round % 3 == 0)
			netlink_list_links(&nl, &links, &count);
		else if (round % 3 == 1)
			netlink_list_addresses(&nl, AF_INET, &addresses,
					       &count);
		else
			netlink_list_routes(&nl, AF_INET, &routes, &count);
		free(links);
		free(addresses);
		free(routes);
		netlink_close(&nl);
	}
}

/* ---- the real kernel --------------------------------------------------- */

static void
enter_network(struct netlink *nl)
{
	must(sys_unshare(CLONE_NEWNET) == 0);
	must(netlink_open(nl) == 0);
}

static void
links_body(void)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	struct netlink_link link, bridge;
	const uint8_t mac[6] = { 2, 0x42, 1, 2, 3, 4 };
	enter_network(&nl);
	must(netlink_create_bridge(&nl, "br0", mac) == 0);
	must(netlink_get_link(&nl, "br0", &bridge) == 0);
	must(strcmp(bridge.kind, "bridge") == 0 && !bridge.up);
	must(memcmp(bridge.mac, mac, 6) == 0);
	must(memcmp(bridge.bridge_id + 2, mac, 6) == 0);
	must(netlink_create_bridge(&nl, "br0", NULL) < 0);
	must(failure.code == EEXIST);
	must(netlink_set_up(&nl, "br0", true) == 0);
	struct netlink_veth veth = { .name = "near", .master = "br0",
				     .peer_name = "far", .peer_netns = -1,
				     .peer_mac = mac };
	must(netlink_create_veth(&nl, &veth) == 0);
	must(netlink_get_link(&nl, "near", &link) == 0);
	must(link.up && link.master == bridge.index && link.peer_netns == -1);
	int near = link.index;
	must(netlink_get_link(&nl, "far", &link) == 0);
	must(!link.up && link.peer == near && memcmp(link.mac, mac, 6) == 0);
	must(netlink_set_hairpin(&nl, "near", true) == 0);
	must(netlink_set_hairpin(&nl, "far", true) < 0); /* no port */
	must(netlink_set_master(&nl, "near", NULL) == 0);
	must(netlink_get_link(&nl, "near", &link) == 0 && link.master == 0);
	must(netlink_rename_link(&nl, "far", "else") == 0);
	must(netlink_get_link(&nl, "far", &link) < 0);
	must(failure.code == ENODEV);
	must(netlink_set_mac(&nl, "else", bridge.bridge_id) == 0);
	must(netlink_delete_link(&nl, "near") == 0); /* takes both ends */
	must(netlink_delete_link(&nl, "else") < 0);
	must(failure.code == ENODEV);
	must(netlink_delete_link(&nl, "br0") == 0);
}

static void
test_links(void **state)
{
	(void)state;
	in_sandbox(links_body, ALL_CALLS);
}

static void
lists_body(void)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	auto_free struct netlink_link *links = NULL;
	size_t count;
	enter_network(&nl);
	for (int i = 0; i < 200; i++) {
		char name[16], peer[16];
		snprintf(name, sizeof(name), "a%d", i);
		snprintf(peer, sizeof(peer), "b%d", i);
		struct netlink_veth veth = { .name = name, .peer_name = peer,
					     .peer_netns = -1 };
		must(netlink_create_veth(&nl, &veth) == 0);
	}
	must(netlink_list_links(&nl, &links, &count) == 0);
	int veths = 0;
	for (size_t i = 0; i < count; i++)
		veths += strcmp(links[i].kind, "veth") == 0;
	must(veths == 400);
}

/* More than fits in one datagram. */
static void
test_a_long_list(void **state)
{
	(void)state;
	in_sandbox(lists_body, ALL_CALLS);
}

static void
addresses_body(void)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	auto_free struct netlink_address *addresses = NULL;
	auto_free struct netlink_route *routes = NULL;
	size_t count, found = 0;
	enter_network(&nl);
	must(netlink_set_up(&nl, "lo", true) == 0);
	must(netlink_create_bridge(&nl, "br0", NULL) == 0);
	must(netlink_set_up(&nl, "br0", true) == 0);
	struct netlink_ip v4 = netlink_ip4(0xac1d0001, 16);
	struct netlink_ip v6 = { AF_INET6, { 0xfd, 1, [15] = 1 }, 64 };
	must(netlink_add_address(&nl, "br0", &v4) == 0);
	must(netlink_add_address(&nl, "br0", &v6) == 0);
	must(netlink_add_address(&nl, "br0", &v4) < 0);
	must(failure.code == EEXIST);
	must(netlink_add_address(&nl, "br9", &v4) < 0);
	must(failure.code == ENODEV);
	must(netlink_list_addresses(&nl, AF_UNSPEC, &addresses, &count) == 0);
	for (size_t i = 0; i < count; i++)
		found += memcmp(&addresses[i].ip, &v4, sizeof(v4)) == 0 ||
			 memcmp(&addresses[i].ip, &v6, sizeof(v6)) == 0;
	must(found == 2);
	struct netlink_ip via = netlink_ip4(0xac1d0009, 0);
	struct netlink_ip nowhere = netlink_ip4(0x08080808, 0);
	must(netlink_add_default_route(&nl, &nowhere) < 0);
	must(failure.code == ENETUNREACH);
	must(netlink_add_default_route(&nl, &via) == 0);
	must(netlink_add_default_route(&nl, &via) < 0);
	must(failure.code == EEXIST);
	must(netlink_list_routes(&nl, AF_INET, &routes, &count) == 0);
	found = 0;
	for (size_t i = 0; i < count; i++)
		if (routes[i].table == RT_TABLE_MAIN)
			found += routes[i].to.prefix == 0 ?
				netlink_to_ip4(&routes[i].via) == 0xac1d0009 :
				netlink_to_ip4(&routes[i].to) == 0xac1d0000 &&
				routes[i].to.prefix == 16;
	must(found == 2);
}

static void
test_addresses_and_routes(void **state)
{
	(void)state;
	in_sandbox(addresses_body, ALL_CALLS);
}

/* What was added can be taken away again, and not twice. */
static void
removal_body(void)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	auto_free struct netlink_address *addresses = NULL;
	size_t count;
	enter_network(&nl);
	struct netlink_ip ip = netlink_ip4(0xac1d0001, 16);
	struct netlink_ip via = netlink_ip4(0xac1d0009, 0);
	struct netlink_ip to = netlink_ip4(0x0a000000, 8), six, via6, to6;
	must(netlink_create_bridge(&nl, "br0", NULL) == 0);
	must(netlink_set_up(&nl, "br0", true) == 0);
	must(netlink_add_address(&nl, "br0", &ip) == 0);
	must(netlink_add_route(&nl, &to, &via) == 0);
	must(netlink_delete_route(&nl, &to, &via) == 0);
	must(netlink_delete_route(&nl, &to, &via) < 0);
	must(failure.code == ESRCH);
	must(netlink_delete_address(&nl, "br0", &ip) == 0);
	must(netlink_delete_address(&nl, "br0", &ip) < 0);
	must(failure.code == EADDRNOTAVAIL);
	must(netlink_list_addresses(&nl, AF_INET, &addresses, &count) == 0);
	must(count == 0);
	if (access("/proc/sys/net/ipv6", F_OK) < 0)
		return;
	must(netlink_parse_ip("fd00:1::1/64", &six) == 0);
	must(netlink_parse_ip("fd00:1::9", &via6) == 0);
	must(netlink_parse_ip("fd00:2::/64", &to6) == 0);
	must(netlink_add_address(&nl, "br0", &six) == 0);
	must(netlink_add_route(&nl, &to6, &via6) == 0);
	must(netlink_add_default_route(&nl, &via6) == 0);
	must(netlink_delete_route(&nl, &to6, &via6) == 0);
	must(netlink_delete_address(&nl, "br0", &six) == 0);
}

static void
test_removal(void **state)
{
	(void)state;
	in_sandbox(removal_body, ALL_CALLS);
}

/* What is known of 172.29.0.9; IGMP's groups are in the list, too. */
static bool
find_neighbour(struct netlink *nl, struct netlink_neighbour *found)
{
	auto_free struct netlink_neighbour *known = NULL;
	size_t count;
	bool is_known = false;
	must(netlink_list_neighbours(nl, AF_INET, &known, &count) == 0);
	for (size_t i = 0; i < count; i++) {
		if (netlink_to_ip4(&known[i].ip) != 0xac1d0009)
			continue;
		*found = known[i];
		is_known = known[i].mac[0] != 0;
	}
	return is_known;
}

static void
neighbours_body(void)
{
	static const uint8_t mac[6] = { 2, 0x42, 0xac, 0x1d, 0, 9 };
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	struct netlink_neighbour known;
	enter_network(&nl);
	struct netlink_ip ip = netlink_ip4(0xac1d0001, 16);
	struct netlink_ip other = netlink_ip4(0xac1d0009, 32);
	must(netlink_create_bridge(&nl, "br0", NULL) == 0);
	must(netlink_set_up(&nl, "br0", true) == 0);
	must(netlink_add_address(&nl, "br0", &ip) == 0);
	must(netlink_add_neighbour(&nl, "br0", &other, mac) == 0);
	must(netlink_add_neighbour(&nl, "br0", &other, mac) < 0);
	must(failure.code == EEXIST);
	must(netlink_add_neighbour(&nl, "br9", &other, mac) < 0);
	must(failure.code == ENODEV);
	must(find_neighbour(&nl, &known) && memcmp(known.mac, mac, 6) == 0);
	must(known.state == 0x80); /* NUD_PERMANENT */
	must(netlink_delete_neighbour(&nl, "br0", &other) == 0);
	must(!find_neighbour(&nl, &known));
}

static void
test_neighbours(void **state)
{
	(void)state;
	in_sandbox(neighbours_body, ALL_CALLS);
}

static void
macvlan_body(void)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	auto_netlink struct netlink inside = NETLINK_CLOSED;
	struct netlink_link link, parent;
	must(sys_unshare(CLONE_NEWNET) == 0);
	auto_close int there = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	enter_network(&nl);
	must(netlink_open_in(&inside, there) == 0);
	struct netlink_veth veth = { .name = "near", .peer_name = "far",
				     .peer_netns = -1 };
	must(netlink_create_veth(&nl, &veth) == 0);
	must(netlink_create_macvlan(&nl, "mv0", "nowhere", there) < 0);
	must(failure.code == ENODEV);
	if (netlink_create_macvlan(&nl, "mv0", "near", there) < 0) {
		must(failure.code == EOPNOTSUPP);
		_exit(CANNOT);
	}
	must(netlink_get_link(&inside, "mv0", &link) == 0);
	must(netlink_get_link(&nl, "near", &parent) == 0);
	must(strcmp(link.kind, "macvlan") == 0 && link.peer == parent.index);
	must(netlink_set_mtu(&nl, "near", 1400) == 0);
	must(netlink_set_mtu(&nl, "near", 10) < 0 && failure.code == EINVAL);
	must(netlink_get_link(&nl, "near", &parent) == 0);
	must(parent.mtu == 1400);
	/* It goes with what it was made on. */
	must(netlink_delete_link(&nl, "near") == 0);
	must(netlink_get_link(&inside, "mv0", &link) < 0);
}

static void
test_macvlan(void **state)
{
	(void)state;
	in_sandbox(macvlan_body, ALL_CALLS);
}

static void
test_addresses_as_text(void **state)
{
	(void)state;
	char room[NETLINK_IP_SIZE];
	struct netlink_ip ip;
	static const char *const good[] = { "172.29.0.2", "10.0.0.0/8",
					    "fd00:1::2", "2001:db8::/32",
					    "::1" };
	for (size_t i = 0; i < countof(good); i++) {
		assert_int_equal(netlink_parse_ip(good[i], &ip), 0);
		assert_string_equal(netlink_format_ip(&ip, room), good[i]);
	}
	assert_int_equal(netlink_parse_ip("10.0.0.1/0", &ip), 0);
	assert_int_equal(ip.prefix, 0);
	static const char *const bad[] = { "", "/", "10.0.0", "10.0.0.1/33",
					   "fd00::/129", "10.0.0.1/", ":", "x",
					   "10.0.0.1/8x", "fd00::1::2" };
	for (size_t i = 0; i < countof(bad); i++) {
		ip.prefix = 77;
		assert_int_equal(netlink_parse_ip(bad[i], &ip), -1);
		assert_int_equal(ip.prefix, 77);
	}
}

static void
other_namespace_body(void)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	auto_netlink struct netlink inside = NETLINK_CLOSED;
	struct netlink_link link;
	int id;
	must(sys_unshare(CLONE_NEWNET) == 0);
	auto_close int there = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	enter_network(&nl);
	must(netlink_open_in(&inside, there) == 0);
	struct netlink_veth veth = { .name = "near", .peer_name = "eth0",
				     .peer_netns = there };
	must(netlink_create_veth(&nl, &veth) == 0);
	must(netlink_get_link(&nl, "eth0", &link) < 0);
	must(failure.code == ENODEV);
	must(netlink_get_link(&inside, "eth0", &link) == 0);
	must(netlink_get_link(&nl, "near", &link) == 0);
	must(netlink_get_netns_id(&nl, there, &id) == 0);
	must(id >= 0 && id == link.peer_netns);
	/* The name is taken in there: nothing is left out here. */
	veth.name = "near2";
	must(netlink_create_veth(&nl, &veth) < 0 && failure.code == EEXIST);
	must(netlink_get_link(&nl, "near2", &link) < 0);
	must(netlink_move_link(&nl, "near", there) == 0);
	must(netlink_get_link(&nl, "near", &link) < 0);
	must(netlink_get_link(&inside, "near", &link) == 0);
}

static void
test_another_namespace(void **state)
{
	(void)state;
	in_sandbox(other_namespace_body, ALL_CALLS);
}

static void
no_rights_body(void)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	must(sys_unshare(CLONE_NEWNET) == 0);
	/* A new user namespace has no rights over what the old one owns. */
	must(sys_unshare(CLONE_NEWUSER) == 0);
	must(netlink_open(&nl) == 0);
	must(netlink_create_bridge(&nl, "br0", NULL) < 0);
	must(failure.code == EPERM);
	must(strstr(failure.text, "br0") != NULL);
}

static void
test_without_rights(void **state)
{
	(void)state;
	in_sandbox(no_rights_body, ALL_CALLS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_acknowledged),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_with_an_echo),
		cmocka_unit_test(test_lying_lengths),
		cmocka_unit_test(test_lying_errors),
		cmocka_unit_test(test_not_for_us),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_over_a_socket),
		cmocka_unit_test(test_a_kernel_that_hangs_up),
		cmocka_unit_test(test_an_answer_cut_off),
		cmocka_unit_test(test_interrupted_by_signals),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_a_long_list),
		cmocka_unit_test(test_addresses_and_routes),
		cmocka_unit_test(test_removal),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_macvlan),
		cmocka_unit_test(test_addresses_as_text),
		cmocka_unit_test(test_another_namespace),
		cmocka_unit_test(test_without_rights),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
