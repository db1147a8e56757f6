/* test_caps.c - what the kernel says a process may do afterwards. */
#include "caps.h"

#include <grp.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sandbox.h"

/* Docker's default set without CAP_MKNOD, written down a second time. */
#define BIT(cap) (1ULL << (cap))
static const uint64_t allowed =
	BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) |
	BIT(CAP_FSETID) | BIT(CAP_KILL) | BIT(CAP_SETGID) | BIT(CAP_SETUID) |
	BIT(CAP_SETPCAP) | BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_NET_RAW) |
	BIT(CAP_SYS_CHROOT) | BIT(CAP_AUDIT_WRITE) | BIT(CAP_SETFCAP);

/* A line of /proc/self/status: "CapBnd", say. */
static uint64_t
status_set(const char *name)
{
	auto_free char *status =
		read_all(AT_FDCWD, "/proc/self/status", NULL);
	must(status != NULL);
	char *line = strstr(status, name);
	must(line != NULL);
	return strtoull(line + strlen(name) + 1, NULL, 16);
}

static void
limited(void)
{
	uint64_t before = status_set("CapBnd");
	must(before & BIT(CAP_SYS_ADMIN));
	must(caps_limit() == 0);
	uint64_t expected = before & allowed;
	must(status_set("CapBnd") == expected);
	must(status_set("CapPrm") == expected);
	must(status_set("CapEff") == expected);
	/* Nothing that execve could hand on. */
	must(status_set("CapInh") == 0);
	must(status_set("CapAmb") == 0);
	/* And it is so: what was possible a moment ago is not. */
	must(sethostname("x", 1) < 0 && errno == EPERM);
	must(mount("x", "/tmp", "tmpfs", 0, NULL) < 0 && errno == EPERM);
	must(unshare(CLONE_NEWNS) < 0 && errno == EPERM);
	must(mknod("null", S_IFCHR | 0666, makedev(1, 3)) < 0 &&
	     errno == EPERM);
	/* Again is no harm, and brings nothing back. */
	must(caps_limit() == 0);
	must(status_set("CapEff") == expected);
}

static void
become_user(void)
{
	const gid_t groups[] = { 71, 72 };
	gid_t now[8];
	must(caps_limit() == 0);
	must(caps_become(61, 62, groups, countof(groups)) == 0);
	uid_t real, effective, saved;
	must(getresuid(&real, &effective, &saved) == 0);
	must(real == 61 && effective == 61 && saved == 61);
	must(getresgid(&real, &effective, &saved) == 0);
	must(real == 62 && effective == 62 && saved == 62);
	must(getgroups(countof(now), now) == 2);
	must(now[0] == 71 && now[1] == 72);
	must(status_set("CapEff") == 0);
	must(status_set("CapPrm") == 0);
	/* No way back. */
	must(setuid(0) < 0 && setgid(0) < 0 && setgroups(0, NULL) < 0);
}

static void
stay_root(void)
{
	gid_t now[8];
	const gid_t mine[] = { 5, 6 };
	must(setgroups(countof(mine), mine) == 0);
	must(caps_limit() == 0);
	uint64_t kept = status_set("CapEff");
	must(caps_become(0, 0, NULL, 0) == 0);
	/* The groups of whoever called sudo do not come along. */
	must(getgroups(countof(now), now) == 0);
	must(status_set("CapEff") == kept);
}

/* Without the rights for it it fails, and says at what. */
static void
cannot_become(void)
{
	must(caps_become(61, 62, NULL, 0) < 0);
	must(strstr(failure.text, "supplementary groups"));
	must(failure.code == EPERM);
	must(getuid() == 0);
}

static void
test_limited(void **state)
{
	(void)state;
	in_sandbox(limited, ALL_CALLS);
}

static void
test_cannot_become(void **state)
{
	(void)state;
	in_sandbox(cannot_become, ALL_CALLS);
}

static void
test_become_user(void **state)
{
	(void)state;
	in_root_sandbox(become_user, ALL_CALLS);
}

static void
test_stay_root(void **state)
{
	(void)state;
	in_root_sandbox(stay_root, ALL_CALLS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limited),
		cmocka_unit_test(test_cannot_become),
		cmocka_unit_test(test_become_user),
		cmocka_unit_test(test_stay_root),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
