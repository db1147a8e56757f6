/* expect.c CODE TEXT - messages that are due and others, at one end of a pair
 * whose other end is in the same hands. */
#include "stop.h"
#include "sync.h"

static int ours, theirs;

static void
expect(const char *where, enum sync_type type)
{
	forget_failure();
	int result = type == SYNC_FD ? sync_expect_fd(ours, "the other") :
				       sync_expect(ours, type, "the other");
	stop(where, "pid=%d %s", getpid(), RESULT(result));
	if (type == SYNC_FD && result >= 0)
		close(result);
}

static void
send_failure(int code, const char *words)
{
	failure.code = code;
	snprintf(failure.text, sizeof(failure.text), "%s", words);
	must(sync_send_failure(theirs) == 0);
}

int
main(int argc, char **argv)
{
	must(argc == 3 && sync_pair(&ours, &theirs) == 0);
	int file = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	must(file >= 0);

	must(sync_send(theirs, SYNC_READY) == 0);
	expect("due", SYNC_READY);
	must(sync_send(theirs, SYNC_GO) == 0);
	expect("undue", SYNC_READY);

	must(sync_send_fd(theirs, file) == 0);
	expect("descriptor", SYNC_FD);
	must(sync_send_fd(theirs, file) == 0);
	expect("stray", SYNC_READY);
	must(sync_send(theirs, SYNC_READY) == 0);
	expect("bare", SYNC_FD);

	send_failure(atoi(argv[1]), argv[2]);
	expect("failure", SYNC_READY);
	return 0;
}
