/* image_program.c - parent.  See image_program.h. */
#include "image_program.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "self.h"

struct running {
	pid_t pid;
	int said, complained; /* what is read of it; or -1 */
	char complaint[300];
	size_t length;
};

/* In the child.  It is not to go on when nobody waits for it any more. */
static _Noreturn void
become(const char *path, char *const *argv, int output, int complaints)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (dup2(output, STDOUT_FILENO) == STDOUT_FILENO &&
	    dup2(complaints, STDERR_FILENO) == STDERR_FILENO)
		execv(path, argv);
	dprintf(STDERR_FILENO, "run %s: %s\n", path, strerror(errno));
	_exit(1);
}

static int
start(const char *path, char *const *argv, int output, struct running *it)
{
	int said[2] = { -1, -1 }, complained[2];
	if ((output < 0 && pipe2(said, O_CLOEXEC) < 0) ||
	    pipe2(complained, O_CLOEXEC) < 0)
		return fail("make a pipe");
	fflush(NULL);
	it->pid = fork();
	if (it->pid == 0)
		become(path, argv, output < 0 ? said[1] : output,
		       complained[1]);
	close_scoped(&said[1]);
	close_scoped(&complained[1]);
	it->said = said[0];
	it->complained = complained[0];
	return it->pid < 0 ? fail("start %s", path) : 0;
}

/* One of its two ends has something: false at the end of it. */
static bool
take_said(const struct running *it, struct telling *telling)
{
	char block[4096];
	ssize_t got = read(it->said, block, sizeof(block));
	if (got > 0)
		telling_output(telling, block, got);
	return got > 0;
}

/* As much as a failure has room for, the rest is read all the same. */
static bool
take_complaint(struct running *it)
{
	char block[512];
	ssize_t got = read(it->complained, block, sizeof(block));
	size_t room = sizeof(it->complaint) - 1 - it->length;
	size_t used = got < 0 ? 0 : (size_t)got < room ? (size_t)got : room;
	memcpy(it->complaint + it->length, block, used);
	it->length += used;
	return got > 0;
}

static int
listen_to(struct running *it, struct telling *telling)
{
	struct pollfd fds[] = {
		{ .fd = it->said, .events = POLLIN },
		{ .fd = it->complained, .events = POLLIN },
	};
	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		int ready = poll(fds, countof(fds), -1);
		/* We are told to end: so is it, and then we hear the end. */
		if (ready < 0 && errno == EINTR)
			kill(it->pid, SIGTERM);
		else if (ready < 0)
			return fail("wait for what it says");
		if (ready < 0)
			continue;
		if (fds[0].revents && !take_said(it, telling))
			fds[0].fd = -1;
		if (fds[1].revents && !take_complaint(it))
			fds[1].fd = -1;
	}
	return 0;
}

/* "mydocker: why": the last line that it wrote. */
static int
judge(struct running *it)
{
	static const char name[] = "mydocker: ";
	int status;
	while (waitpid(it->pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("wait for mydocker-image");
	if (status == 0)
		return 0;
	while (it->length && it->complaint[it->length - 1] == '\n')
		it->length--;
	it->complaint[it->length] = '\0';
	if (it->length == 0)
		return failx("mydocker-image was killed");
	const char *line = strrchr(it->complaint, '\n');
	line = line ? line + 1 : it->complaint;
	if (strncmp(line, name, strlen(name)) == 0)
		line += strlen(name);
	return failx("%s", line);
}

int
image_program_run(const char *root, enum storage driver,
		  const char *const words[], int output,
		  struct telling *telling)
{
	struct running it = { .said = -1, .complained = -1 };
	const char *argv[16] = { "mydocker-image", "--root", root,
				 "--storage-driver", storage_name(driver) };
	auto_free char *path = self_beside(argv[0]);
	if (!path)
		return -1;
	for (size_t i = 0; words[i] && i + 6 < countof(argv); i++)
		argv[5 + i] = words[i];
	int result = start(path, (char *const *)argv, output, &it);
	if (result == 0)
		result = listen_to(&it, telling);
	close_scoped(&it.said);
	close_scoped(&it.complained);
	if (it.pid > 0 && judge(&it) < 0)
		return -1;
	return result;
}
