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

/* What --dns, --dns-search and --dns-option put in place of the host's. */
static void
asked_for(void **state)
{
	static const char host[] = "search host.org\nnameserver 10.0.0.1\n"
				   "options ndots:5\nsortlist x\n";
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	(void)state;
	auto_free char *as_it_is = files_resolv_conf_of(&settings, host);
	assert_string_equal(as_it_is, host);
	words_add(&settings.dns_search, "a.org");
	words_add(&settings.dns_search, "b.org");
	auto_free char *searched = files_resolv_conf_of(&settings, host);
	assert_string_equal(searched, "search a.org b.org\n"
				      "nameserver 10.0.0.1\n"
				      "options ndots:5\nsortlist x\n");
	words_add(&settings.dns, "127.0.0.1");
	words_add(&settings.dns, "::1");
	words_add(&settings.dns_options, "rotate");
	auto_free char *all = files_resolv_conf_of(&settings, host);
	assert_string_equal(all, "nameserver 127.0.0.1\nnameserver ::1\n"
				 "search a.org b.org\noptions rotate\n"
				 "sortlist x\n");
	words_free(&settings.dns_search);
	words_add(&settings.dns_search, ".");
	auto_free char *none = files_resolv_conf_of(&settings, "search x\n");
	assert_null(strstr(none, "search"));
}

static int
write_files(int dir, const struct settings *settings, const char *hostname,
	    const char *address, const char *gateway)
{
	auto_words struct words addresses = { 0 };
	if (*address)
		words_add(&addresses, address);
	return files_write(dir, settings, &(struct files_facts){
		.hostname = hostname, .addresses = &addresses,
		.gateway = gateway });
}

static void
three_files(void **state)
{
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	char top[] = "/tmp/mydocker-unit-files.XXXXXX";
	(void)state;
	assert_non_null(mkdtemp(top));
	auto_close int dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mode_t before = umask(0077); /* a careful root's */
	int written = write_files(dir, &settings, "web-1", "172.29.0.2", "");
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
	assert_int_equal(write_files(dir, &settings, "other", "", ""), 0);
	auto_free char *second = content(dir, "hosts");
	assert_null(strstr(second, "web-1"));
	assert_null(strstr(second, "other"));
	words_add(&settings.hosts, "db:10.0.0.9");
	words_add(&settings.hosts, "six:fd00::1");
	words_add(&settings.hosts, "up:host-gateway");
	settings.domainname = copy_text("x.org");
	assert_int_equal(write_files(dir, &settings, "web", "10.0.0.2",
				     "10.0.0.1"), 0);
	auto_free char *third = content(dir, "hosts");
	assert_non_null(strstr(third, "\n10.0.0.9\tdb\nfd00::1\tsix\n"
				      "10.0.0.1\tup\n10.0.0.2\tweb.x.org "
				      "web\n"));
	assert_int_equal(write_files(dir, &settings, "web", "", ""), -1);
	assert_non_null(strstr(failure.text, "host-gateway"));
	words_free(&settings.hosts);
	/* Where nothing can be written it says so. */
	assert_int_equal(mkdirat(dir, "sub", 0755), 0);
	auto_close int gone =
		openat(dir, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(unlinkat(dir, "sub", AT_REMOVEDIR), 0);
	assert_int_equal(write_files(gone, &settings, "x", "", ""), -1);
	assert_non_null(strstr(failure.text, "files of the container"));
	assert_int_equal(chdir("/tmp"), 0);
	assert_int_equal(tree_remove(AT_FDCWD, strrchr(top, '/') + 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_servers),
		cmocka_unit_test(asked_for),
		cmocka_unit_test(three_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
