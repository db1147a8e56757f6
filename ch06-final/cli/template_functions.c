/*
 * template_functions.c - parent.  What a template may call: Go's own
 * functions, and those that Docker adds.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "go_value.h"
#include "template_node.h"
#include "template_printf.h"

struct value
value_keep(json_t *keep, json_t *made)
{
	/* Text that is not UTF-8 cannot be JSON's. */
	json_t *json = made ? made : json_string("");
	json_array_append_new(keep, json);
	return (struct value){ json, NULL };
}

bool
value_is_true(const struct value *value)
{
	json_t *json = value->json;
	if (json_is_string(json))
		return json_string_length(json) > 0;
	if (json_is_number(json))
		return json_number_value(json) != 0;
	if (json_is_object(json)) /* a struct always is */
		return json_object_size(json) > 0 ||
		       go_kind_of(value->name) != GO_MAP;
	if (json_is_array(json))
		return json_array_size(json) > 0;
	return json_is_true(json);
}

/* ---- and, or, not; comparing -------------------------------------------- */

static int
call_and(json_t *keep, const struct value *arguments, size_t count,
	 struct value *result)
{
	(void)keep;
	size_t i = 0;
	while (i + 1 < count && value_is_true(&arguments[i]))
		i++;
	*result = arguments[i];
	return 0;
}

static int
call_or(json_t *keep, const struct value *arguments, size_t count,
	struct value *result)
{
	(void)keep;
	size_t i = 0;
	while (i + 1 < count && !value_is_true(&arguments[i]))
		i++;
	*result = arguments[i];
	return 0;
}

static int
call_not(json_t *keep, const struct value *arguments, size_t count,
	 struct value *result)
{
	(void)count;
	bool is_true = value_is_true(&arguments[0]);
	*result = value_keep(keep, json_boolean(!is_true));
	return 0;
}

/* Below, equal, above: -1, 0, 1. */
static int
compare(const struct value *a, const struct value *b, int *order)
{
	if (json_is_number(a->json) && json_is_number(b->json) &&
	    json_typeof(a->json) == json_typeof(b->json)) {
		double x = json_number_value(a->json);
		double y = json_number_value(b->json);
		*order = (x > y) - (x < y);
		return 0;
	}
	if (json_is_string(a->json) && json_is_string(b->json)) {
		int found = strcmp(json_string_value(a->json),
				   json_string_value(b->json));
		*order = (found > 0) - (found < 0);
		return 0;
	}
	return failx("incompatible types for comparison");
}

static int
call_eq(json_t *keep, const struct value *arguments, size_t count,
	struct value *result)
{
	bool found = false;
	for (size_t i = 1; i < count && !found; i++) {
		json_t *a = arguments[0].json, *b = arguments[i].json;
		int order = 1;
		if (!a || !b || (json_is_boolean(a) && json_is_boolean(b)) ||
		    json_is_null(a) || json_is_null(b))
			order = (!a && !b) || json_equal(a, b) ? 0 : 1;
		else if (compare(&arguments[0], &arguments[i], &order) < 0)
			return -1;
		found = order == 0;
	}
	*result = value_keep(keep, json_boolean(found));
	return 0;
}

static int
call_ne(json_t *keep, const struct value *arguments, size_t count,
	struct value *result)
{
	if (call_eq(keep, arguments, count, result) < 0)
		return -1;
	*result = value_keep(keep, json_boolean(!json_is_true(result->json)));
	return 0;
}

#define ORDER_FUNCTION(name, test)                                            \
	static int name(json_t *keep, const struct value *arguments,          \
			size_t count, struct value *result)                   \
	{                                                                     \
		int order;                                                    \
		(void)count;                                                  \
		if (compare(&arguments[0], &arguments[1], &order) < 0)        \
			return -1;                                            \
		*result = value_keep(keep, json_boolean(order test));         \
		return 0;                                                     \
	}
