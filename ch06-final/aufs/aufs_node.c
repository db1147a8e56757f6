/* aufs_node.c - see aufs_node.h. */
#include "aufs_node.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_CHAINS 1024
#define ROOT_NUMBER 2

/* ---- the table --------------------------------------------------------- */

void
nodes_init(struct nodes *nodes)
{
	*nodes = (struct nodes){ .chain_count = FIRST_CHAINS,
				 .descriptors_wanted = SIZE_MAX };
	pthread_mutex_init(&nodes->lock, NULL);
	pthread_cond_init(&nodes->crowded, NULL);
	numbers_init(&nodes->numbers);
	nodes->chains = new_bytes(FIRST_CHAINS * sizeof(*nodes->chains));
	nodes->root = (struct node){ .ino = ROOT_NUMBER,
				     .type = S_IFDIR,
				     .references = 1,
				     .backing = -1 };
}

static struct node **
chain_of(const struct nodes *nodes, dev_t dev, ino_t ino)
{
	return &nodes->chains[number_hash(dev, ino) &
			      (nodes->chain_count - 1)];
}

static void
put(struct nodes *nodes, struct node *node)
{
	struct node **chain = chain_of(nodes, node->dev, node->real);
	node->next = *chain;
	*chain = node;
}

static void
take(struct nodes *nodes, struct node *node)
{
	struct node **at = chain_of(nodes, node->dev, node->real);
	while (*at && *at != node)
		at = &(*at)->next;
	if (*at)
		*at = node->next;
}

static void
resize_table(struct nodes *nodes, size_t count)
{
	struct node **old = nodes->chains;
	size_t old_count = nodes->chain_count;
	nodes->chains = new_bytes(count * sizeof(*nodes->chains));
	nodes->chain_count = count;
	for (size_t i = 0; i < old_count; i++)
		for (struct node *node = old[i], *next; node; node = next) {
			next = node->next;
			put(nodes, node);
		}
	free(old);
}

static struct node *
find(const struct nodes *nodes, dev_t dev, ino_t ino, mode_t type)
{
	struct node *node = *chain_of(nodes, dev, ino);
	while (node && (node->dev != dev || node->real != ino ||
			node->type != (type & S_IFMT)))
		node = node->next;
	return node;
}

/* ---- layers ------------------------------------------------------------ */

static void
close_layers(struct nodes *nodes, const struct layer *layers,
	     unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		close(layers[i].fd);
	nodes->descriptors -= count;
}

static void
set_layers(struct node *node, const struct layer *layers, unsigned int count)
{
	if (node->layers != &node->one)
		free(node->layers);
	node->layers = &node->one;
	if (count > 1)
		node->layers = new_bytes(count * sizeof(*layers));
	memcpy(node->layers, layers, count * sizeof(*layers));
	node->layer_count = count;
}

/* The key says that the topmost is the same. */
static bool
are_same(const struct node *node, const struct layer *layers,
	 unsigned int count)
{
	if (node->layer_count != count)
		return false;
	for (unsigned int i = 0; i < count; i++) {
		struct stat one, other;
		if (node->layers[i].branch != layers[i].branch)
			return false;
		if (i > 0 && (fstat(node->layers[i].fd, &one) < 0 ||
			      fstat(layers[i].fd, &other) < 0 ||
			      one.st_ino != other.st_ino ||
			      one.st_dev != other.st_dev))
			return false;
	}
	return true;
}

struct node *
node_get(struct nodes *nodes, const struct layer *layers, unsigned int count,
	 bool ends, const struct stat *st, bool *differs)
{
	pthread_mutex_lock(&nodes->lock);
	nodes->descriptors += count;
	struct node *node = find(nodes, st->st_dev, st->st_ino, st->st_mode);
	if (node) {
		*differs = !are_same(node, layers, count);
		close_layers(nodes, layers, count);
	} else {
		*differs = false;
		node = new_bytes(sizeof(*node));
		*node = (struct node){ .dev = st->st_dev,
				       .real = st->st_ino,
				       .type = st->st_mode & S_IFMT,
				       .layers = &node->one,
				       .ends = ends,
				       .backing = -1 };
		set_layers(node, layers, count);
		put(nodes, node);
		if (++nodes->count > 2 * nodes->chain_count)
			resize_table(nodes, 4 * nodes->chain_count);
	}
	node->references++;
	if (nodes_are_crowded(nodes))
		pthread_cond_signal(&nodes->crowded);
	if (node->ino == 0)
		node->ino = number_of(&nodes->numbers, st->st_dev,
				      st->st_ino);
	pthread_mutex_unlock(&nodes->lock);
	return node;
}

struct node *
node_find(struct nodes *nodes, const struct stat *st)
{
	pthread_mutex_lock(&nodes->lock);
	struct node *node = find(nodes, st->st_dev, st->st_ino, st->st_mode);
	if (node)
		node->references++;
	pthread_mutex_unlock(&nodes->lock);
	return node;
}

