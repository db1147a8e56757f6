/*
 * 04-too-late.c - why a process must be in its cgroup before it runs.
 *
 *	sudo build/steps/04-too-late /sys/fs/cgroup/memory	(v1)
 *	sudo build/steps/04-too-late /sys/fs/cgroup		(v2)
 *
 * The limit is 50 MiB, a child takes 100.  Its parent moves it when it has
 * them: they stay charged where they were.  Then the child goes in by itself.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "mydocker-step-04"
#define MIB (1 << 20)

static void
put(const char *file, const char *value)
{
	int fd = open(file, O_WRONLY);
	if (fd < 0 || dprintf(fd, "%s", value) < 0)
		perror(file), rmdir("../" NAME), exit(1);
	close(fd);
}

/* Take the memory; say so, by a byte; keep it until the pipe is closed. */
static void
eat(int full, int leave)
{
	volatile char *memory = malloc(100 * MIB);
	mlock((void *)memory, 100 * MIB); /* never in swap */
	for (size_t i = 0; memory && i < 100 * MIB; i += 4096)
		memory[i] = 1;
	_exit(write(full, "", 1) != 1 || read(leave, &full, 1) < 0);
}

static void
try(const char *what, const char *usage, int is_late)
{
	int full[2], leave[2], status;
	char text[32] = "";
	pid_t pid = pipe(full) < 0 || pipe(leave) < 0 ? -1 : fork();
	if (pid == 0) {
		close(leave[1]);
		if (!is_late)
			put("cgroup.procs", "0");
		eat(full[1], leave[0]);
	}
	close(full[1]);
	snprintf(text, sizeof(text), "%d", pid);
	if (read(full[0], &status, 1) == 1 && is_late)
		put("cgroup.procs", text);
	int fd = open(usage, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		perror(usage);
	close(leave[1]);
	waitpid(pid, &status, 0);
	printf("%s: the child %s; charged to it: %ld MiB\n", what,
	       WIFSIGNALED(status) ? "was killed" : "has its 100 MiB",
	       atol(text) / MIB);
}

int
main(int argc, char **argv)
{
	if (argc != 2)
		return fprintf(stderr, "usage: %s MOUNT-POINT\n", argv[0]), 2;
	if (chdir(argv[1]) < 0 || mkdir(NAME, 0755) < 0 || chdir(NAME) < 0)
		return perror("make " NAME), 1;
	int v1 = access("memory.limit_in_bytes", F_OK) == 0;
	const char *usage = v1 ? "memory.usage_in_bytes" : "memory.current";
	put(v1 ? "memory.limit_in_bytes" : "memory.max", "52428800");
	try("moved by its parent, late", usage, 1);
	try("went in itself, first", usage, 0);
	return chdir("..") < 0 || rmdir(NAME) < 0;
}
