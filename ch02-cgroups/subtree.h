/*
 * subtree.h - which directories of a hierarchy are ours, and which controllers
 * the directory above hands down to them.
 *
 * A directory that we make is marked with an extended attribute, so that
 * another process of ours, today or after a crash, knows it from one that was
 * there before.  The mark also notes the controllers that we enabled in the
 * cgroup.subtree_control above it.  It is kept there and not in a file of
 * ours because it then lives exactly as long as what it speaks of: a reboot
 * leaves nothing stale, and whoever may make the directory may mark it.
 *
 * Descriptors of directories below are open for reading, not O_PATH.
 */
#ifndef SUBTREE_H
#define SUBTREE_H

#include "base.h"

/*
 * Makers and removers of directories below `base` take turns: one that takes
 * a controller back must not meet one that has just counted on it.  Returns a
 * descriptor, which to close is to unlock; waits five seconds at most.
 */
int subtree_lock(const char *base);

/* Mark a directory that we have made (user xattrs need Linux 5.7 here; for
 * older kernels root has trusted ones). */
int subtree_mark(int dir);
bool subtree_is_ours(int dir);

/*
 * What is to be marked is made with this bit, which a cgroup has no other use
 * for, and loses it when it has its mark.  mkdir(2) sets it in the same
 * instant: so one whose maker was killed between the two is ours as well.
 */
#define SUBTREE_UNMARKED S_ISVTX

/*
 * v2: enable in the cgroup.subtree_control of `above`, whose name is `path`
 * for the failure, `controller`, or (NULL) each that every container has a use
 * for, where it has and does not hand down it yet.  Where `above` is not ours,
 * `noted_in` is our directory below it, whose mark is to remember them; else it
 * is -1.  On failure as many as possible were enabled.  The lock must be held.
 */
int subtree_hand_down(int above, const char *path, int noted_in,
		      const char *controller);

/* Is any of those among the controllers of a directory? */
bool subtree_would_hand_down(const char *controllers);

/* Has the marked directory `dir` a note of controllers to be taken back? */
bool subtree_has_note(int dir);

/*
 * v2: the marked directory `dir`, called `name` in `above`, is about to go.
 * Take back what its mark says was enabled above it; where another directory
 * of ours lives in `above` it inherits the note instead.  A controller on
 * which somebody else has come to rely stays: one in which a directory beside
 * ours has a limit set, and one that it hands further down (the kernel says
 * EBUSY to that).  The lock must be held.
 */
void subtree_take_back(int above, int dir, const char *name);

/*
 * Call visit(fd, parent, name, data) for every directory in `dir`, with a
 * descriptor of it; one on which something else is mounted is passed over.
 * Ends early with -1 when a call returns -1.  What vanishes meanwhile is
 * passed over.
 */
typedef int subtree_visitor(int fd, int parent, const char *name, void *data);
int subtree_each_child(int dir, subtree_visitor *visit, void *data);

/* Is there any directory in `dir`? */
bool subtree_has_children(int dir);

/* How deep below one of ours we follow what others have made. */
#define SUBTREE_DEPTH 100

/* How every directory here is opened. */
#define SUBTREE_OPEN (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

#endif
