/* ipam.c - see ipam.h. */
#include "ipam.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- arithmetic -------------------------------------------------------- */

int
ipam_parse_address(const char *string, uint32_t *address)
{
	/* lab ipam_parse_address: Four decimal numbers from 0 to 255 with dots
	 * between them and nothing else.  A number with a zero before it is
	 * refused: "010" is 8 to some programs and 10 to others.  The first
	 * number ends up in the highest byte of *address, which stays as it
	 * is when the text is no address. */
	uint32_t value = 0;
	const char *c = string;
	for (int part = 0; part < 4; part++) {
		uint32_t number = 0;
		const char *start = c;
		while (*c >= '0' && *c <= '9' && c - start < 3)
			number = number * 10 + (*c++ - '0');
		/* "010" is 8 to some programs and 10 to others. */
		bool ambiguous = *start == '0' && c - start > 1;
		if (c == start || number > 255 || ambiguous ||
		    *c != (part < 3 ? '.' : '\0'))
			return failx("\"%s\" is not an IPv4 address like "
				     "172.29.0.2", string);
		value = value << 8 | number;
		c++;
	}
	*address = value;
	return 0;
	/* lab end: (void)address;
	 * return failx("ipam_parse_address(%s): not written yet", string); */
}

char *
ipam_format(uint32_t address, char room[IPAM_ADDRESS_SIZE])
{
	snprintf(room, IPAM_ADDRESS_SIZE, "%u.%u.%u.%u", address >> 24,
		 address >> 16 & 255, address >> 8 & 255, address & 255);
	return room;
}

uint32_t
ipam_mask(const struct ipam_subnet *subnet)
{
	return subnet->prefix ? ~0u << (32 - subnet->prefix) : 0;
}

int
ipam_parse_subnet(const char *string, struct ipam_subnet *subnet)
{
	auto_free char *network = copy_text(string);
	char *slash = strchr(network, '/');
	if (!slash)
		return failx("\"%s\" is not a subnet like 172.29.0.0/16",
			     string);
	*slash = '\0';
	struct ipam_subnet parsed = { 0 };
	uint64_t prefix;
	if (ipam_parse_address(network, &parsed.network) < 0)
		return wrap("subnet %s", string);
	if (parse_number(slash + 1, 8, 30, &prefix) < 0)
		return failx("subnet %s: the prefix must be from 8 to 30, to "
			     "leave room for a gateway and a container",
			     string);
	parsed.prefix = prefix;
	uint32_t clean = parsed.network & ipam_mask(&parsed);
	if (clean != parsed.network) {
		char room[IPAM_ADDRESS_SIZE];
		return failx("subnet %s has bits set after the prefix; did "
			     "you mean %s/%u?", string,
			     ipam_format(clean, room), parsed.prefix);
	}
	*subnet = parsed;
	return 0;
}

uint32_t
ipam_broadcast(const struct ipam_subnet *subnet)
{
	return subnet->network | ~ipam_mask(subnet);
}

uint32_t
ipam_gateway(const struct ipam_subnet *subnet)
{
	return subnet->gateway ? subnet->gateway : subnet->network + 1;
}

uint32_t
ipam_capacity(const struct ipam_subnet *subnet)
{
	return ipam_broadcast(subnet) - subnet->network - 2;
}

bool
ipam_contains(const struct ipam_subnet *subnet, uint32_t address)
{
	return (address & ipam_mask(subnet)) == subnet->network;
}

bool
ipam_overlap(const struct ipam_subnet *a, const struct ipam_subnet *b)
{
	return ipam_contains(a, b->network) || ipam_contains(b, a->network);
}

/* ---- arithmetic with sixteen bytes ------------------------------------- */

int
ipam_parse_address6(const char *string, uint8_t address[16])
{
	uint8_t parsed[16];
	if (inet_pton(AF_INET6, string, parsed) != 1)
		return failx("\"%s\" is not an IPv6 address like fd00:1::2",
			     string);
	memcpy(address, parsed, sizeof(parsed));
	return 0;
}

