/* test_dns_answer.c - who is called what, and what a container is told. */
#include "dns_answer.h"

#include <string.h>

#include "test.h"

#define ONE "1111111111111111111111111111111111111111111111111111111111111111"
#define TWO "2222222222222222222222222222222222222222222222222222222222222222"
#define THREE "3333333333333333333333333333333333333333333333333333333333333333"
#define FOUR "4444444444444444444444444444444444444444444444444444444444444444"

static const char red[] = "network red\n"
			  ONE " 11 172.30.0.2 fd00::2 web www api\n"
			  TWO " 12 172.30.0.3 - db www\n"
			  "this is no line\n"
			  "1234 11 172.30.0.9 - short-id\n"
			  ONE " 11 nonsense - nonsense\n"
			  ONE "\n";
static const char blue[] = "network blue.x internal\n"
			   TWO " 12 10.9.0.2 - db\n"
			   THREE " 13 10.9.0.3 - Cache www\n";

static struct dns_names names;

static int
begin(void **state)
{
	(void)state;
	assert_int_equal(dns_names_add(&names, blue), 0);
	return dns_names_add(&names, red);
}

static int
end(void **state)
{
	(void)state;
	dns_names_free(&names);
	return 0;
}

static uint8_t answer[DNS_TCP_SIZE];

/* The answer's length. */
static size_t
ask_class(const char *asker, const char *name, uint16_t type, uint16_t class)
{
	uint8_t packet[DNS_HEADER + DNS_NAME_SIZE + 4] = { 0, 7, 1, 0, 0, 1 };
	struct dns_query query;
	int length = dns_write_name(name, packet + DNS_HEADER);
	assert_true(length > 0);
	dns_put_number(packet + DNS_HEADER + length, type);
	dns_put_number(packet + DNS_HEADER + length + 2, class);
	assert_int_equal(dns_read_query(packet, DNS_HEADER + length + 4,
					&query), 0);
	return dns_answer(&names, asker, &query, answer, sizeof(answer));
}

static size_t
ask(const char *asker, const char *name, uint16_t type)
{
	return ask_class(asker, name, type, DNS_INTERNET);
}

static unsigned
answers(void)
{
	return dns_number(answer + 6);
}

/* The data of the last record ends the packet. */
#define assert_last(length, data)                                        \
	assert_memory_equal(answer + (length) - (sizeof(data) - 1), data, \
			    sizeof(data) - 1)

