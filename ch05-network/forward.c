/* forward.c - see forward.h. */
#include "forward.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nat.h"
#include "netlink.h"

struct family {
	const char *switches; /* of the caller's network namespace */
	const char *whole;    /* the one for the host as a whole */
	const char *state;    /* the note */
};
static const struct family ipv4 = { "/proc/sys/net/ipv4", "ip_forward",
				    "forwarding" };
static const struct family ipv6 = { "/proc/sys/net/ipv6",
				    "conf/all/forwarding", "forwarding6" };

static int
open_switches(const struct family *family)
{
	int fd = open(family->switches, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fail("open %s", family->switches);
	return fd;
}

static bool
reads(int switches, const char *path, const char *value)
{
	char found[32];
	return read_text(switches, path, found, sizeof(found)) >= 0 &&
	       strcmp(found, value) == 0;
}

/* ---- writing down ------------------------------------------------------ */

/* Append a line to a text that grows. */
static void
append(char **lines, const char *key, const char *value)
{
	auto_free char *before = *lines;
	*lines = text("%s%s %s\n", before, key, value);
}

/* Interfaces that forward although the host as a whole does not. */
static int
append_interfaces(int switches, char **lines)
{
	auto_close int fd = openat(switches, "conf",
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fail("read the switches of each interface");
	int conf = take_fd(&fd); /* it is the DIR's now */
	struct dirent *entry;
	while ((entry = readdir(dir))) {
		auto_free char *path = text("%s/forwarding", entry->d_name);
		if (entry->d_name[0] != '.' && reads(conf, path, "1")) {
			auto_free char *key = text("conf/%s", path);
			append(lines, key, "1");
		}
	}
	return 0;
}

/* The bridges of this namespace: how we notice that somebody else moved in. */
static int
append_bridges(char **lines)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	auto_free struct netlink_link *links = NULL;
	size_t count;
	if (netlink_open(&nl) < 0 ||
	    netlink_list_links(&nl, &links, &count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (strcmp(links[i].kind, "bridge") == 0)
			append(lines, "bridge", links[i].name);
	return 0;
}

/* Write down what has to be put back, before anything is changed. */
static int
note(const struct family *family, int directory, char **lines)
{
	if (append_bridges(lines) < 0)
		return -1;
	/* A note that is there already is of a dead user: what it says is
	 * older than what we see, and so nearer to how the host was. */
	if (faccessat(directory, family->state, F_OK, 0) < 0 &&
	    write_file_unsynced(directory, family->state, *lines, 0600) < 0)
		return wrap("note how forwarding was");
	return 0;
}

static int
turn_on(const struct family *family, int switches)
{
	if (write_text(switches, family->whole, "1") < 0)
		return wrap("turn forwarding on, without which containers "
			    "have no way out");
	return 0;
}

int
forward_enable(int directory)
{
	auto_close int switches = open_switches(&ipv4);
	if (switches < 0)
		return -1;
	if (reads(switches, ipv4.whole, "1"))
		return 0;
	char redirects[32];
	if (read_text(switches, "conf/all/accept_redirects", redirects,
		      sizeof(redirects)) < 0)
		return -1;
	auto_free char *lines = copy_text("");
	append(&lines, "conf/all/accept_redirects", redirects);
	if (append_interfaces(switches, &lines) < 0 ||
	    note(&ipv4, directory, &lines) < 0)
		return -1;
	return turn_on(&ipv4, switches);
}

/* Interfaces that listen to routers; with `keep` they go on doing so. */
static int
visit_listeners(int switches, char **lines, bool keep)
{
	auto_close int fd = openat(switches, "conf",
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fail("read the switches of each interface");
	int conf = take_fd(&fd);
	struct dirent *entry;
	while ((entry = readdir(dir))) {
		auto_free char *path = text("%s/accept_ra", entry->d_name);
		if (entry->d_name[0] == '.' ||
		    strcmp(entry->d_name, "all") == 0 ||
		    strcmp(entry->d_name, "default") == 0 ||
		    !reads(conf, path, "1"))
			continue;
		auto_free char *key = text("conf/%s", path);
		append(lines, key, "1");
		if (keep && write_text(conf, path, "2") < 0)
			return wrap("let %s listen to routers", entry->d_name);
	}
	return 0;
}

int
forward_enable6(int directory)
{
	auto_close int switches = open_switches(&ipv6);
	if (switches < 0)
		return -1;
	if (reads(switches, ipv6.whole, "1"))
		return 0;
	auto_free char *lines = copy_text("");
	auto_free char *again = copy_text("");
	if (append_interfaces(switches, &lines) < 0 ||
	    visit_listeners(switches, &lines, false) < 0 ||
	    note(&ipv6, directory, &lines) < 0)
		return -1;
	/* First: turning forwarding on removes the routes that were learned
	 * by those who are not to listen any more. */
	if (visit_listeners(switches, &again, true) < 0)
		return -1;
	return turn_on(&ipv6, switches);
}

/* ---- a copy in the kernel ---------------------------------------------- */

char *
forward_noted(int directory, bool is_ipv6)
{
	return read_all(directory, is_ipv6 ? ipv6.state : ipv4.state, NULL);
}

static int
recall(const struct family *family, int directory)
{
	if (faccessat(directory, family->state, F_OK, 0) == 0)
		return 0;
	auto_free char *lines = nat_read_note(family == &ipv6);
	if (!lines)
		return failure.code == ENOENT ? 0 : -1;
	return write_file_unsynced(directory, family->state, lines, 0600);
}

int
forward_recall(int directory)
{
	return recall(&ipv4, directory) < 0 ? -1 : recall(&ipv6, directory);
}

/* ---- putting back ------------------------------------------------------ */

/* Is there a bridge that the note does not know? */
static int
has_new_bridge(const char *noted, bool *found)
{
	auto_free char *bridges = copy_text("");
	if (append_bridges(&bridges) < 0)
		return -1;
	*found = false;
	char *rest = bridges, *line;
	while ((line = strsep(&rest, "\n")) && *line) {
		auto_free char *whole = text("\n%s\n", line);
		if (!strstr(noted, whole))
			*found = true;
	}
	return 0;
}

static int
put_back(const struct family *family, int switches, const char *noted)
{
	if (write_text(switches, family->whole, "0") < 0)
		return wrap("turn forwarding off again");
	auto_free char *lines = copy_text(noted);
	char *rest = lines, *line;
	while ((line = strsep(&rest, "\n"))) {
		char *value = strchr(line, ' ');
		if (!value || strncmp(line, "conf/", 5) != 0 ||
		    strstr(line, ".."))
			continue;
		*value++ = '\0';
		/* Interfaces come and go; one that went takes its switches. */
		if (!reads(switches, line, value) &&
		    write_text(switches, line, value) < 0 &&
		    failure.code != ENOENT)
			return wrap("put the switches of forwarding back");
	}
	return 0;
}

static int
restore(const struct family *family, int directory)
{
	auto_free char *lines = read_all(directory, family->state, NULL);
	if (!lines)
		return failure.code == ENOENT ? 0 : -1;
	auto_free char *noted = text("\n%s\n", lines);
	auto_close int switches = open_switches(family);
	bool needed;
	if (switches < 0 || has_new_bridge(noted, &needed) < 0)
		return -1;
	if (!needed && reads(switches, family->whole, "1") &&
	    put_back(family, switches, noted) < 0)
		return -1;
	if (unlinkat(directory, family->state, 0) < 0 && errno != ENOENT)
		return fail("remove the note of how forwarding was");
	return 0;
}

int
forward_restore(int directory)
{
	int result = restore(&ipv4, directory);
	struct failure reason = failure;
	if (restore(&ipv6, directory) < 0)
		return -1;
	failure = reason;
	return result;
}

void
forward_forget(int directory)
{
	unlinkat(directory, ipv4.state, 0);
	unlinkat(directory, ipv6.state, 0);
}
