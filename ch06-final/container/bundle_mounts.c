/* bundle_mounts.c - parent.  What is mounted in a container: what every one
 * has, what was asked for, and the files that its runtime writes. */
#include "bundle_part.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bundle.h"
#include "idmap.h"
#include "rootless.h"

#define DEV_OPTIONS "nosuid,noexec,nodev"

static void
add(json_t *mounts, const char *type, const char *source, const char *target,
    const char *options)
{
	json_array_append_new(
		mounts, json_pack("{s:o, s:s, s:o, s:o}", "destination",
				  bundle_text(target), "type", type, "source",
				  bundle_text(source), "options",
				  bundle_split(options)));
}

/* ---- what every container has ------------------------------------------- */

/* --ipc: its own, the host's, another's, or none at all.  An mqueue is always
 * that of the namespace of who mounts it. */
static void
add_ipc(json_t *mounts, const struct settings *settings, const char *shm)
{
	const char *mode = settings->ipc ?: "private";
	auto_free char *size =
		text(DEV_OPTIONS ",mode=1777,size=%" PRId64,
		     settings_shm_size(settings));
	if (shm || strcmp(mode, "host") == 0) {
		add(mounts, "bind", shm ?: "/dev/shm", "/dev/shm",
		    "rbind," DEV_OPTIONS);
	} else if (strcmp(mode, "none") != 0) {
		add(mounts, "tmpfs", "shm", "/dev/shm", size);
	}
	/* In a user namespace that of the host can only be shown where the
	 * host has it; the queues work without. */
	if (strcmp(mode, "host") != 0 || !rootless_is_inside() ||
	    access("/dev/mqueue", F_OK) == 0)
		add(mounts, "mqueue", "mqueue", "/dev/mqueue", DEV_OPTIONS);
}

