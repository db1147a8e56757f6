/*
 * settings.c - parent.  See settings.h.
 *
 * One table says what is in the file, under which name, and where it is in
 * memory; writing, reading and freeing all go by it.  A member that is zero
 * is not written: not to be there is what zero means.
 */
#include "settings.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETTINGS_VERSION 1

struct field;

/* How one kind of member is written, read and freed.  `write` returns NULL
 * for a zero one; `read` finds it zeroed, and -1 means: not of this kind. */
struct kind {
	const char *noun;
	json_t *(*write)(const struct field *field, const void *at);
	int (*read)(const struct field *field, const json_t *json, void *at);
	void (*release)(const struct field *field, void *at);
};

struct field {
	const char *key;
	const struct kind *kind;
	size_t at;
	const struct field *fields; /* of an object, or of each in a list */
	size_t size, count_at;	    /* a list's */
};

/* ---- texts -------------------------------------------------------------- */

/* A text of JSON is UTF-8, an argument of a program any bytes: such a one is
 * written as {"hex": "ff00"}, which is no text and so cannot be one. */
static json_t *
write_bytes(const char *bytes)
{
	json_t *json = json_string(bytes);
	if (json)
		return json;
	size_t length = strlen(bytes);
	auto_free char *hex = new_bytes(2 * length + 1);
	for (size_t i = 0; i < length; i++)
		sprintf(hex + 2 * i, "%02x", (unsigned char)bytes[i]);
	return json_pack("{s:s}", "hex", hex);
}

static char *
read_hex(const char *hex)
{
	size_t length = strlen(hex);
	if (length % 2 || strspn(hex, "0123456789abcdef") != length)
		return NULL;
	char *bytes = new_bytes(length / 2 + 1);
	for (size_t i = 0; i < length / 2; i++) {
		unsigned int byte = 0;
		sscanf(hex + 2 * i, "%2x", &byte);
		bytes[i] = byte;
	}
	/* 00 would be its end. */
	if (strlen(bytes) == length / 2)
		return bytes;
	free(bytes);
	return NULL;
}

/* NULL when it is neither. */
static char *
read_bytes(const json_t *json)
{
	if (json_is_string(json))
		return copy_text(json_string_value(json));
	const char *hex = json_string_value(json_object_get(json, "hex"));
	return hex && json_object_size(json) == 1 ? read_hex(hex) : NULL;
}

static json_t *
write_text_member(const struct field *field, const void *at)
{
	const char *string = *(char *const *)at;
	(void)field;
	return string ? write_bytes(string) : NULL;
}

static int
read_text_member(const struct field *field, const json_t *json, void *at)
{
	(void)field;
	char *string = read_bytes(json);
	*(char **)at = string;
	return string ? 0 : -1;
}

static void
free_text(const struct field *field, void *at)
{
	(void)field;
	free_scoped(at);
}

static json_t *
write_words(const struct field *field, const void *at)
{
	const struct words *words = at;
	(void)field;
	json_t *array = words->count ? json_array() : NULL;
	for (size_t i = 0; i < words->count; i++)
		json_array_append_new(array, write_bytes(words->items[i]));
	return array;
}

static int
read_words(const struct field *field, const json_t *json, void *at)
{
	(void)field;
	for (size_t i = 0; i < json_array_size(json); i++) {
		auto_free char *word = read_bytes(json_array_get(json, i));
		if (!word)
			return -1;
		words_add(at, word);
	}
	return json_is_array(json) ? 0 : -1;
}

static void
free_words(const struct field *field, void *at)
{
	(void)field;
	words_free(at);
}

/* ---- numbers ------------------------------------------------------------ */

static json_t *
write_flag(const struct field *field, const void *at)
{
	(void)field;
	return *(const bool *)at ? json_true() : NULL;
}

static int
read_flag(const struct field *field, const json_t *json, void *at)
{
	(void)field;
	*(bool *)at = json_is_true(json);
	return json_is_boolean(json) ? 0 : -1;
}

/* 64 bits.  The names that cgroup_limit.h has for the ends of a uint64_t are
 * -1 and -2 in the file. */
static json_t *
write_number(const struct field *field, const void *at)
{
	int64_t number = *(const int64_t *)at;
	(void)field;
	return number ? json_integer(number) : NULL;
}

