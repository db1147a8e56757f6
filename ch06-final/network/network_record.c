/* network_record.c - parent.  See network_record.h. */
#include "network_record.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

void
network_record_free(struct network_record *record)
{
	free(record->name);
	free(record->driver);
	free(record->range);
	words_free(&record->labels);
	words_free(&record->options);
	words_free(&record->aux);
	*record = (struct network_record){ 0 };
}

/* ---- options ------------------------------------------------------------ */

const char *
network_option(const struct network_record *record, const char *key)
{
	size_t length = strlen(key);
	for (size_t i = 0; i < record->options.count; i++) {
		const char *option = record->options.items[i];
		if (strncmp(option, key, length) == 0 &&
		    option[length] == '=')
			return option + length + 1;
	}
	return NULL;
}

unsigned int
network_mtu(const struct network_record *record)
{
	const char *value = network_option(record,
					   "com.docker.network.driver.mtu");
	uint64_t number = 0;
	if (!value)
		value = network_option(record, "mtu");
	if (!value || parse_number(value, 68, 65535, &number) < 0)
		return 0;
	return number;
}

/* ---- written ------------------------------------------------------------ */

static json_t *
list_of(const struct words *words)
{
	json_t *array = json_array();
	for (size_t i = 0; i < words->count; i++)
		json_array_append_new(array, json_string(words->items[i]));
	return array;
}

static char *
name_subnet(const struct ipam_subnet *subnet)
{
	char room[IPAM_ADDRESS_SIZE];
	return text("%s/%u", ipam_format(subnet->network, room),
		    subnet->prefix);
}

static char *
name_subnet6(const struct ipam_subnet6 *subnet)
{
	char room[IPAM_ADDRESS6_SIZE];
	return subnet->prefix ? text("%s/%u",
				     ipam_format6(subnet->network, room),
				     subnet->prefix) :
				copy_text("");
}

int
network_save(int networks, const struct network_record *record)
{
	auto_free char *file = text("%s/" NETWORK_FILE, record->id);
	auto_free char *subnet = name_subnet(&record->subnet);
	auto_free char *subnet6 = name_subnet6(&record->subnet6);
	char gateway[IPAM_ADDRESS_SIZE];
	ipam_format(ipam_gateway(&record->subnet), gateway);
	json_t *json = json_pack(
		"{s:s, s:s, s:s, s:I, s:i, s:s, s:s, s:s, s:s, s:b, s:b, "
		"s:b, s:b, s:o, s:o, s:o}", "id", record->id, "name",
		record->name, "driver", record->driver, "created",
		(json_int_t)record->created, "createdNs", record->created_ns,
		"subnet", subnet, "gateway", gateway, "range",
		record->range ?: "", "subnet6", subnet6, "ownSubnet",
		record->own_subnet, "ownSubnet6", record->own_subnet6,
		"internal", record->internal, "attachable",
		record->attachable, "labels", list_of(&record->labels),
		"options", list_of(&record->options), "aux",
		list_of(&record->aux));
	auto_free char *content = json ? json_dumps(json, JSON_INDENT(2)) :
					 NULL;
	bool whole = json_array_size(json_object_get(json, "labels")) ==
			     record->labels.count &&
		     json_array_size(json_object_get(json, "options")) ==
			     record->options.count &&
		     json_array_size(json_object_get(json, "aux")) ==
			     record->aux.count;
	json_decref(json);
	if (!content || !whole)
		return failx("a label or an option of network %s is not UTF-8",
			     record->name);
	return write_file(networks, file, content, 0600);
}

/* ---- read --------------------------------------------------------------- */

static int
take_list(const json_t *array, struct words *words)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *word =
			json_string_value(json_array_get(array, i));
		if (!word)
			return failx("a text is expected");
		words_add(words, word);
	}
	return 0;
}

/* First and last of those that are given away: of a range, all of it. */
int
network_set_range(struct network_record *record, const char *range)
{
	struct ipam_subnet *subnet = &record->subnet, part;
	if (!*range)
		return 0;
	if (ipam_parse_subnet(range, &part) < 0)
		return -1;
	uint32_t last = ipam_broadcast(&part);
	subnet->first = part.network == subnet->network ? part.network + 1 :
							  part.network;
	subnet->last = last == ipam_broadcast(subnet) ? last - 1 : last;
	record->range = copy_text(range);
	return 0;
}

int
network_aux(struct network_record *record)
{
	for (size_t i = 0; i < record->aux.count; i++) {
		const char *word = record->aux.items[i];
		const char *address = strchr(word, '=');
		uint32_t number;
		if (!address || address == word)
			return failx("%s is not NAME=ADDRESS", word);
		if (ipam_parse_address(address + 1, &number) < 0 ||
		    ipam_reserve(&record->subnet, number) < 0)
			return -1;
	}
	return 0;
}

static int
take(json_t *json, struct network_record *record)
{
	json_error_t error;
	const char *id, *name, *driver, *subnet, *gateway, *range, *subnet6;
	json_t *labels, *options, *aux = NULL;
	json_int_t created;
	int created_ns, own, own6, internal, attachable;
	if (json_unpack_ex(json, &error, JSON_STRICT,
			   "{s:s, s:s, s:s, s:I, s:i, s:s, s:s, s:s, s:s, "
			   "s:b, s:b, s:b, s:b, s:o, s:o, s?o}", "id", &id,
			   "name", &name, "driver", &driver, "created",
			   &created, "createdNs", &created_ns, "subnet",
			   &subnet, "gateway", &gateway, "range", &range,
			   "subnet6", &subnet6, "ownSubnet", &own,
			   "ownSubnet6", &own6, "internal", &internal,
			   "attachable", &attachable, "labels", &labels,
			   "options", &options, "aux", &aux) < 0)
		return failx("%s", error.text);
	if (strlen(id) != NETWORK_ID)
		return failx("its id is none");
	snprintf(record->id, sizeof(record->id), "%s", id);
	record->name = copy_text(name);
	record->driver = copy_text(driver);
	record->created = created;
	record->created_ns = created_ns;
	record->own_subnet = own;
	record->own_subnet6 = own6;
	record->internal = internal;
	record->attachable = attachable;
	if (ipam_parse_subnet(subnet, &record->subnet) < 0 ||
	    ipam_parse_address(gateway, &record->subnet.gateway) < 0 ||
	    network_set_range(record, range) < 0 ||
	    (*subnet6 && ipam_parse_subnet6(subnet6, &record->subnet6) < 0) ||
	    take_list(labels, &record->labels) < 0 ||
	    take_list(aux, &record->aux) < 0 || network_aux(record) < 0)
		return -1;
	return take_list(options, &record->options);
}

int
network_load(int networks, const char *id, struct network_record *record)
{
	auto_free char *file = text("%s/" NETWORK_FILE, id);
	size_t length;
	auto_free char *content = read_all(networks, file, &length);
	*record = (struct network_record){ 0 };
	if (!content)
		return -1;
	json_t *json = json_loadb(content, length, JSON_REJECT_DUPLICATES,
				  NULL);
	int result = json ? take(json, record) : failx("it is no JSON");
	json_decref(json);
	if (result == 0)
		return 0;
	network_record_free(record);
	failure.code = 0;
	return wrap("the record of network %.12s", id);
}
