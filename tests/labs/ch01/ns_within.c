/* ns_within.c NUMBER TEXT - visits the uts namespace of another process: one
 * visit that returns NUMBER, one that fails with TEXT, and some that cannot
 * take place. */
#include "ns.h"
#include "stop.h"

static const struct ns_kind uts = { .name = "uts", .file = "uts",
				    .flag = CLONE_NEWUTS };
static int calls;

static void
prepare(void)
{
	must(unshare(CLONE_NEWUTS) == 0);
}

static int
visit(void *data)
{
	calls++;
	stop("there", "pid=%d", getpid());
	return *(int *)data;
}

static int
visit_in_vain(void *data)
{
	calls++;
	errno = ENOTTY;
	return fail("%s", (const char *)data);
}

static int
open_namespace(pid_t pid, const char *file)
{
	auto_free char *path = text("/proc/%d/ns/%s", pid, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0);
	return fd;
}

int
main(int argc, char **argv)
{
	must(argc == 3);
	int number = atoi(argv[1]);
	become_privileged(CLONE_NEWUTS); /* a home it may come back to */
	pid_t other = bystander(prepare);
	int target = open_namespace(other, "uts");
	int wrong = open_namespace(other, "ipc");

	stop("begun", "pid=%d other=%d", getpid(), other);
	forget_failure();
	int result = ns_within(target, &uts, visit, &number);
	stop("back", "pid=%d calls=%d %s", getpid(), calls, RESULT(result));

	forget_failure();
	result = ns_within(target, &uts, visit_in_vain, argv[2]);
	stop("failed", "pid=%d calls=%d %s", getpid(), calls, RESULT(result));

	calls = 0;
	forget_failure();
	result = ns_within(wrong, &uts, visit_in_vain, argv[2]);
	stop("refused", "pid=%d calls=%d %s", getpid(), calls, RESULT(result));
	dismiss(other);
	return 0;
}
