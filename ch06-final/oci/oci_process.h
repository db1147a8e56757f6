/*
 * oci_process.h - parent: which program, as whom, with which privileges and
 * limits: the "process" of a config.json, and of exec's --process file.
 *
 * See config.md, "Process".
 */
#ifndef OCI_PROCESS_H
#define OCI_PROCESS_H

#include "oci_field.h"

struct oci_user {
	uint32_t uid, gid;
	struct oci_int umask;
	struct oci_ids additional_gids;
};

/* Sets of capabilities: bit n is capability n of capabilities(7). */
struct oci_capabilities {
	uint64_t bounding, effective, inheritable, permitted, ambient;
};

struct oci_rlimit {
	uint64_t type; /* RLIMIT_NOFILE and so on: getrlimit(2) */
	uint64_t soft, hard;
};

struct oci_console_size {
	uint32_t height, width;
};

struct oci_scheduler {
	uint64_t policy; /* SCHED_OTHER and so on: sched_setattr(2) */
	struct oci_int nice, priority;
	uint64_t flags; /* SCHED_FLAG_* */
	uint64_t runtime_ns, deadline_ns, period_ns;
};

struct oci_io_priority {
	uint64_t class; /* IOPRIO_CLASS_RT and so on: ioprio_set(2) */
	uint32_t priority;
};

/* Of a process that is put into a running container: lists of CPUs. */
struct oci_cpu_affinity {
	const char *initial, *final; /* or NULL */
};

struct oci_process {
	bool terminal;
	const struct oci_console_size *console_size; /* NULL: not said, or
							there is no terminal */
	const struct oci_user *user; /* never NULL: root when not said */
	const char *const *args; /* at least one */
	const char *const *env;	 /* "NAME=value"; or NULL */
	const char *cwd;
	const struct oci_capabilities *capabilities; /* or NULL */
	struct oci_rlimit *rlimits;
	size_t rlimit_count;
	bool no_new_privileges;
	struct oci_int oom_score_adj;
	const struct oci_scheduler *scheduler;	   /* or NULL */
	const struct oci_io_priority *io_priority; /* or NULL */
	const char *selinux_label, *apparmor_profile;
	const struct oci_cpu_affinity *exec_cpu_affinity; /* or NULL */
};

extern const struct oci_shape oci_process_shape;

/* The names, for `features` and for options of the command line. */
extern const struct oci_word oci_capability_names[], oci_rlimit_names[];

#endif
