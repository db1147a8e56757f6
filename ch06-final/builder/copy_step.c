/* copy_step.c - parent.  COPY and ADD: files that come in.  See step.h. */
#include "step.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy_source.h"
#include "draft.h"
#include "pour.h"
#include "remote_file.h"
#include "safepath.h"
#include "tool/tar.h"
#include "user.h"

/* What one instruction has to do with. */
struct copying {
	struct step_job *job;
	struct copy_place place;
	struct ignorefile excludes;
	struct draft from; /* the root of --from, or nothing */
	int root;	   /* of what is made */
	uid_t uid;
	gid_t gid;
	bool has_owner, has_chmod;
	struct chmod_words chmod;
	char *destination;
	bool is_into; /* it is a directory, to put things into */
};

static bool
is_url(const char *word)
{
	return strncmp(word, "http://", 7) == 0 ||
	       strncmp(word, "https://", 8) == 0;
}

static bool
is_remote(const struct instruction *instruction, const char *word)
{
	return instruction->kind == INSTRUCTION_ADD && is_url(word);
}

static int
check_git(const struct instruction *instruction, const char *word)
{
	if (instruction->kind != INSTRUCTION_ADD ||
	    !build_context_is_git(word))
		return 0;
	return failx("ADD %.100s: repositories of git are not fetched here: "
		     "fetch it before the build, or in a RUN, or have the "
		     "server make an archive of it", word);
}

static int
read_excludes(const struct instruction *instruction, struct copying *copying)
{
	const struct words *excludes = &instruction->excludes;
	for (size_t i = 0; i < excludes->count; i++)
		if (ignorefile_add(&copying->excludes,
				   excludes->items[i]) < 0)
			return -1;
	copying->place.excludes = excludes->count ? &copying->excludes : NULL;
	return 0;
}

static void
use_context(struct copying *copying)
{
	const struct build_context *context = &copying->job->build->context;
	copying->place.root = context->root;
	copying->place.ignore = &context->ignore;
	copying->place.is_context = true;
}

static void
use_pattern(struct copying *copying, const char *pattern)
{
	struct copy_place *place = &copying->place;
	place->keeps_parents = copying->job->instruction->is_parents;
	place->pivot = place->keeps_parents ? copy_source_pivot(pattern) : 0;
}

/* ---- the key ------------------------------------------------------------- */

static int
key_files(struct copying *copying, const char *pattern, struct cache_key *key)
{
	auto_words struct words paths = { 0 };
	use_pattern(copying, pattern);
	if (copy_source_find(&copying->place, pattern, &paths) < 0)
		return -1;
	for (size_t i = 0; i < paths.count; i++) {
		struct copy_source source;
		char hex[65];
		if (copy_source_open(&copying->place, paths.items[i],
				     &source) < 0)
			return -1;
		source.tar.data = &source;
		int result = tar_digest(&source.tar, hex);
		free(source.path);
		if (result < 0)
			return -1;
		cache_key_add(key, paths.items[i]);
		cache_key_add(key, hex);
	}
	return 0;
}

static int
key_sources(struct copying *copying, struct cache_key *key)
{
	const struct instruction *instruction = copying->job->instruction;
	for (size_t i = 0; i < instruction->words.count; i++) {
		const char *word = instruction->words.items[i];
		cache_key_add(key, word);
		int result = check_git(instruction, word);
		if (result < 0)
			return -1;
		if (is_remote(instruction, word))
			result = remote_file_key(copying->job, word, key);
		else if (!instruction->from)
			result = key_files(copying, word, key);
		if (result < 0)
			return -1;
	}
	for (size_t i = 0; i < instruction->heredoc_count; i++) {
		cache_key_add(key, instruction->heredocs[i].name);
		cache_key_add(key, instruction->heredocs[i].content);
	}
	return 0;
}

int
copy_step_key(struct step_job *job, struct cache_key *key)
{
	const struct instruction *instruction = job->instruction;
	auto_build_state struct build_state from = { 0 };
	struct copying copying = { .job = job };
	cache_key_add(key, instruction_name(instruction->kind));
	cache_key_add(key, instruction->destination);
	cache_key_add(key, instruction->chown ?: "");
	cache_key_add(key, instruction->chmod ?: "");
	cache_key_add(key, instruction->is_link ? "link" : "");
	cache_key_add(key, instruction->is_parents ? "parents" : "");
	cache_key_add(key, instruction->unpacks == 0 ? "whole" :
			   instruction->unpacks > 0 ? "unpacked" : "");
	cache_key_add_all(key, &instruction->excludes);
	if (instruction->from) {
		if (step_from(job, instruction->from, instruction->from_stage,
			      &from) < 0)
			return -1;
		step_key_layers(key, &from);
	}
	use_context(&copying);
	int result = read_excludes(instruction, &copying);
	if (result == 0)
		result = key_sources(&copying, key);
	ignorefile_free(&copying.excludes);
	return result;
}

/* ---- where to ------------------------------------------------------------ */

