/*
 * template.c - parent.  Following a template: see template.h.
 */
#include "template.h"

#include <stdlib.h>
#include <string.h>

#include "go_value.h"
#include "template_node.h"

struct variable {
	const char *name;
	struct value value;
};

/* Where a body was left early. */
enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

struct run {
	const struct template *template;
	const char *type;
	bool is_header;
	json_t *keep; /* what was made on the way */
	struct variable *variables;
	size_t count;
	FILE *out;
};

/* What Go says of a failure at a node. */
#define complain(run, node, ...)                                              \
	(failx(__VA_ARGS__), say_where(run, node))

static int
say_where(const struct run *run, const struct node *node)
{
	const char *source = run->template->source;
	size_t line = 1, start = 0;
	for (size_t i = 0; i < node->at; i++) {
		if (source[i] != '\n')
			continue;
		line++;
		start = i + 1;
	}
	return wrap("template: :%zu:%zu: executing \"\" at <%.*s>", line,
		    node->at - start, (int)(node->end - node->begin),
		    source + node->begin);
}

/* ---- values ------------------------------------------------------------- */

static struct variable *
find_variable(struct run *run, const char *name)
{
	for (size_t i = run->count; i-- > 0;)
		if (strcmp(run->variables[i].name, name) == 0)
			return &run->variables[i];
	return NULL; /* the parser has seen that it is there */
}

static void
push_variable(struct run *run, const char *name, struct value value)
{
	run->variables = resize_bytes(run->variables,
				      (run->count + 1) *
					      sizeof(*run->variables));
	run->variables[run->count++] = (struct variable){ name, value };
}

/* Why there is no member `name` in `at`; or none is no failure: 0. */
static int
missing_member(const struct run *run, const struct node *node,
	       const struct value *at, const char *name)
{
	bool is_known = go_kind_of(name) == GO_POINTER;
	if (!at->json || go_kind_of(at->name) == GO_MAP || is_known)
		return 0;
	if (run->type && !at->name)
		return complain(run, node, "can't evaluate field %s in type "
				"%s", name, run->type);
	return complain(run, node, "map has no entry for key \"%s\"", name);
}

static int
get_member(const struct run *run, const struct node *node, const char *name,
	   struct value *at)
{
	if (json_is_null(at->json))
		return complain(run, node, "nil pointer evaluating interface "
				"{}.%s", name);
	if (at->json && !json_is_object(at->json))
		return complain(run, node, "can't evaluate field %s in type "
				"%s", name, go_type(at->json));
	auto_free char *hidden = text(".%s", name);
	json_t *found = json_object_get(at->json, name);
	if (!found) /* what Go calls otherwise than its JSON does */
		found = json_object_get(at->json, hidden);
	if (!found && missing_member(run, node, at, name) < 0)
		return -1;
	bool is_nil = !found && go_kind_of(name) == GO_POINTER;
	*at = (struct value){ is_nil ? json_null() : found, name };
	return 0;
}

/* .A.B of `at`, from the name with the index `first` on. */
static int
get_members(const struct run *run, const struct node *node, size_t first,
	    struct value *at)
{
	for (size_t i = first; i < node->name_count; i++)
		if (get_member(run, node, node->names[i], at) < 0)
			return -1;
	return 0;
}

/* What Docker has for the title of the label "com.example.my-thing". */
static char *
title_of_label(const char *label)
{
	const char *dot = strrchr(label, '.');
	char *title = copy_text(dot ? dot + 1 : label);
	for (char *c = title; *c; c++)
		if (*c == '-' || *c == '_')
			*c = ' ';
	return title;
}

/* .Label "a": see template.h. */
static int
call_method(const struct run *run, const struct node *node,
	    const struct value *dot, const struct value *argument,
	    struct value *result)
{
	auto_free char *key = text(".%s", node->names[0]);
	json_t *members = json_object_get(dot->json, key);
	if (node->name_count != 1 || !members)
		return complain(run, node, "%s has arguments but cannot be "
				"invoked as function", node->names[0]);
	if (json_is_true(members) && json_is_string(argument->json)) {
		auto_free char *title =
			title_of_label(json_string_value(argument->json));
		*result = value_keep(run->keep, json_string(title));
		return 0;
	}
	json_t *found = json_is_string(argument->json) ?
		json_object_get(members, json_string_value(argument->json)) :
		NULL;
	*result = found ? (struct value){ found, NULL } :
			  value_keep(run->keep, json_string(""));
	return 0;
}

