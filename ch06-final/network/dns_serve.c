/* dns_serve.c - parent.  See dns_serve.h. */
#include "dns_serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dns_protocol.h"
#include "nat.h"
#include "passfd.h"
#include "self.h"
#include "sync.h"
#include "sys.h"

#define PORT 53
#define SERVER_PROGRAM "mydocker-dns"
#define BACKLOG 64

/* ---- in the container's namespace --------------------------------------- */

static int
open_at(int kind, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port) };
	inet_pton(AF_INET, DNS_ADDRESS, &address.sin_addr);
	int yes = 1;
	auto_close int sock = socket(AF_INET, kind | SOCK_CLOEXEC, 0);
	/* The loopback may be turned on later. */
	if (sock < 0 || setsockopt(sock, IPPROTO_IP, IP_FREEBIND, &yes,
				   sizeof(yes)) < 0 ||
	    bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    (kind == SOCK_STREAM && listen(sock, BACKLOG) < 0))
		return fail("open %s, port %u, for names", DNS_ADDRESS, port);
	return take_fd(&sock);
}

static uint16_t
port_of(int sock)
{
	struct sockaddr_in address = { 0 };
	socklen_t size = sizeof(address);
	(void)getsockname(sock, (struct sockaddr *)&address, &size);
	return ntohs(address.sin_port);
}

/* The first "delete" is of what an earlier server's sockets had. */
static int
lead_port_53_to(int udp, int tcp)
{
	auto_free char *rules =
		text("add table ip mydocker_dns\n"
		     "delete table ip mydocker_dns\n"
		     "table ip mydocker_dns {\n"
		     "chain output {\n"
		     "type nat hook output priority -100;\n"
		     "ip daddr " DNS_ADDRESS " udp dport 53 dnat to "
		     DNS_ADDRESS ":%u\n"
		     "ip daddr " DNS_ADDRESS " tcp dport 53 dnat to "
		     DNS_ADDRESS ":%u\n"
		     "}\n}\n",
		     port_of(udp), port_of(tcp));
	return nat_run(rules, NULL);
}

static int
open_inside(int netns, int *udp, int *tcp)
{
	if (sys_setns(netns, CLONE_NEWNET) < 0)
		return fail("enter the network namespace of the container");
	*udp = open_at(SOCK_DGRAM, 0);
	*tcp = open_at(SOCK_STREAM, 0);
	if (*udp < 0 || *tcp < 0)
		return -1;
	if (lead_port_53_to(*udp, *tcp) == 0)
		return 0;
	close_scoped(udp);
	close_scoped(tcp);
	*udp = open_at(SOCK_DGRAM, PORT);
	*tcp = open_at(SOCK_STREAM, PORT);
	return *udp < 0 || *tcp < 0 ? -1 : 0;
}

static _Noreturn void
inside(int sock, int netns)
{
	int udp = -1, tcp = -1;
	if (open_inside(netns, &udp, &tcp) < 0 ||
	    sync_send_fd(sock, udp) < 0 || sync_send_fd(sock, tcp) < 0) {
		sync_send_failure(sock);
		_exit(1);
	}
	_exit(0);
}

int
dns_serve_open(int netns, int *udp, int *tcp)
{
	auto_close int ours = -1, theirs = -1;
	if (sync_pair(&ours, &theirs) < 0)
		return -1;
	pid_t pid = sys_fork();
	if (pid < 0)
		return fail("fork for the namespace of the container");
	if (pid == 0)
		inside(theirs, netns);
	close_scoped(&theirs);
	auto_close int first = sync_expect_fd(ours, "who opens the sockets");
	auto_close int second =
		first < 0 ? -1 :
			    sync_expect_fd(ours, "who opens the sockets");
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (second < 0)
		return -1;
	*udp = take_fd(&first);
	*tcp = take_fd(&second);
	return 0;
}

/* ---- the server --------------------------------------------------------- */

static void
name_socket(int dir, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path, sizeof(address->sun_path),
		 "/proc/self/fd/%d/" DNS_SOCKET, dir);
}

/* -1 with `failure`, its code ENOENT or ECONNREFUSED where there is none. */
static int
connect_to(int dir)
{
	struct sockaddr_un address;
	name_socket(dir, &address);
	auto_close int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0 || connect(sock, (struct sockaddr *)&address,
				sizeof(address)) < 0)
		return fail("connect to the name server");
	return take_fd(&sock);
}

