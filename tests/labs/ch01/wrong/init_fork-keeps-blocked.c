/* lab init_fork: caught by no-child: without a child, the caller is
 * deaf from now on */
	sigset_t set = all_but_faults(), mask;
	struct sigaction standard = { .sa_handler = SIG_DFL }, on_child;
	pid_t group = getpgrp();
	sigprocmask(SIG_BLOCK, &set, &mask);
	sigaction(SIGCHLD, &standard, &on_child);
	pid_t pid = sys_fork();
	if (pid == 0) {
		setpgid(0, 0);
		hand_terminal(group, getpid());
	}
	if (pid == 0) {
		sigaction(SIGCHLD, &on_child, NULL);
		sigprocmask(SIG_SETMASK, &mask, NULL);
	}
	return pid < 0 ? fail("fork") : pid;
