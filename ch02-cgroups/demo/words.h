/* words.h - numbers and ends for a reader; CGROUP_NONE is "none". */
#ifndef WORDS_H
#define WORDS_H

#include <stdint.h>

/* By value, so that one line may have several: words_mib(n).text. */
struct words {
	char text[48];
};

#define MIB (UINT64_C(1) << 20)

struct words words_mib(uint64_t bytes);
struct words words_number(uint64_t number);
/* A wait status: "exit status 0", "by signal 9 (Killed)". */
struct words words_status(int status);

#endif
