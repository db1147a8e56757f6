/*
 * ipam.c - experiment `ipam`: who has which address.
 *
 * No network is made: addresses are files, named after them, in a directory
 * (ipam.h).  Whoever holds one keeps its file open and locked.
 */
#include "demo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipam.h"
#include "netlink.h"
#include "stage.h"
#include "sync.h"

enum { PROCESSES = 8, ROUNDS = 250, KEPT = 5 };

static void
list_directory(const char *path)
{
	const char *const argv[] = { "ls", path, NULL };
	tour_run(argv);
}

/* ---- one subnet -------------------------------------------------------- */

static int
hand_out(const struct ipam_subnet *subnet, struct ipam_lease *leases,
	 uint32_t count)
{
	char room[IPAM_ADDRESS_SIZE];
	tour_step("A small network: 10.1.2.0/29, of eight addresses.");
	tour_show("network", "%s, never given", ipam_format(subnet->network,
							    room));
	tour_show("gateway", "%s, the bridge's own",
		  ipam_format(ipam_gateway(subnet), room));
	for (uint32_t i = 0; i < count; i++) {
		if (ipam_allocate("small", subnet, 0, NULL, NULL,
				  &leases[i]) < 0)
			return -1;
		tour_show("given", "%s", ipam_format(leases[i].address, room));
	}
	tour_show("broadcast", "%s, never given",
		  ipam_format(ipam_broadcast(subnet), room));
	tour_expect(leases[0].address == subnet->network + 2 &&
		    leases[count - 1].address == ipam_broadcast(subnet) - 1,
		    "eight less network, gateway and broadcast: five");
	list_directory("small");
	struct ipam_lease more = IPAM_NO_LEASE;
	bool given = ipam_allocate("small", subnet, 0, NULL, NULL, &more) == 0;
	tour_show("a sixth", "%s", given ? "given" : failure.text);
	tour_expect(!given && failure.code == EADDRNOTAVAIL,
		    "the sixth is refused, and told why");
	return 0;
}

static int
choose(const struct ipam_subnet *subnet, struct ipam_lease *leases)
{
	static const char *const wanted[] = { "10.1.2.3", "10.1.2.0",
					      "10.1.2.1", "10.1.2.7",
					      "10.1.3.2" };
	tour_step("An address that somebody wants (--ip).");
	int refused = 0;
	for (size_t i = 0; i < countof(wanted); i++) {
		struct ipam_lease lease = IPAM_NO_LEASE;
		uint32_t address;
		if (ipam_parse_address(wanted[i], &address) < 0)
			return -1;
		bool given = ipam_allocate("small", subnet, address, NULL,
					   NULL, &lease) == 0;
		tour_show(wanted[i], "%s", given ? "given" : failure.text);
		refused += !given;
	}
	tour_expect(refused == (int)countof(wanted),
		    "taken, the network's own, or of another network: refused");
	auto_close int directory =
		open("small", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint32_t freed = leases[1].address;
	if (directory < 0 || ipam_give(directory, &leases[1]) < 0 ||
	    ipam_allocate("small", subnet, freed, NULL, NULL, &leases[1]) < 0)
		return -1;
	tour_show("10.1.2.3, given back", "and taken again");
	tour_expect(leases[1].address == freed,
		    "what was given back can be had again");
	return 0;
}

/* ---- the dead ---------------------------------------------------------- */

static int
note_undone(uint32_t address, const char *note, void *data)
{
	int *undone = data;
	char room[IPAM_ADDRESS_SIZE];
	tour_show("found dead", "the holder of %s; to be undone: %.*s",
		  ipam_format(address, room), (int)strcspn(note, "\n"), note);
	(*undone)++;
	return 0;
}

/* It ends with the stage, and also if that is gone already. */
static _Noreturn void
hold_one(const struct ipam_subnet *subnet, pid_t stage, int sock)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != stage)
		_exit(1);
	struct ipam_lease lease = IPAM_NO_LEASE;
	if (ipam_allocate("crash", subnet, 0, NULL, NULL, &lease) < 0 ||
	    ipam_note(&lease, "veth mydc0ffee000001\n") < 0)
		sync_send_failure(sock);
	else
		sync_send(sock, SYNC_READY);
	for (;;)
		pause();
}

