/* attributes.c - see attributes.h.  Runs in mydocker-image. */
#include "attributes.h"

#include "idmap.h"

#include <archive.h>
#include <archive_entry.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* ---- extended attributes ----------------------------------------------- */

static bool
is_prefix(const char *prefix, const char *name)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* There is no lsetxattrat(2) before Linux 6.13: a link or node is reached
 * through the descriptor of its directory in /proc, which follows nothing of
 * ours but that descriptor. */
static int
set_attribute(int fd, int dir, const char *base, const char *name,
	      const void *value, size_t size)
{
	if (fd >= 0)
		return fsetxattr(fd, name, value, size, 0);
	auto_free char *path = text("/proc/self/fd/%d/%s", dir, base);
	return lsetxattr(path, name, value, size, 0);
}

static int
set_attributes(int fd, int dir, const char *base, struct archive_entry *entry,
	       const char *path)
{
	const char *name;
	const void *value;
	size_t size;
	archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &name, &value, &size) ==
	       ARCHIVE_OK) {
		if (strcmp(name, "security.selinux") == 0)
			continue;
		if (is_prefix("trusted.overlay.", name) ||
		    is_prefix("user.overlay.", name))
			return failx("%.80s: the attribute %.80s, which is "
				     "overlayfs's own", path, name);
		if (set_attribute(fd, dir, base, name, value, size) < 0)
			return fail("%.80s: set the attribute %.80s", path,
				    name);
	}
	return 0;
}

/* ---- access control lists ---------------------------------------------- */

/* The kernel's form of an ACL, little-endian (linux/posix_acl_xattr.h). */
struct acl_entry {
	uint16_t tag;
	uint16_t permissions;
	uint32_t id;
};

struct acl {
	uint32_t version;
	struct acl_entry entries[];
};

static uint16_t
kernel_tag(int tag)
{
	switch (tag) {
	case ARCHIVE_ENTRY_ACL_USER_OBJ:
		return 0x01;
	case ARCHIVE_ENTRY_ACL_USER:
		return 0x02;
	case ARCHIVE_ENTRY_ACL_GROUP_OBJ:
		return 0x04;
	case ARCHIVE_ENTRY_ACL_GROUP:
		return 0x08;
	case ARCHIVE_ENTRY_ACL_MASK:
		return 0x10;
	default:
		return 0x20;
	}
}

/* The order in which the kernel wants them. */
static int
compare_acl(const void *left, const void *right)
{
	const struct acl_entry *a = left, *b = right;
	uint32_t tag_a = le16toh(a->tag), tag_b = le16toh(b->tag);
	uint32_t id_a = le32toh(a->id), id_b = le32toh(b->id);
	if (tag_a != tag_b)
		return tag_a < tag_b ? -1 : 1;
	return id_a == id_b ? 0 : id_a < id_b ? -1 : 1;
}

/* `kind` is one of libarchive's, `name` the attribute that it becomes. */
static int
set_acl(int fd, int dir, const char *base, struct archive_entry *entry,
	int kind, const char *name)
{
	int count = archive_entry_acl_reset(entry, kind);
	if (count <= 0)
		return 0;
	/* The three plain ones are not among the counted. */
	auto_free struct acl *acl = new_bytes(
		sizeof(*acl) + ((size_t)count + 3) * sizeof(*acl->entries));
	acl->version = htole32(2);
	int type, permissions, tag, id, used = 0;
	const char *user;
	while (used < count + 3 &&
	       archive_entry_acl_next(entry, kind, &type, &permissions, &tag,
				      &id, &user) == ARCHIVE_OK) {
		bool is_named = tag == ARCHIVE_ENTRY_ACL_USER ||
				tag == ARCHIVE_ENTRY_ACL_GROUP;
		if (is_named && id < 0) {
			errno = EINVAL;
			return -1;
		}
		acl->entries[used++] = (struct acl_entry){
			htole16(kernel_tag(tag)), htole16(permissions & 7),
			htole32(is_named ? (uint32_t)id : UINT32_MAX)
		};
	}
	qsort(acl->entries, used, sizeof(*acl->entries), compare_acl);
	return set_attribute(fd, dir, base, name, acl,
			     sizeof(*acl) + used * sizeof(*acl->entries));
}

static int
set_acls(int fd, int dir, const char *base, struct archive_entry *entry,
	 const char *path)
{
	if (set_acl(fd, dir, base, entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS,
		    "system.posix_acl_access") < 0 ||
	    set_acl(fd, dir, base, entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT,
		    "system.posix_acl_default") < 0)
		return fail("%.80s: set the access control list", path);
	return 0;
}

/* ---- all --------------------------------------------------------------- */

void
attributes_times(struct archive_entry *entry, struct timespec times[2])
{
	times[1].tv_sec = archive_entry_mtime(entry);
	times[1].tv_nsec = archive_entry_mtime_nsec(entry);
	times[0] = times[1];
	if (archive_entry_atime_is_set(entry)) {
		times[0].tv_sec = archive_entry_atime(entry);
		times[0].tv_nsec = archive_entry_atime_nsec(entry);
	}
}

/* The largest id means "leave it" to chown(2).  Where root is the only id all
 * is root's, as nobody could tell the owners apart. */
static int
set_owner(int fd, int dir, const char *base, struct archive_entry *entry,
	  const char *path)
{
	int64_t uid = archive_entry_uid(entry);
	int64_t gid = archive_entry_gid(entry);
	if (uid < 0 || gid < 0 || uid >= UINT32_MAX || gid >= UINT32_MAX)
		return failx("%.80s: %lld:%lld cannot be its owner", path,
			     (long long)uid, (long long)gid);
	int done = fd >= 0 ? fchown(fd, uid, gid) :
			     fchownat(dir, base, uid, gid,
				      AT_SYMLINK_NOFOLLOW);
	if (done == 0 || (errno == EINVAL && idmap_is_alone()))
		return 0;
	return fail("%.80s: give it to %lld:%lld%s", path, (long long)uid,
		    (long long)gid, errno == EINVAL ?
		    " (more ids than /etc/subuid and /etc/subgid lend)" : "");
}

int
attributes_set(int fd, int dir, const char *base, struct archive_entry *entry,
	       const char *path)
{
	mode_t mode = archive_entry_perm(entry) & 07777;
	struct timespec times[2];
	int done = 0;
	if (set_owner(fd, dir, base, entry, path) < 0)
		return -1;
	/* A link has no mode of its own; a node is safe to follow. */
	if (fd >= 0)
		done = fchmod(fd, mode);
	else if (archive_entry_filetype(entry) != AE_IFLNK)
		done = fchmodat(dir, base, mode, 0);
	if (done < 0)
		return fail("%.80s: set its mode", path);
	if (set_attributes(fd, dir, base, entry, path) < 0 ||
	    set_acls(fd, dir, base, entry, path) < 0)
		return -1;
	attributes_times(entry, times);
	done = fd >= 0 ? futimens(fd, times) :
			 utimensat(dir, base, times, AT_SYMLINK_NOFOLLOW);
	return done < 0 ? fail("%.80s: set its times", path) : 0;
}
