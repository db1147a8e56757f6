/* run_image.c - parent.  See run_options.h: what an image says of its
 * containers, where the command line says nothing else. */
#include "run_options.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "image.h"
#include "keep_id.h"
#include "mount_options.h"
#include "network_options.h"
#include "path.h"
#include "ports.h"
#include "verbs.h"
#include "view.h"

/* ---- the environment ---------------------------------------------------- */

static void
remove_word(struct words *words, size_t at)
{
	free(words->items[at]);
	words->count--;
	memmove(&words->items[at], &words->items[at + 1],
		(words->count + 1 - at) * sizeof(*words->items));
}

void
env_replace(struct words *env, const char *pair)
{
	size_t length = strcspn(pair, "=");
	for (size_t i = 0; i < env->count; i++) {
		const char *old = env->items[i];
		if (strncmp(old, pair, length) != 0 || old[length] != '=')
			continue;
		if (!pair[length]) {
			remove_word(env, i);
			return;
		}
		option_take_text(&env->items[i], pair);
		return;
	}
	if (pair[length])
		words_add(env, pair);
}

/* Nothing of the host's environment gets in: image, then command line. */
static void
complete_env(struct run_wanted *wanted, const struct image *image)
{
	struct words *env = &wanted->settings.env;
	words_add(env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
		       "/usr/bin:/sbin:/bin");
	if (wanted->settings.terminal)
		words_add(env, "TERM=xterm");
	for (char **pair = image->env; *pair; pair++)
		env_replace(env, *pair);
	for (size_t i = 0; i < wanted->env.count; i++)
		env_replace(env, wanted->env.items[i]);
}

static void
complete_labels(struct settings *settings, char *const *image)
{
	struct words ours = settings->labels;
	settings->labels = (struct words){ 0 };
	words_add_all(&settings->labels, image);
	for (size_t i = 0; i < ours.count; i++)
		env_replace(&settings->labels, ours.items[i]);
	words_free(&ours);
}

/* ---- the program -------------------------------------------------------- */

/* Docker's rule: ENTRYPOINT, then what was typed, or CMD; which belongs to
 * the image's ENTRYPOINT, not to another. */
static int
complete_argv(struct run_wanted *wanted, const struct image *image,
	      char *const *typed)
{
	struct settings *settings = &wanted->settings;
	const char *entrypoint = wanted->entrypoint;
	if (entrypoint && *entrypoint)
		words_add(&settings->entrypoint, entrypoint);
	else if (!entrypoint)
		words_add_all(&settings->entrypoint, image->entrypoint);
	words_add_all(&settings->cmd,
		      *typed || entrypoint ? typed : image->cmd);
	words_add_all(&settings->argv, settings->entrypoint.items);
	words_add_all(&settings->argv, settings->cmd.items);
	if (settings->argv.count == 0)
		return failx("no command specified: the image has none, so "
			     "write it after the image");
	return 0;
}

static void
complete_text(char **said, const char *image)
{
	if (!*said && *image)
		*said = copy_text(image);
}

static void
complete_number(int64_t *said, int64_t image)
{
	*said = *said ?: image;
}

/* Of a check each part is said by whoever says it last. */
static void
complete_health(struct health_wanted *health, const struct image_health *image)
{
	if (health->test.count == 0)
		words_add_all(&health->test, image->test);
	complete_number(&health->interval_ns, image->interval_ns);
	complete_number(&health->timeout_ns, image->timeout_ns);
	complete_number(&health->start_period_ns, image->start_period_ns);
	complete_number(&health->start_interval_ns, image->start_interval_ns);
	complete_number(&health->retries, image->retries);
}

/* ---- files and ports ---------------------------------------------------- */

static bool
has_target(const struct settings *settings, const char *target)
{
	for (size_t i = 0; i < settings->volume_count; i++)
		if (strcmp(settings->volumes[i].target, target) == 0)
			return true;
	return false;
}

/* Each VOLUME is a new one without a name, unless something else is mounted
 * there; what is no path in there ("VOLUME data") begins at the root. */
static void
complete_volumes(struct settings *settings, char *const *targets)
{
	for (; *targets; targets++) {
		auto_free char *target = path_clean(*targets);
		if (strcmp(target, "/") == 0 || has_target(settings, target))
			continue;
		struct volume volume = {
			.type = copy_text("volume"),
			.target = take_ptr(&target),
			.anonymous = true,
			.from_image = true,
		};
		volume_add(settings, &volume);
	}
}

