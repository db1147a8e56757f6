/* filter_code.c - parent.  See filter_code.h. */
#include "filter_code.h"

#include <endian.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing instructions ----------------------------------------------- */

static void
emit(struct filter_program *program, struct sock_filter instruction)
{
	/* In steps that double: it is a power of two that is full. */
	size_t length = program->length;
	if ((length & (length - 1)) == 0)
		program->code = resize_bytes(program->code,
					     (length ? 2 * length : 1) *
						     sizeof(*program->code));
	program->code[program->length++] = instruction;
}

static void
load(struct filter_program *program, size_t offset)
{
	emit(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						   offset));
}

static void
answer(struct filter_program *program, uint32_t action)
{
	emit(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Compare what was loaded: so many instructions are skipped when it holds,
 * and when it does not. */
static void
compare(struct filter_program *program, int how, uint32_t with, size_t yes,
	size_t no)
{
	emit(program, (struct sock_filter)BPF_JUMP(BPF_JMP | how | BPF_K, with,
						   yes, no));
}

/*
 * Put a comparison before the code from `at` on, which is skipped when its
 * result is `skip_if`.  What a conditional jump cannot reach (255), one
 * without a condition can.
 */
static void
put_before(struct filter_program *program, size_t at, int how, uint32_t with,
	   bool skip_if)
{
	size_t skipped = program->length - at;
	bool is_far = skipped > UINT8_MAX;
	size_t more = is_far ? 2 : 1;
	for (size_t i = 0; i < more; i++)
		answer(program, 0);
	struct sock_filter *code = program->code + at;
	memmove(code + more, code, skipped * sizeof(*code));
	size_t far = is_far ? 1 : skipped;
	code[0] = (struct sock_filter)BPF_JUMP(BPF_JMP | how | BPF_K, with,
					       skip_if ? far : 0,
					       skip_if ? 0 : far);
	if (!is_far)
		return;
	/* The short way leads over the long jump. */
	code[0].jt = skip_if ? 0 : 1;
	code[0].jf = skip_if ? 1 : 0;
	code[1] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, skipped);
}

/* ---- one rule ----------------------------------------------------------- */

/* Of the halves of an argument. */
static size_t
where(uint32_t index, bool high)
{
	bool second = high == (BYTE_ORDER == LITTLE_ENDIAN);
	return offsetof(struct seccomp_data, args[index]) + 4 * second;
}

/* How many instructions an argument takes. */
static size_t
length_of(const struct oci_seccomp_arg *arg, bool narrow)
{
	switch ((enum oci_seccomp_op)arg->op) {
	case OCI_CMP_MASKED_EQ:
		return narrow ? 3 : 6;
	case OCI_CMP_EQ:
	case OCI_CMP_NE:
		return narrow ? 2 : 4;
	default:
		return narrow ? 2 : 5;
	}
}

/*
 * The upper half decides, or leaves it to the lower.  `end`: where the rule
 * ends, and who does not fit goes on.
 */
static void
emit_high(struct filter_program *program, const struct oci_seccomp_arg *arg,
	  size_t end)
{
	uint32_t value = arg->value >> 32;
	load(program, where(arg->index, true));
	/* As seen from the next instruction. */
	size_t away = end - program->length - 1;
	switch ((enum oci_seccomp_op)arg->op) {
	case OCI_CMP_EQ:
		return compare(program, BPF_JEQ, value, 0, away);
	case OCI_CMP_NE:
		return compare(program, BPF_JEQ, value, 0, 2);
	case OCI_CMP_GT:
	case OCI_CMP_GE:
		compare(program, BPF_JGT, value, 3, 0);
		return compare(program, BPF_JEQ, value, 0, away - 1);
	case OCI_CMP_LT:
	case OCI_CMP_LE:
		compare(program, BPF_JGT, value, away, 0);
		return compare(program, BPF_JEQ, value, 0, 2);
	case OCI_CMP_MASKED_EQ:
		emit(program, (struct sock_filter)BPF_STMT(
				      BPF_ALU | BPF_AND | BPF_K, value));
		return compare(program, BPF_JEQ, arg->value_two >> 32 & value,
			       0, away - 1);
	}
}

static void
emit_low(struct filter_program *program, const struct oci_seccomp_arg *arg,
	 size_t end)
{
	uint32_t value = arg->value;
	load(program, where(arg->index, false));
	size_t away = end - program->length - 1;
	switch ((enum oci_seccomp_op)arg->op) {
	case OCI_CMP_EQ:
		return compare(program, BPF_JEQ, value, 0, away);
	case OCI_CMP_NE:
		return compare(program, BPF_JEQ, value, away, 0);
	case OCI_CMP_GT:
		return compare(program, BPF_JGT, value, 0, away);
	case OCI_CMP_GE:
		return compare(program, BPF_JGE, value, 0, away);
	case OCI_CMP_LT:
		return compare(program, BPF_JGE, value, away, 0);
	case OCI_CMP_LE:
		return compare(program, BPF_JGT, value, away, 0);
	case OCI_CMP_MASKED_EQ:
		emit(program, (struct sock_filter)BPF_STMT(
				      BPF_ALU | BPF_AND | BPF_K, value));
		return compare(program, BPF_JEQ,
			       (uint32_t)arg->value_two & value, 0, away - 1);
	}
}

static void
emit_rule(struct filter_program *program, const struct filter_rule *rule)
{
	size_t end = program->length + 1;
	for (size_t i = 0; i < rule->arg_count; i++)
		end += length_of(&rule->args[i], rule->narrow);
	for (size_t i = 0; i < rule->arg_count; i++) {
		if (!rule->narrow)
			emit_high(program, &rule->args[i], end);
		emit_low(program, &rule->args[i], end);
	}
	answer(program, rule->action);
}

/* ---- spans -------------------------------------------------------------- */

/* Numbers from `first` to that of the next span. */
struct span {
	uint32_t first;
	uint32_t action; /* if no rule fits */
	const struct filter_rule *rules; /* those with arguments */
	size_t count;
};

struct spans {
	struct span *list;
	size_t count;
};

static void
add_span(struct spans *spans, const struct span *span)
{
	if (spans->count && spans->list[spans->count - 1].first == span->first)
		spans->count--;
	const struct span *last = spans->list + spans->count - 1;
	if (spans->count && !last->count && !span->count &&
	    last->action == span->action)
		return;
	spans->list[spans->count++] = *span;
}

static int
by_number(const void *one, const void *other)
{
	const struct filter_rule *a = one, *b = other;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	bool a_any = a->arg_count == 0, b_any = b->arg_count == 0;
	if (a_any != b_any)
		return a_any ? 1 : -1;
	return a->order < b->order ? -1 : 1;
}

/* The rules for one number, as a span. */
static struct span
span_of(const struct filter_rule *rules, size_t count, uint32_t others)
{
	struct span span = { .first = rules[0].first, .action = others,
			     .rules = rules };
	while (span.count < count && rules[span.count].arg_count)
		span.count++;
	if (span.count < count)
		span.action = rules[span.count].action;
	/* What would be answered anyhow need not be asked. */
	while (span.count && rules[span.count - 1].action == span.action)
		span.count--;
	return span;
}

static struct spans
make_spans(struct filter_table *table, uint32_t others)
{
	struct filter_rule *rules = table->rules;
	struct spans spans = { .count = 0 };
	spans.list = new_bytes((2 * table->count + 1) * sizeof(*spans.list));
	for (size_t i = 0; i < table->count; i++)
		rules[i].order = i;
	if (rules) /* none, where no name is that of a call here */
		qsort(rules, table->count, sizeof(*rules), by_number);
	add_span(&spans, &(struct span){ .action = others });
	for (size_t i = 0, n; i < table->count; i += n) {
		for (n = 1; i + n < table->count &&
			    rules[i + n].first == rules[i].first;)
			n++;
		struct span span = span_of(rules + i, n, others);
		add_span(&spans, &span);
		if (rules[i].last < UINT32_MAX)
			add_span(&spans, &(struct span){
						.first = rules[i].last + 1,
						.action = others });
	}
	return spans;
}

/* ---- the tree ----------------------------------------------------------- */

static void
emit_tree(struct filter_program *program, const struct span *spans,
	  size_t count)
{
	if (count == 1) {
		for (size_t i = 0; i < spans->count; i++)
			emit_rule(program, &spans->rules[i]);
		answer(program, spans->action);
		return;
	}
	size_t half = count / 2, at = program->length;
	emit_tree(program, spans, half);
	put_before(program, at, BPF_JGE, spans[half].first, true);
	emit_tree(program, spans + half, count - half);
}

int
filter_code(struct filter_program *program, struct filter_table *tables,
	    size_t count, uint32_t others, uint32_t foreign)
{
	*program = (struct filter_program){ 0 };
	load(program, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < count; i++) {
		size_t at = program->length;
		struct spans spans = make_spans(&tables[i], others);
		load(program, offsetof(struct seccomp_data, nr));
		emit_tree(program, spans.list, spans.count);
		free(spans.list);
		put_before(program, at, BPF_JEQ, tables[i].architecture, false);
	}
	answer(program, foreign);
	if (program->length > BPF_MAXINSNS)
		return failx("a filter of %zu instructions: the kernel takes "
			     "%d", program->length, BPF_MAXINSNS);
	return 0;
}
