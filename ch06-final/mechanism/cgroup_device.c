/*
 * cgroup_device.c - planning the rules for devices: lines for the files of v1,
 * a program for v2; see cgroup_plan.h and device_program.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_plan.h"

#define ALL "a *:* rwm"

/* ---- v1: a list of exceptions ------------------------------------------- */

static bool
meets(int a, int b)
{
	return a == b || a == DEVICE_ANY || b == DEVICE_ANY;
}

/*
 * v1 has a default and a list of exceptions to it.  A rule against the default
 * is added, one for it is taken off, but only one of the very same numbers:
 * after allowing "c 1:*", denying "c 1:3" is taken without a word, and does
 * nothing.
 */
static int
check_expressible(const struct device_rule *earlier,
		  const struct device_rule *rule)
{
	if (earlier->allow == rule->allow || earlier->type != rule->type ||
	    !meets(earlier->major, rule->major) ||
	    !meets(earlier->minor, rule->minor) ||
	    !strpbrk(earlier->access, rule->access) ||
	    (earlier->major == rule->major && earlier->minor == rule->minor))
		return 0;
	auto_free char *first = device_rule_text(earlier);
	auto_free char *second = device_rule_text(rule);
	return failx("v1 cannot make an exception to an exception: %s \"%s\", "
		     "%s \"%s\"", earlier->allow ? "allow" : "deny", first,
		     rule->allow ? "allow" : "deny", second);
}

static int
plan_list(struct cgroup_plan *plan, const struct cgroup_dir *dir,
	  const struct device_rule *rules, size_t count)
{
	/* What is begun anew in a new cgroup need not be known, nor undone. */
	bool is_needed = !dir->is_new || rules[0].type != 'a';
	auto_free char *before =
		is_needed ? read_all(dir->fd, "devices.list", NULL) : NULL;
	if (is_needed && !before)
		return -1;
	bool by_default = before && strncmp(before, ALL, strlen(ALL)) == 0;
	size_t start = 0; /* after the last rule that begins all anew */
	for (size_t i = 0; i < count; i++) {
		if (rules[i].type == 'a') {
			start = i + 1;
			by_default = rules[i].allow;
		}
		/* An exception is always to be had. */
		for (size_t e = start; e < i && rules[i].allow == by_default;
		     e++)
			if (check_expressible(&rules[e], &rules[i]) < 0)
				return -1;
	}
	struct cgroup_write *write =
		cgroup_plan_add(plan, dir, "devices.list", copy_text(""));
	write->rules = rules;
	write->rule_count = count;
	write->before = take_ptr(&before);
	return 0;
}

static const char *
file_of(const struct device_rule *rule)
{
	return rule->allow ? "devices.allow" : "devices.deny";
}

static int
explain_rule(const struct cgroup_dir *dir, const struct device_rule *rule,
	     int code)
{
	auto_free char *file = copy_text(file_of(rule));
	auto_free char *value = device_rule_text(rule);
	return cgroup_explain(&(struct cgroup_write){ .dir = dir, .file = file,
						      .value = value }, code,
			      NULL);
}

/* Does a later rule speak of the same, and has so the last word? */
static bool
is_superseded(const struct device_rule *rule, const struct device_rule *end)
{
	for (const struct device_rule *later = rule + 1; later < end; later++)
		if (later->type == 'a' ||
		    (later->type == rule->type &&
		     meets(later->major, rule->major) &&
		     meets(later->minor, rule->minor)))
			return true;
	return false;
}

/* Does devices.list show what was written?  A list of what is denied is never
 * shown, only that the rest is allowed. */
static bool
is_listed(const struct device_rule *rule, const char *list)
{
	bool all = strncmp(list, ALL, strlen(ALL)) == 0;
	if (rule->type == 'a')
		return all == rule->allow;
	auto_free char *value = device_rule_text(rule);
	auto_free char *lines = copy_text(list);
	size_t length = strrchr(value, ' ') + 1 - value;
	const char *access = value + length;
	char *rest = lines;
	for (char *line; !all && (line = strsep(&rest, "\n"));)
		if (strncmp(line, value, length) == 0)
			return rule->allow ? strspn(access, line + length) ==
						     strlen(access) :
					     !strpbrk(access, line + length);
	return all || !rule->allow;
}

/* Each rule is a write of its own; the file stays open for its neighbours. */
static int
write_rules(const struct cgroup_dir *dir, const struct device_rule *rules,
	    size_t count)
{
	auto_close int fd = -1;
	for (size_t i = 0; i < count; i++) {
		if (fd < 0 || rules[i].allow != rules[i - 1].allow) {
			close_scoped(&fd);
			fd = openat(dir->fd, file_of(&rules[i]),
				    O_WRONLY | O_CLOEXEC);
		}
		auto_free char *line = device_rule_text(&rules[i]);
		if (fd < 0 || trace(write(fd, line, strlen(line)),
				    "write(\"%s\", \"%s\")",
				    file_of(&rules[i]), line) < 0)
			return explain_rule(dir, &rules[i], errno);
	}
	return 0;
}

int
cgroup_put_rules(const struct cgroup_write *write)
{
	const struct device_rule *end = write->rules + write->rule_count;
	if (write_rules(write->dir, write->rules, write->rule_count) < 0)
		return -1;
	auto_free char *list = read_all(write->dir->fd, "devices.list", NULL);
	if (!list)
		return cgroup_explain(write, failure.code, NULL);
	for (const struct device_rule *rule = write->rules; rule < end; rule++)
		if (!is_superseded(rule, end) && !is_listed(rule, list))
			return explain_rule(write->dir, rule, 0);
	return 0;
}

void
cgroup_undo_rules(const struct cgroup_write *write)
{
	int dir = write->dir->fd;
	if (!write->before)
		return;
	bool all = strncmp(write->before, ALL, strlen(ALL)) == 0;
	auto_free char *lines = copy_text(write->before);
	write_text(dir, all ? "devices.allow" : "devices.deny", "a");
	char *rest = lines;
	for (char *line; !all && (line = strsep(&rest, "\n")) && *line;)
		write_text(dir, "devices.allow", line);
}

/* ---- both --------------------------------------------------------------- */

int
cgroup_plan_devices(struct cgroup_plan *plan,
		    const struct cgroup_limits *limits,
		    const struct cgroup_setting *setting)
{
	if (limits->device_count == 0)
		return 0;
	if (device_rules_check(limits->devices, limits->device_count) < 0)
		return -1;
	const struct cgroup_dir *v1 = cgroup_dir_with(plan->cg, "devices");
	if (v1)
		return plan_list(plan, v1, limits->devices,
				 limits->device_count);
	if (cgroup_v2_fd(plan->cg) < 0)
		return cgroup_need(plan->cg, setting->controller) ? 0 : -1;
	device_program_assemble(limits->devices, limits->device_count,
				&plan->program);
	return 0;
}
