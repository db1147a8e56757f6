/* test_platform.c - one machine in several words. */
#include "platform.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static void
normal_words(void **state)
{
	static const char *const words[][2] = {
		{ "arm64", "linux/arm64" },
		{ "linux/arm64/v8", "linux/arm64" },
		{ "linux/arm64/8", "linux/arm64" },
		{ "linux/aarch64", "linux/arm64" },
		{ "AArch64", "linux/arm64" },
		{ "linux/aarch64/v8", "linux/arm64" },
		{ "linux/arm64/v9", "linux/arm64/v9" },
		{ "linux/arm", "linux/arm/v7" },
		{ "linux/arm/7", "linux/arm/v7" },
		{ "linux/arm/6", "linux/arm/v6" },
		{ "armhf", "linux/arm/v7" },
		{ "linux/armhf/v5", "linux/arm/v7" },
		{ "armel", "linux/arm/v6" },
		{ "x86_64", "linux/amd64" },
		{ "linux/x86-64/v1", "linux/amd64" },
		{ "linux/amd64/v1", "linux/amd64" },
		{ "linux/amd64/v3", "linux/amd64/v3" },
		{ "i386", "linux/386" },
		{ "linux/i386/x", "linux/386" },
		{ "Linux/S390X", "linux/s390x" },
		{ "windows/amd64", "windows/amd64" },
		{ "aix/ppc64", "aix/ppc64" },
		{ "/amd64", "linux/amd64" },
		{ "/", "linux/" },
	};
	(void)state;
	for (size_t i = 0; i < countof(words); i++) {
		auto_free char *normal = platform_normal(words[i][0]);
		assert_string_equal(normal, words[i][1]);
	}
}

static void
distances(void **state)
{
	static const struct {
		const char *found, *asked;
		int distance;
	} cases[] = {
		{ "linux/arm64", "linux/arm64/v8", 0 },
		{ "linux/arm64/v8", "linux/arm64", 0 },
		{ "linux/arm64/v8", "aarch64", 0 },
		{ "linux/aarch64", "arm64", 0 },
		{ "linux/arm64/v9", "linux/arm64", -1 },
		{ "linux/amd64/v1", "linux/amd64", 0 },
		{ "linux/amd64/v3", "linux/amd64", -1 },
		{ "linux/amd64", "linux/amd64/v3", 3 },
		{ "linux/arm/v7", "linux/arm", 0 },
		{ "linux/arm", "linux/arm/v7", 0 },
		{ "linux/arm", "linux/arm/v6", 3 },
		{ "linux/arm/v6", "linux/arm", 1 },
		{ "linux/arm/v5", "linux/arm", 2 },
		{ "linux/arm/v8", "linux/arm", -1 },
		{ "linux/arm/x", "linux/arm", -1 },
		{ "linux/arm/v6", "linux/arm/v7", -1 },
		{ "linux/arm64", "linux/arm", -1 },
		{ "linux/386", "i386", 0 },
		{ "linux/s390x", "linux", 0 },
		{ "windows/amd64", "linux", -1 },
		{ "windows/amd64", "amd64", -1 },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		assert_int_equal(platform_distance(cases[i].found,
						   cases[i].asked),
				 cases[i].distance);
		assert_int_equal(platform_fits(cases[i].found, cases[i].asked),
				 cases[i].distance >= 0);
	}
}

/* Whatever its length, nothing is written beyond. */
static void
long_ones(void **state)
{
	char name[1000];
	(void)state;
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	auto_free char *normal = platform_normal(name);
	assert_string_equal(normal, "linux/?");
	assert_false(platform_fits("linux/amd64", name));
	assert_false(platform_fits(name, "linux/amd64"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normal_words),
		cmocka_unit_test(distances),
		cmocka_unit_test(long_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
