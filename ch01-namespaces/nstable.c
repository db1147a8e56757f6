/* nstable.c - see nstable.h. */
#include "nstable.h"

#include <errno.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- one process ------------------------------------------------------- */

int
ns_owner(int process, uid_t *owner)
{
	/* lab ns_owner: Open ns/user below the directory (openat(2)), and ask
	 * that descriptor with ioctl(2), request NS_GET_OWNER_UID, for the uid.
	 * A failure of either is told, and the descriptor is closed on every
	 * way out. */
	auto_close int user = openat(process, "ns/user", O_RDONLY | O_CLOEXEC);
	if (user < 0)
		return fail("open ns/user");
	if (ioctl(user, NS_GET_OWNER_UID, owner) < 0)
		return fail("ask for the owner of a user namespace");
	return 0;
	/* lab end: *owner = NS_NO_OWNER;
	 * return failx("ns_owner(%d): not written yet", process); */
}

static int
read_ids(int process, struct ns_id ids[NS_KINDS])
{
	for (size_t i = 0; i < NS_KINDS; i++) {
		char path[16];
		struct stat st;
		snprintf(path, sizeof(path), "ns/%s", ns_kinds[i].file);
		if (fstatat(process, path, &st, 0) == 0)
			ids[i] = (struct ns_id){ st.st_dev, st.st_ino };
		else if (errno != ENOENT)
			return fail("look at %s", path);
	}
	return 0;
}

/* Behind "\nKEY:" in /proc/PID/status.  In the name of the process, which comes
 * first, a newline is written as two characters. */
static const char *
value_of(const char *status, const char *key)
{
	const char *found = strstr(status, key);
	return found ? found + strlen(key) : "";
}

static int
read_status(int process, struct ns_row *row)
{
	auto_free char *status = read_all(process, "status", NULL);
	if (!status ||
	    read_text(process, "comm", row->comm, sizeof(row->comm)) < 0)
		return -1;
	sscanf(value_of(status, "\nPPid:"), "%d", &row->ppid);
	sscanf(value_of(status, "\nUid:"), "%*u %u", &row->uid);
	/* One for each level of pid namespaces; its own is the last. */
	const char *nspid = value_of(status, "\nNSpid:");
	for (int length; sscanf(nspid, "%d%n", &row->nspid, &length) == 1;)
		nspid += length;
	return 0;
}

/* When looking at it has failed: because it has ended meanwhile? */
static bool
is_gone(int process)
{
	return faccessat(process, "status", F_OK, 0) < 0 &&
	       (errno == ENOENT || errno == ESRCH);
}

/* ---- namespaces -------------------------------------------------------- */

void
ns_letter(unsigned int n, char letter[8])
{
	char digits[8], *first = digits + sizeof(digits) - 1;
	*first = '\0';
	do {
		*--first = 'A' + n % 26;
		n /= 26;
	} while (n-- > 0);
	strcpy(letter, first);
}

static int
compare_ids(const void *a, const void *b)
{
	const struct ns_id x = ((const struct namespace *)a)->id;
	const struct ns_id y = ((const struct namespace *)b)->id;
	if (x.device != y.device)
		return x.device < y.device ? -1 : 1;
	return x.inode < y.inode ? -1 : x.inode > y.inode;
}

/* tsearch(3), in base.h's manner: without memory there is no going on. */
static void *
find_or_add(void *key, void **tree,
	    int (*compare)(const void *, const void *))
{
	void **node = tsearch(key, tree, compare);
	if (!node)
		abort();
	return *node;
}

static struct namespace *
add_namespace(struct ns_table *table, size_t kind, struct ns_id id, pid_t pid)
{
	struct namespace *new = new_bytes(sizeof(*new));
	*new = (struct namespace){ .kind = &ns_kinds[kind], .id = id,
				   .first = pid, .owner = NS_NO_OWNER };
	ns_letter(table->of_kind[kind]++, new->letter);
	size_t count = table->namespace_count++;
	if ((count & (count - 1)) == 0) /* 0, 1, 2, 4, ...: it is full */
		table->namespaces = resize_bytes(
			table->namespaces,
			(count ? 2 * count : 1) * sizeof(*table->namespaces));
	table->namespaces[count] = new;
	return find_or_add(new, &table->by_id, compare_ids);
}

