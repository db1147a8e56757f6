/*
 * device_program.h - who may open which device, as a list of rules, and as the
 * eBPF program that v2 wants in its place.
 *
 * v1 has files to write such rules to.  v2 has none: a program is attached to
 * the directory (BPF_PROG_TYPE_CGROUP_DEVICE, Linux 4.15), which the kernel
 * runs whenever a process in there or below opens or makes a device node.
 * Here such a program is put together instruction by instruction.
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
 * In the beginning everything is allowed.  For r, w and m each by itself the
 * last rule that matches decides.  So a list that is to allow no more than
 * what it names begins with DEVICE_DENY_ALL.
 */
struct device_rule {
	bool allow;
	char type;	    /* 'b', 'c', or 'a': all devices and all access,
			       whatever the rest says */
	int major, minor;   /* or DEVICE_ANY */
	const char *access; /* of "rwm": read, write, mknod */
};

#define DEVICE_DENY_ALL { .allow = false, .type = 'a' }

/* Do they all make sense? */
int device_rules_check(const struct device_rule *rules, size_t count);

/* As v1 writes it: "c 1:3 rwm".  The caller frees. */
char *device_rule_text(const struct device_rule *rule);

/*
 * The program.  The kernel calls it with a struct bpf_cgroup_dev_ctx in r1,
 * and refuses with EPERM when it returns 0 in r0.  In between
 *
 *	r2 is the type of the device (1 block, 2 character),
 *	r3 the access that no rule has decided yet (1 mknod, 2 read, 4 write),
 *	r4 and r5 are its major and minor number.
 *
 * The rules come last first, so that the first that matches has the last word.
 */
struct device_program {
	struct bpf_insn *insns;
	size_t count;
};

/* The rules must have been checked; the caller frees. */
void device_program_assemble(const struct device_rule *rules, size_t count,
			     struct device_program *program);
void device_program_free(struct device_program *program);
#define auto_device_program __attribute__((cleanup(device_program_free)))

/* Instruction `at` for a reader: "if r4 != 1 goto 12".  The caller frees. */
char *device_program_line(const struct device_program *program, size_t at);

/*
 * Have the kernel check it, and attach it to the v2 directory `dir`: first the
 * new, then away with what was attached before, so that at no moment there is
 * none.  On failure it is as it was.  It lives as long as the directory.
 * Takes CAP_BPF and CAP_NET_ADMIN in the first user namespace (before Linux
 * 5.8 CAP_SYS_ADMIN).
 */
int device_program_attach(const struct device_program *program, int dir);

/* How many programs for devices are attached to the directory, or -1. */
int device_program_count(int dir);

#endif
