/* tour.c - see tour.h. */
#include "tour.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runid.h"
#include "sys.h"

#define SCRATCH_DIR "/tmp"
#define SCRATCH_PREFIX "mydocker-demo."
enum { EXIT_HELD = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_SKIPPED = 77 };
enum { RUN_SKIPPED = 1 }; /* what tour_skip() returns */

/* What a stage has done, in memory that the guide and all stages share. */
struct progress {
	int steps;
	int held;
	int failed;
	bool waits; /* for Enter, between steps */
	bool on_second_screen;
};

static struct {
	const struct chapter *chapter;
	struct progress *progress;
	bool colour;
	bool wants_shell;
	bool has_terminal; /* to lend to the shell */
	int played; /* experiments so far */
	int interrupted_by;
} tour;

/* ---- narration --------------------------------------------------------- */

static const char *
colour(const char *sequence)
{
	return tour.colour ? sequence : "";
}
#define BOLD colour("\033[1m")
#define DIM colour("\033[2m")
#define RED colour("\033[31m")
#define GREEN colour("\033[32m")
#define PLAIN colour("\033[0m")

static void
print_trace(const char *line)
{
	printf("%s    > %s%s\n", DIM, line, PLAIN);
}

static void
wait_for_enter(void)
{
	if (!tour.progress->waits)
		return;
	printf("%s    [Enter] %s", DIM, PLAIN);
	fflush(stdout);
	char c = 0;
	while (c != '\n' && read(STDIN_FILENO, &c, 1) == 1)
		;
	/* After Ctrl-D run through to the end. */
	tour.progress->waits = c == '\n';
}

/* printf in the narrator's margin. */
#define NARRATE(before, fmt, after)                                           \
	do {                                                                  \
		va_list args_;                                                \
		va_start(args_, fmt);                                         \
		fputs(before, stdout);                                        \
		vprintf(fmt, args_);                                          \
		printf("%s\n", after);                                        \
		va_end(args_);                                                \
	} while (0)

void
tour_step(const char *fmt, ...)
{
	if (tour.progress->steps + tour.played > 0)
		wait_for_enter();
	printf("\n  %s%d. ", BOLD, ++tour.progress->steps);
	NARRATE("", fmt, PLAIN);
}

void
tour_say(const char *fmt, ...)
{
	NARRATE("  ", fmt, "");
}

void
tour_show(const char *what, const char *fmt, ...)
{
	printf("    %-28s ", what);
	NARRATE("", fmt, "");
}

bool
tour_expect(bool held, const char *claim, ...)
{
	if (held)
		printf("    %s[held]%s ", GREEN, PLAIN);
	else
		printf("    %s[FAILED]%s ", RED, PLAIN);
	NARRATE("", claim, "");
	__atomic_add_fetch(held ? &tour.progress->held :
				  &tour.progress->failed,
			   1, __ATOMIC_RELAXED);
	return held;
}

int
tour_skip(const char *fmt, ...)
{
	NARRATE("    [skipped] ", fmt, "");
	return RUN_SKIPPED;
}

/* ---- programs ---------------------------------------------------------- */

static int
wait_status(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("wait for process %d", pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

/* It does not outlive the one who asked for it. */
static _Noreturn void
exec_program(const char *const argv[])
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execvp(argv[0], (char *const *)argv);
	int code = errno;
	dprintf(STDOUT_FILENO, "%s: %s\n", argv[0], strerror(code));
	_exit(code == ENOENT ? 127 : 126);
}

/* In single quotes where a shell would see more than a word in it. */
static void
print_word(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-+=.,:/@%";
	if (*word && strspn(word, plain) == strlen(word)) {
		printf(" %s", word);
		return;
	}
	fputs(" '", stdout);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*word);
	}
	putchar('\'');
}

void
tour_print_command(const char *const argv[], const char *after)
{
	printf("    %s$", BOLD);
	for (const char *const *arg = argv; *arg; arg++)
		print_word(*arg);
	printf("%s%s\n", after, PLAIN);
}

