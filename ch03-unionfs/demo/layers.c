/*
 * layers.c - a container's layer over the four of an image, the experiment
 * `layers`: which file is seen, where an edited one goes, and why the next
 * container of the image knows nothing of it.
 */
#include <string.h>
#include <unistd.h>

#include "demo.h"
#include "look.h"
#include "stage.h"

#define LAYER_4 "I am image layer 4\n"
#define WRITTEN "write to mnt's image-layer4.txt\n"

static const char *const image[] = { "image-layer4", "image-layer3",
				     "image-layer2", "image-layer1" };

static int
make_layers(void)
{
	static const char *const bare[] = { "work", "mnt", "other-layer",
					    "other-work", "other-mnt" };
	for (int i = 1; i <= 4; i++) {
		auto_free char *path =
			text("image-layer%d/image-layer%d.txt", i, i);
		auto_free char *content = text("I am image layer %d\n", i);
		if (look_put(path, content) < 0)
			return -1;
	}
	for (size_t i = 0; i < countof(bare); i++)
		if (make_dirs(bare[i], 0755) < 0)
			return -1;
	/* Two layers have a file of this name. */
	if (look_put("image-layer1/which.txt", "from layer 1\n") < 0 ||
	    look_put("image-layer3/which.txt", "from layer 3\n") < 0)
		return -1;
	return look_put("container-layer/container-layer.txt",
			"I am container layer\n");
}

static int
stack_them(void)
{
	struct overlay stack = {
		.layers = image,
		.layer_count = countof(image),
		.upper = "container-layer",
		.work = "work",
	};
	size_t count;
	tour_step("Four layers of an image, and one for the container on top");
	if (make_layers() < 0 || overlay_mount(&stack, "mnt", 0) < 0 ||
	    look_show_mount("mnt", &count) < 0)
		return -1;
	tour_run((const char *const[]){ "ls", "mnt", NULL });
	auto_free char *names = look_names("mnt");
	tour_expect(count == countof(image) &&
			    strcmp(names, "container-layer.txt "
					  "image-layer1.txt image-layer2.txt "
					  "image-layer3.txt image-layer4.txt "
					  "which.txt") == 0,
		    "mnt shows the files of all five");
	tour_expect(look_holds("mnt/which.txt", "from layer 3\n"),
		    "of two files with one name the upper layer's is seen: "
		    "layer 3's, not layer 1's");
	return 0;
}

static int
edit_below(void)
{
	struct stat before;
	tour_step("The file of layer 4 is edited; find the copy");
	if (stat("image-layer4/image-layer4.txt", &before) < 0)
		return fail("look at the file of layer 4");
	if (look_append("mnt/image-layer4.txt", WRITTEN) < 0)
		return -1;
	tour_run((const char *const[]){ "find", ".", "-name",
					"image-layer4.txt", "-size", "+0",
					NULL });
	tour_run((const char *const[]){
		"head", "image-layer4/image-layer4.txt",
		"container-layer/image-layer4.txt", NULL });
	tour_expect(look_is_untouched(&before,
				      "image-layer4/image-layer4.txt") &&
			    look_holds("image-layer4/image-layer4.txt",
				       LAYER_4),
		    "layer 4 is as it was");
	tour_expect(look_holds("container-layer/image-layer4.txt",
			       LAYER_4 WRITTEN),
		    "the container's layer has a copy, with the line that was "
		    "added");
	tour_expect(look_holds("mnt/image-layer4.txt", LAYER_4 WRITTEN),
		    "and mnt shows that one");
	return 0;
}

static int
start_another(void)
{
	struct overlay stack = {
		.layers = image,
		.layer_count = countof(image),
		.upper = "other-layer",
		.work = "other-work",
	};
	tour_step("Another container of the same image, at the same time");
	if (overlay_mount(&stack, "other-mnt", 0) < 0)
		return -1;
	tour_run((const char *const[]){ "cat", "other-mnt/image-layer4.txt",
					NULL });
	tour_expect(look_holds("other-mnt/image-layer4.txt", LAYER_4) &&
			    look_is_missing("other-mnt/container-layer.txt"),
		    "it sees the image, and nothing of the first container");
	auto_free char *names = look_names("other-layer");
	tour_expect(*names == '\0',
		    "and has cost nothing so far: its layer is empty");
	return overlay_unmount("other-mnt");
}

static int
run(void)
{
	int refused = stage_enter();
	if (refused)
		return refused;
	if (stack_them() < 0)
		return stage_refused();
	if (edit_below() < 0 || start_another() < 0)
		return -1;
	if (tour_shell("Try: rm mnt/image-layer1.txt; ls -l container-layer "
		       "image-layer1") < 0)
		return -1;
	return overlay_unmount("mnt");
}

const struct experiment demo_layers = {
	.name = "layers",
	.shows = "a container's layer over four of an image; edit a file of "
		 "layer 4, find the copy",
	.run = run,
	.has_shell = true,
};
