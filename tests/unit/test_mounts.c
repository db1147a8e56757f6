/*
 * test_mounts.c - the mounts of a config.json, option by option, as the kernel
 * tells of them; hostile roots; what cannot be, refused in words.
 */
#include "mounts.h"

#include "bundle.h"
#include "rootfs.h"
#include "sys.h"

/* ---- the usual ones -------------------------------------------------- */

static const char usual[] =
"'mounts': ["
"{'destination': '/proc', 'type': 'proc', 'source': 'proc'},"
"{'destination': '/dev', 'type': 'tmpfs', 'source': 'tmpfs',"
" 'options': ['nosuid', 'strictatime', 'mode=755', 'size=65536k']},"
"{'destination': '/dev/pts', 'type': 'devpts', 'source': 'devpts', 'options':"
" ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']},"
"{'destination': '/dev/shm', 'type': 'tmpfs', 'source': 'shm', 'options':"
" ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k']},"
"{'destination': '/dev/mqueue', 'type': 'mqueue', 'source': 'mqueue',"
" 'options': ['nosuid', 'noexec', 'nodev']},"
"{'destination': '/sys', 'type': 'sysfs', 'source': 'sysfs', 'options':"
" ['nosuid', 'noexec', 'nodev', 'ro']}]";

static void
usual_mounts(void)
{
	struct stat st;
	auto_oci_config struct oci_config config;
	must(unshare(CLONE_NEWIPC) == 0); /* whose queues mqueue shows */
	load(&config, usual, "");
	int before = count_descriptors();
	auto_close int root = build(&config);
	must(count_descriptors() == before + 1);
	must(strstr(told("/proc"), " proc "));
	must(strstr(told("/dev"), " tmpfs ") && has_option("/dev", "nosuid"));
	must(strstr(told("/dev"), "size=65536k") &&
	     strstr(told("/dev"), "mode=755"));
	must(strstr(told("/dev/pts"), " devpts ") &&
	     strstr(told("/dev/pts"), "mode=620"));
	must(has_option("/dev/pts", "noexec"));
	must(strstr(told("/dev/shm"), " tmpfs ") &&
	     has_option("/dev/shm", "nodev"));
	must(strstr(told("/dev/mqueue"), " mqueue "));
	must(strstr(told("/sys"), " sysfs ") && has_option("/sys", "ro") &&
	     has_option("/sys", "nodev"));
	must(stat("root/dev/shm", &st) == 0 &&
	     (st.st_mode & 07777) == 01777);
	must(exists("root/dev/pts/ptmx"));
}

static void
group_of_terminals(void)
{
	usual_mounts();
	must(strstr(told("/dev/pts"), "gid=5"));
}

/* A sysfs is refused where the network namespace is another's. */
static void
the_hosts_in_its_place(void)
{
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	auto_close int root = open_root(&config);
	const char *why = try_one(root, "'destination': '/sys', 'type': "
					"'sysfs', 'options': ['ro', "
					"'nosuid']");
	must(!why && strstr(told("/sys"), " sysfs "));
	auto_mounts struct mount_table table = { 0 };
	must(mountinfo_read(0, &table) == 0);
	static const char below[] = "/tmp/root/sys/";
	for (size_t i = 0; i < table.count; i++)
		if (strncmp(table.mounts[i].target, below,
			    strlen(below)) == 0)
			must(mountinfo_has_option(table.mounts[i].options,
						  "ro"));
	why = try_one(root, "'destination': '/q', 'type': 'mqueue'");
	must(why ? is_refused(why, "the host's /dev/mqueue in its place") :
		   strstr(told("/q"), " mqueue ") != NULL);
	/* Our processes are the host's, so that its proc is ours, too. */
	must(!try_one(root, "'destination': '/proc', 'type': 'proc'"));
	must(strstr(told("/proc"), " proc "));
}

static void
test_usual(void **state)
{
	(void)state;
	in_root_sandbox(group_of_terminals, ALL_CALLS);
	in_root_sandbox(group_of_terminals, OLD_KERNEL);
	/* Without a pid and a network namespace of its own. */
	in_sandbox(usual_mounts, ALL_CALLS);
	in_sandbox(the_hosts_in_its_place, ALL_CALLS);
}

/* ---- options of a bind mount ----------------------------------------- */

