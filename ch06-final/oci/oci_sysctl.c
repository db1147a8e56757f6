/* oci_sysctl.c - parent.  See oci_sysctl.h. */
#include "oci_sysctl.h"

#include <string.h>

/* A name that ends in "/" is the beginning of many.  See ipc_namespaces(7),
 * uts_namespaces(7), network_namespaces(7) and, for user/, namespaces(7). */
static const struct row {
	const char *path, *kind;
} rows[] = {
	{ "net/", "network" },
	{ "fs/mqueue/", "ipc" },
	{ "kernel/msgmax", "ipc" },
	{ "kernel/msgmnb", "ipc" },
	{ "kernel/msgmni", "ipc" },
	{ "kernel/msg_next_id", "ipc" },
	{ "kernel/sem", "ipc" },
	{ "kernel/sem_next_id", "ipc" },
	{ "kernel/shmall", "ipc" },
	{ "kernel/shmmax", "ipc" },
	{ "kernel/shmmni", "ipc" },
	{ "kernel/shm_next_id", "ipc" },
	{ "kernel/shm_rmid_forced", "ipc" },
	{ "kernel/hostname", "uts" },
	{ "kernel/domainname", "uts" },
	{ "user/", "user" },
};

char *
oci_sysctl_path(const char *name)
{
	/* The first separator says which of the two this name has. */
	char *path = copy_text(name);
	char *first = strpbrk(path, "./");
	if (first && *first == '.')
		for (char *at = first; *at; at++)
			*at = *at == '.' ? '/' : *at == '/' ? '.' : *at;
	return path;
}

/* No way up, and nothing that is left out. */
static bool
is_straight(const char *path)
{
	for (const char *part = path;; part = strchr(part, '/') + 1) {
		size_t length = strcspn(part, "/");
		if (length == 0 || strncmp(part, "..", length) == 0)
			return false;
		if (!part[length])
			return true;
	}
}

const char *
oci_sysctl_kind(const char *name)
{
	auto_free char *path = oci_sysctl_path(name);
	if (!is_straight(path))
		return NULL;
	for (size_t i = 0; i < countof(rows); i++) {
		size_t length = strlen(rows[i].path);
		if (rows[i].path[length - 1] == '/' ?
			    strncmp(path, rows[i].path, length) == 0 :
			    strcmp(path, rows[i].path) == 0)
			return rows[i].kind;
	}
	return NULL;
}
