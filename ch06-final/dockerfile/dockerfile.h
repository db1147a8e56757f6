/*
 * dockerfile.h - the language of Dockerfiles, from the text to plain structs.
 *
 *	struct dockerfile file;
 *	if (dockerfile_parse("Dockerfile", content, length, &file) < 0 ||
 *	    dockerfile_resolve(&file, &given, target, builder) < 0) {
 *		char *where = dockerfile_excerpt(&file);
 *		... failure.text in one line, and `where` below it ...
 *	}
 *	for each of file.stages:
 *		build_scope_begin_stage(&scope, &file, its number,
 *					env of the base);
 *		for each of its instructions:
 *			instruction_expand(&file, instruction, &scope, &ready);
 *			... carry out `ready`; of an ENV and an ARG, tell the
 *			scope ...
 *			instruction_free(&ready);
 *		build_scope_free(&scope);
 *	dockerfile_free(&file);
 *
 * Nothing here opens a file or runs a program: a Dockerfile is text, and what
 * it means is told by the text alone and by the values of its variables.  The
 * model is BuildKit's frontend, in what is taken and in what is said.
 */
#ifndef DOCKERFILE_H
#define DOCKERFILE_H

#include "base.h"
#include "words.h"

enum instruction_kind {
	INSTRUCTION_ADD,
	INSTRUCTION_ARG,
	INSTRUCTION_CMD,
	INSTRUCTION_COPY,
	INSTRUCTION_ENTRYPOINT,
	INSTRUCTION_ENV,
	INSTRUCTION_EXPOSE,
	INSTRUCTION_FROM, /* never in a list: it begins a stage */
	INSTRUCTION_HEALTHCHECK,
	INSTRUCTION_LABEL,
	INSTRUCTION_MAINTAINER,
	INSTRUCTION_ONBUILD,
	INSTRUCTION_RUN,
	INSTRUCTION_SHELL,
	INSTRUCTION_STOPSIGNAL,
	INSTRUCTION_USER,
	INSTRUCTION_VOLUME,
	INSTRUCTION_WORKDIR,
};
/* "COPY". */
const char *instruction_name(enum instruction_kind kind);

/* Of ENV, LABEL and ARG.  Only of an ARG `value` can be NULL: no default. */
struct name_value {
	char *name, *value;
};

/* <<NAME ... NAME.  Of <<-NAME the tabs that begin the lines are gone. */
struct heredoc {
	char *name, *content;
	bool expands; /* variables are replaced: the name was not quoted */
};

enum run_mount_kind {
	RUN_MOUNT_BIND,
	RUN_MOUNT_CACHE,
	RUN_MOUNT_TMPFS,
	RUN_MOUNT_SECRET,
};

enum run_mount_sharing {
	RUN_MOUNT_SHARED,
	RUN_MOUNT_PRIVATE,
	RUN_MOUNT_LOCKED,
};

/* RUN --mount=...  What was not given is NULL, or has its `has_` unset. */
struct run_mount {
	enum run_mount_kind kind;
	enum run_mount_sharing sharing; /* cache */
	char *from;	  /* bind, cache: a stage or an image */
	int from_stage;	  /* `from` is this stage; -1: an image, or NULL */
	char *source;	  /* bind, cache: within `from`, or the context */
	char *target;	  /* NULL only for a secret that goes to `env` alone */
	char *id;	  /* cache: NULL is `target`; secret: never NULL */
	char *env;	  /* secret: a variable that gets it */
	bool read_only;	  /* what holds, told or not */
	bool is_required; /* secret: to lack is an error */
	bool has_mode, has_uid, has_gid, has_size;
	uint32_t mode, uid, gid;
	uint64_t size; /* tmpfs: bytes */
};

/* HEALTHCHECK.  The times are nanoseconds, as in an image's config; 0 was not
 * given.  The command is in `words`. */
struct health_options {
	bool is_none; /* HEALTHCHECK NONE */
	int64_t interval, timeout, start_period, start_interval;
	unsigned int retries;
};

