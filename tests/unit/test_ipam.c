/* test_ipam.c - addresses: counted right, never given twice, taken back from
 * the dead and only from them. */
#include "ipam.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

/* Every test gets an empty directory of its own and is in it. */
static char where[] = "/tmp/mydocker-unit.XXXXXX";

static int
enter_scratch(void **state)
{
	(void)state;
	strcpy(strrchr(where, '.'), ".XXXXXX");
	return mkdtemp(where) && chdir(where) == 0 &&
			       mkdir("net", 0755) == 0 ? 0 : -1;
}

static int
leave_scratch(void **state)
{
	(void)state;
	auto_dir DIR *dir = opendir("net");
	struct dirent *entry;
	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	rmdir("net");
	return chdir("/") == 0 && rmdir(where) == 0 ? 0 : -1;
}

static uint32_t
ip(const char *string)
{
	uint32_t address;
	assert_int_equal(ipam_parse_address(string, &address), 0);
	return address;
}

static struct ipam_subnet
subnet(const char *string)
{
	struct ipam_subnet parsed;
	assert_int_equal(ipam_parse_subnet(string, &parsed), 0);
	return parsed;
}

static int
count_leases(void)
{
	auto_dir DIR *dir = opendir("net");
	struct dirent *entry;
	uint32_t address;
	int count = 0;
	while ((entry = readdir(dir)))
		count += ipam_parse_address(entry->d_name, &address) == 0;
	return count;
}

/* ---- arithmetic -------------------------------------------------------- */

static void
test_addresses(void **state)
{
	(void)state;
	char room[IPAM_ADDRESS_SIZE];
	assert_int_equal(ip("172.29.0.2"), 0xac1d0002);
	assert_int_equal(ip("0.0.0.0"), 0);
	assert_int_equal(ip("255.255.255.255"), 0xffffffff);
	assert_string_equal(ipam_format(0xac1d0002, room), "172.29.0.2");
	assert_string_equal(ipam_format(0xffffffff, room), "255.255.255.255");
	static const char *const bad[] = {
		"", ".", "1", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5",
		"256.1.1.1", "1.2.3.256", "01.2.3.4", "1.2.3.04", "-1.2.3.4",
		"1.2.3.4 ", " 1.2.3.4", "1..3.4", "0x7f.0.0.1", "1.2.3.4/8",
		"a.b.c.d", "1.2.3.99999999999", "::1", "1,2,3,4", "lock",
	};
	for (size_t i = 0; i < countof(bad); i++) {
		uint32_t address = 7;
		assert_int_equal(ipam_parse_address(bad[i], &address), -1);
		assert_int_equal(address, 7);
	}
}

static void
test_subnets(void **state)
{
	(void)state;
	struct ipam_subnet net = subnet("172.29.0.0/16");
	assert_int_equal(ipam_mask(&net), 0xffff0000);
	assert_int_equal(ipam_gateway(&net), ip("172.29.0.1"));
	assert_int_equal(ipam_broadcast(&net), ip("172.29.255.255"));
	assert_int_equal(ipam_capacity(&net), 65533);
	net = subnet("10.1.2.0/24");
	assert_int_equal(ipam_capacity(&net), 253);
	assert_int_equal(ipam_broadcast(&net), ip("10.1.2.255"));
	net = subnet("192.168.7.4/30");
	assert_int_equal(ipam_capacity(&net), 1);
	assert_int_equal(ipam_gateway(&net), ip("192.168.7.5"));
	assert_int_equal(ipam_broadcast(&net), ip("192.168.7.7"));
	assert_true(ipam_contains(&net, ip("192.168.7.7")));
	assert_false(ipam_contains(&net, ip("192.168.7.8")));
	assert_false(ipam_contains(&net, ip("192.168.7.3")));
	static const char *const bad[] = {
		"", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/31", "10.0.0.0/32",
		"10.0.0.0/33", "10.0.0.0/7", "0.0.0.0/0", "10.0.0.0/-1",
		"10.0.0.0/24x", "10.0.0.0/ 24", "10.0.0/24", "10.0.0.1/24",
		"/24", "10.0.0.0/99999999999999999999", "10.0.0.0//24",
	};
	for (size_t i = 0; i < countof(bad); i++) {
		struct ipam_subnet kept = { .network = 1, .prefix = 2 };
		assert_int_equal(ipam_parse_subnet(bad[i], &kept), -1);
		assert_int_equal(kept.network, 1);
	}
	assert_int_equal(ipam_parse_subnet("10.9.8.7/24", &net), -1);
	assert_non_null(strstr(failure.text, "10.9.8.0/24"));
}

