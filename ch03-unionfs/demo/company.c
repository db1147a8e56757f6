/*
 * company.c - two directories joined into one, the experiment `company`.
 *
 * company/{code,meeting} lies below, read-only for us; home/{eat,sleep} lies
 * above and takes what is written.  Whatever is claimed is looked up in the
 * two directories themselves, behind the union's back.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"
#include "look.h"
#include "stage.h"

#define CODE_BEFORE "written at the office\n"

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
		if (look_put(files[i][0], files[i][1]) < 0)
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
	size_t count;
	if (mount_union(here) < 0 || look_show_mount("mnt", &count) < 0)
		return -1;
	tour_run((const char *const[]){ "ls", "mnt", NULL });
	auto_free char *names = look_names("mnt");
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
	if (look_put("mnt/code", "apple\n") < 0)
		return -1;
	tour_run((const char *const[]){ "head", "company/code", "home/code",
					"mnt/code", NULL });
	tour_expect(look_holds("mnt/code", "apple\n"), "mnt/code says apple");
	tour_expect(look_holds("home/code", "apple\n"),
		    "home has a code of its own now: it was copied up");
	tour_expect(look_holds("company/code", CODE_BEFORE) &&
			    look_is_untouched(&before, "company/code"),
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
	tour_expect(look_is_missing("mnt/meeting"), "mnt/meeting is gone");
	tour_expect(look_is_untouched(&before, "company/meeting"),
		    "company/meeting is still there, untouched");
	tour_expect(look_is_whiteout("home/meeting"),
		    "home/meeting is a whiteout: a character device 0, 0");
	return 0;
}

/* Compared with what was there just before: in a shell, the reader may have
 * changed anything. */
static int
take_apart(void)
{
	auto_free char *company_before = look_names("company");
	auto_free char *home_before = look_names("home");
	tour_step("Unmounted: the union is gone, what it wrote stays");
	if (overlay_unmount("mnt") < 0)
		return -1;
	auto_free char *mnt = look_names("mnt");
	auto_free char *company = look_names("company");
	auto_free char *home = look_names("home");
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
	int refused = stage_enter();
	if (refused)
		return refused;
	auto_free char *here = realpath(".", NULL);
	if (!here)
		return fail("name the scratch directory");
	if (join(here) < 0)
		return stage_refused();
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
