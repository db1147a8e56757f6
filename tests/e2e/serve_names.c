/*
 * serve_names.c - who starts a container or connects it to a network, as far
 * as the name server is concerned: dns_serve.h by hand.
 *
 *	serve_names serve NETWORKS ID PID
 *	serve_names tidy NETWORKS
 */
#include <stdlib.h>
#include <string.h>

#include "dns_serve.h"

int
main(int argc, char **argv)
{
	int result = -1;
	failx("usage: serve_names serve NETWORKS ID PID");
	if (argc == 5 && strcmp(argv[1], "serve") == 0)
		result = dns_serve(argv[2], argv[3], atoi(argv[4]));
	else if (argc == 3 && strcmp(argv[1], "tidy") == 0)
		result = dns_serve_tidy(argv[2]);
	if (result < 0)
		fprintf(stderr, "serve_names: %s\n", failure.text);
	return result < 0;
}