/* ---- operands, commands, pipes ------------------------------------------ */

static int run_pipe(struct run *run, const struct node *pipe,
		    const struct value *dot, struct value *result);

static int
get_operand(struct run *run, const struct node *node, const struct value *dot,
	    struct value *result)
{
	*result = *dot;
	switch (node->kind) {
	case NODE_FIELD:
		return get_members(run, node, 0, result);
	case NODE_VARIABLE:
		*result = find_variable(run, node->names[0])->value;
		return get_members(run, node, 1, result);
	case NODE_CHAIN:
		if (run_pipe(run, node->list[0], dot, result) < 0)
			return -1;
		return get_members(run, node, 0, result);
	case NODE_CONSTANT:
		*result = (struct value){ node->constant, NULL };
		return 0;
	case NODE_NIL:
		*result = (struct value){ NULL, NULL };
		return 0;
	default:
		return 0;
	}
}

static int
call_function(struct run *run, const struct node *command,
	      const struct value *arguments, size_t count,
	      struct value *result)
{
	const struct node *name = command->list[0];
	const struct function *function = function_find(name->text);
	if (count < function->least || count > function->most)
		return complain(run, name, "wrong number of args for %s: want "
				"%s%zu got %zu", name->text,
				function->least == function->most ?
					"" : "at least ",
				function->least, count);
	if (run->is_header && count) { /* a title stays as it is */
		*result = arguments[count - 1];
		for (size_t i = 0; i < count; i++)
			if (arguments[i].name)
				*result = arguments[i];
		return 0;
	}
	if (function->call(run->keep, arguments, count, result) == 0)
		return 0;
	wrap("error calling %s", name->text);
	return say_where(run, command->count > 1 ? command : name);
}

/* `last` is what came through the pipe, or NULL. */
static int
run_command(struct run *run, const struct node *command,
	    const struct value *dot, const struct value *last,
	    struct value *result)
{
	const struct node *first = command->list[0];
	size_t count = 0;
	auto_free struct value *arguments =
		new_bytes((command->count + 1) * sizeof(*arguments));
	for (size_t i = 1; i < command->count; i++)
		if (command->list[i]->kind == NODE_FUNCTION ?
			    run_command(run, &(struct node){
					.list = &command->list[i],
					.count = 1,
				}, dot, NULL, &arguments[count++]) < 0 :
			    get_operand(run, command->list[i], dot,
					&arguments[count++]) < 0)
			return -1;
	if (last)
		arguments[count++] = *last;
	if (first->kind == NODE_FUNCTION)
		return call_function(run, command, arguments, count, result);
	if (first->kind == NODE_FIELD && count == 1)
		return call_method(run, first, dot, arguments, result);
	if (count)
		return complain(run, first, "can't give argument to "
				"non-function %.*s",
				(int)(first->end - first->begin),
				run->template->source + first->begin);
	if (first->kind == NODE_NIL)
		return complain(run, first, "nil is not a command");
	return get_operand(run, first, dot, result);
}

/* What it declares the caller sees; a range does that by itself. */
static int
run_pipe(struct run *run, const struct node *pipe, const struct value *dot,
	 struct value *result)
{
	struct value last = { 0 };
	for (size_t i = 0; i < pipe->count; i++) {
		if (run_command(run, pipe->list[i], dot, i ? &last : NULL,
				result) < 0)
			return -1;
		last = *result;
	}
	return 0;
}

static void
set_declared(struct run *run, const struct node *pipe, struct value value)
{
	if (pipe->name_count && pipe->assigns)
		find_variable(run, pipe->names[0])->value = value;
	else if (pipe->name_count)
		push_variable(run, pipe->names[0], value);
}

/* ---- bodies ------------------------------------------------------------- */

static int run_body(struct run *run, const struct node *body,
		    const struct value *dot, enum flow *flow);

static int
run_if(struct run *run, const struct node *node, const struct value *dot,
       enum flow *flow)
{
	size_t known = run->count;
	struct value value;
	if (run_pipe(run, node->pipe, dot, &value) < 0)
		return -1;
	set_declared(run, node->pipe, value);
	int result = 0;
	if (value_is_true(&value))
		result = run_body(run, node->body,
				  node->kind == NODE_WITH ? &value : dot, flow);
	else if (node->otherwise)
		result = run_body(run, node->otherwise, dot, flow);
	run->count = known;
	return result;
}

