/* test_build_state.c - what instructions do to a config. */
#include "build_state.h"

#include <string.h>

#include "test.h"

/* One after the other, to a config that is empty; what came of the last. */
static int
apply_all(struct build_state *state, const char *const *codes)
{
	bool has_cmd = false;
	int result = 0;
	build_state_empty(state, "amd64");
	json_object_clear(build_state_config(state));
	for (; result == 0 && *codes; codes++) {
		auto_words struct words env = { 0 };
		auto_build_scope struct build_scope scope = { 0 };
		auto_instruction struct instruction it = { 0 }, ready = { 0 };
		build_state_list(state, "Env", &env);
		build_scope_begin(&scope, NULL, env.items);
		if (instruction_parse("test", *codes, &it) < 0 ||
		    instruction_expand(NULL, &it, &scope, &ready) < 0)
			fail_msg("%s: %s", *codes, failure.text);
		result = build_state_apply(state, &ready, &has_cmd);
	}
	return result;
}

/* As JSON, with ' for ". */
static char *
shown(const struct build_state *state)
{
	char *json = json_dumps(build_state_config(state),
				JSON_COMPACT | JSON_SORT_KEYS);
	for (char *c = json; (c = strchr(c, '"'));)
		*c = '\'';
	return json;
}

static void
each_has_its_member(void **unused)
{
	static const struct {
		const char *codes[4], *config;
	} cases[] = {
		{ { "CMD a b" }, "{'Cmd':['/bin/sh','-c','a b']}" },
		{ { "SHELL [\"/s\"]", "CMD a" },
		  "{'Cmd':['/s','a'],'Shell':['/s']}" },
		{ { "CMD a", "CMD [\"b\"]", "ENTRYPOINT [\"c\"]" },
		  "{'Cmd':['b'],'Entrypoint':['c']}" },
		{ { "ENV A=1 B=2", "ENV A=$A$B" }, "{'Env':['A=12','B=2']}" },
		{ { "EXPOSE 1-2/udp 80", "EXPOSE 80" },
		  "{'ExposedPorts':{'1/udp':{},'2/udp':{},'80/tcp':{}}}" },
		{ { "VOLUME /a ${B:-/b}" }, "{'Volumes':{'/a':{},'/b':{}}}" },
		{ { "LABEL a=1 b=2", "LABEL a=3" },
		  "{'Labels':{'a':'3','b':'2'}}" },
		{ { "HEALTHCHECK NONE" }, "{'Healthcheck':{'Test':['NONE']}}" },
		{ { "HEALTHCHECK --timeout=1s CMD [\"a\"]" },
		  "{'Healthcheck':{'Test':['CMD','a'],"
		  "'Timeout':1000000000}}" },
		{ { "HEALTHCHECK --retries=3 --start-period=2ms CMD a b" },
		  "{'Healthcheck':{'Retries':3,'StartPeriod':2000000,"
		  "'Test':['CMD-SHELL','a b']}}" },
		{ { "ONBUILD RUN a", "ONBUILD USER b" },
		  "{'OnBuild':['RUN a','USER b']}" },
		{ { "STOPSIGNAL 9", "USER u:g" },
		  "{'StopSignal':'9','User':'u:g'}" },
		{ { "WORKDIR a", "WORKDIR ../b/" }, "{'WorkingDir':'/b'}" },
		{ { "RUN a", "COPY a b" }, "{}" },
	};
	(void)unused;
	for (size_t i = 0; i < countof(cases); i++) {
		auto_build_state struct build_state state;
		assert_int_equal(apply_all(&state, cases[i].codes), 0);
		auto_free char *config = shown(&state);
		assert_string_equal(config, cases[i].config);
	}
}

/* The base's CMD was for the base's ENTRYPOINT. */
static void
an_entrypoint_takes_the_cmd_of_before(void **unused)
{
	auto_build_state struct build_state state;
	auto_instruction struct instruction it;
	bool has_cmd = false;
	(void)unused;
	assert_int_equal(apply_all(&state, (const char *[]){ "CMD a", NULL }),
			 0);
	assert_int_equal(instruction_parse("test", "ENTRYPOINT [\"b\"]", &it),
			 0);
	assert_int_equal(build_state_apply(&state, &it, &has_cmd), 0);
	auto_free char *config = shown(&state);
	assert_string_equal(config, "{'Entrypoint':['b']}");
}

static void
what_json_cannot_say_is_refused(void **unused)
{
	static const char *const cases[][2] = {
		{ "CMD a\xe9", "CMD: a text in it is not UTF-8" },
		{ "ENV A=\xe9", "ENV: a text in it is not UTF-8" },
		{ "LABEL \xe9=a", "LABEL: a text in it is not UTF-8" },
		{ "WORKDIR /\xe9", "WORKDIR: a text in it is not UTF-8" },
	};
	(void)unused;
	for (size_t i = 0; i < countof(cases); i++) {
		auto_build_state struct build_state state;
		const char *codes[] = { "USER a", cases[i][0], NULL };
		assert_int_equal(apply_all(&state, codes), -1);
		assert_string_equal(failure.text, cases[i][1]);
		auto_free char *config = shown(&state);
		assert_string_equal(config, "{'User':'a'}");
	}
}

static void
the_history_grows(void **unused)
{
	auto_build_state struct build_state state;
	auto_words struct words hexes = { 0 };
	(void)unused;
	build_state_empty(&state, "amd64");
	build_state_note(&state, "2020", "USER a", NULL);
	json_object_set_new(build_state_note(&state, "2021", NULL, "0f"),
			    "comment", json_string("more"));
	auto_free char *history = json_dumps(json_object_get(state.root,
							     "history"),
					     JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(history,
			    "[{\"created\":\"2020\",\"created_by\":\"USER a\","
			    "\"empty_layer\":true},"
			    "{\"comment\":\"more\",\"created\":\"2021\"}]");
	build_state_layers(&state, &hexes);
	assert_int_equal(hexes.count, 1);
	assert_string_equal(hexes.items[0], "0f");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_its_member),
		cmocka_unit_test(an_entrypoint_takes_the_cmd_of_before),
		cmocka_unit_test(what_json_cannot_say_is_refused),
		cmocka_unit_test(the_history_grows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
