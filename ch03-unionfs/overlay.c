/* overlay.c - see overlay.h. */
#include "overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "mountfd.h"
#include "mountinfo.h"
#include "sys.h"

#ifndef OVERLAYFS_SUPER_MAGIC
#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#endif

/* fsconfig(2) takes no longer string, with its NUL. */
#define FSCONFIG_STRING_MAX 256
/* OVL_MAX_STACK of the kernel. */
#define LAYERS_MAX 500
/* The inode number of the first user namespace: PROC_USER_INIT_INO. */
#define FIRST_USER_NAMESPACE 0xEFFFFFFDU

enum { NOT_HERE = 1 }; /* the kernel is too old for this way */

bool
overlay_needs_userxattr(void)
{
	struct stat st;
	int code = errno; /* this is asked in the middle of failures, too */
	int done = stat("/proc/self/ns/user", &st);
	errno = code;
	return done == 0 && st.st_ino != FIRST_USER_NAMESPACE;
}

/* ---- bad input --------------------------------------------------------- */

static int
check_directory(const char *what, const char *path, struct stat *st)
{
	if (stat(path, st) < 0)
		return fail("%s %s", what, path);
	if (!S_ISDIR(st->st_mode))
		return failx("%s %s is not a directory", what, path);
	return 0;
}

static int
check_upper(const struct overlay *o)
{
	struct stat upper, work;
	if (check_directory("upper directory", o->upper, &upper) < 0 ||
	    check_directory("work directory", o->work, &work) < 0)
		return -1;
	if (upper.st_dev != work.st_dev)
		return failx("the work directory %s is on another file system "
			     "than the upper directory %s: files could not be "
			     "renamed from one into the other", o->work,
			     o->upper);
	if (upper.st_ino == work.st_ino)
		return failx("the upper and the work directory are the same "
			     "one, %s: make one beside it", o->work);
	return 0;
}

static int
check_empty(const char *path)
{
	auto_dir DIR *dir = opendir(path);
	struct dirent *entry;
	if (!dir)
		return fail("open %s", path);
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			return failx("a single layer without an upper needs "
				     "an empty mount point, and %s holds "
				     "\"%s\"", path, entry->d_name);
	return 0;
}

static int
check(const struct overlay *o, const char *target)
{
	struct stat st;
	if (o->layer_count == 0)
		return failx("an overlay needs at least one layer");
	if (o->layer_count > LAYERS_MAX)
		return failx("%zu layers: the kernel takes no more than %d",
			     o->layer_count, LAYERS_MAX);
	if (!o->upper != !o->work)
		return failx("an upper and a work directory go together");
	for (size_t i = 0; i < o->layer_count; i++)
		if (check_directory("layer", o->layers[i], &st) < 0)
			return -1;
	if (o->upper && check_upper(o) < 0)
		return -1;
	if (lstat(target, &st) < 0)
		return fail("mount point %s", target);
	if (!S_ISDIR(st.st_mode))
		return failx("mount point %s is not a directory", target);
	return 0;
}

/* ---- after a failure, and after a success ------------------------------ */

/* What the errno of an overlay mount means, where it is known. */
static const char *
advice(int code)
{
	switch (code) {
	case ENODEV:
		return " (this kernel has no overlay: try \"modprobe "
		       "overlay\")";
	case EPERM:
		return overlay_needs_userxattr() ?
			       " (in a user namespace this takes Linux 5.11)" :
			       " (this takes root, or a user namespace)";
	case EBUSY:
		return " (the upper or the work directory belongs to another "
		       "mount)";
	case ELOOP:
		return " (a directory is named twice, or one is inside "
		       "another)";
	case ESTALE:
		return " (this upper directory was made over other layers)";
	case EINVAL:
		return " (is the upper on an overlay or NFS, or the work "
		       "directory inside it? \"dmesg\" may say)";
	default:
		return "";
	}
}

/*
 * An upper that cannot take what overlay has to write makes the kernel fall
 * back to a read-only mount and say so in its log only.
 */
