/*
 * run_line.h - for tests of what `run` is asked for: a command line in one
 * text.
 */
#ifndef RUN_LINE_H
#define RUN_LINE_H

#include <string.h>

#include "run_options.h"
#include "test.h"

#define WORDS_MAX 32

/* `line` is divided at blanks, "~" is a blank; a failure's text is kept.
 * 0: it is all right, and `wanted` is for run_options_free(). */
static inline int
try_line(const char *line, struct run_wanted *wanted)
{
	char *argv[WORDS_MAX] = { (char *)"run" };
	auto_free char *copy = copy_text(line);
	char *rest = copy, *word;
	int argc = 1;
	*wanted = (struct run_wanted)RUN_WANTED;
	failure = (struct failure){ 0 };
	while ((word = strsep(&rest, " ")) && *line) {
		for (char *c = word; *c; c++)
			*c = *c == '~' ? ' ' : *c;
		argv[argc++] = word;
	}
	int first = options_parse(run_option_rows, argc, argv, wanted);
	if (first >= 0 && first != argc)
		fail_msg("%s: a word is left", line);
	return first < 0 ? -1 : run_options_check(wanted);
}

#endif
