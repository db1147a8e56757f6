/*
 * template_node.h - a template that was read: what template_parse.c makes and
 * template.c follows.
 */
#ifndef TEMPLATE_NODE_H
#define TEMPLATE_NODE_H

#include <jansson.h>

#include "base.h"

enum node_kind {
	/* Of a body: */
	NODE_TEXT,	/* `text` */
	NODE_ACTION,	/* `pipe` */
	NODE_IF,	/* `pipe`, `body`, `otherwise` */
	NODE_WITH,
	NODE_RANGE,
	NODE_BREAK,
	NODE_CONTINUE,
	NODE_BODY,	/* `list` */
	/* Of a pipe: */
	NODE_PIPE,	/* `list` of commands; what it declares in `names` */
	NODE_COMMAND,	/* `list`: what is called, and its arguments */
	NODE_DOT,
	NODE_FIELD,	/* `names`: .A.B */
	NODE_VARIABLE,	/* `names`: $x.A.B; the first is "$x" or "$" */
	NODE_CHAIN,	/* `list`: a pipe in parentheses; `names`: (...).A.B */
	NODE_FUNCTION,	/* `text` */
	NODE_CONSTANT,	/* `constant` */
	NODE_NIL,
};

struct node {
	enum node_kind kind;
	size_t at;	   /* in the source: where Go says that it is */
	size_t begin, end; /* all of it */
	char *text;
	json_t *constant;
	char **names;
	size_t name_count;
	bool assigns; /* a pipe: with "=", to what has been declared */
	struct node **list;
	size_t count;
	struct node *pipe, *body, *otherwise;
};

struct template {
	char *source;
	struct node *body;
};

struct node *node_new(enum node_kind kind, size_t at);
void node_add(struct node *node, struct node *item);
void node_add_name(struct node *node, char *name);
void node_free(struct node *node);

/* ---- the functions (template_functions.c) -------------------------------- */

/*
 * A value on its way.  `json` is NULL where there is none (Go's "<no value>").
 * `name` is the member it was found under, for the JSON alone does not say
 * what Go would know of its type (go_value.h); NULL when it was not found.
 */
struct value {
	json_t *json;
	const char *name;
};

/* Values that were made on the way live in `keep`, an array, until the end. */
struct function {
	const char *name;
	size_t least, most; /* arguments */
	int (*call)(json_t *keep, const struct value *arguments, size_t count,
		    struct value *result);
};
/* NULL: there is none of that name. */
const struct function *function_find(const char *name);
/* Is it "true" to if, and, or, not and with? */
bool value_is_true(const struct value *value);
/* A new value, kept by `keep`. */
struct value value_keep(json_t *keep, json_t *made);

#endif
