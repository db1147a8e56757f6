/* dns_names.c - the name server.  See dns_names.h. */
#include "dns_names.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ID_LENGTH 64
#define SHORT_ID 12

/* ---- reading ------------------------------------------------------------ */

static void
free_host(struct dns_host *host)
{
	free(host->names);
	free(host->line);
}

static bool
is_id(const char *word)
{
	return strlen(word) == ID_LENGTH &&
	       strspn(word, "0123456789abcdef") == ID_LENGTH;
}

/* The words after the four fields are names. */
static int
read_host(struct dns_host *host, const char *line, size_t length)
{
	char *rest = NULL, *line_copy = text("%.*s", (int)length, line);
	*host = (struct dns_host){ .line = line_copy };
	const char *pid, *four, *six, *name;
	host->id = strtok_r(line_copy, " ", &rest);
	pid = strtok_r(NULL, " ", &rest);
	four = strtok_r(NULL, " ", &rest);
	six = strtok_r(NULL, " ", &rest);
	if (!six || !pid || !is_id(host->id))
		return -1;
	host->has_address = inet_pton(AF_INET, four, host->address) == 1;
	host->has_address6 = inet_pton(AF_INET6, six, host->address6) == 1;
	if ((!host->has_address && strcmp(four, "-") != 0) ||
	    (!host->has_address6 && strcmp(six, "-") != 0))
		return -1;
	while ((name = strtok_r(NULL, " ", &rest))) {
		host->names = resize_bytes(host->names,
					   (host->name_count + 1) *
						   sizeof(*host->names));
		host->names[host->name_count++] = (char *)name;
	}
	return 0;
}

static int
read_network(struct dns_network *network, const char *line, size_t length)
{
	auto_free char *copy = text("%.*s", (int)length, line);
	char *rest = NULL, *word = strtok_r(copy, " ", &rest);
	char *name = strtok_r(NULL, " ", &rest);
	if (!word || !name || strcmp(word, "network") != 0)
		return -1;
	char *kind = strtok_r(NULL, " ", &rest);
	*network = (struct dns_network){
		.name = copy_text(name),
		.is_internal = kind && strcmp(kind, "internal") == 0,
	};
	return 0;
}

int
dns_names_add(struct dns_names *names, const char *content)
{
	struct dns_network network;
	size_t length = strcspn(content, "\n");
	if (read_network(&network, content, length) < 0)
		return failx("the first line names no network");
	for (content += length; *content; content += length) {
		content += *content == '\n';
		length = strcspn(content, "\n");
		struct dns_host host;
		if (read_host(&host, content, length) < 0) {
			free_host(&host);
			continue;
		}
		network.hosts = resize_bytes(network.hosts,
					     (network.count + 1) *
						     sizeof(host));
		network.hosts[network.count++] = host;
	}
	names->networks = resize_bytes(names->networks,
				       (names->count + 1) * sizeof(network));
	names->networks[names->count++] = network;
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct dns_network *one = a, *other = b;
	return strcmp(one->name, other->name);
}

void
dns_names_load(struct dns_names *names, int directory)
{
	dns_names_free(names);
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		auto_free char *path = text("%s/names", entry->d_name);
		auto_free char *content = read_all(directory, path, NULL);
		if (content)
			dns_names_add(names, content);
	}
	if (names->count > 1)
		qsort(names->networks, names->count,
		      sizeof(*names->networks), by_name);
}

void
dns_names_free(struct dns_names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		struct dns_network *network = &names->networks[i];
		for (size_t j = 0; j < network->count; j++)
			free_host(&network->hosts[j]);
		free(network->hosts);
		free(network->name);
	}
	free(names->networks);
	*names = (struct dns_names){ .turn = names->turn };
}

/* ---- asking ------------------------------------------------------------- */

static bool
has_member(const struct dns_network *network, const char *id)
{
	for (size_t i = 0; i < network->count; i++)
		if (strcmp(network->hosts[i].id, id) == 0)
			return true;
	return false;
}

bool
dns_names_may_leave(const struct dns_names *names, const char *id)
{
	for (size_t i = 0; i < names->count; i++)
		if (!names->networks[i].is_internal &&
		    has_member(&names->networks[i], id))
			return true;
	return false;
}

