/*
 * company.c - two directories joined into one, the experiment `company`.
 *
 * company/{code,meeting} lies below, read-only for us; home/{eat,sleep} lies
 * above and takes what is written.  Whatever is claimed is looked up in the
 * two directories themselves, behind the union's back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "demo.h"
#include "mountinfo.h"
#include "ns.h"
#include "overlay.h"

#define CODE_BEFORE "written at the office\n"

/* ---- looking at files -------------------------------------------------- */

/* The names in a directory, as one text: "code eat meeting sleep". */
static char *
names_in(const char *path)
{
	struct dirent **entries;
	char *names = copy_text("");
	int count = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		if (name[0] != '.') {
			char *longer = text("%s%s%s", names,
					    *names ? " " : "", name);
			free_scoped(&names);
			names = longer;
		}
		free_scoped(&entries[i]);
	}
	if (count >= 0)
		free_scoped(&entries);
	return names;
}

static bool
holds(const char *path, const char *content)
{
	size_t length = 0;
	auto_free char *found = read_all(AT_FDCWD, path, &length);
	return found && length == strlen(content) &&
	       memcmp(found, content, length) == 0;
}

/* Has nobody touched the file?  Neither replaced, nor written, nor chmodded:
 * each of them would change one of these. */
static bool
is_untouched(const struct stat *before, const char *path)
{
	struct stat now;
	return stat(path, &now) == 0 && now.st_ino == before->st_ino &&
	       now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == before->st_mtim.tv_nsec &&
	       now.st_ctim.tv_sec == before->st_ctim.tv_sec &&
	       now.st_ctim.tv_nsec == before->st_ctim.tv_nsec;
}

static bool
is_missing(const char *path)
{
	struct stat st;
	return lstat(path, &st) < 0 && errno == ENOENT;
}

/* ---- the steps --------------------------------------------------------- */

static int
put(const char *path, const char *content)
{
	auto_close int fd = open(path,
				 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				 0644);
	size_t length = strlen(content);
	if (fd < 0 || write(fd, content, length) != (ssize_t)length)
		return fail("write %s", path);
	return 0;
}

static int
make_directories(void)
{
	static const char *const directories[] = { "company", "home", "work",
						    "mnt" };
	static const char *const files[][2] = {
		{ "company/code", CODE_BEFORE },
		{ "company/meeting", "at ten\n" },
		{ "home/eat", "rice\n" },
		{ "home/sleep", "at eleven\n" },
	};
	for (size_t i = 0; i < countof(directories); i++)
		if (mkdir(directories[i], 0755) < 0)
			return fail("make directory %s", directories[i]);
	for (size_t i = 0; i < countof(files); i++)
		if (put(files[i][0], files[i][1]) < 0)
			return -1;
	return 0;
}

/* Full names, so that another process can make sense of the mount table. */
static int
mount_union(const char *here)
{
	auto_free char *company = text("%s/company", here);
	auto_free char *home = text("%s/home", here);
	auto_free char *work = text("%s/work", here);
	const char *const layers[] = { company };
	struct overlay overlay = {
		.layers = layers,
		.layer_count = countof(layers),
		.upper = home,
		.work = work,
	};
	return overlay_mount(&overlay, "mnt", 0);
}

/* The line of the kernel's mount table, field by field. */
static int
show_mount(const char *here)
{
	auto_mounts struct mount_table table = { 0 };
	auto_layers struct overlay_layers layers = { 0 };
	auto_free char *target = text("%s/mnt", here);
	if (mountinfo_read(0, &table) < 0)
		return -1;
	const struct mountinfo *mount = mountinfo_find(&table, target);
	if (!tour_expect(mount && strcmp(mount->type, "overlay") == 0,
			 "the mount table has an overlay on mnt"))
		return 0;
	if (overlay_read_layers(0, mount->id, &layers) < 0)
		return -1;
	tour_show("mount point", "%s", mount->target);
	tour_show("type, options", "%s, %s", mount->type, mount->options);
	for (size_t i = 0; i < layers.count; i++)
		tour_show("lower directory", "%s", layers.names[i]);
	tour_show("upper directory", "%s", layers.upper ? layers.upper : "-");
	tour_show("work directory", "%s", layers.work ? layers.work : "-");
	return 0;
}

