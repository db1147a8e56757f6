/* lab init_run: caught by signals not-for-it: a list of signals; the
 * rest is lost */
	sigset_t set = all_but_faults();
	for (;;) {
		int status;
		pid_t ended;
		while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
			if (ended != pid)
				continue;
			hand_terminal(pid, getpgrp());
			return WIFEXITED(status) ? WEXITSTATUS(status) :
						   128 + WTERMSIG(status);
		}
		if (ended < 0)
			return fail("wait for process %d", pid);
		int signal = sigwaitinfo(&set, NULL);
		if (signal == SIGTERM || signal == SIGINT || signal == SIGHUP)
			sys_kill(pid, signal);
	}
