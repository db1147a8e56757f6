/* test_filter.c - filters of system calls: made, asked, and in force. */
#include "filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>

#include "in_child.h"

#define NATIVE seccomp_arch_native()
#define ALLOW SECCOMP_RET_ALLOW
#define ERRNO SECCOMP_RET_ERRNO

/* ---- profiles ----------------------------------------------------------- */

/* As in a config.json: one parsed from it (quotes single), for this test. */
static struct oci_config config;

static const struct oci_seccomp *
profile(const char *single)
{
	auto_free char *json = text("{'ociVersion': '1.0.0', 'root': {'path': "
				    "'r'}, 'linux': {'seccomp': %s}}", single);
	for (char *at = json; *at; at++)
		if (*at == '\'')
			*at = '"';
	oci_config_free(&config);
	if (oci_config_parse(&config, json, strlen(json)) < 0)
		fail_msg("%s", failure.text);
	return config.kernel->seccomp;
}

static int
end(void **state)
{
	(void)state;
	oci_config_free(&config);
	return 0;
}

static struct filter
compiled(const struct oci_seccomp *seccomp)
{
	struct filter filter;
	if (filter_compile(&filter, seccomp) < 0)
		fail_msg("%s", failure.text);
	return filter;
}

/* What the failure says, of a profile that is refused. */
static void
assert_refused(const char *single, const char *words)
{
	struct filter filter;
	assert_int_equal(filter_compile(&filter, profile(single)), -1);
	if (!strstr(failure.text, words))
		fail_msg("\"%s\" does not say \"%s\"", failure.text, words);
	assert_null(filter.code);
}

/* ---- the kernel, played ------------------------------------------------- */

static uint32_t
jump(const struct sock_filter *code, uint32_t a)
{
	bool holds = false;
	switch (BPF_OP(code->code)) {
	case BPF_JA:
		return code->k;
	case BPF_JEQ:
		holds = a == code->k;
		break;
	case BPF_JGT:
		holds = a > code->k;
		break;
	case BPF_JGE:
		holds = a >= code->k;
		break;
	case BPF_JSET:
		holds = a & code->k;
		break;
	}
	return holds ? code->jt : code->jf;
}

static unsigned int steps;

/* What the program says of a system call. */
static uint32_t
ask(const struct sock_filter *code, size_t length,
    const struct seccomp_data *data)
{
	uint32_t a = 0;
	steps = 0;
	for (size_t at = 0; at < length; at++, steps++) {
		const struct sock_filter *now = &code[at];
		switch (BPF_CLASS(now->code)) {
		case BPF_LD:
			assert_true(now->k + 4 <= sizeof(*data));
			memcpy(&a, (const char *)data + now->k, 4);
			break;
		case BPF_ALU:
			assert_int_equal(BPF_OP(now->code), BPF_AND);
			a &= now->k;
			break;
		case BPF_JMP:
			at += jump(now, a);
			break;
		case BPF_RET:
			return now->k;
		default:
			fail_msg("instruction %#x", now->code);
		}
	}
	fail_msg("the program has no end");
	return 0;
}

/* Of a system call by its name. */
static uint32_t
asked(const struct filter *filter, uint32_t arch, const char *name,
      const uint64_t args[6])
{
	static const uint64_t none[6];
	struct seccomp_data data = {
		.nr = seccomp_syscall_resolve_name_arch(arch, name),
		.arch = arch == SCMP_ARCH_X32 ? AUDIT_ARCH_X86_64 : arch,
	};
	memcpy(data.args, args ?: none, sizeof(data.args));
	return ask(filter->code, filter->length, &data);
}

static uint32_t
with(const struct filter *filter, const char *name, uint64_t first,
     uint64_t second)
{
	const uint64_t args[6] = { first, second };
	return asked(filter, NATIVE, name, args);
}

/* ---- what a filter says ------------------------------------------------- */

static void
none(void **state)
{
	(void)state;
	int listener = 7;
	struct filter filter = compiled(NULL);
	assert_null(filter.code);
	assert_int_equal(filter_load(&filter, &listener), 0);
	assert_int_equal(listener, -1);
	filter_free(&filter);
	filter_free(&filter);
}

