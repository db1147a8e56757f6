/* credentials.c - see credentials.h.  Runs in mydocker-image. */
#include "credentials.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "durable.h"

#define HUB "https://index.docker.io/v1/"
#define ANSWER_MAX 65536

extern char **environ;

static void
drop_json(json_t **value)
{
	json_decref(*value);
}
#define auto_json __attribute__((cleanup(drop_json)))

void
credentials_free(struct credentials *credentials)
{
	free(credentials->user);
	free(credentials->password);
	free(credentials->token);
	*credentials = (struct credentials){ 0 };
}

/* ---- user:password ----------------------------------------------------- */

char *
credentials_basic(const struct credentials *credentials)
{
	auto_free char *pair = text("%s:%s", credentials->user,
				    credentials->password);
	size_t length = strlen(pair);
	char *basic = new_bytes(4 * ((length + 2) / 3) + 1);
	EVP_EncodeBlock((unsigned char *)basic, (unsigned char *)pair, length);
	return basic;
}

int
credentials_parse_basic(const char *basic, struct credentials *credentials)
{
	size_t length = strlen(basic);
	if (length > ANSWER_MAX)
		return failx("a password of %zu characters", length);
	auto_free char *pair = new_bytes(length + 4);
	int size = EVP_DecodeBlock((unsigned char *)pair,
				   (const unsigned char *)basic, length);
	char *colon = size > 0 ? strchr(pair, ':') : NULL;
	if (!colon)
		return failx("\"auth\" is not user:password in base64");
	*colon = '\0';
	credentials->user = copy_text(pair);
	credentials->password = copy_text(colon + 1);
	return 0;
}

/* ---- the file ---------------------------------------------------------- */

static char *
config_file(char **directory)
{
	const char *place = getenv("DOCKER_CONFIG"), *home = getenv("HOME");
	*directory = place && *place ? copy_text(place) :
			text("%s/.docker", home && *home ? home : "/root");
	return text("%s/config.json", *directory);
}

/* A file that is not there is an empty one. */
static json_t *
read_config(void)
{
	auto_free char *directory = NULL;
	auto_free char *path = config_file(&directory);
	json_error_t error;
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return json_object();
	auto_free char *content = read_all(AT_FDCWD, path, NULL);
	json_t *root = content ? json_loads(content, 0, &error) : NULL;
	if (content && !root)
		failx("%s: line %d: %s", path, error.line, error.text);
	if (root && !json_is_object(root)) {
		json_decref(root);
		failx("%s is not a JSON object", path);
		return NULL;
	}
	return root;
}

static int
write_config(json_t *root)
{
	auto_free char *directory = NULL;
	auto_free char *path = config_file(&directory);
	auto_free char *content = json_dumps(root, JSON_INDENT(8));
	if (!content)
		return failx("write %s: out of memory", path);
	if (make_dirs(directory, 0700) < 0)
		return -1;
	if (write_file(AT_FDCWD, path, content, 0600) < 0)
		return -1;
	return sync_names(AT_FDCWD, directory);
}

/* By what name config.json and the helpers know it. */
static const char *
key_of(const char *registry)
{
	return strcmp(registry, "docker.io") == 0 ? HUB : registry;
}

/* Older files have the whole address. */
static json_t *
entry_of(json_t *auths, const char *registry)
{
	const char *name;
	json_t *entry;
	json_t *found = json_object_get(auths, key_of(registry));
	if (found)
		return found;
	json_object_foreach(auths, name, entry) {
		const char *host = strstr(name, "://");
		host = host ? host + 3 : name;
		size_t length = strcspn(host, "/");
		if (strlen(registry) == length &&
		    strncmp(host, registry, length) == 0)
			return entry;
	}
	return NULL;
}

/* The helper that is responsible, or NULL. */
static const char *
helper_of(json_t *root, const char *registry)
{
	json_t *helpers = json_object_get(root, "credHelpers");
	json_t *own = json_object_get(helpers, key_of(registry));
	const char *name = json_string_value(
		own ? own : json_object_get(root, "credsStore"));
	return name && *name ? name : NULL;
}

/* ---- a helper ---------------------------------------------------------- */

