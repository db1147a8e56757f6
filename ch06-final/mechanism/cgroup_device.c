/*
 * cgroup_device.c - planning the rules for devices: lines for the files of v1,
 * a program for v2; see cgroup_plan.h and device_program.h.
 */
#include <string.h>

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

/* Does devices.list show what was written?  A list of what is denied is never
 * shown, only that the rest is allowed. */
static bool
is_listed(const struct cgroup_write *write)
{
	bool allow = strcmp(write->file, "devices.allow") == 0;
	auto_free char *lines = read_all(write->dir->fd, "devices.list", NULL);
	if (!lines)
		return false;
	bool all = strncmp(lines, ALL, strlen(ALL)) == 0;
	if (write->value[0] == 'a')
		return all == allow;
	size_t length = strrchr(write->value, ' ') + 1 - write->value;
	const char *access = write->value + length;
	char *rest = lines;
	for (char *line; !all && (line = strsep(&rest, "\n"));)
		if (strncmp(line, write->value, length) == 0)
			return allow ? strspn(access, line + length) ==
					       strlen(access) :
				       !strpbrk(access, line + length);
	return all || !allow;
}

/* Back to the list of before. */
static void
restore(const struct cgroup_write *write)
{
	int dir = write->dir->fd;
	bool all = strncmp(write->before, ALL, strlen(ALL)) == 0;
	auto_free char *lines = copy_text(write->before);
	write_text(dir, all ? "devices.allow" : "devices.deny", "a");
	char *rest = lines;
	for (char *line; !all && (line = strsep(&rest, "\n")) && *line;)
		write_text(dir, "devices.allow", line);
}

static int
plan_list(struct cgroup_plan *plan, const struct cgroup_dir *dir,
	  const struct device_rule *rules, size_t count)
{
	size_t start = 0; /* after the last rule that begins all anew */
	for (size_t i = 0; i < count; i++) {
		const struct device_rule *rule = &rules[i];
		if (rule->type == 'a')
			start = i + 1;
		for (size_t e = start; e < i; e++)
			if (check_expressible(&rules[e], rule) < 0)
				return -1;
		struct cgroup_write *write = cgroup_plan_add(
			plan, dir,
			rule->allow ? "devices.allow" : "devices.deny",
			device_rule_text(rule));
		write->took = is_listed;
		if (i > 0)
			continue;
		/* Undone last, by what undoes them all. */
		write->undo = restore;
		write->before = read_all(dir->fd, "devices.list", NULL);
	}
	return 0;
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
