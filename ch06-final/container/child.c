/*
 * child.c - child, between clone and exec.
 *
 * Its half of setting a container up, as one table, read downwards.  There is
 * nothing to undo: namespaces and mounts are gone with this process.  Until
 * `pivot` it sees the host's files, from then on only its own.
 */
#include "container.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"
#include "exec.h"
#include "overlay.h"
#include "rootfs.h"
#include "safepath.h"
#include "steps.h"
#include "sync.h"
#include "sys.h"
#include "user.h"

/* The directory that becomes "/", from `layers` to `pivot`. */
static int root = -1;

/* ---- cgroup: in it before anything can be used up ----------------------- */

static int
join_up(struct container *c)
{
	if (cgroup_join(&c->cgroup, cgroup_v2_fd(&c->cgroup) >= 0) < 0)
		return -1;
	/* Only now: the root of a cgroup namespace is where its maker is. */
	if (sys_unshare(CLONE_NEWCGROUP) < 0)
		return fail("make a cgroup namespace");
	return 0;
}

/* ---- session: nothing of the runtime's stays with us -------------------- */

static int
by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Close every descriptor but these: the runtime's locks must be its own. */
static int
close_all_but(int *kept, size_t count)
{
	unsigned int from = STDERR_FILENO + 1;
	qsort(kept, count, sizeof(*kept), by_value);
	for (size_t i = 0; i <= count; i++) {
		unsigned int to = i < count ? (unsigned int)kept[i] : ~0U;
		if (i < count && kept[i] < (int)from)
			continue;
		if (to > from && sys_close_range(from, to - 1) < 0)
			return fail("close the runtime's descriptors");
		from = to + 1;
	}
	return 0;
}

/* Signals that our caller ignores ("nohup", a shell's "&") or blocks are not
 * the payload's affair. */
static int
default_signals(void)
{
	sigset_t none;
	sigemptyset(&none);
	/* The kernel's struct sigaction, SIG_DFL and no flags.  Asked of the
	 * kernel, as libc does not let go of the two signals it uses itself. */
	static const unsigned long usual[8];
	for (int number = 1; number < _NSIG; number++)
		syscall(SYS_rt_sigaction, number, usual, NULL, _NSIG / 8);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return fail("unblock signals");
	return 0;
}

/* Keys of the caller's session, "keyctl show", are not for the payload. */
static int
own_keyring(void)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 &&
	    errno != ENOSYS && errno != EPERM)
		return fail("make a session keyring");
	return 0;
}

static int
session_up(struct container *c)
{
	int kept[] = { c->child_sync, c->console.theirs[0],
		       c->console.theirs[1], c->console.theirs[2],
		       c->union_mount };
	if (close_all_but(kept, countof(kept)) < 0)
		return -1;
	if (setsid() < 0)
		return fail("lead a session");
	if (default_signals() < 0 || own_keyring() < 0)
		return -1;
	umask(0022);
	if (sys_sethostname(c->hostname) < 0)
		return fail("set the host name");
	return 0;
}

/* ---- layers: the image's, and one on top to write to -------------------- */

static int
mount_overlay(const struct container *c, const char *base, const char *target)
{
	size_t count = 0;
	while (c->config->layers[count])
		count++;
	auto_free char *upper = text("%s/upper", base);
	auto_free char *work = text("%s/work", base);
	struct overlay overlay = {
		.layers = (const char *const *)c->config->layers,
		.layer_count = count,
		.upper = upper,
		.work = work,
	};
	/* Device nodes that an image brings along open nothing. */
	if (overlay_mount(&overlay, target, MS_NODEV) == 0)
		return 0;
	/* No overlay in this kernel, or not for this user namespace. */
	return failure.code == ENODEV || failure.code == EPERM ?
		       wrap("--storage-driver aufs needs no overlay") :
		       -1;
}

/* What mydocker-aufs has made is nowhere yet (union.c). */
static int
move_union(struct container *c, const char *target)
{
	if (sys_move_mount(c->union_mount, target) < 0)
		return fail("move the aufs to %s", target);
	close_scoped(&c->union_mount);
	return 0;
}

