/* test_dns_message.c - packets of the domain name system, whole and broken. */
#include "dns_message.h"

#include <string.h>

#include "test.h"

#define BYTES(string) (const uint8_t *)(string), sizeof(string) - 1
#define HEADER "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
#define WEB_RED "\3wEb\3Red\0"
#define A_INTERNET "\0\1\0\1"
#define OPT(size, version) "\0\0\x29" size "\0" version "\0\0\0\0"
#define EDNS_HEADER "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01"

/* Where a read beyond the end is seen by the sanitizers. */
static int
read_query(const uint8_t *bytes, size_t length, struct dns_query *query)
{
	auto_free uint8_t *copy = new_bytes(length ?: 1);
	memcpy(copy, bytes, length);
	return dns_read_query(copy, length, query);
}

static void
a_query_is_read(void **state)
{
	(void)state;
	struct dns_query query;
	assert_int_equal(read_query(BYTES(HEADER WEB_RED A_INTERNET), &query),
			 0);
	assert_int_equal(query.id, 0x1234);
	assert_string_equal(query.text, "web.red");
	assert_int_equal(query.name_length, 9);
	assert_int_equal(query.type, DNS_A);
	assert_int_equal(query.class, DNS_INTERNET);
	assert_int_equal(query.size, 512);
	assert_false(query.has_edns);
	assert_int_equal(read_query(BYTES(EDNS_HEADER WEB_RED A_INTERNET OPT(
					    "\x10\x00", "\0")),
				    &query),
			 0);
	assert_true(query.has_edns);
	assert_int_equal(query.size, 4096);
	/* Less than everybody takes is not believed. */
	read_query(BYTES(EDNS_HEADER WEB_RED A_INTERNET OPT("\0\1", "\0")),
		   &query);
	assert_int_equal(query.size, 512);
}

static void
what_no_host_is_called_has_no_text(void **state)
{
	(void)state;
	struct dns_query query;
	assert_int_equal(read_query(BYTES(HEADER "\3w.b\0" A_INTERNET), &query),
			 0);
	assert_string_equal(query.text, "");
	read_query(BYTES(HEADER "\3w\0b\0" A_INTERNET), &query);
	assert_string_equal(query.text, "");
	read_query(BYTES(HEADER "\3w\xff" "b\0" A_INTERNET), &query);
	assert_string_equal(query.text, "");
	assert_int_equal(query.name_length, 5);
}

static void
bad_queries_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t length;
		int due;
	} cases[] = {
#define CASE(string, due) { string, sizeof(string) - 1, due }
		CASE("", -1),
		CASE("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00", -1),
		/* An answer: to answer it would go on for ever. */
		CASE("\x12\x34\x81\x00\x00\x01\0\0\0\0\0\0" WEB_RED A_INTERNET,
		     -1),
		CASE("\x12\x34\x29\x00\x00\x01\0\0\0\0\0\0" WEB_RED A_INTERNET,
		     DNS_NOT_IMPLEMENTED),
		CASE("\x12\x34\x01\x00\x00\x00\0\0\0\0\0\0", DNS_FORMAT),
		CASE("\x12\x34\x01\x00\x00\x02\0\0\0\0\0\0" WEB_RED A_INTERNET
		     WEB_RED A_INTERNET, DNS_FORMAT),
		CASE("\x12\x34\x01\x00\x00\x01\0\1\0\0\0\0" WEB_RED A_INTERNET,
		     DNS_FORMAT),
		CASE(HEADER, DNS_FORMAT),
		CASE(HEADER "\3we", DNS_FORMAT),
		CASE(HEADER WEB_RED, DNS_FORMAT),
		CASE(HEADER WEB_RED "\0\1\0", DNS_FORMAT),
		/* Pointers: to itself, to what is before, beyond the end. */
		CASE(HEADER "\xc0\x0c" A_INTERNET, DNS_FORMAT),
		CASE(HEADER "\1a\xc0\x0c" A_INTERNET, DNS_FORMAT),
		CASE(HEADER "\xc0\x04" A_INTERNET, DNS_FORMAT),
		CASE(HEADER "\xff\xff" A_INTERNET, DNS_FORMAT),
		CASE(HEADER "\xc0", DNS_FORMAT),
		CASE(HEADER "\x41web\0" A_INTERNET, DNS_FORMAT),
		CASE(HEADER "\x81web\0" A_INTERNET, DNS_FORMAT),
		/* EDNS: of another version, twice, of a name, cut off. */
		CASE(EDNS_HEADER WEB_RED A_INTERNET OPT("\2\0", "\1"),
		     DNS_BAD_VERSION),
		CASE("\x12\x34\x01\x00\x00\x01\0\0\0\0\0\2" WEB_RED A_INTERNET
		     OPT("\2\0", "\0") OPT("\2\0", "\0"), DNS_FORMAT),
		CASE(EDNS_HEADER WEB_RED A_INTERNET "\1a" OPT("\2\0", "\0"),
		     DNS_FORMAT),
		CASE(EDNS_HEADER WEB_RED A_INTERNET "\0\0\x29\2\0", DNS_FORMAT),
		CASE(EDNS_HEADER WEB_RED A_INTERNET
		     "\0\0\x29\2\0\0\0\0\0\0\5", DNS_FORMAT),
		CASE(EDNS_HEADER WEB_RED A_INTERNET, DNS_FORMAT),
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct dns_query query;
		int got = read_query((const uint8_t *)cases[i].bytes,
				     cases[i].length, &query);
		if (got != cases[i].due)
			fail_msg("case %zu: %d, not %d", i, got, cases[i].due);
	}
}

