/* test_mount_options.c - -v, --tmpfs and --mount, in the words that Docker
 * takes, and those that it refuses with. */
#include "mount_options.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "csv.h"
#include "test.h"

typedef int parser(const char *string, struct volume *volume);

/* All of it in a line; takes the volume. */
static char *
told(struct volume *volume)
{
	char *line = text("%s %s>%s%s%s%s%s%s%s%s%s%s%s%s%s", volume->type,
			  volume->source ?: "-", volume->target,
			  volume->flags & MS_RDONLY ? " ro" : "",
			  volume->anonymous ? " anonymous" : "",
			  volume->no_copy ? " nocopy" : "",
			  volume->by_mount ? " there" : "",
			  volume->propagation ? " " : "",
			  volume->propagation ?: "",
			  volume->recursive ? " " : "",
			  volume->recursive ?: "",
			  volume->labels.count ? " " : "",
			  volume->labels.count ? volume->labels.items[0] : "",
			  volume->options.count ? " " : "",
			  volume->options.count ? volume->options.items[0] :
						  "");
	volume_release(volume);
	return line;
}

struct accepted {
	const char *string, *wanted;
};

static void
accept_all(parser *parse, const struct accepted *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct volume volume;
		if (parse(cases[i].string, &volume) < 0)
			fail_msg("%s: %s", cases[i].string, failure.text);
		auto_free char *found = told(&volume);
		if (strcmp(found, cases[i].wanted) != 0)
			fail_msg("%s: \"%s\"", cases[i].string, found);
	}
}

static void
refuse_all(parser *parse, const struct accepted *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct volume volume;
		failure = (struct failure){ 0 };
		if (parse(cases[i].string, &volume) == 0)
			fail_msg("\"%s\" was taken", cases[i].string);
		if (!strstr(failure.text, cases[i].wanted))
			fail_msg("%s: %s", cases[i].string, failure.text);
		/* Nothing is left to free. */
		assert_null(volume.source);
		assert_null(volume.target);
		assert_null(volume.type);
	}
}

static void
good_volumes(void **state)
{
	static const struct accepted cases[] = {
		{ "/:/host", "bind />/host" },
		{ "/proc:/p:ro", "bind /proc>/p ro" },
		{ "/proc:/p:rw", "bind /proc>/p" },
		{ "/proc/../proc/./sys:/s", "bind /proc/sys>/s" },
		{ "./sys:/s", "bind /proc/sys>/s" },
		{ "..:/s", "bind />/s" },
		{ ".:/s", "bind /proc>/s" },
		{ "/proc:/with blank", "bind /proc>/with blank" },
		{ "/proc:/a//b/../c/", "bind /proc>/a/c" },
		{ "/proc:/p:ro,z,rslave", "bind /proc>/p ro rslave" },
		{ "/proc:/p:cached", "bind /proc>/p" },
		{ "/no-such-here:/p", "bind /no-such-here>/p" },
		{ "data:/x", "volume data>/x" },
		{ "da.ta_1-2:/x:ro,nocopy", "volume da.ta_1-2>/x ro nocopy" },
		{ "/x", "volume ->/x anonymous" },
	};
	(void)state;
	assert_int_equal(chdir("/proc"), 0);
	accept_all(parse_volume, cases, countof(cases));
}

static void
bad_volumes(void **state)
{
	static const struct accepted cases[] = {
		{ "", "invalid volume specification: ''" },
		{ ":", "invalid volume specification" },
		{ "::", "invalid volume specification" },
		{ "/a:/b:ro:x", "invalid volume specification" },
		{ "/a:", "invalid volume specification" },
		{ ":/x", "invalid volume specification" },
		{ "/a::ro", "invalid volume specification" },
		{ "/a:/x:", "invalid volume specification" },
		{ "x", "must be absolute" },
		{ "/a:x", "'x' mount path must be absolute" },
		{ "/a:../x", "must be absolute" },
		{ "/", "destination can't be '/'" },
		{ "/a:/", "destination can't be '/'" },
		{ "/a://b/..", "destination can't be '/'" },
		{ "/a:/x:RO", "invalid mode: RO" },
		{ "/a:/x:ro,", "invalid mode: ro," },
		{ "/a:/x:ro,rw", "invalid mode" },
		{ "/a:/x:z,Z", "invalid mode" },
		{ "/a:/x: ro", "invalid mode" },
		{ "/a:/x:nocopy", "invalid mode" },
		{ "/a:/x:shared,slave", "invalid mode" },
		{ "data:/x:shared", "invalid mode" },
		{ "d:/x", "too short" },
		{ "a/b:/x", "includes invalid characters for a local volume "
			    "name" },
		{ "-ab:/x", "invalid characters" },
		{ "a b:/x", "invalid characters" },
		{ "a\xc3\xa9:/x", "invalid characters" },
	};
	(void)state;
	refuse_all(parse_volume, cases, countof(cases));
}