/* A number alone is the group, too; otherwise as for --user. */
static int
find_owner(struct copying *copying)
{
	const char *chown = copying->job->instruction->chown;
	struct user user = { 0 };
	if (!chown)
		return 0;
	if (user_resolve(copying->root, chown, &user) < 0)
		return wrap("--chown=%s", chown);
	free(user.home);
	bool is_number = strspn(chown, "0123456789") == strlen(chown);
	copying->has_owner = true;
	copying->uid = user.uid;
	copying->gid = is_number ? user.uid : user.gid;
	return 0;
}

static int
find_mode(struct copying *copying)
{
	const char *chmod = copying->job->instruction->chmod;
	if (!chmod)
		return 0;
	copying->has_chmod = true;
	return chmod_parse(chmod, &copying->chmod) < 0 ?
		       wrap("invalid chmod parameter: '%.40s'", chmod) : 0;
}

static bool
is_directory(int root, const char *path)
{
	struct failure kept = failure;
	auto_close int fd = safepath_open(root, path, O_PATH | O_DIRECTORY);
	failure = kept;
	return fd >= 0;
}

/* A slash at its end, or a directory that is there. */
static void
find_destination(struct copying *copying)
{
	const struct instruction *instruction = copying->job->instruction;
	const char *path = instruction->destination;
	size_t length = strlen(path);
	bool is_dot = strcmp(path, ".") == 0 || strcmp(path, "..") == 0 ||
		      (length > 1 && strcmp(path + length - 2, "/.") == 0);
	copying->destination = step_path(copying->job->state, path);
	copying->is_into = is_dot || path[length - 1] == '/' ||
			   instruction->words.count +
				   instruction->heredoc_count > 1 ||
			   is_directory(copying->root, copying->destination);
}

/* ---- files come in ------------------------------------------------------- */

static int
read_into(void *place, int input)
{
	uint64_t bytes;
	return tar_read(place, input, &bytes);
}

static int
make_place(struct copying *copying, const char *directory,
	   struct place *place)
{
	auto_close int dir = step_make_dirs(copying->root, directory,
					    copying->uid, copying->gid);
	*place = (struct place){ .root = copying->root, .path = directory };
	return dir < 0 ? wrap("make %.100s", directory) : 0;
}

/* "dir/name" of a path: the directory before it; the caller frees. */
static char *
above(const char *path, const char **base)
{
	const char *slash = strrchr(path, '/');
	*base = slash ? slash + 1 : path;
	if (slash == path)
		return copy_text("/");
	return slash ? text("%.*s", (int)(slash - path), path) : copy_text("");
}

/* Into which directory, and as what: the caller frees. */
static char *
target_of(const struct copying *copying, const struct copy_source *source,
	  const char **name)
{
	const char *to = copying->destination, *base;
	const char *kept = copy_source_kept(source->place, source->path);
	auto_free char *parents = above(kept, &base);
	if (source->place->keeps_parents)
		return text("%s/%s", to, source->is_dir ? kept : parents);
	if (source->is_dir || copying->is_into)
		return copy_text(to);
	return above(to, name);
}

static int
copy_one(struct copying *copying, const char *path)
{
	struct copy_source source;
	struct place place;
	if (copy_source_open(&copying->place, path, &source) < 0)
		return -1;
	source.tar.data = &source;
	auto_free char *directory = target_of(copying, &source,
					      &source.tar.name);
	if (copying->has_owner) {
		source.tar.has_owner = true;
		source.tar.uid = copying->uid;
		source.tar.gid = copying->gid;
	}
	source.tar.chmod = copying->has_chmod ? &copying->chmod : NULL;
	int result = make_place(copying, directory, &place);
	if (result == 0)
		result = pour(&source.tar, read_into, &place);
	free(source.path);
	return result;
}

/* ---- ADD of an archive --------------------------------------------------- */

static int
open_archive(struct copying *copying, const char *path)
{
	unsigned char head[512];
	struct stat st;
	const struct instruction *instruction = copying->job->instruction;
	if (instruction->kind != INSTRUCTION_ADD || instruction->unpacks == 0)
		return -1;
	struct failure kept = failure;
	auto_close int fd = safepath_open(copying->place.root, path,
					  O_RDONLY | O_NONBLOCK);
	failure = kept;
	ssize_t size = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ?
			       pread(fd, head, sizeof(head), 0) : -1;
	return size > 0 && build_context_is_archive(head, size) ?
		       take_fd(&fd) : -1;
}

static int
unpack(struct copying *copying, int archive)
{
	struct place place;
	uint64_t bytes;
	if (make_place(copying, copying->destination, &place) < 0)
		return -1;
	place.is_given = copying->has_owner;
	place.uid = copying->uid;
	place.gid = copying->gid;
	return tar_read(&place, archive, &bytes);
}

