/*
 * fuzz_dns.c - what a container may ask the name server, and what may come
 * from those to whom it was forwarded.
 *
 * The first byte is whose packet the rest is: even, a container's; odd, the
 * answer to one question, with the id and the letters of that.
 */
#include "fuzz.h"

#include "dns_answer.h"

#define ASKER "1111111111111111111111111111111111111111111111111111111111111111"
#define OTHER "2222222222222222222222222222222222222222222222222222222222222222"

static const char red[] =
	"network red\n" ASKER " 11 172.30.0.2 fd00::2 web www\n"
	OTHER " 12 172.30.0.3 - db www\n";

/* Those whose name is as long as it can be do not all fit in an answer. */
static void
load_names(struct dns_names *names, const char *kind)
{
	char *many = text("network many%s\n" ASKER " 1 10.9.0.1 - a\n", kind);
	for (int i = 0; i < 60; i++) {
		char *longer = text("%s" OTHER " 1 10.9.1.%d fd00::%d all\n",
				    many, i, i);
		free(many);
		many = longer;
	}
	hold(dns_names_add(names, many) == 0);
	free(many);
	hold(dns_names_add(names, red) == 0);
}

/* An answer is one that we would read ourselves, with its question in it. */
static void
check_answer(const struct dns_query *query, const uint8_t *room, size_t length,
	     size_t size)
{
	uint8_t name[DNS_NAME_SIZE];
	hold(length >= DNS_HEADER && length <= size);
	hold(dns_number(room) == query->id && room[2] & 0x80);
	hold(dns_number(room + 4) == (query->name_length > 0));
	size_t at = DNS_HEADER;
	if (query->name_length > 0) {
		int got = dns_read_name(room, length, &at, name);
		hold(got == (int)query->name_length &&
		     memcmp(name, query->name, got) == 0);
		at += 4;
	}
	unsigned records = dns_number(room + 6) + dns_number(room + 8) +
			   dns_number(room + 10);
	for (; records > 0; records--) {
		hold(dns_read_name(room, length, &at, name) > 0);
		hold(at + 10 <= length);
		at += 10 + dns_number(room + at + 8);
	}
	hold(at == length);
}

static void
answer(struct dns_names *names, const struct dns_query *query, size_t size)
{
	auto_free uint8_t *room = new_bytes(size);
	size_t length = dns_answer(names, ASKER, query, room, size);
	if (length > 0)
		check_answer(query, room, length, size);
	length = dns_answer_code(query, DNS_SERVER_FAILURE, room, size);
	check_answer(query, room, length, size);
	length = dns_answer_cut(query, room, size);
	check_answer(query, room, length, size);
}

/* With a way out, and without; they are the same for every input. */
static struct dns_names *
known_names(bool is_internal)
{
	static struct dns_names all[2];
	struct dns_names *names = &all[is_internal];
	if (names->count == 0)
		load_names(names, is_internal ? " internal" : "");
	names->turn = 0;
	return names;
}

static void
ask(const uint8_t *packet, size_t size)
{
	struct dns_query query, again;
	int code = dns_read_query(packet, size, &query);
	if (code < 0)
		return;
	hold(query.size >= DNS_UDP_SIZE);
	hold(strlen(query.text) < DNS_NAME_SIZE);
	struct dns_names *names = known_names(query.id & 1);
	if (code > 0) {
		uint8_t room[DNS_UDP_SIZE];
		check_answer(&query, room,
			     dns_answer_code(&query, code, room, sizeof(room)),
			     sizeof(room));
	} else {
		answer(names, &query, query.size);
		answer(names, &query, DNS_TCP_SIZE);
		/* What is forwarded is the same question. */
		uint8_t letters[DNS_NAME_SIZE];
		memset(letters, packet[0], sizeof(letters));
		auto_free uint8_t *copy = (uint8_t *)fuzz_bytes(packet, size);
		dns_disguise(copy, 0x1234, letters);
		hold(dns_read_query(copy, size, &again) == 0);
		hold(again.id == 0x1234 && again.type == query.type &&
		     strcmp(again.text, query.text) == 0);
		dns_restore(copy, &query);
		hold(memcmp(copy, packet, size) == 0);
	}
}

static void
take_reply(uint8_t *packet, size_t size)
{
	static const uint8_t asked[] =
		"\x12\x34\x01\0\0\1\0\0\0\0\0\0\3wEb\3rED\0\0\1\0\1";
	struct dns_query query;
	hold(dns_read_query(asked, sizeof(asked) - 1, &query) == 0);
	enum dns_match match = dns_match_reply(packet, size, asked,
					       sizeof(asked) - 1);
	if (match == DNS_MATCH || match == DNS_OTHER_LETTERS) {
		dns_restore(packet, &query);
		hold(dns_match_reply(packet, size, asked, sizeof(asked) - 1) ==
		     DNS_MATCH);
	}
}

int
fuzz(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	auto_free uint8_t *packet = (uint8_t *)fuzz_bytes(data + 1, size - 1);
	if (data[0] & 1)
		take_reply(packet, size - 1);
	else
		ask(packet, size - 1);
	return 0;
}
