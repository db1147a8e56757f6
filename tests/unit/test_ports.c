/* test_ports.c - what -p and --expose mean, and what they do not. */
#include "ports.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

/* What was taken, as "0.0.0.0:8080->80/tcp 0.0.0.0:0->81/udp". */
static char *
told(const char *string)
{
	auto_free struct nat_port *list = NULL;
	size_t count = 0;
	char *whole = copy_text("");
	if (parse_publish(string, &list, &count) < 0)
		return whole;
	for (size_t i = 0; i < count; i++) {
		char place[NAT_PLACE_SIZE];
		char *longer =
			text("%s%s%s->%u/%s", whole, i ? " " : "",
			     nat_format_place(&list[i], place), list[i].port,
			     nat_protocol_name(list[i].protocol));
		free(whole);
		whole = longer;
	}
	return whole;
}

static void
good(void **state)
{
	static const struct {
		const char *string, *wanted;
	} cases[] = {
		{ "8080:80", "0.0.0.0:8080->80/tcp" },
		{ "1:65535", "0.0.0.0:1->65535/tcp" },
		{ "8080:80/tcp", "0.0.0.0:8080->80/tcp" },
		{ "53:53/udp", "0.0.0.0:53->53/udp" },
		{ "53:53/UDP", "0.0.0.0:53->53/udp" },
		{ "9:9/sctp", "0.0.0.0:9->9/sctp" },
		{ "127.0.0.1:8080:80", "127.0.0.1:8080->80/tcp" },
		{ "0.0.0.0:8080:80", "0.0.0.0:8080->80/tcp" },
		{ "[::1]:8080:80", "[::1]:8080->80/tcp" },
		{ "80", "0.0.0.0:0->80/tcp" },
		{ "80/udp", "0.0.0.0:0->80/udp" },
		{ ":80", "0.0.0.0:0->80/tcp" },
		{ "127.0.0.1::80", "127.0.0.1:0->80/tcp" },
		{ "80-81:90-91", "0.0.0.0:80->90/tcp 0.0.0.0:81->91/tcp" },
		{ "90-91", "0.0.0.0:0->90/tcp 0.0.0.0:0->91/tcp" },
		{ "published=8080,target=80", "0.0.0.0:8080->80/tcp" },
		{ "target=80,protocol=udp", "0.0.0.0:0->80/udp" },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		auto_free char *found = told(cases[i].string);
		if (strcmp(found, cases[i].wanted) != 0)
			fail_msg("%s: \"%s\" (%s)", cases[i].string, found,
				 failure.text);
	}
}

static void
bad(void **state)
{
	static const char *const cases[] = {
		"", ":", "::", ":::", "/", "/tcp", "80:", ":80:", "0:80",
		"80:0", "65536:80", "80:65536", "80 :80", " 80:80", "80:80 ",
		"80: 80", "-1:80", "+1:80", "80:-1", "0x50:80", "80:0x50",
		"8e1:80", "80.0:80", "http:80", "80:http",
		"18446744073709551697:80", "4294967376:80", "80:80/",
		"80:80/icmp", "80:80/tcp/udp", "80:80/ tcp", "8080:80:90",
		"1.2.3:80:80", "1.2.3.4.5:80:80", "256.0.0.1:80:80",
		"127.1:80:80", "0x7f.0.0.1:80:80", "127.0.0.1:80",
		" 127.0.0.1:80:80", "localhost:80:80", "::1:80:80",
		"[::1:80:80", "[::g]:80:80", "\xff:80", "91-90", "80-90:80-91",
		"80-90:80-81", "-:80", "80-:80", "65535-65536:1-2",
		"published=1",
		"target", "target=80,x", "published=1,target=2,protocol=x",
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct nat_port *list = NULL;
		size_t count = 0;
		failure = (struct failure){ 0 };
		if (parse_publish(cases[i], &list, &count) == 0)
			fail_msg("\"%s\" was taken", cases[i]);
		assert_true(failure.text[0]);
		assert_int_equal(count, 0);
		free(list);
	}
}

static void
exposed(void **state)
{
	static const char *const wrong[] = { "", "80:80", "0", "x", "80/x",
					     "9-8", "70000" };
	auto_words struct words ports = { 0 };
	(void)state;
	for (size_t i = 0; i < countof(wrong); i++)
		if (parse_expose(wrong[i], &ports) == 0)
			fail_msg("\"%s\" was taken", wrong[i]);
	assert_int_equal(ports.count, 0);
	assert_int_equal(parse_expose("80", &ports), 0);
	assert_int_equal(parse_expose("79-81/tcp", &ports), 0);
	assert_int_equal(parse_expose("80/udp", &ports), 0);
	assert_int_equal(ports.count, 4);
	assert_string_equal(ports.items[0], "80/tcp");
	assert_string_equal(ports.items[1], "79/tcp");
	assert_string_equal(ports.items[2], "81/tcp");
	assert_string_equal(ports.items[3], "80/udp");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
		cmocka_unit_test(exposed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
