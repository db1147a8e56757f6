/* orphan.c - see orphan.h. */
#include "orphan.h"

#include <unistd.h>

#include "nschild.h"
#include "sync.h"
#include "sys.h"
#include "tour.h"

struct orphan {
	int ours, theirs; /* a pair: the one who asks, the orphan */
	pid_t heir;
};

static int
tell_parents(const struct orphan *orphan)
{
	pid_t before = getppid();
	if (sync_send(orphan->theirs, SYNC_READY) < 0 ||
	    sync_expect(orphan->theirs, SYNC_GO, "the one who asks") < 0)
		return -1;
	tour_show("the orphan's getppid()", "%d before, %d after", before,
		  getppid());
	tour_expect(before != orphan->heir && getppid() == orphan->heir,
		    "its parent died, and process %d is its parent now",
		    orphan->heir);
	return sync_send(orphan->theirs, SYNC_READY);
}

/* The parent: has a child and, when told to, dies without waiting for it. */
static int
lose_child(int sock, void *data)
{
	const struct orphan *orphan = data;
	/* Or the child would not notice when the other side is gone. */
	close(orphan->ours);
	pid_t pid = sys_fork();
	if (pid < 0)
		return fail("fork");
	if (pid == 0)
		_exit(tell_parents(orphan) < 0);
	close(orphan->theirs);
	return sync_expect(sock, SYNC_GO, "the one who asks");
}

int
orphan_make(pid_t heir)
{
	struct orphan orphan = { .heir = heir };
	if (sync_pair(&orphan.ours, &orphan.theirs) < 0)
		return -1;
	auto_close int ours = orphan.ours;
	auto_close int theirs = orphan.theirs;
	struct ns_child parent;
	if (ns_child_create(&parent, 0, -1, lose_child, &orphan) < 0)
		return -1;
	close_scoped(&theirs);
	if (sync_expect(ours, SYNC_READY, "the orphan") < 0 ||
	    sync_send(parent.sock, SYNC_GO) < 0)
		return ns_child_give_up(&parent);
	if (ns_child_wait(&parent, NULL) < 0 ||
	    sync_send(ours, SYNC_GO) < 0)
		return -1;
	return sync_expect(ours, SYNC_READY, "the orphan");
}
