/*
 * oci_seccomp.h - parent: which system calls a container may make: the
 * "seccomp" of a config.json.
 *
 * The specification's words are libseccomp's names.  The numbers here are the
 * kernel's own: SECCOMP_RET_*, SECCOMP_FILTER_FLAG_* and AUDIT_ARCH_*.
 *
 * See config-linux.md, "Seccomp", and seccomp(2).
 */
#ifndef OCI_SECCOMP_H
#define OCI_SECCOMP_H

#include "oci_field.h"

enum oci_seccomp_op {
	OCI_CMP_NE, OCI_CMP_LT, OCI_CMP_LE, OCI_CMP_EQ, OCI_CMP_GE, OCI_CMP_GT,
	OCI_CMP_MASKED_EQ, /* argument & value == value_two */
};

struct oci_seccomp_arg {
	uint32_t index;
	uint64_t value, value_two;
	uint64_t op; /* enum oci_seccomp_op */
};

struct oci_seccomp_rule {
	const char *const *names; /* at least one */
	uint64_t action;	  /* SECCOMP_RET_* */
	struct oci_uint errno_ret;
	struct oci_seccomp_arg *args; /* all must hold */
	size_t arg_count;
};

struct oci_seccomp {
	uint64_t default_action;
	struct oci_uint default_errno_ret;
	uint64_t *architectures; /* AUDIT_ARCH_*; the native one is meant when
				    there are none */
	size_t architecture_count;
	uint64_t flags;
	const char *listener_path, *listener_metadata;
	struct oci_seccomp_rule *rules;
	size_t rule_count;
};

extern const struct oci_shape oci_seccomp_shape;

/* For `features`. */
extern const struct oci_word oci_seccomp_actions[], oci_seccomp_ops[],
	oci_seccomp_archs[], oci_seccomp_flags[];

#endif