static void
make_source(const char *options)
{
	must(mkdir("source", 0755) == 0);
	must(mount("source", "source", "tmpfs", 0, options) == 0);
	put("source/file", "outside");
}

static const char *
bind_with(int root, const char *options)
{
	auto_free char *mount =
		text("'destination': '/v', 'source': '/tmp/source', "
		     "'options': [%s]", options);
	return try_one(root, mount);
}

static void
unmount_it(void)
{
	must(umount2("root/v", MNT_DETACH) == 0);
}

static void
flags_are_set(void)
{
	static const char *const words[] = {
		"ro",	  "nosuid",  "nodev",	    "noexec",
		"noatime", "nodiratime", "relatime",
	};
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	auto_close int root = open_root(&config);
	make_source(NULL);
	must(!bind_with(root, "'bind', 'defaults', 'rw', 'silent'"));
	for (size_t i = 0; i < countof(words); i++)
		must(has_option("/v", words[i]) ==
		     (strcmp(words[i], "relatime") == 0));
	must(says("root/v/file", "outside"));
	unmount_it();
	for (size_t i = 0; i < countof(words); i++) {
		auto_free char *options = text("'bind', '%s'", words[i]);
		must(!bind_with(root, options));
		must(has_option("/v", words[i]));
		must(has_option("/v", "ro") == (i == 0));
		unmount_it();
	}
	must(!bind_with(root, "'bind', 'strictatime'"));
	must(!has_option("/v", "relatime") && !has_option("/v", "noatime"));
	unmount_it();
	must(!bind_with(root, "'bind', 'ro', 'rw', 'noexec', 'nodev'"));
	must(has_option("/v", "rw") && has_option("/v", "noexec") &&
	     has_option("/v", "nodev"));
}

static void
links_are_not_followed(void)
{
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	auto_close int root = open_root(&config);
	make_source(NULL);
	must(symlink("file", "source/link") == 0);
	must(!bind_with(root, "'bind', 'nosymfollow'"));
	must(open("root/v/link", O_RDONLY) < 0 && errno == ELOOP);
	unmount_it();
	must(!bind_with(root, "'bind', 'rnosymfollow'"));
	must(open("root/v/link", O_RDONLY) < 0 && errno == ELOOP);
	must(says("source/link", "outside"));
}

static void
flags_are_taken_away(void)
{
	static const char *const pairs[][2] = {
		{ "ro", "rw" },	      { "nosuid", "suid" },
		{ "nodev", "dev" },   { "noexec", "exec" },
		{ "noatime", "atime" }, { "nodiratime", "diratime" },
	};
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	auto_close int root = open_root(&config);
	make_source(NULL);
	must(mount(NULL, "source", NULL,
		   MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV |
			   MS_NOEXEC | MS_NOATIME | MS_NODIRATIME,
		   NULL) == 0);
	must(!bind_with(root, "'bind'")); /* it has its source's */
	for (size_t i = 0; i < countof(pairs); i++)
		must(has_option("/v", pairs[i][0]));
	unmount_it();
	for (size_t i = 0; i < countof(pairs); i++) {
		auto_free char *options = text("'bind', '%s'", pairs[i][1]);
		must(!bind_with(root, options));
		for (size_t j = 0; j < countof(pairs); j++)
			must(has_option("/v", pairs[j][0]) == (i != j));
		unmount_it();
	}
}

static void
test_flags(void **state)
{
	(void)state;
	in_sandbox(flags_are_set, ALL_CALLS);
	in_sandbox(flags_are_set, OLD_KERNEL);
	in_root_sandbox(flags_are_set, ALL_CALLS);
	in_root_sandbox(flags_are_taken_away, ALL_CALLS);
	in_root_sandbox(flags_are_taken_away, OLD_KERNEL);
	in_sandbox(links_are_not_followed, ALL_CALLS);
}

/* ---- and all below it ------------------------------------------------ */

