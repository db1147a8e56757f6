/*
 * login.h - say to a registry who we are, and keep it for later, or forget it.
 */
#ifndef LOGIN_H
#define LOGIN_H

#include "credentials.h"

/* `server` is as users write it, or NULL for docker.io.  A name and a password
 * that the registry does not take are not kept. */
int login_to(const char *server, const struct credentials *credentials);
int logout_of(const char *server);

#endif
