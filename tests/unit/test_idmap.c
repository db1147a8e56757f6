/*
 * test_idmap.c - maps of ids, without root: the files and the helpers are
 * made up, and what has to change a process does so in a child.
 */
#include "idmap.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "in_child.h"
#include "nschild.h"
#include "sync.h"

#define LAST_ID (UINT32_MAX - 1)

static void
assert_refused(int result, const char *words)
{
	assert_int_equal(result, -1);
	if (!strstr(failure.text, words))
		fail_msg("\"%s\" lacks \"%s\"", failure.text, words);
}

/* ---- a map ------------------------------------------------------------- */

static void
what_the_kernel_would_refuse(void **state)
{
	(void)state;
	static struct id_map map;
	assert_int_equal(idmap_add(&map, 0, 1000, 1), 0);
	assert_int_equal(idmap_add(&map, 1, 100000, 65536), 0);
	assert_int_equal(map.count, 2);
	assert_refused(idmap_add(&map, 70000, 300000, 0), "none");
	assert_refused(idmap_add(&map, 0, 300000, 1), "inside");
	assert_refused(idmap_add(&map, 65536, 300000, 9), "inside");
	assert_refused(idmap_add(&map, 70000, 1000, 1), "outside");
	assert_refused(idmap_add(&map, 70000, 99999, 2), "outside");
	assert_refused(idmap_add(&map, 70000, 165535, 1), "outside");
	assert_refused(idmap_add(&map, 70000, 50000, 200000), "outside");
	assert_int_equal(map.count, 2);
	assert_int_equal(idmap_add(&map, 65537, 165536, 1), 0);
}

static void
the_last_id_is_not_a_number_too_far(void **state)
{
	(void)state;
	static struct id_map map;
	assert_refused(idmap_add(&map, 0, UINT32_MAX, 1), "no id above");
	assert_refused(idmap_add(&map, UINT32_MAX, 0, 1), "no id above");
	assert_refused(idmap_add(&map, 0, LAST_ID, 2), "no id above");
	assert_refused(idmap_add(&map, 2, 0, UINT32_MAX - 1), "no id above");
	assert_refused(idmap_add(&map, 1, 1, UINT32_MAX), "no id above");
	assert_int_equal(idmap_add(&map, 0, LAST_ID, 1), 0);
	assert_int_equal(idmap_add(&map, LAST_ID, 0, 1), 0);
	static struct id_map whole;
	assert_int_equal(idmap_add(&whole, 0, 0, UINT32_MAX), 0);
	assert_refused(idmap_add(&whole, LAST_ID, LAST_ID, 1), "inside");
}

static void
a_line_too_many(void **state)
{
	(void)state;
	static struct id_map map;
	for (uint32_t i = 0; i < ID_MAP_LINES; i++)
		assert_int_equal(idmap_add(&map, i, LAST_ID - 2 * i, 1), 0);
	assert_refused(idmap_add(&map, 1000, 1, 1), "more than 340");
	/* Fits in lines, and not in the page that one write may be. */
	assert_refused(idmap_write(getpid(), &map, &map), "a page or more");
}

static void
an_empty_map(void **state)
{
	(void)state;
	static const struct id_map none;
	assert_refused(idmap_write(getpid(), &none, &none), "empty");
}

/* ---- ids that are lent ------------------------------------------------- */

static char *
made_up_file(const char *content)
{
	char *path = text("/tmp/mydocker-unit-idmap-%d", getpid());
	assert_int_equal(write_file(AT_FDCWD, path, content, 0644), 0);
	return path;
}

/* What a file of this content lends to "me", 1000, after one id of its own. */
static int
lent(const char *content, struct id_map *map)
{
	auto_free char *path = made_up_file(content);
	*map = (struct id_map){ 0 };
	assert_int_equal(idmap_add(map, 0, 1000, 1), 0);
	int result = idmap_add_subordinate(map, path, "me", 1000);
	unlink(path);
	return result;
}

static void
assert_range(const struct id_map *map, size_t i, uint32_t inside,
	     uint32_t outside, uint32_t count)
{
	assert_true(i < map->count);
	assert_int_equal(map->ranges[i].inside, inside);
	assert_int_equal(map->ranges[i].outside, outside);
	assert_int_equal(map->ranges[i].count, count);
}

