/*
 * freezer.c - experiment `freezer`: a cgroup that stands still, looked at, and
 * let go on.
 *
 * v1 has a controller for it; every cgroup of v2 has a file.  Where there are
 * both, both are tried: they differ in what a frozen process does when it is
 * killed.
 */
#include "demo.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_stat.h"
#include "clock.h"
#include "load.h"
#include "proc.h"
#include "sys.h"
#include "words.h"

#define STILL_US 100000

/* What the process does, in memory that it shares with us. */
struct pulse {
	volatile uint64_t beats;
	volatile sig_atomic_t signals;
};

static struct pulse *pulse;

static void
note_signal(int signal)
{
	(void)signal;
	pulse->signals++;
}

static _Noreturn int
beat(int sock, uint64_t amount)
{
	(void)sock, (void)amount;
	signal(SIGUSR1, note_signal);
	for (;;)
		pulse->beats++;
}

/* One way to freeze. */
struct freezer {
	struct cgroup cg;	  /* its directory alone */
	const char *file;	  /* in it: whether all stand still */
	const struct cgroup *all; /* which counts the CPU time, too */
};

/* How far it has got. */
struct look {
	uint64_t beats;
	uint64_t cpu_us;
};

/* ---- seen from outside -------------------------------------------------- */

static bool
has_got_on(void *before)
{
	return pulse->beats > *(uint64_t *)before;
}

static bool
has_got_signal(void *data)
{
	(void)data;
	return pulse->signals > 0;
}

/* Does it beat, within ten seconds? */
static bool
beats(void)
{
	uint64_t before = pulse->beats;
	return clock_until(has_got_on, &before);
}

static bool
ends_within(const struct load *load, int milliseconds)
{
	struct pollfd end = { .fd = load->pidfd, .events = POLLIN };
	return poll(&end, 1, milliseconds) == 1;
}

static void
show_status(const struct load *load, const char *key)
{
	auto_free char *value = proc_status(load->pid, key);
	tour_show(key, "%s", value);
}

/* What the freezer's own file says. */
static int
show_freezer(const struct freezer *freezer)
{
	const struct cgroup_dir *dir = &freezer->cg.dirs[0];
	char state[64];
	if (read_text(dir->fd, freezer->file, state, sizeof(state)) < 0)
		return -1;
	for (char *newline; (newline = strchr(state, '\n'));)
		*newline = ' ';
	tour_show(freezer->file, "%s", state);
	return 0;
}

static int
look(const struct freezer *freezer, struct look *look)
{
	struct cgroup_usage usage;
	if (cgroup_read_usage(freezer->all, &usage) < 0)
		return -1;
	*look = (struct look){ pulse->beats, usage.cpu_us };
	tour_show("beats, CPU time used", "%" PRIu64 ", %" PRIu64 " us",
		  look->beats, look->cpu_us);
	return 0;
}

/* ---- the steps ---------------------------------------------------------- */

static int
freeze_and_inspect(const struct freezer *freezer, const struct load *load)
{
	struct look first, later;
	tour_step("v%d: a process that counts, frozen",
		  freezer->cg.dirs[0].in.version);
	bool has_begun = beats();
	if (cgroup_freeze(&freezer->cg, true) < 0 ||
	    show_freezer(freezer) < 0 || look(freezer, &later) < 0)
		return -1;
	/* On its way off the CPU it may be charged a last little. */
	int tries = 0;
	do {
		first = later;
		clock_sleep_us(STILL_US);
		if (look(freezer, &later) < 0)
			return -1;
	} while (later.cpu_us != first.cpu_us && ++tries < 3);
	show_status(load, "State");
	tour_expect(has_begun && later.beats == first.beats &&
			    later.cpu_us == first.cpu_us,
		    "%d ms later: not one beat more, no CPU time used",
		    STILL_US / 1000);
	if (sys_pidfd_send_signal(load->pidfd, SIGUSR1) < 0)
		return fail("send a signal to process %d", load->pid);
	clock_sleep_us(STILL_US / 10);
	show_status(load, "ShdPnd");
	tour_expect(pulse->signals == 0 && pulse->beats == first.beats,
		    "a signal, SIGUSR1, has been sent, and waits");
	return 0;
}

