/* mount_options.c - parent.  See mount_options.h. */
#include "mount_options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "csv.h"
#include "options.h"
#include "path.h"
#include "size.h"
#include "volumes.h"

/* ---- paths -------------------------------------------------------------- */

/* Where something may be mounted: "/", "//." and "/a/.." are the root. */
static int
set_target(struct volume *volume, const char *target)
{
	if (target[0] != '/')
		return failx("invalid mount path: '%s' mount path must be "
			     "absolute", target);
	if (path_depth(target) == 0)
		return failx("invalid specification: destination can't be "
			     "'/'");
	volume->target = path_clean(target);
	return 0;
}

/* A relative one begins where we are. */
static int
set_source(struct volume *volume, const char *source)
{
	auto_free char *here = *source == '/' ? NULL : getcwd(NULL, 0);
	if (*source != '/' && !here)
		return fail("find the working directory");
	auto_free char *whole = text("%s/%s", here ?: "", source);
	volume->source = path_clean(whole);
	return 0;
}

void
volume_release(struct volume *volume)
{
	free(volume->type);
	free(volume->source);
	free(volume->target);
	free(volume->data);
	free(volume->mode);
	free(volume->propagation);
	free(volume->recursive);
	free(volume->driver);
	free(volume->subpath);
	free(volume->image_id);
	words_free(&volume->layers);
	words_free(&volume->labels);
	words_free(&volume->options);
	*volume = (struct volume){ 0 };
}

void
volume_add(struct settings *settings, const struct volume *volume)
{
	size_t at = settings->volume_count++;
	settings->volumes = resize_bytes(
		settings->volumes,
		settings->volume_count * sizeof(*settings->volumes));
	for (; at > 0 && path_depth(settings->volumes[at - 1].target) >
				 path_depth(volume->target);
	     at--)
		settings->volumes[at] = settings->volumes[at - 1];
	settings->volumes[at] = *volume;
}

/* What a parser has made, or nothing of it. */
static int
finish(int result, struct volume *made, struct volume *volume)
{
	*volume = *made;
	if (result < 0)
		volume_release(volume);
	return result;
}

/* ---- -v ----------------------------------------------------------------- */

static const char *const propagations[] = { "private", "rprivate", "shared",
					    "rshared", "slave", "rslave" };

static bool
is_propagation(const char *word)
{
	for (size_t i = 0; i < countof(propagations); i++)
		if (strcmp(word, propagations[i]) == 0)
			return true;
	return false;
}

/* The groups of words that MODE has one each of.  Those of the second are
 * SELinux's, the last are for Docker Desktop: neither means anything here. */
static const struct mode_word {
	const char *word;
	int group;
} mode_words[] = {
	{ "ro", 1 }, { "rw", 1 }, { "z", 2 }, { "Z", 2 }, { "nocopy", 3 },
	{ "consistent", 4 }, { "cached", 4 }, { "delegated", 4 },
};

static int
mode_group(const char *word)
{
	for (size_t i = 0; i < countof(mode_words); i++)
		if (strcmp(word, mode_words[i].word) == 0)
			return mode_words[i].group;
	return is_propagation(word) ? 5 : -1;
}

static int
set_mode(struct volume *volume, const char *mode)
{
	bool seen[6] = { false };
	auto_free char *list = copy_text(mode);
	char *rest = list, *word;
	while ((word = strsep(&rest, ","))) {
		int group = mode_group(word);
		if (group < 0 || seen[group])
			return failx("invalid mode: %s", mode);
		seen[group] = true;
		if (strcmp(word, "ro") == 0)
			volume->flags |= MS_RDONLY;
		else if (strcmp(word, "nocopy") == 0)
			volume->no_copy = true;
		else if (group == 5)
			volume->propagation = copy_text(word);
	}
	volume->mode = copy_text(mode);
	return 0;
}

/* ".", "./x", "../x" and "/x" are the host's. */
static bool
is_host_path(const char *source)
{
	return source[0] == '/' || source[0] == '.';
}

