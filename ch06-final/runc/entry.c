/*
 * entry.c - parent: what runs before the C library has begun.
 *
 * A verb that starts something executes this program a second time, from where
 * nobody can write to it (self.h).  Then all that the first time has to do is
 * four system calls, and for them the C library need not begin: in a virtual
 * machine that takes longer than the execve(2), for it asks the processor what
 * it can, and each CPUID is a trap.  So the program's entry (ld -e) is here.
 * What is not done here, for whatever reason, main() does: this is the short
 * way, not the check.
 *
 * There is nothing yet: no thread's memory, hence no errno; no memcpy(3), which
 * is one of several to choose from when the processor is known.
 */
#if defined(__x86_64__)

#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "self.h"

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#define PROGRAM "/proc/self/exe"
#define VARIABLES 1000

/* The kernel leaves argc, argv and the environment on the stack, which _start
 * of the C library wants to find as it was. */
__asm__(".text\n"
	".globl entry\n"
	".type entry, @function\n"
	"entry:\n"
	"	mov	%rsp, %r12\n"
	"	mov	%rdx, %r13\n"
	"	mov	%rsp, %rdi\n"
	"	and	$-16, %rsp\n"
	"	call	before_libc\n"
	"	mov	%r12, %rsp\n"
	"	mov	%r13, %rdx\n"
	"	jmp	_start\n");

void before_libc(char **stack);

static long
call(long number, long a, const void *b, long c, const void *d, long e)
{
	long result;
	register const void *fourth __asm__("r10") = d;
	register long fifth __asm__("r8") = e;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth),
			   "r"(fifth)
			 : "rcx", "r11", "memory");
	return result;
}

/* Does the word begin with the other? */
static bool
begins(const char *word, const char *with)
{
	while (*with && *word == *with)
		word++, with++;
	return !*with;
}

/* Something is executed for more words than these, if one of them is an id:
 * that is no harm. */
static bool
starts(char **words)
{
	for (; *words; words++)
		if (begins(*words, "run") || begins(*words, "create") ||
		    begins(*words, "exec"))
			return true;
	return false;
}

/* The environment, and in front of it "MARK=path".  False: it is there already,
 * this is the second time; or there are too many. */
static bool
fill(char **with_mark, char *mark, char **environment)
{
	static const char name[] = SELF_MARK "=";
	size_t count = 0, i = 0;
	for (; environment[count]; count++) {
		if (count == VARIABLES || begins(environment[count], name))
			return false;
		with_mark[1 + count] = environment[count];
	}
	with_mark[0] = mark;
	with_mark[1 + count] = NULL;
	for (; name[i]; i++)
		mark[i] = name[i];
	long length = call(SYS_readlink, (long)PROGRAM, mark + i,
			   4096 - 1, NULL, 0);
	if (length <= 0)
		return false;
	mark[i + length] = '\0';
	return true;
}

void
before_libc(char **stack)
{
	/* struct mount_attr */
	const uint64_t change[4] = { MOUNT_ATTR_RDONLY };
	char *with_mark[VARIABLES + 2];
	char mark[sizeof(SELF_MARK "=") + 4096];
	char **argv = stack + 1;
	char **environment = argv + (uintptr_t)stack[0] + 1;
	if (!starts(argv) || !fill(with_mark, mark, environment))
		return;
	long mount = call(SYS_open_tree, AT_FDCWD, PROGRAM,
			  OPEN_TREE_CLONE, NULL, 0); /* self_let_go() */
	if (mount < 0)
		return;
	if (call(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, change,
		 sizeof(change)) == 0)
		call(SYS_execveat, mount, "", (long)argv, with_mark,
		     AT_EMPTY_PATH);
	call(SYS_close, mount, NULL, 0, NULL, 0);
}

#else

/* As ever. */
__asm__(".globl entry\n.set entry, _start\n");

#endif
