/* test_seccomp_profile.c - Docker's conditions of a profile, our own profile,
 * and that the runtime can make a filter of both. */
#include "seccomp_profile.h"

#include <jansson.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "words.h"

#define CAP(name) (1ULL << (name))

/* Quotes are single, to be readable in C. */
static json_t *
convert(const char *profile, uint64_t caps)
{
	auto_free char *copy = copy_text(profile);
	for (char *c = copy; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	return seccomp_profile(copy, caps);
}

static bool
has(const json_t *list, const char *name)
{
	json_t *item;
	size_t i;
	json_array_foreach((json_t *)list, i, item)
		if (strcmp(json_string_value(item), name) == 0)
			return true;
	return false;
}

/* Is there a rule that allows it, whatever its arguments? */
static bool
allows(const json_t *profile, const char *call)
{
	json_t *rule;
	size_t i;
	json_array_foreach(json_object_get(profile, "syscalls"), i, rule)
		if (has(json_object_get(rule, "names"), call) &&
		    strcmp(json_string_value(json_object_get(rule, "action")),
			   "SCMP_ACT_ALLOW") == 0)
			return true;
	return false;
}

static void
conditions(void **state)
{
#define RULE(name, more) \
	"{'names':['" name "'],'action':'SCMP_ACT_ALLOW'" more "}"
	static const char profile[] =
		"{'defaultAction':'SCMP_ACT_ERRNO','syscalls':["
		RULE("read", ",'comment':'always'") ","
		RULE("mount", ",'includes':{'caps':['CAP_SYS_ADMIN']}") ","
		RULE("clone", ",'excludes':{'caps':['CAP_SYS_ADMIN']}") ","
		RULE("bpf", ",'includes':{'caps':['CAP_SYS_ADMIN',"
			    "'CAP_BPF']}") ","
		RULE("acct", ",'includes':{'caps':['CAP_NO_SUCH']}") ","
		RULE("ptrace", ",'includes':{'minKernel':'4.8'}") ","
		RULE("kcmp", ",'includes':{'minKernel':'99.1'}") ","
		RULE("poll", ",'excludes':{'minKernel':'4.8'}") ","
		RULE("open", ",'includes':{'arches':['amd64','arm64']}") ","
		RULE("brk", ",'includes':{'arches':['vax']}") ","
		RULE("dup", ",'excludes':{'arches':['amd64','arm64']},"
			    "'includes':{}") ","
		"{'name':'close','action':'SCMP_ACT_ALLOW'}]}";
	static const char *const always[] = { "read", "ptrace", "open",
					      "close" };
	static const char *const never[] = { "acct", "kcmp", "poll", "brk",
					     "dup" };
	(void)state;
	json_t *plain = convert(profile, 0);
	json_t *admin = convert(profile, CAP(CAP_SYS_ADMIN));
	json_t *both = convert(profile, CAP(CAP_SYS_ADMIN) | CAP(CAP_BPF));
	for (size_t i = 0; i < countof(always); i++)
		assert_true(allows(plain, always[i]) &&
			    allows(admin, always[i]));
	for (size_t i = 0; i < countof(never); i++)
		if (allows(plain, never[i]) || allows(admin, never[i]))
			fail_msg("%s", never[i]);
	assert_true(!allows(plain, "mount") && allows(plain, "clone"));
	assert_true(allows(admin, "mount") && !allows(admin, "clone"));
	assert_true(!allows(admin, "bpf") && allows(both, "bpf"));
	auto_free char *text = json_dumps(plain, 0);
	assert_null(strstr(text, "comment"));
	assert_null(strstr(text, "cludes"));
	json_decref(plain);
	json_decref(admin);
	json_decref(both);
}

static void
architectures(void **state)
{
	(void)state;
	json_t *own = seccomp_architectures();
	const char *native = json_string_value(json_array_get(own, 0));
	auto_free char *profile =
		text("{'defaultAction':'SCMP_ACT_ALLOW','archMap':["
		     "{'architecture':'SCMP_ARCH_S390','subArchitectures':"
		     "['SCMP_ARCH_ARM']},{'architecture':'%s',"
		     "'subArchitectures':['SCMP_ARCH_MIPS']}]}", native);
	json_t *made = convert(profile, 0);
	json_t *list = json_object_get(made, "architectures");
	assert_int_equal(json_array_size(list), 2);
	assert_true(has(list, native) && has(list, "SCMP_ARCH_MIPS"));
	json_decref(made);
	json_decref(own);
}

static void
refusals(void **state)
{
	static const char *const cases[][2] = {
		{ "", "decoding seccomp profile failed" },
		{ "[]", "it is no object" },
		{ "{}", "has no defaultAction" },
		{ "{'defaultAction':'x','defaultAction':'y'}", "duplicate" },
		{ "{'defaultAction':'x','architectures':['a'],'archMap':"
		  "[{'architecture':'b'}]}", "use either 'architectures' or" },
		{ "{'defaultAction':'x','syscalls':[{'name':'a','names':"
		  "['b']}]}", "use either 'name' or 'names'" },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		assert_null(convert(cases[i][0], 0));
		if (!strstr(failure.text, cases[i][1]))
			fail_msg("%s: %s", cases[i][0], failure.text);
	}
}

static void
our_own(void **state)
{
	static const struct {
		const char *call;
		uint64_t caps; /* that it takes; 0: nobody may */
	} rows[] = {
		{ "mount", CAP(CAP_SYS_ADMIN) },
		{ "setns", CAP(CAP_SYS_ADMIN) },
		{ "unshare", CAP(CAP_SYS_ADMIN) },
		{ "bpf", CAP(CAP_BPF) },
		{ "reboot", CAP(CAP_SYS_BOOT) },
		{ "chroot", CAP(CAP_SYS_CHROOT) },
		{ "init_module", CAP(CAP_SYS_MODULE) },
		{ "clock_settime", CAP(CAP_SYS_TIME) },
		{ "open_by_handle_at", CAP(CAP_DAC_READ_SEARCH) },
		{ "add_key", 0 },     { "keyctl", 0 },
		{ "kexec_load", 0 },  { "userfaultfd", 0 },
		{ "io_uring_setup", 0 }, { "swapon", 0 },
	};
	static const char *const everybody[] = {
		"read", "execve", "openat2", "clone3", "futex", "socket",
		"clone", "statx", "rseq", "ptrace", "personality",
	};
	(void)state;
	json_t *plain = seccomp_default(0), *all = seccomp_default(UINT64_MAX);
	for (size_t i = 0; i < countof(everybody); i++)
		if (strcmp(everybody[i], "clone3") != 0)
			assert_true(allows(plain, everybody[i]));
	assert_true(!allows(plain, "clone3") && allows(all, "clone3"));
	for (size_t i = 0; i < countof(rows); i++) {
		json_t *with = seccomp_default(rows[i].caps);
		assert_false(allows(plain, rows[i].call));
		assert_int_equal(allows(all, rows[i].call), rows[i].caps != 0);
		assert_int_equal(allows(with, rows[i].call), rows[i].caps != 0);
		json_decref(with);
	}
	json_decref(plain);
	json_decref(all);
}

/* No call twice. */
static void
each_once(void **state)
{
	(void)state;
	json_t *plain = seccomp_default(0), *rule, *name;
	auto_words struct words seen = { 0 };
	size_t i, j;
	json_array_foreach(json_object_get(plain, "syscalls"), i, rule) {
		if (json_object_get(rule, "args"))
			continue;
		json_array_foreach(json_object_get(rule, "names"), j, name) {
			if (words_has(&seen, json_string_value(name)))
				fail_msg("%s is there twice",
					 json_string_value(name));
			words_add(&seen, json_string_value(name));
		}
	}
	assert_true(seen.count > 300);
	json_decref(plain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions), cmocka_unit_test(architectures),
		cmocka_unit_test(refusals),   cmocka_unit_test(our_own),
		cmocka_unit_test(each_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