static void
actions(void **state)
{
	(void)state;
	struct filter f = compiled(profile(
		"{'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': ["
		" {'names': ['mkdir', 'no_such_call'],"
		"  'action': 'SCMP_ACT_ERRNO'},"
		" {'names': ['chmod'], 'action': 'SCMP_ACT_ERRNO',"
		"  'errnoRet': 13},"
		" {'names': ['chown'], 'action': 'SCMP_ACT_TRACE'},"
		" {'names': ['link'], 'action': 'SCMP_ACT_TRACE',"
		"  'errnoRet': 9},"
		" {'names': ['unlink'], 'action': 'SCMP_ACT_TRAP'},"
		" {'names': ['rmdir'], 'action': 'SCMP_ACT_KILL'},"
		" {'names': ['rename'], 'action': 'SCMP_ACT_KILL_THREAD'},"
		" {'names': ['symlink'], 'action': 'SCMP_ACT_KILL_PROCESS'},"
		" {'names': ['truncate'], 'action': 'SCMP_ACT_LOG'},"
		" {'names': ['getcwd'], 'action': 'SCMP_ACT_TRAP'},"
		" {'names': ['getcwd'], 'action': 'SCMP_ACT_ERRNO'},"
		" {'names': ['mknod'], 'action': 'SCMP_ACT_ALLOW'}]}"));
	const struct {
		const char *name;
		uint32_t action;
	} answers[] = {
		{ "mkdir", ERRNO | EPERM }, { "chmod", ERRNO | 13 },
		{ "chown", SECCOMP_RET_TRACE | EPERM },
		{ "link", SECCOMP_RET_TRACE | 9 },
		{ "unlink", SECCOMP_RET_TRAP },
		{ "rmdir", SECCOMP_RET_KILL_THREAD },
		{ "rename", SECCOMP_RET_KILL_THREAD },
		{ "symlink", SECCOMP_RET_KILL_PROCESS },
		{ "truncate", SECCOMP_RET_LOG }, { "mknod", ALLOW },
		{ "read", ALLOW },
		{ "getcwd", SECCOMP_RET_TRAP }, /* the first of two */
	};
	for (size_t i = 0; i < countof(answers); i++)
		if (asked(&f, NATIVE, answers[i].name, NULL) !=
		    answers[i].action)
			fail_msg("%s", answers[i].name);
	/* Nobody is told that a call does not exist where all are allowed. */
	struct seccomp_data new = { .nr = 9999, .arch = NATIVE };
	assert_int_equal(ask(f.code, f.length, &new), ALLOW);
	filter_free(&f);
}

#define BIG "18446744073709551615"
#define LINE UINT64_C(0x100000005)

static struct filter
comparing(const char *operator, const char *value, const char *second)
{
	auto_free char *json = text(
		"{'defaultAction': 'SCMP_ACT_ERRNO', 'syscalls': ["
		" {'names': ['mkdir'], 'action': 'SCMP_ACT_ALLOW', 'args': ["
		"  {'index': 1, 'op': 'SCMP_CMP_%s', 'value': %s,"
		"   'valueTwo': %s}]}]}", operator, value, second);
	return compiled(profile(json));
}

/* Each operator, with a value that has something in both halves. */
static void
operators(void **state)
{
	(void)state;
	/* Less by the upper half, by the lower, equal, more, more. */
	const uint64_t values[] = { 0x0000000f, LINE - 1, LINE, LINE + 1,
				    0x200000000 };
	const struct {
		const char *op;
		bool fits[5];
	} table[] = {
		{ "EQ", { 0, 0, 1, 0, 0 } }, { "NE", { 1, 1, 0, 1, 1 } },
		{ "LT", { 1, 1, 0, 0, 0 } }, { "LE", { 1, 1, 1, 0, 0 } },
		{ "GT", { 0, 0, 0, 1, 1 } }, { "GE", { 0, 0, 1, 1, 1 } },
	};
	for (size_t i = 0; i < countof(table); i++) {
		struct filter f = comparing(table[i].op, "4294967301", "0");
		for (size_t v = 0; v < countof(values); v++)
			if ((with(&f, "mkdir", 0, values[v]) == ALLOW) !=
			    table[i].fits[v])
				fail_msg("%s %#llx", table[i].op,
					 (unsigned long long)values[v]);
		filter_free(&f);
	}
	struct filter f = comparing("MASKED_EQ", "1095216660495", BIG);
	/* 0xff0000000f: of valueTwo only what the mask covers counts. */
	assert_int_equal(with(&f, "mkdir", 0, 0xff1234567f), ALLOW);
	assert_int_equal(with(&f, "mkdir", 0, 0xff12345677), ERRNO | EPERM);
	assert_int_equal(with(&f, "mkdir", 0, 0xfe1234567f), ERRNO | EPERM);
	filter_free(&f);
	f = comparing("EQ", BIG, "0");
	assert_int_equal(with(&f, "mkdir", 0, UINT64_MAX), ALLOW);
	assert_int_equal(with(&f, "mkdir", 0, UINT32_MAX), ERRNO | EPERM);
	filter_free(&f);
}

