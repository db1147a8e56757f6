/* test_protobuf.c - messages as criu's: written, read, and refused. */
#include "protobuf.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static struct protobuf_reader
reader_of(const void *bytes, size_t length)
{
	return (struct protobuf_reader){ bytes,
					 (const unsigned char *)bytes +
						 length };
}

/* The examples of "Encoding" at protobuf.dev: field 1 is 150, 2 "testing". */
static void
it_is_written_as_documented(void **state)
{
	(void)state;
	static const unsigned char wanted[] = {
		0x08, 0x96, 0x01, 0x12, 0x07, 't', 'e', 's', 't', 'i', 'n', 'g',
		/* field 3: the message of field 1 alone */
		0x1a, 0x03, 0x08, 0x96, 0x01,
		/* field 16 needs a second byte for its key */
		0x80, 0x01, 0x01,
	};
	auto_protobuf struct protobuf inner = { 0 };
	auto_protobuf struct protobuf message = { 0 };
	protobuf_number(&inner, 1, 150);
	protobuf_number(&message, 1, 150);
	protobuf_string(&message, 2, "testing");
	protobuf_string(&message, 2, NULL);
	protobuf_message(&message, 3, &inner);
	protobuf_true(&message, 16, true);
	protobuf_true(&message, 17, false);
	assert_int_equal(message.length, sizeof(wanted));
	assert_memory_equal(message.bytes, wanted, sizeof(wanted));
}

static void
what_is_written_is_read(void **state)
{
	(void)state;
	static const uint64_t values[] = { 0,	1,	127,	   128,
					   300, 1 << 21, UINT64_MAX };
	for (size_t i = 0; i < countof(values); i++) {
		auto_protobuf struct protobuf message = { 0 };
		struct protobuf_field field;
		protobuf_number(&message, 600, values[i]);
		protobuf_string(&message, 1, "");
		struct protobuf_reader reader =
			reader_of(message.bytes, message.length);
		assert_int_equal(protobuf_next(&reader, &field), 1);
		assert_int_equal(field.number, 600);
		assert_true(field.value == values[i]);
		assert_int_equal(protobuf_next(&reader, &field), 1);
		auto_free char *string = protobuf_text(&field);
		assert_string_equal(string, "");
		assert_int_equal(protobuf_next(&reader, &field), 0);
	}
}

static void
fields_of_other_kinds_are_passed_over(void **state)
{
	(void)state;
	static const unsigned char bytes[] = {
		0x09, 1, 2, 3, 4, 5, 6, 7, 8, /* field 1: eight bytes */
		0x15, 1, 2, 3, 4,	      /* field 2: four */
		0x18, 5,		      /* field 3: 5 */
	};
	struct protobuf_reader reader = reader_of(bytes, sizeof(bytes));
	struct protobuf_field field;
	for (unsigned int number = 1; number <= 3; number++) {
		assert_int_equal(protobuf_next(&reader, &field), 1);
		assert_int_equal(field.number, number);
	}
	assert_int_equal(field.value, 5);
	assert_int_equal(protobuf_next(&reader, &field), 0);
}

static void
what_is_cut_off_or_wrong_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t length;
	} wrong[] = {
		{ "\x08", 1 },		/* no value */
		{ "\x08\x96", 2 },	/* one that goes on */
		{ "\x88", 1 },		/* a key that goes on */
		{ "\x12\x07test", 6 },	/* seven bytes, of which are four */
		{ "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },
		{ "\x09\1\2\3", 4 },	/* eight bytes, of which are three */
		{ "\x0b", 1 },		/* a group, which nobody has used */
		{ "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12 },
	};
	for (size_t i = 0; i < countof(wrong); i++) {
		/* Of exactly this size: to read on is an error of its own. */
		auto_free unsigned char *bytes = new_bytes(wrong[i].length);
		memcpy(bytes, wrong[i].bytes, wrong[i].length);
		struct protobuf_reader reader =
			reader_of(bytes, wrong[i].length);
		struct protobuf_field field;
		assert_int_equal(protobuf_next(&reader, &field), -1);
		assert_non_null(strstr(failure.text, "Protocol Buffers"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_written_as_documented),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(fields_of_other_kinds_are_passed_over),
		cmocka_unit_test(what_is_cut_off_or_wrong_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
