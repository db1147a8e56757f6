/* health.c - monitor.  See health.h. */
#include "health.h"

#include <stdlib.h>
#include <string.h>

#include "jsonlog.h"

static const char *const names[] = {
	[HEALTH_NONE] = "none",
	[HEALTH_STARTING] = "starting",
	[HEALTH_HEALTHY] = "healthy",
	[HEALTH_UNHEALTHY] = "unhealthy",
};

const char *
health_name(enum health_status status)
{
	return names[status];
}

void
health_free(struct health *health)
{
	for (size_t i = 0; i < health->count; i++)
		free(health->results[i].output);
	*health = (struct health){ 0 };
}

void
health_begin(struct health *health, const struct health_plan *plan)
{
	health_free(health);
	health->plan = *plan;
	struct health_plan *p = &health->plan;
	if (!p->is_wanted)
		return;
	health->status = HEALTH_STARTING;
	p->interval_ms = p->interval_ms ? p->interval_ms : 30000;
	p->timeout_ms = p->timeout_ms ? p->timeout_ms : 30000;
	if (!p->start_interval_ms)
		p->start_interval_ms = 5000;
	p->retries = p->retries ? p->retries : 3;
}

int64_t
health_wait(const struct health *health, int64_t ran_ms)
{
	if (health->status == HEALTH_STARTING &&
	    ran_ms < health->plan.start_period_ms)
		return health->plan.start_interval_ms;
	return health->plan.interval_ms;
}

static void
keep(struct health *health, struct health_result result)
{
	if (health->count == HEALTH_RESULTS) {
		free(health->results[0].output);
		memmove(&health->results[0], &health->results[1],
			sizeof(health->results) - sizeof(health->results[0]));
		health->count--;
	}
	health->results[health->count++] = result;
}

bool
health_take(struct health *health, struct health_result result, int64_t ran_ms)
{
	enum health_status before = health->status;
	keep(health, result);
	if (result.exit_code == 0) {
		health->failures = 0;
		health->status = HEALTH_HEALTHY;
	} else if (before != HEALTH_STARTING ||
		   ran_ms >= health->plan.start_period_ms) {
		health->failures++;
		if (health->failures >= health->plan.retries)
			health->status = HEALTH_UNHEALTHY;
	}
	return health->status != before;
}

/* An entry of the log is a JSON string already. */
static char *
quoted(const char *output)
{
	auto_free char *line = new_bytes(JSONLOG_MOST);
	size_t length = jsonlog_encode(line, "", output, strlen(output), false,
				       &(struct timespec){ 0 });
	line[length] = '\0';
	const char *end = strstr(line, ",\"stream\":");
	return *output ? text("%.*s", (int)(end - line - 7), line + 7) :
			 copy_text("\"\"");
}

char *
health_json(const struct health *health)
{
	char *json = text("{\"Status\":\"%s\",\"FailingStreak\":%u,\"Log\":[",
			  names[health->status], health->failures);
	for (size_t i = 0; i < health->count; i++) {
		const struct health_result *result = &health->results[i];
		char start[JSONLOG_TIME], end[JSONLOG_TIME];
		jsonlog_time(start, &result->start, true);
		jsonlog_time(end, &result->end, true);
		auto_free char *output = quoted(result->output);
		auto_free char *before = json;
		json = text("%s%s{\"Start\":\"%s\",\"End\":\"%s\","
			    "\"ExitCode\":%d,\"Output\":%s}", before,
			    i ? "," : "", start, end, result->exit_code,
			    output);
	}
	auto_free char *before = json;
	return text("%s]}", before);
}