int
tour_run(const char *const argv[])
{
	tour_print_command(argv, "");
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail("make a pipe for %s", argv[0]);
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		exec_program(argv);
	}
	close(ends[1]);
	auto_file FILE *output = fdopen(ends[0], "r");
	if (pid < 0 || !output)
		return fail("run %s", argv[0]);
	auto_free char *line = NULL;
	size_t room = 0;
	while (getline(&line, &room, output) > 0)
		printf("    %s%s", line, strchr(line, '\n') ? "" : "\n");
	return wait_status(pid);
}

/* Our process group comes to the foreground of the terminal.  SIGTTOU would
 * stop one who asks for it from the background (tcsetpgrp(3)). */
static void
take_terminal(void)
{
	sigset_t set, mask;
	sigemptyset(&set);
	sigaddset(&set, SIGTTOU);
	sigprocmask(SIG_BLOCK, &set, &mask);
	tcsetpgrp(STDIN_FILENO, getpgrp());
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

/*
 * It leads a process group of its own, so that Ctrl-C is for what runs in it.
 * A shell makes one by itself; but when it ends it gives the terminal back to
 * the group that it found, and in a pid namespace that has no number.  So it
 * finds its own, and the guide takes the terminal back.
 */
static _Noreturn void
be_shell(void)
{
	if (tour.has_terminal) {
		setpgid(0, 0);
		take_terminal();
	}
	setenv("PS1", "inside# ", 1);
	exec_program((const char *const[]){ "/bin/sh", NULL });
}

int
tour_shell(const char *advice)
{
	if (!tour.wants_shell)
		return 0;
	printf("\n  A shell inside. %s\n  \"exit\" ends it.\n\n", advice);
	fflush(stdout);
	pid_t pid = fork();
	if (pid < 0)
		return fail("start a shell");
	if (pid == 0)
		be_shell();
	return wait_status(pid) < 0 ? -1 : 0;
}

/* ---- the second screen -------------------------------------------------- */

void
tour_screen(bool second)
{
	if (second)
		tour.progress->on_second_screen = true;
	fputs(second ? "\033[?1049h\033[?25l" : "\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	tour.progress->on_second_screen = second;
}

/* ---- the scratch directory --------------------------------------------- */

int
tour_scratch(void)
{
	auto_free char *path =
		text("%s/%s%s", SCRATCH_DIR, SCRATCH_PREFIX, runid());
	/* Not one that is there: /tmp belongs to everybody. */
	if (mkdir(path, 0755) < 0)
		return fail("make the scratch directory %s", path);
	if (sys_mount("mydocker", path, "tmpfs", 0, "mode=0755") < 0)
		return fail("mount a tmpfs on %s", path);
	if (chdir(path) < 0)
		return fail("enter %s", path);
	return 0;
}

/*
 * Remove the bare directories of dead runs and, at the end, of this one.
 * rmdir(2) takes nothing but an empty directory, so this cannot go wrong.
 */
static void
sweep_scratch(bool own_too)
{
	auto_dir DIR *dir = opendir(SCRATCH_DIR);
	struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		size_t skip = strlen(SCRATCH_PREFIX);
		if (strncmp(entry->d_name, SCRATCH_PREFIX, skip) != 0)
			continue;
		const char *id = entry->d_name + skip;
		bool own = strcmp(id, runid()) == 0;
		if (own ? own_too : !runid_is_alive(id))
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
}

/* ---- the guide --------------------------------------------------------- */

/* Kill our children; as the sub-reaper we are the parent of every orphan. */
static void
kill_children(void)
{
	auto_dir DIR *proc = opendir("/proc");
	struct dirent *entry;
	while (proc && (entry = readdir(proc))) {
		char stat[1024];
		int parent;
		auto_free char *path = text("%s/stat", entry->d_name);
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9' ||
		    read_text(dirfd(proc), path, stat, sizeof(stat)) < 0)
			continue;
		const char *after_name = strrchr(stat, ')');
		if (after_name &&
		    sscanf(after_name, ") %*c %d", &parent) == 1 &&
		    parent == getpid())
			kill(atoi(entry->d_name), SIGKILL);
	}
}

/*
 * End what the stage left running.  Each round kills one generation.  What
 * does not die in time may be out of reach even of SIGKILL, such as a process
 * that is frozen (chapter 2): then the experiment's tidy() is needed first.
 */
static void
end_descendants(void)
{
	static const struct timespec death_takes = { .tv_sec = 2 };
	sigset_t child;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);
		if (pid < 0)
			return;
		if (pid > 0)
			continue;
		kill_children();
		if (sigtimedwait(&child, NULL, &death_takes) < 0 &&
		    errno == EAGAIN)
			return;
	}
}