static void
arguments(void **state)
{
	(void)state;
	struct filter f = compiled(profile(
		"{'defaultAction': 'SCMP_ACT_ERRNO', 'defaultErrnoRet': 38,"
		" 'syscalls': [{'names': ['mkdir'],"
		"  'action': 'SCMP_ACT_ALLOW', 'args': ["
		"   {'index': 0, 'op': 'SCMP_CMP_EQ', 'value': 1},"
		"   {'index': 1, 'op': 'SCMP_CMP_EQ', 'value': 2}]},"
		"  {'names': ['chmod'],"
		"  'action': 'SCMP_ACT_ALLOW', 'args': ["
		"   {'index': 0, 'op': 'SCMP_CMP_EQ', 'value': 1},"
		"   {'index': 0, 'op': 'SCMP_CMP_EQ', 'value': 2}]}]}"));
	assert_int_equal(with(&f, "mkdir", 1, 2), ALLOW);
	assert_int_equal(with(&f, "mkdir", 1, 3), ERRNO | ENOSYS);
	assert_int_equal(with(&f, "mkdir", 2, 2), ERRNO | ENOSYS);
	/* Twice the same argument: the one or the other. */
	assert_int_equal(with(&f, "chmod", 1, 0), ALLOW);
	assert_int_equal(with(&f, "chmod", 2, 0), ALLOW);
	assert_int_equal(with(&f, "chmod", 3, 0), ERRNO | ENOSYS);
	filter_free(&f);
}

/* The special before the general, in whichever order. */
static void
precedence(void **state)
{
	(void)state;
	static const char any[] =
		"{'names': ['mkdir'], 'action': 'SCMP_ACT_ALLOW'}";
	static const char some[] =
		"{'names': ['mkdir'], 'action': 'SCMP_ACT_ERRNO', 'args': ["
		" {'index': 1, 'op': 'SCMP_CMP_EQ', 'value': 5}]},"
		"{'names': ['mkdir'], 'action': 'SCMP_ACT_TRAP', 'args': ["
		" {'index': 1, 'op': 'SCMP_CMP_LE', 'value': 5}]}";
	for (int turn = 0; turn < 2; turn++) {
		auto_free char *json = text(
			"{'defaultAction': 'SCMP_ACT_KILL', "
			"'syscalls': [%s, %s]}", turn ? any : some,
			turn ? some : any);
		struct filter f = compiled(profile(json));
		assert_int_equal(with(&f, "mkdir", 0, 4), SECCOMP_RET_TRAP);
		assert_int_equal(with(&f, "mkdir", 0, 5), ERRNO | EPERM);
		assert_int_equal(with(&f, "mkdir", 0, 6), ALLOW);
		filter_free(&f);
	}
}

/* What is newer than all that the profile knows does not exist. */
static void
unheard_of(void **state)
{
	(void)state;
	struct filter f = compiled(profile(
		"{'defaultAction': 'SCMP_ACT_ERRNO', 'syscalls': ["
		" {'names': ['openat2'], 'action': 'SCMP_ACT_ALLOW'}]}"));
	struct seccomp_data data = {
		.nr = seccomp_syscall_resolve_name("openat2"), .arch = NATIVE,
	};
	assert_int_equal(ask(f.code, f.length, &data), ALLOW);
	data.nr++;
	assert_int_equal(ask(f.code, f.length, &data), ERRNO | ENOSYS);
	data.nr = 9999;
	assert_int_equal(ask(f.code, f.length, &data), ERRNO | ENOSYS);
	data.nr = -1;
	assert_int_equal(ask(f.code, f.length, &data), ERRNO | EPERM);
	assert_int_equal(asked(&f, NATIVE, "mkdir", NULL), ERRNO | EPERM);
	filter_free(&f);
}

