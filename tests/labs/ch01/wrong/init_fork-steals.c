/* lab init_fork: caught by terminal: takes the terminal from whoever has it */
	sigset_t set = all_but_faults(), mask;
	struct sigaction standard = { .sa_handler = SIG_DFL }, on_child;
	auto_close int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	sigprocmask(SIG_BLOCK, &set, &mask);
	sigaction(SIGCHLD, &standard, &on_child);
	pid_t pid = sys_fork();
	if (pid == 0) {
		setpgid(0, 0);
		tcsetpgrp(tty, getpid());
	}
	if (pid <= 0) {
		sigaction(SIGCHLD, &on_child, NULL);
		sigprocmask(SIG_SETMASK, &mask, NULL);
	}
	return pid < 0 ? fail("fork") : pid;
