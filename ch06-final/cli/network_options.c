/* network_options.c - parent.  See network_options.h. */
#include "network_options.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "options.h"

static bool
is_address(int family, const char *string)
{
	uint8_t room[16];
	return inet_pton(family, string, room) == 1;
}

static int
take_address(int family, void *member, const char *value)
{
	if (!is_address(family, value))
		return failx("invalid IPv%d address: %s",
			     family == AF_INET ? 4 : 6, value);
	return option_take_text(member, value);
}

int
take_ip(void *member, const char *value)
{
	return take_address(AF_INET, member, value);
}

int
take_ip6(void *member, const char *value)
{
	return take_address(AF_INET6, member, value);
}

int
take_link_local(void *words, const char *value)
{
	static const uint8_t zero[16];
	uint8_t address[16] = { 0 };
	if ((inet_pton(AF_INET, value, address) != 1 &&
	     inet_pton(AF_INET6, value, address) != 1) ||
	    memcmp(address, zero, sizeof(zero)) == 0)
		return failx("invalid link-local IP address: %s", value);
	return option_take_word(words, value);
}

/* Six bytes, each of two digits, between ":" or "-"; the lowest bit of the
 * first would make it the address of many. */
int
take_mac(void *member, const char *value)
{
	for (size_t i = 0; i < 17; i++) {
		unsigned char c = value[i];
		if (i % 3 == 2 ? c != value[2] || !strchr(":-", c) || !c :
				 !isxdigit(c))
			return failx("%s is not a valid mac address", value);
	}
	if (value[17])
		return failx("%s is not a valid mac address", value);
	return option_take_text(member, value);
}

/* ---- --network ---------------------------------------------------------- */

const char *
mode_container(const char *mode)
{
	bool is_one = mode && strncmp(mode, "container:", 10) == 0;
	return is_one ? mode + 10 : NULL;
}

bool
network_is_own(const char *name)
{
	static const char *const given[] = { "bridge", "host", "none",
					     "default" };
	for (size_t i = 0; i < countof(given); i++)
		if (strcmp(name, given[i]) == 0)
			return false;
	return !mode_container(name);
}

int
take_priority(void *member, const char *value)
{
	uint64_t number;
	bool is_below = *value == '-';
	if (parse_number(value + is_below, 0, INT32_MAX, &number) < 0)
		return failx("%s is no priority", value);
	*(int64_t *)member = is_below ? -(int64_t)number : (int64_t)number;
	return 0;
}

/* One of them is kept; of another nobody would know that it was not. */
int
take_driver_option(void *member, const char *value)
{
	size_t length = strlen(NETWORK_LINK_OPTION);
	const char *name = value + length;
	if (!strchr(value, '=') || *value == '=')
		return failx("invalid key value pair format in driver "
			     "options");
	if (strncmp(value, NETWORK_LINK_OPTION, length) != 0)
		return failx("driver option %.*s: an endpoint has none of "
			     "this name (it has %.*s)",
			     (int)strcspn(value, "="), value, (int)length - 1,
			     NETWORK_LINK_OPTION);
	if (!*name || strlen(name) >= IFNAMSIZ || *name == '.' ||
	    strpbrk(name, "/: \t\n%"))
		return failx("%s is no name for a link", name);
	return option_take_word(member, value);
}

static int
take_network_key(struct network_wanted *network, const char *key,
		 const char *value)
{
	if (strcmp(key, "name") == 0)
		return option_take_text(&network->name, value);
	if (strcmp(key, "alias") == 0)
		return option_take_word(&network->aliases, value);
	if (strcmp(key, "ip") == 0)
		return take_ip(&network->ip, value);
	if (strcmp(key, "ip6") == 0)
		return take_ip6(&network->ip6, value);
	if (strcmp(key, "mac-address") == 0)
		return take_mac(&network->mac, value);
	if (strcmp(key, "link-local-ip") == 0)
		return take_link_local(&network->link_local, value);
	if (strcmp(key, "gw-priority") == 0)
		return take_priority(&network->gw_priority, value);
	if (strcmp(key, "driver-opt") == 0)
		return take_driver_option(&network->driver_options, value);
	return failx("invalid field key %s", key);
}

static int
take_long_network(struct network_wanted *network, const char *value)
{
	auto_words struct words fields = { 0 };
	if (csv_read(value, &fields) < 0)
		return -1;
	for (size_t i = 0; i < fields.count; i++) {
		char *key = fields.items[i], *rest = strchr(key, '=');
		if (!rest || rest == key)
			return failx("invalid field %s", key);
		*rest++ = '\0';
		if (take_network_key(network, key, rest) < 0)
			return -1;
	}
	return network->name ?
		       0 :
		       failx("network name/id is not specified");
}

int
take_network(void *data, const char *value)
{
	struct settings *settings = data;
	size_t count = settings->network_count + 1;
	settings->networks = resize_bytes(settings->networks,
					  count * sizeof(*settings->networks));
	struct network_wanted *network = &settings->networks[count - 1];
	*network = (struct network_wanted){ 0 };
	settings->network_count = count;
	if (strchr(value, '='))
		return take_long_network(network, value);
	network->name = copy_text(value);
	return *value ? 0 : failx("no name set for network");
}

/* ---- names -------------------------------------------------------------- */

int
take_host(void *words, const char *value)
{
	size_t length = strcspn(value, "=");
	if (!value[length])
		length = strcspn(value, ":");
	auto_free char *name = text("%.*s", (int)length, value);
	if (!value[length] || !*name || strchr(name, ':'))
		return failx("bad format for add-host: \"%s\"", value);
	auto_free char *address = copy_text(value + length + 1);
	size_t end = strlen(address);
	char *bare = address;
	if (end > 2 && *address == '[' && address[end - 1] == ']') {
		address[end - 1] = '\0';
		bare++;
	}
	if (strcmp(bare, "host-gateway") != 0 && !is_address(AF_INET, bare) &&
	    !is_address(AF_INET6, bare))
		return failx("invalid IP address in add-host: \"%s\"", bare);
	auto_free char *whole = text("%s:%s", name, bare);
	return option_take_word(words, whole);
}

int
take_dns(void *words, const char *value)
{
	if (!is_address(AF_INET, value) && !is_address(AF_INET6, value))
		return failx("IP address is not correctly formatted: %s",
			     value);
	return option_take_word(words, value);
}

/* Labels of letters, digits and inner hyphens, with a letter somewhere. */
static bool
is_domain(const char *string)
{
	bool has_letter = false;
	for (const char *c = string; *c; c++) {
		bool outer = c == string || c[-1] == '.' || !c[1] ||
			     c[1] == '.';
		has_letter |= isalpha((unsigned char)*c) != 0;
		if (*c == '.' ? c == string || c[-1] == '.' :
		    *c == '-' ? outer :
				!isalnum((unsigned char)*c))
			return false;
	}
	return has_letter && strlen(string) < 255;
}

int
take_dns_search(void *words, const char *value)
{
	if (strcmp(value, ".") != 0 && !is_domain(value))
		return failx("%s is not a valid domain", value);
	return option_take_word(words, value);
}

int
take_link(void *words, const char *value)
{
	const char *colon = strchr(value, ':');
	if (!*value)
		return failx("empty string specified for links");
	if (colon && (strchr(colon + 1, ':') || colon == value || !colon[1]))
		return failx("bad format for links: %s", value);
	return option_take_word(words, value);
}
