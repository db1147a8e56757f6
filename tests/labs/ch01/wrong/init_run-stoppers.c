/* lab init_run: caught by not-for-it: SIGTTOU of its own stops the program */
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
		if (signal > 0 && signal != SIGCHLD)
			sys_kill(pid, signal);
	}