static void
architectures(void **state)
{
	(void)state;
	if (NATIVE != SCMP_ARCH_X86_64)
		skip();
	static const char rest[] =
		"'defaultAction': 'SCMP_ACT_ERRNO', 'syscalls': ["
		" {'names': ['mkdir', 'socket', 'semget', 'chown32'],"
		"  'action': 'SCMP_ACT_ALLOW'},"
		" {'names': ['accept4'], 'action': 'SCMP_ACT_ALLOW', 'args': ["
		"   {'index': 3, 'op': 'SCMP_CMP_EQ', 'value': " BIG "}]}]";
	auto_free char *one = text("{%s}", rest);
	auto_free char *all = text("{'architectures': ['SCMP_ARCH_X86', "
				   "'SCMP_ARCH_X32', 'SCMP_ARCH_X86_64', "
				   "'SCMP_ARCH_AARCH64', 'SCMP_ARCH_X86'], "
				   "%s}", rest);
	/* The native one is meant when there are none, and alone. */
	struct filter f = compiled(profile(one));
	assert_int_equal(asked(&f, NATIVE, "mkdir", NULL), ALLOW);
	assert_int_equal(asked(&f, SCMP_ARCH_X86, "mkdir", NULL),
			 SECCOMP_RET_KILL_THREAD);
	assert_int_equal(asked(&f, SCMP_ARCH_X32, "mkdir", NULL),
			 SECCOMP_RET_KILL_THREAD);
	filter_free(&f);

	f = compiled(profile(all));
	assert_int_equal(asked(&f, NATIVE, "mkdir", NULL), ALLOW);
	assert_int_equal(asked(&f, SCMP_ARCH_X86, "mkdir", NULL), ALLOW);
	assert_int_equal(asked(&f, SCMP_ARCH_X32, "mkdir", NULL), ALLOW);
	assert_int_equal(asked(&f, SCMP_ARCH_X86, "chown32", NULL), ALLOW);
	assert_int_equal(asked(&f, SCMP_ARCH_AARCH64, "socket", NULL), ALLOW);
	assert_int_equal(asked(&f, SCMP_ARCH_ARM, "mkdir", NULL),
			 SECCOMP_RET_KILL_THREAD);
	assert_int_equal(asked(&f, SCMP_ARCH_X32, "chmod", NULL),
			 ERRNO | EPERM);
	struct seccomp_data data = { .nr = 0x40000000 + 9999,
				     .arch = AUDIT_ARCH_X86_64 };
	assert_int_equal(ask(f.code, f.length, &data), ERRNO | ENOSYS);

	/* The direct form, and the one among socketcall's and ipc's. */
	data = (struct seccomp_data){ .nr = 359, .arch = AUDIT_ARCH_I386 };
	assert_int_equal(ask(f.code, f.length, &data), ALLOW);
	data.nr = 393;
	assert_int_equal(ask(f.code, f.length, &data), ALLOW);
	const uint64_t socket_[6] = { 1 }, bind_[6] = { 2 };
	const uint64_t accept4_[6] = { 18 };
	assert_int_equal(asked(&f, SCMP_ARCH_X86, "socketcall", socket_),
			 ALLOW);
	assert_int_equal(asked(&f, SCMP_ARCH_X86, "ipc", bind_), ALLOW);
	assert_int_equal(asked(&f, SCMP_ARCH_X86, "socketcall", bind_),
			 ERRNO | EPERM);
	assert_int_equal(asked(&f, SCMP_ARCH_X86, "socketcall", accept4_),
			 ERRNO | EPERM);
	/* Of 32 bits, the lower half counts. */
	data = (struct seccomp_data){ .nr = 364, .arch = AUDIT_ARCH_I386,
				      .args[3] = UINT32_MAX };
	assert_int_equal(ask(f.code, f.length, &data), ALLOW);
	filter_free(&f);
}