static int
check_writable(const struct overlay *o, unsigned long flags, int mount,
	       const char *said)
{
	struct statvfs has;
	if (!o->upper || (flags & MS_RDONLY))
		return 0;
	if (fstatvfs(mount, &has) < 0)
		return fail("look at the new overlay");
	if (has.f_flag & ST_RDONLY)
		return failx("the kernel mounted the overlay read-only: it "
			     "could not use the work directory %s%s", o->work,
			     *said ? said : " (\"dmesg\" may say why)");
	return 0;
}

/* ---- options ----------------------------------------------------------- */

/* A backslash before each sign that means something in the option string. */
static char *
escaped(const char *path)
{
	char *result = new_bytes(2 * strlen(path) + 1);
	char *out = result;
	for (; *path; path++) {
		if (strchr("\\:,", *path))
			*out++ = '\\';
		*out++ = *path;
	}
	return result;
}

/* Join the pieces; `names` are the layers, then upper and work if any. */
static char *
option_string(const struct overlay *o, char *const *names)
{
	size_t size = sizeof("lowerdir=,upperdir=,workdir=,userxattr");
	size_t count = o->layer_count + (o->upper ? 2 : 0);
	for (size_t i = 0; i < count; i++)
		size += strlen(names[i]) + 1;
	char *options = new_bytes(size);
	char *end = stpcpy(options, "lowerdir=");
	for (size_t i = 0; i < o->layer_count; i++) {
		if (i > 0)
			*end++ = ':';
		end = stpcpy(end, names[i]);
	}
	if (o->upper) {
		end = stpcpy(stpcpy(end, ",upperdir="), names[count - 2]);
		end = stpcpy(stpcpy(end, ",workdir="), names[count - 1]);
	}
	if (o->userxattr)
		stpcpy(end, ",userxattr");
	return options;
}

/* ---- the way of Linux 6.8: one fsconfig(2) a layer --------------------- */

/* fsconfig(FSCONFIG_SET_FD), else the descriptor's name in /proc. */
static int
set_long_path(int fs, const char *key, const char *path)
{
	auto_close int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -1;
	if (trace(syscall(SYS_fsconfig, fs, FSCONFIG_SET_FD, key, NULL, dir),
		  "fsconfig(%d, FSCONFIG_SET_FD, \"%s\", %d)", fs, key,
		  dir) == 0)
		return 0;
	auto_free char *name = text("/proc/self/fd/%d", dir);
	return sys_fsconfig(fs, FSCONFIG_SET_STRING, key, name);
}

/* "lowerdir+" is taken as it is; upperdir and workdir want their escapes. */
static int
set_path(int fs, const char *key, const char *path, bool escape)
{
	auto_free char *value = escape ? escaped(path) : copy_text(path);
	if (strlen(value) >= FSCONFIG_STRING_MAX)
		return set_long_path(fs, key, path);
	return sys_fsconfig(fs, FSCONFIG_SET_STRING, key, value);
}

/*
 * Before Linux 6.5 overlay has no parser of its own for fsconfig(2): any word
 * is taken, and those that mean nothing are refused at the end, in dmesg.
 */
static bool
takes_anything(int fs)
{
	bool taken = sys_fsconfig(fs, FSCONFIG_SET_FLAG, "no-such-option",
				  NULL) == 0;
	free(mountfd_log(fs)); /* its complaint was wanted */
	return taken;
}

static int
configure(int fs, const struct overlay *o)
{
	if (takes_anything(fs))
		return NOT_HERE;
	if (sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", "overlay") < 0)
		return -1;
	for (size_t i = 0; i < o->layer_count; i++)
		if (set_path(fs, "lowerdir+", o->layers[i], false) < 0)
			return i == 0 && errno == EINVAL ? NOT_HERE : -1;
	if (o->upper && (set_path(fs, "upperdir", o->upper, true) < 0 ||
			 set_path(fs, "workdir", o->work, true) < 0))
		return -1;
	if (o->userxattr &&
	    sys_fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL) < 0)
		return -1;
	return sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL);
}

