/* runc_checkpoint.c - parent.  `checkpoint`: a container is written to files.
 */
#include "runc.h"

#include <stdlib.h>
#include <string.h>

#include "runc_criu.h"

struct wanted {
	struct criu_options criu; /* first: see runc_criu.h */
	struct checkpoint_options checkpoint;
	char *page_address;
	unsigned int status_fd; /* 0: none */
};

static int
take_parent(void *data, const char *value)
{
	((struct wanted *)data)->checkpoint.parent = *value ? value : NULL;
	return 0;
}

static int
take_status_fd(void *data, const char *value)
{
	uint64_t number;
	int flags = parse_number(value, 1, INT32_MAX, &number) < 0 ?
			    -1 :
			    fcntl(number, F_GETFL);
	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
		return failx("it is a descriptor that can be written to");
	((struct wanted *)data)->status_fd = number;
	return 0;
}

/* "10.0.0.2:27", "[fe80::1]:27". */
static int
take_page_server(void *data, const char *value)
{
	struct wanted *wanted = data;
	const char *colon = strrchr(value, ':');
	uint64_t port;
	if (!colon || colon == value ||
	    parse_number(colon + 1, 1, UINT16_MAX, &port) < 0)
		return failx("it is ADDRESS:PORT");
	bool bracketed = *value == '[' && colon[-1] == ']';
	free(wanted->page_address);
	wanted->page_address = text("%.*s",
				    (int)(colon - value) - 2 * bracketed,
				    value + bracketed);
	wanted->checkpoint.page_address = wanted->page_address;
	wanted->checkpoint.page_port = port;
	return 0;
}

static const struct option_row rows[] = {
	SWITCH(0, "leave-running", "Do not stop it", struct wanted,
	       checkpoint.leave_running),
	SWITCH(0, "pre-dump", "Its memory alone, and it goes on",
	       struct wanted, checkpoint.pre_dump),
	{ 0, "parent-path", "DIR", "Images of before, seen from the new ones",
	  take_parent, 0 },
	SWITCH(0, "tcp-skip-in-flight", "Not connections that begin",
	       struct wanted, checkpoint.tcp_skip_in_flight),
	SWITCH(0, "link-remap", "Also open files that were removed",
	       struct wanted, checkpoint.link_remap),
	{ 0, "page-server", "ADDRESS:PORT", "Send the memory there",
	  take_page_server, 0 },
	{ 0, "status-fd", "FD", "With --lazy-pages: gets a zero when ready",
	  take_status_fd, 0 },
	CRIU_ROWS,
	{ 0 },
};

static int
run(const struct runc *runc, void *data, char **words)
{
	struct wanted *wanted = data;
	struct checkpoint_options *checkpoint = &wanted->checkpoint;
	runc_criu_complete(runc, &wanted->criu);
	checkpoint->root = runc->root;
	checkpoint->id = words[0];
	checkpoint->criu = wanted->criu;
	checkpoint->status_fd = wanted->status_fd ? (int)wanted->status_fd :
						    -1;
	return runtime_checkpoint(checkpoint);
}

static void
release(void *data)
{
	free(((struct wanted *)data)->page_address);
}

const struct runc_verb runc_checkpoint = {
	.name = "checkpoint",
	.arguments = "ID",
	.shows = "save a running container, to be restored later",
	.more = "criu writes its processes to files, and stops them.  The "
		"files of its root are\nnot saved: they are in the bundle.\n",
	.options = rows,
	.wanted_size = sizeof(struct wanted),
	.least = 1,
	.most = 1,
	.run = run,
	.release = release,
};
