/* log_limits.c - parent.  See log_limits.h. */
#include "log_limits.h"

#include <string.h>

#include "size.h"

static int
take_size(struct log_limits *limits, const char *value)
{
	if (size_parse(value, SIZE_DECIMAL, &limits->size) < 0)
		return -1;
	return limits->size ? 0 : failx("max-size must be a positive number");
}

static int
take_files(struct log_limits *limits, const char *value)
{
	uint64_t number;
	if (parse_number(value, 1, INT32_MAX, &number) < 0)
		return failx("max-file cannot be less than 1");
	limits->files = number;
	return 0;
}

int
log_limits_take(struct log_limits *limits, const char *option)
{
	static const struct {
		const char *name;
		int (*take)(struct log_limits *limits, const char *value);
	} known[] = { { "max-size", take_size }, { "max-file", take_files } };
	size_t length = strcspn(option, "=");
	for (size_t i = 0; option[length] && i < countof(known); i++)
		if (strncmp(option, known[i].name, length) == 0 &&
		    !known[i].name[length])
			return known[i].take(limits, option + length + 1);
	return failx("unknown log opt '%.*s' for json-file log driver",
		     (int)length, option);
}
