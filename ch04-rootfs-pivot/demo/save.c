/*
 * save.c - an image saved with its layers, and a container exported flat, the
 * experiment `save`.
 *
 * An image of two layers is made by hand.  One way it goes into an archive
 * with each layer by itself and a description, the other as one tree.  Both
 * are unpacked again and compared: the files are the same, and a good deal
 * else is not.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"
#include "look.h"
#include "stage.h"
#include "tar.h"

#define SECRET "password=hunter2\n"
#define CONFIG                                                                \
	"{\"config\":{\"Cmd\":[\"/bin/app\"],\"Env\":[\"MODE=fast\"]},"       \
	"\"history\":[{\"created_by\":\"COPY app /bin\"},"                    \
	"{\"created_by\":\"RUN rm /etc/password\"}]}\n"
#define MANIFEST                                                              \
	"[{\"Config\":\"config.json\",\"RepoTags\":[\"app:1\"],"              \
	"\"Layers\":[\"layer1.tar\",\"layer2.tar\"]}]\n"

/* ---- the image --------------------------------------------------------- */

static int
make_layers(void)
{
	static const char *const files[][2] = {
		{ "layer1/bin/app", "#!/bin/sh\necho one\n" },
		{ "layer1/etc/config", "colour=red\n" },
		{ "layer1/etc/password", SECRET },
		{ "layer2/etc/config", "colour=blue\n" },
		{ "layer2/etc/.wh.password", "" },
		{ "layer2/var/log", "" },
	};
	for (size_t i = 0; i < countof(files); i++)
		if (look_put(files[i][0], files[i][1]) < 0)
			return -1;
	if (chmod("layer1/bin/app", 0755) < 0 ||
	    symlink("app", "layer1/bin/start") < 0)
		return fail("finish a layer");
	return 0;
}

static int
create_archive(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return fd < 0 ? fail("make %s", path) : fd;
}

static int
pack_tree(const char *from, const char *path)
{
	auto_close int archive = create_archive(path);
	if (archive < 0 || tar_write_tree(archive, from) < 0)
		return -1;
	return tar_end(archive);
}

