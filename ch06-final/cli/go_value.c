/* go_value.c - parent.  See go_value.h. */
#include "go_value.h"

#include <stdlib.h>
#include <string.h>

enum go_kind
go_kind_of(const char *name)
{
	static const char *const maps[] = {
		"Labels", "Label", ".Label", "Ports", "Networks", "Volumes",
		"ExposedPorts", "Options", "DriverOpts", "Sysctls", "Tmpfs",
		"StorageOpt", "Annotations", "PortBindings", "Data",
		"Attributes",
	};
	static const char *const pointers[] = {
		"Health", "Healthcheck", "Init", "PidsLimit",
		"OomKillDisable", "MemorySwappiness", "IPAMConfig",
		"StopTimeout", "UsageData",
	};
	for (size_t i = 0; name && i < countof(maps); i++)
		if (strcmp(name, maps[i]) == 0)
			return GO_MAP;
	for (size_t i = 0; name && i < countof(pointers); i++)
		if (strcmp(name, pointers[i]) == 0)
			return GO_POINTER;
	return GO_OTHER;
}

const char *
go_type(json_t *value)
{
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_OBJECT:
		return "map[string]interface {}";
	case JSON_ARRAY:
		return "[]interface {}";
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
		return "int";
	case JSON_REAL:
		return "float64";
	case JSON_TRUE:
	case JSON_FALSE:
		return "bool";
	default:
		return "<nil>";
	}
}

/* As few digits as mean the same number; with an exponent outside of 1e-4 to
 * 1e6, as strconv's 'g' has it. */
static void
print_real(double number, FILE *out)
{
	char digits[64];
	int decimals = 0;
	do
		snprintf(digits, sizeof(digits), "%.*e", decimals, number);
	while (strtod(digits, NULL) != number && ++decimals < 17);
	const char *e = strchr(digits, 'e');
	int exponent = e ? (int)strtol(e + 1, NULL, 10) : 0;
	if (exponent < -4 || exponent >= 6)
		fputs(digits, out);
	else
		fprintf(out, "%.*f",
			decimals > exponent ? decimals - exponent : 0, number);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
print_map(json_t *map, FILE *out)
{
	size_t count = 0, size = json_object_size(map);
	auto_free const char **keys = new_bytes((size + 1) * sizeof(*keys));
	const char *key;
	json_t *item;
	json_object_foreach(map, key, item)
		keys[count++] = key;
	qsort(keys, count, sizeof(*keys), by_name);
	fputs("map[", out);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%s%s:", i ? " " : "", keys[i]);
		go_print(json_object_get(map, keys[i]), NULL, out);
	}
	fputs("]", out);
}

static void
print_struct(json_t *object, FILE *out)
{
	const char *key, *blank = "";
	json_t *item;
	fputs("{", out);
	json_object_foreach(object, key, item) {
		fputs(blank, out);
		go_print(item, key, out);
		blank = " ";
	}
	fputs("}", out);
}

static void
print_list(json_t *list, FILE *out)
{
	size_t i;
	json_t *item;
	fputs("[", out);
	json_array_foreach(list, i, item) {
		fputs(i ? " " : "", out);
		go_print(item, NULL, out);
	}
	fputs("]", out);
}

static void
print_null(enum go_kind kind, FILE *out)
{
	fputs(kind == GO_MAP ? "map[]" : kind == GO_POINTER ? "<nil>" : "[]",
	      out);
}

void
go_print(json_t *value, const char *name, FILE *out)
{
	if (json_is_string(value))
		fputs(json_string_value(value), out);
	else if (json_is_integer(value))
		fprintf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		print_real(json_real_value(value), out);
	else if (json_is_boolean(value))
		fputs(json_is_true(value) ? "true" : "false", out);
	else if (json_is_array(value))
		print_list(value, out);
	else if (json_is_object(value) && go_kind_of(name) == GO_MAP)
		print_map(value, out);
	else if (json_is_object(value))
		print_struct(value, out);
	else if (value)
		print_null(go_kind_of(name), out);
	else
		fputs("<no value>", out);
}

void
go_quote(const char *string, FILE *out)
{
	static const char plain[] = "\a\b\f\n\r\t\v", names[] = "abfnrtv";
	fputc('"', out);
	for (; *string; string++) {
		const char *found = strchr(plain, *string);
		if (*string == '"' || *string == '\\')
			fprintf(out, "\\%c", *string);
		else if (found)
			fprintf(out, "\\%c", names[found - plain]);
		else if ((unsigned char)*string < ' ' || *string == 0x7f)
			fprintf(out, "\\x%02x", (unsigned char)*string);
		else
			fputc(*string, out);
	}
	fputc('"', out);
}

char *
go_json(json_t *value)
{
	json_t *shown = json_is_object(value) ? json_copy(value) :
						json_incref(value);
	const char *key;
	json_t *item;
	void *next;
	if (json_is_object(value))
		json_object_foreach_safe(shown, next, key, item)
			if (key[0] == '.')
				json_object_del(shown, key);
	char *line = json_dumps(shown, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(shown);
	return line ? line : copy_text("null");
}

size_t
count_characters(const char *string)
{
	size_t count = 0;
	for (; *string; string++)
		count += (*string & 0xc0) != 0x80;
	return count;
}

const char *
skip_characters(const char *string, size_t count)
{
	for (; *string; string++)
		if ((*string & 0xc0) != 0x80 && count-- == 0)
			break;
	return string;
}
