/* test_dockerfile_mount.c - RUN --mount. */
#include "dockerfile_part.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static char *
expand(void *context, const char *word)
{
	(void)context;
	if (strcmp(word, "$fail") == 0) {
		failx("it failed");
		return NULL;
	}
	return copy_text(strcmp(word, "$x") == 0 ? "/expanded" : word);
}

static const char *
or_dash(const char *string)
{
	return string ? string : "-";
}

/* "KIND SOURCE TARGET ID ENV FROM", and what is not usual. */
static char *
shown(const struct run_mount *mount)
{
	static const char *const kinds[] = { "bind", "cache", "tmpfs",
					     "secret" };
	static const char *const sharing[] = { "", " private", " locked" };
	auto_free char *numbers = copy_text("");
	if (mount->has_mode) {
		free(numbers);
		numbers = text(" mode=%o", mount->mode);
	}
	if (mount->has_uid || mount->has_gid) {
		char *longer = text("%s %u:%u", numbers, mount->uid,
				    mount->gid);
		free(numbers);
		numbers = longer;
	}
	if (mount->has_size) {
		char *longer = text("%s size=%lu", numbers,
				    (unsigned long)mount->size);
		free(numbers);
		numbers = longer;
	}
	return text("%s %s %s %s %s %s%s%s%s%s", kinds[mount->kind],
		    or_dash(mount->source), or_dash(mount->target),
		    or_dash(mount->id), or_dash(mount->env),
		    or_dash(mount->from), mount->read_only ? " ro" : "",
		    sharing[mount->sharing],
		    mount->is_required ? " required" : "", numbers);
}

static void
mounts_are_understood(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "target=/x", "bind - /x - - - ro" },
		{ "type=bind,source=a,target=/x,rw", "bind a /x - - -" },
		{ "TYPE=BIND,src=a,dst=/x,from=img,readonly=false",
		  "bind a /x - - img" },
		{ "destination=rel", "bind - rel - - - ro" },
		{ "type=cache,target=/c", "cache - /c - - -" },
		{ "type=cache,target=/c,id=i,sharing=locked,mode=0755,uid=1,"
		  "gid=2,ro,from=b,source=s",
		  "cache s /c i - b ro locked mode=755 1:2" },
		{ "target=/c,sharing=Private,type=cache",
		  "cache - /c - - - private" },
		{ "type=tmpfs,target=/t", "tmpfs - /t - - -" },
		{ "type=tmpfs,target=/t,size=64m",
		  "tmpfs - /t - - - size=67108864" },
		{ "size=1.5kb,type=tmpfs,target=/t",
		  "tmpfs - /t - - - size=1536" },
		{ "type=tmpfs,target=/t,size=10",
		  "tmpfs - /t - - - size=10" },
		{ "type=secret,id=a", "secret - /run/secrets/a a - - ro" },
		{ "type=secret,source=x/a", "secret - /run/secrets/a x/a - - "
					    "ro" },
		{ "type=secret,target=/etc/key", "secret - /etc/key key - - "
						 "ro" },
		{ "type=secret,id=a,required,mode=0400",
		  "secret - /run/secrets/a a - - ro required mode=400" },
		{ "type=secret,id=a,env=A", "secret - - a A - ro" },
		{ "type=secret,id=a,env=A,target=/x", "secret - /x a A - ro" },
		{ "type=secret,id=a,required=false",
		  "secret - /run/secrets/a a - - ro" },
		{ "\"target=/a,b\",src=c", "bind c /a,b - - - ro" },
		{ "\"target=/a\"\"b\"", "bind - /a\"b - - - ro" },
		{ "target=$x", "bind - /expanded - - - ro" },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct run_mount mount;
		if (mount_parse(cases[i][0], expand, NULL, &mount) < 0)
			fail_msg("%s: %s", cases[i][0], failure.text);
		assert_int_equal(mount.from_stage, -1);
		auto_free char *all = shown(&mount);
		assert_string_equal(all, cases[i][1]);
		mount_free(&mount);
	}
}

static void
bad_mounts_are_refused(void **state)
{
	(void)state;
	static const char *const bad[][2] = {
		{ "", "invalid field '' must be a key=value pair" },
		{ "type=nfs,target=/x", "unsupported mount type \"nfs\"" },
		{ "type=cachee,target=/x", "(did you mean cache?)" },
		{ "type=ssh", "no agent of the host's is handed" },
		{ "type,target=/x", "invalid field 'type' must be a" },
		{ "target=/x,tagret=/y", "unexpected key 'tagret' in "
					 "'tagret=/y' (did you mean "
					 "target?)" },
		{ "target=/x,ro=maybe", "invalid value for ro: maybe" },
		{ "target=/x,required", "unexpected key 'required' for mount "
					"type 'bind'" },
		{ "target=/x,size=5", "unexpected key 'size' for mount type "
				      "'bind'" },
		{ "type=tmpfs,target=/x,size=5q", "invalid value for size: "
						  "5q" },
		{ "type=tmpfs,target=/x,size=-1", "invalid value for size" },
		{ "type=tmpfs,target=/x,size=9999999p", "invalid value for" },
		{ "type=tmpfs,target=/x,source=y", "unexpected key 'source'" },
		{ "type=tmpfs,target=/x,sharing=shared", "invalid cache "
							 "sharing set for "
							 "tmpfs mount" },
		{ "type=cache,target=/x,sharing=mine", "unsupported sharing "
						       "value \"mine\"" },
		{ "type=cache,target=/x,mode=9", "invalid value 9 for mode" },
		{ "type=cache,target=/x,uid=me", "invalid value me for uid" },
		{ "target=/x,mode=0755", "mode not allowed for \"bind\" type "
					 "mounts" },
		{ "type=tmpfs,target=/x,gid=1", "gid not allowed for "
						"\"tmpfs\"" },
		{ "target=/x,env=A", "unexpected key 'env' for mount type "
				     "'bind'" },
		{ "type=secret", "one of source, target required" },
		{ "type=secret,id=a,from=b", "should not have a from" },
		{ "type=secret,id=a,source=b", "both source and id can't be "
					       "set" },
		{ "type=secret,id=a,sharing=locked", "should not define "
						     "sharing" },
		{ "type=bind,source=x", "needs target=PATH" },
		{ "target=/", "invalid mount target \"/\"" },
		{ "target=/..", "invalid mount target" },
		{ "target=\"/x\"", "bare \" in non-quoted field" },
		{ "\"target=/x", "missing \" in quoted field" },
		{ "\"target=/x\"y", "missing \" in quoted field" },
		{ "target=$fail", "it failed" },
	};
	for (size_t i = 0; i < countof(bad); i++) {
		struct run_mount mount;
		int done = mount_parse(bad[i][0], expand, NULL, &mount);
		mount_free(&mount);
		if (done == 0)
			fail_msg("%s was taken", bad[i][0]);
		if (!strstr(failure.text, bad[i][1]))
			fail_msg("%s: %s", bad[i][0], failure.text);
	}
}

static void
variables_wait_for_their_values(void **state)
{
	(void)state;
	struct run_mount mount;
	assert_int_equal(mount_parse("type=$t,from=a,target=$x", NULL, NULL,
				     &mount), 0);
	assert_string_equal(mount.from, "a");
	mount_free(&mount);
	assert_int_equal(mount_parse("from=$a,target=/x", NULL, NULL, &mount),
			 -1);
	mount_free(&mount);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_are_understood),
		cmocka_unit_test(bad_mounts_are_refused),
		cmocka_unit_test(variables_wait_for_their_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
