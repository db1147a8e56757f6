/* test_user.c - whom the passwd and group files of a container make of a
 * word. */
#include "user.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "tree.h"

static char top[64];
static int outside = -1, root = -1;

static void
put(int dir, const char *path, const char *content)
{
	auto_close int fd = openat(
		dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
}

#define PASSWD                                                                \
	"root:x:0:0:root:/root:/bin/sh\n"                                     \
	"\n"                                                                  \
	"# a comment\n"                                                       \
	"no colons at all\n"                                                  \
	":x:66:66:no name:/:/bin/sh\n"                                        \
	"short:x:5\n"                                                         \
	"words:x:five:five::/:\n"                                             \
	"daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"                   \
	"1000:x:77:77:a number for a name:/seventyseven:\n"                   \
	"app:x:1000:1001:twice:/home/app:/bin/sh\n"                           \
	"again:x:1000:9:the same id:/again:/bin/sh\n"                         \
	"last:x:42:43::/home/last:/bin/sh" /* and no newline */

#define GROUP                                                                 \
	"root:x:0:\n"                                                         \
	"broken\n"                                                            \
	"::\n"                                                                \
	"adm:x:4:app,daemon\n"                                                \
	"audio:x:29:daemon,app,\n"                                            \
	"application:x:30:applet\n"                                           \
	"final:x:99:app" /* and no newline */

static int
set_up(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/tmp/mydocker-unit-user.XXXXXX");
	if (!mkdtemp(top))
		return -1;
	outside = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(outside, "root", 0755) < 0 ||
	    mkdirat(outside, "root/etc", 0755) < 0)
		return -1;
	put(outside, "passwd", "host:x:555:555::/hosts:\n");
	put(outside, "group", "hostly:x:555:app\n");
	root = openat(outside, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	put(root, "etc/passwd", PASSWD);
	put(root, "etc/group", GROUP);
	return root < 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	close_scoped(&root);
	close_scoped(&outside);
	assert_int_equal(chdir("/tmp"), 0);
	return tree_remove(AT_FDCWD, strrchr(top, '/') + 1);
}

static void
expect(const char *spec, uid_t uid, gid_t gid, const char *home,
       size_t groups)
{
	struct user user;
	if (user_resolve(root, spec, &user) < 0)
		fail_msg("%s: %s", spec, failure.text);
	auto_free char *his = user.home;
	if (user.uid != uid || user.gid != gid || strcmp(his, home) != 0 ||
	    user.group_count != groups)
		fail_msg("%s: %u:%u, home %s, %zu groups", spec, user.uid,
			 user.gid, his, user.group_count);
}

static void
refuse(const char *spec, const char *says)
{
	struct user user;
	failure = (struct failure){ 0 };
	if (user_resolve(root, spec, &user) == 0)
		fail_msg("\"%s\" became %u:%u", spec, user.uid, user.gid);
	free(user.home);
	assert_non_null(strstr(failure.text, says));
}

static void
names(void **state)
{
	(void)state;
	expect("", 0, 0, "/root", 0);
	expect("root", 0, 0, "/root", 0);
	expect("daemon", 1, 1, "/usr/sbin", 2);
	expect("app", 1000, 1001, "/home/app", 3);
	expect("again", 1000, 9, "/again", 0);
	expect("last", 42, 43, "/home/last", 0);
	/* A group that is asked for is the only one. */
	expect("app:adm", 1000, 4, "/home/app", 0);
	expect("app:final", 1000, 99, "/home/app", 0);
	expect("app:0", 1000, 0, "/home/app", 0);
	expect("app:12345", 1000, 12345, "/home/app", 0);
	expect("app:", 1000, 1001, "/home/app", 3);
}

static void
numbers(void **state)
{
	(void)state;
	expect("0", 0, 0, "/root", 0);
	expect("0:0", 0, 0, "/root", 0);
	expect("42", 42, 43, "/home/last", 0);
	/* A number is an id, whatever somebody is called. */
	expect("1000:1", 1000, 1, "/home/app", 0);
	/* One that nobody has needs no entry. */
	expect("31337", 31337, 0, "/", 0);
	expect("31337:31338", 31337, 31338, "/", 0);
	expect("4294967294", 4294967294, 0, "/", 0);
}

static void
strangers(void **state)
{
	static const char *const users[] = {
		"nobody-here", "-1", "-0", "+1", " 1", "1 ", "0x10", "1000abc",
		"1e3", "4294967295", "4294967296", "18446744073709551616",
		"99999999999999999999999", "app ", " app", "APP", "app\n",
		"short", "words", "no colons at all", "# a comment", "../app",
		"\xff", "host", "daemon,app",
	};
	static const char *const groups[] = {
		"app:nothing", "app:-1", "app:0x4", "app:4294967295",
		"app: adm", "app:adm:final", "app::", "app:broken",
		"app:hostly", "0:-1",
	};
	(void)state;
	for (size_t i = 0; i < countof(users); i++)
		refuse(users[i], "unable to find user");
	for (size_t i = 0; i < countof(groups); i++)
		refuse(groups[i], "unable to find group");
}

/* An image brings its files along as it likes. */
static void
hostile_files(void **state)
{
	static const char *const away[] = { "../../passwd", "/../passwd",
					    "/proc/self/root/etc/passwd",
					    "passwd", "/etc/nothing" };
	(void)state;
	assert_int_equal(unlinkat(root, "etc/group", 0), 0);
	for (size_t i = 0; i < countof(away); i++) {
		assert_int_equal(unlinkat(root, "etc/passwd", 0), 0);
		assert_int_equal(symlinkat(away[i], root, "etc/passwd"), 0);
		/* Not the file above the root, which knows "host". */
		refuse("host", "unable to find user");
		expect("0", 0, 0, "/", 0);
	}
	assert_int_equal(unlinkat(root, "etc/passwd", 0), 0);
	assert_int_equal(mkdirat(root, "etc/passwd", 0755), 0);
	refuse("app", "unable to find user");
	expect("5:6", 5, 6, "/", 0);
	assert_int_equal(unlinkat(root, "etc/passwd", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(root, "etc", AT_REMOVEDIR), 0);
	refuse("root", "unable to find user");
	refuse("0:adm", "unable to find group");
	expect("", 0, 0, "/", 0);
	/* The whole of /etc led out. */
	assert_int_equal(symlinkat("../..", root, "etc"), 0);
	refuse("host", "unable to find user");
}

static void
link_inside(void **state)
{
	(void)state;
	assert_int_equal(renameat(root, "etc/passwd", root, "users"), 0);
	assert_int_equal(symlinkat("/users", root, "etc/passwd"), 0);
	expect("app", 1000, 1001, "/home/app", 3);
}

/* More groups than there is room for, and a line longer than any buffer. */
static void
very_many(void **state)
{
	char *lines = NULL;
	size_t size;
	FILE *out = open_memstream(&lines, &size);
	(void)state;
	assert_non_null(out);
	fprintf(out, "long:x:70:");
	for (int i = 0; i < 100000; i++)
		fprintf(out, "member%d,", i);
	fprintf(out, "app\n");
	for (int i = 0; i < 3 * USER_GROUPS_MAX; i++)
		fprintf(out, "g%d:x:%d:app\n", i, 100 + i);
	fclose(out);
	auto_free char *group = lines;
	put(root, "etc/group", group);
	struct user user;
	assert_int_equal(user_resolve(root, "app", &user), 0);
	free(user.home);
	assert_int_equal(user.group_count, USER_GROUPS_MAX);
	expect("app:g150", 1000, 250, "/home/app", 0);
}

/* --group-add: each once, by name or number, and none that is not there. */
static void
more_groups(void **state)
{
	struct user user;
	(void)state;
	assert_int_equal(user_resolve(root, "5:6", &user), 0);
	free(user.home);
	assert_int_equal(user.group_count, 0);
	assert_int_equal(user_add_group(root, "77", &user), 0);
	assert_int_equal(user_add_group(root, "77", &user), 0);
	assert_int_equal(user_add_group(root, "adm", &user), 0);
	assert_int_equal(user.group_count, 2);
	assert_int_equal(user.groups[0], 77);
	assert_int_equal(user_add_group(root, "nobodys", &user), -1);
	assert_non_null(strstr(failure.text, "unable to find group nobodys"));
	assert_int_equal(user.group_count, 2);
}

int
main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		EACH(names),	     EACH(numbers),	EACH(strangers),
		EACH(hostile_files), EACH(link_inside), EACH(very_many),
		EACH(more_groups),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
