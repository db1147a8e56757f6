/*
 * files.h - the three files that every container gets from its runtime:
 * hostname, hosts and resolv.conf.
 */
#ifndef FILES_H
#define FILES_H

#include "settings.h"

/* Addresses are "" where there is none. */
struct files_facts {
	const char *hostname;
	const struct words *addresses; /* the container's own; or NULL */
	const char *gateway; /* the host's, as seen from the container */
	const struct words *links; /* "NAME:ADDRESS", as settings->hosts; or
				      NULL */
	bool has_names; /* it is on a network that somebody made: the name
			   server of those is its own */
};

/*
 * Write them into `dir`, with what --add-host, --dns and so on ask for.
 * resolv.conf is otherwise the host's; a name server on the host's loopback
 * would be the container's own loopback in there, so those are left out, and
 * systemd-resolved's list of the real ones is used where there is one.  With
 * the host's network all is the host's.
 */
int files_write(int dir, const struct settings *settings,
		const struct files_facts *facts);

/*
 * In the files of a container that runs, which are mounted and so written in
 * place: a line of hosts more, and those of an address no more ("": none); and
 * a resolv.conf with or without the name server of networks that somebody
 * made.
 */
int files_add_host(int dir, const char *address, const char *name);
int files_drop_host(int dir, const char *address);
int files_serve(int dir, const struct settings *settings, bool has_names);

/* The name server of networks that somebody made, seen from inside. */
#define FILES_NAME_SERVER "127.0.0.11"
/* In the container's directory: those of --dns, one a line, which that server
 * asks; not there: the host's. */
#define FILES_DNS "dns"

/* The content of the container's resolv.conf, made of the host's. */
char *files_resolv_conf(const char *host);
/* The same, with the lines that were asked for in place of the host's. */
char *files_resolv_conf_of(const struct settings *settings, const char *host);

#endif
