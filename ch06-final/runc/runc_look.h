/*
 * runc_look.h - parent: a container as `state` and `list` show it.
 */
#ifndef RUNC_LOOK_H
#define RUNC_LOOK_H

#include "oci_config.h"
#include "runtime.h"

struct json_t;

struct runc_look {
	struct state state;
	struct oci_config config;
	enum oci_status status;
	pid_t pid;     /* 0: it has ended */
	char *created; /* RFC 3339, with nanoseconds */
	char *owner;   /* the user's name, or "#1000" */
};

/* `look` is for runc_look_close(), also after a failure. */
int runc_look_open(struct runc_look *look, const char *root, const char *id);
void runc_look_close(struct runc_look *look);
#define auto_look __attribute__((cleanup(runc_look_close), unused))

/* The state of the specification, with what runc adds: "rootfs", "created",
 * "owner".  NULL with the failure: a text is not UTF-8. */
struct json_t *runc_look_json(const struct runc_look *look);

#endif
