/*
 * port_words.h - the column PORTS of `ps`: "80-81/tcp, 0.0.0.0:5000->5000/tcp,
 * 0.0.0.0:8080->90/tcp".  As Docker has it: ports that are exposed, and those
 * that are published as they are, in ranges; then those that are published as
 * others, each for itself; all by the container's port.
 */
#ifndef PORT_WORDS_H
#define PORT_WORDS_H

#include <jansson.h>

/* `ports` as in NetworkSettings.Ports: {"80/tcp": null or a list of HostIp and
 * HostPort}.  In fresh memory. */
char *port_words(json_t *ports);

#endif
