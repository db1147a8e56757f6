/* runc_oom.c - parent.  See runc_oom.h. */
#include "runc_oom.h"

#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "cgroup_stat.h"

/* memory.rst of cgroup-v1, section 10: the event is sent to the first of the
 * two descriptors when the second one's file would have something to tell. */
static int
open_v1(struct oom_watch *watch, int memory)
{
	auto_close int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	auto_close int control = openat(memory, "memory.oom_control",
					O_RDONLY | O_CLOEXEC);
	if (event < 0 || control < 0)
		return fail("watch memory.oom_control");
	auto_free char *pair = text("%d %d", event, control);
	if (write_text(memory, "cgroup.event_control", pair) < 0)
		return -1;
	watch->fd = take_fd(&event);
	return 0;
}

static uint64_t
count_kills(int memory)
{
	uint64_t count;
	return cgroup_read_number(memory, "memory.events", "oom_kill",
				  &count) < 0 ? 0 : count;
}

static int
open_v2(struct oom_watch *watch, int memory)
{
	auto_close int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	auto_free char *path = text("/proc/self/fd/%d/memory.events", memory);
	if (notify < 0 || inotify_add_watch(notify, path, IN_MODIFY) < 0)
		return fail("watch memory.events");
	watch->memory = memory;
	watch->seen = count_kills(memory);
	watch->fd = take_fd(&notify);
	return 0;
}

int
oom_watch_open(struct oom_watch *watch, const struct cgroup *cgroup)
{
	*watch = (struct oom_watch){ .fd = -1, .memory = -1 };
	const struct cgroup_dir *dir = cgroup_dir_with(cgroup, "memory");
	if (!dir)
		return 0;
	return dir->in.version == 2 ? open_v2(watch, dir->fd) :
				      open_v1(watch, dir->fd);
}

uint64_t
oom_watch_take(struct oom_watch *watch)
{
	char buffer[4096];
	if (watch->memory < 0) {
		uint64_t count = 0;
		return read(watch->fd, &count, sizeof(count)) ==
				       sizeof(count) ? count : 0;
	}
	while (read(watch->fd, buffer, sizeof(buffer)) > 0)
		;
	uint64_t now = count_kills(watch->memory), before = watch->seen;
	if (now <= before)
		return 0; /* another of its numbers, or it is being removed */
	watch->seen = now;
	return now - before;
}

void
oom_watch_close(struct oom_watch *watch)
{
	close_scoped(&watch->fd);
}
