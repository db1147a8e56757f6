/* test_nstable.c - every process against every kind of namespace, without
 * root: what is made is made in children (in_child.h). */
#include "nstable.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>

#include "in_child.h"

static size_t
index_of(const char *name)
{
	size_t i = 0;
	while (i < NS_KINDS && strcmp(ns_kinds[i].name, name) != 0)
		i++;
	assert_true(i < NS_KINDS);
	return i;
}

static const struct ns_row *
find(const struct ns_table *table, pid_t pid)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->rows[i].pid == pid)
			return &table->rows[i];
	return NULL;
}

/* ---- letters ----------------------------------------------------------- */

static void
letters_are_counted_like_columns(void **state)
{
	(void)state;
	static const struct {
		unsigned int n;
		const char *letter;
	} known[] = {
		{ 0, "A" },	{ 1, "B" },	    { 25, "Z" },
		{ 26, "AA" },	{ 27, "AB" },	    { 51, "AZ" },
		{ 52, "BA" },	{ 701, "ZZ" },	    { 702, "AAA" },
		{ 703, "AAB" }, { UINT32_MAX, "MWLQKWV" },
	};
	for (size_t i = 0; i < countof(known); i++) {
		char letter[8];
		ns_letter(known[i].n, letter);
		assert_string_equal(letter, known[i].letter);
	}
}

/* ---- the table of this machine ----------------------------------------- */

static void
our_own_row_agrees_with_the_kernel(void **state)
{
	(void)state;
	auto_ns_table struct ns_table table;
	assert_int_equal(ns_table_read(&table), 0);
	const struct ns_row *row = find(&table, getpid());
	assert_non_null(row);
	assert_int_equal(row->ppid, getppid());
	assert_int_equal(row->uid, geteuid());
	assert_int_equal(row->processes, 1);
	assert_string_equal(row->comm, "test_nstable");
	for (size_t i = 0; i < NS_KINDS; i++) {
		struct ns_id id;
		if (ns_id(getpid(), &ns_kinds[i], &id) < 0) {
			assert_null(row->in[i]);
			continue;
		}
		assert_non_null(row->in[i]);
		assert_true(ns_same(row->in[i]->id, id));
		assert_ptr_equal(row->in[i]->kind, &ns_kinds[i]);
	}
}

/* The n-th namespace of a kind, in the order of pids, has the n-th letter. */
static void
letters_are_given_in_the_order_of_pids(void **state)
{
	(void)state;
	auto_ns_table struct ns_table table;
	assert_int_equal(ns_table_read(&table), 0);
	for (size_t kind = 0; kind < NS_KINDS; kind++) {
		unsigned int met = 0;
		for (size_t i = 0; i < table.count; i++) {
			const struct ns_row *row = &table.rows[i];
			assert_true(i == 0 || row[-1].pid < row->pid);
			if (!row->in[kind] || row->in[kind]->first != row->pid)
				continue;
			char letter[8];
			ns_letter(met++, letter);
			assert_string_equal(row->in[kind]->letter, letter);
		}
		assert_int_equal(met, table.of_kind[kind]);
	}
}

static void
cover_proc(void)
{
	become_root_somehow();
	must(ns_own_mounts() == 0);
	must(mount("empty", "/proc", "tmpfs", 0, NULL) == 0);
	auto_ns_table struct ns_table table;
	must(ns_table_read(&table) < 0);
	must(strstr(failure.text, "is it mounted?"));
}

/* Nobody is there to be seen, for the reader at least would be. */
static void
without_proc_there_is_no_table(void **state)
{
	(void)state;
	in_child(cover_proc);
}

static void
the_counts_add_up(void **state)
{
	(void)state;
	auto_ns_table struct ns_table table;
	assert_int_equal(ns_table_read(&table), 0);
	int places = 0, members = 0, rows = table.count, folded = 0;
	for (size_t i = 0; i < table.count; i++)
		for (size_t kind = 0; kind < NS_KINDS; kind++)
			places += table.rows[i].in[kind] != NULL;
	for (size_t i = 0; i < table.namespace_count; i++)
		members += table.namespaces[i]->processes;
	assert_int_equal(places, members);

	ns_table_fold(&table);
	for (size_t i = 0; i < table.count; i++) {
		folded += table.rows[i].processes;
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(table.rows[i].in,
						table.rows[j].in,
						sizeof(table.rows[i].in));
		assert_true(i == 0 ||
			    table.rows[i - 1].pid < table.rows[i].pid);
	}
	assert_int_equal(folded, rows);
	ns_table_free(&table);
	ns_table_free(&table); /* twice does no harm */
}

/* ---- what is made for it ----------------------------------------------- */

