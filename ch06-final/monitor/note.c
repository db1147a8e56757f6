/* note.c - monitor.  See note.h. */
#include "note.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_stat.h"
#include "monitor.h"
#include "record.h"
#include "tell.h"

#define RESERVE "reserve"
#define RESERVE_SIZE 8192

static void
set_text(char **member, const char *value)
{
	free(*member);
	*member = value ? copy_text(value) : NULL;
}

/* What the log has to say of itself, which is nothing as a rule. */
static void
note_log(const struct log *log, struct record *record)
{
	if (!log->error)
		return;
	free(record->error);
	record->error = text("write the log: %s; %llu lines of it were lost",
			     strerror(log->error),
			     (unsigned long long)log->lost);
}

void
note_begin(struct monitor *m)
{
	auto_close int fd = openat(m->dir, RESERVE,
				   O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		fallocate(fd, 0, 0, RESERVE_SIZE);
}

/* With --rm it may be gone by now. */
static void
save(struct monitor *m, struct record *record)
{
	note_log(&m->log, record);
	record->restarts = m->restart.count;
	set_text(&record->health, m->health.status == HEALTH_NONE ? NULL :
				  health_name(m->health.status));
	if (record_save(m->dir, record) < 0 &&
	    unlinkat(m->dir, RESERVE, 0) == 0) {
		record_save(m->dir, record);
		/* The old record's room is free, before the log takes it. */
		note_begin(m);
	}
	record_free(record);
}

void
note_end(struct monitor *m)
{
	struct record record;
	if (m->log.error && record_load(m->dir, &record) == 0)
		save(m, &record);
	unlinkat(m->dir, RESERVE, 0);
}

void
note_started(struct monitor *m)
{
	struct record record;
	if (record_load(m->dir, &record) < 0)
		return;
	record.status = STATUS_RUNNING;
	record.pid = m->pid;
	record.started_ns = record_now();
	record.finished_ns = 0;
	record.exit_code = 0;
	record.oom_killed = false;
	set_text(&record.error, NULL);
	container_tell(m->dir, &record, NULL, "start", NULL);
	save(m, &record);
}

void
note_resized(struct monitor *m)
{
	auto_record struct record record = { 0 };
	auto_free char *height = text("%u", m->window >> 16);
	auto_free char *width = text("%u", m->window & 0xffff);
	if (record_load(m->dir, &record) == 0)
		container_tell(m->dir, &record, NULL, "resize",
			       (const char *const[]){ "height", height, "width",
						      width, NULL });
}

void
note_failed_start(struct monitor *m, const struct failure *why)
{
	struct record record;
	struct failure kept = *why;
	if (record_load(m->dir, &record) < 0)
		return;
	if (m->was_up)
		record.status = STATUS_EXITED;
	record.exit_code = m->exit_code;
	set_text(&record.error, record_is_text(kept.text) ? kept.text : "?");
	save(m, &record);
}

static bool
was_oom(const struct monitor *m)
{
	struct cgroup cgroup = { 0 };
	struct cgroup_usage usage;
	if (!*m->plan.cgroup || cgroup_open(&cgroup, m->plan.cgroup) <= 0)
		return false;
	bool was = cgroup_read_usage(&cgroup, &usage) == 0 &&
		   usage.oom_kills != CGROUP_NONE && usage.oom_kills > 0;
	cgroup_close(&cgroup);
	return was;
}

void
note_ended(struct monitor *m)
{
	struct record record;
	if (record_load(m->dir, &record) < 0)
		return;
	record.status = m->will_restart ? STATUS_RESTARTING : STATUS_EXITED;
	record.pid = 0;
	record.finished_ns = record_now();
	record.exit_code = m->exit_code;
	record.oom_killed = was_oom(m);
	if (record.oom_killed)
		container_tell(m->dir, &record, NULL, "oom", NULL);
	auto_free char *code = text("%d", m->exit_code);
	auto_free char *lasted =
		text("%lld", (long long)RECORD_SECONDS(record.finished_ns -
						       record.started_ns));
	container_tell(m->dir, &record, NULL, "die",
		       (const char *const[]){ "execDuration", lasted,
					      "exitCode", code, NULL });
	save(m, &record);
}

void
note_warning(struct monitor *m, const char *warning)
{
	struct record record;
	if (record_load(m->dir, &record) < 0)
		return;
	if (!record.error)
		set_text(&record.error,
			 record_is_text(warning) ? warning : "?");
	save(m, &record);
}

void
note_stopped(struct monitor *m)
{
	struct record record;
	if (record_load(m->dir, &record) < 0)
		return;
	record.status = STATUS_EXITED;
	save(m, &record);
}

void
note_health(struct monitor *m, bool is_new)
{
	struct record record;
	auto_free char *json = health_json(&m->health);
	/* The record first: who has seen the results finds it says the same. */
	if (is_new && record_load(m->dir, &record) == 0) {
		auto_free char *action = text("health_status: %s",
					      health_name(m->health.status));
		container_tell(m->dir, &record, NULL, action, NULL);
		save(m, &record);
	}
	write_file_unsynced(m->dir, "health.json", json, 0600);
}

bool
note_is_paused(const struct monitor *m)
{
	struct cgroup cgroup = { 0 };
	if (!*m->plan.cgroup || cgroup_open(&cgroup, m->plan.cgroup) <= 0)
		return false;
	bool is_paused = cgroup_is_frozen(&cgroup) > 0;
	cgroup_close(&cgroup);
	return is_paused;
}
