/* oci_seccomp.c - parent.  See oci_seccomp.h. */
#include "oci_seccomp.h"

#include <jansson.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

const struct oci_word oci_seccomp_actions[] = {
	{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW },
	{ "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO },
	{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_LOG", SECCOMP_RET_LOG },
	{ "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF },
	{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE },
	{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
	{ 0 }
};

const struct oci_word oci_seccomp_ops[] = {
	{ "SCMP_CMP_EQ", OCI_CMP_EQ }, { "SCMP_CMP_GE", OCI_CMP_GE },
	{ "SCMP_CMP_GT", OCI_CMP_GT }, { "SCMP_CMP_LE", OCI_CMP_LE },
	{ "SCMP_CMP_LT", OCI_CMP_LT }, { "SCMP_CMP_NE", OCI_CMP_NE },
	{ "SCMP_CMP_MASKED_EQ", OCI_CMP_MASKED_EQ },
	{ 0 }
};

/* x32 is x86_64 with a bit in the system call's number; without the bit for 64
 * here, as libseccomp tells them apart. */
const struct oci_word oci_seccomp_archs[] = {
	{ "SCMP_ARCH_AARCH64", AUDIT_ARCH_AARCH64 },
	{ "SCMP_ARCH_ARM", AUDIT_ARCH_ARM },
	{ "SCMP_ARCH_LOONGARCH64", AUDIT_ARCH_LOONGARCH64 },
	{ "SCMP_ARCH_M68K", AUDIT_ARCH_M68K },
	{ "SCMP_ARCH_MIPS", AUDIT_ARCH_MIPS },
	{ "SCMP_ARCH_MIPS64", AUDIT_ARCH_MIPS64 },
	{ "SCMP_ARCH_MIPS64N32", AUDIT_ARCH_MIPS64N32 },
	{ "SCMP_ARCH_MIPSEL", AUDIT_ARCH_MIPSEL },
	{ "SCMP_ARCH_MIPSEL64", AUDIT_ARCH_MIPSEL64 },
	{ "SCMP_ARCH_MIPSEL64N32", AUDIT_ARCH_MIPSEL64N32 },
	{ "SCMP_ARCH_PARISC", AUDIT_ARCH_PARISC },
	{ "SCMP_ARCH_PARISC64", AUDIT_ARCH_PARISC64 },
	{ "SCMP_ARCH_PPC", AUDIT_ARCH_PPC },
	{ "SCMP_ARCH_PPC64", AUDIT_ARCH_PPC64 },
	{ "SCMP_ARCH_PPC64LE", AUDIT_ARCH_PPC64LE },
	{ "SCMP_ARCH_RISCV64", AUDIT_ARCH_RISCV64 },
	{ "SCMP_ARCH_S390", AUDIT_ARCH_S390 },
	{ "SCMP_ARCH_S390X", AUDIT_ARCH_S390X },
	{ "SCMP_ARCH_SH", AUDIT_ARCH_SHEL },
	{ "SCMP_ARCH_SHEB", AUDIT_ARCH_SH },
	{ "SCMP_ARCH_X32", EM_X86_64 | __AUDIT_ARCH_LE },
	{ "SCMP_ARCH_X86", AUDIT_ARCH_I386 },
	{ "SCMP_ARCH_X86_64", AUDIT_ARCH_X86_64 },
	{ 0 }
};

const struct oci_word oci_seccomp_flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
	  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
	{ 0 }
};

static int
take_architectures(const struct oci_node *at, const struct oci_field *field,
		   void *into)
{
	struct oci_seccomp *seccomp = into;
	if (!json_is_array(at->json))
		return oci_wrong_type(at, "an array");
	size_t count = json_array_size(at->json);
	seccomp->architectures = oci_document_new(at->document,
						  count * sizeof(uint64_t));
	for (size_t i = 0; i < count; i++) {
		struct oci_node one = oci_item(at, i);
		if (oci_take_word(&one, field, &seccomp->architectures[i]) < 0)
			return -1;
	}
	seccomp->architecture_count = count;
	return 0;
}

static int
check_errno(const struct oci_node *at, const char *key, uint64_t action,
	    const struct oci_uint *number)
{
	if (number->set && action != SECCOMP_RET_ERRNO &&
	    action != SECCOMP_RET_TRACE)
		return oci_fail_member(at, key, "only SCMP_ACT_ERRNO and "
						"SCMP_ACT_TRACE return a "
						"number");
	return 0;
}

static int
check_rule(const struct oci_node *at, void *made)
{
	const struct oci_seccomp_rule *rule = made;
	if (!rule->names[0])
		return oci_fail_member(at, "names",
				       "is empty: which system calls?");
	return check_errno(at, "errnoRet", rule->action, &rule->errno_ret);
}

static bool
notifies(const struct oci_seccomp *seccomp)
{
	bool found = seccomp->default_action == SECCOMP_RET_USER_NOTIF;
	for (size_t i = 0; i < seccomp->rule_count; i++)
		found |= seccomp->rules[i].action == SECCOMP_RET_USER_NOTIF;
	return found;
}

static int
check_seccomp(const struct oci_node *at, void *made)
{
	const struct oci_seccomp *seccomp = made;
	if (seccomp->listener_metadata && !seccomp->listener_path)
		return oci_fail_member(at, "listenerMetadata",
				       "there is no listenerPath to send it "
				       "to");
	if (!seccomp->listener_path && notifies(seccomp))
		return oci_fail_member(at, "listenerPath",
				       "is missing: SCMP_ACT_NOTIFY needs it");
	return check_errno(at, "defaultErrnoRet", seccomp->default_action,
			   &seccomp->default_errno_ret);
}

#define ARG(member) offsetof(struct oci_seccomp_arg, member)
static const struct oci_field arg_fields[] = {
	{ "index", oci_take_u32, .at = ARG(index), .required = true, .max = 5 },
	{ "value", oci_take_u64, .at = ARG(value), .required = true },
	{ "valueTwo", oci_take_u64, .at = ARG(value_two) },
	{ "op", oci_take_word, .at = ARG(op), .required = true,
	  .words = oci_seccomp_ops, .noun = "operator" },
	{ 0 }
};
static const struct oci_shape arg_shape = {
	.size = sizeof(struct oci_seccomp_arg), arg_fields,
};

#define RULE(member) offsetof(struct oci_seccomp_rule, member)
static const struct oci_field rule_fields[] = {
	{ "names", oci_take_texts, .at = RULE(names), .required = true },
	{ "action", oci_take_word, .at = RULE(action), .required = true,
	  .words = oci_seccomp_actions, .noun = "action" },
	{ "errnoRet", oci_take_uint, .at = RULE(errno_ret),
	  .max = UINT16_MAX },
	{ "args", oci_take_list, .at = RULE(args), .count_at = RULE(arg_count),
	  .shape = &arg_shape },
	{ 0 }
};
static const struct oci_shape rule_shape = {
	.size = sizeof(struct oci_seccomp_rule), rule_fields, check_rule,
};

#define AT(member) offsetof(struct oci_seccomp, member)
static const struct oci_field seccomp_fields[] = {
	{ "defaultAction", oci_take_word, .at = AT(default_action),
	  .required = true, .words = oci_seccomp_actions, .noun = "action" },
	{ "defaultErrnoRet", oci_take_uint, .at = AT(default_errno_ret),
	  .max = UINT16_MAX },
	{ "architectures", .take = take_architectures,
	  .words = oci_seccomp_archs, .noun = "architecture" },
	{ "flags", oci_take_words, .at = AT(flags), .words = oci_seccomp_flags,
	  .noun = "flag" },
	{ "listenerPath", oci_take_path, .at = AT(listener_path) },
	{ "listenerMetadata", oci_take_text, .at = AT(listener_metadata) },
	{ "syscalls", oci_take_list, .at = AT(rules),
	  .count_at = AT(rule_count), .shape = &rule_shape },
	{ 0 }
};
const struct oci_shape oci_seccomp_shape = {
	.size = sizeof(struct oci_seccomp), seccomp_fields, check_seccomp,
};