/* Who may not send without the agent's being asked must be helped. */
static void
mute(void **state)
{
	(void)state;
#define SENDMSG(action)                                                       \
	"{'names': ['read', 'sendmsg'], 'action': 'SCMP_ACT_" action "'}"
#define PROFILE(action, rules)                                                \
	"{'defaultAction': 'SCMP_ACT_" action "', 'listenerPath': '/x', "     \
	"'syscalls': [" rules "]}"
	static const struct {
		const char *profile;
		bool expects, mute;
	} rows[] = {
		{ PROFILE("ALLOW", ""), false, false },
		{ PROFILE("NOTIFY", ""), true, true },
		{ PROFILE("NOTIFY", SENDMSG("ALLOW")), true, false },
		{ PROFILE("ALLOW", SENDMSG("NOTIFY")), true, true },
		{ PROFILE("ERRNO", SENDMSG("LOG")), false, false },
		{ PROFILE("ALLOW", SENDMSG("ALLOW") ", " SENDMSG("NOTIFY")),
		  true, true },
		{ PROFILE("ALLOW", SENDMSG("NOTIFY") ", " SENDMSG("ALLOW")),
		  true, true },
	};
	for (size_t i = 0; i < countof(rows); i++) {
		const struct oci_seccomp *seccomp = profile(rows[i].profile);
		assert_int_equal(filter_expects(seccomp), rows[i].expects);
		assert_int_equal(filter_is_mute(seccomp), rows[i].mute);
	}
}

static void
refused(void **state)
{
	(void)state;
	assert_refused("{'defaultAction': 'SCMP_ACT_ALLOW',"
		       " 'architectures': ['SCMP_ARCH_PPC64'], 'syscalls': ["
		       "{'names': ['mkdir'], 'action': 'SCMP_ACT_ERRNO'}]}",
		       "another order");
	if (seccomp_syscall_resolve_name_arch(AUDIT_ARCH_LOONGARCH64,
					      "read") >= 0)
		return;
	assert_refused("{'defaultAction': 'SCMP_ACT_ALLOW',"
		       " 'architectures': ['SCMP_ARCH_LOONGARCH64']}",
		       "does not know SCMP_ARCH_LOONGARCH64");
}

/* A profile of everything, for the largest jumps and the limit. */
static void
large(void **state)
{
	(void)state;
	char *json = NULL;
	size_t size;
	FILE *out = open_memstream(&json, &size);
	fputs("{'defaultAction': 'SCMP_ACT_KILL', 'syscalls': [", out);
	/* Each of them a span of its own, with seven instructions. */
	for (int nr = 0; nr < 300; nr++) {
		auto_free char *name = seccomp_syscall_resolve_num_arch(NATIVE,
									nr);
		if (name)
			fprintf(out, "{'names': ['%s'], 'action': "
				"'SCMP_ACT_ERRNO', 'errnoRet': %d, 'args': ["
				"{'index': 5, 'op': 'SCMP_CMP_GE', 'value': "
				"%d}]},", name, nr + 1, nr);
	}
	fputs("{'names': ['openat2'], 'action': 'SCMP_ACT_ALLOW'}]}", out);
	fclose(out);
	struct filter f = compiled(profile(json));
	for (int nr = 0; nr < 300; nr++) {
		struct seccomp_data data = { .nr = nr, .arch = NATIVE,
					     .args[5] = nr };
		auto_free char *name = seccomp_syscall_resolve_num_arch(NATIVE,
									nr);
		assert_int_equal(ask(f.code, f.length, &data),
				 name ? ERRNO | (nr + 1) :
					SECCOMP_RET_KILL_THREAD);
		assert_in_range(steps, 1, 30);
		data.args[5]--;
		if (nr > 0)
			assert_int_equal(ask(f.code, f.length, &data),
					 SECCOMP_RET_KILL_THREAD);
	}
	assert_int_equal(asked(&f, NATIVE, "openat2", NULL), ALLOW);
	filter_free(&f);
	free(json);
}

static void
too_large(void **state)
{
	(void)state;
	char *json = NULL;
	size_t size;
	FILE *out = open_memstream(&json, &size);
	fputs("{'defaultAction': 'SCMP_ACT_KILL', 'syscalls': [", out);
	for (int i = 0; i < 1000; i++)
		fprintf(out, "%s{'names': ['read'], 'action': "
			"'SCMP_ACT_ERRNO', 'args': [{'index': 0, "
			"'op': 'SCMP_CMP_EQ', 'value': %d}]}", i ? "," : "", i);
	fputs("]}", out);
	fclose(out);
	assert_refused(json, "instructions: the kernel takes 4096");
	free(json);
}

/* ---- the same as libseccomp --------------------------------------------- */

static const uint32_t archs[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86,
				  SCMP_ARCH_X32 };