static void
below_is_asked_for_by_name(void)
{
	static const char *const pairs[][2] = {
		{ "rro", "ro" },       { "rnosuid", "nosuid" },
		{ "rnodev", "nodev" }, { "rnoexec", "noexec" },
		{ "rnoatime", "noatime" }, { "rnodiratime", "nodiratime" },
	};
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	auto_close int root = open_root(&config);
	make_source(NULL);
	must(mkdir("source/sub", 0755) == 0);
	must(mount("sub", "source/sub", "tmpfs", 0, NULL) == 0);
	must(!bind_with(root, "'rbind', 'ro'"));
	must(is_readonly("root/v") && !is_readonly("root/v/sub"));
	must(rmdir("root/v/sub/test-new") == 0);
	unmount_it();
	for (size_t i = 0; i < countof(pairs); i++) {
		auto_free char *options = text("'rbind', '%s'", pairs[i][0]);
		must(!bind_with(root, options));
		must(has_option("/v", pairs[i][1]));
		must(has_option("/v/sub", pairs[i][1]));
		unmount_it();
	}
	must(!bind_with(root, "'rbind', 'rro', 'rrelatime'"));
	must(is_readonly("root/v") && is_readonly("root/v/sub"));
	must(!is_readonly("source") && !is_readonly("source/sub"));
	unmount_it();
	must(!bind_with(root, "'rbind', 'rstrictatime'"));
	must(!has_option("/v/sub", "relatime"));
	unmount_it();
	must(!bind_with(root, "'bind'"));
	must(exists("root/v/sub") && !*told("/v/sub"));
}

static void
below_is_taken_away(void)
{
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	auto_close int root = open_root(&config);
	make_source(NULL);
	must(mkdir("source/sub", 0755) == 0);
	must(mount("sub", "source/sub", "tmpfs",
		   MS_NOEXEC | MS_RDONLY | MS_NOATIME, NULL) == 0);
	must(!bind_with(root, "'rbind', 'rexec', 'rrw', 'ratime'"));
	must(!has_option("/v/sub", "noexec") && has_option("/v/sub", "rw") &&
	     has_option("/v/sub", "relatime"));
}

static void
not_without_the_call(void)
{
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	auto_close int root = open_root(&config);
	make_source(NULL);
	must(is_refused(bind_with(root, "'rbind', 'rro'"), "5.12"));
	must(!*told("/v"));
}

static void
test_below(void **state)
{
	(void)state;
	in_sandbox(below_is_asked_for_by_name, ALL_CALLS);
	in_root_sandbox(below_is_taken_away, ALL_CALLS);
	in_root_sandbox(not_without_the_call, OLD_KERNEL);
}

static void
propagation_words(void)
{
	static const struct {
		const char *word, *top, *below;
	} cases[] = {
		{ "private", "", "shared:" },	 { "rprivate", "", "" },
		{ "slave", "master:", "shared:" },
		{ "rslave", "master:", "master:" },
		{ "shared", "shared:", "shared:" },
		{ "rshared", "shared:", "shared:" },
		{ "unbindable", "unbindable", "shared:" },
		{ "runbindable", "unbindable", "unbindable" },
	};
	auto_oci_config struct oci_config config;
	/* Or nothing would come in to be told apart. */
	load(&config, "", "'rootfsPropagation': 'shared'");
	auto_close int root = open_root(&config);
	make_source(NULL);
	must(mkdir("source/sub", 0755) == 0);
	must(mount("sub", "source/sub", "tmpfs", 0, NULL) == 0);
	must(mount(NULL, "source", NULL, MS_SHARED | MS_REC, NULL) == 0);
	for (size_t i = 0; i < countof(cases); i++) {
		auto_free char *options = text("'rbind', '%s'", cases[i].word);
		auto_free char *top = text(", %s", cases[i].top);
		auto_free char *below = text(", %s", cases[i].below);
		must(!bind_with(root, options));
		must(strstr(told("/v"), *cases[i].top ? top : ",  tmpfs"));
		must(strstr(told("/v/sub"),
			    *cases[i].below ? below : ",  tmpfs"));
		/* Or what is below would go from its peers, too. */
		must(mount(NULL, "root/v", NULL, MS_PRIVATE | MS_REC, NULL) ==
		     0);
		unmount_it();
	}
}

static void
test_propagation_words(void **state)
{
	(void)state;
	in_sandbox(propagation_words, ALL_CALLS);
	in_sandbox(propagation_words, OLD_KERNEL);
}

/* ---- file systems ---------------------------------------------------- */