static void
test_overlap(void **state)
{
	(void)state;
	struct ipam_subnet wide = subnet("10.0.0.0/8");
	struct ipam_subnet inside = subnet("10.200.0.0/16");
	struct ipam_subnet apart = subnet("172.29.0.0/16");
	struct ipam_subnet next = subnet("172.30.0.0/16");
	struct ipam_subnet world = { .network = 0, .prefix = 0 };
	assert_true(ipam_overlap(&wide, &inside));
	assert_true(ipam_overlap(&inside, &wide));
	assert_true(ipam_overlap(&apart, &apart));
	assert_false(ipam_overlap(&apart, &next));
	assert_false(ipam_overlap(&wide, &apart));
	assert_true(ipam_overlap(&world, &apart));
}

static struct ipam_subnet6
subnet6(const char *string)
{
	struct ipam_subnet6 parsed;
	assert_int_equal(ipam_parse_subnet6(string, &parsed), 0);
	return parsed;
}

static void
test_subnets_of_ipv6(void **state)
{
	(void)state;
	char room[IPAM_ADDRESS6_SIZE];
	uint8_t address[16];
	struct ipam_subnet6 net = subnet6("fd00:1::/64");
	ipam_address6(&net, 1, address);
	assert_string_equal(ipam_format6(address, room), "fd00:1::1");
	ipam_address6(&net, UINT64_MAX, address);
	assert_string_equal(ipam_format6(address, room),
			    "fd00:1::ffff:ffff:ffff:ffff");
	assert_true(ipam_contains6(&net, address));
	/* Counting goes on across bytes. */
	net = subnet6("fd00::ff00/120");
	ipam_address6(&net, 255, address);
	assert_string_equal(ipam_format6(address, room), "fd00::ffff");
	ipam_address6(&net, 256, address);
	assert_string_equal(ipam_format6(address, room), "fd00::1:0");
	assert_false(ipam_contains6(&net, address));
	net = subnet6("fd00:1:8000::/33");
	assert_int_equal(ipam_parse_address6("fd00:1:7fff::1", address), 0);
	assert_false(ipam_contains6(&net, address));
	assert_int_equal(ipam_parse_address6("fd00:1:8fff::1", address), 0);
	assert_true(ipam_contains6(&net, address));
	static const char *const bad[] = {
		"", "fd00::", "fd00::/", "fd00::/127", "fd00::/128",
		"fd00::/7", "fd00::1/64", "fd00:0:0:0:8000::/64", "fd00::g/64",
		"172.29.0.0/16", "fd00::/64x", "fd00::/-1", ":::/64",
	};
	for (size_t i = 0; i < countof(bad); i++) {
		struct ipam_subnet6 kept = { { 1 }, 2 };
		assert_int_equal(ipam_parse_subnet6(bad[i], &kept), -1);
		assert_int_equal(kept.prefix, 2);
	}
}

/* ---- one holder -------------------------------------------------------- */

static void
test_first_is_after_the_gateway(void **state)
{
	(void)state;
	struct ipam_subnet net = subnet("172.29.0.0/16");
	struct ipam_lease a = IPAM_NO_LEASE, b = IPAM_NO_LEASE;
	assert_int_equal(ipam_allocate("net", &net, 0, NULL, NULL, &a), 0);
	assert_int_equal(a.address, ip("172.29.0.2"));
	assert_int_equal(ipam_allocate("net", &net, 0, NULL, NULL, &b), 0);
	assert_int_equal(b.address, ip("172.29.0.3"));
	auto_close int leases = open("net", O_RDONLY | O_CLOEXEC);
	assert_int_equal(ipam_give(leases, &a), 0);
	assert_int_equal(ipam_give(leases, &a), 0);
	assert_int_equal(a.fd, -1);
	assert_int_equal(ipam_allocate("net", &net, 0, NULL, NULL, &a), 0);
	assert_int_equal(a.address, ip("172.29.0.2"));
	assert_int_equal(ipam_give(leases, &a), 0);
	assert_int_equal(ipam_give(leases, &b), 0);
	assert_int_equal(count_leases(), 0);
}

