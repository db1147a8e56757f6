/* test_units.c - sizes, ports, volumes, names: what is taken, what is not. */
#include "units.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "test.h"

static void
good_sizes(void **state)
{
	static const struct {
		const char *string;
		uint64_t bytes;
	} cases[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "1024", 1024 },
		{ "64m", 64ULL << 20 },
		{ "64M", 64ULL << 20 },
		{ "64mb", 64ULL << 20 },
		{ "64MiB", 64ULL << 20 },
		{ "64 m", 64ULL << 20 },
		{ "512kb", 512 << 10 },
		{ "7b", 7 },
		{ "1.5g", 3ULL << 29 },
		{ ".5g", 1ULL << 29 },
		{ "4097m", 4097ULL << 20 },
		{ "2t", 2ULL << 40 },
		{ "1p", 1ULL << 50 },
		{ "010", 10 },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		uint64_t bytes = 12345;
		if (parse_size(cases[i].string, &bytes) < 0)
			fail_msg("%s", failure.text);
		if (bytes != cases[i].bytes)
			fail_msg("%s: %llu", cases[i].string,
				 (unsigned long long)bytes);
	}
}

static void
bad_sizes(void **state)
{
	static const char *const cases[] = {
		"", " ", " 1", "\t1", "-5", "+5", "-0", "1e3", "1e", "0x10",
		"0x", "inf", "nan", "12x", "1.5.2", "..", ".", ".g", "g", "m1",
		"1mm", "1mg", "1bb", "1b k", "1m ", "1m\n", "1,5g", "1_000",
		"64ki", "64ib", "1\xc3\xa9", "\xff", "99999999999g",
		"9223372036854775808", "18446744073709551616", "9000p",
		"1000000000000000000000000000000000000000000000000000000000",
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		uint64_t bytes = 12345;
		if (parse_size(cases[i], &bytes) == 0)
			fail_msg("\"%s\" was taken as %llu", cases[i],
				 (unsigned long long)bytes);
		assert_non_null(strstr(failure.text, "invalid size"));
		assert_int_equal(bytes, 12345);
	}
}

static void
cpus(void **state)
{
	static const char *const bad[] = {
		"", " 1", "-1", "+1", "0", "0.001", "1e0", "0x1", "nan",
		"inf", "1.0.0", ".", "1 ", "1,5", "half", "999999",
		"99999999999999999999999999999999999999999",
	};
	uint64_t quota_us = 7;
	(void)state;
	for (size_t i = 0; i < countof(bad); i++)
		if (parse_cpus(bad[i], &quota_us) == 0)
			fail_msg("\"%s\" was taken", bad[i]);
	assert_int_equal(quota_us, 7);
	assert_int_equal(parse_cpus("0.5", &quota_us), 0);
	assert_int_equal(quota_us, 50000);
	assert_int_equal(parse_cpus("1", &quota_us), 0);
	assert_int_equal(quota_us, 100000);
	assert_int_equal(parse_cpus(".01", &quota_us), 0);
	assert_int_equal(quota_us, 1000);
	/* All there are, and not one more. */
	long present = sysconf(_SC_NPROCESSORS_ONLN);
	auto_free char *all = text("%ld", present);
	auto_free char *more = text("%ld.01", present);
	assert_int_equal(parse_cpus(all, &quota_us), 0);
	assert_int_equal(quota_us, present * 100000);
	assert_int_equal(parse_cpus(more, &quota_us), -1);
}

static void
good_ports(void **state)
{
	static const struct {
		const char *string;
		uint32_t address;
		uint16_t host, container;
		int protocol;
	} cases[] = {
		{ "8080:80", 0, 8080, 80, IPPROTO_TCP },
		{ "1:65535", 0, 1, 65535, IPPROTO_TCP },
		{ "8080:80/tcp", 0, 8080, 80, IPPROTO_TCP },
		{ "53:53/udp", 0, 53, 53, IPPROTO_UDP },
		{ "127.0.0.1:8080:80", 0x7f000001, 8080, 80, IPPROTO_TCP },
		{ "10.1.2.3:1:2/udp", 0x0a010203, 1, 2, IPPROTO_UDP },
		{ "0.0.0.0:8080:80", 0, 8080, 80, IPPROTO_TCP },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct nat_port port;
		memset(&port, 0xa5, sizeof(port));
		if (parse_publish(cases[i].string, &port) < 0)
			fail_msg("%s", failure.text);
		assert_int_equal(port.host_address, cases[i].address);
		assert_int_equal(port.host_port, cases[i].host);
		assert_int_equal(port.port, cases[i].container);
		assert_int_equal(port.protocol, cases[i].protocol);
	}
}

