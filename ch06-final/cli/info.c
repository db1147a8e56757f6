/* info.c - parent.  `info`: what there is, and what it runs on. */
#include "verbs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "allowed.h"
#include "driver.h"
#include "format.h"
#include "hierarchy.h"
#include "rootless.h"
#include "store.h"
#include "table.h"
#include "version.h"
#include "view.h"

struct info_options {
	const char *format;
};

static int
take_format(void *data, const char *value)
{
	((struct info_options *)data)->format = value;
	return 0;
}

static const struct option_row options[] = {
	{ 'f', "format", "STRING", "\"json\", or a Go template", take_format,
	  0 },
	{ 0 },
};

/* ---- facts --------------------------------------------------------------- */

static int
count_containers(json_t *info)
{
	struct view *views;
	size_t count;
	int running = 0, paused = 0;
	if (view_list(verb_root(), &views, &count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		paused += strcmp(views[i].status, "paused") == 0;
		running += strcmp(views[i].status, "running") == 0;
	}
	view_free_list(views, count);
	json_object_set_new(info, "Containers", json_integer(count));
	json_object_set_new(info, "ContainersRunning", json_integer(running));
	json_object_set_new(info, "ContainersPaused", json_integer(paused));
	json_object_set_new(info, "ContainersStopped",
			    json_integer(count - running - paused));
	return 0;
}

static int
count_images(json_t *info)
{
	auto_store struct store store = { 0 };
	auto_words struct words ids = { 0 };
	if (verb_open_store(&store) < 0 ||
	    shelves_list_ids(&store, &ids) < 0)
		return -1;
	json_object_set_new(info, "Images", json_integer(ids.count));
	return 0;
}

/* PRETTY_NAME="Debian GNU/Linux 13 (trixie)" of os-release(5). */
static char *
system_name(void)
{
	auto_free char *all = read_all(AT_FDCWD, "/etc/os-release", NULL);
	const char *found = all ? strstr(all, "PRETTY_NAME=\"") : NULL;
	if (!found)
		return copy_text("Linux");
	found += strlen("PRETTY_NAME=\"");
	return text("%.*s", (int)strcspn(found, "\"\n"), found);
}

static void
set_bool(json_t *info, const char *key, bool value)
{
	json_object_set_new(info, key, json_boolean(value));
}

/* Which limits can be had; as a file of the cgroup, or a controller. */
static void
add_limits(json_t *info)
{
	auto_hierarchies struct hierarchies found = { 0 };
	if (hierarchy_find_all(&found) < 0)
		return;
	const struct hierarchy *memory = hierarchy_with(&found, "memory");
	bool is_v2 = memory && memory->version == 2;
	bool has_cpu = hierarchy_with(&found, "cpu") != NULL;
	const char *limit = is_v2 ? "memory.swap.max" :
				    "memory.memsw.limit_in_bytes";
	auto_free char *swap = text("%s/%s", memory && memory->mount ?
						     memory->mount : "",
				    limit);
	set_bool(info, "MemoryLimit", memory != NULL);
	set_bool(info, "SwapLimit",
		 is_v2 ? access("/proc/swaps", F_OK) == 0 :
			 access(swap, F_OK) == 0);
	set_bool(info, "CpuCfsPeriod", has_cpu);
	set_bool(info, "CpuCfsQuota", has_cpu);
	set_bool(info, "CPUShares", has_cpu);
	set_bool(info, "CPUSet", hierarchy_with(&found, "cpuset") != NULL);
	set_bool(info, "PidsLimit", hierarchy_with(&found, "pids") != NULL);
	set_bool(info, "OomKillDisable", memory && !is_v2);
	json_object_set_new(info, "CgroupDriver", json_string("cgroupfs"));
	json_object_set_new(info, "CgroupVersion",
			    json_string(is_v2 ? "2" : "1"));
}

static void
add_machine(json_t *info)
{
	struct utsname kernel = { 0 };
	struct sysinfo memory = { 0 };
	char forward[8] = "";
	auto_free char *name = system_name();
	auto_free char *now = format_rfc3339(record_now());
	uname(&kernel);
	sysinfo(&memory);
	read_text(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", forward,
		  sizeof(forward));
	set_bool(info, "IPv4Forwarding", *forward == '1');
	json_object_set_new(info, "SystemTime", json_string(now));
	json_object_set_new(info, "LoggingDriver", json_string("json-file"));
	json_object_set_new(info, "KernelVersion", json_words(kernel.release));
	json_object_set_new(info, "OperatingSystem", json_words(name));
	json_object_set_new(info, "OSType", json_string("linux"));
	json_object_set_new(info, "Architecture", json_words(kernel.machine));
	json_object_set_new(info, "NCPU",
			    json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	json_object_set_new(info, "MemTotal",
			    json_integer((json_int_t)memory.totalram *
					 memory.mem_unit));
	json_object_set_new(info, "DockerRootDir", json_words(verb_root()));
	json_object_set_new(info, "Name", json_words(kernel.nodename));
	json_object_set_new(info, "ServerVersion", json_string(VERSION));
	json_object_set_new(info, "Runtimes",
			    json_pack("{s:{s:s}}", "mydocker-oci", "path",
				      "mydocker-oci"));
	json_object_set_new(info, "DefaultRuntime",
			    json_string("mydocker-oci"));
	json_object_set_new(info, "SecurityOptions",
			    json_pack("[s, s]", "name=seccomp,profile=builtin",
				      "name=cgroupns"));
	json_object_set_new(info, "Warnings", json_null());
}

/* Of what is said above of the machine an ordinary user has less. */
static void
add_rootless(json_t *info)
{
	static const char *const limits[] = {
		"MemoryLimit", "SwapLimit", "CpuCfsPeriod", "CpuCfsQuota",
		"CPUShares", "CPUSet", "PidsLimit", "OomKillDisable",
	};
	auto_words struct words warnings = { 0 };
	if (!rootless_is_inside())
		return;
	json_array_append_new(json_object_get(info, "SecurityOptions"),
			      json_string("name=rootless"));
	auto_free char *why = allowed_why_not("memory");
	if (why) {
		auto_free char *line = text("no limits: %s", why);
		words_add(&warnings, line);
	}
	for (size_t i = 0; why && i < countof(limits); i++)
		set_bool(info, limits[i], false);
	rootless_warnings(&warnings);
	auto_free char *no_overlay = driver_why(verb_root());
	if (no_overlay) {
		auto_free char *line = text("no overlay, so aufs: %s",
					    no_overlay);
		words_add(&warnings, line);
	}
	json_t *list = json_array();
	for (size_t i = 0; i < warnings.count; i++) {
		auto_free char *line = text("WARNING: %s", warnings.items[i]);
		json_array_append_new(list, json_words(line));
	}
	json_object_set_new(info, "Warnings", list);
}

static json_t *
info_json(void)
{
	json_t *info = json_object();
	bool is_overlay = verb_driver() == STORAGE_OVERLAY;
	if (count_containers(info) < 0 || count_images(info) < 0) {
		json_decref(info);
		return NULL;
	}
	json_object_set_new(info, "Driver",
			    json_string(is_overlay ? "overlay2" : "aufs"));
	add_limits(info);
	add_machine(info);
	add_rootless(info);
	json_object_set_new(info, "ClientInfo",
			    json_pack("{s:b, s:s}", "Debug", 0, "Context",
				      "default"));
	return info;
}

/* As text: Docker's lines, those of them that mean something here. */
static const char lines[] =
	"Client:\n"
	" Version:    " VERSION "\n"
	" Context:    {{.ClientInfo.Context}}\n"
	" Debug Mode: {{.ClientInfo.Debug}}\n\n"
	"Server:\n"
	" Containers: {{.Containers}}\n"
	"  Running: {{.ContainersRunning}}\n"
	"  Paused: {{.ContainersPaused}}\n"
	"  Stopped: {{.ContainersStopped}}\n"
	" Images: {{.Images}}\n"
	" Server Version: {{.ServerVersion}}\n"
	" Storage Driver: {{.Driver}}\n"
	" Logging Driver: {{.LoggingDriver}}\n"
	" Cgroup Driver: {{.CgroupDriver}}\n"
	" Cgroup Version: {{.CgroupVersion}}\n"
	" Runtimes:{{range $name, $_ := .Runtimes}} {{$name}}{{end}}\n"
	" Default Runtime: {{.DefaultRuntime}}\n"
	" Kernel Version: {{.KernelVersion}}\n"
	" Operating System: {{.OperatingSystem}}\n"
	" OSType: {{.OSType}}\n"
	" Architecture: {{.Architecture}}\n"
	" CPUs: {{.NCPU}}\n"
	" Total Memory: {{.Total}}\n"
	" Name: {{.Name}}\n"
	" Docker Root Dir: {{.DockerRootDir}}"
	"{{range .Warnings}}\n{{.}}{{end}}";

static int
print_info(const char *format)
{
	json_t *info = info_json();
	if (!info)
		return -1;
	auto_free char *total = format_binary_size(json_integer_value(
		json_object_get(info, "MemTotal")));
	json_object_set_new(info, ".Total", json_string(total));
	bool is_json = format && strcmp(format, "json") == 0;
	int result = format_print(is_json ? "{{json .}}" :
				  format  ? format : lines, info, NULL,
				  stdout);
	json_decref(info);
	return result;
}

static int
run_info(const struct verb *verb, int argc, char **argv)
{
	struct info_options wanted = { 0 };
	int status;
	if (verb_begin(verb, argc, argv, &wanted, 0, 0, &status) < 0 ||
	    (status = verb_settle(verb)) != 0)
		return status;
	return print_info(wanted.format) < 0 ? verb_error(verb) : 0;
}

const struct verb verb_info = {
	.name = "info",
	.arguments = "",
	.shows = "Display system-wide information",
	.options = options,
	.failure_status = 1,
	.run = run_info,
};