/* `*mount` is nowhere yet. */
static int
open_by_layer(const struct overlay *o, const char *target,
	      unsigned long flags, int *mount)
{
	auto_close int fs = sys_fsopen("overlay");
	if (fs < 0)
		return mountfd_is_missing(errno) ?
			       NOT_HERE :
			       fail("mount an overlay on %s%s", target,
				    advice(errno));
	int configured = configure(fs, o);
	if (configured == NOT_HERE)
		return NOT_HERE;
	auto_close int made =
		configured < 0 ?
			-1 :
			sys_fsmount(fs, mountfd_attributes(flags));
	auto_free char *said = mountfd_log(fs);
	if (made < 0)
		return fail("mount an overlay on %s%s", target,
			    *said ? said : advice(errno));
	if (check_writable(o, flags, made, said) < 0)
		return -1;
	*mount = take_fd(&made);
	return 0;
}

static int
mount_by_layer(const struct overlay *o, const char *target,
	       unsigned long flags)
{
	auto_close int mount = -1;
	int result = open_by_layer(o, target, flags, &mount);
	if (result != 0)
		return result;
	if (sys_move_mount(mount, target) < 0)
		return fail("attach the overlay to %s", target);
	return 0;
}

/* ---- the way of every kernel: mount(2) --------------------------------- */

static int
mount_string(const char *target, unsigned long flags, const char *options)
{
	if (strlen(options) >= (size_t)sysconf(_SC_PAGESIZE))
		return failx("mount an overlay on %s: even as numbers its "
			     "layers do not fit in a page", target);
	if (sys_mount("overlay", target, "overlay", flags, options) < 0)
		return fail("mount an overlay on %s%s", target, advice(errno));
	return 0;
}

/*
 * Give every directory as the number of an open descriptor, relative to
 * /proc/self/fd: "lowerdir=3:4:5" holds 500 layers in half a page.
 */
static int
mount_by_numbers(const struct overlay *o, int target, unsigned long flags,
		 int *dirs, char **names)
{
	size_t count = o->layer_count + (o->upper ? 2 : 0);
	for (size_t i = 0; i < count; i++) {
		const char *path = i < o->layer_count ? o->layers[i] :
				   i == o->layer_count ? o->upper :
							 o->work;
		dirs[i] = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dirs[i] < 0)
			return fail("hold %s open", path);
		names[i] = text("%d", dirs[i]);
	}
	auto_close int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (back < 0)
		return fail("hold the working directory open");
	if (chdir("/proc/self/fd") < 0)
		return fail("enter /proc/self/fd (this kernel cannot mount so "
			    "many layers without it)");
	auto_free char *options = option_string(o, names);
	auto_free char *number = text("%d", target);
	int result = mount_string(number, flags, options);
	struct failure reason = failure;
	if (fchdir(back) < 0)
		return fail("return to the working directory");
	failure = reason;
	return result;
}

static int
mount_short(const struct overlay *o, int target, unsigned long flags)
{
	size_t count = o->layer_count + 2;
	auto_free int *dirs = new_bytes(count * sizeof(*dirs));
	auto_free char **names = new_bytes(count * sizeof(*names));
	for (size_t i = 0; i < count; i++)
		dirs[i] = -1;
	int result = mount_by_numbers(o, target, flags, dirs, names);
	for (size_t i = 0; i < count; i++) {
		close_scoped(&dirs[i]);
		free(names[i]);
	}
	return result;
}

static char *
long_options(const struct overlay *o)
{
	size_t count = 0;
	auto_free char **names =
		new_bytes((o->layer_count + 2) * sizeof(*names));
	for (; count < o->layer_count; count++)
		names[count] = escaped(o->layers[count]);
	if (o->upper) {
		names[count++] = escaped(o->upper);
		names[count++] = escaped(o->work);
	}
	char *options = option_string(o, names);
	while (count > 0)
		free(names[--count]);
	return options;
}

static int
mount_by_string(const struct overlay *o, const char *target,
		unsigned long flags)
{
	auto_free char *options = long_options(o);
	if (strlen(options) < (size_t)sysconf(_SC_PAGESIZE)) {
		if (mount_string(target, flags, options) < 0)
			return -1;
	} else {
		auto_close int dir =
			open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			return fail("open %s", target);
		if (mount_short(o, dir, flags) < 0)
			return -1;
	}
	auto_close int mount = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mount < 0)
		return fail("open %s", target);
	if (check_writable(o, flags, mount, "") < 0) {
		mountfd_undo(mount);
		return -1;
	}
	return 0;
}