static int
set_volume(struct volume *volume, const char *source, const char *target,
	   const char *mode)
{
	bool is_bind = source && is_host_path(source);
	volume->type = copy_text(is_bind ? "bind" : "volume");
	volume->flags = is_bind ? MS_BIND | MS_REC : 0;
	volume->anonymous = !source;
	if (set_target(volume, target) < 0 ||
	    (mode && set_mode(volume, mode) < 0))
		return -1;
	if (is_bind && volume->no_copy)
		return failx("invalid mode: %s", mode);
	if (!is_bind && volume->propagation)
		return failx("invalid mode: %s", mode);
	if (is_bind)
		return set_source(volume, source);
	if (source && volume_check_name(source) < 0)
		return -1;
	volume->source = source ? copy_text(source) : NULL;
	return 0;
}

int
parse_volume(const char *string, struct volume *volume)
{
	char *parts[4] = { NULL };
	auto_free char *spec = copy_text(string);
	char *rest = spec;
	size_t count = 0;
	while (rest && count < countof(parts))
		parts[count++] = strsep(&rest, ":");
	*volume = (struct volume){ 0 };
	for (size_t i = 0; i < count; i++)
		if (!*parts[i] || count == countof(parts))
			return failx("invalid volume specification: '%s'",
				     string);
	struct volume made = { 0 };
	int result = count == 1 ?
			     set_volume(&made, NULL, parts[0], NULL) :
			     set_volume(&made, parts[0], parts[1], parts[2]);
	return finish(result, &made, volume);
}

/* ---- --tmpfs ------------------------------------------------------------ */

/* Options that are flags of the mount, each with its opposite. */
static const struct {
	const char *word;
	unsigned long set, clear;
} tmpfs_flags[] = {
	{ "ro", MS_RDONLY, 0 },
	{ "rw", 0, MS_RDONLY },
	{ "noexec", MS_NOEXEC, 0 },
	{ "exec", 0, MS_NOEXEC },
	{ "nosuid", MS_NOSUID, 0 },
	{ "suid", 0, MS_NOSUID },
	{ "nodev", MS_NODEV, 0 },
	{ "dev", 0, MS_NODEV },
	{ "noatime", MS_NOATIME, MS_STRICTATIME },
	{ "relatime", 0, MS_NOATIME | MS_STRICTATIME },
	{ "strictatime", MS_STRICTATIME, MS_NOATIME },
	{ "nodiratime", MS_NODIRATIME, 0 },
	{ "diratime", 0, MS_NODIRATIME },
};

/* Those of tmpfs itself, which judges their values: tmpfs(5). */
static const char *const tmpfs_values[] = { "size=", "mode=", "uid=", "gid=",
					    "nr_inodes=", "nr_blocks=",
					    "mpol=" };

/* "a=1" behind what `volume` has as data; takes neither. */
static void
add_data(struct volume *volume, const char *option)
{
	char *longer = text("%s%s%s", volume->data, *volume->data ? "," : "",
			    option);
	free(volume->data);
	volume->data = longer;
}

static int
take_tmpfs_option(struct volume *volume, const char *option)
{
	for (size_t i = 0; i < countof(tmpfs_flags); i++) {
		if (strcmp(option, tmpfs_flags[i].word) != 0)
			continue;
		volume->flags &= ~tmpfs_flags[i].clear;
		volume->flags |= tmpfs_flags[i].set;
		return 0;
	}
	for (size_t i = 0; i < countof(tmpfs_values); i++) {
		size_t length = strlen(tmpfs_values[i]);
		if (strncmp(option, tmpfs_values[i], length) != 0)
			continue;
		add_data(volume, option);
		return 0;
	}
	return failx("invalid tmpfs option \"%s\"", option);
}

