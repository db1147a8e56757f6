/*
 * limits.c - how many layers a mount takes, the experiment `limits`: by the
 * one page that mount(2) has for its options, and what it does to a longer
 * string; by fsconfig(2), a layer at a time; and how many overlays stand on
 * each other.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "demo.h"
#include "look.h"
#include "mountfd.h"
#include "stage.h"
#include "sys.h"

enum { ASKED = 300, KERNEL_MAX = 500, MOST = KERNEL_MAX + 1 };
#define FIRST_OPTION "lowerdir="

/* "l007000...": as long as it takes for ASKED of them not to fit in a page. */
static char *names[MOST];

static int
make_layers(void)
{
	size_t length = sysconf(_SC_PAGESIZE) / 256 - 1;
	for (int i = 0; i < MOST; i++) {
		names[i] = text("l%03d%0*d", i, (int)length - 4, 0);
		auto_free char *path = text("%s/in-%03d", names[i], i);
		if (look_put(path, "") < 0)
			return -1;
	}
	return mkdir("mnt", 0755) < 0 ? fail("make directory mnt") : 0;
}

static void
free_layers(void)
{
	for (int i = 0; i < MOST; i++)
		free_scoped(&names[i]);
}

/* How many names there are in mnt. */
static size_t
count_shown(void)
{
	auto_free char *shown = look_names("mnt");
	size_t count = *shown != '\0';
	for (const char *c = shown; *c; c++)
		count += *c == ' ';
	return count;
}

/*
 * The layers between colons.  The first has slashes after it, which mean
 * nothing, so many that the page ends where a name does: cut there, the string
 * is as good as a whole one.
 */
static char *
make_string(size_t *fit)
{
	size_t room = sysconf(_SC_PAGESIZE) - 1 - strlen(FIRST_OPTION);
	size_t each = strlen(names[0]) + 1; /* with its colon */
	*fit = (room + 1) / each;
	size_t slashes = room + 1 - *fit * each;
	char *string = new_bytes((ASKED + 1) * each + slashes +
				 strlen(FIRST_OPTION));
	char *end = stpcpy(stpcpy(string, FIRST_OPTION), names[0]);
	while (slashes-- > 0)
		*end++ = '/';
	for (int i = 1; i < ASKED; i++)
		end = stpcpy(stpcpy(end, ":"), names[i]);
	return string;
}

static int
mount_by_string(void)
{
	size_t fit, count;
	auto_free char *string = make_string(&fit);
	tour_step("%d layers by mount(2): one string, and a page for it",
		  ASKED);
	tour_show("the string", "%zu bytes", strlen(string));
	tour_show("a page", "%ld bytes", sysconf(_SC_PAGESIZE));
	if (sys_mount("overlay", "mnt", "overlay", MS_RDONLY, string) < 0)
		return fail("mount an overlay by a string of %zu bytes",
			    strlen(string));
	tour_show("mount(2)", "0: success");
	if (look_show_mount("mnt", &count) < 0)
		return -1;
	tour_expect(count == fit && count_shown() == fit,
		    "%zu layers are mounted: the rest was cut off, and nobody "
		    "told", fit);
	tour_say("Here the cut fell between two names.  Elsewhere half a name "
		 "is left, and mount(2) says");
	tour_say("ENOENT; or \",upperdir=\" is lost, and the union is "
		 "read-only.");
	return overlay_unmount("mnt");
}

/* 0, an errno value, or -1 where the kernel cannot be asked so. */
static int
configure(int fs, int count)
{
	if (sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", "overlay") < 0)
		return -1;
	for (int i = 0; i < count; i++)
		if (sys_fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir+",
				 names[i]) < 0)
			return i == 0 ? -1 : errno;
	return sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL) < 0 ? errno :
								       0;
}

static void
ask_for_more(void)
{
	auto_close int fs = sys_fsopen("overlay");
	int code = fs < 0 ? -1 : configure(fs, MOST);
	if (code < 0) {
		tour_say("(Before Linux 6.8 there is no \"lowerdir+\" to ask "
			 "for one more with.)");
		return;
	}
	auto_free char *said = mountfd_log(fs);
	tour_show("fsconfig(2) for one more", "%s", strerror(code));
	tour_show("", "%s", *said ? said + 1 : "");
	tour_expect(code == EINVAL, "%d are too many", MOST);
}