/* $x, or $k and $x. */
static int
run_turn(struct run *run, const struct node *node, struct value key,
	 struct value item, enum flow *flow)
{
	const struct node *pipe = node->pipe;
	size_t known = run->count;
	struct value *values[] = { &key, &item };
	for (size_t i = 0; i < pipe->name_count; i++) {
		struct value value = *values[i + 2 - pipe->name_count];
		if (pipe->assigns)
			find_variable(run, pipe->names[i])->value = value;
		else
			push_variable(run, pipe->names[i], value);
	}
	int result = run_body(run, node->body, &item, flow);
	run->count = known;
	if (*flow == FLOW_CONTINUE)
		*flow = FLOW_ON;
	return result;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of their names, as Go goes through a map. */
static int
range_object(struct run *run, const struct node *node, json_t *object,
	     enum flow *flow)
{
	size_t count = 0, size = json_object_size(object);
	auto_free const char **keys = new_bytes((size + 1) * sizeof(*keys));
	const char *key;
	json_t *item;
	json_object_foreach(object, key, item)
		if (key[0] != '.')
			keys[count++] = key;
	qsort(keys, count, sizeof(*keys), by_name);
	for (size_t i = 0; i < count && *flow == FLOW_ON; i++) {
		struct value name = value_keep(run->keep,
					       json_string(keys[i]));
		struct value value = { json_object_get(object, keys[i]),
				       keys[i] };
		if (run_turn(run, node, name, value, flow) < 0)
			return -1;
	}
	return 0;
}

static int
range_array(struct run *run, const struct node *node, json_t *array,
	    enum flow *flow)
{
	for (size_t i = 0; i < json_array_size(array) && *flow == FLOW_ON;
	     i++) {
		struct value index = value_keep(run->keep, json_integer(i));
		/* "" and not NULL: it is not the whole value. */
		struct value value = { json_array_get(array, i), "" };
		if (run_turn(run, node, index, value, flow) < 0)
			return -1;
	}
	return 0;
}

static int
run_range(struct run *run, const struct node *node, const struct value *dot,
	  enum flow *flow)
{
	struct value value;
	enum flow inner = FLOW_ON;
	if (run_pipe(run, node->pipe, dot, &value) < 0)
		return -1;
	if (json_object_size(value.json))
		return range_object(run, node, value.json, &inner);
	if (json_array_size(value.json))
		return range_array(run, node, value.json, &inner);
	if (value.json && !json_is_null(value.json) &&
	    !json_is_object(value.json) && !json_is_array(value.json)) {
		auto_free char *shown = go_json(value.json);
		return complain(run, node->pipe, "range can't iterate over "
				"%.60s", shown);
	}
	return node->otherwise ? run_body(run, node->otherwise, dot, flow) : 0;
}

static int
run_action(struct run *run, const struct node *node, const struct value *dot)
{
	struct value value;
	if (run_pipe(run, node->pipe, dot, &value) < 0)
		return -1;
	set_declared(run, node->pipe, value);
	if (!node->pipe->name_count)
		go_print(value.json, value.name, run->out);
	return 0;
}

static int
run_node(struct run *run, const struct node *node, const struct value *dot,
	 enum flow *flow)
{
	switch (node->kind) {
	case NODE_TEXT:
		fputs(node->text, run->out);
		return 0;
	case NODE_ACTION:
		return run_action(run, node, dot);
	case NODE_RANGE:
		return run_range(run, node, dot, flow);
	case NODE_BREAK:
		*flow = FLOW_BREAK;
		return 0;
	case NODE_CONTINUE:
		*flow = FLOW_CONTINUE;
		return 0;
	default:
		return run_if(run, node, dot, flow);
	}
}

static int
run_body(struct run *run, const struct node *body, const struct value *dot,
	 enum flow *flow)
{
	size_t known = run->count;
	int result = 0;
	for (size_t i = 0; i < body->count && result == 0; i++) {
		if (*flow != FLOW_ON)
			break;
		result = run_node(run, body->list[i], dot, flow);
	}
	run->count = known;
	return result;
}

int
template_write(const struct template *template, json_t *value,
	       const char *type, bool is_header, FILE *out)
{
	struct run run = { .template = template,
			   .type = type,
			   .is_header = is_header,
			   .keep = json_array(),
			   .out = out };
	struct value dot = { value, NULL };
	enum flow flow = FLOW_ON;
	push_variable(&run, "$", dot);
	int result = run_body(&run, template->body, &dot, &flow);
	json_decref(run.keep);
	free(run.variables);
	return result;
}
