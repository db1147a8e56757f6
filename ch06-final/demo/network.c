/* network.c - experiment `network`: an address, a neighbour, a published port,
 * and a host that is as it was when the last container has gone. */
#include "demo.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "nat.h"
#include "net.h"
#include "stage.h"

#define PAGE "served from inside"

/* A port of the host that nobody uses at the moment. */
static int
free_port(uint16_t *port)
{
	struct nat_port wanted = { .protocol = IPPROTO_TCP, .port = 80 };
	auto_close int held = net_hold_port(&wanted);
	*port = wanted.host_port;
	return held < 0 ? -1 : 0;
}

/* Ask a web server for its page; true when it is the one we put there. */
static bool
fetch(struct in_addr address, uint16_t port)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr = address,
		.sin_port = htons(port),
	};
	/* The server may need a moment to begin listening. */
	for (int tries = 0; tries < 50; tries++) {
		char answer[1024] = "";
		auto_close int sock =
			socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		struct timeval patience = { .tv_sec = 2 };
		setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience,
			   sizeof(patience));
		setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &patience,
			   sizeof(patience));
		if (connect(sock, (struct sockaddr *)&to, sizeof(to)) == 0 &&
		    send(sock, request, strlen(request), MSG_NOSIGNAL) > 0 &&
		    recv(sock, answer, sizeof(answer) - 1, MSG_WAITALL) > 0)
			return strstr(answer, PAGE) != NULL;
		nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	}
	return false;
}

/* An address of the host that is not its loopback, when it has one. */
static bool
host_address(struct in_addr *address)
{
	struct ifaddrs *list, *i;
	if (getifaddrs(&list) < 0)
		return false;
	bool found = false;
	for (i = list; i && !found; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET ||
		    (i->ifa_flags & IFF_LOOPBACK) ||
		    strncmp(i->ifa_name, "mydocker", 8) == 0)
			continue;
		*address = ((struct sockaddr_in *)i->ifa_addr)->sin_addr;
		found = true;
	}
	freeifaddrs(list);
	return found;
}

static void
reach(uint16_t port)
{
	struct in_addr address = { htonl(INADDR_LOOPBACK) };
	tour_expect(fetch(address, port),
		    "the page is served at 127.0.0.1:%u", port);
	if (host_address(&address))
		tour_expect(fetch(address, port), "and at %s:%u",
			    inet_ntoa(address), port);
	else
		tour_say("This host has no other address to try it at.");
}

/* The server's own address, as its /etc/hosts says it. */
static char *
address_of(const struct record *record)
{
	auto_free char *path = text("%s/containers/%s/hosts",
				    getenv("MYDOCKER_ROOT"), record->id);
	auto_free char *hosts = read_all(AT_FDCWD, path, NULL);
	if (!hosts)
		return NULL;
	size_t length = strlen(hosts);
	while (length > 0 && hosts[length - 1] == '\n')
		hosts[--length] = '\0';
	char *line = strrchr(hosts, '\n');
	return line ? text("%.*s", (int)strcspn(line + 1, "\t"), line + 1) :
		      NULL;
}

static int
with_server(struct guest *server, uint16_t port)
{
	tour_step("What that made on the host.");
	bool table = false;
	tour_run((const char *const[]){ "ls", "/sys/class/net", NULL });
	tour_expect(if_nametoindex("mydocker0") != 0,
		    "a bridge, mydocker0");
	tour_expect(nat_has_table(&table) == 0 && table,
		    "one nftables table, of our own");
	reach(port);

	tour_step("A second container: a neighbour on the bridge.");
	auto_free char *address = address_of(&server->record);
	if (!address)
		return failx("the server has no address");
	tour_expect(stage_run("run", "--rm", "busybox", "sh", "-c",
			      "ip -4 addr show eth0; ip route; "
			      "wget -q -O - http://$0/", address) == 0,
		    "it has an address and a route, and reaches the first");
	auto_free char *spec = text("%u:80", port);
	tour_expect(stage_run("run", "--rm", "-p", spec, "busybox", "true") ==
			    125,
		    "but it cannot have the port, too");
	return 0;
}

/* Has the bridge a port?  Then a container that is not of this tour runs. */
static bool
others_are_on_the_bridge(void)
{
	auto_dir DIR *ports = opendir("/sys/class/net/mydocker0/brif");
	struct dirent *entry;
	while (ports && (entry = readdir(ports)))
		if (entry->d_name[0] != '.')
			return true;
	return false;
}

/* Others may be coming or going at this moment: look for a while. */
static bool
bridge_is_gone(void)
{
	for (int tries = 0; tries < 20; tries++) {
		bool table;
		if (nat_has_table(&table) == 0 && !table &&
		    !if_nametoindex("mydocker0"))
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	}
	return false;
}

static int
run_network(void)
{
	int not_ready = stage_enter();
	if (not_ready)
		return not_ready;
	uint16_t port;
	if (free_port(&port) < 0)
		return -1;
	auto_free char *spec = text("%u:80", port);
	struct guest server;
	tour_step("A web server in a container, its port 80 published.");
	if (stage_start_run(&server, "network-tour", "-p", spec, "busybox",
			    "sh", "-c",
			    "echo '" PAGE "' >/tmp/index.html; "
			    "exec httpd -f -p 80 -h /tmp") < 0)
		return -1;
	char veth[IFNAMSIZ];
	int result = net_name_veth(server.record.id, veth);
	if (result == 0)
		result = with_server(&server, port);
	if (stage_end(&server) < 0 || result < 0)
		return -1;

	tour_step("The last container has gone.");
	if (!bridge_is_gone() && others_are_on_the_bridge())
		tour_say("Other containers are running: bridge and table stay "
			 "for them.");
	else
		tour_expect(bridge_is_gone(),
			    "and with it the bridge and the table");
	tour_expect(!if_nametoindex(veth), "its cable, %s, is gone", veth);
	struct in_addr loopback = { htonl(INADDR_LOOPBACK) };
	auto_close int again = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr = loopback,
				  .sin_port = htons(port) };
	tour_expect(connect(again, (struct sockaddr *)&to, sizeof(to)) < 0,
		    "nobody answers at port %u any more", port);
	return 0;
}

const struct experiment demo_network = {
	.name = "network",
	.shows = "an address, a neighbour, a published port; then nothing",
	.run = run_network,
	.tidy = stage_tidy,
};
