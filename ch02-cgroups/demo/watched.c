/* watched.c - see watched.h. */
#include "watched.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "words.h"

int
watched_open(struct watched *watched, const char *name, int depth)
{
	*watched = (struct watched){ .depth = depth };
	int count = cgroup_open(&watched->cg, name);
	if (count == 0)
		cgroup_close(&watched->cg);
	return count < 0   ? -1 :
	       count == 0 ? failx("there is no cgroup %s", name) : 0;
}

void
watched_close(struct watched *watched)
{
	cgroup_close(&watched->cg);
	free_scoped(&watched->samples);
	watched->count = 0;
}

const char *
watched_label(const struct watched *watched)
{
	const char *slash = strrchr(watched->cg.name, '/');
	return slash ? slash + 1 : watched->cg.name;
}

static uint64_t
read_disk_bytes(const struct cgroup *cg)
{
	struct cgroup_io *all;
	size_t count;
	if (cgroup_read_io(cg, &all, &count) < 0)
		return CGROUP_NONE;
	uint64_t bytes = 0;
	for (size_t i = 0; i < count; i++)
		bytes += all[i].read_bytes + all[i].write_bytes;
	free(all);
	return bytes;
}

int
watched_look(struct watched *watched)
{
	struct sample sample = { .us = clock_us() };
	if (cgroup_read_usage(&watched->cg, &sample.usage) < 0)
		return -1;
	sample.disk_bytes = read_disk_bytes(&watched->cg);
	watched->samples = resize_bytes(watched->samples,
					(watched->count + 1) * sizeof(sample));
	watched->samples[watched->count++] = sample;
	return 0;
}

void
watched_forget(struct watched *watched)
{
	if (watched->count <= 2)
		return;
	memmove(watched->samples, watched->samples + watched->count - 2,
		2 * sizeof(*watched->samples));
	watched->count = 2;
}

/* ---- as numbers for a reader -------------------------------------------- */

static double
in_units(uint64_t number, double unit)
{
	return number == CGROUP_NONE ? NAN : number / unit;
}

/* So much more in each microsecond since the look before. */
static double
rate(uint64_t before, uint64_t now, uint64_t us)
{
	if (before == CGROUP_NONE || now == CGROUP_NONE || us == 0)
		return NAN;
	return (double)(now - before) / us;
}

double
watched_value(const struct watched *watched, enum watched_kind kind, size_t i)
{
	const struct sample *now = &watched->samples[i];
	const struct sample *before = i > 0 ? now - 1 : now;
	uint64_t us = now->us - before->us;
	switch (kind) {
	case WATCHED_CPU:
		return 100 * rate(before->usage.cpu_us, now->usage.cpu_us, us);
	case WATCHED_MEMORY:
		return in_units(now->usage.memory, MIB);
	case WATCHED_DISK:
		return 1e6 / 1024 *
		       rate(before->disk_bytes, now->disk_bytes, us);
	default:
		return in_units(now->usage.pids, 1);
	}
}

double
watched_limit(const struct watched *watched, enum watched_kind kind)
{
	const struct cgroup_usage *usage =
		&watched->samples[watched->count - 1].usage;
	double limit = NAN;
	if (kind == WATCHED_CPU && usage->cpu_quota_us != CGROUP_NONE)
		limit = 100.0 * usage->cpu_quota_us / usage->cpu_period_us;
	else if (kind == WATCHED_MEMORY)
		limit = in_units(usage->memory_limit, MIB);
	else if (kind == WATCHED_PIDS)
		limit = in_units(usage->pids_limit, 1);
	return isnan(limit) ? INFINITY : limit;
}