static void
a_tmpfs_has_the_mode_of_what_it_covers(void)
{
	struct stat st;
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	auto_close int root = open_root(&config);
	must(mkdir("root/tmp", 0755) == 0 && chmod("root/tmp", 01770) == 0);
	must(!try_one(root, "'destination': '/tmp', 'type': 'tmpfs'"));
	must(stat("root/tmp", &st) == 0 && (st.st_mode & 07777) == 01770);
	must(!try_one(root, "'destination': '/new', 'type': 'tmpfs'"));
	must(stat("root/new", &st) == 0 && (st.st_mode & 07777) == 01777);
	must(!try_one(root, "'destination': '/tmp', 'type': 'tmpfs', "
			    "'options': ['mode=700', 'noexec', "
			    "'nr_inodes=9']"));
	must(stat("root/tmp", &st) == 0 && (st.st_mode & 07777) == 0700);
	must(strstr(told("/tmp"), "nr_inodes=9") &&
	     has_option("/tmp", "noexec"));
}

/* Other mounts and the devices must still find their place in it. */
static void
a_readonly_tmpfs_becomes_so_last(void)
{
	auto_oci_config struct oci_config config;
	load(&config,
	     "'mounts': [{'destination': '/d', 'type': 'tmpfs', "
	     "'options': ['ro']}, {'destination': '/e', 'type': 'tmpfs', "
	     "'options': ['rro']}, {'destination': '/d/sub', 'type': 'tmpfs'}]",
	     "");
	auto_close int root = build(&config);
	put("root/d/file", "");
	put("root/e/file", "");
	must(mounts_finish(&config) == 0);
	must(is_readonly("root/d") && is_readonly("root/e"));
	must(!is_readonly("root/d/sub"));
}

static void
flags_of_a_filesystem(void)
{
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	auto_close int root = open_root(&config);
	must(!try_one(root, "'destination': '/v', 'type': 'tmpfs', 'options': "
			    "['sync', 'dirsync', 'noatime', 'rslave']"));
	must(strstr(told("/v"), ",sync,") && strstr(told("/v"), ",dirsync,"));
	must(has_option("/v", "noatime"));
	must(!try_one(root, "'destination': '/u', 'type': 'tmpfs', 'options': "
			    "['unbindable', 'rnosuid']"));
	must(strstr(told("/u"), "unbindable") && has_option("/u", "nosuid"));
}

static void
the_kernel_says_why(void)
{
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	auto_close int root = open_root(&config);
	size_t before = count_mounts();
	const char *why = try_one(root, "'destination': '/v', 'type': "
					"'tmpfs', 'options': ['nonsense']");
	must(is_refused(why, "mounts[0]: mount tmpfs to /v:"));
	must(is_refused(why, "nonsense"));
	why = try_one(root, "'destination': '/v', 'type': 'nosuchfs'");
	must(is_refused(why, "this kernel does not have"));
	must(failure.code == ENODEV);
	must(count_mounts() == before);
}

static void
test_filesystems(void **state)
{
	(void)state;
	in_sandbox(a_tmpfs_has_the_mode_of_what_it_covers, ALL_CALLS);
	in_sandbox(a_tmpfs_has_the_mode_of_what_it_covers, OLD_KERNEL);
	in_sandbox(a_readonly_tmpfs_becomes_so_last, ALL_CALLS);
	in_root_sandbox(a_readonly_tmpfs_becomes_so_last, ALL_CALLS);
	in_root_sandbox(flags_of_a_filesystem, ALL_CALLS);
	in_sandbox(the_kernel_says_why, ALL_CALLS);
	in_root_sandbox(the_kernel_says_why, ALL_CALLS);
}

static void
other_flags_for_what_is_there(void)
{
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	auto_close int root = open_root(&config);
	must(!try_one(root, "'destination': '/v', 'type': 'tmpfs'"));
	must(!try_one(root, "'destination': '/v', 'type': 'tmpfs', "
			    "'options': ['remount', 'ro', 'size=4096']"));
	must(strstr(told("/v"), ",ro,size=4k"));
	must(!try_one(root, "'destination': '/v', 'type': 'tmpfs', "
			    "'options': ['remount', 'rw', 'size=8192']"));
	must(!is_readonly("root/v") && strstr(told("/v"), "size=8k"));
	must(!try_one(root, "'destination': '/v', 'source': '/v', "
			    "'options': ['remount', 'bind', 'ro', 'noexec']"));
	must(has_option("/v", "ro") && has_option("/v", "noexec") &&
	     strstr(told("/v"), ",rw,"));
	must(mkdir("root/plain", 0755) == 0);
	must(is_refused(try_one(root, "'destination': '/plain', 'options': "
				      "['remount', 'ro']"),
			"is it a mount?"));
	must(try_one(root, "'destination': '/not', 'options': ['remount']") &&
	     failure.code == ENOENT && !exists("root/not"));
}

