/* bundle_devices.c - parent.  Which devices a container has, and which it may
 * open and make.  Those that every container has are the runtime's own. */
#include "bundle_part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "bundle.h"
#include "rootless.h"

/* Where a device and the rule for it go. */
struct lists {
	json_t *devices, *rules;
};

static void
add_rule(json_t *rules, const char *type, const char *major_number,
	 const char *minor_number, const char *access)
{
	json_t *rule = json_pack("{s:b, s:s, s:s}", "allow", 1, "type", type,
				 "access", access);
	if (*major_number != '*')
		json_object_set_new(rule, "major",
				    json_integer(atoll(major_number)));
	if (*minor_number != '*')
		json_object_set_new(rule, "minor",
				    json_integer(atoll(minor_number)));
	json_array_append_new(rules, rule);
}

static void
add_node(const struct lists *to, const char *target, const struct stat *st,
	 const char *access)
{
	const char *type = S_ISBLK(st->st_mode) ? "b" : "c";
	json_int_t number[2] = { major(st->st_rdev), minor(st->st_rdev) };
	json_array_append_new(
		to->devices,
		json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:I}", "path",
			  bundle_text(target), "type", type, "major",
			  number[0], "minor", number[1], "fileMode",
			  (json_int_t)(st->st_mode & 0777), "uid",
			  (json_int_t)st->st_uid, "gid",
			  (json_int_t)st->st_gid));
	if (access)
		json_array_append_new(
			to->rules,
			json_pack("{s:b, s:s, s:I, s:I, s:s}", "allow", 1,
				  "type", type, "major", number[0], "minor",
				  number[1], "access", access));
}

static bool
is_node(const struct stat *st)
{
	return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
}

/* ---- a directory of them ------------------------------------------------ */

/* What in /dev is a file system of its own, or the container's. */
static bool
is_left_out(const char *name)
{
	static const char *const names[] = { ".", "..", "pts", "shm", "fd",
					     "mqueue", "console", "ptmx",
					     "hugepages" };
	for (size_t i = 0; i < countof(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* All nodes in and below `host` as the same below `target`.  What goes away
 * meanwhile is not there. */
static void
add_below(const struct lists *to, const char *host, const char *target,
	  const char *access)
{
	auto_dir DIR *dir = opendir(host);
	struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		struct stat st;
		if (is_left_out(entry->d_name) ||
		    fstatat(dirfd(dir), entry->d_name, &st,
			    AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		auto_free char *from = text("%s/%s", host, entry->d_name);
		auto_free char *into = text("%s/%s", target, entry->d_name);
		if (S_ISDIR(st.st_mode))
			add_below(to, from, into, access);
		else if (is_node(&st))
			add_node(to, into, &st, access);
	}
}

/* ---- what was asked for ------------------------------------------------- */

bool
bundle_lends_device(const struct device_wanted *device)
{
	return rootless_is_inside() &&
	       strcmp(device->host, device->target) != 0;
}

static int
add_wanted(const struct lists *to, const struct device_wanted *device)
{
	struct stat st;
	if (stat(device->host, &st) < 0)
		return fail("error gathering device information while adding "
			    "custom device \"%s\"", device->host);
	if (bundle_lends_device(device))
		return 0;
	if (is_node(&st)) {
		add_node(to, device->target, &st, device->access);
		return 0;
	}
	size_t before = json_array_size(to->devices);
	if (S_ISDIR(st.st_mode))
		add_below(to, device->host, device->target, device->access);
	return json_array_size(to->devices) > before ?
		       0 :
		       failx("error gathering device information while adding "
			     "custom device \"%s\": not a device node",
			     device->host);
}

/* "c 1:3 rwm", which take_device_rule() has checked. */
static void
add_wanted_rule(json_t *rules, const char *string)
{
	auto_free char *rule = copy_text(string);
	char *rest = rule;
	char *type = strsep(&rest, " "), *first = strsep(&rest, ":");
	char *second = strsep(&rest, " ");
	if (rest)
		add_rule(rules, type, first, second, rest);
}

int
bundle_devices(const struct settings *settings, json_t *kernel,
	       json_t *resources)
{
	struct lists to = { json_array(), json_array() };
	json_object_set_new(kernel, "devices", to.devices);
	json_object_set_new(resources, "devices", to.rules);
	json_array_append_new(to.rules,
			      json_pack("{s:b, s:s}", "allow",
					settings->privileged, "access",
					"rwm"));
	if (settings->privileged)
		add_below(&to, "/dev", "/dev", NULL);
	for (size_t i = 0; i < settings->device_count; i++)
		if (add_wanted(&to, &settings->devices[i]) < 0)
			return -1;
	for (size_t i = 0; i < settings->device_rules.count; i++)
		add_wanted_rule(to.rules, settings->device_rules.items[i]);
	return 0;
}