/* What libseccomp makes of it; the caller frees. */
static struct sock_filter *
by_libseccomp(const struct oci_seccomp *seccomp, size_t *length)
{
	static const enum scmp_compare ops[] = {
		[OCI_CMP_NE] = SCMP_CMP_NE, [OCI_CMP_LT] = SCMP_CMP_LT,
		[OCI_CMP_LE] = SCMP_CMP_LE, [OCI_CMP_EQ] = SCMP_CMP_EQ,
		[OCI_CMP_GE] = SCMP_CMP_GE, [OCI_CMP_GT] = SCMP_CMP_GT,
		[OCI_CMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	assert_non_null(ctx);
	for (size_t i = 1; i < countof(archs); i++)
		assert_int_equal(seccomp_arch_add(ctx, archs[i]), 0);
	for (size_t i = 0; i < seccomp->rule_count; i++) {
		const struct oci_seccomp_rule *rule = &seccomp->rules[i];
		struct scmp_arg_cmp args[6];
		for (size_t n = 0; n < rule->arg_count; n++)
			args[n] = (struct scmp_arg_cmp){
				rule->args[n].index, ops[rule->args[n].op],
				rule->args[n].value, rule->args[n].value_two,
			};
		int nr = seccomp_syscall_resolve_name(rule->names[0]);
		assert_int_equal(seccomp_rule_add_array(ctx, rule->action, nr,
							rule->arg_count, args),
				 0);
	}
	auto_close int file = memfd_create("filter", MFD_CLOEXEC);
	assert_int_equal(seccomp_export_bpf(ctx, file), 0);
	seccomp_release(ctx);
	*length = lseek(file, 0, SEEK_END) / sizeof(struct sock_filter);
	struct sock_filter *code = new_bytes(*length * sizeof(*code));
	assert_true(pread(file, code, *length * sizeof(*code), 0) > 0);
	return code;
}

static uint64_t
some_value(void)
{
	/* Often the same, and near each other. */
	static const uint64_t values[] = {
		0, 1, 2, 0x80000000, 0xffffffff, 0x100000000, 0x100000001,
		UINT64_MAX,
	};
	return values[rand() % countof(values)];
}

/* One name, once: with rules that disagree the two may. */
static void
random_rules(FILE *out)
{
	static const char *const ops[] = { "NE", "LT", "LE", "EQ", "GE", "GT",
					   "MASKED_EQ" };
	const char *comma = "";
	for (int nr = 0; nr < 450; nr++) {
		auto_free char *name = seccomp_syscall_resolve_num_arch(NATIVE,
									nr);
		if (!name || rand() % 3 == 0)
			continue;
		const char *action = rand() % 4 ? "ALLOW" : "TRAP";
		/* With arguments a multiplexed call is a matter of taste. */
		bool plain = rand() % 3 ||
			     seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86,
							       name) < 0;
		fprintf(out, "%s{'names': ['%s'], 'action': 'SCMP_ACT_%s', "
			"'args': [", comma, name, action);
		comma = ",";
		for (int index = plain ? 6 : 0; index < 6; index++)
			if (index == 0 || rand() % 4 == 0)
				fprintf(out, "%s{'index': %d, 'op': "
					"'SCMP_CMP_%s', 'value': %llu, "
					"'valueTwo': %llu}", index ? "," : "",
					index, ops[rand() % countof(ops)],
					(unsigned long long)some_value(),
					(unsigned long long)some_value());
		fputs("]}", out);
	}
}

static void
compare(const struct filter *ours, const struct sock_filter *theirs,
	size_t length)
{
	for (int nr = -1; nr < 600; nr++)
		for (size_t a = 0; a < countof(archs); a++)
			for (int turn = 0; turn < 20; turn++) {
				bool x32 = archs[a] == SCMP_ARCH_X32;
				struct seccomp_data data = {
					.nr = x32 ? nr | 0x40000000 : nr,
					.arch = x32 ? AUDIT_ARCH_X86_64 :
						      archs[a],
				};
				for (int i = 0; i < 6; i++)
					data.args[i] = some_value();
				uint32_t one = ask(ours->code, ours->length,
						   &data);
				if (one != ask(theirs, length, &data))
					fail_msg("arch %#x, call %d: %#x",
						 data.arch, data.nr, one);
			}
}

static void
as_libseccomp_has_it(void **state)
{
	(void)state;
	if (NATIVE != SCMP_ARCH_X86_64)
		skip();
	for (int seed = 1; seed <= 5; seed++) {
		char *json = NULL;
		size_t size, length;
		srand(seed);
		FILE *out = open_memstream(&json, &size);
		fputs("{'defaultAction': 'SCMP_ACT_ERRNO', 'defaultErrnoRet': "
		      "38, 'architectures': ['SCMP_ARCH_X86', "
		      "'SCMP_ARCH_X32'], 'syscalls': [", out);
		random_rules(out);
		fputs("]}", out);
		fclose(out);
		const struct oci_seccomp *seccomp = profile(json);
		struct filter ours = compiled(seccomp);
		auto_free struct sock_filter *theirs =
			by_libseccomp(seccomp, &length);
		compare(&ours, theirs, length);
		filter_free(&ours);
		free(json);
	}
}

/* ---- in force ----------------------------------------------------------- */

static int listener;

static void
enforce(const char *single)
{
	struct filter filter = compiled(profile(single));
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	must(filter_load(&filter, &listener) == 0);
}

static void
answers_body(void)
{
	enforce("{'defaultAction': 'SCMP_ACT_ALLOW', 'flags': "
		"['SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_LOG',"
		" 'SECCOMP_FILTER_FLAG_SPEC_ALLOW',"
		" 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'], 'syscalls': ["
		" {'names': ['mkdir', 'mkdirat'], 'action': 'SCMP_ACT_ERRNO',"
		"  'errnoRet': 90},"
		" {'names': ['sethostname'], 'action': 'SCMP_ACT_TRACE'},"
		" {'names': ['kill'], 'action': 'SCMP_ACT_ERRNO', 'args': ["
		"   {'index': 1, 'op': 'SCMP_CMP_EQ', 'value': 9}]}]}");
	must(listener == -1);
	must(mkdir("/tmp/never", 0755) < 0 && errno == 90);
	must(access("/tmp/never", F_OK) < 0 && errno == ENOENT);
	must(kill(getpid(), 0) == 0);
	must(kill(getpid(), SIGKILL) < 0 && errno == EPERM);
	/* Traced, and there is no tracer. */
	must(sethostname("x", 1) < 0 && errno == ENOSYS);
	must(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER);
}

static void
answers(void **state)
{
	(void)state;
	in_child(answers_body);
}

static void
needs_privilege_body(void)
{
	become_ordinary();
	struct filter filter = compiled(profile("{'defaultAction': "
						"'SCMP_ACT_ALLOW'}"));
	must(filter_load(&filter, &listener) < 0);
	must(strstr(failure.text, "CAP_SYS_ADMIN or noNewPrivileges"));
	must(failure.code == EACCES && listener == -1);
	must(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0);
	filter.flags = 1u << 30;
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	must(filter_load(&filter, &listener) < 0);
	must(strstr(failure.text, "flag"));
}

static void
needs_privilege(void **state)
{
	(void)state;
	in_child(needs_privilege_body);
}

/* How a process ends that is not allowed to make a directory. */
static int
end_by(const char *action)
{
	auto_free char *json = text("{'defaultAction': 'SCMP_ACT_ALLOW', "
				    "'syscalls': [{'names': ['mkdir'], "
				    "'action': 'SCMP_ACT_%s'}]}", action);
	int status;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGSYS, SIG_DFL); /* not cmocka's */
		prctl(PR_SET_DUMPABLE, 0); /* no core */
		enforce(json);
		syscall(SYS_mkdir, "/tmp/never", 0755);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
killed(void **state)
{
	(void)state;
#ifdef SYS_mkdir
	const char *const actions_[] = { "KILL", "KILL_THREAD", "KILL_PROCESS",
					 "TRAP" };
	for (size_t i = 0; i < countof(actions_); i++) {
		int status = end_by(actions_[i]);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
	}
	int status = end_by("LOG");
	assert_true(WIFEXITED(status));
	rmdir("/tmp/never");
#else
	skip();
#endif
}

/* ---- asking an agent ---------------------------------------------------- */

static int
listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	strcpy(address.sun_path, path);
	auto_close int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(sock, (struct sockaddr *)&address,
			      sizeof(address)), 0);
	assert_int_equal(listen(sock, 1), 0);
	return take_fd(&sock);
}

