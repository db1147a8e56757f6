/* test_endpoint.c - where a registry is to be found, by its settings. */
#include "endpoint.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"

#include "test.h"

static char place[] = "/tmp/mydocker-unit-XXXXXX";

static int
make_place(void **state)
{
	(void)state;
	strcpy(strrchr(place, '-'), "-XXXXXX");
	return mkdtemp(place) && setenv("MYDOCKER_CONFIG", place, 1) == 0 ?
		       0 : -1;
}

static int
remove_place(void **state)
{
	(void)state;
	auto_close int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tree_remove(tmp, strrchr(place, '/') + 1);
}

static void
settings(const char *json)
{
	auto_free char *path = text("%s/registries.json", place);
	assert_int_equal(write_file(AT_FDCWD, path, json, 0600), 0);
}

/* "https://x! http://x!": "!" after those whose certificate is not checked. */
static void
found(const char *registry, const char *expected)
{
	struct endpoints endpoints;
	auto_free char *list = copy_text("");
	assert_int_equal(endpoints_find(registry, &endpoints), 0);
	for (size_t i = 0; i < endpoints.count; i++) {
		const struct endpoint *one = &endpoints.list[i];
		char *longer = text("%s%s%s%s%s", list, i ? " " : "",
				    one->server.url, one->is_mirror ? "?" : "",
				    one->server.is_unchecked ? "!" : "");
		free(list);
		list = longer;
	}
	assert_string_equal(list, expected);
	endpoints_free(&endpoints);
}

static void
without_settings(void **state)
{
	(void)state;
	found("docker.io", "https://registry-1.docker.io");
	found("registry.lan:5000", "https://registry.lan:5000");
	found("localhost", "https://localhost! http://localhost!");
	found("127.9.9.9:80", "https://127.9.9.9:80! http://127.9.9.9:80!");
	found("[::1]:80", "https://[::1]:80! http://[::1]:80!");
	found("localhost.lan", "https://localhost.lan");
	found("128.0.0.1", "https://128.0.0.1");
}

static void
with_settings(void **state)
{
	(void)state;
	settings("{\"registry-mirrors\": [\"https://m.lan/\", "
		 "\"http://n:1/sub\"], \"insecure-registries\": "
		 "[\"a.lan\", \"b.lan:1\", \"10.0.0.0/8\"]}");
	found("docker.io", "https://m.lan? http://n:1/sub? "
	      "https://registry-1.docker.io");
	found("a.lan:7", "https://a.lan:7! http://a.lan:7!");
	found("b.lan:1", "https://b.lan:1! http://b.lan:1!");
	found("b.lan:2", "https://b.lan:2");
	found("10.9.8.7:1", "https://10.9.8.7:1! http://10.9.8.7:1!");
	found("11.9.8.7:1", "https://11.9.8.7:1");
}

static void
bad_settings(void **state)
{
	static const char *const bad[] = {
		"", "[", "{\"registry-mirrors\": 1}",
		"{\"insecure-registries\": [1]}",
		"{\"registry-mirrors\": [\"ftp://x\"]}",
		"{\"registry-mirrors\": [\"\"]}",
	};
	(void)state;
	for (size_t i = 0; i < countof(bad); i++) {
		struct endpoints endpoints;
		settings(bad[i]);
		assert_int_equal(endpoints_find("docker.io", &endpoints), -1);
		assert_int_equal(endpoints.count, 0);
	}
}

static void
networks(void **state)
{
	char *items[] = { "10.0.0.0/8", "192.168.1.0/24", "0.0.0.0/33",
			  "1.2.3.4/x", "/", "host" };
	struct words list = { items, countof(items) };
	(void)state;
	assert_true(endpoint_is_listed("10.255.0.1", &list));
	assert_true(endpoint_is_listed("192.168.1.255:5", &list));
	assert_true(endpoint_is_listed("host:5", &list));
	assert_false(endpoint_is_listed("192.168.2.1", &list));
	assert_false(endpoint_is_listed("1.2.3.4", &list));
	assert_false(endpoint_is_listed("hosts", &list));
	char *all[] = { "0.0.0.0/0" };
	list = (struct words){ all, 1 };
	assert_true(endpoint_is_listed("8.8.8.8:1", &list));
}

static void
certificates(void **state)
{
	auto_free char *dir = text("%s/certs.d/r.lan:5", place);
	auto_free char *a = text("%s/a.crt", dir), *b = text("%s/b.crt", dir);
	auto_free char *cert = text("%s/me.cert", dir);
	auto_free char *key = text("%s/me.key", dir);
	struct endpoints endpoints;
	(void)state;
	assert_int_equal(make_dirs(dir, 0700), 0);
	assert_int_equal(write_file(AT_FDCWD, a, "AAA\n", 0600), 0);
	assert_int_equal(write_file(AT_FDCWD, b, "BBB\n", 0600), 0);
	assert_int_equal(write_file(AT_FDCWD, cert, "CCC\n", 0600), 0);
	assert_int_equal(endpoints_find("r.lan:5", &endpoints), -1);
	assert_non_null(strstr(failure.text, "me.key"));
	assert_int_equal(write_file(AT_FDCWD, key, "KKK\n", 0600), 0);
	assert_int_equal(endpoints_find("r.lan:5", &endpoints), 0);
	const struct http_server *server = &endpoints.list[0].server;
	assert_non_null(strstr(server->ca, "AAA"));
	assert_non_null(strstr(server->ca, "BBB"));
	assert_string_equal(server->certificate, cert);
	assert_string_equal(server->key, key);
	endpoints_free(&endpoints);
	assert_int_equal(endpoints_find("r.lan", &endpoints), 0);
	assert_null(endpoints.list[0].server.ca);
	endpoints_free(&endpoints);
}

#define in_place(test)                                                        \
	cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(without_settings), in_place(with_settings),
		in_place(bad_settings),	    in_place(networks),
		in_place(certificates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