static struct volume
new_tmpfs(void)
{
	return (struct volume){
		.type = copy_text("tmpfs"),
		.flags = MS_NOEXEC | MS_NOSUID | MS_NODEV,
		.data = copy_text(""),
	};
}

int
parse_tmpfs(const char *string, struct volume *volume)
{
	struct volume made = new_tmpfs();
	auto_free char *target = copy_text(string);
	char *options = strchr(target, ':'), *option;
	if (options)
		*options++ = '\0';
	made.mode = options ? copy_text(options) : NULL;
	int result = set_target(&made, target);
	while (result == 0 && (option = strsep(&options, ",")))
		result = take_tmpfs_option(&made, option);
	return finish(result, &made, volume);
}

/* ---- --mount ------------------------------------------------------------ */

/* What a --mount has said, before it is clear what it is of. */
struct mount_said {
	struct volume volume;
	const char *source;
	char *target;
	bool read_only;
	bool bind, of_volume, tmpfs, image; /* a key of these was there */
	uint64_t size, mode;
};

static int
take_switch(const char *key, const char *value, bool *flag)
{
	*flag = !value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
	if (*flag || strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
		return 0;
	return failx("invalid value for '%s': invalid boolean value (\"%s\"): "
		     "must be one of \"true\", \"1\", \"false\", or \"0\" "
		     "(default \"true\")", key, value);
}

static int
take_bind_key(struct mount_said *said, const char *key, const char *value)
{
	static const char *const ways[] = { "disabled", "writable",
					    "readonly" };
	struct volume *volume = &said->volume;
	bool flag;
	said->bind = true;
	if (strcmp(key, "bind-propagation") == 0 && value)
		return option_take_text(&volume->propagation, value);
	if (strcmp(key, "bind-nonrecursive") == 0) {
		if (take_switch(key, value, &flag) < 0)
			return -1;
		return flag ? option_take_text(&volume->recursive, ways[0]) : 0;
	}
	if (strcmp(key, "bind-recursive") != 0 || !value)
		return failx("unexpected key '%s'", key);
	for (size_t i = 0; i < countof(ways); i++)
		if (strcmp(value, ways[i]) == 0)
			return option_take_text(&volume->recursive, value);
	return strcmp(value, "enabled") == 0 ?
		       0 :
		       failx("invalid value for %s: %s (must be \"enabled\", "
			     "\"disabled\", \"writable\", or \"readonly\")",
			     key, value);
}

/* An empty one is all of it. */
static int
take_subpath(struct volume *volume, const char *value)
{
	free_scoped(&volume->subpath);
	return *value ? option_take_text(&volume->subpath, value) : 0;
}

static int
take_volume_key(struct mount_said *said, const char *key, const char *value)
{
	struct volume *volume = &said->volume;
	said->of_volume = true;
	if (strcmp(key, "volume-nocopy") == 0)
		return take_switch(key, value, &volume->no_copy);
	if (strcmp(key, "volume-subpath") == 0 && value)
		return take_subpath(volume, value);
	if (strcmp(key, "volume-label") == 0 && value)
		return option_take_word(&volume->labels, value);
	if (strcmp(key, "volume-driver") == 0 && value)
		return option_take_text(&volume->driver, value);
	if (strcmp(key, "volume-opt") == 0 && value)
		return option_take_word(&volume->options, value);
	return failx("unexpected key '%s'", key);
}

static int
take_tmpfs_key(struct mount_said *said, const char *key, const char *value)
{
	char *end;
	said->tmpfs = true;
	if (strcmp(key, "tmpfs-size") == 0 && value)
		return size_parse(value, SIZE_BINARY, &said->size) < 0 ?
			       failx("invalid value for %s: %s", key, value) :
			       0;
	if (strcmp(key, "tmpfs-mode") != 0 || !value)
		return failx("unexpected key '%s'", key);
	said->mode = strtoul(value, &end, 8);
	if (!*value || *end || said->mode > 07777 || strchr("+- \t", *value))
		return failx("invalid value for %s: %s", key, value);
	return 0;
}

static int
take_image_key(struct mount_said *said, const char *key, const char *value)
{
	said->image = true;
	return strcmp(key, "image-subpath") == 0 && value ?
		       take_subpath(&said->volume, value) :
		       failx("unexpected key '%s'", key);
}

static bool
is_one_of(const char *key, const char *a, const char *b, const char *c)
{
	return strcmp(key, a) == 0 || strcmp(key, b) == 0 ||
	       strcmp(key, c) == 0;
}

static int
take_key(struct mount_said *said, const char *key, const char *value)
{
	if (is_one_of(key, "readonly", "ro", "ro"))
		return take_switch(key, value, &said->read_only);
	if (strncmp(key, "bind-", 5) == 0)
		return take_bind_key(said, key, value);
	if (strncmp(key, "volume-", 7) == 0)
		return take_volume_key(said, key, value);
	if (strncmp(key, "tmpfs-", 6) == 0)
		return take_tmpfs_key(said, key, value);
	if (strncmp(key, "image-", 6) == 0)
		return take_image_key(said, key, value);
	if (is_one_of(key, "source", "src", "src"))
		return said->source = value, 0;
	if (is_one_of(key, "target", "dst", "destination"))
		return option_take_text(&said->target, value);
	if (strcmp(key, "type") == 0)
		return option_take_text(&said->volume.type, value);
	/* Of Docker Desktop. */
	if (strcmp(key, "consistency") == 0)
		return 0;
	return failx("unexpected key '%s' in '%s=%s'", key, key, value);
}

/* A field without a value is a switch, and only some are. */
static int
take_field(struct mount_said *said, char *field)
{
	auto_free char *whole = copy_text(field);
	char *value = strchr(field, '=');
	if (value)
		*value++ = '\0';
	else if (!is_one_of(field, "readonly", "ro", "volume-nocopy") &&
		 strcmp(field, "bind-nonrecursive") != 0)
		return failx("invalid field '%s' must be a key=value pair",
			     whole);
	return take_key(said, field, value);
}

/* ---- what a --mount says of each type ----------------------------------- */

static int
mount_bind(struct mount_said *said)
{
	struct volume *volume = &said->volume;
	const char *way = volume->recursive ?: "", *spread =
						       volume->propagation;
	bool readonly = strcmp(way, "readonly") == 0;
	if (!said->source || !*said->source)
		return failx("invalid mount config for type \"bind\": field "
			     "Source must not be empty");
	if (!is_host_path(said->source))
		return failx("invalid mount config for type \"bind\": invalid "
			     "mount path: '%s' mount path must be absolute",
			     said->source);
	if (spread && !is_propagation(spread))
		return failx("invalid mount config for type \"bind\": invalid "
			     "propagation mode: %s", spread);
	if ((readonly || strcmp(way, "writable") == 0) && !said->read_only)
		return failx("option 'bind-recursive=%s' requires 'readonly' "
			     "to be specified in conjunction", way);
	if (readonly && (!spread || strcmp(spread, "rprivate") != 0))
		return failx("option 'bind-recursive=readonly' requires "
			     "'bind-propagation=rprivate' to be specified in "
			     "conjunction");
	volume->flags = MS_BIND | MS_REC;
	if (set_source(volume, said->source) < 0)
		return -1;
	if (access(volume->source, F_OK) < 0)
		return failx("invalid mount config for type \"bind\": bind "
			     "source path does not exist: %s", volume->source);
	return 0;
}

/* Relative, and by its words alone it stays inside. */
static bool
is_inside(const char *path)
{
	int depth = 0;
	auto_free char *list = copy_text(path);
	char *rest = list, *name;
	while (depth >= 0 && (name = strsep(&rest, "/")))
		depth += strcmp(name, "..") == 0 ? -1 :
			 *name && strcmp(name, ".") != 0;
	return *path && *path != '/' && depth >= 0;
}

static int
check_subpath(const struct volume *volume)
{
	const char *subpath = volume->subpath ?: "";
	if (*subpath && volume->anonymous)
		return failx("invalid mount config for type \"volume\": must "
			     "not set Subpath when using anonymous volumes");
	if (*subpath && !is_inside(subpath))
		return failx("invalid mount config for type \"volume\": "
			     "subpath must be a relative path within the "
			     "volume");
	return 0;
}

static int
mount_volume(struct mount_said *said)
{
	struct volume *volume = &said->volume;
	volume->anonymous = !said->source || !*said->source;
	if (volume->anonymous && said->read_only)
		return failx("invalid mount config for type \"volume\": must "
			     "not set ReadOnly mode when using anonymous "
			     "volumes");
	if (check_subpath(volume) < 0)
		return -1;
	if (volume->anonymous)
		return 0;
	if (volume_check_name(said->source) < 0)
		return -1;
	volume->source = copy_text(said->source);
	return 0;
}

static int
mount_tmpfs(struct mount_said *said)
{
	struct volume *volume = &said->volume;
	if (said->source)
		return failx("invalid mount config for type \"tmpfs\": field "
			     "Source must not be specified");
	volume->flags = MS_NOEXEC | MS_NOSUID | MS_NODEV;
	volume->data = copy_text("");
	auto_free char *size = text("size=%" PRIu64, said->size);
	auto_free char *mode = text("mode=%" PRIo64, said->mode);
	if (said->size)
		add_data(volume, size);
	if (said->mode)
		add_data(volume, mode);
	return 0;
}

/* It is read-only, said or not. */
static int
mount_image(struct mount_said *said)
{
	struct volume *volume = &said->volume;
	if (!said->source || !*said->source)
		return failx("invalid mount config for type \"image\": field "
			     "Source must not be empty");
	if (volume->subpath && !is_inside(volume->subpath))
		return failx("invalid mount config for type \"image\": "
			     "subpath must be a relative path within the "
			     "image");
	volume->source = copy_text(said->source);
	volume->flags = MS_RDONLY;
	return 0;
}

static const struct mount_type {
	const char *name;
	int (*settle)(struct mount_said *said);
	size_t own; /* the bool that tells that keys of its own were there */
} mount_types[] = {
	{ "bind", mount_bind, offsetof(struct mount_said, bind) },
	{ "volume", mount_volume, offsetof(struct mount_said, of_volume) },
	{ "tmpfs", mount_tmpfs, offsetof(struct mount_said, tmpfs) },
	{ "image", mount_image, offsetof(struct mount_said, image) },
};

static int
settle(struct mount_said *said)
{
	struct volume *volume = &said->volume;
	const struct mount_type *found = NULL;
	if (!said->target || !*said->target)
		return failx("target is required");
	for (size_t i = 0; i < countof(mount_types); i++) {
		const struct mount_type *type = &mount_types[i];
		if (strcmp(volume->type, type->name) == 0)
			found = type;
		else if (*(const bool *)((const char *)said + type->own))
			return failx("cannot mix '%s-*' options with mount "
				     "type '%s'", type->name, volume->type);
	}
	if (!*volume->type)
		return failx("type is required");
	if (!found)
		return failx("invalid mount config for type \"%s\": mount "
			     "type unknown", volume->type);
	if (set_target(volume, said->target) < 0 || found->settle(said) < 0)
		return -1;
	volume->flags |= said->read_only ? MS_RDONLY : 0;
	volume->by_mount = true;
	return 0;
}

int
parse_mount(const char *string, struct volume *volume)
{
	struct mount_said said = { .volume = { .type = copy_text("volume") } };
	auto_words struct words fields = { 0 };
	int result = csv_read(string, &fields);
	for (size_t i = 0; result == 0 && i < fields.count; i++)
		result = take_field(&said, fields.items[i]);
	if (result == 0)
		result = settle(&said);
	free(said.target);
	return finish(result, &said.volume, volume);
}