#define USUAL (MS_NOEXEC | MS_NOSUID | MS_NODEV)

static void
good_tmpfs(void **state)
{
	static const struct {
		const char *string, *target, *data;
		unsigned long flags;
	} cases[] = {
		{ "/tmp", "/tmp", "", USUAL },
		{ "/a/b:rw", "/a/b", "", USUAL },
		{ "/t:size=64m", "/t", "size=64m", USUAL },
		{ "/t:size=50%,mode=700", "/t", "size=50%,mode=700", USUAL },
		{ "/t:exec", "/t", "", USUAL & ~MS_NOEXEC },
		{ "/t:exec,size=1,suid,uid=5,dev", "/t", "size=1,uid=5", 0 },
		{ "/t:exec,noexec", "/t", "", USUAL },
		{ "/t:ro,noatime", "/t", "", USUAL | MS_RDONLY | MS_NOATIME },
		{ "/t:ro,rw", "/t", "", USUAL },
		{ "/t:noatime,strictatime", "/t", "", USUAL | MS_STRICTATIME },
		{ "/t:noatime,relatime", "/t", "", USUAL },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct volume volume;
		if (parse_tmpfs(cases[i].string, &volume) < 0)
			fail_msg("%s: %s", cases[i].string, failure.text);
		assert_string_equal(volume.type, "tmpfs");
		assert_null(volume.source);
		assert_string_equal(volume.target, cases[i].target);
		assert_string_equal(volume.data, cases[i].data);
		assert_int_equal(volume.flags, cases[i].flags);
		volume_release(&volume);
	}
}

static void
bad_tmpfs(void **state)
{
	static const struct accepted cases[] = {
		{ "", "absolute" }, { ":", "absolute" }, { "tmp", "absolute" },
		{ "./tmp", "absolute" }, { "/", "can't be '/'" },
		{ "//", "can't be '/'" }, { "/a/..", "can't be '/'" },
		{ "/:size=1m", "can't be '/'" },
		{ "/t:", "invalid tmpfs option" },
		{ "/t:exec,", "invalid tmpfs option" },
		{ "/t:foo", "invalid tmpfs option" },
		{ "/t:size", "invalid tmpfs option" },
		{ "/t:SIZE=1m", "invalid tmpfs option" },
		{ "/t:exec=1", "invalid tmpfs option" },
		{ "/t: exec", "invalid tmpfs option" },
		{ "/t:size=1m,bind", "invalid tmpfs option" },
		{ "/t:source=x", "invalid tmpfs option" },
	};
	(void)state;
	refuse_all(parse_tmpfs, cases, countof(cases));
}

static void
good_mounts(void **state)
{
	static const struct accepted cases[] = {
		{ "type=bind,src=/proc,dst=/p", "bind /proc>/p there" },
		{ "type=bind,source=./sys,target=/p,ro",
		  "bind /proc/sys>/p ro there" },
		{ "type=bind,src=/,destination=/p,readonly=true",
		  "bind />/p ro there" },
		{ "readonly=0,type=bind,src=/,dst=/p", "bind />/p there" },
		{ "type=bind,src=/,dst=/p,bind-propagation=rshared",
		  "bind />/p there rshared" },
		{ "type=bind,src=/,dst=/p,bind-nonrecursive",
		  "bind />/p there disabled" },
		{ "type=bind,src=/,dst=/p,bind-nonrecursive=false",
		  "bind />/p there" },
		{ "type=bind,src=/,dst=/p,ro,bind-recursive=writable",
		  "bind />/p ro there writable" },
		{ "type=bind,src=/,dst=/p,ro,bind-recursive=readonly,"
		  "bind-propagation=rprivate",
		  "bind />/p ro there rprivate readonly" },
		{ "type=bind,src=/,dst=/p,bind-recursive=enabled,"
		  "consistency=cached", "bind />/p there" },
		{ "dst=/v", "volume ->/v anonymous there" },
		{ "type=volume,src=vol,dst=/v,volume-nocopy",
		  "volume vol>/v nocopy there" },
		{ "src=vol,dst=/v,volume-label=a=b,volume-opt=type=nfs,ro",
		  "volume vol>/v ro there a=b type=nfs" },
		{ "src=vol,dst=/v,\"volume-opt=o=addr=1.2.3.4,rw\"",
		  "volume vol>/v there o=addr=1.2.3.4,rw" },
		{ "src=vol,dst=/v,volume-driver=local", "volume vol>/v there" },
		{ "type=tmpfs,dst=/t", "tmpfs ->/t there" },
		{ "type=tmpfs,dst=/t,ro", "tmpfs ->/t ro there" },
	};
	(void)state;
	assert_int_equal(chdir("/proc"), 0);
	accept_all(parse_mount, cases, countof(cases));
	struct volume volume;
	assert_int_equal(parse_mount("type=tmpfs,dst=/t,tmpfs-size=64m,"
				     "tmpfs-mode=1770", &volume), 0);
	assert_string_equal(volume.data, "size=67108864,mode=1770");
	assert_int_equal(volume.flags, USUAL);
	volume_release(&volume);
}

