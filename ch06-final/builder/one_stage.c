/* one_stage.c - parent.  See one_stage.h. */
#include "one_stage.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cache.h"
#include "platform.h"
#include "step.h"
#include "told.h"

/* ---- which instructions, and what they are called ------------------------ */

static bool
makes_layer(const struct instruction *instruction)
{
	switch (instruction->kind) {
	case INSTRUCTION_RUN:
	case INSTRUCTION_COPY:
	case INSTRUCTION_ADD:
	case INSTRUCTION_WORKDIR:
		return true;
	default:
		return false;
	}
}

static bool
uses_cache(const struct one_stage *one)
{
	const struct build *build = one->build;
	const char *name = build->file.stages[one->index].name;
	return !build->options.no_cache &&
	       !build_options_makes_anew(&build->options, name ?: "");
}

static char *
title(const struct one_stage *one, const char *code)
{
	const struct build *build = one->build;
	const char *name = build->file.stages[one->index].name;
	auto_free char *number = text("stage-%d", one->index);
	bool is_alone = build->file.stage_count == 1;
	return text("[%s%s%zu/%zu] %s",
		    is_alone ? "" : name ?: number, is_alone ? "" : " ",
		    one->step, one->steps, code);
}

/* ONBUILD of the base: they come first, and are the base's no more. */
static int
take_triggers(struct one_stage *one)
{
	const struct build_stage *stage =
		&one->build->file.stages[one->index];
	auto_words struct words triggers = { 0 };
	build_state_list(&one->state, "OnBuild", &triggers);
	json_object_del(build_state_config(&one->state), "OnBuild");
	one->triggers = new_bytes((triggers.count + 1) *
				  sizeof(*one->triggers));
	for (size_t i = 0; i < triggers.count; i++) {
		if (instruction_parse("ONBUILD", triggers.items[i],
				      &one->triggers[i]) < 0)
			return wrap("a trigger of the base image");
		/* They stand nowhere here; what is wrong is wrong with FROM. */
		one->triggers[i].line = stage->line;
		one->triggers[i].last_line = stage->last_line;
		one->trigger_count++;
	}
	return 0;
}

static size_t
count_steps(const struct one_stage *one)
{
	const struct build_stage *stage =
		&one->build->file.stages[one->index];
	size_t count = 1;
	for (size_t i = 0; i < one->trigger_count; i++)
		count += makes_layer(&one->triggers[i]);
	for (size_t i = 0; i < stage->instruction_count; i++)
		count += makes_layer(&stage->instructions[i]);
	return count;
}

/* ---- FROM ---------------------------------------------------------------- */

static int
key_of_stage(struct build_state *state, const char *what)
{
	struct cache_key key;
	if (cache_key_begin(&key, state->key) < 0)
		return -1;
	cache_key_add(&key, what);
	return cache_key_end(&key, state->key);
}

static int
find_base(struct one_stage *one)
{
	struct build *build = one->build;
	const struct build_stage *stage = &build->file.stages[one->index];
	auto_free char *platform =
		platform_normal(stage->platform ?: build->platform);
	const char *architecture = build_architecture(platform);
	struct telling telling;
	if (stage->base_stage >= 0) {
		build_state_copy(&one->state, &build->done[stage->base_stage]);
		return key_of_stage(&one->state, "a stage");
	}
	if (stage->is_scratch) {
		auto_free char *what = text("scratch %s %lld", architecture,
					    build->has_epoch ?
					    (long long)build->epoch : -1);
		build_state_empty(&one->state, architecture);
		return key_of_stage(&one->state, what);
	}
	auto_free char *name = text("[internal] load metadata for %s",
				    stage->base);
	telling_begin(&telling, name);
	int result = build_find_image(build, stage->base, platform, &telling,
				      &one->state);
	if (result < 0)
		telling_failed(&telling);
	else
		telling_done(&telling);
	return result;
}

static void
tell_base(struct one_stage *one)
{
	const struct build_stage *stage =
		&one->build->file.stages[one->index];
	struct telling telling;
	if (stage->base_stage >= 0 || stage->is_scratch)
		return;
	auto_free char *code = text("FROM %s", stage->base);
	auto_free char *name = title(one, code);
	telling_begin(&telling, name);
	telling_done(&telling);
}