static sigset_t
ending_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	return set;
}

/* What the guide waits for with sigwaitinfo(2), and so keeps blocked. */
static sigset_t
guide_signals(void)
{
	sigset_t set = ending_signals();
	sigaddset(&set, SIGCHLD);
	return set;
}

/* The exit status of the stage, 128+n for a signal. */
static int
attend(pid_t stage)
{
	sigset_t set = guide_signals();
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);
		if (pid == stage)
			return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
						     WEXITSTATUS(status);
		if (pid > 0)
			continue;
		int signal = sigwaitinfo(&set, NULL);
		if (signal < 0 || signal == SIGCHLD)
			continue;
		tour.interrupted_by = signal;
		kill(stage, SIGKILL);
	}
}

static int __attribute__((format(printf, 1, 2)))
usage(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fprintf(stderr, "%s: ", tour.chapter->name);
	vfprintf(stderr, fmt, args);
	fputs("\n", stderr);
	va_end(args);
	return EXIT_USAGE;
}

static int
print(const struct tour_view *view)
{
	return view->print(stdout) < 0 ? usage("%s", failure.text) : EXIT_HELD;
}

/* On the stage: run, then turn what happened into an exit status. */
static int
perform(const struct experiment *experiment)
{
	int result = experiment->run();
	struct progress *done = tour.progress;
	if (result == RUN_SKIPPED)
		return EXIT_SKIPPED;
	if (result < 0) {
		printf("    %s[FAILED]%s %s: %s\n", RED, PLAIN,
		       experiment->name, failure.text);
		return EXIT_FAILED;
	}
	if (done->failed == 0 && done->held == 0 && !tour.wants_shell) {
		printf("    %s[FAILED]%s %s made no claim\n", RED, PLAIN,
		       experiment->name);
		return EXIT_FAILED;
	}
	return done->failed ? EXIT_FAILED : EXIT_HELD;
}

static pid_t
start_stage(const struct experiment *experiment, const struct tour_view *view)
{
	pid_t guide = getpid();
	fflush(stdout);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	sigset_t set = guide_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != guide) /* it died before we asked for the signal */
		_exit(EXIT_FAILED);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGPIPE, SIG_DFL);
	int status = view ? print(view) : perform(experiment);
	fflush(stdout);
	_exit(status);
}

/* Ctrl-C reaches guide and stage alike; the stage may be gone first. */
static void
note_interrupt(void)
{
	sigset_t set = ending_signals();
	int signal = sigtimedwait(&set, NULL, &(struct timespec){ 0 });
	if (signal > 0)
		tour.interrupted_by = signal;
	/* Nobody reads any more (`./demo | head`): that is an end, too. */
	if (fflush(stdout) != 0 && errno == EPIPE)
		tour.interrupted_by = SIGPIPE;
}

