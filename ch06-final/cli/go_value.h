/*
 * go_value.h - JSON values as Go prints them.
 */
#ifndef GO_VALUE_H
#define GO_VALUE_H

#include <jansson.h>

#include "base.h"

/*
 * What Docker's own type of a member is, by the member's name, where the JSON
 * does not tell: an object is a struct unless it is one of its maps (Labels),
 * and null is an empty list unless it is one of the maps or pointers (Health).
 */
enum go_kind { GO_OTHER, GO_MAP, GO_POINTER };
enum go_kind go_kind_of(const char *name);

/* As fmt's %v has it: [a b], map[k:v], {x y}, <nil>.  `name` as above. */
void go_print(json_t *value, const char *name, FILE *out);
/* As strconv.Quote has it: "\"a\"\n". */
void go_quote(const char *string, FILE *out);
/* The type, for messages: "string", "int". */
const char *go_type(json_t *value);
/* As Go's encoding/json has it, without keys that begin with a dot. */
char *go_json(json_t *value);

/* How many characters UTF-8 has here; and where the `count`th ends. */
size_t count_characters(const char *string);
const char *skip_characters(const char *string, size_t count);

#endif
