/*
 * protobuf.h - messages in the wire format of Protocol Buffers, as far as
 * criu's need it: numbers, and strings, which may be messages themselves.
 *
 *	struct protobuf inner = { 0 }, outer = { 0 };
 *	protobuf_number(&inner, 2, pid);
 *	protobuf_string(&inner, 10, "dump.log");
 *	protobuf_message(&outer, 2, &inner);
 *	send(sock, outer.bytes, outer.length, 0);
 *
 * Every field is a key, its number and kind, and then the value.  A number is
 * written seven bits to a byte, the low ones first, and all bytes but the last
 * have the eighth bit; a string is its length and so many bytes.  Fields may
 * come in any order, and whoever does not know one passes over it.
 *
 * See protobuf.dev, "Encoding".
 */
#ifndef PROTOBUF_H
#define PROTOBUF_H

#include "base.h"

struct protobuf {
	unsigned char *bytes;
	size_t length;
};
void protobuf_free(struct protobuf *message);
#define auto_protobuf __attribute__((cleanup(protobuf_free), unused))

/* Add a field.  A string that is NULL is left out, and so is a false. */
void protobuf_number(struct protobuf *message, unsigned int field,
		     uint64_t value);
void protobuf_true(struct protobuf *message, unsigned int field, bool value);
void protobuf_string(struct protobuf *message, unsigned int field,
		     const char *value);
void protobuf_message(struct protobuf *message, unsigned int field,
		      const struct protobuf *value);

/* What is being read: the bytes are the caller's. */
struct protobuf_reader {
	const unsigned char *at, *end;
};
struct protobuf_field {
	unsigned int number;
	uint64_t value; /* of a number */
	struct protobuf_reader inside; /* of a string */
};
/* The next field: 1, or 0 at the end; -1 when that is no such message. */
int protobuf_next(struct protobuf_reader *reader,
		  struct protobuf_field *field);
/* A string in fresh memory; the caller frees. */
char *protobuf_text(const struct protobuf_field *field);

#endif