void
node_replace(struct nodes *nodes, struct node *node,
	     const struct layer *layers, unsigned int count, bool ends,
	     const struct stat *st)
{
	pthread_mutex_lock(&nodes->lock);
	bool is_root = node == &nodes->root;
	if (!is_root)
		take(nodes, node);
	nodes->descriptors += count - node->layer_count;
	node->dev = st->st_dev;
	node->real = st->st_ino;
	node->ends = ends;
	set_layers(node, layers, count);
	if (!is_root)
		put(nodes, node);
	pthread_mutex_unlock(&nodes->lock);
}

/* ---- counts ------------------------------------------------------------ */

static void drop_locked(struct nodes *nodes, struct node *node);

static void
free_alias(struct nodes *nodes, struct alias *alias)
{
	drop_locked(nodes, alias->parent);
	free(alias);
}

static void
free_parts(struct node *node)
{
	if (node->layers != &node->one)
		free(node->layers);
	listing_drop(node->listing);
	listing_drop(node->told);
	for (struct alias *alias = node->aliases, *next; alias; alias = next) {
		next = alias->next;
		free(alias);
	}
}

static void
free_node(struct nodes *nodes, struct node *node)
{
	take(nodes, node);
	close_layers(nodes, node->layers, node->layer_count);
	for (struct alias *alias = node->aliases; alias; alias = alias->next)
		drop_locked(nodes, alias->parent);
	free_parts(node);
	free(node);
	if (--nodes->count < nodes->chain_count / 4 &&
	    nodes->chain_count > FIRST_CHAINS) {
		resize_table(nodes, nodes->chain_count / 4);
		/* By itself free(3) gives back only what lies behind the last
		 * thing in use. */
		malloc_trim(0);
	}
}

static void
drop_locked(struct nodes *nodes, struct node *node)
{
	if (--node->references == 0 && node != &nodes->root)
		free_node(nodes, node);
}

void
node_hold(struct nodes *nodes, struct node *node)
{
	pthread_mutex_lock(&nodes->lock);
	node->references++;
	pthread_mutex_unlock(&nodes->lock);
}

void
node_drop(struct nodes *nodes, struct node *node)
{
	pthread_mutex_lock(&nodes->lock);
	drop_locked(nodes, node);
	pthread_mutex_unlock(&nodes->lock);
}

void
nodes_free(struct nodes *nodes)
{
	struct node *root = &nodes->root;
	for (size_t i = 0; i < nodes->chain_count; i++)
		while (nodes->chains[i]) {
			struct node *node = nodes->chains[i];
			nodes->chains[i] = node->next;
			close_layers(nodes, node->layers, node->layer_count);
			free_parts(node);
			free(node);
		}
	close_layers(nodes, root->layers, root->layer_count);
	free_parts(root);
	free(nodes->chains);
	numbers_free(&nodes->numbers);
}

/* All lookups together are one reference. */
void
node_looked_up(struct nodes *nodes, struct node *node)
{
	pthread_mutex_lock(&nodes->lock);
	if (node->lookups++ == 0)
		node->references++;
	pthread_mutex_unlock(&nodes->lock);
}

void
node_forget(struct nodes *nodes, struct node *node, uint64_t lookups)
{
	pthread_mutex_lock(&nodes->lock);
	if (node != &nodes->root && node->lookups > 0) {
		node->lookups -= lookups < node->lookups ? lookups :
							   node->lookups;
		if (node->lookups == 0)
			drop_locked(nodes, node);
	}
	pthread_mutex_unlock(&nodes->lock);
}

/* ---- names ------------------------------------------------------------- */

static struct alias **
find_alias(struct node *node, const struct node *parent, const char *name)
{
	struct alias **at = &node->aliases;
	while (*at && ((*at)->parent != parent ||
		       strcmp((*at)->name, name) != 0))
		at = &(*at)->next;
	return at;
}

void
node_add_alias(struct nodes *nodes, struct node *node, struct node *parent,
	       const char *name)
{
	pthread_mutex_lock(&nodes->lock);
	struct alias *old = NULL;
	if (!*find_alias(node, parent, name)) {
		size_t size = strlen(name) + 1;
		struct alias *alias = new_bytes(sizeof(*alias) + size);
		memcpy(alias->name, name, size);
		alias->parent = parent;
		parent->references++;
		if (node_is_directory(node)) {
			old = node->aliases;
			node->aliases = NULL;
		}
		alias->next = node->aliases;
		node->aliases = alias;
	}
	if (old)
		free_alias(nodes, old);
	pthread_mutex_unlock(&nodes->lock);
}

void
node_remove_alias(struct nodes *nodes, struct node *node,
		  const struct node *parent, const char *name)
{
	pthread_mutex_lock(&nodes->lock);
	struct alias **at = find_alias(node, parent, name), *found = *at;
	if (found) {
		*at = found->next;
		free_alias(nodes, found);
	}
	pthread_mutex_unlock(&nodes->lock);
}

void
node_forget_listing(struct nodes *nodes, struct node *dir)
{
	pthread_mutex_lock(&nodes->lock);
	struct listing *old = dir->listing;
	dir->listing = NULL;
	pthread_mutex_unlock(&nodes->lock);
	listing_drop(old);
}
