/* dockerfile_mount.c - see dockerfile_part.h: RUN --mount. */
#include "dockerfile_part.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "size.h"

static const char *const kinds[] = { "bind", "cache", "tmpfs", "secret",
				     "ssh" };
#define KIND_SSH 4

struct mounting {
	struct run_mount *mount;
	const char *kind;
	bool says_read_only;
	bool says_sharing;
};

/* ---- values ------------------------------------------------------------ */

/* As Go's strconv.ParseBool. */
static int
parse_bool(const char *key, const char *value, bool *to)
{
	static const char *const yes[] = { "1", "t", "T", "TRUE", "true",
					   "True" };
	static const char *const no[] = { "0", "f", "F", "FALSE", "false",
					  "False" };
	for (size_t i = 0; i < countof(yes); i++) {
		*to = strcmp(value, yes[i]) == 0;
		if (*to || strcmp(value, no[i]) == 0)
			return 0;
	}
	return failx("invalid value for %s: %.60s", key, value);
}

static int
parse_mode(const char *value, uint32_t *mode)
{
	char *end;
	unsigned long number = strtoul(value, &end, 8);
	if (!isdigit((unsigned char)*value) || *end || number > 07777)
		return failx("invalid value %.60s for mode", value);
	*mode = number;
	return 0;
}

static int
parse_id(const char *key, const char *value, uint32_t *id)
{
	uint64_t number;
	if (parse_number(value, 0, UINT32_MAX - 1, &number) < 0)
		return failx("invalid value %.60s for %s", value, key);
	*id = number;
	return 0;
}

/* ---- keys -------------------------------------------------------------- */

static int
unexpected(const struct mounting *mounting, const char *key)
{
	return failx("unexpected key '%s' for mount type '%s'", key,
		     mounting->kind);
}

static bool
is_one_of(const char *key, const char *one, const char *other,
	  const char *third)
{
	return strcmp(key, one) == 0 || strcmp(key, other) == 0 ||
	       strcmp(key, third) == 0;
}

static void
set_text(char **to, const char *value)
{
	free(*to);
	*to = *value ? copy_text(value) : NULL;
}

static int
take_sharing(struct mounting *mounting, const char *value)
{
	static const char *const known[] = { "shared", "private", "locked" };
	for (size_t i = 0; i < countof(known); i++) {
		if (strcasecmp(known[i], value) == 0) {
			mounting->mount->sharing = i;
			mounting->says_sharing = true;
			return 0;
		}
	}
	auto_free char *suggestion =
		dockerfile_suggest(value, known, countof(known));
	return failx("unsupported sharing value \"%.60s\"%s", value,
		     suggestion);
}

static int
take_key_of_owner(struct mounting *mounting, const char *key,
		  const char *value)
{
	struct run_mount *mount = mounting->mount;
	if (mount->kind != RUN_MOUNT_CACHE && mount->kind != RUN_MOUNT_SECRET)
		return failx("%s not allowed for \"%s\" type mounts", key,
			     mounting->kind);
	if (strcmp(key, "mode") == 0) {
		mount->has_mode = true;
		return parse_mode(value, &mount->mode);
	}
	if (strcmp(key, "uid") == 0) {
		mount->has_uid = true;
		return parse_id(key, value, &mount->uid);
	}
	mount->has_gid = true;
	return parse_id(key, value, &mount->gid);
}

static int
unknown_key(const char *key, const char *field)
{
	static const char *const known[] = {
		"type", "from", "source", "target", "readonly", "id",
		"sharing", "required", "mode", "uid", "gid", "src", "dst",
		"ro", "rw", "readwrite", "size", "env",
	};
	auto_free char *suggestion =
		dockerfile_suggest(key, known, countof(known));
	return failx("unexpected key '%.40s' in '%.60s'%s", key, field,
		     suggestion);
}

/* Those that a value is not needed for. */
static int
take_switch(struct mounting *mounting, const char *key, const char *value)
{
	bool is_true = true;
	if (value && parse_bool(key, value, &is_true) < 0)
		return -1;
	if (strcmp(key, "required") == 0) {
		mounting->mount->is_required = is_true;
		return mounting->mount->kind == RUN_MOUNT_SECRET ?
			       0 :
			       unexpected(mounting, key);
	}
	bool is_write = strcmp(key, "rw") == 0 ||
			strcmp(key, "readwrite") == 0;
	mounting->mount->read_only = is_true != is_write;
	mounting->says_read_only = true;
	return 0;
}

static int
take_size(struct run_mount *mount, const char *value)
{
	mount->has_size = true;
	if (size_parse(value, SIZE_BINARY, &mount->size) < 0)
		return failx("invalid value for size: %.60s", value);
	return 0;
}

static int
take_key(struct mounting *mounting, const char *key, const char *value,
	 const char *field)
{
	struct run_mount *mount = mounting->mount;
	if (is_one_of(key, "ro", "readonly", "required") ||
	    is_one_of(key, "rw", "readwrite", "rw"))
		return take_switch(mounting, key, value);
	if (!value)
		return failx("invalid field '%.60s' must be a key=value pair",
			     field);
	if (strcmp(key, "type") == 0)
		return 0;
	if (strcmp(key, "from") == 0)
		set_text(&mount->from, value);
	else if (is_one_of(key, "source", "src", "source"))
		set_text(&mount->source, value);
	else if (is_one_of(key, "target", "dst", "destination"))
		set_text(&mount->target, value);
	else if (strcmp(key, "id") == 0)
		set_text(&mount->id, value);
	else if (strcmp(key, "env") == 0)
		set_text(&mount->env, value);
	else if (strcmp(key, "sharing") == 0)
		return take_sharing(mounting, value);
	else if (is_one_of(key, "mode", "uid", "gid"))
		return take_key_of_owner(mounting, key, value);
	else if (strcmp(key, "size") != 0)
		return unknown_key(key, field);
	else if (mount->kind != RUN_MOUNT_TMPFS)
		return unexpected(mounting, key);
	else
		return take_size(mount, value);
	return 0;
}