static void
test_remount(void **state)
{
	(void)state;
	in_root_sandbox(other_flags_for_what_is_there, ALL_CALLS);
	in_root_sandbox(other_flags_for_what_is_there, OLD_KERNEL);
}

/* ---- sources and targets --------------------------------------------- */

static void
targets_stay_inside(void)
{
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	auto_close int root = open_root(&config);
	make_source(NULL);
	must(mkdir("etc", 0755) == 0 && mkdir("root/real", 0755) == 0);
	must(symlink("/tmp/etc", "root/absolute") == 0);
	must(symlink("../../../../tmp/etc", "root/up") == 0);
	must(symlink("real", "root/link") == 0);
	static const char *const cases[][2] = {
		{ "/absolute", "root/tmp/etc/file" },
		{ "/up/x", "root/tmp/etc/x/file" },
		{ "/link/deep/down", "root/real/deep/down/file" },
		{ "/../../over//the/top/", "root/over/the/top/file" },
		{ "/a/../b/./c", "root/b/c/file" },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		auto_free char *mount = text("'destination': '%s', 'source': "
					     "'/tmp/source', 'options': "
					     "['bind']", cases[i][0]);
		must(!try_one(root, mount));
		must(says(cases[i][1], "outside"));
	}
	must(!exists("etc/file") && !exists("etc/x"));
	must(!try_one(root, "'destination': '/over/run', 'type': 'tmpfs'"));
}

static void
files_and_relative_sources(void)
{
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	auto_close int root = open_root(&config);
	make_source(NULL);
	must(!try_one(root, "'destination': '/etc/resolv.conf', 'source': "
			    "'source/file', 'options': ['bind', 'ro']"));
	must(says("root/etc/resolv.conf", "outside"));
	must(open("root/etc/resolv.conf", O_WRONLY) < 0 && errno == EROFS);
	/* Another one on top of it. */
	put("source/other", "other");
	must(!try_one(root, "'destination': '/etc/resolv.conf', 'source': "
			    "'./source/other', 'options': ['bind']"));
	must(says("root/etc/resolv.conf", "other"));
	must(mkdir("root/real", 0755) == 0);
	must(try_one(root, "'destination': '/real', 'source': 'source/file', "
			   "'options': ['bind']"));
	put("root/plain", "inside");
	must(is_refused(try_one(root, "'destination': '/plain', 'source': "
				      "'source', 'options': ['bind']"),
			"mounts[0]: mount source to /plain: a directory "
			"cannot be mounted on a file"));
	must(is_refused(try_one(root, "'destination': '/none', 'source': "
				      "'missing', 'options': ['bind']"),
			"mounts[0]: mount missing to /none"));
	must(failure.code == ENOENT && !exists("root/none"));
	must(try_one(root, "'destination': '/none', 'source': "
			   "'/tmp/missing', 'options': ['bind']"));
	must(failure.code == ENOENT && !exists("root/none"));
}

/* What comes after is in it. */
static void
over_the_root_itself(void)
{
	auto_oci_config struct oci_config config;
	load(&config,
	     "'mounts': [{'destination': '/', 'source': '/tmp/source', "
	     "'options': ['bind']}, {'destination': '/sub', 'type': 'tmpfs'}, "
	     "{'destination': '/link/', 'type': 'tmpfs', 'options': "
	     "['mode=755']}, {'destination': '/on', 'type': 'tmpfs'}]", "");
	make_source(NULL);
	must(symlink("/.", "source/link") == 0);
	auto_close int root = build(&config);
	must(exists("source/sub") && !exists("source/on"));
	must(exists("root/on")); /* the tmpfs that is the root now */
	must(rootfs_pivot(root) == 0);
	must(exists("/on") && !exists("/sub") && !exists("/file"));
}

