/* dns_message.c - the name server.  See dns_message.h. */
#include "dns_message.h"

#include <ctype.h>
#include <string.h>

#define FLAG_RESPONSE 0x8000
#define FLAG_CUT 0x0200 /* TC */
#define FLAG_WANTED 0x0100 /* RD: as asked */
#define FLAG_AVAILABLE 0x0080 /* RA */
#define OPCODE 0x7800
#define POINTER 0xc0
#define OPT_LENGTH 11

/* Offsets in the header, of what is counted. */
enum { QUESTIONS = 4, ANSWERS = 6, AUTHORITIES = 8, ADDITIONAL = 10 };

/* ---- names -------------------------------------------------------------- */

int
dns_read_name(const uint8_t *packet, size_t length, size_t *offset,
	      uint8_t name[DNS_NAME_SIZE])
{
	size_t at = *offset, lowest = at, used = 0;
	bool has_jumped = false;
	for (;;) {
		if (at >= length)
			return -1;
		size_t label = packet[at];
		if ((label & POINTER) == POINTER) {
			if (at + 1 >= length)
				return -1;
			if (!has_jumped)
				*offset = at + 2;
			has_jumped = true;
			at = dns_number(packet + at) & 0x3fff;
			if (at >= lowest)
				return -1;
			lowest = at;
			continue;
		}
		if (label & POINTER || at + 1 + label > length ||
		    used + 1 + label > DNS_NAME_SIZE)
			return -1;
		memcpy(name + used, packet + at, 1 + label);
		used += 1 + label;
		at += 1 + label;
		if (label == 0)
			break;
	}
	if (!has_jumped)
		*offset = at;
	return used;
}

int
dns_write_name(const char *text, uint8_t name[DNS_NAME_SIZE])
{
	size_t used = 0;
	while (*text) {
		size_t label = strcspn(text, ".");
		if (label == 0 || label > 63 || used + label + 2 >
		    DNS_NAME_SIZE)
			return -1;
		name[used] = label;
		memcpy(name + used + 1, text, label);
		used += 1 + label;
		text += label;
		if (*text == '.' && !*++text)
			return -1;
	}
	name[used++] = 0;
	return used;
}

/* In small letters with dots; false for what no host is called. */
static bool
name_to_text(const uint8_t *name, char text[DNS_NAME_SIZE])
{
	size_t used = 0;
	for (size_t at = 0; name[at]; at += 1 + name[at]) {
		if (at > 0)
			text[used++] = '.';
		for (size_t i = 1; i <= name[at]; i++) {
			unsigned char c = name[at + i];
			if (c >= 128 ||
			    (!isalnum(c) && c != '-' && c != '_'))
				return false;
			text[used++] = tolower(c);
		}
	}
	text[used] = '\0';
	return true;
}

/* ---- a query ------------------------------------------------------------ */

/* The records after the question: of interest is one, OPT. */
static int
read_additional(const uint8_t *packet, size_t length, size_t at,
		struct dns_query *query)
{
	uint8_t name[DNS_NAME_SIZE];
	for (unsigned left = dns_number(packet + ADDITIONAL); left > 0;
	     left--) {
		int name_length = dns_read_name(packet, length, &at, name);
		if (name_length < 0 || at + 10 > length)
			return DNS_FORMAT;
		const uint8_t *record = packet + at;
		at += 10 + dns_number(record + 8);
		if (at > length)
			return DNS_FORMAT;
		if (dns_number(record) != DNS_OPT)
			continue;
		if (query->has_edns || name_length != 1)
			return DNS_FORMAT;
		query->has_edns = true;
		query->size = dns_number(record + 2);
		if (query->size < DNS_UDP_SIZE)
			query->size = DNS_UDP_SIZE;
		if (record[5] != 0)
			return DNS_BAD_VERSION;
	}
	return 0;
}

int
dns_read_query(const uint8_t *packet, size_t length, struct dns_query *query)
{
	*query = (struct dns_query){ .size = DNS_UDP_SIZE };
	if (length < DNS_HEADER)
		return -1;
	query->id = dns_number(packet);
	query->flags = dns_number(packet + 2);
	if (query->flags & FLAG_RESPONSE)
		return -1;
	if (query->flags & OPCODE)
		return DNS_NOT_IMPLEMENTED;
	if (dns_number(packet + QUESTIONS) != 1 ||
	    dns_number(packet + ANSWERS) || dns_number(packet + AUTHORITIES))
		return DNS_FORMAT;
	size_t at = DNS_HEADER;
	int name_length = dns_read_name(packet, length, &at, query->name);
	/* Nothing before it could be pointed to: it is as long as it is. */
	if (name_length < 0 || at != DNS_HEADER + (size_t)name_length ||
	    at + 4 > length)
		return DNS_FORMAT;
	query->name_length = name_length;
	query->type = dns_number(packet + at);
	query->class = dns_number(packet + at + 2);
	if (!name_to_text(query->name, query->text))
		*query->text = '\0';
	return read_additional(packet, length, at + 4, query);
}

