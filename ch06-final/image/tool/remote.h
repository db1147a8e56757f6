/*
 * remote.h - the verbs of mydocker-image that talk to registries.  Each gets
 * its own part of argv, its name first, and returns -1 with the reason.
 */
#ifndef REMOTE_H
#define REMOTE_H

#include "store.h"

#define REMOTE_PULL "pull [-a] [-q] [-p PLATFORM] NAME"
#define REMOTE_PUSH "push [-a] [-q] [-p PLATFORM] NAME"
#define REMOTE_LOGIN "login [-u USER] [-p PASSWORD | -s] [SERVER]"
#define REMOTE_LOGOUT "logout [SERVER]"
#define REMOTE_FETCH "fetch URL"

int remote_pull(struct store *store, int argc, char **argv);
int remote_push(struct store *store, int argc, char **argv);
/* The others need no store: `store` is NULL. */
int remote_login(struct store *store, int argc, char **argv);
int remote_logout(struct store *store, int argc, char **argv);
/* A file from a web server, to standard output, which is a file. */
int remote_fetch(struct store *store, int argc, char **argv);

#endif
