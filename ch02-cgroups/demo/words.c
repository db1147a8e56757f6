/* words.c - see words.h. */
#include "words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "cgroup.h"

struct words
words_mib(uint64_t bytes)
{
	struct words words = { "none" };
	if (bytes != CGROUP_NONE)
		snprintf(words.text, sizeof(words.text), "%.1f MiB",
			 (double)bytes / MIB);
	return words;
}

struct words
words_number(uint64_t number)
{
	struct words words = { "none" };
	if (number != CGROUP_NONE)
		snprintf(words.text, sizeof(words.text), "%" PRIu64, number);
	return words;
}

struct words
words_status(int status)
{
	struct words words;
	if (WIFSIGNALED(status))
		snprintf(words.text, sizeof(words.text), "by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(words.text, sizeof(words.text), "exit status %d",
			 WEXITSTATUS(status));
	return words;
}
