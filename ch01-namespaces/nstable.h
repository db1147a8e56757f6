/*
 * nstable.h - every process against every kind of namespace.
 *
 *	auto_ns_table struct ns_table table;
 *	if (ns_table_read(&table) < 0)
 *		return -1;
 *	ns_table_fold(&table);
 *	for (size_t i = 0; i < table.count; i++)
 *		... table.rows[i].in[kind]->letter ...
 *
 * Namespaces are found by asking each process in /proc for its own
 * (namespaces(7)): one that is kept alive without a process is not found.  What
 * is not ours to look at (ptrace(2) decides) is counted, never guessed.
 */
#ifndef NSTABLE_H
#define NSTABLE_H

#include "base.h"
#include "ns.h"

#define NS_NO_OWNER ((uid_t)-1)

struct namespace {
	const struct ns_kind *kind;
	struct ns_id id;
	char letter[8]; /* of the n-th of its kind: A, B, ... Z, AA, AB, ... */
	int processes;	/* in it, of those that are ours to look at */
	pid_t first;	/* the lowest pid of these */
	uid_t owner;	/* of a user namespace (ns_owner()), or NS_NO_OWNER */
};

struct ns_row {
	pid_t pid; /* of several processes in one row, the lowest */
	pid_t ppid;
	pid_t nspid;   /* its pid in its own pid namespace; 1: its first */
	uid_t uid;     /* effective */
	char comm[80]; /* any bytes but NUL */
	int processes; /* in this row */
	/* In the order of ns_kinds.  NULL: a zombie, which has left most of
	 * them, or a kind that this kernel lacks. */
	struct namespace *in[NS_KINDS];
};

struct ns_table {
	struct ns_row *rows; /* in the order of pids */
	size_t count;
	struct namespace **namespaces; /* as first met in that order */
	size_t namespace_count;
	unsigned int of_kind[NS_KINDS]; /* how many namespaces of each */
	size_t unseen; /* processes that are not ours to look at */
	void *by_id;   /* the namespaces again, as a tree (tsearch(3)) */
};

/* A row for each process that /proc lists. */
int ns_table_read(struct ns_table *table);
/* One row for all processes that share all their namespaces: that of the
 * lowest pid.  A container is one row, most often. */
void ns_table_fold(struct ns_table *table);
void ns_table_free(struct ns_table *table);
#define auto_ns_table __attribute__((cleanup(ns_table_free), unused))

/* What the n-th namespace of a kind is called, counted from 0. */
void ns_letter(unsigned int n, char letter[8]);

/*
 * The user who made the user namespace of a process: the uid that root in it
 * is outside, in most cases, as seen from our own user namespace.  `process` is
 * a descriptor of the directory /proc/PID.  Since Linux 4.11 (ioctl_ns(2)).
 */
int ns_owner(int process, uid_t *owner);

#endif
