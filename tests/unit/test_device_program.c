/*
 * test_device_program.c - the eBPF program for devices: run here, instruction
 * by instruction, on every access there is, against what the rules say; and
 * handed to the kernel's verifier where we may.
 */
#include "device_program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys.h"
#include "test.h"

/* ---- what the rules say ------------------------------------------------- */

/* 1 mknod, 2 read, 4 write, as in the kernel's own numbers. */
static const char letters[] = "mrw";

static bool
matches(const struct device_rule *rule, char type, int major, int minor)
{
	return rule->type == 'a' ||
	       (rule->type == type &&
		(rule->major == DEVICE_ANY || rule->major == major) &&
		(rule->minor == DEVICE_ANY || rule->minor == minor));
}

static bool
is_allowed(const struct device_rule *rules, size_t count, char type, int major,
	   int minor, int access)
{
	for (int bit = 0; bit < 3; bit++) {
		bool verdict = true;
		if (!(access & 1 << bit))
			continue;
		for (size_t i = 0; i < count; i++)
			if (matches(&rules[i], type, major, minor) &&
			    (rules[i].type == 'a' ||
			     strchr(rules[i].access, letters[bit])))
				verdict = rules[i].allow;
		if (!verdict)
			return false;
	}
	return true;
}

/* ---- what the program says ---------------------------------------------- */

static int
run(const struct device_program *program,
    const struct bpf_cgroup_dev_ctx *context)
{
	uint64_t r[11] = { 0 };
	for (size_t at = 0; at < program->count; at++) {
		const struct bpf_insn *insn = &program->insns[at];
		uint64_t *to = &r[insn->dst_reg];
		uint32_t number = insn->imm, loaded;
		switch (insn->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			memcpy(&loaded, (const char *)context + insn->off, 4);
			*to = loaded;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			*to = r[insn->src_reg];
			break;
		case BPF_ALU | BPF_MOV | BPF_K:
			*to = number;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			*to = (uint32_t)*to & number;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			*to = (uint32_t)*to >> number;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			at += *to != number ? insn->off : 0;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			at += *to & number ? insn->off : 0;
			break;
		case BPF_JMP | BPF_JA | BPF_K:
			at += insn->off;
			break;
		case BPF_JMP | BPF_EXIT:
			return r[0];
		default:
			fail_msg("instruction %#x", insn->code);
		}
	}
	fail_msg("it ran out of its end");
	return -1;
}

/* Rules of few numbers, so that they meet: the nth of many lists. */
static size_t
make_rules(unsigned int seed, struct device_rule *rules)
{
	static const char *const kinds[] = { "r", "w",	"m",  "rw",
					     "rm", "wm", "rwm" };
	size_t count = seed % 5;
	for (size_t i = 0; i < count; i++) {
		seed = seed * 1103515245 + 12345;
		unsigned int bits = seed >> 8;
		rules[i] = (struct device_rule){
			.allow = bits & 1,
			.type = "abcbcbcc"[bits >> 1 & 7],
			.major = (int)(bits >> 4 & 3) - 1,
			.minor = (int)(bits >> 6 & 3) - 1,
			.access = kinds[(bits >> 8) % countof(kinds)],
		};
	}
	return count;
}

static void
program_and_rules_agree(void **state)
{
	(void)state;
	struct device_rule rules[5];
	for (unsigned int seed = 0; seed < 3000; seed++) {
		size_t count = make_rules(seed, rules);
		assert_int_equal(device_rules_check(rules, count), 0);
		auto_device_program struct device_program program;
		device_program_assemble(rules, count, &program);
		for (unsigned int c = 0; c < 2 * 9 * 7; c++) {
			bool block = c & 1;
			int access = c / 2 % 7 + 1;
			struct bpf_cgroup_dev_ctx context = {
				.access_type = access << 16 | (block ? 1 : 2),
				.major = c / 14 % 3,
				.minor = c / 42,
			};
			assert_int_equal(
				run(&program, &context),
				is_allowed(rules, count, block ? 'b' : 'c',
					   context.major, context.minor,
					   access));
		}
	}
}

