/* lab init_fork: caught by nothing-lost: too late for a signal that
 * comes during the fork */
	sigset_t set = all_but_faults(), mask;
	struct sigaction standard = { .sa_handler = SIG_DFL }, on_child;
	pid_t group = getpgrp();
	sigprocmask(SIG_BLOCK, NULL, &mask);
	sigaction(SIGCHLD, &standard, &on_child);
	pid_t pid = sys_fork();
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (pid == 0) {
		setpgid(0, 0);
		hand_terminal(group, getpid());
	}
	if (pid <= 0) {
		sigaction(SIGCHLD, &on_child, NULL);
		sigprocmask(SIG_SETMASK, &mask, NULL);
	}
	return pid < 0 ? fail("fork") : pid;