static void
the_longest_name_is_read(void **state)
{
	(void)state;
	uint8_t packet[DNS_HEADER + 300], name[DNS_NAME_SIZE];
	memset(packet, 'a', sizeof(packet));
	/* 127 labels of a byte and the end are 255 bytes. */
	for (size_t i = 0; i < 300; i += 2)
		packet[i] = 1;
	packet[254] = 0;
	size_t at = 0;
	assert_int_equal(dns_read_name(packet, sizeof(packet), &at, name), 255);
	assert_int_equal(at, 255);
	packet[254] = 1;
	packet[256] = 0;
	at = 0;
	assert_int_equal(dns_read_name(packet, sizeof(packet), &at, name), -1);
}

static void
pointers_lead_backwards_only(void **state)
{
	(void)state;
	uint8_t name[DNS_NAME_SIZE];
	static const uint8_t good[] = "\3web\0" "\1a\xc0\0" "\1b\xc0\x05";
	size_t at = 9;
	assert_int_equal(dns_read_name(good, sizeof(good) - 1, &at, name), 9);
	assert_memory_equal(name, "\1b\1a\3web\0", 9);
	assert_int_equal(at, 13);
	/* Round in a circle of two, forwards, and into its own label. */
	static const uint8_t circle[] = "\1a\xc0\x04\1b\xc0\0";
	for (at = 0; at <= 4;) {
		size_t from = at;
		assert_int_equal(dns_read_name(circle, sizeof(circle) - 1,
					       &from, name),
				 -1);
		at += 4;
	}
	/* A long chain of pointers, each to the one before: it ends. */
	uint8_t chain[600] = { 0 };
	for (size_t i = 2; i + 1 < sizeof(chain); i += 2)
		dns_put_number(chain + i, 0xc000 | (i - 2));
	at = 598;
	assert_int_equal(dns_read_name(chain, sizeof(chain), &at, name), 1);
	/* Labels again and again by pointers would be longer than a name. */
	uint8_t labels[1024];
	memset(labels, 'x', sizeof(labels));
	labels[0] = 63;
	labels[64] = 0;
	for (size_t i = 65; i + 66 <= sizeof(labels); i += 66) {
		labels[i] = 63;
		dns_put_number(labels + i + 64,
			       0xc000 | (i == 65 ? 0 : i - 66));
	}
	at = 65 + 2 * 66;
	assert_int_equal(dns_read_name(labels, sizeof(labels), &at, name), -1);
}

static void
names_are_written(void **state)
{
	(void)state;
	uint8_t name[DNS_NAME_SIZE];
	assert_int_equal(dns_write_name("web.red", name), 9);
	assert_memory_equal(name, "\3web\3red\0", 9);
	char label[65];
	memset(label, 'a', 64);
	label[64] = '\0';
	assert_int_equal(dns_write_name(label, name), -1);
	label[63] = '\0';
	assert_int_equal(dns_write_name(label, name), 65);
	assert_int_equal(dns_write_name("a..b", name), -1);
	assert_int_equal(dns_write_name(".a", name), -1);
	assert_int_equal(dns_write_name("a.", name), -1);
	auto_free char *longest = text("%s.%s.%s.%.61s", label, label, label,
				       label);
	assert_int_equal(dns_write_name(longest, name), 255);
	auto_free char *longer = text("%s.%s.%s.%.62s", label, label, label,
				      label);
	assert_int_equal(dns_write_name(longer, name), -1);
}

