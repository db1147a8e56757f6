/* units.c - parent.  See units.h. */
#include "units.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define CPU_PERIOD_US 100000

int
parse_size(const char *string, uint64_t *bytes)
{
	static const char units[] = "kmgtp";
	char *end;
	/* strtod would also take " 1", "-1", "0x1", "inf" and "1e3". */
	size_t digits = strspn(string, "0123456789.");
	double number = strtod(string, &end);
	if (digits == 0 || end != string + digits)
		return failx("invalid size: '%s'", string);
	while (*end == ' ')
		end++;
	const char *unit = *end ? strchr(units, tolower(*end)) : NULL;
	if (unit) {
		end++;
		number *= (double)(1ULL << (10 * (unit - units + 1)));
		if (*end == 'i' && tolower(end[1]) == 'b')
			end++;
	}
	if (tolower(*end) == 'b')
		end++;
	if (*end)
		return failx("invalid size: '%s'", string);
	/* Beyond this the kernel's counters end. */
	if (number >= (double)INT64_MAX)
		return failx("invalid size: '%s' is too large", string);
	*bytes = number;
	return 0;
}

int
parse_cpus(const char *string, uint64_t *quota_us)
{
	char *end;
	size_t digits = strspn(string, "0123456789.");
	double cpus = strtod(string, &end);
	if (digits == 0 || *end || end != string + digits)
		return failx("failed to parse %s as a number of CPUs", string);
	long present = sysconf(_SC_NPROCESSORS_ONLN);
	if (cpus < 0.01 || cpus > present)
		return failx("range of CPUs is from 0.01 to %ld.00, as there "
			     "are only %ld CPUs available", present, present);
	*quota_us = cpus * CPU_PERIOD_US + 0.5;
	return 0;
}

int
parse_pids(const char *string, uint64_t *pids)
{
	uint64_t value;
	bool negative = string[0] == '-';
	if (parse_number(string + negative, 0, INT64_MAX, &value) < 0)
		return failx("parsing \"%s\": invalid syntax", string);
	*pids = negative ? 0 : value;
	return 0;
}

static int
parse_port(const char *string, const char *what, uint16_t *port)
{
	uint64_t value;
	if (parse_number(string, 1, 65535, &value) < 0)
		return failx("invalid %s: %s", what, string);
	*port = value;
	return 0;
}

int
parse_publish(const char *string, struct nat_port *publish)
{
	auto_free char *spec = copy_text(string);
	*publish = (struct nat_port){ .protocol = IPPROTO_TCP };
	char *protocol = strchr(spec, '/');
	if (protocol) {
		*protocol++ = '\0';
		if (strcmp(protocol, "udp") == 0)
			publish->protocol = IPPROTO_UDP;
		else if (strcmp(protocol, "tcp") != 0)
			return failx("invalid proto: %s", protocol);
	}
	char *container = strrchr(spec, ':');
	if (!container)
		return failx("give the host's port, too, as in 8080:%s", spec);
	*container++ = '\0';
	char *host = strrchr(spec, ':');
	if (host)
		*host++ = '\0';
	struct in_addr address = { 0 };
	if (host && inet_pton(AF_INET, spec, &address) != 1)
		return failx("invalid IP address: %s", spec);
	publish->host_address = ntohl(address.s_addr);
	if (parse_port(container, "containerPort", &publish->port) < 0)
		return -1;
	return parse_port(host ? host : spec, "hostPort", &publish->host_port);
}

int
path_depth(const char *path)
{
	int depth = 0;
	while (*path) {
		size_t length = strcspn(path, "/");
		if (length == 2 && strncmp(path, "..", 2) == 0)
			depth -= depth > 0;
		else if (length > 0 && !(length == 1 && *path == '.'))
			depth++;
		path += length + (path[length] == '/');
	}
	return depth;
}

/* Where something may be mounted: "/", "//." and "/a/.." are the root. */
static int
check_target(const char *target)
{
	if (target[0] != '/')
		return failx("invalid mount path: '%s' must be absolute",
			     target);
	if (path_depth(target) == 0)
		return failx("invalid mount path: the container's root cannot "
			     "be replaced");
	return 0;
}

