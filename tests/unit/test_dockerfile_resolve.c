/* test_dockerfile_resolve.c - stages, and what variables have for them. */
#include "dockerfile_part.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static int
resolve(struct dockerfile *file, const char *content, const char *given)
{
	auto_words struct words all = { 0 };
	if (given)
		split_blanks(given, &all);
	if (dockerfile_parse("Dockerfile", content, strlen(content), file) < 0)
		fail_msg("%s: %s", content, failure.text);
	return dockerfile_resolve(file, &all, "linux/arm64/v8",
				  "linux/amd64");
}

static void
bases_are_resolved(void **state)
{
	(void)state;
	auto_dockerfile struct dockerfile file;
	const char *content =
		"ARG V=1 W\nARG X=${V}-x\n"
		"FROM a:${V}${W:-none} AS one\nFROM --platform=$BUILDPLATFORM "
		"b:$X AS two\nFROM ONE\nFROM scratch\nFROM two AS one\n"
		"FROM one\nFROM $TARGETARCH$HOME";
	assert_int_equal(resolve(&file, content, "W=w V=2 OTHER=3 http_proxy="
						 "p BUILDKIT_X=1"), 0);
	static const struct {
		const char *base;
		int base_stage;
		bool is_scratch;
	} stages[] = {
		{ "a:2w", -1, false },	  { "b:2-x", -1, false },
		{ "ONE", 0, false },	  { "scratch", -1, true },
		{ "two", 1, false },	  { "one", 4, false },
		{ "arm64", -1, false },
	};
	assert_int_equal(file.stage_count, countof(stages));
	for (size_t i = 0; i < countof(stages); i++) {
		assert_string_equal(file.stages[i].base, stages[i].base);
		assert_int_equal(file.stages[i].base_stage,
				 stages[i].base_stage);
		assert_int_equal(file.stages[i].is_scratch,
				 stages[i].is_scratch);
	}
	assert_string_equal(file.stages[1].platform, "linux/amd64");
	assert_null(file.stages[0].platform);
	assert_string_equal(variables_get(&file.globals, "TARGETPLATFORM"),
			    "linux/arm64");
	assert_string_equal(variables_get(&file.globals, "TARGETVARIANT"), "");
	struct words unused = { 0 };
	dockerfile_unused(&file, &unused);
	assert_int_equal(unused.count, 1);
	assert_string_equal(unused.items[0], "OTHER");
	words_free(&unused);
	/* Again, with other values: nothing of the first time stays. */
	auto_words struct words none = { 0 };
	assert_int_equal(dockerfile_resolve(&file, &none, "linux/arm/v7",
					    "linux/amd64"), 0);
	assert_string_equal(file.stages[0].base, "a:1none");
	assert_string_equal(variables_get(&file.globals, "TARGETPLATFORM"),
			    "linux/arm/v7");
}

static void
bad_bases_are_refused(void **state)
{
	(void)state;
	static const char *const bad[][2] = {
		{ "FROM $no", "Dockerfile:1: base name ($no) should not be "
			      "blank" },
		{ "FROM a\nFROM ${x", "Dockerfile:2: failed to process" },
		{ "FROM --platform=$no a", "empty platform value from "
					   "expression $no" },
		{ "ARG a=${b:?say}\nFROM x", "Dockerfile:1: failed to process "
					     "\"${b:?say}\": b: say" },
	};
	for (size_t i = 0; i < countof(bad); i++) {
		auto_dockerfile struct dockerfile file;
		assert_int_equal(resolve(&file, bad[i][0], NULL), -1);
		if (!strstr(failure.text, bad[i][1]))
			fail_msg("%s: %s", bad[i][0], failure.text);
	}
	auto_dockerfile struct dockerfile file;
	assert_int_equal(resolve(&file, "FROM a", NULL), 0);
	auto_words struct words none = { 0 };
	static const char *const platforms[] = { "linux", "", "linux/",
						 "a=/b" };
	for (size_t i = 0; i < countof(platforms); i++)
		assert_int_equal(dockerfile_resolve(&file, &none, platforms[i],
						    "linux/amd64"), -1);
}