static int
begin(struct one_stage *one)
{
	auto_words struct words environment = { 0 };
	const struct build_stage *stage =
		&one->build->file.stages[one->index];
	one->step = 1;
	if (find_base(one) < 0 || take_triggers(one) < 0) {
		auto_free char *excerpt = dockerfile_show(
			&one->build->file, stage->line, stage->line, 1);
		told_complain(excerpt);
		return -1;
	}
	one->steps = count_steps(one);
	tell_base(one);
	build_state_list(&one->state, "Env", &environment);
	build_scope_begin_stage(&one->scope, &one->build->file, one->index,
				environment.items);
	return 0;
}

/* ---- instructions that change the config alone --------------------------- */

static void
set_scope(struct one_stage *one, const struct instruction *ready)
{
	for (size_t i = 0; i < ready->pair_count; i++) {
		const struct name_value *pair = &ready->pairs[i];
		if (ready->kind == INSTRUCTION_ENV)
			build_scope_set_env(&one->scope, pair->name,
					    pair->value);
		else if (ready->kind == INSTRUCTION_ARG)
			build_scope_declare(&one->scope, pair);
	}
}

/* An ARG says in the history what it has come to. */
static char *
created_by(const struct one_stage *one, const struct instruction *ready)
{
	auto_words struct words args = { 0 };
	words_add_all(&args, one->scope.args.items);
	return build_state_created_by(&one->state, ready, &args);
}

static int
apply(struct one_stage *one, const struct instruction *ready)
{
	struct build *build = one->build;
	struct build_state found;
	struct cache_key key;
	char hex[65];
	set_scope(one, ready);
	auto_free char *line = created_by(one, ready);
	auto_free char *now = build_now(build);
	bool was_said = one->has_cmd;
	if (cache_key_begin(&key, one->state.key) < 0)
		return -1;
	cache_key_add(&key, line);
	cache_key_add(&key, ready->code);
	cache_key_add(&key, was_said ? "has a CMD" : "");
	if (cache_key_end(&key, hex) < 0)
		return -1;
	one->has_cmd |= ready->kind == INSTRUCTION_CMD;
	if (uses_cache(one) && cache_look(&build->store, hex, &found)) {
		build_state_free(&one->state);
		one->state = found;
		return 0;
	}
	if (build_state_apply(&one->state, ready, &was_said) < 0)
		return -1;
	build_state_note(&one->state, now, line, NULL);
	memcpy(one->state.key, hex, sizeof(hex));
	return cache_keep(&build->store, &build->scratch, &one->state);
}

/* ---- instructions that make a layer -------------------------------------- */

/* A lock that is held through a descriptor from before the fork would be held
 * by both of us. */
static int
open_store_anew(struct store *store)
{
	auto_free char *path = copy_text(store->root);
	enum storage driver = store->driver;
	size_t length = strlen(path), own = strlen(storage_name(driver)) + 1;
	/* Of any driver but overlay it is a directory in the root. */
	if (driver != STORAGE_OVERLAY)
		path[length - own] = '\0';
	store_close(store);
	return store_open(store, path, driver);
}

/* From here on there are two of us; in the old one the pid is not 0. */
static int
go_apart(struct one_stage *one)
{
	if (one->is_apart)
		return 0;
	fflush(NULL);
	one->pid = fork();
	if (one->pid < 0)
		return fail("start a process for a stage");
	if (one->pid == 0) {
		one->is_apart = true;
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		return open_store_anew(&one->build->store);
	}
	return 0;
}

static int
make_key(struct step_job *job, char hex[65])
{
	struct cache_key key;
	int result = 0;
	if (cache_key_begin(&key, job->state->key) < 0)
		return -1;
	switch (job->instruction->kind) {
	case INSTRUCTION_RUN:
		result = run_step_key(job, &key);
		break;
	case INSTRUCTION_WORKDIR:
		cache_key_add(&key, job->created_by);
		break;
	default:
		result = copy_step_key(job, &key);
	}
	if (result == 0)
		return cache_key_end(&key, hex);
	digest_free(&key.digest);
	return result;
}

static int
do_step(struct step_job *job, const char hex[65])
{
	switch (job->instruction->kind) {
	case INSTRUCTION_RUN:
		return run_step_do(job, hex);
	case INSTRUCTION_WORKDIR:
		return workdir_step_do(job, hex);
	default:
		return copy_step_do(job, hex);
	}
}