static void
by_name_and_by_number(void **state)
{
	(void)state;
	static struct id_map map;
	assert_int_equal(lent("you:100000:65536\nme:200000:65536\n"
			      "1000:300000:10\nme:400000:1", &map), 0);
	assert_int_equal(map.count, 4);
	assert_range(&map, 0, 0, 1000, 1);
	assert_range(&map, 1, 1, 200000, 65536);
	assert_range(&map, 2, 65537, 300000, 10);
	assert_range(&map, 3, 65547, 400000, 1);
}

static void
a_user_without_a_name(void **state)
{
	(void)state;
	static struct id_map map;
	auto_free char *path = made_up_file("me:1:2\n7:500:5\n");
	assert_int_equal(idmap_add_subordinate(&map, path, NULL, 7), 0);
	assert_int_equal(map.count, 1);
	assert_range(&map, 0, 0, 500, 5);
	assert_int_equal(idmap_add_subordinate(&map, path, NULL, 8), -1);
	assert_int_equal(failure.code, ENOENT);
	unlink(path);
}

static void
malformed_lines_are_nobodys(void **state)
{
	(void)state;
	static struct id_map map;
	static const char content[] =
		"\n:\n::\nme\nme:\nme:1\nme:1:\nme::1\nme:x:1\nme:1:x\n"
		"me:-1:5\nme:1:-5\nme: 1:5\nme:1:5 \nme:0x10:5\nme:1:0\n"
		"me:1:2:3\n me:1:2\nme :1:2\n#me:1:2\nmeme:1:2\nm:1:2\n"
		"01000:1:2\n1000 :1:2\n+1000:1:2\n"
		"me:99999999999999999999:1\nme:700000:5\n";
	assert_int_equal(lent(content, &map), 0);
	assert_int_equal(map.count, 2);
	assert_range(&map, 1, 1, 700000, 5);
	assert_refused(lent("me:1\nyou:1:2\n", &map), "lends no ids to me");
	assert_int_equal(failure.code, ENOENT);
	assert_int_equal(map.count, 1);
}

static void
too_far_is_refused_with_its_line(void **state)
{
	(void)state;
	static struct id_map map;
	assert_refused(lent("you:1:2\nme:4294967295:1\n", &map), ":2: there");
	assert_refused(lent("me:4294967000:65536\n", &map), "no id above");
	assert_refused(lent("me:4294967296:1\n", &map), "no id above");
	assert_refused(lent("me:1:4294967296\n", &map), "no id above");
	assert_refused(lent("me:5:4294967291\n", &map), "no id above");
	assert_refused(lent("me:500:10\nme:505:1\n", &map), ":2: map ids: two");
	assert_refused(lent("me:1000:10\n", &map), "outside");
	/* Other people's mistakes are theirs. */
	assert_int_equal(lent("you:4294967295:9\nme:9:1\n", &map), 0);
}

static void
a_file_that_is_not_there(void **state)
{
	(void)state;
	static struct id_map map;
	assert_refused(idmap_add_subordinate(&map, "/nonexistent/subuid", "me",
					     1000), "/nonexistent/subuid");
	assert_int_equal(failure.code, ENOENT);
}

/* ---- writing ----------------------------------------------------------- */

/* In a user namespace without maps, until it is told to look. */
static int
unmapped(int sock, void *data)
{
	(void)data;
	if (unshare(CLONE_NEWUSER) < 0)
		return fail("make a user namespace");
	if (sync_send(sock, SYNC_READY) < 0 ||
	    sync_expect(sock, SYNC_GO, "the parent") < 0)
		return -1;
	return getuid() == 7 && getgid() == 8 ? 0 : 1;
}

static struct ns_child
unmapped_child(void)
{
	struct ns_child child;
	must(ns_child_create(&child, 0, -1, unmapped, NULL) == 0);
	if (sync_expect(child.sock, SYNC_READY, "the child") < 0) {
		print_message("%s\n", failure.text);
		_exit(CANNOT);
	}
	return child;
}

static void
check_own_ids(void)
{
	become_ordinary();
	static struct id_map uids, gids;
	must(idmap_add(&uids, 7, geteuid(), 1) == 0);
	must(idmap_add(&gids, 8, getegid(), 1) == 0);
	setenv("PATH", "/nonexistent", 1); /* no helper is needed for this */
	struct ns_child child = unmapped_child();
	must(idmap_write(child.pid, &uids, &gids) == 0);
	must(idmap_write(child.pid, &uids, &gids) == -1); /* once only */
	must(failure.code == EPERM);
	auto_free char *path = text("/proc/%d/setgroups", child.pid);
	char answer[16];
	must(read_text(AT_FDCWD, path, answer, sizeof(answer)) > 0);
	must(strcmp(answer, "deny") == 0);
	int status;
	must(sync_send(child.sock, SYNC_GO) == 0);
	must(ns_child_wait(&child, &status) == 0 && status == 0);
}

