/* rootless.c - client.  See rootless.h. */
#include "rootless.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holder.h"
#include "idmap.h"
#include "places.h"
#include "self.h"
#include "spaces.h"
#include "sync.h"
#include "sys.h"

/* Of who is inside, and of all that he starts: the user's run directory. */
#define MARK "MYDOCKER_HOLDER"
#define WHO "mydocker-holder"
/* Of who is inside, but in the network of the host. */
#define ON_HOST "MYDOCKER_ON_HOST"

bool
rootless_is_inside(void)
{
	const char *mark = getenv(MARK);
	return mark && *mark && geteuid() == 0;
}

int
rootless_settle_root(void)
{
	const char *root = getenv("MYDOCKER_ROOT");
	if (geteuid() == 0 || (root && *root))
		return 0;
	auto_free char *data = places_data();
	if (!data)
		return -1;
	return setenv("MYDOCKER_ROOT", data, 1) == 0 ?
		       0 :
		       fail("set MYDOCKER_ROOT");
}

/* ---- the holder --------------------------------------------------------- */

static int
name_socket(const char *place, struct sockaddr_un *name)
{
	auto_free char *path = text("%s/" HOLDER_SOCKET, place);
	*name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(name->sun_path))
		return failx("%s is too long for the path of a socket: set "
			     "XDG_RUNTIME_DIR", path);
	strcpy(name->sun_path, path);
	return 0;
}

static int
connect_to(const char *place)
{
	struct sockaddr_un name;
	auto_close int sock =
		socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return fail("open a socket");
	if (name_socket(place, &name) < 0)
		return -1;
	if (connect(sock, (struct sockaddr *)&name, sizeof(name)) < 0)
		return fail("connect to " WHO);
	return take_fd(&sock);
}

static int
listen_in(const char *place)
{
	struct sockaddr_un name;
	auto_close int sock =
		socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return fail("open a socket");
	if (name_socket(place, &name) < 0)
		return -1;
	unlink(name.sun_path);
	if (bind(sock, (struct sockaddr *)&name, sizeof(name)) < 0 ||
	    listen(sock, 64) < 0)
		return fail("listen on %s", name.sun_path);
	return take_fd(&sock);
}

