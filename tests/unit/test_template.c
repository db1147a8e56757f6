/* test_template.c - Go's templates: what they make, and what they say. */
#include "template.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static const char sample[] =
	"{\"Name\":\"web\",\"Up\":true,\"Count\":3,\"Share\":1.5,"
	"\"Empty\":\"\",\"Null\":null,\"List\":[\"a\",\"b\",\"c\"],\"None\":[],"
	"\"State\":{\"Running\":false,\"Pid\":12},"
	"\"Labels\":{\"z\":\"26\",\"a\":\"1\"},"
	"\".Label\":{\"z\":\"26\"},\".ID\":\"hidden\","
	"\"Mounts\":[{\"Source\":\"/s\"},{\"Source\":\"/t\"}]}";

/* What it makes, or "! " and the failure.  The caller frees. */
static char *
made(const char *source, bool is_header)
{
	auto_template struct template *template = template_parse(source);
	if (!template)
		return text("! %s", failure.text);
	json_t *value = json_loads(sample, 0, NULL);
	char *out = NULL;
	size_t size;
	FILE *stream = open_memstream(&out, &size);
	int result = template_write(template, value, NULL, is_header, stream);
	fclose(stream);
	json_decref(value);
	if (result == 0)
		return out;
	free(out);
	return text("! %s", failure.text);
}

struct example {
	const char *source, *expected;
};

static void
check(const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		auto_free char *out = made(examples[i].source, false);
		if (strcmp(out, examples[i].expected) != 0)
			fail_msg("%s makes\n%s\nand not\n%s",
				 examples[i].source, out,
				 examples[i].expected);
	}
}

static void
fields(void **state)
{
	static const struct example examples[] = {
		{ "plain", "plain" },
		{ "", "" },
		{ "{{.Name}} {{ .Count }}", "web 3" },
		{ "{{.State.Running}}/{{.State.Pid}}", "false/12" },
		{ "{{.List}} {{.None}} {{.State}}", "[a b c] [] {false 12}" },
		{ "{{.Labels}}", "map[a:1 z:26]" },
		{ "{{.Labels.z}} {{.Labels.q}}", "26 <no value>" },
		{ "{{.Label \"z\"}}|{{.Label \"q\"}}|{{\"z\" | .Label}}",
		  "26||26" },
		{ "{{.ID}}", "hidden" },
		{ "{{.Null}} {{.Health}}", "[] <nil>" },
		{ "{{(index .Mounts 1).Source}}", "/t" },
		{ "{{$.Name}}", "web" },
		{ "{{json .State}}{{json .Labels}}{{json .Name}}",
		  "{\"Running\":false,\"Pid\":12}{\"z\":\"26\",\"a\":\"1\"}"
		  "\"web\"" },
	};
	(void)state;
	check(examples, countof(examples));
}

/* Neither a second name nor the members for a method. */
static void
hidden(void **state)
{
	(void)state;
	auto_free char *out = made("{{json .}}", false);
	assert_null(strstr(out, "hidden"));
	assert_null(strstr(out, ".Label"));
	assert_non_null(strstr(out, "\"Labels\":{"));
}

static void
actions(void **state)
{
	static const struct example examples[] = {
		{ "{{if .Up}}yes{{else}}no{{end}}", "yes" },
		{ "{{if .Empty}}a{{else if .None}}b{{else}}c{{end}}", "c" },
		{ "{{if .State}}struct{{end}}{{if .Null}}x{{end}}", "struct" },
		{ "{{if .Health}}a{{else}}b{{end}}", "b" },
		{ "{{with .State}}{{.Pid}}{{$.Name}}{{end}}", "12web" },
		{ "{{with .Empty}}{{.}}{{else}}none{{end}}", "none" },
		{ "{{range .List}}<{{.}}>{{end}}", "<a><b><c>" },
		{ "{{range $i, $e := .List}}{{$i}}{{$e}} {{end}}",
		  "0a 1b 2c " },
		{ "{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}",
		  "a=1;z=26;" },
		{ "{{range .None}}x{{else}}nothing{{end}}", "nothing" },
		{ "{{range .Mounts}}{{.Source}}{{end}}", "/s/t" },
		{ "{{range .List}}{{if eq . \"b\"}}{{continue}}{{end}}{{.}}"
		  "{{end}}", "ac" },
		{ "{{range .List}}{{if eq . \"b\"}}{{break}}{{end}}{{.}}"
		  "{{end}}", "a" },
		{ "{{$n := 0}}{{range .List}}{{$n = .}}{{end}}{{$n}}", "c" },
		{ "{{with $x := 5}}{{$x}}{{end}}", "5" },
		{ "a  {{- 1 -}}  b", "a1b" },
		{ "{{/* no */}}a{{- /* no */ -}}  b", "ab" },
		{ "{{\"\\t\"}}|{{`\\t`}}|{{\"}}\"}}", "\t|\\t|}}" },
		{ "}} {", "}} {" },
	};
	(void)state;
	check(examples, countof(examples));
}

