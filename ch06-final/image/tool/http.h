/*
 * http.h - requests over HTTP, by libcurl, to a server that may lie.
 *
 * What is set for every request: only http and https, also after a redirect
 * (never file:), and never from https down to http; ten redirects at most, and
 * what proves who we are goes to no other host; no wait for a server that says
 * nothing for a minute; nothing larger than the caller asked for.  Proxies are
 * those of the environment: HTTP_PROXY, HTTPS_PROXY, NO_PROXY, in either case.
 */
#ifndef HTTP_H
#define HTTP_H

#include "words.h"

#include <curl/curl.h>

/* How a server is reached: a scheme, a name, and whom to trust. */
struct http_server {
	char *url;	   /* "https://registry-1.docker.io", no slash after */
	bool is_unchecked; /* take any certificate */
	char *ca;	   /* certificates, PEM, beside the system's; or NULL */
	char *certificate, *key; /* files: ours, if it wants one; or NULL */
};
void http_server_free(struct http_server *server);

struct http_answer {
	long status;
	char *body; /* ends with NUL */
	size_t length;
	struct words headers; /* as they came: "Content-Type: ..." */
};
void http_answer_free(struct http_answer *answer);
#define auto_answer __attribute__((cleanup(http_answer_free)))

/* The value of a header, by its name in any case, or NULL. */
const char *http_header(const struct http_answer *answer, const char *name);
/* "404 Not Found".  The caller frees. */
char *http_status(long status);

/* A handle with all that is said above.  NULL on failure.  The server must
 * outlive it. */
CURL *http_handle(const struct http_server *server);
/* What went wrong, for people.  failure.code is ECONNREFUSED when no server
 * could be reached or it does not speak TLS, another value when to ask again
 * is no use, and 0 when it may be. */
int http_fail(CURLcode code, const char *url, const char *details);

struct http_request {
	const char *method;	     /* "GET" */
	const char *url;
	const struct words *headers; /* may be NULL */
	const char *body;	     /* or NULL */
	size_t body_length;
	int file;		     /* the body instead, from its start */
	uint64_t file_size;	     /* 0: there is none */
	size_t limit;		     /* bytes that the answer may have */
};

/* Make the request; that the status is a good one is for the caller to see. */
int http_call(const struct http_server *server,
	      const struct http_request *request, struct http_answer *answer);

#endif