/* 0: it is done; 1: it is done by another process. */
static int
make_layer(struct one_stage *one, struct step_job *job)
{
	struct build *build = one->build;
	struct build_state found;
	char hex[65];
	if (make_key(job, hex) < 0)
		return -1;
	if (uses_cache(one) && cache_look(&build->store, hex, &found)) {
		build_state_free(&one->state);
		one->state = found;
		telling_cached(job->telling);
		return 0;
	}
	if (go_apart(one) < 0)
		return -1;
	if (!one->is_apart)
		return 1;
	if (do_step(job, hex) < 0)
		return -1;
	telling_done(job->telling);
	return 0;
}

static int
step(struct one_stage *one, const struct instruction *ready)
{
	bool no_cmd = false;
	if (ready->kind == INSTRUCTION_WORKDIR &&
	    build_state_apply(&one->state, ready, &no_cmd) < 0)
		return -1;
	auto_free char *line = created_by(one, ready);
	auto_free char *name = NULL;
	struct telling telling;
	struct step_job job = { .build = one->build, .state = &one->state,
				.scope = &one->scope, .instruction = ready,
				.created_by = line, .telling = &telling };
	one->step++;
	name = title(one, ready->code);
	telling_begin(&telling, name);
	int result = make_layer(one, &job);
	if (result < 0)
		telling_failed(&telling);
	return result;
}

/* ---- all of them --------------------------------------------------------- */

static int
carry_out(struct one_stage *one, const struct instruction *instruction)
{
	struct dockerfile *file = &one->build->file;
	auto_instruction struct instruction ready = { 0 };
	if (instruction_expand(file, instruction, &one->scope, &ready) < 0) {
		auto_free char *where = dockerfile_excerpt(file);
		told_complain(where);
		return -1;
	}
	int result = makes_layer(&ready) ? step(one, &ready) :
					   apply(one, &ready);
	if (result < 0) {
		auto_free char *where =
			dockerfile_show(file, instruction->line,
					instruction->last_line, 1);
		told_complain(where);
	}
	return result;
}

static int
carry_all_out(struct one_stage *one)
{
	const struct build_stage *stage =
		&one->build->file.stages[one->index];
	int result = 0;
	for (size_t i = 0; result == 0 && i < one->trigger_count; i++)
		result = carry_out(one, &one->triggers[i]);
	for (size_t i = 0; result == 0 && i < stage->instruction_count; i++)
		result = carry_out(one, &stage->instructions[i]);
	return result;
}

/* ---- what a process of its own leaves ------------------------------------ */

int
one_stage_leave(const struct one_stage *one)
{
	int dir = one->build->scratch.dir;
	auto_free char *json = build_state_text(&one->state);
	auto_free char *name = text("stage-%d", one->index);
	auto_free char *key = text("stage-%d.key", one->index);
	if (!json)
		return failx("write the config: a text in it is not UTF-8");
	return write_file_unsynced(dir, key, one->state.key, 0600) < 0 ?
		       -1 : write_file_unsynced(dir, name, json, 0600);
}

int
one_stage_fetch(struct build *build, int index)
{
	int dir = build->scratch.dir;
	size_t length;
	struct build_state *state = &build->done[index];
	auto_free char *name = text("stage-%d", index);
	auto_free char *key = text("stage-%d.key", index);
	auto_free char *json = read_all(dir, name, &length);
	if (!json || build_state_parse(state, json, length) < 0)
		return -1;
	return read_text(dir, key, state->key, sizeof(state->key)) < 0 ? -1 :
									 0;
}

int
one_stage_go(struct one_stage *one)
{
	int result = begin(one) < 0 ? -1 : carry_all_out(one);
	if (one->is_apart) {
		if (result == 0)
			result = one_stage_leave(one);
		fflush(NULL);
		_exit(result == 0 ? 0 : 1);
	}
	if (result == 0)
		build_state_copy(&one->build->done[one->index], &one->state);
	for (size_t i = 0; i < one->trigger_count; i++)
		instruction_free(&one->triggers[i]);
	free(one->triggers);
	build_scope_free(&one->scope);
	build_state_free(&one->state);
	return result;
}
