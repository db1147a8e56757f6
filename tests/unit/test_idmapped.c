/*
 * test_idmapped.c - mounts that show other owners than the disk has, and bind
 * mounts of a container with a user namespace of its own: what the parent
 * opens, attached by a child that could not.
 */
#include "idmapped.h"

#include "bundle.h"
#include "rootfs.h"
#include "sys.h"

#define MAPS(name, hosts)                                                     \
	"'" name "Mappings': [{'containerID': 0, 'hostID': " hosts            \
	", 'size': 1000}]"
#define OWN MAPS("uid", "100000") ", " MAPS("gid", "200000")

static bool
is_owned(const char *path, uid_t uid, gid_t gid)
{
	struct stat st;
	if (stat(path, &st) == 0 && st.st_uid == uid && st.st_gid == gid)
		return true;
	print_error("%s: %u:%u\n", path, st.st_uid, st.st_gid);
	return false;
}

static void
make_source(void)
{
	must(mkdir("source", 0755) == 0);
	must(mount("source", "source", "tmpfs", 0, "mode=755") == 0);
	put("source/file", "outside");
	must(chown("source/file", 5, 6) == 0);
	must(mkdir("source/sub", 0755) == 0);
	must(mount("sub", "source/sub", "tmpfs", 0, "mode=755") == 0);
	put("source/sub/file", "below");
}

/* A kernel whose tmpfs cannot (before 6.3) is none to test this on. */
static void
must_or_cannot(const char *why)
{
	if (why && strstr(why, "idmap: it takes a file system that can")) {
		print_message("%s\n", why);
		_exit(CANNOT);
	}
	if (why)
		print_error("%s\n", why);
	must(!why);
}

static int
open_plain_root(void)
{
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	make_source();
	return open_root(&config);
}

static void
own_maps(void)
{
	auto_close int root = open_plain_root();
	int before = count_descriptors();
	must_or_cannot(try_one(root, "'destination': '/v', 'source': "
				     "'/tmp/source', 'options': ['rbind', "
				     "'idmap', 'ro'], " OWN));
	must(count_descriptors() == before);
	must(is_owned("root/v/file", 100005, 200006) && is_readonly("root/v"));
	must(is_owned("root/v/sub/file", 0, 0)); /* not recursive */
	must(is_owned("source/file", 5, 6));
	must_or_cannot(try_one(root, "'destination': '/r', 'source': "
				     "'/tmp/source', 'options': ['rbind', "
				     "'ridmap'], " OWN));
	must(is_owned("root/r/file", 100005, 200006));
	must(is_owned("root/r/sub/file", 100000, 200000));
	/* Without the option, too: the maps are asked for. */
	must_or_cannot(try_one(root, "'destination': '/w', 'source': "
				     "'/tmp/source', 'options': ['bind'], "
				     OWN));
	must(is_owned("root/w/file", 100005, 200006));
	/* What is made there by the mapped owner is 5's on the disk. */
	must(chown("root/w/file", 100007, 200008) == 0);
	must(is_owned("source/file", 7, 8));
}

static void
mapped_already(void)
{
	auto_close int root = open_plain_root();
	must_or_cannot(try_one(root, "'destination': '/v', 'source': "
				     "'/tmp/source', 'options': ['bind', "
				     "'idmap'], " OWN));
	size_t before = count_mounts();
	const char *why = try_one(root, "'destination': '/x', 'source': "
					"'/tmp/root/v', 'options': ['bind', "
					"'idmap'], " OWN);
	must(is_refused(why, "mounts[0]: mount /tmp/root/v to /x"));
	must(is_refused(why, "idmap"));
	must(count_mounts() == before && !exists("root/x"));
}

static void
not_without_the_calls(void)
{
	auto_close int root = open_plain_root();
	must(try_one(root, "'destination': '/v', 'source': '/tmp/source', "
			   "'options': ['bind', 'idmap'], " OWN));
	must(!*told("/v"));
}

static void
test_own_maps(void **state)
{
	(void)state;
	in_root_sandbox(own_maps, ALL_CALLS);
	in_root_sandbox(mapped_already, ALL_CALLS);
	in_root_sandbox(not_without_the_calls, OLD_KERNEL);
}

/* ---- a container with a user namespace ------------------------------- */

static const char with_users[] =
	"'namespaces': [{'type': 'user'}, {'type': 'mount'}], " OWN;

struct child {
	struct oci_config config;
	struct mounts_sources sources;
	int go[2];
	bool is_mapped;
};

