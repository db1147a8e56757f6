/*
 * test_sysctl.c - kernel parameters of a network namespace of its own, through
 * a procfs that is known to be one.
 */
#include "sysctl.h"

#include "bundle.h"
#include "procfs.h"

static const char parameters[] =
	"'namespaces': [{'type': 'network'}, {'type': 'uts'}], 'sysctl': "
	"{'net.ipv4.ip_forward': '1', 'net/ipv4/conf/lo/forwarding': '1'}";
static const char name_too[] = "'namespaces': [{'type': 'uts'}], 'sysctl': "
			       "{'kernel.domainname': 'ours.example'}";
static const char missing[] = "'namespaces': [{'type': 'network'}], "
			      "'sysctl': {'net.ipv4.no_such': '1'}";
static const char wrong[] = "'namespaces': [{'type': 'network'}], "
			    "'sysctl': {'net.ipv4.ip_forward': 'x'}";

static void
written(void)
{
	auto_oci_config struct oci_config config;
	must(unshare(CLONE_NEWNET) == 0);
	load(&config, "", parameters);
	auto_close int proc = procfs_open();
	must(proc >= 0 && sysctl_write(proc, &config) == 0);
	must(says("/proc/sys/net/ipv4/ip_forward", "1"));
	must(says("/proc/sys/net/ipv4/conf/lo/forwarding", "1"));
}

/* The host's root alone may write this; in a user namespace it is EACCES. */
static void
domain_name(void)
{
	char name[64];
	auto_oci_config struct oci_config config;
	must(unshare(CLONE_NEWUTS) == 0);
	load(&config, "", name_too);
	auto_close int proc = procfs_open();
	must(proc >= 0 && sysctl_write(proc, &config) == 0);
	must(getdomainname(name, sizeof(name)) == 0 &&
	     strcmp(name, "ours.example") == 0);
}

static void
refused(void)
{
	auto_oci_config struct oci_config config;
	must(unshare(CLONE_NEWNET) == 0);
	auto_close int proc = procfs_open();
	load(&config, "", missing);
	must(sysctl_write(proc, &config) < 0 && failure.code == ENOENT);
	must(is_refused(failure.text, "linux.sysctl.net.ipv4.no_such: this "
				      "kernel does not have it"));
	auto_oci_config struct oci_config other;
	load(&other, "", wrong);
	must(sysctl_write(proc, &other) < 0 && failure.code == EINVAL);
	must(is_refused(failure.text, "linux.sysctl.net.ipv4.ip_forward"));
	/* A directory of an image is no procfs. */
	auto_close int fake = open("/tmp", O_PATH | O_CLOEXEC);
	must(mkdir("/tmp/sys", 0755) == 0);
	must(sysctl_write(fake, &other) < 0);
	must(is_refused(failure.text, "no procfs"));
	auto_oci_config struct oci_config none;
	load(&none, "", "");
	must(sysctl_write(-1, &none) == 0);
}

static void
test_written(void **state)
{
	(void)state;
	in_sandbox(written, ALL_CALLS);
	in_root_sandbox(written, ALL_CALLS);
	in_root_sandbox(domain_name, ALL_CALLS);
	in_sandbox(refused, ALL_CALLS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