ORDER_FUNCTION(call_lt, < 0)
ORDER_FUNCTION(call_le, <= 0)
ORDER_FUNCTION(call_gt, > 0)
ORDER_FUNCTION(call_ge, >= 0)

/* ---- lists and members -------------------------------------------------- */

/* Of a list an item, of a text a byte. */
static int
index_array(json_t *keep, json_t *array, json_t *index, struct value *result)
{
	bool is_list = json_is_array(array);
	size_t count = is_list ? json_array_size(array) :
				 json_string_length(array);
	if (!json_is_integer(index))
		return failx("cannot index slice/array with type %s",
			     go_type(index));
	json_int_t at = json_integer_value(index);
	if (at < 0 || (size_t)at >= count)
		return failx("reflect: %s index out of range: %lld",
			     is_list ? "slice" : "string", (long long)at);
	if (is_list)
		*result = (struct value){ json_array_get(array, at), "" };
	else
		*result = value_keep(keep, json_integer((unsigned char)
				     json_string_value(array)[at]));
	return 0;
}

/* Of a map what is not there is Go's zero value. */
static int
index_object(json_t *keep, json_t *object, json_t *index,
	     struct value *result)
{
	if (!json_is_string(index))
		return failx("value has type %s; should be string",
			     go_type(index));
	void *first = json_object_iter(object);
	json_t *sample = first ? json_object_iter_value(first) : NULL;
	json_t *found = json_object_get(object, json_string_value(index));
	if (!found && (!sample || json_is_string(sample)))
		*result = value_keep(keep, json_string(""));
	else
		*result = (struct value){ found, "" };
	return 0;
}

static int
call_index(json_t *keep, const struct value *arguments, size_t count,
	   struct value *result)
{
	*result = arguments[0];
	for (size_t i = 1; i < count; i++) {
		json_t *at = result->json, *index = arguments[i].json;
		int done;
		if (json_is_array(at) || json_is_string(at))
			done = index_array(keep, at, index, result);
		else if (json_is_object(at))
			done = index_object(keep, at, index, result);
		else if (json_is_null(at) && json_is_string(index))
			done = (*result = value_keep(keep, json_string("")),
				0);
		else if (!at)
			done = failx("index of untyped nil");
		else
			done = failx("can't index item of type %s",
				     go_type(at));
		if (done < 0)
			return -1;
	}
	return 0;
}

static int
call_len(json_t *keep, const struct value *arguments, size_t count,
	 struct value *result)
{
	(void)count;
	json_t *json = arguments[0].json;
	if (!json)
		return failx("len of nil pointer");
	size_t length = json_is_string(json) ? json_string_length(json) :
			json_is_array(json)  ? json_array_size(json) :
					       json_object_size(json);
	if (json_is_number(json) || json_is_boolean(json))
		return failx("len of type %s", go_type(json));
	*result = value_keep(keep, json_integer(length));
	return 0;
}

/* slice "text" FROM [TO], or of a list. */
static int
call_slice(json_t *keep, const struct value *arguments, size_t count,
	   struct value *result)
{
	json_t *json = arguments[0].json;
	json_int_t length = json_is_string(json) ? json_string_length(json) :
						   json_array_size(json);
	json_int_t from = 0, to = length;
	for (size_t i = 1; i < count; i++) {
		json_int_t number = json_integer_value(arguments[i].json);
		if (!json_is_integer(arguments[i].json))
			return failx("cannot index slice/array with type %s",
				     go_type(arguments[i].json));
		if (number < 0 || number > length)
			return failx("index out of range: %lld",
				     (long long)number);
		*(i == 1 ? &from : &to) = number;
	}
	if (from > to)
		return failx("invalid slice index: %lld > %lld",
			     (long long)from, (long long)to);
	if (json_is_string(json)) {
		*result = value_keep(keep, json_stringn(
			json_string_value(json) + from, to - from));
		return 0;
	}
	if (!json_is_array(json))
		return failx("can't slice item of type %s", go_type(json));
	*result = value_keep(keep, json_array());
	for (; from < to; from++)
		json_array_append(result->json, json_array_get(json, from));
	return 0;
}

