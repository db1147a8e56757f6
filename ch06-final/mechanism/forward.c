/* forward.c - see forward.h. */
#include "forward.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netlink.h"

#define SWITCHES "/proc/sys/net/ipv4"
#define STATE "forwarding"

/* The switches of the caller's network namespace. */
static int
open_switches(void)
{
	int fd = open(SWITCHES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fail("open " SWITCHES);
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
		return fail("read " SWITCHES "/conf");
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

int
forward_enable(int directory)
{
	auto_close int switches = open_switches();
	if (switches < 0)
		return -1;
	if (reads(switches, "ip_forward", "1"))
		return 0;
	char redirects[32];
	if (read_text(switches, "conf/all/accept_redirects", redirects,
		      sizeof(redirects)) < 0)
		return -1;
	auto_free char *lines = copy_text("");
	append(&lines, "conf/all/accept_redirects", redirects);
	if (append_interfaces(switches, &lines) < 0 ||
	    append_bridges(&lines) < 0)
		return -1;
	/* A note that is there already is of a dead user: what it says is
	 * older than what we see, and so nearer to how the host was. */
	if (faccessat(directory, STATE, F_OK, 0) < 0 &&
	    write_file(directory, STATE, lines, 0600) < 0)
		return wrap("note how forwarding was");
	if (write_text(switches, "ip_forward", "1") < 0)
		return wrap("turn forwarding on, without which containers "
			    "have no way out");
	return 0;
}

/* ---- putting back ------------------------------------------------------ */

/* Is there a bridge that the note does not know? */
static int
has_new_bridge(const char *note, bool *found)
{
	auto_free char *bridges = copy_text("");
	if (append_bridges(&bridges) < 0)
		return -1;
	*found = false;
	char *rest = bridges, *line;
	while ((line = strsep(&rest, "\n")) && *line) {
		auto_free char *whole = text("\n%s\n", line);
		if (!strstr(note, whole))
			*found = true;
	}
	return 0;
}

static int
put_back(int switches, const char *note)
{
	if (write_text(switches, "ip_forward", "0") < 0)
		return wrap("turn forwarding off again");
	auto_free char *lines = copy_text(note);
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

int
forward_restore(int directory)
{
	auto_free char *lines = read_all(directory, STATE, NULL);
	if (!lines)
		return failure.code == ENOENT ? 0 : -1;
	auto_free char *note = text("\n%s\n", lines);
	auto_close int switches = open_switches();
	bool needed;
	if (switches < 0 || has_new_bridge(note, &needed) < 0)
		return -1;
	if (!needed && reads(switches, "ip_forward", "1") &&
	    put_back(switches, note) < 0)
		return -1;
	if (unlinkat(directory, STATE, 0) < 0 && errno != ENOENT)
		return fail("remove the note of how forwarding was");
	return 0;
}