/* ---- an answer ---------------------------------------------------------- */

void
dns_reply_begin(struct dns_reply *reply, const struct dns_query *query,
		uint8_t *bytes, size_t size)
{
	*reply = (struct dns_reply){ .query = query, .bytes = bytes };
	reply->size = size - (query->has_edns ? OPT_LENGTH : 0);
	memset(bytes, 0, DNS_HEADER);
	reply->length = DNS_HEADER;
	if (query->name_length == 0)
		return;
	uint8_t *at = bytes + DNS_HEADER;
	memcpy(at, query->name, query->name_length);
	dns_put_number(at + query->name_length, query->type);
	dns_put_number(at + query->name_length + 2, query->class);
	reply->length += query->name_length + 4;
	dns_put_number(bytes + QUESTIONS, 1);
}

void
dns_reply_add(struct dns_reply *reply, enum dns_type type, const void *data,
	      size_t length)
{
	if (reply->is_cut || reply->length + 12 + length > reply->size) {
		reply->is_cut = true;
		return;
	}
	uint8_t *at = reply->bytes + reply->length;
	dns_put_number(at, POINTER << 8 | DNS_HEADER); /* the question's */
	dns_put_number(at + 2, type);
	dns_put_number(at + 4, DNS_INTERNET);
	dns_put_number(at + 6, 0);
	dns_put_number(at + 8, DNS_TTL);
	dns_put_number(at + 10, length);
	memcpy(at + 12, data, length);
	reply->length += 12 + length;
	reply->answers++;
}

size_t
dns_reply_end(struct dns_reply *reply, enum dns_rcode rcode)
{
	const struct dns_query *query = reply->query;
	uint8_t *header = reply->bytes, *at = header + reply->length;
	dns_put_number(header, query->id);
	dns_put_number(header + 2,
		       FLAG_RESPONSE | FLAG_AVAILABLE |
			       (query->flags & (FLAG_WANTED | OPCODE)) |
			       (reply->is_cut ? FLAG_CUT : 0) | (rcode & 15));
	dns_put_number(header + ANSWERS, reply->answers);
	if (!query->has_edns)
		return reply->length;
	memset(at, 0, OPT_LENGTH);
	dns_put_number(at + 1, DNS_OPT);
	dns_put_number(at + 3, DNS_EDNS_SIZE);
	at[5] = rcode >> 4;
	dns_put_number(header + ADDITIONAL, 1);
	return reply->length + OPT_LENGTH;
}

/* ---- forwarding --------------------------------------------------------- */

/* Where the labels of the question's name end; it is well formed. */
static size_t
question_end(const uint8_t *packet)
{
	size_t at = DNS_HEADER;
	while (packet[at])
		at += 1 + packet[at];
	return at + 1;
}

void
dns_disguise(uint8_t *packet, uint16_t id, const uint8_t random[DNS_NAME_SIZE])
{
	dns_put_number(packet, id);
	size_t end = question_end(packet);
	/* A length is at most 63, and no letter. */
	for (size_t at = DNS_HEADER; at < end; at++)
		if (packet[at] < 128 && isalpha(packet[at]))
			packet[at] = (packet[at] & ~0x20) |
				     (random[at - DNS_HEADER] & 0x20);
}

enum dns_match
dns_match_reply(const uint8_t *packet, size_t length, const uint8_t *asked,
		size_t asked_length)
{
	if (length < DNS_HEADER || dns_number(packet) != dns_number(asked) ||
	    !(dns_number(packet + 2) & FLAG_RESPONSE) ||
	    dns_number(packet + 2) & OPCODE)
		return DNS_STRANGE;
	if (dns_number(packet + QUESTIONS) == 0)
		return dns_rcode_of(packet) == DNS_OK ? DNS_STRANGE :
							DNS_ONLY_ERROR;
	size_t end = question_end(asked) + 4;
	if (dns_number(packet + QUESTIONS) != 1 || length < end ||
	    asked_length < end)
		return DNS_STRANGE;
	bool has_other_letters = false;
	for (size_t at = DNS_HEADER; at < end; at++) {
		if (packet[at] == asked[at])
			continue;
		if (at >= end - 4 || tolower(packet[at]) != tolower(asked[at]))
			return DNS_STRANGE;
		has_other_letters = true;
	}
	return has_other_letters ? DNS_OTHER_LETTERS : DNS_MATCH;
}

void
dns_restore(uint8_t *packet, const struct dns_query *query)
{
	dns_put_number(packet, query->id);
	memcpy(packet + DNS_HEADER, query->name, query->name_length);
}
