/* bundle.c - parent.  See bundle.h. */
#include "bundle.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle_part.h"
#include "container.h"
#include "exec.h"
#include "idmap.h"
#include "keep_id.h"
#include "oci_config.h"
#include "oci_spec.h"
#include "rootfs.h"
#include "seccomp_profile.h"

#define INIT_PATH "/sbin/docker-init"

/* ---- pieces of JSON ----------------------------------------------------- */

json_t *
bundle_text(const char *string)
{
	json_t *json = json_string(string);
	if (json)
		return json;
	auto_free char *shown = copy_text(string);
	for (char *c = shown; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return json_string(shown);
}

json_t *
bundle_list(const struct words *words)
{
	json_t *array = json_array();
	for (size_t i = 0; i < words->count; i++)
		json_array_append_new(array, bundle_text(words->items[i]));
	return array;
}

json_t *
bundle_split(const char *list)
{
	json_t *array = json_array();
	for (const char *at = list; *at; at += strspn(at, ",")) {
		size_t length = strcspn(at, ",");
		auto_free char *word = text("%.*s", (int)length, at);
		if (length)
			json_array_append_new(array, bundle_text(word));
		at += length;
	}
	return array;
}

json_t *
bundle_map(const struct words *pairs)
{
	json_t *object = json_object();
	for (size_t i = 0; i < pairs->count; i++) {
		auto_free char *key = copy_text(pairs->items[i]);
		char *value = strchr(key, '=');
		if (value)
			*value++ = '\0';
		json_object_set_new(object, key, bundle_text(value ?: ""));
	}
	return object;
}

/* ---- capabilities ------------------------------------------------------- */

#define BIT(cap) (1ULL << (cap))
/* What Docker grants.  Root alone has them: of anybody else they bound what a
 * set-uid program can gain. */
#define GRANTED                                                              \
	(BIT(CAP_AUDIT_WRITE) | BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) |     \
	 BIT(CAP_FOWNER) | BIT(CAP_FSETID) | BIT(CAP_KILL) | BIT(CAP_MKNOD) | \
	 BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_NET_RAW) | BIT(CAP_SETFCAP) |   \
	 BIT(CAP_SETGID) | BIT(CAP_SETPCAP) | BIT(CAP_SETUID) |              \
	 BIT(CAP_SYS_CHROOT))

/* Those that this kernel knows. */
static uint64_t
all_caps(void)
{
	char last[16];
	uint64_t number;
	if (read_text(AT_FDCWD, "/proc/sys/kernel/cap_last_cap", last,
		      sizeof(last)) < 0 ||
	    parse_number(last, 0, 62, &number) < 0)
		number = CAP_LAST_CAP;
	return BIT(number + 1) - 1;
}

/* `names` as settings have them; "ALL" is for the caller. */
static uint64_t
caps_of(const struct words *names)
{
	uint64_t caps = 0;
	for (size_t i = 0; i < names->count; i++) {
		const struct oci_word *word =
			oci_word_find(oci_capability_names, names->items[i]);
		caps |= word ? BIT(word->value) : 0;
	}
	return caps;
}

/* Docker's rule: with ALL among those dropped only what is added is left, and
 * with ALL among those added only what is dropped is missing. */
uint64_t
bundle_caps(const struct settings *settings)
{
	uint64_t all = all_caps();
	uint64_t added = caps_of(&settings->cap_add);
	uint64_t dropped = caps_of(&settings->cap_drop);
	if (settings->privileged)
		return all;
	if (words_has(&settings->cap_add, "ALL"))
		return all & ~dropped;
	if (words_has(&settings->cap_drop, "ALL"))
		return added & all;
	return ((GRANTED & ~dropped) | added) & all;
}

static json_t *
cap_names(uint64_t caps)
{
	json_t *array = json_array();
	for (const struct oci_word *word = oci_capability_names; word->name;
	     word++)
		if (caps & BIT(word->value))
			json_array_append_new(array, json_string(word->name));
	return array;
}

static json_t *
capabilities(const struct settings *settings, const struct user *user)
{
	uint64_t caps = bundle_caps(settings);
	json_t *sets = json_pack("{s:o}", "bounding", cap_names(caps));
	if (user->uid == 0) {
		json_object_set_new(sets, "effective", cap_names(caps));
		json_object_set_new(sets, "permitted", cap_names(caps));
	}
	return sets;
}

/* ---- process ------------------------------------------------------------ */

void
bundle_args(const struct settings *settings, struct words *args)
{
	if (settings->init) {
		words_add(args, INIT_PATH);
		words_add(args, "--");
	}
	words_add_all(args, settings->argv.items);
}

