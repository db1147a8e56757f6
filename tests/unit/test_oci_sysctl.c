/* test_oci_sysctl.c - whose a kernel parameter is. */
#include "oci_sysctl.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static void
kinds(void **state)
{
	(void)state;
	static const struct {
		const char *name, *kind;
	} rows[] = {
		{ "net.core.somaxconn", "network" },
		{ "net/ipv4/conf/eth0.1/forwarding", "network" },
		{ "kernel.shmmax", "ipc" },
		{ "kernel.sem", "ipc" },
		{ "fs.mqueue.msg_max", "ipc" },
		{ "kernel.domainname", "uts" },
		{ "user.max_user_namespaces", "user" },
		{ "vm.swappiness", NULL },
		{ "kernel.core_pattern", NULL },
		{ "kernel.shmmaximum", NULL },
		{ "kernel.shm", NULL },
		{ "fs.file-max", NULL },
		/* Ways out of what is allowed: */
		{ "net/../kernel/core_pattern", NULL },
		{ "net/./x", NULL },
		{ "net//x", NULL },
		{ "net..x", NULL },
		{ "/net/x", NULL },
		{ "net.", NULL },
		{ "", NULL },
		{ "net.x.//.y", NULL },
		{ "../net/x", NULL },
		{ "networks.x", NULL },
		{ "net", NULL },
	};
	for (size_t i = 0; i < countof(rows); i++) {
		const char *kind = oci_sysctl_kind(rows[i].name);
		if (!kind != !rows[i].kind ||
		    (kind && strcmp(kind, rows[i].kind) != 0))
			fail_msg("%s: %s", rows[i].name, kind ?: "none");
	}
}

static void
where(void **state)
{
	(void)state;
	auto_free char *dots = oci_sysctl_path("net.ipv4.conf.eth0/1.mtu");
	assert_string_equal(dots, "net/ipv4/conf/eth0.1/mtu");
	auto_free char *slashes = oci_sysctl_path("net/ipv4/conf/eth0.1/mtu");
	assert_string_equal(slashes, "net/ipv4/conf/eth0.1/mtu");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(where),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
