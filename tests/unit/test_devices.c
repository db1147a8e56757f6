/*
 * test_devices.c - the /dev of a container: nodes, links, and what is refused.
 */
#include "devices.h"

#include "bundle.h"

static bool
is_node(const char *path, mode_t type, unsigned int major, unsigned int minor,
	mode_t mode)
{
	struct stat st;
	auto_free char *full = text("root%s", path);
	return lstat(full, &st) == 0 && (st.st_mode & S_IFMT) == type &&
	       (type == S_IFIFO || st.st_rdev == makedev(major, minor)) &&
	       (st.st_mode & 07777) == mode;
}

static bool
is_link(const char *path, const char *target)
{
	char found[64] = "";
	auto_free char *full = text("root%s", path);
	return readlink(full, found, sizeof(found) - 1) > 0 &&
	       strcmp(found, target) == 0;
}

static const char dev_and_proc[] =
	"'mounts': [{'destination': '/dev', 'type': 'tmpfs', 'options': "
	"['nosuid', 'mode=755']}, {'destination': '/proc', 'source': '/proc', "
	"'options': ['rbind']}]";

static const char no_proc[] =
	"'mounts': [{'destination': '/dev', 'type': 'tmpfs'}]";

/* ---- what every container has ---------------------------------------- */

static void
usual_devices(void)
{
	static const struct {
		const char *path;
		unsigned int major, minor;
	} nodes[] = {
		{ "/dev/null", 1, 3 },	 { "/dev/zero", 1, 5 },
		{ "/dev/full", 1, 7 },	 { "/dev/random", 1, 8 },
		{ "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
	};
	auto_oci_config struct oci_config config;
	load(&config, dev_and_proc, "");
	auto_close int root = build(&config);
	int before = count_descriptors();
	umask(027);
	must(devices_make(root, &config) == 0);
	must(umask(027) == 027 && count_descriptors() == before);
	for (size_t i = 0; i < countof(nodes); i++)
		must(is_node(nodes[i].path, S_IFCHR, nodes[i].major,
			     nodes[i].minor, 0666));
	must(is_link("/dev/fd", "/proc/self/fd"));
	must(is_link("/dev/stdin", "/proc/self/fd/0"));
	must(is_link("/dev/stdout", "/proc/self/fd/1"));
	must(is_link("/dev/stderr", "/proc/self/fd/2"));
	must(is_link("/dev/ptmx", "pts/ptmx"));
	must(devices_make(root, &config) == 0); /* they are the same */
	put("root/dev/null", "swallowed");
}

static void
no_links_without_proc(void)
{
	auto_oci_config struct oci_config config;
	load(&config, no_proc, "");
	auto_close int root = build(&config);
	must(devices_make(root, &config) == 0);
	must(exists("root/dev/null") && !exists("root/dev/fd") &&
	     !exists("root/dev/core"));
}

static void
test_usual(void **state)
{
	(void)state;
	in_root_sandbox(usual_devices, ALL_CALLS);
	in_root_sandbox(usual_devices, OLD_KERNEL);
	in_sandbox(usual_devices, ALL_CALLS);
	in_sandbox(no_links_without_proc, ALL_CALLS);
}

/* ---- linux.devices --------------------------------------------------- */

static const char wanted[] =
"'devices': ["
"{'type': 'c', 'path': '/dev/fuse', 'major': 10, 'minor': 229,"
" 'fileMode': 432, 'uid': 7, 'gid': 8},"
"{'type': 'u', 'path': '/dev/net/tun', 'major': 10, 'minor': 200},"
"{'type': 'b', 'path': '/blocks/a', 'major': 7, 'minor': 3,"
" 'fileMode': 25008},"
"{'type': 'p', 'path': '/run/pipe', 'fileMode': 384},"
"{'type': 'c', 'path': '/dev/ptmx', 'major': 5, 'minor': 2},"
"{'type': 'c', 'path': '/dev/null', 'major': 1, 'minor': 3,"
" 'fileMode': 256, 'gid': 9}]";

static void
asked_for(void)
{
	struct stat st;
	auto_oci_config struct oci_config config;
	load(&config, dev_and_proc, wanted);
	auto_close int root = build(&config);
	umask(077);
	must(devices_make(root, &config) == 0);
	must(is_node("/dev/fuse", S_IFCHR, 10, 229, 0660));
	must(stat("root/dev/fuse", &st) == 0 && st.st_uid == 7 &&
	     st.st_gid == 8);
	must(is_node("/dev/net/tun", S_IFCHR, 10, 200, 0666));
	must(is_node("/blocks/a", S_IFBLK, 7, 3, 0660));
	must(is_node("/run/pipe", S_IFIFO, 0, 0, 0600));
	must(is_node("/dev/null", S_IFCHR, 1, 3, 0400)); /* not the default */
	must(stat("root/dev/null", &st) == 0 && st.st_gid == 9);
	must(is_link("/dev/ptmx", "pts/ptmx"));
	must(stat("root/dev/net", &st) == 0 && (st.st_mode & 0777) == 0755);
}

static const char one_fuse[] = "'devices': [{'type': 'c', 'path': '/x/fuse', "
			       "'major': 10, 'minor': 229}]";
static const char one_pipe[] =
	"'devices': [{'type': 'p', 'path': '/x/pipe'}]";

static void
refused_for(const char *kernel, const char *words)
{
	auto_oci_config struct oci_config config;
	load(&config, no_proc, kernel);
	auto_close int root = build(&config);
	must(devices_make(root, &config) < 0);
	must(is_refused(failure.text, words));
}

static void
something_else_is_there(void)
{
	must(mkdir("root", 0755) == 0 && mkdir("root/x", 0755) == 0);
	put("root/x/fuse", "");
	put("root/x/pipe", "");
	refused_for(one_fuse, "linux.devices[0]");
	refused_for(one_fuse, "10:229");
	refused_for(one_pipe, "no FIFO");
	must(unlink("root/x/fuse") == 0 && unlink("root/x/pipe") == 0);
	must(mknod("root/x/fuse", S_IFCHR | 0600, makedev(10, 228)) == 0);
	refused_for(one_fuse, "10:229");
	must(unlink("root/x/fuse") == 0);
	must(mknod("root/x/fuse", S_IFBLK | 0600, makedev(10, 229)) == 0);
	refused_for(one_fuse, "10:229");
	must(unlink("root/x/fuse") == 0);
	must(symlink("/dev/null", "root/x/fuse") == 0);
	refused_for(one_fuse, "10:229");
	must(unlink("root/x/fuse") == 0);
	must(mknod("root/x/fuse", S_IFCHR | 0600, makedev(10, 229)) == 0);
	must(mkfifo("root/x/pipe", 0600) == 0);
	auto_oci_config struct oci_config config;
	load(&config, no_proc, one_fuse);
	auto_close int root = build(&config);
	must(devices_make(root, &config) == 0); /* the very same */
}

static void
an_image_with_a_ptmx(void)
{
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	auto_close int root = open_root(&config);
	must(mkdir("root/dev", 0755) == 0);
	must(mknod("root/dev/ptmx", S_IFCHR | 0666, makedev(5, 2)) == 0);
	must(mknod("root/dev/null", S_IFCHR | 0600, makedev(1, 3)) == 0);
	must(devices_make(root, &config) == 0);
	must(is_link("/dev/ptmx", "pts/ptmx"));
	must(is_node("/dev/null", S_IFCHR, 1, 3, 0600)); /* was there */
}

static void
test_asked_for(void **state)
{
	(void)state;
	in_root_sandbox(asked_for, ALL_CALLS);
	in_root_sandbox(something_else_is_there, ALL_CALLS);
	in_root_sandbox(an_image_with_a_ptmx, ALL_CALLS);
}

/* ---- a user namespace ------------------------------------------------ */

static const char borrowed[] =
	"'devices': [{'type': 'c', 'path': '/dev/null', 'major': 1, 'minor': "
	"3}, {'type': 'p', 'path': '/dev/pipe', 'fileMode': 384}]";
static const char wrong_number[] =
	"'devices': [{'type': 'c', 'path': '/dev/zero', 'major': 1, 'minor': "
	"3}]";
static const char not_there[] =
	"'devices': [{'type': 'c', 'path': '/dev/no-such', 'major': 1, "
	"'minor': 3}]";

static void
from_the_host(void)
{
	auto_oci_config struct oci_config config;
	load(&config, dev_and_proc, borrowed);
	auto_close int root = build(&config);
	must(devices_make(root, &config) == 0);
	must(is_node("/dev/null", S_IFCHR, 1, 3, 0666));
	must(is_node("/dev/pipe", S_IFIFO, 0, 0, 0600));
	must(*told("/dev/null")); /* a mount */
}

static void
not_from_the_host(void)
{
	refused_for(wrong_number, "1:3");
	refused_for(not_there, "/dev/no-such");
}

static void
test_borrowed(void **state)
{
	(void)state;
	in_sandbox(from_the_host, ALL_CALLS);
	in_sandbox(not_from_the_host, ALL_CALLS);
}

/* ---- a /dev that is the host's, or a link ---------------------------- */

static const char host_dev[] = "'mounts': [{'destination': '/dev/', 'source': "
			       "'/tmp/dev', 'options': ['bind']}]";
static const char has_null[] = "'devices': [{'type': 'c', 'path': "
			       "'/dev/null', 'major': 1, 'minor': 3}]";

static void
nothing_is_made_in_it(void)
{
	must(mkdir("dev", 0755) == 0);
	auto_oci_config struct oci_config config;
	load(&config, host_dev, "");
	auto_close int root = build(&config);
	must(devices_make(root, &config) == 0);
	must(!exists("dev/null") && !exists("dev/ptmx") && !exists("dev/fd"));
	auto_oci_config struct oci_config strict;
	load(&strict, host_dev, has_null);
	must(devices_make(root, &strict) < 0);
	must(is_refused(failure.text, "linux.devices[0]"));
	must(is_refused(failure.text, "bind mount"));
	must(mknod("dev/null", S_IFCHR | 0666, makedev(1, 3)) == 0);
	must(devices_make(root, &strict) == 0);
}

static void
a_link_is_no_dev(void)
{
	auto_oci_config struct oci_config config;
	load(&config, "", has_null);
	auto_close int root = open_root(&config);
	must(mkdir("root/else", 0755) == 0 && mkdir("else", 0755) == 0);
	must(symlink("else", "root/dev") == 0);
	must(devices_make(root, &config) < 0);
	must(is_refused(failure.text, "/dev is not a directory"));
	must(!exists("root/else/null"));
}

static void
links_lead_nowhere_else(void)
{
	auto_oci_config struct oci_config config;
	load(&config, "", one_fuse);
	auto_close int root = open_root(&config);
	must(mkdir("y", 0755) == 0 && mkdir("root/dev", 0755) == 0);
	must(symlink("../../tmp/y", "root/x") == 0);
	must(devices_make(root, &config) == 0);
	must(!exists("y/fuse"));
	must(is_node("/tmp/y/fuse", S_IFCHR, 10, 229, 0666));
}

static void
test_places(void **state)
{
	(void)state;
	in_root_sandbox(nothing_is_made_in_it, ALL_CALLS);
	in_root_sandbox(a_link_is_no_dev, ALL_CALLS);
	in_root_sandbox(links_lead_nowhere_else, ALL_CALLS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_asked_for),
		cmocka_unit_test(test_borrowed),
		cmocka_unit_test(test_places),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
