/* handover.c - parent.  See handover.h. */
#include "handover.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "passfd.h"

static int
connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address.sun_path))
		return failx("a socket's path has at most %zu bytes",
			     sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	auto_close int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0 ||
	    connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		return fail("connect");
	return take_fd(&sock);
}

int
handover_send(const char *path, const char *name, int fd)
{
	auto_close int sock = connect_to(path);
	if (sock < 0)
		return wrap("socket %s", path);
	if (passfd_send(sock, name, strlen(name), &fd, 1, 0) < 0)
		return fail("socket %s: send %s", path, name);
	return 0;
}
