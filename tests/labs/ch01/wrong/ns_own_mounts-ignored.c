/* lab ns_own_mounts: caught by refusal: nobody hears that it was refused */
	if (sys_unshare(CLONE_NEWNS) == 0)
		sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	return 0;
