/* fuzz_dockerfile.c - a Dockerfile that came with somebody's source. */
#include "fuzz.h"

#include "dockerfile.h"

static void
check_failure(const struct dockerfile *file)
{
	hold(failure.text[0]);
	hold(file->wrong_line <= file->lines.count + 1);
	auto_free char *excerpt = dockerfile_excerpt(file);
	hold(excerpt);
}

static void
check_instruction(const struct instruction *it)
{
	hold(it->line >= 1 && it->line <= it->last_line && it->code);
	hold(instruction_name(it->kind));
	hold(!it->is_shell || it->words.count == 1);
	hold(!it->is_script || (it->words.count == 1 && !it->is_shell));
	if (it->kind == INSTRUCTION_COPY || it->kind == INSTRUCTION_ADD)
		hold(it->destination && it->words.count + it->heredoc_count);
	for (size_t i = 0; i < it->pair_count; i++)
		hold(it->pairs[i].name && (it->kind == INSTRUCTION_ARG ||
					   it->pairs[i].value));
	for (size_t i = 0; i < it->heredoc_count; i++)
		hold(it->heredocs[i].name[0] && it->heredocs[i].content);
	for (size_t i = 0; i < it->mount_count; i++)
		hold(it->mounts[i].target || it->mounts[i].env);
}

/* A trigger was checked when it was read: it can be read again. */
static void
check_trigger(const struct instruction *it)
{
	auto_instruction struct instruction trigger = { 0 };
	if (it->kind == INSTRUCTION_ONBUILD && it->escape == '\\' &&
	    instruction_parse("ONBUILD", it->words.items[0], &trigger) == 0)
		check_instruction(&trigger);
}

static void
carry_out(struct dockerfile *file, int number)
{
	static char *const env[] = { "HOME=/root", "A=a b", NULL };
	const struct build_stage *stage = &file->stages[number];
	auto_build_scope struct build_scope scope;
	build_scope_begin_stage(&scope, file, number, env);
	for (size_t i = 0; i < stage->instruction_count; i++) {
		const struct instruction *it = &stage->instructions[i];
		check_instruction(it);
		check_trigger(it);
		auto_instruction struct instruction ready = { 0 };
		if (instruction_expand(file, it, &scope, &ready) < 0) {
			check_failure(file);
			continue;
		}
		check_instruction(&ready);
		hold(ready.from_stage < number);
		for (size_t j = 0; j < ready.pair_count; j++) {
			if (ready.kind == INSTRUCTION_ENV)
				build_scope_set_env(&scope,
						    ready.pairs[j].name,
						    ready.pairs[j].value);
			else if (ready.kind == INSTRUCTION_ARG)
				build_scope_declare(&scope, &ready.pairs[j]);
		}
	}
	auto_words struct words environment = { 0 };
	build_scope_environment(&scope, false, &environment);
	hold(environment.count >= scope.env.count);
}

int
fuzz(const uint8_t *data, size_t size)
{
	auto_free char *content = fuzz_bytes(data, size);
	auto_dockerfile struct dockerfile file;
	failure = (struct failure){ 0 };
	if (dockerfile_parse("Dockerfile", content, size, &file) < 0) {
		check_failure(&file);
		return 0;
	}
	hold(file.stage_count > 0);
	auto_words struct words given = { 0 };
	words_add(&given, "A=given");
	if (dockerfile_resolve(&file, &given, "linux/amd64", "linux/amd64") <
	    0) {
		check_failure(&file);
		return 0;
	}
	auto_free bool *needed = new_bytes(file.stage_count);
	dockerfile_needed(&file, file.stage_count - 1, needed);
	for (size_t i = 0; i < file.stage_count; i++) {
		hold(file.stages[i].base_stage < (int)i);
		carry_out(&file, i);
	}
	return 0;
}
