/* filter.c - see filter.h. */
#include "filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "filter_code.h"
#include "passfd.h"
#include "sync.h"

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438 /* since Linux 5.6 */
#endif

/* x32 is no AUDIT_ARCH, but x86_64 with a bit in the number. */
#define X32 SCMP_ARCH_X32
#define X32_BIT 0x40000000u

#define WAIT_KILLABLE_RECV (1u << 5) /* since Linux 5.19 */

/* ---- actions ------------------------------------------------------------ */

static uint32_t
action_of(uint64_t action, const struct oci_uint *number)
{
	if (action != SECCOMP_RET_ERRNO && action != SECCOMP_RET_TRACE)
		return action;
	return action | (number->set ? number->value : EPERM);
}

/* Does the kernel know it?  It would kill for what it does not know. */
static int
check_action(uint64_t action)
{
	uint32_t which = action;
	if (action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_ERRNO)
		return 0;
	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &which) < 0)
		return fail("linux.seccomp: this kernel does not know %s",
			    oci_word_name(oci_seccomp_actions, action));
	return 0;
}

static bool
has_name(const struct oci_seccomp_rule *rule, const char *name)
{
	for (const char *const *at = rule->names; *at; at++)
		if (strcmp(*at, name) == 0)
			return true;
	return false;
}

static int
check_actions(const struct oci_seccomp *seccomp)
{
	if (check_action(seccomp->default_action) < 0)
		return -1;
	for (size_t i = 0; i < seccomp->rule_count; i++)
		if (check_action(seccomp->rules[i].action) < 0)
			return -1;
	return 0;
}