/* A stage from its beginning until all of it is undone: its exit status. */
static int
host(const struct experiment *experiment, const struct tour_view *view)
{
	*tour.progress = (struct progress){ .waits = tour.progress->waits };
	pid_t stage = start_stage(experiment, view);
	if (stage < 0) {
		printf("    cannot start a process: %s\n", strerror(errno));
		return EXIT_FAILED;
	}
	int status = attend(stage);
	end_descendants();
	if (tour.has_terminal)
		take_terminal();
	if (tour.progress->on_second_screen)
		tour_screen(false);
	if (experiment->tidy)
		experiment->tidy();
	end_descendants();
	sweep_scratch(true);
	note_interrupt();
	if (status == 128 + SIGPIPE)
		tour.interrupted_by = SIGPIPE;
	return status;
}

static int
play(const struct experiment *experiment)
{
	printf("\n%s%s%s - %s\n", BOLD, experiment->name, PLAIN,
	       experiment->shows);
	int status = host(experiment, NULL);
	if (status >= 128 && !tour.interrupted_by)
		printf("    %s[FAILED]%s %s was killed by signal %d (%s)\n",
		       RED, PLAIN, experiment->name, status - 128,
		       strsignal(status - 128));
	return status;
}

/* Play those named, or all; NULL-terminated.  Returns the exit status. */
static int
play_all(const struct experiment *const *experiments)
{
	int passed = 0, failed = 0, skipped = 0;
	for (; *experiments && !tour.interrupted_by; experiments++) {
		switch (play(*experiments)) {
		case EXIT_HELD:
			passed++;
			break;
		case EXIT_SKIPPED:
			skipped++;
			break;
		default:
			failed++;
		}
		tour.played++;
	}
	if (tour.interrupted_by) {
		printf("\n%s: interrupted (%s); everything is undone\n",
		       tour.chapter->name, strsignal(tour.interrupted_by));
		return 128 + tour.interrupted_by;
	}
	printf("\n%s: %d passed, %d failed, %d skipped\n", tour.chapter->name,
	       passed, failed, skipped);
	return failed ? EXIT_FAILED : EXIT_HELD;
}

/* ---- the command line -------------------------------------------------- */

static int
list(void)
{
	const struct experiment *const *e = tour.chapter->experiments;
	for (; *e; e++)
		printf("%-12s %s\n", (*e)->name, (*e)->shows);
	return EXIT_HELD;
}

static int
help(void)
{
	printf("%s - %s\n\n"
	       "  ./demo                   every experiment, narrated\n"
	       "  ./demo list              the experiments, one a line\n"
	       "  ./demo NAME...           just those\n"
	       "  ./demo NAME --shell      a shell inside what NAME built\n"
	       "  ./demo --dot             the live state as a Graphviz graph\n"
	       "  -v                       show every system call that "
	       "matters\n",
	       tour.chapter->name, tour.chapter->title);
	const struct experiment *const *e = tour.chapter->experiments;
	for (; *e; e++) {
		const struct tour_view *view = (*e)->views;
		for (; view && view->flag; view++)
			printf("  ./demo %-9s %-6s  %s\n", (*e)->name,
			       view->flag, view->shows);
	}
	return EXIT_HELD;
}

static const struct experiment *
find(const char *name)
{
	const struct experiment *const *e = tour.chapter->experiments;
	while (*e && strcmp((*e)->name, name) != 0)
		e++;
	return *e;
}

static const struct tour_view *
find_view(const struct experiment *experiment, const char *flag)
{
	const struct tour_view *view = experiment->views;
	while (view && view->flag && strcmp(view->flag, flag) != 0)
		view++;
	return view && view->flag ? view : NULL;
}

static int
refuse_view(const char *flag)
{
	const struct experiment *const *e = tour.chapter->experiments;
	for (; *e; e++)
		if (find_view(*e, flag))
			return usage("%s goes with one experiment that has "
				     "it, and with nothing else: ./demo %s %s",
				     flag, (*e)->name, flag);
	return usage("unknown flag here: %s (see ./demo --help)", flag);
}

