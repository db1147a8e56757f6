/* property.c - see property.h. */
#include "property.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int
append_number(sd_bus_message *message, char type, char *value)
{
	if (type == 'i' || type == 'x') {
		int64_t number = strtoll(value, NULL, 10);
		int32_t narrow = number;
		return sd_bus_message_append_basic(
			message, type, type == 'i' ? (void *)&narrow :
						     (void *)&number);
	}
	uint64_t number;
	if (parse_number(value, 0, type == 'u' ? UINT32_MAX : UINT64_MAX,
			 &number) < 0)
		return -EINVAL;
	uint32_t narrow = number;
	return sd_bus_message_append_basic(message, type,
					   type == 'u' ? (void *)&narrow :
							 (void *)&number);
}

static int
append_one(sd_bus_message *message, const char *type, char *value)
{
	int yes = strcmp(value, "true") == 0;
	switch (type[0]) {
	case 's':
		return sd_bus_message_append_basic(message, 's', value);
	case 'b':
		return sd_bus_message_append_basic(message, 'b', &yes);
	default:
		return append_number(message, type[0], value);
	}
}

static int
append_bytes(sd_bus_message *message, const char *digits)
{
	size_t count = strlen(digits) / 2;
	auto_free unsigned char *bytes = new_bytes(count);
	for (size_t i = 0; i < count; i++)
		if (sscanf(digits + 2 * i, "%2hhx", &bytes[i]) != 1)
			return -EINVAL;
	return sd_bus_message_append_array(message, 'y', bytes, count);
}

/* Elements with commas between them: numbers, words, or pairs of words. */
static int
append_list(sd_bus_message *message, const char *type, char *value)
{
	int result = sd_bus_message_open_container(message, 'a', type + 1);
	char *rest = value;
	for (char *element; result >= 0 &&
			    (element = strtok_r(rest, ",", &rest));) {
		char *second = strchr(element, ' ');
		if (type[1] != '(') {
			result = append_one(message, type + 1, element);
			continue;
		}
		if (!second)
			return -EINVAL;
		*second++ = '\0';
		result = sd_bus_message_append(message, "(ss)", element,
					       second);
	}
	return result < 0 ? result : sd_bus_message_close_container(message);
}

static int
append_value(sd_bus_message *message, const char *type, char *value)
{
	static const char *const types[] = { "s", "b", "t", "u", "i", "x",
					     "as", "au", "ay", "a(ss)" };
	for (size_t i = 0; i < countof(types); i++) {
		if (strcmp(type, types[i]) != 0)
			continue;
		int result = sd_bus_message_open_container(message, 'v', type);
		if (result >= 0)
			result = strcmp(type, "ay") == 0 ?
					 append_bytes(message, value) :
				 type[0] == 'a' ?
					 append_list(message, type, value) :
					 append_one(message, type, value);
		return result < 0 ? result :
				    sd_bus_message_close_container(message);
	}
	return -EINVAL;
}

int
property_append(sd_bus_message *message, const char *property)
{
	auto_free char *type = copy_text(property);
	char *name = strchr(type, ' ');
	char *value = name ? strchr(name + 1, ' ') : NULL;
	if (!value)
		return failx("\"%s\" is not \"TYPE NAME VALUE\"", property);
	*name++ = '\0';
	*value++ = '\0';
	int result = sd_bus_message_open_container(message, 'r', "sv");
	if (result >= 0)
		result = sd_bus_message_append_basic(message, 's', name);
	if (result >= 0)
		result = append_value(message, type, value);
	if (result >= 0)
		result = sd_bus_message_close_container(message);
	errno = -result;
	return result < 0 ? fail("the property \"%s\"", property) : 0;
}
