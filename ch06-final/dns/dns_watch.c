/* dns_watch.c - the name server.  See dns_watch.h. */
#include "dns_watch.h"

#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define CHANGES (IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE)

/* One that is watched already stays so. */
static void
watch_all(struct dns_server *server)
{
	int fd = openat(server->directory, ".",
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	(void)inotify_add_watch(server->watcher.fd, ".", CHANGES | IN_ONLYDIR);
	while (dir && (entry = readdir(dir)))
		if (*entry->d_name != '.')
			(void)inotify_add_watch(server->watcher.fd,
						entry->d_name,
						CHANGES | IN_ONLYDIR);
}

static void
load(struct dns_server *server)
{
	watch_all(server);
	dns_names_load(&server->names, server->directory);
}

static bool
is_of_names(const struct inotify_event *event)
{
	return event->mask & (IN_ISDIR | IN_IGNORED | IN_Q_OVERFLOW) ||
	       (event->len > 0 && strcmp(event->name, "names") == 0);
}

void
dns_watch_refresh(struct dns_server *server)
{
	_Alignas(struct inotify_event) char room[4096];
	bool has_changed = false;
	ssize_t length;
	while ((length = read(server->watcher.fd, room, sizeof(room))) > 0)
		for (char *at = room; at < room + length;) {
			const struct inotify_event *event = (void *)at;
			has_changed |= is_of_names(event);
			at += sizeof(*event) + event->len;
		}
	if (has_changed)
		load(server);
}

static void
on_change(struct source *source, uint32_t events)
{
	(void)events;
	dns_watch_refresh(source->owner);
}

int
dns_watch_begin(struct dns_server *server)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0)
		return fail("watch the names");
	server->watcher = (struct source){
		.fd = fd, .owner = server, .ready = on_change,
	};
	if (loop_watch(server->epoll, &server->watcher, EPOLLIN) < 0)
		return -1;
	load(server);
	return 0;
}
