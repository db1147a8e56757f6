/* test_dns_servers.c - whom a resolv.conf names. */
#include "dns_servers.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

static const char *
words_of(const struct dns_servers *servers)
{
	static char all[256];
	size_t used = 0;
	*all = '\0';
	for (size_t i = 0; i < servers->count; i++) {
		const union dns_address *server = &servers->list[i];
		char room[INET6_ADDRSTRLEN];
		bool is_four = server->any.sa_family == AF_INET;
		assert_int_equal(ntohs(server->four.sin_port), 53);
		inet_ntop(server->any.sa_family,
			  is_four ? (const void *)&server->four.sin_addr :
				    (const void *)&server->six.sin6_addr,
			  room, sizeof(room));
		used += snprintf(all + used, sizeof(all) - used, "%s%s",
				 i ? " " : "", room);
		if (!is_four && server->six.sin6_scope_id)
			used += snprintf(all + used, sizeof(all) - used,
					 "%%%u", server->six.sin6_scope_id);
	}
	return all;
}

static void
nameserver_lines_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *content, *due;
	} cases[] = {
		{ "nameserver 10.0.0.1\n", "10.0.0.1" },
		{ "# nameserver 10.0.0.9\n;nameserver 10.0.0.8\n"
		  "search a b\n  nameserver\t10.0.0.1 \nnameserver fd00::1",
		  "10.0.0.1 fd00::1" },
		{ "nameserver 127.0.0.53\noptions edns0\n", "127.0.0.53" },
		{ "nameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\n"
		  "nameserver 4.4.4.4\n", "1.1.1.1 2.2.2.2 3.3.3.3" },
		{ "nameserver fe80::1%lo\n", "fe80::1%1" },
		{ "nameserver nobody\nnameservers 1.1.1.1\n", "127.0.0.1" },
		{ "", "127.0.0.1" },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct dns_servers servers;
		dns_servers_parse(&servers, cases[i].content);
		assert_string_equal(words_of(&servers), cases[i].due);
	}
}

static void
a_changed_file_is_read_again(void **state)
{
	(void)state;
	char dir[] = "/tmp/mydocker-test-XXXXXX";
	assert_non_null(mkdtemp(dir));
	auto_free char *path = text("%s/resolv.conf", dir);
	struct dns_host_servers host = { .path = path };
	assert_string_equal(words_of(dns_host_servers(&host)), "127.0.0.1");
	write_file_unsynced(AT_FDCWD, path, "nameserver 10.0.0.1\n", 0644);
	assert_string_equal(words_of(dns_host_servers(&host)), "10.0.0.1");
	write_file_unsynced(AT_FDCWD, path, "nameserver 10.0.0.2\n", 0644);
	assert_string_equal(words_of(dns_host_servers(&host)), "10.0.0.2");
	unlink(path);
	assert_string_equal(words_of(dns_host_servers(&host)), "127.0.0.1");
	rmdir(dir);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nameserver_lines_are_read),
		cmocka_unit_test(a_changed_file_is_read_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