struct instruction {
	enum instruction_kind kind;
	unsigned int line, last_line; /* from 1; here-documents included */
	char *code;   /* as written, continuation lines joined to one */
	char escape;  /* '\\', or '`': of the file it is from */

	/*
	 * RUN CMD ENTRYPOINT	the command: one word when is_shell
	 * HEALTHCHECK		the same
	 * COPY ADD		the sources that are no here-documents
	 * EXPOSE		"80/tcp", ports one by one once expanded
	 * VOLUME SHELL		the words
	 * WORKDIR USER STOPSIGNAL MAINTAINER	the one word
	 * ONBUILD		the trigger, to instruction_parse() later
	 */
	struct words words;
	/* RUN CMD ENTRYPOINT HEALTHCHECK: words[0] is for the SHELL. */
	bool is_shell;
	/* RUN <<EOF whose content begins with "#!": words[0] is a program's
	 * text, to be written to a file and executed, and is_shell is unset.
	 * (Here-documents of a RUN are otherwise in words[0] already: alone,
	 * the content is the command; with a command, as a shell reads it.) */
	bool is_script;
	/* COPY ADD: sources; RUN: for those who show them. */
	struct heredoc *heredocs;
	size_t heredoc_count;

	struct name_value *pairs; /* ENV LABEL ARG */
	size_t pair_count;

	/* COPY and ADD; NULL when not given. */
	char *destination;
	char *chown, *chmod, *from, *checksum;
	int from_stage; /* `from` is this stage; -1: an image, or NULL */
	bool is_link, is_parents, keeps_git_dir;
	int unpacks; /* ADD --unpack: 1, =false: 0, not given: -1 */
	struct words excludes;

	/* RUN */
	struct words mount_flags;  /* as written */
	struct run_mount *mounts;  /* once expanded */
	size_t mount_count;
	char *network; /* "default", "none", "host" */

	struct health_options health;
};

struct build_stage {
	char *name;	/* of AS, in lower case; or NULL */
	char *base_written;	/* of FROM */
	char *platform_written; /* of --platform; or NULL */
	unsigned int line, last_line;
	char *code; /* the FROM as written */
	/* Once resolved, with variables replaced. */
	char *base, *platform;
	int base_stage; /* an earlier stage, or -1 */
	bool is_scratch;
	struct instruction *instructions;
	size_t instruction_count;
};

struct dockerfile {
	char *name;   /* for messages: "Dockerfile" */
	char escape;
	char *syntax; /* of "# syntax=", or NULL */
	char *check;  /* of "# check=": which warnings are not wanted */
	struct instruction *global_args; /* ARG before the first FROM */
	size_t global_arg_count;
	struct build_stage *stages;
	size_t stage_count;
	struct words warnings; /* "Dockerfile:3: RULE: what is not liked" */

	/* Once resolved. */
	struct words given;    /* the --build-arg, "NAME=value" */
	struct words platform; /* "TARGETPLATFORM=linux/amd64" and such */
	struct words globals;  /* what the global ARGs have come to */

	/* Where the last failure was: 0 when nowhere in the text. */
	unsigned int wrong_line, wrong_column;
	struct words lines; /* the text, for excerpts */
};

/*
 * `length` bytes of `content` to `file`; `name` is what messages call it.
 * Whatever comes of it, dockerfile_free() gives it back: after a failure it
 * still has what dockerfile_excerpt() needs.  failure.text begins with
 * "NAME:LINE: ".
 */
int dockerfile_parse(const char *name, const char *content, size_t length,
		     struct dockerfile *file);
void dockerfile_free(struct dockerfile *file); /* may be called twice */
#define auto_dockerfile __attribute__((cleanup(dockerfile_free)))

/*
 * Give the global ARGs their values, find what each FROM means, and which
 * stage each COPY --from.  `given` has "NAME=value" for each --build-arg (a
 * NAME alone the caller has looked up or left out); `target` and `builder` are
 * platforms: "linux/amd64", "linux/arm64/v8".
 */