/* The whole message, and the descriptor that came with it. */
static int
take_message(int server, char *message, size_t size)
{
	int fd = -1;
	char control[CMSG_SPACE(sizeof(int))];
	auto_close int sock = accept(server, NULL, NULL);
	assert_true(sock >= 0);
	size_t used = 0;
	for (ssize_t got = 1; got > 0; used += got) {
		struct iovec part = { message + used, size - used - 1 };
		struct msghdr envelope = {
			.msg_iov = &part, .msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		got = recvmsg(sock, &envelope, MSG_CMSG_CLOEXEC);
		assert_true(got >= 0);
		struct cmsghdr *rights = CMSG_FIRSTHDR(&envelope);
		if (rights) {
			assert_int_equal(used, 0); /* with the first byte */
			assert_int_equal(rights->cmsg_type, SCM_RIGHTS);
			memcpy(&fd, CMSG_DATA(rights), sizeof(fd));
		}
	}
	message[used] = '\0';
	return fd;
}

/* A child under a filter that asks, and its listener: mkdir's answer is its
 * exit status. */
static pid_t
asking_child(int *of_child)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0,
				    ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		enforce("{'defaultAction': 'SCMP_ACT_ALLOW', 'listenerPath': "
			"'/x', 'flags': ['SECCOMP_FILTER_FLAG_TSYNC',"
			" 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'],"
			" 'syscalls': [{'names': ['mkdirat', 'mkdir'],"
			"  'action': 'SCMP_ACT_NOTIFY'}]}");
		must(listener >= 0);
		must(fcntl(listener, F_GETFD) == FD_CLOEXEC);
		must(write(ends[1], &listener, sizeof(int)) == sizeof(int));
		_exit(mkdir("/tmp/never", 0755) < 0 ? errno : 0);
	}
	int number;
	close(ends[1]);
	assert_int_equal(read(ends[0], &number, sizeof(int)), sizeof(int));
	close(ends[0]);
	auto_close int pidfd = syscall(SYS_pidfd_open, pid, 0);
	*of_child = syscall(SYS_pidfd_getfd, pidfd, number, 0);
	return pid;
}