/* ---- mount and unmount ------------------------------------------------- */

int
overlay_mount(const struct overlay *overlay, const char *target,
	      unsigned long flags)
{
	struct overlay o = *overlay;
	const char *pair[2];
	if (check(&o, target) < 0)
		return -1;
	if (!o.upper && o.layer_count == 1) {
		if (check_empty(target) < 0)
			return -1;
		pair[0] = o.layers[0];
		pair[1] = target;
		o.layers = pair;
		o.layer_count = 2;
	}
	o.userxattr = o.userxattr || overlay_needs_userxattr();
	int result = mount_by_layer(&o, target, flags);
	return result == NOT_HERE ? mount_by_string(&o, target, flags) :
				    result;
}

int
overlay_open(const struct overlay *overlay, const char *target,
	     unsigned long flags)
{
	struct overlay o = *overlay;
	auto_close int mount = -1;
	if (check(&o, target) < 0)
		return -1;
	if (!o.upper)
		return failx("an overlay for %s needs an upper", target);
	o.userxattr = o.userxattr || overlay_needs_userxattr();
	int result = open_by_layer(&o, target, flags, &mount);
	if (result == NOT_HERE) {
		errno = ENOSYS;
		return fail("mount an overlay for %s", target);
	}
	return result < 0 ? -1 : take_fd(&mount);
}