static bool
is_called(const struct dns_host *host, const char *name, size_t length)
{
	if (length == SHORT_ID && strncmp(host->id, name, length) == 0)
		return true;
	for (size_t i = 0; i < host->name_count; i++)
		if (strlen(host->names[i]) == length &&
		    strncasecmp(host->names[i], name, length) == 0)
			return true;
	return false;
}

static size_t
find_in(const struct dns_network *network, const char *name, size_t length,
	const struct dns_host *found[DNS_FOUND_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < network->count && count < DNS_FOUND_MAX; i++)
		if (is_called(&network->hosts[i], name, length))
			found[count++] = &network->hosts[i];
	return count;
}

/* "web.red" in the network red is "web": how long that is, or 0. */
static size_t
before_network(const char *name, const struct dns_network *network)
{
	size_t whole = strlen(name), suffix = strlen(network->name);
	if (whole < suffix + 2 || name[whole - suffix - 1] != '.' ||
	    strcasecmp(name + whole - suffix, network->name) != 0)
		return 0;
	return whole - suffix - 1;
}

static void
turn_round(const struct dns_host **found, size_t count, unsigned by)
{
	const struct dns_host *all[DNS_FOUND_MAX];
	memcpy(all, found, count * sizeof(*all));
	for (size_t i = 0; i < count; i++)
		found[i] = all[(i + by) % count];
}

size_t
dns_names_find(struct dns_names *names, const char *asker, const char *name,
	       const struct dns_host *found[DNS_FOUND_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < names->count && *name && count == 0; i++) {
		const struct dns_network *network = &names->networks[i];
		if (!has_member(network, asker))
			continue;
		count = find_in(network, name, strlen(name), found);
		size_t length = before_network(name, network);
		if (count == 0 && length > 0)
			count = find_in(network, name, length, found);
	}
	if (count > 1)
		turn_round(found, count, names->turn++);
	return count;
}

/* ---- from an address to a name ------------------------------------------ */

/* "2.0.30.172": the last number first. */
static bool
read_reversed(const char *name, size_t length, uint8_t address[4])
{
	char room[INET_ADDRSTRLEN];
	uint8_t reversed[4];
	if (length >= sizeof(room))
		return false;
	memcpy(room, name, length);
	room[length] = '\0';
	if (inet_pton(AF_INET, room, reversed) != 1)
		return false;
	for (size_t i = 0; i < 4; i++)
		address[i] = reversed[3 - i];
	return true;
}

/* "2.0.0. ... .d.f": 32 digits, the last one first. */
static bool
read_reversed6(const char *name, size_t length, uint8_t address[16])
{
	if (length != 63)
		return false;
	memset(address, 0, 16);
	for (size_t i = 0; i < 32; i++) {
		unsigned char c = name[2 * i];
		if (!isxdigit(c) || (i < 31 && name[2 * i + 1] != '.'))
			return false;
		int digit = isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
		address[15 - i / 2] |= digit << (i % 2 ? 4 : 0);
	}
	return true;
}

/* How long `name` is before this suffix, or 0. */
static size_t
before(const char *name, const char *suffix)
{
	size_t whole = strlen(name), length = strlen(suffix);
	return whole > length && strcmp(name + whole - length, suffix) == 0 ?
		       whole - length :
		       0;
}

const struct dns_host *
dns_names_reverse(const struct dns_names *names, const char *asker,
		  const char *name, const struct dns_network **network)
{
	uint8_t four[4], six[16];
	bool is_four = read_reversed(name, before(name, ".in-addr.arpa"), four);
	bool is_six = read_reversed6(name, before(name, ".ip6.arpa"), six);
	for (size_t i = 0; (is_four || is_six) && i < names->count; i++) {
		*network = &names->networks[i];
		if (!has_member(*network, asker))
			continue;
		for (size_t j = 0; j < (*network)->count; j++) {
			const struct dns_host *host = &(*network)->hosts[j];
			if ((is_four && host->has_address &&
			     memcmp(host->address, four, 4) == 0) ||
			    (is_six && host->has_address6 &&
			     memcmp(host->address6, six, 16) == 0))
				return host;
		}
	}
	return NULL;
}
