/*
 * ls.c - experiment `ls`: every process against every kind of namespace.
 *
 * The stage makes what looks like two containers: "web" and, from within it,
 * "logger", which shares web's network.  The table is read from outside, then
 * inside, where the same namespaces have other letters, and at last outside
 * again.
 */
#include "demo.h"

#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "become.h"
#include "look.h"
#include "lsview.h"
#include "nschild.h"
#include "nstable.h"
#include "ownproc.h"
#include "sync.h"

#define LOGGER (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID)
#define WEB (LOGGER | CLONE_NEWNET | CLONE_NEWUSER)

static const struct ns_row *
find_process(const struct ns_table *table, pid_t pid)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->rows[i].pid == pid)
			return &table->rows[i];
	return NULL;
}

static const struct ns_row *
find_child(const struct ns_table *table, pid_t parent)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->rows[i].ppid == parent)
			return &table->rows[i];
	return NULL;
}

/* ---- the two containers ------------------------------------------------ */

static int
logger(int sock, void *data)
{
	(void)data;
	prctl(PR_SET_NAME, "logger");
	if (sync_send(sock, SYNC_READY) < 0)
		return -1;
	return sync_expect(sock, SYNC_GO, "web");
}

static int
look_inside(void)
{
	auto_ns_table struct ns_table table;
	if (ns_table_read(&table) < 0)
		return -1;
	tour_step("Inside: web reads a /proc of its own.");
	lsview_head(stdout);
	for (size_t i = 0; i < table.count; i++)
		lsview_row(stdout, &table.rows[i]);
	tour_expect(table.count == 2 && find_child(&table, 1),
		    "web sees its child besides itself, and nobody else");
	const struct ns_row *own = find_process(&table, 1);
	bool all = own != NULL;
	for (size_t i = 0; own && i < NS_KINDS; i++)
		all &= !own->in[i] || strcmp(own->in[i]->letter, "A") == 0;
	tour_expect(all, "it is A in every column: a letter is only the "
		    "reader's name for a namespace");
	return 0;
}

static int
web(int sock, void *data)
{
	(void)data;
	prctl(PR_SET_NAME, "web");
	bool has_proc = own_proc() == 0;
	struct ns_child child;
	if (ns_child_create(&child, LOGGER, -1, logger, NULL) < 0)
		return -1;
	if (sync_expect(child.sock, SYNC_READY, "logger") < 0 ||
	    sync_send(sock, SYNC_READY) < 0 ||
	    sync_expect(sock, SYNC_GO, "the stage") < 0 ||
	    (has_proc && look_inside() < 0) ||
	    sync_send(child.sock, SYNC_GO) < 0)
		return ns_child_give_up(&child);
	if (!has_proc)
		tour_say("(Inside another container, whose /proc is partly "
			 "covered, web gets no /proc.)");
	return ns_child_wait(&child, NULL);
}

/* ---- outside ----------------------------------------------------------- */

/* Same letter, same namespace: what stat(2) says of the two, of each kind. */
static bool
letters_are_right(const struct ns_row *a, const struct ns_row *b)
{
	for (size_t i = 0; i < NS_KINDS; i++) {
		struct ns_id x, y;
		if (!a->in[i] && !b->in[i])
			continue; /* this kernel has no such kind */
		if (!a->in[i] || !b->in[i] ||
		    ns_id(a->pid, &ns_kinds[i], &x) < 0 ||
		    ns_id(b->pid, &ns_kinds[i], &y) < 0)
			return false;
		bool alike = strcmp(a->in[i]->letter, b->in[i]->letter) == 0;
		if (alike != ns_same(x, y))
			return false;
	}
	return true;
}

static bool
share(const struct ns_row *a, const struct ns_row *b, const char *kind)
{
	size_t i = look_kind(kind) - ns_kinds;
	return a->in[i] == b->in[i];
}

