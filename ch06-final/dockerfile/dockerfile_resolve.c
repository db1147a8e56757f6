/* dockerfile_resolve.c - see dockerfile.h: which stage is what. */
#include "dockerfile_part.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "substitute.h"

/* ---- platforms --------------------------------------------------------- */

/* TARGETPLATFORM and its parts. */
static int
set_platform(struct dockerfile *file, const char *prefix, const char *platform)
{
	auto_free char *os = copy_text(platform);
	char *architecture = strchr(os, '/');
	if (!architecture || strchr(os, '=') || !architecture[1])
		return failx("platform \"%.60s\" is not OS/ARCHITECTURE, as "
			     "in linux/amd64", platform);
	*architecture++ = '\0';
	char *variant = strchr(architecture, '/');
	if (variant)
		*variant++ = '\0';
	/* An arm64 is a v8, said or not. */
	if (variant && strcmp(architecture, "arm64") == 0 &&
	    strcmp(variant, "v8") == 0)
		variant = NULL;
	auto_free char *whole = text("%s/%s%s%s", os, architecture,
				     variant ? "/" : "",
				     variant ? variant : "");
	const struct {
		const char *suffix, *value;
	} parts[] = { { "PLATFORM", whole },
		      { "OS", os },
		      { "OSVERSION", "" },
		      { "ARCH", architecture },
		      { "VARIANT", variant ? variant : "" } };
	for (size_t i = 0; i < countof(parts); i++) {
		auto_free char *name = text("%s%s", prefix, parts[i].suffix);
		const char *given = variables_get(&file->given, name);
		variables_set(&file->platform, name,
			      given ? given : parts[i].value);
	}
	return 0;
}

/* ---- global variables -------------------------------------------------- */

static const char *
get(const void *context, const char *name)
{
	return variables_get(context, name);
}

static char *
expand_global(struct dockerfile *file, unsigned int line,
	      unsigned int last_line, const char *word)
{
	struct substitution rules = { .escape = file->escape, .get = get,
				      .context = &file->globals };
	char *result = substitute(&rules, word);
	if (!result)
		complain_at(file, line, last_line, word);
	return result;
}

static int
set_globals(struct dockerfile *file)
{
	words_free(&file->globals);
	words_add_all(&file->globals, file->platform.items);
	for (size_t i = 0; i < file->global_arg_count; i++) {
		const struct instruction *arg = &file->global_args[i];
		for (size_t j = 0; j < arg->pair_count; j++) {
			const struct name_value *pair = &arg->pairs[j];
			const char *value =
				variables_get(&file->given, pair->name);
			auto_free char *expanded = NULL;
			if (!value && pair->value) {
				value = expanded = expand_global(
					file, arg->line, arg->last_line,
					pair->value);
				if (!value)
					return -1;
			}
			if (value)
				variables_set(&file->globals, pair->name,
					      value);
		}
	}
	return 0;
}

/* ---- stages ------------------------------------------------------------ */

/* The last of this name among the first `count`; -1: none. */
static int
stage_named(const struct dockerfile *file, const char *name, size_t count)
{
	for (size_t i = count; i > 0; i--)
		if (file->stages[i - 1].name &&
		    strcasecmp(file->stages[i - 1].name, name) == 0)
			return i - 1;
	return -1;
}

static bool
is_number(const char *name)
{
	return *name && strspn(name, "0123456789") == strlen(name);
}

int
dockerfile_stage(const struct dockerfile *file, const char *name)
{
	int stage = stage_named(file, name, file->stage_count);
	uint64_t number;
	if (stage < 0 && file->stage_count > 0 && is_number(name) &&
	    parse_number(name, 0, file->stage_count - 1, &number) == 0)
		stage = number;
	if (stage >= 0)
		return stage;
	const char *known[64];
	size_t count = 0;
	for (size_t i = 0; i < file->stage_count; i++)
		if (file->stages[i].name && count < countof(known))
			known[count++] = file->stages[i].name;
	auto_free char *suggestion = dockerfile_suggest(name, known, count);
	return failx("target stage \"%.60s\" could not be found%s", name,
		     suggestion);
}