static int
read_number(const struct field *field, const json_t *json, void *at)
{
	(void)field;
	*(int64_t *)at = json_integer_value(json);
	return json_is_integer(json) ? 0 : -1;
}

/* Zero is a number here: what was not set is SETTINGS_UNSET. */
static json_t *
write_setting(const struct field *field, const void *at)
{
	int64_t number = *(const int64_t *)at;
	(void)field;
	return number != SETTINGS_UNSET ? json_integer(number) : NULL;
}

static json_t *
write_driver(const struct field *field, const void *at)
{
	(void)field;
	return json_string(storage_name(*(const enum storage *)at));
}

static int
read_driver(const struct field *field, const json_t *json, void *at)
{
	const char *name = json_string_value(json);
	(void)field;
	return name ? storage_parse(name, at) : -1;
}

static void
free_nothing(const struct field *field, void *at)
{
	(void)field;
	(void)at;
}

/* ---- ports -------------------------------------------------------------- */

static json_t *
write_port(const struct nat_port *port)
{
	char place[NAT_PLACE_SIZE];
	nat_format_place(port, place);
	*strrchr(place, ':') = '\0';
	json_t *json = json_pack("{s:s, s:i, s:i, s:s}", "hostAddress", place,
				 "hostPort", port->host_port, "port",
				 port->port, "protocol",
				 nat_protocol_name(port->protocol));
	if (port->host_port_last)
		json_object_set_new(json, "hostPortLast",
				    json_integer(port->host_port_last));
	return json;
}

static int
read_address(char *string, struct nat_port *port)
{
	struct in_addr address;
	size_t length = strlen(string);
	port->is_ipv6 = *string == '[';
	if (port->is_ipv6) {
		string[length - 1] = '\0';
		return inet_pton(AF_INET6, string + 1, port->host_address6) ==
				       1 ? 0 : -1;
	}
	if (inet_pton(AF_INET, string, &address) != 1)
		return -1;
	port->host_address = ntohl(address.s_addr);
	return 0;
}

static int
read_port(json_t *json, struct nat_port *port)
{
	const char *place, *protocol;
	int host_port, own_port, last = 0;
	if (json_unpack_ex(json, NULL, JSON_STRICT,
			   "{s:s, s:i, s:i, s:s, s?i}", "hostAddress", &place,
			   "hostPort", &host_port, "port", &own_port,
			   "protocol", &protocol, "hostPortLast", &last) < 0 ||
	    last < 0 || last > 65535 ||
	    host_port < 0 || host_port > 65535 || own_port < 1 ||
	    own_port > 65535)
		return -1;
	auto_free char *copy = copy_text(place);
	port->host_port = host_port;
	port->host_port_last = last;
	port->port = own_port;
	port->protocol = nat_protocol_number(protocol);
	return port->protocol ? read_address(copy, port) : -1;
}

/* ---- objects and lists of them ------------------------------------------ */

static json_t *write_fields(const struct field *fields, const void *from);
static int read_fields(const struct field *fields, const json_t *json,
		       void *into);
static void free_fields(const struct field *fields, void *of);

static json_t *
write_object(const struct field *field, const void *at)
{
	json_t *json = write_fields(field->fields, at);
	if (json_object_size(json))
		return json;
	json_decref(json);
	return NULL;
}

static int
read_object(const struct field *field, const json_t *json, void *at)
{
	return json_is_object(json) ? read_fields(field->fields, json, at) : -1;
}

static void
free_object(const struct field *field, void *at)
{
	free_fields(field->fields, at);
}

/* `at` is the pointer; the count lies `count_at` bytes behind it. */
static size_t *
count_of(const struct field *field, const void *at)
{
	return (size_t *)((const char *)at + field->count_at);
}

static json_t *
write_list(const struct field *field, const void *at)
{
	const char *items = *(char *const *)at;
	size_t count = *count_of(field, at);
	json_t *array = count ? json_array() : NULL;
	for (size_t i = 0; i < count; i++)
		json_array_append_new(
			array,
			field->fields ?
				write_fields(field->fields,
					     items + i * field->size) :
				write_port((const void *)(items +
							  i * field->size)));
	return array;
}

