/* stats.c - parent.  `stats`: what containers use, live. */
#include "verbs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "allowed.h"
#include "cgroup_stat.h"
#include "container.h"
#include "format.h"
#include "table.h"
#include "view.h"

struct stats_options {
	bool all, once, no_trunc;
	const char *format;
};

static int
take_format(void *data, const char *value)
{
	((struct stats_options *)data)->format = value;
	return 0;
}

static const struct option_row options[] = {
	SWITCH('a', "all", "Show all containers (default shows just running)",
	       struct stats_options, all),
	{ 0, "format", "STRING", "\"table\", \"table TEMPLATE\", \"json\" or a "
	  "Go template", take_format, 0 },
	SWITCH(0, "no-stream", "Disable streaming stats and only pull the "
	       "first result", struct stats_options, once),
	SWITCH(0, "no-trunc", "Do not truncate output", struct stats_options,
	       no_trunc),
	{ 0 },
};

/* ---- counting ------------------------------------------------------------ */

/* Of one container at one moment; what is not known is 0. */
struct sample {
	char id[ID_LENGTH + 1];
	int64_t time_ns; /* on a clock that nobody sets */
	uint64_t cpu_us, memory, memory_limit, pids;
	uint64_t received, sent, read, written;
};

/* All that the host has, where there is no less. */
static uint64_t
memory_of_host(void)
{
	struct sysinfo info;
	return sysinfo(&info) < 0 ? 0 : (uint64_t)info.totalram *
						info.mem_unit;
}

/* Docker leaves out the pages of files that nobody used for long, which the
 * kernel takes back when memory is short. */
static void
sample_memory(const struct cgroup *cgroup, const struct cgroup_usage *usage,
	      struct sample *sample)
{
	const struct cgroup_dir *dir = cgroup_dir_with(cgroup, "memory");
	uint64_t idle = 0, host = memory_of_host();
	if (dir && cgroup_read_number(dir->fd, "memory.stat",
				      dir->in.version == 1 ?
					      "total_inactive_file" :
					      "inactive_file", &idle) < 0)
		idle = 0;
	if (usage->memory != CGROUP_NONE)
		sample->memory = usage->memory > idle ? usage->memory - idle :
							0;
	sample->memory_limit = usage->memory_limit < host ?
				       usage->memory_limit : host;
}

static void
sample_io(const struct cgroup *cgroup, struct sample *sample)
{
	struct cgroup_io *disks;
	size_t count;
	if (cgroup_read_io(cgroup, &disks, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		sample->read += disks[i].read_bytes;
		sample->written += disks[i].write_bytes;
	}
	free(disks);
}

/* /proc/PID/net/dev is of the process's network namespace.  That of the host
 * is nobody's, and Docker counts nothing then. */
static void
sample_network(pid_t pid, struct sample *sample)
{
	auto_free char *path = text("/proc/%d/net/dev", pid);
	auto_free char *ns = text("/proc/%d/ns/net", pid);
	struct stat ours, theirs;
	if (stat("/proc/self/ns/net", &ours) < 0 || stat(ns, &theirs) < 0 ||
	    ours.st_ino == theirs.st_ino)
		return;
	auto_free char *all = read_all(AT_FDCWD, path, NULL);
	char *rest = all, *line;
	while (rest && (line = strsep(&rest, "\n"))) {
		char name[32];
		unsigned long long received, sent;
		if (sscanf(line, " %31[^:]: %llu %*u %*u %*u %*u %*u %*u %*u "
				 "%llu", name, &received, &sent) == 3 &&
		    strcmp(name, "lo") != 0) {
			sample->received += received;
			sample->sent += sent;
		}
	}
}

static struct sample
take_sample(const struct view *view)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	struct sample sample = {
		.time_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec,
	};
	memcpy(sample.id, view->record.id, sizeof(sample.id));
	struct cgroup cgroup = { 0 };
	struct cgroup_usage usage;
	if (!view_is_running(view) ||
	    container_open_cgroup(view->root, view->record.id, &cgroup) < 0)
		return sample;
	if (cgroup_read_usage(&cgroup, &usage) == 0) {
		sample.cpu_us = usage.cpu_us == CGROUP_NONE ? 0 : usage.cpu_us;
		sample.pids = usage.pids == CGROUP_NONE ? 0 : usage.pids;
		sample_memory(&cgroup, &usage, &sample);
	}
	sample_io(&cgroup, &sample);
	cgroup_close(&cgroup);
	sample_network(view->record.pid, &sample);
	return sample;
}

/* ---- rows ---------------------------------------------------------------- */

static char *
pair(uint64_t a, uint64_t b, char *(*format)(uint64_t))
{
	auto_free char *first = format(a);
	auto_free char *second = format(b);
	return text("%s / %s", first, second);
}

/* 100 % is one processor. */
static double
cpu_percent(const struct sample *before, const struct sample *now)
{
	int64_t wall_ns = now->time_ns - before->time_ns;
	if (wall_ns <= 0 || now->cpu_us < before->cpu_us || !before->cpu_us)
		return 0;
	return (now->cpu_us - before->cpu_us) * 100000.0 / wall_ns;
}

