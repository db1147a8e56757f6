/* buffer.c - see buffer.h. */
#include "buffer.h"

#include <stdlib.h>
#include <string.h>

void
buffer_add(struct buffer *buffer, const char *bytes, size_t length)
{
	if (buffer->used + length > BUFFER_MOST) {
		buffer->is_over = true;
		return;
	}
	size_t needed = buffer->used + length + 1;
	if (needed > buffer->size) {
		buffer->size = needed < 32 ? 64 : needed * 2;
		buffer->bytes = resize_bytes(buffer->bytes, buffer->size);
	}
	if (length > 0)
		memcpy(buffer->bytes + buffer->used, bytes, length);
	buffer->used += length;
	buffer->bytes[buffer->used] = '\0';
}

void
buffer_add_text(struct buffer *buffer, const char *string)
{
	buffer_add(buffer, string, strlen(string));
}

void
buffer_add_char(struct buffer *buffer, char c)
{
	buffer_add(buffer, &c, 1);
}

char *
buffer_take(struct buffer *buffer)
{
	char *bytes = buffer->bytes ? buffer->bytes : copy_text("");
	*buffer = (struct buffer){ .is_over = buffer->is_over };
	return bytes;
}

void
buffer_free(struct buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct buffer){ 0 };
}
