/* test_dockerfile_parse.c - Dockerfiles, from the text to structs. */
#include "dockerfile.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test.h"

static void
parse(const char *content, struct dockerfile *file)
{
	if (dockerfile_parse("Dockerfile", content, strlen(content), file) < 0)
		fail_msg("%s\n%s", content, failure.text);
}

/* The only instruction behind a FROM. */
static void
parse_one(const char *line, struct dockerfile *file,
	  struct instruction **instruction)
{
	auto_free char *content = text("FROM scratch\n%s\n", line);
	parse(content, file);
	assert_int_equal(file->stage_count, 1);
	assert_int_equal(file->stages[0].instruction_count, 1);
	*instruction = &file->stages[0].instructions[0];
}

static void
check_words(const struct words *words, const char *joined)
{
	auto_free char *all = copy_text("");
	for (size_t i = 0; i < words->count; i++) {
		char *longer = text("%s%s%s", all, i ? "|" : "",
				    words->items[i]);
		free(all);
		all = longer;
	}
	assert_string_equal(all, joined);
}

/* ---- the seed's -------------------------------------------------------- */

static const char seed[] =
	"# Use an official Python runtime as a parent image\n"
	"FROM python:2.7-slim\n"
	"\n"
	"# Set the working directory to /app\n"
	"WORKDIR /app\n"
	"\n"
	"# Copy the current directory contents into the container at /app\n"
	"COPY . /app\n"
	"\n"
	"# Install any needed packages specified in requirements.txt\n"
	"RUN pip install --trusted-host pypi.python.org -r requirements.txt\n"
	"\n"
	"# Make port 80 available to the world outside this container\n"
	"EXPOSE 80\n"
	"\n"
	"# Define environment variable\n"
	"ENV NAME World\n"
	"\n"
	"# Run app.py when the container launches\n"
	"CMD [\"python\", \"app.py\"]\n";

static void
the_dockerfile_of_the_seed_is_understood(void **state)
{
	(void)state;
	auto_dockerfile struct dockerfile file;
	parse(seed, &file);
	assert_int_equal(file.stage_count, 1);
	const struct build_stage *stage = &file.stages[0];
	assert_string_equal(stage->base_written, "python:2.7-slim");
	assert_string_equal(stage->code, "FROM python:2.7-slim");
	assert_int_equal(stage->line, 2);
	assert_null(stage->name);
	const struct {
		enum instruction_kind kind;
		unsigned int line;
		const char *words;
	} expected[] = {
		{ INSTRUCTION_WORKDIR, 5, "/app" },
		{ INSTRUCTION_COPY, 8, "." },
		{ INSTRUCTION_RUN, 11,
		  "pip install --trusted-host pypi.python.org -r "
		  "requirements.txt" },
		{ INSTRUCTION_EXPOSE, 14, "80" },
		{ INSTRUCTION_ENV, 17, "" },
		{ INSTRUCTION_CMD, 20, "python|app.py" },
	};
	assert_int_equal(stage->instruction_count, countof(expected));
	for (size_t i = 0; i < countof(expected); i++) {
		const struct instruction *it = &stage->instructions[i];
		assert_int_equal(it->kind, expected[i].kind);
		assert_int_equal(it->line, expected[i].line);
		check_words(&it->words, expected[i].words);
	}
	assert_string_equal(stage->instructions[1].destination, "/app");
	assert_true(stage->instructions[2].is_shell);
	assert_string_equal(stage->instructions[4].pairs[0].name, "NAME");
	assert_string_equal(stage->instructions[4].pairs[0].value, "World");
	assert_false(stage->instructions[5].is_shell);
	check_words(&file.warnings,
		    "Dockerfile:17: LegacyKeyValueFormat: \"ENV key=value\" "
		    "should be used instead of legacy \"ENV key value\" "
		    "format");
}

/* ---- lines ------------------------------------------------------------- */

