/*
 * test_mount_cgroup.c - a mount of type "cgroup" on whatever this host has: of
 * the cgroup that the test is in, so that none need be made.
 */
#include "mount_cgroup.h"

#include "bundle.h"

#define WITH_NAMESPACE "'namespaces': [{'type': 'cgroup'}]"

static void
load_cgroup(struct oci_config *config, const char *options, bool namespace)
{
	auto_free char *mounts =
		text("'mounts': [{'destination': '/sys/fs/cgroup', 'type': "
		     "'cgroup', 'options': [%s]}]", options);
	load(config, mounts, namespace ? WITH_NAMESPACE : "");
}

static bool
is_unified(void)
{
	return strstr(told("/sys/fs/cgroup"), " cgroup2 ");
}

/* As in the host's own tree: the same files, of the same cgroup. */
static void
check_hierarchy(const struct hierarchy *in, bool readonly)
{
	struct stat host, shown;
	const char *slash = strrchr(in->mount, '/');
	const char *name = slash ? slash + 1 : in->mount;
	bool unified = is_unified();
	auto_free char *place =
		unified ? copy_text("/sys/fs/cgroup") :
			  text("/sys/fs/cgroup/%s", name);
	auto_free char *path = text("root%s/cgroup.procs", place);
	auto_free char *there = text("%s/cgroup.procs",
				     in->own ? in->own : in->mount);
	must(stat(there, &host) == 0 && stat(path, &shown) == 0);
	must(host.st_dev == shown.st_dev);
	/* (From a namespace the host's mount may not show our own.) */
	must(!in->own || host.st_ino == shown.st_ino);
	must(has_option(place, "ro") == readonly);
	must(has_option(place, "nosuid"));
	auto_free char *list = copy_text(unified ? "" : in->controllers);
	for (char *rest = list, *one; (one = strsep(&rest, ","));) {
		auto_free char *link = text("root/sys/fs/cgroup/%s", one);
		must(in->version == 2 || strchr(one, '=') || !*one ||
		     exists(link));
	}
}

static void
check_all(bool readonly)
{
	auto_hierarchies struct hierarchies found = { 0 };
	must(hierarchy_find_all(&found) == 0);
	for (size_t i = 0; i < found.count; i++)
		if (found.all[i].mount)
			check_hierarchy(&found.all[i], readonly);
}

static void
show(const char *options, bool namespace, bool readonly)
{
	auto_oci_config struct oci_config config;
	load_cgroup(&config, options, namespace);
	int before = count_descriptors();
	auto_close int root = build(&config);
	must(mounts_finish(&config) == 0);
	must(count_descriptors() == before + 1);
	check_all(readonly);
	must(!readonly || is_unified() ||
	     (mkdir("root/sys/fs/cgroup/x", 0755) < 0 && errno == EROFS));
}

static void
bound(void)
{
	show("'nosuid', 'noexec', 'nodev'", false, false);
}

static void
bound_readonly(void)
{
	show("'nosuid', 'noexec', 'nodev', 'relatime', 'ro'", false, true);
}

/* The file system's top is our cgroup then, and its number is the same. */
static void
in_namespace(void)
{
	must(unshare(CLONE_NEWCGROUP) == 0);
	show("'nosuid', 'noexec', 'nodev', 'ro'", true, true);
}

static void
options_of_the_other(void)
{
	auto_oci_config struct oci_config config;
	load_cgroup(&config, "'nsdelegate'", false);
	auto_close int root = open_root(&config);
	int result = try_mounts(root, &config);
	must(result == 0 ? is_unified() :
			   is_refused(failure.text, "nsdelegate"));
}

static void
test_shown(void **state)
{
	(void)state;
	auto_hierarchies struct hierarchies found = { 0 };
	if (hierarchy_find_all(&found) < 0 || found.count == 0) {
		print_message("this host has no cgroups\n");
		skip();
	}
	in_root_sandbox(bound, ALL_CALLS);
	in_root_sandbox(bound, OLD_KERNEL);
	in_root_sandbox(bound_readonly, ALL_CALLS);
	in_root_sandbox(in_namespace, ALL_CALLS);
	in_root_sandbox(options_of_the_other, ALL_CALLS);
	in_sandbox(bound_readonly, ALL_CALLS);
	in_sandbox(in_namespace, ALL_CALLS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
