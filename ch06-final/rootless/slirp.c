/* slirp.c - holder.  See slirp.h, and slirp4netns(1), "API SOCKET". */
#include "slirp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "places.h"

#define PROGRAM "slirp4netns"
enum { PATIENCE_MS = 10000 };

/* ---- its life ----------------------------------------------------------- */

static int
keep_in_child(int fd)
{
	return fcntl(fd, F_SETFD, 0);
}

_Noreturn static void
become(const struct spaces *spaces, const char *api, int ready, int leash,
       int log)
{
	auto_free char *ready_fd = text("--ready-fd=%d", ready);
	auto_free char *exit_fd = text("--exit-fd=%d", leash);
	auto_free char *user = text("--userns-path=/proc/self/fd/%d",
				    spaces->fds[SPACE_USER]);
	auto_free char *net = text("/proc/self/fd/%d",
				   spaces->fds[SPACE_NETWORK]);
	const char *argv[] = {
		PROGRAM, "--configure", "--mtu=65520",
		"--disable-host-loopback", "--enable-seccomp", "--api-socket",
		api, ready_fd, exit_fd, user, "--netns-type=path", net, "tap0",
		NULL,
	};
	keep_in_child(ready);
	keep_in_child(leash);
	keep_in_child(spaces->fds[SPACE_USER]);
	keep_in_child(spaces->fds[SPACE_NETWORK]);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execvp(PROGRAM, (char *const *)argv);
	_exit(errno == ENOENT ? 127 : 126);
}

static int
say_why(struct slirp *slirp, const char *place)
{
	slirp_end(slirp);
	auto_free char *log = text("%s/" SLIRP_LOG, place);
	auto_free char *words = read_all(AT_FDCWD, log, NULL);
	return failx(PROGRAM " does not start: %.180s",
		     words && *words ? words : "it does not say why");
}

/* It says "1" when the device is there. */
static int
wait_for_it(struct slirp *slirp, int ready, const char *place)
{
	struct pollfd one = { .fd = ready, .events = POLLIN };
	char word;
	if (poll(&one, 1, PATIENCE_MS) == 1 && read(ready, &word, 1) == 1)
		return 0;
	return say_why(slirp, place);
}

static bool
runs(struct slirp *slirp)
{
	if (slirp->pid > 0 && waitpid(slirp->pid, NULL, WNOHANG) == 0)
		return true;
	slirp->pid = 0;
	slirp_end(slirp);
	return false;
}

static int
not_installed(void)
{
	failx("the way out of the network of an ordinary user is " PROGRAM
	      ", and it is not installed (package " PROGRAM ")");
	failure.code = ENOENT;
	return -1;
}

int
slirp_start(struct slirp *slirp, const struct spaces *spaces,
	    const char *place)
{
	int ready[2], leash[2];
	if (runs(slirp))
		return 0;
	if (!places_has_program(PROGRAM))
		return not_installed();
	auto_free char *path = text("%s/" SLIRP_LOG, place);
	auto_close int log = open(path, O_WRONLY | O_CREAT | O_TRUNC |
					O_CLOEXEC, 0600);
	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(leash, O_CLOEXEC) < 0)
		return fail("make a pipe for " PROGRAM);
	slirp->leash = leash[1];
	slirp->api = text("%s/" PROGRAM, place);
	unlink(slirp->api);
	slirp->pid = fork();
	if (slirp->pid == 0)
		become(spaces, slirp->api, ready[1], leash[0], log);
	close(ready[1]);
	close(leash[0]);
	int result = slirp->pid < 0 ? fail("start " PROGRAM) :
				      wait_for_it(slirp, ready[0], place);
	close(ready[0]);
	return result;
}