static void
test_wanted(void **state)
{
	(void)state;
	struct ipam_subnet net = subnet("10.1.2.0/24");
	struct ipam_lease a = IPAM_NO_LEASE, b = IPAM_NO_LEASE;
	assert_int_equal(ipam_allocate("net", &net, ip("10.1.2.77"), NULL,
				       NULL, &a), 0);
	assert_int_equal(a.address, ip("10.1.2.77"));
	static const char *const refused[] = { "10.1.2.77", "10.1.2.0",
					       "10.1.2.1", "10.1.2.255",
					       "10.1.3.2", "9.9.9.9" };
	for (size_t i = 0; i < countof(refused); i++) {
		assert_int_equal(ipam_allocate("net", &net, ip(refused[i]),
					       NULL, NULL, &b), -1);
		assert_int_equal(b.fd, -1);
		assert_non_null(strstr(failure.text, refused[i]));
	}
	assert_int_equal(ipam_allocate("net", &net, ip("10.1.2.77"), NULL,
				       NULL, &b), -1);
	assert_int_equal(failure.code, EADDRINUSE);
	assert_int_equal(count_leases(), 1);
	ipam_abandon(&a);
}

/* A subnet with more hosts than ours: these are nobody's to give. */
static void
test_reserved(void **state)
{
	(void)state;
	struct ipam_subnet net = subnet("10.1.2.0/27");
	struct ipam_lease a = IPAM_NO_LEASE;
	static const char *const refused[] = { "10.1.2.0", "10.1.2.1",
					       "10.1.2.2", "10.1.2.32" };
	assert_int_equal(ipam_reserve(&net, ip("10.1.2.2")), 0);
	for (size_t i = 0; i < countof(refused); i++) {
		assert_int_equal(ipam_reserve(&net, ip(refused[i])), -1);
		assert_non_null(strstr(failure.text, refused[i]));
	}
	assert_int_equal(ipam_allocate("net", &net, 0, NULL, NULL, &a), 0);
	assert_int_equal(a.address, ip("10.1.2.3"));
	ipam_abandon(&a);
	assert_int_equal(ipam_allocate("net", &net, ip("10.1.2.2"), NULL, NULL,
				       &a), -1);
	assert_int_equal(failure.code, EADDRINUSE);
	for (int i = 3; i < IPAM_RESERVED_MAX + 2; i++)
		assert_int_equal(ipam_reserve(&net, net.network + i), 0);
	assert_int_equal(ipam_reserve(&net, net.network + 30), -1);
}

/* All of a subnet, then the next is refused, then one given back is enough. */
static void
fill(const char *name)
{
	struct ipam_subnet net = subnet(name);
	uint32_t capacity = ipam_capacity(&net);
	auto_free struct ipam_lease *held =
		new_bytes(capacity * sizeof(*held));
	auto_close int lock = ipam_lock("net");
	auto_close int leases = open("net", O_RDONLY | O_CLOEXEC);
	for (uint32_t i = 0; i < capacity; i++) {
		assert_int_equal(ipam_take(leases, &net, 0, &held[i]), 0);
		assert_int_equal(held[i].address, net.network + 2 + i);
	}
	assert_int_equal(held[capacity - 1].address, ipam_broadcast(&net) - 1);
	struct ipam_lease more = IPAM_NO_LEASE;
	assert_int_equal(ipam_take(leases, &net, 0, &more), -1);
	assert_int_equal(failure.code, EADDRNOTAVAIL);
	assert_non_null(strstr(failure.text, name));
	assert_int_equal(more.fd, -1);
	uint32_t freed = held[capacity / 2].address;
	assert_int_equal(ipam_give(leases, &held[capacity / 2]), 0);
	assert_int_equal(ipam_take(leases, &net, 0, &more), 0);
	assert_int_equal(more.address, freed);
	assert_int_equal(ipam_give(leases, &more), 0);
	for (uint32_t i = 0; i < capacity; i++)
		assert_int_equal(ipam_give(leases, &held[i]), 0);
	assert_int_equal(count_leases(), 0);
}

