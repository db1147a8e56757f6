/* lab init_fork: caught by nothing-lost: ignores SIGCHLD, as its caller does */
	sigset_t set = all_but_faults(), mask;
	pid_t group = getpgrp();
	sigprocmask(SIG_BLOCK, &set, &mask);
	pid_t pid = sys_fork();
	if (pid == 0) {
		setpgid(0, 0);
		hand_terminal(group, getpid());
	}
	if (pid <= 0) {
		sigprocmask(SIG_SETMASK, &mask, NULL);
	}
	return pid < 0 ? fail("fork") : pid;
