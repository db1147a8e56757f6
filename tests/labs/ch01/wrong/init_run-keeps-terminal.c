/* lab init_run: caught by terminal: a group that is gone has the
 * terminal */
	sigset_t set = all_but_faults();
	for (;;) {
		int status;
		pid_t ended;
		while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
			if (ended != pid)
				continue;
			(void)hand_terminal;
			return WIFEXITED(status) ? WEXITSTATUS(status) :
						   128 + WTERMSIG(status);
		}
		if (ended < 0)
			return fail("wait for process %d", pid);
		int signal = sigwaitinfo(&set, NULL);
		if (signal > 0 && signal != SIGCHLD && signal != SIGTTIN &&
		    signal != SIGTTOU)
			sys_kill(pid, signal);
	}
