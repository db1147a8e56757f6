/*
 * substitute.c - see substitute.h.
 *
 * BuildKit's shell lexer is the model, where it differs from a shell too: the
 * word of ${x:-word} is always looked at, and so may fail, needed or not.
 */
#include "substitute.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "pattern.h"

#define MOST_DEPTH 50
#define LONGEST_PATTERN 256

struct lexer {
	const struct substitution *rules;
	const char *at;
	bool keeps_escapes; /* a pattern's are its own */
	int depth;	    /* of ${ within ${ */
};

static int substitute_dollar(struct lexer *lexer, struct buffer *out);

static int
too_long(void)
{
	return failx("the result is longer than %d bytes", BUFFER_MOST);
}

/* ---- quotes ------------------------------------------------------------- */

static int
single_quoted(struct lexer *lexer, struct buffer *out)
{
	const char *end = strchr(++lexer->at, '\'');
	if (!end)
		return failx("unexpected end of statement while looking for "
			     "matching single-quote");
	buffer_add(out, lexer->at, end - lexer->at);
	lexer->at = end + 1;
	return 0;
}

static int
double_quoted(struct lexer *lexer, struct buffer *out)
{
	char escape = lexer->rules->escape;
	for (lexer->at++; *lexer->at != '"';) {
		char c = *lexer->at;
		if (c == '\0')
			return failx("unexpected end of statement while "
				     "looking for matching double-quote");
		if (c == '$') {
			if (substitute_dollar(lexer, out) < 0)
				return -1;
			continue;
		}
		lexer->at++;
		if (c == escape) {
			char next = *lexer->at;
			if (lexer->keeps_escapes)
				buffer_add_char(out, c);
			if (next == '\0')
				continue;
			if (next == '"' || next == '$' || next == escape) {
				c = next;
				lexer->at++;
			}
		}
		buffer_add_char(out, c);
	}
	lexer->at++;
	return 0;
}

/* Up to `stop`, which is eaten; or to the end, when it is NUL. */
static int
substitute_until(struct lexer *lexer, char stop, struct buffer *out)
{
	const struct substitution *rules = lexer->rules;
	for (char c; (c = *lexer->at) && c != stop;) {
		int done = 0;
		if (c == '$')
			done = substitute_dollar(lexer, out);
		else if (c == '\'' && !rules->keeps_quotes)
			done = single_quoted(lexer, out);
		else if (c == '"' && !rules->keeps_quotes)
			done = double_quoted(lexer, out);
		else if (c == rules->escape) {
			if (lexer->keeps_escapes)
				buffer_add_char(out, c);
			if (*++lexer->at)
				buffer_add_char(out, *lexer->at++);
		} else {
			buffer_add_char(out, *lexer->at++);
		}
		if (done < 0)
			return -1;
	}
	if (*lexer->at != stop)
		return failx("syntax error: missing '%c'%s", stop,
			     stop == '/' ? " in ${}" : "");
	if (stop)
		lexer->at++;
	return 0;
}

/* ---- patterns ----------------------------------------------------------- */

/* The characters of a value, and where each begins. */
struct characters {
	uint32_t *codes;
	size_t *offsets; /* one more than there are codes */
	size_t count;
};

static void
characters_free(struct characters *characters)
{
	free(characters->codes);
	free(characters->offsets);
}

static void
characters_of(const char *value, struct characters *characters)
{
	size_t most = strlen(value) + 1, offset = 0, length;
	*characters = (struct characters){
		.codes = new_bytes(most * sizeof(uint32_t)),
		.offsets = new_bytes(most * sizeof(size_t)),
	};
	while ((length = pattern_character(
			value + offset,
			&characters->codes[characters->count]))) {
		characters->offsets[characters->count++] = offset;
		offset += length;
	}
	characters->offsets[characters->count] = offset;
}

/* How many of the characters from `begin` on match, by the most or the fewest:
 * -1 when none do.  In reverse, from `begin` towards the first. */