static void
test_targets(void **state)
{
	(void)state;
	in_sandbox(targets_stay_inside, ALL_CALLS);
	in_sandbox(targets_stay_inside, OLD_KERNEL);
	in_sandbox(files_and_relative_sources, ALL_CALLS);
	in_sandbox(over_the_root_itself, ALL_CALLS);
	in_root_sandbox(over_the_root_itself, ALL_CALLS);
}

/* ---- refused --------------------------------------------------------- */

static void
links_where_the_kernels_view_goes(void)
{
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	auto_close int root = open_root(&config);
	size_t before = count_mounts();
	must(mkdir("root/real", 0755) == 0);
	must(symlink("real", "root/proc") == 0);
	must(symlink("/real", "root/sys") == 0);
	must(symlink("real", "root/dev") == 0);
	must(is_refused(try_one(root, "'destination': '/proc', 'type': "
				      "'proc'"), "is not a directory"));
	must(is_refused(try_one(root, "'destination': '/sys', 'type': "
				      "'sysfs'"), "is not a directory"));
	must(is_refused(try_one(root, "'destination': '/dev', 'type': "
				      "'tmpfs'"), "is not a directory"));
	must(count_mounts() == before);
}

static void
what_a_bind_cannot_be(void)
{
	static const char *const options[] = { "sync", "dirsync", "lazytime",
					       "mand", "iversion",
					       "size=5k" };
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	auto_close int root = open_root(&config);
	make_source(NULL);
	for (size_t i = 0; i < countof(options); i++) {
		auto_free char *both = text("'bind', '%s'", options[i]);
		must(is_refused(bind_with(root, both), options[i]));
	}
	must(!bind_with(root, "'bind', 'async', 'nolazytime', 'loud'"));
	must(is_refused(try_one(root, "'destination': '/t', 'type': 'tmpfs', "
				      "'options': ['idmap'], 'uidMappings': "
				      "[{'containerID': 0, 'hostID': 1, "
				      "'size': 1}], 'gidMappings': "
				      "[{'containerID': 0, 'hostID': 1, "
				      "'size': 1}]"),
			"only for a bind mount"));
}

static void
a_label_without_selinux(void)
{
	struct mounts_sources sources;
	auto_oci_config struct oci_config config;
	auto_close int bundle = open_bundle();
	load(&config, "", "'mountLabel': 'system_u:object_r:x:s0'");
	if (exists("/sys/fs/selinux/enforce"))
		_exit(CANNOT);
	must(mounts_prepare(&sources, &config, bundle) < 0);
	must(is_refused(failure.text, "linux.mountLabel"));
	must(is_refused(failure.text, "SELinux"));
}

static void
test_refused(void **state)
{
	(void)state;
	in_sandbox(links_where_the_kernels_view_goes, ALL_CALLS);
	in_root_sandbox(links_where_the_kernels_view_goes, ALL_CALLS);
	in_sandbox(what_a_bind_cannot_be, ALL_CALLS);
	in_sandbox(a_label_without_selinux, ALL_CALLS);
}

/* ---- masks ----------------------------------------------------------- */

static const char covers[] =
	"'maskedPaths': ['/secret', '/secret-file', '/not/there', "
	"'/secret-file/x', '/linked'],"
	"'readonlyPaths': ['/fixed', '/fixed-file', '/not', '/fixed']";

static void
covered(void)
{
	struct stat st;
	auto_oci_config struct oci_config config;
	load(&config, "", covers);
	auto_close int root = open_root(&config);
	must(mkdir("root/secret", 0755) == 0 && mkdir("root/fixed", 0755) == 0);
	put("root/secret/inside", "secret");
	put("root/secret-file", "secret");
	put("root/fixed-file", "x");
	must(mkdir("root/fixed/sub", 0755) == 0);
	must(mount("sub", "root/fixed/sub", "tmpfs", 0, NULL) == 0);
	must(mkdir("outside", 0755) == 0);
	put("outside/file", "outside");
	must(symlink("../outside", "root/linked") == 0);
	size_t before = count_mounts();
	must(mounts_cover(root, &config) < 0); /* no /dev/null */
	must(is_refused(failure.text, "linux.maskedPaths"));
	must(mkdir("root/dev", 0755) == 0);
	put("root/dev/null", "");
	must(mounts_cover(root, &config) < 0);
	must(is_refused(failure.text, "1:3"));
	must(mount("/dev/null", "root/dev/null", NULL, MS_BIND, NULL) == 0);
	int open_before = count_descriptors();
	must(mounts_cover(root, &config) == 0);
	must(count_descriptors() == open_before && count_mounts() > before);
	must(!exists("root/secret/inside") && is_readonly("root/secret"));
	must(stat("root/secret-file", &st) == 0 && S_ISCHR(st.st_mode) &&
	     st.st_rdev == makedev(1, 3));
	must(is_readonly("root/fixed") && is_readonly("root/fixed/sub"));
	must(open("root/fixed-file", O_WRONLY) < 0 && errno == EROFS);
	must(!exists("root/not") && says("outside/file", "outside"));
}

