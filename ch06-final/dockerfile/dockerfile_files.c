/* dockerfile_files.c - see dockerfile_part.h: COPY and ADD. */
#include "dockerfile_part.h"

#include <stdlib.h>
#include <string.h>

static int
take_copy_flags(struct reading *reading)
{
	struct instruction *made = reading->made;
	const struct flag flags[] = {
		{ "from", FLAG_TEXT, &made->from },
		{ "chown", FLAG_TEXT, &made->chown },
		{ "chmod", FLAG_TEXT, &made->chmod },
		{ "link", FLAG_BOOL, &made->is_link },
		{ "parents", FLAG_BOOL, &made->is_parents },
		{ "exclude", FLAG_LIST, &made->excludes },
	};
	if (take_flags(reading, flags, countof(flags)) < 0)
		return -1;
	if (made->from && strchr(made->from, '$'))
		return complain(reading->file, made, "--from",
				"variable expansion is not supported for "
				"--from, define a new stage with FROM using "
				"ARG from global scope as a workaround");
	return 0;
}

static int
take_add_flags(struct reading *reading)
{
	struct instruction *made = reading->made;
	const struct flag flags[] = {
		{ "chown", FLAG_TEXT, &made->chown },
		{ "chmod", FLAG_TEXT, &made->chmod },
		{ "link", FLAG_BOOL, &made->is_link },
		{ "keep-git-dir", FLAG_BOOL, &made->keeps_git_dir },
		{ "checksum", FLAG_TEXT, &made->checksum },
		{ "unpack", FLAG_MAYBE, &made->unpacks },
		{ "exclude", FLAG_LIST, &made->excludes },
	};
	return take_flags(reading, flags, countof(flags));
}

/* The source `word` is a here-document of the statement: take it over. */
static int
take_heredoc(struct reading *reading, const char *word, const char *name)
{
	const struct statement *statement = reading->statement;
	struct instruction *made = reading->made;
	if (strchr(name, '/') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return complain(reading->file, made, word,
				"here-document %.60s: its name becomes a "
				"file's, so it must be one", name);
	for (size_t i = 0; i < statement->heredoc_count; i++) {
		const struct raw_heredoc *raw = &statement->heredocs[i];
		if (strcmp(raw->name, name) != 0)
			continue;
		made->heredocs = resize_bytes(made->heredocs,
					      (made->heredoc_count + 1) *
						      sizeof(struct heredoc));
		made->heredocs[made->heredoc_count++] = (struct heredoc){
			.name = copy_text(raw->name),
			.content = heredoc_content(raw),
			.expands = raw->expands,
		};
		return 0;
	}
	return complain(reading->file, made, word,
			"here-document %.60s has no content", name);
}

static int
take_source(struct reading *reading, const char *word)
{
	struct raw_heredoc heredoc;
	if (!heredoc_word(word, &heredoc)) {
		words_add(&reading->made->words, word);
		return 0;
	}
	int done = take_heredoc(reading, word, heredoc.name);
	free(heredoc.name);
	return done;
}

static int
take_destination(struct reading *reading, const char *word)
{
	struct raw_heredoc heredoc;
	if (heredoc_word(word, &heredoc)) {
		free(heredoc.name);
		return complain(reading->file, reading->made, word,
				"%s cannot accept a heredoc as a destination",
				instruction_name(reading->made->kind));
	}
	reading->made->destination = copy_text(word);
	return 0;
}

int
read_files(struct reading *reading)
{
	struct instruction *made = reading->made;
	bool is_copy = made->kind == INSTRUCTION_COPY;
	auto_words struct words words = { 0 };
	int is_json = split_json(reading->rest, &words);
	if (is_json < 0)
		return complain_at(reading->file, made->line, made->last_line,
				   reading->rest);
	if (!is_json)
		split_blanks(reading->rest, &words);
	if ((is_copy ? take_copy_flags : take_add_flags)(reading) < 0)
		return -1;
	if (words.count < 2)
		return complain(reading->file, made, reading->rest,
				"%s requires at least two arguments, but only "
				"one was provided. Destination could not be "
				"determined", instruction_name(made->kind));
	for (size_t i = 0; i < words.count - 1; i++) {
		if (is_json)
			words_add(&made->words, words.items[i]);
		else if (take_source(reading, words.items[i]) < 0)
			return -1;
	}
	const char *last = words.items[words.count - 1];
	if (!is_json)
		return take_destination(reading, last);
	made->destination = copy_text(last);
	return 0;
}
