/* dockerfile_expand.c - see dockerfile.h: instructions with values put in. */
#include "dockerfile_part.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "signals.h"
#include "substitute.h"

struct expanding {
	struct dockerfile *file;
	const struct instruction *from;
	struct instruction *to;
	const struct build_scope *scope;
};

static const char *
get(const void *context, const char *name)
{
	return build_scope_get(context, name);
}

/* ---- texts ------------------------------------------------------------- */

static char *
expand_text(const struct expanding *expanding, const char *word,
	    bool keeps_quotes)
{
	struct substitution rules = {
		.escape = expanding->from->escape,
		.keeps_quotes = keeps_quotes,
		.get = get,
		.context = expanding->scope,
	};
	char *result = substitute(&rules, word);
	if (!result)
		complain_at(expanding->file, expanding->from->line,
			    expanding->from->last_line, word);
	return result;
}

static int
expand_in_place(const struct expanding *expanding, char **word)
{
	if (!*word)
		return 0;
	char *result = expand_text(expanding, *word, false);
	if (!result)
		return -1;
	free(*word);
	*word = result;
	return 0;
}

static int
expand_words(const struct expanding *expanding, struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		if (expand_in_place(expanding, &words->items[i]) < 0)
			return -1;
	return 0;
}

static int
expand_pairs(const struct expanding *expanding)
{
	struct instruction *to = expanding->to;
	for (size_t i = 0; i < to->pair_count; i++) {
		if (expand_in_place(expanding, &to->pairs[i].name) < 0 ||
		    expand_in_place(expanding, &to->pairs[i].value) < 0)
			return -1;
		if (*to->pairs[i].name == '\0')
			return complain(expanding->file, to,
					expanding->from->pairs[i].name,
					"%s names can not be blank",
					instruction_name(to->kind));
	}
	return 0;
}

/* ---- ARG --------------------------------------------------------------- */

static int
expand_arg(const struct expanding *expanding)
{
	const struct build_scope *outer = expanding->scope;
	const struct dockerfile *file = outer->file;
	auto_build_scope struct build_scope scope;
	build_scope_copy(&scope, outer);
	struct expanding inner = *expanding;
	inner.scope = &scope;
	for (size_t i = 0; i < expanding->to->pair_count; i++) {
		struct name_value *pair = &expanding->to->pairs[i];
		const char *given = variables_get(&file->given, pair->name);
		if (!given && pair->value) {
			if (expand_in_place(&inner, &pair->value) < 0)
				return -1;
		} else {
			if (!given)
				given = variables_get(&file->globals,
						      pair->name);
			free(pair->value);
			pair->value = given ? copy_text(given) : NULL;
		}
		build_scope_declare(&scope, pair);
	}
	return 0;
}

/* ---- COPY and ADD ------------------------------------------------------ */

static int
expand_heredocs(const struct expanding *expanding)
{
	struct instruction *to = expanding->to;
	for (size_t i = 0; i < to->heredoc_count; i++) {
		struct heredoc *heredoc = &to->heredocs[i];
		if (!heredoc->expands)
			continue;
		char *result = expand_text(expanding, heredoc->content, true);
		if (!result)
			return -1;
		free(heredoc->content);
		heredoc->content = result;
	}
	return 0;
}

static bool
is_url(const char *source)
{
	return begins_with(source, "http://") ||
	       begins_with(source, "https://");
}

static int
check_checksum(const struct expanding *expanding)
{
	struct instruction *to = expanding->to;
	const char *checksum = to->checksum;
	if (!checksum)
		return 0;
	if (!begins_with(checksum, "sha256:") ||
	    strlen(checksum) != strlen("sha256:") + 64 ||
	    strspn(checksum + strlen("sha256:"), "0123456789abcdef") != 64)
		return complain(expanding->file, to, "--checksum",
				"invalid checksum digest format: \"%.80s\" is "
				"not \"sha256:\" and 64 hexadecimal digits",
				checksum);
	if (to->words.count != 1 || to->heredoc_count > 0 ||
	    !is_url(to->words.items[0]))
		return complain(expanding->file, to, "--checksum",
				"checksum can't be specified for anything but "
				"one HTTP(S) source");
	return 0;
}

static int
check_destination(const struct expanding *expanding)
{
	struct instruction *to = expanding->to;
	const char *destination = to->destination;
	size_t length = strlen(destination);
	const char *slash = strrchr(destination, '/');
	const char *last = slash ? slash + 1 : destination;
	bool is_directory = length > 0 &&
			    (*last == '\0' || strcmp(last, ".") == 0 ||
			     strcmp(last, "..") == 0);
	if (to->words.count + to->heredoc_count > 1 && !is_directory)
		return complain(expanding->file, to,
				expanding->from->destination,
				"When using %s with more than one source file, "
				"the destination must be a directory and end "
				"with a /", instruction_name(to->kind));
	if (to->kind != INSTRUCTION_COPY)
		return 0;
	for (size_t i = 0; i < to->words.count; i++)
		if (is_url(to->words.items[i]))
			return complain(expanding->file, to,
					expanding->from->words.items[i],
					"source can't be a URL for COPY");
	return 0;
}