/* A child in these new namespaces, there until its parent ends. */
static pid_t
bystander(int flags)
{
	int ready[2];
	must(pipe(ready) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(flags) < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	char byte;
	close(ready[1]);
	must(pid > 0);
	if (read(ready[0], &byte, 1) != 1) {
		print_message("no new namespaces are to be had here\n");
		_exit(CANNOT);
	}
	close(ready[0]);
	return pid;
}

static void
end(pid_t pid)
{
	must(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
}

static void
check_two_containers(void)
{
	become_root_somehow();
	pid_t same = bystander(0);
	pid_t one = bystander(CLONE_NEWUTS), two = bystander(CLONE_NEWUTS);
	auto_ns_table struct ns_table table;
	must(ns_table_read(&table) == 0);
	size_t uts = index_of("uts"), ipc = index_of("ipc");
	const struct ns_row *own = find(&table, getpid());
	const struct ns_row *a = find(&table, one), *b = find(&table, two);
	must(own && a && b && find(&table, same));
	must(memcmp(own->in, find(&table, same)->in, sizeof(own->in)) == 0);
	must(a->in[uts] != own->in[uts] && a->in[uts] != b->in[uts]);
	must(a->in[ipc] == own->in[ipc] && b->in[ipc] == own->in[ipc]);
	must(a->in[uts]->processes == 1 && a->in[uts]->first == one);
	must(strcmp(a->in[uts]->letter, b->in[uts]->letter) < 0 ||
	     strlen(a->in[uts]->letter) < strlen(b->in[uts]->letter));

	ns_table_fold(&table);
	must(find(&table, one)->processes == 1 && !find(&table, same));
	end(same);
	end(one);
	end(two);
}

static void
two_containers_are_two_rows(void **state)
{
	(void)state;
	in_child(check_two_containers);
}

static void
check_zombie(void)
{
	pid_t pid = bystander(0);
	must(kill(pid, SIGKILL) == 0);
	siginfo_t info;
	must(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) == 0);
	auto_ns_table struct ns_table table;
	must(ns_table_read(&table) == 0);
	const struct ns_row *row = find(&table, pid);
	const struct ns_row *own = find(&table, getpid());
	must(row && own && row->ppid == getpid());
	must(!row->in[index_of("mount")] && !row->in[index_of("uts")]);
	must(row->in[index_of("user")] == own->in[index_of("user")]);
	must(waitpid(pid, NULL, 0) == pid);
}

static void
a_zombie_has_left_its_namespaces(void **state)
{
	(void)state;
	in_child(check_zombie);
}

static void
check_unseen(void)
{
	become_ordinary();
	pid_t root = getppid(); /* the test itself */
	auto_ns_table struct ns_table table;
	must(ns_table_read(&table) == 0);
	must(find(&table, getpid()) && !find(&table, root));
	must(table.unseen > 0);
}

static void
what_is_not_ours_is_counted(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("needs root, to be nobody afterwards\n");
		skip();
	}
	in_child(check_unseen);
}

static void
check_hostile_name(void)
{
	static const char name[] = "\nUid:\t0\t\\(\xff)<";
	must(prctl(PR_SET_NAME, name) == 0);
	auto_ns_table struct ns_table table;
	must(ns_table_read(&table) == 0);
	const struct ns_row *row = find(&table, getpid());
	must(row && strcmp(row->comm, name) == 0);
	must(row->uid == geteuid() && row->ppid == getppid());
}

static void
a_name_is_any_bytes(void **state)
{
	(void)state;
	in_child(check_hostile_name);
}

/* Many come and go while the table is read: never an error. */
static void
check_coming_and_going(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			pid_t child = fork();
			if (child == 0)
				_exit(0);
			waitpid(child, NULL, 0);
		}
	}
	for (int round = 0; round < 30; round++) {
		auto_ns_table struct ns_table table;
		must(ns_table_read(&table) == 0);
		must(find(&table, getpid()) && find(&table, pid));
	}
	end(pid);
}

static void
those_that_end_meanwhile_are_no_error(void **state)
{
	(void)state;
	in_child(check_coming_and_going);
}

/* ---- the owner --------------------------------------------------------- */

static int
open_process(pid_t pid)
{
	auto_free char *path = text("/proc/%d", pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void
check_owner(void)
{
	become_ordinary();
	pid_t pid = bystander(CLONE_NEWUSER);
	auto_close int self = open_process(getpid());
	auto_close int process = open_process(pid);
	uid_t own = NS_NO_OWNER, owner = NS_NO_OWNER;
	must(ns_owner(self, &own) == 0);
	must(ns_owner(process, &owner) == 0 && owner == geteuid());

	auto_ns_table struct ns_table table;
	must(ns_table_read(&table) == 0);
	size_t user = index_of("user");
	const struct ns_row *row = find(&table, pid);
	must(row && row->in[user]->owner == owner);
	must(row->in[index_of("network")]->owner == NS_NO_OWNER);
	must(find(&table, getpid())->in[user]->owner == own);
	end(pid);
	must(ns_owner(process, &owner) < 0 && failure.text[0]);
}

static void
the_owner_is_who_made_it(void **state)
{
	(void)state;
	in_child(check_owner);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_are_counted_like_columns),
		cmocka_unit_test(our_own_row_agrees_with_the_kernel),
		cmocka_unit_test(letters_are_given_in_the_order_of_pids),
		cmocka_unit_test(without_proc_there_is_no_table),
		cmocka_unit_test(the_counts_add_up),
		cmocka_unit_test(two_containers_are_two_rows),
		cmocka_unit_test(a_zombie_has_left_its_namespaces),
		cmocka_unit_test(what_is_not_ours_is_counted),
		cmocka_unit_test(a_name_is_any_bytes),
		cmocka_unit_test(those_that_end_meanwhile_are_no_error),
		cmocka_unit_test(the_owner_is_who_made_it),
	};
	return cmocka_run_group_tests_name("nstable", tests, NULL, NULL);
}