static void
bad_ports(void **state)
{
	static const char *const cases[] = {
		"", ":", "::", ":::", "80", "80/tcp", "/", "/tcp", ":80",
		"80:", ":80:", "0:80", "80:0", "65536:80", "80:65536",
		"70000:80", "80:70000", "80 :80", " 80:80", "80:80 ", "80: 80",
		"-1:80", "+1:80", "80:-1", "0x50:80", "80:0x50", "8e1:80",
		"80.0:80", "http:80", "80:http", "80-90:80-90",
		"18446744073709551697:80", "4294967376:80",
		"80:80/", "80:80/sctp", "80:80/tcp/udp", "80:80/ tcp",
		"8080:80:90", "1.2.3:80:80", "1.2.3.4.5:80:80",
		"256.0.0.1:80:80", "127.1:80:80", "0x7f.0.0.1:80:80",
		"127.0.0.1::80", "127.0.0.1:80", " 127.0.0.1:80:80",
		"localhost:80:80", "[::1]:80:80", "::1:80:80", "\xff:80",
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct nat_port port;
		failure = (struct failure){ 0 };
		if (parse_publish(cases[i], &port) == 0)
			fail_msg("\"%s\" was taken", cases[i]);
		assert_true(failure.text[0]);
	}
}

static void
good_volumes(void **state)
{
	static const struct {
		const char *string, *source, *target;
		bool read_only;
	} cases[] = {
		{ "/:/host", "/", "/host", false },
		{ "/proc:/p:ro", "/proc", "/p", true },
		{ "/proc:/p:rw", "/proc", "/p", false },
		{ "/proc/../proc/./sys:/s", "/proc/sys", "/s", false },
		{ "./sys:/s", "/proc/sys", "/s", false },
		{ "./..:/s", "/", "/s", false },
		{ "/proc/version:/v", "/proc/version", "/v", false },
		{ "/proc:/with blank", "/proc", "/with blank", false },
	};
	(void)state;
	assert_int_equal(chdir("/proc"), 0);
	for (size_t i = 0; i < countof(cases); i++) {
		struct volume volume;
		if (parse_volume(cases[i].string, &volume) < 0)
			fail_msg("%s: %s", cases[i].string, failure.text);
		auto_free char *source = volume.source;
		auto_free char *target = volume.target;
		assert_string_equal(source, cases[i].source);
		assert_string_equal(target, cases[i].target);
		assert_int_equal(volume.flags,
				 MS_BIND | MS_REC | MS_NODEV |
					 (cases[i].read_only ? MS_RDONLY : 0));
		assert_null(volume.data);
	}
}

static void
bad_volumes(void **state)
{
	static const char *const cases[] = {
		"", ":", "::", ":::", "/", "/proc", "/proc:", ":/x", "/proc::",
		"/proc::ro", "/proc:x", "/proc:./x", "/proc:../x", "/proc:/",
		"/proc://", "/proc:/x:", "/proc:/x:RO", "/proc:/x:ro:rw",
		"/proc:/x:ro,z", "/proc:/x: ro", "data:/x", ".:/x",
		"/no/such/source:/x", "/proc/version/below:/x", "./gone:/x",
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct volume volume;
		failure = (struct failure){ 0 };
		if (parse_volume(cases[i], &volume) == 0)
			fail_msg("\"%s\" was taken", cases[i]);
		assert_true(failure.text[0]);
		/* Nothing is left to free. */
		assert_null(volume.source);
		assert_null(volume.target);
	}
	struct volume volume;
	assert_int_equal(parse_volume("/no/such/source:/x", &volume), -1);
	assert_non_null(strstr(failure.text, "/no/such/source"));
	assert_non_null(strstr(failure.text, "No such file"));
}

static void
pids(void **state)
{
	static const char *const bad[] = {
		"", "-", "--1", "+1", " 1", "1 ", "1.5", "0x10", "many",
		"9223372036854775808", "-9223372036854775808x",
	};
	uint64_t limit = 7;
	(void)state;
	for (size_t i = 0; i < countof(bad); i++) {
		if (parse_pids(bad[i], &limit) == 0)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_non_null(strstr(failure.text, "invalid syntax"));
	}
	assert_int_equal(limit, 7);
	assert_int_equal(parse_pids("100", &limit), 0);
	assert_int_equal(limit, 100);
	assert_int_equal(parse_pids("-1", &limit), 0);
	assert_int_equal(limit, 0);
	limit = 7;
	assert_int_equal(parse_pids("0", &limit), 0);
	assert_int_equal(limit, 0);
}

#define USUAL (MS_NOEXEC | MS_NOSUID | MS_NODEV)