/* 1: an overlay is mounted on it; 0: nothing is; -1: something else is. */
static int
has_overlay(const char *target)
{
	struct statfs fs;
	auto_close int dir = open(target, O_PATH | O_DIRECTORY | O_NOFOLLOW |
						  O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : fail("open %s", target);
	int is_root = mountfd_is_root(dir);
	if (is_root <= 0)
		return is_root;
	if (fstatfs(dir, &fs) < 0)
		return fail("look at %s", target);
	if ((unsigned int)fs.f_type != OVERLAYFS_SUPER_MAGIC)
		return failx("what is mounted on %s is not an overlay: it is "
			     "left to whoever mounted it", target);
	return 1;
}

/* Name the first mount below, if it is one that keeps the overlay busy. */
static int
fail_busy(const char *target)
{
	auto_mounts struct mount_table table = { 0 };
	auto_free char *path = realpath(target, NULL);
	size_t length = path ? strlen(path) : 0;
	if (path && mountinfo_read(0, &table) == 0)
		for (size_t i = 0; i < table.count; i++) {
			const char *at = table.mounts[i].target;
			if (strncmp(at, path, length) == 0 &&
			    at[length] == '/')
				return failx("unmount %s: %s is still mounted "
					     "below it", target, at);
		}
	errno = EBUSY;
	return fail("unmount %s (a process has it as working directory or "
		    "has files open there)", target);
}

int
overlay_unmount(const char *target)
{
	int there;
	while ((there = has_overlay(target)) > 0) {
		if (sys_umount2(target, UMOUNT_NOFOLLOW) == 0)
			continue;
		if (errno == EBUSY)
			return fail_busy(target);
		return fail("unmount %s", target);
	}
	return there;
}

/* ---- whiteouts --------------------------------------------------------- */

int
overlay_make_whiteout(int dir, const char *name)
{
	if (*name == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return failx("make a whiteout: \"%s\" is not the name of a "
			     "directory entry", name);
	if (trace(mknodat(dir, name, S_IFCHR, makedev(0, 0)),
		  "mknodat(%d, \"%s\", S_IFCHR, 0:0)", dir, name) < 0)
		return fail("make a whiteout for %s%s", name,
			    errno == EPERM && overlay_needs_userxattr() ?
				    " (in a user namespace this takes Linux "
				    "5.8)" :
				    "");
	return 0;
}

int
overlay_is_whiteout(int dir, const char *name)
{
	struct stat st;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail("look at %s", name);
	return S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0);
}

/* ---- the options of a mount, read back --------------------------------- */

/*
 * Two layers of escapes lie over a name.  The kernel's own, octal, are those
 * of every mountinfo line, and a comma in a name is among them: so the options
 * are cut apart before these are undone.  Below them are the backslashes with
 * which the name was given.
 */

/* "\134" and its like, undone in place. */
static void
undo_octal(char *field)
{
	char *out = field;
	for (const char *in = field; *in; out++) {
		unsigned int value;
		int length = 0;
		if (sscanf(in, "\\%3o%n", &value, &length) == 1 &&
		    length == 4) {
			*out = value;
			in += 4;
		} else {
			*out = *in++;
		}
	}
	*out = '\0';
}

static char *
unescaped(const char *path)
{
	char *result = new_bytes(strlen(path) + 1);
	char *out = result;
	for (; *path; path++) {
		if (path[0] == '\\' && path[1])
			path++;
		*out++ = *path;
	}
	return result;
}

static void
add_name(struct overlay_layers *layers, char *name)
{
	layers->names = resize_bytes(layers->names, (layers->count + 1) *
							    sizeof(char *));
	layers->names[layers->count++] = name;
}

/* The list of mount(2), "a:b:c".  A second colon in a row begins layers that
 * hold nothing but data; they are layers, too. */
static void
add_list(struct overlay_layers *layers, char *list)
{
	/* lab add_list: Cut the list at its colons, and add_name() a copy of
	 * each part, unescaped().  A sign with a backslash before it is part of
	 * the name, whatever it is: a colon, or another backslash.  An empty
	 * part is none. */
	while (list) {
		char *end = list;
		while (*end && *end != ':')
			end += end[0] == '\\' && end[1] ? 2 : 1;
		char *next = *end ? end + 1 : NULL;
		*end = '\0';
		if (*list)
			add_name(layers, unescaped(list));
		list = next;
	}
	/* lab end: (void)layers;
	 * (void)list; */
}

static void
add_option(struct overlay_layers *layers, char *option)
{
	char *value = strchr(option, '=');
	if (!value)
		return;
	*value++ = '\0';
	undo_octal(value);
	if (strcmp(option, "lowerdir+") == 0) {
		add_name(layers, copy_text(value));
	} else if (strcmp(option, "lowerdir") == 0) {
		add_list(layers, value);
	} else if (strcmp(option, "upperdir") == 0) {
		free(layers->upper);
		layers->upper = unescaped(value);
	} else if (strcmp(option, "workdir") == 0) {
		free(layers->work);
		layers->work = unescaped(value);
	}
}

/* The options in the line of this mount, as the kernel wrote them. */
static char *
find_options(char *table, int mount_id)
{
	auto_free char *prefix = text("%d ", mount_id);
	char *line;
	while ((line = strsep(&table, "\n"))) {
		char *at = strstr(line, " - overlay ");
		if (strncmp(line, prefix, strlen(prefix)) != 0 || !at)
			continue;
		at = strchr(at + strlen(" - overlay "), ' ');
		return at ? at + 1 : NULL;
	}
	return NULL;
}

int
overlay_read_layers(pid_t pid, int mount_id, struct overlay_layers *layers)
{
	*layers = (struct overlay_layers){ 0 };
	auto_free char *path = pid ? text("/proc/%d/mountinfo", pid) :
				     copy_text("/proc/self/mountinfo");
	auto_free char *table = read_all(AT_FDCWD, path, NULL);
	if (!table)
		return -1;
	char *options = find_options(table, mount_id);
	if (!options)
		return failx("%s has no overlay with the id %d", path,
			     mount_id);
	char *option;
	while ((option = strsep(&options, ",")))
		add_option(layers, option);
	if (layers->count > 0)
		return 0;
	overlay_free_layers(layers);
	return failx("the overlay with the id %d names no layer", mount_id);
}

void
overlay_free_layers(struct overlay_layers *layers)
{
	while (layers->count > 0)
		free(layers->names[--layers->count]);
	free(layers->names);
	free(layers->upper);
	free(layers->work);
	*layers = (struct overlay_layers){ 0 };
}
