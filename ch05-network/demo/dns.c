/*
 * dns.c - experiment `dns`: containers of a network find each other by name.
 *
 * What is asked inside a container is asked by libc, as every program asks
 * (getaddrinfo(3)); and that reads three files, which the runtime puts there:
 * /etc/hosts, /etc/resolv.conf and /etc/nsswitch.conf.
 */
#include "demo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "names.h"
#include "ns.h"
#include "stage.h"
#include "sys.h"

#define DOCKER_DNS 0x7f00000b /* 127.0.0.11 */
enum { FOUND = 300 };
#define NO_SUCH_SERVER "nameserver 127.0.0.11\noptions timeout:1 attempts:1\n"

static struct {
	struct net_network red, blue;
	struct container web, db, stranger;
	struct names *names;
	struct names *internet; /* somebody else's server, out there */
} play;

/* ---- a container's files ----------------------------------------------- */

static const char *const files[] = { "hosts", "resolv.conf", "nsswitch.conf" };

static int
write_files(const char *container, const char *hosts, const char *resolv)
{
	const char *const contents[] = { hosts, resolv, "hosts: files dns\n" };
	if (make_dirs(container, 0755) < 0)
		return -1;
	for (size_t i = 0; i < countof(files); i++) {
		auto_free char *path = text("%s/%s", container, files[i]);
		if (write_file(AT_FDCWD, path, contents[i], 0644) < 0)
			return -1;
	}
	return 0;
}

/* Over those of this mount namespace.  A host without one of them asks
 * without it, too. */
static int
bind_files(const char *container)
{
	for (size_t i = 0; i < countof(files); i++) {
		auto_free char *source = text("%s/%s", container, files[i]);
		auto_free char *target = text("/etc/%s", files[i]);
		if (sys_mount(source, target, NULL, MS_BIND, NULL) < 0 &&
		    (errno != ENOENT || i < 2))
			return fail("put %s over %s", source, target);
	}
	return 0;
}

/* ---- asking ------------------------------------------------------------ */

/* What libc finds: "172.29.0.3 172.29.0.4", or its reason. */
static void
look_up(const char *name, char *found, size_t size)
{
	struct addrinfo hints = { .ai_family = AF_INET,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int error = getaddrinfo(name, NULL, &hints, &list);
	snprintf(found, size, "%s", error ? gai_strerror(error) : "");
	for (struct addrinfo *one = list; one; one = one->ai_next) {
		struct sockaddr_in address;
		memcpy(&address, one->ai_addr, sizeof(address));
		size_t used = strlen(found);
		snprintf(found + used, size - used, "%s%s", used ? " " : "",
			 stage_ip(ntohl(address.sin_addr.s_addr)));
	}
	if (list)
		freeaddrinfo(list);
}

static void
look_up_reverse(const char *ip, char *found, size_t size)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	inet_pton(AF_INET, ip, &address.sin_addr);
	int error = getnameinfo((struct sockaddr *)&address, sizeof(address),
				found, size, NULL, 0, NI_NAMEREQD);
	if (error)
		snprintf(found, size, "%s", gai_strerror(error));
}

/* In the container's network and over its files; ends with the stage. */
static _Noreturn void
ask_inside(const struct container *in, const char *name, int out)
{
	char found[FOUND];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sys_setns(in->box.netns, CLONE_NEWNET) < 0 ||
	    ns_own_mounts() < 0 || bind_files(in->box.name) < 0)
		snprintf(found, sizeof(found), "%s", failure.text);
	else if (name[strspn(name, "0123456789.")])
		look_up(name, found, sizeof(found));
	else
		look_up_reverse(name, found, sizeof(found));
	_exit(write(out, found, strlen(found)) < 0);
}

static int
ask(const struct container *in, const char *name, char *found, size_t size)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail("make a pipe");
	auto_close int from = ends[0];
	auto_close int to = ends[1];
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		ask_inside(in, name, to);
	close_scoped(&to);
	if (pid < 0)
		return fail("ask for a name");
	ssize_t got = read(from, found, size - 1);
	found[got < 0 ? 0 : got] = '\0';
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

/* `wanted` NULL: that it is not found. */
static void
try_name(const struct container *in, const char *name, const char *wanted,
	 const char *claim)
{
	char found[FOUND] = "";
	auto_free char *what = text("%s asks for", in->box.name);
	if (ask(in, name, found, sizeof(found)) < 0)
		snprintf(found, sizeof(found), "%s", failure.text);
	tour_show(what, "%s: %s", name, found);
	bool is_address = found[strspn(found, "0123456789. ")] == '\0';
	tour_expect(wanted ? strcmp(found, wanted) == 0 : !is_address, "%s",
		    claim);
}

static void
show_file(const char *container, const char *name)
{
	auto_free char *path = text("%s/%s", container, name);
	auto_free char *content = read_all(AT_FDCWD, path, NULL);
	auto_free char *what = text("%s: /etc/%s", container, name);
	show_lines(what, content ? content : failure.text);
}

/* ---- the scene --------------------------------------------------------- */

static int
build(void)
{
	if (net_default(&play.red) < 0 ||
	    net_open(&play.blue, "blue", "mydocker1", NULL) < 0 ||
	    container_start(&play.web, "web", "c0ffee000001", &play.red, NULL,
			    0) < 0 ||
	    container_start(&play.db, "db", "c0ffee000002", &play.red, NULL,
			    0) < 0 ||
	    container_start(&play.stranger, "stranger", "c0ffee000003",
			    &play.blue, NULL, 0) < 0)
		return -1;
	auto_free char *hosts =
		text("127.0.0.1 localhost\n%s web\n",
		     stage_ip(play.web.endpoint.lease.address));
	if (write_files("web", hosts, NO_SUCH_SERVER) < 0 ||
	    write_files("stranger", "127.0.0.1 localhost\n",
			NO_SUCH_SERVER) < 0)
		return -1;
	return 0;
}

