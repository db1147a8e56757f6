/* endpoint.c - see endpoint.h.  Runs in mydocker-image. */
#include "endpoint.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OURS "/etc/mydocker"

struct settings {
	struct words mirrors, insecure;
};

void
endpoints_free(struct endpoints *endpoints)
{
	for (size_t i = 0; i < endpoints->count; i++)
		http_server_free(&endpoints->list[i].server);
	free(endpoints->list);
	*endpoints = (struct endpoints){ 0 };
}

/* ---- the file of settings ---------------------------------------------- */

static const char *
config_directory(void)
{
	const char *place = getenv("MYDOCKER_CONFIG");
	return place && *place ? place : OURS;
}

static int
take_list(json_t *root, const char *key, struct words *words)
{
	json_t *list = json_object_get(root, key), *item;
	size_t i;
	if (list && !json_is_array(list))
		return failx("\"%s\" is not a list", key);
	json_array_foreach(list, i, item) {
		if (!json_is_string(item))
			return failx("\"%s\" has a value that is not a text",
				     key);
		words_add(words, json_string_value(item));
	}
	return 0;
}

static int
read_settings(struct settings *settings)
{
	auto_free char *path = text("%s/registries.json", config_directory());
	json_error_t error;
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	auto_free char *content = read_all(AT_FDCWD, path, NULL);
	if (!content)
		return -1;
	json_t *root = json_loads(content, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return failx("%s: line %d: %s", path, error.line, error.text);
	int result = take_list(root, "registry-mirrors", &settings->mirrors);
	if (result == 0)
		result = take_list(root, "insecure-registries",
				   &settings->insecure);
	json_decref(root);
	return result < 0 ? wrap("%s", path) : 0;
}

/* ---- names and addresses ----------------------------------------------- */

/* Without the port, and without the brackets of IPv6. */
static char *
host_alone(const char *host)
{
	if (host[0] == '[')
		return text("%.*s", (int)strcspn(host + 1, "]"), host + 1);
	return text("%.*s", (int)strcspn(host, ":"), host);
}

/* "10.0.0.0/8" */
static bool
is_in_network(const char *host, const char *network)
{
	const char *slash = strchr(network, '/');
	struct in_addr address, base;
	uint64_t bits;
	if (!slash || parse_number(slash + 1, 0, 32, &bits) < 0)
		return false;
	auto_free char *start = text("%.*s", (int)(slash - network), network);
	if (inet_pton(AF_INET, host, &address) != 1 ||
	    inet_pton(AF_INET, start, &base) != 1)
		return false;
	uint32_t mask = bits ? htonl(UINT32_MAX << (32 - bits)) : 0;
	return (address.s_addr & mask) == (base.s_addr & mask);
}

bool
endpoint_is_listed(const char *host, const struct words *list)
{
	auto_free char *alone = host_alone(host);
	for (size_t i = 0; i < list->count; i++) {
		const char *item = list->items[i];
		if (strcmp(item, host) == 0 || strcmp(item, alone) == 0 ||
		    is_in_network(alone, item))
			return true;
	}
	return false;
}

static bool
is_this_machine(const char *host)
{
	auto_free char *alone = host_alone(host);
	return strcmp(alone, "localhost") == 0 || strcmp(alone, "::1") == 0 ||
	       is_in_network(alone, "127.0.0.0/8");
}

/* ---- certificates ------------------------------------------------------ */

static bool
ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), tail = strlen(end);
	return length > tail && strcmp(name + length - tail, end) == 0;
}

static int
take_certificate(struct http_server *server, const char *place,
		 const char *name)
{
	auto_free char *path = text("%s/%s", place, name);
	if (ends_with(name, ".crt")) {
		auto_free char *more = read_all(AT_FDCWD, path, NULL);
		if (!more)
			return -1;
		char *all = text("%s%s\n", server->ca ? server->ca : "", more);
		free(server->ca);
		server->ca = all;
	} else if (ends_with(name, ".cert") && !server->certificate) {
		auto_free char *key = text("%.*skey", (int)strlen(path) - 4,
					   path);
		if (access(key, R_OK) < 0)
			return fail("%s, the key of %s", key, path);
		server->certificate = take_ptr(&path);
		server->key = take_ptr(&key);
	}
	return 0;
}

static int
find_certificates(struct http_server *server, const char *host)
{
	const char *places[] = { config_directory(), "/etc/docker" };
	for (size_t i = 0; i < countof(places); i++) {
		auto_free char *place = text("%s/certs.d/%s", places[i], host);
		auto_dir DIR *dir = opendir(place);
		if (!dir)
			continue;
		for (struct dirent *entry; (entry = readdir(dir));)
			if (take_certificate(server, place, entry->d_name) < 0)
				return wrap("certificates for %s", host);
	}
	return 0;
}

/* ---- all of it --------------------------------------------------------- */

static int
add(struct endpoints *endpoints, const char *scheme, const char *host,
    bool is_unchecked, bool is_mirror)
{
	endpoints->list = resize_bytes(endpoints->list,
				       (endpoints->count + 1) *
					       sizeof(*endpoints->list));
	struct endpoint *made = &endpoints->list[endpoints->count++];
	*made = (struct endpoint){ .is_mirror = is_mirror };
	made->server.url = text("%s://%s", scheme, host);
	made->server.is_unchecked = is_unchecked;
	auto_free char *name = text("%.*s", (int)strcspn(host, "/"), host);
	return find_certificates(&made->server, name);
}

/* A mirror says itself how it is to be reached. */
static int
add_mirror(struct endpoints *endpoints, const char *url)
{
	size_t length = strlen(url);
	bool is_plain = strncmp(url, "http://", 7) == 0;
	if (!is_plain && strncmp(url, "https://", 8) != 0)
		return failx("the mirror %.100s is no http:// or https:// "
			     "address", url);
	while (length > 8 && url[length - 1] == '/')
		length--;
	auto_free char *rest = text("%.*s", (int)length - 7 - !is_plain,
				    url + 7 + !is_plain);
	return add(endpoints, is_plain ? "http" : "https", rest, false, true);
}

int
endpoints_find(const char *registry, struct endpoints *endpoints)
{
	struct settings settings = { 0 };
	*endpoints = (struct endpoints){ 0 };
	bool is_hub = strcmp(registry, "docker.io") == 0;
	const char *host = is_hub ? "registry-1.docker.io" : registry;
	int result = read_settings(&settings);
	bool is_insecure = is_this_machine(host) ||
			   endpoint_is_listed(host, &settings.insecure);
	for (size_t i = 0; is_hub && result == 0 && i < settings.mirrors.count;
	     i++)
		result = add_mirror(endpoints, settings.mirrors.items[i]);
	if (result == 0)
		result = add(endpoints, "https", host, is_insecure, false);
	if (result == 0 && is_insecure)
		result = add(endpoints, "http", host, true, false);
	words_free(&settings.mirrors);
	words_free(&settings.insecure);
	if (result < 0)
		endpoints_free(endpoints);
	return result;
}
