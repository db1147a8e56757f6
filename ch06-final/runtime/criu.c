/* criu.c - parent, and the child until it is criu.  See criu.h. */
#include "criu.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec.h"
#include "oci_config.h"
#include "passfd.h"
#include "sync.h"
#include "sys.h"

extern char **environ;

/* ---- where it is, and where it works ------------------------------------- */

static int
find_program(struct criu *criu, const char *name)
{
	if (geteuid() != 0)
		return failx("containers can be saved and restored by root "
			     "alone: criu is to look into every process");
	criu->program = exec_find(name ? name : "criu", environ);
	if (criu->program)
		return 0;
	return wrap("containers are saved and restored by criu, which is not "
		    "installed here");
}

static int
open_directory(const char *path, bool make)
{
	if (make && make_dirs(path, 0700) < 0)
		return -1;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fail("open %s", path) : fd;
}

int
criu_open(struct criu *criu, const struct criu_options *options,
	  const char *log, bool make)
{
	if (find_program(criu, options->program) < 0)
		return -1;
	criu->images_path = options->images;
	criu->work_path = options->work ? options->work : options->images;
	criu->images = open_directory(criu->images_path, make);
	if (criu->images < 0)
		return wrap("the images");
	/* Logs may be wanted in a place that is not there yet. */
	criu->work = open_directory(criu->work_path, true);
	if (criu->work < 0)
		return wrap("criu's work");
	criu->log = text("%s/%s", criu->work_path, log);
	/* One of an earlier run would be taken for this one's. */
	if (unlinkat(criu->work, log, 0) < 0 && errno != ENOENT)
		return fail("remove the old %s", criu->log);
	return 0;
}

/* ---- what is wanted ------------------------------------------------------ */

void
criu_say(struct criu *criu, const struct criu_options *options,
	 const struct oci_config *config)
{
	struct protobuf *wants = &criu->wants;
	static const uint64_t modes[] = { /* enum criu_cg_mode */
		[CRIU_CGROUPS_SOFT] = 3, [CRIU_CGROUPS_FULL] = 4,
		[CRIU_CGROUPS_STRICT] = 5, [CRIU_CGROUPS_IGNORE] = 0,
	};
	const char *file = "/etc/criu/runc.conf"; /* of all runtimes */
	const char *slash = strrchr(criu->log, '/');
	protobuf_number(wants, CRIU_IMAGES_FD, criu->images);
	protobuf_number(wants, CRIU_WORK_FD, criu->work);
	protobuf_number(wants, CRIU_LOG_LEVEL, 4);
	protobuf_string(wants, CRIU_LOG_FILE, slash + 1);
	protobuf_true(wants, CRIU_NOTIFY_SCRIPTS, true);
	protobuf_true(wants, CRIU_ORPHAN_TERMINAL, true);
	protobuf_true(wants, CRIU_TCP_ESTABLISHED, options->tcp_established);
	protobuf_true(wants, CRIU_EXT_UNIX_SK, options->ext_unix_sk);
	protobuf_true(wants, CRIU_SHELL_JOB, options->shell_job);
	protobuf_true(wants, CRIU_FILE_LOCKS, options->file_locks);
	protobuf_true(wants, CRIU_AUTO_DEDUP, options->auto_dedup);
	protobuf_true(wants, CRIU_LAZY_PAGES, options->lazy_pages);
	protobuf_true(wants, CRIU_MANAGE_CGROUPS, true);
	protobuf_number(wants, CRIU_CGROUPS_MODE, modes[options->cgroups]);
	/* The network is of the engine's making, and so it is again. */
	protobuf_number(wants, CRIU_EMPTY_NAMESPACES, CLONE_NEWNET);
	for (size_t i = 0; i < config->annotations.count; i++)
		if (strcmp(config->annotations.pairs[i].key,
			   "org.criu.config") == 0)
			file = config->annotations.pairs[i].value;
	protobuf_string(wants, CRIU_CONFIG_FILE, *file ? file : NULL);
}

void
criu_say_pair(struct criu *criu, enum criu_want want, const char *first,
	      const char *second)
{
	auto_protobuf struct protobuf pair = { 0 };
	protobuf_string(&pair, 1, first);
	protobuf_string(&pair, 2, second);
	protobuf_message(&criu->wants, want, &pair);
}

void
criu_say_inherit(struct criu *criu, const char *key, int fd)
{
	auto_protobuf struct protobuf inherit = { 0 };
	protobuf_string(&inherit, 1, key);
	protobuf_number(&inherit, 2, fd);
	protobuf_message(&criu->wants, CRIU_INHERIT_FD, &inherit);
	criu->inherited[criu->inherited_count++] = fd;
}