static void
test_exhaustion(void **state)
{
	(void)state;
	fill("192.168.7.4/30");
	fill("10.1.2.0/24");
}

/* More than there may be descriptors: leases left behind by the dead, and the
 * network's end is where its prefix says. */
static void
test_a_large_one(void **state)
{
	(void)state;
	struct ipam_subnet net = subnet("172.29.0.0/16");
	auto_close int lock = ipam_lock("net");
	auto_close int leases = open("net", O_RDONLY | O_CLOEXEC);
	for (uint32_t i = 0; i < ipam_capacity(&net); i++) {
		struct ipam_lease lease = IPAM_NO_LEASE;
		/* Asked for by name, so that the test is not quadratic. */
		assert_int_equal(ipam_take(leases, &net, net.network + 2 + i,
					   &lease), 0);
		ipam_abandon(&lease);
	}
	struct ipam_lease more = IPAM_NO_LEASE;
	assert_int_equal(ipam_take(leases, &net, 0, &more), -1);
	assert_int_equal(failure.code, EADDRNOTAVAIL);
	size_t living = 1;
	assert_int_equal(ipam_recover(leases, NULL, NULL, &living), 0);
	assert_int_equal(living, 0);
	assert_int_equal(count_leases(), 0);
}

static void
test_leases_of_ipv6(void **state)
{
	(void)state;
	struct ipam_subnet6 net = subnet6("fd00:1::/64");
	struct ipam_lease a = IPAM_NO_LEASE, b = IPAM_NO_LEASE;
	char room[IPAM_ADDRESS6_SIZE];
	auto_close int lock = ipam_lock("net");
	auto_close int leases = open("net", O_RDONLY | O_CLOEXEC);
	assert_int_equal(ipam_take6(leases, &net, NULL, &a), 0);
	assert_int_equal(ipam_take6(leases, &net, NULL, &b), 0);
	assert_string_equal(ipam_format6(a.address6, room), "fd00:1::2");
	assert_string_equal(ipam_format6(b.address6, room), "fd00:1::3");
	assert_int_equal(ipam_note(&a, "veth myd1\n"), 0);
	static const char *const refused[] = { "fd00:1::", "fd00:1::1",
					       "fd00:1::2", "fd00:2::2" };
	for (size_t i = 0; i < countof(refused); i++) {
		struct ipam_lease more = IPAM_NO_LEASE;
		uint8_t wanted[16];
		assert_int_equal(ipam_parse_address6(refused[i], wanted), 0);
		assert_int_equal(ipam_take6(leases, &net, wanted, &more), -1);
		assert_int_equal(more.fd, -1);
		assert_non_null(strstr(failure.text, refused[i]));
	}
	/* A dead one is undone, a living one stays. */
	size_t living = 0;
	ipam_abandon(&a);
	assert_int_equal(ipam_recover(leases, NULL, NULL, &living), 0);
	assert_int_equal(living, 1);
	assert_int_equal(ipam_take6(leases, &net, NULL, &a), 0);
	assert_string_equal(ipam_format6(a.address6, room), "fd00:1::2");
	assert_int_equal(ipam_give(leases, &a), 0);
	assert_int_equal(ipam_give(leases, &b), 0);
	assert_int_equal(faccessat(leases, "fd00:1::2", F_OK, 0), -1);
	assert_int_equal(faccessat(leases, "fd00:1::3", F_OK, 0), -1);
}