static bool
lets_pass(uint64_t action)
{
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

bool
filter_is_mute(const struct oci_seccomp *seccomp)
{
	bool passes = lets_pass(seccomp->default_action), listed = false;
	for (size_t i = 0; i < seccomp->rule_count; i++) {
		const struct oci_seccomp_rule *rule = &seccomp->rules[i];
		if (!has_name(rule, "sendmsg"))
			continue;
		passes = lets_pass(rule->action) && (passes || !listed);
		listed = true;
	}
	return !passes;
}

/* ---- the numbers of one architecture ------------------------------------ */

struct numbers {
	uint32_t arch; /* as libseccomp calls it */
	bool narrow;
	struct filter_table *table; /* of that AUDIT_ARCH */
	uint32_t newest;
	/* By their number in the multiplexer, as "socket" is the first of
	 * socketcall's; see find_direct(). */
	int direct[2][32];
	bool has_direct;
};

/* Pseudo numbers of libseccomp: -101 is the first call of socketcall(2), -201
 * that of ipc(2). */
static bool
is_multiplexed(int number, int *which, int *call)
{
	*which = number < -200;
	*call = -number - (*which ? 200 : 100);
	return number < -100 && number > -232 && *call > 0 && *call < 32;
}

/*
 * All architectures that have both forms have the direct ones among these
 * numbers, for they came late.  libseccomp has numbers for names, and of such
 * names only the multiplexed: the other way round it knows them.
 */
static void
find_direct(struct numbers *numbers)
{
	int which, call;
	if (numbers->has_direct)
		return;
	numbers->has_direct = true;
	for (int number = 320; number < 420; number++) {
		auto_free char *name = seccomp_syscall_resolve_num_arch(
			numbers->arch, number);
		if (name && is_multiplexed(seccomp_syscall_resolve_name_arch(
						   numbers->arch, name),
					   &which, &call))
			numbers->direct[which][call] = number;
	}
}

/* Room for one more, in steps that double: full at a power of two. */
static struct filter_rule *
new_rule(struct filter_table *table)
{
	size_t count = table->count++;
	if ((count & (count - 1)) == 0)
		table->rules = resize_bytes(table->rules,
					    (count ? 2 * count : 1) *
						    sizeof(*table->rules));
	return &table->rules[count];
}

static void
add_rule(struct numbers *numbers, uint32_t number,
	 const struct filter_rule *rule)
{
	struct filter_rule *new = new_rule(numbers->table);
	*new = *rule;
	new->first = new->last = number;
	new->narrow = numbers->narrow;
	if (number > numbers->newest)
		numbers->newest = number;
}

/* The first argument of a multiplexer is which call is meant. */
static const struct oci_seccomp_arg *
call_number(int call)
{
	static struct oci_seccomp_arg args[32];
	args[call] = (struct oci_seccomp_arg){ .op = OCI_CMP_EQ,
					       .value = call };
	return &args[call];
}

static void
add_multiplexed(struct numbers *numbers, int which, int call,
		const struct filter_rule *rule)
{
	find_direct(numbers);
	if (numbers->direct[which][call])
		add_rule(numbers, numbers->direct[which][call], rule);
	int number = seccomp_syscall_resolve_name_arch(
		numbers->arch, which ? "ipc" : "socketcall");
	if (number < 0 || rule->arg_count > 0)
		return;
	struct filter_rule one = { .action = rule->action,
				   .args = call_number(call), .arg_count = 1 };
	add_rule(numbers, number, &one);
}

static void
add_name(struct numbers *numbers, const char *name,
	 const struct filter_rule *rule)
{
	int which, call;
	int number = seccomp_syscall_resolve_name_arch(numbers->arch, name);
	if (number >= 0)
		add_rule(numbers, number, rule);
	else if (is_multiplexed(number, &which, &call))
		add_multiplexed(numbers, which, call, rule);
}

/* Are there two conditions on the same argument? */
static bool
has_twice(const struct oci_seccomp_rule *rule)
{
	unsigned int seen = 0;
	for (size_t i = 0; i < rule->arg_count; i++) {
		if (seen >> rule->args[i].index & 1)
			return true;
		seen |= 1u << rule->args[i].index;
	}
	return false;
}

static void
add_rules(struct numbers *numbers, const struct oci_seccomp *seccomp)
{
	for (size_t i = 0; i < seccomp->rule_count; i++) {
		const struct oci_seccomp_rule *rule = &seccomp->rules[i];
		struct filter_rule one = {
			.action = action_of(rule->action, &rule->errno_ret),
			.args = rule->args, .arg_count = rule->arg_count,
		};
		bool apart = has_twice(rule);
		size_t times = apart ? rule->arg_count : 1;
		for (size_t n = 0; n < times; n++) {
			if (apart) {
				one.args = &rule->args[n];
				one.arg_count = 1;
			}
			for (const char *const *at = rule->names; *at; at++)
				add_name(numbers, *at, &one);
		}
	}
}

/* ---- all architectures -------------------------------------------------- */

/* From `first` to `last` the answer is always the same. */
static void
add_range(struct filter_table *table, uint32_t first, uint32_t last,
	  uint32_t action)
{
	*new_rule(table) = (struct filter_rule){
		.first = first, .last = last, .action = action,
	};
}

/* Is a call that nobody has heard of better answered with ENOSYS? */
static bool
wants_enosys(const struct oci_seccomp *seccomp)
{
	switch (seccomp->default_action) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_TRACE: /* a tracer can say it itself, */
	case SECCOMP_RET_USER_NOTIF: /* and so can an agent */
		return false;
	default:
		return true;
	}
}

struct tables {
	struct filter_table *list;
	size_t count;
};

static struct filter_table *
table_of(struct tables *tables, uint32_t architecture)
{
	for (size_t i = 0; i < tables->count; i++)
		if (tables->list[i].architecture == architecture)
			return &tables->list[i];
	struct filter_table *new = &tables->list[tables->count++];
	*new = (struct filter_table){ .architecture = architecture };
	return new;
}

/* The last number is -1, which is none: a tracer's word for "skip it". */
#define LAST_NUMBER (UINT32_MAX - 1)

