/* test_exec.c - which file a command means, and the words for why not. */
#include "exec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox.h"
#include "tree.h"

static char top[64];

static void
put(const char *path, const char *content, mode_t mode)
{
	auto_close int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	assert_int_equal(fchmod(fd, mode), 0);
}

/* one/ and two/ are what PATH lists; we are above them. */
static int
set_up(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/tmp/mydocker-unit-exec.XXXXXX");
	if (!mkdtemp(top) || chdir(top) < 0 || mkdir("one", 0755) < 0 ||
	    mkdir("two", 0755) < 0 || mkdir("one/folder", 0755) < 0)
		return -1;
	put("two/tool", "#!/bin/sh\nexit 7\n", 0755);
	put("one/both", "", 0755);
	put("two/both", "", 0755);
	put("one/plain", "", 0644);
	put("one/later", "", 0644);
	put("two/later", "", 0755);
	put("here", "", 0755);
	return symlink("loop", "loop") + symlink("gone", "dangling") +
	       symlink("two/tool", "link");
}

static int
tear_down(void **state)
{
	(void)state;
	assert_int_equal(chdir("/tmp"), 0);
	return tree_remove(AT_FDCWD, strrchr(top, '/') + 1);
}

/* What "name" means, or NULL; the caller frees. */
static char *
find(const char *name, const char *path)
{
	auto_free char *pair = path ? text("PATH=%s", path) : NULL;
	char *env[] = { (char *)"XPATH=/nowhere", (char *)"PATHX=/nowhere",
			pair, NULL };
	failure = (struct failure){ 0 };
	return exec_find(name, env);
}

static void
found(void **state)
{
	static const char *const cases[][3] = {
		{ "tool", "one:two", "two/tool" },
		{ "both", "one:two", "one/both" },
		{ "both", "two:one", "two/both" },
		/* One that may not be executed does not end the search. */
		{ "later", "one:two", "two/later" },
		{ "tool", "/no/such:here:two", "two/tool" },
		/* An empty entry is the working directory. */
		{ "here", ":one", "./here" },
		{ "here", "one::two", "./here" },
		/* With a slash there is no search. */
		{ "./here", "one", "./here" },
		{ "two/tool", "", "two/tool" },
		{ "./link", "", "./link" },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		auto_free char *path = find(cases[i][0], cases[i][1]);
		if (!path)
			fail_msg("%s in %s: %s", cases[i][0], cases[i][1],
				 failure.text);
		assert_string_equal(path, cases[i][2]);
	}
}

static void
not_found(void **state)
{
	static const struct {
		const char *name, *path, *says;
		int code;
	} cases[] = {
		{ "nothing", "one:two", "executable file not found in $PATH",
		  ENOENT },
		{ "tool", "", "executable file not found in $PATH", ENOENT },
		{ "tool", NULL, "executable file not found in $PATH", ENOENT },
		{ "", "one", "executable file not found in $PATH", ENOENT },
		{ "folder", "one", "executable file not found in $PATH",
		  ENOENT },
		{ "plain", "one:two", "permission denied", EACCES },
		{ "./nothing", "one",
		  "exec: \"./nothing\": stat ./nothing: no such file or "
		  "directory", ENOENT },
		{ "/no/such/place", "", "no such file or directory", ENOENT },
		{ "./dangling", "", "no such file or directory", ENOENT },
		{ "./here/below", "", "no such file or directory", ENOENT },
		{ "one/plain", "", "exec: \"one/plain\": permission denied",
		  EACCES },
		{ "./one", "", "is a directory", EACCES },
		{ "/", "", "is a directory", EACCES },
		{ "/dev/null", "", "permission denied", EACCES },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		auto_free char *path = find(cases[i].name, cases[i].path);
		if (path)
			fail_msg("%s is %s", cases[i].name, path);
		if (!strstr(failure.text, cases[i].says) ||
		    failure.code != cases[i].code)
			fail_msg("%s: code %d, %s", cases[i].name,
				 failure.code, failure.text);
	}
}

/* Names beyond what the kernel or a message takes. */
static void
very_long(void **state)
{
	static char name[100000];
	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	assert_null(find(name, "one:two"));
	assert_int_equal(failure.code, ENOENT);
	name[0] = '/';
	assert_null(find(name, "one:two"));
	assert_true(strlen(failure.text) < sizeof(failure.text));
	/* The search goes on behind an entry that is too long. */
	auto_free char *path = text("%s:two", name);
	auto_free char *tool = find("tool", path);
	assert_string_equal(tool, "two/tool");
}

static void
variables(void **state)
{
	char *env[] = { (char *)"A=1", (char *)"AB=2",	(char *)"EMPTY=",
			(char *)"NOSIGN", (char *)"A=3", (char *)"E==",
			NULL };
	char *none[] = { NULL };
	(void)state;
	assert_string_equal(exec_getenv(env, "A"), "1");
	assert_string_equal(exec_getenv(env, "AB"), "2");
	assert_string_equal(exec_getenv(env, "EMPTY"), "");
	assert_string_equal(exec_getenv(env, "E"), "=");
	assert_null(exec_getenv(env, "NOSIGN"));
	assert_null(exec_getenv(env, "B"));
	assert_null(exec_getenv(env, "a"));
	assert_null(exec_getenv(none, "A"));
}

/* The status of a child that becomes `path`; 125 with a code on failure. */
static int
status_of(const char *path, char *const *argv, int *code)
{
	char *env[] = { (char *)"ONLY=this", NULL };
	int ends[2], status;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		exec_replace(path, argv, env);
		(void)!write(ends[1], &failure.code, sizeof(failure.code));
		_exit(125);
	}
	close(ends[1]);
	*code = 0;
	(void)!read(ends[0], code, sizeof(*code));
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
replaced(void **state)
{
	int code;
	(void)state;
	char *argv[] = { (char *)"sh", (char *)"-c",
			 (char *)"[ \"$0 $1 $ONLY$HOME\" = 'a b c this' ]",
			 (char *)"a b", (char *)"c", NULL };
	assert_int_equal(status_of("/bin/sh", argv, &code), 0);
	assert_int_equal(code, 0);
	char *tool[] = { (char *)"tool", NULL };
	assert_int_equal(status_of("two/tool", tool, &code), 7);
	put("broken", "\177ELF, but only the beginning of it", 0755);
	assert_int_equal(status_of("./broken", tool, &code), 125);
	assert_int_equal(code, ENOEXEC);
	put("lost", "#!/no/such/interpreter\n", 0755);
	assert_int_equal(status_of("./lost", tool, &code), 125);
	assert_int_equal(code, ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found),     cmocka_unit_test(not_found),
		cmocka_unit_test(very_long), cmocka_unit_test(variables),
		cmocka_unit_test(replaced),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
