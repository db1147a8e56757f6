/*
 * devices.c - experiment `devices`: who may open and make which device, by the
 * list of v1 and by the program of v2.
 *
 * The same rules, the same attempts by a process in the cgroup, and the same
 * answers, where the host has both.
 */
#include "demo.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cgroup_limit.h"
#include "device_program.h"
#include "load.h"
#include "ns.h"

static const struct device_rule rules[] = {
	DEVICE_DENY_ALL,
	{ .allow = true, .type = 'c', 1, 3, "rwm" }, /* /dev/null */
	{ .allow = true, .type = 'c', 1, 5, "r" },   /* /dev/zero */
};

/* The first so many of them are in force. */
static const struct phase {
	const char *name;
	size_t rules;
} phases[] = { { "no rule", 0 }, { "deny all", 1 }, { "allow two", 3 } };

/* ---- what is tried ------------------------------------------------------ */

static int held = -1; /* /dev/full, opened outside */

static int
try_open(const char *path, int flags)
{
	auto_close int fd = trace(open(path, flags | O_CLOEXEC),
				  "open(\"%s\", %s)", path,
				  flags == O_RDWR   ? "O_RDWR" :
				  flags == O_WRONLY ? "O_WRONLY" : "O_RDONLY");
	return fd < 0 ? errno : 0;
}

static int
try_mknod(const char *path, int minor)
{
	if (trace(mknod(path, S_IFCHR | 0600, makedev(1, minor)),
		  "mknod(\"%s\", S_IFCHR|0600, makedev(1, %d))", path,
		  minor) < 0)
		return errno;
	unlink(path);
	return 0;
}

static int
try_read(const char *path, int flags)
{
	(void)path, (void)flags;
	char byte;
	return trace(read(held, &byte, 1), "read(%d, 1)", held) < 0 ? errno : 0;
}

static const struct attempt {
	const char *what;
	int (*try)(const char *path, int flags_or_minor);
	const char *path;
	int flags_or_minor;
	bool allowed[countof(phases)];
} attempts[] = {
	{ "open /dev/null, rw", try_open, "/dev/null", O_RDWR, { 1, 0, 1 } },
	{ "open /dev/zero, r", try_open, "/dev/zero", O_RDONLY, { 1, 0, 1 } },
	{ "open /dev/zero, w", try_open, "/dev/zero", O_WRONLY, { 1, 0, 0 } },
	{ "open /dev/full, r", try_open, "/dev/full", O_RDONLY, { 1, 0, 0 } },
	{ "mknod c 1:3 (null)", try_mknod, "node", 3, { 1, 0, 1 } },
	{ "mknod c 1:5 (zero)", try_mknod, "node", 5, { 1, 0, 0 } },
	{ "read /dev/full, open before", try_read, NULL, 0, { 1, 1, 1 } },
};

/* An errno value each, 0 for success, in memory shared with the child. */
typedef int outcomes[countof(attempts)];
static outcomes *tried;

static int
try_all(int sock, uint64_t phase)
{
	(void)sock;
	for (size_t i = 0; i < countof(attempts); i++)
		tried[phase][i] = attempts[i].try(attempts[i].path,
						  attempts[i].flags_or_minor);
	return 0;
}

/* A child in the cgroup tries them all. */
static int
try_in(const struct cgroup *cg, size_t phase)
{
	struct load child;
	int status;
	memset(tried[phase], 0xff, sizeof(tried[phase]));
	if (load_start(&child, cg, try_all, phase) < 0 || load_go(&child) < 0)
		return -1;
	return load_wait(&child, &status);
}

static const char *
outcome_word(int code)
{
	return code == 0     ? "yes" :
	       code == EPERM ? "EPERM" :
			       strerror(code);
}

/* ---- one set of rules, three phases ------------------------------------- */

/* Put the first `count` of the rules in force. */
typedef int apply_rules(const struct cgroup *cg, size_t count);