static int
listen_for_it(int dir)
{
	struct sockaddr_un address;
	name_socket(dir, &address);
	auto_close int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (unlinkat(dir, DNS_SOCKET, 0) < 0 && errno != ENOENT)
		return fail("remove the socket of a name server that is gone");
	mode_t mask = umask(0177);
	int bound = sock < 0 ? -1 : bind(sock, (struct sockaddr *)&address,
					 sizeof(address));
	umask(mask);
	if (bound < 0 || listen(sock, BACKLOG) < 0)
		return fail("make the socket of the name server");
	return take_fd(&sock);
}

/* Nothing of the caller's goes with it: no descriptor, no signal, no word of
 * the environment. */
static _Noreturn void
become_server(const char *program, const char *networks, int listener)
{
	const char *file = getenv(DNS_RESOLV_CONF_VARIABLE) ?: DNS_RESOLV_CONF;
	char *argv[] = { SERVER_PROGRAM, (char *)networks, (char *)file, NULL };
	char *envp[] = { NULL };
	sigset_t none;
	sigemptyset(&none);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int high = fcntl(listener, F_DUPFD_CLOEXEC, DNS_LISTENER + 1);
	if (null < 0 || high < 0)
		_exit(1);
	for (int i = 0; i < DNS_LISTENER; i++)
		if (dup2(null, i) < 0)
			_exit(1);
	if (dup2(high, DNS_LISTENER) < 0)
		_exit(1);
	sys_close_range(DNS_LISTENER + 1, ~0U);
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sys_execve(program, argv, envp);
	_exit(1);
}

static int
start_server(int dir, const char *networks)
{
	auto_close int listener = listen_for_it(dir);
	auto_free char *program = self_beside(SERVER_PROGRAM);
	if (listener < 0 || !program)
		return -1;
	if (access(program, X_OK) < 0)
		return fail("run %s, which is built beside this program",
			    program);
	pid_t pid = sys_fork();
	if (pid < 0)
		return fail("fork the name server");
	if (pid == 0) {
		/* A grandchild is nobody's to wait for. */
		if (setsid() < 0 || sys_fork() != 0)
			_exit(0);
		become_server(program, networks, listener);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return connect_to(dir);
}

/* ---- handing over ------------------------------------------------------- */

static int
send_over(int sock, const char *message, const int given[DNS_GIVEN])
{
	char answer[DNS_MESSAGE_SIZE] = "";
	if (passfd_send(sock, message, strlen(message), given, DNS_GIVEN, 0) <
	    0)
		return fail("speak to the name server");
	ssize_t length = recv(sock, answer, sizeof(answer) - 1, 0);
	if (length < 0)
		return fail("hear from the name server");
	if (length == 0) {
		errno = ECONNRESET;
		return fail("hear from the name server");
	}
	return strcmp(answer, DNS_TAKEN) == 0 ?
		       0 :
		       failx("the name server says: %s", answer);
}

/* "1.1.1.1 9.9.9.9" of the container's own, one a line; or "". */
static char *
own_servers(const char *networks, const char *id)
{
	auto_free char *path = text("%s/../containers/%s/dns", networks, id);
	char *servers = read_all(AT_FDCWD, path, NULL);
	for (char *c = servers; c && *c; c++)
		if (*c == '\n')
			*c = ' ';
	return servers ?: copy_text("");
}

/* A pid is its process' as long as the pidfd can be signalled; and who is in
 * our own namespace has the host's names. */
static int
open_netns(pid_t pid, int pidfd)
{
	auto_free char *path = text("/proc/%d/ns/net", pid);
	auto_close int netns = open(path, O_RDONLY | O_CLOEXEC);
	struct stat theirs, ours;
	if (netns < 0 || fstat(netns, &theirs) < 0 ||
	    stat("/proc/self/ns/net", &ours) < 0 ||
	    sys_pidfd_send_signal(pidfd, 0) < 0)
		return fail("open the network namespace of process %d", pid);
	if (theirs.st_ino == ours.st_ino)
		return failx("process %d has no network of its own", pid);
	return take_fd(&netns);
}

static int
hand_over(int sock, const char *networks, const char *id, pid_t pid)
{
	auto_close int pidfd = sys_pidfd_open(pid);
	if (pidfd < 0)
		return fail("hold process %d", pid);
	auto_close int netns = open_netns(pid, pidfd);
	auto_close int udp = -1, tcp = -1;
	if (netns < 0 || dns_serve_open(netns, &udp, &tcp) < 0)
		return -1;
	auto_free char *servers = own_servers(networks, id);
	auto_free char *message = text("%s\n%s\n", id, servers);
	if (strlen(message) >= DNS_MESSAGE_SIZE)
		return failx("too many name servers for one container");
	const int given[DNS_GIVEN] = { udp, tcp, pidfd };
	return send_over(sock, message, given);
}

/* ---- everybody ---------------------------------------------------------- */

/* Lines of dns_names.h: "ID PID ..."; PID 0 is on its way.  Who cannot be
 * served is dead, or has no network: no reason to refuse another. */
static void
serve_lines(int sock, const char *networks, const char *lines, const char *but)
{
	while (*lines) {
		char id[DNS_ID_LENGTH + 1];
		int pid;
		if (sscanf(lines, "%64[0-9a-f]%*1[ ]%d", id, &pid) == 2 &&
		    strlen(id) == DNS_ID_LENGTH && pid > 0 &&
		    strcmp(id, but) != 0)
			(void)hand_over(sock, networks, id, pid);
		lines += strcspn(lines, "\n");
		lines += *lines == '\n';
	}
}

static void
serve_others(int sock, int dir, const char *networks, const char *but)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	while (entries && (entry = readdir(entries))) {
		if (*entry->d_name == '.')
			continue;
		auto_free char *path = text("%s/names", entry->d_name);
		auto_free char *lines = read_all(dir, path, NULL);
		if (lines)
			serve_lines(sock, networks, lines, but);
	}
}

