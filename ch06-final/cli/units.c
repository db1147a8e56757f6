/* units.c - parent.  See units.h. */
#include "units.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
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

/* "/", "//.", "/a/..": what is left when the words are followed. */
static bool
is_root(const char *path)
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
	return depth == 0;
}

int
parse_volume(const char *string, struct volume *volume)
{
	*volume = (struct volume){ 0 };
	auto_free char *spec = copy_text(string);
	char *target = strchr(spec, ':');
	if (!target)
		return failx("give SOURCE:TARGET; volumes without a source "
			     "are not there yet");
	*target++ = '\0';
	char *mode = strchr(target, ':');
	if (mode) {
		*mode++ = '\0';
		volume->read_only = strcmp(mode, "ro") == 0;
		if (!volume->read_only && strcmp(mode, "rw") != 0)
			return failx("invalid mode: %s", mode);
	}
	if (target[0] != '/')
		return failx("invalid mount path: '%s' must be absolute",
			     target);
	if (is_root(target))
		return failx("invalid mount path: the container's root cannot "
			     "be replaced");
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
