/* devices.c - child.  See devices.h. */
#include "devices.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "mountfd.h"
#include "place.h"
#include "rootfs.h"
#include "safepath.h"
#include "session.h"

/* A node to be, whoever wants it. */
struct node {
	const char *path; /* in the root */
	mode_t type;	  /* S_IFCHR and so on */
	mode_t mode;
	dev_t number;
	uid_t uid;
	gid_t gid;
};

/* ---- one node -------------------------------------------------------- */

static const char *
type_name(mode_t type)
{
	return type == S_IFIFO ? "FIFO" :
	       type == S_IFBLK ? "block device" :
				 "character device";
}

static int
check_same(const struct stat *st, const struct node *node, const char *whose)
{
	if ((st->st_mode & S_IFMT) == node->type &&
	    (node->type == S_IFIFO || st->st_rdev == node->number))
		return 0;
	if (node->type == S_IFIFO)
		return failx("%s %s is no FIFO", whose, node->path);
	return failx("%s %s is not the %s %u:%u", whose, node->path,
		     type_name(node->type), major(node->number),
		     minor(node->number));
}

/* By the host's node of the same name; its owner and mode are the host's. */
static int
bind_host(int root, const struct node *node)
{
	struct stat st;
	auto_place struct place place = PLACE_NONE;
	auto_close int source =
		open(node->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (source < 0 || fstat(source, &st) < 0)
		return fail("no device can be made here (a user namespace, or "
			    "a device cgroup that forbids it), and the host "
			    "lends none: open %s", node->path);
	if (check_same(&st, node, "the host's") < 0 ||
	    place_open(&place, root, node->path, PLACE_FILE) < 0)
		return -1;
	auto_close int made = place_cover(&place, source);
	return made < 0 ? -1 : 0;
}

/* The directory that the node is to be in, and its name there. */
static int
open_parent(int root, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	*name = slash + 1;
	if (!**name || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0)
		return failx("%s does not end in a name", path);
	auto_free char *above = text("%.*s/", (int)(slash - path), path);
	return safepath_make_dir(root, above, 0755);
}

/* The umask is 0. */
static int
make_at(int root, int dir, const char *name, const struct node *node)
{
	struct stat st;
	int made = mknodat(dir, name, node->type | node->mode, node->number);
	if (trace(made, "mknodat(%d, \"%s\", %#o, %u:%u)", dir, name,
		  node->type | node->mode, major(node->number),
		  minor(node->number)) == 0) {
		if ((node->uid || node->gid) &&
		    fchownat(dir, name, node->uid, node->gid,
			     AT_SYMLINK_NOFOLLOW) < 0)
			return fail("give %s to %u:%u", node->path, node->uid,
				    node->gid);
		return 0;
	}
	if (errno == EPERM)
		return bind_host(root, node);
	if (errno != EEXIST)
		return fail("make %s", node->path);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail("look at %s", node->path);
	return check_same(&st, node, "there is something else: the root's");
}

static int
make_node(int root, const struct node *node)
{
	const char *name;
	auto_close_later int dir = open_parent(root, node->path, &name);
	return dir < 0 ? -1 : make_at(root, dir, name, node);
}

/* ---- what every container has ---------------------------------------- */

static int
make_defaults(int root, int dev)
{
	const struct rootfs_device *device = rootfs_devices;
	for (; device->name; device++) {
		char path[32];
		snprintf(path, sizeof(path), "/dev/%s", device->name);
		const struct node node = {
			.path = path,
			.type = S_IFCHR,
			.mode = 0666,
			.number = makedev(device->major, device->minor),
		};
		if (make_at(root, dev, device->name, &node) < 0)
			return -1;
	}
	return 0;
}

#define PTMX "ptmx"

/* What an image has under these names is left to it; but see link_ptmx(). */
static int
make_links(int root, int dev)
{
	const struct rootfs_link *link = rootfs_links;
	auto_close_later int there =
		safepath_open(root, "/proc/self/fd", O_PATH);
	if (there < 0) /* without /proc they would lead nowhere */
		return 0;
	for (; strcmp(link->name, PTMX) != 0; link++)
		if (symlinkat(link->target, dev, link->name) < 0 &&
		    errno != EEXIST)
			return fail("make the link /dev/%s", link->name);
	return 0;
}

/* A node 5:2 of the image's would open the host's terminals. */
static int
link_ptmx(int dev)
{
	char old[16] = "";
	if (symlinkat("pts/ptmx", dev, PTMX) == 0)
		return 0;
	if (errno != EEXIST)
		return fail("make the link /dev/ptmx");
	if (readlinkat(dev, PTMX, old, sizeof(old) - 1) > 0 &&
	    strcmp(old, "pts/ptmx") == 0)
		return 0;
	if (unlinkat(dev, PTMX, 0) < 0 ||
	    symlinkat("pts/ptmx", dev, PTMX) < 0)
		return fail("replace /dev/ptmx");
	return 0;
}

/* ---- linux.devices --------------------------------------------------- */

static struct node
node_of(const struct oci_device *device)
{
	char type = device->type[0];
	return (struct node){
		.path = device->path,
		.type = type == 'p' ? S_IFIFO :
			type == 'b' ? S_IFBLK :
				      S_IFCHR,
		.mode = device->file_mode.set ? device->file_mode.value : 0666,
		.number = type == 'p' ? 0 :
					makedev(device->major.value,
						device->minor.value),
		.uid = device->uid,
		.gid = device->gid,
	};
}

/* That the container has only a link for ptmx is for its own good. */
static bool
is_ptmx(const char *path)
{
	return strcmp(path, "/dev/ptmx") == 0;
}

static int
make_devices(int root, const struct oci_linux *kernel)
{
	for (size_t i = 0; kernel && i < kernel->device_count; i++) {
		const struct node node = node_of(&kernel->devices[i]);
		if (!is_ptmx(node.path) && make_node(root, &node) < 0)
			return wrap("linux.devices[%zu]", i);
	}
	return 0;
}

/* ---- a /dev that is the host's --------------------------------------- */

static bool
is_dev(const char *path)
{
	size_t length = strlen("/dev");
	return strncmp(path, "/dev", length) == 0 &&
	       strspn(path + length, "/") == strlen(path + length);
}

/* The last one counts. */
static bool
is_bound(const struct oci_config *config)
{
	bool bound = false;
	for (size_t i = 0; i < config->mount_count; i++)
		if (is_dev(config->mounts[i].plan.target))
			bound = config->mounts[i].plan.flags & MS_BIND;
	return bound;
}

static bool
is_below_dev(const char *path)
{
	return strncmp(path, "/dev/", strlen("/dev/")) == 0;
}

/* Nothing is made in it; what is wanted of it must be there. */
static int
check_devices(int root, const struct oci_linux *kernel)
{
	for (size_t i = 0; kernel && i < kernel->device_count; i++) {
		struct stat st;
		const struct node node = node_of(&kernel->devices[i]);
		if (!is_below_dev(node.path)) {
			if (make_node(root, &node) < 0)
				return wrap("linux.devices[%zu]", i);
			continue;
		}
		auto_close int fd = safepath_open(root, node.path, O_PATH);
		if (fd < 0 || fstat(fd, &st) < 0 ||
		    (!is_ptmx(node.path) &&
		     check_same(&st, &node, "the host's") < 0))
			return wrap("linux.devices[%zu]: /dev is a bind mount, "
				    "in which nothing is made", i);
	}
	return 0;
}

/* ---- the whole ------------------------------------------------------- */

/* Those that are asked for come first: they may be a default one with another
 * mode or owner. */
static int
make_all(int root, const struct oci_linux *kernel)
{
	/* Through a link nodes could be put anywhere (CVE-2026-41579). */
	auto_place struct place dev = PLACE_NONE;
	if (place_open(&dev, root, "/dev", PLACE_PLAIN) < 0)
		return wrap("make the default devices");
	if (make_devices(root, kernel) < 0)
		return -1;
	if (make_defaults(root, dev.fd) < 0 || link_ptmx(dev.fd) < 0)
		return wrap("make the default devices");
	return make_links(root, dev.fd);
}

int
devices_make(int root, const struct oci_config *config)
{
	mode_t mask = umask(0);
	int result = is_bound(config) ? check_devices(root, config->kernel) :
					make_all(root, config->kernel);
	umask(mask);
	return result;
}