/* The directory is the lock: of two that find no server one starts it. */
static int
open_locked(const char *networks)
{
	auto_close int dir = open(networks, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || flock(dir, LOCK_EX) < 0)
		return fail("lock %s", networks);
	return take_fd(&dir);
}

/* By the one that lives: 1; 0 when there is none, or it ends just now. */
static int
serve_by_living(int dir, const char *networks, const char *id, pid_t pid)
{
	auto_close int sock = connect_to(dir);
	if (sock < 0)
		return failure.code == ENOENT || failure.code == ECONNREFUSED ?
			       0 :
			       -1;
	if (hand_over(sock, networks, id, pid) == 0)
		return 1;
	return failure.code == ECONNRESET || failure.code == EPIPE ? 0 : -1;
}

int
dns_serve(const char *networks, const char *id, pid_t pid)
{
	if (strlen(id) != DNS_ID_LENGTH)
		return failx("\"%s\" is no id of a container", id);
	auto_close int dir = open_locked(networks);
	if (dir < 0)
		return -1;
	int served = serve_by_living(dir, networks, id, pid);
	if (served > 0)
		return 0;
	auto_close int sock = served < 0 ? -1 : start_server(dir, networks);
	if (sock < 0 || hand_over(sock, networks, id, pid) < 0)
		return wrap("names for container %.12s", id);
	serve_others(sock, dir, networks, id);
	return 0;
}

/* Is there a line in a file of names?  Whoever is dead is found out later. */
static bool
has_askers(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	while (entries && (entry = readdir(entries))) {
		if (*entry->d_name == '.')
			continue;
		auto_free char *path = text("%s/names", entry->d_name);
		if (faccessat(dir, path, F_OK, 0) == 0)
			return true;
	}
	return false;
}

int
dns_serve_tidy(const char *networks)
{
	auto_free char *path = text("%s/" DNS_SOCKET, networks);
	if (access(path, F_OK) < 0)
		return 0;
	auto_close int dir = open_locked(networks);
	if (dir < 0)
		return -1;
	if (!has_askers(dir)) {
		if (unlinkat(dir, DNS_SOCKET, 0) < 0 && errno != ENOENT)
			return fail("remove %s", path);
		return 0;
	}
	auto_close int sock = connect_to(dir);
	if (sock >= 0 || failure.code == ENOENT)
		return 0;
	if (failure.code != ECONNREFUSED)
		return -1;
	sock = start_server(dir, networks);
	if (sock < 0)
		return wrap("start the name server again");
	serve_others(sock, dir, networks, "");
	return 0;
}
