/* environment.c - child.  What the payload finds in its environment. */
#include "process.h"

#include <string.h>
#include <unistd.h>

#include "exec.h"

char **
process_environment(const struct oci_process *process,
		    unsigned int listen_fds)
{
	size_t count = 0;
	while (process->env && process->env[count])
		count++;
	char **env = new_bytes((count + 4) * sizeof(*env));
	if (count)
		memcpy(env, process->env, count * sizeof(*env));
	env[count] = NULL;
	if (!exec_getenv(env, "HOME")) {
		auto_free char *home = process_home(process->user->uid);
		env[count++] = text("HOME=%s", home);
	}
	if (listen_fds > 0) {
		env[count++] = text("LISTEN_FDS=%u", listen_fds);
		env[count++] = text("LISTEN_PID=%d", getpid());
	}
	env[count] = NULL;
	return env;
}
