/* process.c - see process.h. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "procfs.h"
#include "rights.h"
#include "safepath.h"
#include "user.h"

static const struct oci_capabilities no_capabilities;

static const struct oci_capabilities *
wanted(const struct oci_process *process)
{
	return process->capabilities ?: &no_capabilities;
}

static bool
is_text(const char *text)
{
	return text && *text;
}

/* ---- what can be done ---------------------------------------------------- */

#define APPARMOR "/sys/module/apparmor/parameters/enabled"

static bool
has_apparmor(void)
{
	char enabled[8];
	return read_text(AT_FDCWD, APPARMOR, enabled, sizeof(enabled)) >= 0 &&
	       enabled[0] == 'Y';
}

static bool
has_selinux(void)
{
	struct statfs fs;
	return statfs("/sys/fs/selinux", &fs) == 0 &&
	       fs.f_type == SELINUX_MAGIC;
}

int
process_check(const struct oci_process *process)
{
	if (is_text(process->apparmor_profile) && !has_apparmor())
		return failx("process.apparmorProfile: this kernel has no "
			     "AppArmor");
	if (is_text(process->selinux_label) && !has_selinux())
		return failx("process.selinuxLabel: this kernel has no "
			     "SELinux");
	return 0;
}

uint64_t
process_ungranted(const struct oci_process *process)
{
	const struct oci_capabilities *want = wanted(process);
	uint64_t have;
	if (rights_permitted(&have) < 0)
		have = 0;
	return (want->bounding | want->permitted | want->effective |
		want->inheritable | want->ambient) & ~have;
}

/* ---- the way there ------------------------------------------------------- */

/* KEYCTL_SETPERM: all for who has it; its user may see it, as is usual, and
 * look for keys in it, which it takes to join it. */
#define KEYRING_PERMISSIONS 0x3f1b0000

int
process_keyring(const char *id)
{
	auto_free char *name = text("_ses.%s", id);
	long ring = trace(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING,
				  name),
			  "keyctl(KEYCTL_JOIN_SESSION_KEYRING, \"%s\")", name);
	if (ring < 0 && errno == ENOSYS)
		return 0;
	if (ring < 0)
		return fail("join the session keyring %s", name);
	if (syscall(SYS_keyctl, KEYCTL_SETPERM, ring,
		    KEYRING_PERMISSIONS) < 0)
		return fail("set the permissions of the keyring %s", name);
	return 0;
}

int
process_make_cwd(const struct oci_process *process, int root)
{
	if (strcmp(process->cwd, "/") == 0)
		return 0;
	auto_close int dir = safepath_make_dir(root, process->cwd, 0755);
	/* A directory that is not root's to look at may be the user's. */
	if (dir < 0 && failure.code != EACCES && failure.code != EPERM)
		return wrap("make the working directory %s", process->cwd);
	return 0;
}

/* The file of one security module alone is there since Linux 5.8. */
static int
set_apparmor(int procfs, const char *profile)
{
	auto_free char *words = text("exec %s", profile);
	if (procfs_write(procfs, "self/attr/apparmor/exec", words) == 0)
		return 0;
	if (failure.code == ENOENT &&
	    procfs_write(procfs, "self/attr/exec", words) == 0)
		return 0;
	return wrap("set the AppArmor profile %s", profile);
}

int
process_labels(const struct oci_process *process,
	       const struct oci_personality *domain, int procfs)
{
	if (domain && personality(domain->domain) < 0)
		return fail("set the personality %#llx",
			    (unsigned long long)domain->domain);
	if (is_text(process->apparmor_profile) &&
	    set_apparmor(procfs, process->apparmor_profile) < 0)
		return -1;
	if (is_text(process->selinux_label) &&
	    procfs_write(procfs, "self/attr/exec", process->selinux_label) < 0)
		return wrap("set the SELinux label %s",
			    process->selinux_label);
	return 0;
}

/* ---- the working directory ----------------------------------------------- */

/* glibc's getcwd(3) looks for another answer when the kernel's is not
 * absolute: here it is the kernel's that counts. */
static int
check_cwd(const char *cwd)
{
	char path[PATH_MAX];
	if (syscall(SYS_getcwd, path, sizeof(path)) < 0)
		return fail("where is the working directory %s", cwd);
	if (path[0] != '/')
		return failx("the working directory %s is outside of the "
			     "container", cwd);
	return 0;
}

/* EACCES: not for us to enter; `entered` is false then, and it is no failure
 * when it `may_wait` for the user. */
static int
enter_cwd(const char *cwd, bool may_wait, bool *entered)
{
	if (cwd[0] != '/')
		return failx("the working directory \"%s\" is not an absolute "
			     "path", cwd);
	*entered = trace(chdir(cwd), "chdir(\"%s\")", cwd) == 0;
	if (*entered)
		return check_cwd(cwd);
	if (may_wait && errno == EACCES)
		return 0;
	return fail("enter the working directory %s", cwd);
}

/* ---- becoming the payload's user ----------------------------------------- */

/* The user's own program shall be able to open /dev/stdout. */
static int
give_stdio(uid_t uid)
{
	for (int fd = 0; fd <= 2; fd++) {
		struct stat st;
		if (fstat(fd, &st) < 0 || st.st_uid == uid ||
		    (!S_ISFIFO(st.st_mode) && !isatty(fd)))
			continue;
		/* Of somebody who is not mapped here, or where nothing is
		 * written: then it stays as it is. */
		if (fchown(fd, uid, -1) < 0 && errno != EPERM &&
		    errno != EINVAL && errno != EROFS)
			return fail("give descriptor %d to user %u", fd, uid);
	}
	return 0;
}

static int
take_rights(const struct oci_process *process, bool is_filtered)
{
	const struct oci_capabilities *want = wanted(process);
	uint64_t have;
	if (rights_permitted(&have) < 0)
		return -1;
	uint64_t permitted = want->permitted & have;
	uint64_t effective = want->effective & permitted;
	/* More than the bounding set the kernel would refuse. */
	uint64_t inheritable = want->inheritable & want->bounding & have;
	uint64_t spare = is_filtered && !process->no_new_privileges ?
				 have & RIGHT(CAP_SYS_ADMIN) : 0;
	if (rights_set(permitted | spare, effective | spare, inheritable) < 0 ||
	    rights_set_ambient(want->ambient & permitted & inheritable) < 0)
		return -1;
	if (process->no_new_privileges &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail("set no_new_privs");
	return 0;
}

int
process_become(const struct oci_process *process, bool is_filtered)
{
	const struct oci_user *user = process->user;
	bool entered;
	if (enter_cwd(process->cwd, true, &entered) < 0 ||
	    give_stdio(user->uid) < 0 ||
	    rights_bound(wanted(process)->bounding) < 0 ||
	    rights_become(user) < 0)
		return -1;
	if (!entered && enter_cwd(process->cwd, false, &entered) < 0)
		return -1;
	if (user->umask.set)
		umask(user->umask.value);
	return take_rights(process, is_filtered);
}

char *
process_home(uid_t uid)
{
	struct user user = { 0 };
	auto_free char *spec = text("%u", uid);
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || user_resolve(root, spec, &user) < 0)
		return copy_text("/");
	return user.home;
}
