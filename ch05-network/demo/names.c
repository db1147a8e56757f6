/* names.c - see names.h. */
#include "names.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "box.h"

enum {
	PORT = 53,
	HEADER = 12, /* id, flags, and four counts */
	MESSAGE = 512,
	TYPE_A = 1,
	TYPE_PTR = 12,
	CLASS_IN = 1,
	TTL_S = 600, /* as Docker's */
	UPSTREAM_MS = 1000,
};

/* ---- a message --------------------------------------------------------- */

/* The name in a question, "container-2", and where it ends.  Labels with their
 * length before each, and a zero (RFC 1035, 3.1); a question has no pointers.
 * Returns the offset after it, or 0 when it makes no sense. */
static size_t
read_name(const unsigned char *message, size_t length, char *name, size_t size)
{
	size_t at = HEADER, used = 0;
	name[0] = '\0';
	while (at < length && message[at]) {
		size_t label = message[at++];
		if (label > 63 || at + label >= length ||
		    used + label + 2 > size)
			return 0;
		if (used)
			name[used++] = '.';
		memcpy(name + used, message + at, label);
		used += label;
		name[used] = '\0';
		at += label;
	}
	return at + 5 <= length ? at + 1 : 0;
}

static void
put16(unsigned char *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static uint16_t
get16(const unsigned char *at)
{
	return at[0] << 8 | at[1];
}

/* One record more, about the name of the question (a pointer to it). */
static size_t
put_record(unsigned char *message, size_t at, size_t room, uint16_t type,
	   const void *data, size_t size)
{
	if (at + 12 + size > room)
		return at;
	put16(message + at, 0xc000 | HEADER);
	put16(message + at + 2, type);
	put16(message + at + 4, CLASS_IN);
	put16(message + at + 6, 0);
	put16(message + at + 8, TTL_S);
	put16(message + at + 10, size);
	memcpy(message + at + 12, data, size);
	put16(message + 6, get16(message + 6) + 1);
	return at + 12 + size;
}

/* "container-2" as labels. */
static size_t
write_name(const char *name, unsigned char *labels)
{
	size_t at = 0;
	while (*name) {
		size_t label = strcspn(name, ".");
		labels[at++] = label;
		memcpy(labels + at, name, label);
		at += label;
		name += label + (name[label] == '.');
	}
	labels[at++] = 0;
	return at;
}

/* ---- answers ----------------------------------------------------------- */

/* "3.0.29.172.in-addr.arpa": the address backwards; 0 for another name. */
static uint32_t
reversed_address(const char *name)
{
	unsigned int part[4];
	int end = 0;
	if (sscanf(name, "%3u.%3u.%3u.%3u.in-addr.arpa%n", &part[0], &part[1],
		   &part[2], &part[3], &end) != 4 || !end || name[end])
		return 0;
	return part[3] << 24 | part[2] << 16 | part[1] << 8 | part[0];
}

/* All that this name, or address, stands for; true when there is any. */
static bool
put_matches(const struct names *names, const char *name, uint16_t type,
	    unsigned char *message, size_t *length, size_t room)
{
	uint32_t reversed = reversed_address(name);
	bool known = false;
	for (size_t i = 0; i < NAMES_MAX; i++) {
		const struct names_record *record = &names->records[i];
		unsigned char data[128];
		uint32_t address = htonl(record->address);
		if (!record->address)
			continue;
		bool matches = reversed ? reversed == record->address :
					  strcasecmp(record->name, name) == 0;
		known |= matches;
		if (matches && reversed && type == TYPE_PTR)
			*length = put_record(message, *length, room, TYPE_PTR,
					     data,
					     write_name(record->name, data));
		else if (matches && !reversed && type == TYPE_A)
			*length = put_record(message, *length, room, TYPE_A,
					     &address, 4);
	}
	return known;
}

ssize_t
names_answer(const struct names *names, unsigned char *message, size_t length,
	     size_t room)
{
	char name[256];
	size_t end;
	/* A question, one, and standing alone (its opcode is 0). */
	if (length < HEADER || (message[2] & 0xf8) != 0 ||
	    get16(message + 4) != 1 ||
	    (end = read_name(message, length, name, sizeof(name))) == 0)
		return 0;
	uint16_t type = get16(message + end);
	size_t answer = end + 4; /* after its type and class */
	put16(message + 6, 0);
	put16(message + 8, 0);
	put16(message + 10, 0);
	if (put_matches(names, name, type, message, &answer, room)) {
		/* It is an answer; recursion is to be had. */
		message[2] |= 0x80;
		message[3] = 0x80;
		return answer;
	}
	if (names->upstream >= 0)
		return -1;
	message[2] |= 0x80;
	message[3] = 0x80 | 3; /* NXDOMAIN: there is no such name */
	return answer;
}

/* ---- the process ------------------------------------------------------- */

/* Ask the other server the same; its answer has the same id. */
static ssize_t
ask_upstream(int upstream, const unsigned char *question, size_t length,
	     unsigned char *message)
{
	struct pollfd waits = { .fd = upstream, .events = POLLIN };
	if (send(upstream, question, length, 0) < 0)
		return 0;
	while (poll(&waits, 1, UPSTREAM_MS) > 0) {
		ssize_t got = recv(upstream, message, MESSAGE, 0);
		if (got < HEADER)
			return 0;
		if (memcmp(message, question, 2) == 0)
			return got;
	}
	return 0;
}

static void
serve_one(const struct names *names, int fd)
{
	unsigned char question[MESSAGE], message[MESSAGE];
	struct sockaddr_in caller;
	socklen_t length = sizeof(caller);
	ssize_t got = recvfrom(fd, question, sizeof(question), 0,
			       (struct sockaddr *)&caller, &length);
	if (got <= 0)
		return;
	memcpy(message, question, got);
	ssize_t size = names_answer(names, message, got, sizeof(message));
	if (size < 0)
		size = ask_upstream(names->upstream, question, got, message);
	if (size > 0)
		sendto(fd, message, size, 0, (struct sockaddr *)&caller,
		       length);
}

static _Noreturn void
serve(const struct names *names)
{
	struct pollfd waits[NAMES_MAX];
	prctl(PR_SET_NAME, "names");
	for (;;) {
		for (size_t i = 0; i < names->socket_count; i++)
			waits[i] = (struct pollfd){ names->sockets[i], POLLIN,
						    0 };
		if (poll(waits, names->socket_count, -1) < 0)
			continue;
		for (size_t i = 0; i < names->socket_count; i++)
			if (waits[i].revents)
				serve_one(names, names->sockets[i]);
	}
}

struct names *
names_create(void)
{
	struct names *names = mmap(NULL, sizeof(*names),
				   PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (names == MAP_FAILED) {
		fail("share the table of names");
		return NULL;
	}
	names->upstream = -1;
	return names;
}

int
names_listen(struct names *names, int netns, uint32_t address)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
				    .sin_port = htons(PORT),
				    .sin_addr.s_addr = htonl(address) };
	auto_close int fd = box_socket(netns, AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || names->socket_count == NAMES_MAX)
		return -1;
	if (bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0)
		return fail("open a name server");
	names->sockets[names->socket_count++] = take_fd(&fd);
	return 0;
}

