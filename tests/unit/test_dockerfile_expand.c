/* test_dockerfile_expand.c - instructions with their variables' values. */
#include "dockerfile.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static char *const base_env[] = { "PATH=/bin", "HOME=/root", "A=1", "TWO=1 2",
				 NULL };

struct fixture {
	struct dockerfile file;
	struct build_scope scope;
};

/* `content` has one instruction after its FROM; `given` one --build-arg. */
static void
open_fixture(struct fixture *fixture, const char *content, const char *given)
{
	auto_words struct words all = { 0 };
	if (given)
		words_add(&all, given);
	if (dockerfile_parse("Dockerfile", content, strlen(content),
			     &fixture->file) < 0 ||
	    dockerfile_resolve(&fixture->file, &all, "linux/amd64",
			       "linux/amd64") < 0)
		fail_msg("%s: %s", content, failure.text);
	build_scope_begin(&fixture->scope, &fixture->file, base_env);
}

static void
close_fixture(struct fixture *fixture)
{
	build_scope_free(&fixture->scope);
	dockerfile_free(&fixture->file);
}

static int
expand(struct fixture *fixture, struct instruction *to)
{
	return instruction_expand(&fixture->file,
				  &fixture->file.stages[0].instructions[0],
				  &fixture->scope, to);
}

/* What an instruction says, in one line. */
static char *
shown(const struct instruction *it)
{
	char *all = copy_text("");
	for (size_t i = 0; i < it->words.count; i++) {
		char *longer = text("%s[%s]", all, it->words.items[i]);
		free(all);
		all = longer;
	}
	for (size_t i = 0; i < it->pair_count; i++) {
		const struct name_value *pair = &it->pairs[i];
		char *longer = text("%s{%s:%s}", all, pair->name,
				    pair->value ? pair->value : "-");
		free(all);
		all = longer;
	}
	if (it->destination) {
		char *longer = text("%s>%s", all, it->destination);
		free(all);
		all = longer;
	}
	return all;
}

static void
each_kind_expands_what_docker_does(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "WORKDIR $HOME/x", "[/root/x]" },
		{ "WORKDIR \"/a b\"", "[/a b]" },
		{ "USER ${A}:'$A'", "[1:$A]" },
		{ "ENV B=$A A=2 C=$A \"D D\"=\"$HOME\"",
		  "{B:1}{A:2}{C:1}{D D:/root}" },
		{ "ENV B \"x\" $A", "{B:x 1}" },
		{ "LABEL v.$A=\"$A $A\"", "{v.1:1 1}" },
		{ "VOLUME $HOME \"$A\"", "[/root][1]" },
		{ "EXPOSE 8$A/udp 80 $TWO 80", "[1/tcp][2/tcp][80/tcp]"
						    "[81/udp]" },
		{ "EXPOSE 7-9 127.0.0.1:5:6/sctp",
		  "[7/tcp][8/tcp][9/tcp][6/sctp]" },
		{ "STOPSIGNAL ${S:-SIGINT}", "[SIGINT]" },
		{ "STOPSIGNAL 9", "[9]" },
		{ "COPY $A \"${X:-a\\$b}\" $HOME/", "[1][a$b]>/root/" },
		{ "COPY [\"$A\", \"$HOME\"]", "[1]>/root" },
		{ "ADD http://x/$A /", "[http://x/1]>/" },
		/* and these do not: */
		{ "RUN echo $A", "[echo $A]" },
		{ "CMD echo \"$A\"", "[echo \"$A\"]" },
		{ "ENTRYPOINT [\"$A\"]", "[$A]" },
		{ "HEALTHCHECK CMD x $A", "[x $A]" },
		{ "SHELL [\"$A\"]", "[$A]" },
		{ "ONBUILD USER $A", "[USER $A]" },
		{ "MAINTAINER $A", "[$A]" },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct fixture fixture;
		auto_free char *content = text("FROM x\n%s\n", cases[i][0]);
		open_fixture(&fixture, content, NULL);
		struct instruction ready;
		if (expand(&fixture, &ready) < 0)
			fail_msg("%s: %s", content, failure.text);
		auto_free char *all = shown(&ready);
		if (strcmp(all, cases[i][1]) != 0)
			fail_msg("%s: %s", cases[i][0], all);
		instruction_free(&ready);
		close_fixture(&fixture);
	}
}

