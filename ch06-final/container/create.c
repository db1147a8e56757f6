/* create.c - parent.  A container on disk: made, found, locked, removed.  See
 * container.h. */
#include "container.h"
#include "tell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "durable.h"
#include "volumes.h"

void
container_init(struct container *c, const char *root,
	       const struct settings *settings)
{
	*c = (struct container){
		.root = root,
		.settings = settings,
		.containers = -1,
		.dir = -1,
		.lock = -1,
		.held = -1,
		.union_mount = -1,
		.daemon_pidfd = -1,
		.master = -1,
		.pidfd = -1,
		.joined = JOINED_NONE,
	};
}

void
container_close(struct container *c)
{
	attachments_close(&c->attachments);
	free_scoped(&c->hostname);
	free_scoped(&c->config);
	joined_close(&c->joined);
	volumes_close_paths(c->settings, &c->paths);
	words_free(&c->args);
	words_free(&c->env);
	close_scoped(&c->held);
	close_scoped(&c->master);
	close_scoped(&c->pidfd);
	close_scoped(&c->dir);
	close_scoped(&c->containers);
	/* Last: whoever waits for the lock finds everything done. */
	close_scoped(&c->lock);
	record_free(&c->record);
}

char *
container_cgroup_name(const char *id, const char *parent)
{
	return parent ? text("/%s/%s", parent + strspn(parent, "/"), id) :
			text("mydocker/%s", id);
}

const char *const container_own_places[] = {
	"/dev", "/dev/console", "/dev/pts", "/dev/shm", "/dev/mqueue", "/proc",
	"/sys", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/mtab",
	"/.dockerenv", NULL,
};

/* ---- made --------------------------------------------------------------- */

/* In one line, for people: what is no text (JSON is UTF-8) becomes "?". */
static char *
joined(const struct words *words)
{
	char *line = NULL;
	size_t length;
	FILE *out = open_memstream(&line, &length);
	for (size_t i = 0; out && i < words->count; i++) {
		const char *word = words->items[i];
		const char *quote = i && strchr(word, ' ') ? "'" : "";
		fprintf(out, "%s%s%s%s", i ? " " : "", quote, word, quote);
	}
	if (!out || fclose(out) != 0 || !line)
		return copy_text("?");
	if (!record_is_text(line))
		for (char *c = line; *c; c++)
			if ((unsigned char)*c >= 0x80)
				*c = '?';
	return line;
}

/* What is the upper directory outside is "/" inside: it looks like the image's
 * own, whatever our umask. */
static int
copy_root_mode(int dir, const char *top_layer)
{
	struct stat st;
	if (stat(top_layer, &st) < 0)
		return fail("look at the layer %s", top_layer);
	if (fchownat(dir, "upper", st.st_uid, st.st_gid, 0) < 0 ||
	    fchmodat(dir, "upper", st.st_mode & 07777, 0) < 0)
		return fail("prepare the container's layer");
	return 0;
}

static int
make_directories(const struct container *c)
{
	static const char *const names[] = { "rootfs", "upper", "work" };
	/* The last is overlay's alone. */
	bool is_overlay = c->settings->driver == STORAGE_OVERLAY;
	for (size_t i = 0; i < countof(names) - !is_overlay; i++)
		if (mkdirat(c->dir, names[i], 0755) < 0)
			return fail("create the directory %s", names[i]);
	return copy_root_mode(c->dir, c->settings->layers.items[0]);
}

static int
fill(struct container *c)
{
	struct settings settings = *c->settings;
	settings.name = c->record.name;
	return make_directories(c) < 0 ? -1 :
					 settings_save(c->dir, &settings);
}

int
container_create(struct container *c)
{
	const struct settings *settings = c->settings;
	struct record *record = &c->record;
	record->name = settings->name ? copy_text(settings->name) : NULL;
	record->image = copy_text(settings->image);
	record->image_id = copy_text(settings->image_id);
	record->command = joined(&settings->argv);
	record->ports = copy_text("");
	record->remove = settings->remove;
	record->driver = settings->driver;
	c->containers = records_open(c->root);
	if (c->containers < 0 || record_create(c->containers, record, &c->dir,
					       &c->lock) < 0)
		return -1;
	if (fill(c) == 0)
		return 0;
	struct failure why = failure;
	record_remove(c->containers, record->id);
	failure = why;
	return -1;
}

int
container_sync(const struct container *c)
{
	if (c->record.remove || sync_names(c->containers, c->record.id) == 0)
		return 0;
	return wrap("container %.12s", c->record.id);
}

/* ---- found and locked --------------------------------------------------- */

int
container_find(struct container *c, const char *root, const char *word)
{
	container_init(c, root, NULL);
	c->containers = records_open(root);
	return c->containers < 0 ? -1 :
				   record_find(c->containers, word, &c->record,
					       &c->dir);
}

static int
load_again(struct container *c)
{
	struct record record;
	if (record_load(c->dir, &record) < 0)
		return -1;
	record_free(&c->record);
	c->record = record;
	return 0;
}

int
container_lock(struct container *c)
{
	for (int tries = 0;; tries++) {
		int ours = record_lock(c->dir, &c->lock);
		if (ours < 0 || load_again(c) < 0)
			return -1;
		/* A monitor that has said so is about to end. */
		if (ours || c->record.status != STATUS_EXITED || tries == 2000)
			return ours;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

/* ---- removed ------------------------------------------------------------ */

int
container_remove(struct container *c)
{
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	/* What cannot be read had no volumes that we could know of. */
	bool is_known = settings_load(c->dir, &settings) == 0;
	if (record_remove(c->containers, c->record.id) < 0)
		return -1;
	container_tell(c->dir, &c->record, &settings.labels, "destroy", NULL);
	/* Or a power cut brings it back, and the boot after it starts it. */
	if (is_known && !settings.remove && sync_names(c->containers, NULL) < 0)
		return wrap("remove container %.12s", c->record.id);
	return is_known && c->record.remove ?
		       volumes_remove_anonymous(c->root, &settings) :
		       0;
}
