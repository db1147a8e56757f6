/* external.c - parent.  See external.h. */
#include "external.h"

#include <errno.h>
#include <jansson.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mountfd.h"
#include "mountinfo.h"
#include "safepath.h"

#define DESCRIPTORS "descriptors.json"

/* ---- what cannot be ------------------------------------------------------ */

static bool
is_bind(const struct oci_mount *mount)
{
	return (mount->plan.flags & (MS_BIND | MS_REMOUNT)) == MS_BIND;
}

static int
check_namespaces(const struct oci_linux *kernel)
{
	for (size_t i = 0; i < kernel->namespace_count; i++) {
		const struct oci_namespace *joined = &kernel->namespaces[i];
		uint64_t kind = joined->kind->flag;
		if (joined->path && (kind == CLONE_NEWNS ||
				     kind == CLONE_NEWUSER ||
				     kind == CLONE_NEWCGROUP))
			return failx("linux.namespaces[%zu].path: a %s "
				     "namespace that is joined cannot be "
				     "saved and restored", i,
				     joined->kind->name);
	}
	return 0;
}

int
external_check(const struct oci_config *config)
{
	const struct oci_linux *kernel = config->kernel;
	for (size_t i = 0; i < config->mount_count; i++)
		if (config->mounts[i].special & OCI_MOUNT_IDMAP)
			return failx("mounts[%zu]: an id-mapped mount cannot "
				     "be saved and restored", i);
	if (kernel && filter_expects(kernel->seccomp))
		return failx("linux.seccomp: a filter that notifies an agent "
			     "cannot be saved and restored");
	return kernel ? check_namespaces(kernel) : 0;
}

/* ---- mounts -------------------------------------------------------------- */

/* The last of config->mounts that is a bind and has become this mount of the
 * container, or NULL. */
static const struct oci_mount *
find_bind(const struct oci_config *config, int root,
	  const struct mountinfo *made)
{
	for (size_t i = config->mount_count; i-- > 0;) {
		const struct oci_mount *mount = &config->mounts[i];
		uint64_t id;
		auto_close int there =
			is_bind(mount) ? safepath_open(root,
						       mount->plan.target,
						       O_PATH) : -1;
		if (there >= 0 && mountfd_id(there, &id) == 0 &&
		    id == (uint64_t)made->id)
			return mount;
	}
	return NULL;
}

static bool
sees_host_cgroups(const struct oci_config *config)
{
	const struct oci_namespace *cgroups =
		oci_namespace_find(config->kernel, "cgroup");
	return !cgroups || cgroups->path;
}

/*
 * The name of a mount that no entry of config->mounts asks for, or that is
 * bound for a reason of the runtime's: a device of the host's, by itself or to
 * mask a file, where none could be made; a cgroup.  NULL: it is the
 * container's.  The caller frees.
 */
static char *
name_of_host(const struct oci_config *config, const struct mountinfo *made)
{
	if (strcmp(made->type, "devtmpfs") == 0 &&
	    strcmp(made->root, "/") != 0)
		return text("/dev%s", made->root);
	bool is_cgroup = strcmp(made->type, "cgroup") == 0 ||
			 strcmp(made->type, "cgroup2") == 0;
	return is_cgroup && sees_host_cgroups(config) ?
		       copy_text(made->target) :
		       NULL;
}

/* Of a dump: what is mounted there has this name.  Of a restore: what has this
 * name comes from there. */
static void
say_mount(struct criu *criu, const char *target, const char *name)
{
	auto_free char *external = text("mnt[%s]:%s", target, name);
	protobuf_string(&criu->wants, CRIU_EXTERNAL, external);
}

