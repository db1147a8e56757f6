/* jsonlog.c - parent and monitor.  See jsonlog.h. */
#include "jsonlog.h"

#include <stdlib.h>
#include <string.h>

/* ---- writing ----------------------------------------------------------- */

/* The length of the UTF-8 character at `s`, 0 when it is none: as Unicode has
 * it, without surrogates, overlong forms, or what is beyond U+10FFFF. */
static size_t
utf8_length(const unsigned char *s, size_t left)
{
	unsigned char first = s[0], low = 0x80, high = 0xbf;
	size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	if (first < 0xc2 || first > 0xf4 || left < length)
		return 0;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return length;
}

static char *
put(char *to, const char *bytes, size_t length)
{
	memcpy(to, bytes, length);
	return to + length;
}

/* What may stand in a string as it is: all of ASCII but " & < > \ and what is
 * before the blank. */
static const bool is_plain[256] = {
	[' '] = true,	      ['!'] = true,	    ['#' ... '%'] = true,
	['\'' ... ';'] = true, ['='] = true,	    ['?' ... '['] = true,
	[']' ... 0x7f] = true,
};

/* What begins at `s` and is not plain; `*used` bytes of it are dealt with. */
static char *
put_special(char *to, const unsigned char *s, size_t left, size_t *used)
{
	static const char hex[] = "0123456789abcdef";
	*used = 1;
	if (*s == '"' || *s == '\\')
		return put(put(to, "\\", 1), (const char *)s, 1);
	if (*s == '\n' || *s == '\r')
		return put(to, *s == '\n' ? "\\n" : "\\r", 2);
	if (*s < 0x80) {
		char escaped[] = { hex[*s >> 4], hex[*s & 15] };
		return put(put(to, "\\u00", 4), escaped, 2);
	}
	size_t length = utf8_length(s, left);
	if (length == 0)
		return put(to, "\\ufffd", 6);
	*used = length;
	/* Two line separators that JavaScript stumbles over. */
	if (length == 3 && (memcmp(s, "\xe2\x80\xa8", 3) == 0 ||
			    memcmp(s, "\xe2\x80\xa9", 3) == 0))
		return put(to, s[2] == 0xa8 ? "\\u2028" : "\\u2029", 6);
	return put(to, (const char *)s, length);
}

static char *
put_escaped(char *to, const char *bytes, size_t length)
{
	const unsigned char *s = (const unsigned char *)bytes;
	for (size_t i = 0; i < length;) {
		size_t plain = i, used = 0;
		while (plain < length && is_plain[s[plain]])
			plain++;
		to = put(to, bytes + i, plain - i);
		if (plain < length)
			to = put_special(to, s + plain, length - plain, &used);
		i = plain + used;
	}
	return to;
}

size_t
jsonlog_encode(char *to, const char *stream, const char *piece, size_t length,
	       bool is_last, const struct timespec *time)
{
	char stamp[JSONLOG_TIME];
	jsonlog_time(stamp, time, true);
	char *end = put(to, "{", 1);
	if (length > 0 || is_last) {
		end = put(end, "\"log\":\"", 7);
		end = put_escaped(end, piece, length);
		end = put(end, is_last ? "\\n\"," : "\",", is_last ? 4 : 2);
	}
	end = stpcpy(stpcpy(end, "\"stream\":\""), stream);
	end = stpcpy(stpcpy(end, "\",\"time\":\""), stamp);
	return stpcpy(end, "\"}\n") - to;
}

/* ---- time -------------------------------------------------------------- */

static char *
put_digits(char *to, unsigned int value, int digits)
{
	for (int i = digits - 1; i >= 0; i--, value /= 10)
		to[i] = '0' + value % 10;
	return to + digits;
}

void
jsonlog_time(char to[JSONLOG_TIME], const struct timespec *time, bool is_short)
{
	/* Most lines are of the same second as the line before. */
	static char day[JSONLOG_TIME];
	static time_t known = -1;
	if (time->tv_sec != known) {
		struct tm tm;
		gmtime_r(&time->tv_sec, &tm);
		char *end = put_digits(day, tm.tm_year + 1900, 4);
		end = put_digits(put(end, "-", 1), tm.tm_mon + 1, 2);
		end = put_digits(put(end, "-", 1), tm.tm_mday, 2);
		end = put_digits(put(end, "T", 1), tm.tm_hour, 2);
		end = put_digits(put(end, ":", 1), tm.tm_min, 2);
		end = put_digits(put(end, ":", 1), tm.tm_sec, 2);
		*end = '\0';
		known = time->tv_sec;
	}
	char *end = stpcpy(to, day);
	if (!is_short || time->tv_nsec) {
		end = put_digits(put(end, ".", 1), time->tv_nsec, 9);
		while (is_short && end[-1] == '0')
			end--;
	}
	strcpy(end, "Z");
}

/* ---- reading ----------------------------------------------------------- */

