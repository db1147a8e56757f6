/*
 * image.c - an image and a container on disk, the experiment `image`: built a
 * layer at a time, each step in a union of those before; what the build cache
 * keeps; and the two layers that a container puts on top.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "changes.h"
#include "demo.h"
#include "graph.h"
#include "look.h"
#include "stage.h"

#define APP "../context/app.py"
#define FIRST_APP "print('hello')\n"

/* ---- a Dockerfile ------------------------------------------------------ */

static int
put_in(const char *root, const char *path, const char *content)
{
	auto_free char *full = text("%s/%s", root, path);
	return look_put(full, content);
}

static int
from(const char *root)
{
	return put_in(root, "bin/sh", "(a shell)\n") < 0 ?
		       -1 :
		       put_in(root, "etc/os-release", "NAME=base\n");
}

static int
workdir(const char *root)
{
	auto_free char *path = text("%s/app", root);
	return make_dirs(path, 0755);
}

static int
copy(const char *root)
{
	auto_free char *content = read_all(AT_FDCWD, APP, NULL);
	return content ? put_in(root, "app/app.py", content) : -1;
}

static int
install(const char *root)
{
	return put_in(root, "usr/lib/tools", "a library, installed\n");
}

static const struct instruction dockerfile[] = {
	{ "FROM base", NULL, from },
	{ "WORKDIR /app", NULL, workdir },
	{ "COPY app.py /app", APP, copy },
	{ "RUN install tools", NULL, install },
	{ "ENV NAME=World", NULL, NULL },
	{ "CMD app.py", NULL, NULL },
};
enum { STEPS = countof(dockerfile), COPY_STEP = 2, LAYERS = 4 };

/* ---- the build --------------------------------------------------------- */

/* Docker works in its directory, too: names of layers are short from there. */
static int
enter_store(void)
{
	if (make_dirs("overlay2", 0755) < 0 ||
	    look_put("context/app.py", FIRST_APP) < 0)
		return -1;
	return chdir("overlay2") < 0 ? fail("enter overlay2") : 0;
}

static char *
build_first(void)
{
	size_t built;
	tour_step("Six instructions of a Dockerfile make an image");
	tour_say("Each runs in a union of the layers before it; what it "
		 "changes is the next layer.");
	char *image = build_image(dockerfile, STEPS, &built);
	if (image)
		tour_expect(built == STEPS, "all %zu were built", built);
	return image;
}

static int
build_again(const char *image)
{
	size_t built;
	tour_step("app.py is edited, and the image built again");
	if (look_put(APP, "print('hello, world')\n") < 0)
		return -1;
	auto_free char *edited = build_image(dockerfile, STEPS, &built);
	if (!edited)
		return -1;
	tour_expect(built == STEPS - COPY_STEP,
		    "%zu were built: COPY, and all after it, changed or not",
		    built);
	tour_say("So what changes most belongs at the end: here the tools "
		 "were installed once more.");
	tour_step("The edit is undone, and the image built a third time");
	if (look_put(APP, FIRST_APP) < 0)
		return -1;
	auto_free char *third = build_image(dockerfile, STEPS, &built);
	if (!third)
		return -1;
	tour_expect(built == 0 && strcmp(third, image) == 0,
		    "nothing was built: content counts, not the time of the "
		    "file");
	return 0;
}

static int
history(const char *image)
{
	size_t layers;
	tour_step("Its history, the newest first");
	if (build_show_history(image, &layers) < 0)
		return -1;
	tour_expect(layers == LAYERS, "%zu layers for %d instructions: ENV "
		    "and CMD only say something of the image", layers, STEPS);
	return 0;
}

/* ---- a container ------------------------------------------------------- */

/* What will be mounted over: so that it never counts as the container's. */
static int
fill_init_layer(const char *layer)
{
	static const char *const files[] = { ".dockerenv", "dev/console",
					     "etc/hostname", "etc/hosts",
					     "etc/resolv.conf" };
	if (graph_create("web-init", layer) < 0 || graph_mount("web-init") < 0)
		return -1;
	for (size_t i = 0; i < countof(files); i++)
		if (put_in("web-init/merged", files[i], "") < 0)
			return -1;
	return graph_unmount("web-init");
}

static int
create_container(const char *image)
{
	auto_free char *layer = build_layer(image);
	tour_step("A container: an init layer with files to mount over, and "
		  "a layer to write");
	if (!layer || fill_init_layer(layer) < 0 ||
	    graph_create("web", "web-init") < 0 || graph_mount("web") < 0 ||
	    put_in("web/merged", "app/log", "started\n") < 0)
		return -1;
	tour_run((const char *const[]){ "ls", "web", NULL });
	tour_run((const char *const[]){ "cat", "web/link", NULL });
	tour_run((const char *const[]){ "cat", "web/lower", NULL });
	tour_run((const char *const[]){ "readlink", "l/L00001", NULL });
	if (look_show_tree("web/diff") < 0)
		return -1;
	auto_free char *lower = read_all(AT_FDCWD, "web/lower", NULL);
	size_t below = 1;
	for (const char *c = lower ? lower : ""; *c; c++)
		below += *c == ':';
	tour_expect(below == LAYERS + 1,
		    "below it are its init layer and the image's %d; short "
		    "names keep them within a page", LAYERS);
	tour_expect(look_holds("web/merged/etc/hosts", "") &&
			    look_holds("web/merged/app/app.py", FIRST_APP) &&
			    look_holds("web/diff/app/log", "started\n"),
		    "merged shows all; what was written is in web/diff alone");
	return 0;
}

/* As Docker laid them out before overlay: the same three things. */
static int
look_like_aufs(const char *image)
{
	auto_free char *lower = read_all(AT_FDCWD, "web/lower", NULL);
	auto_free char *top = build_layer(image);
	if (!lower || !top)
		return -1;
	tour_step("The same as Docker laid it out on aufs");
	tour_show("aufs/diff/web", "what is web/diff here");
	tour_show("aufs/mnt/web", "web/merged");
	tour_show("aufs/layers/web", "a file, of one layer a line:");
	bool has_top = false;
	char *rest = lower;
	for (const char *link; (link = strsep(&rest, ":"));) {
		char target[256] = "";
		if (readlink(link, target, sizeof(target) - 1) < 0)
			return fail("read the link %s", link);
		char *id = target + strlen("../");
		id[strcspn(id, "/")] = '\0';
		tour_show("", "%s", id);
		has_top = has_top || strcmp(id, top) == 0;
	}
	tour_expect(has_top, "the links of web/lower lead to the layers of the "
			     "image");
	return 0;
}

static int
run(void)
{
	int refused = stage_enter();
	if (refused)
		return refused;
	if (enter_store() < 0)
		return -1;
	auto_free char *image = build_first();
	if (!image)
		return stage_refused();
	if (build_again(image) < 0 || history(image) < 0 ||
	    create_container(image) < 0 || look_like_aufs(image) < 0)
		return -1;
	if (tour_shell("Try: ls *; cat */lower; rm web/merged/bin/sh; "
		       "ls -l web/diff/bin") < 0)
		return -1;
	return graph_unmount("web");
}

const struct experiment demo_image = {
	.name = "image",
	.shows = "Docker's layout on disk: diff, link, lower, merged; init "
		 "layer, read-write layer; history and cache",
	.run = run,
	.has_shell = true,
};
