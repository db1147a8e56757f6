/*
 * up.c - parent.  The order in which a container comes to be, and goes.
 *
 * One table, read downwards to set up and upwards to undo.  The names of all
 * kernel objects are made of the container's id, and every `down` accepts what
 * is half made or not there; so the same functions serve a step that failed,
 * a payload that ended, and what a killed runtime left (recover.c).
 *
 * The child's half, from `clone` to `ready`, is the table in child.c.
 */
#include "container.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "netlink.h"
#include "ns.h"
#include "steps.h"
#include "sync.h"
#include "sys.h"
#include "union.h"

/* ---- record: a directory, a name, a lock -------------------------------- */

/* In one line, for people: what is no text (JSON is UTF-8) becomes "?". */
static char *
joined(char *const *words)
{
	char *line = NULL;
	size_t length;
	FILE *out = open_memstream(&line, &length);
	for (size_t i = 0; out && words[i]; i++)
		fprintf(out, "%s%s", i ? " " : "", words[i]);
	if (!out || fclose(out) != 0 || !line)
		return copy_text("?");
	if (!record_is_text(line))
		for (char *c = line; *c; c++)
			if ((unsigned char)*c >= 0x80)
				*c = '?';
	return line;
}

static char *
ports_in_words(const struct config *config)
{
	char *line = copy_text("");
	for (size_t i = 0; i < config->publish_count; i++) {
		const struct nat_port *port = &config->publish[i];
		char room[IPAM_ADDRESS_SIZE];
		char *longer = text("%s%s%s:%u->%u/%s", line, i ? ", " : "",
				    ipam_format(port->host_address, room),
				    port->host_port, port->port,
				    nat_protocol_name(port->protocol));
		free(line);
		line = longer;
	}
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
record_up(struct container *c)
{
	const struct config *config = c->config;
	c->record.name = config->name ? copy_text(config->name) : NULL;
	c->record.image = copy_text(config->image);
	c->record.image_id = copy_text(config->image_id);
	c->record.command = joined(config->argv);
	c->record.ports = ports_in_words(config);
	c->record.remove = config->remove;
	c->record.driver = config->driver;
	c->containers = records_open(c->root);
	if (c->containers < 0 ||
	    record_create(c->containers, &c->record, &c->dir, &c->lock) < 0)
		return -1;
	steps_trace("container", c->record.id);
	c->hostname = config->hostname ?
			      copy_text(config->hostname) :
			      text("%.*s", SHORT_ID, c->record.id);
	c->endpoint = (struct net_endpoint)NET_ENDPOINT(c->record.id);
	static const char *const directories[] = { "rootfs", "upper", "work" };
	/* The last is overlay's alone. */
	bool is_overlay = config->driver == STORAGE_OVERLAY;
	for (size_t i = 0; i < countof(directories) - !is_overlay; i++)
		if (mkdirat(c->dir, directories[i], 0755) < 0)
			return fail("create the directory %s", directories[i]);
	return copy_root_mode(c->dir, config->layers[0]);
}

static int
record_down(struct container *c)
{
	int result = 0;
	if (c->lock >= 0 && (c->record.remove || !c->record.started)) {
		result = record_remove(c->containers, c->record.id);
	} else if (c->lock >= 0) {
		c->record.status = STATUS_EXITED;
		c->record.finished = time(NULL);
		c->record.pid = 0;
		result = record_save(c->dir, &c->record);
	}
	close_scoped(&c->dir);
	close_scoped(&c->containers);
	/* Last: whoever waits for the lock finds everything done. */
	close_scoped(&c->lock);
	record_free(&c->record);
	return result;
}

/* ---- console: pipes, and the signals that are for the container --------- */

static int
console_up(struct container *c)
{
	c->signals = console_signals(c->old_mask);
	return c->signals < 0 ? -1 : console_open(&c->console);
}

static int
console_down(struct container *c)
{
	/* The signals stay blocked until all is undone: container_free(). */
	console_close(&c->console);
	return 0;
}

/* ---- cgroup: made and limited before anybody is in it ------------------- */

char *
container_cgroup_name(const char *id)
{
	return text("mydocker/%s", id);
}

static int
cgroup_up(struct container *c)
{
	auto_free char *name = container_cgroup_name(c->record.id);
	if (cgroup_create(&c->cgroup, name) < 0)
		return -1;
	return cgroup_limit(&c->cgroup, &c->config->limits);
}

static int
cgroup_down(struct container *c)
{
	auto_free char *name = container_cgroup_name(c->record.id);
	if (c->cgroup.count == 0 && cgroup_open(&c->cgroup, name) < 0)
		return -1;
	int result = cgroup_kill(&c->cgroup);
	if (result == 0)
		result = cgroup_destroy(&c->cgroup);
	cgroup_close(&c->cgroup);
	return result;
}

/* ---- network: an address and the host's ports, reserved ----------------- */

static int
network_up(struct container *c)
{
	if (c->config->loopback_only)
		return 0;
	return net_reserve(&c->network, &c->endpoint, c->config->publish,
			   c->config->publish_count);
}

static int
network_down(struct container *c)
{
	return net_release(&c->network, &c->endpoint);
}

static int
files_up(struct container *c)
{
	char address[IPAM_ADDRESS_SIZE] = "";
	if (!c->config->loopback_only)
		ipam_format(c->endpoint.lease.address, address);
	return files_write(c->dir, c->hostname, address);
}

/* ---- clone: the child, born in its namespaces and its cgroup ------------ */

#define NAMESPACES                                                            \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID |           \
	 CLONE_NEWNET) /* the cgroup namespace follows: see child.c */