/* Our own three rows of the table, the other ones only counted. */
static void
print_rows(struct ns_table *table, const struct ns_row ours[3])
{
	size_t others = 0;
	ns_table_fold(table);
	lsview_head(stdout);
	for (size_t i = 0; i < table->count; i++) {
		const struct ns_row *row = &table->rows[i];
		bool is_ours = false;
		for (size_t k = 0; k < 3; k++)
			is_ours |= memcmp(row->in, ours[k].in,
					  sizeof(row->in)) == 0;
		if (is_ours)
			lsview_row(stdout, row);
		else
			others += row->processes;
	}
	tour_show("processes in other rows", "%zu", others);
	tour_show("not ours to look at", "%zu", table->unseen);
}

static int
look_outside(pid_t pid)
{
	auto_ns_table struct ns_table table;
	if (ns_table_read(&table) < 0)
		return -1;
	const struct ns_row *stage = find_process(&table, getpid());
	const struct ns_row *web = find_process(&table, pid);
	const struct ns_row *logger = find_child(&table, pid);
	if (!stage || !web || !logger)
		return failx("find the stage, web and logger in /proc");
	tour_step("Outside: web is process %d here, logger %d.", pid,
		  logger->pid);
	const struct ns_row ours[3] = { *stage, *web, *logger };
	print_rows(&table, ours);
	const struct ns_row *a = ours, *b = ours + 1, *c = ours + 2;
	tour_expect(letters_are_right(a, b) && letters_are_right(b, c) &&
		    letters_are_right(a, c),
		    "the same letter exactly where stat(2) finds the same "
		    "inode, for each pair");
	tour_expect(b->nspid == 1 && c->nspid == 1,
		    "NSPID: each of the two is process 1 of its own");
	tour_expect(share(b, c, "network") && !share(a, b, "network"),
		    "network: logger has web's, as with docker run --network "
		    "container:web");
	return 0;
}

/* The other picture: who is whose child. */
static int
show_tree(void)
{
	auto_free char *own = text("%d", getpid());
	tour_step("The same processes as parents and children.");
	int status = tour_run((const char *[]){ "pstree", "-pl", own, NULL });
	if (status == 127)
		tour_say("(pstree is in the package psmisc.)");
	return status < 0 ? -1 : 0;
}

static int
look_afterwards(pid_t pid)
{
	auto_ns_table struct ns_table table;
	if (ns_table_read(&table) < 0)
		return -1;
	tour_step("Afterwards.");
	tour_expect(!find_process(&table, pid) && !find_child(&table, pid),
		    "no row has web or logger: a namespace goes with its last "
		    "process");
	return 0;
}

static int
run_ls(void)
{
	tour_say("The kernel has no list of containers. Which process is in "
		 "which namespaces is in");
	tour_say("/proc/PID/ns; one row for those that share all of them is "
		 "how one sees containers.");
	if ((ns_supported() & WEB) != WEB)
		return tour_skip("needs a kernel with user, mount, UTS, IPC, "
				 "pid and network namespaces");
	struct ns_child child;
	if (ns_child_create(&child, WEB, -1, web, NULL) < 0)
		return become_refused();
	pid_t pid = child.pid;
	if (sync_expect(child.sock, SYNC_READY, "web") < 0 ||
	    look_outside(pid) < 0 || show_tree() < 0 ||
	    sync_send(child.sock, SYNC_GO) < 0)
		return ns_child_give_up(&child);
	if (ns_child_wait(&child, NULL) < 0)
		return -1;
	return look_afterwards(pid);
}

const struct experiment demo_ls = {
	.name = "ls",
	.shows = "every process against every kind of namespace, as a table",
	.run = run_ls,
	.views = (const struct tour_view[]){
		{ "--text", "a row for processes that share everything",
		  lsview_text },
		{ "--each", "a row for each process", lsview_each },
		{ "--json", "all that is known, for programs", lsview_json },
		{ "--dot", "the first as a Graphviz graph", dot },
		{ 0 },
	},
};
