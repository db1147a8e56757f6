/*
 * up.c - parent: the starter.  The order in which a container comes to run,
 * and ends.
 *
 * One table, read downwards to start and upwards to undo.  The names of all
 * kernel objects are made of the container's id, and every `down` accepts what
 * is half made or not there; so the same functions serve a step that failed,
 * a payload that ended, and what killed processes left (recover.c).
 *
 * What happens within `create` are two tables of the runtime's, the second of
 * them run by the child: runtime/create.c and child.c.
 */
#include "container.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle.h"
#include "core.h"
#include "files.h"
#include "held.h"
#include "image_mounts.h"
#include "keep_id.h"
#include "netlink.h"
#include "outside.h"
#include "published.h"
#include "relayed.h"
#include "rootless.h"
#include "runtime.h"
#include "self.h"
#include "shm.h"
#include "stepping.h"
#include "steps.h"
#include "union.h"
#include "user.h"
#include "volumes.h"

/* ---- address: its own, and the host's ports, reserved ------------------- */

/* The published ports, wherever they lead in. */
static char *
ports_in_words(const struct settings *settings,
	       const struct attachments *all)
{
	char *line = copy_text("");
	for (size_t i = 0; i < all->count; i++)
		published_words(&line, settings, all->list[i].endpoint.ports,
				all->list[i].endpoint.port_count);
	return line;
}

/* The monitor keeps what we leave to it; the record knows what it is. */
static int
leave(struct container *c)
{
	const struct attachments *all = &c->attachments;
	size_t count;
	auto_free int *fds = attachments_held(all->list, all->count, &count);
	c->held = held_open(fds, count);
	if (c->held < 0)
		return -1;
	char room[IPAM_ADDRESS_SIZE];
	free(c->record.ports);
	free(c->record.address);
	c->record.ports = ports_in_words(c->settings, all);
	c->record.address = copy_text(
		ipam_format(all->list[0].endpoint.lease.address, room));
	return record_save(c->dir, &c->record);
}

static struct attached
whose(const struct container *c)
{
	return (struct attached){
		.root = c->root, .id = c->record.id, .name = c->record.name,
		.hostname = c->hostname, .settings = c->settings,
	};
}

static int
address_up(struct container *c)
{
	struct attached us = whose(c);
	if (!attachments_has_any(c->settings))
		return outside_join(c->settings);
	auto_free struct nat_port *ports = outside_take(c->record.id,
							c->settings,
							&us.port_count);
	us.ports = ports;
	if (!ports || attachments_reserve(&us, &c->attachments) < 0)
		return -1;
	return leave(c);
}

static int
address_down(struct container *c)
{
	struct attached us = whose(c);
	close_scoped(&c->held);
	if (outside_give(c->record.id) < 0)
		return -1;
	return c->attachments.count ?
		       attachments_release(&us, &c->attachments) :
		       attachments_forget(c->root, c->record.id);
}

static int
files_up(struct container *c)
{
	const struct attachments *all = &c->attachments;
	char gateway[IPAM_ADDRESS_SIZE] = "";
	auto_words struct words links = { 0 }, addresses = { 0 };
	for (size_t i = 0; i < all->count; i++)
		attachment_addresses(&all->list[i], &addresses);
	if (all->count)
		ipam_format(all->list[0].network.gateway, gateway);
	if (joined_links(c->root, c->settings, &links) < 0 || shm_up(c) < 0)
		return -1;
	return files_write(c->dir, c->settings, &(struct files_facts){
		.hostname = c->hostname,
		.addresses = &addresses,
		.gateway = gateway,
		.links = &links,
		.has_names = attachments_have_names(all),
	});
}

/* ---- bundle: what the runtime core is to make of all this --------------- */

/* Names mean what the container's own files say: its root is nowhere yet, but
 * it can be looked into. */
static int
find_user(const struct container *c, struct user *user)
{
	const struct words *groups = &c->settings->groups;
	if (user_resolve(c->union_mount, c->settings->user ?: "", user) < 0)
		return -1;
	for (size_t i = 0; i < groups->count; i++)
		if (user_add_group(c->union_mount, groups->items[i], user) < 0)
			return -1;
	return keep_id_is_wanted(c->settings) ?
		       0 : rootless_check_ids(user->uid, user->gid);
}