static int
spawn_helper(const char *program, const char *verb, const int in[2],
	     const int out[2], pid_t *child)
{
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	char *argv[] = { (char *)program, (char *)verb, NULL };
	errno = posix_spawnp(child, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return errno ? fail("run %s", program) : 0;
}

/* What is said is short: less than a pipe takes without a reader.  Who ends
 * without reading it may have had no need to: his exit status counts. */
static int
talk(int to, int from, const char *said, char *answer, size_t size)
{
	size_t length = strlen(said), got = 0;
	ssize_t done = write(to, said, length);
	int code = done < 0 ? errno : EIO;
	close(to);
	if (done != (ssize_t)length && code != EPIPE) {
		errno = code;
		return fail("write to it");
	}
	for (ssize_t more; got + 1 < size; got += more) {
		more = read(from, answer + got, size - 1 - got);
		if (more < 0 && errno == EINTR)
			more = 0;
		else if (more <= 0)
			break;
	}
	answer[got] = '\0';
	return 0;
}

/* 0, or its exit status; the answer is filled in either way. */
static int
run_helper(const char *name, const char *verb, const char *said, char *answer,
	   size_t size)
{
	int in[2], out[2], status = 0;
	pid_t child;
	if (strchr(name, '/'))
		return failx("a credential helper named \"%.60s\"", name);
	auto_free char *program = text("docker-credential-%s", name);
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		return fail("make a pipe");
	int result = spawn_helper(program, verb, in, out, &child);
	close(in[0]);
	close(out[1]);
	if (result == 0) {
		result = talk(in[1], out[0], said, answer, size);
		if (waitpid(child, &status, 0) < 0)
			result = fail("wait for %s", program);
	} else {
		close(in[1]);
	}
	close(out[0]);
	if (result < 0)
		return wrap("%s", program);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int
find_by_helper(const char *helper, const char *registry,
	       struct credentials *credentials)
{
	auto_free char *answer = new_bytes(ANSWER_MAX);
	int status = run_helper(helper, "get", key_of(registry), answer,
				ANSWER_MAX);
	if (status < 0)
		return -1;
	auto_json json_t *root = json_loads(answer, 0, NULL);
	const char *user =
		json_string_value(json_object_get(root, "Username"));
	const char *secret =
		json_string_value(json_object_get(root, "Secret"));
	/* Not there is the usual reason, and then we are nobody. */
	if (status > 0 || !user || !secret)
		return 0;
	if (strcmp(user, "<token>") == 0) {
		credentials->token = copy_text(secret);
		return 0;
	}
	credentials->user = copy_text(user);
	credentials->password = copy_text(secret);
	return 0;
}

/* ---- looking, keeping, forgetting -------------------------------------- */

int
credentials_find(const char *registry, struct credentials *credentials)
{
	*credentials = (struct credentials){ 0 };
	auto_json json_t *root = read_config();
	if (!root)
		return -1;
	const char *helper = helper_of(root, registry);
	if (helper)
		return find_by_helper(helper, registry, credentials);
	json_t *entry = entry_of(json_object_get(root, "auths"), registry);
	const char *token =
		json_string_value(json_object_get(entry, "identitytoken"));
	const char *basic = json_string_value(json_object_get(entry, "auth"));
	if (token && *token)
		credentials->token = copy_text(token);
	if (basic && *basic && credentials_parse_basic(basic, credentials) < 0)
		return wrap("config.json: %s", registry);
	return 0;
}

int
credentials_store(const char *registry, const struct credentials *credentials,
		  char **file)
{
	*file = NULL;
	auto_json json_t *root = read_config();
	if (!root)
		return -1;
	const char *helper = helper_of(root, registry);
	if (helper) {
		char answer[1024];
		auto_json json_t *said = json_pack(
			"{s:s, s:s, s:s}", "ServerURL", key_of(registry),
			"Username", credentials->user, "Secret",
			credentials->password);
		auto_free char *line = json_dumps(said, JSON_COMPACT);
		int status = line ? run_helper(helper, "store", line, answer,
					       sizeof(answer)) : -1;
		return status > 0 ? failx("docker-credential-%s: %.100s",
					  helper, answer) : status;
	}
	auto_free char *basic = credentials_basic(credentials);
	json_t *auths = json_object_get(root, "auths");
	if (!json_is_object(auths)) {
		auths = json_object();
		json_object_set_new(root, "auths", auths);
	}
	json_object_set_new(auths, key_of(registry),
			    json_pack("{s:s}", "auth", basic));
	if (write_config(root) < 0)
		return -1;
	auto_free char *directory = NULL;
	*file = config_file(&directory);
	return 0;
}

int
credentials_erase(const char *registry, bool *was_there)
{
	auto_json json_t *root = read_config();
	if (!root)
		return -1;
	struct credentials known = { 0 };
	const char *helper = helper_of(root, registry);
	*was_there = entry_of(json_object_get(root, "auths"), registry);
	if (helper && find_by_helper(helper, registry, &known) == 0) {
		char answer[1024];
		*was_there = *was_there || known.user || known.token;
		credentials_free(&known);
		if (run_helper(helper, "erase", key_of(registry), answer,
			       sizeof(answer)) < 0)
			return -1;
	}
	if (json_object_del(json_object_get(root, "auths"),
			    key_of(registry)) < 0)
		return 0;
	return write_config(root);
}
