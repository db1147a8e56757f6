/* test_storage.c - the storage drivers by name, and what each wants. */
#include "storage.h"

#include <string.h>

#include "test.h"

static void
names_are_read_back(void **state)
{
	static const enum storage all[] = { STORAGE_OVERLAY, STORAGE_AUFS };
	(void)state;
	for (size_t i = 0; i < countof(all); i++) {
		enum storage driver = all[!i];
		assert_int_equal(storage_parse(storage_name(all[i]), &driver),
				 0);
		assert_int_equal(driver, all[i]);
	}
}

static void
others_are_refused(void **state)
{
	static const char *const names[] = { "", "overlay2", "AUFS", "aufs ",
					     "vfs" };
	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		enum storage driver = STORAGE_AUFS;
		assert_int_equal(storage_parse(names[i], &driver), -1);
		assert_int_equal(driver, STORAGE_AUFS);
		assert_non_null(strstr(failure.text, "overlay and aufs"));
	}
}

static void
marks_are_the_drivers_own(void **state)
{
	(void)state;
	assert_int_equal(storage_marks(STORAGE_OVERLAY), marks_of_overlay());
	assert_int_equal(storage_marks(STORAGE_AUFS), MARKS_NAMES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_read_back),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(marks_are_the_drivers_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