/* ---- text --------------------------------------------------------------- */

static int
want_text(const struct value *value, const char **string)
{
	*string = json_string_value(value->json);
	if (*string)
		return 0;
	if (!value->json)
		return failx("invalid value; expected string");
	return failx("wrong type for value; expected string; got %s",
		     go_type(value->json));
}

static int
call_json(json_t *keep, const struct value *arguments, size_t count,
	  struct value *result)
{
	(void)count;
	auto_free char *line = arguments[0].json ?
				       go_json(arguments[0].json) :
				       copy_text("null");
	*result = value_keep(keep, json_string(line));
	return 0;
}

static int
change_letters(json_t *keep, const struct value *argument, int kind,
	       struct value *result)
{
	const char *string;
	if (want_text(argument, &string) < 0)
		return -1;
	auto_free char *changed = copy_text(string);
	bool starts = true;
	for (char *c = changed; *c; c++) {
		unsigned char letter = *c;
		if (kind > 0 || (kind == 0 && starts))
			*c = letter < 0x80 ? toupper(letter) : letter;
		else if (kind < 0)
			*c = letter < 0x80 ? tolower(letter) : letter;
		starts = letter == ' ' || letter == '\t' || letter == '\n';
	}
	*result = value_keep(keep, json_string(changed));
	return 0;
}

static int
call_upper(json_t *keep, const struct value *arguments, size_t count,
	   struct value *result)
{
	(void)count;
	return change_letters(keep, arguments, 1, result);
}

static int
call_lower(json_t *keep, const struct value *arguments, size_t count,
	   struct value *result)
{
	(void)count;
	return change_letters(keep, arguments, -1, result);
}

static int
call_title(json_t *keep, const struct value *arguments, size_t count,
	   struct value *result)
{
	(void)count;
	return change_letters(keep, arguments, 0, result);
}

static int
call_join(json_t *keep, const struct value *arguments, size_t count,
	  struct value *result)
{
	(void)count;
	const char *separator;
	json_t *list = arguments[0].json, *item;
	if (want_text(&arguments[1], &separator) < 0)
		return -1;
	if (!json_is_array(list) && !json_is_null(list))
		return failx("wrong type for value; expected []string; got %s",
			     go_type(list));
	auto_free char *whole = NULL;
	size_t i, size;
	FILE *out = open_memstream(&whole, &size);
	if (!out)
		return fail("join");
	json_array_foreach(list, i, item) {
		fputs(i ? separator : "", out);
		go_print(item, NULL, out);
	}
	fclose(out);
	*result = value_keep(keep, json_string(whole));
	return 0;
}

static int
call_split(json_t *keep, const struct value *arguments, size_t count,
	   struct value *result)
{
	(void)count;
	const char *string, *separator;
	if (want_text(&arguments[0], &string) < 0 ||
	    want_text(&arguments[1], &separator) < 0)
		return -1;
	*result = value_keep(keep, json_array());
	size_t length = strlen(separator);
	if (length == 0) { /* into its characters */
		for (; *string; string = skip_characters(string, 1))
			json_array_append_new(
				result->json,
				json_stringn(string,
					     skip_characters(string, 1) -
						     string));
		return 0;
	}
	const char *found;
	for (; (found = strstr(string, separator)); string = found + length)
		json_array_append_new(result->json,
				      json_stringn(string, found - string));
	json_array_append_new(result->json, json_string(string));
	return 0;
}