/* Root of its namespace, and 100000 here. */
static void
be_child(struct child *child)
{
	static const struct cgroup none;
	char byte;
	must(read(child->go[0], &byte, 1) == 1);
	must(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0);
	must(open("/tmp/closed/source/file", O_RDONLY) < 0);
	must(errno == EACCES);
	auto_close int root = mounts_root(&child->config, "/tmp/bundle",
					  &child->sources);
	must(root >= 0);
	must(mounts_make(root, &child->config, &child->sources, &none) == 0);
	/* Where no path of ours leads, until the pivot. */
	must(open("/tmp/bundle/root", O_PATH) < 0 && errno == EACCES);
	must(rootfs_pivot(root) == 0 && mounts_finish(&child->config) == 0);
	must(says("/v/file", "closed") && is_readonly("/v"));
	must(says("/rel/file", "closed"));
	must(!child->is_mapped || is_owned("/mapped/file", 0, 0));
	must(is_owned("/v/file", 65534, 65534));
	auto_mounts struct mount_table table = { 0 };
	must(mountinfo_read(0, &table) == 0);
	for (size_t i = 0; i < table.count; i++)
		must(strncmp(table.mounts[i].target, "/sh", 3) == 0 ||
		     !strstr(table.mounts[i].optional, "shared:"));
	/* Shared by whom comes after, and not with the host. */
	must(strstr(mountinfo_find(&table, "/sh")->optional, "shared:"));
	must(mount("new", "/sh/sub", "tmpfs", 0, NULL) == 0);
	must(mountinfo_find(&table, "/v") && mountinfo_find(&table, "/t"));
	must(!exists("/tmp"));
}

static void
write_map(pid_t pid, const char *file, const char *map)
{
	auto_free char *path = text("/proc/%d/%s", pid, file);
	must(write_text(AT_FDCWD, path, map) == 0);
}

static const char closed[] =
"'mounts': [{'destination': '/v', 'source': '/tmp/closed/source', 'options': "
"['rbind', 'ro']}, {'destination': '/rel', 'source': '../closed/source', "
"'options': ['bind']}, {'destination': '/proc', 'source': '/proc', "
"'options': ['rbind']}, {'destination': '/t', 'type': 'tmpfs'}, "
"{'destination': '/sh', 'source': '/tmp/closed/source', 'options': "
"['rbind', 'rshared']}%s]";
static const char and_mapped[] =
", {'destination': '/mapped', 'source': '../closed/source', 'options': "
"['bind', 'idmap']}";

static void
close_the_way(void)
{
	must(mkdir("closed", 0700) == 0 && mkdir("closed/source", 0755) == 0);
	must(mkdir("bundle", 0700) == 0 && mkdir("bundle/root", 0777) == 0);
	must(chmod("bundle/root", 0777) == 0);
	must(mount("s", "closed/source", "tmpfs", 0, "mode=755") == 0);
	must(mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL) == 0);
	put("closed/source/file", "closed");
	must(mkdir("closed/source/sub", 0755) == 0);
}

static void
run_child(struct child *child)
{
	int status, pidfd;
	must(pipe(child->go) == 0);
	size_t before = count_mounts();
	pid_t pid = sys_clone(CLONE_NEWUSER | CLONE_NEWNS, -1, &pidfd);
	must(pid >= 0);
	if (pid == 0) {
		be_child(child);
		_exit(0);
	}
	write_map(pid, "uid_map", "0 100000 1000\n");
	write_map(pid, "gid_map", "0 200000 1000\n");
	must(write(child->go[1], "x", 1) == 1);
	must(waitpid(pid, &status, 0) == pid);
	must(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	must(count_mounts() == before);
}

static void
prepare_and_run(const char *more)
{
	struct child child = { .is_mapped = *more };
	auto_free char *mounts = text(closed, more);
	close_the_way();
	load(&child.config, mounts, with_users);
	auto_close int bundle = open("bundle", O_PATH | O_CLOEXEC);
	must_or_cannot(mounts_prepare(&child.sources, &child.config,
				      bundle) < 0 ?
			       failure.text :
			       NULL);
	must(child.sources.root >= 0 && child.sources.fds[0] >= 0 &&
	     child.sources.fds[3] == -1);
	run_child(&child);
	mounts_close(&child.sources);
	mounts_close(&child.sources);
	oci_config_free(&child.config);
}

static void
sources_of_the_parent(void)
{
	prepare_and_run("");
}

static void
mapped_for_the_container(void)
{
	prepare_and_run(and_mapped);
}

static void
test_sources(void **state)
{
	(void)state;
	in_root_sandbox(sources_of_the_parent, ALL_CALLS);
}

static void
test_mapped_sources(void **state)
{
	(void)state;
	in_root_sandbox(mapped_for_the_container, ALL_CALLS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_maps),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_mapped_sources),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