static int
play_phases(const struct cgroup *cg, apply_rules *apply)
{
	for (size_t p = 0; p < countof(phases); p++)
		if ((phases[p].rules > 0 && apply(cg, phases[p].rules) < 0) ||
		    try_in(cg, p) < 0)
			return -1;
	tour_show("", "%-10s %-10s %s", phases[0].name, phases[1].name,
		  phases[2].name);
	bool held_all = true;
	for (size_t i = 0; i < countof(attempts); i++) {
		tour_show(attempts[i].what, "%-10s %-10s %s",
			  outcome_word(tried[0][i]), outcome_word(tried[1][i]),
			  outcome_word(tried[2][i]));
		for (size_t p = 0; p < countof(phases); p++)
			held_all &= tried[p][i] ==
				    (attempts[i].allowed[p] ? 0 : EPERM);
	}
	tour_expect(held_all, "the rules have answered; what was open before "
		    "stays open");
	return 0;
}

/* ---- v1 ----------------------------------------------------------------- */

static int
apply_list(const struct cgroup *cg, size_t count)
{
	return cgroup_limit(cg, &(struct cgroup_limits){
					.devices = rules,
					.device_count = count });
}

static char *
read_list(const struct cgroup *cg)
{
	char *list = read_all(cgroup_dir_with(cg, "devices")->fd,
			      "devices.list", NULL);
	for (char *end; list && (end = strchr(list, '\n'));)
		*end = end[1] ? ';' : '\0';
	return list;
}

static int
play_list(const struct cgroup *cg)
{
	tour_step("v1: a list, written to files");
	for (size_t i = 0; i < countof(rules); i++) {
		auto_free char *rule = device_rule_text(&rules[i]);
		tour_show(rules[i].allow ? "to devices.allow" :
					   "to devices.deny", "%s", rule);
	}
	if (play_phases(cg, apply_list) < 0)
		return -1;
	auto_free char *list = read_list(cg);
	if (!list)
		return -1;
	tour_show("devices.list", "%s", list);
	return 0;
}

/* A cgroup below it: never more than what is above. */
static int
play_list_below(const struct cgroup *cg)
{
	tour_step("v1: a cgroup below never has more than the one above");
	struct cgroup below;
	if (load_create_cgroup(&below, "list/below") < 0)
		return -1;
	int dir = cgroup_dir_with(&below, "devices")->fd;
	auto_free char *born = read_list(&below);
	bool refused = write_text(dir, "devices.allow", "c 1:7 r") < 0 &&
		       failure.code == EPERM;
	tour_show("its list, born with", "%s", born);
	tour_show("c 1:7 r to its devices.allow", "%s",
		  refused ? failure.text : "taken");
	tour_expect(refused, "it may not allow what the list above does not");

	if (write_text(cgroup_dir_with(cg, "devices")->fd, "devices.deny",
		       "c 1:5 r") < 0)
		return -1;
	auto_free char *after = read_list(&below);
	tour_show("its list, c 1:5 denied above", "%s", after);
	tour_expect(born && after && strstr(born, "1:5") &&
			    !strstr(after, "1:5"),
		    "what is denied above is gone below at once");
	cgroup_close(&below);
	return 0;
}

/* ---- v2 ----------------------------------------------------------------- */

/* In words, what an instruction of such a program is for. */
static const char *
purpose_of(const struct bpf_insn *insn)
{
	static const struct {
		int code, reg;
		const char *words;
	} purposes[] = {
		{ BPF_LDX | BPF_MEM | BPF_W, 2, "two halves of 16 bits" },
		{ BPF_LDX | BPF_MEM | BPF_W, 4, "the major number" },
		{ BPF_LDX | BPF_MEM | BPF_W, 5, "the minor number" },
		{ BPF_ALU64 | BPF_MOV | BPF_X, 3, "once more: of these two" },
		{ BPF_ALU | BPF_RSH | BPF_K, 3, "the upper is the access" },
		{ BPF_ALU | BPF_AND | BPF_K, 2, "and the lower the type" },
		{ BPF_ALU | BPF_AND | BPF_K, 3, "this much is allowed" },
		{ BPF_JMP | BPF_JNE | BPF_K, 3, "something is left: go on" },
		{ BPF_JMP | BPF_JNE | BPF_K, 4, "another major number: skip" },
		{ BPF_JMP | BPF_JNE | BPF_K, 5, "another minor number: skip" },
	};
	for (size_t i = 0; i < countof(purposes); i++)
		if (purposes[i].code == insn->code &&
		    purposes[i].reg == insn->dst_reg)
			return purposes[i].words;
	return insn->code == (BPF_JMP | BPF_EXIT) ? "back to the kernel" :
	       insn->imm			  ? "the answer is yes" :
						    "the answer is no: EPERM";
}

static bool
begins_rule(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_JNE | BPF_K) && insn->dst_reg == 2;
}

