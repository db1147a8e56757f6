/* host.c - see host.h. */
#include "host.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_stat.h"
#include "tour.h"

void
host_forget(struct host *host)
{
	free(host->cgroups);
	free(host->handed_down);
}

static uint64_t
read_own_limit(const struct hierarchies *found, const char *controller,
	       const char *v1_file, const char *v2_file)
{
	uint64_t value = CGROUP_NONE;
	const struct hierarchy *in = hierarchy_with(found, controller);
	if (!in || !in->own)
		return value;
	auto_close int dir = open(in->own, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cgroup_read_number(dir, in->version == 1 ? v1_file : v2_file, NULL,
			   &value);
	return value;
}

/*
 * Leave out the lines of hierarchies that have only a name: somebody else may
 * make one meanwhile, and then every process is in one more.
 */
static void
drop_named(char *lines)
{
	char *out = lines;
	for (char *line = lines, *next; *line; line = next) {
		size_t length = strcspn(line, "\n");
		next = line + length + (line[length] == '\n');
		if (memmem(line, length, ":name=", 6))
			continue;
		memmove(out, line, next - line);
		out += next - line;
	}
	*out = '\0';
}

int
host_look(struct host *host)
{
	*host = (struct host){ 0 };
	auto_hierarchies struct hierarchies found = { 0 };
	host->cgroups = read_all(AT_FDCWD, "/proc/self/cgroup", NULL);
	if (!host->cgroups || hierarchy_find_all(&found) < 0)
		return -1;
	drop_named(host->cgroups);
	host->memory = read_own_limit(&found, "memory", "memory.limit_in_bytes",
				      "memory.max");
	host->pids = read_own_limit(&found, "pids", "pids.max", "pids.max");
	for (size_t i = 0; i < found.count; i++) {
		if (found.all[i].version != 2 || !found.all[i].base)
			continue;
		auto_free char *path = text("%s/cgroup.subtree_control",
					    found.all[i].base);
		host->handed_down = read_all(AT_FDCWD, path, NULL);
	}
	return 0;
}

bool
host_hands_down_more(const struct host *now, const struct host *before)
{
	auto_free char *words = copy_text(now->handed_down ? now->handed_down :
							     "");
	char *rest = words;
	for (char *word; (word = strtok_r(rest, " \n", &rest));)
		if (!hierarchy_list_has(before->handed_down, word))
			return true;
	return false;
}

int
host_survives_oom_or_skip(void)
{
	uint64_t panics = 0;
	cgroup_read_number(AT_FDCWD, "/proc/sys/vm/panic_on_oom", NULL,
			   &panics);
	return panics != 2 ? 0 :
			     tour_skip("needs a machine that survives an OOM "
				       "kill; found: vm.panic_on_oom is 2");
}
