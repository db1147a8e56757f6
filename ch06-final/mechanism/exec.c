/* exec.c - child.  See exec.h. */
#include "exec.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys.h"

const char *
exec_getenv(char *const *env, const char *name)
{
	size_t length = strlen(name);
	for (; *env; env++)
		if (strncmp(*env, name, length) == 0 && (*env)[length] == '=')
			return *env + length + 1;
	return NULL;
}

/* 0, or the errno that says why this file cannot be executed. */
static int
why_not(const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? EISDIR : EACCES;
	return access(path, X_OK) < 0 ? errno : 0;
}

static char *
failed(int code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static char *
failed(int code, const char *fmt, ...)
{
	char words[200];
	va_list args;
	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	failx("%s", words);
	failure.code = code;
	return NULL;
}

static char *
search_path(const char *name, const char *path)
{
	bool denied = false;
	while (*path) {
		size_t length = strcspn(path, ":");
		/* An empty entry is the working directory. */
		auto_free char *file =
			length ? text("%.*s/%s", (int)length, path, name) :
				 text("./%s", name);
		int code = why_not(file);
		if (code == 0)
			return take_ptr(&file);
		denied |= code == EACCES;
		path += length + (path[length] == ':');
	}
	if (denied)
		return failed(EACCES, "exec: \"%s\": permission denied", name);
	return failed(ENOENT,
		      "exec: \"%s\": executable file not found in $PATH", name);
}

char *
exec_find(const char *name, char *const *env)
{
	if (!strchr(name, '/')) {
		const char *path = exec_getenv(env, "PATH");
		return search_path(name, path ? path : "");
	}
	int code = why_not(name);
	if (code == 0)
		return copy_text(name);
	if (code == EACCES)
		return failed(EACCES, "exec: \"%s\": permission denied", name);
	if (code == EISDIR)
		return failed(EACCES, "exec: \"%s\": is a directory", name);
	return failed(code == ENOTDIR ? ENOENT : code,
		      "exec: \"%s\": stat %s: no such file or directory", name,
		      name);
}

int
exec_replace(const char *path, char *const *argv, char *const *env)
{
	sys_execve(path, argv, env);
	/* The file is there: what is missing is what it needs to be loaded. */
	if (errno == ENOENT)
		return fail("exec %s (its interpreter or loader is not in the "
			    "image)", path);
	if (errno == ENOEXEC)
		return fail("exec %s (a program for another processor, or a "
			    "script without #!)", path);
	return fail("exec %s", path);
}