static json_t *
row_of(const struct view *view, const struct sample *before,
       const struct sample *now, bool whole, const char *called)
{
	auto_free char *id = text("%.*s", whole ? ID_LENGTH : SHORT_ID,
				  view->record.id);
	double share = now->memory_limit ?
		now->memory * 100.0 / now->memory_limit : 0;
	auto_free char *cpu = text("%.2f%%", cpu_percent(before, now));
	auto_free char *percent = text("%.2f%%", share);
	auto_free char *memory = pair(now->memory, now->memory_limit,
				      format_binary_size);
	auto_free char *network = pair(now->received, now->sent, format_size);
	auto_free char *disk = pair(now->read, now->written, format_size);
	auto_free char *pids = text("%llu", (unsigned long long)now->pids);
	const char *const members[][2] = {
		{ "BlockIO", disk },   { "CPUPerc", cpu },
		{ "Container", called ? called : id },
		{ "ID", id },	       { "MemPerc", percent },
		{ "MemUsage", memory }, { "Name", view->record.name },
		{ "NetIO", network },  { "PIDs", pids },
	};
	return json_members(members, countof(members));
}

static const struct heading headings[] = {
	{ "Container", "CONTAINER" }, { "Name", "NAME" },
	{ "ID", "CONTAINER ID" },     { "CPUPerc", "CPU %" },
	{ "MemUsage", "MEM USAGE / LIMIT" }, { "MemPerc", "MEM %" },
	{ "NetIO", "NET I/O" },	      { "BlockIO", "BLOCK I/O" },
	{ "PIDs", "PIDS" },	      { NULL, NULL },
};

static const struct listing listing = {
	.table = "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t"
		 "{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}",
	.quiet = "{{.ID}}",
	.type = "*container.statsContext",
	.headings = headings,
};

/* ---- over and over ------------------------------------------------------- */

/* Those that are named, or all that run. */
static int
find_views(char *const *names, struct view **views, size_t *count)
{
	*count = 0;
	if (!*names)
		return view_list(verb_root(), views, count);
	size_t all = 0;
	while (names[all])
		all++;
	*views = new_bytes(all * sizeof(**views));
	for (size_t i = 0; i < all; i++, ++*count) {
		if (view_open(verb_root(), names[i], &(*views)[i]) == 0)
			continue;
		view_free_list(*views, *count);
		return -1;
	}
	return 0;
}

struct samples {
	struct sample *list;
	size_t count;
};

/* The last one of that container; none: as it is now. */
static const struct sample *
find_before(const struct samples *before, const struct sample *now)
{
	for (size_t i = 0; i < before->count; i++)
		if (strcmp(before->list[i].id, now->id) == 0)
			return &before->list[i];
	return now;
}

static int
print_rows(json_t *rows, const struct stats_options *wanted, bool is_live)
{
	if (is_live)
		printf("\033[2J\033[H"); /* clear, to the top */
	int result = listing_print(&listing,
				   wanted->format ? wanted->format : "",
				   false, rows, stdout);
	fflush(stdout);
	return result;
}

/* One look at all; what is seen takes the place of `before`. */
static int
look(char *const *names, const struct stats_options *wanted,
     struct samples *before, json_t *rows)
{
	struct view *views;
	size_t count;
	if (find_views(names, &views, &count) < 0)
		return -1;
	struct samples now = { new_bytes((count + 1) * sizeof(*now.list)), 0 };
	for (size_t i = 0; i < count; i++) {
		if (!*names && !wanted->all && !view_is_running(&views[i]))
			continue;
		struct sample *sample = &now.list[now.count++];
		*sample = take_sample(&views[i]);
		json_array_append_new(
			rows, row_of(&views[i], find_before(before, sample),
				     sample, wanted->no_trunc,
				     *names ? names[i] : NULL));
	}
	view_free_list(views, count);
	free(before->list);
	*before = now;
	return 0;
}

/* What a processor did is known from two looks, a second from each other. */
static int
print_stats(char *const *names, const struct stats_options *wanted)
{
	struct samples before = { 0 };
	bool is_live = !wanted->once && isatty(STDOUT_FILENO);
	int result = 0;
	for (bool first = true; result == 0; first = false) {
		json_t *rows = json_array();
		result = look(names, wanted, &before, rows);
		if (result == 0 && !first)
			result = print_rows(rows, wanted, is_live);
		json_decref(rows);
		if (wanted->once && !first)
			break;
		if (result == 0)
			sleep(1);
	}
	free(before.list);
	return result;
}

static int
run_stats(const struct verb *verb, int argc, char **argv)
{
	struct stats_options wanted = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 0, -1, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	auto_free char *why = allowed_why_not("memory");
	if (why) {
		failx("what a container uses is not counted: %.200s", why);
		return verb_error(verb);
	}
	if (print_stats(argv + first, &wanted) < 0)
		return verb_error(verb);
	return 0;
}

const struct verb verb_stats = {
	.name = "stats",
	.arguments = "[CONTAINER...]",
	.shows = "Display a live stream of container(s) resource usage "
		 "statistics",
	.options = options,
	.failure_status = 1,
	.run = run_stats,
};