/* What was asked for, and two that everybody has. */
void
bundle_env(const struct settings *settings, const struct bundle_facts *facts,
	   struct words *env)
{
	auto_free char *hostname = text("HOSTNAME=%s", facts->hostname);
	auto_free char *home = text("HOME=%s", facts->user->home);
	words_add_all(env, settings->env.items);
	if (!env->count || !exec_getenv(env->items, "HOSTNAME"))
		words_add(env, hostname);
	if (!exec_getenv(env->items, "HOME"))
		words_add(env, home);
}

static json_t *
user_ids(const struct user *user)
{
	/* Whoever has one id may set no groups. */
	if (idmap_is_alone())
		return json_pack("{s:I, s:I}", "uid", (json_int_t)user->uid,
				 "gid", (json_int_t)user->gid);
	/* Its own group is one of them: else what is refused to that group is
	 * granted to all the others' (CVE-2022-36109). */
	json_t *more = json_pack("[I]", (json_int_t)user->gid);
	for (size_t i = 0; i < user->group_count; i++)
		if (user->groups[i] != user->gid)
			json_array_append_new(more,
					      json_integer(user->groups[i]));
	return json_pack("{s:I, s:I, s:o}", "uid", (json_int_t)user->uid,
			 "gid", (json_int_t)user->gid, "additionalGids", more);
}

static json_t *
process(const struct settings *settings, const struct bundle_facts *facts)
{
	auto_words struct words args = { 0 }, env = { 0 };
	bundle_args(settings, &args);
	bundle_env(settings, facts, &env);
	/* RLIMITS is put in when all is text: numbers of 64 bits. */
	json_t *json = json_pack("{s:[], s:b, s:o, s:o, s:o, s:o, s:o, s:b}",
				 "rlimits", "terminal", settings->terminal,
				 "user", user_ids(facts->user), "args",
				 bundle_list(&args), "env", bundle_list(&env),
				 "cwd", bundle_text(settings->cwd ?: "/"),
				 "capabilities",
				 capabilities(settings, facts->user),
				 "noNewPrivileges",
				 settings->no_new_privileges);
	if (settings->terminal && settings->window)
		json_object_set_new(
			json, "consoleSize",
			json_pack("{s:I, s:I}", "height",
				  (json_int_t)(settings->window >> 16),
				  "width",
				  (json_int_t)(settings->window & 0xffff)));
	if (settings->oom_score_adj != SETTINGS_UNSET)
		json_object_set_new(json, "oomScoreAdj",
				    json_integer(settings->oom_score_adj));
	const char *profile = settings->apparmor;
	if (profile && strcmp(profile, "unconfined") != 0)
		json_object_set_new(json, "apparmorProfile",
				    bundle_text(profile));
	return json;
}

/* Unlimited is 2^64 - 1 in the specification, and jansson's numbers end
 * before that. */
static char *
rlimits(const struct settings *settings)
{
	char *list = NULL;
	size_t length;
	FILE *out = open_memstream(&list, &length);
	for (size_t i = 0; i < settings->ulimit_count; i++) {
		const struct ulimit *limit = &settings->ulimits[i];
		auto_free char *name = copy_text(limit->name);
		for (char *c = name; *c; c++)
			*c &= ~0x20;
		fprintf(out,
			"%s\n      {\"type\": \"RLIMIT_%s\", \"soft\": %" PRIu64
			", \"hard\": %" PRIu64 "}",
			i ? "," : "", name, (uint64_t)limit->soft,
			(uint64_t)limit->hard);
	}
	fclose(out);
	return list;
}

/* ---- namespaces --------------------------------------------------------- */

static bool
is_mode(const char *mode, const char *wanted)
{
	return mode && strcmp(mode, wanted) == 0;
}

/* A new one, that of somebody else, or none of it: the host's. */
static int
add_namespaces(json_t *list, const struct settings *settings,
	       const struct bundle_facts *facts)
{
	const struct {
		const char *type, *mode, *path;
	} rows[] = {
		{ "mount", NULL, NULL },
		{ "pid", settings->pid, facts->pid },
		{ "network", settings_network(settings), facts->net },
		{ "ipc", settings->ipc, facts->ipc },
		{ "uts", settings->uts, facts->uts },
		{ "cgroup", settings->cgroupns, NULL },
	};
	for (size_t i = 0; i < countof(rows); i++) {
		const char *type = rows[i].type, *mode = rows[i].mode;
		json_t *one = json_pack("{s:s, s:s*}", "type", type, "path",
					rows[i].path);
		if (!rows[i].path && is_mode(mode, "host"))
			json_decref(one);
		else
			json_array_append_new(list, one);
		if (!rows[i].path && mode && strncmp(mode, "container:", 10) ==
						     0)
			return failx("the %s namespace of %s is not known",
				     type, mode);
	}
	return 0;
}

