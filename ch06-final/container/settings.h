/*
 * settings.h - what is asked for of a container: plain data, and its file.
 *
 *	struct settings settings = SETTINGS_DEFAULT;
 *	settings.image = copy_text("busybox");
 *	words_add(&settings.argv, "true");
 *	if (settings_save(dir, &settings) < 0)
 *		...
 *	settings_free(&settings);
 *
 * `run` and `create` fill it in from the command line and the image, `update`
 * and `rename` change it, `start` and `inspect` read it; what has become of
 * the container is in its record (record.h).  It owns all that it points to.
 * Texts that were not asked for are NULL, numbers 0, unless said otherwise.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "base.h"
#include "cgroup_limit.h"
#include "nat.h"
#include "storage.h"
#include "words.h"

/* Of the notes' "-v", "--mount" and "--tmpfs": one thing mounted inside. */
struct volume {
	char *type;   /* "bind", "volume", "tmpfs" or "image" */
	char *source; /* of a bind: absolute, on the host; of a volume: its
			 name, NULL until an anonymous one has got its; of a
			 tmpfs: NULL */
	char *target; /* absolute, in the container */
	unsigned long flags; /* MS_RDONLY and so on: mount(2) */
	char *data; /* of a tmpfs: "size=64m", or "" */
	char *mode; /* as typed behind -v's or --tmpfs' second ":" */
	char *propagation; /* "rshared"; NULL: "rprivate" */
	char *recursive;   /* bind-recursive: "disabled", "writable",
			      "readonly"; NULL: "enabled" */
	char *driver;	   /* of a volume */
	char *subpath;	   /* what of a volume, or an image, is mounted;
			      NULL: all */
	char *image_id;	   /* of an image: what its name meant, */
	struct words layers; /* and its layers, the topmost first */
	struct words labels, options;
	bool anonymous; /* a volume that goes with --rm and rm -v */
	bool no_copy;	/* is not filled from the image */
	bool by_mount;	/* --mount, where a bind's source must be there */
	bool from_image; /* for a VOLUME: anything asked for goes before it */
};

/* A network to be on, and as whom. */
struct network_wanted {
	char *name; /* "bridge", "none", "host", "container:ID", or ours */
	struct words aliases, link_local, driver_options;
	char *ip, *ip6, *mac;
	int64_t gw_priority; /* the highest has the way out */
};
#define NETWORK_LINK_OPTION "com.docker.network.endpoint.ifname="
/* What its link in the container is to be called, or NULL: eth and a number. */
const char *network_wanted_link(const struct network_wanted *wanted);

/* --device; both paths are absolute. */
struct device_wanted {
	char *host, *target, *access; /* of "rwm" */
};

/* --ulimit, in the numbers of getrlimit(2); -1: RLIM_INFINITY. */
struct ulimit {
	char *name; /* "nofile" */
	int64_t soft, hard;
};

/* --device-read-bps and its kin, --blkio-weight-device. */
struct device_rate {
	char *path; /* of a disk, on the host */
	uint64_t rate;
};
struct device_rates {
	struct device_rate *list;
	size_t count;
};

/* Times in nanoseconds; 0: Docker's own default (monitor). */
struct health_wanted {
	struct words test; /* { "CMD-SHELL", "..." }, { "CMD", ... } or
			      { "NONE" }; empty: nothing was said */
	int64_t interval_ns, timeout_ns, start_period_ns, start_interval_ns;
	int64_t retries;
};

struct settings {
	/* What it is called. */
	char *name; /* NULL: one is invented */
	char *hostname; /* NULL: the short id */
	char *domainname;
	char *cidfile;
	struct words labels, annotations; /* "key=value" */

	/* From what. */
	char *image, *image_id; /* as the user called it; "sha256:..." */
	char *platform;
	struct words layers; /* absolute directories, the top one first */
	enum storage driver; /* that they are for */

	/* Its program: argv is `entrypoint`, then `cmd`. */
	struct words entrypoint, cmd, argv;
	struct words env; /* "NAME=value" */
	char *cwd; /* NULL: "/" */
	char *user; /* "USER[:GROUP]"; NULL: root */
	struct words groups; /* --group-add: names or numbers */
	bool terminal, interactive; /* -t -i */
	int64_t window; /* of the terminal: its rows << 16 | its columns, which
			   are those of the user's; 0: he has none */
	bool attach_stdin, attach_stdout, attach_stderr;
	bool init; /* --init */

