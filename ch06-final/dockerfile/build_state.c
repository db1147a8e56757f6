/* build_state.c - see build_state.h. */
#include "build_state.h"

#include <stdlib.h>
#include <string.h>

#include "path.h"

/* ---- the whole ----------------------------------------------------------- */

void
build_state_empty(struct build_state *state, const char *platform)
{
	auto_free char *architecture = copy_text(platform);
	char *variant = strchr(architecture, '/');
	if (variant)
		*variant++ = '\0';
	*state = (struct build_state){
		.root = json_pack("{s:s, s:s, s:{s:s}, s:{s:s, s:[]}, s:[]}",
				  "architecture", architecture, "os", "linux",
				  "config", "WorkingDir", "/", "rootfs",
				  "type", "layers", "diff_ids", "history"),
	};
	if (variant)
		json_object_set_new(state->root, "variant",
				    json_string(variant));
}

int
build_state_parse(struct build_state *state, const char *json, size_t length)
{
	json_error_t error;
	*state = (struct build_state){ 0 };
	json_t *root = json_loadb(json, length, JSON_REJECT_DUPLICATES,
				  &error);
	if (!json_is_object(root)) {
		json_decref(root);
		return failx("a config is no JSON object: %s", error.text);
	}
	state->root = root;
	return 0;
}

void
build_state_copy(struct build_state *to, const struct build_state *from)
{
	*to = *from;
	to->root = json_deep_copy(from->root);
}

void
build_state_free(struct build_state *state)
{
	json_decref(state->root);
	state->root = NULL;
}

char *
build_state_text(const struct build_state *state)
{
	return json_dumps(state->root, JSON_COMPACT);
}

/* ---- looking ------------------------------------------------------------- */

/* The object or list under this key, made where there is none. */
static json_t *
member_of(json_t *object, const char *key, json_type type)
{
	json_t *found = json_object_get(object, key);
	if (found && json_typeof(found) == type)
		return found;
	found = type == JSON_ARRAY ? json_array() : json_object();
	json_object_set_new(object, key, found);
	return found;
}

json_t *
build_state_config(const struct build_state *state)
{
	return member_of(state->root, "config", JSON_OBJECT);
}

const char *
build_state_get(const struct build_state *state, const char *key)
{
	return json_string_value(json_object_get(build_state_config(state),
						 key)) ?: "";
}

static void
add_texts(const json_t *list, struct words *words)
{
	json_t *item;
	size_t i;
	json_array_foreach(list, i, item)
		if (json_is_string(item))
			words_add(words, json_string_value(item));
}

void
build_state_list(const struct build_state *state, const char *key,
		 struct words *words)
{
	add_texts(json_object_get(build_state_config(state), key), words);
}

void
build_state_layers(const struct build_state *state, struct words *hexes)
{
	auto_words struct words digests = { 0 };
	add_texts(json_object_get(json_object_get(state->root, "rootfs"),
				  "diff_ids"), &digests);
	for (size_t i = 0; i < digests.count; i++)
		if (strncmp(digests.items[i], "sha256:", 7) == 0)
			words_add(hexes, digests.items[i] + 7);
}

/* ---- history ------------------------------------------------------------- */

json_t *
build_state_note(struct build_state *state, const char *created,
		 const char *created_by, const char *layer)
{
	json_t *step = json_pack("{s:s}", "created", created);
	json_t *rootfs = member_of(state->root, "rootfs", JSON_OBJECT);
	json_object_set_new(step, "created_by", json_string(created_by));
	if (!layer)
		json_object_set_new(step, "empty_layer", json_true());
	json_array_append_new(member_of(state->root, "history", JSON_ARRAY),
			      step);
	json_object_set_new(state->root, "created", json_string(created));
	if (!layer)
		return step;
	auto_free char *digest = text("sha256:%s", layer);
	json_array_append_new(member_of(rootfs, "diff_ids", JSON_ARRAY),
			      json_string(digest));
	return step;
}

static char *
joined_pairs(const struct instruction *instruction)
{
	auto_words struct words words = { 0 };
	for (size_t i = 0; i < instruction->pair_count; i++) {
		const struct name_value *pair = &instruction->pairs[i];
		auto_free char *word = text("%s%s%s", pair->name,
					    pair->value ? "=" : "",
					    pair->value ?: "");
		words_add(&words, word);
	}
	return words_join(&words, " ");
}