static int
read_list(const struct field *field, const json_t *json, void *at)
{
	size_t count = json_array_size(json);
	char *items = count ? new_bytes(count * field->size) : NULL;
	*(char **)at = items;
	*count_of(field, at) = count;
	for (size_t i = 0; i < count; i++) {
		json_t *one = json_array_get(json, i);
		void *item = items + i * field->size;
		int result = !field->fields ? read_port(one, item) :
			     json_is_object(one) ?
				read_fields(field->fields, one, item) : -1;
		if (result < 0)
			return -1;
	}
	return json_is_array(json) ? 0 : -1;
}

static void
free_list(const struct field *field, void *at)
{
	char *items = *(char **)at;
	for (size_t i = 0; field->fields && i < *count_of(field, at); i++)
		free_fields(field->fields, items + i * field->size);
	free_scoped(at);
	*count_of(field, at) = 0;
}

/* ---- the table ---------------------------------------------------------- */

static const struct kind kind_text = { "a text", write_text_member,
				       read_text_member, free_text };
static const struct kind kind_words = { "a list of texts", write_words,
					read_words, free_words };
static const struct kind kind_flag = { "true or false", write_flag, read_flag,
				       free_nothing };
static const struct kind kind_number = { "a number", write_number,
					 read_number, free_nothing };
static const struct kind kind_setting = { "a number", write_setting,
					  read_number, free_nothing };
static const struct kind kind_driver = { "a storage driver", write_driver,
					 read_driver, free_nothing };
static const struct kind kind_object = { "an object", write_object,
					 read_object, free_object };
static const struct kind kind_list = { "a list of objects", write_list,
				       read_list, free_list };