/* ---- the whole --------------------------------------------------------- */

/* What the secret is called, and where it goes. */
static int
complete_secret(struct run_mount *mount)
{
	if (mount->from)
		return failx("secret mount should not have a from");
	if (mount->source && mount->id)
		return failx("both source and id can't be set");
	if (mount->source) {
		mount->id = mount->source;
		mount->source = NULL;
	}
	const char *slash = mount->target ? strrchr(mount->target, '/') : NULL;
	if (!mount->id && mount->target)
		set_text(&mount->id, slash ? slash + 1 : mount->target);
	if (!mount->id)
		return failx("invalid secret mount. one of source, target "
			     "required");
	slash = strrchr(mount->id, '/');
	if (!mount->target && !mount->env)
		mount->target = text("/run/secrets/%s",
				     slash ? slash + 1 : mount->id);
	return 0;
}

static int
complete(struct mounting *mounting)
{
	struct run_mount *mount = mounting->mount;
	bool is_secret = mount->kind == RUN_MOUNT_SECRET;
	if (!mounting->says_read_only)
		mount->read_only = is_secret || mount->kind == RUN_MOUNT_BIND;
	if (is_secret && mounting->says_sharing)
		return failx("secret mount should not define sharing");
	if (mounting->says_sharing && mount->kind != RUN_MOUNT_CACHE)
		return failx("invalid cache sharing set for %s mount",
			     mounting->kind);
	if (mount->env && !is_secret)
		return unexpected(mounting, "env");
	if (is_secret && complete_secret(mount) < 0)
		return -1;
	if (mount->kind == RUN_MOUNT_TMPFS && (mount->from || mount->source))
		return unexpected(mounting, mount->from ? "from" : "source");
	if (!is_secret && !mount->target)
		return failx("invalid mount target \"\": a %s mount needs "
			     "target=PATH", mounting->kind);
	if (mount->target && strspn(mount->target, "/.") ==
				     strlen(mount->target))
		return failx("invalid mount target \"%.60s\"", mount->target);
	return 0;
}

static int
take_type(struct mounting *mounting, const char *value)
{
	for (size_t i = 0; i < countof(kinds); i++) {
		if (strcasecmp(kinds[i], value) != 0)
			continue;
		if (i == KIND_SSH)
			return failx("type=ssh: no agent of the host's is "
				     "handed into a build here; a key can be "
				     "given as type=secret");
		mounting->kind = kinds[i];
		mounting->mount->kind = i;
		return 0;
	}
	auto_free char *suggestion =
		dockerfile_suggest(value, kinds, countof(kinds));
	return failx("unsupported mount type \"%.60s\"%s", value, suggestion);
}

/* One field: its key in lower case, its value replaced.  With `types`, only
 * type=, which the others depend on. */
static int
take_field(struct mounting *mounting, const char *field, bool types,
	   expand_word expand, void *context)
{
	size_t length = strcspn(field, "=");
	auto_free char *key = text("%.*s", (int)length, field);
	for (char *c = key; *c; c++)
		*c = tolower((unsigned char)*c);
	bool is_type = strcmp(key, "type") == 0;
	if (is_type != types)
		return 0;
	const char *value = field[length] ? field + length + 1 : NULL;
	auto_free char *expanded = NULL;
	if (value && expand) {
		expanded = expand(context, value);
		if (!expanded)
			return -1;
		value = expanded;
	}
	if (is_type && value)
		return take_type(mounting, value);
	return take_key(mounting, key, value, field);
}

/* Variables that have no values yet. */
static int
take_from_alone(struct run_mount *mount, const struct words *fields)
{
	for (size_t i = 0; i < fields->count; i++) {
		const char *field = fields->items[i];
		if (strncasecmp(field, "from=", 5) != 0)
			continue;
		if (strchr(field, '$'))
			return failx("'from' doesn't support variable "
				     "expansion, define alias stage instead");
		set_text(&mount->from, field + 5);
	}
	return 0;
}

int
mount_parse(const char *flag, expand_word expand, void *context,
	    struct run_mount *mount)
{
	*mount = (struct run_mount){ .from_stage = -1 };
	auto_words struct words fields = { 0 };
	if (split_csv(flag, &fields) < 0)
		return -1;
	if (!expand && strchr(flag, '$'))
		return take_from_alone(mount, &fields);
	struct mounting mounting = { .mount = mount, .kind = kinds[0] };
	for (int types = 1; types >= 0; types--)
		for (size_t i = 0; i < fields.count; i++)
			if (take_field(&mounting, fields.items[i], types,
				       expand, context) < 0)
				return -1;
	return complete(&mounting);
}

void
mount_free(struct run_mount *mount)
{
	free(mount->from);
	free(mount->source);
	free(mount->target);
	free(mount->id);
	free(mount->env);
	*mount = (struct run_mount){ 0 };
}