static int
clone_up(struct container *c)
{
	if (sync_pair(&c->sync, &c->child_sync) < 0)
		return -1;
	fflush(NULL);
	c->pid = sys_clone(NAMESPACES, cgroup_v2_fd(&c->cgroup), &c->pidfd);
	if (c->pid == 0)
		container_child(c);
	if (c->pid < 0) {
		c->pid = 0;
		return fail("make a child in new namespaces");
	}
	close_scoped(&c->child_sync);
	/* While we had it, the mount would not go with the container. */
	close_scoped(&c->union_mount);
	console_close_theirs(&c->console);
	return 0;
}

static int
clone_down(struct container *c)
{
	if (c->pid > 0) {
		sys_pidfd_send_signal(c->pidfd, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	c->pid = 0;
	close_scoped(&c->pidfd);
	close_scoped(&c->sync);
	close_scoped(&c->child_sync);
	return 0;
}

/* ---- attach: a cable into its network namespace ------------------------- */

/* --network none: what it has of its own, and nothing that leads out. */
static int
loopback_up(int netns)
{
	auto_netlink struct netlink inside = NETLINK_CLOSED;
	if (netlink_open_in(&inside, netns) < 0)
		return -1;
	return netlink_set_up(&inside, "lo", true);
}

static int
attach_up(struct container *c)
{
	/* We are its parent and have not waited for it: the pid is its own. */
	auto_free char *path = text("/proc/%d/ns/net", c->pid);
	auto_close int netns = open(path, O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return fail("open %s", path);
	return c->config->loopback_only ?
		       loopback_up(netns) :
		       net_attach(&c->network, &c->endpoint, netns);
}

/* ---- ready, start: the child has done its half -------------------------- */

/* Until the child has something to say.  Nothing of the payload runs yet, so
 * a signal that would end a program ends this start. */
static int
await_child(struct container *c)
{
	struct pollfd polls[] = { { c->sync, POLLIN, 0 },
				  { c->signals, POLLIN, 0 } };
	for (;;) {
		if (poll(polls, countof(polls), -1) < 0 && errno != EINTR)
			return fail("wait for the child");
		if (polls[0].revents)
			return 0;
		if (polls[1].revents && console_is_ending(c->signals))
			return failx("interrupted");
	}
}

static int
ready_up(struct container *c)
{
	if (await_child(c) < 0)
		return -1;
	if (c->config->terminal) {
		c->console.master = sync_expect_fd(c->sync, "the child");
		if (c->console.master < 0)
			return -1;
	}
	return await_child(c) < 0 ? -1 : sync_expect(c->sync, SYNC_READY,
						    "the child");
}

static int
start_up(struct container *c)
{
	c->record.status = STATUS_RUNNING;
	c->record.started = time(NULL);
	c->record.pid = c->pid;
	if (record_save(c->dir, &c->record) < 0 ||
	    sync_send(c->sync, SYNC_GO) < 0)
		return -1;
	return sync_expect_exec(c->sync, "the child");
}

/* ---- the table ---------------------------------------------------------- */

const struct step up_steps[] = {
	{ "record", record_up, record_down },
	{ "console", console_up, console_down },
	{ "union", union_up, union_down },
	{ "cgroup", cgroup_up, cgroup_down },
	{ "network", network_up, network_down },
	{ "files", files_up, NULL },
	{ "clone", clone_up, clone_down },
	{ "attach", attach_up, NULL },
	{ "ready", ready_up, NULL },
	{ "start", start_up, NULL },
	{ 0 },
};
#define UP_STEPS (countof(up_steps) - 1)

/* The first `count` steps, the last of them first. */
static int
undo(struct container *c, size_t count)
{
	struct failure first = { 0 };
	while (count-- > 0) {
		const struct step *step = &up_steps[count];
		if (!step->down)
			continue;
		steps_trace("undo", step->name);
		/* Go on: what can be undone must be. */
		if (step->down(c) < 0) {
			wrap("undo %s", step->name);
			if (!first.text[0])
				first = failure;
		}
	}
	failure = first;
	return first.text[0] ? -1 : 0;
}

/* The exit status that `docker run` would have. */
static int
exit_status_of(const struct step *step)
{
	if (step->up != start_up)
		return EXIT_RUNTIME;
	switch (failure.code) {
	case ENOENT:
		return EXIT_NOT_FOUND;
	case EACCES:
	case ENOEXEC:
		return EXIT_CANNOT;
	default:
		return EXIT_RUNTIME;
	}
}

int
container_up(struct container *c)
{
	for (size_t i = 0; i < UP_STEPS; i++) {
		if (steps_do(&up_steps[i], c) == 0)
			continue;
		/* A child that gave up makes other things fail, too. */
		if (c->sync >= 0 && sync_take_failure(c->sync))
			wrap("%s", up_steps[i].name);
		int status = exit_status_of(&up_steps[i]);
		struct failure why = failure;
		c->record.started = 0; /* so that no record stays */
		if (undo(c, i + 1) < 0) {
			struct failure also = failure;
			failure = why;
			failx("%s (and then: %.100s)", why.text, also.text);
		} else {
			failure = why;
		}
		container_free(c);
		return -status;
	}
	return 0;
}

int
container_down(struct container *c)
{
	int result = undo(c, UP_STEPS);
	container_free(c);
	return result;
}