/* ---- the rest ----------------------------------------------------------- */

static void
a_program_can_be_read(void **state)
{
	(void)state;
	static const struct device_rule rules[] = {
		DEVICE_DENY_ALL,
		{ true, 'c', 1, 3, "rwm" },
		{ true, 'b', 8, DEVICE_ANY, "r" },
		{ false, 'c', 1, 3, "m" },
	};
	static const char *const lines[] = {
		"r2 = *(u32 *)(r1 + 0)", "r3 = r2", "r3 >>= 16",
		"r2 &= 0xffff", "r4 = *(u32 *)(r1 + 4)",
		"r5 = *(u32 *)(r1 + 8)",
		"if r2 != 2 goto 13", "if r4 != 1 goto 13",
		"if r5 != 3 goto 13", "if r3 & 0x1 goto 11", "goto 13",
		"r0 = 0", "exit",
		"if r2 != 1 goto 19", "if r4 != 8 goto 19", "r3 &= 0x5",
		"if r3 != 0 goto 19", "r0 = 1", "exit",
		"if r2 != 2 goto 24", "if r4 != 1 goto 24",
		"if r5 != 3 goto 24", "r0 = 1", "exit",
		"r0 = 0", "exit",
	};
	auto_device_program struct device_program program;
	device_program_assemble(rules, countof(rules), &program);
	assert_int_equal(program.count, countof(lines));
	for (size_t i = 0; i < countof(lines); i++) {
		auto_free char *line = device_program_line(&program, i);
		assert_string_equal(line, lines[i]);
	}
}

static void
rules_are_checked_and_said(void **state)
{
	(void)state;
	static const struct device_rule bad[] = {
		{ true, 'x', 1, 3, "r" },	 { true, 'c', 1, 3, "" },
		{ true, 'c', 1, 3, NULL },	 { true, 'c', 1, 3, "rx" },
		{ true, 'c', -2, 3, "r" },	 { true, 'c', 4096, 3, "r" },
		{ true, 'c', 1, 1048576, "r" },
	};
	for (size_t i = 0; i < countof(bad); i++) {
		assert_int_equal(device_rules_check(&bad[i], 1), -1);
		assert_non_null(strstr(failure.text, "rule 1 for devices: "));
	}
	static const struct {
		struct device_rule rule;
		const char *text;
	} good[] = {
		{ DEVICE_DENY_ALL, "a *:* rwm" },
		{ { true, 'c', 1, 3, "rwm" }, "c 1:3 rwm" },
		{ { true, 'b', DEVICE_ANY, DEVICE_ANY, "m" }, "b *:* m" },
		{ { true, 'c', 4095, 1048575, "w" }, "c 4095:1048575 w" },
	};
	for (size_t i = 0; i < countof(good); i++) {
		auto_free char *says = device_rule_text(&good[i].rule);
		assert_string_equal(says, good[i].text);
		assert_int_equal(device_rules_check(&good[i].rule, 1), 0);
	}
}

/* Hand the program of this list to the kernel: 0 or an errno. */
static int
verify(const struct device_rule *rules, size_t count, char *verdict,
       size_t size)
{
	auto_device_program struct device_program program;
	device_program_assemble(rules, count, &program);
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)program.insns,
		.insn_cnt = program.count,
		.license = (uintptr_t)"",
		.log_level = 1,
		.log_buf = (uintptr_t)verdict,
		.log_size = size,
	};
	auto_close int fd = sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	return fd < 0 ? errno : 0;
}

static void
the_verifier_takes_it(void **state)
{
	(void)state;
	struct device_rule rules[5];
	char verdict[8192] = "";
	for (unsigned int seed = 0; seed < 50; seed++) {
		size_t count = make_rules(seed, rules);
		int code = verify(rules, count, verdict, sizeof(verdict));
		if (code == EPERM || code == ENOSYS)
			skip();
		if (code)
			fail_msg("%s: %s", strerror(code), verdict);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(program_and_rules_agree),
		cmocka_unit_test(a_program_can_be_read),
		cmocka_unit_test(rules_are_checked_and_said),
		cmocka_unit_test(the_verifier_takes_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