static void
functions(void **state)
{
	static const struct example examples[] = {
		{ "{{join .List \", \"}}", "a, b, c" },
		{ "{{split \"a/b\" \"/\"}}{{len .List}}{{len .Name}}",
		  "[a b]33" },
		{ "{{upper .Name}}{{lower \"AB\"}}{{title \"ab cd\"}}",
		  "WEBabAb Cd" },
		{ "{{.Name | printf \"%-5s|\" | upper}}", "WEB  |" },
		{ "{{index .List 1}}{{index .Labels \"a\"}}"
		  "{{index .Labels \"q\"}}", "b1" },
		{ "{{slice .Name 1}}{{slice .List 0 2}}", "eb[a b]" },
		{ "{{println .Name 1}}{{print 1 2 \"a\" 3 4}}",
		  "web 1\n1 2a3 4" },
		{ "{{printf \"%s %d %q %5.2f %v %x %%\" \"a\" 12 \"b\\n\" "
		  ".Share .Up 255}}", "a 12 \"b\\n\"  1.50 true ff %" },
		{ "{{printf \"%06d|%-4d|%+d|%10.3s|%t\" 42 7 5 \"abcdef\" "
		  ".Up}}", "000042|7   |+5|       abc|true" },
		{ "{{printf \"%d\" \"x\"}} {{printf \"%s\"}} "
		  "{{printf \"a\" 1}}",
		  "%!d(string=x) %!s(MISSING) a%!(EXTRA int=1)" },
		{ "{{printf \"%q %02d\" .List 7}}", "[\"a\" \"b\" \"c\"] 07" },
		{ "{{eq 1 1}} {{eq .Name \"x\" \"web\"}} {{ne 1 2}} "
		  "{{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge \"b\" \"a\"}}",
		  "true true true true true false true" },
		{ "{{and .Up .Name}} {{or .Empty \"x\"}} {{not .Up}}",
		  "web x false" },
		{ "{{pad \"a\" 1 2}}|{{truncate \"héllo\" 2}}", " a  |hé" },
		{ "{{1e6}} {{0.1}} {{100000.0}} {{1e-7}} {{-3}} {{0x1f}}",
		  "1e+06 0.1 100000 1e-07 -3 31" },
	};
	(void)state;
	check(examples, countof(examples));
}

/* A heading: what is called leaves the title alone. */
static void
headings(void **state)
{
	(void)state;
	auto_free char *out = made("{{upper .Name}}\t{{json .Name}}\t"
				   "{{truncate .Name 2}}{{println}}", true);
	assert_string_equal(out, "web\tweb\tweb\n");
}