#define ROW(key, kind, type, member) \
	{ key, &kind_##kind, offsetof(type, member), NULL, 0, 0 }
/* A list's count is always declared right behind its pointer. */
#define LIST(key, type, member, item, fields) \
	{ key, &kind_list, offsetof(type, member), fields, sizeof(item), \
	  sizeof(void *) }

#define V(key, kind, member) ROW(key, kind, struct volume, member)
static const struct field volume_fields[] = {
	V("type", text, type),
	V("source", text, source),
	V("target", text, target),
	V("flags", number, flags),
	V("data", text, data),
	V("mode", text, mode),
	V("propagation", text, propagation),
	V("recursive", text, recursive),
	V("driver", text, driver),
	V("subpath", text, subpath),
	V("imageId", text, image_id),
	V("layers", words, layers),
	V("labels", words, labels),
	V("options", words, options),
	V("anonymous", flag, anonymous),
	V("noCopy", flag, no_copy),
	V("byMount", flag, by_mount),
	V("fromImage", flag, from_image),
	{ 0 }
};

const char *
network_wanted_link(const struct network_wanted *wanted)
{
	size_t length = strlen(NETWORK_LINK_OPTION);
	for (size_t i = 0; i < wanted->driver_options.count; i++) {
		const char *option = wanted->driver_options.items[i];
		if (strncmp(option, NETWORK_LINK_OPTION, length) == 0)
			return option + length;
	}
	return NULL;
}

#define N(key, kind, member) ROW(key, kind, struct network_wanted, member)
static const struct field network_fields[] = {
	N("name", text, name),
	N("aliases", words, aliases),
	N("linkLocal", words, link_local),
	N("driverOptions", words, driver_options),
	N("ip", text, ip),
	N("ip6", text, ip6),
	N("mac", text, mac),
	N("gatewayPriority", number, gw_priority),
	{ 0 }
};

static const struct field device_fields[] = {
	ROW("host", text, struct device_wanted, host),
	ROW("target", text, struct device_wanted, target),
	ROW("access", text, struct device_wanted, access),
	{ 0 }
};

static const struct field ulimit_fields[] = {
	ROW("name", text, struct ulimit, name),
	ROW("soft", number, struct ulimit, soft),
	ROW("hard", number, struct ulimit, hard),
	{ 0 }
};

static const struct field rate_fields[] = {
	ROW("path", text, struct device_rate, path),
	ROW("rate", number, struct device_rate, rate),
	{ 0 }
};

#define H(key, kind, member) ROW(key, kind, struct health_wanted, member)
static const struct field health_fields[] = {
	H("test", words, test),
	H("intervalNs", number, interval_ns),
	H("timeoutNs", number, timeout_ns),
	H("startPeriodNs", number, start_period_ns),
	H("startIntervalNs", number, start_interval_ns),
	H("retries", number, retries),
	{ 0 }
};

#define L(key, kind, member) ROW(key, kind, struct cgroup_limits, member)
static const struct field limit_fields[] = {
	L("memory", number, memory),
	L("memorySwap", number, memory_swap),
	L("memoryReservation", number, memory_reservation),
	L("swappiness", number, swappiness),
	L("oomKillDisable", number, oom_kill_disable),
	L("kernelMemory", number, kernel_memory),
	L("cpuShares", number, cpu_shares),
	L("cpuQuotaUs", number, cpu_quota_us),
	L("cpuPeriodUs", number, cpu_period_us),
	L("cpusetCpus", text, cpuset_cpus),
	L("cpusetMems", text, cpuset_mems),
	L("pids", number, pids),
	L("ioWeight", number, io_weight),
	{ 0 }
};

#define S(key, kind, member) ROW(key, kind, struct settings, member)
#define RATES(key, member) \
	LIST(key, struct settings, member.list, struct device_rate, rate_fields)
static const struct field settings_fields[] = {
	S("name", text, name),
	S("hostname", text, hostname),
	S("domainname", text, domainname),
	S("cidfile", text, cidfile),
	S("labels", words, labels),
	S("annotations", words, annotations),
	S("image", text, image),
	S("imageId", text, image_id),
	S("platform", text, platform),
	S("layers", words, layers),
	S("driver", driver, driver),
	S("entrypoint", words, entrypoint),
	S("cmd", words, cmd),
	S("argv", words, argv),
	S("env", words, env),
	S("cwd", text, cwd),
	S("user", text, user),
	S("groups", words, groups),
	S("terminal", flag, terminal),
	S("interactive", flag, interactive),
	S("window", number, window),
	S("attachStdin", flag, attach_stdin),
	S("attachStdout", flag, attach_stdout),
	S("attachStderr", flag, attach_stderr),
	S("init", flag, init),
	S("remove", flag, remove),
	S("restart", text, restart),
	S("restartMax", number, restart_max),
	S("stopSignal", text, stop_signal),
	S("stopTimeoutS", setting, stop_timeout_s),
	{ "health", &kind_object, offsetof(struct settings, health),
	  health_fields, 0, 0 },
	S("logDriver", text, log_driver),
	S("logOptions", words, log_options),
	S("loopbackOnly", flag, loopback_only),
	LIST("networks", struct settings, networks, struct network_wanted,
	     network_fields),
	LIST("publish", struct settings, publish, struct nat_port, NULL),
	S("publishAll", flag, publish_all),
	S("expose", words, expose),
	S("dns", words, dns),
	S("dnsSearch", words, dns_search),
	S("dnsOptions", words, dns_options),
	S("hosts", words, hosts),
	S("links", words, links),
	S("pid", text, pid),
	S("ipc", text, ipc),
	S("uts", text, uts),
	S("userns", text, userns),
	S("cgroupns", text, cgroupns),
	S("readOnly", flag, read_only),
	LIST("volumes", struct settings, volumes, struct volume, volume_fields),
	S("volumesFrom", words, volumes_from),
	S("volumeDriver", text, volume_driver),
	S("shmSize", number, shm_size),
	{ "limits", &kind_object, offsetof(struct settings, limits),
	  limit_fields, 0, 0 },
	S("nanoCpus", number, nano_cpus),
	S("realtimePeriodUs", number, realtime_period_us),
	S("realtimeRuntimeUs", number, realtime_runtime_us),
	RATES("readBps", read_bps),
	RATES("writeBps", write_bps),
	RATES("readIops", read_iops),
	RATES("writeIops", write_iops),
	RATES("ioWeights", io_weights),
	S("cgroupParent", text, cgroup_parent),
	S("oomScoreAdj", setting, oom_score_adj),
	LIST("ulimits", struct settings, ulimits, struct ulimit, ulimit_fields),
	S("sysctls", words, sysctls),
	S("privileged", flag, privileged),
	S("capAdd", words, cap_add),
	S("capDrop", words, cap_drop),
	S("unmasked", flag, unmasked),
	S("noNewPrivileges", flag, no_new_privileges),
	S("seccomp", text, seccomp),
	S("apparmor", text, apparmor),
	S("securityLabels", words, security_labels),
	LIST("devices", struct settings, devices, struct device_wanted,
	     device_fields),
	S("deviceRules", words, device_rules),
	{ 0 }
};

/* ---- going by it -------------------------------------------------------- */

static json_t *
write_fields(const struct field *fields, const void *from)
{
	json_t *json = json_object();
	for (; fields->key; fields++) {
		json_t *value = fields->kind->write(
			fields, (const char *)from + fields->at);
		if (value)
			json_object_set_new(json, fields->key, value);
	}
	return json;
}

static const struct field *
find_field(const struct field *fields, const char *key)
{
	for (; fields->key; fields++)
		if (strcmp(fields->key, key) == 0)
			return fields;
	return NULL;
}

/* What an inner call has said is kept, with the way to it in front. */
static int
read_fields(const struct field *fields, const json_t *json, void *into)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)json, key, value)
	{
		const struct field *field = find_field(fields, key);
		if (!field)
			return failx("\"%.50s\" is not known", key);
		failure = (struct failure){ 0 };
		if (field->kind->read(field, value,
				      (char *)into + field->at) == 0)
			continue;
		return *failure.text ? wrap("%s", key) :
				       failx("%s: not %s", key,
					     field->kind->noun);
	}
	return 0;
}

