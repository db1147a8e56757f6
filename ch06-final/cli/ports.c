/* ports.c - parent.  See ports.h. */
#include "ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct range {
	uint16_t first;
	size_t count;
};

/* "80" or "80-90". */
static int
parse_range(const char *string, const char *what, struct range *range)
{
	auto_free char *first = copy_text(string);
	uint64_t from, to;
	char *last = strchr(first, '-');
	if (last)
		*last++ = '\0';
	if (parse_number(first, 1, 65535, &from) < 0 ||
	    parse_number(last ?: first, 1, 65535, &to) < 0 || to < from)
		return failx("invalid %s: %s", what, string);
	*range = (struct range){ from, to - from + 1 };
	return 0;
}

/* Cuts "/udp" off. */
static int
parse_protocol(char *spec, int *protocol)
{
	char *name = strchr(spec, '/');
	*protocol = IPPROTO_TCP;
	if (!name)
		return 0;
	*name++ = '\0';
	for (char *c = name; *c; c++)
		*c |= *c >= 'A' && *c <= 'Z' ? 0x20 : 0;
	*protocol = nat_protocol_number(name);
	return *protocol ? 0 : failx("invalid proto: %s", name);
}

static int
parse_address(char *string, struct nat_port *port)
{
	struct in_addr address;
	size_t length = strlen(string);
	if (*string == '[' && string[length - 1] == ']') {
		string[length - 1] = '\0';
		port->is_ipv6 = true;
		if (inet_pton(AF_INET6, string + 1, port->host_address6) == 1)
			return 0;
		return failx("invalid IP address: %s", string + 1);
	}
	if (inet_pton(AF_INET, string, &address) != 1)
		return failx("invalid IP address: %s", string);
	port->host_address = ntohl(address.s_addr);
	return 0;
}

/* "published=8080,target=80,protocol=tcp" as "8080:80/tcp". */
static char *
short_form(const char *string)
{
	static const char *const keys[] = { "published", "target",
					    "protocol" };
	char *values[countof(keys)] = { NULL };
	auto_free char *list = copy_text(string);
	char *rest = list, *field;
	while ((field = strsep(&rest, ","))) {
		char *value = strchr(field, '=');
		if (!value) {
			failx("invalid publish opts format (should be "
			      "name=value but got '%s')", field);
			return NULL;
		}
		*value++ = '\0';
		for (size_t i = 0; i < countof(keys); i++)
			if (strcmp(field, keys[i]) == 0)
				values[i] = value;
	}
	return text("%s:%s/%s", values[0] ?: "", values[1] ?: "",
		    values[2] ?: "tcp");
}

/* From the right: the container's port, the host's, the host's address. */
static int
split(char *spec, char **address, char **host, char **own)
{
	*own = strrchr(spec, ':');
	*address = *host = NULL;
	if (!*own) {
		*own = spec;
		return 0;
	}
	*(*own)++ = '\0';
	*host = spec;
	char *colon = strrchr(spec, ':');
	if (!colon)
		return 0;
	*colon = '\0';
	*host = colon + 1;
	*address = spec;
	if (!*spec || (strchr(spec, ':') && *spec != '['))
		return failx("invalid IP address: %s", spec);
	return 0;
}

int
parse_publish(const char *string, struct nat_port **list, size_t *count)
{
	auto_free char *spec = strchr(string, '=') ? short_form(string) :
						     copy_text(string);
	struct nat_port first = { 0 };
	struct range own, host = { 0 };
	char *address, *host_text, *own_text;
	if (!spec || parse_protocol(spec, &first.protocol) < 0 ||
	    split(spec, &address, &host_text, &own_text) < 0 ||
	    (address && parse_address(address, &first) < 0))
		return -1;
	if (!*own_text)
		return failx("no port specified: %s<empty>", string);
	if (parse_range(own_text, "containerPort", &own) < 0 ||
	    (host_text && *host_text &&
	     parse_range(host_text, "hostPort", &host) < 0))
		return -1;
	if (host.count && host.count != own.count && own.count != 1)
		return failx("invalid ranges specified for container and host "
			     "Ports: %s and %s", own_text, host_text);
	first.port = own.first;
	first.host_port = host.first;
	if (host.count > own.count) /* any free one of them */
		first.host_port_last = host.first + host.count - 1;
	*list = resize_bytes(*list, (*count + own.count) * sizeof(**list));
	*count += own.count;
	return nat_spread(&first, own.count, *list + *count - own.count);
}

int
parse_expose(const char *string, struct words *expose)
{
	auto_free char *spec = copy_text(string);
	struct range range;
	int protocol;
	if (strchr(string, ':'))
		return failx("invalid port format for --expose: %s", string);
	if (parse_protocol(spec, &protocol) < 0)
		return -1;
	if (parse_range(spec, "port", &range) < 0)
		return wrap("invalid range format for --expose: %s", string);
	for (size_t i = 0; i < range.count; i++) {
		auto_free char *port = text("%u/%s",
					    (unsigned int)(range.first + i),
					    nat_protocol_name(protocol));
		if (!words_has(expose, port))
			words_add(expose, port);
	}
	return 0;
}
