/* oci_process.c - parent.  See oci_process.h. */
#include "oci_process.h"

#include <jansson.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* ---- the names ---------------------------------------------------------- */

#define CAP(name) { #name, name }
const struct oci_word oci_capability_names[] = {
	CAP(CAP_CHOWN), CAP(CAP_DAC_OVERRIDE), CAP(CAP_DAC_READ_SEARCH),
	CAP(CAP_FOWNER), CAP(CAP_FSETID), CAP(CAP_KILL), CAP(CAP_SETGID),
	CAP(CAP_SETUID), CAP(CAP_SETPCAP), CAP(CAP_LINUX_IMMUTABLE),
	CAP(CAP_NET_BIND_SERVICE), CAP(CAP_NET_BROADCAST), CAP(CAP_NET_ADMIN),
	CAP(CAP_NET_RAW), CAP(CAP_IPC_LOCK), CAP(CAP_IPC_OWNER),
	CAP(CAP_SYS_MODULE), CAP(CAP_SYS_RAWIO), CAP(CAP_SYS_CHROOT),
	CAP(CAP_SYS_PTRACE), CAP(CAP_SYS_PACCT), CAP(CAP_SYS_ADMIN),
	CAP(CAP_SYS_BOOT), CAP(CAP_SYS_NICE), CAP(CAP_SYS_RESOURCE),
	CAP(CAP_SYS_TIME), CAP(CAP_SYS_TTY_CONFIG), CAP(CAP_MKNOD),
	CAP(CAP_LEASE), CAP(CAP_AUDIT_WRITE), CAP(CAP_AUDIT_CONTROL),
	CAP(CAP_SETFCAP), CAP(CAP_MAC_OVERRIDE), CAP(CAP_MAC_ADMIN),
	CAP(CAP_SYSLOG), CAP(CAP_WAKE_ALARM), CAP(CAP_BLOCK_SUSPEND),
	CAP(CAP_AUDIT_READ), CAP(CAP_PERFMON), CAP(CAP_BPF),
	CAP(CAP_CHECKPOINT_RESTORE),
	{ 0 }
};

#define LIMIT(name) { #name, name }
const struct oci_word oci_rlimit_names[] = {
	LIMIT(RLIMIT_AS), LIMIT(RLIMIT_CORE), LIMIT(RLIMIT_CPU),
	LIMIT(RLIMIT_DATA), LIMIT(RLIMIT_FSIZE), LIMIT(RLIMIT_LOCKS),
	LIMIT(RLIMIT_MEMLOCK), LIMIT(RLIMIT_MSGQUEUE), LIMIT(RLIMIT_NICE),
	LIMIT(RLIMIT_NOFILE), LIMIT(RLIMIT_NPROC), LIMIT(RLIMIT_RSS),
	LIMIT(RLIMIT_RTPRIO), LIMIT(RLIMIT_RTTIME), LIMIT(RLIMIT_SIGPENDING),
	LIMIT(RLIMIT_STACK),
	{ 0 }
};

/* Numbers of <linux/sched.h>, where SCHED_ISO has only a comment; the C
 * library calls the first SCHED_OTHER. */
#define SCHEDULE(name) { #name, name }
static const struct oci_word policies[] = {
	{ "SCHED_OTHER", SCHED_NORMAL }, { "SCHED_ISO", 4 },
	SCHEDULE(SCHED_FIFO), SCHEDULE(SCHED_RR), SCHEDULE(SCHED_BATCH),
	SCHEDULE(SCHED_IDLE), SCHEDULE(SCHED_DEADLINE),
	{ 0 }
};
static const struct oci_word schedule_flags[] = {
	SCHEDULE(SCHED_FLAG_RESET_ON_FORK), SCHEDULE(SCHED_FLAG_RECLAIM),
	SCHEDULE(SCHED_FLAG_DL_OVERRUN), SCHEDULE(SCHED_FLAG_KEEP_POLICY),
	SCHEDULE(SCHED_FLAG_KEEP_PARAMS), SCHEDULE(SCHED_FLAG_UTIL_CLAMP_MIN),
	SCHEDULE(SCHED_FLAG_UTIL_CLAMP_MAX),
	{ 0 }
};