/* The process is in these: give it, and them, their places in the table. */
static void
enter(struct ns_table *table, int process, struct ns_row *row,
      const struct ns_id ids[NS_KINDS])
{
	for (size_t i = 0; i < NS_KINDS; i++) {
		if (ids[i].inode == 0)
			continue;
		struct namespace key = { .id = ids[i] };
		void **node = tfind(&key, &table->by_id, compare_ids);
		struct namespace *in =
			node ? *node :
			       add_namespace(table, i, ids[i], row->pid);
		in->processes++;
		if (in->kind->flag == CLONE_NEWUSER &&
		    in->owner == NS_NO_OWNER &&
		    ns_owner(process, &in->owner) < 0)
			in->owner = NS_NO_OWNER;
		row->in[i] = in;
	}
	table->rows[table->count++] = *row;
}

/* ---- the table --------------------------------------------------------- */

static int
add_process(struct ns_table *table, int proc, pid_t pid)
{
	struct ns_row row = { .pid = pid, .processes = 1 };
	struct ns_id ids[NS_KINDS] = { 0 };
	auto_free char *name = text("%d", pid);
	/* Once, so that all that follows is about one process. */
	auto_close int process =
		openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process >= 0 && read_ids(process, ids) == 0 &&
	    read_status(process, &row) == 0) {
		enter(table, process, &row, ids);
		return 0;
	}
	if (process < 0)
		fail("open it");
	if (failure.code == ENOENT || failure.code == ESRCH ||
	    is_gone(process))
		return 0;
	if (failure.code != EACCES && failure.code != EPERM)
		return wrap("look at process %d", pid);
	table->unseen++;
	return 0;
}

static int
compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;
	return x < y ? -1 : x > y;
}

/* The lowest first: it is that one which gives a row its name. */
static pid_t *
list_pids(DIR *proc, size_t *count)
{
	size_t room = 256;
	pid_t *pids = new_bytes(room * sizeof(*pids));
	struct dirent *entry;
	*count = 0;
	while ((entry = readdir(proc))) {
		uint64_t pid;
		if (parse_number(entry->d_name, 1, INT32_MAX, &pid) < 0)
			continue;
		if (*count == room)
			pids = resize_bytes(pids, (room *= 2) * sizeof(*pids));
		pids[(*count)++] = pid;
	}
	qsort(pids, *count, sizeof(*pids), compare_pids);
	return pids;
}

int
ns_table_read(struct ns_table *table)
{
	*table = (struct ns_table){ 0 };
	auto_dir DIR *proc = opendir("/proc");
	if (!proc)
		return fail("open /proc");
	size_t count;
	auto_free pid_t *pids = list_pids(proc, &count);
	if (count == 0)
		return failx("look at the processes: /proc has none; is it "
			     "mounted?");
	table->rows = new_bytes(count * sizeof(*table->rows));
	for (size_t i = 0; i < count; i++) {
		if (add_process(table, dirfd(proc), pids[i]) < 0) {
			ns_table_free(table);
			return -1;
		}
	}
	return 0;
}

/* Are they in the same namespaces?  In any order, if not. */
static int
compare_places(const void *a, const void *b)
{
	const struct ns_row *x = a, *y = b;
	return memcmp(x->in, y->in, sizeof(x->in));
}

static void
let_go(void *key)
{
	(void)key; /* it belongs to the table */
}

void
ns_table_fold(struct ns_table *table)
{
	void *places = NULL;
	size_t kept = 0;
	for (size_t i = 0; i < table->count; i++) {
		struct ns_row *row = &table->rows[kept];
		*row = table->rows[i];
		struct ns_row *first =
			find_or_add(row, &places, compare_places);
		if (first == row)
			kept++;
		else
			first->processes += row->processes;
	}
	table->count = kept;
	tdestroy(places, let_go);
}

void
ns_table_free(struct ns_table *table)
{
	tdestroy(table->by_id, free);
	free(table->namespaces);
	free(table->rows);
	*table = (struct ns_table){ 0 };
}