int
names_set_upstream(struct names *names, uint32_t address)
{
	struct sockaddr_in there = { .sin_family = AF_INET,
				     .sin_port = htons(PORT),
				     .sin_addr.s_addr = htonl(address) };
	auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&there, sizeof(there)) < 0)
		return fail("reach the other name server");
	names->upstream = take_fd(&fd);
	return 0;
}

int
names_add(struct names *names, const char *name, uint32_t address)
{
	for (size_t i = 0; i < NAMES_MAX; i++) {
		struct names_record *record = &names->records[i];
		if (record->address)
			continue;
		snprintf(record->name, sizeof(record->name), "%s", name);
		/* Last: from now on it is read. */
		__atomic_store_n(&record->address, address, __ATOMIC_RELEASE);
		return 0;
	}
	return failx("no room for the name %s", name);
}

void
names_remove(struct names *names, const char *name, uint32_t address)
{
	for (size_t i = 0; i < NAMES_MAX; i++)
		if (names->records[i].address == address &&
		    strcmp(names->records[i].name, name) == 0)
			__atomic_store_n(&names->records[i].address, 0,
					 __ATOMIC_RELEASE);
}

int
names_start(struct names *names)
{
	pid_t parent = getpid();
	fflush(stdout);
	names->pid = fork();
	if (names->pid < 0)
		return fail("start a name server");
	if (names->pid > 0)
		return 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	serve(names);
}

void
names_stop(struct names *names)
{
	if (names->pid <= 0)
		return;
	kill(names->pid, SIGKILL);
	while (waitpid(names->pid, NULL, 0) < 0 && errno == EINTR)
		;
	names->pid = 0;
}
