/*
 * dns_protocol.h - what a client says to the name server (network/dns_serve.h):
 * a container comes.
 *
 * One message by a SOCK_SEQPACKET socket: the container's id, and a line with
 * the addresses of its own name servers, or an empty one.
 *
 *	ID\n
 *	ADDRESS ADDRESS ...\n
 *
 * With it come three descriptors (unix(7), SCM_RIGHTS): a UDP socket and a
 * listening TCP socket of the container's network namespace, and a pidfd of
 * its process 1.  The answer is DNS_TAKEN, or why not, in words.
 *
 * A container's monitor connects and says nothing: it waits for the end of the
 * file, which is the server's (monitor/names_watch.h).  As long as somebody is
 * connected the server does not end by itself.
 */
#ifndef DNS_PROTOCOL_H
#define DNS_PROTOCOL_H

#define DNS_SOCKET "dns.sock" /* in the directory of networks */
#define DNS_ADDRESS "127.0.0.11" /* that containers ask; as Docker's */
#define DNS_LISTENER 3 /* the descriptor that the server begins with */
#define DNS_ID_LENGTH 64
#define DNS_MESSAGE_SIZE 512
#define DNS_TAKEN "taken"

enum { DNS_GIVEN_UDP, DNS_GIVEN_TCP, DNS_GIVEN_PROCESS, DNS_GIVEN };

#endif
