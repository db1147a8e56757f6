/* registry.c - see registry.h.  Runs in mydocker-image. */
#include "registry.h"

#include "challenge.h"
#include "reference.h"
#include "stream.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TRIES_MAX 4
#define WAIT_MS 250

static int
open_registry(struct registry *registry)
{
	if (endpoints_find(registry->host, &registry->endpoints) == 0 &&
	    credentials_find(registry->host, &registry->credentials) == 0)
		return 0;
	registry_close(registry);
	return -1;
}

int
registry_open(struct registry *registry, const char *repository,
	      const char *actions)
{
	*registry = (struct registry){ .actions = actions };
	reference_split(repository, &registry->host, &registry->path);
	return open_registry(registry);
}

int
registry_open_host(struct registry *registry, const char *host)
{
	*registry = (struct registry){ .host = copy_text(host),
				       .path = copy_text(""),
				       .actions = "" };
	return open_registry(registry);
}

void
registry_close(struct registry *registry)
{
	free(registry->host);
	free(registry->path);
	free(registry->authorization);
	endpoints_free(&registry->endpoints);
	credentials_free(&registry->credentials);
	*registry = (struct registry){ 0 };
}

const struct http_server *
registry_server(const struct registry *registry)
{
	return &registry->endpoints.list[registry->current].server;
}

char *
registry_url(const struct registry *registry, const char *what)
{
	if (strncmp(what, "http://", 7) == 0 ||
	    strncmp(what, "https://", 8) == 0)
		return copy_text(what);
	const char *base = registry_server(registry)->url;
	if (what[0] == '/')
		return text("%s%s", base, what);
	return text("%s/v2/%s%s%s", base, registry->path,
		    *registry->path ? "/" : "", what);
}

int
registry_authorize(struct registry *registry, const char *header)
{
	auto_challenge struct challenge challenge = { 0 };
	auto_free char *scope = *registry->path ?
		text("repository:%s:%s", registry->path, registry->actions) :
		copy_text("");
	if (!header) {
		failx("the registry does not say what proof it wants");
		failure.code = EACCES;
		return -1;
	}
	if (challenge_parse(header, &challenge) < 0)
		return -1;
	char *answer = challenge_answer(&challenge, registry_server(registry),
					&registry->credentials, scope);
	if (!answer)
		return -1;
	free(registry->authorization);
	registry->authorization = answer;
	return 0;
}

/* ---- again ------------------------------------------------------------- */

bool
registry_is_passing(long status)
{
	return status == 429 || status == 408 || status >= 500;
}

/* Twice as long each time. */
void
registry_wait(int attempt)
{
	long ms = (long)WAIT_MS << (attempt < 6 ? attempt - 1 : 5);
	for (; ms > 0 && !stream_interrupted; ms -= 50)
		nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
}

/* ---- a request --------------------------------------------------------- */

static int
call_once(struct registry *registry, const struct http_request *wanted,
	  struct http_answer *answer)
{
	struct http_request request = *wanted;
	auto_words struct words headers = { 0 };
	auto_free char *url = registry_url(registry, wanted->url);
	for (size_t i = 0; wanted->headers && i < wanted->headers->count; i++)
		words_add(&headers, wanted->headers->items[i]);
	/* Where an upload is to go may be another host: it has its own proof
	 * in the address. */
	const char *base = registry_server(registry)->url;
	size_t length = strlen(base);
	bool is_ours = strncmp(url, base, length) == 0 && url[length] == '/';
	if (registry->authorization && is_ours)
		words_add(&headers, registry->authorization);
	request.url = url;
	request.headers = &headers;
	return http_call(registry_server(registry), &request, answer);
}

static int
call_with_proof(struct registry *registry, const struct http_request *request,
		struct http_answer *answer)
{
	if (call_once(registry, request, answer) < 0)
		return -1;
	/* Nobody there could pass for any status. */
	if (answer->status != 401)
		return 0;
	bool is_basic = registry->authorization &&
			strstr(registry->authorization, ": Basic ");
	if (is_basic)
		return 0; /* once is enough: it is not the right password */
	if (registry_authorize(registry, http_header(answer,
						     "WWW-Authenticate")) < 0) {
		http_answer_free(answer);
		return -1;
	}
	http_answer_free(answer);
	return call_once(registry, request, answer);
}

static int
call_endpoint(struct registry *registry, const struct http_request *request,
	      struct http_answer *answer)
{
	for (int try = 1;; try++) {
		int result = call_with_proof(registry, request, answer);
		bool is_last = try == TRIES_MAX || stream_interrupted;
		/* Nobody listens, or has proof: it will be so in a second. */
		if (result < 0 && (failure.code != 0 || is_last))
			return -1;
		if (result == 0 &&
		    (is_last || !registry_is_passing(answer->status)))
			return 0;
		http_answer_free(answer);
		registry_wait(try);
	}
}

int
registry_call(struct registry *registry, struct http_request request,
	      struct http_answer *answer)
{
	for (;;) {
		const struct endpoint *endpoint =
			&registry->endpoints.list[registry->current];
		int result = call_endpoint(registry, &request, answer);
		bool is_bad = result < 0 || answer->status >= 400;
		bool is_away = result < 0 && failure.code == ECONNREFUSED;
		bool is_last = registry->current + 1 ==
			       registry->endpoints.count;
		if (is_last || !(is_away || (is_bad && endpoint->is_mirror)))
			return result;
		if (result == 0)
			http_answer_free(answer);
		/* What proved us there is nothing to the next. */
		free(take_ptr(&registry->authorization));
		registry->current++;
	}
}

/* ---- bad answers ------------------------------------------------------- */

/* { "errors": [{ "code": "MANIFEST_UNKNOWN", "message": "..." }] } */
static char *
error_text(const struct http_answer *answer)
{
	json_t *root = json_loadb(answer->body, answer->length, 0, NULL);
	json_t *first = json_array_get(json_object_get(root, "errors"), 0);
	const char *code = json_string_value(json_object_get(first, "code"));
	const char *message =
		json_string_value(json_object_get(first, "message"));
	char *found = NULL;
	if (code) {
		auto_free char *words = copy_text(code);
		for (char *c = words; *c; c++)
			*c = *c == '_' ? ' ' : tolower((unsigned char)*c);
		found = text("%.60s: %.140s", words, message ? message : "");
	}
	json_decref(root);
	return found;
}

int
registry_fail(const struct http_answer *answer)
{
	auto_free char *words = error_text(answer);
	auto_free char *status = http_status(answer->status);
	if (words)
		failx("%s", words);
	else
		failx("received unexpected HTTP status: %s", status);
	if (answer->status == 404)
		failure.code = ENOENT;
	if (answer->status == 401 || answer->status == 403)
		failure.code = EACCES;
	return -1;
}

int
registry_get(struct registry *registry, const char *what, const char *accept,
	     size_t limit, struct http_answer *answer)
{
	auto_words struct words headers = { 0 };
	if (accept)
		words_add(&headers, accept);
	struct http_request request = { .method = "GET", .url = what,
					.headers = &headers, .limit = limit };
	if (registry_call(registry, request, answer) < 0)
		return -1;
	if (answer->status == 200)
		return 0;
	registry_fail(answer);
	struct failure kept = failure;
	http_answer_free(answer);
	failure = kept;
	return -1;
}
