/* become.h - the privileges an experiment needs, or why it is skipped. */
#ifndef BECOME_H
#define BECOME_H

/*
 * Root here, in a user namespace where need be (ns_become_root()).  0, or
 * tour_skip()'s value where this machine forbids it:
 *
 *	int refused = become_root_or_skip();
 *	if (refused)
 *		return refused;
 */
int become_root_or_skip(void);

/*
 * The call that makes a namespace has failed.  What the machine's policy
 * refuses (EPERM, a limit's ENOSPC or EUSERS, a kind the kernel lacks) is
 * tour_skip()'s value with the failure in it; anything else is -1.
 */
int become_refused(void);

#endif
