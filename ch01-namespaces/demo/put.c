/* put.c - see put.h. */
#include "put.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* The length of the character at `s`, and what it is; 0 where there is none:
 * UTF-8 (RFC 3629) without surrogates and the two that XML forbids. */
static size_t
character(const char *s, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char lead = *s;
	size_t length = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 :
			lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0;
	if (length < 2) {
		*code = lead;
		return length;
	}
	*code = lead & (0x7f >> length);
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	bool is_none = *code < least[length] || *code > 0x10ffff ||
		       (*code >= 0xd800 && *code < 0xe000) ||
		       *code == 0xfffe || *code == 0xffff;
	return is_none ? 0 : length;
}

static bool
is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/* What to put for a character that cannot stand as it is, or NULL. */
typedef const char *substitute(uint32_t code, char room[8]);

static void
put(FILE *out, const char *string, substitute *instead)
{
	while (*string) {
		uint32_t code;
		char room[8];
		size_t length = character(string, &code);
		const char *other = length ? instead(code, room) : REPLACEMENT;
		if (other)
			fputs(other, out);
		else
			fwrite(string, 1, length, out);
		string += length ? length : 1;
	}
}

static const char *
instead_in_plain(uint32_t code, char room[8])
{
	(void)room;
	return is_control(code) ? REPLACEMENT : NULL;
}

static const char *
instead_in_xml(uint32_t code, char room[8])
{
	return code == '&' ? "&amp;" : code == '<' ? "&lt;" :
	       code == '>' ? "&gt;" : code == '"' ? "&quot;" :
	       instead_in_plain(code, room);
}

static const char *
instead_in_json(uint32_t code, char room[8])
{
	if (code != '"' && code != '\\' && !is_control(code))
		return NULL;
	snprintf(room, 8, "\\u%04x", code);
	return room;
}

void
put_plain(FILE *out, const char *string)
{
	put(out, string, instead_in_plain);
}

void
put_xml(FILE *out, const char *string)
{
	put(out, string, instead_in_xml);
}

void
put_json(FILE *out, const char *string)
{
	fputc('"', out);
	put(out, string, instead_in_json);
	fputc('"', out);
}
