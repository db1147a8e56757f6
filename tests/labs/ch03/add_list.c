/* add_list.c LIST - mounts an overlay of the layers in the list, and reads them
 * back, in namespaces of its own. */
#include <sys/mount.h>
#include <sys/stat.h>

#include "mountinfo.h"
#include "overlay.h"
#include "stop.h"

static int
mount_id(const char *target)
{
	auto_mounts struct mount_table table = { 0 };
	auto_free char *full = realpath(target, NULL);
	must(full && mountinfo_read(0, &table) == 0);
	const struct mountinfo *found = mountinfo_find(&table, full);
	must(found);
	return found->id;
}

int
main(int argc, char **argv)
{
	auto_layers struct overlay_layers layers = { 0 };
	must(argc == 2);
	become_privileged(CLONE_NEWNS);
	auto_free char *options = text("lowerdir=%s", argv[1]);
	must(mkdir("mnt", 0755) == 0);
	must(mount("overlay", "mnt", "overlay", 0, options) == 0);
	int id = mount_id("mnt");
	forget_failure();
	int result = overlay_read_layers(0, id, &layers);
	stop("read", "count=%zu %s", layers.count, RESULT(result));
	for (size_t i = 0; i < layers.count; i++)
		stop("layer", "text=%s", layers.names[i]);
	return 0;
}
