/* limit_options.c - parent.  See limit_options.h. */
#include "limit_options.h"

#include <ctype.h>
#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "oci_process.h"
#include "path.h"
#include "size.h"
#include "units.h"

/* ---- numbers ------------------------------------------------------------ */

int
take_size(void *member, const char *value)
{
	return size_parse(value, SIZE_BINARY, member);
}

int
take_swap(void *member, const char *value)
{
	uint64_t bytes;
	if (strcmp(value, "-1") == 0)
		return *(int64_t *)member = -1, 0;
	if (size_parse(value, SIZE_BINARY, &bytes) < 0)
		return -1;
	*(int64_t *)member = bytes;
	return 0;
}

int
take_number(void *member, const char *value)
{
	return parse_integer(value, INT64_MIN, INT64_MAX, member);
}

int
take_count(void *member, const char *value)
{
	if (parse_integer(value, INT64_MIN, INT64_MAX, member) < 0)
		return -1;
	return *(int64_t *)member < 0 ?
		       failx("invalid value (%s): value must be a positive "
			     "integer", value) :
		       0;
}

int
take_swappiness(void *limits, const char *value)
{
	int64_t number;
	if (parse_integer(value, INT64_MIN, INT64_MAX, &number) < 0)
		return -1;
	if (number < -1 || number > 100)
		return failx("invalid value: %" PRId64 ". Valid memory "
			     "swappiness range is 0-100", number);
	((struct cgroup_limits *)limits)->swappiness =
		number == -1 ? 0 : number == 0 ? CGROUP_ZERO : (uint64_t)number;
	return 0;
}

/* No limit is that there is none, and not one of all that can be. */
int
take_pids(void *limits, const char *value)
{
	int64_t number;
	if (parse_integer(value, INT64_MIN, INT64_MAX, &number) < 0)
		return -1;
	((struct cgroup_limits *)limits)->pids = number > 0 ? number : 0;
	return 0;
}

/* ---- rates -------------------------------------------------------------- */

/* "/dev/sda:REST": the path, which the caller frees, and the rest. */
static char *
split_device(const char *value, const char **rest)
{
	const char *colon = strchr(value, ':');
	if (!colon || colon == value) {
		failx("bad format: %s", value);
		return NULL;
	}
	if (strncmp(value, "/dev/", 5) != 0) {
		failx("bad format for device path: %s", value);
		return NULL;
	}
	*rest = colon + 1;
	return text("%.*s", (int)(colon - value), value);
}

/* How it is parsed; what it is, and what is the rule of it, for who has not
 * kept to it. */
struct rate_kind {
	int (*parse)(const char *string, uint64_t *rate);
	const char *noun, *rule;
};

static int
take_rate(struct device_rates *rates, const char *value,
	  const struct rate_kind *kind)
{
	const char *rest;
	uint64_t rate;
	auto_free char *path = split_device(value, &rest);
	if (!path)
		return -1;
	if (kind->parse(rest, &rate) < 0)
		return failx("invalid %s for device: %s%s", kind->noun, value,
			     kind->rule);
	rates->list = resize_bytes(rates->list, (rates->count + 1) *
							sizeof(*rates->list));
	rates->list[rates->count++] =
		(struct device_rate){ take_ptr(&path), rate };
	return 0;
}

static int
parse_bytes(const char *string, uint64_t *rate)
{
	return size_parse(string, SIZE_BINARY, rate);
}

static int
parse_operations(const char *string, uint64_t *rate)
{
	return parse_number(string, 0, INT64_MAX, rate);
}

static int
parse_weight(const char *string, uint64_t *weight)
{
	int result = parse_number(string, 0, 1000, weight);
	return result == 0 && *weight && *weight < 10 ? -1 : result;
}

#define FORM ". The correct format is <device-path>:<number>"

int
take_bps(void *rates, const char *value)
{
	static const struct rate_kind bytes = {
		parse_bytes, "rate", FORM "[<unit>]. Number must be a positive "
		"integer. Unit is optional and can be kb, mb, or gb",
	};
	return take_rate(rates, value, &bytes);
}

int
take_iops(void *rates, const char *value)
{
	static const struct rate_kind operations = {
		parse_operations, "rate",
		FORM ". Number must be a positive integer",
	};
	return take_rate(rates, value, &operations);
}

int
take_weight(void *rates, const char *value)
{
	static const struct rate_kind weight = {
		parse_weight, "weight", "",
	};
	return take_rate(rates, value, &weight);
}

/* ---- --ulimit ----------------------------------------------------------- */

/* Address space is the one that Docker leaves out: no container starts that
 * has little of it. */
