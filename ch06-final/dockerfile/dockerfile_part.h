/*
 * dockerfile_part.h - what the files that make up dockerfile.h say to each
 * other.  A Dockerfile goes through them like this:
 *
 *	dockerfile_source.c	bytes to lines, lines to instructions' texts
 *	dockerfile_heredoc.c	which here-documents a text begins; their lines
 *	dockerfile_words.c	a text to words, flags, JSON
 *	dockerfile_kinds.c	words to struct instruction, kind by kind; and
 *	dockerfile_files.c	COPY and ADD, dockerfile_run.c RUN,
 *	dockerfile_health.c	HEALTHCHECK
 *	dockerfile_parse.c	instructions to stages
 *	dockerfile_say.c	what is wrong, and where
 *
 * and once the variables have values,
 *
 *	dockerfile_resolve.c	which stage needs which
 *	dockerfile_scope.c	the values
 *	dockerfile_expand.c	them put in; dockerfile_mount.c --mount,
 *	dockerfile_expose.c	EXPOSE
 */
#ifndef DOCKERFILE_PART_H
#define DOCKERFILE_PART_H

#include "dockerfile.h"

/* ---- saying what is wrong, and where ----------------------------------- */

/*
 * A failure at an instruction, -1: `word`, found in its lines, is what the
 * caret goes under; NULL is its first.  `file` may be NULL.
 */
#define complain(file, at, word, ...)                                         \
	(failx(__VA_ARGS__),                                                  \
	 complain_at(file, (at)->line, (at)->last_line, word))
/* The same of a failure that is there already. */
int complain_at(struct dockerfile *file, unsigned int line,
		unsigned int last_line, const char *word);

/* Unless "# check=skip=" has its name: "FILE:LINE: RULE: ...". */
void dockerfile_warn(struct dockerfile *file, unsigned int line,
		     const char *rule, const char *fmt, ...)
	printf_like(4, 5);

/* " (did you mean X?)" for a word that is nearly one of these, or ""; the
 * caller frees. */
char *dockerfile_suggest(const char *word, const char *const *known,
			 size_t count);

/* ---- reading ----------------------------------------------------------- */

struct raw_heredoc {
	char *name;
	char *content; /* as it stands in the file */
	bool expands;
	bool is_chomped; /* <<- */
};

/* One instruction's text. */
struct statement {
	unsigned int line, last_line;
	char *text; /* continuation lines joined */
	struct raw_heredoc *heredocs;
	size_t heredoc_count;
};
void statement_free(struct statement *statement);
#define auto_statement __attribute__((cleanup(statement_free)))

/* Fill file->lines, and take what directives there are. */
int dockerfile_read(struct dockerfile *file, const char *content,
		    size_t length);
/* The next one from line `*next` on, a count from 0: 1, or 0 at the end. */
int dockerfile_next(struct dockerfile *file, size_t *next,
		    struct statement *statement);

/* A word that begins a here-document ("<<EOF", "3<<-'EOF'"). */
bool heredoc_word(const char *word, struct raw_heredoc *heredoc);
/* All that an instruction's text begins.  Their content is NULL. */
void heredocs_begun(const char *text, struct statement *statement);
/* The tabs that begin its lines taken away, when it is <<-.  The caller
 * frees. */
char *heredoc_content(const struct raw_heredoc *heredoc);
/* Does an instruction of this name take any? */
bool takes_heredocs(const char *text);

/* ---- words ------------------------------------------------------------- */

/* Space, tab and such; not a newline's business. */
bool is_blank(char c);
const char *skip_blanks(const char *text);
/* Without the blanks at its end.  The caller frees. */
char *trimmed(const char *text);
bool begins_with(const char *text, const char *prefix);

/* By blanks alone. */
void split_blanks(const char *text, struct words *words);
/* By blanks that are not in quotes; the quotes stay. */
void split_quoted(const char *text, char escape, struct words *words);
/* The --flags that begin a text; the rest of it is returned. */
const char *split_flags(const char *text, struct words *flags);
/* 1: an array of strings; 0: not JSON; -1: an array of something else. */
int split_json(const char *text, struct words *words);
/* The fields of one line of comma-separated values. */
int split_csv(const char *text, struct words *fields);

/* ---- instructions ------------------------------------------------------ */

struct reading {
	struct dockerfile *file;
	struct instruction *made;
	const struct statement *statement;
	struct words flags; /* "--from=x" */
	const char *rest;   /* behind name and flags, no blanks at its ends */
};

enum flag_kind {
	FLAG_TEXT,
	FLAG_BOOL,
	FLAG_MAYBE, /* a bool of which it is known whether it was given */
	FLAG_LIST,
};

struct flag {
	const char *name;
	enum flag_kind kind;
	void *value; /* char **, bool *, int *, struct words * */
};

/* All that were written must be among these. */
int take_flags(struct reading *reading, const struct flag *flags,
	       size_t count);

/* A FROM is left in words: its base, or base, "AS" and name; and in from the
 * platform. */
int read_instruction(struct dockerfile *file,
		     const struct statement *statement,
		     struct instruction *made);
/* For an instruction that takes a command: JSON, or a text for the shell. */
int read_command(struct reading *reading, const char *text);
int read_files(struct reading *reading); /* COPY, ADD */
int read_run(struct reading *reading);
int read_health(struct reading *reading);

void add_pair(struct instruction *made, const char *name, const char *value);
void heredocs_free(struct heredoc *heredocs, size_t count);

/* ---- with values ------------------------------------------------------- */

/* A value, or its failure: `context` is what parse_mount() was given. */
typedef char *(*expand_word)(void *context, const char *word);
/* Without `expand`, a flag with variables is looked at for its from= alone. */
int mount_parse(const char *flag, expand_word expand, void *context,
		struct run_mount *mount);
void mount_free(struct run_mount *mount);

/* "80", "8000-8010/udp" and such to the ports one by one, "80/tcp", each
 * once. */
int expose_parse(const struct words *specs, struct words *ports);

/* The stage that a `from` means, in `*number`; an image is -1. */
int stage_of_from(struct dockerfile *file, const struct instruction *at,
		  int stage, const char *from, int *number);

/* A copy, to be changed. */
void build_scope_copy(struct build_scope *to, const struct build_scope *from);

/* "NAME=value" in a list: found, or NULL; and put there, where it was. */
const char *variables_get(const struct words *variables, const char *name);
void variables_set(struct words *variables, const char *name,
		   const char *value);

#endif