/* pad TEXT BEFORE AFTER: so many blanks. */
static int
call_pad(json_t *keep, const struct value *arguments, size_t count,
	 struct value *result)
{
	(void)count;
	const char *string;
	if (want_text(&arguments[0], &string) < 0)
		return -1;
	json_int_t before = json_integer_value(arguments[1].json);
	json_int_t after = json_integer_value(arguments[2].json);
	if (before < 0 || after < 0 || before > 1000 || after > 1000)
		return failx("so many blanks are not to be had");
	auto_free char *padded =
		text("%*s%s%*s", (int)(*string ? before : 0), "", string,
		     (int)(*string ? after : 0), "");
	*result = value_keep(keep, json_string(padded));
	return 0;
}

/* truncate TEXT LENGTH, in characters. */
static int
call_truncate(json_t *keep, const struct value *arguments, size_t count,
	      struct value *result)
{
	(void)count;
	const char *string;
	if (want_text(&arguments[0], &string) < 0)
		return -1;
	json_int_t length = json_integer_value(arguments[1].json);
	if (!json_is_integer(arguments[1].json) || length < 0)
		return failx("it takes a text and a length");
	*result = value_keep(keep, json_stringn(
		string, skip_characters(string, length) - string));
	return 0;
}

/* ---- print -------------------------------------------------------------- */

static int
print_all(json_t *keep, const struct value *arguments, size_t count,
	  bool is_line, struct value *result)
{
	auto_free char *whole = NULL;
	size_t size;
	FILE *out = open_memstream(&whole, &size);
	if (!out)
		return fail("print");
	for (size_t i = 0; i < count; i++) {
		/* print puts a blank between two that are no texts. */
		bool are_texts = i && (json_is_string(arguments[i].json) ||
				       json_is_string(arguments[i - 1].json));
		if (i && (is_line || !are_texts))
			fputc(' ', out);
		if (arguments[i].json)
			go_print(arguments[i].json, arguments[i].name, out);
		else
			fputs("<nil>", out);
	}
	if (is_line)
		fputc('\n', out);
	fclose(out);
	*result = value_keep(keep, json_string(whole));
	return 0;
}

static int
call_print(json_t *keep, const struct value *arguments, size_t count,
	   struct value *result)
{
	return print_all(keep, arguments, count, false, result);
}

static int
call_println(json_t *keep, const struct value *arguments, size_t count,
	     struct value *result)
{
	return print_all(keep, arguments, count, true, result);
}

static int
call_printf(json_t *keep, const struct value *arguments, size_t count,
	    struct value *result)
{
	const char *format;
	if (want_text(&arguments[0], &format) < 0)
		return -1;
	auto_free char *whole =
		template_printf(format, arguments + 1, count - 1);
	*result = value_keep(keep, json_string(whole));
	return 0;
}

/* ---- the table ---------------------------------------------------------- */

#define ANY SIZE_MAX

const struct function *
function_find(const char *name)
{
	static const struct function functions[] = {
		{ "and", 1, ANY, call_and },
		{ "or", 1, ANY, call_or },
		{ "not", 1, 1, call_not },
		{ "eq", 2, ANY, call_eq },
		{ "ne", 2, 2, call_ne },
		{ "lt", 2, 2, call_lt },
		{ "le", 2, 2, call_le },
		{ "gt", 2, 2, call_gt },
		{ "ge", 2, 2, call_ge },
		{ "index", 1, ANY, call_index },
		{ "slice", 1, 3, call_slice },
		{ "len", 1, 1, call_len },
		{ "print", 0, ANY, call_print },
		{ "printf", 1, ANY, call_printf },
		{ "println", 0, ANY, call_println },
		{ "json", 1, 1, call_json },
		{ "join", 2, 2, call_join },
		{ "split", 2, 2, call_split },
		{ "lower", 1, 1, call_lower },
		{ "upper", 1, 1, call_upper },
		{ "title", 1, 1, call_title },
		{ "pad", 3, 3, call_pad },
		{ "truncate", 2, 2, call_truncate },
	};
	for (size_t i = 0; i < countof(functions); i++)
		if (strcmp(functions[i].name, name) == 0)
			return &functions[i];
	return NULL;
}