static int
dump_mounts(struct criu *criu, const struct making *making)
{
	auto_free char *path = text("/proc/%d/root", making->state.pid);
	auto_close int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_mounts struct mount_table table = { 0 };
	if (root < 0)
		return fail("open %s", path);
	if (mountinfo_read(making->state.pid, &table) < 0)
		return -1;
	for (size_t i = 0; i < table.count; i++) {
		const struct mountinfo *made = &table.mounts[i];
		const struct oci_mount *bind =
			find_bind(&making->config, root, made);
		auto_free char *name =
			bind ? copy_text(bind->plan.target) :
			       name_of_host(&making->config, made);
		if (name)
			say_mount(criu, made->target, name);
	}
	return 0;
}

static void
restore_mounts(struct criu *criu, const struct making *making)
{
	static const char *const devices[] = {
		"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
		"/dev/urandom", "/dev/tty",
	};
	const struct oci_config *config = &making->config;
	const struct oci_linux *kernel = config->kernel;
	for (size_t i = 0; i < config->mount_count; i++) {
		const struct rootfs_mount *plan = &config->mounts[i].plan;
		if (!is_bind(&config->mounts[i]))
			continue;
		auto_free char *source =
			*plan->source == '/' ?
				copy_text(plan->source) :
				text("%s/%s", making->state.bundle,
				     plan->source);
		say_mount(criu, plan->target, source);
	}
	for (size_t i = 0; i < countof(devices); i++)
		say_mount(criu, devices[i], devices[i]);
	for (size_t i = 0; kernel && i < kernel->device_count; i++)
		say_mount(criu, kernel->devices[i].path,
			  kernel->devices[i].path);
}

/* By the names that the mounts have, of mount_cgroup.h. */
void
external_cgroups(struct criu *criu, const struct making *making)
{
	const struct oci_config *config = &making->config;
	const struct cgroup *cgroup = &making->cgroup;
	bool is_unified = cgroup->count == 1 && cgroup->dirs[0].in.version == 2;
	for (size_t i = 0; i < config->mount_count; i++) {
		const struct rootfs_mount *plan = &config->mounts[i].plan;
		if (!plan->type || strncmp(plan->type, "cgroup", 6) != 0)
			continue;
		for (size_t j = 0; j < cgroup->count; j++) {
			const struct cgroup_dir *dir = &cgroup->dirs[j];
			const char *slash = strrchr(dir->in.mount, '/');
			auto_free char *target =
				text("%s%s", plan->target,
				     is_unified ? "" : slash);
			say_mount(criu, target, dir->path);
		}
	}
}

/* ---- namespaces ---------------------------------------------------------- */

/* The names are runc's and crun's. */
static const char *
key_of(const struct oci_namespace *namespace)
{
	switch (namespace->path ? namespace->kind->flag : 0) {
	case CLONE_NEWNET:
		return "extRootNetNS";
	case CLONE_NEWPID:
		return "extRootPidNS";
	default:
		return NULL;
	}
}

static int
dump_namespaces(struct criu *criu, const struct making *making)
{
	const struct oci_linux *kernel = making->config.kernel;
	for (size_t i = 0; kernel && i < kernel->namespace_count; i++) {
		const struct oci_namespace *joined = &kernel->namespaces[i];
		struct ns_id id;
		if (!key_of(joined))
			continue;
		if (ns_id(making->state.pid, joined->kind, &id) < 0)
			return -1;
		auto_free char *name =
			text("%s[%ju]:%s", joined->kind->file,
			     (uintmax_t)id.inode, key_of(joined));
		protobuf_string(&criu->wants, CRIU_EXTERNAL, name);
	}
	return 0;
}

static int
restore_namespaces(struct criu *criu, const struct making *making)
{
	const struct oci_linux *kernel = making->config.kernel;
	for (size_t i = 0; kernel && i < kernel->namespace_count; i++) {
		const struct oci_namespace *joined = &kernel->namespaces[i];
		if (joined->path && !key_of(joined))
			criu_say_pair(criu, CRIU_JOIN_NAMESPACE,
				      joined->kind->file, joined->path);
		if (!key_of(joined))
			continue;
		int fd = open(joined->path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return fail("linux.namespaces[%zu].path: open %s", i,
				    joined->path);
		criu_say_inherit(criu, key_of(joined), fd);
	}
	return 0;
}

/* ---- standard descriptors ------------------------------------------------ */

static bool
is_mounted(const struct mount_table *table, int mount)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->mounts[i].id == mount)
			return true;
	return false;
}