static int
crash(const struct ipam_subnet *subnet)
{
	struct ipam_lease lease = IPAM_NO_LEASE;
	int parent_end, child_end, undone = 0;
	tour_step("A holder that is killed.");
	tour_say("No pid is written down, which could be another's by then. "
		 "The lock is the sign of life:");
	tour_say("the kernel lets go of it, however its process ends.");
	if (sync_pair(&parent_end, &child_end) < 0)
		return -1;
	auto_close int ours = parent_end;
	auto_close int theirs = child_end;
	fflush(stdout);
	pid_t stage = getpid(), pid = fork();
	if (pid == 0)
		hold_one(subnet, stage, theirs);
	close_scoped(&theirs);
	if (pid < 0 || sync_expect(ours, SYNC_READY, "the holder") < 0)
		return fail("start a holder");
	if (ipam_allocate("crash", subnet, 0, note_undone, &undone, &lease) <
	    0)
		return -1;
	tour_expect(undone == 0 && lease.address == subnet->network + 3,
		    "while it lives, its address is its own: the next is "
		    "another");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	struct ipam_lease again = IPAM_NO_LEASE;
	if (ipam_allocate("crash", subnet, 0, note_undone, &undone, &again) <
	    0)
		return -1;
	tour_expect(undone == 1 && again.address == subnet->network + 2,
		    "dead, it is undone by the next who comes, who gets the "
		    "address");
	ipam_abandon(&lease);
	ipam_abandon(&again);
	return 0;
}

/* ---- many at once ------------------------------------------------------ */

/* `owned` is shared by all: an address is in it while somebody has it. */
static void
disown(uint8_t *owned, const struct ipam_lease *lease)
{
	if (lease->fd >= 0)
		__atomic_store_n(&owned[lease->address & 255], 0,
				 __ATOMIC_SEQ_CST);
}

