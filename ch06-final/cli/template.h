/*
 * template.h - what --format takes: Go's templates, as people type them for
 * Docker, over a JSON value.
 *
 *	{{.Names}}  {{.State.Running}}  {{.ID | printf "%.4s"}}
 *	{{range $k, $v := .Config.Labels}}{{$k}}={{$v}}{{println}}{{end}}
 *	{{with .State.Health}}{{.Status}}{{else}}none{{end}}
 *
 * There are if, with, range, else, end, break, continue, comments, variables,
 * parentheses, pipes and the trim marks "{{- -}}"; of functions Go's and, or,
 * not, eq, ne, lt, le, gt, ge, index, slice, len, print, printf, println, and
 * Docker's json, join, split, lower, upper, title, pad, truncate.  There is no
 * define, template or block, for one line has no use for them.
 *
 * What is said of a mistake is said in Go's words ("template: :1:2: executing
 * "" at <.Nope>: ..."), for that is what people search for.  See the package
 * text/template of Go.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <jansson.h>

#include "base.h"

struct template;

/* NULL: it is not one, and the failure says where.  */
struct template *template_parse(const char *source);
void template_free(struct template **template);
#define auto_template __attribute__((cleanup(template_free), unused))

/*
 * Write what it makes of `value` to `out`.  A field that is not there is a
 * failure; `type` is what the message calls the value ("can't evaluate field
 * Nope in type *formatter.ContainerContext"), NULL where it is a plain JSON
 * object.  What was made before a failure is written, so give a stream that
 * can be thrown away.
 *
 * A key ".Label" of the value, with the dot, is what a method of one argument
 * is to Go: {{.Label "a"}} is its member "a", and "" where it has none; where
 * it is true, as among titles, the end of "a" itself.
 * Without an argument it is a second name, as Go's member ID is "id" in JSON.
 * Such keys are in no output.
 *
 * With `is_header` it is the heading of a table: functions leave their
 * argument, which is a title, as it is.
 */
int template_write(const struct template *template, json_t *value,
		   const char *type, bool is_header, FILE *out);

#endif