static void
add_architecture(struct tables *tables, const struct oci_seccomp *seccomp,
		 uint32_t arch)
{
	struct numbers numbers = {
		.arch = arch,
		.narrow = !(arch & __AUDIT_ARCH_64BIT),
		.table = table_of(tables,
				  arch == X32 ? AUDIT_ARCH_X86_64 : arch),
	};
	add_rules(&numbers, seccomp);
	if (wants_enosys(seccomp) && numbers.newest)
		add_range(numbers.table, numbers.newest + 1,
			  arch == AUDIT_ARCH_X86_64 ? X32_BIT - 1 : LAST_NUMBER,
			  SECCOMP_RET_ERRNO | ENOSYS);
}

static bool
is_in_other_order(uint32_t arch)
{
	return (arch ^ seccomp_arch_native()) & __AUDIT_ARCH_LE;
}

bool
filter_knows_architecture(uint32_t arch)
{
	return !is_in_other_order(arch) &&
	       seccomp_syscall_resolve_name_arch(arch, "read") >= 0;
}

static int
check_architecture(uint32_t arch)
{
	const char *name = oci_word_name(oci_seccomp_archs, arch);
	if (is_in_other_order(arch))
		return failx("linux.seccomp.architectures: %s has its bytes in "
			     "another order", name);
	if (!filter_knows_architecture(arch))
		return failx("linux.seccomp.architectures: this libseccomp "
			     "does not know %s", name);
	return 0;
}

static bool
is_listed(const struct oci_seccomp *seccomp, size_t count, uint32_t arch)
{
	for (size_t i = 0; i < count; i++)
		if (seccomp->architectures[i] == arch)
			return true;
	return false;
}

/* Of another architecture, or another's way to call: as libseccomp has it. */
#define FOREIGN SECCOMP_RET_KILL_THREAD

static int
add_architectures(struct tables *tables, const struct oci_seccomp *seccomp)
{
	size_t count = seccomp->architecture_count;
	uint32_t native = seccomp_arch_native();
	tables->list = new_bytes((count + 1) * sizeof(*tables->list));
	add_architecture(tables, seccomp, native);
	for (size_t i = 0; i < count; i++) {
		uint32_t arch = seccomp->architectures[i];
		if (check_architecture(arch) < 0)
			return -1;
		if (arch != native && !is_listed(seccomp, i, arch))
			add_architecture(tables, seccomp, arch);
	}
	bool has_x86_64 = native == AUDIT_ARCH_X86_64 ||
			  is_listed(seccomp, count, AUDIT_ARCH_X86_64);
	if (has_x86_64 && !is_listed(seccomp, count, X32))
		add_range(table_of(tables, AUDIT_ARCH_X86_64), X32_BIT,
			  LAST_NUMBER, FOREIGN);
	return 0;
}

static int
compile(struct filter *filter, struct tables *tables,
	const struct oci_seccomp *seccomp)
{
	struct filter_program program = { 0 };
	if (add_architectures(tables, seccomp) < 0)
		return -1;
	int made = filter_code(&program, tables->list, tables->count,
			       action_of(seccomp->default_action,
					 &seccomp->default_errno_ret),
			       FOREIGN);
	filter->code = program.code;
	filter->length = program.length;
	if (made == 0)
		return 0;
	filter_free(filter);
	return wrap("linux.seccomp");
}

int
filter_compile(struct filter *filter, const struct oci_seccomp *seccomp)
{
	struct tables tables = { 0 };
	*filter = (struct filter){ 0 };
	if (!seccomp)
		return 0;
	if (check_actions(seccomp) < 0)
		return -1;
	int made = compile(filter, &tables, seccomp);
	for (size_t i = 0; i < tables.count; i++)
		free(tables.list[i].rules);
	free(tables.list);
	/* We have no other threads to be synchronised with, and where nothing
	 * is notified a flag about that would be refused. */
	filter->flags = seccomp->flags & ~SECCOMP_FILTER_FLAG_TSYNC;
	if (filter_expects(seccomp))
		filter->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	else
		filter->flags &= ~WAIT_KILLABLE_RECV;
	return made;
}

