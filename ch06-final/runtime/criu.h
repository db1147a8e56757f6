/*
 * criu.h - parent: criu(8), the program that writes a tree of processes to
 * files, and makes one of files.
 *
 *	struct criu criu = CRIU_NONE;
 *	if (criu_open(&criu, &options, "dump.log", true) == 0) {
 *		criu_say(&criu, &options, &config);
 *		protobuf_number(&criu.wants, CRIU_PID, pid);
 *		if (criu_start(&criu, -1, NULL, NULL) == 0)
 *			result = criu_ask(&criu, CRIU_DUMP, NULL, NULL, NULL);
 *	}
 *	criu_close(&criu);
 *
 * It is run as `criu swrk FD`: it takes one request from a socket, and answers
 * when that is done; in between it tells what has come to pass, and waits each
 * time until we have done our part.  By its command line it would not tell us
 * the terminal that it has made, nor the process before that runs.
 *
 * See criu(8), and rpc.proto of criu, which has the numbers below.
 */
#ifndef CRIU_H
#define CRIU_H

#include "protobuf.h"
#include "runtime.h"

enum criu_task { CRIU_DUMP = 1, CRIU_RESTORE = 2, CRIU_PRE_DUMP = 4 };

/* What can be wanted: fields of the message criu_opts. */
enum criu_want {
	CRIU_IMAGES_FD = 1,
	CRIU_PID,
	CRIU_LEAVE_RUNNING,
	CRIU_EXT_UNIX_SK,
	CRIU_TCP_ESTABLISHED,
	CRIU_EVASIVE_DEVICES,
	CRIU_SHELL_JOB,
	CRIU_FILE_LOCKS,
	CRIU_LOG_LEVEL,
	CRIU_LOG_FILE,
	CRIU_PAGE_SERVER,
	CRIU_NOTIFY_SCRIPTS,
	CRIU_ROOT,
	CRIU_PARENT_IMAGES,
	CRIU_TRACK_MEMORY,
	CRIU_AUTO_DEDUP,
	CRIU_WORK_FD,
	CRIU_LINK_REMAP,
	CRIU_MANAGE_CGROUPS = 24,
	CRIU_CGROUP_ROOT = 25,
	CRIU_RESTORE_SIBLING = 26,
	CRIU_INHERIT_FD = 27,
	CRIU_CGROUPS_MODE = 34,
	CRIU_EXTERNAL = 37,
	CRIU_EMPTY_NAMESPACES = 38,
	CRIU_JOIN_NAMESPACE = 39,
	CRIU_FREEZE_CGROUP = 44,
	CRIU_TCP_SKIP_IN_FLIGHT = 46,
	CRIU_LAZY_PAGES = 48,
	CRIU_ORPHAN_TERMINAL = 50,
	CRIU_CONFIG_FILE = 51,
	CRIU_LSM_PROFILE = 53,
	CRIU_CGROUP_YARD = 60,
	CRIU_LSM_MOUNT_CONTEXT = 63,
};

struct criu {
	char *program; /* its path */
	char *log;     /* the path of its log */
	const char *images_path, *work_path;
	int images, work;
	int sync; /* to the child, until it is criu */
	int sock; /* to criu */
	int inherited[8]; /* descriptors that it keeps */
	size_t inherited_count;
	pid_t pid;
	int pidfd;
	struct protobuf wants; /* the message criu_opts */
};
#define CRIU_NONE                                                             \
	{                                                                     \
		.images = -1, .work = -1, .sync = -1, .sock = -1, .pidfd = -1 \
	}

/*
 * Find the program and open the directories, which `make` makes if they are
 * missing; `log` is the name of the log.  Nothing else has been touched when
 * it is refused here: without criu, or without being root.
 */
int criu_open(struct criu *criu, const struct criu_options *options,
	      const char *log, bool make);

/* What dumping and restoring are told alike.  (In criu.wants may be added
 * whatever else is wanted until criu_ask().) */
void criu_say(struct criu *criu, const struct criu_options *options,
	      const struct oci_config *config);

/* A pair of strings, as ext_mount_map and others are. */
void criu_say_pair(struct criu *criu, enum criu_want want, const char *first,
		   const char *second);
/* What the images call `key` is `fd`, one of the standard ones or criu's from
 * now on, to close. */
void criu_say_inherit(struct criu *criu, const char *key, int fd);

/*
 * Start it, born in `cgroup` (or -1).  `before` (or NULL) is called in the
 * child, with every descriptor of ours still open; what it fails of is the
 * failure of criu_ask().
 */
int criu_start(struct criu *criu, int cgroup, int (*before)(void *data),
	       void *data);

/* What criu tells meanwhile: its name, "orphan-pts-master"; the process, as we
 * see it, or 0; and a descriptor, or -1, which goes with the event. */
struct criu_event {
	char *name;
	pid_t pid;
	int fd;
};

/*
 * Have it do the task, and wait.  `happened` (or NULL) hears of events; where
 * it fails criu gives up, and so do we.  Of a restore `*pid` is the process
 * made.  What criu failed of is said with the last of its log.
 */
int criu_ask(struct criu *criu, enum criu_task task,
	     int (*happened)(void *data, const struct criu_event *event),
	     void *data, pid_t *pid);

/* Its end, if it has not ended; and all is let go of.  May be called twice. */
void criu_close(struct criu *criu);

#endif
