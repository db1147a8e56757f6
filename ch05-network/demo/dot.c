/*
 * dot.c - `./demo --dot`: network namespaces as clusters, their links as
 * boxes, lines where packets pass: a veth pair, a bridge and its ports.
 *
 * A namespace is found through the processes in it.  Which two ends make a
 * pair the kernel tells with a number for the other namespace, valid only in
 * the one that is asked (netlink_get_netns_id).
 */
#include "demo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "box.h"
#include "netlink.h"
#include "ns.h"
#include "sys.h"

#define MAX_SPACES 64

struct space {
	struct ns_id id;
	int netns;
	char label[64];
	struct netlink nl;
	struct netlink_link *links;
	size_t link_count;
	struct netlink_address *addresses;
	size_t address_count;
};

/* ---- finding ----------------------------------------------------------- */

static int
read_space(struct space *space, bool own)
{
	if ((own ? netlink_open(&space->nl) :
		   netlink_open_in(&space->nl, space->netns)) < 0)
		return -1;
	if (netlink_list_links(&space->nl, &space->links,
			       &space->link_count) < 0)
		return -1;
	return netlink_list_addresses(&space->nl, AF_UNSPEC, &space->addresses,
				      &space->address_count);
}

/* The namespace of a process, unless it is known.  Who may not be looked at
 * is passed over: an ordinary user sees the namespaces of his own. */
static size_t
add_space(struct space *spaces, size_t count, pid_t pid, bool own)
{
	struct space *space = &spaces[count];
	struct ns_id id;
	if (count == MAX_SPACES || ns_id(pid, box_network_kind(), &id) < 0)
		return count;
	for (size_t i = 0; i < count; i++)
		if (ns_same(spaces[i].id, id))
			return count;
	*space = (struct space){ .id = id, .nl = NETLINK_CLOSED };
	auto_free char *path = text("/proc/%d/ns/net", pid);
	space->netns = open(path, O_RDONLY | O_CLOEXEC);
	auto_free char *comm_path = text("/proc/%d/comm", pid);
	char comm[32] = "?";
	read_text(AT_FDCWD, comm_path, comm, sizeof(comm));
	if (own)
		snprintf(space->label, sizeof(space->label), "this host");
	else
		snprintf(space->label, sizeof(space->label), "%s (pid %d)",
			 comm, pid);
	if (space->netns >= 0 && read_space(space, own) == 0)
		return count + 1;
	close_scoped(&space->netns);
	netlink_close(&space->nl);
	free_scoped(&space->links);
	free_scoped(&space->addresses);
	return count;
}

static size_t
find_spaces(struct space *spaces)
{
	size_t count = add_space(spaces, 0, getpid(), true);
	auto_dir DIR *proc = opendir("/proc");
	struct dirent *entry;
	while (proc && (entry = readdir(proc)))
		if (atoi(entry->d_name) > 0)
			count = add_space(spaces, count, atoi(entry->d_name),
					  false);
	return count;
}

/* ---- drawing ----------------------------------------------------------- */

/* A name as part of a quoted string of Graphviz. */
static void
put_quoted(FILE *out, const char *string)
{
	for (; *string; string++) {
		if (*string == '"' || *string == '\\')
			fputc('\\', out);
		fputc(*string, out);
	}
}

static void
draw_link(FILE *out, const struct space *space, size_t number,
	  const struct netlink_link *link)
{
	fprintf(out, "    n%zu_%d [label=\"", number, link->index);
	put_quoted(out, link->name);
	for (size_t i = 0; i < space->address_count; i++) {
		const struct netlink_ip *ip = &space->addresses[i].ip;
		char room[NETLINK_IP_SIZE];
		if (space->addresses[i].link == link->index &&
		    !box_leaves_out(ip))
			fprintf(out, "\\n%s", netlink_format_ip(ip, room));
	}
	bool is_bridge = strcmp(link->kind, "bridge") == 0;
	fprintf(out, "\"%s%s]\n", is_bridge ? " shape=hexagon" : "",
		link->up ? "" : " style=dashed");
}

static void
draw_space(FILE *out, const struct space *space, size_t number)
{
	fprintf(out, "  subgraph cluster_%zu {\n    label=\"", number);
	put_quoted(out, space->label);
	fprintf(out, "\"\n");
	for (size_t i = 0; i < space->link_count; i++)
		draw_link(out, space, number, &space->links[i]);
	fprintf(out, "  }\n");
	for (size_t i = 0; i < space->link_count; i++)
		if (space->links[i].master)
			fprintf(out, "  n%zu_%d -- n%zu_%d [style=bold]\n",
				number, space->links[i].master, number,
				space->links[i].index);
}

static bool
has_link(const struct space *space, int index)
{
	for (size_t i = 0; i < space->link_count; i++)
		if (space->links[i].index == index)
			return true;
	return false;
}

/* Where the other end of a veth is, or `count` when out of sight. */
static size_t
find_peer(struct space *spaces, size_t count, size_t from,
	  const struct netlink_link *link)
{
	for (size_t to = 0; to < count; to++) {
		int id = -1;
		if (to != from &&
		    netlink_get_netns_id(&spaces[from].nl, spaces[to].netns,
					 &id) < 0)
			continue;
		if (to == from ? link->peer_netns == -1 :
				 id >= 0 && id == link->peer_netns)
			return has_link(&spaces[to], link->peer) ? to : count;
	}
	return count;
}

/* Each pair once: from the end that comes first. */
static void
draw_pairs(FILE *out, struct space *spaces, size_t count, size_t from)
{
	for (size_t i = 0; i < spaces[from].link_count; i++) {
		const struct netlink_link *link = &spaces[from].links[i];
		if (strcmp(link->kind, "veth") != 0)
			continue;
		size_t to = find_peer(spaces, count, from, link);
		if (to < count &&
		    (from < to || (from == to && link->index < link->peer)))
			fprintf(out, "  n%zu_%d -- n%zu_%d\n", from,
				link->index, to, link->peer);
	}
}

int
dot(FILE *out)
{
	auto_free struct space *spaces =
		new_bytes((MAX_SPACES + 1) * sizeof(*spaces));
	size_t count = find_spaces(spaces);
	if (count == 0)
		return -1;
	fprintf(out, "graph networks {\n  rankdir=LR\n"
		     "  node [shape=box fontname=\"monospace\"]\n"
		     "  graph [fontname=\"monospace\"]\n");
	for (size_t i = 0; i < count; i++)
		draw_space(out, &spaces[i], i);
	for (size_t i = 0; i < count; i++)
		draw_pairs(out, spaces, count, i);
	fprintf(out, "}\n");
	for (size_t i = 0; i < count; i++) {
		close_scoped(&spaces[i].netns);
		netlink_close(&spaces[i].nl);
		free_scoped(&spaces[i].links);
		free_scoped(&spaces[i].addresses);
	}
	return 0;
}