/* ---- the program --------------------------------------------------------- */

/* Under the number that it has been told, in the mount namespace that it is
 * in: it mounts something there. */
static int
open_again(const char *path, int number)
{
	auto_close int fd = open_directory(path, false);
	if (fd < 0)
		return -1;
	return dup2(fd, number) < 0 ? fail("keep %s open", path) : 0;
}

/*
 * The socket is made here, for criu looks for descriptors it has been told the
 * numbers of in the process that made it.  In a session of its own criu does
 * not get what is typed at our terminal, and leaves nothing half frozen.
 */
static int
become_criu(struct criu *criu, int sync, int (*before)(void *data), void *data)
{
	int ends[2];
	char number[16];
	sigset_t none;
	sigemptyset(&none);
	if ((before && before(data) < 0) ||
	    open_again(criu->images_path, criu->images) < 0 ||
	    open_again(criu->work_path, criu->work) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail("make a socket for criu");
	if (sync_send_fd(sync, ends[0]) < 0)
		return -1;
	if (setsid() < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return fail("make a session for criu");
	fcntl(ends[1], F_SETFD, 0);
	for (size_t i = 0; i < criu->inherited_count; i++)
		fcntl(criu->inherited[i], F_SETFD, 0);
	snprintf(number, sizeof(number), "%d", ends[1]);
	char *const argv[] = { (char *)"criu", (char *)"swrk", number, NULL };
	return exec_replace(criu->program, argv, environ);
}

int
criu_start(struct criu *criu, int cgroup, int (*before)(void *data),
	   void *data)
{
	auto_close int theirs = -1;
	if (sync_pair(&criu->sync, &theirs) < 0)
		return -1;
	fflush(NULL);
	criu->pid = sys_clone(0, cgroup, &criu->pidfd);
	if (criu->pid == 0) {
		close_scoped(&criu->sync);
		become_criu(criu, theirs, before, data);
		sync_send_failure(theirs);
		_exit(127);
	}
	return criu->pid < 0 ? fail("start criu") : 0;
}

/* Its exit status, as waitpid(2) has it. */
static int
bury(struct criu *criu)
{
	int status = 0;
	while (criu->pid > 0 && waitpid(criu->pid, &status, 0) < 0 &&
	       errno == EINTR)
		;
	criu->pid = 0;
	close_scoped(&criu->pidfd);
	return status;
}

void
criu_close(struct criu *criu)
{
	if (criu->pid > 0)
		sys_pidfd_send_signal(criu->pidfd, SIGKILL);
	bury(criu);
	while (criu->inherited_count > 0) {
		int fd = criu->inherited[--criu->inherited_count];
		if (fd > STDERR_FILENO)
			close(fd);
	}
	close_scoped(&criu->images);
	close_scoped(&criu->work);
	close_scoped(&criu->sync);
	close_scoped(&criu->sock);
	free_scoped(&criu->program);
	free_scoped(&criu->log);
	protobuf_free(&criu->wants);
}

/* ---- what it says -------------------------------------------------------- */

/* The last three lines of its log that tell of an error go to who listens to
 * warnings; the first of them, which the others come of, to the failure. */
static int
fail_by_log(const struct criu *criu, const char *what)
{
	char *last[3] = { NULL };
	size_t count = 0, size = 0;
	auto_free char *line = NULL;
	auto_file FILE *log = fopen(criu->log, "re");
	while (log && getline(&line, &size, log) > 0) {
		if (!strstr(line, "Error"))
			continue;
		char **place = &last[count++ % countof(last)];
		line[strcspn(line, "\n")] = '\0';
		free(*place);
		*place = copy_text(line);
	}
	size_t first = count > countof(last) ? count - countof(last) : 0;
	auto_free char *cause = text(
		"%s", count ? strstr(last[first % countof(last)], "Error") :
			      "its log tells of no error");
	for (size_t i = first; i < count; i++) {
		failure_set("criu: %s", last[i % countof(last)]);
		runtime_warn();
		free(last[i % countof(last)]);
	}
	return failx("criu %s: %.100s; see %s", what, cause, criu->log);
}

static int
fail_by_end(struct criu *criu)
{
	char what[80];
	int status = bury(criu);
	if (sync_take_failure(criu->sync))
		return -1; /* it has not even become criu */
	if (WIFSIGNALED(status))
		snprintf(what, sizeof(what), "was killed by signal %d",
			 WTERMSIG(status));
	else
		snprintf(what, sizeof(what), "ended with status %d and no "
			 "answer", WEXITSTATUS(status));
	return fail_by_log(criu, what);
}

/* ---- the conversation ---------------------------------------------------- */

struct answer {
	unsigned int task;
	bool success;
	struct criu_event event;
	pid_t pid; /* of what was restored */
};
#define NOTIFY 6
#define MESSAGE_MAX 65536

static void
answer_free(struct answer *answer)
{
	free(answer->event.name);
	close_scoped(&answer->event.fd);
}

static int
read_event(struct protobuf_reader inside, struct criu_event *event)
{
	struct protobuf_field field;
	int more;
	while ((more = protobuf_next(&inside, &field)) > 0) {
		if (field.number == 1 && !event->name)
			event->name = protobuf_text(&field);
		else if (field.number == 2)
			event->pid = field.value;
	}
	return more;
}

static int
read_restored(struct protobuf_reader inside, pid_t *pid)
{
	struct protobuf_field field;
	int more;
	while ((more = protobuf_next(&inside, &field)) > 0)
		if (field.number == 1)
			*pid = field.value;
	return more;
}

/* The message criu_resp. */
static int
read_answer(struct protobuf_reader inside, struct answer *answer)
{
	struct protobuf_field field;
	int more;
	while ((more = protobuf_next(&inside, &field)) > 0) {
		if (field.number == 1)
			answer->task = field.value;
		else if (field.number == 2)
			answer->success = field.value;
		else if (field.number == 4)
			more = read_restored(field.inside, &answer->pid);
		else if (field.number == 5)
			more = read_event(field.inside, &answer->event);
		if (more < 0)
			return -1;
	}
	return more;
}

/* 1, or 0 when criu has gone.  A descriptor may come with it. */
static int
receive(int sock, struct answer *answer)
{
	static unsigned char bytes[MESSAGE_MAX];
	size_t count = 1;
	int fd = -1;
	ssize_t got = passfd_receive(sock, bytes, sizeof(bytes), &fd, &count,
				     0);
	if (got < 0 && errno != ECONNRESET)
		return fail("hear from criu");
	if (got <= 0)
		return 0;
	if (count == 1)
		answer->event.fd = fd;
	struct protobuf_reader inside = { bytes, bytes + got };
	return read_answer(inside, answer) < 0 ? wrap("criu's answer") : 1;
}

/* The message criu_req. */
static int
send_request(const struct criu *criu, unsigned int task, bool with_wants,
	     bool is_done)
{
	auto_protobuf struct protobuf request = { 0 };
	protobuf_number(&request, 1, task);
	if (with_wants)
		protobuf_message(&request, 2, &criu->wants);
	else
		protobuf_number(&request, 3, is_done);
	/* One that has gone is noticed by who waits for its answer. */
	if (send(criu->sock, request.bytes, request.length, MSG_NOSIGNAL) < 0 &&
	    errno != EPIPE && errno != ECONNRESET)
		return fail("ask criu");
	return 0;
}

/* What we have to say of an event comes before what criu says of that. */
static int
converse(struct criu *criu, struct answer *answer,
	 int (*happened)(void *data, const struct criu_event *event),
	 void *data)
{
	struct failure ours = { 0 };
	for (;;) {
		*answer = (struct answer){ .event.fd = -1 };
		int got = receive(criu->sock, answer);
		if (ours.text[0])
			failure = ours;
		if (got <= 0 || answer->task != NOTIFY || ours.text[0])
			return got < 0 || ours.text[0] ? -1 : got;
		bool is_done = !happened || !answer->event.name ||
			       happened(data, &answer->event) == 0;
		if (!is_done)
			ours = failure;
		answer_free(answer);
		if (send_request(criu, NOTIFY, false, is_done) < 0)
			return -1;
	}
}

int
criu_ask(struct criu *criu, enum criu_task task,
	 int (*happened)(void *data, const struct criu_event *event),
	 void *data, pid_t *pid)
{
	struct answer answer = { .event.fd = -1 };
	criu->sock = sync_expect_fd(criu->sync, "the child for criu");
	if (criu->sock < 0 || send_request(criu, task, true, false) < 0)
		return -1;
	int got = converse(criu, &answer, happened, data);
	if (got == 0)
		got = fail_by_end(criu);
	else if (got > 0 && !answer.success)
		got = fail_by_log(criu, task == CRIU_RESTORE ?
						"cannot restore it" :
						"cannot save it");
	if (pid)
		*pid = answer.pid;
	answer_free(&answer);
	if (got < 0)
		return -1;
	/* It would wait for more. */
	close_scoped(&criu->sock);
	bury(criu);
	return 0;
}
