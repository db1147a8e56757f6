/* lab init_fork: caught by terminal: Ctrl-C reaches process 1, too,
 * and so the program twice */
	sigset_t set = all_but_faults(), mask;
	struct sigaction standard = { .sa_handler = SIG_DFL }, on_child;
	sigprocmask(SIG_BLOCK, &set, &mask);
	sigaction(SIGCHLD, &standard, &on_child);
	pid_t pid = sys_fork();
	if (pid <= 0) {
		sigaction(SIGCHLD, &on_child, NULL);
		sigprocmask(SIG_SETMASK, &mask, NULL);
	}
	return pid < 0 ? fail("fork") : pid;