static void
lines_are_joined_as_docker_joins_them(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "RUN a \\\n    b", "a     b" },
		{ "RUN a\\\nb", "ab" },
		{ "RUN a \\  \t \n b", "a  b" },
		{ "RUN a \\\r\n b\r", "a  b" },
		{ "RUN a \\\n# no\n  # neither\n b", "a  b" },
		{ "RUN a \\\n\n\n b", "a  b" },
		{ "RUN a \\\\\n", "a \\\\" },
		{ "RUN a # b", "a # b" },
		{ "  run   a  b  ", "a  b" },
		{ "RUN\ta", "a" },
		{ "RUN \\\n a", "a" },
		{ "\\\nRUN a", "a" },
		{ "RUN a \\", "a" },
		{ "RUN a \\\n#end", "a" },
		{ "RUN \xc3\xbc \xff", "\xc3\xbc \xff" },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		auto_dockerfile struct dockerfile file;
		struct instruction *run;
		parse_one(cases[i][0], &file, &run);
		assert_int_equal(run->kind, INSTRUCTION_RUN);
		check_words(&run->words, cases[i][1]);
	}
}

static void
lines_are_counted(void **state)
{
	(void)state;
	auto_dockerfile struct dockerfile file;
	parse("\xef\xbb\xbf\n# x\nFROM a \\\n AS b\r\n\r\n RUN x \\\n\n  y\n"
	      "RUN <<E\n1\n2\nE\nUSER u", &file);
	const struct build_stage *stage = &file.stages[0];
	assert_int_equal(stage->line, 3);
	assert_int_equal(stage->last_line, 4);
	assert_string_equal(stage->name, "b");
	assert_int_equal(stage->instructions[0].line, 6);
	assert_int_equal(stage->instructions[0].last_line, 8);
	assert_string_equal(stage->instructions[0].code, "RUN x   y");
	assert_int_equal(stage->instructions[1].line, 9);
	assert_int_equal(stage->instructions[1].last_line, 12);
	assert_int_equal(stage->instructions[2].line, 13);
	assert_int_equal(file.warnings.count, 1);
	assert_non_null(strstr(file.warnings.items[0],
			       "NoEmptyContinuation: Empty continuation line "
			       "found in: RUN x   y"));
}

static void
directives_come_first_or_not_at_all(void **state)
{
	(void)state;
	static const struct {
		const char *content;
		char escape;
	} cases[] = {
		{ "# escape=`\nFROM a", '`' },
		{ "#ESCAPE = ` \nFROM a", '`' },
		{ "  # escape=`\r\nFROM a", '`' },
		{ "# escape=\\\nFROM a", '\\' },
		{ "# syntax=docker/dockerfile:1\n# escape=`\nFROM a", '`' },
		{ "# check=skip=all\n# escape=`\nFROM a", '`' },
		{ "# a comment\n# escape=`\nFROM a", '\\' },
		{ "# unknown=1\n# escape=`\nFROM a", '\\' },
		{ "\n# escape=`\nFROM a", '\\' },
		{ "#!/bin/x\n# escape=`\nFROM a", '\\' },
		{ "FROM a\n# escape=`", '\\' },
		{ "# escape\n# escape=`\nFROM a", '\\' },
		{ "# escape=\nFROM a", '\\' },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		auto_dockerfile struct dockerfile file;
		parse(cases[i].content, &file);
		assert_int_equal(file.escape, cases[i].escape);
		assert_int_equal(file.warnings.count, 0);
	}
	auto_dockerfile struct dockerfile file;
	parse("# escape=`\nFROM a\nRUN c:\\dir `\n x\\", &file);
	check_words(&file.stages[0].instructions[0].words, "c:\\dir  x\\");
	auto_dockerfile struct dockerfile other;
	parse("# syntax=example.org/other\nFROM a", &other);
	assert_string_equal(other.syntax, "example.org/other");
	assert_non_null(strstr(other.warnings.items[0], "is not looked at"));
}

/* ---- words ------------------------------------------------------------- */