/* Of four addresses two are for containers, then the next is refused. */
static void
test_exhaustion_of_ipv6(void **state)
{
	(void)state;
	struct ipam_subnet6 net = subnet6("fd00::4/126");
	struct ipam_lease held[3] = { IPAM_NO_LEASE, IPAM_NO_LEASE,
				      IPAM_NO_LEASE };
	auto_close int lock = ipam_lock("net");
	auto_close int leases = open("net", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < 2; i++)
		assert_int_equal(ipam_take6(leases, &net, NULL, &held[i]), 0);
	assert_int_equal(held[1].address6[15], 7);
	assert_int_equal(ipam_take6(leases, &net, NULL, &held[2]), -1);
	assert_int_equal(failure.code, EADDRNOTAVAIL);
	assert_non_null(strstr(failure.text, "fd00::4/126"));
	for (int i = 0; i < 2; i++)
		assert_int_equal(ipam_give(leases, &held[i]), 0);
}

/* ---- several ----------------------------------------------------------- */

enum { PROCESSES = 8, ROUNDS = 1250, KEPT = 5 }; /* 10,000 in all */

/* `owned` is shared by all; an address is in it while somebody has it, by its
 * last two bytes. */
static uint8_t *
owner_of(uint8_t *owned, const struct ipam_lease *lease)
{
	unsigned int low = lease->address ? lease->address :
					(unsigned int)lease->address6[14] << 8 |
						lease->address6[15];
	return &owned[low & 0xffff];
}

static void
disown(uint8_t *owned, const struct ipam_lease *lease)
{
	if (lease->fd >= 0)
		__atomic_store_n(owner_of(owned, lease), 0, __ATOMIC_SEQ_CST);
}

/* Of an IPv4 subnet, or of an IPv6 one when its prefix is 0. */
struct contested {
	struct ipam_subnet net;
	struct ipam_subnet6 net6;
	int rounds;
};

static int
allocate(int leases, const struct contested *of, struct ipam_lease *lease)
{
	if (of->net.prefix)
		return ipam_allocate("net", &of->net, 0, NULL, NULL, lease);
	auto_close int lock = ipam_lock("net");
	if (lock < 0 || ipam_recover(leases, NULL, NULL, NULL) < 0)
		return -1;
	return ipam_take6(leases, &of->net6, NULL, lease);
}

/* One of many: take, look whether anybody else has it, keep some, give some
 * back, and leave the last ones behind for the others to find. */
static void
compete(const struct contested *of, uint8_t *owned, unsigned int seed)
{
	struct ipam_lease kept[KEPT];
	auto_close int leases = open("net", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < KEPT; i++)
		kept[i] = (struct ipam_lease)IPAM_NO_LEASE;
	for (int round = 0; round < of->rounds; round++) {
		struct ipam_lease *lease = &kept[rand_r(&seed) % KEPT];
		disown(owned, lease);
		if (ipam_give(leases, lease) < 0)
			_exit(2);
		if (allocate(leases, of, lease) < 0) {
			/* Of a small one all may be in use just now. */
			if (failure.code != EADDRNOTAVAIL)
				_exit(3);
			continue;
		}
		if (__atomic_exchange_n(owner_of(owned, lease), 1,
					__ATOMIC_SEQ_CST))
			_exit(4); /* somebody has it */
	}
	for (int i = 0; i < KEPT; i++)
		disown(owned, &kept[i]);
	_exit(0);
}

static void
contest(const struct contested *of)
{
	uint8_t *owned = mmap(NULL, 0x10000, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(owned, MAP_FAILED);
	pid_t pids[PROCESSES];
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			compete(of, owned, i);
	}
	int statuses[PROCESSES];
	for (int i = 0; i < PROCESSES; i++)
		waitpid(pids[i], &statuses[i], 0);
	for (int i = 0; i < PROCESSES; i++) {
		assert_true(WIFEXITED(statuses[i]));
		assert_int_equal(WEXITSTATUS(statuses[i]), 0);
	}
	munmap(owned, 0x10000);
}

static void
test_never_twice(void **state)
{
	(void)state;
	struct contested of = { .net = subnet("10.1.2.0/24"),
				.rounds = ROUNDS };
	contest(&of);
}