static void
args_have_values_by_dockers_order(void **state)
{
	(void)state;
	static const struct {
		const char *content, *given, *shown;
	} cases[] = {
		{ "FROM x\nARG V", NULL, "{V:-}" },
		{ "FROM x\nARG V", "V=g", "{V:g}" },
		{ "FROM x\nARG V=d", NULL, "{V:d}" },
		{ "FROM x\nARG V=d", "V=g", "{V:g}" },
		{ "FROM x\nARG V=d", "V=", "{V:}" },
		{ "ARG V=top\nFROM x\nARG V", NULL, "{V:top}" },
		{ "ARG V=top\nFROM x\nARG V=d", NULL, "{V:d}" },
		{ "ARG V=top\nFROM x\nARG V", "V=g", "{V:g}" },
		{ "ARG V=$HOME\nFROM x\nARG V", NULL, "{V:}" },
		{ "ARG W=w\nARG V=${W}v\nFROM x\nARG V", NULL, "{V:wv}" },
		{ "FROM x\nARG V=a W=${V}b X=\"$A\"", NULL,
		  "{V:a}{W:ab}{X:1}" },
		{ "FROM x\nARG V=a W=$V", "V=$A", "{V:$A}{W:$A}" },
		{ "FROM x\nARG V=${no:?need}", "V=g", "{V:g}" },
		{ "FROM x\nARG TARGETPLATFORM TARGETARCH BUILDOS", NULL,
		  "{TARGETPLATFORM:linux/amd64}{TARGETARCH:amd64}"
		  "{BUILDOS:linux}" },
		{ "FROM x\nARG TARGETARCH", "TARGETARCH=z", "{TARGETARCH:z}" },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct fixture fixture;
		open_fixture(&fixture, cases[i].content, cases[i].given);
		struct instruction ready;
		if (expand(&fixture, &ready) < 0)
			fail_msg("%s: %s", cases[i].content, failure.text);
		auto_free char *all = shown(&ready);
		assert_string_equal(all, cases[i].shown);
		instruction_free(&ready);
		close_fixture(&fixture);
	}
}

static void
here_documents_expand_unless_quoted(void **state)
{
	(void)state;
	struct fixture fixture;
	open_fixture(&fixture, "FROM x\nCOPY --chown=$A <<a <<'b' /d/\n"
			       "\"$HOME\" \\$A\na\n$HOME\nb\n", NULL);
	struct instruction ready;
	assert_int_equal(expand(&fixture, &ready), 0);
	assert_string_equal(ready.heredocs[0].content, "\"/root\" $A\n");
	assert_string_equal(ready.heredocs[1].content, "$HOME\n");
	assert_string_equal(ready.chown, "1");
	instruction_free(&ready);
	close_fixture(&fixture);
}

static void
what_comes_out_wrong_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		unsigned int column;
		const char *words;
	} bad[] = {
		{ "WORKDIR ${no:?say it}", 9, "no: say it" },
		{ "ENV a=1 b=${}", 11, "bad substitution" },
		{ "ENV $no=1", 5, "ENV names can not be blank" },
		{ "COPY \"a b\" /x", 6, "matching double-quote" },
		{ "EXPOSE $HOME", 8, "invalid proto: root" },
		{ "EXPOSE x", 8, "invalid containerPort: x" },
		{ "EXPOSE 65536", 8, "invalid containerPort: 65536" },
		{ "EXPOSE 9-8", 8, "invalid containerPort: 9-8" },
		{ "EXPOSE 80/tpc", 8, "invalid proto: tpc" },
		{ "EXPOSE /tcp", 8, "no port specified" },
		{ "STOPSIGNAL SIGNO", 12, "invalid signal: SIGNO" },
		{ "STOPSIGNAL 0", 12, "invalid signal: 0" },
		{ "COPY a b c", 10, "When using COPY with more than one source "
				    "file, the destination must be a directory "
				    "and end with a /" },
		{ "COPY https://x/y /", 6, "source can't be a URL for COPY" },
		{ "ADD --checksum=md5:1 http://x /", 5, "invalid checksum "
							"digest format" },
		{ "ADD --checksum=sha256:"
		  "00000000000000000000000000000000"
		  "00000000000000000000000000000000 a /", 5,
		  "checksum can't be specified for anything but one HTTP(S) "
		  "source" },
		{ "RUN --mount=type=${A},target=/x y", 13,
		  "unsupported mount type \"1\"" },
		{ "RUN --mount=target=$no y", 13, "needs target=PATH" },
	};
	for (size_t i = 0; i < countof(bad); i++) {
		struct fixture fixture;
		auto_free char *content = text("FROM x\n%s\n", bad[i].line);
		open_fixture(&fixture, content, NULL);
		struct instruction ready;
		if (expand(&fixture, &ready) == 0)
			fail_msg("%s was taken", bad[i].line);
		if (!strstr(failure.text, bad[i].words) ||
		    strncmp(failure.text, "Dockerfile:2: ", 14) != 0)
			fail_msg("%s: \"%s\"", bad[i].line, failure.text);
		if (fixture.file.wrong_column != bad[i].column)
			fail_msg("%s: column %u", bad[i].line,
				 fixture.file.wrong_column);
		close_fixture(&fixture);
	}
}

static void
sources_may_go_to_a_directory(void **state)
{
	(void)state;
	static const char *const good[] = { "COPY a b .", "COPY a b ..",
					    "COPY a b x/", "COPY a b x/.",
					    "COPY a b /" };
	for (size_t i = 0; i < countof(good); i++) {
		struct fixture fixture;
		auto_free char *content = text("FROM x\n%s\n", good[i]);
		open_fixture(&fixture, content, NULL);
		struct instruction ready;
		assert_int_equal(expand(&fixture, &ready), 0);
		instruction_free(&ready);
		close_fixture(&fixture);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_expands_what_docker_does),
		cmocka_unit_test(args_have_values_by_dockers_order),
		cmocka_unit_test(here_documents_expand_unless_quoted),
		cmocka_unit_test(what_comes_out_wrong_is_refused),
		cmocka_unit_test(sources_may_go_to_a_directory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
