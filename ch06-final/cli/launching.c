/* launching.c - parent.  See launching.h. */
#include "launching.h"

#include "tell.h"

int
launch_again(struct container *c)
{
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	int none;
	if (settings_load(c->dir, &settings) < 0)
		return -1;
	c->settings = &settings;
	int status = container_launch(c, NULL, &none);
	c->settings = NULL;
	return status < 0 ? -1 : 0;
}

int
launch_attached(const struct verb *verb, struct container *c,
		struct attach_options *attach)
{
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	auto_close int sock = -1;
	if (settings_load(c->dir, &settings) < 0)
		return verb_error(verb);
	/* Of an input that is not open (-i) there is nothing to carry. */
	attach->input &= settings.interactive;
	c->settings = &settings;
	container_tell(c->dir, &c->record, NULL, "attach", NULL);
	int status = container_launch(c, attach, &sock);
	c->settings = NULL;
	return status < 0 ? verb_error(verb) :
			    launch_follow(verb, sock, attach);
}

int
launch_follow(const struct verb *verb, int sock,
	      const struct attach_options *attach)
{
	int status;
	switch (attach_run(sock, attach, &status)) {
	case ATTACH_EXITED:
		return status;
	case ATTACH_DETACHED:
		return 0;
	case ATTACH_LOST:
		break;
	}
	verb_error(verb);
	return status;
}
