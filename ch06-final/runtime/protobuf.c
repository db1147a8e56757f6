/* protobuf.c - parent.  See protobuf.h. */
#include "protobuf.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBER = 0, EIGHT_BYTES = 1, STRING = 2, FOUR_BYTES = 5 };

void
protobuf_free(struct protobuf *message)
{
	free(message->bytes);
	*message = (struct protobuf){ 0 };
}

static void
add(struct protobuf *message, const void *bytes, size_t length)
{
	if (length == 0)
		return;
	message->bytes = resize_bytes(message->bytes,
				      message->length + length);
	memcpy(message->bytes + message->length, bytes, length);
	message->length += length;
}

static void
add_number(struct protobuf *message, uint64_t value)
{
	for (; value > 0x7f; value >>= 7)
		add(message, &(unsigned char){ 0x80 | (value & 0x7f) }, 1);
	add(message, &(unsigned char){ value }, 1);
}

static void
add_bytes(struct protobuf *message, unsigned int field, const void *bytes,
	  size_t length)
{
	add_number(message, field << 3 | STRING);
	add_number(message, length);
	add(message, bytes, length);
}

void
protobuf_number(struct protobuf *message, unsigned int field, uint64_t value)
{
	add_number(message, field << 3 | NUMBER);
	add_number(message, value);
}

void
protobuf_true(struct protobuf *message, unsigned int field, bool value)
{
	if (value)
		protobuf_number(message, field, 1);
}

void
protobuf_string(struct protobuf *message, unsigned int field,
		const char *value)
{
	if (value)
		add_bytes(message, field, value, strlen(value));
}

void
protobuf_message(struct protobuf *message, unsigned int field,
		 const struct protobuf *value)
{
	add_bytes(message, field, value->bytes, value->length);
}

/* ---- reading ------------------------------------------------------------- */

static int
malformed(void)
{
	return failx("this is no message in the format of Protocol Buffers");
}

static int
read_number(struct protobuf_reader *reader, uint64_t *value)
{
	*value = 0;
	for (int shift = 0; shift < 64 && reader->at < reader->end;
	     shift += 7) {
		unsigned char byte = *reader->at++;
		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return 0;
	}
	return malformed();
}

static int
read_bytes(struct protobuf_reader *reader, uint64_t length,
	   struct protobuf_reader *inside)
{
	if (length > (uint64_t)(reader->end - reader->at))
		return malformed();
	*inside = (struct protobuf_reader){ reader->at, reader->at + length };
	reader->at += length;
	return 0;
}

static int
read_value(struct protobuf_reader *reader, unsigned int kind,
	   struct protobuf_field *field)
{
	uint64_t length;
	switch (kind) {
	case NUMBER:
		return read_number(reader, &field->value);
	case STRING:
		return read_number(reader, &length) < 0 ?
			       -1 :
			       read_bytes(reader, length, &field->inside);
	case EIGHT_BYTES:
		return read_bytes(reader, 8, &field->inside);
	case FOUR_BYTES:
		return read_bytes(reader, 4, &field->inside);
	default:
		return malformed();
	}
}

int
protobuf_next(struct protobuf_reader *reader, struct protobuf_field *field)
{
	uint64_t key;
	*field = (struct protobuf_field){ 0 };
	if (reader->at == reader->end)
		return 0;
	if (read_number(reader, &key) < 0 ||
	    read_value(reader, key & 7, field) < 0)
		return -1;
	field->number = key >> 3;
	return 1;
}

char *
protobuf_text(const struct protobuf_field *field)
{
	return text("%.*s", (int)(field->inside.end - field->inside.at),
		    (const char *)field->inside.at);
}