static char *
copy_created_by(const struct instruction *instruction)
{
	auto_words struct words words = { 0 };
	for (size_t i = 0; i < instruction->words.count; i++)
		words_add(&words, instruction->words.items[i]);
	for (size_t i = 0; i < instruction->heredoc_count; i++) {
		auto_free char *word =
			text("<<%s", instruction->heredocs[i].name);
		words_add(&words, word);
	}
	auto_free char *sources = words_join(&words, " ");
	const char *chown = instruction->chown, *chmod = instruction->chmod;
	return text("%s %s%s%s%s%s%s%s %s",
		    instruction_name(instruction->kind),
		    chown ? "--chown=" : "", chown ?: "", chown ? " " : "",
		    chmod ? "--chmod=" : "", chmod ?: "", chmod ? " " : "",
		    sources, instruction->destination);
}

static char *
run_created_by(const struct build_state *state,
	       const struct instruction *instruction, const struct words *args)
{
	auto_words struct words words = { 0 };
	build_state_command(state, instruction, &words);
	auto_free char *command = words_join(&words, " ");
	auto_free char *given = words_join(args, " ");
	return args->count ? text("RUN |%zu %s %s", args->count, given,
				  command) :
			     text("RUN %s", command);
}

char *
build_state_created_by(const struct build_state *state,
		       const struct instruction *instruction,
		       const struct words *args)
{
	const char *name = instruction_name(instruction->kind);
	auto_words struct words words = { 0 };
	auto_free char *line = NULL;
	switch (instruction->kind) {
	case INSTRUCTION_RUN:
		return run_created_by(state, instruction, args);
	case INSTRUCTION_ADD:
	case INSTRUCTION_COPY:
		return copy_created_by(instruction);
	case INSTRUCTION_ENV:
	case INSTRUCTION_LABEL:
	case INSTRUCTION_ARG:
		line = joined_pairs(instruction);
		return text("%s %s", name, line);
	case INSTRUCTION_CMD:
	case INSTRUCTION_ENTRYPOINT:
	case INSTRUCTION_HEALTHCHECK:
		build_state_command(state, instruction, &words);
		line = words_join(&words, "\" \"");
		return words.count ? text("%s [\"%s\"]", name, line) :
				     text("%s []", name);
	case INSTRUCTION_EXPOSE:
	case INSTRUCTION_VOLUME:
	case INSTRUCTION_SHELL:
		line = words_join(&instruction->words, " ");
		return text("%s [%s]", name, line);
	case INSTRUCTION_WORKDIR:
		return text("%s %s", name, build_state_get(state,
							   "WorkingDir"));
	default:
		line = words_join(&instruction->words, " ");
		return text("%s %s", name, line);
	}
}

/* ---- instructions -------------------------------------------------------- */

void
build_state_command(const struct build_state *state,
		    const struct instruction *instruction,
		    struct words *words)
{
	if (instruction->is_shell) {
		build_state_list(state, "Shell", words);
		if (words->count == 0) {
			words_add(words, "/bin/sh");
			words_add(words, "-c");
		}
	}
	words_add_all(words, instruction->words.items);
}

static json_t *
json_of(const struct words *words)
{
	json_t *list = json_array();
	for (size_t i = 0; i < words->count; i++)
		json_array_append_new(list, json_string(words->items[i]));
	return list;
}

static void
set_env(json_t *config, const char *name, const char *value)
{
	json_t *list = member_of(config, "Env", JSON_ARRAY), *item;
	auto_free char *pair = text("%s=%s", name, value);
	size_t i, length = strlen(name) + 1;
	json_array_foreach(list, i, item) {
		if (strncmp(json_string_value(item) ?: "", pair, length) != 0)
			continue;
		json_array_set_new(list, i, json_string(pair));
		return;
	}
	json_array_append_new(list, json_string(pair));
}

static void
set_pairs(json_t *config, const struct instruction *instruction)
{
	bool is_env = instruction->kind == INSTRUCTION_ENV;
	for (size_t i = 0; i < instruction->pair_count; i++) {
		const struct name_value *pair = &instruction->pairs[i];
		if (is_env)
			set_env(config, pair->name, pair->value);
		else
			json_object_set_new(
				member_of(config, "Labels", JSON_OBJECT),
				pair->name, json_string(pair->value));
	}
}

static void
set_keys(json_t *config, const char *key, const struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		json_object_set_new(member_of(config, key, JSON_OBJECT),
				    words->items[i], json_object());
}

