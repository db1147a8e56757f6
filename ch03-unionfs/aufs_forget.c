/* aufs_forget.c - see aufs_forget.h. */
#include "aufs_forget.h"

#include <stdlib.h>
#include <time.h>

void
forget_collect(struct aufs *aufs, const struct node *node,
	       struct known_names *names)
{
	for (const struct alias *a = node->aliases; a; a = a->next) {
		if (names->count == names->room) {
			names->room = 2 * names->room + 64;
			names->all = resize_bytes(
				names->all, names->room * sizeof(*names->all));
		}
		names->all[names->count++] = (struct known_name){
			node_id(&aufs->nodes, a->parent), copy_text(a->name)
		};
	}
}

void
forget_names(struct aufs *aufs, struct known_names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		fuse_forget_name(&aufs->fuse, names->all[i].parent,
				 names->all[i].name);
		free(names->all[i].name);
	}
	free(names->all);
	*names = (struct known_names){ 0 };
}

/*
 * Every other file that is not open: they are in no order, so any will do.  No
 * directory: what is mounted at a name that is forgotten is unmounted, so a
 * volume would be gone.
 */
static void
collect_half(struct aufs *aufs, struct known_names *names)
{
	struct nodes *nodes = &aufs->nodes;
	for (size_t i = 0; i < nodes->chain_count; i += 2)
		for (struct node *node = nodes->chains[i]; node;
		     node = node->next)
			if (!node->handles && node->type != S_IFDIR)
				forget_collect(aufs, node, names);
}

static void *
keep_forgetting(void *data)
{
	struct aufs *aufs = data;
	struct nodes *nodes = &aufs->nodes;
	/* What the kernel uses it does not forget: do not ask all the time. */
	struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	bool is_over;
	do {
		struct known_names names = { 0 };
		pthread_mutex_lock(&nodes->lock);
		while (!nodes_are_crowded(nodes) && !aufs->is_over)
			pthread_cond_wait(&nodes->crowded, &nodes->lock);
		is_over = aufs->is_over;
		if (!is_over)
			collect_half(aufs, &names);
		pthread_mutex_unlock(&nodes->lock);
		forget_names(aufs, &names);
		if (!is_over)
			nanosleep(&pause, NULL);
	} while (!is_over);
	return NULL;
}

int
forget_start(struct aufs *aufs)
{
	if (pthread_create(&aufs->forgetting, NULL, keep_forgetting, aufs))
		return failx("start a thread");
	return 0;
}

void
forget_stop(struct aufs *aufs)
{
	pthread_mutex_lock(&aufs->nodes.lock);
	aufs->is_over = true;
	pthread_cond_signal(&aufs->nodes.crowded);
	pthread_mutex_unlock(&aufs->nodes.lock);
	pthread_join(aufs->forgetting, NULL);
}
