/*
 * credentials.h - who we are to a registry: Docker's file config.json, so that
 * whoever has logged in with docker, podman or this is logged in with all.
 *
 *	{ "auths": { "registry.lan": { "auth": "BASE64 OF USER:PASSWORD" } },
 *	  "credsStore": "pass",
 *	  "credHelpers": { "registry.lan": "pass" } }
 *
 * The file is $DOCKER_CONFIG/config.json, else ~/.docker/config.json.  With a
 * helper the secret is kept by a program docker-credential-NAME, which speaks
 * JSON on its standard input and output.  docker.io is known there as
 * https://index.docker.io/v1/.
 */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include "base.h"

struct credentials {
	char *user, *password; /* NULL when there are none */
	char *token;	       /* an identity token in place of a password */
};
void credentials_free(struct credentials *credentials);

/* Nothing found is no failure. */
int credentials_find(const char *registry, struct credentials *credentials);
/* *file is where they went in plain, for a warning, or NULL with a helper;
 * the caller frees. */
int credentials_store(const char *registry,
		      const struct credentials *credentials, char **file);
int credentials_erase(const char *registry, bool *was_there);

/* "dXNlcjpwYXNz", as the header Authorization: Basic wants it.  The caller
 * frees. */
char *credentials_basic(const struct credentials *credentials);
/* The reverse, for a text from the file; -1 when it is none. */
int credentials_parse_basic(const char *basic,
			    struct credentials *credentials);

#endif