char *
ipam_format6(const uint8_t address[16], char room[IPAM_ADDRESS6_SIZE])
{
	inet_ntop(AF_INET6, address, room, IPAM_ADDRESS6_SIZE);
	return room;
}

void
ipam_address6(const struct ipam_subnet6 *subnet, uint64_t number,
	      uint8_t address[16])
{
	memcpy(address, subnet->network, 16);
	for (int i = 15; i >= 0 && number; i--, number >>= 8) {
		number += address[i];
		address[i] = number;
	}
}

bool
ipam_contains6(const struct ipam_subnet6 *subnet, const uint8_t address[16])
{
	/* lab ipam_contains6: Are the first subnet->prefix bits of both the
	 * same?  Bit 0 is the highest of byte 0; a prefix need not end with a
	 * byte, and what comes after it does not count. */
	for (unsigned int i = 0; i < 16; i++) {
		unsigned int first = 8 * i; /* bit of this byte */
		unsigned int mask =
			subnet->prefix >= first + 8 ? 0xff :
			subnet->prefix <= first	    ? 0 :
			0xff00u >> (subnet->prefix - first) & 0xff;
		if ((address[i] ^ subnet->network[i]) & mask)
			return false;
	}
	return true;
	/* lab end: (void)subnet;
	 * (void)address;
	 * return false; */
}

/* Whether there is nothing but zeros after the prefix. */
static bool
is_clean6(const struct ipam_subnet6 *subnet)
{
	for (unsigned int i = subnet->prefix; i < 128; i++)
		if (subnet->network[i / 8] & 0x80 >> i % 8)
			return false;
	return true;
}

int
ipam_parse_subnet6(const char *string, struct ipam_subnet6 *subnet)
{
	auto_free char *network = copy_text(string);
	char *slash = strchr(network, '/');
	if (!slash)
		return failx("\"%s\" is not a subnet like fd00:1::/64",
			     string);
	*slash = '\0';
	struct ipam_subnet6 parsed;
	uint64_t prefix;
	if (ipam_parse_address6(network, parsed.network) < 0)
		return wrap("subnet %s", string);
	if (parse_number(slash + 1, 8, 126, &prefix) < 0)
		return failx("subnet %s: the prefix must be from 8 to 126",
			     string);
	parsed.prefix = prefix;
	if (!is_clean6(&parsed))
		return failx("subnet %s has bits set after the prefix",
			     string);
	*subnet = parsed;
	return 0;
}

/* ---- the lock of a network --------------------------------------------- */

static int
flock_whole(int fd, int operation)
{
	int result;
	do
		result = flock(fd, operation);
	while (result < 0 && errno == EINTR);
	return result;
}

/* Is the file that we hold still the one that others will find? */
static bool
is_current(int fd, const char *path)
{
	struct stat held, found;
	return fstat(fd, &held) == 0 && stat(path, &found) == 0 &&
	       held.st_dev == found.st_dev && held.st_ino == found.st_ino;
}

/* One try; 1 when the file was removed while we waited for it. */
static int
try_lock(const char *path, int *lock)
{
	auto_close int fd =
		open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail("open %s", path);
	if (flock_whole(fd, LOCK_EX) < 0)
		return fail("lock %s", path);
	if (!is_current(fd, path))
		return 1;
	*lock = take_fd(&fd);
	return 0;
}

int
ipam_lock_existing(const char *directory, int *lock)
{
	auto_free char *path = text("%s/lock", directory);
	int result;
	*lock = -1;
	do
		result = try_lock(path, lock);
	while (result == 1);
	if (result < 0 && failure.code == ENOENT)
		return 0;
	return result;
}

