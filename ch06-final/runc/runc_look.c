/* runc_look.c - parent.  See runc_look.h. */
#include "runc_look.h"

#include <jansson.h>
#include <pwd.h>
#include <stdlib.h>
#include <time.h>

/* Not by getpwuid(3): what it would load a static program cannot. */
static char *
user_name(uid_t uid)
{
	auto_file FILE *users = fopen("/etc/passwd", "re");
	struct passwd *user;
	while (users && (user = fgetpwent(users)))
		if (user->pw_uid == uid)
			return copy_text(user->pw_name);
	return text("#%u", uid);
}

static char *
time_text(int64_t nanoseconds)
{
	char day_and_time[32];
	time_t seconds = nanoseconds / 1000000000;
	struct tm utc;
	strftime(day_and_time, sizeof(day_and_time), "%Y-%m-%dT%H:%M:%S",
		 gmtime_r(&seconds, &utc));
	return text("%s.%09dZ", day_and_time,
		    (int)(nanoseconds % 1000000000));
}

int
runc_look_open(struct runc_look *look, const char *root, const char *id)
{
	*look = (struct runc_look){ 0 };
	if (runtime_look(root, id, &look->state, &look->config,
			 &look->status) < 0)
		return -1;
	look->pid = look->status == OCI_STOPPED ? 0 : look->state.pid;
	look->created = time_text(look->state.created_ns);
	look->owner = user_name(look->state.owner);
	return 0;
}

void
runc_look_close(struct runc_look *look)
{
	state_free(&look->state);
	oci_config_free(&look->config);
	free_scoped(&look->created);
	free_scoped(&look->owner);
}

struct json_t *
runc_look_json(const struct runc_look *look)
{
	const struct state *state = &look->state;
	json_t *json = oci_state_object(&(struct oci_state){
		.id = state->id,
		.status = look->status,
		.pid = look->pid,
		.bundle = state->bundle,
		.annotations = look->config.annotations,
	});
	if (json && (json_object_set_new(json, "rootfs",
					 json_string(state->rootfs)) < 0 ||
		     json_object_set_new(json, "created",
					 json_string(look->created)) < 0 ||
		     json_object_set_new(json, "owner",
					 json_string(look->owner)) < 0)) {
		failure_set("state of %s: a text is not UTF-8", state->id);
		json_decref(json);
		return NULL;
	}
	return json;
}