static void
add_usual(json_t *mounts, const struct settings *settings, const char *shm)
{
	const char *ro = settings->privileged ? "" : ",ro";
	auto_free char *sys = text(DEV_OPTIONS "%s", ro);
	auto_free char *cgroup = text(DEV_OPTIONS ",relatime%s", ro);
	add(mounts, "proc", "proc", "/proc", DEV_OPTIONS);
	add(mounts, "tmpfs", "tmpfs", "/dev",
	    "nosuid,strictatime,mode=755,size=65536k");
	add(mounts, "devpts", "devpts", "/dev/pts",
	    idmap_is_alone() ?
		    "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620" :
		    "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
	add(mounts, "sysfs", "sysfs", "/sys", sys);
	add(mounts, "cgroup", "cgroup", "/sys/fs/cgroup", cgroup);
	add_ipc(mounts, settings, shm);
}

/* ---- what was asked for ------------------------------------------------- */

static const struct flag_name {
	unsigned long flag;
	const char *name;
} flag_names[] = {
	{ MS_RDONLY, "ro" },	     { MS_NOSUID, "nosuid" },
	{ MS_NODEV, "nodev" },	     { MS_NOEXEC, "noexec" },
	{ MS_NOATIME, "noatime" },   { MS_NODIRATIME, "nodiratime" },
	{ MS_STRICTATIME, "strictatime" },
};

/* Appends ",WORD"; takes the old list. */
static void
more(char **options, const char *word)
{
	char *longer = text("%s%s%s", *options, **options ? "," : "", word);
	free(*options);
	*options = longer;
}

static void
add_tmpfs(json_t *mounts, const struct volume *volume)
{
	auto_free char *options = copy_text("");
	for (size_t i = 0; i < countof(flag_names); i++)
		if (volume->flags & flag_names[i].flag)
			more(&options, flag_names[i].name);
	more(&options, volume->data ?: "");
	add(mounts, "tmpfs", "tmpfs", volume->target, options);
}

/* What is below a read-only mount can be made read-only since Linux 5.12. */
static bool
can_change_below(void)
{
#ifdef SYS_mount_setattr
	return syscall(SYS_mount_setattr, -1, NULL, 0, NULL, 0) < 0 &&
	       errno != ENOSYS;
#else
	return false;
#endif
}

/* Docker's own of a mount that is private. */
static void
add_bind(json_t *mounts, const char *source, const struct volume *volume)
{
	const char *way = volume->recursive ?: "enabled";
	bool is_flat = strcmp(way, "disabled") == 0;
	auto_free char *options = copy_text(is_flat ? "bind" : "rbind");
	more(&options, volume->propagation ?: "rprivate");
	if (volume->flags & MS_RDONLY) {
		more(&options, "ro");
		if (strcmp(way, "readonly") == 0 ||
		    (strcmp(way, "enabled") == 0 && can_change_below()))
			more(&options, "rro");
	}
	add(mounts, "bind", source, volume->target, options);
}

/* "device" of "device=/dev/sda1". */
static const char *
option_of(const struct words *options, const char *key)
{
	size_t length = strlen(key);
	for (size_t i = 0; i < options->count; i++)
		if (strncmp(options->items[i], key, length) == 0 &&
		    options->items[i][length] == '=')
			return options->items[i] + length + 1;
	return NULL;
}

/* A volume that was made with options is the mount that they describe. */
static void
add_volume(json_t *mounts, const struct volume *volume, int path,
	   const struct bundle_facts *facts)
{
	/* An image's is nothing but that, too. */
	const char *type = option_of(&volume->options, "type");
	const char *device = option_of(&volume->options, "device");
	if (!type) {
		auto_free char *data = path >= 0 ?
			text("/proc/%d/fd/%d", getpid(), path) :
			text("%s/%s/_data", facts->volumes, volume->source);
		add_bind(mounts, data, volume);
		return;
	}
	auto_free char *options =
		copy_text(option_of(&volume->options, "o") ?: "");
	if (volume->flags & MS_RDONLY)
		more(&options, "ro");
	add(mounts, type, device ?: type, volume->target, options);
}

static void
add_wanted(json_t *mounts, const struct volume *volume, int path,
	   const struct bundle_facts *facts)
{
	if (strcmp(volume->type, "tmpfs") == 0)
		add_tmpfs(mounts, volume);
	else if (strcmp(volume->type, "bind") == 0)
		add_bind(mounts, volume->source, volume);
	else
		add_volume(mounts, volume, path, facts);
}

/* What is mounted outside later is seen in a slave, and what is mounted in a
 * shared mount is seen outside, only if the root is no less. */
static const char *
spread_of(const struct settings *settings)
{
	const char *spread = NULL;
	for (size_t i = 0; i < settings->volume_count; i++) {
		const char *one = settings->volumes[i].propagation ?: "";
		if (strstr(one, "shared"))
			return "shared";
		if (strstr(one, "slave"))
			spread = "rslave";
	}
	return spread;
}

/* ---- the runtime's files ------------------------------------------------ */

static bool
is_taken(const struct settings *settings, const char *target)
{
	for (size_t i = 0; i < settings->volume_count; i++)
		if (strcmp(settings->volumes[i].target, target) == 0)
			return true;
	return false;
}

/* Unless somebody mounts his own there. */
static void
add_files(json_t *mounts, const struct settings *settings,
	  const struct bundle_facts *facts)
{
	static const char *const files[] = { "resolv.conf", "hostname",
					     "hosts" };
	for (size_t i = 0; i < countof(files); i++) {
		auto_free char *source =
			text("%s/%s", facts->directory, files[i]);
		auto_free char *target = text("/etc/%s", files[i]);
		if (!is_taken(settings, target))
			add(mounts, "bind", source, target,
			    "rbind,rprivate,nosuid,nodev");
	}
	if (settings->init)
		add(mounts, "bind", facts->init, "/sbin/docker-init",
		    "bind,ro,nosuid,nodev");
}

json_t *
bundle_mounts(const struct settings *settings,
	      const struct bundle_facts *facts, const char **spread)
{
	json_t *mounts = json_array();
	if (settings->init && !facts->init) {
		json_decref(mounts);
		failx("--init: there is no init beside this program");
		return NULL;
	}
	add_usual(mounts, settings, facts->shm);
	for (size_t i = 0; i < settings->device_count; i++)
		if (bundle_lends_device(&settings->devices[i]))
			add(mounts, "bind", settings->devices[i].host,
			    settings->devices[i].target,
			    "rbind,nosuid,noexec");
	for (size_t i = 0; i < settings->volume_count; i++)
		add_wanted(mounts, &settings->volumes[i],
			   facts->paths ? facts->paths[i] : -1, facts);
	add_files(mounts, settings, facts);
	*spread = spread_of(settings);
	return mounts;
}
