/*
 * runtime.h - the operations of an OCI runtime, for whatever command line.
 *
 *	struct create_options options = { .root = "/run/x", .id = "web",
 *					  .bundle = "." };
 *	if (runtime_create(&options) < 0 ||
 *	    runtime_start(options.root, options.id) < 0)
 *		...
 *
 * Each takes the lock of its container, does all of its work or undoes it, and
 * returns -1 with `failure` set.  See runtime.md, "Operations" and "Lifecycle".
 */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <signal.h>

#include "base.h"
#include "oci_state.h"
#include "state.h"

struct oci_config;
struct oci_document;
struct oci_intel_rdt;

struct create_options {
	const char *root, *id, *bundle;
	const char *config; /* the text; NULL: config.json of the bundle */
	const char *const *args, *const *env; /* in place of its process's, for
						 they may be no text; or NULL */
	int *root_mount; /* mounted nowhere yet, in place of root.path, which
			    is where it will be; taken; or NULL */
	const int *stdio; /* three that become 0, 1, 2 of a process without a
			     terminal; NULL: it inherits ours */
	const char *console_socket; /* NULL: none */
	const char *pid_file;	    /* NULL: none */
	const char *pidfd_socket;   /* NULL: none */
	unsigned int preserve_fds;  /* this many after stderr stay open */
	unsigned int listen_fds;    /* of those: the first are systemd's */
	bool no_pivot, no_new_keyring, systemd_cgroup;
};

/* The container is made, and its process waits for runtime_start(). */
int runtime_create(const struct create_options *options);
int runtime_start(const char *root, const char *id);

/*
 * Create, start, and unless `detach` wait and delete (but `keep` it).  Signals
 * that we get are the container's; its terminal is ours.  Returns the exit
 * status: of the process, 128+n for signal n; 0 with `detach`.
 */
struct run_options {
	struct create_options create;
	bool detach, keep;
};
int runtime_run(const struct run_options *options);

/*
 * The container as it is now, with `paused`.  `state` is for state_free(),
 * `config` (NULL: not wanted) for oci_config_free().
 */
int runtime_look(const char *root, const char *id, struct state *state,
		 struct oci_config *config, enum oci_status *status);

/* To its first process; with `all` to every process in its cgroup, which may
 * be done when it has stopped, too. */
int runtime_kill(const char *root, const char *id, int signal, bool all);

/* Of a stopped container; with `force` of any, and of none at all. */
int runtime_delete(const char *root, const char *id, bool force);

/* Another process in a running container. */
struct exec_options {
	const char *root, *id;
	/* What to run: an OCI "process" object in this file; or NULL, and
	 * these, on top of the container's own process: */
	const char *process_file;
	char *const *argv;	 /* ends with NULL */
	const char *cwd;	 /* NULL: the container's */
	const char *user;	 /* "UID[:GID]" or NULL */
	const char *const *env;	 /* added to the container's; or NULL */
	const char *const *caps; /* added: "CAP_SYS_PTRACE"; or NULL */
	const uint32_t *gids;	 /* additional groups */
	size_t gid_count;
	bool gids_alone; /* and none of the container's process's */
	const char *apparmor, *selinux_label; /* or NULL */
	bool tty, no_new_privs;
	const char *const *cgroups; /* "[CONTROLLER,..:]PATH" below the
				       container's; or NULL */
	const char *console_socket, *pid_file, *pidfd_socket;
	unsigned int preserve_fds, listen_fds;
	bool detach, ignore_paused;
	/* It ends with us.  The first SIGTERM that we get is for all of its
	 * session, and the next one kills that.  Without a terminal. */
	bool tied;
	bool no_input; /* with a terminal: nothing is typed into it */
	/* It is let go of once it runs, or when these keys are typed into its
	 * terminal (NULL: never): who waits for us is told by `let_go`, and we
	 * stay, its parent.  See console.h. */
	bool is_let_go;
	struct attach_keys *keys;
	void (*let_go)(void *data);
	void *data;
};
/* Returns the exit status as runtime_run() does. */
int runtime_exec(const struct exec_options *options);

int runtime_pause(const char *root, const char *id);
int runtime_resume(const char *root, const char *id);

/* Other limits of one that runs: those of `limits`, the "resources" of a
 * config.json; all of them, or none. */
int runtime_update(const char *root, const char *id,
		   struct oci_document *limits);

/* Other limits of its class of resctrl: those that `limits` has.  One that is
 * in none gets one: its first process, and what that starts from then on. */
int runtime_change_class(const char *root, const char *id,
			 const struct oci_intel_rdt *limits);

/*
 * Of criu(8), whose options these are.  `images` is the directory that has
 * what was saved; `work` (NULL: the same) that of its log.
 */
enum criu_cgroups { /* what of cgroups is saved and restored */
	CRIU_CGROUPS_SOFT, CRIU_CGROUPS_FULL, CRIU_CGROUPS_STRICT,
	CRIU_CGROUPS_IGNORE,
};
struct criu_options {
	const char *program; /* NULL: the one in PATH */
	const char *images, *work;
	bool tcp_established, ext_unix_sk, shell_job, file_locks;
	bool auto_dedup, lazy_pages;
	enum criu_cgroups cgroups;
};

/*
 * A container that runs is written to files, and stopped, unless it is to go
 * on; with `pre_dump` its memory alone is written.  Nothing has become of it
 * when this fails.
 */
struct checkpoint_options {
	const char *root, *id;
	struct criu_options criu;
	const char *parent; /* images of before, seen from the new; or NULL */
	const char *page_address; /* of a page server, or NULL */
	uint16_t page_port;
	int status_fd; /* with lazy_pages: told (a zero) when ready; or -1 */
	bool leave_running, pre_dump, tcp_skip_in_flight, link_remap;
};
int runtime_checkpoint(const struct checkpoint_options *options);

/*
 * A container of the bundle, which goes on where the one that was saved had
 * come to.  Waits and returns as runtime_run() does.  A stopped container of
 * this id gives way.
 */
struct restore_options {
	struct run_options run;
	struct criu_options criu;
	const char *lsm_profile, *lsm_mount_context; /* or NULL */
};
int runtime_restore(const struct restore_options *options);

/* Called for a failure that holds nothing up, such as that of a poststop hook:
 * tells `failure`.  Set by main; NULL: nobody is told. */
extern void (*runtime_warning)(void);
void runtime_warn(void);

/*
 * The exit status that engines expect of a failure to run a program: 126 when
 * it may not be executed, 127 when it is not there, by the failure's code;
 * runtime_run() and runtime_exec() fail with -1, and this says how.  One that
 * was found and is then refused by execve(2), for what is in it, is 1, as with
 * runc and crun.
 */
int runtime_exit_status(void);

#endif
