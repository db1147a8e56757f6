/* joined.c - parent.  See joined.h. */
#include "joined.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime.h"

/* By the runtime's own state: it tells a process from another one that has got
 * its number since. */
static int
running_pid(const char *place, const struct record *record, pid_t *pid)
{
	struct state state;
	enum oci_status status;
	if (record->status != STATUS_RUNNING ||
	    runtime_look(place, record->id, &state, NULL, &status) < 0)
		return failx("cannot join the namespaces of a non running "
			     "container: %s", record->id);
	*pid = state.pid;
	state_free(&state);
	return status == OCI_RUNNING || status == OCI_PAUSED ?
		       0 :
		       failx("cannot join the namespaces of a non running "
			     "container: %s", record->id);
}

/* What is open by then is its namespace if it runs after that, too. */
int
joined_namespace(const char *place, const struct record *record,
		 const char *file)
{
	pid_t pid, again;
	if (running_pid(place, record, &pid) < 0)
		return -1;
	auto_free char *path = text("/proc/%d/ns/%s", pid, file);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail("open %s", path);
	return running_pid(place, record, &again) < 0 ? -1 : take_fd(&fd);
}

static int
open_one(const char *root, const char *place, const char *mode,
	 const char *file, int *fd, struct joined *names)
{
	auto_record struct record record = { 0 };
	auto_close int dir = -1;
	auto_close int containers = records_open(root);
	if (containers < 0 ||
	    record_find(containers, strchr(mode, ':') + 1, &record, &dir) < 0)
		return -1;
	*fd = joined_namespace(place, &record, file);
	if (*fd < 0 || !names)
		return *fd < 0 ? -1 : 0;
	struct settings settings;
	if (settings_load(dir, &settings) < 0)
		return -1;
	names->directory = text("%s/containers/%s", root, record.id);
	names->hostname = settings.hostname ?
				  copy_text(settings.hostname) :
				  text("%.*s", SHORT_ID, record.id);
	settings_free(&settings);
	return 0;
}

/* What the running container `word` has at /dev/shm, for who joins it; NULL
 * with Docker's words where it does not share that (shm.h). */
static char *
shm_of(const char *root, const char *word)
{
	auto_record struct record record = { 0 };
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	auto_close int dir = -1;
	auto_close int containers = records_open(root);
	if (containers < 0 ||
	    record_find(containers, word, &record, &dir) < 0 ||
	    settings_load(dir, &settings) < 0)
		return NULL;
	/* Or two that were made anew could wait for each other for ever. */
	if (record.status != STATUS_RUNNING) {
		failx("cannot join the namespaces of a non running container: "
		      "%s", record.id);
		return NULL;
	}
	const char *mode = settings.ipc ?: "private";
	if (strcmp(mode, "host") == 0)
		return copy_text("/dev/shm");
	if (strncmp(mode, "container:", 10) == 0)
		return shm_of(root, mode + 10);
	if (strcmp(mode, "shareable") == 0)
		return text("%s/containers/%s/shm", root, record.id);
	failx("failed to join IPC namespace: container %s: non-shareable IPC "
	      "(hint: use IpcMode:shareable for the donor container)", word);
	return NULL;
}

int
joined_open(const char *root, const char *place,
	    const struct settings *settings, struct joined *joined)
{
	const struct {
		const char *mode, *file;
	} rows[JOINED_KINDS] = {
		[JOINED_NET] = { settings_network(settings), "net" },
		[JOINED_PID] = { settings->pid, "pid" },
		[JOINED_IPC] = { settings->ipc, "ipc" },
		[JOINED_UTS] = { settings->uts, "uts" },
	};
	for (size_t i = 0; i < JOINED_KINDS; i++) {
		const char *mode = rows[i].mode;
		if (!mode || strncmp(mode, "container:", 10) != 0)
			continue;
		if (open_one(root, place, mode, rows[i].file, &joined->fds[i],
			     i == JOINED_NET ? joined : NULL) < 0) {
			joined_close(joined);
			return -1;
		}
		joined->paths[i] =
			text("/proc/%d/fd/%d", getpid(), joined->fds[i]);
		if (i != JOINED_IPC)
			continue;
		joined->shm = shm_of(root, strchr(mode, ':') + 1);
		if (!joined->shm) {
			joined_close(joined);
			return -1;
		}
	}
	return 0;
}

/* NAME or NAME:ALIAS. */
static int
find_link(int containers, const char *link, struct record *record)
{
	auto_close int dir = -1;
	auto_free char *name = text("%.*s", (int)strcspn(link, ":"), link);
	return record_find(containers, name, record, &dir) < 0 ?
		       wrap("could not get container for %s", name) : 0;
}

int
joined_check_links(const char *root, const struct settings *settings)
{
	auto_close int containers =
		settings->links.count ? records_open(root) : -1;
	for (size_t i = 0; i < settings->links.count; i++) {
		auto_record struct record record = { 0 };
		if (containers < 0 ||
		    find_link(containers, settings->links.items[i],
			      &record) < 0)
			return -1;
	}
	return 0;
}

static int
add_link(int containers, const char *link, struct words *hosts)
{
	auto_record struct record record = { 0 };
	auto_free char *name = copy_text(link);
	char *alias = strchr(name, ':');
	if (alias)
		*alias++ = '\0';
	if (find_link(containers, link, &record) < 0)
		return -1;
	if (record.status != STATUS_RUNNING || !record.address)
		return failx("Cannot link to a non running container: /%s AS "
			     "%s", record.name, alias ?: name);
	const char *const called[] = { alias ?: name, record.name };
	for (size_t i = 0; i < countof(called); i++) {
		auto_free char *host =
			text("%s:%s", called[i], record.address);
		if (!words_has(hosts, host))
			words_add(hosts, host);
	}
	return 0;
}

int
joined_links(const char *root, const struct settings *settings,
	     struct words *hosts)
{
	auto_close int containers =
		settings->links.count ? records_open(root) : -1;
	for (size_t i = 0; i < settings->links.count; i++)
		if (containers < 0 ||
		    add_link(containers, settings->links.items[i], hosts) < 0)
			return -1;
	return 0;
}

void
joined_close(struct joined *joined)
{
	for (size_t i = 0; i < JOINED_KINDS; i++) {
		close_scoped(&joined->fds[i]);
		free_scoped(&joined->paths[i]);
	}
	free_scoped(&joined->directory);
	free_scoped(&joined->hostname);
	free_scoped(&joined->shm);
}