/*
 * What criu calls the file behind the descriptor: "pipe:[INODE]"; one of the
 * host's, "file[MOUNT:INODE]"; or else, closed or its own, "".  The caller
 * frees.
 */
static char *
name_descriptor(pid_t pid, int number, const struct mount_table *table)
{
	char path[48], content[512], link[64] = "";
	struct stat st;
	unsigned int mount;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, number);
	if (readlink(path, link, sizeof(link) - 1) < 0 || stat(path, &st) < 0)
		return copy_text("");
	if (strncmp(link, "pipe:", strlen("pipe:")) == 0)
		return copy_text(link);
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, number);
	const char *line =
		read_text(AT_FDCWD, path, content, sizeof(content)) < 0 ?
			NULL : strstr(content, "mnt_id:");
	if (*link != '/' || !line || sscanf(line, "mnt_id: %u", &mount) != 1 ||
	    is_mounted(table, mount))
		return copy_text("");
	return text("file[%x:%jx]", mount, (uintmax_t)st.st_ino);
}

static int
dump_descriptors(struct criu *criu, const struct making *making)
{
	pid_t pid = making->state.pid;
	auto_mounts struct mount_table table = { 0 };
	if (mountinfo_read(pid, &table) < 0)
		return -1;
	json_t *names = json_array();
	for (int number = 0; number <= STDERR_FILENO; number++) {
		auto_free char *name = name_descriptor(pid, number, &table);
		if (*name == 'f')
			protobuf_string(&criu->wants, CRIU_EXTERNAL, name);
		json_array_append_new(names, json_string(name));
	}
	auto_free char *content = json_dumps(names, JSON_COMPACT);
	json_decref(names);
	return write_file(criu->images, DESCRIPTORS, content, 0600);
}

/* A file has a position, which criu sets again. */
static int
check_descriptor(int number)
{
	if (lseek(number, 0, SEEK_CUR) >= 0)
		return 0;
	return failx("standard descriptor %d was a file when the container was "
		     "saved, and must be one now, not a pipe or terminal",
		     number);
}

/* Each becomes what is ours under the same number. */
static int
restore_descriptors(struct criu *criu)
{
	json_error_t error;
	size_t length;
	auto_free char *content = oci_file_read(criu->images, DESCRIPTORS,
						&length);
	json_t *names =
		content ? json_loadb(content, length, 0, &error) : NULL;
	if (!content)
		return wrap("the images are not of a container");
	if (!names)
		return failx(DESCRIPTORS ": %s", error.text);
	int result = 0;
	for (int number = 0; number <= STDERR_FILENO && result == 0;
	     number++) {
		const char *name =
			json_string_value(json_array_get(names, number));
		bool is_file = name && strncmp(name, "file[", 5) == 0;
		if (is_file)
			result = check_descriptor(number);
		if (is_file || (name && strncmp(name, "pipe:", 5) == 0))
			criu_say_inherit(criu, name, number);
	}
	json_decref(names);
	return result;
}

/* ---- all of it ----------------------------------------------------------- */

int
external_dump(struct criu *criu, const struct making *making)
{
	if (dump_mounts(criu, making) < 0 ||
	    dump_namespaces(criu, making) < 0)
		return -1;
	return dump_descriptors(criu, making);
}

int
external_restore(struct criu *criu, const struct making *making)
{
	restore_mounts(criu, making);
	if (restore_namespaces(criu, making) < 0)
		return -1;
	return restore_descriptors(criu);
}
