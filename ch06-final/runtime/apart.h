/*
 * apart.h - parent: it and its child at work at once, on two CPUs.
 *
 * A child has the kernel make namespaces for half a millisecond, and as long
 * does the parent make cgroups for it.  The kernel may leave a new process on
 * the CPU of its parent, where it waits until that one sleeps, though another
 * CPU has nothing to do.
 */
#ifndef APART_H
#define APART_H

/*
 * Leaves the CPU that we are on, if it is `cpu`, the child's, and if we may use
 * another (sched_setaffinity(2)).  Which CPUs we may use is as before.
 */
void apart_from(int cpu);

#endif