static void
test_never_twice_elsewhere(void **state)
{
	(void)state;
	struct contested wide = { .net = subnet("172.29.0.0/16"),
				  .rounds = 250 };
	contest(&wide);
	struct contested tiny = { .net = subnet("10.9.0.4/30"),
				  .rounds = 250 };
	contest(&tiny);
	struct contested six = { .net6 = subnet6("fd00:1::/64"),
				 .rounds = 250 };
	contest(&six);
}

/* ---- the dead ---------------------------------------------------------- */

struct undone {
	int calls;
	int result;
	uint32_t address;
	char note[64];
};

static int
note_undone(uint32_t address, const char *note, void *data)
{
	struct undone *undone = data;
	undone->calls++;
	undone->address = address;
	snprintf(undone->note, sizeof(undone->note), "%s", note);
	return undone->result < 0 ? failx("cannot undo") : 0;
}

/* A process that holds the first address until it is killed. */
static pid_t
start_holder(void)
{
	struct ipam_subnet net = subnet("10.1.2.0/24");
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct ipam_lease lease = IPAM_NO_LEASE;
		if (ipam_allocate("net", &net, 0, NULL, NULL, &lease) < 0 ||
		    ipam_note(&lease, "an earlier, longer note\n") < 0 ||
		    ipam_note(&lease, "veth myd1\n") < 0 ||
		    write(ends[1], "!", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	char byte;
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	return pid;
}

static void
end_holder(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
test_the_dead_are_undone_first(void **state)
{
	(void)state;
	struct ipam_subnet net = subnet("10.1.2.0/24");
	struct undone undone = { 0 };
	struct ipam_lease lease = IPAM_NO_LEASE;
	pid_t holder = start_holder();
	assert_int_equal(ipam_allocate("net", &net, 0, note_undone, &undone,
				       &lease), 0);
	assert_int_equal(undone.calls, 0); /* it lives */
	assert_int_equal(lease.address, ip("10.1.2.3"));
	end_holder(holder);
	struct ipam_lease again = IPAM_NO_LEASE;
	assert_int_equal(ipam_allocate("net", &net, 0, note_undone, &undone,
				       &again), 0);
	assert_int_equal(undone.calls, 1);
	assert_int_equal(undone.address, ip("10.1.2.2"));
	assert_string_equal(undone.note, "veth myd1\n");
	assert_int_equal(again.address, ip("10.1.2.2"));
	ipam_abandon(&lease);
	ipam_abandon(&again);
}

static void
test_what_cannot_be_undone_stays(void **state)
{
	(void)state;
	struct ipam_subnet net = subnet("10.1.2.0/24");
	struct undone undone = { .result = -1 };
	end_holder(start_holder());
	auto_close int lock = ipam_lock("net");
	auto_close int leases = open("net", O_RDONLY | O_CLOEXEC);
	size_t living = 7;
	assert_int_equal(ipam_recover(leases, note_undone, &undone, &living),
			 -1);
	assert_non_null(strstr(failure.text, "10.1.2.2"));
	assert_non_null(strstr(failure.text, "cannot undo"));
	assert_int_equal(living, 0);
	struct ipam_lease lease = IPAM_NO_LEASE;
	assert_int_equal(ipam_take(leases, &net, 0, &lease), 0);
	assert_int_equal(lease.address, ip("10.1.2.3"));
	undone.result = 0;
	assert_int_equal(ipam_recover(leases, note_undone, &undone, &living),
			 0);
	assert_int_equal(living, 1);
	assert_int_equal(undone.calls, 2);
	ipam_abandon(&lease);
}

/* The lease belongs to whoever has the descriptor, not to who opened it. */
static void
test_a_fork_keeps_the_lease(void **state)
{
	(void)state;
	struct ipam_subnet net = subnet("10.1.2.0/24");
	struct ipam_lease lease = IPAM_NO_LEASE;
	assert_int_equal(ipam_allocate("net", &net, 0, NULL, NULL, &lease), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		for (;;)
			pause();
	ipam_abandon(&lease);
	auto_close int leases = open("net", O_RDONLY | O_CLOEXEC);
	size_t living = 0;
	assert_int_equal(ipam_recover(leases, NULL, NULL, &living), 0);
	assert_int_equal(living, 1);
	end_holder(pid);
	assert_int_equal(ipam_recover(leases, NULL, NULL, &living), 0);
	assert_int_equal(living, 0);
}

/* ---- hostile directories ----------------------------------------------- */

static void
test_what_is_no_lease_is_left_alone(void **state)
{
	(void)state;
	struct undone undone = { 0 };
	static const char *const names[] = { "lock", "subnet", "10.1.2",
					     "10.1.2.3.new", "010.1.2.3",
					     "fd00:1:0::2", "FD00:1::2" };
	for (size_t i = 0; i < countof(names); i++) {
		auto_free char *path = text("net/%s", names[i]);
		auto_close int fd = open(path, O_CREAT | O_WRONLY, 0600);
		assert_true(fd >= 0);
	}
	/* A link to elsewhere is not followed. */
	assert_int_equal(symlink("subnet", "net/10.1.2.9"), 0);
	auto_close int leases = open("net", O_RDONLY | O_CLOEXEC);
	size_t living;
	assert_int_equal(ipam_recover(leases, note_undone, &undone, &living),
			 -1);
	assert_int_equal(undone.calls, 0);
	for (size_t i = 0; i < countof(names); i++)
		assert_int_equal(faccessat(leases, names[i], F_OK, 0), 0);
}

static void
test_a_note_too_long(void **state)
{
	(void)state;
	struct ipam_subnet net = subnet("10.1.2.0/24");
	struct ipam_lease lease = IPAM_NO_LEASE;
	auto_free char *note = new_bytes(IPAM_NOTE_MAX + 2);
	memset(note, 'x', IPAM_NOTE_MAX + 1);
	note[IPAM_NOTE_MAX + 1] = '\0';
	assert_int_equal(ipam_allocate("net", &net, 0, NULL, NULL, &lease), 0);
	assert_int_equal(ipam_note(&lease, note), -1);
	note[IPAM_NOTE_MAX] = '\0';
	assert_int_equal(ipam_note(&lease, note), 0);
	ipam_abandon(&lease);
}

/* The holder removes the lock's directory; who waits gets a lock that others
 * will meet, too. */
static void
test_a_lock_that_is_removed(void **state)
{
	(void)state;
	int first = ipam_lock("net/../away/deep");
	assert_true(first >= 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(first);
		int lock = ipam_lock("away/deep");
		_exit(lock < 0 || access("away/deep/lock", F_OK) < 0);
	}
	usleep(50000);
	assert_int_equal(unlink("away/deep/lock"), 0);
	assert_int_equal(rmdir("away/deep"), 0);
	assert_int_equal(rmdir("away"), 0);
	close(first);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	unlink("away/deep/lock");
	rmdir("away/deep");
	rmdir("away");
	int none = 3;
	assert_int_equal(ipam_lock_existing("nowhere", &none), 0);
	assert_int_equal(none, -1);
}

#define IN_SCRATCH(test)                                                      \
	cmocka_unit_test_setup_teardown(test, enter_scratch, leave_scratch)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_subnets),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_subnets_of_ipv6),
		IN_SCRATCH(test_first_is_after_the_gateway),
		IN_SCRATCH(test_wanted),
		IN_SCRATCH(test_reserved),
		IN_SCRATCH(test_exhaustion),
		IN_SCRATCH(test_a_large_one),
		IN_SCRATCH(test_leases_of_ipv6),
		IN_SCRATCH(test_exhaustion_of_ipv6),
		IN_SCRATCH(test_never_twice),
		IN_SCRATCH(test_never_twice_elsewhere),
		IN_SCRATCH(test_the_dead_are_undone_first),
		IN_SCRATCH(test_what_cannot_be_undone_stays),
		IN_SCRATCH(test_a_fork_keeps_the_lease),
		IN_SCRATCH(test_what_is_no_lease_is_left_alone),
		IN_SCRATCH(test_a_note_too_long),
		IN_SCRATCH(test_a_lock_that_is_removed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
