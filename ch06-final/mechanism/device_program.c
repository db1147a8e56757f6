/* device_program.c - see device_program.h.  How it is handed to the kernel is
 * in device_attach.c. */
#include "device_program.h"

#include <stdlib.h>
#include <string.h>

/* What the kernel's dev_t has room for. */
#define MAJOR_MAX 4095
#define MINOR_MAX 1048575

/* ---- rules -------------------------------------------------------------- */

static int
check_rule(const struct device_rule *rule)
{
	if (rule->type == 'a')
		return 0;
	if (rule->type != 'b' && rule->type != 'c')
		return failx("the type of a device is a, b or c");
	if (rule->major < DEVICE_ANY || rule->major > MAJOR_MAX ||
	    rule->minor < DEVICE_ANY || rule->minor > MINOR_MAX)
		return failx("there is no device %d:%d", rule->major,
			     rule->minor);
	const char *access = rule->access ? rule->access : "";
	if (!*access || access[strspn(access, "rwm")] != '\0')
		return failx("\"%s\" is not some of rwm", access);
	return 0;
}

int
device_rules_check(const struct device_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (check_rule(&rules[i]) < 0)
			return wrap("rule %zu for devices", i + 1);
	return 0;
}

char *
device_rule_text(const struct device_rule *rule)
{
	if (rule->type == 'a')
		return copy_text("a *:* rwm");
	char major[16] = "*", minor[16] = "*";
	if (rule->major != DEVICE_ANY)
		snprintf(major, sizeof(major), "%d", rule->major);
	if (rule->minor != DEVICE_ANY)
		snprintf(minor, sizeof(minor), "%d", rule->minor);
	return text("%c %s:%s %s", rule->type, major, minor, rule->access);
}

/* ---- assembling --------------------------------------------------------- */

enum {
	VERDICT = BPF_REG_0,
	CONTEXT = BPF_REG_1,
	TYPE = BPF_REG_2,
	ACCESS = BPF_REG_3,
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5,
};

/* Register = number from the context. */
#define LOAD(register, field)                                                 \
	{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = register,             \
	  .src_reg = CONTEXT,                                                 \
	  .off = offsetof(struct bpf_cgroup_dev_ctx, field) }
#define COPY(to, from)                                                        \
	{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = to, .src_reg = from }
/* Register op= number, of 32 bits. */
#define CHANGE(op, register, number)                                          \
	{ .code = BPF_ALU | (op) | BPF_K, .dst_reg = register, .imm = number }
/* If (register op number), skip so many instructions. */
#define SKIP_IF(op, register, number, insns)                                  \
	{ .code = BPF_JMP | (op) | BPF_K, .dst_reg = register, .imm = number, \
	  .off = insns }
#define EXIT { .code = BPF_JMP | BPF_EXIT }

static void
emit(struct device_program *program, const struct bpf_insn *insns, size_t count)
{
	size_t total = program->count + count;
	program->insns = resize_bytes(program->insns, total * sizeof(*insns));
	memcpy(program->insns + program->count, insns, count * sizeof(*insns));
	program->count = total;
}
#define EMIT(program, ...)                                                    \
	emit(program, (const struct bpf_insn[]){ __VA_ARGS__ },               \
	     sizeof((const struct bpf_insn[]){ __VA_ARGS__ }) /               \
		     sizeof(struct bpf_insn))

#define ALL_ACCESS                                                            \
	(BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

static int
access_bits(const char *access)
{
	return (strchr(access, 'm') ? BPF_DEVCG_ACC_MKNOD : 0) |
	       (strchr(access, 'r') ? BPF_DEVCG_ACC_READ : 0) |
	       (strchr(access, 'w') ? BPF_DEVCG_ACC_WRITE : 0);
}

/* Is it another device?  Then skip the rest of the rule: `rest`
 * instructions, and those of the comparisons still to come. */
static void
emit_match(struct device_program *program, const struct device_rule *rule,
	   int rest)
{
	bool has_major = rule->major != DEVICE_ANY;
	bool has_minor = rule->minor != DEVICE_ANY;
	EMIT(program, SKIP_IF(BPF_JNE, TYPE,
			      rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK :
						  BPF_DEVCG_DEV_CHAR,
			      rest + has_major + has_minor));
	if (has_major)
		EMIT(program,
		     SKIP_IF(BPF_JNE, MAJOR, rule->major, rest + has_minor));
	if (has_minor)
		EMIT(program, SKIP_IF(BPF_JNE, MINOR, rule->minor, rest));
}

static void
emit_verdict(struct device_program *program, bool allow)
{
	EMIT(program, CHANGE(BPF_MOV, VERDICT, allow), EXIT);
}

static void
emit_rule(struct device_program *program, const struct device_rule *rule)
{
	int bits = access_bits(rule->access);
	if (bits == ALL_ACCESS) {
		emit_match(program, rule, 2);
		emit_verdict(program, rule->allow);
		return;
	}
	emit_match(program, rule, 4);
	if (rule->allow) /* that much is decided; go on while some is left */
		EMIT(program, CHANGE(BPF_AND, ACCESS, ALL_ACCESS & ~bits),
		     SKIP_IF(BPF_JNE, ACCESS, 0, 2));
	else /* one forbidden kind is enough */
		EMIT(program, SKIP_IF(BPF_JSET, ACCESS, bits, 1),
		     SKIP_IF(BPF_JA, 0, 0, 2));
	emit_verdict(program, rule->allow);
}

void
device_program_assemble(const struct device_rule *rules, size_t count,
			struct device_program *program)
{
	*program = (struct device_program){ 0 };
	EMIT(program, LOAD(TYPE, access_type), /* of two halves */
	     COPY(ACCESS, TYPE), CHANGE(BPF_RSH, ACCESS, 16),
	     CHANGE(BPF_AND, TYPE, 0xffff), LOAD(MAJOR, major),
	     LOAD(MINOR, minor));
	while (count-- > 0) {
		if (rules[count].type == 'a') {
			emit_verdict(program, rules[count].allow);
			return;
		}
		emit_rule(program, &rules[count]);
	}
	emit_verdict(program, true);
}

void
device_program_free(struct device_program *program)
{
	free(program->insns);
	*program = (struct device_program){ 0 };
}

/* ---- for the reader ----------------------------------------------------- */

char *
device_program_line(const struct device_program *program, size_t at)
{
	const struct bpf_insn *insn = &program->insns[at];
	int to = insn->dst_reg, from = insn->src_reg, number = insn->imm;
	size_t target = at + 1 + insn->off;
	switch (insn->code) {
	case BPF_LDX | BPF_MEM | BPF_W:
		return text("r%d = *(u32 *)(r%d + %d)", to, from, insn->off);
	case BPF_ALU64 | BPF_MOV | BPF_X:
		return text("r%d = r%d", to, from);
	case BPF_ALU | BPF_MOV | BPF_K:
		return text("r%d = %d", to, number);
	case BPF_ALU | BPF_AND | BPF_K:
		return text("r%d &= %#x", to, number);
	case BPF_ALU | BPF_RSH | BPF_K:
		return text("r%d >>= %d", to, number);
	case BPF_JMP | BPF_JNE | BPF_K:
		return text("if r%d != %d goto %zu", to, number, target);
	case BPF_JMP | BPF_JSET | BPF_K:
		return text("if r%d & %#x goto %zu", to, number, target);
	case BPF_JMP | BPF_JA | BPF_K:
		return text("goto %zu", target);
	default:
		return copy_text("exit");
	}
}
