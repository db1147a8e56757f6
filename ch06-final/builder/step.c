/* step.c - parent.  What several instructions do; and WORKDIR, which does no
 * more than that.  See step.h. */
#include "step.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "draft.h"
#include "safepath.h"

int
step_from(struct step_job *job, const char *from, int from_stage,
	  struct build_state *state)
{
	struct build *build = job->build;
	if (from_stage < 0)
		return build_find_image(build, from, build->platform,
					job->telling, state);
	/* Who wrote the Dockerfile could not know of the base's trigger. */
	if (!build->done[from_stage].root)
		return failx("a trigger of the base image copies from the "
			     "stage \"%.60s\", which nothing in the "
			     "Dockerfile asks for: it was not built", from);
	build_state_copy(state, &build->done[from_stage]);
	return 0;
}

void
step_key_layers(struct cache_key *key, const struct build_state *state)
{
	auto_words struct words hexes = { 0 };
	build_state_layers(state, &hexes);
	cache_key_add_all(key, &hexes);
}

char *
step_path(const struct build_state *state, const char *path)
{
	const char *before = build_state_get(state, "WorkingDir");
	return *path == '/' ? copy_text(path) :
			      text("%s/%s", *before ? before : "/", path);
}

/* ---- directories --------------------------------------------------------- */

/* In a user namespace only what it maps is an id. */
#define NO_ID " (there is no such id here: /etc/subuid and /etc/subgid " \
	      "lend them)"

static int
make_one(int root, const char *path, uid_t uid, gid_t gid)
{
	auto_close int there = safepath_open(root, path,
					     O_PATH | O_DIRECTORY);
	if (there >= 0)
		return 0;
	auto_close int made = safepath_make_dir(root, path, 0755);
	if (made < 0)
		return -1;
	return fchownat(made, "", uid, gid, AT_EMPTY_PATH) < 0 ?
		       fail("give %s to %u:%u%s", path, uid, gid,
			    errno == EINVAL ? NO_ID : "") : 0;
}

int
step_make_dirs(int root, const char *path, uid_t uid, gid_t gid)
{
	auto_free char *part = copy_text(path);
	for (char *at = part; *at; at++) {
		at += strspn(at, "/");
		at += strcspn(at, "/");
		char kept = *at;
		*at = '\0';
		if (make_one(root, part, uid, gid) < 0)
			return -1;
		*at = kept;
		if (!kept)
			break;
	}
	return safepath_open(root, path, O_PATH | O_DIRECTORY);
}

int
workdir_step_do(struct step_job *job, const char key[65])
{
	auto_draft struct draft draft;
	if (draft_open(job->build, job->state, &draft) < 0 ||
	    draft_create(job->build, &draft) < 0)
		return -1;
	int root = draft_mount(&draft);
	auto_close int made = root < 0 ? -1 : step_make_dirs(
		root, build_state_get(job->state, "WorkingDir"), 0, 0);
	return made < 0 ? -1 : draft_keep(job->build, &draft, job->state,
					  job->created_by, key);
}
