/* change.c - see change.h.  Runs in mydocker-image. */
#include "change.h"

#include "words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\r\n"

/* ---- words ------------------------------------------------------------- */

/* The next word, without its quotes and backslashes: 1, or 0 at the end. */
static int
next_word(const char **at, char **word)
{
	const char *s = *at + strspn(*at, BLANKS);
	char quote = '\0';
	if (!*s)
		return 0;
	auto_free char *made = new_bytes(strlen(s) + 1);
	size_t length = 0;
	for (; *s && (quote || !strchr(BLANKS, *s)); s++) {
		bool is_quote = !quote && (*s == '"' || *s == '\'');
		if (is_quote || *s == quote) {
			quote = is_quote ? *s : '\0';
			continue;
		}
		if (*s == '\\' && quote != '\'' && s[1])
			s++;
		made[length++] = *s;
	}
	if (quote)
		return failx("unexpected end of statement while looking for "
			     "matching %s-quote",
			     quote == '"' ? "double" : "single");
	*at = s;
	*word = take_ptr(&made);
	return 1;
}

static int
split_words(const char *rest, struct words *words)
{
	char *word = NULL;
	int more;
	while ((more = next_word(&rest, &word)) > 0) {
		words_add(words, word);
		free(take_ptr(&word));
	}
	return more;
}

/* ["a", "b"], or NULL for what is not a list of texts. */
static json_t *
exec_form(const char *rest)
{
	json_t *list = json_loads(rest, 0, NULL), *item;
	size_t i;
	bool is_good = json_is_array(list);
	json_array_foreach(list, i, item)
		is_good = is_good && json_is_string(item);
	if (is_good)
		return list;
	json_decref(list);
	return NULL;
}

/* The object under this key, made where there is none. */
static json_t *
object_of(json_t *config, const char *key)
{
	json_t *object = json_object_get(config, key);
	if (!json_is_object(object)) {
		object = json_object();
		json_object_set_new(config, key, object);
	}
	return object;
}

/* ---- one instruction each ---------------------------------------------- */

static int
set_command(json_t *config, const char *key, const char *rest)
{
	json_t *list = exec_form(rest);
	if (!list)
		list = json_pack("[s, s, s]", "/bin/sh", "-c", rest);
	json_object_set_new(config, key, list);
	return 0;
}

static void
set_env(json_t *config, const char *name, const char *value)
{
	json_t *list = json_object_get(config, "Env"), *item;
	size_t i, length = strlen(name);
	auto_free char *pair = text("%s=%s", name, value);
	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(config, "Env", list);
	}
	json_array_foreach(list, i, item) {
		const char *old = json_string_value(item);
		if (old && strncmp(old, name, length) == 0 &&
		    old[length] == '=') {
			json_array_set_new(list, i, json_string(pair));
			return;
		}
	}
	json_array_append_new(list, json_string(pair));
}

static void
set_pair(json_t *config, const char *key, const char *name, const char *value)
{
	if (strcmp(key, "Env") == 0)
		set_env(config, name, value);
	else
		json_object_set_new(object_of(config, key), name,
				    json_string(value));
}

/* NAME=VALUE..., or the old NAME VALUE, where the rest of the line is one. */
static int
set_pairs(json_t *config, const char *key, const char *rest)
{
	auto_words struct words words = { 0 };
	if (split_words(rest, &words) < 0)
		return -1;
	size_t name = strcspn(rest, BLANKS "=");
	if (rest[name] != '=' && words.count >= 2) {
		auto_free char *first = text("%.*s", (int)name, rest);
		rest += name + strspn(rest + name, BLANKS);
		set_pair(config, key, first, rest);
		return 0;
	}
	for (size_t i = 0; i < words.count; i++) {
		char *equals = strchr(words.items[i], '=');
		if (!equals || equals == words.items[i])
			return failx("Syntax error - can't find = in \"%.60s\"."
				     " Must be of the form: name=value",
				     words.items[i]);
		*equals = '\0';
		set_pair(config, key, words.items[i], equals + 1);
	}
	return 0;
}

