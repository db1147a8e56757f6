/* yard.c - child.  See yard.h. */
#include "yard.h"

#include <string.h>
#include <sys/stat.h>

#include "hierarchy.h"
#include "sys.h"

static int
mount_at(const char *source, const char *target, const char *type,
	 unsigned long flags, const char *data)
{
	if (mkdir(target, 0755) < 0)
		return fail("make %s", target);
	if (sys_mount(source, target, type, flags, data) < 0)
		return fail("mount %s at %s", source, target);
	return 0;
}

/* One that is mounted nowhere is so here. */
static int
show(const struct hierarchy *hierarchy, const char *place)
{
	static const char named[] = "name=";
	const char *names = hierarchy->controllers;
	bool is_v2 = hierarchy->version == 2;
	bool is_named = !is_v2 && strncmp(names, named, strlen(named)) == 0;
	const char *as = is_v2	  ? "unified" :
			 is_named ? names + strlen(named) :
				    names;
	auto_free char *target = text("%s/" YARD "/%s", place, as);
	if (hierarchy->mount)
		return mount_at(hierarchy->mount, target, NULL, MS_BIND,
				NULL);
	auto_free char *options = text("%s%s", is_named ? "none," : "", names);
	return is_v2 ? mount_at("cgroup2", target, "cgroup2", 0, NULL) :
		       mount_at("cgroup", target, "cgroup", 0, options);
}

int
yard_make(const char *place, const char *rootfs)
{
	auto_free char *yard = text("%s/" YARD, place);
	auto_free char *root = text("%s/" YARD_ROOT, place);
	auto_hierarchies struct hierarchies found = { 0 };
	if (hierarchy_find_all(&found) < 0)
		return -1;
	if (sys_unshare(CLONE_NEWNS) < 0 ||
	    sys_mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
	    sys_mount("criu", place, "tmpfs", 0, "mode=700") < 0)
		return fail("make a mount namespace for criu");
	if (mkdir(yard, 0700) < 0)
		return fail("make %s", yard);
	for (size_t i = 0; i < found.count; i++)
		if (show(&found.all[i], place) < 0)
			return -1;
	return rootfs ? mount_at(rootfs, root, NULL, MS_BIND | MS_REC, NULL) :
			0;
}
