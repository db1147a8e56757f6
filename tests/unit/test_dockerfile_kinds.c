/* test_dockerfile_kinds.c - Dockerfiles that are wrong, and what is said. */
#include "dockerfile.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

struct bad {
	const char *content;
	unsigned int line, column;
	const char *words;
};

/* With a FROM before it: its lines count from 2. */
static const struct bad bad_lines[] = {
	{ "RUNN x", 2, 1, "unknown instruction: RUNN (did you mean RUN?)" },
	{ "  rnu x", 2, 3, "unknown instruction: rnu (did you mean RUN?)" },
	{ "XYZZY x", 2, 1, "unknown instruction: XYZZY" },
	{ "{", 2, 1, "unknown instruction: {" },
	{ "USER a\n\n# x\nCOPPY a b", 5, 1, "did you mean COPY?" },
	{ "RUN", 2, 1, "RUN requires at least one argument" },
	{ "RUN []", 2, 1, "RUN requires at least one argument" },
	{ "CMD", 2, 1, "CMD requires at least one argument" },
	{ "ENV", 2, 1, "ENV requires at least one argument" },
	{ "ARG", 2, 1, "ARG requires at least one argument" },
	{ "EXPOSE", 2, 1, "EXPOSE requires at least one argument" },
	{ "VOLUME", 2, 1, "VOLUME requires at least one argument" },
	{ "VOLUME []", 2, 1, "VOLUME requires at least one argument" },
	{ "VOLUME [\"\"]", 2, 9, "VOLUME specified can not be an empty" },
	{ "SHELL", 2, 1, "SHELL requires at least one argument" },
	{ "SHELL []", 2, 7, "SHELL requires at least one argument" },
	{ "SHELL /bin/sh -c", 2, 7, "SHELL requires the arguments to be in "
				    "JSON form" },
	{ "USER", 2, 1, "USER requires exactly one argument" },
	{ "WORKDIR", 2, 1, "WORKDIR requires exactly one argument" },
	{ "STOPSIGNAL", 2, 1, "STOPSIGNAL requires exactly one argument" },
	{ "MAINTAINER", 2, 1, "MAINTAINER requires exactly one argument" },
	{ "ONBUILD", 2, 1, "ONBUILD requires at least one argument" },
	{ "ENV a", 2, 5, "ENV must have two arguments" },
	{ "LABEL a", 2, 7, "LABEL must have two arguments" },
	{ "ENV a=b c", 2, 9, "Syntax error - can't find = in \"c\". Must be "
			     "of the form: name=value" },
	{ "ENV a=b \\\n  c d=e", 3, 3, "can't find = in \"c\"" },
	{ "ENV =b", 2, 5, "ENV names can not be blank" },
	{ "LABEL =b", 2, 7, "LABEL names can not be blank" },
	{ "ARG =b", 2, 5, "ARG names can not be blank" },
	{ "RUN [\"a\", 1]", 2, 5, "when using JSON array syntax, arrays must "
				  "be comprised of strings only" },
	{ "CMD [null]", 2, 5, "arrays must be comprised of strings only" },
	{ "COPY [\"a\", {}]", 2, 6, "comprised of strings only" },
	{ "VOLUME [[]]", 2, 8, "comprised of strings only" },
	{ "COPY a", 2, 6, "COPY requires at least two arguments, but only "
			  "one was provided. Destination could not be "
			  "determined" },
	{ "ADD", 2, 1, "ADD requires at least two arguments" },
	{ "COPY --form=x a b", 2, 6, "unknown flag: --form (did you mean "
				     "from?)" },
	{ "ADD --from=x a b", 2, 5, "unknown flag: --from" },
	{ "COPY --from a b", 2, 6, "missing a value on flag: --from" },
	{ "COPY --link= a b", 2, 6, "missing a value on flag: --link" },
	{ "COPY --link=yes a b", 2, 6, "expecting boolean value for flag "
				       "--link, not: yes" },
	{ "COPY --from=a --from=b a b", 2, 15, "duplicate flag specified: "
					       "--from" },
	{ "COPY --from=$x a b", 2, 6, "variable expansion is not supported "
				       "for --from" },
	{ "COPY --from=5 a b", 2, 8, "invalid stage index 5" },
	{ "COPY --from=0 a b", 2, 8, "circular dependency detected on "
				      "stage: 0" },
	{ "COPY --from=later a b\nFROM x AS later", 2, 8,
	  "cannot copy from stage \"later\", it needs to be defined before "
	  "current stage" },
	{ "COPY <<a <<b\n1\na\n2\nb", 2, 10, "COPY cannot accept a heredoc as "
					     "a destination" },
	{ "COPY <<../a /b\nx\n../a", 2, 6, "here-document ../a: its name" },
	{ "RUN <<EOF\nx\nEOFF\n", 2, 5, "unterminated heredoc: no line is "
					"\"EOF\"" },
	{ "RUN x <<A <<B\nA\n", 2, 7, "no line is \"B\"" },
	{ "RUN --mount=type=bnd,target=/x y", 2, 13, "unsupported mount type "
						     "\"bnd\" (did you mean "
						     "bind?)" },
	{ "RUN --mount=type=cache x", 2, 13, "needs target=PATH" },
	{ "RUN --mount=from=$x,target=/y z", 2, 13,
	  "'from' doesn't support variable expansion, define alias stage "
	  "instead" },
	{ "RUN --mount=type=ssh x", 2, 13, "no agent of the host's" },
	{ "RUN --network=nine x", 2, 5, "unsupported network mode \"nine\" "
					"(did you mean none?)" },
	{ "RUN --security=insecure x", 2, 5, "security.insecure is not "
					     "allowed" },
	{ "RUN --device=a/b=c x", 2, 5, "a RUN gets no devices" },
	{ "CMD --x y", 2, 5, "unknown flag: --x" },
	{ "HEALTHCHECK", 2, 1, "HEALTHCHECK requires at least one argument" },
	{ "HEALTHCHECK CMD", 2, 13, "Missing command after HEALTHCHECK CMD" },
	{ "HEALTHCHECK CMD []", 2, 13, "Missing command after" },
	{ "HEALTHCHECK curl x", 2, 13, "Unknown type \"curl\" in HEALTHCHECK "
				       "(try CMD)" },
	{ "HEALTHCHECK NONE x", 2, 18, "HEALTHCHECK NONE takes no "
				       "arguments" },
	{ "HEALTHCHECK --retries=2 NONE", 2, 13, "unknown flag: --retries" },
	{ "HEALTHCHECK --interval=5 CMD x", 2, 13, "time: missing unit in "
						   "duration \"5\"" },
	{ "HEALTHCHECK --interval=x CMD x", 2, 13, "time: invalid duration" },
	{ "HEALTHCHECK --interval=5d CMD x", 2, 13, "time: unknown unit \"d\" "
						    "in duration \"5d\"" },
	{ "HEALTHCHECK --timeout=5us CMD x", 2, 13, "Interval \"timeout\" "
						    "cannot be less than "
						    "1ms" },
	{ "HEALTHCHECK --interval=-5s CMD x", 2, 13, "invalid duration" },
	{ "HEALTHCHECK --retries=-1 CMD x", 2, 13, "--retries cannot be "
						   "negative (-1)" },
	{ "HEALTHCHECK --retries=a CMD x", 2, 13, "invalid syntax" },
	{ "ONBUILD ONBUILD RUN x", 2, 1, "Chaining ONBUILD via `ONBUILD "
					 "ONBUILD` isn't allowed" },
	{ "ONBUILD FROM x", 2, 9, "FROM isn't allowed as an ONBUILD "
				  "trigger" },
	{ "ONBUILD MAINTAINER x", 2, 9, "MAINTAINER isn't allowed as an "
					"ONBUILD trigger" },
	{ "ONBUILD RNU x", 2, 1, "unknown instruction: RNU (did you mean "
				 "RUN?)" },
	{ "ONBUILD COPY a", 2, 14, "COPY requires at least two arguments" },
	{ "FROM", 2, 1, "FROM requires either one or three arguments" },
	{ "FROM a b", 2, 6, "FROM requires either one or three arguments" },
	{ "FROM a is b", 2, 6, "FROM requires either one or three" },
	{ "FROM a AS 1b", 2, 11, "invalid name for build stage: \"1b\", name "
				 "can't start with a number or contain "
				 "symbols" },
	{ "FROM a AS b@c", 2, 11, "invalid name for build stage" },
	{ "FROM --plat=x a", 2, 6, "unknown flag: --plat" },
};