static bool
is_limit_name(const char *name)
{
	auto_free char *whole = text("RLIMIT_%s", name);
	for (char *c = whole; *c; c++)
		*c = toupper((unsigned char)*c);
	for (const char *c = name; *c; c++)
		if (!islower((unsigned char)*c))
			return false;
	return strcmp(name, "as") != 0 &&
	       oci_word_find(oci_rlimit_names, whole);
}

static int
parse_ulimit(const char *value, struct ulimit *limit)
{
	auto_free char *name = copy_text(value);
	char *soft = strchr(name, '=');
	if (!soft)
		return failx("invalid ulimit argument: %s", value);
	*soft++ = '\0';
	if (!is_limit_name(name))
		return failx("invalid ulimit type: %s", name);
	char *hard = strchr(soft, ':');
	if (hard && strchr(hard + 1, ':'))
		return failx("too many limit value arguments - %s, can only "
			     "have up to two, `soft[:hard]`", soft);
	if (hard)
		*hard++ = '\0';
	if (parse_integer(soft, -1, INT64_MAX, &limit->soft) < 0 ||
	    parse_integer(hard ?: soft, -1, INT64_MAX, &limit->hard) < 0)
		return -1;
	if (limit->hard != -1 && limit->soft == -1)
		return failx("ulimit soft limit must be less than or equal to "
			     "hard limit: soft: -1 (unlimited), hard: %" PRId64,
			     limit->hard);
	if (limit->hard != -1 && limit->soft > limit->hard)
		return failx("ulimit soft limit must be less than or equal to "
			     "hard limit: %" PRId64 " > %" PRId64, limit->soft,
			     limit->hard);
	limit->name = take_ptr(&name);
	return 0;
}

int
take_ulimit(void *data, const char *value)
{
	struct settings *settings = data;
	struct ulimit limit;
	if (parse_ulimit(value, &limit) < 0)
		return -1;
	size_t at = 0;
	while (at < settings->ulimit_count &&
	       strcmp(settings->ulimits[at].name, limit.name) != 0)
		at++;
	if (at < settings->ulimit_count) {
		free(settings->ulimits[at].name);
	} else {
		settings->ulimits = resize_bytes(settings->ulimits,
						 (at + 1) * sizeof(limit));
		settings->ulimit_count++;
	}
	settings->ulimits[at] = limit;
	return 0;
}

/* ---- devices ------------------------------------------------------------ */

/* Of r, w and m, each once. */
static bool
is_access(const char *word)
{
	size_t length = strlen(word);
	if (length == 0 || length > 3 || strspn(word, "rwm") != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (strchr(word + i + 1, word[i]))
			return false;
	return true;
}

static void
add_device(struct settings *settings, const char *host, const char *target,
	   const char *access)
{
	settings->devices = resize_bytes(settings->devices,
					 (settings->device_count + 1) *
						 sizeof(*settings->devices));
	settings->devices[settings->device_count++] = (struct device_wanted){
		.host = copy_text(host),
		.target = path_clean(target),
		.access = copy_text(access),
	};
}

static void
add_devices(struct settings *settings, const char *pattern,
	    const char *access)
{
	glob_t found;
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		add_device(settings, found.gl_pathv[i], found.gl_pathv[i],
			   access);
	globfree(&found);
}

int
take_device(void *data, const char *value)
{
	auto_free char *host = copy_text(value);
	char *rest = host, *target = NULL, *access = NULL;
	strsep(&rest, ":");
	if (rest)
		target = strsep(&rest, ":");
	if (rest)
		access = strsep(&rest, ":");
	if (rest || !*host)
		return failx("bad format for path: %s", value);
	if (access && !is_access(access))
		return failx("bad mode specified: %s", access);
	if (!access && target && is_access(target)) {
		access = target;
		target = NULL;
	}
	bool is_many = host[strlen(host) - 1] == '*';
	if (is_many && target)
		return failx("device with * suffix can't have dst: %s", value);
	if (*(target ?: host) != '/')
		return failx("%s is not an absolute path", target ?: host);
	if (is_many)
		add_devices(data, host, access ?: "rwm");
	else
		add_device(data, host, target ?: host, access ?: "rwm");
	return 0;
}

/* "*" or digits, and then `end`; NULL when it is neither. */
static const char *
skip_number(const char *at, char end)
{
	size_t length = *at == '*' ? 1 : strspn(at, "0123456789");
	return length && at[length] == end ? at + length + 1 : NULL;
}

int
take_device_rule(void *words, const char *value)
{
	const char *at = value;
	if (*at && strchr("acb", *at) && at[1] == ' ')
		at = skip_number(at + 2, ':');
	else
		at = NULL;
	if (at)
		at = skip_number(at, ' ');
	if (!at || !is_access(at))
		return failx("invalid device cgroup format '%s'", value);
	words_add(words, value);
	return 0;
}
