/*
 * dns_message.h - the packets of the domain name system: a query is read, an
 * answer is written, and a reply to what was forwarded is recognised.
 *
 * Nothing here knows a socket.  What is read may be anything at all: every
 * length is checked against the packet's end, and a name follows its pointers
 * only backwards, so that none leads round in a circle.  RFC 1035, section 4;
 * RFC 6891 for EDNS; RFC 2181, section 9, for what is cut off.
 */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include "base.h"

#define DNS_HEADER 12
#define DNS_NAME_SIZE 255 /* the most bytes of a name in a packet */
#define DNS_UDP_SIZE 512 /* what a client takes who does not say */
#define DNS_EDNS_SIZE 1232 /* and what we say: no fragments in IPv6 */
#define DNS_TCP_SIZE 65535

enum dns_type {
	DNS_A = 1, DNS_PTR = 12, DNS_AAAA = 28, DNS_OPT = 41, DNS_ANY = 255
};
enum { DNS_INTERNET = 1 };
enum dns_rcode {
	DNS_OK = 0, DNS_FORMAT = 1, DNS_SERVER_FAILURE = 2, DNS_NO_NAME = 3,
	DNS_NOT_IMPLEMENTED = 4, DNS_REFUSED = 5, DNS_BAD_VERSION = 16
};

struct dns_query {
	uint16_t id;
	uint16_t flags;
	uint8_t name[DNS_NAME_SIZE]; /* as in a packet, letters as sent */
	size_t name_length; /* 0: the question could not be read */
	char text[DNS_NAME_SIZE]; /* "web.red" in small letters; "" for a
				     name that no host can have */
	uint16_t type, class;
	bool has_edns;
	uint16_t size; /* the most that the client takes by UDP */
};

/*
 * 0 with `*query`.  A dns_rcode above it: answer with that, and with the
 * question as far as `query` has one.  -1: to be ignored, for it is none (too
 * short for a header, or itself an answer; to answer that could go on for
 * ever).
 */
int dns_read_query(const uint8_t *packet, size_t length,
		   struct dns_query *query);

/*
 * A name from `*offset` on, without its pointers, into `name`; its length, and
 * `*offset` is behind it.  -1 for what is none.
 */
int dns_read_name(const uint8_t *packet, size_t length, size_t *offset,
		  uint8_t name[DNS_NAME_SIZE]);

/* "web.red" as it is in a packet; its length, or -1 where a label is empty or
 * longer than 63 bytes, or the whole too long. */
int dns_write_name(const char *text, uint8_t name[DNS_NAME_SIZE]);

/* ---- an answer ---------------------------------------------------------- */

/*
 *	struct dns_reply reply;
 *	dns_reply_begin(&reply, &query, room, size);
 *	dns_reply_add(&reply, DNS_A, address, 4);
 *	size_t length = dns_reply_end(&reply, DNS_OK);
 *
 * What does not fit in `size` bytes is left out, and the answer says so (TC):
 * then the client asks again by TCP.  `size` is at least DNS_UDP_SIZE.
 */
struct dns_reply {
	const struct dns_query *query;
	uint8_t *bytes;
	size_t size, length;
	uint16_t answers;
	bool is_cut;
};
/* Seconds that an answer may be kept: a container may be gone at once. */
#define DNS_TTL 1

void dns_reply_begin(struct dns_reply *reply, const struct dns_query *query,
		     uint8_t *bytes, size_t size);
void dns_reply_add(struct dns_reply *reply, enum dns_type type,
		   const void *data, size_t length);
size_t dns_reply_end(struct dns_reply *reply, enum dns_rcode rcode);

/* ---- forwarding --------------------------------------------------------- */

/*
 * Make a query that was read by dns_read_query() ours: another id, and each
 * letter of the name large or small by one bit of `random` (0x20, of
 * draft-vixie-dnsext-dns0x20): who answers without having seen the question
 * has to guess both.
 */
void dns_disguise(uint8_t *packet, uint16_t id,
		  const uint8_t random[DNS_NAME_SIZE]);

enum dns_match {
	DNS_STRANGE, /* no answer to this; ignore it */
	DNS_MATCH, /* the answer */
	DNS_OTHER_LETTERS, /* may be the answer: ask again by TCP */
	DNS_ONLY_ERROR, /* without a question: it could not read ours */
};
/* Is `packet` the answer to `asked`, of `asked_length` bytes? */
enum dns_match dns_match_reply(const uint8_t *packet, size_t length,
			       const uint8_t *asked, size_t asked_length);
/* Give an answer the id and the letters of the client's query. */
void dns_restore(uint8_t *packet, const struct dns_query *query);

static inline uint16_t
dns_number(const uint8_t *bytes)
{
	return bytes[0] << 8 | bytes[1];
}
static inline void
dns_put_number(uint8_t *bytes, uint16_t number)
{
	bytes[0] = number >> 8;
	bytes[1] = number & 255;
}
static inline enum dns_rcode
dns_rcode_of(const uint8_t *packet)
{
	return packet[3] & 15;
}

#endif