static void
commands_have_two_forms(void **state)
{
	(void)state;
	static const struct {
		const char *line, *words;
		bool is_shell;
	} cases[] = {
		{ "RUN a | b", "a | b", true },
		{ "RUN [\"a\", \"b c\"]", "a|b c", false },
		{ "RUN  [ \"a\" , \"\\u00fc\\\"\" ] ", "a|\xc3\xbc\"", false },
		{ "RUN [ -f x ] && y", "[ -f x ] && y", true },
		{ "RUN ['a', 'b']", "['a', 'b']", true },
		{ "RUN [\"a\"] x", "[\"a\"] x", true },
		{ "RUN [\"a\",]", "[\"a\",]", true },
		{ "CMD x y", "x y", true },
		{ "CMD []", "", false },
		{ "CMD [\n", "[", true },
		{ "ENTRYPOINT [\"a\"]", "a", false },
		{ "ENTRYPOINT exec top -b", "exec top -b", true },
		{ "HEALTHCHECK CMD curl -f x || exit 1",
		  "curl -f x || exit 1", true },
		{ "HEALTHCHECK CMD [\"a\", \"b\"]", "a|b", false },
		{ "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]",
		  "/bin/bash|-o|pipefail|-c", false },
		{ "VOLUME /a /b", "/a|/b", false },
		{ "VOLUME [\"/a b\"]", "/a b", false },
		{ "EXPOSE 80/tcp 443", "80/tcp|443", false },
		{ "USER a:b", "a:b", false },
		{ "WORKDIR /a b", "/a b", false },
		{ "STOPSIGNAL SIGTERM", "SIGTERM", false },
		{ "MAINTAINER A B <a@b>", "A B <a@b>", false },
		{ "ONBUILD RUN x", "RUN x", false },
		{ "onbuild copy a b", "copy a b", false },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		auto_dockerfile struct dockerfile file;
		struct instruction *it;
		parse_one(cases[i].line, &file, &it);
		check_words(&it->words, cases[i].words);
		assert_int_equal(it->is_shell, cases[i].is_shell);
	}
}

static void
names_have_values(void **state)
{
	(void)state;
	static const struct {
		const char *line, *pairs;
	} cases[] = {
		{ "ENV a b c", "a>b c" },
		{ "ENV a   \"b\"", "a>\"b\"" },
		{ "ENV a=b", "a>b" },
		{ "ENV a=b c='d e' f=\"g h\" i=j\\ k",
		  "a>b|c>'d e'|f>\"g h\"|i>j\\ k" },
		{ "ENV a= b=", "a>|b>" },
		{ "ENV a=b=c", "a>b=c" },
		{ "ENV a=b \\\n    c=d", "a>b|c>d" },
		{ "LABEL a.b/c=\"d\" e=f", "a.b/c>\"d\"|e>f" },
		{ "LABEL \"a b\"=c", "\"a b\">c" },
		{ "LABEL a b c", "a>b c" },
		{ "ARG a", "a" },
		{ "ARG a=b", "a>b" },
		{ "ARG a b=c d=", "a|b>c|d>" },
		{ "ARG a='b c'", "a>'b c'" },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		auto_dockerfile struct dockerfile file;
		struct instruction *it;
		parse_one(cases[i].line, &file, &it);
		struct words pairs = { 0 };
		for (size_t j = 0; j < it->pair_count; j++) {
			const struct name_value *pair = &it->pairs[j];
			auto_free char *one =
				text("%s%s%s", pair->name,
				     pair->value ? ">" : "",
				     pair->value ? pair->value : "");
			words_add(&pairs, one);
		}
		check_words(&pairs, cases[i].pairs);
		words_free(&pairs);
	}
}

static void
stages_have_names_and_platforms(void **state)
{
	(void)state;
	auto_dockerfile struct dockerfile file;
	parse("ARG V=1\nARG W\n"
	      "FROM --platform=$BUILDPLATFORM a:${V} AS One\nRUN x\n"
	      "from b as two.b-_\nFROM One\nCOPY --from=one /a /b\n"
	      "COPY --from=1 /a /b\nCOPY --from=other:1 /a /b\n"
	      "RUN --mount=from=two.b-_,target=/x y", &file);
	assert_int_equal(file.global_arg_count, 2);
	assert_int_equal(file.stage_count, 3);
	assert_string_equal(file.stages[0].name, "one");
	assert_string_equal(file.stages[0].platform_written,
			    "$BUILDPLATFORM");
	assert_string_equal(file.stages[0].base_written, "a:${V}");
	assert_string_equal(file.stages[1].name, "two.b-_");
	assert_null(file.stages[2].name);
	const struct instruction *copies = file.stages[2].instructions;
	assert_int_equal(copies[0].from_stage, 0);
	assert_int_equal(copies[1].from_stage, 1);
	assert_int_equal(copies[2].from_stage, -1);
	assert_string_equal(copies[2].from, "other:1");
	assert_int_equal(dockerfile_stage(&file, "ONE"), 0);
	assert_int_equal(dockerfile_stage(&file, "2"), 2);
	assert_int_equal(dockerfile_stage(&file, "onee"), -1);
	assert_string_equal(failure.text, "target stage \"onee\" could not be "
					  "found (did you mean one?)");
	assert_int_equal(dockerfile_stage(&file, "3"), -1);
}