static int
mount_by_layer(void)
{
	size_t count;
	struct overlay stack = { .layers = (const char *const *)names,
				 .layer_count = KERNEL_MAX };
	tour_step("%d layers, one fsconfig(2) for each", KERNEL_MAX);
	tour_say("Where the kernel is too old for that, overlay_mount() "
		 "names them by the numbers of");
	tour_say("open descriptors, from /proc/self/fd: "
		 "\"lowerdir=3:4:5:...\" fits.");
	if (overlay_mount(&stack, "mnt", 0) < 0 ||
	    look_show_mount("mnt", &count) < 0)
		return -1;
	tour_expect(count == KERNEL_MAX && count_shown() == KERNEL_MAX,
		    "all %d are mounted, and each one's file is seen",
		    KERNEL_MAX);
	ask_for_more();
	return overlay_unmount("mnt");
}

/* Layer 0 and what was mounted last make the next one. */
static int
mount_over(const char *below, const char *target)
{
	auto_free char *options = text("lowerdir=%s:%s", names[0], below);
	if (mkdir(target, 0755) < 0)
		return fail("make directory %s", target);
	return sys_mount("overlay", target, "overlay", 0, options) < 0 ?
		       errno :
		       0;
}

static int
try_upper_on(const char *base)
{
	auto_free char *upper = text("%s/upper", base);
	auto_free char *work = text("%s/work", base);
	auto_free char *options = text("lowerdir=%s,upperdir=%s,workdir=%s%s",
				       names[0], upper, work,
				       overlay_needs_userxattr() ?
					       ",userxattr" :
					       "");
	if (mkdir(upper, 0755) < 0 || mkdir(work, 0755) < 0)
		return fail("make directories in %s", base);
	return sys_mount("overlay", "mnt", "overlay", 0, options) < 0 ? errno :
									0;
}

static int
stand_on_each_other(void)
{
	tour_step("An overlay over an overlay, and one over that");
	int first = mount_over(names[1], "once");
	int second = first ? -1 : mount_over("once", "twice");
	int third = second ? -1 : mount_over("twice", "thrice");
	if (first < 0 || second < 0 || third < 0)
		return second > 0 ? failx("mount the second: %s",
					  strerror(second)) :
				    -1;
	tour_show("over directories", "0: success");
	tour_show("over that overlay", "0: success");
	tour_show("over that one", "%s", strerror(third));
	tour_expect(third == EINVAL,
		    "two deep is the end: every call goes down through all of "
		    "them, on one stack");
	return overlay_unmount("twice") < 0 ? -1 : overlay_unmount("once");
}

/* What a container that wants to run containers meets. */
static int
write_on_overlay(void)
{
	const char *const layers[] = { names[0] };
	struct overlay stack = { .layers = layers, .layer_count = 1,
				 .upper = "outer", .work = "outer-work" };
	tour_step("The upper directory inside an overlay, as in a container "
		  "within a container");
	if (make_dirs("outer", 0755) < 0 || make_dirs("outer-work", 0755) < 0 ||
	    make_dirs("outside", 0755) < 0 ||
	    overlay_mount(&stack, "outside", 0) < 0)
		return -1;
	int code = try_upper_on("outside");
	if (code < 0)
		return -1;
	tour_show("mount(2)", "%s", code ? strerror(code) : "0: success");
	int made = overlay_make_whiteout(AT_FDCWD, "whiteout");
	int code_inside = mknod("outside/whiteout", S_IFCHR, 0) < 0 ? errno : 0;
	tour_show("mknod of a whiteout there", "%s",
		  code_inside ? strerror(code_inside) : "0: success");
	tour_expect(code == EINVAL, "refused");
	tour_expect(made == 0 && code_inside == EPERM,
		    "an overlay cannot keep the whiteouts of another: it would "
		    "take them for its own");
	tour_say("The cure is a volume there, any other file system.");
	return overlay_unmount("outside");
}

static int
play(void)
{
	if (make_layers() < 0)
		return -1;
	if (mount_by_string() < 0)
		return stage_refused();
	if (mount_by_layer() < 0 || stand_on_each_other() < 0)
		return -1;
	return write_on_overlay();
}

static int
run(void)
{
	int refused = stage_enter();
	if (refused)
		return refused;
	int result = play();
	free_layers();
	return result;
}

const struct experiment demo_limits = {
	.name = "limits",
	.shows = "how many layers a mount takes, by mount(2)'s string and by "
		 "fsconfig; overlays on overlays",
	.run = run,
};
