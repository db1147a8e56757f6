/*
 * template_parse.c - parent.  The text of a template to its nodes: template.h.
 *
 * By recursive descent, a token ahead.  Go's parser is the model for what is
 * taken and for what is said; see its package text/template/parse.
 */
#include "template.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "template_node.h"

/* ---- nodes -------------------------------------------------------------- */

struct node *
node_new(enum node_kind kind, size_t at)
{
	struct node *node = new_bytes(sizeof(*node));
	*node = (struct node){ .kind = kind, .at = at, .begin = at };
	return node;
}

void
node_add(struct node *node, struct node *item)
{
	node->list = resize_bytes(node->list, (node->count + 1) *
						      sizeof(*node->list));
	node->list[node->count++] = item;
}

void
node_add_name(struct node *node, char *name)
{
	node->names = resize_bytes(node->names, (node->name_count + 1) *
							sizeof(*node->names));
	node->names[node->name_count++] = name;
}

void
node_free(struct node *node)
{
	if (!node)
		return;
	for (size_t i = 0; i < node->count; i++)
		node_free(node->list[i]);
	for (size_t i = 0; i < node->name_count; i++)
		free(node->names[i]);
	node_free(node->pipe);
	node_free(node->body);
	node_free(node->otherwise);
	json_decref(node->constant);
	free(node->list);
	free(node->names);
	free(node->text);
	free(node);
}

/* ---- tokens ------------------------------------------------------------- */

enum token_kind {
	TOKEN_EOF,
	TOKEN_TEXT,
	TOKEN_LEFT,  /* {{ */
	TOKEN_RIGHT, /* }} */
	TOKEN_WORD,
	TOKEN_FIELD,	/* .Name */
	TOKEN_VARIABLE, /* $name */
	TOKEN_DOT,
	TOKEN_STRING,
	TOKEN_NUMBER,
	TOKEN_DECLARE, /* := */
	TOKEN_SIGN,    /* = | ( ) , */
};

struct token {
	enum token_kind kind;
	size_t begin, end;
	bool spaced; /* blanks before it */
};

#define MOST_DEPTH 100
#define MOST_VARIABLES 64