/* ---- flags ------------------------------------------------------------- */

static void
copy_and_add_have_flags(void **state)
{
	(void)state;
	auto_dockerfile struct dockerfile file;
	struct instruction *it;
	parse_one("COPY --from=img --chown=a:b --chmod=755 --link "
		  "--exclude=*.md --exclude=\"x y\" --parents=false a b/* "
		  "/c/", &file, &it);
	assert_string_equal(it->from, "img");
	assert_string_equal(it->chown, "a:b");
	assert_string_equal(it->chmod, "755");
	assert_true(it->is_link);
	assert_false(it->is_parents);
	check_words(&it->excludes, "*.md|x y");
	check_words(&it->words, "a|b/*");
	assert_string_equal(it->destination, "/c/");

	auto_dockerfile struct dockerfile add_file;
	parse_one("ADD --checksum=sha256:1 --keep-git-dir --unpack=false "
		  "https://x/y.tar /", &add_file, &it);
	assert_string_equal(it->checksum, "sha256:1");
	assert_true(it->keeps_git_dir);
	assert_int_equal(it->unpacks, 0);
	assert_int_equal(it->is_link, false);

	auto_dockerfile struct dockerfile json;
	parse_one("COPY [\"a b\", \"<<c\", \"/d e\"]", &json, &it);
	check_words(&it->words, "a b|<<c");
	assert_string_equal(it->destination, "/d e");
	assert_int_equal(it->unpacks, -1);
}

static void
run_and_healthcheck_have_flags(void **state)
{
	(void)state;
	auto_dockerfile struct dockerfile file;
	struct instruction *it;
	parse_one("RUN --mount=type=cache,target=/c --network=none "
		  "--security=sandbox --mount=type=tmpfs,target=$x "
		  "-- --odd x", &file, &it);
	check_words(&it->mount_flags,
		    "type=cache,target=/c|type=tmpfs,target=$x");
	assert_string_equal(it->network, "none");
	check_words(&it->words, "--odd x");

	auto_dockerfile struct dockerfile health;
	parse_one("HEALTHCHECK --interval=1m30s --timeout=1.5s "
		  "--start-period=500ms --start-interval=2h --retries=5 CMD x",
		  &health, &it);
	assert_int_equal(it->health.interval, 90000000000);
	assert_int_equal(it->health.timeout, 1500000000);
	assert_int_equal(it->health.start_period, 500000000);
	assert_int_equal(it->health.start_interval, 7200000000000);
	assert_int_equal(it->health.retries, 5);

	auto_dockerfile struct dockerfile none;
	parse_one("HEALTHCHECK none", &none, &it);
	assert_true(it->health.is_none);
	assert_int_equal(it->words.count, 0);
}

/* ---- here-documents ---------------------------------------------------- */