static void
an_answer_is_written(void **state)
{
	(void)state;
	struct dns_query query;
	struct dns_reply reply;
	uint8_t room[DNS_UDP_SIZE];
	read_query(BYTES(HEADER WEB_RED A_INTERNET), &query);
	dns_reply_begin(&reply, &query, room, sizeof(room));
	dns_reply_add(&reply, DNS_A, "\xac\x1e\0\2", 4);
	static const char due[] =
		"\x12\x34\x81\x80\0\1\0\1\0\0\0\0" WEB_RED A_INTERNET
		"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\xac\x1e\0\2";
	assert_int_equal(dns_reply_end(&reply, DNS_OK), sizeof(due) - 1);
	assert_memory_equal(room, due, sizeof(due) - 1);
	/* With EDNS the same, and a code of more than four bits. */
	read_query(BYTES(EDNS_HEADER WEB_RED A_INTERNET OPT("\2\0", "\1")),
		   &query);
	dns_reply_begin(&reply, &query, room, sizeof(room));
	static const char version[] =
		"\x12\x34\x81\x80\0\1\0\0\0\0\0\1" WEB_RED A_INTERNET
		"\0\0\x29\x04\xd0\1\0\0\0\0\0";
	assert_int_equal(dns_reply_end(&reply, DNS_BAD_VERSION),
			 sizeof(version) - 1);
	assert_memory_equal(room, version, sizeof(version) - 1);
}

static void
what_does_not_fit_is_cut(void **state)
{
	(void)state;
	struct dns_query query;
	struct dns_reply reply;
	uint8_t room[DNS_UDP_SIZE];
	read_query(BYTES(EDNS_HEADER WEB_RED A_INTERNET OPT("\2\0", "\0")),
		   &query);
	dns_reply_begin(&reply, &query, room, sizeof(room));
	for (int i = 0; i < 100; i++)
		dns_reply_add(&reply, DNS_A, "\xac\x1e\0\2", 4);
	size_t length = dns_reply_end(&reply, DNS_OK);
	/* 12 and 13 bytes, 16 each, 11 of EDNS. */
	assert_int_equal(dns_number(room + 6), (512 - 36) / 16);
	assert_int_equal(length, 36 + (512 - 36) / 16 * 16);
	assert_true(room[2] & 2);
}

static void
replies_are_recognised(void **state)
{
	(void)state;
	struct dns_query query;
	uint8_t asked[] = HEADER WEB_RED A_INTERNET;
	uint8_t random[DNS_NAME_SIZE];
	size_t length = sizeof(asked) - 1;
	read_query(asked, length, &query);
	memset(random, 0xff, sizeof(random));
	dns_disguise(asked, 0xbeef, random);
	assert_memory_equal(asked, "\xbe\xef", 2);
	assert_memory_equal(asked + DNS_HEADER, "\3web\3red\0", 9);
	memset(random, 0, sizeof(random));
	dns_disguise(asked, 0xbeef, random);
	assert_memory_equal(asked + DNS_HEADER, "\3WEB\3RED\0", 9);

	uint8_t answer[sizeof(asked)];
	memcpy(answer, asked, sizeof(asked));
	assert_int_equal(dns_match_reply(answer, length, asked, length),
			 DNS_STRANGE);
	answer[2] |= 0x80;
	assert_int_equal(dns_match_reply(answer, length, asked, length),
			 DNS_MATCH);
	assert_int_equal(dns_match_reply(answer, length - 1, asked, length),
			 DNS_STRANGE);
	assert_int_equal(dns_match_reply(answer, 11, asked, length),
			 DNS_STRANGE);
	answer[DNS_HEADER + 1] |= 0x20;
	assert_int_equal(dns_match_reply(answer, length, asked, length),
			 DNS_OTHER_LETTERS);
	dns_restore(answer, &query);
	assert_memory_equal(answer, "\x12\x34", 2);
	assert_memory_equal(answer + DNS_HEADER, WEB_RED, 9);
	answer[0] = asked[0];
	answer[1] = asked[1] + 1;
	assert_int_equal(dns_match_reply(answer, length, asked, length),
			 DNS_STRANGE);
	answer[1]--;
	answer[length - 3] = 28; /* another type */
	assert_int_equal(dns_match_reply(answer, length, asked, length),
			 DNS_STRANGE);
	/* It could not read the question, and says so without. */
	answer[5] = 0;
	assert_int_equal(dns_match_reply(answer, 12, asked, length),
			 DNS_STRANGE);
	answer[3] = DNS_FORMAT;
	assert_int_equal(dns_match_reply(answer, 12, asked, length),
			 DNS_ONLY_ERROR);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_query_is_read),
		cmocka_unit_test(what_no_host_is_called_has_no_text),
		cmocka_unit_test(bad_queries_are_told_apart),
		cmocka_unit_test(the_longest_name_is_read),
		cmocka_unit_test(pointers_lead_backwards_only),
		cmocka_unit_test(names_are_written),
		cmocka_unit_test(an_answer_is_written),
		cmocka_unit_test(what_does_not_fit_is_cut),
		cmocka_unit_test(replies_are_recognised),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
