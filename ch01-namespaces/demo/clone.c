/*
 * clone.c - experiment `clone`: fork with a choice.
 *
 * The old clone(2) as libc has it: the child begins in a function, on a stack
 * that its parent brings, in the new namespaces that the flags ask for.
 */
#include "demo.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "become.h"
#include "look.h"
#include "nschild.h"
#include "sync.h"
#include "sys.h"

#define STACK_SIZE (1024 * 1024)
#define FLAGS (CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS)
static const char *const ask_pid[] = { "sh", "-c", "echo $$", NULL };

struct stack {
	char *low, *high;
};

struct plan {
	struct stack stack;
	int ours, theirs; /* a pair: the parent's end, and the child's */
	int output;	  /* where the child's shell writes */
};

/* Below it lies a page that may not be touched: a stack that outgrows its
 * memory ends in a SIGSEGV, and not in somebody else's data. */
static int
make_stack(struct stack *stack)
{
	size_t guard = sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, guard + STACK_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (memory == MAP_FAILED || mprotect(memory, guard, PROT_NONE) < 0)
		return fail("map a stack");
	stack->low = memory + guard;
	stack->high = stack->low + STACK_SIZE;
	return 0;
}

static bool
is_on(const struct stack *stack, const void *address)
{
	return (const char *)address >= stack->low &&
	       (const char *)address < stack->high;
}

/* ---- a child by clone() ------------------------------------------------ */

/* What clone() calls; what it returns would be the exit status. */
static int
child(void *data)
{
	const struct plan *plan = data;
	close(plan->ours);
	if (sync_expect(plan->theirs, SYNC_GO, "the parent") < 0)
		return 1;
	int local = getpid();
	tour_step("Inside: the child is in its function, and on its stack.");
	tour_show("getpid()", "%d", local);
	tour_show("the stack", "%p to %p", (void *)plan->stack.low,
		  (void *)plan->stack.high);
	tour_show("a local variable at", "%p", (void *)&local);
	tour_expect(is_on(&plan->stack, &local),
		    "it is on the stack that the parent brought");
	dup2(plan->output, STDOUT_FILENO);
	dup2(plan->output, STDERR_FILENO);
	execve("/bin/sh", (char *const *)ask_pid, environ);
	return 127;
}

static int
look_from_outside(pid_t pid)
{
	tour_step("Outside: the parent got another number for it.");
	auto_free char *pids = look_status(pid, "NSpid");
	auto_free char *expected = text("%d 1", pid);
	tour_show("clone() returned", "%d", pid);
	tour_show("NSpid of the child", "%s", pids);
	tour_expect(strcmp(pids, expected) == 0,
		    "%d out here, 1 in there: one process", pid);

	uint64_t others = 0;
	for (size_t i = 0; i < NS_KINDS; i++) {
		auto_free char *ours = look_link(0, ns_kinds[i].name);
		auto_free char *its = look_link(pid, ns_kinds[i].name);
		if (strcmp(ours, its) == 0)
			continue;
		others |= ns_kinds[i].flag;
		tour_show(ns_kinds[i].name, "ours %s, its %s", ours, its);
	}
	tour_expect(others == FLAGS, "new: what the flags named, no more");
	return 0;
}

static int
meet(pid_t pid, int sock, int output)
{
	if (look_from_outside(pid) < 0 || sync_send(sock, SYNC_GO) < 0)
		return -1;
	/* The child has said all it has to say when its shell does. */
	char answer[32] = "";
	ssize_t length = read(output, answer, sizeof(answer) - 1);
	int status;
	if (length < 0 || waitpid(pid, &status, 0) != pid)
		return fail("listen to the shell");
	tour_say("The child becomes a shell: same process, another program.");
	tour_print_command(ask_pid, "");
	printf("    %s", answer);
	tour_expect(status == 0 && strcmp(answer, "1\n") == 0,
		    "the shell says that it is process 1");
	return 0;
}