static const struct oci_word io_classes[] = {
	{ "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT },
	{ "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
	{ "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
	{ 0 }
};

/* ---- capabilities ------------------------------------------------------- */

/* A name that nobody here knows is a warning, and no failure: the set is then
 * the smaller ("Linux Process" of config.md). */
static int
take_capabilities(const struct oci_node *at, const struct oci_field *field,
		  void *into)
{
	if (!json_is_array(at->json))
		return oci_wrong_type(at, "an array");
	uint64_t *set = (uint64_t *)((char *)into + field->at);
	for (size_t i = 0; i < json_array_size(at->json); i++) {
		struct oci_node one = oci_item(at, i);
		const char *name = oci_text(&one);
		if (!name)
			return -1;
		const struct oci_word *word =
			oci_word_find(oci_capability_names, name);
		if (word)
			*set |= UINT64_C(1) << word->value;
		else
			oci_warn(&one, "unknown capability %.100s", name);
	}
	return 0;
}

#define SET(name)                                                             \
	{                                                                     \
		#name, take_capabilities,                                     \
			.at = offsetof(struct oci_capabilities, name)         \
	}
static const struct oci_shape capabilities_shape = {
	.size = sizeof(struct oci_capabilities),
	(const struct oci_field[]){ SET(bounding), SET(effective),
				    SET(inheritable), SET(permitted),
				    SET(ambient), { 0 } },
};

/* ---- parts -------------------------------------------------------------- */

static const struct oci_field user_fields[] = {
	{ "uid", oci_take_u32,
	  .at = offsetof(struct oci_user, uid),
	  .required = true, .max = UINT32_MAX - 1 },
	{ "gid", oci_take_u32,
	  .at = offsetof(struct oci_user, gid),
	  .required = true, .max = UINT32_MAX - 1 },
	{ "umask", oci_take_int,
	  .at = offsetof(struct oci_user, umask),
	  .max = 0777 },
	{ "additionalGids", oci_take_ids,
	  .at = offsetof(struct oci_user, additional_gids),
	  .max = UINT32_MAX - 1 },
	{ 0 }
};
static const struct oci_shape user_shape = {
	.size = sizeof(struct oci_user), user_fields,
};

static const struct oci_field console_size_fields[] = {
	{ "height", oci_take_u32,
	  .at = offsetof(struct oci_console_size, height),
	  .required = true, .max = UINT16_MAX },
	{ "width", oci_take_u32,
	  .at = offsetof(struct oci_console_size, width),
	  .required = true, .max = UINT16_MAX },
	{ 0 }
};
static const struct oci_shape console_size_shape = {
	.size = sizeof(struct oci_console_size), console_size_fields,
};

static int
check_rlimit(const struct oci_node *at, void *made)
{
	const struct oci_rlimit *limit = made;
	if (limit->soft > limit->hard)
		return oci_fail(at, "soft is more than hard");
	return 0;
}

static const struct oci_field rlimit_fields[] = {
	{ "type", oci_take_word,
	  .at = offsetof(struct oci_rlimit, type),
	  .required = true, .words = oci_rlimit_names, .noun = "limit" },
	{ "soft", oci_take_u64,
	  .at = offsetof(struct oci_rlimit, soft),
	  .required = true },
	{ "hard", oci_take_u64,
	  .at = offsetof(struct oci_rlimit, hard),
	  .required = true },
	{ 0 }
};
static const struct oci_shape rlimit_shape = {
	.size = sizeof(struct oci_rlimit), rlimit_fields, check_rlimit,
};

static int
check_scheduler(const struct oci_node *at, void *made)
{
	const struct oci_scheduler *s = made;
	bool real_time = s->policy == SCHED_FIFO || s->policy == SCHED_RR;
	if (s->priority.value && !real_time)
		return oci_fail(at, "priority is only for SCHED_FIFO and "
				    "SCHED_RR");
	bool timed = s->runtime_ns || s->deadline_ns || s->period_ns;
	if (timed && s->policy != SCHED_DEADLINE)
		return oci_fail(at, "runtime, deadline and period are only "
				    "for SCHED_DEADLINE");
	return 0;
}

static const struct oci_field scheduler_fields[] = {
	{ "policy", oci_take_word,
	  .at = offsetof(struct oci_scheduler, policy),
	  .required = true, .words = policies, .noun = "policy" },
	{ "nice", oci_take_int,
	  .at = offsetof(struct oci_scheduler, nice),
	  .min = -20, .max = 19 },
	{ "priority", oci_take_int,
	  .at = offsetof(struct oci_scheduler, priority),
	  .max = 99 },
	{ "flags", oci_take_words,
	  .at = offsetof(struct oci_scheduler, flags),
	  .words = schedule_flags, .noun = "flag" },
	{ "runtime", oci_take_u64,
	  .at = offsetof(struct oci_scheduler, runtime_ns) },
	{ "deadline", oci_take_u64,
	  .at = offsetof(struct oci_scheduler, deadline_ns) },
	{ "period", oci_take_u64,
	  .at = offsetof(struct oci_scheduler, period_ns) },
	{ 0 }
};
static const struct oci_shape scheduler_shape = {
	.size = sizeof(struct oci_scheduler), scheduler_fields, check_scheduler,
};

static const struct oci_field io_priority_fields[] = {
	{ "class", oci_take_word,
	  .at = offsetof(struct oci_io_priority, class),
	  .required = true, .words = io_classes, .noun = "class" },
	{ "priority", oci_take_u32,
	  .at = offsetof(struct oci_io_priority, priority), .required = true,
	  .max = 7 },
	{ 0 }
};
static const struct oci_shape io_priority_shape = {
	.size = sizeof(struct oci_io_priority), io_priority_fields,
};

static const struct oci_field cpu_affinity_fields[] = {
	{ "initial", oci_take_ranges,
	  .at = offsetof(struct oci_cpu_affinity, initial) },
	{ "final", oci_take_ranges,
	  .at = offsetof(struct oci_cpu_affinity, final) },
	{ 0 }
};
static const struct oci_shape cpu_affinity_shape = {
	.size = sizeof(struct oci_cpu_affinity), cpu_affinity_fields,
};

/* ---- the whole ---------------------------------------------------------- */

static int
check_rlimits(const struct oci_node *at, const struct oci_process *process)
{
	uint64_t seen = 0;
	for (size_t i = 0; i < process->rlimit_count; i++) {
		uint64_t type = process->rlimits[i].type;
		struct oci_node one = oci_item(at, i);
		if (seen >> type & 1)
			return oci_fail(&one, "%s is there twice",
					oci_word_name(oci_rlimit_names, type));
		seen |= UINT64_C(1) << type;
	}
	return 0;
}

static int
check_process(const struct oci_node *at, void *made)
{
	struct oci_process *process = made;
	if (!process->args[0])
		return oci_fail_member(at, "args",
				       "is empty: what is to be run?");
	if (!process->terminal)
		process->console_size = NULL;
	if (!process->user)
		process->user = oci_document_new(at->document,
						 sizeof(*process->user));
	struct oci_node env;
	oci_member(at, "env", &env);
	for (size_t i = 0; process->env && process->env[i]; i++) {
		struct oci_node one = oci_item(&env, i);
		const char *equal = strchr(process->env[i], '=');
		if (!equal || equal == process->env[i])
			return oci_fail(&one, "\"%.100s\" is not NAME=value",
					process->env[i]);
	}
	struct oci_node rlimits;
	return oci_member(at, "rlimits", &rlimits) ?
		       check_rlimits(&rlimits, process) :
		       0;
}

#define AT(member) offsetof(struct oci_process, member)
static const struct oci_field process_fields[] = {
	{ "terminal", oci_take_bool, .at = AT(terminal) },
	{ "consoleSize", oci_take_object, .at = AT(console_size),
	  .shape = &console_size_shape },
	{ "user", oci_take_object, .at = AT(user), .shape = &user_shape },
	{ "args", oci_take_texts, .at = AT(args), .required = true },
	{ "env", oci_take_texts, .at = AT(env) },
	{ "cwd", oci_take_path, .at = AT(cwd), .required = true },
	{ "capabilities", oci_take_object, .at = AT(capabilities),
	  .shape = &capabilities_shape },
	{ "rlimits", oci_take_list, .at = AT(rlimits),
	  .count_at = AT(rlimit_count), .shape = &rlimit_shape },
	{ "noNewPrivileges", oci_take_bool, .at = AT(no_new_privileges) },
	{ "oomScoreAdj", oci_take_int, .at = AT(oom_score_adj), .min = -1000,
	  .max = 1000 },
	{ "scheduler", oci_take_object, .at = AT(scheduler),
	  .shape = &scheduler_shape },
	{ "ioPriority", oci_take_object, .at = AT(io_priority),
	  .shape = &io_priority_shape },
	{ "selinuxLabel", oci_take_text, .at = AT(selinux_label) },
	{ "apparmorProfile", oci_take_text, .at = AT(apparmor_profile) },
	{ "execCPUAffinity", oci_take_object, .at = AT(exec_cpu_affinity),
	  .shape = &cpu_affinity_shape },
	{ 0 }
};
const struct oci_shape oci_process_shape = {
	.size = sizeof(struct oci_process), process_fields, check_process,
};
