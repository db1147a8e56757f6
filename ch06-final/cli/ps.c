/* ps.c - parent.  `ps`: which containers there are. */
#include "verbs.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "container.h"
#include "format.h"

struct ps_options {
	bool all, quiet, no_trunc;
};

static const struct option_row options[] = {
	SWITCH('a', "all", "Show all containers, not just those running",
	       struct ps_options, all),
	SWITCH('q', "quiet", "Only show container IDs", struct ps_options,
	       quiet),
	SWITCH(0, "no-trunc", "Don't truncate output", struct ps_options,
	       no_trunc),
	{ 0 },
};

static char *
status_words(const struct record *record)
{
	switch (record->status) {
	case STATUS_RUNNING: {
		auto_free char *up =
			format_duration(time(NULL) - record->started);
		return text("Up %s", up);
	}
	case STATUS_EXITED: {
		auto_free char *ago = format_ago(record->finished);
		return text("Exited (%d) %s", record->exit_code, ago);
	}
	default:
		return copy_text("Created");
	}
}

static char *
command_words(const struct record *record, bool whole)
{
	if (whole || strlen(record->command) <= 18)
		return text("\"%s\"", record->command);
	return text("\"%.17s…\"", record->command);
}

#define ROW "%-14s %-18s %-21s %-24s %-36s %-24s %s\n"

static void
print_container(const struct record *record, const struct ps_options *wanted)
{
	auto_free char *id = text("%.*s", wanted->no_trunc ? ID_LENGTH :
							     SHORT_ID,
				  record->id);
	if (wanted->quiet) {
		printf("%s\n", id);
		return;
	}
	auto_free char *status = status_words(record);
	auto_free char *created = format_ago(record->created);
	auto_free char *command = command_words(record, wanted->no_trunc);
	bool running = record->status == STATUS_RUNNING;
	printf(ROW, id, record->image, command, created, status,
	       running ? record->ports : "", record->name);
}

static int
run_ps(const struct verb *verb, int argc, char **argv)
{
	struct ps_options wanted = { 0 };
	int status;
	if (verb_begin(verb, argc, argv, &wanted, 0, 0, &status) < 0 ||
	    (status = verb_settle(verb)) != 0)
		return status;
	auto_close int containers = records_open(verb_root());
	if (containers < 0)
		return verb_error(verb);
	size_t count;
	struct record *records = records_list(containers, &count);
	if (!wanted.quiet)
		printf(ROW, "CONTAINER ID", "IMAGE", "COMMAND", "CREATED",
		       "STATUS", "PORTS", "NAMES");
	for (size_t i = 0; i < count; i++) {
		if (wanted.all || records[i].status == STATUS_RUNNING)
			print_container(&records[i], &wanted);
		record_free(&records[i]);
	}
	free(records);
	return 0;
}

const struct verb verb_ps = {
	.name = "ps",
	.arguments = "",
	.shows = "List containers",
	.options = options,
	.failure_status = 1,
	.run = run_ps,
};