/* Those of other containers; what they are asked for with goes with them. */
static void
take_from(struct settings *settings, const struct settings *other,
	  bool read_only)
{
	for (size_t i = 0; i < other->volume_count; i++) {
		const struct volume *one = &other->volumes[i];
		if (strcmp(one->type, "tmpfs") == 0 || !one->source ||
		    has_target(settings, one->target))
			continue;
		struct volume volume = {
			.type = copy_text(one->type),
			.source = copy_text(one->source),
			.target = copy_text(one->target),
			.flags = one->flags | (read_only ? MS_RDONLY : 0),
			.anonymous = one->anonymous,
			.no_copy = one->no_copy,
		};
		if (one->subpath)
			volume.subpath = copy_text(one->subpath);
		if (one->image_id)
			volume.image_id = copy_text(one->image_id);
		words_add_all(&volume.layers, one->layers.items);
		option_take_text(&volume.mode, read_only ? "ro" : "");
		if (one->propagation)
			volume.propagation = copy_text(one->propagation);
		words_add_all(&volume.options, one->options.items);
		volume_add(settings, &volume);
	}
}

static int
complete_volumes_from(struct settings *settings)
{
	for (size_t i = 0; i < settings->volumes_from.count; i++) {
		auto_free char *name =
			copy_text(settings->volumes_from.items[i]);
		char *mode = strchr(name, ':');
		auto_view struct view view = { 0 };
		if (mode)
			*mode++ = '\0';
		if (view_open(verb_root(), name, &view) < 0)
			return -1;
		take_from(settings, &view.settings,
			  mode && strcmp(mode, "ro") == 0);
	}
	return 0;
}

/* "container:NAME" by its id, which stays when it is renamed. */
static int
complete_mode(char **mode)
{
	auto_view struct view view = { 0 };
	const char *name = mode_container(*mode);
	if (!name)
		return 0;
	if (view_open(verb_root(), name, &view) < 0)
		return -1;
	free(*mode);
	*mode = text("container:%s", view.record.id);
	return 0;
}

static int
complete_modes(struct settings *settings)
{
	char **const modes[] = { &settings->pid, &settings->ipc,
				 &settings->uts };
	for (size_t i = 0; i < countof(modes); i++)
		if (complete_mode(modes[i]) < 0)
			return -1;
	return settings->network_count ?
		       complete_mode(&settings->networks[0].name) :
		       0;
}

static bool
is_published(const struct settings *settings, const struct nat_port *port)
{
	for (size_t i = 0; i < settings->publish_count; i++)
		if (settings->publish[i].port == port->port &&
		    settings->publish[i].protocol == port->protocol)
			return true;
	return false;
}

static int
complete_ports(struct settings *settings, char *const *exposed)
{
	for (; *exposed; exposed++)
		if (parse_expose(*exposed, &settings->expose) < 0)
			return wrap("the image's EXPOSE");
	for (size_t i = 0; settings->publish_all && i < settings->expose.count;
	     i++) {
		auto_free struct nat_port *port = NULL;
		size_t count = 0;
		if (parse_publish(settings->expose.items[i], &port, &count) < 0)
			return -1;
		if (!is_published(settings, port))
			parse_publish(settings->expose.items[i],
				      &settings->publish,
				      &settings->publish_count);
	}
	return 0;
}

/* ---- the whole ---------------------------------------------------------- */

static int
check_platform(const char *wanted, const struct image *image)
{
	if (!wanted || image_is_for(image, wanted))
		return 0;
	auto_free char *actual = image_platform(image);
	return failx("image with reference %s was found but does not provide "
		     "the specified platform (%s): it is %s", image->name ?:
		     image->id, wanted, actual);
}

int
run_options_complete(struct run_wanted *wanted, const struct image *image,
		     char *const *typed)
{
	struct settings *settings = &wanted->settings;
	if (check_platform(settings->platform, image) < 0 ||
	    complete_argv(wanted, image, typed) < 0 ||
	    complete_ports(settings, image->ports) < 0 ||
	    complete_volumes_from(settings) < 0 ||
	    complete_modes(settings) < 0)
		return -1;
	complete_env(wanted, image);
	complete_labels(settings, image->labels);
	complete_volumes(settings, image->volumes);
	complete_health(&settings->health, &image->health);
	complete_text(&settings->cwd, image->workdir);
	if (keep_id_is_wanted(settings) && !settings->user)
		settings->user = keep_id_user();
	complete_text(&settings->user, image->user);
	complete_text(&settings->stop_signal, image->stop_signal);
	option_take_text(&settings->image_id, image->id);
	words_add_all(&settings->layers, image->layers);
	return 0;
}
