/* dns_servers.c - the name server.  See dns_servers.h. */
#include "dns_servers.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

#define PORT 53

void
dns_servers_add(struct dns_servers *servers, const char *address)
{
	if (servers->count == DNS_SERVERS_MAX)
		return;
	union dns_address *server = &servers->list[servers->count];
	size_t length = strcspn(address, "%");
	auto_free char *bare = text("%.*s", (int)length, address);
	memset(server, 0, sizeof(*server));
	if (inet_pton(AF_INET, bare, &server->four.sin_addr) == 1) {
		server->four.sin_family = AF_INET;
		server->four.sin_port = htons(PORT);
	} else if (inet_pton(AF_INET6, bare, &server->six.sin6_addr) == 1) {
		server->six.sin6_family = AF_INET6;
		server->six.sin6_port = htons(PORT);
		if (address[length] == '%')
			server->six.sin6_scope_id =
				if_nametoindex(address + length + 1);
	} else {
		return;
	}
	servers->count++;
}

void
dns_servers_parse(struct dns_servers *servers, const char *content)
{
	*servers = (struct dns_servers){ 0 };
	for (const char *line = content; *line;) {
		size_t length = strcspn(line, "\n");
		auto_free char *copy = text("%.*s", (int)length, line);
		char *rest = NULL, *word = strtok_r(copy, " \t\r", &rest);
		char *value = strtok_r(NULL, " \t\r", &rest);
		if (value && strcmp(word, "nameserver") == 0)
			dns_servers_add(servers, value);
		line += length + (line[length] == '\n');
	}
	if (servers->count == 0)
		dns_servers_add(servers, "127.0.0.1");
}

const struct dns_servers *
dns_host_servers(struct dns_host_servers *host)
{
	struct stat now = { 0 }, *seen = &host->seen;
	(void)stat(host->path, &now);
	bool is_same = now.st_ino == seen->st_ino &&
		       now.st_dev == seen->st_dev &&
		       now.st_size == seen->st_size &&
		       now.st_mtim.tv_sec == seen->st_mtim.tv_sec &&
		       now.st_mtim.tv_nsec == seen->st_mtim.tv_nsec;
	if (is_same && host->servers.count > 0)
		return &host->servers;
	auto_free char *content = read_all(AT_FDCWD, host->path, NULL);
	*seen = now;
	dns_servers_parse(&host->servers, content ?: "");
	return &host->servers;
}