static void
good_tmpfs(void **state)
{
	static const struct {
		const char *string, *target, *data;
		unsigned long flags;
	} cases[] = {
		{ "/tmp", "/tmp", "", USUAL },
		{ "/a/b:rw", "/a/b", "", USUAL },
		{ "/t:size=64m", "/t", "size=64m", USUAL },
		{ "/t:size=50%,mode=700", "/t", "size=50%,mode=700", USUAL },
		{ "/t:exec", "/t", "", USUAL & ~MS_NOEXEC },
		{ "/t:exec,size=1,suid,uid=5,dev", "/t", "size=1,uid=5", 0 },
		{ "/t:exec,noexec", "/t", "", USUAL },
		{ "/t:ro,noatime", "/t", "", USUAL | MS_RDONLY | MS_NOATIME },
		{ "/t:ro,rw", "/t", "", USUAL },
		{ "/t:noatime,strictatime", "/t", "", USUAL | MS_STRICTATIME },
		{ "/t:noatime,relatime", "/t", "", USUAL },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct volume volume;
		if (parse_tmpfs(cases[i].string, &volume) < 0)
			fail_msg("%s: %s", cases[i].string, failure.text);
		auto_free char *target = volume.target;
		auto_free char *data = volume.data;
		assert_null(volume.source);
		assert_string_equal(target, cases[i].target);
		assert_string_equal(data, cases[i].data);
		assert_int_equal(volume.flags, cases[i].flags);
	}
}

static void
bad_tmpfs(void **state)
{
	static const char *const cases[] = {
		"", ":", "tmp", "./tmp", "/", "//", "/a/..", "/:size=1m",
		"/t:", "/t:,", "/t:exec,", "/t:foo", "/t:size", "/t:SIZE=1m",
		"/t:exec=1", "/t: exec", "/t:noswap", "/t:size=1m,bind",
		"/t:source=x",
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct volume volume;
		failure = (struct failure){ 0 };
		if (parse_tmpfs(cases[i], &volume) == 0)
			fail_msg("\"%s\" was taken", cases[i]);
		assert_true(failure.text[0]);
		/* Nothing is left to free. */
		assert_null(volume.target);
		assert_null(volume.data);
	}
}

static void
depths(void **state)
{
	(void)state;
	assert_int_equal(path_depth("/"), 0);
	assert_int_equal(path_depth("//./"), 0);
	assert_int_equal(path_depth("/a/.."), 0);
	assert_int_equal(path_depth("/../a"), 1);
	assert_int_equal(path_depth("/a//b/."), 2);
	assert_int_equal(path_depth("/a/b/../c/d"), 3);
}

/* `count` times 'a'; the caller frees. */
static char *
letters(size_t count)
{
	char *string = new_bytes(count + 1);
	memset(string, 'a', count);
	return string;
}

static void
names(void **state)
{
	static const char *const good[] = { "ab", "a1", "0a", "web-1", "A_b.c",
					    "x--", "9.9" };
	static const char *const bad[] = {
		"",	 "a",	"-a",  "_a",	"..",	 ".a",	 "a b",
		"a/b",	 "../x", "a/", "a\n",	"a\tb",	 "a:b",	 "a%s",
		"a\xc3\xa9", "a*", " ab", "ab ", "a\\b", "a\"b",
	};
	(void)state;
	for (size_t i = 0; i < countof(good); i++)
		if (check_name(good[i]) < 0)
			fail_msg("%s", failure.text);
	for (size_t i = 0; i < countof(bad); i++)
		if (check_name(bad[i]) == 0)
			fail_msg("\"%s\" was taken", bad[i]);
	auto_free char *longest = letters(128);
	auto_free char *longer = letters(129);
	assert_int_equal(check_name(longest), 0);
	assert_int_equal(check_name(longer), -1);
}

static void
hostnames(void **state)
{
	static const char *const good[] = { "a", "web", "web-1", "a.b.c",
					    "A1", "x_y", "0" };
	static const char *const bad[] = { "",	  "-a",	 "a-",	".a",
					   "a b", "a/b", "a\n", "a\xc3\xa9",
					   "a:b", "*",	 " a",	"a;b" };
	(void)state;
	for (size_t i = 0; i < countof(good); i++)
		if (check_hostname(good[i]) < 0)
			fail_msg("%s", failure.text);
	for (size_t i = 0; i < countof(bad); i++)
		if (check_hostname(bad[i]) == 0)
			fail_msg("\"%s\" was taken", bad[i]);
	/* The kernel takes 64, hostname(7) allows labels of 63. */
	auto_free char *longest = letters(63);
	auto_free char *longer = letters(64);
	assert_int_equal(check_hostname(longest), 0);
	assert_int_equal(check_hostname(longer), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_sizes),	cmocka_unit_test(bad_sizes),
		cmocka_unit_test(cpus),		cmocka_unit_test(good_ports),
		cmocka_unit_test(bad_ports),	cmocka_unit_test(good_volumes),
		cmocka_unit_test(bad_volumes),	cmocka_unit_test(names),
		cmocka_unit_test(hostnames),	cmocka_unit_test(pids),
		cmocka_unit_test(good_tmpfs),	cmocka_unit_test(bad_tmpfs),
		cmocka_unit_test(depths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