struct parser {
	const char *source;
	size_t at;
	bool in_action, trim_next;
	struct token token; /* the one ahead */
	int depth;	    /* of nodes within nodes */
	int ranges;	    /* that we are in */
	char *variables[MOST_VARIABLES];
	int variable_count;
	char *word; /* of the token that a message is about */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A failure at the token ahead. */
#define complain(parser, ...)                                                 \
	(failx(__VA_ARGS__), say_where(parser))

static int
say_where(const struct parser *parser)
{
	unsigned int line = 1;
	for (size_t i = 0; i < parser->token.begin; i++)
		line += parser->source[i] == '\n';
	return wrap("template: :%u", line);
}

static const char *
token_word(struct parser *parser)
{
	const struct token *token = &parser->token;
	free(parser->word);
	parser->word = text("%.*s", (int)(token->end - token->begin),
			    parser->source + token->begin);
	return parser->word;
}

static bool
is_sign(const struct parser *parser, char sign)
{
	return parser->token.kind == TOKEN_SIGN &&
	       parser->source[parser->token.begin] == sign;
}

static bool
is_word(const struct parser *parser, const char *word)
{
	const struct token *token = &parser->token;
	size_t length = strlen(word);
	return token->kind == TOKEN_WORD &&
	       token->end - token->begin == length &&
	       memcmp(parser->source + token->begin, word, length) == 0;
}

static size_t
word_length(const char *at)
{
	size_t length = 0;
	while (isalnum((unsigned char)at[length]) || at[length] == '_' ||
	       at[length] & 0x80)
		length++;
	return length;
}

/* "..." with escapes, or `...` without; 0 when it does not end. */
static size_t
string_length(const char *at)
{
	size_t length = 1;
	while (at[length] && at[length] != *at) {
		if (*at == '"' && at[length] == '\n')
			return 0;
		if (*at == '"' && at[length] == '\\' && at[length + 1])
			length++;
		length++;
	}
	return at[length] ? length + 1 : 0;
}

static int
set_token(struct parser *parser, enum token_kind kind, size_t length)
{
	parser->token.kind = kind;
	parser->token.end = parser->token.begin + length;
	parser->at = parser->token.end;
	return 0;
}

/* "{{/" ... "/}}", with trim marks perhaps: skipped. */
static int
skip_comment(struct parser *parser, size_t start)
{
	const char *end = strstr(parser->source + start + 2, "*/");
	if (!end)
		return complain(parser, "unclosed comment");
	end += 2;
	bool trims = is_blank(end[0]) && end[1] == '-';
	end += trims ? 2 : 0;
	if (strncmp(end, "}}", 2) != 0)
		return complain(parser, "comment ends before closing "
					"delimiter");
	parser->trim_next = trims;
	parser->at = end + 2 - parser->source;
	return 1;
}

/* Text up to the next "{{", then that; 1: a comment, so once more. */
static int
read_outside(struct parser *parser)
{
	const char *source = parser->source;
	size_t begin = parser->at;
	while (parser->trim_next && is_blank(source[begin]))
		begin++;
	parser->trim_next = false;
	const char *open = strstr(source + begin, "{{");
	size_t end = open ? (size_t)(open - source) :
			    begin + strlen(source + begin);
	bool trims = open && open[2] == '-' && is_blank(open[3]);
	parser->token.begin = begin;
	if (end > begin) {
		size_t kept = end;
		while (trims && kept > begin && is_blank(source[kept - 1]))
			kept--;
		set_token(parser, TOKEN_TEXT, kept - begin);
		parser->at = end;
		return kept == begin ? 1 : 0;
	}
	if (!open)
		return set_token(parser, TOKEN_EOF, 0);
	size_t start = end + (trims ? 4 : 2);
	if (strncmp(source + start, "/*", 2) == 0)
		return skip_comment(parser, start);
	parser->in_action = true;
	return set_token(parser, TOKEN_LEFT, start - end);
}

/* " -}}" or "}}": how long, or 0. */
static size_t
right_length(const struct parser *parser)
{
	const char *at = parser->source + parser->at;
	if (parser->token.spaced && strncmp(at, "-}}", 3) == 0)
		return 3;
	return strncmp(at, "}}", 2) == 0 ? 2 : 0;
}

static int
read_number(struct parser *parser)
{
	const char *at = parser->source + parser->at;
	size_t length = 1;
	while (isalnum((unsigned char)at[length]) || at[length] == '.' ||
	       at[length] == '_' ||
	       ((at[length] == '+' || at[length] == '-') &&
		strchr("eE", at[length - 1])))
		length++;
	return set_token(parser, TOKEN_NUMBER, length);
}

static int
read_name(struct parser *parser)
{
	const char *at = parser->source + parser->at;
	size_t length = word_length(at + 1);
	if (*at == '$')
		return set_token(parser, TOKEN_VARIABLE, length + 1);
	if (*at == '.')
		return length ? set_token(parser, TOKEN_FIELD, length + 1) :
				set_token(parser, TOKEN_DOT, 1);
	return set_token(parser, TOKEN_WORD, word_length(at));
}

static int
read_string(struct parser *parser)
{
	const char *at = parser->source + parser->at;
	size_t length = string_length(at);
	if (!length)
		return complain(parser, *at == '"' ?
					"unterminated quoted string" :
					"unterminated raw quoted string");
	return set_token(parser, TOKEN_STRING, length);
}

static int
read_inside(struct parser *parser)
{
	const char *source = parser->source;
	size_t before = parser->at;
	while (is_blank(source[parser->at]))
		parser->at++;
	parser->token.spaced = parser->at > before;
	parser->token.begin = parser->at;
	const char *at = source + parser->at;
	size_t right = right_length(parser);
	if (right) {
		parser->in_action = false;
		parser->trim_next = right == 3;
		return set_token(parser, TOKEN_RIGHT, right);
	}
	if (!*at)
		return complain(parser, "unclosed action");
	if (strncmp(at, ":=", 2) == 0)
		return set_token(parser, TOKEN_DECLARE, 2);
	if (strchr("=|(),", *at))
		return set_token(parser, TOKEN_SIGN, 1);
	if (*at == '"' || *at == '`')
		return read_string(parser);
	if (isdigit((unsigned char)*at) ||
	    (strchr("+-.", *at) && isdigit((unsigned char)at[1])))
		return read_number(parser);
	if (*at == '.' || *at == '$' || word_length(at))
		return read_name(parser);
	if (isprint((unsigned char)*at)) /* whoever gets it complains */
		return set_token(parser, TOKEN_SIGN, 1);
	return complain(parser, "unrecognized character in action: U+%04X",
			(unsigned char)*at);
}

static int
advance(struct parser *parser)
{
	int again = 1;
	while (again == 1)
		again = parser->in_action ? read_inside(parser) :
					    read_outside(parser);
	return again;
}

/* ---- operands ----------------------------------------------------------- */

static struct node *parse_pipe(struct parser *parser, const char *context);

static bool
is_declared(const struct parser *parser, const char *name)
{
	for (int i = 0; i < parser->variable_count; i++)
		if (strcmp(parser->variables[i], name) == 0)
			return true;
	return strcmp(name, "$") == 0;
}

static int
declare(struct parser *parser, const char *name)
{
	if (parser->variable_count == MOST_VARIABLES)
		return complain(parser, "more than %d variables",
				MOST_VARIABLES);
	parser->variables[parser->variable_count++] = copy_text(name);
	return 0;
}

/* They are known up to the end of the body they are in. */
static void
forget_variables(struct parser *parser, int count)
{
	while (parser->variable_count > count)
		free(parser->variables[--parser->variable_count]);
}

/* JSON has the escapes that are used; Go's \a, \v, \x41 and the rest not. */
static json_t *
string_value(const char *word)
{
	size_t length = strlen(word);
	if (*word == '`') /* raw */
		return json_stringn(word + 1, length - 2);
	return json_loads(word, JSON_DECODE_ANY, NULL);
}

static json_t *
number_value(const char *word)
{
	char *end;
	long long integer = strtoll(word, &end, 0);
	if (!*end)
		return json_integer(integer);
	double real = strtod(word, &end);
	return *end ? NULL : json_real(real);
}

static struct node *
parse_constant(struct parser *parser, struct node *node)
{
	const char *word = token_word(parser);
	bool is_number = parser->token.kind == TOKEN_NUMBER;
	node->kind = NODE_CONSTANT;
	node->constant = is_number ? number_value(word) : string_value(word);
	if (!node->constant) {
		complain(parser, is_number ? "bad number syntax: \"%s\"" :
					     "invalid syntax in %s", word);
		return NULL;
	}
	return node;
}

static struct node *
parse_word(struct parser *parser, struct node *node)
{
	const char *word = token_word(parser);
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
		node->kind = NODE_CONSTANT;
		node->constant = json_boolean(*word == 't');
	} else if (strcmp(word, "nil") == 0) {
		node->kind = NODE_NIL;
	} else if (function_find(word)) {
		node->kind = NODE_FUNCTION;
		node->text = copy_text(word);
	} else {
		complain(parser, "function \"%s\" not defined", word);
		return NULL;
	}
	return node;
}

