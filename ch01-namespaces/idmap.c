/* idmap.c - see idmap.h. */
#include "idmap.h"

#include <errno.h>
#include <linux/capability.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAST_ID (UINT32_MAX - 1)

/* ---- a map ------------------------------------------------------------- */

static bool
overlap(uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count)
{
	return a < (uint64_t)b + b_count && b < (uint64_t)a + a_count;
}

int
idmap_add(struct id_map *map, uint32_t inside, uint32_t outside,
	  uint32_t count)
{
	if (count == 0)
		return failx("map ids: a range of none");
	if ((uint64_t)inside + count - 1 > LAST_ID ||
	    (uint64_t)outside + count - 1 > LAST_ID)
		return failx("map %u to %u, %u ids: there is no id above %u",
			     inside, outside, count, LAST_ID);
	if (map->count == ID_MAP_LINES)
		return failx("map ids: more than %d ranges", ID_MAP_LINES);
	for (size_t i = 0; i < map->count; i++) {
		const struct id_range *r = &map->ranges[i];
		if (overlap(inside, count, r->inside, r->count))
			return failx("map ids: two ranges share ids inside, "
				     "%u and %u", r->inside, inside);
		if (overlap(outside, count, r->outside, r->count))
			return failx("map ids: two ranges share ids outside, "
				     "%u and %u", r->outside, outside);
	}
	map->ranges[map->count++] =
		(struct id_range){ inside, outside, count };
	return 0;
}

/* ---- ids that are lent ------------------------------------------------- */

/* The first id inside that is above all that are mapped. */
static uint64_t
next_inside(const struct id_map *map)
{
	uint64_t next = 0;
	for (size_t i = 0; i < map->count; i++) {
		const struct id_range *r = &map->ranges[i];
		if ((uint64_t)r->inside + r->count > next)
			next = (uint64_t)r->inside + r->count;
	}
	return next;
}

/* "USER:FIRST:COUNT", cut up in place: is it well formed and this user's? */
static bool
is_theirs(char *line, const char *name, const char *number, uint64_t *first,
	  uint64_t *count)
{
	char *user = strsep(&line, ":");
	char *first_text = strsep(&line, ":");
	if (!line || ((!name || strcmp(user, name) != 0) &&
		      strcmp(user, number) != 0))
		return false;
	return parse_number(first_text, 0, UINT64_MAX, first) == 0 &&
	       parse_number(line, 1, UINT64_MAX, count) == 0;
}

int
idmap_add_subordinate(struct id_map *map, const char *file, const char *name,
		      uid_t uid)
{
	auto_free char *content = read_all(AT_FDCWD, file, NULL);
	if (!content)
		return wrap("find subordinate ids");
	auto_free char *number = text("%u", uid);
	size_t before = map->count;
	char *rest = content, *line;
	for (int i = 1; (line = strsep(&rest, "\n")); i++) {
		uint64_t first, count, inside = next_inside(map);
		if (!is_theirs(line, name, number, &first, &count))
			continue;
		if (first > LAST_ID || count > LAST_ID || inside > LAST_ID)
			return failx("%s:%d: there is no id above %u", file, i,
				     LAST_ID);
		if (idmap_add(map, inside, first, count) < 0)
			return wrap("%s:%d", file, i);
	}
	if (map->count > before)
		return 0;
	failx("%s lends no ids to %s (a line \"%s:100000:65536\" would)", file,
	      name ? name : number, name ? name : number);
	failure.code = ENOENT;
	return -1;
}

/* ---- writing ----------------------------------------------------------- */

/* "0 1000 1\n1 100000 65536\n", as uid_map wants it. */
static char *
map_text(const struct id_map *map)
{
	char *lines = copy_text("");
	for (size_t i = 0; i < map->count; i++) {
		const struct id_range *r = &map->ranges[i];
		auto_free char *before = lines;
		lines = text("%s%u %u %u\n", before, r->inside, r->outside,
			     r->count);
	}
	return lines;
}

/* May we map whatever we like?  capget(2) has no wrapper in libc. */
static bool
may_set_ids(void)
{
	const uint32_t both = 1u << CAP_SETUID | 1u << CAP_SETGID;
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[0].effective & both) == both;
}