static int
clone_on(const struct stack *stack)
{
	struct plan plan = { .stack = *stack };
	int ends[2];
	if (sync_pair(&plan.ours, &plan.theirs) < 0)
		return -1;
	auto_close int sock = plan.ours;
	auto_close int child_sock = plan.theirs;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail("make a pipe");
	auto_close int output = ends[0];
	auto_close int input = plan.output = ends[1];
	fflush(stdout);
	/* Stacks grow downwards: what clone() wants is the upper end. */
	pid_t pid = trace(clone(child, stack->high, FLAGS | SIGCHLD, &plan),
			  "clone(child, %p, CLONE_NEWPID|CLONE_NEWIPC|"
			  "CLONE_NEWUTS|SIGCHLD, plan)", (void *)stack->high);
	if (pid < 0)
		return fail("make a child in new namespaces");
	close_scoped(&child_sock);
	close_scoped(&input);
	return meet(pid, sock, output);
}

/* ---- the wrong end, and no stack at all -------------------------------- */

static int
never(void *data)
{
	(void)data;
	return 0;
}

/* In a process that may die of it.  0: it did not, and neither did its child;
 * n: its child died of signal n. */
static int
clone_on_lower_end(int sock, void *data)
{
	(void)sock;
	const struct stack *stack = data;
	prctl(PR_SET_DUMPABLE, 0);  /* and leave no core file */
	signal(SIGSEGV, SIG_DFL); /* a sanitizer has a handler */
	int status;
	pid_t pid = clone(never, stack->low, SIGCHLD, NULL);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return fail("clone on the lower end");
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static int
try_lower_end(struct stack *stack)
{
	tour_step("The same with the lower end of the stack.");
	tour_say("The first thing put on a stack lies below the address it "
		 "begins with: in the");
	tour_say("guard page here, and in whatever lies there without one.");
	struct ns_child child;
	int status;
	if (ns_child_create(&child, 0, -1, clone_on_lower_end, stack) < 0 ||
	    ns_child_wait(&child, &status) < 0)
		return -1;
	tour_show("SIGSEGV killed", "%s",
		  status == SIGSEGV	  ? "the child" :
		  status == 128 + SIGSEGV ? "the caller, within clone()" :
					    "nobody");
	tour_expect(status == SIGSEGV || status == 128 + SIGSEGV,
		    "nothing of the child's function has run");
	return 0;
}

struct parents {
	const struct stack *stack;
	pid_t local;
};

static int
without_stack(int sock, void *data)
{
	(void)sock;
	struct parents *parents = data;
	int local = getpid();
	tour_show("getpid()", "%d", local);
	tour_show("a local variable at", "%p", (void *)&local);
	tour_show("one of the parent's at", "%p: %d",
		  (void *)&parents->local, parents->local);
	tour_expect(local == 1 && !is_on(parents->stack, &local) &&
			    parents->local > 1,
		    "the same flags, on a copy of its parent's stack: like "
		    "fork");
	return 0;
}

static int
clone_without_stack(const struct stack *stack)
{
	tour_step("clone3, the newer call, needs no stack.");
	tour_say("It takes a structure that can grow: there is room in it for "
		 "more flags, for a");
	tour_say("pidfd, and for a cgroup to be born in.");
	struct parents parents = { stack, getpid() };
	struct ns_child child;
	if (ns_child_create(&child, FLAGS, -1, without_stack, &parents) < 0)
		return -1;
	return ns_child_wait(&child, NULL);
}

static int
run_clone(void)
{
	int refused = become_root_or_skip();
	if (refused)
		return refused;
	struct stack stack;
	if (make_stack(&stack) < 0)
		return -1;
	tour_say("fork() copies the caller. clone() lets it choose: a function "
		 "to begin in, a stack");
	tour_say("of 1 MiB for it, and CLONE_NEWPID, CLONE_NEWIPC, "
		 "CLONE_NEWUTS: no longer shared.");
	if (clone_on(&stack) < 0)
		return become_refused();
	if (try_lower_end(&stack) < 0)
		return -1;
	return clone_without_stack(&stack);
}

const struct experiment demo_clone = {
	.name = "clone",
	.shows = "a child by clone(), on a stack and in namespaces of its own",
	.run = run_clone,
};
