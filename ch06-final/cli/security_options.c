/* security_options.c - parent.  See security_options.h. */
#include "security_options.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "oci_process.h"
#include "oci_sysctl.h"
#include "options.h"

int
take_capability(void *words, const char *value)
{
	auto_free char *name = copy_text(value);
	for (char *c = name; *c; c++)
		*c = toupper((unsigned char)*c);
	if (strcmp(name, "ALL") == 0)
		return option_take_word(words, name);
	auto_free char *whole =
		text("%s%s", strncmp(name, "CAP_", 4) == 0 ? "" : "CAP_", name);
	if (!oci_word_find(oci_capability_names, whole))
		return failx("unknown capability: \"%s\"", whole);
	return option_take_word(words, whole);
}

/* Docker has no kernel.hostname (--hostname), none of those for criu, and none
 * of a user namespace. */
int
take_sysctl(void *words, const char *value)
{
	auto_free char *name = copy_text(value);
	char *equals = strchr(name, '=');
	if (equals)
		*equals = '\0';
	const char *kind = equals ? oci_sysctl_kind(name) : NULL;
	if (!kind || strcmp(kind, "uts") == 0 || strcmp(kind, "user") == 0 ||
	    strstr(name, "_next_id"))
		return failx("sysctl '%s' is not allowed", value);
	return option_take_word(words, value);
}

/* The file's text, less what does not matter. */
static int
read_profile(const char *path, char **profile)
{
	json_error_t error;
	size_t length;
	auto_free char *content = read_all(AT_FDCWD, path, &length);
	if (!content)
		return failx("opening seccomp profile (%s) failed: open %s: %s",
			     path, path, strerror(failure.code));
	json_t *json = json_loadb(content, length, JSON_REJECT_DUPLICATES,
				  &error);
	if (!json)
		return failx("compacting json for seccomp profile (%s) "
			     "failed: line %d: %s", path, error.line,
			     error.text);
	free(*profile);
	*profile = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return 0;
}

static int
take_seccomp(struct settings *settings, const char *value)
{
	if (strcmp(value, "builtin") == 0)
		return free_scoped(&settings->seccomp), 0;
	if (strcmp(value, "unconfined") == 0)
		return option_take_text(&settings->seccomp, value);
	return read_profile(value, &settings->seccomp);
}

static int
take_privileges(struct settings *settings, const char *value)
{
	bool is_true = strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
	settings->no_new_privileges = is_true;
	if (is_true || strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
		return 0;
	return failx("invalid --security-opt: \"no-new-privileges=%s\"", value);
}

/* Before "=" it was a ":". */
int
take_security(void *data, const char *value)
{
	struct settings *settings = data;
	auto_free char *key = copy_text(value);
	char *rest = key + strcspn(key, "=");
	if (!*rest)
		rest = key + strcspn(key, ":");
	if (*rest)
		*rest++ = '\0';
	if (strcmp(key, "no-new-privileges") == 0)
		return take_privileges(settings, *rest ? rest : "true");
	if (strcmp(key, "disable") == 0 && !*rest)
		return option_take_word(&settings->security_labels, key);
	if (strcmp(key, "label") == 0 && *rest)
		return option_take_word(&settings->security_labels, rest);
	if (strcmp(key, "apparmor") == 0 && *rest)
		return option_take_text(&settings->apparmor, rest);
	if (strcmp(key, "seccomp") == 0 && *rest)
		return take_seccomp(settings, rest);
	if (strcmp(value, "systempaths=unconfined") == 0)
		return settings->unmasked = true, 0;
	return failx("invalid --security-opt: \"%s\"", value);
}
