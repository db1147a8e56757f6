/*
 * challenge.h - what a registry asks for before it answers: the header
 * WWW-Authenticate (RFC 7235; distribution-spec, token authentication).
 *
 *	Bearer realm="https://auth.docker.io/token",
 *	    service="registry.docker.io",scope="repository:library/busybox:pull"
 *	Basic realm="Registry"
 */
#ifndef CHALLENGE_H
#define CHALLENGE_H

#include "credentials.h"
#include "http.h"

struct challenge {
	bool is_bearer; /* else Basic */
	char *realm, *service, *scope; /* "" when not said */
};

/* -1 for what is neither, or cannot be read. */
int challenge_parse(const char *header, struct challenge *challenge);
void challenge_free(struct challenge *challenge);
#define auto_challenge __attribute__((cleanup(challenge_free)))

/*
 * The header that answers it, "Authorization: ...", for the caller to free;
 * NULL with the reason.  For Bearer a token is fetched from the realm, with
 * the credentials, if there are any; they are not sent in the clear when the
 * registry itself, `server`, was reached by https.  `scope` counts when the
 * challenge has none.
 */
char *challenge_answer(const struct challenge *challenge,
		       const struct http_server *server,
		       const struct credentials *credentials,
		       const char *scope);

#endif
