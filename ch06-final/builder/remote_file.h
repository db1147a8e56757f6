/*
 * remote_file.h - ADD of a URL: fetched once in a build, into its scratch.
 */
#ifndef REMOTE_FILE_H
#define REMOTE_FILE_H

#include "step.h"

/* What the key of the step has of it: the --checksum, or if there is none what
 * the content really has. */
int remote_file_key(struct step_job *job, const char *url,
		    struct cache_key *key);

/* A directory with the file in it: a descriptor, and the file's name, which
 * the caller frees.  It has the --checksum, if one was given. */
int remote_file_open(struct step_job *job, const char *url, char **name);

#endif