static struct node *
parse_parentheses(struct parser *parser, struct node *node)
{
	node->kind = NODE_CHAIN;
	if (advance(parser) < 0)
		return NULL;
	struct node *pipe = parse_pipe(parser, "parenthesized pipeline");
	if (!pipe)
		return NULL;
	node_add(node, pipe);
	if (!is_sign(parser, ')')) {
		complain(parser, "unclosed left paren");
		return NULL;
	}
	return node;
}

/* One of them, the token ahead; on success that token is still ahead. */
static struct node *
parse_term(struct parser *parser, struct node *node)
{
	const char *word = token_word(parser);
	switch (parser->token.kind) {
	case TOKEN_STRING:
	case TOKEN_NUMBER:
		return parse_constant(parser, node);
	case TOKEN_WORD:
		return parse_word(parser, node);
	case TOKEN_DOT:
		node->kind = NODE_DOT;
		return node;
	case TOKEN_FIELD:
		node->kind = NODE_FIELD;
		node_add_name(node, copy_text(word + 1));
		return node;
	case TOKEN_VARIABLE:
		node->kind = NODE_VARIABLE;
		node_add_name(node, copy_text(word));
		if (is_declared(parser, word))
			return node;
		complain(parser, "undefined variable \"%s\"", word);
		return NULL;
	default:
		break;
	}
	if (is_sign(parser, '('))
		return parse_parentheses(parser, node);
	complain(parser, "unexpected \"%s\" in operand", word);
	return NULL;
}