static int
thaw(const struct freezer *freezer)
{
	tour_step("Thawed");
	if (cgroup_freeze(&freezer->cg, false) < 0 ||
	    show_freezer(freezer) < 0)
		return -1;
	bool has_got_it = clock_until(has_got_signal, NULL);
	bool goes_on = beats();
	struct look now;
	if (look(freezer, &now) < 0)
		return -1;
	tour_expect(has_got_it && goes_on, "it has handled the signal, and "
		    "counts on as if nothing had been");
	return 0;
}

/* A frozen process of v1 is out of reach even of SIGKILL. */
static int
kill_frozen(const struct freezer *freezer, struct load *load)
{
	int status;
	bool is_v1 = freezer->cg.dirs[0].in.version == 1;
	tour_step("Frozen again, and killed");
	if (cgroup_freeze(&freezer->cg, true) < 0)
		return -1;
	if (sys_pidfd_send_signal(load->pidfd, SIGKILL) < 0)
		return fail("kill process %d", load->pid);
	bool has_ended = ends_within(load, is_v1 ? STILL_US / 1000 : 10000);
	if (show_freezer(freezer) < 0)
		return -1;
	show_status(load, "State");
	if (is_v1)
		tour_expect(!has_ended, "v1: the SIGKILL waits, too");
	else
		tour_expect(has_ended, "v2: it has died in the ice");
	if (cgroup_freeze(&freezer->cg, false) < 0 ||
	    load_wait(load, &status) < 0)
		return -1;
	tour_show("thawed; how it ended", "%s", words_status(status).text);
	tour_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
		    "the signal was not lost");
	return 0;
}

static int
try_freezer(const struct freezer *freezer)
{
	struct load load;
	*pulse = (struct pulse){ 0 };
	if (load_start(&load, freezer->all, beat, 0) < 0 || load_go(&load) < 0)
		return -1;
	return freeze_and_inspect(freezer, &load) < 0 || thaw(freezer) < 0 ||
			       kill_frozen(freezer, &load) < 0 ?
		       -1 :
		       0;
}

/* With each of the freezers that the cgroup has. */
static int
play(const struct cgroup *all)
{
	int count = 0;
	for (size_t i = 0; i < all->count; i++) {
		const struct cgroup_dir *dir = &all->dirs[i];
		bool is_v2 = dir->in.version == 2;
		if (is_v2 ? faccessat(dir->fd, "cgroup.freeze", F_OK, 0) < 0 :
			    !hierarchy_has(&dir->in, "freezer"))
			continue;
		struct freezer freezer = {
			.cg = { .name = all->name, .dirs = { *dir },
				.count = 1 },
			.file = is_v2 ? "cgroup.events" : "freezer.state",
			.all = all,
		};
		if (try_freezer(&freezer) < 0)
			return -1;
		count++;
	}
	return count ? 0 :
		       tour_skip("needs the freezer controller of v1, or a "
				 "cgroup v2 of Linux 5.2; found: neither");
}

/*
 * A child that waits for our end, whatever that is, and thaws: when we die so
 * does who is frozen, but on v1 not before it is thawed.
 */
static int
thaw_when_we_end(const struct cgroup *all)
{
	pid_t stage = getpid(), pid = sys_fork();
	if (pid != 0)
		return pid < 0 ? fail("start a child that thaws") : 0;
	struct pollfd end = { .fd = sys_pidfd_open(stage), .events = POLLIN };
	if (getppid() == stage)
		poll(&end, 1, -1);
	cgroup_freeze(all, false);
	_exit(0);
}

static int
run(void)
{
	struct cgroup cg;
	int result = load_cgroup_or_skip(&cg, "freezer", NULL);
	if (result)
		return result;
	pulse = mmap(NULL, sizeof(*pulse), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pulse == MAP_FAILED)
		return fail("map memory to share");
	if (thaw_when_we_end(&cg) < 0)
		return -1;
	result = play(&cg);
	cgroup_close(&cg);
	return result;
}

const struct experiment demo_freezer = {
	.name = "freezer",
	.shows = "frozen, inspected, thawed; and killed while frozen",
	.run = run,
	.tidy = load_remove_cgroups,
};
