/* test_files.c - hostname, hosts and resolv.conf of a container. */
#include "files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "tree.h"

#define FALLBACK "nameserver 8.8.8.8\nnameserver 8.8.4.4\n"

static void
name_servers(void **state)
{
	static const struct {
		const char *host, *container;
	} cases[] = {
		{ "", FALLBACK },
		{ "nameserver 10.0.0.1\n", "nameserver 10.0.0.1\n" },
		{ "nameserver 10.0.0.1", "nameserver 10.0.0.1\n" },
		{ "nameserver\t10.0.0.1\n", "nameserver\t10.0.0.1\n" },
		{ "search a b\noptions edns0\nnameserver 2001:db8::1\n",
		  "search a b\noptions edns0\nnameserver 2001:db8::1\n" },
		/* Loopback in there would be the container itself. */
		{ "nameserver 127.0.0.53\n", FALLBACK },
		{ "nameserver 127.0.0.1", FALLBACK },
		{ "nameserver \t 127.1.2.3\n", FALLBACK },
		{ "nameserver ::1\n", FALLBACK },
		{ "nameserver 127.0.0.1\nnameserver ::1\nsearch a\n",
		  "search a\n" FALLBACK },
		{ "nameserver 127.0.0.1\nnameserver 10.0.0.1\n",
		  "nameserver 10.0.0.1\n" },
		/* Words that only look like it. */
		{ "nameservers 10.0.0.1\n", "nameservers 10.0.0.1\n" FALLBACK },
		{ "# nameserver 127.0.0.1\nnameserver 10.0.0.1\n",
		  "# nameserver 127.0.0.1\nnameserver 10.0.0.1\n" },
		{ "\n\n", "\n\n" FALLBACK },
		{ "nameserver", "nameserver\n" FALLBACK },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		auto_free char *made = files_resolv_conf(cases[i].host);
		assert_string_equal(made, cases[i].container);
	}
}

static char *
content(int dir, const char *path)
{
	struct stat st;
	assert_int_equal(fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0644);
	char *read = read_all(dir, path, NULL);
	assert_non_null(read);
	return read;
}

static void
three_files(void **state)
{
	char top[] = "/tmp/mydocker-unit-files.XXXXXX";
	(void)state;
	assert_non_null(mkdtemp(top));
	auto_close int dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mode_t before = umask(0077); /* a careful root's */
	int written = files_write(dir, "web-1", "172.29.0.2");
	umask(before);
	assert_int_equal(written, 0);
	auto_free char *hostname = content(dir, "hostname");
	auto_free char *hosts = content(dir, "hosts");
	auto_free char *resolv = content(dir, "resolv.conf");
	assert_string_equal(hostname, "web-1\n");
	assert_non_null(strstr(hosts, "127.0.0.1\tlocalhost\n"));
	assert_non_null(strstr(hosts, "\n172.29.0.2\tweb-1\n"));
	assert_non_null(strstr(resolv, "nameserver "));
	assert_null(strstr(resolv, "nameserver 127."));
	/* Without a network, and over what is there. */
	assert_int_equal(files_write(dir, "other", ""), 0);
	auto_free char *second = content(dir, "hosts");
	assert_null(strstr(second, "web-1"));
	assert_null(strstr(second, "other"));
	/* Where nothing can be written it says so. */
	assert_int_equal(mkdirat(dir, "sub", 0755), 0);
	auto_close int gone =
		openat(dir, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(unlinkat(dir, "sub", AT_REMOVEDIR), 0);
	assert_int_equal(files_write(gone, "x", ""), -1);
	assert_non_null(strstr(failure.text, "files of the container"));
	assert_int_equal(chdir("/tmp"), 0);
	assert_int_equal(tree_remove(AT_FDCWD, strrchr(top, '/') + 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_servers),
		cmocka_unit_test(three_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