/* ---- "linux" ------------------------------------------------------------ */

static int
add_seccomp(json_t *kernel, const struct settings *settings)
{
	const char *profile = settings->seccomp;
	uint64_t caps = bundle_caps(settings);
	if (is_mode(profile, "unconfined") ||
	    (settings->privileged && !profile))
		return 0;
	json_t *seccomp = profile ? seccomp_profile(profile, caps) :
				    seccomp_default(caps);
	return seccomp ? json_object_set_new(kernel, "seccomp", seccomp) : -1;
}

static json_t *
cgroup_path(const struct settings *settings, const struct bundle_facts *facts)
{
	const char *parent = settings->cgroup_parent;
	auto_free char *path =
		parent ? container_cgroup_name(facts->id, parent) :
			 copy_text(facts->id);
	return bundle_text(path);
}

/* `label` of a machine with SELinux would have to be made a whole context. */
static int
check_labels(const struct settings *settings)
{
	for (size_t i = 0; i < settings->security_labels.count; i++)
		if (strcmp(settings->security_labels.items[i], "disable") &&
		    access("/sys/fs/selinux", F_OK) == 0)
			return failx("label=%s: SELinux labels are not made "
				     "here, only label=disable is known",
				     settings->security_labels.items[i]);
	return 0;
}

static int
fill_kernel(json_t *kernel, const struct settings *settings,
	    const struct bundle_facts *facts)
{
	json_t *resources = json_object(), *namespaces = json_array();
	json_object_set_new(kernel, "namespaces", namespaces);
	json_object_set_new(kernel, "cgroupsPath",
			    cgroup_path(settings, facts));
	json_object_set_new(kernel, "resources", resources);
	if (settings->sysctls.count)
		json_object_set_new(kernel, "sysctl",
				    bundle_map(&settings->sysctls));
	if (!settings->unmasked && !settings->privileged) {
		json_object_set_new(kernel, "maskedPaths",
				    oci_spec_strings(rootfs_masked_paths));
		json_object_set_new(kernel, "readonlyPaths",
				    oci_spec_strings(rootfs_readonly_default));
	}
	if (add_namespaces(namespaces, settings, facts) < 0 ||
	    (keep_id_is_wanted(settings) && keep_id_add(kernel) < 0) ||
	    check_labels(settings) < 0 ||
	    bundle_devices(settings, kernel, resources) < 0 ||
	    bundle_limits(settings, resources) < 0)
		return -1;
	return add_seccomp(kernel, settings);
}

/* ---- the whole ---------------------------------------------------------- */

static int
fill(json_t *config, const struct settings *settings,
     const struct bundle_facts *facts)
{
	const char *spread = NULL;
	json_t *kernel = json_object();
	bool own_name = facts->uts || !is_mode(settings->uts, "host");
	json_object_set_new(config, "process", process(settings, facts));
	json_object_set_new(config, "root",
			    json_pack("{s:s, s:b}", "path", "rootfs",
				      "readonly", settings->read_only));
	json_object_set_new(config, "linux", kernel);
	if (own_name && !facts->uts)
		json_object_set_new(config, "hostname",
				    bundle_text(facts->hostname));
	if (own_name && !facts->uts && settings->domainname)
		json_object_set_new(config, "domainname",
				    bundle_text(settings->domainname));
	if (settings->annotations.count)
		json_object_set_new(config, "annotations",
				    bundle_map(&settings->annotations));
	json_t *mounts = bundle_mounts(settings, facts, &spread);
	if (!mounts)
		return -1;
	json_object_set_new(config, "mounts", mounts);
	if (spread)
		json_object_set_new(kernel, "rootfsPropagation",
				    json_string(spread));
	return fill_kernel(kernel, settings, facts);
}

char *
bundle_config(const struct settings *settings,
	      const struct bundle_facts *facts)
{
	static const char empty[] = "\"rlimits\": []";
	json_t *config = json_pack("{s:s}", "ociVersion", OCI_VERSION);
	auto_free char *printed = NULL;
	if (fill(config, settings, facts) == 0)
		printed = json_dumps(config, JSON_INDENT(2));
	json_decref(config);
	if (!printed)
		return NULL;
	/* The first, for nothing that came before it can be one. */
	char *at = strstr(printed, empty);
	auto_free char *limits = rlimits(settings);
	size_t head = at - printed + sizeof(empty) - 2;
	return text("%.*s%s%s", (int)head, printed, limits, printed + head);
}