int
parse_volume(const char *string, struct volume *volume)
{
	*volume = (struct volume){ .flags = MS_BIND | MS_REC | MS_NODEV };
	auto_free char *spec = copy_text(string);
	char *target = strchr(spec, ':');
	if (!target)
		return failx("give SOURCE:TARGET; volumes without a source "
			     "are not there yet");
	*target++ = '\0';
	char *mode = strchr(target, ':');
	if (mode) {
		*mode++ = '\0';
		if (strcmp(mode, "ro") == 0)
			volume->flags |= MS_RDONLY;
		else if (strcmp(mode, "rw") != 0)
			return failx("invalid mode: %s", mode);
	}
	if (check_target(target) < 0)
		return -1;
	if (!strchr(spec, '/'))
		return failx("\"%s\" would be the name of a volume, and those "
			     "are not there yet; for a directory write ./%s",
			     spec, spec);
	volume->source = realpath(spec, NULL);
	if (!volume->source)
		return fail("source path %s", spec);
	volume->target = copy_text(target);
	return 0;
}

/* Options that are flags of the mount, each with its opposite. */
static const struct {
	const char *word;
	unsigned long set, clear;
} tmpfs_flags[] = {
	{ "ro", MS_RDONLY, 0 },
	{ "rw", 0, MS_RDONLY },
	{ "noexec", MS_NOEXEC, 0 },
	{ "exec", 0, MS_NOEXEC },
	{ "nosuid", MS_NOSUID, 0 },
	{ "suid", 0, MS_NOSUID },
	{ "nodev", MS_NODEV, 0 },
	{ "dev", 0, MS_NODEV },
	{ "noatime", MS_NOATIME, MS_STRICTATIME },
	{ "relatime", 0, MS_NOATIME | MS_STRICTATIME },
	{ "strictatime", MS_STRICTATIME, MS_NOATIME },
	{ "nodiratime", MS_NODIRATIME, 0 },
	{ "diratime", 0, MS_NODIRATIME },
};

/* Those of tmpfs itself, which judges their values: tmpfs(5). */
static const char *const tmpfs_values[] = { "size=", "mode=", "uid=", "gid=",
					    "nr_inodes=", "nr_blocks=",
					    "mpol=" };

static int
take_tmpfs_option(struct volume *volume, const char *option)
{
	for (size_t i = 0; i < countof(tmpfs_flags); i++) {
		if (strcmp(option, tmpfs_flags[i].word) != 0)
			continue;
		volume->flags &= ~tmpfs_flags[i].clear;
		volume->flags |= tmpfs_flags[i].set;
		return 0;
	}
	for (size_t i = 0; i < countof(tmpfs_values); i++) {
		size_t length = strlen(tmpfs_values[i]);
		if (strncmp(option, tmpfs_values[i], length) != 0)
			continue;
		char *longer = text("%s%s%s", volume->data,
				    *volume->data ? "," : "", option);
		free(volume->data);
		volume->data = longer;
		return 0;
	}
	return failx("invalid tmpfs option \"%s\"", option);
}

int
parse_tmpfs(const char *string, struct volume *volume)
{
	*volume = (struct volume){
		.flags = MS_NOEXEC | MS_NOSUID | MS_NODEV,
	};
	auto_free char *target = copy_text(string);
	char *options = strchr(target, ':');
	if (options)
		*options++ = '\0';
	if (check_target(target) < 0)
		return -1;
	volume->data = copy_text("");
	char *option;
	while ((option = strsep(&options, ",")))
		if (take_tmpfs_option(volume, option) < 0) {
			free_scoped(&volume->data);
			return -1;
		}
	volume->target = take_ptr(&target);
	return 0;
}

int
check_name(const char *string)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t length = strlen(string);
	if (length < 2 || length > 128)
		return failx("invalid container name (%s): it must have 2 to "
			     "128 characters", string);
	if (!strchr(letters, string[0]))
		return failx("invalid container name (%s), only "
			     "[a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", string);
	for (const char *c = string; *c; c++)
		if (!strchr(letters, *c) && !strchr("_.-", *c))
			return failx("invalid container name (%s), only "
				     "[a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
				     string);
	return 0;
}

int
check_hostname(const char *string)
{
	size_t length = strlen(string);
	if (length < 1 || length > 63 || string[0] == '-' ||
	    string[0] == '.' || string[length - 1] == '-')
		return failx("invalid hostname format: %s", string);
	for (const char *c = string; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._", *c))
			return failx("invalid hostname format: %s", string);
	return 0;
}
