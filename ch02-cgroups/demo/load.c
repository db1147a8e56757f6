/* load.c - see load.h. */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_plan.h"
#include "runid.h"
#include "subtree.h"
#include "sync.h"
#include "sys.h"
#include "tour.h"

/* ---- the cgroups of a run ----------------------------------------------- */

#define PREFIX "mydocker-demo-"

int
load_create_cgroup(struct cgroup *cg, const char *name)
{
	auto_free char *path = text(PREFIX "%s/%s", runid(), name);
	return cgroup_create(cg, path);
}

int
load_cgroup_or_skip(struct cgroup *cg, const char *name,
		    const char *const controllers[])
{
	if (load_create_cgroup(cg, name) < 0)
		return failure.code != EACCES ? -1 :
			tour_skip("needs root, or a cgroup v2 that is "
				  "delegated to us; found: %s", failure.text);
	for (; controllers && *controllers; controllers++)
		if (!cgroup_need(cg, *controllers))
			return tour_skip("needs the %s controller; found: %s",
					 *controllers, failure.text);
	return 0;
}

static void
remove_one(const char *name)
{
	struct cgroup cg;
	if (cgroup_open(&cg, name) < 0)
		return;
	cgroup_kill(&cg);
	cgroup_destroy(&cg);
	cgroup_close(&cg);
}

static int
remove_ours(int fd, int parent, const char *name, void *data)
{
	(void)fd, (void)parent, (void)data;
	size_t skip = strlen(PREFIX);
	if (strncmp(name, PREFIX, skip) != 0)
		return 0;
	const char *id = name + skip;
	if (strcmp(id, runid()) == 0 || !runid_is_alive(id))
		remove_one(name);
	return 0;
}

void
load_remove_cgroups(void)
{
	auto_hierarchies struct hierarchies found = { 0 };
	if (hierarchy_find_all(&found) < 0)
		return;
	for (size_t i = 0; i < found.count; i++) {
		if (!found.all[i].base)
			continue;
		auto_close int base = open(found.all[i].base, SUBTREE_OPEN);
		if (base >= 0)
			subtree_each_child(base, remove_ours, NULL);
	}
}

/* ---- what a load does --------------------------------------------------- */

int
load_eat(int sock, uint64_t amount)
{
	(void)sock;
	volatile char *memory = mmap(NULL, amount, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	long page = sysconf(_SC_PAGESIZE);
	for (uint64_t i = 0; i < amount; i += page)
		memory[i] = 1;
	return 0;
}

int
load_spin(int sock, uint64_t amount)
{
	(void)sock, (void)amount;
	for (volatile unsigned int i = 0;; i++)
		;
}

void
load_end_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

int
load_fork(int sock, uint64_t amount)
{
	pid_t self = getpid();
	int born = 0;
	auto_free pid_t *children = new_bytes(amount * sizeof(*children));
	for (uint64_t i = 0; i < amount; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			load_end_with(self);
			for (;;)
				pause();
		}
		if (pid > 0)
			children[born++] = pid;
	}
	if (sync_send(sock, SYNC_READY) == 0)
		sync_expect(sock, SYNC_GO, "the demo");
	/* When it has ended, so have they: what they hold is let go. */
	for (int i = 0; i < born; i++)
		kill(children[i], SIGKILL);
	for (int i = 0; i < born; i++)
		waitpid(children[i], NULL, 0);
	return born;
}

int
load_shell(const struct cgroup *cg, const char *advice)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		int result = cgroup_join(cg, false) < 0 ? -1 :
							  tour_shell(advice);
		if (result < 0)
			tour_say("%s", failure.text);
		fflush(stdout);
		_exit(result < 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return fail("start a process for the shell");
	return status == 0 ? 0 : failx("the shell could not be started");
}

/* ---- starting and ending ------------------------------------------------ */

static _Noreturn void
be_the_load(pid_t parent, int sock, const struct cgroup *cg, bool born_there,
	    load_work *work, uint64_t amount)
{
	load_end_with(parent);
	if (cgroup_join(cg, born_there) < 0) {
		sync_send_failure(sock);
		_exit(1);
	}
	if (sync_send(sock, SYNC_READY) < 0 ||
	    sync_expect(sock, SYNC_GO, "the demo") < 0)
		_exit(1);
	_exit(work(sock, amount));
}

int
load_start(struct load *load, const struct cgroup *cg, load_work *work,
	   uint64_t amount)
{
	int child_end;
	*load = (struct load){ .pidfd = -1, .sock = -1 };
	if (sync_pair(&load->sock, &child_end) < 0)
		return -1;
	pid_t parent = getpid();
	int v2 = cgroup_v2_fd(cg);
	load->pid = sys_clone(0, v2, &load->pidfd);
	if (load->pid < 0 && v2 >= 0) { /* before Linux 5.7 */
		v2 = -1;
		load->pid = sys_clone(0, -1, &load->pidfd);
	}
	if (load->pid == 0) {
		close(load->sock);
		be_the_load(parent, child_end, cg, v2 >= 0, work, amount);
	}
	close(child_end);
	if (load->pid < 0)
		return fail("clone a child");
	return sync_expect(load->sock, SYNC_READY, "the child");
}

int
load_go(struct load *load)
{
	return sync_send(load->sock, SYNC_GO);
}

int
load_wait(struct load *load, int *status)
{
	while (waitpid(load->pid, status, 0) < 0)
		if (errno != EINTR)
			return fail("wait for process %d", load->pid);
	close_scoped(&load->pidfd);
	close_scoped(&load->sock);
	return 0;
}