void
slirp_end(struct slirp *slirp)
{
	close_scoped(&slirp->leash);
	if (slirp->pid > 0) {
		kill(slirp->pid, SIGTERM);
		while (waitpid(slirp->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	slirp->pid = 0;
	if (slirp->api)
		unlink(slirp->api);
	free_scoped(&slirp->api);
}

/* ---- what it is asked --------------------------------------------------- */

static int
connect_to(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(name.sun_path))
		return failx("%s is too long for the path of a socket", path);
	strcpy(name.sun_path, path);
	auto_close int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0 ||
	    connect(sock, (struct sockaddr *)&name, sizeof(name)) < 0)
		return fail("connect to " PROGRAM);
	return take_fd(&sock);
}

/* One connection for each call, one line each way. */
static json_t *
ask(const struct slirp *slirp, json_t *question)
{
	char answer[4096];
	size_t length = 0;
	ssize_t got = 0;
	auto_free char *line = json_dumps(question, JSON_COMPACT);
	json_decref(question);
	auto_close int sock = connect_to(slirp->api ?: "");
	if (sock < 0)
		return NULL;
	if (send(sock, line, strlen(line), MSG_NOSIGNAL) < 0) {
		fail("ask " PROGRAM);
		return NULL;
	}
	shutdown(sock, SHUT_WR);
	while (length < sizeof(answer) &&
	       (got = read(sock, answer + length, sizeof(answer) - length)) > 0)
		length += got;
	json_t *json = json_loadb(answer, length, 0, NULL);
	const char *why = NULL;
	if (json_unpack(json, "{s:{s:s}}", "error", "desc", &why) == 0)
		failx(PROGRAM ": %s", why);
	else if (json_object_get(json, "return"))
		return json;
	else
		failx(PROGRAM " did not answer: %.*s", (int)length, answer);
	json_decref(json);
	return NULL;
}

/* Whose failure it would be, it does not say: so the port is tried first.  We
 * are on the host, as it is. */
static int
try_port(struct nat_port *port)
{
	int type = port->protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
	char room[NAT_PLACE_SIZE];
	int one = 1;
	struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(port->host_address),
		.sin_port = htons(port->host_port),
	};
	socklen_t length = sizeof(name);
	auto_close int sock = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return fail("open a socket");
	if (type == SOCK_STREAM)
		setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(sock, (struct sockaddr *)&name, length) == 0 &&
	    getsockname(sock, (struct sockaddr *)&name, &length) == 0) {
		port->host_port = ntohs(name.sin_port);
		return type == SOCK_DGRAM || listen(sock, 1) == 0 ?
			       0 :
			       fail("listen on port %u", port->host_port);
	}
	int code = errno;
	nat_format_place(port, room);
	if (code == EADDRINUSE)
		failx("Bind for %s failed: port is already allocated", room);
	else if (code == EACCES)
		failx("Bind for %s failed: ports below the limit are root's "
		      "(publish a higher one, or \"sudo sysctl "
		      "net.ipv4.ip_unprivileged_port_start=%u\")", room,
		      port->host_port);
	else
		fail("Bind for %s", room);
	failure.code = code;
	return -1;
}

static int
add(const struct slirp *slirp, const struct nat_port *port, int *id)
{
	char address[IPAM_ADDRESS_SIZE];
	json_t *answer = ask(slirp, json_pack(
		"{s:s, s:{s:s, s:s, s:i, s:i}}", "execute", "add_hostfwd",
		"arguments", "proto", nat_protocol_name(port->protocol),
		"host_addr", ipam_format(port->host_address, address),
		"host_port", port->host_port, "guest_port", port->host_port));
	if (!answer)
		return -1;
	json_unpack(answer, "{s:{s:i}}", "return", "id", id);
	json_decref(answer);
	return 0;
}

int
slirp_publish(const struct slirp *slirp, struct nat_port *port, int *id)
{
	if (port->is_ipv6 || (port->protocol != IPPROTO_TCP &&
			      port->protocol != IPPROTO_UDP))
		return failx("publish: for an ordinary user there are ports "
			     "of tcp and udp, of IPv4 addresses");
	int result = try_port(port);
	/* Of a range the first that is free. */
	while (result < 0 && failure.code == EADDRINUSE &&
	       port->host_port < port->host_port_last) {
		port->host_port++;
		result = try_port(port);
	}
	if (result < 0)
		return -1;
	port->host_port_last = 0;
	return add(slirp, port, id);
}

int
slirp_unpublish(const struct slirp *slirp, int id)
{
	json_t *answer = ask(slirp, json_pack("{s:s, s:{s:i}}", "execute",
					      "remove_hostfwd", "arguments",
					      "id", id));
	if (!answer)
		return -1;
	json_decref(answer);
	return 0;
}