static void
test_covered(void **state)
{
	(void)state;
	in_root_sandbox(covered, ALL_CALLS);
	in_root_sandbox(covered, OLD_KERNEL);
	in_sandbox(covered, ALL_CALLS);
}

/* ---- the root -------------------------------------------------------- */

static void
in_process(void (*body)(void))
{
	int status;
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		must(unshare(CLONE_NEWNS) == 0);
		body();
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid);
	must(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static const char *word;
static const char *seen_as;

static void
enter_root(void)
{
	auto_mounts struct mount_table table = { 0 };
	auto_oci_config struct oci_config config;
	auto_free char *kernel =
		*word ? text("'rootfsPropagation': '%s'", word) :
			copy_text("");
	load(&config,
	     "'mounts': [{'destination': '/proc', 'source': '/proc', "
	     "'options': ['rbind', 'private']}, {'destination': '/v', "
	     "'source': '/tmp/source', 'options': ['bind', 'rslave']}]",
	     kernel);
	auto_close int root = build(&config);
	must(rootfs_pivot(root) == 0 && mounts_finish(&config) == 0);
	must(mountinfo_read(0, &table) == 0);
	const struct mountinfo *top = mountinfo_find(&table, "/");
	must(top && strncmp(top->optional, seen_as, strlen(seen_as)) == 0);
	must(*seen_as || !*top->optional);
}

static void
propagation_of_the_root(void)
{
	static const char *const cases[][2] = {
		{ "", "master:" },	  { "slave", "master:" },
		{ "rslave", "master:" },  { "private", "" },
		{ "rprivate", "" },	  { "shared", "shared:" },
		{ "rshared", "shared:" }, { "unbindable", "unbindable" },
		{ "runbindable", "unbindable" },
	};
	must(mkdir("root", 0755) == 0);
	make_source(NULL);
	must(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0);
	size_t before = count_mounts();
	for (size_t i = 0; i < countof(cases); i++) {
		word = cases[i][0];
		seen_as = cases[i][1];
		in_process(enter_root);
		must(count_mounts() == before); /* nothing has come out */
	}
	must(!exists("root/v/file") && exists("source/file"));
}

static void
enter_readonly_root(void)
{
	auto_oci_config struct oci_config config;
	static const char json[] =
		"{\"ociVersion\": \"1.2.0\", \"root\": {\"path\": "
		"\"/tmp/root\", \"readonly\": true}, \"mounts\": "
		"[{\"destination\": \"/v\", \"type\": \"tmpfs\"}]}";
	must(oci_config_parse(&config, json, strlen(json)) == 0);
	auto_close int root = build(&config);
	must(rootfs_pivot(root) == 0 && mounts_finish(&config) == 0);
	must(is_readonly("/") && !is_readonly("/v"));
}

static void
readonly_root(void)
{
	must(mkdir("root", 0755) == 0);
	in_process(enter_readonly_root);
	must(!is_readonly("root"));
}

static void
test_root(void **state)
{
	(void)state;
	in_sandbox(propagation_of_the_root, ALL_CALLS);
	in_sandbox(propagation_of_the_root, OLD_KERNEL);
	in_root_sandbox(propagation_of_the_root, ALL_CALLS);
	in_sandbox(readonly_root, ALL_CALLS);
	in_root_sandbox(readonly_root, OLD_KERNEL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_below),
		cmocka_unit_test(test_propagation_words),
		cmocka_unit_test(test_filesystems),
		cmocka_unit_test(test_remount),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_covered),
		cmocka_unit_test(test_root),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
