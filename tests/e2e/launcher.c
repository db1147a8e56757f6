/*
 * launcher.c - a client of the monitor that has no containers: a process takes
 * the part of process 1, so that the monitor can be tried without the rest.
 *
 *	launcher run [OPTIONS] ROOT PROGRAM [ARGUMENT...]
 *	launcher attach|wait|stop|kill9 DIR
 *
 * As the monitor's client program it is called launcher .monitor-start ID and
 * so on; what it is to run then is in the file "argv" of the directory, and
 * what it did goes to "calls" there.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "attach.h"
#include "launch.h"
#include "protocol.h"
#include "record.h"

static char *arguments[64];

static int
die(void)
{
	fprintf(stderr, "launcher: %s\n", failure.text);
	return 125;
}

/* The part of the runtime: a child with the pipes, or on a terminal. */
static int
start(void *data, struct console *console, struct launched *made)
{
	int slave = -1;
	(void)data;
	if (getenv("LAUNCHER_FAILS") ||
	    faccessat(LAUNCH_DIR, "fail", F_OK, 0) == 0)
		return failx("this start is to fail"), -127;
	if (console->terminal) {
		made->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		grantpt(made->master);
		unlockpt(made->master);
		slave = open(ptsname(made->master), O_RDWR | O_NOCTTY);
	}
	made->pid = fork();
	if (made->pid < 0)
		return fail("fork"), -125;
	if (made->pid > 0)
		return 0;
	setsid();
	if (slave >= 0)
		ioctl(slave, TIOCSCTTY, 0);
	for (int i = 0; i < 3; i++)
		dup2(slave >= 0 ? slave : console->theirs[i], i);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	execvp(arguments[0], arguments);
	_exit(127);
}

static void
note_call(int dir, const char *words)
{
	int fd = openat(dir, "calls", O_WRONLY | O_APPEND | O_CREAT, 0600);
	dprintf(fd, "%s\n", words);
	close(fd);
}

static void
read_arguments(int dir)
{
	size_t length;
	char *all = read_all(dir, "argv", &length);
	for (size_t i = 0, at = 0; all && at < length; i++) {
		arguments[i] = all + at;
		at += strlen(all + at) + 1;
	}
}

static int
hidden_verb(const char *verb)
{
	read_arguments(LAUNCH_DIR);
	note_call(LAUNCH_DIR, verb);
	if (strcmp(verb, ".monitor-start") == 0) {
		struct console console = CONSOLE_CLOSED;
		for (int i = 0; i < 3; i++)
			console.theirs[i] = LAUNCH_STDIN + i;
		console.terminal = faccessat(LAUNCH_DIR, "tty", F_OK, 0) == 0;
		struct launched made = LAUNCHED_NOTHING;
		int status = start(NULL, &console, &made);
		return launch_tell(LAUNCH_REPORT, status, &made) < 0;
	}
	if (strcmp(verb, ".monitor-probe") == 0)
		return execlp("sh", "sh", "-c", getenv("LAUNCHER_PROBE"), NULL);
	const char *wait = getenv("LAUNCHER_END");
	return wait ? usleep(atoi(wait) * 1000) : 0;
}

struct run {
	struct launch launch;
	bool detach;
};

static int
option(struct run *run, const char *word, const char *value)
{
	struct launch_plan *plan = &run->launch.plan;
	if (strcmp(word, "-d") == 0)
		return run->detach = true, 1;
	if (strcmp(word, "-i") == 0)
		return plan->interactive = true, 1;
	if (strcmp(word, "-t") == 0)
		return plan->terminal = true, 1;
	if (strcmp(word, "--always") == 0)
		return plan->restart.when = RESTART_ALWAYS, 1;
	if (strcmp(word, "--on-failure") == 0) {
		plan->restart.when = RESTART_ON_FAILURE;
		plan->restart.most = atoi(value);
	} else if (strcmp(word, "--max-size") == 0) {
		plan->log_size = atoi(value);
	} else if (strcmp(word, "--max-file") == 0) {
		plan->log_files = atoi(value);
	} else if (strcmp(word, "--interval") == 0) {
		plan->health.is_wanted = true;
		plan->health.interval_ms = atoi(value);
		plan->health.timeout_ms = 500;
		plan->health.retries = 2;
	} else {
		return 0;
	}
	return 2;
}

