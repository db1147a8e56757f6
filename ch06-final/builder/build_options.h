/*
 * build_options.h - the command line of `build`: one table, which the verb has
 * for --help and completion, and mydocker-build reads.
 */
#ifndef BUILD_OPTIONS_H
#define BUILD_OPTIONS_H

#include "options.h"
#include "settings.h"
#include "words.h"

struct build_options {
	char *file;	     /* -f; "-": standard input; NULL: Dockerfile */
	struct words tags;   /* -t, as typed */
	struct words args;   /* --build-arg: NAME=VALUE, or NAME */
	struct words labels; /* --label */
	struct words secrets; /* --secret: id=...,src=... or env=... */
	struct words outputs; /* -o: what output_parse() takes */
	struct words uncached; /* --no-cache-filter: lists of stages */
	char *target, *platform, *network, *progress, *iidfile;
	char *provenance, *sbom; /* NULL or "false" */
	bool no_cache, pull, quiet;
	/* Of every RUN: --add-host, --shm-size, --ulimit. */
	struct settings settings;
	/* Of a builder that is no longer there, or of another one; taken, and
	 * without effect. */
	bool removes, removes_always, loads;
	struct words ignored;
};

extern const struct option_row build_option_rows[];

/* What is wrong with them in themselves, in Docker's words. */
int build_options_check(const struct build_options *options);
/* Is this stage among those of --no-cache-filter? */
bool build_options_makes_anew(const struct build_options *options,
			      const char *stage);
void build_options_free(struct build_options *options);

/* --output: "type=tar,dest=-", or a directory alone. */
enum output_kind {
	OUTPUT_IMAGE, /* into the store */
	OUTPUT_LOCAL,
	OUTPUT_TAR,
	OUTPUT_ARCHIVE, /* docker and oci: one that both can read */
};
struct output {
	enum output_kind kind;
	char *dest;	    /* "-": standard output; NULL of an image */
	struct words names; /* of an image or an archive, besides those of -t */
};
/* NULL: what is made where nothing is said, an image. */
int output_parse(const char *string, struct output *output);
void output_free(struct output *output);
#define auto_output __attribute__((cleanup(output_free)))

/* The value of a field of "id=x,src=y"; NULL when there is none.  The caller
 * frees. */
char *build_field(const char *fields, const char *name);

#endif