static int
bundle_up(struct container *c)
{
	struct user user = { 0 };
	auto_free char *directory =
		text("%s/containers/%s", c->root, c->record.id);
	auto_free char *volumes = text("%s/volumes", c->root);
	auto_free char *shm = text("%s/shm", directory);
	auto_free char *rootfs = text("%s/rootfs", directory);
	auto_free char *init =
		c->settings->init ? self_beside("mydocker-init") : NULL;
	auto_free char *place = core_root(c->root);
	if (joined_open(c->root, place, c->settings, &c->joined) < 0)
		return -1;
	if (c->joined.hostname) {
		free(c->hostname);
		c->hostname = copy_text(c->joined.hostname);
	}
	struct bundle_facts facts = {
		.id = c->record.id,
		.directory = c->joined.directory ?: directory,
		.net = c->joined.paths[JOINED_NET],
		.pid = c->joined.paths[JOINED_PID],
		.ipc = c->joined.paths[JOINED_IPC],
		.uts = c->joined.paths[JOINED_UTS],
		.volumes = volumes,
		.shm = c->joined.shm ?: shm_is_left(c->dir) ? shm : NULL,
		.hostname = c->hostname,
		.user = &user,
		.init = init,
	};
	if (find_user(c, &user) == 0 &&
	    volumes_fill(c->root, c->union_mount, c->settings) == 0 &&
	    volumes_open_paths(c->root, c->settings, &c->paths) == 0 &&
	    image_mounts_open(c, rootfs) == 0) {
		facts.paths = c->paths;
		c->config = bundle_config(c->settings, &facts);
		bundle_args(c->settings, &c->args);
		bundle_env(c->settings, &facts, &c->env);
	}
	free(user.home);
	return c->config ? 0 : -1;
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
	struct attached us = whose(c);
	if (c->attachments.count)
		return attachments_plug(&us, &c->attachments, c->pid);
	auto_close int netns = attachments_open_netns(c->pid);
	if (netns < 0)
		return -1;
	return c->settings->loopback_only ? loopback_up(netns) : 0;
}

/* ---- the table ---------------------------------------------------------- */

const struct step up_steps[] = {
	{ "union", union_up, union_down },
	{ "address", address_up, address_down },
	{ "files", files_up, shm_down },
	{ "bundle", bundle_up, NULL },
	{ "create", core_create, core_delete },
	{ "attach", attach_up, NULL },
	{ "start", core_start, NULL },
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
		stepping_tell("undo", step->name);
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
	bool is_core = step->up == core_create || step->up == core_start;
	int status = is_core ? runtime_exit_status() : 1;
	return status == 1 ? EXIT_RUNTIME : status;
}

/* The host's, where its name or its network is the container's. */
static char *
name_of(const struct container *c)
{
	const struct settings *settings = c->settings;
	char host[65] = "";
	if (settings->hostname)
		return copy_text(settings->hostname);
	bool is_host = strcmp(settings_network(settings), "host") == 0 ||
		       (settings->uts && strcmp(settings->uts, "host") == 0);
	return is_host && gethostname(host, sizeof(host) - 1) == 0 ?
		       copy_text(host) :
		       text("%.*s", SHORT_ID, c->record.id);
}

static void
prepare(struct container *c)
{
	c->hostname = name_of(c);
	stepping_tell("container", c->record.id);
}

int
container_start(struct container *c, struct console *console,
		struct launched *made)
{
	c->console = console;
	prepare(c);
	for (size_t i = 0; i < UP_STEPS; i++) {
		if (steps_do(&up_steps[i], c) == 0)
			continue;
		int status = exit_status_of(&up_steps[i]);
		struct failure why = failure;
		if (undo(c, i + 1) < 0)
			failx("%s (and then: %.100s)", why.text, failure.text);
		else
			failure = why;
		return -status;
	}
	*made = (struct launched){
		.pid = c->pid,
		.daemon = c->daemon,
		.master = take_fd(&c->master),
		.held = take_fd(&c->held),
		.has_names = attachments_have_names(&c->attachments),
		.has_relayed = relayed_is_possible(&c->attachments),
	};
	return 0;
}

int
container_undo(struct container *c)
{
	return undo(c, UP_STEPS);
}
