/* oci_spec.c - parent.  See oci_spec.h. */
#include "oci_spec.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oci_config.h"
#include "rootfs.h"

/* Options that a user who is root of one id cannot have are left out. */
static const struct mount_row {
	const char *destination, *type, *source, *options, *rootless_options;
} mount_rows[] = {
	{ "/proc", "proc", "proc", "nosuid,noexec,nodev", NULL },
	{ "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k",
	  NULL },
	{ "/dev/pts", "devpts", "devpts",
	  "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5",
	  "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620" },
	{ "/dev/shm", "tmpfs", "shm",
	  "nosuid,noexec,nodev,mode=1777,size=65536k", NULL },
	{ "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev", NULL },
	{ "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro", NULL },
	{ "/sys/fs/cgroup", "cgroup", "cgroup",
	  "nosuid,noexec,nodev,relatime,ro", NULL },
};
/* A sysfs is the network namespace's, and that is the host's. */
static const struct mount_row rootless_sys = {
	"/sys", "none", "/sys", "rbind,nosuid,noexec,nodev,ro", NULL,
};

json_t *
oci_spec_strings(const char *const *list)
{
	json_t *array = json_array();
	for (; list && *list; list++)
		json_array_append_new(array, json_string(*list));
	return array;
}

/* "a,b" as an array. */
static json_t *
words(const char *list)
{
	json_t *array = json_array();
	for (const char *at = list; *at; at += strspn(at, ",")) {
		size_t length = strcspn(at, ",");
		json_array_append_new(array, json_stringn(at, length));
		at += length;
	}
	return array;
}

static json_t *
mounts(bool rootless)
{
	json_t *array = json_array();
	for (size_t i = 0; i < countof(mount_rows); i++) {
		const struct mount_row *row = &mount_rows[i];
		if (rootless && strcmp(row->type, "sysfs") == 0)
			row = &rootless_sys;
		const char *options = rootless && row->rootless_options ?
					      row->rootless_options :
					      row->options;
		json_array_append_new(
			array, json_pack("{s:s, s:s, s:s, s:o}", "destination",
					 row->destination, "type", row->type,
					 "source", row->source, "options",
					 words(options)));
	}
	return array;
}

static json_t *
process(void)
{
	static const char caps[] = "CAP_AUDIT_WRITE,CAP_KILL,"
				   "CAP_NET_BIND_SERVICE";
	return json_pack("{s:b, s:{s:i, s:i}, s:[s], s:[s, s], s:s, "
			 "s:{s:o, s:o, s:o}, s:[{s:s, s:i, s:i}], s:b}",
			 "terminal", 1, "user", "uid", 0, "gid", 0, "args",
			 "sh", "env",
			 "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
			 "/usr/bin:/sbin:/bin", "TERM=xterm", "cwd", "/",
			 "capabilities", "bounding", words(caps), "effective",
			 words(caps), "permitted", words(caps), "rlimits",
			 "type", "RLIMIT_NOFILE", "hard", 1024, "soft", 1024,
			 "noNewPrivileges", 1);
}

static json_t *
namespaces(bool rootless)
{
	const char *list = rootless ? "pid,ipc,uts,mount,cgroup,user" :
				      "pid,network,ipc,uts,mount,cgroup";
	json_t *names = words(list), *array = json_array(), *name;
	size_t i;
	json_array_foreach(names, i, name)
		json_array_append_new(array, json_pack("{s:O}", "type", name));
	json_decref(names);
	return array;
}

static json_t *
kernel(bool rootless)
{
	json_t *json = json_pack("{s:o, s:o, s:o}", "namespaces",
				 namespaces(rootless), "maskedPaths",
				 oci_spec_strings(rootfs_masked_paths),
				 "readonlyPaths",
				 oci_spec_strings(rootfs_readonly_default));
	if (!rootless)
		json_object_set_new(json, "resources",
				    json_pack("{s:[{s:b, s:s}]}", "devices",
					      "allow", 0, "access", "rwm"));
	const struct {
		const char *key;
		json_int_t id;
	} maps[] = { { "uidMappings", geteuid() },
		     { "gidMappings", getegid() } };
	for (size_t i = 0; rootless && i < countof(maps); i++)
		json_object_set_new(json, maps[i].key,
				    json_pack("[{s:i, s:I, s:i}]",
					      "containerID", 0, "hostID",
					      maps[i].id, "size", 1));
	return json;
}

char *
oci_spec_json(bool rootless)
{
	json_t *json = json_pack("{s:s, s:o, s:{s:s, s:b}, s:s, s:o, s:o}",
				 "ociVersion", OCI_VERSION, "process",
				 process(), "root", "path", "rootfs",
				 "readonly", 1, "hostname", "mydocker",
				 "mounts", mounts(rootless), "linux",
				 kernel(rootless));
	char *result = json_dumps(json, JSON_INDENT(2));
	json_decref(json);
	if (!result)
		abort(); /* memory is out */
	return result;
}

int
oci_spec_write(const char *bundle, bool rootless)
{
	auto_close int dir = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail("open the bundle %s", bundle);
	auto_free char *json = oci_spec_json(rootless);
	auto_free char *line = text("%s\n", json);
	auto_close int fd = openat(dir, "config.json",
				   O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				   0644);
	if (fd < 0)
		return fail("make %s/config.json", bundle);
	if (write(fd, line, strlen(line)) != (ssize_t)strlen(line)) {
		fail("write %s/config.json", bundle);
		unlinkat(dir, "config.json", 0);
		return -1;
	}
	return 0;
}