static int
join(const char *here)
{
	tour_step("Two directories of two files each");
	if (make_directories() < 0)
		return -1;
	tour_run((const char *const[]){ "ls", "company", "home", NULL });

	tour_step("Joined at mnt: home above, company below");
	tour_say("home is the upper directory and takes what is written; "
		 "company is a lower one");
	tour_say("and is only read.  The kernel works in a third, \"work\", "
		 "before it renames into home.");
	if (mount_union(here) < 0)
		return -1;
	if (show_mount(here) < 0)
		return -1;
	tour_run((const char *const[]){ "ls", "mnt", NULL });
	auto_free char *names = names_in("mnt");
	tour_expect(strcmp(names, "code eat meeting sleep") == 0,
		    "mnt shows the files of both: %s", names);
	return 0;
}

static int
write_below(void)
{
	struct stat before;
	if (stat("company/code", &before) < 0)
		return fail("look at company/code");
	tour_step("A write to a file of the lower directory");
	tour_say("\"apple\" goes into mnt/code, which so far is only in "
		 "company.");
	if (put("mnt/code", "apple\n") < 0)
		return -1;
	tour_run((const char *const[]){ "head", "company/code", "home/code",
					"mnt/code", NULL });
	tour_expect(holds("mnt/code", "apple\n"), "mnt/code says apple");
	tour_expect(holds("home/code", "apple\n"),
		    "home has a code of its own now: it was copied up");
	tour_expect(holds("company/code", CODE_BEFORE) &&
			    is_untouched(&before, "company/code"),
		    "company/code is as it was: content, inode and times");
	return 0;
}

static int
delete_below(void)
{
	struct stat before;
	if (stat("company/meeting", &before) < 0)
		return fail("look at company/meeting");
	tour_step("A file of the lower directory is deleted");
	if (unlink("mnt/meeting") < 0)
		return fail("delete mnt/meeting");
	tour_run((const char *const[]){ "ls", "-l", "company", "home", "mnt",
					NULL });
	auto_close int home =
		open("home", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (home < 0)
		return fail("open home");
	tour_expect(is_missing("mnt/meeting"), "mnt/meeting is gone");
	tour_expect(is_untouched(&before, "company/meeting"),
		    "company/meeting is still there, untouched");
	tour_expect(overlay_is_whiteout(home, "meeting") == 1,
		    "home/meeting is a whiteout: a character device 0, 0");
	return 0;
}

/* Compared with what was there just before: in a shell, the reader may have
 * changed anything. */
static int
take_apart(void)
{
	auto_free char *company_before = names_in("company");
	auto_free char *home_before = names_in("home");
	tour_step("Unmounted: the union is gone, what it wrote stays");
	if (overlay_unmount("mnt") < 0)
		return -1;
	auto_free char *mnt = names_in("mnt");
	auto_free char *company = names_in("company");
	auto_free char *home = names_in("home");
	tour_show("mnt", "%s", *mnt ? mnt : "(empty)");
	tour_show("company", "%s", company);
	tour_show("home", "%s", home);
	tour_expect(*mnt == '\0', "mnt is the empty directory it was");
	tour_expect(strcmp(company, company_before) == 0,
		    "company never noticed");
	tour_expect(strcmp(home, home_before) == 0,
		    "home keeps what was written, whiteouts included");
	return 0;
}

static int
run(void)
{
	if (ns_become_root() < 0)
		return tour_skip("needs root or a user namespace: %s",
				 failure.text);
	if (ns_own_mounts() < 0 || tour_scratch() < 0)
		return -1;
	auto_free char *here = realpath(".", NULL);
	if (!here)
		return fail("name the scratch directory");
	if (join(here) < 0) {
		if (failure.code == ENODEV || failure.code == EPERM)
			return tour_skip("needs an overlay: %s",
					 failure.text);
		return -1;
	}
	if (write_below() < 0 || delete_below() < 0)
		return -1;
	if (tour_shell("Try: ls mnt; echo pear > mnt/eat; rm mnt/code; "
		       "ls -l home company") < 0)
		return -1;
	return take_apart();
}

const struct experiment demo_company = {
	.name = "company",
	.shows = "company/ and home/ joined; a write to a lower file lands in "
		 "the upper",
	.run = run,
	.has_shell = true,
};
