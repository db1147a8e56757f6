/* runc_update.c - parent.  `update`: new limits for a running container. */
#include "runc.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oci_json.h"
#include "oci_linux.h"
#include "runc_log.h"
#include "runc_values.h"

/*
 * Options are put into the JSON that --resources would have been: what the
 * numbers mean, and whether they go together, is found out in one place.
 */
struct wanted {
	json_t *resources; /* NULL: no option has been given */
	const char *file;  /* of --resources */
	struct oci_intel_rdt class;
};

static int
take_file(void *data, const char *value)
{
	((struct wanted *)data)->file = value;
	return *value ? 0 : failx("it is a file, or -");
}

static void
put(struct wanted *wanted, const char *group, const char *key, json_t *value)
{
	if (!wanted->resources)
		wanted->resources = json_object();
	json_t *object = json_object_get(wanted->resources, group);
	if (!object) {
		object = json_object();
		json_object_set_new(wanted->resources, group, object);
	}
	json_object_set_new(object, key, value);
}

static int
put_number(void *data, const char *group, const char *key, const char *value)
{
	uint64_t number;
	bool negative = *value == '-';
	if (parse_number(value + negative, 0, INT64_MAX, &number) < 0)
		return failx("it is a number");
	put(data, group, key,
	    json_integer(negative ? -(json_int_t)number :
				    (json_int_t)number));
	return 0;
}

static int
put_bytes(void *data, const char *group, const char *key, const char *value)
{
	int64_t bytes;
	if (parse_bytes(value, &bytes) < 0)
		return -1;
	put(data, group, key, json_integer(bytes));
	return 0;
}

static int
put_text(void *data, const char *group, const char *key, const char *value)
{
	json_t *string = json_string(value);
	if (!string)
		return failx("it is no text");
	put(data, group, key, string);
	return 0;
}

/* ---- the options -------------------------------------------------------- */

/* take_NAME: by `how`, as the member `key` of `group`. */
#define TAKE(name, how, group, key)                                           \
	static int                                                            \
	take_##name(void *data, const char *value)                            \
	{                                                                     \
		return how(data, group, key, value);                          \
	}
TAKE(blkio_weight, put_number, "blockIO", "weight")
TAKE(cpu_period, put_number, "cpu", "period")
TAKE(cpu_quota, put_number, "cpu", "quota")
TAKE(cpu_burst, put_number, "cpu", "burst")
TAKE(cpu_rt_period, put_number, "cpu", "realtimePeriod")
TAKE(cpu_rt_runtime, put_number, "cpu", "realtimeRuntime")
TAKE(cpu_share, put_number, "cpu", "shares")
TAKE(cpu_idle, put_number, "cpu", "idle")
TAKE(cpus, put_text, "cpu", "cpus")
TAKE(mems, put_text, "cpu", "mems")
TAKE(memory, put_bytes, "memory", "limit")
TAKE(reservation, put_bytes, "memory", "reservation")
TAKE(swap, put_bytes, "memory", "swap")
TAKE(pids, put_number, "pids", "limit")

static int
take_kernel_memory(void *data, const char *value)
{
	(void)data;
	(void)value;
	runc_log_warning("--kernel-memory and --kernel-memory-tcp are "
			 "ignored: kernels since 5.16 have no such limit");
	return 0;
}

static int
take_l3_cache(void *data, const char *value)
{
	((struct wanted *)data)->class.l3_cache_schema = value;
	return strncmp(value, "L3", 2) == 0 ?
		       0 : failx("it is a line such as L3:0=f0;1=f");
}

static int
take_bandwidth(void *data, const char *value)
{
	((struct wanted *)data)->class.mem_bw_schema = value;
	return strncmp(value, "MB:", 3) == 0 ?
		       0 : failx("it is a line such as MB:0=20;1=70");
}

static bool
is_for_class(const struct wanted *wanted)
{
	return wanted->class.l3_cache_schema || wanted->class.mem_bw_schema;
}

