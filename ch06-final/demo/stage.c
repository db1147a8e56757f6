/* stage.c - see stage.h. */
#include "stage.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "container.h"
#include "rootless.h"
#include "runid.h"
#include "self.h"
#include "tree.h"

#define STORE_DIR "/tmp"
#define STORE_PREFIX "mydocker-tour."

int
stage_enter(void)
{
	if (rootless_enter() < 0)
		return tour_skip("needs root (sudo ./demo), or namespaces of "
				 "your own: %s", failure.text);
	auto_free char *store =
		text("%s/%s%s", STORE_DIR, STORE_PREFIX, runid());
	/* What is there already is not ours: /tmp belongs to everybody, and
	 * whoever made it could have put any program in it as "demo". */
	if (mkdir(store, 0700) < 0)
		return fail("make the store %s", store);
	if (chdir(store) < 0 || setenv("MYDOCKER_ROOT", store, 1) < 0)
		return fail("enter the store %s", store);
	/* So that "./demo" is typed here as it is in the repository. */
	const char *self = self_path();
	if (!self)
		return -1;
	if (symlink(self, "demo") < 0)
		return fail("link ./demo to %s", self);
	return 0;
}

/* Only what root made: nobody else's directory is looked into. */
static bool
is_store(int dir, const char *name)
{
	struct stat st;
	return strncmp(name, STORE_PREFIX, strlen(STORE_PREFIX)) == 0 &&
	       fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode) && st.st_uid == 0;
}

/*
 * What a killed tour has started lives on; and with the store its record would
 * go, and with that the knowledge of what to undo.  So end each container.
 */
static int
end_container(const char *store, const char *id)
{
	auto_container struct container c;
	if (container_find(&c, store, id) < 0)
		return failure.code == ENOENT ? 0 : -1;
	int ours = container_lock(&c);
	if (ours == 0)
		ours = container_kill(&c);
	return ours < 0 && failure.code != ENOENT ? -1 : 0;
}

static int
end_containers(const char *store)
{
	auto_close int containers = records_open(store);
	if (containers < 0 || container_recover(store) < 0)
		return -1;
	size_t count;
	int result = 0;
	struct record *records = records_list(containers, &count);
	for (size_t i = 0; i < count; i++) {
		if (result == 0)
			result = end_container(store, records[i].id);
		record_free(&records[i]);
	}
	free(records);
	return result;
}

void
stage_tidy(void)
{
	auto_dir DIR *dir = opendir(STORE_DIR);
	struct dirent *entry;
	while (geteuid() == 0 && dir && (entry = readdir(dir))) {
		if (!is_store(dirfd(dir), entry->d_name))
			continue;
		const char *id = entry->d_name + strlen(STORE_PREFIX);
		if (strcmp(id, runid()) != 0 &&
		    runid_is_alive(id))
			continue;
		auto_free char *store =
			text("%s/%s", STORE_DIR, entry->d_name);
		if (end_containers(store) < 0 ||
		    tree_remove(dirfd(dir), entry->d_name) < 0)
			fprintf(stderr, "demo: clean up %s: %s\n", store,
				failure.text);
	}
}

/* ---- programs ---------------------------------------------------------- */

static pid_t
spawn(const char *const words[], int output)
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	execv(words[0], (char *const *)words);
	_exit(127);
}

static int
wait_for(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("wait for ./demo");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

int
stage_begin(struct running *running, const char *const words[])
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail("make a pipe");
	*running = (struct running){ spawn(words, ends[1]), ends[0] };
	close(ends[1]);
	if (running->pid >= 0)
		return 0;
	close(ends[0]);
	return fail("start ./demo");
}

char *
stage_finish(struct running *running, int *status)
{
	auto_free char *path = text("/proc/self/fd/%d", running->output);
	char *output = read_all(AT_FDCWD, path, NULL);
	close_scoped(&running->output);
	*status = wait_for(running->pid);
	return output;
}

char *
stage_output(const char *const words[], int *status)
{
	struct running running;
	return stage_begin(&running, words) < 0 ?
		       NULL :
		       stage_finish(&running, status);
}

/* Look for the name among the records until it is there and running. */
static int
wait_until_running(struct guest *guest, int containers, const char *name)
{
	for (int tries = 0; tries < 1000; tries++) {
		auto_close int dir = -1;
		if (record_find(containers, name, &guest->record, &dir) == 0) {
			if (guest->record.status == STATUS_RUNNING)
				return 0;
			record_free(&guest->record);
		}
		int status;
		if (waitpid(guest->runtime, &status, WNOHANG) != 0)
			return failx("container %s ended before it ran", name);
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return failx("container %s does not start", name);
}

int
stage_start(struct guest *guest, const char *name, const char *const words[])
{
	*guest = (struct guest){ 0 };
	tour_print_command(words, " &");
	auto_close int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null < 0)
		return fail("open /dev/null");
	guest->runtime = spawn(words, null);
	if (guest->runtime < 0)
		return fail("start ./demo");
	auto_close int containers = records_open(getenv("MYDOCKER_ROOT"));
	if (containers < 0)
		return -1;
	return wait_until_running(guest, containers, name);
}

int
stage_end(struct guest *guest)
{
	int status;
	auto_free char *output = stage_output(
		(const char *const[]){ "./demo", "rm", "-f",
				       guest->record.name, NULL },
		&status);
	record_free(&guest->record);
	if (wait_for(guest->runtime) < 0)
		return -1;
	if (status != 0)
		return failx("rm -f: %s", output ? output : "?");
	return 0;
}

/* ---- layers ------------------------------------------------------------ */

bool
stage_is_deleted(int dir, const char *name, enum storage driver)
{
	const char *hidden;
	bool is_deleted = false;
	auto_list struct marks_list list = { 0 };
	if (marks_list(dir, &list) < 0)
		return false;
	for (size_t i = 0; i < list.count; i++)
		is_deleted |= marks_look(dir, list.names[i],
					 storage_marks(driver),
					 &hidden) == MARK_WHITEOUT &&
			      strcmp(hidden, name) == 0;
	return is_deleted;
}

char *
stage_whiteout_words(const char *name, enum storage driver)
{
	return driver == STORAGE_AUFS ? text("the empty file .wh.%s", name) :
					text("%s, the device 0/0", name);
}
