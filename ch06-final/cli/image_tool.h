/*
 * image_tool.h - mydocker-image, the program beside us that knows archives:
 * run for us, with what it reads and writes.
 */
#ifndef IMAGE_TOOL_H
#define IMAGE_TOOL_H

#include "storage.h"

#include <sys/types.h>

struct image_tool {
	const char *const *words; /* its verb and so on; ends with NULL */
	enum storage driver;
	int input, output; /* -1: ours */
	int given;	   /* what it has as descriptor 3, or -1 */
};
#define IMAGE_TOOL { .input = -1, .output = -1, .given = -1 }

/* Its process, to be waited for; -1 on failure. */
pid_t image_tool_start(const struct image_tool *tool);
/* Its exit status, 128+n for signal n; -1 on failure.  It has said itself why
 * it is not 0. */
int image_tool_wait(pid_t pid);

#endif