static const struct option_row rows[] = {
	{ 'r', "resources", "FILE", "A config.json's \"resources\"; -: stdin",
	  take_file, 0 },
	{ 0, "blkio-weight", "N", "Share of the disk: 10 to 1000",
	  take_blkio_weight, 0 },
	{ 0, "cpu-period", "US", "The CPU quota is for so long",
	  take_cpu_period, 0 },
	{ 0, "cpu-quota", "US", "CPU time in each period", take_cpu_quota, 0 },
	{ 0, "cpu-burst", "US", "CPU time it may save up", take_cpu_burst, 0 },
	{ 0, "cpu-rt-period", "US", "The same for real-time scheduling",
	  take_cpu_rt_period, 0 },
	{ 0, "cpu-rt-runtime", "US", "Real-time CPU time in each period",
	  take_cpu_rt_runtime, 0 },
	{ 0, "cpu-share", "N", "Share of the CPU, where 1024 is usual",
	  take_cpu_share, 0 },
	{ 0, "cpu-idle", "0|1", "1: only what nobody else wants",
	  take_cpu_idle, 0 },
	{ 0, "cpuset-cpus", "LIST", "Which CPUs: 0-2,4", take_cpus, 0 },
	{ 0, "cpuset-mems", "LIST", "Which memory nodes", take_mems, 0 },
	{ 0, "memory", "SIZE", "Memory limit", take_memory, 0 },
	{ 0, "memory-reservation", "SIZE", "What it keeps when memory is short",
	  take_reservation, 0 },
	{ 0, "memory-swap", "SIZE", "Memory and swap together; -1: no limit",
	  take_swap, 0 },
	{ 0, "pids-limit", "N", "Processes and threads", take_pids, 0 },
	{ 0, "kernel-memory", "SIZE", "Ignored", take_kernel_memory, 0 },
	{ 0, "kernel-memory-tcp", "SIZE", "Ignored", take_kernel_memory, 0 },
	{ 0, "l3-cache-schema", "LINE", "Intel RDT: its share of caches",
	  take_l3_cache, 0 },
	{ 0, "mem-bw-schema", "LINE", "Intel RDT: of memory bandwidth",
	  take_bandwidth, 0 },
	{ 0 },
};

/* ---- the verb ----------------------------------------------------------- */

static char *
read_input(void)
{
	char *content = new_bytes(OCI_DOCUMENT_MAX + 1);
	size_t used = 0;
	ssize_t got;
	while ((got = read(STDIN_FILENO, content + used,
			   OCI_DOCUMENT_MAX + 1 - used)) > 0)
		used += got;
	if (got == 0 && used <= OCI_DOCUMENT_MAX && !memchr(content, 0, used))
		return content;
	if (got < 0)
		fail("read standard input");
	else
		failx("standard input: no text of at most %u bytes",
		      OCI_DOCUMENT_MAX);
	free(content);
	return NULL;
}

static int
read_resources(struct oci_document *document, const struct wanted *wanted)
{
	if (wanted->file && strcmp(wanted->file, "-") != 0)
		return oci_document_read(document, AT_FDCWD, wanted->file);
	if (!wanted->file && !wanted->resources)
		return failx("\"update\" requires --resources, or an option "
			     "for each limit");
	auto_free char *content =
		wanted->file ? read_input() :
			       json_dumps(wanted->resources, JSON_COMPACT);
	return content ? oci_document_parse(document, "resources", content,
					    strlen(content)) : -1;
}

static int
run(const struct runc *runc, void *data, char **words)
{
	struct wanted *wanted = data;
	struct oci_document document = { 0 };
	if (is_for_class(wanted) &&
	    runtime_change_class(runc->root, words[0], &wanted->class) < 0)
		return wrap("Intel RDT");
	if (is_for_class(wanted) && !wanted->file && !wanted->resources)
		return 0;
	int result = read_resources(&document, wanted);
	if (result == 0)
		result = runtime_update(runc->root, words[0], &document);
	oci_document_free(&document);
	return result;
}

static void
release(void *data)
{
	json_decref(((struct wanted *)data)->resources);
}

const struct runc_verb runc_update = {
	.name = "update",
	.arguments = "ID",
	.shows = "change the limits of a running container",
	.more = "Only what is given is changed.  With --resources the other "
		"options are ignored.\n",
	.options = rows,
	.wanted_size = sizeof(struct wanted),
	.least = 1,
	.most = 1,
	.run = run,
	.release = release,
};
