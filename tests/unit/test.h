/*
 * test.h - cmocka, with the headers it takes for granted.
 *
 * cmocka calls one of its macros fail(), and so does base.h: here the word is
 * base.h's, and a test that has found a mistake says fail_msg("what is wrong").
 */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base.h"

#pragma push_macro("fail")
#undef fail
#include <cmocka.h>
#undef fail
#pragma pop_macro("fail")

#undef fail_msg
#define fail_msg(...) \
	(print_error("ERROR: " __VA_ARGS__), print_error("\n"), \
	 _fail(__FILE__, __LINE__))

/* That nothing was left open is seen by comparing two of these. */
static inline int
count_descriptors(void)
{
	auto_dir DIR *dir = opendir("/proc/self/fd");
	int count = 0;
	while (readdir(dir))
		count++;
	return count;
}

#endif