/* A directory for it, with what is to be run in "argv". */
static int
prepare(struct launch *launch, struct record *record, char **argv, int *lock)
{
	int containers = records_open(argv[0]);
	if (containers < 0 ||
	    record_create(containers, record, &launch->dir, lock) < 0)
		return -1;
	int file = openat(launch->dir, "argv", O_WRONLY | O_CREAT | O_CLOEXEC,
			  0600);
	for (int i = 0; argv[i + 1]; i++) {
		arguments[i] = argv[i + 1];
		(void)!write(file, arguments[i], strlen(arguments[i]) + 1);
	}
	if (launch->plan.terminal)
		mknodat(launch->dir, "tty", S_IFREG | 0600, 0);
	static char self[4096];
	(void)!readlink("/proc/self/exe", self, sizeof(self) - 1);
	launch->id = record->id;
	launch->monitor = getenv("LAUNCHER_MONITOR");
	launch->client = self;
	launch->lock = lock;
	launch->start = start;
	return 0;
}

static int
launch_timed(struct launch *launch)
{
	struct timespec before, after;
	clock_gettime(CLOCK_MONOTONIC, &before);
	int status = monitor_launch(launch);
	clock_gettime(CLOCK_MONOTONIC, &after);
	if (getenv("LAUNCHER_TIME"))
		fprintf(stderr, "%ld us\n",
			(after.tv_sec - before.tv_sec) * 1000000 +
				(after.tv_nsec - before.tv_nsec) / 1000);
	return status;
}

static int
run(char **argv)
{
	struct run run = { 0 };
	struct launch *launch = &run.launch;
	struct launch_plan *plan = &launch->plan;
	struct console console = CONSOLE_CLOSED;
	struct record record = { .image = "i", .image_id = "i", .command = "c",
				 .ports = "" };
	int lock = -1, attached = -1, ours = -1, code;
	for (int used; (used = option(&run, argv[0], argv[1])); argv += used)
		;
	struct attach_options options = {
		.input = plan->interactive, .output = true, .errors = true,
		.proxy_signals = true,
	};
	plan->input_once = !run.detach;
	console.terminal = plan->terminal;
	console.interactive = plan->interactive;
	launch->console = &console;
	launch->attached = &attached;
	if (prepare(launch, &record, argv, &lock) < 0 ||
	    attach_keys_parse("", &options.keys) < 0 ||
	    console_open(&console) < 0 ||
	    (!run.detach && attach_pair(&options, &ours, &attached) < 0))
		return die();
	int status = launch_timed(launch);
	if (status < 0)
		return die(), -status;
	if (run.detach) {
		printf("%s\n", record.id);
		return 0;
	}
	switch (attach_run(ours, &options, &code)) {
	case ATTACH_EXITED:
		return code;
	case ATTACH_DETACHED:
		fprintf(stderr, "detached\n");
		return 0;
	default:
		return die();
	}
}

static int
talk(const char *verb, const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code = 0;
	if (dir < 0)
		return fail("open %s", path), die();
	if (strcmp(verb, "stop") == 0)
		return attach_stop(dir, 0) < 0 ? die() : 0;
	if (strcmp(verb, "kill9") == 0)
		return attach_stop(dir, SIGKILL) < 0 ? die() : 0;
	if (strcmp(verb, "wait") == 0)
		return attach_wait(dir, &code) < 0 ? die() : code;
	struct attach_options options = {
		.input = true, .output = true, .errors = true,
		.proxy_signals = true,
	};
	int sock = attach_connect(dir, &options);
	if (sock < 0)
		return die();
	enum attach_result result = attach_run(sock, &options, &code);
	return result == ATTACH_EXITED ? code : die();
}

int
main(int argc, char **argv)
{
	if (argc >= 3 && argv[1][0] == '.')
		return hidden_verb(argv[1]);
	if (argc >= 4 && strcmp(argv[1], "run") == 0)
		return run(argv + 2);
	return argc == 3 ? talk(argv[1], argv[2]) : 2;
}
