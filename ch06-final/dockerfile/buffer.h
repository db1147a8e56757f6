/*
 * buffer.h - text that grows at its end, up to a bound: what a few variables
 * can be made to say is longer than any memory.
 */
#ifndef BUFFER_H
#define BUFFER_H

#include "base.h"

/* Longer than Linux lets a variable or an argument be (128 KiB). */
#define BUFFER_MOST (1 << 20)

struct buffer {
	char *bytes; /* NUL-terminated once anything was added, "" included */
	size_t used, size;
	bool is_over; /* more came than BUFFER_MOST; it was left out */
};

void buffer_add(struct buffer *buffer, const char *bytes, size_t length);
void buffer_add_text(struct buffer *buffer, const char *string);
void buffer_add_char(struct buffer *buffer, char c);
/* The text, never NULL, the caller's to free; the buffer is empty again. */
char *buffer_take(struct buffer *buffer);
void buffer_free(struct buffer *buffer);
#define auto_buffer __attribute__((cleanup(buffer_free)))

#endif
