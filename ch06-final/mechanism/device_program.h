/*
 * device_program.h - who may open which device, as a list of rules, and as the
 * eBPF program that v2 wants in its place.
 *
 * v1 has files to write rules to.  v2 has none: a program is attached to the
 * directory (BPF_PROG_TYPE_CGROUP_DEVICE, Linux 4.15), and the kernel runs it
 * whenever a process in there opens or makes a device node.  Here such a
 * program is put together instruction by instruction.
 *
 * See bpf(2), the kernel's bpf/standardization/instruction-set, and for the
 * rules admin-guide/cgroup-v1/devices.
 */
#ifndef DEVICE_PROGRAM_H
#define DEVICE_PROGRAM_H

#include <linux/bpf.h>

#include "base.h"

#define DEVICE_ANY -1

/*
 * In the beginning everything is allowed.  For each of r, w and m by itself
 * the last rule that matches decides.  A list that is to allow only what it
 * names therefore begins with { false, 'a' }.
 */
struct device_rule {
	bool allow;
	char type;	   /* 'b', 'c', or 'a': all devices and all access,
			      whatever the rest says */
	int major, minor;  /* or DEVICE_ANY */
	const char *access; /* some of "rwm": read, write, mknod */
};

/* Does each make sense? */
int device_rules_check(const struct device_rule *rules, size_t count);

/* As v1 writes it: "c 1:3 rwm".  The caller frees. */
char *device_rule_text(const struct device_rule *rule);

struct device_program {
	struct bpf_insn *insns;
	size_t count;
};

/* Put the program together.  Rules that device_rules_check() would refuse
 * make a failure; the caller frees. */
int device_program_assemble(const struct device_rule *rules, size_t count,
			    struct device_program *program);
void device_program_free(struct device_program *program);
#define auto_device_program __attribute__((cleanup(device_program_free)))

/* Instruction `at` in words, "if r4 != 1 goto 12".  The caller frees. */
char *device_program_line(const struct device_program *program, size_t at);

/*
 * Let the kernel check it and attach it to a v2 directory, in place of what
 * was attached there before: first the new, then away with the old, so that
 * at no moment there is none.  It lives as long as the directory does.  Takes
 * CAP_BPF and CAP_NET_ADMIN in the first user namespace (CAP_SYS_ADMIN before
 * Linux 5.8); the failure says what the kernel's verifier said.
 */
int device_program_attach(const struct device_program *program, int dir);

/* How many such programs are attached to the directory, or -1. */
int device_program_count(int dir);

#endif