static ssize_t
match_length(struct pattern_run *run, const struct characters *characters,
	     size_t begin, bool is_reverse, bool is_longest)
{
	size_t left = is_reverse ? begin : characters->count - begin;
	ssize_t found = -1;
	pattern_restart(run);
	for (size_t i = 0; i <= left && run->is_alive; i++) {
		if (run->matches)
			found = i;
		if ((run->matches && !is_longest) || i == left)
			break;
		pattern_feed(run, characters->codes[is_reverse ?
							    begin - 1 - i :
							    begin + i]);
	}
	return found;
}

static int
compile(const char *word, struct pattern *pattern)
{
	*pattern = (struct pattern){ 0 };
	if (strlen(word) > LONGEST_PATTERN)
		return failx("a pattern of more than %d bytes in substitution",
			     LONGEST_PATTERN);
	if (pattern_compile(word, PATTERN_VALUE, pattern) < 0)
		return failx("invalid pattern (%s) in substitution", word);
	return 0;
}

/* ${x#word} ${x##word} ${x%word} ${x%%word} */
static int
trim(char sign, const char *word, const char *value, struct buffer *out)
{
	bool is_longest = *word == sign;
	auto_pattern struct pattern pattern;
	if (compile(word + is_longest, &pattern) < 0)
		return -1;
	bool at_end = sign == '%';
	if (at_end)
		pattern_reverse(&pattern);
	auto_pattern_run struct pattern_run run;
	pattern_start(&pattern, &run);
	__attribute__((cleanup(characters_free))) struct characters all;
	characters_of(value, &all);
	ssize_t length = match_length(&run, &all, at_end ? all.count : 0,
				      at_end, is_longest);
	if (length < 0)
		length = 0;
	if (at_end)
		buffer_add(out, value, all.offsets[all.count - length]);
	else
		buffer_add_text(out, value + all.offsets[length]);
	return 0;
}

/*
 * ${x/pattern/replacement}, with `every` ${x//pattern/replacement}.  Once the
 * search from one place has come as far as a star and found nothing, none from
 * a later place can find anything either: the star would have found it.
 */
static int
replace(const char *word, const char *replacement, bool every,
	const char *value, struct buffer *out)
{
	auto_pattern struct pattern pattern;
	if (compile(word, &pattern) < 0)
		return -1;
	auto_pattern_run struct pattern_run run;
	pattern_start(&pattern, &run);
	__attribute__((cleanup(characters_free))) struct characters all;
	characters_of(value, &all);
	size_t at = 0;
	bool searching = pattern.count > 0;
	while (searching && at <= all.count) {
		ssize_t length = match_length(&run, &all, at, false, true);
		if (length < 0 && run.met_star)
			break;
		if (length >= 0)
			buffer_add_text(out, replacement);
		if (length > 0)
			at += length;
		else if (at++ < all.count)
			buffer_add(out, value + all.offsets[at - 1],
				   all.offsets[at] - all.offsets[at - 1]);
		searching = (every || length < 0) &&
			    !(length > 0 && at == all.count);
	}
	if (at < all.count)
		buffer_add_text(out, value + all.offsets[at]);
	return 0;
}

/* ---- ${...} ------------------------------------------------------------- */

/* $1 $@ and such are names too: of variables that nobody can set. */
static char *
take_name(struct lexer *lexer)
{
	const char *begin = lexer->at;
	size_t length = 0;
	if (isdigit((unsigned char)*begin))
		length = strspn(begin, "0123456789");
	else if (*begin && strchr("@*#?-$!", *begin))
		length = 1;
	else
		while (isalnum((unsigned char)begin[length]) ||
		       begin[length] == '_' || begin[length] & 0x80)
			length++;
	lexer->at += length;
	return text("%.*s", (int)length, begin);
}

static const char *
value_of(const struct lexer *lexer, const char *name)
{
	return lexer->rules->get(lexer->rules->context, name);
}

