/* capabilities.c - see capabilities.h. */
#include "capabilities.h"

#include <stdlib.h>
#include <string.h>

#include "look.h"
#include "tour.h"

#define LINE 64 /* columns, before the next name goes on a new one */

/* In the order of their numbers, linux/capability.h. */
static const char *const names[] = {
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill",
	"setgid", "setuid", "setpcap", "linux_immutable", "net_bind_service",
	"net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
	"sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct",
	"sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time",
	"sys_tty_config", "mknod", "lease", "audit_write", "audit_control",
	"setfcap", "mac_override", "mac_admin", "syslog", "wake_alarm",
	"block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore",
};

int
capabilities_known(void)
{
	char last[16];
	if (read_text(AT_FDCWD, "/proc/sys/kernel/cap_last_cap", last,
		      sizeof(last)) < 0)
		return countof(names);
	return atoi(last) + 1;
}

uint64_t
capabilities_effective(void)
{
	auto_free char *set = look_status(0, "CapEff");
	return strtoull(set, NULL, 16);
}

void
capabilities_show(const char *what, uint64_t set)
{
	tour_show(what, "%016llx: %d of %d", (unsigned long long)set,
		  __builtin_popcountll(set), capabilities_known());
	char line[LINE + 32] = "";
	for (int i = 0; i < 64; i++) {
		if (!(set >> i & 1))
			continue;
		auto_free char *number = text("%d", i);
		strcat(line, " ");
		strcat(line, i < (int)countof(names) ? names[i] : number);
		if (strlen(line) > LINE || set >> i == 1) {
			tour_say("   %s", line);
			*line = '\0';
		}
	}
}
