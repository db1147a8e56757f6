/*
 * hooks.h - run a config.json's hooks: programs that are told the container's
 * state on their standard input.
 *
 * See config.md, "POSIX-platform Hooks".
 */
#ifndef HOOKS_H
#define HOOKS_H

#include "oci_hooks.h"

/*
 * Run all of one kind, one after the other, in the namespaces we are in.  The
 * first that fails - does not exit with 0, or not in time - ends it: a failure
 * with its name, what became of it, and the last it said on standard error.
 * `hooks` may be NULL.
 */
int hooks_run(const struct oci_hooks *hooks, enum oci_hook_kind kind,
	      const char *state_json);

/* The same, but go on after a failure; the first is returned. */
int hooks_run_all(const struct oci_hooks *hooks, enum oci_hook_kind kind,
		  const char *state_json);

#endif