static void
ones_own_ids_need_no_helper(void **state)
{
	(void)state;
	in_child(check_own_ids);
}

/* A newuidmap made of a line of shell, the first thing in PATH. */
static char *
made_up_helper(const char *script)
{
	char *dir = text("/tmp/mydocker-unit-idmap-%d", getpid());
	auto_free char *path = text("%s/newuidmap", dir);
	auto_free char *content = text("#!/bin/sh\n%s\n", script);
	must(mkdir(dir, 0755) == 0);
	must(write_file(AT_FDCWD, path, content, 0755) == 0);
	auto_free char *paths = text("%s:/bin:/usr/bin", dir);
	setenv("PATH", paths, 1);
	return dir;
}

/* Map 0 to 9 of ours and of an id that is not, with such a helper. */
static int
write_with_helper(struct ns_child child, const char *script)
{
	static struct id_map uids, gids;
	uids.count = gids.count = 0;
	must(idmap_add(&uids, 0, geteuid(), 1) == 0);
	must(idmap_add(&uids, 1, 100000, 9) == 0);
	must(idmap_add(&gids, 8, getegid(), 1) == 0);
	auto_free char *dir = made_up_helper(script);
	int result = idmap_write(child.pid, &uids, &gids);
	auto_free char *path = text("%s/newuidmap", dir);
	must(unlink(path) == 0 && rmdir(dir) == 0);
	return result;
}

static void
check_helpers(void)
{
	become_ordinary();
	struct ns_child child = unmapped_child();
	must(write_with_helper(child, "echo 'sorry: no' >&2; exit 1") == -1);
	must(strstr(failure.text, "map ids of process"));
	must(strstr(failure.text, ": sorry: no"));
	must(write_with_helper(child, "exit 3") == -1);
	must(strstr(failure.text, "did not say why"));
	must(write_with_helper(child, "kill -9 $$") == -1);
	/* Each number is a word of its own. */
	must(write_with_helper(child, "IFS=,; echo \"$*\" >&2; exit 1") == -1);
	auto_free char *words = text(": %d,0,%u,1,1,100000,9", child.pid,
				     geteuid());
	must(strstr(failure.text, words));
	/* It says that all is well: then it is the gid map's turn. */
	must(write_with_helper(child, "exit 0") == 0);
	ns_child_end(&child);
}

static void
what_a_helper_says_is_our_failure(void **state)
{
	(void)state;
	in_child(check_helpers);
}

static void
check_no_helper(void)
{
	become_ordinary();
	struct ns_child child = unmapped_child();
	static struct id_map uids, gids;
	must(idmap_add(&uids, 0, 100000, 9) == 0);
	must(idmap_add(&gids, 0, 100000, 9) == 0);
	setenv("PATH", "/nonexistent", 1);
	must(idmap_write(child.pid, &uids, &gids) == -1);
	must(failure.code == ENOENT);
	must(strstr(failure.text, "newuidmap (package uidmap"));
	ns_child_end(&child);
}

static void
a_helper_that_is_not_installed_has_a_package(void **state)
{
	(void)state;
	in_child(check_no_helper);
}

static void
mapping_somebody_who_is_gone(void **state)
{
	(void)state;
	static struct id_map map;
	assert_int_equal(idmap_add(&map, 0, 0, 1), 0);
	assert_int_equal(idmap_write(0x3fffffff, &map, &map), -1);
	assert_int_equal(failure.code, ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_kernel_would_refuse),
		cmocka_unit_test(the_last_id_is_not_a_number_too_far),
		cmocka_unit_test(a_line_too_many),
		cmocka_unit_test(an_empty_map),
		cmocka_unit_test(by_name_and_by_number),
		cmocka_unit_test(a_user_without_a_name),
		cmocka_unit_test(malformed_lines_are_nobodys),
		cmocka_unit_test(too_far_is_refused_with_its_line),
		cmocka_unit_test(a_file_that_is_not_there),
		cmocka_unit_test(ones_own_ids_need_no_helper),
		cmocka_unit_test(what_a_helper_says_is_our_failure),
		cmocka_unit_test(a_helper_that_is_not_installed_has_a_package),
		cmocka_unit_test(mapping_somebody_who_is_gone),
	};
	return cmocka_run_group_tests_name("idmap", tests, NULL, NULL);
}
