/*
 * registry.h - one repository of a registry (OCI distribution-spec): requests
 * below /v2/NAME/, with the proof of who we are, on whichever endpoint
 * answers.
 *
 *	struct registry registry;
 *	if (registry_open(&registry, "localhost:5000/team/app", "pull") < 0)
 *		...
 *	registry_get(&registry, "manifests/latest", ACCEPT, 4 << 20, &answer)
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include "credentials.h"
#include "endpoint.h"

struct registry {
	char *host;	     /* "docker.io", as in names */
	char *path;	     /* "library/busybox"; "" for the registry alone */
	const char *actions; /* "pull", "pull,push" */
	struct endpoints endpoints;
	size_t current; /* which of them answers */
	struct credentials credentials;
	char *authorization; /* a whole header; NULL while none is needed */
};

/* `repository` is as reference_parse() gives it. */
int registry_open(struct registry *registry, const char *repository,
		  const char *actions);
/* The registry itself, for login. */
int registry_open_host(struct registry *registry, const char *host);
/* May be called twice. */
void registry_close(struct registry *registry);

/* The address of "blobs/sha256:..." there; the caller frees. */
char *registry_url(const struct registry *registry, const char *what);
const struct http_server *registry_server(const struct registry *registry);
/* Whoever asks on his own got this status and header WWW-Authenticate: get
 * what to answer it with, into ->authorization. */
int registry_authorize(struct registry *registry, const char *header);
/* Should one try again after this status?  And how long to wait before the
 * try with this number, the first is 1; less when interrupted. */
bool registry_is_passing(long status);
void registry_wait(int attempt);

/*
 * A request.  `request->url` is what comes after the repository, or a whole
 * address of this registry's.  A challenge is answered; a server that is
 * overloaded or breaks the connection is asked again; a mirror that fails is
 * given up for the registry itself.  Any other status is the caller's to judge.
 */
int registry_call(struct registry *registry, struct http_request request,
		  struct http_answer *answer);

/* GET, for what must be there: another status than 200 is a failure in the
 * registry's words.  `accept` is a whole header or NULL. */
int registry_get(struct registry *registry, const char *what,
		 const char *accept, size_t limit, struct http_answer *answer);

/* Put a bad answer into words, as Docker does: "manifest unknown: ...".
 * failure.code is ENOENT for 404 and EACCES for 401 and 403. */
int registry_fail(const struct http_answer *answer);

#endif
