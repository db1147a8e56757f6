/* holder.c - holder.  See holder.h. */
#include "holder.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "door.h"
#include "pasta.h"
#include "places.h"
#include "slirp.h"
#include "spaces.h"
#include "sync.h"

enum { CLIENTS = 256 };

struct published {
	char id[HOLDER_ID + 1];
	struct relay door;
};

struct holder {
	char *place;
	int dir;
	struct spaces spaces;
	struct slirp slirp;
	struct pasta pasta; /* instead, where there is no slirp4netns */
	struct published *published;
	size_t published_count;
	int clients[CLIENTS];
	size_t client_count;
	int inhabitant; /* of the user namespace, a pidfd, or -1 */
};

/* ---- what is asked of it ------------------------------------------------ */

static int
way_out(struct holder *h)
{
	if (pasta_runs(&h->pasta) ||
	    slirp_start(&h->slirp, &h->spaces, h->place) == 0)
		return 0;
	return failure.code == ENOENT ?
		       pasta_start(&h->pasta, &h->spaces, h->place) : -1;
}

static int
publish(struct holder *h, const char *id, struct nat_port *port)
{
	struct published one = { .door = RELAY_NONE };
	snprintf(one.id, sizeof(one.id), "%s", id);
	if (way_out(h) < 0 || door_open(&one.door, &h->spaces, port) < 0)
		return -1;
	size_t size = (h->published_count + 1) * sizeof(*h->published);
	h->published = resize_bytes(h->published, size);
	h->published[h->published_count++] = one;
	return 0;
}

static int
unpublish(struct holder *h, const char *id)
{
	for (size_t i = h->published_count; i-- > 0;) {
		if (strcmp(h->published[i].id, id) != 0)
			continue;
		relay_stop(&h->published[i].door);
		h->published[i] = h->published[--h->published_count];
	}
	return 0;
}

static int
grant(struct holder *h, const struct holder_request *request,
      struct holder_answer *answer)
{
	switch (request->wish) {
	case HOLDER_WAY_OUT:
		return way_out(h);
	case HOLDER_PUBLISH:
		answer->port = request->port;
		return publish(h, request->id, &answer->port);
	case HOLDER_UNPUBLISH:
		return unpublish(h, request->id);
	}
	return failx("the holder is of another version: it ends with your "
		     "last container");
}

/* ---- clients ------------------------------------------------------------ */

static bool
is_the_user(int sock)
{
	struct ucred who;
	socklen_t length = sizeof(who);
	return getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &who, &length) == 0 &&
	       who.uid == geteuid();
}

/* Whoever comes is given the namespaces. */
static void
welcome(struct holder *h)
{
	auto_close int sock = accept4(HOLDER_LISTENS, NULL, NULL, SOCK_CLOEXEC);
	if (sock < 0 || !is_the_user(sock) || h->client_count == CLIENTS)
		return;
	for (int i = 0; i < SPACES; i++)
		if (sync_send_fd(sock, h->spaces.fds[i]) < 0)
			return;
	h->clients[h->client_count++] = take_fd(&sock);
}

static bool
serve(struct holder *h, int sock)
{
	struct holder_request request;
	struct holder_answer answer = { 0 };
	ssize_t got = recv(sock, &request, sizeof(request), MSG_DONTWAIT);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got != sizeof(request))
		return false;
	request.id[HOLDER_ID] = '\0';
	if (grant(h, &request, &answer) < 0)
		answer.failure = failure;
	return send(sock, &answer, sizeof(answer), MSG_NOSIGNAL) > 0;
}

static void
serve_all(struct holder *h, const struct pollfd *polled)
{
	for (size_t i = h->client_count; i-- > 0;) {
		if (!polled[i].revents || serve(h, h->clients[i]))
			continue;
		close(h->clients[i]);
		h->clients[i] = h->clients[--h->client_count];
	}
}

/* ---- its life ----------------------------------------------------------- */

/* A client that has not let go may be on its way inside. */
static bool
has_reason_to_stay(struct holder *h)
{
	if (h->inhabitant < 0)
		h->inhabitant = spaces_inhabitant(&h->spaces, h->pasta.pid);
	return h->inhabitant >= 0 || h->client_count > 0;
}

static int
live(struct holder *h)
{
	while (has_reason_to_stay(h)) {
		struct pollfd polled[2 + CLIENTS] = {
			{ .fd = HOLDER_LISTENS, .events = POLLIN },
			{ .fd = h->inhabitant, .events = POLLIN },
		};
		size_t count = h->client_count;
		for (size_t i = 0; i < count; i++)
			polled[2 + i] = (struct pollfd){
				.fd = h->clients[i], .events = POLLIN };
		if (poll(polled, 2 + count, -1) < 0 && errno != EINTR)
			return fail("wait for clients");
		serve_all(h, polled + 2);
		if (polled[1].revents)
			close_scoped(&h->inhabitant);
		if (polled[0].revents)
			welcome(h);
	}
	return 0;
}

/* Under the lock nobody starts another, whose socket and file these would be;
 * whoever has connected meanwhile will find that nobody answers. */
static void
tidy(const struct holder *h)
{
	auto_close int lock = openat(h->dir, HOLDER_LOCK, O_RDWR | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0)
		return;
	unlinkat(h->dir, HOLDER_SOCKET, 0);
	spaces_forget(h->dir);
	unlinkat(h->dir, SLIRP_LOG, 0);
	unlinkat(h->dir, PASTA_LOG, 0);
	unlinkat(h->dir, PASTA_PID, 0);
	unlinkat(h->dir, HOLDER_LOCK, 0);
	rmdir(h->place);
}

static int
begin(struct holder *h)
{
	prctl(PR_SET_NAME, "mydocker-holder");
	signal(SIGPIPE, SIG_IGN);
	h->place = places_run();
	h->dir = h->place ? open(h->place, O_RDONLY | O_DIRECTORY | O_CLOEXEC) :
			    -1;
	if (h->dir < 0)
		return h->place ? fail("open %s", h->place) : -1;
	return spaces_open(&h->spaces, h->dir);
}

int
holder_main(void)
{
	struct holder h = { .dir = -1, .spaces = SPACES_NONE,
			    .slirp = SLIRP_NONE, .pasta = PASTA_NONE,
			    .inhabitant = -1 };
	fcntl(HOLDER_LISTENS, F_SETFD, FD_CLOEXEC);
	fcntl(HOLDER_TELLS, F_SETFD, FD_CLOEXEC);
	if (begin(&h) < 0) {
		sync_send_failure(HOLDER_TELLS);
		return 1;
	}
	welcome(&h);
	sync_send(HOLDER_TELLS, SYNC_READY);
	close(HOLDER_TELLS);
	int result = live(&h);
	while (h.published_count > 0)
		unpublish(&h, h.published[0].id);
	slirp_end(&h.slirp);
	pasta_end(&h.pasta);
	tidy(&h);
	spaces_close(&h.spaces);
	return result < 0;
}
