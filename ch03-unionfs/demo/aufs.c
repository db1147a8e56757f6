/*
 * aufs.c - the file system that Docker began with, the experiment `aufs`.
 *
 * company/ and home/ once more, then an image of four layers under a
 * container's, with the commands of old: what is written, where it lands, how
 * a deletion is written down, and when that is not obeyed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "aufs_lab.h"
#include "demo.h"
#include "look.h"

#define LAYERS                                                               \
	"dirs=./container-layer:./image-layer4:./image-layer3:"               \
	"./image-layer2:./image-layer1"

/* As the reader would type it; that it worked is seen by what comes of it. */
#define TYPE(...) tour_run((const char *const[]){ __VA_ARGS__, NULL })

static bool
branch_is(const char *name, const char *expected)
{
	auto_free char *branch = aufs_lab_listing(name);
	size_t length = branch ? strlen(branch) : 0;
	return length >= strlen(expected) &&
	       strcmp(branch + length - strlen(expected), expected) == 0;
}

static int
play_company(void)
{
	if (look_put("company/code", "int main;\n") < 0 ||
	    look_put("company/meeting", "at ten\n") < 0 ||
	    look_put("home/eat", "rice\n") < 0 ||
	    look_put("home/sleep", "at eleven\n") < 0)
		return -1;
	tour_step("company and home, joined");
	tour_say("Each directory is a branch; the leftmost is on top.  With no "
		 "more said, it alone");
	tour_say("can be written.");
	if (aufs_lab_mount("dirs=./home:./company") < 0)
		return -1;
	TYPE("ls", "./mnt");
	auto_free char *names = look_names("mnt");
	tour_expect(strcmp(names, "code eat meeting sleep") == 0,
		    "mnt shows the files of both, and nothing else");
	TYPE("sh", "-c", "echo apple > ./mnt/code");
	TYPE("head", "company/code", "home/code");
	tour_expect(look_holds("company/code", "int main;\n"),
		    "company/code is as it was");
	tour_expect(look_holds("home/code", "apple\n"),
		    "home has a code of its own now");
	return aufs_lab_unmount();
}

/* ---- an image's layers ------------------------------------------------- */

static int
make_layers(void)
{
	for (int i = 1; i <= 4; i++) {
		auto_free char *path =
			text("image-layer%d/image-layer%d.txt", i, i);
		auto_free char *content = text("I am image layer %d\n", i);
		if (look_put(path, content) < 0)
			return -1;
	}
	return look_put("container-layer/container-layer.txt",
			"I am container layer\n");
}

static int
join_layers(void)
{
	tour_step("A container's layer over the four of its image");
	if (make_layers() < 0 || aufs_lab_mount(LAYERS) < 0)
		return -1;
	tour_say("/sys/fs/aufs has a directory for each mount: brN is a "
		 "branch, from the top, with its");
	tour_say("permission; bridN a number that it keeps.");
	TYPE("ls", "/sys/fs/aufs");
	aufs_lab_show_branches();
	tour_expect(branch_is("br0", "/container-layer=rw"),
		    "the first branch, the container's, can be written");
	tour_expect(branch_is("br1", "/image-layer4=ro") &&
			    branch_is("br4", "/image-layer1=ro"),
		    "all others, the image's, are read-only");
	return 0;
}

