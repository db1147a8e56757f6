/* lab init_run: caught by status: who was killed has no exit
 * status */
	sigset_t set = all_but_faults();
	for (;;) {
		int status;
		pid_t ended;
		while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
			if (ended != pid)
				continue;
			hand_terminal(pid, getpgrp());
			return WEXITSTATUS(status);
		}
		if (ended < 0)
			return fail("wait for process %d", pid);
		int signal = sigwaitinfo(&set, NULL);
		if (signal > 0 && signal != SIGCHLD && signal != SIGTTIN &&
		    signal != SIGTTOU)
			sys_kill(pid, signal);
	}
