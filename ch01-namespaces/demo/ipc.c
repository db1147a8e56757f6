/*
 * ipc.c - experiment `ipc`: queues that are found by a number or a name, and
 * only in their namespace.
 *
 * A System V queue stays when its maker dies, however it dies.  So the stage
 * plays "outside" in an IPC namespace of its own, and nothing is ever made in
 * that of the host.
 */
#include "demo.h"

#include <errno.h>
#include <mqueue.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "become.h"
#include "look.h"
#include "ns.h"
#include "nschild.h"
#include "sync.h"
#include "sys.h"

#define KEY 0x6d79646b /* "mydk" */
#define NAME "/mydocker"
#define MESSAGE_SIZE 32

/* ---- the calls --------------------------------------------------------- */

static int
sysv_queue(int flags)
{
	return trace(msgget(KEY, flags | 0600), "msgget(%#x, %#o)", KEY,
		     flags | 0600);
}

static int
posix_queue(int flags)
{
	struct mq_attr size = { .mq_maxmsg = 4, .mq_msgsize = MESSAGE_SIZE };
	return trace(mq_open(NAME, flags | O_NONBLOCK | O_CLOEXEC, 0600, &size),
		     "mq_open(\"%s\", %#o)", NAME, flags);
}

struct message {
	long type;
	char text[MESSAGE_SIZE];
};

/* Both queues of the namespace we are in, with this text in each. */
static int
make_queues(const char *words)
{
	struct message message = { .type = 1 };
	snprintf(message.text, sizeof(message.text), "%s", words);
	int sysv = sysv_queue(IPC_CREAT | IPC_EXCL);
	if (sysv < 0 || msgsnd(sysv, &message, MESSAGE_SIZE, IPC_NOWAIT) < 0)
		return fail("make a System V queue with a message in it");
	auto_close int posix = posix_queue(O_CREAT | O_EXCL | O_RDWR);
	if (posix < 0 || mq_send(posix, message.text, MESSAGE_SIZE, 0) < 0)
		return fail("make a POSIX queue with a message in it");
	return 0;
}

/* Take one message of each queue: are both this text, and the last? */
static void
check_messages(const char *words)
{
	struct message sysv = { 0 };
	char posix[MESSAGE_SIZE] = "";
	int id = sysv_queue(0);
	auto_close int fd = posix_queue(O_RDONLY);
	if (msgrcv(id, &sysv, MESSAGE_SIZE, 0, IPC_NOWAIT) < 0 ||
	    mq_receive(fd, posix, sizeof(posix), NULL) < 0)
		fail("receive");
	tour_show("received, System V", "\"%s\"", sysv.text);
	tour_show("received, POSIX", "\"%s\"", posix);
	tour_expect(strcmp(sysv.text, words) == 0 && strcmp(posix, words) == 0,
		    "each queue has given back what was sent on this side");
	tour_expect(msgrcv(id, &sysv, MESSAGE_SIZE, 0, IPC_NOWAIT) < 0 &&
		    errno == ENOMSG &&
		    mq_receive(fd, posix, sizeof(posix), NULL) < 0 &&
		    errno == EAGAIN,
		    "and nothing more: no message has come from the other");
}

/* ---- what is seen ------------------------------------------------------ */

/* Mounted here, an mqueue file system shows the queues of this namespace. */
static int
mount_queues(const char *directory)
{
	if (mkdir(directory, 0755) < 0)
		return fail("make the directory %s", directory);
	if (sys_mount("mqueue", directory, "mqueue",
		      MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return fail("mount an mqueue file system on %s", directory);
	return 0;
}

/* The lines of /proc/sysvipc/msg under its title: that file shows the queues
 * of its reader. */
static int
count_sysv(void)
{
	int count = -1;
	auto_free char *lines = read_all(AT_FDCWD, "/proc/sysvipc/msg", NULL);
	for (const char *at = lines; at && *at; at++)
		count += *at == '\n';
	return count;
}

static int
count_posix(const char *directory)
{
	int count = -2; /* "." and ".." */
	auto_dir DIR *dir = opendir(directory);
	while (dir && readdir(dir))
		count++;
	return count;
}

static void
show_counts(const char *directory, int expected, const char *claim)
{
	int sysv = count_sysv(), posix = count_posix(directory);
	tour_show("queues to be seen", "%d System V, %d POSIX", sysv, posix);
	tour_expect(sysv == expected && posix == expected, "%s", claim);
}

/* ---- the child --------------------------------------------------------- */

static int
inside(int sock, void *data)
{
	const int *id_outside = data;
	tour_step("Inside: a child in another IPC namespace looks for both.");
	auto_free char *link = look_link(0, "ipc");
	tour_show("readlink /proc/self/ns/ipc", "%s", link);
	tour_expect(sysv_queue(0) < 0 && errno == ENOENT,
		    "the key %#x: ENOENT", KEY);
	tour_expect(posix_queue(O_RDONLY) < 0 && errno == ENOENT,
		    "the name \"%s\": ENOENT", NAME);
	if (mount_queues("inside") < 0)
		return -1;
	show_counts("inside", 0, "nothing is to be seen either");
	tour_expect(count_posix("outside") == 1,
		    "the mount made outside still lists the one outside");

	tour_step("Inside: it makes its own, of the same key and name.");
	if (make_queues("from inside") < 0)
		return -1;
	tour_show("id of the System V queue", "%d; the one outside has %d",
		  sysv_queue(0), *id_outside);
	tour_run((const char *const[]){ "ipcs", "-q", NULL });
	show_counts("inside", 1, "one of each, and they are others");
	if (sync_send(sock, SYNC_READY) < 0 ||
	    sync_expect(sock, SYNC_GO, "the parent") < 0)
		return -1;
	tour_step("Inside: what has arrived?");
	check_messages("from inside");
	return tour_shell("Try: ipcs -q; ipcmk -Q; ls inside outside");
}

/* ---- the parent -------------------------------------------------------- */

static int
meet(struct ns_child *child)
{
	if (sync_expect(child->sock, SYNC_READY, "the child") < 0)
		return ns_child_give_up(child);
	tour_step("Outside: what has arrived?");
	check_messages("from outside");
	if (sync_send(child->sock, SYNC_GO) < 0)
		return ns_child_give_up(child);
	return ns_child_wait(child, NULL);
}

static int
run_ipc(void)
{
	int refused = become_root_or_skip();
	if (refused)
		return refused;
	auto_free char *host = look_link(0, "ipc");
	if (sys_unshare(CLONE_NEWIPC) < 0) {
		fail("make an IPC namespace");
		return become_refused();
	}
	if (ns_own_mounts() < 0)
		return become_refused();
	if (tour_scratch() < 0)
		return -1;
	auto_free char *outside = look_link(0, "ipc");
	tour_step("Outside: a System V queue and a POSIX one, with a message.");
	tour_say("Neither is a file: one is found by a number, the other by "
		 "a name that is no path.");
	tour_show("IPC namespaces", "%s, and %s plays outside", host, outside);
	if (make_queues("from outside") < 0)
		return become_refused();
	if (mount_queues("outside") < 0)
		return -1;
	int id = sysv_queue(0);
	show_counts("outside", 1, "both are there");
	struct ns_child child;
	if (ns_child_create(&child, CLONE_NEWIPC, -1, inside, &id) < 0)
		return become_refused();
	return meet(&child);
}

const struct experiment demo_ipc = {
	.name = "ipc",
	.shows = "a System V and a POSIX queue, invisible inside and outside",
	.run = run_ipc,
	.has_shell = true,
};
