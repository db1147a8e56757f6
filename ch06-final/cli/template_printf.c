/* template_printf.c - parent.  See template_printf.h. */
#include "template_printf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "go_value.h"

struct directive {
	bool left, zero, plus;
	int width, precision; /* -1: not said */
	char verb;
};

#define MOST_WIDTH 1000

static int
read_digits(const char **at)
{
	int number = 0;
	for (; isdigit((unsigned char)**at); ++*at)
		number = number < MOST_WIDTH ? number * 10 + (**at - '0') :
					       MOST_WIDTH;
	return number < MOST_WIDTH ? number : MOST_WIDTH;
}

static struct directive
read_directive(const char **at)
{
	struct directive found = { .width = -1, .precision = -1 };
	for (; **at && strchr("-0+ #", **at); ++*at) {
		found.left |= **at == '-';
		found.zero |= **at == '0';
		found.plus |= **at == '+';
	}
	if (isdigit((unsigned char)**at))
		found.width = read_digits(at);
	if (**at == '.') {
		++*at;
		found.precision = read_digits(at);
	}
	if (**at)
		found.verb = *(*at)++;
	return found;
}

static char *
shown(const struct value *value)
{
	char *line = NULL;
	size_t size;
	FILE *out = open_memstream(&line, &size);
	if (!out)
		return copy_text("");
	if (value->json)
		go_print(value->json, value->name, out);
	else
		fputs("<nil>", out);
	fclose(out);
	return line;
}

static char *
wrong(const struct directive *directive, const struct value *value)
{
	auto_free char *line = shown(value);
	return text("%%!%c(%s=%s)", directive->verb, go_type(value->json),
		    line);
}

static char *
quoted(const char *string)
{
	char *line = NULL;
	size_t size;
	FILE *out = open_memstream(&line, &size);
	if (!out)
		return copy_text("");
	go_quote(string, out);
	fclose(out);
	return line;
}

static char *
of_text(const struct directive *directive, const char *string)
{
	size_t length = directive->precision < 0 ?
		strlen(string) :
		(size_t)(skip_characters(string, directive->precision) -
			 string);
	auto_free char *cut = text("%.*s", (int)length, string);
	if (directive->verb == 'q')
		return quoted(cut);
	if (directive->verb != 'x' && directive->verb != 'X')
		return take_ptr(&cut);
	char *digits = copy_text("");
	for (const char *c = cut; *c; c++) {
		char *longer = text(directive->verb == 'x' ? "%s%02x" :
							     "%s%02X",
				    digits, (unsigned char)*c);
		free(digits);
		digits = longer;
	}
	return digits;
}

static char *
in_base(unsigned long long number, unsigned int base, bool is_upper)
{
	char room[66], *at = room + sizeof(room) - 1;
	*at = '\0';
	do {
		int digit = "0123456789abcdef"[number % base];
		*--at = is_upper ? toupper(digit) : digit;
	} while (number /= base);
	return copy_text(at);
}

static char *
of_integer(const struct directive *directive, long long number)
{
	static const struct {
		char verb;
		unsigned int base;
	} bases[] = { { 'd', 10 }, { 'x', 16 }, { 'X', 16 },
		      { 'o', 8 },  { 'b', 2 } };
	unsigned long long size = number < 0 ? -(unsigned long long)number :
					       (unsigned long long)number;
	if (directive->verb == 'c' && number > 0 && number < 0x80)
		return text("%c", (char)number);
	for (size_t i = 0; i < countof(bases); i++) {
		if (bases[i].verb != directive->verb)
			continue;
		auto_free char *digits = in_base(size, bases[i].base,
						 directive->verb == 'X');
		return text("%s%s",
			    number < 0 ? "-" : directive->plus ? "+" : "",
			    digits);
	}
	return NULL;
}

static char *
of_real(const struct directive *directive, double number)
{
	int precision = directive->precision < 0 ? 6 : directive->precision;
	switch (directive->verb) {
	case 'f':
	case 'F':
		return text("%.*f", precision, number);
	case 'e':
		return text("%.*e", precision, number);
	case 'g':
		return directive->precision < 0 ?
			       NULL : text("%.*g", precision, number);
	default:
		return NULL;
	}
}

static void
put_padded(const struct directive *directive, const char *string,
	   bool is_number, FILE *out)
{
	int length = (int)count_characters(string);
	int blanks = directive->width > length ? directive->width - length : 0;
	if (directive->left) {
		fprintf(out, "%s%*s", string, blanks, "");
	} else if (directive->zero && is_number) {
		bool is_signed = *string == '-' || *string == '+';
		fprintf(out, "%.*s", is_signed, string);
		while (blanks-- > 0)
			fputc('0', out);
		fputs(string + is_signed, out);
	} else {
		fprintf(out, "%*s%s", blanks, "", string);
	}
}

static char *of_list(const struct directive *directive, json_t *list);

static char *
converted(const struct directive *directive, const struct value *value)
{
	json_t *json = value->json;
	char verb = directive->verb, *line = NULL;
	if (json_is_string(json) && strchr("vsqxX", verb))
		return of_text(directive, json_string_value(json));
	if (json_is_integer(json))
		line = of_integer(directive, json_integer_value(json));
	else if (json_is_real(json))
		line = of_real(directive, json_real_value(json));
	if (line)
		return line;
	bool fits = verb == 'v' || (verb == 't' && json_is_boolean(json)) ||
		    (verb == 'g' && json_is_real(json)) ||
		    (verb == 's' && json_is_object(json));
	if (json_is_array(json) && verb != 'v')
		return of_list(directive, json);
	return fits ? shown(value) : wrong(directive, value);
}

/* Each for itself: [1 2] with %03d is [001 002]. */
static char *
of_list(const struct directive *directive, json_t *list)
{
	char *line = NULL;
	size_t size, i;
	json_t *item;
	FILE *out = open_memstream(&line, &size);
	if (!out)
		return copy_text("");
	fputc('[', out);
	json_array_foreach(list, i, item) {
		struct value value = { item, NULL };
		auto_free char *one = converted(directive, &value);
		fputs(i ? " " : "", out);
		put_padded(directive, one, json_is_number(item), out);
	}
	fputc(']', out);
	fclose(out);
	return line;
}

static void
put_extra(const struct value *arguments, size_t count, FILE *out)
{
	fputs("%!(EXTRA ", out);
	for (size_t i = 0; i < count; i++) {
		auto_free char *line = shown(&arguments[i]);
		fprintf(out, "%s%s=%s", i ? ", " : "",
			go_type(arguments[i].json), line);
	}
	fputs(")", out);
}

char *
template_printf(const char *format, const struct value *arguments,
		size_t count)
{
	char *whole = NULL;
	size_t size, used = 0;
	FILE *out = open_memstream(&whole, &size);
	if (!out)
		return copy_text("");
	while (*format) {
		if (*format != '%') {
			fputc(*format++, out);
			continue;
		}
		format++;
		struct directive directive = read_directive(&format);
		if (directive.verb == '%') {
			fputc('%', out);
		} else if (!directive.verb) {
			fputs("%!(NOVERB)", out);
		} else if (used == count) {
			fprintf(out, "%%!%c(MISSING)", directive.verb);
		} else {
			const struct value *value = &arguments[used++];
			auto_free char *line = converted(&directive, value);
			if (json_is_array(value->json)) /* its items are */
				directive.width = 0;
			put_padded(&directive, line,
				   json_is_number(value->json), out);
		}
	}
	if (used < count)
		put_extra(arguments + used, count - used, out);
	fclose(out);
	return whole;
}