static int
copy_pattern(struct copying *copying, const char *pattern)
{
	auto_words struct words paths = { 0 };
	use_pattern(copying, pattern);
	if (copy_source_find(&copying->place, pattern, &paths) < 0)
		return -1;
	copying->is_into |= paths.count > 1;
	for (size_t i = 0; i < paths.count; i++) {
		auto_close int archive = open_archive(copying,
						      paths.items[i]);
		if ((archive >= 0 ? unpack(copying, archive) :
				    copy_one(copying, paths.items[i])) < 0)
			return wrap("copy %.100s", paths.items[i]);
	}
	return 0;
}

/* ---- single files: here-documents and downloads -------------------------- */

/* Of our own making, in a directory of the scratch that is its place. */
static int
copy_made(struct copying *copying, int dir, const char *name, mode_t mode)
{
	const char *base = name;
	struct place place;
	struct chmod_words own = { 0 };
	own.steps[own.count++] = (struct chmod_step){
		.operator = '=', .bits = mode, .is_number = true,
	};
	for (size_t i = 0; i < copying->chmod.count; i++)
		own.steps[own.count++] = copying->chmod.steps[i];
	auto_free char *directory = copying->is_into ?
		copy_text(copying->destination) :
		above(copying->destination, &base);
	struct tar_source tar = {
		.root = dir,
		.path = name,
		.name = base,
		.has_owner = true,
		.uid = copying->uid,
		.gid = copying->gid,
		.chmod = &own,
	};
	return make_place(copying, directory, &place) < 0 ?
		       -1 : pour(&tar, read_into, &place);
}

static int
copy_heredoc(struct copying *copying, const struct heredoc *heredoc)
{
	auto_free char *place = build_place(copying->job->build, "heredoc");
	char name[] = "mydocker-XXXXXX";
	auto_free char *path = text("%s.%s", place, name);
	if (!mkdtemp(path))
		return fail("make a directory for a here-document");
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || write_file_unsynced(dir, heredoc->name,
					   heredoc->content, 0644) < 0)
		return -1;
	return copy_made(copying, dir, heredoc->name, 0644);
}

static int
copy_remote(struct copying *copying, const char *url)
{
	auto_free char *name = NULL;
	auto_close int dir = remote_file_open(copying->job, url, &name);
	if (dir < 0)
		return -1;
	struct copy_place context = copying->place;
	copying->place = (struct copy_place){ .root = dir };
	auto_close int archive =
		copying->job->instruction->unpacks > 0 ?
			open_archive(copying, name) : -1;
	copying->place = context;
	return archive >= 0 ? unpack(copying, archive) :
			      copy_made(copying, dir, name, 0600);
}

/* ---- the whole ----------------------------------------------------------- */

static int
open_from(struct copying *copying)
{
	struct step_job *job = copying->job;
	const struct instruction *instruction = job->instruction;
	auto_build_state struct build_state from = { 0 };
	if (!instruction->from) {
		use_context(copying);
		return 0;
	}
	if (step_from(job, instruction->from, instruction->from_stage,
		      &from) < 0 ||
	    draft_open(job->build, &from, &copying->from) < 0 ||
	    draft_create(job->build, &copying->from) < 0)
		return -1;
	copying->place.root = draft_mount(&copying->from);
	return copying->place.root < 0 ? -1 : 0;
}

static int
copy_all(struct copying *copying)
{
	const struct instruction *instruction = copying->job->instruction;
	if (find_owner(copying) < 0 || find_mode(copying) < 0)
		return -1;
	find_destination(copying);
	for (size_t i = 0; i < instruction->words.count; i++) {
		const char *word = instruction->words.items[i];
		if ((is_remote(instruction, word) ?
			     copy_remote(copying, word) :
			     copy_pattern(copying, word)) < 0)
			return -1;
	}
	for (size_t i = 0; i < instruction->heredoc_count; i++)
		if (copy_heredoc(copying, &instruction->heredocs[i]) < 0)
			return -1;
	return 0;
}

static int
copy_onto(struct step_job *job, struct draft *draft)
{
	struct copying copying = { .job = job };
	container_init(&copying.from.c, job->build->root, NULL);
	int result = draft_create(job->build, draft);
	if (result == 0)
		copying.root = draft_mount(draft);
	if (result == 0 && (copying.root < 0 || open_from(&copying) < 0 ||
			    read_excludes(job->instruction, &copying) < 0))
		result = -1;
	if (result == 0)
		result = copy_all(&copying);
	draft_close(&copying.from);
	ignorefile_free(&copying.excludes);
	free(copying.destination);
	return result;
}

/* --link: the layer is made on nothing, so it is the same on whatever it comes
 * to lie. */
int
copy_step_do(struct step_job *job, const char key[65])
{
	struct build *build = job->build;
	auto_draft struct draft draft;
	auto_build_state struct build_state nothing = { 0 };
	build_state_empty(&nothing, build_architecture(build->platform));
	if (draft_open(build, job->instruction->is_link ? &nothing :
							  job->state,
		       &draft) < 0 ||
	    copy_onto(job, &draft) < 0)
		return -1;
	return draft_keep(build, &draft, job->state, job->created_by, key);
}