static void
names_have_addresses(void **state)
{
	(void)state;
	static const char *const all[] = {
		"db", "DB", "db.red", "Db.RED", "222222222222",
	};
	for (size_t i = 0; i < countof(all); i++) {
		size_t length = ask(ONE, all[i], DNS_A);
		assert_true(length > 0);
		assert_int_equal(answers(), 1);
		assert_last(length, "\xac\x1e\0\3");
	}
	size_t length = ask(TWO, "web", DNS_AAAA);
	assert_last(length, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2");
	ask(TWO, "web", DNS_ANY);
	assert_int_equal(answers(), 2);
	/* Of another type there is nothing: no error. */
	assert_true(ask(ONE, "db", DNS_AAAA) > 0);
	assert_int_equal(answers(), 0);
	assert_int_equal(dns_rcode_of(answer), DNS_OK);
	assert_true(ask(ONE, "db", 15) > 0);
	assert_int_equal(answers(), 0);
	assert_int_equal(dns_rcode_of(answer), DNS_OK);
}

static void
who_shares_a_name_takes_turns(void **state)
{
	(void)state;
	uint8_t first[2];
	for (int i = 0; i < 2; i++) {
		ask(ONE, "www", DNS_A);
		assert_int_equal(answers(), 2);
		first[i] = answer[DNS_HEADER + 9 + 12 + 3];
	}
	assert_int_equal(first[0] + first[1], 2 + 3);
	/* TWO is in blue.x as well, and that comes first. */
	size_t length = ask(TWO, "www", DNS_A);
	assert_int_equal(answers(), 1);
	assert_last(length, "\x0a\x09\0\3");
	length = ask(TWO, "www.blue.x", DNS_A);
	assert_last(length, "\x0a\x09\0\3");
	ask(TWO, "www.red", DNS_A);
	assert_int_equal(answers(), 2);
}

static void
other_networks_are_not_seen(void **state)
{
	(void)state;
	assert_int_equal(ask(ONE, "cache", DNS_A), 0);
	assert_int_equal(ask(ONE, "cache.blue.x", DNS_A), 0);
	assert_int_equal(ask(ONE, "3.0.9.10.in-addr.arpa", DNS_PTR), 0);
	/* Who may not leave is told that there is no such name. */
	assert_true(ask(THREE, "web", DNS_A) > 0);
	assert_int_equal(dns_rcode_of(answer), DNS_NO_NAME);
	assert_true(ask(THREE, "example.org", DNS_A) > 0);
	assert_int_equal(dns_rcode_of(answer), DNS_NO_NAME);
	/* Who is in no network any more, too. */
	assert_true(ask(FOUR, "web", DNS_A) > 0);
	assert_int_equal(dns_rcode_of(answer), DNS_NO_NAME);
	/* A way out by one network is one. */
	assert_int_equal(ask(TWO, "example.org", DNS_A), 0);
}

static void
addresses_have_names(void **state)
{
	(void)state;
	size_t length = ask(ONE, "3.0.30.172.in-addr.arpa", DNS_PTR);
	assert_last(length, "\2db\3red\0");
	length = ask(TWO, "3.0.9.10.IN-ADDR.arpa", DNS_PTR);
	assert_last(length, "\5Cache\4blue\1x\0");
	length = ask(ONE, "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
			  "0.0.0.0.0.0.0.0.0.0.0.0.0.0.D.f.ip6.arpa", DNS_PTR);
	assert_last(length, "\3web\3red\0");
	assert_true(ask(ONE, "3.0.30.172.in-addr.arpa", DNS_A) > 0);
	assert_int_equal(answers(), 0);
	static const char *const none[] = {
		"9.0.30.172.in-addr.arpa", "0.30.172.in-addr.arpa",
		"in-addr.arpa", "x.0.30.172.in-addr.arpa",
		"1.3.0.30.172.in-addr.arpa", "2.0.ip6.arpa",
		"300.0.30.172.in-addr.arpa",
		"g.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
		"0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa",
	};
	for (size_t i = 0; i < countof(none); i++)
		assert_int_equal(ask(ONE, none[i], DNS_PTR), 0);
}

static void
what_is_not_ours_is_forwarded(void **state)
{
	(void)state;
	static const char *const none[] = {
		"example.org", "nobody", "web.blue", "web.red.org", "red",
		"nonsense", "short-id", "11111111111",
	};
	for (size_t i = 0; i < countof(none); i++)
		assert_int_equal(ask(ONE, none[i], DNS_A), 0);
	assert_int_equal(ask_class(ONE, "web", DNS_A, 3), 0);
}

static void
files_of_names_without_a_network_are_refused(void **state)
{
	(void)state;
	struct dns_names other = { 0 };
	assert_int_equal(dns_names_add(&other, ""), -1);
	assert_int_equal(dns_names_add(&other, "network\n"), -1);
	assert_int_equal(dns_names_add(&other, ONE " 1 10.0.0.1 - a\n"), -1);
	assert_int_equal(dns_names_add(&other, "network x"), 0);
	assert_int_equal(other.count, 1);
	assert_int_equal(other.networks[0].count, 0);
	dns_names_free(&other);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_addresses),
		cmocka_unit_test(who_shares_a_name_takes_turns),
		cmocka_unit_test(other_networks_are_not_seen),
		cmocka_unit_test(addresses_have_names),
		cmocka_unit_test(what_is_not_ours_is_forwarded),
		cmocka_unit_test(files_of_names_without_a_network_are_refused),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
