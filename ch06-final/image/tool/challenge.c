/* challenge.c - see challenge.h.  Runs in mydocker-image. */
#include "challenge.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TOKEN_MAX ((size_t)1024 * 1024)

void
challenge_free(struct challenge *challenge)
{
	free(challenge->realm);
	free(challenge->service);
	free(challenge->scope);
	*challenge = (struct challenge){ 0 };
}

/* ---- reading ----------------------------------------------------------- */

/* A value: a word, or a text in quotes, in which a backslash protects.  The
 * caller frees; NULL when the quotes are not closed. */
static char *
read_value(const char **at)
{
	const char *s = *at;
	auto_free char *value = new_bytes(strlen(s) + 1);
	size_t length = 0;
	if (*s != '"') {
		length = strcspn(s, ", \t");
		memcpy(value, s, length);
		*at = s + length;
		return take_ptr(&value);
	}
	for (s++; *s && *s != '"'; s++) {
		if (*s == '\\' && s[1])
			s++;
		value[length++] = *s;
	}
	if (*s != '"')
		return NULL;
	*at = s + 1;
	return take_ptr(&value);
}

static void
take_parameter(struct challenge *challenge, const char *name, size_t length,
	       char *value)
{
	struct {
		const char *name;
		char **where;
	} known[] = {
		{ "realm", &challenge->realm },
		{ "service", &challenge->service },
		{ "scope", &challenge->scope },
	};
	for (size_t i = 0; i < countof(known); i++) {
		if (strlen(known[i].name) != length ||
		    strncasecmp(name, known[i].name, length) != 0)
			continue;
		free(*known[i].where);
		*known[i].where = copy_text(value);
	}
}

static int
read_parameters(const char *at, struct challenge *challenge)
{
	for (;;) {
		at += strspn(at, ", \t");
		size_t length = strcspn(at, "=, \t");
		const char *name = at;
		if (*at == '\0')
			return 0;
		/* A word without a value begins another scheme: ours won. */
		if (at[length] != '=')
			return 0;
		at += length + 1;
		auto_free char *value = read_value(&at);
		if (!value)
			return -1;
		take_parameter(challenge, name, length, value);
	}
}

int
challenge_parse(const char *header, struct challenge *challenge)
{
	*challenge = (struct challenge){ .realm = copy_text(""),
					 .service = copy_text(""),
					 .scope = copy_text("") };
	size_t length = strcspn(header, " \t");
	bool is_basic = length == 5 && strncasecmp(header, "Basic", 5) == 0;
	challenge->is_bearer =
		length == 6 && strncasecmp(header, "Bearer", 6) == 0;
	if ((is_basic || challenge->is_bearer) &&
	    read_parameters(header + length, challenge) == 0 &&
	    (is_basic || *challenge->realm))
		return 0;
	challenge_free(challenge);
	failx("the registry asks for a proof that is not understood: "
	      "\"%.80s\"", header);
	failure.code = EPROTO;
	return -1;
}

/* ---- answering --------------------------------------------------------- */

static void
add_parameter(char **url, const char *name, const char *value)
{
	char *escaped = *value ? curl_easy_escape(NULL, value, 0) : NULL;
	if (!escaped)
		return;
	char *longer = text("%s%c%s=%s", *url, strchr(*url, '?') ? '&' : '?',
			    name, escaped);
	curl_free(escaped);
	free(*url);
	*url = longer;
}

/* A lasting token is changed for one for this occasion by a POST (OAuth 2). */
static char *
refresh_form(const struct challenge *challenge, const char *token,
	     const char *scope)
{
	auto_free char *form =
		copy_text("?grant_type=refresh_token&client_id=mydocker");
	add_parameter(&form, "service", challenge->service);
	add_parameter(&form, "scope", scope);
	add_parameter(&form, "refresh_token", token);
	return copy_text(form + 1);
}

static char *
read_token(const struct http_answer *answer)
{
	json_t *root = json_loadb(answer->body, answer->length, 0, NULL);
	const char *token = json_string_value(json_object_get(root, "token"));
	if (!token)
		token = json_string_value(json_object_get(root,
							  "access_token"));
	char *header = NULL;
	if (token && *token && !strpbrk(token, "\r\n"))
		header = text("Authorization: Bearer %s", token);
	else
		failx("the token server gave no token");
	json_decref(root);
	return header;
}

static char *
fetch_token(const struct challenge *challenge,
	    const struct http_server *server,
	    const struct credentials *credentials, const char *scope)
{
	auto_free char *url = copy_text(challenge->realm), *form = NULL;
	auto_words struct words headers = { 0 };
	auto_answer struct http_answer answer = { 0 };
	struct http_request request = { .method = "GET", .headers = &headers,
					.limit = TOKEN_MAX };
	if (credentials->token) {
		form = refresh_form(challenge, credentials->token, scope);
		request.method = "POST";
		request.body = form;
		request.body_length = strlen(form);
	} else {
		add_parameter(&url, "service", challenge->service);
		add_parameter(&url, "scope", scope);
	}
	if (credentials->user && !credentials->token) {
		add_parameter(&url, "account", credentials->user);
		auto_free char *basic = credentials_basic(credentials);
		auto_free char *header = text("Authorization: Basic %s", basic);
		words_add(&headers, header);
	}
	request.url = url;
	struct http_server realm = *server;
	realm.url = url;
	if (http_call(&realm, &request, &answer) < 0)
		return NULL;
	if (answer.status == 200)
		return read_token(&answer);
	auto_free char *status = http_status(answer.status);
	failx("unauthorized: %.100s answered with status: %s",
	      challenge->realm, status);
	failure.code = EACCES;
	return NULL;
}

char *
challenge_answer(const struct challenge *challenge,
		 const struct http_server *server,
		 const struct credentials *credentials, const char *scope)
{
	bool is_known = credentials->user || credentials->token;
	if (!challenge->is_bearer) {
		if (!credentials->user) {
			failx("no basic auth credentials");
			failure.code = EACCES;
			return NULL;
		}
		auto_free char *basic = credentials_basic(credentials);
		return text("Authorization: Basic %s", basic);
	}
	bool is_clear = strncasecmp(challenge->realm, "https://", 8) != 0;
	if (is_clear && is_known && strncmp(server->url, "https:", 6) == 0 &&
	    !server->is_unchecked) {
		failx("the registry would have the password sent in the clear "
		      "to %.100s", challenge->realm);
		return NULL;
	}
	return fetch_token(challenge, server, credentials,
			   *challenge->scope ? challenge->scope : scope);
}
