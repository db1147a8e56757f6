/* dockerfile_scope.c - see dockerfile.h: the variables of a stage. */
#include "dockerfile_part.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define USUAL_PATH                                                            \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* ---- lists of "NAME=value" --------------------------------------------- */

static char **
find(const struct words *variables, const char *name)
{
	size_t length = strlen(name);
	for (size_t i = 0; i < variables->count; i++)
		if (strncmp(variables->items[i], name, length) == 0 &&
		    variables->items[i][length] == '=')
			return &variables->items[i];
	return NULL;
}

const char *
variables_get(const struct words *variables, const char *name)
{
	char **found = find(variables, name);
	return found ? *found + strlen(name) + 1 : NULL;
}

void
variables_set(struct words *variables, const char *name, const char *value)
{
	auto_free char *entry = text("%s=%s", name, value);
	char **found = find(variables, name);
	if (!found) {
		words_add(variables, entry);
		return;
	}
	free(*found);
	*found = take_ptr(&entry);
}

/* ---- a stage ----------------------------------------------------------- */

void
build_scope_begin(struct build_scope *scope, const struct dockerfile *file,
		  char *const *env)
{
	*scope = (struct build_scope){ .file = file, .stage = -1 };
	words_add_all(&scope->env, env);
	if (!find(&scope->env, "PATH"))
		words_add(&scope->env, "PATH=" USUAL_PATH);
	words_add_all(&scope->all, scope->env.items);
}

void
build_scope_copy(struct build_scope *to, const struct build_scope *from)
{
	*to = (struct build_scope){ .file = from->file,
				    .stage = from->stage };
	words_add_all(&to->env, from->env.items);
	words_add_all(&to->args, from->args.items);
	words_add_all(&to->all, from->all.items);
}

void
build_scope_free(struct build_scope *scope)
{
	words_free(&scope->env);
	words_free(&scope->args);
	words_free(&scope->all);
}

void
build_scope_set_env(struct build_scope *scope, const char *name,
		    const char *value)
{
	variables_set(&scope->env, name, value);
	variables_set(&scope->all, name, value);
}

void
build_scope_declare(struct build_scope *scope, const struct name_value *arg)
{
	if (!arg->value)
		return;
	variables_set(&scope->args, arg->name, arg->value);
	variables_set(&scope->all, arg->name, arg->value);
}

const char *
build_scope_get(const struct build_scope *scope, const char *name)
{
	return variables_get(&scope->all, name);
}

/* ---- a stage on another ------------------------------------------------ */

static void
tell(struct build_scope *scope, const struct instruction *ready)
{
	for (size_t i = 0; i < ready->pair_count; i++) {
		const struct name_value *pair = &ready->pairs[i];
		if (ready->kind == INSTRUCTION_ENV)
			build_scope_set_env(scope, pair->name, pair->value);
		else
			build_scope_declare(scope, pair);
	}
}

/* All that an earlier stage, and before it its base, says of variables. */
static void
replay(struct build_scope *scope, struct dockerfile *file, int number)
{
	const struct build_stage *stage = &file->stages[number];
	if (stage->base_stage >= 0)
		replay(scope, file, stage->base_stage);
	for (size_t i = 0; i < stage->instruction_count; i++) {
		const struct instruction *it = &stage->instructions[i];
		auto_instruction struct instruction ready = { 0 };
		if (it->kind != INSTRUCTION_ENV && it->kind != INSTRUCTION_ARG)
			continue;
		/* What fails has failed, and was told, where it stands. */
		if (instruction_expand(file, it, scope, &ready) == 0)
			tell(scope, &ready);
	}
}

void
build_scope_begin_stage(struct build_scope *scope, struct dockerfile *file,
			int number, char *const *env)
{
	int base = file->stages[number].base_stage;
	auto_build_scope struct build_scope before = { 0 };
	build_scope_begin(scope, file, env);
	scope->stage = number;
	if (base < 0)
		return;
	build_scope_copy(&before, scope);
	before.stage = -1;
	replay(&before, file, base);
	for (size_t i = 0; i < before.args.count; i++) {
		auto_free char *name = copy_text(before.args.items[i]);
		char *value = strchr(name, '=');
		*value++ = '\0';
		variables_set(&scope->args, name, value);
		variables_set(&scope->all, name,
			      build_scope_get(&before, name));
	}
}

/* ---- a RUN ------------------------------------------------------------- */

static bool
is_proxy(const char *variable)
{
	static const char *const names[] = { "HTTP_PROXY", "HTTPS_PROXY",
					     "FTP_PROXY", "NO_PROXY",
					     "ALL_PROXY" };
	size_t length = strcspn(variable, "=");
	for (size_t i = 0; i < countof(names); i++)
		if (strlen(names[i]) == length &&
		    strncasecmp(names[i], variable, length) == 0)
			return true;
	return false;
}

void
build_scope_environment(const struct build_scope *scope, bool for_cache,
			struct words *environment)
{
	words_add_all(environment, scope->all.items);
	const struct words *given = &scope->file->given;
	for (size_t i = 0; i < given->count && !for_cache; i++) {
		auto_free char *name = copy_text(given->items[i]);
		name[strcspn(name, "=")] = '\0';
		if (is_proxy(name) && !find(environment, name))
			words_add(environment, given->items[i]);
	}
}

/* ---- --build-arg that nobody asks for ---------------------------------- */

static bool
is_predefined(const struct dockerfile *file, const char *name)
{
	return is_proxy(name) || begins_with(name, "BUILDKIT_") ||
	       strcmp(name, "SOURCE_DATE_EPOCH") == 0 ||
	       variables_get(&file->platform, name);
}

static bool
declares(const struct instruction *instructions, size_t count,
	 const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (instructions[i].kind != INSTRUCTION_ARG)
			continue;
		for (size_t j = 0; j < instructions[i].pair_count; j++)
			if (strcmp(instructions[i].pairs[j].name, name) == 0)
				return true;
	}
	return false;
}

void
dockerfile_unused(const struct dockerfile *file, struct words *names)
{
	for (size_t i = 0; i < file->given.count; i++) {
		auto_free char *name = copy_text(file->given.items[i]);
		name[strcspn(name, "=")] = '\0';
		bool is_used = is_predefined(file, name) ||
			       declares(file->global_args,
					file->global_arg_count, name);
		for (size_t j = 0; j < file->stage_count && !is_used; j++)
			is_used = declares(file->stages[j].instructions,
					   file->stages[j].instruction_count,
					   name);
		if (!is_used)
			words_add(names, name);
	}
}
