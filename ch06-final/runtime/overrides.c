/* overrides.c - parent.  See overrides.h. */
#include "overrides.h"

#include <string.h>

/* ---- the command line's values ------------------------------------------- */

/* "UID" or "UID:GID", strictly numbers: names are the image's affair, which
 * an engine has looked up.  Without a GID the container's own stays. */
static int
take_user(const char *word, struct oci_user *user)
{
	auto_free char *uid = copy_text(word);
	char *gid = strchr(uid, ':');
	uint64_t number;
	if (gid)
		*gid++ = '\0';
	if (parse_number(uid, 0, UINT32_MAX - 1, &number) < 0)
		return wrap("--user %s: UID", word);
	user->uid = number;
	if (gid && parse_number(gid, 0, UINT32_MAX - 1, &number) < 0)
		return wrap("--user %s: GID", word);
	if (gid)
		user->gid = number;
	return 0;
}

static const struct oci_user *
new_user(struct oci_document *document, const struct exec_options *options,
	 const struct oci_user *own)
{
	struct oci_user *user = oci_document_new(document, sizeof(*user));
	if (own)
		*user = *own;
	if (options->user && take_user(options->user, user) < 0)
		return NULL;
	if (options->gids_alone)
		user->additional_gids = (struct oci_ids){ 0 };
	size_t had = user->additional_gids.count;
	if (options->gid_count == 0)
		return user;
	uint32_t *ids = oci_document_new(
		document, (had + options->gid_count) * sizeof(*ids));
	if (had)
		memcpy(ids, user->additional_gids.ids, had * sizeof(*ids));
	memcpy(ids + had, options->gids, options->gid_count * sizeof(*ids));
	user->additional_gids =
		(struct oci_ids){ ids, had + options->gid_count };
	return user;
}

/* Not into the inheritable ones, of which a program in the container could be
 * given more than it is meant to have (CVE-2022-24769), nor, for that takes
 * them, into the ambient: unless the container itself has it so. */
static const struct oci_capabilities *
new_capabilities(struct oci_document *document, const char *const *names,
		 const struct oci_capabilities *own)
{
	struct oci_capabilities *all =
		oci_document_new(document, sizeof(*all));
	if (own)
		*all = *own;
	for (; *names; names++) {
		const struct oci_word *word =
			oci_word_find(oci_capability_names, *names);
		if (!word) {
			failure_set("--cap %s: unknown capability", *names);
			return NULL;
		}
		uint64_t bit = 1ULL << word->value;
		all->bounding |= bit;
		all->effective |= bit;
		all->permitted |= bit;
		all->ambient |= bit & all->inheritable;
	}
	return all;
}

static size_t
count_of(const char *const *words)
{
	size_t count = 0;
	while (words && words[count])
		count++;
	return count;
}

/* Where the same name is in both, it is the added one that holds. */
static const char *const *
new_env(struct oci_document *document, const char *const *own,
	const char *const *added)
{
	size_t count = 0;
	const char **env = oci_document_new(
		document,
		(count_of(own) + count_of(added) + 1) * sizeof(*env));
	for (size_t i = 0; own && own[i]; i++) {
		size_t length = strcspn(own[i], "=") + 1;
		bool replaced = false;
		for (size_t j = 0; added && added[j]; j++)
			replaced |= strncmp(own[i], added[j], length) == 0;
		if (!replaced)
			env[count++] = own[i];
	}
	for (size_t j = 0; added && added[j]; j++)
		env[count++] = added[j];
	return env;
}

/* ---- the whole ----------------------------------------------------------- */

static int
from_file(struct oci_process *process, struct oci_document *document,
	  const char *path)
{
	if (oci_document_read(document, AT_FDCWD, path) < 0)
		return -1;
	struct oci_node root = oci_root(document);
	if (oci_take_fields(&root, &oci_process_shape, process) < 0)
		return wrap("%s", path);
	return 0;
}

static int
from_words(struct oci_process *process, struct oci_document *document,
	   const struct exec_options *options, const struct oci_process *own)
{
	if (own)
		*process = *own;
	process->terminal = options->tty;
	process->console_size = NULL;
	process->args = (const char *const *)options->argv;
	if (options->cwd)
		process->cwd = options->cwd;
	else if (!process->cwd)
		process->cwd = "/";
	if (*process->cwd != '/')
		return failx("--cwd %s: not an absolute path", process->cwd);
	process->user = new_user(document, options, own ? own->user : NULL);
	process->env = new_env(document, process->env, options->env);
	if (options->caps)
		process->capabilities = new_capabilities(
			document, options->caps, process->capabilities);
	if (options->apparmor)
		process->apparmor_profile = options->apparmor;
	if (options->selinux_label)
		process->selinux_label = options->selinux_label;
	process->no_new_privileges |= options->no_new_privs;
	return process->user && (!options->caps || process->capabilities) ?
		       0 : -1;
}

int
overrides_apply(struct oci_process *process, struct oci_document *document,
		const struct exec_options *options,
		const struct oci_process *own)
{
	*process = (struct oci_process){ 0 };
	if (options->process_file)
		return from_file(process, document, options->process_file);
	if (!options->argv || !options->argv[0])
		return failx("exec needs a command, or --process FILE");
	return from_words(process, document, options, own);
}