bool
filter_expects(const struct oci_seccomp *seccomp)
{
	bool found = seccomp &&
		     seccomp->default_action == SECCOMP_RET_USER_NOTIF;
	for (size_t i = 0; seccomp && i < seccomp->rule_count; i++)
		found |= seccomp->rules[i].action == SECCOMP_RET_USER_NOTIF;
	return found;
}

bool
filter_listens(const struct filter *filter)
{
	return filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

void
filter_free(struct filter *filter)
{
	free(filter->code);
	*filter = (struct filter){ 0 };
}

/* ---- in force ----------------------------------------------------------- */

int
filter_load(const struct filter *filter, int *listener)
{
	const struct sock_fprog program = { filter->length, filter->code };
	*listener = -1;
	if (!filter->code)
		return 0;
	int result = trace(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				   filter->flags, &program),
			   "seccomp(SECCOMP_SET_MODE_FILTER, %#x, {len=%u})",
			   filter->flags, filter->length);
	if (result < 0)
		return fail("load the filter of system calls%s",
			    errno == EACCES ? " (it takes CAP_SYS_ADMIN or "
					      "noNewPrivileges)" :
			    errno == EINVAL ? " (is there a flag that this "
					      "kernel does not know?)" : "");
	if (filter_listens(filter))
		*listener = result;
	return 0;
}

/* ---- a listener that cannot be sent -------------------------------------- */

int
filter_number(int sock)
{
	int lowest = fcntl(sock, F_DUPFD_CLOEXEC, 0);
	if (lowest < 0)
		return fail("find the lowest free descriptor");
	/* Closed before it is told, or this one would be taken. */
	close(lowest);
	/* Told in the code of a failure that is none. */
	failure = (struct failure){ .code = lowest };
	return sync_send_failure(sock);
}

int
filter_fetch(int pidfd, int sock)
{
	const struct timespec a_while = { .tv_nsec = 1000000 };
	/* What it sends is no failure, if it has no words. */
	if (sync_expect(sock, SYNC_READY, "the container") == 0 ||
	    failure.text[0])
		return -1;
	int number = failure.code, fd;
	/* EBADF: it has not loaded its filter yet. */
	while ((fd = trace(syscall(SYS_pidfd_getfd, pidfd, number, 0),
			   "pidfd_getfd(%d, %d)", pidfd, number)) < 0) {
		int code = errno;
		if (sync_take_failure(sock))
			return -1;
		errno = code;
		if (code != EBADF)
			return fail("linux.seccomp: SCMP_ACT_NOTIFY of "
				    "sendmsg: take the listener from the "
				    "container%s", code == EPERM ?
				    " (it takes CAP_SYS_PTRACE)" : "");
		nanosleep(&a_while, NULL);
	}
	failure = (struct failure){ 0 };
	return fd;
}

/* ---- the agent ---------------------------------------------------------- */

static int
connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address.sun_path))
		return failx("a socket's path has at most %zu bytes: %s",
			     sizeof(address.sun_path) - 1, path);
	strcpy(address.sun_path, path);
	auto_close int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return fail("make a socket");
	if (connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		return fail("connect to %s", path);
	return take_fd(&sock);
}

int
filter_notify(const char *path, const char *state_json, int listener)
{
	auto_close int sock = connect_to(path);
	if (sock < 0)
		return wrap("seccomp agent");
	/* The descriptor goes with the first byte. */
	ssize_t sent = passfd_send(sock, state_json, strlen(state_json),
				   &listener, 1, 0);
	for (const char *rest = state_json; sent >= 0 && *(rest += sent);)
		sent = send(sock, rest, strlen(rest), MSG_NOSIGNAL);
	if (sent < 0)
		return fail("seccomp agent: send the state to %s", path);
	return 0;
}