static void
only_the_stages_that_are_needed_are(void **state)
{
	(void)state;
	auto_dockerfile struct dockerfile file;
	assert_int_equal(resolve(&file,
				 "FROM a AS a0\nFROM a AS b1\nFROM a AS c2\n"
				 "FROM a0 AS d3\nCOPY --from=b1 /x /y\n"
				 "FROM a AS e4\nCOPY --from=d3 /x /y\n"
				 "FROM a\nRUN --mount=from=c2,target=$x y\n"
				 "COPY --from=image /x /y", NULL), 0);
	static const char *const needed[] = { "1", "01", "001", "1101",
					      "11011", "001001" };
	for (size_t i = 0; i < countof(needed); i++) {
		bool answer[6];
		dockerfile_needed(&file, i, answer);
		for (size_t j = 0; j < 6; j++)
			assert_int_equal(answer[j],
					 j < strlen(needed[i]) &&
						 needed[i][j] == '1');
	}
	auto_instruction struct instruction trigger;
	assert_int_equal(instruction_parse("ONBUILD", "COPY --from=b1 a b",
					   &trigger), 0);
	bool more[6] = { false };
	assert_int_equal(instruction_needs(&file, 5, &trigger, more), 0);
	assert_true(more[1]);
	assert_int_equal(instruction_needs(&file, 1, &trigger, more), -1);
}

static void
check_environment(const struct build_scope *scope, bool for_cache,
		  const char *joined)
{
	auto_words struct words environment = { 0 }, expected = { 0 };
	build_scope_environment(scope, for_cache, &environment);
	split_blanks(joined, &expected);
	assert_int_equal(environment.count, expected.count);
	for (size_t i = 0; i < expected.count; i++)
		assert_string_equal(environment.items[i], expected.items[i]);
}

static void
a_stage_has_variables(void **state)
{
	(void)state;
	auto_dockerfile struct dockerfile file;
	assert_int_equal(resolve(&file, "FROM a",
				 "A=given HTTP_PROXY=p no_proxy=n"), 0);
	char *const base[] = { "PATH=/bin", "E=base", NULL };
	auto_build_scope struct build_scope scope;
	build_scope_begin(&scope, &file, base);
	assert_string_equal(build_scope_get(&scope, "E"), "base");
	assert_null(build_scope_get(&scope, "A"));
	const struct name_value arg = { "E", "arg" }, unset = { "U", NULL };
	build_scope_declare(&scope, &arg);
	build_scope_declare(&scope, &unset);
	/* The later of the two, and the image's own stays what it was. */
	assert_string_equal(build_scope_get(&scope, "E"), "arg");
	assert_null(build_scope_get(&scope, "U"));
	assert_string_equal(variables_get(&scope.env, "E"), "base");
	build_scope_set_env(&scope, "E", "env");
	build_scope_set_env(&scope, "N", "new");
	assert_string_equal(build_scope_get(&scope, "E"), "env");
	check_environment(&scope, false, "PATH=/bin E=env N=new HTTP_PROXY=p "
					 "no_proxy=n");
	check_environment(&scope, true, "PATH=/bin E=env N=new");
	assert_int_equal(scope.env.count, 3);
	assert_string_equal(scope.env.items[1], "E=env");
}

static void
a_stage_on_another_has_its_args(void **state)
{
	(void)state;
	auto_dockerfile struct dockerfile file;
	assert_int_equal(resolve(&file,
				 "FROM a AS one\nARG V=1 G X\nENV E=$V\n"
				 "ARG E=later F=f\nENV F=env\n"
				 "FROM one AS two\nARG W=${V}2\n"
				 "FROM two\nFROM a", "G=given"), 0);
	char *const env[] = { "PATH=/bin", "E=1", "F=env", NULL };
	auto_build_scope struct build_scope scope;
	build_scope_begin_stage(&scope, &file, 2, env);
	assert_int_equal(scope.stage, 2);
	check_environment(&scope, true, "PATH=/bin E=later F=env V=1 G=given "
					"W=12");
	assert_string_equal(variables_get(&scope.env, "E"), "1");
	assert_null(build_scope_get(&scope, "X"));
	auto_build_scope struct build_scope other;
	build_scope_begin_stage(&other, &file, 3, env);
	assert_null(build_scope_get(&other, "V"));
}

static void
a_base_without_a_path_gets_one(void **state)
{
	(void)state;
	auto_dockerfile struct dockerfile file;
	assert_int_equal(resolve(&file, "FROM scratch", NULL), 0);
	auto_build_scope struct build_scope scope;
	build_scope_begin(&scope, &file, NULL);
	assert_int_equal(scope.env.count, 1);
	assert_string_equal(scope.env.items[0],
			    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
			    "/usr/bin:/sbin:/bin");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bases_are_resolved),
		cmocka_unit_test(bad_bases_are_refused),
		cmocka_unit_test(only_the_stages_that_are_needed_are),
		cmocka_unit_test(a_stage_has_variables),
		cmocka_unit_test(a_stage_on_another_has_its_args),
		cmocka_unit_test(a_base_without_a_path_gets_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
