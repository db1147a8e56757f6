/* aufs_handle.c - see aufs_handle.h. */
#include "aufs_handle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "aufs_copy.h"

/* What is the kernel's business, or was that of this one call. */
#define NOT_PASSED_ON                                                         \
	(O_CREAT | O_EXCL | O_NOCTTY | O_NOFOLLOW | O_APPEND | O_DIRECT |     \
	 O_NONBLOCK)

bool
handle_is_up(const struct node *node)
{
	return branch_is_writable(node->layers[0].branch);
}

int
handle_open_object(const struct node *node, int flags)
{
	int real = flags & ~NOT_PASSED_ON;
	if (!handle_is_up(node))
		real = (real & ~(O_ACCMODE | O_TRUNC)) | O_RDONLY;
	return open(fd_path(node->layers[0].fd).text, real | O_CLOEXEC);
}

int
handle_move_all(const struct node *node)
{
	for (struct handle *h = node->handles; h; h = h->next) {
		auto_close int fd =
			handle_open_object(node, h->flags & ~O_TRUNC);
		if (fd < 0 || dup3(fd, h->fd, O_CLOEXEC) < 0)
			return -errno;
	}
	return 0;
}

static void
close_those_of(struct node *node)
{
	while (node->handles) {
		struct handle *handle = node->handles;
		node->handles = handle->next;
		close(handle->fd);
		free(handle);
	}
}

void
handle_close_all(struct nodes *nodes)
{
	for (size_t i = 0; i < nodes->chain_count; i++)
		for (struct node *node = nodes->chains[i]; node;
		     node = node->next)
			close_those_of(node);
}