static void
check(const struct bad *bad, const char *content, size_t length)
{
	auto_dockerfile struct dockerfile file;
	if (dockerfile_parse("Dockerfile", content, length, &file) == 0)
		fail_msg("%s was taken", content);
	if (!strstr(failure.text, bad->words))
		fail_msg("%s: \"%s\"", content, failure.text);
	if (file.wrong_line != bad->line || file.wrong_column != bad->column)
		fail_msg("%s: at %u:%u", content, file.wrong_line,
			 file.wrong_column);
	auto_free char *begin = text("Dockerfile:%u: ", bad->line);
	if (bad->line && strncmp(failure.text, begin, strlen(begin)) != 0)
		fail_msg("%s: \"%s\"", content, failure.text);
}

static void
wrong_lines_are_refused_in_dockers_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(bad_lines); i++) {
		auto_free char *content =
			text("FROM scratch\n%s\n", bad_lines[i].content);
		check(&bad_lines[i], content, strlen(content));
	}
}

static void
wrong_files_are_refused(void **state)
{
	(void)state;
	static const struct bad bad[] = {
		{ "", 0, 0, "the Dockerfile cannot be empty" },
		{ "\n# x\n\n", 0, 0, "the Dockerfile cannot be empty" },
		{ "ARG a", 0, 0, "dockerfile contains no stages to build" },
		{ "RUN x", 1, 1, "no build stage in current context: RUN "
				 "stands before the first FROM" },
		{ "ARG a\nENV b=c\nFROM d", 2, 1, "no build stage in" },
		{ "# escape=x\nFROM a", 1, 1, "invalid escape token 'x' does "
					      "not match ` or \\" },
		{ "# escape=`\n# escape=\\\nFROM a", 2, 1,
		  "only one escape parser directive can be used" },
	};
	for (size_t i = 0; i < countof(bad); i++)
		check(&bad[i], bad[i].content, strlen(bad[i].content));
	const struct bad nul = { "", 2, 1, "there is a NUL byte" };
	check(&nul, "FROM a\nRUN\0x\n", 13);
	const struct bad longest = { "", 2, 0, "dockerfile line greater than "
					       "max allowed size of 65535" };
	auto_free char *long_line = new_bytes(70010);
	memset(long_line, 'x', 70000);
	memcpy(long_line, "FROM a\nRUN ", 11);
	check(&longest, long_line, 70000);
}