/* A term, and ".A.B" right behind it. */
static struct node *
parse_operand(struct parser *parser)
{
	struct node *node = node_new(NODE_DOT, parser->token.begin);
	if (!parse_term(parser, node))
		goto failed;
	node->end = parser->token.end;
	bool first = true;
	while (advance(parser) == 0) {
		if (parser->token.kind != TOKEN_FIELD || parser->token.spaced)
			return node;
		if (node->kind != NODE_FIELD && node->kind != NODE_VARIABLE &&
		    node->kind != NODE_CHAIN) {
			complain(parser, "unexpected . after term \"%.*s\"",
				 (int)(node->end - node->begin),
				 parser->source + node->begin);
			goto failed;
		}
		node_add_name(node, copy_text(token_word(parser) + 1));
		if (first)
			node->at = parser->token.begin;
		first = false;
		node->end = parser->token.end;
	}
failed:
	node_free(node);
	return NULL;
}

/* ---- commands and pipes -------------------------------------------------- */

static bool
ends_command(const struct parser *parser)
{
	return parser->token.kind == TOKEN_RIGHT || is_sign(parser, '|') ||
	       is_sign(parser, ')');
}

static struct node *
parse_command(struct parser *parser)
{
	struct node *command = node_new(NODE_COMMAND, parser->token.begin);
	while (!ends_command(parser)) {
		if (command->count && !parser->token.spaced) {
			complain(parser, "unexpected \"%s\" in operand",
				 token_word(parser));
			node_free(command);
			return NULL;
		}
		struct node *operand = parse_operand(parser);
		if (!operand) {
			node_free(command);
			return NULL;
		}
		node_add(command, operand);
		command->end = operand->end;
	}
	return command;
}

static int
parse_commands(struct parser *parser, struct node *pipe, const char *context)
{
	for (;;) {
		if (ends_command(parser))
			return complain(parser, "missing value for %s",
					context);
		if (parser->token.kind == TOKEN_DECLARE ||
		    (parser->token.kind == TOKEN_SIGN &&
		     !is_sign(parser, '(')))
			return complain(parser, "unexpected \"%s\" in %s",
					token_word(parser), context);
		struct node *command = parse_command(parser);
		if (!command)
			return -1;
		node_add(pipe, command);
		enum node_kind kind = command->list[0]->kind;
		if (pipe->count > 1 &&
		    (kind == NODE_CONSTANT || kind == NODE_NIL ||
		     kind == NODE_DOT))
			return complain(parser, "non executable command in "
					"pipeline stage %zu", pipe->count);
		pipe->end = command->end;
		if (!is_sign(parser, '|'))
			return 0;
		if (advance(parser) < 0)
			return -1;
	}
}

