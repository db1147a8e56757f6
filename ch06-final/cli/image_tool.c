/* image_tool.c - parent.  See image_tool.h. */
#include "image_tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container.h"
#include "self.h"
#include "verbs.h"

enum { GIVEN = 3 };

/* From 0 to 3 each is where it belongs only when all are out of the way. */
static bool
place(const struct image_tool *tool)
{
	const int wanted[] = { STDIN_FILENO, STDOUT_FILENO, GIVEN };
	int fds[] = { tool->input, tool->output, tool->given };
	bool is_good = true;
	for (size_t i = 0; i < countof(fds); i++)
		if (fds[i] >= 0)
			fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, GIVEN + 1);
	for (size_t i = 0; i < countof(fds); i++)
		if (fds[i] >= 0)
			is_good &= dup2(fds[i], wanted[i]) == wanted[i];
	return is_good;
}

pid_t
image_tool_start(const struct image_tool *tool)
{
	auto_free char *path = self_beside("mydocker-image");
	if (!path)
		return -1;
	size_t count = 0;
	while (tool->words[count])
		count++;
	auto_free const char **argv = new_bytes((count + 6) * sizeof(*argv));
	argv[0] = path;
	argv[1] = "--root";
	argv[2] = verb_root();
	argv[3] = "--storage-driver";
	argv[4] = storage_name(tool->driver);
	memcpy(argv + 5, tool->words, count * sizeof(*argv));
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		return fail("start %s", path);
	if (pid == 0) {
		if (place(tool))
			execv(path, (char *const *)argv);
		dprintf(STDERR_FILENO, "mydocker: run %s: %s\n", path,
			strerror(errno));
		_exit(EXIT_RUNTIME);
	}
	return pid;
}

int
image_tool_wait(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("wait for mydocker-image");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

int
verb_run_image_tool(const char *const words[], int output)
{
	struct image_tool tool = IMAGE_TOOL;
	tool.words = words;
	tool.driver = verb_driver();
	tool.output = output;
	pid_t pid = image_tool_start(&tool);
	return pid < 0 ? -1 : image_tool_wait(pid);
}