/* Layer over layer, in a new directory: what a container would see. */
static int
unpack(const char *const archives[], const char *to)
{
	if (mkdir(to, 0755) < 0)
		return fail("make directory %s", to);
	auto_close int dir = open(to, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail("open %s", to);
	for (const char *const *path = archives; *path; path++) {
		auto_close int archive = open(*path, O_RDONLY | O_CLOEXEC);
		if (archive < 0)
			return fail("open %s", *path);
		if (tar_apply(archive, dir) < 0)
			return wrap("unpack %s", *path);
	}
	return 0;
}

/* ---- two archives of it ------------------------------------------------ */

static int
add_file(int archive, const char *path)
{
	size_t length;
	auto_free char *bytes = read_all(AT_FDCWD, path, &length);
	if (!bytes)
		return -1;
	return tar_write_bytes(archive, path, bytes, length);
}

static int
save(void)
{
	auto_close int archive = create_archive("save.tar");
	if (archive < 0 ||
	    tar_write_bytes(archive, "manifest.json", MANIFEST,
			    strlen(MANIFEST)) < 0 ||
	    tar_write_bytes(archive, "config.json", CONFIG, strlen(CONFIG)) <
		    0 ||
	    add_file(archive, "layer1.tar") < 0 ||
	    add_file(archive, "layer2.tar") < 0)
		return -1;
	return tar_end(archive);
}

/* The names in an archive, shown; does it hold these bytes anywhere? */
static int
look_into(const char *path, const char *bytes, bool *holds)
{
	struct tar_entry entry;
	struct stat st;
	size_t length = 0;
	int more;
	auto_close int archive = open(path, O_RDONLY | O_CLOEXEC);
	if (archive < 0 || fstat(archive, &st) < 0)
		return fail("open %s", path);
	tour_show(path, "%lld bytes:", (long long)st.st_size);
	while ((more = tar_next(archive, &entry)) > 0)
		tour_show("", "%s%s%s", entry.name, *entry.link ? " -> " : "",
			  entry.link);
	auto_free char *whole = read_all(AT_FDCWD, path, &length);
	*holds = whole && memmem(whole, length, bytes, strlen(bytes));
	return more;
}

static int
make_archives(void)
{
	static const char *const layers[] = { "layer1.tar", "layer2.tar",
					      NULL };
	bool saved, exported;
	tour_step("save: the layers as they are, and what describes them");
	if (pack_tree("layer1", "layer1.tar") < 0 ||
	    pack_tree("layer2", "layer2.tar") < 0 || save() < 0 ||
	    look_into("save.tar", SECRET, &saved) < 0)
		return -1;
	tour_expect(saved, "the password, deleted in layer 2, can still be "
			   "read in layer 1");

	tour_step("export: the tree that a container of it sees");
	if (unpack(layers, "rootfs") < 0 ||
	    pack_tree("rootfs", "export.tar") < 0 ||
	    look_into("export.tar", SECRET, &exported) < 0)
		return -1;
	tour_expect(!exported, "one tree, without what was deleted");
	return 0;
}

/* ---- and back ---------------------------------------------------------- */

static bool
hold_the_same(const char *a, const char *b)
{
	size_t first, second;
	auto_free char *one = read_all(AT_FDCWD, a, &first);
	auto_free char *two = read_all(AT_FDCWD, b, &second);
	return one && two && first == second && memcmp(one, two, first) == 0;
}

static int
load_both(void)
{
	static const char *const saved[] = { "save.tar", NULL };
	static const char *const layers[] = { "loaded/layer1.tar",
					      "loaded/layer2.tar", NULL };
	static const char *const flat[] = { "export.tar", NULL };
	tour_step("load and import: both unpacked again");
	if (unpack(saved, "loaded") < 0 || unpack(layers, "a") < 0 ||
	    unpack(flat, "b") < 0)
		return -1;
	/* The same tree gives the same bytes (tar.h). */
	if (pack_tree("a", "a.tar") < 0 || pack_tree("b", "b.tar") < 0)
		return -1;
	auto_free char *etc = look_names("a/etc");
	tour_show("etc", "%s", etc);
	tour_expect(hold_the_same("a.tar", "b.tar"),
		    "the same files, modes and links, to the byte");
	tour_expect(look_holds("a/etc/config", "colour=blue\n") &&
			    look_is_missing("a/etc/password"),
		    "layer 2's config, and no password");
	return 0;
}

static bool
is_described(const char *directory)
{
	auto_free char *path = text("%s/config.json", directory);
	return access(path, F_OK) == 0;
}

static int
compare(void)
{
	bool first = hold_the_same("layer1.tar", "loaded/layer1.tar");
	bool second = hold_the_same("layer2.tar", "loaded/layer2.tar");
	auto_free char *config = read_all(AT_FDCWD, "loaded/config.json",
					  NULL);
	tour_step("What else came back");
	tour_show("", "%-14s %s", "save, load", "export, import");
	tour_show("layers", "%-14d %d", first + second, 1);
	tour_show("command, environment", "%-14s %s",
		  config && strstr(config, "Cmd") ? "yes" : "no",
		  is_described("b") ? "yes" : "no");
	tour_show("history, name", "%-14s %s",
		  config && strstr(config, "history") ? "yes" : "no", "no");
	tour_expect(first && second,
		    "the layers are the very same bytes: who has one of them "
		    "need not take it again");
	tour_expect(config && strstr(config, "\"Cmd\"") && !is_described("b"),
		    "export knows files only; what to start has to be said "
		    "anew");
	return 0;
}

static int
run(void)
{
	int refused = stage_enter();
	if (refused)
		return refused;
	tour_step("An image: two layers and a description");
	if (make_layers() < 0)
		return -1;
	auto_free char *first = look_names("layer1/etc");
	auto_free char *second = look_names("layer2/etc");
	tour_show("layer1/etc", "%s", first);
	tour_show("layer2/etc", "%s", second);
	tour_say("Layer 2 changes etc/config, and deletes etc/password: "
		 "\".wh.\" is how a layer says so.");
	if (make_archives() < 0 || load_both() < 0 || compare() < 0)
		return -1;
	return tour_shell("Try: tar tvf save.tar; tar tvf export.tar; grep -a "
			  "hunter2 *.tar");
}

const struct experiment demo_save = {
	.name = "save",
	.shows = "save (layers kept) and export (flattened): the same image "
		 "both ways",
	.run = run,
	.has_shell = true,
};