static int
expand_files(const struct expanding *expanding)
{
	struct instruction *to = expanding->to;
	if (expand_words(expanding, &to->words) < 0 ||
	    expand_heredocs(expanding) < 0 ||
	    expand_in_place(expanding, &to->destination) < 0 ||
	    expand_in_place(expanding, &to->chown) < 0 ||
	    expand_in_place(expanding, &to->chmod) < 0 ||
	    expand_in_place(expanding, &to->checksum) < 0 ||
	    check_destination(expanding) < 0 || check_checksum(expanding) < 0)
		return -1;
	if (!expanding->file || to->from_stage >= 0)
		return 0;
	return stage_of_from(expanding->file, to, expanding->scope->stage,
			     to->from, &to->from_stage);
}

/* ---- the others -------------------------------------------------------- */

static char *
expand_value(void *context, const char *word)
{
	return expand_text(context, word, false);
}

static int
expand_mount(struct expanding *expanding, const char *flag,
	     struct run_mount *mount)
{
	struct instruction *to = expanding->to;
	struct expanding quiet = *expanding;
	quiet.file = NULL;
	if (mount_parse(flag, expand_value, &quiet, mount) < 0)
		return complain_at(expanding->file, to->line, to->last_line,
				   flag);
	if (!expanding->file)
		return 0;
	return stage_of_from(expanding->file, to, expanding->scope->stage,
			     mount->from, &mount->from_stage);
}

static int
expand_run(struct expanding *expanding)
{
	struct instruction *to = expanding->to;
	size_t count = to->mount_flags.count;
	to->mounts = new_bytes(count * sizeof(struct run_mount));
	for (size_t i = 0; i < count; i++) {
		to->mount_count++;
		if (expand_mount(expanding, to->mount_flags.items[i],
				 &to->mounts[i]) < 0)
			return -1;
	}
	return 0;
}

static int
expand_expose(const struct expanding *expanding)
{
	auto_words struct words specs = { 0 };
	struct words *words = &expanding->to->words;
	if (expand_words(expanding, words) < 0)
		return -1;
	for (size_t i = 0; i < words->count; i++)
		split_blanks(words->items[i], &specs);
	words_free(words);
	if (expose_parse(&specs, words) < 0)
		return complain_at(expanding->file, expanding->from->line,
				   expanding->from->last_line,
				   expanding->from->words.items[0]);
	return 0;
}

static int
expand_signal(const struct expanding *expanding)
{
	struct words *words = &expanding->to->words;
	int number;
	if (expand_words(expanding, words) < 0)
		return -1;
	if (signal_parse(words->items[0], &number) < 0 || number == 0)
		return complain(expanding->file, expanding->to,
				expanding->from->words.items[0],
				"invalid signal: %.60s", words->items[0]);
	return 0;
}

static int
expand_kind(struct expanding *expanding)
{
	switch (expanding->to->kind) {
	case INSTRUCTION_ADD:
	case INSTRUCTION_COPY:
		return expand_files(expanding);
	case INSTRUCTION_ARG:
		return expand_arg(expanding);
	case INSTRUCTION_ENV:
	case INSTRUCTION_LABEL:
		return expand_pairs(expanding);
	case INSTRUCTION_EXPOSE:
		return expand_expose(expanding);
	case INSTRUCTION_RUN:
		return expand_run(expanding);
	case INSTRUCTION_STOPSIGNAL:
		return expand_signal(expanding);
	case INSTRUCTION_USER:
	case INSTRUCTION_VOLUME:
	case INSTRUCTION_WORKDIR:
		return expand_words(expanding, &expanding->to->words);
	default:
		return 0;
	}
}

/* ---- copies ------------------------------------------------------------ */

static char *
copy_maybe(const char *string)
{
	return string ? copy_text(string) : NULL;
}

/* All but the mounts, which only an expanded one has. */
static void
copy_instruction(const struct instruction *from, struct instruction *to)
{
	*to = *from;
	to->words = to->excludes = to->mount_flags = (struct words){ 0 };
	words_add_all(&to->words, from->words.items);
	words_add_all(&to->excludes, from->excludes.items);
	words_add_all(&to->mount_flags, from->mount_flags.items);
	to->code = copy_maybe(from->code);
	to->destination = copy_maybe(from->destination);
	to->chown = copy_maybe(from->chown);
	to->chmod = copy_maybe(from->chmod);
	to->from = copy_maybe(from->from);
	to->checksum = copy_maybe(from->checksum);
	to->network = copy_maybe(from->network);
	to->mounts = NULL;
	to->mount_count = 0;
	to->pairs = NULL;
	to->pair_count = 0;
	for (size_t i = 0; i < from->pair_count; i++)
		add_pair(to, from->pairs[i].name, from->pairs[i].value);
	to->heredocs = new_bytes(from->heredoc_count * sizeof(struct heredoc));
	for (size_t i = 0; i < from->heredoc_count; i++)
		to->heredocs[i] = (struct heredoc){
			.name = copy_text(from->heredocs[i].name),
			.content = copy_text(from->heredocs[i].content),
			.expands = from->heredocs[i].expands,
		};
}

int
instruction_expand(struct dockerfile *file, const struct instruction *from,
		   const struct build_scope *scope, struct instruction *to)
{
	copy_instruction(from, to);
	struct expanding expanding = { .file = file, .from = from, .to = to,
				       .scope = scope };
	if (expand_kind(&expanding) == 0)
		return 0;
	instruction_free(to);
	return -1;
}
