/*
 * 05-rules.c - the way out and the way in, as nftables rules.
 *
 *	sudo build/steps/05-rules
 *
 * The text is what `nft -f` reads; libnftables is the same parser without the
 * program.  One rule writes the host's address over a container's on the way
 * out (masquerade); the other sends port 8080 of the host to port 80 of one
 * container (dnat).  Nothing is loaded outside a namespace of our own.
 */
#include <nftables/libnftables.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

static const char rules[] =
	"table ip steps {\n"
	"	map ports {\n"
	"		type inet_service : ipv4_addr . inet_service\n"
	"		elements = { 8080 : 172.29.0.2 . 80 }\n"
	"	}\n"
	"	chain prerouting {\n"
	"		type nat hook prerouting priority -100;\n"
	"		fib daddr type local dnat ip to tcp dport map @ports\n"
	"	}\n"
	"	chain postrouting {\n"
	"		type nat hook postrouting priority 100;\n"
	"		ip saddr 172.29.0.0/16 oifname != br0 masquerade\n"
	"	}\n"
	"}\n";

/* A container that comes and goes is one element of the map. */
static const char *const changes[] = {
	"add element ip steps ports { 8081 : 172.29.0.3 . 80 }",
	"delete element ip steps ports { 8080 : 172.29.0.2 . 80 }",
	"list table ip steps", /* and this prints it */
};

static void
run(struct nft_ctx *nft, const char *commands)
{
	if (nft_run_cmd_from_buffer(nft, commands) != 0)
		exit(1); /* libnftables has said why */
}

int
main(void)
{
	if (unshare(CLONE_NEWNET) < 0) {
		perror("unshare (a network namespace needs root: try sudo)");
		return 1;
	}
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!nft) {
		fprintf(stderr, "no context for nftables\n");
		return 1;
	}
	run(nft, rules);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		run(nft, changes[i]);
	nft_ctx_free(nft);
	return 0;
}
