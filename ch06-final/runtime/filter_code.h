/*
 * filter_code.h - parent: rules about numbers of system calls, as a program
 * for the kernel: seccomp(2)'s classic BPF.
 *
 * The numbers are cut into spans that are treated alike ("0 to 133: allowed"),
 * and a tree of comparisons finds the span of a number: of Docker's 400 rules
 * the kernel looks at nine, and not at one after the other.
 */
#ifndef FILTER_CODE_H
#define FILTER_CODE_H

#include "oci_seccomp.h"

struct sock_filter;

struct filter_rule {
	uint32_t first, last; /* of these numbers; one, or with no arguments */
	uint32_t action;      /* SECCOMP_RET_*, with its number */
	const struct oci_seccomp_arg *args; /* all must hold */
	size_t arg_count;
	bool narrow;  /* the arguments have 32 bits */
	size_t order; /* filter_code()'s own */
};

/* The rules of one architecture, for AUDIT_ARCH_*. */
struct filter_table {
	uint32_t architecture;
	struct filter_rule *rules;
	size_t count;
};

struct filter_program {
	struct sock_filter *code; /* the caller frees */
	size_t length;
};

/*
 * Of rules for the same number those with arguments come first, in their
 * order, then the first of those without.  A number that no rule is about gets
 * the action `others`, an architecture that no table is about `foreign`.  The
 * tables are sorted.
 */
int filter_code(struct filter_program *program, struct filter_table *tables,
		size_t count, uint32_t others, uint32_t foreign);

#endif
