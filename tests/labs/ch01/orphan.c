/* orphan.c FILE - the handshake of id maps: a child waits for "mapped", and
 * makes FILE only then.  The grader kills the parent before it can say so. */
#include "stop.h"
#include "sync.h"

static int
child(int sock, const char *path)
{
	if (sync_expect(sock, SYNC_MAPPED, "the parent") < 0)
		return 7;
	must(close(open(path, O_WRONLY | O_CREAT | O_EXCL, 0644)) == 0);
	return 0;
}

int
main(int argc, char **argv)
{
	int ours, theirs, status;
	must(argc == 2 && sync_pair(&ours, &theirs) == 0);
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		close(0);
		close(ours);
		_exit(child(theirs, argv[1]));
	}
	close(theirs);
	stop("before", "child=%d", pid);
	/* A child that has given up already is the grader's to judge. */
	int told = sync_send(ours, SYNC_MAPPED);
	must(waitpid(pid, &status, 0) == pid);
	stop("after", "told=%d status=%d", told, status);
	return 0;
}