/* The part of ${...} up to `stop`, as a text of its own. */
static char *
take_part(struct lexer *lexer, char stop, bool keeps_escapes)
{
	auto_buffer struct buffer part = { 0 };
	bool kept = lexer->keeps_escapes;
	lexer->keeps_escapes = keeps_escapes;
	int done = substitute_until(lexer, stop, &part);
	lexer->keeps_escapes = kept;
	if (done == 0 && part.is_over)
		done = too_long();
	return done < 0 ? NULL : buffer_take(&part);
}

static int
refuse(const char *name, const char *word, const char *why)
{
	return failx("%s: %s", name, *word ? word : why);
}

/* `lexer->at` is at one of - + ? # %, perhaps behind a colon. */
static int
modified(struct lexer *lexer, const char *name, bool has_colon,
	 struct buffer *out)
{
	char sign = *lexer->at++;
	auto_free char *word =
		take_part(lexer, '}', sign == '#' || sign == '%');
	if (!word)
		return -1;
	const char *value = value_of(lexer, name);
	bool is_set = value && !(has_colon && *value == '\0');
	switch (sign) {
	case '-':
		buffer_add_text(out, is_set ? value : word);
		return 0;
	case '+':
		buffer_add_text(out, is_set ? word : "");
		return 0;
	case '?':
		if (!is_set)
			return refuse(name, word,
				      value ? "is not allowed to be empty" :
					      "is not allowed to be unset");
		buffer_add_text(out, value);
		return 0;
	default:
		return trim(sign, word, value ? value : "", out);
	}
}

static int
replaced(struct lexer *lexer, const char *name, struct buffer *out)
{
	bool every = *++lexer->at == '/';
	if (every)
		lexer->at++;
	auto_free char *word = take_part(lexer, '/', true);
	if (!word)
		return -1;
	auto_free char *replacement = take_part(lexer, '}', false);
	if (!replacement)
		return -1;
	const char *value = value_of(lexer, name);
	return replace(word, replacement, every, value ? value : "", out);
}

/* `lexer->at` is behind "${". */
static int
braced(struct lexer *lexer, struct buffer *out)
{
	if (*lexer->at == '\0')
		return failx("syntax error: missing '}'");
	if (strchr("{}:", *lexer->at))
		return failx("syntax error: bad substitution");
	auto_free char *name = take_name(lexer);
	const char *sign = lexer->at;
	if (*sign == '}') {
		lexer->at++;
		const char *value = value_of(lexer, name);
		buffer_add_text(out, value ? value : "");
		return 0;
	}
	bool has_colon = *sign == ':';
	lexer->at += has_colon;
	char next = *lexer->at;
	if (next == '\0')
		return failx("syntax error: missing '}'");
	if (next == '/' && !has_colon)
		return replaced(lexer, name, out);
	if (strchr(has_colon ? "-+?" : "-+?#%", next))
		return modified(lexer, name, has_colon, out);
	return failx("unsupported modifier (%.*s) in substitution",
		     has_colon ? 2 : 1, sign);
}

static int
substitute_dollar(struct lexer *lexer, struct buffer *out)
{
	if (*++lexer->at == '{') {
		if (lexer->depth == MOST_DEPTH)
			return failx("${ within ${, more than %d deep",
				     MOST_DEPTH);
		lexer->at++;
		lexer->depth++;
		int done = braced(lexer, out);
		lexer->depth--;
		return done;
	}
	auto_free char *name = take_name(lexer);
	const char *value = *name ? value_of(lexer, name) : "$";
	buffer_add_text(out, value ? value : "");
	return 0;
}

char *
substitute(const struct substitution *rules, const char *word)
{
	struct lexer lexer = { .rules = rules, .at = word };
	auto_buffer struct buffer out = { 0 };
	int done = substitute_until(&lexer, '\0', &out);
	if (done == 0 && out.is_over)
		done = too_long();
	if (done < 0) {
		wrap("failed to process \"%.60s\"", word);
		return NULL;
	}
	return buffer_take(&out);
}