int dockerfile_resolve(struct dockerfile *file, const struct words *given,
		       const char *target, const char *builder);
/* The number of a stage by its name or number (--target); -1: there is none,
 * with Docker's words. */
int dockerfile_stage(const struct dockerfile *file, const char *name);
/* --build-arg that no ARG asks for, and that are none of the predefined. */
void dockerfile_unused(const struct dockerfile *file, struct words *names);
/* Which stages does this one need, itself included?  `needed` has room for
 * stage_count. */
void dockerfile_needed(struct dockerfile *file, int stage, bool *needed);
/* The same for one instruction: a trigger of the base image, say, met in
 * `stage`.  What is not needed is left as it is. */
int instruction_needs(struct dockerfile *file, int stage,
		      const struct instruction *instruction, bool *needed);

/*
 * The lines around the last failure, that line marked, and a caret under the
 * column when it is known; the caller frees.  "" when it was nowhere.
 */
char *dockerfile_excerpt(const struct dockerfile *file);
/* The same for lines that the caller has something to say about. */
char *dockerfile_show(const struct dockerfile *file, unsigned int line,
		      unsigned int last_line, unsigned int column);

/*
 * One instruction alone: a trigger of ONBUILD in a base image, a --change of
 * commit and import.  `name` is for messages.  FROM is refused.
 */
int instruction_parse(const char *name, const char *code,
		      struct instruction *instruction);
void instruction_free(struct instruction *instruction);
#define auto_instruction __attribute__((cleanup(instruction_free)))

/*
 * The variables of a stage as its instructions are carried out.  An ENV or ARG
 * has no meaning before its line; of two for the same name the later holds, as
 * in BuildKit.
 */
struct build_scope {
	const struct dockerfile *file;
	int stage; /* its number, for --from; -1 at first: any may be meant */
	struct words env;  /* "NAME=value": the config's Env */
	struct words args; /* the ARGs that have a value */
	struct words all;  /* what is in force: the one or the other */
};
/* `env` is the base image's, NULL-terminated; NULL is fine.  Without a PATH it
 * gets the usual one, as in BuildKit, and the image will have it. */
void build_scope_begin(struct build_scope *scope,
		       const struct dockerfile *file, char *const *env);
/*
 * The same for a stage of the file, `env` being that of its base: when it is
 * another stage it has the ARGs of that one, too, and of whatever that one
 * began with.
 */
void build_scope_begin_stage(struct build_scope *scope,
			     struct dockerfile *file, int stage,
			     char *const *env);
void build_scope_free(struct build_scope *scope); /* may be called twice */
#define auto_build_scope __attribute__((cleanup(build_scope_free)))
void build_scope_set_env(struct build_scope *scope, const char *name,
			 const char *value);
/* Of an expanded ARG, whose value is what the name has come to. */
void build_scope_declare(struct build_scope *scope,
			 const struct name_value *arg);
/* NULL: not set. */
const char *build_scope_get(const struct build_scope *scope, const char *name);
/* What a RUN has in its environment: what is in force, and the proxies of
 * --build-arg.  With `for_cache`, without the proxies that no ARG asks for:
 * they are no reason to run it again. */
void build_scope_environment(const struct build_scope *scope, bool for_cache,
			     struct words *environment);

/*
 * `from` with its variables replaced, as its kind has it, and then checked
 * where that had to wait: --mount, EXPOSE, STOPSIGNAL.  Does not change the
 * scope: for ENV and ARG the caller says so, pair by pair, afterwards.  A pair
 * of an ENV sees the values from before the line; one of an ARG those to its
 * left too, and its value is then the --build-arg, the default or the global
 * ARG's, in this order, or NULL.  Where it failed is told as dockerfile_parse()
 * tells it (`file` may be NULL: an instruction alone).
 */
int instruction_expand(struct dockerfile *file, const struct instruction *from,
		       const struct build_scope *scope,
		       struct instruction *to);

#endif
