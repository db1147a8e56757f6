/*
 * init.h - what process 1 of a pid namespace has to do.
 *
 *	pid_t pid = init_fork();
 *	if (pid < 0)
 *		return -1;
 *	if (pid == 0)
 *		run_the_program();
 *	return init_run(pid);
 *
 * The kernel ignores signals that process 1 has no handler for, and makes it
 * the parent of every orphan (pid_namespaces(7)).  A program that was not
 * written for the part cannot be stopped, and collects zombies.  So this plays
 * it: the program becomes an ordinary child.  It works in any process that
 * inherits orphans (PR_SET_CHILD_SUBREAPER, prctl(2)).
 */
#ifndef INIT_H
#define INIT_H

#include "base.h"

/*
 * fork(2) for the program.  In the child, 0: signal mask and dispositions are
 * the caller's, it leads a process group of its own, and that is in the
 * foreground of the terminal where the caller's was.  In the parent, its pid:
 * from before the fork on, signals wait for init_run().  -1: no child, and all
 * is as before.  The caller must be single-threaded, and in a session of its
 * own (setsid(2)) if it is to have a terminal.
 */
pid_t init_fork(void);

/*
 * Until the process `pid` of init_fork() ends: pass on every signal but those
 * that are ours (SIGCHLD, SIGTTIN, SIGTTOU, and faults), and wait for all who
 * end.  Then take the terminal back and return its exit status, or 128+n when
 * signal n ended it.  The caller is to exit with it; signals stay blocked.
 */
int init_run(pid_t pid);

#endif