static void
by_file(void)
{
	tour_step("Names from a file.");
	show_file("web", "hosts");
	try_name(&play.web, "web", "172.29.0.2",
		 "its own name is in /etc/hosts, which the runtime writes");
	try_name(&play.web, "db", NULL,
		 "another's is not; and nobody answers at 127.0.0.11");
}

static int
add_host(void)
{
	auto_free char *before = read_all(AT_FDCWD, "web/hosts", NULL);
	if (!before)
		return -1;
	auto_free char *hosts =
		text("%s\n%s db\n", before,
		     stage_ip(play.db.endpoint.lease.address));
	tour_step("A line more (--add-host, and once --link).");
	if (write_files("web", hosts, NO_SUCH_SERVER) < 0)
		return -1;
	try_name(&play.web, "db", "172.29.0.3",
		 "found: but who will change that line when db moves?");
	return write_files("web", before, NO_SUCH_SERVER);
}

static int
start_server(void)
{
	play.names = names_create();
	play.internet = names_create();
	if (!play.names || !play.internet ||
	    names_listen(play.internet, stage_internet.netns, INTERNET) < 0 ||
	    names_add(play.internet, "example.com", INTERNET) < 0 ||
	    names_start(play.internet) < 0 ||
	    names_listen(play.names, play.web.box.netns, DOCKER_DNS) < 0 ||
	    names_listen(play.names, play.db.box.netns, DOCKER_DNS) < 0 ||
	    names_set_upstream(play.names, INTERNET) < 0 ||
	    names_add(play.names, "web", play.web.endpoint.lease.address) <
		    0 ||
	    names_add(play.names, "db", play.db.endpoint.lease.address) < 0)
		return -1;
	return names_start(play.names);
}

static int
by_server(void)
{
	tour_step("A name server of the network, at 127.0.0.11 in each "
		  "container.");
	if (start_server() < 0)
		return -1;
	show_file("web", "resolv.conf");
	tour_show("the server is", "process %d, outside; its sockets are "
		  "inside", play.names->pid);
	try_name(&play.web, "db", "172.29.0.3", "web finds db");
	try_name(&play.web, "172.29.0.3", "db", "and db's name by its address");
	try_name(&play.web, "example.com", INTERNET_IP,
		 "what it does not know it asks of another server");
	try_name(&play.web, "no-such-name", NULL,
		 "which may not know it, either");
	try_name(&play.stranger, "db", NULL,
		 "a container of another network finds nobody");
	return 0;
}

/* db goes and comes again, at another address; somebody took its old one. */
static int
move_db(void)
{
	tour_step("db ends, somebody else gets its address, and db comes "
		  "again.");
	struct container other;
	names_remove(play.names, "db", play.db.endpoint.lease.address);
	if (container_end(&play.db, &play.red) < 0)
		return -1;
	try_name(&play.web, "db", NULL, "while it is away, its name is, too");
	if (container_start(&other, "other", "c0ffee000004", &play.red, NULL,
			    0) < 0 ||
	    container_start(&play.db, "db", "c0ffee000005", &play.red, NULL,
			    0) < 0 ||
	    names_add(play.names, "db", play.db.endpoint.lease.address) < 0)
		return -1;
	try_name(&play.web, "db", "172.29.0.4",
		 "the same name leads to the new address");
	if (names_add(play.names, "db", other.endpoint.lease.address) < 0)
		return -1;
	char found[FOUND];
	if (ask(&play.web, "db", found, sizeof(found)) < 0)
		return -1;
	tour_show("web asks for", "db: %s", found);
	tour_expect(strstr(found, "172.29.0.3") && strstr(found, "172.29.0.4"),
		    "one name for two (--network-alias): both are said");
	return container_end(&other, &play.red);
}

/* ---- the end ----------------------------------------------------------- */

static int
open_shell(void *advice)
{
	return tour_shell(advice);
}

static int
clear_away(void)
{
	names_stop(play.names);
	names_stop(play.internet);
	if (container_end(&play.web, &play.red) < 0 ||
	    container_end(&play.db, &play.red) < 0 ||
	    container_end(&play.stranger, &play.blue) < 0)
		return -1;
	net_close(&play.red);
	net_close(&play.blue);
	return 0;
}

static int
run_dns(void)
{
	tour_say("An address is given to whoever comes next. A name stays "
		 "with a container.");
	int opened = stage_open(STAGE_INTERNET);
	if (opened != 0)
		return opened;
	if (access("/etc/hosts", F_OK) < 0 ||
	    access("/etc/resolv.conf", F_OK) < 0)
		return tour_skip("needs /etc/hosts and /etc/resolv.conf to "
				 "put others over; found: %s",
				 strerror(errno));
	if (build() < 0)
		return stage_fail();
	by_file();
	if (add_host() < 0 || by_server() < 0 || move_db() < 0)
		return -1;
	if (bind_files("web") < 0 ||
	    box_within(play.web.box.netns, open_shell,
		       "This is web; try: cat /etc/resolv.conf; getent hosts "
		       "db") < 0)
		return -1;
	return clear_away();
}

const struct experiment demo_dns = {
	.name = "dns",
	.shows = "containers find each other by name; hosts, resolv.conf",
	.run = run_dns,
	.has_shell = true,
};
