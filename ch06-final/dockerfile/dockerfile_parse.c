/* dockerfile_parse.c - see dockerfile.h: the whole file. */
#include "dockerfile_part.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- giving back ------------------------------------------------------- */

void
heredocs_free(struct heredoc *heredocs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(heredocs[i].name);
		free(heredocs[i].content);
	}
	free(heredocs);
}

void
instruction_free(struct instruction *instruction)
{
	free(instruction->code);
	words_free(&instruction->words);
	words_free(&instruction->mount_flags);
	words_free(&instruction->excludes);
	heredocs_free(instruction->heredocs, instruction->heredoc_count);
	for (size_t i = 0; i < instruction->pair_count; i++) {
		free(instruction->pairs[i].name);
		free(instruction->pairs[i].value);
	}
	free(instruction->pairs);
	free(instruction->destination);
	free(instruction->chown);
	free(instruction->chmod);
	free(instruction->from);
	free(instruction->checksum);
	for (size_t i = 0; i < instruction->mount_count; i++)
		mount_free(&instruction->mounts[i]);
	free(instruction->mounts);
	free(instruction->network);
	*instruction = (struct instruction){ 0 };
}

static void
instructions_free(struct instruction *instructions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		instruction_free(&instructions[i]);
	free(instructions);
}

void
dockerfile_free(struct dockerfile *file)
{
	free(file->name);
	free(file->syntax);
	free(file->check);
	instructions_free(file->global_args, file->global_arg_count);
	for (size_t i = 0; i < file->stage_count; i++) {
		struct build_stage *stage = &file->stages[i];
		free(stage->name);
		free(stage->base);
		free(stage->base_written);
		free(stage->platform);
		free(stage->platform_written);
		free(stage->code);
		instructions_free(stage->instructions,
				  stage->instruction_count);
	}
	free(file->stages);
	words_free(&file->warnings);
	words_free(&file->given);
	words_free(&file->platform);
	words_free(&file->globals);
	words_free(&file->lines);
	*file = (struct dockerfile){ 0 };
}

/* ---- putting together -------------------------------------------------- */

/* The instruction becomes the last of the list. */
static void
append(struct instruction **list, size_t *count, struct instruction *made)
{
	*list = resize_bytes(*list, (*count + 1) * sizeof(**list));
	(*list)[(*count)++] = *made;
	*made = (struct instruction){ 0 };
}

static void
begin_stage(struct dockerfile *file, struct instruction *from)
{
	file->stages = resize_bytes(file->stages,
				    (file->stage_count + 1) *
					    sizeof(*file->stages));
	struct build_stage *stage = &file->stages[file->stage_count++];
	*stage = (struct build_stage){
		.base_written = copy_text(from->words.items[0]),
		.base = copy_text(from->words.items[0]),
		.base_stage = -1,
		.platform_written = take_ptr(&from->from),
		.line = from->line,
		.last_line = from->last_line,
		.code = take_ptr(&from->code),
	};
	if (from->words.count == 3)
		stage->name = copy_text(from->words.items[2]);
	for (char *c = stage->name; c && *c; c++)
		*c = tolower((unsigned char)*c);
}

/* Of these only the last of a stage has a meaning. */
static void
warn_of_several(struct dockerfile *file, const struct build_stage *stage,
		const struct instruction *made)
{
	if (made->kind != INSTRUCTION_CMD &&
	    made->kind != INSTRUCTION_ENTRYPOINT &&
	    made->kind != INSTRUCTION_HEALTHCHECK)
		return;
	const char *name = instruction_name(made->kind);
	for (size_t i = 0; i < stage->instruction_count; i++) {
		if (stage->instructions[i].kind != made->kind)
			continue;
		dockerfile_warn(file, stage->instructions[i].line,
				"MultipleInstructionsDisallowed",
				"Multiple %s instructions should not be used "
				"in the same stage because only the last one "
				"will be used", name);
		return;
	}
}

static int
add_instruction(struct dockerfile *file, struct instruction *made)
{
	if (made->kind == INSTRUCTION_FROM) {
		begin_stage(file, made);
		return 0;
	}
	if (file->stage_count == 0 && made->kind == INSTRUCTION_ARG) {
		append(&file->global_args, &file->global_arg_count, made);
		return 0;
	}
	if (file->stage_count == 0)
		return complain(file, made, NULL,
				"no build stage in current context: %s stands "
				"before the first FROM",
				instruction_name(made->kind));
	struct build_stage *stage = &file->stages[file->stage_count - 1];
	warn_of_several(file, stage, made);
	append(&stage->instructions, &stage->instruction_count, made);
	return 0;
}

/* The stage that each COPY --from and RUN --mount=from= means. */
static int
bind_stages(struct dockerfile *file)
{
	auto_free bool *needed = new_bytes(file->stage_count);
	for (size_t i = 0; i < file->stage_count; i++) {
		struct build_stage *stage = &file->stages[i];
		for (size_t j = 0; j < stage->instruction_count; j++) {
			struct instruction *it = &stage->instructions[j];
			if (instruction_needs(file, i, it, needed) < 0 ||
			    stage_of_from(file, it, i, it->from,
					  &it->from_stage) < 0)
				return -1;
		}
	}
	return 0;
}

static void
begin(struct dockerfile *file, const char *name)
{
	*file = (struct dockerfile){ .name = copy_text(name),
				     .escape = '\\' };
}

int
dockerfile_parse(const char *name, const char *content, size_t length,
		 struct dockerfile *file)
{
	begin(file, name);
	if (dockerfile_read(file, content, length) < 0)
		return -1;
	size_t next = 0, count = 0;
	for (;; count++) {
		auto_statement struct statement statement;
		auto_instruction struct instruction made = { 0 };
		int found = dockerfile_next(file, &next, &statement);
		if (found < 0)
			return -1;
		if (found == 0)
			break;
		if (read_instruction(file, &statement, &made) < 0 ||
		    add_instruction(file, &made) < 0)
			return -1;
	}
	if (count == 0)
		return failx("%s: the Dockerfile cannot be empty", name);
	if (file->stage_count == 0)
		return failx("%s: dockerfile contains no stages to build: "
			     "there is no FROM", name);
	return bind_stages(file);
}

/* One, and only one, that is no FROM. */
static int
parse_alone(struct dockerfile *file, struct instruction *made)
{
	size_t next = 0;
	auto_statement struct statement statement, more = { 0 };
	int found = dockerfile_next(file, &next, &statement);
	if (found == 0)
		return failx("%s: there is no instruction", file->name);
	if (found < 0 || read_instruction(file, &statement, made) < 0)
		return -1;
	if (made->kind == INSTRUCTION_FROM)
		return complain(file, made, NULL, "FROM isn't allowed here");
	found = dockerfile_next(file, &next, &more);
	if (found > 0)
		return complain(file, &more, NULL,
				"only one instruction is allowed here");
	return found;
}

int
instruction_parse(const char *name, const char *code,
		  struct instruction *instruction)
{
	auto_dockerfile struct dockerfile file;
	begin(&file, name);
	*instruction = (struct instruction){ 0 };
	if (dockerfile_read(&file, code, strlen(code)) == 0 &&
	    parse_alone(&file, instruction) == 0)
		return 0;
	instruction_free(instruction);
	return -1;
}