/* The last ones are left behind, for the others to find and to recover. */
static _Noreturn void
compete(const struct ipam_subnet *subnet, uint8_t *owned, unsigned int seed)
{
	struct ipam_lease kept[KEPT];
	auto_close int leases =
		open("crowd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < KEPT; i++)
		kept[i] = (struct ipam_lease)IPAM_NO_LEASE;
	for (int round = 0; round < ROUNDS; round++) {
		struct ipam_lease *lease = &kept[rand_r(&seed) % KEPT];
		disown(owned, lease);
		if (ipam_give(leases, lease) < 0 ||
		    ipam_allocate("crowd", subnet, 0, NULL, NULL, lease) < 0)
			_exit(2);
		if (__atomic_exchange_n(&owned[lease->address & 255], 1,
					__ATOMIC_SEQ_CST))
			_exit(3); /* somebody has it */
	}
	for (int i = 0; i < KEPT; i++)
		disown(owned, &kept[i]);
	_exit(0);
}

static int
crowd(const struct ipam_subnet *subnet)
{
	tour_step("%d processes take and give back, %d times each, all at "
		  "once.", PROCESSES, ROUNDS);
	uint8_t *owned = mmap(NULL, 256, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (owned == MAP_FAILED)
		return fail("share a page");
	close(ipam_lock("crowd")); /* makes the directory */
	pid_t pids[PROCESSES];
	int bad = 0;
	fflush(stdout);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			compete(subnet, owned, i);
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status = -1;
		waitpid(pids[i], &status, 0);
		bad += status != 0;
	}
	tour_show("ended well", "%d of %d", PROCESSES - bad, PROCESSES);
	tour_expect(bad == 0, "in %d allocations no address had two holders",
		    PROCESSES * ROUNDS);
	munmap(owned, 256);
	return 0;
}

/* ---- IPv6, and choosing a subnet --------------------------------------- */

static int
try_ipv6(void)
{
	struct ipam_subnet6 subnet;
	struct ipam_lease one = IPAM_NO_LEASE, two = IPAM_NO_LEASE;
	char room[IPAM_ADDRESS6_SIZE], other[IPAM_ADDRESS6_SIZE];
	tour_step("IPv6: fd00:1::/64, of 18446744073709551616 addresses.");
	auto_close int lock = ipam_lock("six");
	auto_close int leases = open("six", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || leases < 0 ||
	    ipam_parse_subnet6("fd00:1::/64", &subnet) < 0 ||
	    ipam_take6(leases, &subnet, NULL, &one) < 0 ||
	    ipam_take6(leases, &subnet, NULL, &two) < 0)
		return -1;
	tour_show("given", "%s, %s", ipam_format6(one.address6, room),
		  ipam_format6(two.address6, other));
	tour_expect(strcmp(room, "fd00:1::2") == 0 &&
		    strcmp(other, "fd00:1::3") == 0,
		    "fd00:1:: is all routers', fd00:1::1 the gateway's; there "
		    "is no broadcast");
	ipam_give(leases, &one);
	return ipam_give(leases, &two);
}

static int
add_route_to(struct netlink *nl, const char *subnet)
{
	struct netlink_ip to, gateway;
	if (netlink_parse_ip(subnet, &to) < 0 ||
	    netlink_parse_ip(INTERNET_IP, &gateway) < 0 ||
	    netlink_add_route(nl, &to, &gateway) < 0)
		return -1;
	tour_show("the host has a route to", "%s", subnet);
	return 0;
}

/* What a network without a chosen subnet gets on this host. */
static int
show_choice(const char *route_to, struct ipam_subnet *chosen)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	auto_network struct net_network network = { 0 };
	struct net_endpoint endpoint = NET_ENDPOINT("c0ffee000001");
	if (netlink_open(&nl) < 0 ||
	    (route_to && add_route_to(&nl, route_to) < 0) ||
	    net_default(&network) < 0 ||
	    net_reserve(&network, &endpoint, NULL, 0) < 0)
		return -1;
	*chosen = network.subnet;
	tour_show("a new network gets", "%s/%u",
		  stage_ip(network.subnet.network), network.subnet.prefix);
	return net_release(&network, &endpoint);
}

static int
avoid(void)
{
	struct ipam_subnet first, second, third;
	tour_step("Which subnet? A private one that this host does not use.");
	if (show_choice(NULL, &first) < 0 ||
	    show_choice("172.29.5.0/24", &second) < 0 ||
	    show_choice("172.16.0.0/12", &third) < 0)
		return -1;
	tour_expect(!ipam_overlap(&first, &second) &&
		    !ipam_overlap(&second, &third) &&
		    third.network >> 24 == 10,
		    "a VPN's or a company's routes are stepped around");
	return 0;
}

static int
run_ipam(void)
{
	struct ipam_subnet small, wide;
	struct ipam_lease leases[5];
	tour_say("IP address management: handed out once, locked while used, "
		 "given back on every way out.");
	int opened = stage_open(STAGE_INTERNET);
	if (opened != 0)
		return opened;
	if (ipam_parse_subnet("10.1.2.0/29", &small) < 0 ||
	    ipam_parse_subnet("10.1.0.0/24", &wide) < 0 ||
	    hand_out(&small, leases, countof(leases)) < 0 ||
	    choose(&small, leases) < 0 || crash(&wide) < 0 ||
	    crowd(&wide) < 0 || try_ipv6() < 0)
		return -1;
	return avoid() < 0 ? stage_fail() : 0;
}

const struct experiment demo_ipam = {
	.name = "ipam",
	.shows = "addresses handed out, locked, given back, never twice",
	.run = run_ipam,
};