/* The rules come last first; the oldest, deny all, has no comparison. */
static void
show_program(const struct device_program *program)
{
	const struct device_rule *rule = rules + countof(rules);
	for (size_t i = 0; i < program->count; i++) {
		auto_free char *line = device_program_line(program, i);
		auto_free char *begins = NULL;
		if (begins_rule(&program->insns[i])) {
			auto_free char *words = device_rule_text(--rule);
			begins = text("not a character device: skip \"%s\"",
				      words);
		}
		tour_say("  %2zu  %-24s %s", i, line,
			 begins ? begins : purpose_of(&program->insns[i]));
	}
}

static int
apply_program(const struct cgroup *cg, size_t count)
{
	auto_device_program struct device_program program;
	device_program_assemble(rules, count, &program);
	return device_program_attach(&program, cgroup_v2_fd(cg));
}

static int
play_program(const struct cgroup *cg)
{
	tour_step("v2: a program that the kernel runs at each open and mknod");
	auto_device_program struct device_program program;
	device_program_assemble(rules, countof(rules), &program);
	show_program(&program);
	if (play_phases(cg, apply_program) < 0)
		return -1;
	int count = device_program_count(cgroup_v2_fd(cg));
	tour_expect(count == 1, "one program is attached: each took the place "
		    "of the one before");
	return count < 0 ? -1 : 0;
}

static int
play_program_below(void)
{
	tour_step("v2: the programs of all cgroups above must say yes, too");
	struct cgroup below;
	if (load_create_cgroup(&below, "program/below") < 0 ||
	    apply_program(&below, 0) < 0 || try_in(&below, 2) < 0)
		return -1;
	bool same = true;
	for (size_t i = 0; i < countof(attempts); i++) {
		if (attempts[i].try == try_open)
			tour_show(attempts[i].what, "%s",
				  outcome_word(tried[2][i]));
		same &= tried[2][i] == (attempts[i].allowed[2] ? 0 : EPERM);
	}
	tour_expect(same, "below, a program that allows everything has changed "
		    "nothing");
	cgroup_close(&below);
	return 0;
}

/* ---- the whole ---------------------------------------------------------- */

/* Somewhere to make nodes, and what the child's outcomes are written to. */
static int
prepare(void)
{
	if (ns_own_mounts() < 0 || tour_scratch() < 0)
		return -1;
	held = open("/dev/full", O_RDONLY | O_CLOEXEC);
	if (held < 0)
		return fail("open /dev/full");
	tried = mmap(NULL, countof(phases) * sizeof(*tried),
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return tried == MAP_FAILED ? fail("map shared memory") : 0;
}

/* Is there anything that a rule could take away from us? */
static int
needs_devices(const struct cgroup *cg)
{
	if (prepare() < 0)
		return tour_skip("needs a root that may mount and open "
				 "devices; found: %s", failure.text);
	if (try_in(cg, 0) < 0)
		return -1;
	for (size_t i = 0; i < countof(attempts); i++)
		if (tried[0][i])
			return tour_skip("needs a root that may do all this "
					 "without a rule; found: %s: %s",
					 attempts[i].what,
					 strerror(tried[0][i]));
	return 0;
}

static int
run(void)
{
	struct cgroup list, program;
	int result = load_cgroup_or_skip(&list, "list", NULL);
	if (result == 0)
		result = needs_devices(&list);
	if (result)
		return result;
	bool v1 = cgroup_dir_with(&list, "devices"); /* v2 has none */
	bool v2 = cgroup_v2_fd(&list) >= 0;
	if (!v1 && !v2)
		return tour_skip("needs the devices controller of v1, or v2; "
				 "found: neither");
	if (v1 && (play_list(&list) < 0 || play_list_below(&list) < 0))
		return -1;
	if (!v2)
		return 0;
	if (load_create_cgroup(&program, "program") < 0)
		return -1;
	if (apply_program(&program, 0) < 0)
		return v1 ? (tour_say("v2 is left out: %s", failure.text), 0) :
			    tour_skip("needs eBPF for devices; found: %s",
				      failure.text);
	return play_program(&program) < 0 ? -1 : play_program_below();
}

const struct experiment demo_devices = {
	.name = "devices",
	.shows = "a device opened, denied, allowed: v1's list, v2's program",
	.run = run,
	.tidy = load_remove_cgroups,
};