static int
add_port(json_t *ports, const char *word)
{
	const char *slash = strchr(word, '/');
	auto_free char *digits = text("%.*s", (int)strcspn(word, "/"), word);
	uint64_t port;
	if (parse_number(digits, 1, 65535, &port) < 0 ||
	    (slash && strcmp(slash, "/tcp") != 0 &&
	     strcmp(slash, "/udp") != 0 && strcmp(slash, "/sctp") != 0))
		return failx("invalid containerPort: %.60s", word);
	auto_free char *full = text("%s%s", digits, slash ? slash : "/tcp");
	json_object_set_new(ports, full, json_object());
	return 0;
}

static int
set_keys(json_t *config, const char *key, const char *rest)
{
	auto_words struct words words = { 0 };
	json_t *list = exec_form(rest), *item;
	size_t i;
	json_array_foreach(list, i, item)
		words_add(&words, json_string_value(item));
	if (!list && split_words(rest, &words) < 0)
		return -1;
	json_decref(list);
	json_t *object = object_of(config, key);
	bool is_ports = strcmp(key, "ExposedPorts") == 0;
	for (i = 0; i < words.count; i++) {
		if (!is_ports)
			json_object_set_new(object, words.items[i],
					    json_object());
		else if (add_port(object, words.items[i]) < 0)
			return -1;
	}
	return 0;
}

/* One that is relative goes on from the one before. */
static int
set_directory(json_t *config, const char *key, const char *rest)
{
	const char *old = json_string_value(json_object_get(config, key));
	auto_free char *path = rest[0] == '/' ?
		copy_text(rest) : text("%s/%s", old && *old ? old : "", rest);
	json_object_set_new(config, key, json_string(path));
	return 0;
}

static int
set_text(json_t *config, const char *key, const char *rest)
{
	json_object_set_new(config, key, json_string(rest));
	return 0;
}

static int
add_trigger(json_t *config, const char *key, const char *rest)
{
	json_t *list = json_object_get(config, key);
	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(config, key, list);
	}
	json_array_append_new(list, json_string(rest));
	return 0;
}

/* ---- all of them ------------------------------------------------------- */

static const struct {
	const char *name, *key;
	int (*set)(json_t *config, const char *key, const char *rest);
} instructions[] = {
	{ "CMD", "Cmd", set_command },
	{ "ENTRYPOINT", "Entrypoint", set_command },
	{ "ENV", "Env", set_pairs },
	{ "EXPOSE", "ExposedPorts", set_keys },
	{ "LABEL", "Labels", set_pairs },
	{ "ONBUILD", "OnBuild", add_trigger },
	{ "STOPSIGNAL", "StopSignal", set_text },
	{ "USER", "User", set_text },
	{ "VOLUME", "Volumes", set_keys },
	{ "WORKDIR", "WorkingDir", set_directory },
};

int
change_apply(json_t *config, const char *instruction)
{
	const char *name = instruction + strspn(instruction, BLANKS);
	size_t length = strcspn(name, BLANKS);
	auto_free char *rest = copy_text(name + length +
					 strspn(name + length, BLANKS));
	size_t end = strlen(rest);
	while (end > 0 && strchr(BLANKS, rest[end - 1]))
		rest[--end] = '\0';
	/* From here on every text is one for JSON. */
	json_t *as_json = json_string(rest);
	json_decref(as_json);
	if (!as_json)
		return failx("the change is not UTF-8");
	for (size_t i = 0; i < countof(instructions); i++) {
		if (strlen(instructions[i].name) != length ||
		    strncasecmp(instructions[i].name, name, length) != 0)
			continue;
		if (!*rest)
			return failx("%s requires at least one argument",
				     instructions[i].name);
		return instructions[i].set(config, instructions[i].key, rest);
	}
	return failx("%.*s is not a valid change command",
		     (int)(length < 40 ? length : 40), name);
}