/* In a session of its own, nobody's child, with nothing of ours open. */
_Noreturn static void
become_holder(int listening, int sock)
{
	char *argv[] = { (char *)WHO, (char *)".holder", NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int high[] = { fcntl(listening, F_DUPFD_CLOEXEC, 10),
		       fcntl(sock, F_DUPFD_CLOEXEC, 10) };
	pid_t pid = setsid() < 0 ? -1 : fork();
	if (pid > 0)
		_exit(0);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	dup2(high[0], HOLDER_LISTENS);
	dup2(high[1], HOLDER_TELLS);
	syscall(SYS_close_range, HOLDER_TELLS + 1, ~0U, 0);
	/* A wrong one may have been overruled by the command line. */
	unsetenv("MYDOCKER_DRIVER");
	if (pid == 0 && chdir("/") == 0 && self_path())
		execv(self_path(), argv);
	fail("start " WHO);
	sync_send_failure(HOLDER_TELLS);
	_exit(1);
}

/* Returns a connection to it; it has the first one before it says that it is
 * there. */
static int
start_holder(const char *place)
{
	auto_close int ours = -1, theirs = -1;
	auto_close int listening = listen_in(place);
	if (listening < 0 || sync_pair(&ours, &theirs) < 0)
		return -1;
	auto_close int sock = connect_to(place);
	if (sock < 0)
		return -1;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		become_holder(listening, theirs);
	if (pid < 0)
		return fail("fork " WHO);
	close_scoped(&theirs);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (sync_expect(ours, SYNC_READY, WHO) < 0)
		return -1;
	return take_fd(&sock);
}

static int
take_spaces(int sock, struct spaces *spaces)
{
	for (int i = 0; i < SPACES; i++) {
		spaces->fds[i] = sync_expect_fd(sock, WHO);
		if (spaces->fds[i] < 0)
			return -1;
	}
	return 0;
}

/* A holder that ends takes the lock's file along: what was locked may be of
 * that one, and mean nothing any more. */
static int
lock_in(const char *place)
{
	auto_free char *path = text("%s/" HOLDER_LOCK, place);
	for (;;) {
		struct stat ours, there;
		if (mkdir(place, 0700) < 0 && errno != EEXIST)
			return fail("make the directory %s", place);
		auto_close int lock =
			open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (lock < 0 && errno == ENOENT)
			continue;
		if (lock < 0 || flock(lock, LOCK_EX) < 0 ||
		    fstat(lock, &ours) < 0)
			return fail("lock %s", path);
		if (stat(path, &there) == 0 && there.st_ino == ours.st_ino)
			return take_fd(&lock);
	}
}

/* One that is about to end accepts nobody. */
static int
ask_for_spaces(const char *place, struct spaces *spaces)
{
	auto_close int sock = connect_to(place);
	if (sock >= 0 && take_spaces(sock, spaces) == 0)
		return take_fd(&sock);
	spaces_close(spaces);
	return -1;
}

static int
find_holder(const char *place, struct spaces *spaces)
{
	auto_close int sock = ask_for_spaces(place, spaces);
	if (sock >= 0)
		return take_fd(&sock);
	auto_close int lock = lock_in(place);
	if (lock < 0)
		return -1;
	/* Somebody else may have started it meanwhile. */
	sock = ask_for_spaces(place, spaces);
	if (sock >= 0)
		return take_fd(&sock);
	sock = start_holder(place);
	if (sock < 0 || take_spaces(sock, spaces) < 0)
		return wrap("start the holder of your namespaces");
	return take_fd(&sock);
}

/* ---- what the host keeps for root ---------------------------------------- */

/* Looked at before we enter: a network namespace has its own. */
static char ping_groups[64], first_port[16];

static void
look_at_host(void)
{
	if (read_text(AT_FDCWD, "/proc/sys/net/ipv4/ping_group_range",
		      ping_groups, sizeof(ping_groups)) < 0)
		*ping_groups = '\0';
	if (read_text(AT_FDCWD,
		      "/proc/sys/net/ipv4/ip_unprivileged_port_start",
		      first_port, sizeof(first_port)) < 0)
		*first_port = '\0';
}

void
rootless_warnings(struct words *warnings)
{
	unsigned int low, high, group = getgid();
	auto_free char *one_id = rootless_one_id();
	if (one_id) {
		auto_free char *line =
			text("root is the only id in containers: %.*s",
			     (int)strcspn(one_id, "\n"), one_id);
		words_add(warnings, line);
	}
	/* Our own group, as the host knows it, is root's in here. */
	auto_free char *map = read_all(AT_FDCWD, "/proc/self/gid_map", NULL);
	if (map)
		sscanf(map, "%*u %u", &group);
	if (sscanf(ping_groups, "%u %u", &low, &high) == 2 &&
	    (group < low || group > high))
		words_add(warnings,
			  "no ping to beyond this host (sudo sysctl "
			  "net.ipv4.ping_group_range=\"0 2147483647\")");
	if (*first_port && strcmp(first_port, "0") != 0) {
		auto_free char *line =
			text("ports below %s cannot be published (sudo sysctl "
			     "net.ipv4.ip_unprivileged_port_start=80)",
			     first_port);
		words_add(warnings, line);
	}
}

/* ---- entering ----------------------------------------------------------- */

static bool network_is_left_out;

void
rootless_leave_out_network(void)
{
	network_is_left_out = true;
}

static int
enter(const struct spaces *spaces)
{
	static const int types[SPACES] = { CLONE_NEWUSER, CLONE_NEWNS,
					   CLONE_NEWNET };
	auto_free char *here = getcwd(NULL, 0);
	/* In there the kernel names our file from the root of the mount it is
	 * on, which is one of the host's. */
	if (!self_path())
		return -1;
	for (int i = 0; i < SPACES; i++)
		if ((i != SPACE_NETWORK || !network_is_left_out) &&
		    sys_setns(spaces->fds[i], types[i]) < 0)
			return fail("enter your namespaces");
	/* From now on we have rights that we had not, and the kernel hides us
	 * from our own user, and so from the holder. */
	prctl(PR_SET_DUMPABLE, 1);
	if (here && chdir(here) < 0)
		return fail("enter the working directory %s", here);
	return 0;
}

static int
settle_environment(const char *place)
{
	static const struct {
		const char *variable, *below;
	} rows[] = {
		{ "MYDOCKER_RUN", "" },
		{ "MYDOCKER_AUFS_SHOW", "/aufs" },
	};
	for (size_t i = 0; i < countof(rows); i++) {
		auto_free char *value = text("%s%s", place, rows[i].below);
		setenv(rows[i].variable, value, 0);
	}
	if (setenv(MARK, place, 1) < 0 ||
	    (network_is_left_out && setenv(ON_HOST, "1", 1) < 0))
		return fail("set " MARK);
	return make_dirs(getenv("MYDOCKER_ROOT"), 0700);
}

int
rootless_enter(void)
{
	struct spaces spaces = SPACES_NONE;
	if (geteuid() == 0)
		return 0;
	auto_free char *place = places_run();
	if (!place || rootless_settle_root() < 0)
		return -1;
	look_at_host();
	auto_close int sock = find_holder(place, &spaces);
	int result = sock < 0 ? -1 : enter(&spaces);
	spaces_close(&spaces);
	return result < 0 ? -1 : settle_environment(place);
}

int
rootless_enter_network(void)
{
	struct spaces spaces = SPACES_NONE;
	if (!rootless_is_inside() || !getenv(ON_HOST))
		return 0;
	auto_close int sock = ask_for_spaces(getenv(MARK), &spaces);
	if (sock < 0)
		return -1;
	int result = sys_setns(spaces.fds[SPACE_NETWORK], CLONE_NEWNET);
	spaces_close(&spaces);
	unsetenv(ON_HOST);
	return result < 0 ? fail("enter your network namespace") : 0;
}

char *
rootless_one_id(void)
{
	if (!rootless_is_inside())
		return NULL;
	auto_free char *path = text("%s/one-id", getenv(MARK));
	return read_all(AT_FDCWD, path, NULL);
}

int
rootless_check_ids(uid_t uid, gid_t gid)
{
	if ((uid == 0 && gid == 0) || !idmap_is_alone())
		return 0;
	auto_free char *why = rootless_one_id();
	return failx("user %u:%u: there is no user but root here%s%.*s", uid,
		     gid, why ? ", for " : "",
		     why ? (int)strcspn(why, "\n") : 0, why ?: "");
}

/* ---- asking ------------------------------------------------------------- */

static int
ask(int sock, const struct holder_request *request, struct nat_port *port)
{
	struct holder_answer answer;
	if (send(sock, request, sizeof(*request), MSG_NOSIGNAL) < 0)
		return fail("ask " WHO);
	ssize_t got;
	while ((got = recv(sock, &answer, sizeof(answer), 0)) < 0 &&
	       errno == EINTR)
		;
	if (got != sizeof(answer))
		return failx(WHO " died without a word");
	if (port)
		*port = answer.port;
	if (!answer.failure.text[0])
		return 0;
	failure = answer.failure;
	return -1;
}

static int
open_holder(void)
{
	struct spaces spaces = SPACES_NONE;
	auto_close int sock = connect_to(getenv(MARK));
	int result = sock < 0 ? -1 : take_spaces(sock, &spaces);
	spaces_close(&spaces);
	return result < 0 ? -1 : take_fd(&sock);
}

int
rootless_way_out(void)
{
	struct holder_request request = { .wish = HOLDER_WAY_OUT };
	auto_close int sock = open_holder();
	return sock < 0 ? -1 : ask(sock, &request, NULL);
}

int
rootless_unpublish(const char *id)
{
	struct holder_request request = { .wish = HOLDER_UNPUBLISH };
	snprintf(request.id, sizeof(request.id), "%s", id);
	auto_close int sock = open_holder();
	/* With a holder that was killed the ports have gone. */
	return sock < 0 ? 0 : ask(sock, &request, NULL);
}

int
rootless_publish(const char *id, struct nat_port *ports, size_t count)
{
	struct holder_request request = { .wish = HOLDER_PUBLISH };
	snprintf(request.id, sizeof(request.id), "%s", id);
	auto_close int sock = open_holder();
	if (sock < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		request.port = ports[i];
		if (ask(sock, &request, &ports[i]) == 0)
			continue;
		struct failure why = failure;
		rootless_unpublish(id);
		failure = why;
		return -1;
	}
	return 0;
}
