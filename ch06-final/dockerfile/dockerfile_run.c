/* dockerfile_run.c - see dockerfile_part.h: RUN. */
#include "dockerfile_part.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"

static int
check_network(struct reading *reading)
{
	static const char *const known[] = { "default", "none", "host" };
	struct instruction *made = reading->made;
	if (!made->network)
		return 0;
	for (size_t i = 0; i < countof(known); i++)
		if (strcmp(made->network, known[i]) == 0)
			return 0;
	auto_free char *suggestion =
		dockerfile_suggest(made->network, known, countof(known));
	return complain(reading->file, made, "--network",
			"unsupported network mode \"%.60s\"%s", made->network,
			suggestion);
}

/* What lifts the confinement of a RUN is understood, and not done. */
static int
check_security(struct reading *reading, const char *security)
{
	if (!security || strcmp(security, "sandbox") == 0)
		return 0;
	if (strcmp(security, "insecure") == 0)
		return complain(reading->file, reading->made, "--security",
				"security.insecure is not allowed: a RUN here "
				"is always confined, as with "
				"--security=sandbox");
	return complain(reading->file, reading->made, "--security",
			"unsupported security mode \"%.60s\"", security);
}

/* A --mount that has no variables need not wait for their values. */
static int
check_mounts(struct reading *reading)
{
	struct instruction *made = reading->made;
	for (size_t i = 0; i < made->mount_flags.count; i++) {
		const char *flag = made->mount_flags.items[i];
		struct run_mount mount;
		int done = mount_parse(flag, NULL, NULL, &mount);
		mount_free(&mount);
		if (done < 0)
			return complain_at(reading->file, made->line,
					   made->last_line, flag);
	}
	return 0;
}

static int
take_run_flags(struct reading *reading)
{
	struct instruction *made = reading->made;
	auto_free char *security = NULL;
	auto_words struct words devices = { 0 };
	const struct flag flags[] = {
		{ "mount", FLAG_LIST, &made->mount_flags },
		{ "network", FLAG_TEXT, &made->network },
		{ "security", FLAG_TEXT, &security },
		{ "device", FLAG_LIST, &devices },
	};
	if (take_flags(reading, flags, countof(flags)) < 0 ||
	    check_network(reading) < 0 ||
	    check_security(reading, security) < 0)
		return -1;
	if (devices.count > 0)
		return complain(reading->file, made, "--device",
				"--device=%.60s: a RUN gets no devices of the "
				"host here", devices.items[0]);
	return check_mounts(reading);
}

/* For those who show a RUN. */
static void
keep_heredocs(struct reading *reading)
{
	const struct statement *statement = reading->statement;
	struct instruction *made = reading->made;
	made->heredocs = new_bytes(statement->heredoc_count *
				   sizeof(struct heredoc));
	for (size_t i = 0; i < statement->heredoc_count; i++)
		made->heredocs[made->heredoc_count++] = (struct heredoc){
			.name = copy_text(statement->heredocs[i].name),
			.content = heredoc_content(&statement->heredocs[i]),
			.expands = statement->heredocs[i].expands,
		};
}

/*
 * "RUN <<EOF": the content is the command.  "RUN cat <<EOF | sh": the shell
 * gets it as it would read it from a script of its own.
 */
static void
command_of_heredocs(struct reading *reading)
{
	struct instruction *made = reading->made;
	struct raw_heredoc alone;
	made->is_shell = true;
	if (heredoc_word(reading->rest, &alone)) {
		free(alone.name);
		const char *content = made->heredocs[0].content;
		words_add(&made->words, content);
		made->is_script = begins_with(content, "#!");
		made->is_shell = !made->is_script;
		return;
	}
	auto_buffer struct buffer all = { 0 };
	buffer_add_text(&all, reading->rest);
	for (size_t i = 0; i < reading->statement->heredoc_count; i++) {
		buffer_add_char(&all, '\n');
		buffer_add_text(&all, reading->statement->heredocs[i].content);
		buffer_add_text(&all, reading->statement->heredocs[i].name);
	}
	auto_free char *command = buffer_take(&all);
	words_add(&made->words, command);
}

int
read_run(struct reading *reading)
{
	struct instruction *made = reading->made;
	if (take_run_flags(reading) < 0)
		return -1;
	if (*reading->rest && reading->statement->heredoc_count > 0) {
		keep_heredocs(reading);
		command_of_heredocs(reading);
		return 0;
	}
	if (*reading->rest && read_command(reading, reading->rest) < 0)
		return -1;
	if (made->words.count == 0)
		return complain(reading->file, made, NULL,
				"RUN requires at least one argument");
	return 0;
}