static int
hex_value(const char *digits)
{
	int value = 0;
	for (int i = 0; i < 4; i++) {
		char c = digits[i];
		int digit = c >= '0' && c <= '9' ? c - '0' :
			    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
			    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

static char *
put_utf8(char *to, unsigned int c)
{
	if (c < 0x80) {
		*to++ = c;
	} else if (c < 0x800) {
		*to++ = 0xc0 | c >> 6;
		*to++ = 0x80 | (c & 0x3f);
	} else if (c < 0x10000) {
		*to++ = 0xe0 | c >> 12;
		*to++ = 0x80 | (c >> 6 & 0x3f);
		*to++ = 0x80 | (c & 0x3f);
	} else {
		*to++ = 0xf0 | c >> 18;
		*to++ = 0x80 | (c >> 12 & 0x3f);
		*to++ = 0x80 | (c >> 6 & 0x3f);
		*to++ = 0x80 | (c & 0x3f);
	}
	return to;
}

/* After a "\u": the character, which may be said in two halves. */
static char *
take_unicode(char **from, const char *end, char *to)
{
	int c = end - *from < 4 ? -1 : hex_value(*from);
	if (c < 0)
		return NULL;
	*from += 4;
	if (c >= 0xd800 && c < 0xdc00 && end - *from >= 6 &&
	    (*from)[0] == '\\' && (*from)[1] == 'u') {
		int low = hex_value(*from + 2);
		if (low >= 0xdc00 && low < 0xe000) {
			*from += 6;
			return put_utf8(to, 0x10000 + ((c - 0xd800) << 10) +
						    (low - 0xdc00));
		}
	}
	return put_utf8(to, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
}

/*
 * The string that begins at *from, behind its quotation mark, decoded in its
 * own place: no escape is shorter than what it stands for.  *from is behind
 * its end then; NULL when it has none.
 */
static char *
take_string(char **from, const char *end, size_t *length)
{
	static const char escapes[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	char *start = *from, *to = start, *s = start;
	for (;;) {
		size_t plain = 0;
		while (s + plain < end && s[plain] != '"' && s[plain] != '\\')
			plain++;
		if (to != s)
			memmove(to, s, plain);
		to += plain;
		s += plain;
		if (s >= end || *s == '"')
			break;
		const char *known = s + 1 < end && s[1] ?
					    strchr(escapes, s[1]) : NULL;
		bool is_unicode = s + 1 < end && s[1] == 'u';
		if (!known && !is_unicode)
			return NULL;
		s += 2;
		if (known)
			*to++ = means[known - escapes];
		else if (!(to = take_unicode(&s, end, to)))
			return NULL;
	}
	if (s >= end)
		return NULL;
	*from = s + 1;
	*length = to - start;
	return start;
}

static bool
take_number(const char **from, int digits, int *value)
{
	*value = 0;
	for (int i = 0; i < digits; i++, (*from)++) {
		if (**from < '0' || **from > '9')
			return false;
		*value = *value * 10 + (**from - '0');
	}
	return true;
}

/* "2026-01-02T03:04:05.678Z": nobody writes anything but UTC. */
static bool
take_time(const char *stamp, size_t length, struct timespec *time)
{
	char copy[JSONLOG_TIME];
	if (length < 20 || length >= sizeof(copy))
		return false;
	memcpy(copy, stamp, length);
	copy[length] = '\0';
	const char *s = copy;
	struct tm tm = { 0 };
	int *const parts[] = { &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
			       &tm.tm_hour, &tm.tm_min, &tm.tm_sec };
	for (size_t i = 0; i < countof(parts); i++)
		if (!take_number(&s, i == 0 ? 4 : 2, parts[i]) ||
		    *s++ != "--T::."[i])
			if (i < 5 || s[-1] != 'Z')
				return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	time->tv_sec = timegm(&tm);
	time->tv_nsec = 0;
	for (long unit = 100000000; *s >= '0' && *s <= '9'; unit /= 10)
		time->tv_nsec += (*s++ - '0') * unit;
	return true;
}

/* The end of the object that begins at `s`; NULL when it has none. */
static char *
skip_object(char *s, const char *end)
{
	int depth = 0;
	bool in_string = false;
	for (; s < end; s++) {
		if (in_string && *s == '\\')
			s++;
		else if (*s == '"')
			in_string = !in_string;
		else if (!in_string && *s == '{')
			depth++;
		else if (!in_string && *s == '}' && --depth == 0)
			return s + 1;
	}
	return NULL;
}

/* One "key":value at *s; false when there is none. */
static bool
take_member(char **s, const char *end, struct jsonlog_entry *entry)
{
	size_t key_length, length;
	if (*s >= end || *(*s)++ != '"')
		return false;
	const char *key = take_string(s, end, &key_length);
	if (!key || end - *s < 2 || *(*s)++ != ':')
		return false;
	if (**s == '{') {
		entry->attributes = *s;
		if (!(*s = skip_object(*s, end)))
			return false;
		entry->attributes_length = *s - entry->attributes;
		return true;
	}
	if (*(*s)++ != '"')
		return false;
	char *value = take_string(s, end, &length);
	if (!value)
		return false;
	if (key_length == 3 && memcmp(key, "log", 3) == 0) {
		entry->log = value;
		entry->length = length;
	} else if (key_length == 6 && memcmp(key, "stream", 6) == 0) {
		entry->is_errors = length == 6 && memcmp(value, "stderr",
							 6) == 0;
	} else if (key_length == 4 && memcmp(key, "time", 4) == 0) {
		return take_time(value, length, &entry->time);
	}
	return true;
}

bool
jsonlog_decode(char *line, size_t length, struct jsonlog_entry *entry)
{
	char *s = line, *end = line + length;
	*entry = (struct jsonlog_entry){ .log = line };
	if (s >= end || *s++ != '{')
		return false;
	while (take_member(&s, end, entry)) {
		if (s < end && *s == '}')
			return true;
		if (s >= end || *s++ != ',')
			return false;
	}
	return false;
}