static void
free_fields(const struct field *fields, void *of)
{
	for (; fields->key; fields++)
		fields->kind->release(fields, (char *)of + fields->at);
}

/* ---- the whole ---------------------------------------------------------- */

char *
settings_print(const struct settings *settings)
{
	json_t *json = json_pack("{s:i}", "version", SETTINGS_VERSION);
	json_t *rest = write_fields(settings_fields, settings);
	json_object_update(json, rest);
	json_decref(rest);
	char *content = json_dumps(json, JSON_INDENT(2));
	json_decref(json);
	if (!content)
		abort(); /* memory is out */
	return content;
}

static int
take(json_t *json, struct settings *settings)
{
	json_t *version = json_object_get(json, "version");
	if (!json_is_integer(version))
		return failx("there is no version");
	if (json_integer_value(version) != SETTINGS_VERSION)
		return failx("it has version %lld, and only version %d is "
			     "known: it is of another mydocker",
			     (long long)json_integer_value(version),
			     SETTINGS_VERSION);
	json_object_del(json, "version");
	return read_fields(settings_fields, json, settings);
}

int
settings_parse(const char *content, size_t length, struct settings *settings)
{
	*settings = (struct settings)SETTINGS_DEFAULT;
	json_error_t error;
	json_t *json =
		json_loadb(content, length, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		return failx("line %d: %s", error.line, error.text);
	int result = json_is_object(json) ? take(json, settings) :
					    failx("it is no object");
	json_decref(json);
	if (result < 0)
		settings_free(settings);
	return result;
}

int
settings_save(int dir, const struct settings *settings)
{
	auto_free char *content = settings_print(settings);
	/* As with the record: record_save(). */
	return (settings->remove ? write_file_unsynced : write_file)(
		dir, SETTINGS_FILE, content, 0600);
}

int
settings_load(int dir, struct settings *settings)
{
	size_t length;
	*settings = (struct settings)SETTINGS_DEFAULT;
	auto_free char *content = read_all(dir, SETTINGS_FILE, &length);
	if (!content)
		return -1;
	return settings_parse(content, length, settings) < 0 ?
		       wrap("read " SETTINGS_FILE) : 0;
}

int64_t
settings_shm_size(const struct settings *settings)
{
	return settings->shm_size ?: INT64_C(64) << 20;
}

const char *
settings_network(const struct settings *settings)
{
	return settings->network_count ? settings->networks[0].name : "bridge";
}

void
settings_free(struct settings *settings)
{
	free_fields(settings_fields, settings);
	*settings = (struct settings)SETTINGS_DEFAULT;
}
