/* stage.c - see stage.h. */
#include "stage.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "marks.h"
#include "ns.h"
#include "sys.h"
#include "tour.h"

static const char *const one_layer[] = { "lower" };
const struct overlay stage_frame = {
	.layers = one_layer,
	.layer_count = countof(one_layer),
	.upper = "upper",
	.work = "work",
};

int
stage_enter(void)
{
	if (ns_become_root() < 0)
		return tour_skip("needs root or a user namespace: %s",
				 failure.text);
	if (ns_own_mounts() < 0)
		return failure.code == ENOSPC || failure.code == EPERM ?
			       tour_skip("needs a mount namespace: %s",
					 failure.text) :
			       -1;
	return tour_scratch();
}

int
stage_refused(void)
{
	return failure.code == ENODEV || failure.code == EPERM ?
		       tour_skip("needs an overlay: %s", failure.text) :
		       -1;
}

int
stage_needs_opaque(void)
{
	if (mkdir("try", 0755) < 0)
		return fail("make a directory");
	auto_close int dir = open("try", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int made = dir < 0 ? fail("open a directory") :
			     marks_make_opaque(dir, marks_of_overlay());
	if (rmdir("try") < 0)
		return fail("remove a directory");
	return made < 0 ? tour_skip("needs opaque directories: %s",
				    failure.text) :
			  0;
}

int
stage_make_frame(void)
{
	static const char *const names[] = { "lower", "upper", "work", "mnt" };
	for (size_t i = 0; i < countof(names); i++)
		if (mkdir(names[i], 0755) < 0)
			return fail("make directory %s", names[i]);
	return 0;
}

int
stage_mount_frame(const char *options)
{
	auto_free char *all =
		text("lowerdir=lower,upperdir=upper,workdir=work%s%s",
		     overlay_needs_userxattr() ?
			     ",userxattr" :
			     ",index=off,metacopy=off",
		     options);
	if (sys_mount("overlay", "mnt", "overlay", 0, all) < 0)
		return fail("mount an overlay with %s", all);
	return 0;
}
