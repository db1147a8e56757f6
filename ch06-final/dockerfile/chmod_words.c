/* chmod_words.c - see chmod_words.h. */
#include "chmod_words.h"

#include <string.h>

enum { USER = 04700, GROUP = 02070, OTHERS = 01007, ALL = 07777 };

static int
parse_octal(const char *string, struct chmod_words *words)
{
	mode_t mode = 0;
	for (const char *at = string; *at; at++) {
		mode = mode << 3 | (*at - '0');
		if (*at > '7' || mode > ALL)
			return failx("it should be octal string and between 0 "
				     "and 07777");
	}
	words->steps[words->count++] = (struct chmod_step){
		.operator = '=', .who = ALL, .bits = mode, .is_number = true,
	};
	return 0;
}

/* "ug"; nobody is everybody. */
static mode_t
parse_who(const char **at)
{
	mode_t who = 0;
	for (; **at && strchr("ugoa", **at); (*at)++)
		who |= **at == 'u' ? USER : **at == 'g' ? GROUP :
		       **at == 'o' ? OTHERS : ALL;
	return who ?: ALL;
}

/* "rwX", or one of "ugo" alone. */
static void
parse_bits(const char **at, struct chmod_step *step)
{
	static const struct {
		char letter;
		mode_t bits;
	} known[] = { { 'r', 0444 }, { 'w', 0222 }, { 'x', 0111 },
		      { 's', 06000 }, { 't', 01000 } };
	if (**at && strchr("ugo", **at)) {
		step->copied = *(*at)++;
		return;
	}
	for (; **at && strchr("rwxXst", **at); (*at)++) {
		step->is_x_maybe |= **at == 'X';
		for (size_t i = 0; i < countof(known); i++)
			if (known[i].letter == **at)
				step->bits |= known[i].bits;
	}
}

/* "ug+w=x", up to a comma. */
static int
parse_clause(const char **at, struct chmod_words *words)
{
	mode_t who = parse_who(at);
	do {
		if (!**at || !strchr("=+-", **at))
			return failx("where \"%.20s\" stands one of +, - and = "
				     "is expected", *at);
		if (words->count == CHMOD_STEPS)
			return failx("more than %d changes", CHMOD_STEPS);
		struct chmod_step *step = &words->steps[words->count++];
		*step = (struct chmod_step){ .operator = *(*at)++, .who = who };
		parse_bits(at, step);
	} while (**at && **at != ',');
	return 0;
}

int
chmod_parse(const char *string, struct chmod_words *words)
{
	const char *at = string;
	*words = (struct chmod_words){ 0 };
	if (*at >= '0' && *at <= '9')
		return parse_octal(string, words);
	for (;;) {
		if (parse_clause(&at, words) < 0)
			return -1;
		if (*at == '\0')
			return 0;
		at++;
	}
}

/* What somebody may, for everybody. */
static mode_t
copied(mode_t mode, char from)
{
	unsigned int shift = from == 'u' ? 6 : from == 'g' ? 3 : 0;
	return (mode >> shift & 7) * 0111;
}

static mode_t
apply_step(const struct chmod_step *step, mode_t mode, bool is_dir)
{
	mode_t bits = step->copied ? copied(mode, step->copied) : step->bits;
	if (step->is_number)
		return bits;
	if (step->is_x_maybe && (is_dir || mode & 0111))
		bits |= 0111;
	/* A t is everybody's, or nobody's. */
	bits &= step->who;
	if (step->operator == '+')
		return mode | bits;
	if (step->operator == '-')
		return mode & ~bits;
	return (mode & ~step->who) | bits;
}

mode_t
chmod_apply(const struct chmod_words *words, mode_t mode, bool is_dir)
{
	mode &= ALL;
	for (size_t i = 0; i < words->count; i++)
		mode = apply_step(&words->steps[i], mode, is_dir);
	return mode;
}