int
ipam_lock(const char *directory)
{
	/* The last user may remove directory and lock just now: try again,
	 * but not for ever if it is somebody else who removes them. */
	for (int tries = 0; tries < 1000; tries++) {
		int lock;
		if (make_dirs(directory, 0755) == 0) {
			if (ipam_lock_existing(directory, &lock) < 0)
				return wrap("keep the state of the network");
			if (lock >= 0)
				return lock;
		} else if (failure.code != ENOENT) {
			return wrap("keep the state of the network");
		}
	}
	return failx("keep the state of the network: %s vanishes whenever it "
		     "is made", directory);
}

/* ---- leases ------------------------------------------------------------ */

/* The name of a lease's file, and how the lease is spoken of. */
static char *
name_lease(const struct ipam_lease *lease, char room[IPAM_ADDRESS6_SIZE])
{
	return lease->address ? ipam_format(lease->address, room) :
				ipam_format6(lease->address6, room);
}

/* The reverse; false for a file that is no lease.  An IPv6 address can be
 * written in many ways, and one of them is a name. */
static bool
parse_lease(const char *name, struct ipam_lease *lease)
{
	struct failure unrelated = failure;
	char room[IPAM_ADDRESS6_SIZE];
	*lease = (struct ipam_lease)IPAM_NO_LEASE;
	bool is_lease =
		ipam_parse_address(name, &lease->address) == 0 ||
		(ipam_parse_address6(name, lease->address6) == 0 &&
		 strcmp(ipam_format6(lease->address6, room), name) == 0);
	failure = unrelated;
	return is_lease;
}

int
ipam_note(const struct ipam_lease *lease, const char *note)
{
	char room[IPAM_ADDRESS6_SIZE];
	name_lease(lease, room);
	size_t length = strlen(note);
	if (length > IPAM_NOTE_MAX)
		return failx("lease %s: the note is too long", room);
	/* A note that was cut short by a crash is harmless: what it speaks
	 * of is not made before the note is written. */
	if (ftruncate(lease->fd, 0) < 0 ||
	    pwrite(lease->fd, note, length, 0) != (ssize_t)length)
		return fail("write the lease of %s", room);
	return 0;
}

