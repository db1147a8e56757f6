/* start.c - parent.  The created container's process is told to go on. */
#include "making.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "hooks.h"
#include "sync.h"
#include "sys.h"

static int
connect_to(int dir)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof(address.sun_path),
		 "/proc/self/fd/%d/exec.sock", dir);
	auto_close int sock =
		socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0 ||
	    connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		return fail("reach the container's process");
	return take_fd(&sock);
}

/* Tells the process to go, and hears of it until it is the payload. */
static int
go(struct making *making, int sock)
{
	const struct oci_linux *kernel = making->config.kernel;
	/* It may be dead by now: what it said last, if anything, is why. */
	if (sync_send(sock, SYNC_GO) < 0 && failure.code != EPIPE)
		return -1;
	if (kernel && filter_expects(kernel->seccomp) &&
	    making_notify(making, OCI_CREATED, sock) < 0)
		return -1;
	return sync_expect_exec(sock, "the container");
}

static int
poststart(struct making *making)
{
	if (!making->config.hooks)
		return 0;
	auto_free char *json =
		making_state_json(making, OCI_RUNNING, making->state.pid);
	if (!json)
		return -1;
	return hooks_run(making->config.hooks, OCI_POSTSTART, json);
}

static int
check_created(const struct making *making)
{
	enum oci_status status = state_status(&making->state);
	if (status == OCI_CREATED && making->config.process)
		return 0;
	if (status == OCI_CREATED)
		return failx("config.json has no process that could be "
			     "started");
	return failx("cannot start a container that is %s",
		     oci_status_names[status]);
}

/* The way to a process that `create` left, noted as running. */
static int
reach(struct making *making)
{
	if (check_created(making) < 0)
		return -1;
	auto_close int pidfd = state_pidfd(&making->state);
	auto_close int sock = pidfd < 0 ? -1 : connect_to(making->dir);
	if (sock < 0)
		return -1;
	/* Before the word is given: should we be killed in between, then it
	 * is taken for running, and nobody starts it twice. */
	making->state.started = true;
	making->pid = making->state.pid;
	making->pidfd = take_fd(&pidfd);
	return state_save(making->dir, &making->state) < 0 ? -1 :
							      take_fd(&sock);
}

int
making_start(struct making *making, const char *root)
{
	auto_close int sock = making->at_once ? take_fd(&making->sync) :
						reach(making);
	if (sock < 0)
		return -1;
	if (go(making, sock) == 0 && poststart(making) == 0)
		return 0;
	/* runtime.md, "Lifecycle": where startContainer or poststart fail, it
	 * goes on with step 12, the end. */
	struct failure why = failure;
	if (making_delete(making, root) < 0)
		return failx("%s (and then: %.100s)", why.text, failure.text);
	failure = why;
	return -1;
}

int
making_open(struct making *making, const char *root, const char *id)
{
	*making = (struct making)MAKING_NOTHING;
	return state_open(root, id, &making->state, &making->dir,
			  &making->lock);
}

int
runtime_start(const char *root, const char *id)
{
	struct making making;
	if (making_open(&making, root, id) < 0)
		return -1;
	int result = oci_config_load(&making.config, making.dir);
	if (result == 0)
		result = making_start(&making, root);
	making_free(&making);
	return result;
}
