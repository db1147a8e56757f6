/* pour.c - parent.  See pour.h. */
#include "pour.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "told.h"

static _Noreturn void
write_all(const struct tar_source *source, int output)
{
	int result = tar_write(source, output);
	if (result < 0)
		told_warn("mydocker build: %s\n", failure.text);
	_exit(result < 0);
}

static int
wait_for(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("wait for who reads the files");
	return status == 0 ? 0 : failx("the files could not be read");
}

int
pour(const struct tar_source *source, int (*into)(void *data, int input),
     void *data)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail("make a pipe for the files");
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		write_all(source, ends[1]);
	}
	close(ends[1]);
	int result = pid < 0 ? fail("fork who reads the files") :
			       into(data, ends[0]);
	close(ends[0]);
	struct failure why = failure;
	if (pid > 0 && wait_for(pid) < 0 && result == 0)
		return -1;
	failure = why;
	return result;
}
