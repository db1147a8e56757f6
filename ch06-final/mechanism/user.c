/* user.c - child.  See user.h. */
#include "user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "safepath.h"

#define LARGEST_ID (UINT32_MAX - 1) /* the last one means "no change" */

static FILE *
open_file(int root, const char *path)
{
	/* An image may have anything there: a FIFO would wait for a writer. */
	struct stat st;
	auto_close int fd = safepath_open(root, path, O_RDONLY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	FILE *file = fdopen(fd, "r");
	if (file)
		take_fd(&fd);
	return file;
}

/* Strictly a number: "-1", "0x10" and "1000abc" are names. */
static bool
is_id(const char *word, uint32_t *id)
{
	uint64_t value;
	if (parse_number(word, 0, LARGEST_ID, &value) < 0)
		return false;
	*id = value;
	return true;
}

/* Not the "+name" of NIS, and no id that setresuid(2) takes for "no change". */
static bool
is_sound(const struct passwd *entry)
{
	return entry->pw_name && entry->pw_name[0] != '+' &&
	       entry->pw_name[0] != '-' && entry->pw_dir &&
	       entry->pw_uid <= LARGEST_ID && entry->pw_gid <= LARGEST_ID;
}

/* 1: found, 0: not there.  `*name` is the entry's, for the caller to free. */
static int
find_user(int root, const char *word, struct user *user, char **name)
{
	uint32_t id = 0;
	bool by_id = is_id(word, &id);
	auto_file FILE *file = open_file(root, "/etc/passwd");
	struct passwd *entry;
	while (file && (entry = fgetpwent(file))) {
		if (!is_sound(entry) ||
		    (by_id ? entry->pw_uid != id :
			     strcmp(entry->pw_name, word) != 0))
			continue;
		user->uid = entry->pw_uid;
		user->gid = entry->pw_gid;
		user->home = copy_text(entry->pw_dir);
		*name = copy_text(entry->pw_name);
		return 1;
	}
	user->uid = id;
	return 0;
}

static int
find_group(int root, const char *word, gid_t *gid)
{
	if (is_id(word, gid))
		return 0;
	auto_file FILE *file = open_file(root, "/etc/group");
	struct group *entry;
	while (file && (entry = fgetgrent(file))) {
		if (entry->gr_gid <= LARGEST_ID &&
		    strcmp(entry->gr_name, word) == 0) {
			*gid = entry->gr_gid;
			return 0;
		}
	}
	return failx("unable to find group %s: no matching entries in "
		     "group file", word);
}

/* One more, unless it is among them; what there is no room for is left out. */
static void
add_group(struct user *user, gid_t gid)
{
	for (size_t i = 0; i < user->group_count; i++)
		if (user->groups[i] == gid)
			return;
	if (user->group_count < USER_GROUPS_MAX)
		user->groups[user->group_count++] = gid;
}

/* The groups whose member list has the user's name. */
static void
find_memberships(int root, const char *name, struct user *user)
{
	auto_file FILE *file = open_file(root, "/etc/group");
	struct group *entry;
	while (file && (entry = fgetgrent(file)))
		for (char **member = entry->gr_mem; *member; member++)
			if (strcmp(*member, name) == 0 &&
			    entry->gr_gid <= LARGEST_ID)
				add_group(user, entry->gr_gid);
}

int
user_resolve(int root, const char *spec, struct user *user)
{
	*user = (struct user){ 0 };
	auto_free char *word = copy_text(spec);
	auto_free char *name = NULL;
	char *group = strchr(word, ':');
	if (group)
		*group++ = '\0';
	const char *who = *word ? word : "0";
	uint32_t id;
	if (find_user(root, who, user, &name) == 0 && !is_id(who, &id))
		return failx("unable to find user %s: no matching entries in "
			     "passwd file", who);
	if (!user->home)
		user->home = copy_text("/");
	if (group && *group)
		return find_group(root, group, &user->gid);
	if (name)
		find_memberships(root, name, user);
	return 0;
}

int
user_add_group(int root, const char *word, struct user *user)
{
	gid_t gid;
	if (find_group(root, word, &gid) < 0)
		return -1;
	add_group(user, gid);
	return 0;
}