/* 1 when the lease is held by the living, 0 when it was recovered. */
static int
recover_lease(int leases, const char *name, uint32_t address, ipam_undo *undo,
	      void *data)
{
	/* lab recover_lease: Open the file without following a link; one that
	 * has gone meanwhile is no failure.  If somebody has it locked
	 * (EWOULDBLOCK), he lives: return 1 and touch nothing.  Else read its
	 * note, at most IPAM_NOTE_MAX bytes, and call undo(address, note,
	 * data), unless undo is NULL; only when that returned 0 is the file
	 * removed. */
	auto_close int fd = openat(leases, name,
				   O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail("open lease %s", name);
	if (flock_whole(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 1 : fail("lock lease %s", name);
	auto_free char *note = new_bytes(IPAM_NOTE_MAX + 1);
	ssize_t length = pread(fd, note, IPAM_NOTE_MAX, 0);
	if (length < 0)
		return fail("read lease %s", name);
	note[length] = '\0';
	if (undo && undo(address, note, data) < 0)
		return wrap("undo what the dead holder of %s left", name);
	if (unlinkat(leases, name, 0) < 0 && errno != ENOENT)
		return fail("remove lease %s", name);
	return 0;
	/* lab end: (void)leases;
	 * (void)address;
	 * (void)undo;
	 * (void)data;
	 * return failx("recover_lease(%s): not written yet", name); */
}

int
ipam_recover(int leases, ipam_undo *undo, void *data, size_t *living)
{
	auto_close int again = openat(leases, ".", O_RDONLY | O_CLOEXEC);
	auto_dir DIR *dir = again < 0 ? NULL : fdopendir(again);
	if (!dir)
		return fail("read the leases");
	take_fd(&again); /* it is the DIR's now */
	size_t held = 0;
	int result = 0;
	struct dirent *entry;
	while ((entry = readdir(dir))) {
		struct ipam_lease lease;
		if (!parse_lease(entry->d_name, &lease))
			continue;
		int state = recover_lease(leases, entry->d_name, lease.address,
					  undo, data);
		if (state < 0)
			result = -1;
		else
			held += state;
	}
	if (living)
		*living = held;
	return result;
}

/* The lease of an address, whose other fields are set: 1 when it is taken. */
static int
try_take(int leases, struct ipam_lease *lease)
{
	/* lab try_take: Make the file that has the name of the address
	 * (name_lease() writes it into a room of IPAM_ADDRESS6_SIZE), in the
	 * directory `leases`; others try the same at this moment, and one of
	 * them may have it.  Then lock it (flock_whole(), LOCK_EX and LOCK_NB)
	 * and leave the descriptor, close-on-exec, in lease->fd.  Return 1
	 * when somebody has that address, -1 for every other failure. */
	char name[IPAM_ADDRESS6_SIZE];
	name_lease(lease, name);
	auto_close int fd = openat(leases, name,
				   O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC |
					   O_NOFOLLOW,
				   0600);
	if (fd < 0)
		return errno == EEXIST ? 1 : fail("make lease %s", name);
	/* Dying here leaves an unlocked, empty lease: nothing to undo. */
	if (flock_whole(fd, LOCK_EX | LOCK_NB) < 0) {
		fail("lock lease %s", name);
		unlinkat(leases, name, 0);
		return -1;
	}
	lease->fd = take_fd(&fd);
	return 0;
	/* lab end: (void)leases;
	 * (void)lease;
	 * return failx("try_take: not written yet"); */
}

static int
fail_taken(const char *name)
{
	failx("address %s is already in use", name);
	failure.code = EADDRINUSE;
	return -1;
}

static bool
is_reserved(const struct ipam_subnet *subnet, uint32_t address)
{
	for (size_t i = 0; i < IPAM_RESERVED_MAX && subnet->reserved[i]; i++)
		if (subnet->reserved[i] == address)
			return true;
	return false;
}

int
ipam_reserve(struct ipam_subnet *subnet, uint32_t address)
{
	char name[IPAM_ADDRESS_SIZE];
	size_t count = 0;
	ipam_format(address, name);
	if (address == subnet->network || !ipam_contains(subnet, address))
		return failx("address %s is none of its subnet", name);
	if (address == ipam_gateway(subnet) || is_reserved(subnet, address))
		return fail_taken(name);
	while (count < IPAM_RESERVED_MAX && subnet->reserved[count])
		count++;
	if (count == IPAM_RESERVED_MAX)
		return failx("more than %d addresses are reserved",
			     IPAM_RESERVED_MAX);
	subnet->reserved[count] = address;
	return 0;
}

static int
take_wanted(int leases, const struct ipam_subnet *subnet, uint32_t wanted,
	    struct ipam_lease *lease)
{
	char name[IPAM_ADDRESS_SIZE], network[IPAM_ADDRESS_SIZE];
	ipam_format(wanted, name);
	if (!ipam_contains(subnet, wanted))
		return failx("address %s is not in %s/%u", name,
			     ipam_format(subnet->network, network),
			     subnet->prefix);
	if (wanted == subnet->network || wanted == ipam_broadcast(subnet) ||
	    wanted == ipam_gateway(subnet))
		return failx("address %s is the network's own: network, "
			     "gateway and broadcast are not for containers",
			     name);
	struct ipam_lease chosen = { .address = wanted };
	int result = is_reserved(subnet, wanted) ? 1 :
						   try_take(leases, &chosen);
	if (result == 0)
		*lease = chosen;
	return result == 1 ? fail_taken(name) : result;
}

int
ipam_take(int leases, const struct ipam_subnet *subnet, uint32_t wanted,
	  struct ipam_lease *lease)
{
	if (subnet->prefix < 8 || subnet->prefix > 30)
		return failx("a subnet of prefix %u has no addresses to give",
			     subnet->prefix);
	if (wanted)
		return take_wanted(leases, subnet, wanted, lease);
	uint32_t first = subnet->first ? subnet->first : subnet->network + 1;
	uint32_t last = subnet->last ? subnet->last :
				       ipam_broadcast(subnet) - 1;
	for (uint32_t address = first; address <= last; address++) {
		struct ipam_lease chosen = { .address = address };
		if (address == ipam_gateway(subnet) ||
		    is_reserved(subnet, address))
			continue;
		int result = try_take(leases, &chosen);
		if (result == 0)
			*lease = chosen;
		if (result != 1)
			return result;
	}
	char network[IPAM_ADDRESS_SIZE];
	failx("no address is left in %s/%u: all %u are in use",
	      ipam_format(subnet->network, network), subnet->prefix,
	      ipam_capacity(subnet));
	failure.code = EADDRNOTAVAIL;
	return -1;
}

static int
take_wanted6(int leases, const struct ipam_subnet6 *subnet,
	     const uint8_t *wanted, struct ipam_lease *lease)
{
	char name[IPAM_ADDRESS6_SIZE], network[IPAM_ADDRESS6_SIZE];
	uint8_t gateway[16];
	ipam_format6(wanted, name);
	ipam_address6(subnet, 1, gateway);
	if (!ipam_contains6(subnet, wanted))
		return failx("address %s is not in %s/%u", name,
			     ipam_format6(subnet->network, network),
			     subnet->prefix);
	if (memcmp(wanted, subnet->network, 16) == 0 ||
	    memcmp(wanted, gateway, 16) == 0)
		return failx("address %s is the network's own: that of all "
			     "routers and the gateway's are not for "
			     "containers", name);
	struct ipam_lease chosen = { .fd = -1 };
	memcpy(chosen.address6, wanted, 16);
	int result = try_take(leases, &chosen);
	if (result == 0)
		*lease = chosen;
	return result == 1 ? fail_taken(name) : result;
}

int
ipam_take6(int leases, const struct ipam_subnet6 *subnet,
	   const uint8_t *wanted, struct ipam_lease *lease)
{
	if (subnet->prefix < 8 || subnet->prefix > 126)
		return failx("an IPv6 subnet of prefix %u has no addresses to "
			     "give", subnet->prefix);
	if (wanted)
		return take_wanted6(leases, subnet, wanted, lease);
	unsigned int bits = 128 - subnet->prefix;
	uint64_t end = bits < 63 ? 1ULL << bits : 1ULL << 63;
	for (uint64_t number = 2; number < end; number++) {
		struct ipam_lease chosen = { .fd = -1 };
		ipam_address6(subnet, number, chosen.address6);
		int result = try_take(leases, &chosen);
		if (result == 0)
			*lease = chosen;
		if (result != 1)
			return result;
	}
	char network[IPAM_ADDRESS6_SIZE];
	failx("no address is left in %s/%u: all are in use",
	      ipam_format6(subnet->network, network), subnet->prefix);
	failure.code = EADDRNOTAVAIL;
	return -1;
}

int
ipam_allocate(const char *directory, const struct ipam_subnet *subnet,
	      uint32_t wanted, ipam_undo *undo, void *data,
	      struct ipam_lease *lease)
{
	auto_close int lock = ipam_lock(directory);
	if (lock < 0)
		return -1;
	auto_close int leases =
		open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (leases < 0)
		return fail("open %s", directory);
	if (ipam_recover(leases, undo, data, NULL) < 0)
		return -1;
	return ipam_take(leases, subnet, wanted, lease);
}

int
ipam_give(int leases, struct ipam_lease *lease)
{
	if (lease->fd < 0)
		return 0;
	char name[IPAM_ADDRESS6_SIZE];
	name_lease(lease, name);
	/* Removed while still locked: nobody can take us for dead. */
	int result = 0;
	if (unlinkat(leases, name, 0) < 0 && errno != ENOENT)
		result = fail("give address %s back", name);
	ipam_abandon(lease);
	return result;
}

void
ipam_abandon(struct ipam_lease *lease)
{
	close_scoped(&lease->fd);
}