	/* Its life. */
	bool remove;   /* --rm */
	char *restart; /* "always", "on-failure", "unless-stopped"; NULL:
			  "no" */
	int64_t restart_max; /* of on-failure; 0: any number */
	char *stop_signal;   /* "SIGTERM", "15"; NULL: SIGTERM */
	int64_t stop_timeout_s; /* SETTINGS_UNSET: 10 */
	struct health_wanted health;
	char *log_driver; /* "json-file", "none"; NULL: "json-file" */
	struct words log_options; /* "max-size=10m" */

	/* Its networks. */
	bool loopback_only;	/* --network none */
	struct network_wanted *networks; /* none: "bridge" */
	size_t network_count;
	struct nat_port *publish; /* a host_port of 0: any free one */
	size_t publish_count;
	bool publish_all;
	struct words expose; /* "80/tcp" */
	struct words dns, dns_search, dns_options;
	struct words hosts, links; /* "NAME:ADDRESS"; "NAME:ALIAS" */

	/* Whose namespaces: "host", "container:ID", "private", ... */
	char *pid, *ipc, *uts, *userns, *cgroupns;

	/* Its files. */
	bool read_only; /* the root; not what is mounted on it */
	struct volume *volumes; /* mounted in this order */
	size_t volume_count;
	struct words volumes_from;  /* "CONTAINER[:ro]" */
	char *volume_driver;
	int64_t shm_size; /* of /dev/shm, in bytes; 0: 64 MiB */

	/* How much it may have. */
	struct cgroup_limits limits; /* without `io` and the lists after it */
	int64_t nano_cpus; /* --cpus, which has set the limits' quota */
	int64_t realtime_period_us, realtime_runtime_us;
	struct device_rates read_bps, write_bps, read_iops, write_iops;
	struct device_rates io_weights;
	char *cgroup_parent;
	int64_t oom_score_adj; /* SETTINGS_UNSET: 0 */
	struct ulimit *ulimits;
	size_t ulimit_count;
	struct words sysctls; /* "net.core.somaxconn=1024" */

	/* What it may do. */
	bool privileged;
	struct words cap_add, cap_drop; /* "NET_ADMIN", "ALL" */
	bool unmasked;		/* --security-opt systempaths=unconfined */
	bool no_new_privileges; /* --security-opt no-new-privileges */
	char *seccomp; /* the text of a profile in Docker's format, or
			  "unconfined"; NULL: our own */
	char *apparmor;
	struct words security_labels; /* label=..., SELinux's */
	struct device_wanted *devices;
	size_t device_count;
	struct words device_rules; /* --device-cgroup-rule: "c 1:3 rwm" */
};

#define SETTINGS_UNSET INT64_MIN
#define SETTINGS_DEFAULT                                                      \
	{                                                                     \
		.stop_timeout_s = SETTINGS_UNSET,                             \
		.oom_score_adj = SETTINGS_UNSET,                              \
	}

/*
 * ROOT/containers/ID/settings.json, `dir` being that directory.  The file is
 * whole at every instant; who writes it holds the container's lock `change`.
 * Reading is strict: a name that is not known, a value of the wrong type or
 * another version are failures that say where.  What is no UTF-8 comes through
 * unharmed.
 */
#define SETTINGS_FILE "settings.json"
int settings_save(int dir, const struct settings *settings);
int settings_load(int dir, struct settings *settings);

/* The same as a text, which the caller frees, and from one. */
char *settings_print(const struct settings *settings);
int settings_parse(const char *content, size_t length,
		   struct settings *settings);

/* In bytes: --shm-size, or 64 MiB. */
int64_t settings_shm_size(const struct settings *settings);

/* The first network: "bridge" when none was asked for. */
const char *settings_network(const struct settings *settings);

/* May be called twice, and on a zeroed one. */
void settings_free(struct settings *settings);
#define auto_settings __attribute__((cleanup(settings_free), unused))

#endif