/* "$x := ", "$k, $v := " of a range, "$x = ".  What is no declaration is read
 * again, as an operand. */
static int
parse_declaration(struct parser *parser, struct node *pipe,
		  const char *context)
{
	bool in_range = strcmp(context, "range") == 0;
	struct parser before = *parser;
	for (;;) {
		if (parser->token.kind != TOKEN_VARIABLE)
			break;
		size_t begin = parser->token.begin;
		size_t length = parser->token.end - begin;
		if (advance(parser) < 0)
			return -1;
		bool is_pair = is_sign(parser, ',') && pipe->name_count == 0;
		if (is_pair && !in_range)
			return complain(parser, "too many declarations in %s",
					context);
		if (!is_pair && parser->token.kind != TOKEN_DECLARE &&
		    !is_sign(parser, '='))
			break;
		node_add_name(pipe, text("%.*s", (int)length,
					 parser->source + begin));
		pipe->assigns = is_sign(parser, '=');
		if (advance(parser) < 0)
			return -1;
		if (!is_pair)
			return 1;
	}
	while (pipe->name_count > 0)
		free(pipe->names[--pipe->name_count]);
	parser->at = before.at;
	parser->token = before.token;
	parser->in_action = before.in_action;
	return 0;
}

static struct node *
parse_pipe(struct parser *parser, const char *context)
{
	struct node *pipe = node_new(NODE_PIPE, parser->token.begin);
	int declares = -1;
	if (++parser->depth > MOST_DEPTH)
		complain(parser, "nested too deeply");
	else
		declares = parse_declaration(parser, pipe, context);
	int result = declares < 0 ? -1 :
				    parse_commands(parser, pipe, context);
	for (size_t i = 0; result == 0 && i < pipe->name_count; i++) {
		if (!pipe->assigns)
			result = declare(parser, pipe->names[i]);
		else if (!is_declared(parser, pipe->names[i]))
			result = complain(parser, "undefined variable \"%s\"",
					  pipe->names[i]);
	}
	parser->depth--;
	if (result == 0)
		return pipe;
	node_free(pipe);
	return NULL;
}

/* ---- bodies ------------------------------------------------------------- */

enum body_end { AT_EOF, AT_END, AT_ELSE };

static struct node *parse_body(struct parser *parser, enum body_end *end);

static int
expect_right(struct parser *parser, const char *context)
{
	if (parser->token.kind != TOKEN_RIGHT)
		return complain(parser, "unexpected \"%s\" in %s",
				token_word(parser), context);
	return advance(parser);
}

static int parse_branches(struct parser *parser, struct node *node,
			  const char *keyword);

/* After "else": of "else if" the rest is a node of its own, up to our end. */
static int
parse_else(struct parser *parser, struct node *node, const char *keyword)
{
	enum body_end end;
	if (is_word(parser, keyword) && strcmp(keyword, "range") != 0) {
		struct node *inner = node_new(node->kind, parser->token.begin);
		node->otherwise = node_new(NODE_BODY, inner->at);
		node_add(node->otherwise, inner);
		return advance(parser) < 0 ?
			       -1 :
			       parse_branches(parser, inner, keyword);
	}
	if (expect_right(parser, "else") < 0)
		return -1;
	node->otherwise = parse_body(parser, &end);
	if (!node->otherwise)
		return -1;
	if (end == AT_ELSE)
		return complain(parser, "expected end; found {{else}}");
	if (end == AT_EOF)
		return complain(parser, "unexpected EOF");
	return 0;
}