static void
here_documents_are_the_command_or_its_input(void **state)
{
	(void)state;
	static const struct {
		const char *line, *words;
		bool is_script;
	} cases[] = {
		{ "RUN <<EOF\na\n# b\n\n$c \\\nEOF", "a\n# b\n\n$c \\\n",
		  false },
		{ "RUN <<-EOF\n\ta\n\t\tb\n\tEOF", "a\nb\n", false },
		{ "RUN <<'E F'\nx\nE F", "x\n", false },
		{ "RUN <<EOF\n#!/usr/bin/python3\nprint()\nEOF",
		  "#!/usr/bin/python3\nprint()\n", true },
		{ "RUN <<EOF\nEOF", "", false },
		{ "RUN --network=none <<EOF\na\nEOF", "a\n", false },
		{ "RUN cat <<A <<-B | sh\n1\nA\n\t2\n\tB",
		  "cat <<A <<-B | sh\n1\nA\n\t2\nB", false },
		{ "RUN 3<<EOF cat\nx\nEOF", "3<<EOF cat\nx\nEOF", false },
		{ "RUN python3 <<EOF\r\nx\r\nEOF\r",
		  "python3 <<EOF\nx\r\nEOF", false },
		/* and these are none: */
		{ "RUN cat<<EOF", "cat<<EOF", false },
		{ "RUN cat <<<EOF", "cat <<<EOF", false },
		{ "RUN cat << EOF", "cat << EOF", false },
		{ "RUN echo '<<EOF'", "echo '<<EOF'", false },
		{ "RUN echo \" <<EOF\"", "echo \" <<EOF\"", false },
		{ "RUN echo $((1 <<2<3))", "echo $((1 <<2<3))", false },
		{ "RUN [\"cat\", \"<<EOF\"]", "cat|<<EOF", false },
		{ "CMD cat <<EOF", "cat <<EOF", false },
		{ "ONBUILD RUN <<EOF\na\nEOF", "RUN <<EOF\na\nEOF", false },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		auto_dockerfile struct dockerfile file;
		struct instruction *it;
		parse_one(cases[i].line, &file, &it);
		check_words(&it->words, cases[i].words);
		assert_int_equal(it->is_script, cases[i].is_script);
		assert_false(it->is_script && it->is_shell);
	}
}

static void
here_documents_are_files_to_copy(void **state)
{
	(void)state;
	auto_dockerfile struct dockerfile file;
	struct instruction *it;
	parse_one("COPY <<a.txt x <<-\"b.txt\" /d/\n$1\na.txt\n\t$2\n\tb.txt",
		  &file, &it);
	check_words(&it->words, "x");
	assert_string_equal(it->destination, "/d/");
	assert_int_equal(it->heredoc_count, 2);
	assert_string_equal(it->heredocs[0].name, "a.txt");
	assert_string_equal(it->heredocs[0].content, "$1\n");
	assert_true(it->heredocs[0].expands);
	assert_string_equal(it->heredocs[1].name, "b.txt");
	assert_string_equal(it->heredocs[1].content, "$2\n");
	assert_false(it->heredocs[1].expands);
}

/* ---- one alone --------------------------------------------------------- */

static void
an_instruction_can_stand_alone(void **state)
{
	(void)state;
	auto_instruction struct instruction it;
	assert_int_equal(instruction_parse("--change", "ENV a=b", &it), 0);
	assert_int_equal(it.kind, INSTRUCTION_ENV);
	auto_instruction struct instruction trigger;
	assert_int_equal(instruction_parse("ONBUILD", "RUN <<E\nx\nE",
					   &trigger), 0);
	check_words(&trigger.words, "x\n");
	static const char *const bad[][2] = {
		{ "", "--change: there is no instruction" },
		{ "# x", "there is no instruction" },
		{ "FROM a", "--change:1: FROM isn't allowed here" },
		{ "USER a\nUSER b", "only one instruction is allowed here" },
		{ "EVN a=b", "unknown instruction: EVN (did you mean ENV?)" },
		{ "USER a\nRUN <<E\n", "unterminated heredoc" },
	};
	for (size_t i = 0; i < countof(bad); i++) {
		struct instruction none;
		assert_int_equal(instruction_parse("--change", bad[i][0],
						   &none), -1);
		if (!strstr(failure.text, bad[i][1]))
			fail_msg("%s: %s", bad[i][0], failure.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_dockerfile_of_the_seed_is_understood),
		cmocka_unit_test(lines_are_joined_as_docker_joins_them),
		cmocka_unit_test(lines_are_counted),
		cmocka_unit_test(directives_come_first_or_not_at_all),
		cmocka_unit_test(commands_have_two_forms),
		cmocka_unit_test(names_have_values),
		cmocka_unit_test(stages_have_names_and_platforms),
		cmocka_unit_test(copy_and_add_have_flags),
		cmocka_unit_test(run_and_healthcheck_have_flags),
		cmocka_unit_test(here_documents_are_the_command_or_its_input),
		cmocka_unit_test(here_documents_are_files_to_copy),
		cmocka_unit_test(an_instruction_can_stand_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