static int
layers_up(struct container *c)
{
	/* Nothing mounted from here on is seen by the host, even where
	 * systemd shares / with every namespace. */
	if (sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail("make the mounts of the container private");
	auto_free char *base =
		text("%s/containers/%s", c->root, c->record.id);
	auto_free char *target = text("%s/rootfs", base);
	int mounted = c->union_mount >= 0 ? move_union(c, target) :
					    mount_overlay(c, base, target);
	if (mounted < 0)
		return -1;
	/* A volume above us in the tree, "-v /var:/var", must not take along
	 * what we mount here. */
	if (sys_mount(NULL, target, NULL, MS_UNBINDABLE, NULL) < 0)
		return fail("keep %s out of the volumes", target);
	root = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? fail("open %s", target) : 0;
}

/* ---- mounts ------------------------------------------------------------- */

/* The last component: "cpu,cpuacct" of "/sys/fs/cgroup/cpu,cpuacct". */
static const char *
last_component(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

#define CGROUPS "/sys/fs/cgroup"
#define CGROUPS_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY)

/* Read-only: seen from its own cgroup namespace, the container's cgroup is the
 * root of each hierarchy. */
static int
mount_cgroups(const struct cgroup *cgroup)
{
	const unsigned long flags = CGROUPS_FLAGS;
	bool unified = cgroup->count == 1 && cgroup->dirs[0].in.version == 2;
	struct rootfs_mount mount = {
		.type = unified ? "cgroup2" : "tmpfs",
		.target = CGROUPS,
		/* The tmpfs has directories made in it; see pivot_up(). */
		.flags = unified ? flags : flags & ~MS_RDONLY,
		.data = unified ? NULL : "mode=0755",
	};
	if (rootfs_mount(root, &mount) < 0)
		return -1;
	for (size_t i = 0; !unified && i < cgroup->count; i++) {
		const struct hierarchy *in = &cgroup->dirs[i].in;
		auto_free char *target =
			text(CGROUPS "/%s", last_component(in->mount));
		struct rootfs_mount one = {
			.type = in->version == 2 ? "cgroup2" : "cgroup",
			.target = target,
			.flags = flags,
			.data = in->version == 2 ? NULL : in->controllers,
		};
		if (rootfs_mount(root, &one) < 0)
			return -1;
	}
	return 0;
}

static int
mounts_up(struct container *c)
{
	if (rootfs_mount_all(root, rootfs_plan_default) < 0 ||
	    rootfs_dev(root) < 0)
		return -1;
	return mount_cgroups(&c->cgroup);
}

/* The options of a tmpfs: over a directory of the image it has that one's
 * mode, unless another was asked for.  The caller frees. */
static char *
tmpfs_data(const struct volume *volume)
{
	struct stat st;
	auto_close int there = safepath_open(root, volume->target, O_PATH);
	if (strstr(volume->data, "mode=") || there < 0 ||
	    fstat(there, &st) < 0)
		return *volume->data ? copy_text(volume->data) : NULL;
	return text("mode=%04o%s%s", st.st_mode & 07777,
		    *volume->data ? "," : "", volume->data);
}

static int
volumes_up(struct container *c)
{
	for (size_t i = 0; i < c->config->volume_count; i++) {
		const struct volume *volume = &c->config->volumes[i];
		auto_free char *data =
			volume->source ? NULL : tmpfs_data(volume);
		struct rootfs_mount mount = {
			.type = "tmpfs",
			.source = volume->source,
			.target = volume->target,
			.flags = volume->flags,
			.data = data,
		};
		if (rootfs_mount(root, &mount) < 0)
			return -1;
	}
	return 0;
}

/* hostname, hosts and resolv.conf, which the runtime wrote for us. */
static int
etc_up(struct container *c)
{
	static const char *const names[] = { "hostname", "hosts",
					     "resolv.conf" };
	for (size_t i = 0; i < countof(names); i++) {
		auto_free char *source = text("%s/containers/%s/%s", c->root,
					      c->record.id, names[i]);
		auto_free char *target = text("/etc/%s", names[i]);
		struct rootfs_mount mount = {
			.source = source,
			.target = target,
			.flags = MS_BIND | MS_NOSUID | MS_NODEV,
		};
		if (rootfs_mount(root, &mount) < 0)
			return -1;
	}
	return 0;
}

/* Without the covers, a user namespace made inside may mount a proc of its
 * own: the kernel gives none that would show more than the present one. */
static int
mask_up(struct container *c)
{
	if (c->config->unmasked)
		return 0;
	if (rootfs_mask(root, rootfs_masked_paths) < 0)
		return -1;
	return rootfs_readonly_paths(root, rootfs_readonly_default);
}

static int
pivot_up(struct container *c)
{
	(void)c;
	int result = rootfs_pivot(root);
	close_scoped(&root);
	if (result < 0)
		return -1;
	if (sys_mount(NULL, "/", NULL, MS_PRIVATE, NULL) < 0)
		return fail("make the new root an ordinary mount");
	if (sys_mount(NULL, CGROUPS, NULL,
		      MS_REMOUNT | MS_BIND | CGROUPS_FLAGS, NULL) < 0)
		return fail("make " CGROUPS " read-only");
	return 0;
}

/* ---- console ------------------------------------------------------------ */

static int
terminal_up(struct container *c)
{
	if (!c->config->terminal)
		return console_use_pipes(&c->console);
	auto_close int master = console_use_terminal();
	return master < 0 ? -1 : sync_send_fd(c->child_sync, master);
}

/* ---- privileges: the last thing that root of the host does here --------- */

static struct user user;

/* /dev/stdout leads to a pipe or terminal of ours: opened by that name it
 * must be the user's.  Not so the /dev/null that stands for no input. */
static int
give_streams(uid_t uid)
{
	struct stat st;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fstat(fd, &st) == 0 &&
		    (S_ISFIFO(st.st_mode) || isatty(fd)) &&
		    fchown(fd, uid, -1) < 0)
			return fail("give standard descriptor %d to user %u",
				    fd, uid);
	return 0;
}

/* The right to write to the root, and that to gain rights by execve(2). */
static int
give_up_rights(const struct config *config)
{
	if (config->read_only &&
	    sys_mount(NULL, "/", NULL,
		      MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NODEV, NULL) < 0)
		return fail("make the root file system read-only");
	if (config->no_new_privileges &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail("forbid new privileges");
	return 0;
}

static int
privileges_up(struct container *c)
{
	auto_close int slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (slash < 0)
		return fail("open the container's root");
	if (user_resolve(slash, c->config->user, &user) < 0)
		return -1;
	const char *cwd = *c->config->cwd ? c->config->cwd : "/";
	auto_close int made = safepath_make_dir(slash, cwd, 0755);
	if (made < 0)
		return wrap("make the working directory %s", cwd);
	if (give_streams(user.uid) < 0 || give_up_rights(c->config) < 0 ||
	    caps_limit() < 0 ||
	    caps_become(user.uid, user.gid, user.groups,
			user.group_count) < 0)
		return -1;
	/* By descriptor: the name may lead elsewhere by now (CVE-2024-21626),
	 * and the user may have no right to enter. */
	if (fchdir(made) < 0)
		return fail("enter the working directory %s", cwd);
	/* Changing the user has cleared the wish to die with the runtime. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return fail("tie our life to the runtime's");
	return 0;
}

/* ---- the table ---------------------------------------------------------- */

const struct step child_steps[] = {
	{ "join", join_up, NULL },
	{ "session", session_up, NULL },
	{ "layers", layers_up, NULL },
	{ "mounts", mounts_up, NULL },
	{ "volumes", volumes_up, NULL },
	{ "etc", etc_up, NULL },
	{ "mask", mask_up, NULL },
	{ "pivot", pivot_up, NULL },
	{ "terminal", terminal_up, NULL },
	{ "privileges", privileges_up, NULL },
	{ 0 },
};

/* The payload's environment: what was asked for, and two that everybody has. */
static char **
whole_env(const struct container *c)
{
	size_t count = 0;
	while (c->config->env[count])
		count++;
	char **env = new_bytes((count + 3) * sizeof(*env));
	memcpy(env, c->config->env, count * sizeof(*env));
	if (!exec_getenv(env, "HOSTNAME"))
		env[count++] = text("HOSTNAME=%s", c->hostname);
	if (!exec_getenv(env, "HOME"))
		env[count++] = text("HOME=%s", user.home);
	return env;
}

/* From READY on all is set up; what comes back from here is a failure. */
static int
become_payload(struct container *c)
{
	char **env = whole_env(c);
	if (sync_send(c->child_sync, SYNC_READY) < 0 ||
	    sync_expect(c->child_sync, SYNC_GO, "the runtime") < 0 ||
	    sync_send(c->child_sync, SYNC_EXEC) < 0)
		return -1;
	char **argv = c->config->argv;
	auto_free char *path = exec_find(argv[0], env);
	return path ? exec_replace(path, argv, env) : -1;
}

void
container_child(struct container *c)
{
	/* The runtime may have died before this line: then GO never comes. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_scoped(&c->sync);
	int result = 0;
	for (const struct step *step = child_steps; step->name && result == 0;
	     step++)
		result = steps_do(step, c);
	if (result == 0)
		result = become_payload(c);
	sync_send_failure(c->child_sync);
	_exit(EXIT_RUNTIME);
}