/* "PIPE}} body {{else}} body {{end}}", up to the "}}" of the last. */
static int
parse_branches(struct parser *parser, struct node *node, const char *keyword)
{
	int known = parser->variable_count;
	enum body_end end;
	if (++parser->depth > MOST_DEPTH)
		return complain(parser, "nested too deeply");
	node->pipe = parse_pipe(parser, keyword);
	if (!node->pipe || expect_right(parser, keyword) < 0)
		return -1;
	parser->ranges += node->kind == NODE_RANGE;
	node->body = parse_body(parser, &end);
	parser->ranges -= node->kind == NODE_RANGE;
	if (!node->body)
		return -1;
	if (end == AT_EOF)
		return complain(parser, "unexpected EOF");
	if (end == AT_ELSE && parse_else(parser, node, keyword) < 0)
		return -1;
	forget_variables(parser, known);
	parser->depth--;
	return 0;
}

static int
parse_jump(struct parser *parser, struct node *node, const char *word)
{
	node->kind = *word == 'b' ? NODE_BREAK : NODE_CONTINUE;
	if (!parser->ranges)
		return complain(parser, "{{%s}} outside {{range}}", word);
	return advance(parser) < 0 ? -1 : expect_right(parser, word);
}

/* What is in "{{ }}", the token ahead, with all that belongs to it. */
static int
parse_action(struct parser *parser, struct node *node)
{
	static const struct {
		const char *word;
		enum node_kind kind;
	} branches[] = { { "if", NODE_IF }, { "with", NODE_WITH },
			 { "range", NODE_RANGE } };
	for (size_t i = 0; i < countof(branches); i++) {
		if (!is_word(parser, branches[i].word))
			continue;
		node->kind = branches[i].kind;
		if (advance(parser) < 0 ||
		    parse_branches(parser, node, branches[i].word) < 0)
			return -1;
		return expect_right(parser, "end");
	}
	if (is_word(parser, "break") || is_word(parser, "continue"))
		return parse_jump(parser, node,
				  is_word(parser, "break") ? "break" :
							     "continue");
	node->pipe = parse_pipe(parser, "command");
	return node->pipe ? expect_right(parser, "command") : -1;
}

/* One node of a body; 1: it is over, the word that says so is read. */
static int
parse_item(struct parser *parser, struct node *body, enum body_end *end)
{
	struct node *node = node_new(NODE_ACTION, parser->token.begin);
	node_add(body, node);
	if (parser->token.kind == TOKEN_TEXT) {
		node->kind = NODE_TEXT;
		node->text = copy_text(token_word(parser));
		return advance(parser);
	}
	if (advance(parser) < 0)
		return -1;
	*end = is_word(parser, "end") ? AT_END : AT_ELSE;
	if (!is_word(parser, "end") && !is_word(parser, "else"))
		return parse_action(parser, node);
	node->kind = NODE_TEXT;
	node->text = copy_text("");
	return advance(parser) < 0 ? -1 : 1;
}

static struct node *
parse_body(struct parser *parser, enum body_end *end)
{
	struct node *body = node_new(NODE_BODY, parser->token.begin);
	int known = parser->variable_count, over = 0;
	*end = AT_EOF;
	while (over == 0 && parser->token.kind != TOKEN_EOF)
		over = parse_item(parser, body, end);
	forget_variables(parser, known);
	if (over == 0)
		*end = AT_EOF;
	if (over >= 0)
		return body;
	node_free(body);
	return NULL;
}

struct template *
template_parse(const char *source)
{
	struct parser parser = { .source = source };
	enum body_end end = AT_EOF;
	struct node *body = NULL;
	if (advance(&parser) == 0)
		body = parse_body(&parser, &end);
	if (body && end != AT_EOF) {
		complain(&parser, "unexpected {{%s}}",
			 end == AT_END ? "end" : "else");
		node_free(body);
		body = NULL;
	}
	forget_variables(&parser, 0);
	free(parser.word);
	if (!body)
		return NULL;
	struct template *template = new_bytes(sizeof(*template));
	*template = (struct template){ copy_text(source), body };
	return template;
}

void
template_free(struct template **template)
{
	if (!*template)
		return;
	node_free((*template)->body);
	free((*template)->source);
	free(*template);
	*template = NULL;
}
