/*
 * stream.h - what the container writes, on its way into the log and to the
 * clients that are attached.
 *
 * What was read goes to every client before more is read: a client that is
 * slow, like a full disk, makes the container wait in its write(2), and nothing
 * is ever piled up here.
 *
 * Lines are cut as Docker's copier cuts them: a piece of PROTOCOL_BYTES without
 * a newline is an entry of its own, and all pieces of a line have the time of
 * the first.
 */
#ifndef STREAM_H
#define STREAM_H

#include "base.h"

struct monitor;
struct stream;

/* Carry what `fd` (from now on ours, or -1) brings. */
void stream_open(struct monitor *m, struct stream *stream, int fd);

/* Go on, if it may: after a client has taken its part, the log has room, or
 * the container has ended (then it is read to the end and closed). */
void stream_pump(struct monitor *m, struct stream *stream);

/* Lines of our own, when the stream is done: for the clients, not in the log.
 * It is done again when all have taken them. */
void stream_say(struct monitor *m, struct stream *stream, const char *lines);

/* Is all of it read, in the log, and with the clients? */
bool stream_is_done(const struct stream *stream);

#endif