static int
change_layers(void)
{
	struct stat whiteout, base;
	tour_step("A file of layer 4 is edited, the one of layer 1 deleted");
	TYPE("sh", "-c", "echo \"write to mnt\" >> ./mnt/image-layer4.txt");
	TYPE("rm", "./mnt/image-layer1.txt");
	TYPE("ls", "-A", "container-layer", "image-layer4", "image-layer1");
	tour_expect(look_holds("container-layer/image-layer4.txt",
			       "I am image layer 4\nwrite to mnt\n") &&
			    look_holds("image-layer4/image-layer4.txt",
				       "I am image layer 4\n"),
		    "the edited file is in the container's layer: a copy");
	tour_expect(look_is_missing("mnt/image-layer1.txt") &&
			    look_holds("image-layer1/image-layer1.txt",
				       "I am image layer 1\n"),
		    "the deleted one is gone from mnt, and still in layer 1");
	if (lstat("container-layer/.wh.image-layer1.txt", &whiteout) < 0 ||
	    lstat("container-layer/.wh..wh.aufs", &base) < 0)
		return fail("find the whiteout");
	tour_show(".wh.image-layer1.txt", "%lld bytes, mode %04o, %lu links",
		  (long long)whiteout.st_size, whiteout.st_mode & 07777,
		  (unsigned long)whiteout.st_nlink);
	tour_expect(whiteout.st_ino == base.st_ino && whiteout.st_size == 0,
		    "its whiteout is a hard link to .wh..wh.aufs: it takes a "
		    "name and no inode");
	return 0;
}

/* ---- what is obeyed ---------------------------------------------------- */

static int
look_through(const char *options, char **names)
{
	if (aufs_lab_mount(options) < 0)
		return -1;
	*names = look_names("mnt");
	tour_show("mnt", "%s", *names);
	return aufs_lab_unmount();
}

static int
play_permissions(void)
{
	auto_free char *plain = NULL, *obeyed = NULL;
	tour_step("A whiteout in the middle: ro is not ro+wh");
	tour_say("The layer B deletes f, which C has.  In an image, that is a "
		 "later layer's \"rm\".");
	if (look_put("A/a", "") < 0 || look_put("B/.wh.f", "") < 0 ||
	    look_put("C/f", "") < 0 || look_put("C/g", "") < 0)
		return -1;
	if (look_through("br=A=rw:B=ro:C=ro", &plain) < 0 ||
	    look_through("br=A=rw:B=ro+wh:C=ro", &obeyed) < 0)
		return -1;
	tour_expect(strcmp(plain, "a f g") == 0,
		    "ro: no whiteouts are looked for; f is there after all");
	tour_expect(strcmp(obeyed, "a g") == 0,
		    "ro+wh: they are obeyed.  Docker mounted its layers so");
	return 0;
}

/* ---- a daemon that died ------------------------------------------------ */

static int
play_death(void)
{
	struct statfs st;
	auto_free char *names = NULL;
	if (aufs_lab_is_the_kernels())
		return 0;
	tour_step("The daemon is killed");
	tour_say("This aufs is a process.  With kill -9 its mount stays, and "
		 "answers nothing.");
	if (aufs_lab_mount("dirs=./home:./company") < 0 ||
	    look_append("mnt/meeting", "at noon\n") < 0 ||
	    aufs_lab_kill_daemon() < 0)
		return -1;
	TYPE("ls", "mnt");
	tour_expect(statfs("mnt", &st) < 0 && errno == ENOTCONN,
		    "mnt is dead: %s", strerror(ENOTCONN));
	TYPE("umount", "-l", "./mnt");
	if (look_through("dirs=./home:./company", &names) < 0)
		return -1;
	tour_expect(strcmp(names, "code eat meeting sleep") == 0 &&
			    look_holds("home/meeting", "at ten\nat noon\n"),
		    "the branches are whole: what was written is there");
	return 0;
}

static int
run(void)
{
	int refused = aufs_lab_enter();
	if (refused)
		return refused;
	if (play_company() < 0 || join_layers() < 0 || change_layers() < 0 ||
	    aufs_lab_unmount() < 0 || play_permissions() < 0 ||
	    play_death() < 0)
		return -1;
	if (mkdir("lab", 0755) < 0 || chdir("lab") < 0)
		return fail("make directory lab");
	return tour_shell("The directory is empty and yours.  Try: mkdir home "
			  "company mnt;\n  mount -t aufs -o "
			  "dirs=./home:./company none ./mnt; ls "
			  "/sys/fs/aufs; umount mnt");
}

const struct experiment demo_aufs = {
	.name = "aufs",
	.shows = "the union that Docker began with: branches, .wh. whiteouts, "
		 "/sys/fs/aufs",
	.run = run,
	.has_shell = true,
};
