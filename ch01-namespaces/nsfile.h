/*
 * nsfile.h - a namespace by its file: opened, joined, kept without a process.
 *
 *	auto_close int uts = ns_open("/proc/4711/ns/uts", NULL);
 *	if (uts < 0 || ns_pin(uts, "/run/kept") < 0)
 *		return -1;
 *	if (ns_join_files(&uts, 1) < 0)
 *		return -1;
 *
 * A namespace lives as long as something refers to it: a process in it, an
 * open descriptor of its file, or that file bind-mounted on another one
 * (namespaces(7), setns(2)).
 */
#ifndef NSFILE_H
#define NSFILE_H

#include "base.h"
#include "ns.h"

/*
 * The descriptor, close-on-exec, of the namespace behind `path`: a file of
 * /proc/PID/ns or what ns_pin() made.  Refuses every other file, and a
 * namespace that is not of `kind` (NULL: any).
 */
int ns_open(const char *path, const struct ns_kind *kind);

/* The kind of the namespace behind `fd` (ioctl_ns(2)); NULL where there is
 * none. */
const struct ns_kind *ns_kind_of(int fd);

/*
 * Enter the namespaces behind `fds`, at most one of each kind, in an order
 * that works.  To enter a user namespace is to gain every capability in it
 * and to lose those one had outside, so an owner without privilege must enter
 * it before the others, and root must enter the others before it, where they
 * belong to somebody else (user_namespaces(7)).  Hence, as nsenter(1) does:
 * all others first, then the user namespace, then what was refused before.
 * A user namespace that is the caller's own already is left out.
 *
 * With a pid namespace only children born afterwards are in it.  A process
 * with threads cannot enter a user, mount or time namespace.  After a failure
 * the caller may be in some of them, and should end: what it was about to run
 * in there must not run here.
 */
int ns_join_files(const int *fds, size_t count);

/*
 * The same for those namespaces of the process behind `pidfd` that `flags`
 * (CLONE_NEW*) name.  Since Linux 5.8 one call enters all or none, with the
 * rights of before it; where that is refused as invalid, by files: either the
 * kernel is older, or then the failure names the kind.
 */
int ns_join_process(int pidfd, uint64_t flags);

/*
 * Keep the namespace behind `fd` alive on `path`, a file that is made for it.
 * It stays until ns_unpin(), or until the caller's mount namespace ends.  A
 * mount namespace can only be pinned from an older one, and on a mount that
 * has no copies to spread to: it would hold itself.  (Linux 6.18 may take one
 * that was made on another CPU for older than it is, and refuse.)
 */
int ns_pin(int fd, const char *path);

/* Undo that and remove the file.  Nothing to do is no failure; a file that is
 * no namespace's is left alone, and is one. */
int ns_unpin(const char *path);

#endif