int
stage_of_from(struct dockerfile *file, const struct instruction *at,
	      int stage, const char *from, int *number)
{
	*number = -1;
	if (!from)
		return 0;
	auto_free char *word = text("from=%s", from);
	size_t before = stage < 0 ? file->stage_count : (size_t)stage;
	uint64_t index;
	if (is_number(from)) {
		if (parse_number(from, 0, UINT32_MAX, &index) < 0 ||
		    index >= file->stage_count)
			return complain(file, at, word,
					"invalid stage index %.20s", from);
		*number = index;
	} else {
		*number = stage_named(file, from, before);
		if (*number < 0)
			*number = stage_named(file, from, file->stage_count);
	}
	if (*number < 0 || (size_t)*number < before)
		return 0;
	if (*number == stage)
		return complain(file, at, word,
				"circular dependency detected on stage: %.60s",
				from);
	return complain(file, at, word,
			"cannot copy from stage \"%.60s\", it needs to be "
			"defined before current stage", from);
}

static int
resolve_stage(struct dockerfile *file, size_t number)
{
	struct build_stage *stage = &file->stages[number];
	char *base = expand_global(file, stage->line, stage->last_line,
				   stage->base_written);
	if (!base)
		return -1;
	free(stage->base);
	stage->base = base;
	if (*base == '\0')
		return complain(file, stage, stage->base_written,
				"base name (%.60s) should not be blank",
				stage->base_written);
	stage->base_stage = stage_named(file, base, number);
	stage->is_scratch = stage->base_stage < 0 &&
			    strcmp(base, "scratch") == 0;
	free(stage->platform);
	stage->platform = NULL;
	if (!stage->platform_written)
		return 0;
	stage->platform = expand_global(file, stage->line, stage->last_line,
					stage->platform_written);
	if (!stage->platform)
		return -1;
	if (*stage->platform == '\0')
		return complain(file, stage, "--platform",
				"empty platform value from expression %.60s",
				stage->platform_written);
	return 0;
}

int
dockerfile_resolve(struct dockerfile *file, const struct words *given,
		   const char *target, const char *builder)
{
	words_free(&file->given);
	words_free(&file->platform);
	for (size_t i = 0; i < given->count; i++) {
		auto_free char *name = copy_text(given->items[i]);
		char *equals = strchr(name, '=');
		if (!equals)
			continue;
		*equals = '\0';
		variables_set(&file->given, name, equals + 1);
	}
	if (set_platform(file, "BUILD", builder) < 0 ||
	    set_platform(file, "TARGET", target) < 0 || set_globals(file) < 0)
		return -1;
	for (size_t i = 0; i < file->stage_count; i++)
		if (resolve_stage(file, i) < 0)
			return -1;
	return 0;
}

/* ---- who needs whom ---------------------------------------------------- */

static int
need(struct dockerfile *file, int stage, const struct instruction *at,
     const char *from, bool *needed)
{
	int number;
	if (stage_of_from(file, at, stage, from, &number) < 0)
		return -1;
	if (number >= 0)
		needed[number] = true;
	return 0;
}

int
instruction_needs(struct dockerfile *file, int stage,
		  const struct instruction *instruction, bool *needed)
{
	if (need(file, stage, instruction, instruction->from, needed) < 0)
		return -1;
	for (size_t i = 0; i < instruction->mount_flags.count; i++) {
		struct run_mount mount;
		const char *flag = instruction->mount_flags.items[i];
		int done = mount_parse(flag, NULL, NULL, &mount);
		if (done == 0)
			done = need(file, stage, instruction, mount.from,
				    needed);
		mount_free(&mount);
		if (done < 0)
			return -1;
	}
	return 0;
}

void
dockerfile_needed(struct dockerfile *file, int stage, bool *needed)
{
	for (size_t i = 0; i < file->stage_count; i++)
		needed[i] = (int)i == stage;
	/* A stage needs none but earlier ones: one way through is enough. */
	for (int i = stage; i >= 0; i--) {
		const struct build_stage *it = &file->stages[i];
		if (!needed[i])
			continue;
		if (it->base_stage >= 0)
			needed[it->base_stage] = true;
		for (size_t j = 0; j < it->instruction_count; j++)
			instruction_needs(file, i, &it->instructions[j],
					  needed);
	}
}
