/* version.c - parent.  `version`: what this is. */
#include "version.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "table.h"
#include "verbs.h"

struct version_options {
	const char *format;
};

static int
take_format(void *data, const char *value)
{
	((struct version_options *)data)->format = value;
	return 0;
}

static const struct option_row options[] = {
	{ 'f', "format", "STRING", "\"json\", or a Go template", take_format,
	  0 },
	{ 0 },
};

const char *
version_architecture(void)
{
	static const char *const names[][2] = {
		{ "x86_64", "amd64" },	{ "aarch64", "arm64" },
		{ "i686", "386" },	{ "armv7l", "arm" },
		{ "ppc64le", "ppc64le" }, { "riscv64", "riscv64" },
		{ "s390x", "s390x" },
	};
	struct utsname kernel;
	if (uname(&kernel) < 0)
		return "unknown";
	for (size_t i = 0; i < countof(names); i++)
		if (strcmp(names[i][0], kernel.machine) == 0)
			return names[i][1];
	return "unknown";
}

/* There is no daemon.  But scripts ask for {{.Server.Version}} to see whether
 * containers can be run, and they can: by this program. */
static json_t *
version_json(void)
{
	const char *machine = version_architecture();
	struct utsname kernel = { 0 };
	uname(&kernel);
	json_t *client = json_pack("{s:s, s:s, s:s, s:s, s:s}", "Version",
				   VERSION, "ApiVersion", API_VERSION, "Os",
				   "linux", "Arch", machine, "Context",
				   "default");
	json_t *parts = json_pack("[{s:s, s:s}, {s:s, s:s}]", "Name",
				  "mydocker", "Version", VERSION, "Name",
				  "mydocker-oci", "Version", VERSION);
	json_t *server = json_pack(
		"{s:{s:s}, s:o, s:s, s:s, s:s, s:s, s:s, s:s}", "Platform",
		"Name", "mydocker, without a daemon", "Components", parts,
		"Version", VERSION, "ApiVersion", API_VERSION,
		"MinAPIVersion", API_VERSION, "Os", "linux", "Arch", machine,
		"KernelVersion", kernel.release);
	return json_pack("{s:o, s:o}", "Client", client, "Server", server);
}

static void
print_text(void)
{
	struct utsname kernel = { 0 };
	uname(&kernel);
	printf("Client:\n"
	       " Version:           " VERSION "\n"
	       " API version:       " API_VERSION "\n"
	       " OS/Arch:           linux/%s\n"
	       " Context:           default\n\n"
	       "Server: mydocker, without a daemon\n"
	       " Engine:\n"
	       "  Version:          " VERSION "\n"
	       "  API version:      " API_VERSION
	       " (minimum version " API_VERSION ")\n"
	       "  OS/Arch:          linux/%s\n"
	       "  Kernel:           %s\n"
	       " mydocker-oci:\n"
	       "  Version:          " VERSION "\n",
	       version_architecture(), version_architecture(),
	       kernel.release);
}

static int
run_version(const struct verb *verb, int argc, char **argv)
{
	struct version_options wanted = { 0 };
	int status;
	if (verb_begin(verb, argc, argv, &wanted, 0, 0, &status) < 0)
		return status;
	if (!wanted.format) {
		print_text();
		return 0;
	}
	bool is_json = strcmp(wanted.format, "json") == 0;
	json_t *json = version_json();
	int result = format_print(is_json ? "{{json .}}" : wanted.format, json,
				  NULL, stdout);
	json_decref(json);
	return result < 0 ? verb_error(verb) : 0;
}

const struct verb verb_version = {
	.name = "version",
	.arguments = "",
	.shows = "Show the version information",
	.options = options,
	.failure_status = 1,
	.run = run_version,
};