static void
an_excerpt_shows_the_place(void **state)
{
	(void)state;
	static const struct {
		const char *content, *excerpt;
	} cases[] = {
		{ "FROM a\n\nUSER b\n\tRUNN x\nUSER c\n",
		  "Dockerfile:4\n"
		  "   2 | \n"
		  "   3 | USER b\n"
		  "   4 | \tRUNN x\n"
		  "     | \t^\n" },
		{ "FROM a\nENV \xc3\xbc=b x\r\n",
		  "Dockerfile:2\n"
		  "   1 | FROM a\n"
		  "   2 | ENV \xc3\xbc=b x\n"
		  "     |         ^\n" },
		{ "FROM a\nRUNN \x1b[31m\n",
		  "Dockerfile:2\n"
		  "   1 | FROM a\n"
		  "   2 | RUNN ?[31m\n"
		  "     | ^\n" },
		{ "", "" },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		auto_dockerfile struct dockerfile file;
		const char *content = cases[i].content;
		assert_int_equal(dockerfile_parse("Dockerfile", content,
						  strlen(content), &file), -1);
		auto_free char *excerpt = dockerfile_excerpt(&file);
		assert_string_equal(excerpt, cases[i].excerpt);
	}
}

static void
what_is_not_liked_is_a_warning(void **state)
{
	(void)state;
	static const char content[] =
		"%sFROM a\nMAINTAINER x\nCMD a\nCMD [\"b\"]\nENV a b\n";
	static const struct {
		const char *check;
		size_t count;
	} cases[] = {
		{ "", 4 },
		{ "# check=skip=all\n", 0 },
		{ "# check=skip=JSONArgsRecommended\n", 3 },
		{ "# check=error=false;skip=MaintainerDeprecated, "
		  "LegacyKeyValueFormat\n", 2 },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		auto_free char *all = text("%s%s", cases[i].check,
					   content + 2);
		auto_dockerfile struct dockerfile file;
		assert_int_equal(dockerfile_parse("D", all, strlen(all),
						  &file), 0);
		assert_int_equal(file.warnings.count, cases[i].count);
	}
	auto_dockerfile struct dockerfile file;
	assert_int_equal(dockerfile_parse("D", content + 2,
					  strlen(content + 2), &file), 0);
	assert_string_equal(file.warnings.items[0],
			    "D:2: MaintainerDeprecated: MAINTAINER "
			    "instruction is deprecated in favor of using "
			    "label");
	assert_non_null(strstr(file.warnings.items[2], "D:3: Multiple"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_lines_are_refused_in_dockers_words),
		cmocka_unit_test(wrong_files_are_refused),
		cmocka_unit_test(an_excerpt_shows_the_place),
		cmocka_unit_test(what_is_not_liked_is_a_warning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