static void
answer_one(int fd, pid_t pid, int error)
{
	struct seccomp_notif request = { 0 };
	assert_int_equal(ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &request), 0);
	assert_int_equal(request.pid, pid);
	struct seccomp_notif_resp response = { .id = request.id,
					       .error = -error };
	assert_int_equal(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &response), 0);
}

/* The state is longer than what a socket takes at once. */
static void
notified(void **state)
{
	(void)state;
	auto_free char *path = text("/tmp/test_filter.%d", getpid());
	size_t length = 300000;
	auto_free char *words = new_bytes(length + 1);
	auto_free char *message = new_bytes(length + 100);
	memset(words, 'x', length);
	int of_child, status;
	pid_t pid = asking_child(&of_child);
	if (of_child < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		skip(); /* no pidfd_getfd(2), or no ptrace */
	}
	auto_close int server = listen_at(path);
	pid_t sender = fork();
	assert_true(sender >= 0);
	if (sender == 0)
		_exit(filter_notify(path, words, of_child) < 0);
	close(of_child);
	auto_close int received = take_message(server, message, length + 100);
	unlink(path);
	assert_string_equal(message, words);
	assert_true(received >= 0);
	answer_one(received, pid, 77);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 77);
	assert_int_equal(waitpid(sender, &status, 0), sender);
	assert_int_equal(status, 0);
}

static void
no_agent(void **state)
{
	(void)state;
	assert_int_equal(filter_notify("/tmp/no-such-socket", "{}", 0), -1);
	assert_non_null(strstr(failure.text, "seccomp agent: connect to "
					     "/tmp/no-such-socket"));
	char path[200];
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(filter_notify(path, "{}", 0), -1);
	assert_non_null(strstr(failure.text, "at most 107 bytes"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(none, end),
		cmocka_unit_test_teardown(actions, end),
		cmocka_unit_test_teardown(operators, end),
		cmocka_unit_test_teardown(arguments, end),
		cmocka_unit_test_teardown(precedence, end),
		cmocka_unit_test_teardown(unheard_of, end),
		cmocka_unit_test_teardown(architectures, end),
		cmocka_unit_test_teardown(mute, end),
		cmocka_unit_test_teardown(refused, end),
		cmocka_unit_test_teardown(large, end),
		cmocka_unit_test_teardown(too_large, end),
		cmocka_unit_test_teardown(as_libseccomp_has_it, end),
		cmocka_unit_test(answers),
		cmocka_unit_test(needs_privilege),
		cmocka_unit_test(killed),
		cmocka_unit_test(notified),
		cmocka_unit_test(no_agent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