static int
prepare(void)
{
	if (runid_take() < 0)
		return wrap("find out who we are");
	tour.progress = mmap(NULL, sizeof(*tour.progress),
			     PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tour.progress == MAP_FAILED)
		return fail("map a page to count claims in");
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return fail("become the reaper of orphans");
	sigset_t set = guide_signals();
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN); /* not before all is undone */
	signal(SIGCHLD, SIG_DFL); /* ignored, it would hide how a stage ended */
	/* What a killed run left behind goes before this one begins. */
	sweep_scratch(false);
	const struct experiment *const *e = tour.chapter->experiments;
	for (; *e; e++)
		if ((*e)->tidy)
			(*e)->tidy();
	return 0;
}

static int
host_view(const struct experiment *experiment, const struct tour_view *view)
{
	if (prepare() < 0)
		return usage("%s", failure.text);
	int status = host(experiment, view);
	return tour.interrupted_by ? 128 + tour.interrupted_by : status;
}

/* The view alone, of one experiment or, without a name, of the chapter. */
static int
print_view(const char *flag, const struct experiment *const *chosen,
	   size_t count)
{
	const struct tour_view whole = { "--dot", "", tour.chapter->dot };
	const struct tour_view *view = NULL;
	if (count == 0 && strcmp(flag, whole.flag) == 0)
		view = &whole;
	else if (count == 1)
		view = find_view(chosen[0], flag);
	if (!view || tour.wants_shell)
		return refuse_view(flag);
	trace_hook = NULL; /* these lines are for a program to read */
	return count == 1 && chosen[0]->stages_views ?
		       host_view(chosen[0], view) :
		       print(view);
}

static int
run_tour(const struct experiment *const *chosen, size_t count)
{
	bool whole = count == 0;
	if (tour.wants_shell && (count != 1 || !chosen[0]->has_shell))
		return usage("--shell goes with the name of one experiment "
			     "that has a shell%s%s",
			     count == 1 ? ", and this one has none: " : "",
			     count == 1 ? chosen[0]->name : "");
	if (prepare() < 0)
		return usage("%s", failure.text);
	tour.progress->waits = whole && isatty(STDIN_FILENO) &&
			       isatty(STDOUT_FILENO);
	tour.has_terminal = tour.wants_shell &&
			    tcgetpgrp(STDIN_FILENO) == getpgrp();
	if (whole)
		printf("%s%s%s: %s\n", BOLD, tour.chapter->name, PLAIN,
		       tour.chapter->title);
	return play_all(whole ? tour.chapter->experiments : chosen);
}

static int
parse_and_run(int argc, char **argv, const struct chapter *chapter)
{
	tour.chapter = chapter;
	const char *no_colour = getenv("NO_COLOR");
	tour.colour = isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
	setvbuf(stdout, NULL, _IOLBF, 0);

	auto_free const struct experiment **chosen =
		new_bytes((argc + 1) * sizeof(*chosen));
	size_t count = 0;
	const char *view = NULL;
	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];
		if (strcmp(arg, "list") == 0)
			return list();
		if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)
			return help();
		if (strcmp(arg, "-v") == 0)
			trace_hook = print_trace;
		else if (strcmp(arg, "--shell") == 0)
			tour.wants_shell = true;
		else if (arg[0] == '-' && view)
			return refuse_view(arg);
		else if (arg[0] == '-')
			view = arg;
		else if (!(chosen[count++] = find(arg)))
			return usage("no experiment is called \"%s\" (see "
				     "./demo list; run, ps and the other "
				     "verbs are chapter 6's: make ch06)", arg);
	}
	return view ? print_view(view, chosen, count) :
		      run_tour(chosen, count);
}

int
tour_main(int argc, char **argv, const struct chapter *chapter)
{
	int status = parse_and_run(argc, argv, chapter);
	/* A list that did not reach its file must not look like success. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && status <= EXIT_FAILED)
		return usage("write to standard output: %s", strerror(errno));
	return status;
}