#define AT "! template: :1:"
static void
mistakes(void **state)
{
	static const struct example examples[] = {
		{ "{{", "! template: :1: unclosed action" },
		{ "a\n{{.Name", "! template: :2: unclosed action" },
		{ "{{end}}", "! template: :1: unexpected {{end}}" },
		{ "{{else}}", "! template: :1: unexpected {{else}}" },
		{ "{{if .Up}}", "! template: :1: unexpected EOF" },
		{ "{{if .Up}}{{else}}{{else}}{{end}}",
		  "! template: :1: expected end; found {{else}}" },
		{ "{{nosuch}}",
		  "! template: :1: function \"nosuch\" not defined" },
		{ "{{}}", "! template: :1: missing value for command" },
		{ "{{if}}{{end}}", "! template: :1: missing value for if" },
		{ "{{%}}", "! template: :1: unexpected \"%\" in command" },
		{ "{{\"a}}", "! template: :1: unterminated quoted string" },
		{ "{{(1}}", "! template: :1: unclosed left paren" },
		{ "{{/* a }}", "! template: :1: unclosed comment" },
		{ "{{$y}}", "! template: :1: undefined variable \"$y\"" },
		{ "{{if .Up}}{{$x := 1}}{{end}}{{$x}}",
		  "! template: :1: undefined variable \"$x\"" },
		{ "{{break}}",
		  "! template: :1: {{break}} outside {{range}}" },
		{ "{{\"a\" | 3}}", "! template: :1: non executable command "
				   "in pipeline stage 2" },
		{ "{{.Nope}}", AT "2: executing \"\" at <.Nope>: map has no "
			       "entry for key \"Nope\"" },
		{ "{{.State.Nope.X}}",
		  AT "8: executing \"\" at <.State.Nope.X>: map has no entry "
		     "for key \"Nope\"" },
		{ "{{.Health.Status}}",
		  AT "9: executing \"\" at <.Health.Status>: nil pointer "
		     "evaluating interface {}.Status" },
		{ "{{.Name.X}}", AT "7: executing \"\" at <.Name.X>: can't "
				 "evaluate field X in type string" },
		{ "{{index .List 9}}",
		  AT "2: executing \"\" at <index .List 9>: error calling "
		     "index: reflect: slice index out of range: 9" },
		{ "{{lt 1 \"a\"}}",
		  AT "2: executing \"\" at <lt 1 \"a\">: error calling lt: "
		     "incompatible types for comparison" },
		{ "{{len}}", AT "2: executing \"\" at <len>: wrong number of "
			     "args for len: want 1 got 0" },
		{ "{{range 3}}{{end}}", AT "8: executing \"\" at <3>: range "
					"can't iterate over 3" },
		{ "{{nil}}",
		  AT "2: executing \"\" at <nil>: nil is not a command" },
	};
	(void)state;
	check(examples, countof(examples));
}

/* In a list Go has a struct, and says of which type. */
static void
typed_mistake(void **state)
{
	(void)state;
	auto_template struct template *template = template_parse("{{.Nope}}");
	json_t *value = json_loads(sample, 0, NULL);
	assert_int_equal(template_write(template, value, "*formatter.X", false,
					stderr), -1);
	assert_string_equal(failure.text,
			    "template: :1:2: executing \"\" at <.Nope>: can't "
			    "evaluate field Nope in type *formatter.X");
	json_decref(value);
}

static void
depth(void **state)
{
	(void)state;
	char deep[4096] = "{{";
	memset(deep + 2, '(', 4000);
	auto_free char *out = made(deep, false);
	assert_non_null(strstr(out, "nested too deeply"));
	auto_free char *ifs = copy_text("");
	for (int i = 0; i < 300; i++) {
		char *longer = text("%s{{if 1}}", ifs);
		free(ifs);
		ifs = longer;
	}
	auto_free char *also = made(ifs, false);
	assert_non_null(strstr(also, "nested too deeply"));
}

/* Pieces of templates put together at random: nothing may crash or read what
 * is not there, which the sanitizers see.  The seed is fixed. */
static void
random_templates(void **state)
{
	static const char *const pieces[] = {
		"{{", "}}", "{{-", " -}}", " ", ".", ".Name", ".State", ".Pid",
		"if ", "else", "end", "range ", "with ", "$x", " := ", "$", "(",
		")", "|", "\"a\"", "\"", "`", "3", "1.5", "printf ", "\"%5s\"",
		"\"%q%d%v%x\"", "index ", "len ", "json ", ".List", "/*", "*/",
		"break", "continue", "{{end}}", "{{if .Up}}", ",", "=", "nil",
		"{{range $k, $v := .Labels}}", "{{$v}}", "true", "slice ",
		"join ", "split ", "truncate ", "\\", "é", "\n", ".Label ",
		"eq ", "and ", "{{else}}", "%", "\xff", "-1", "pad ",
	};
	uint32_t seed = 12345;
	size_t good = 0;
	(void)state;
	for (int turn = 0; turn < 60000; turn++) {
		char source[512] = "";
		size_t length = 0;
		seed = seed * 1664525 + 1013904223;
		for (int n = (seed >> 24) % 16; n >= 0; n--) {
			seed = seed * 1664525 + 1013904223;
			const char *piece =
				pieces[(seed >> 16) % countof(pieces)];
			length += snprintf(source + length,
					   sizeof(source) - length, "%s",
					   piece);
		}
		auto_free char *out = made(source, turn % 8 == 0);
		good += out[0] != '!';
	}
	assert_true(good > 3000); /* it is not all refused at the first */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(hidden),
		cmocka_unit_test(actions),
		cmocka_unit_test(functions),
		cmocka_unit_test(headings),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(typed_mistake),
		cmocka_unit_test(depth),
		cmocka_unit_test(random_templates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