static void
set_number(json_t *object, const char *key, int64_t number)
{
	if (number)
		json_object_set_new(object, key, json_integer(number));
}

static void
set_health(json_t *config, const struct instruction *instruction)
{
	const struct health_options *health = &instruction->health;
	json_t *test = json_pack("[s]", health->is_none ? "NONE" :
				 instruction->is_shell ? "CMD-SHELL" : "CMD");
	json_t *json = json_pack("{s:o}", "Test", test);
	json_t *words = json_of(&instruction->words);
	if (!health->is_none)
		json_array_extend(test, words);
	json_decref(words);
	set_number(json, "Interval", health->interval);
	set_number(json, "Timeout", health->timeout);
	set_number(json, "StartPeriod", health->start_period);
	set_number(json, "StartInterval", health->start_interval);
	set_number(json, "Retries", health->retries);
	json_object_set_new(config, "Healthcheck", json);
}

static void
set_command(const struct build_state *state, json_t *config,
	    const struct instruction *instruction, bool *has_cmd)
{
	bool is_cmd = instruction->kind == INSTRUCTION_CMD;
	auto_words struct words words = { 0 };
	build_state_command(state, instruction, &words);
	json_object_set_new(config, is_cmd ? "Cmd" : "Entrypoint",
			    json_of(&words));
	/* The base's CMD was for the base's ENTRYPOINT. */
	if (!is_cmd && !*has_cmd)
		json_object_del(config, "Cmd");
	*has_cmd |= is_cmd;
}

static void
set_directory(const struct build_state *state, json_t *config,
	      const char *path)
{
	const char *before = build_state_get(state, "WorkingDir");
	auto_free char *whole = *path == '/' ? copy_text(path) :
					       text("%s/%s", before, path);
	auto_free char *cleaned = path_clean(whole);
	json_object_set_new(config, "WorkingDir", json_string(cleaned));
}

static void
set_text(json_t *object, const char *key, const struct words *words)
{
	if (words->count)
		json_object_set_new(object, key,
				    json_string(words->items[0]));
}

static bool
is_utf8(const char *string)
{
	json_t *made = json_string(string);
	json_decref(made);
	return made;
}

/* JSON has no other texts, and would be without this one in silence. */
static int
check_texts(const struct instruction *instruction)
{
	bool is_good = true;
	for (size_t i = 0; i < instruction->words.count; i++)
		is_good &= is_utf8(instruction->words.items[i]);
	for (size_t i = 0; i < instruction->pair_count; i++)
		is_good &= is_utf8(instruction->pairs[i].name) &&
			   is_utf8(instruction->pairs[i].value ?: "");
	return is_good ? 0 : failx("%s: a text in it is not UTF-8",
				   instruction_name(instruction->kind));
}

int
build_state_apply(struct build_state *state,
		  const struct instruction *instruction, bool *has_cmd)
{
	json_t *config = build_state_config(state);
	const struct words *words = &instruction->words;
	if (check_texts(instruction) < 0)
		return -1;
	switch (instruction->kind) {
	case INSTRUCTION_CMD:
	case INSTRUCTION_ENTRYPOINT:
		set_command(state, config, instruction, has_cmd);
		break;
	case INSTRUCTION_ENV:
	case INSTRUCTION_LABEL:
		set_pairs(config, instruction);
		break;
	case INSTRUCTION_EXPOSE:
		set_keys(config, "ExposedPorts", words);
		break;
	case INSTRUCTION_VOLUME:
		set_keys(config, "Volumes", words);
		break;
	case INSTRUCTION_HEALTHCHECK:
		set_health(config, instruction);
		break;
	case INSTRUCTION_MAINTAINER:
		set_text(state->root, "author", words);
		break;
	case INSTRUCTION_ONBUILD:
		json_array_append_new(member_of(config, "OnBuild", JSON_ARRAY),
				      json_string(words->items[0]));
		break;
	case INSTRUCTION_SHELL:
		json_object_set_new(config, "Shell", json_of(words));
		break;
	case INSTRUCTION_STOPSIGNAL:
		set_text(config, "StopSignal", words);
		break;
	case INSTRUCTION_USER:
		set_text(config, "User", words);
		break;
	case INSTRUCTION_WORKDIR:
		set_directory(state, config, words->items[0]);
		break;
	default:
		break;
	}
	return 0;
}