/* All at once, or never: a map has one write, of less than a page. */
static int
check_length(const char *map)
{
	if (*map == '\0')
		return failx("map ids: the map is empty");
	if (strlen(map) >= (size_t)sysconf(_SC_PAGESIZE))
		return failx("map ids: the map has %zu bytes, a page or more",
			     strlen(map));
	return 0;
}

static bool
is_one_id(const struct id_map *map, uint32_t outside)
{
	return map->count == 1 && map->ranges[0].count == 1 &&
	       map->ranges[0].outside == outside;
}

/* How the helper ended, and the first line of what it said. */
static int
hear(pid_t pid, int fd, const char *program)
{
	auto_free char *words = NULL;
	size_t room = 0;
	auto_file FILE *output = fdopen(fd, "r");
	bool spoke = output && getdelim(&words, &room, '\0', output) > 0;
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("wait for %s", program);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (!spoke)
		return failx("%s failed and did not say why", program);
	return failx("%.*s", (int)strcspn(words, "\n"), words);
}

/* newuidmap PID INSIDE OUTSIDE COUNT...: no shell sees these words. */
static int
run_helper(const char *program, pid_t pid, const char *map)
{
	auto_free char *line = text("%s %d %s", program, pid, map);
	char *argv[2 + 3 * ID_MAP_LINES + 1];
	size_t count = 0;
	for (char *rest = line; (argv[count] = strsep(&rest, " \n"));)
		count += *argv[count] != '\0';
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail("make a pipe for %s", program);
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
	pid_t helper;
	int code = posix_spawnp(&helper, program, &actions, NULL, argv,
				environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	errno = code;
	trace(code ? -1 : helper, "posix_spawnp(\"%s %d %.*s\")", program,
	      pid, (int)strlen(map) - 1, map);
	if (code == 0)
		return hear(helper, ends[0], program);
	close_scoped(&ends[0]);
	return fail("run %s (package uidmap in Debian and Ubuntu, "
		    "shadow-utils elsewhere)", program);
}

/* /proc/PID/uid_map, say, by ourselves or by the helper for it. */
static int
write_map(int dir, const char *file, const char *map, const char *helper,
	  pid_t pid)
{
	if (helper)
		return run_helper(helper, pid, map);
	if (write_text(dir, file, map) == 0)
		return 0;
	errno = failure.code; /* the words may be a whole page of numbers */
	return fail("write %s", file);
}

int
idmap_write(pid_t pid, const struct id_map *uids, const struct id_map *gids)
{
	auto_free char *process = text("/proc/%d", pid);
	auto_close int dir = open(process, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail("open %s", process);
	auto_free char *uid_map = map_text(uids);
	auto_free char *gid_map = map_text(gids);
	if (check_length(uid_map) < 0 || check_length(gid_map) < 0)
		return -1;
	bool privileged = may_set_ids();
	bool by_uid = privileged || is_one_id(uids, geteuid());
	bool by_gid = privileged || is_one_id(gids, getegid());
	if (by_gid && !privileged && write_text(dir, "setgroups", "deny") < 0)
		return wrap("turn setgroups off for process %d", pid);
	if (write_map(dir, "uid_map", uid_map, by_uid ? NULL : "newuidmap",
		      pid) < 0 ||
	    write_map(dir, "gid_map", gid_map, by_gid ? NULL : "newgidmap",
		      pid) < 0)
		return wrap("map ids of process %d", pid);
	return 0;
}

/* ---- reading ------------------------------------------------------------ */

bool
idmap_is_whole(void)
{
	auto_free char *map = read_all(AT_FDCWD, "/proc/self/uid_map", NULL);
	unsigned int inside, outside, count;
	return !map ||
	       (sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 &&
		inside == 0 && outside == 0 && count == UINT32_MAX);
}

bool
idmap_is_alone(void)
{
	auto_free char *map = read_all(AT_FDCWD, "/proc/self/uid_map", NULL);
	unsigned int inside, outside, count;
	int end = 0;
	return map && sscanf(map, "%u %u %u%n", &inside, &outside, &count,
			     &end) == 3 &&
	       count == 1 && map[end + strspn(map + end, " \n")] == '\0';
}