static void
bad_mounts(void **state)
{
	static const struct accepted cases[] = {
		{ "", "empty" },
		{ "type=bind,src=/", "target is required" },
		{ "type=bind,src=/,dst=", "target is required" },
		{ "type=,dst=/x", "type is required" },
		{ "type=npipe,dst=/x", "\"npipe\": mount type unknown" },
		{ "dst", "invalid field 'dst' must be a key=value pair" },
		{ "type=bind,src", "must be a key=value pair" },
		{ "dst=/x,foo=1", "unexpected key 'foo' in 'foo=1'" },
		{ "dst=/x,bind-foo=1", "unexpected key 'bind-foo'" },
		{ "dst=x", "must be absolute" },
		{ "dst=/", "destination can't be '/'" },
		{ "type=bind,dst=/x", "field Source must not be empty" },
		{ "type=bind,src=x,dst=/x", "'x' mount path must be absolute" },
		{ "type=bind,src=/no-such-here,dst=/x",
		  "bind source path does not exist: /no-such-here" },
		{ "type=bind,src=/,dst=/x,bind-propagation=some",
		  "invalid propagation mode: some" },
		{ "type=bind,src=/,dst=/x,bind-recursive=maybe",
		  "invalid value for bind-recursive: maybe" },
		{ "type=bind,src=/,dst=/x,bind-recursive=writable",
		  "requires 'readonly'" },
		{ "type=bind,src=/,dst=/x,ro,bind-recursive=readonly",
		  "requires 'bind-propagation=rprivate'" },
		{ "type=bind,src=/,dst=/x,volume-nocopy",
		  "cannot mix 'volume-*' options with mount type 'bind'" },
		{ "dst=/x,bind-propagation=shared",
		  "cannot mix 'bind-*' options with mount type 'volume'" },
		{ "type=bind,src=/,dst=/x,tmpfs-size=1m",
		  "cannot mix 'tmpfs-*' options with mount type 'bind'" },
		{ "dst=/x,ro", "must not set ReadOnly mode when using "
			       "anonymous volumes" },
		{ "src=a/b,dst=/x", "invalid characters" },
		{ "type=tmpfs,src=x,dst=/x", "field Source must not be "
					     "specified" },
		{ "type=tmpfs,dst=/x,tmpfs-size=much",
		  "invalid value for tmpfs-size: much" },
		{ "type=tmpfs,dst=/x,tmpfs-mode=9", "invalid value for "
						    "tmpfs-mode: 9" },
		{ "type=tmpfs,dst=/x,tmpfs-mode=17777", "tmpfs-mode" },
		{ "dst=/x,ro=yes", "invalid boolean value (\"yes\")" },
		{ "dst=/x,\"a", "quote" },
		{ "dst=/x,a\"b", "quote" },
	};
	(void)state;
	refuse_all(parse_mount, cases, countof(cases));
}

static void
order(void **state)
{
	static const char *const typed[] = { "/a/b", "/c", "/a", "/c/d/e" };
	static const char *const wanted[] = { "/c", "/a", "/a/b", "/c/d/e" };
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	(void)state;
	for (size_t i = 0; i < countof(typed); i++) {
		struct volume volume;
		assert_int_equal(parse_volume(typed[i], &volume), 0);
		volume_add(&settings, &volume);
	}
	for (size_t i = 0; i < countof(wanted); i++)
		assert_string_equal(settings.volumes[i].target, wanted[i]);
}

static void
csv(void **state)
{
	auto_words struct words fields = { 0 };
	(void)state;
	assert_int_equal(csv_read("a,,\"b,\"\"c\"\"\",d=\x27", &fields), 0);
	assert_int_equal(fields.count, 4);
	assert_string_equal(fields.items[0], "a");
	assert_string_equal(fields.items[1], "");
	assert_string_equal(fields.items[2], "b,\"c\"");
	assert_string_equal(fields.items[3], "d='");
	assert_int_equal(csv_read("\"a\"b", &fields), -1);
	assert_int_equal(csv_read("\"", &fields), -1);
	assert_int_equal(csv_read("\"\"\"", &fields), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_volumes), cmocka_unit_test(bad_volumes),
		cmocka_unit_test(good_tmpfs),	cmocka_unit_test(bad_tmpfs),
		cmocka_unit_test(good_mounts),	cmocka_unit_test(bad_mounts),
		cmocka_unit_test(order),	cmocka_unit_test(csv),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
