/* test_ahead.c - a stream read ahead: all of it, in order, whoever is slower,
 * and whoever stops. */
#include "ahead.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

enum { BLOCKS = 500, MOST = 3000 };

/* Blocks of many sizes; one buffer for all, as most streams have. */
struct source {
	struct stream stream;
	int given;	/* blocks */
	int fails_at;	/* the number of the block that cannot be read, or -1 */
	int pause_us;	/* before each */
	bool ended;	/* it was read to its end, and must not be again */
	char buffer[MOST];
};

static size_t
size_of(int number)
{
	return 1 + (size_t)number * 7919 % MOST;
}

static ssize_t
source_next(struct stream *stream, const void **block)
{
	struct source *source = (struct source *)stream;
	if (source->ended)
		return failx("read after the end");
	if (source->pause_us)
		usleep(source->pause_us);
	source->ended = source->given == source->fails_at ||
			source->given == BLOCKS;
	if (source->given == source->fails_at) {
		errno = EIO;
		return fail("read block %d", source->given);
	}
	if (source->given == BLOCKS)
		return 0;
	size_t size = size_of(source->given);
	memset(source->buffer, source->given++ % 251, sizeof(source->buffer));
	*block = source->buffer;
	return size;
}

static void
open_source(struct source *source, struct ahead_stream *ahead, int fails_at,
	    int pause_us)
{
	*source = (struct source){ .stream = { source_next, NULL },
				   .fails_at = fails_at,
				   .pause_us = pause_us };
	failure = (struct failure){ 0 };
	assert_int_equal(ahead_stream_open(ahead, &source->stream), 0);
}

/* Block `number` is the next one, and all its own. */
static void
take(struct ahead_stream *ahead, int number)
{
	const void *block;
	assert_int_equal(stream_next(&ahead->stream, &block), size_of(number));
	for (size_t i = 0; i < size_of(number); i++)
		if (((const unsigned char *)block)[i] != number % 251)
			fail_msg("block %d is another at %zu", number, i);
}

static void
all_comes_in_order(void **state)
{
	static const int pauses_us[][2] = { { 0, 0 }, { 50, 0 }, { 0, 50 } };
	(void)state;
	for (size_t n = 0; n < countof(pauses_us); n++) {
		struct source source;
		struct ahead_stream ahead;
		const void *block;
		open_source(&source, &ahead, -1, pauses_us[n][0]);
		for (int i = 0; i < BLOCKS; i++) {
			if (pauses_us[n][1])
				usleep(pauses_us[n][1]);
			take(&ahead, i);
		}
		/* The end is the end, however often one asks. */
		for (int i = 0; i < 3; i++)
			assert_int_equal(stream_next(&ahead.stream, &block), 0);
		ahead_stream_close(&ahead);
		assert_int_equal(source.given, BLOCKS);
	}
}

static void
a_failure_comes_after_what_was_good(void **state)
{
	static const int places[] = { 0, 1, AHEAD_BLOCKS - 1, AHEAD_BLOCKS,
				      AHEAD_BLOCKS + 1, BLOCKS - 1 };
	(void)state;
	for (size_t n = 0; n < countof(places); n++) {
		struct source source;
		struct ahead_stream ahead;
		const void *block;
		auto_free char *words = text("read block %d: %s", places[n],
					     strerror(EIO));
		open_source(&source, &ahead, places[n], 0);
		for (int i = 0; i < places[n]; i++)
			take(&ahead, i);
		for (int i = 0; i < 3; i++) {
			failx("something else");
			assert_int_equal(stream_next(&ahead.stream, &block),
					 -1);
			assert_string_equal(failure.text, words);
			assert_int_equal(failure.code, EIO);
		}
		ahead_stream_close(&ahead);
	}
}

/* The thread waits for room, or is at a block, or has come to an end. */
static void
a_reader_may_stop_anywhere(void **state)
{
	(void)state;
	for (int blocks = 0; blocks < 3 * AHEAD_BLOCKS; blocks++) {
		for (int pause_us = 0; pause_us < 300; pause_us += 100) {
			struct source source;
			struct ahead_stream ahead;
			open_source(&source, &ahead, 2 * AHEAD_BLOCKS, 0);
			for (int i = 0; i < blocks && i < source.fails_at; i++)
				take(&ahead, i);
			usleep(pause_us);
			failx("the reader's own reason");
			ahead_stream_close(&ahead);
			assert_string_equal(failure.text,
					    "the reader's own reason");
			assert_in_range(source.given, 0, 2 * AHEAD_BLOCKS);
			ahead_stream_close(&ahead);
		}
	}
}

/* No more is read than there is room for: what comes may have no end. */
static void
it_is_not_read_far_ahead(void **state)
{
	struct source source;
	struct ahead_stream ahead;
	(void)state;
	open_source(&source, &ahead, -1, 0);
	take(&ahead, 0);
	usleep(20000);
	ahead_stream_close(&ahead);
	assert_in_range(source.given, 1, AHEAD_BLOCKS + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_comes_in_order),
		cmocka_unit_test(a_failure_comes_after_what_was_good),
		cmocka_unit_test(a_reader_may_stop_anywhere),
		cmocka_unit_test(it_is_not_read_far_ahead),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
