/* lab join: caught by v1 v2 not-there: a process that is moved by its pid waits
 * for a lock of the whole machine */
	for (size_t i = 0; i < cg->count; i++) {
		const struct cgroup_dir *dir = &cg->dirs[i];
		bool is_v2 = dir->in.version == 2;
		if (dir->fd < 0 || (is_v2 && born_there))
			continue;
		auto_free char *pid = text("%d", getpid());
		if (write_text(dir->fd, is_v2 ? "cgroup.procs" : "tasks",
			       pid) == 0)
			continue;
		const char *why = why_not_joined(failure.code);
		return why ? wrap("join cgroup %s: %s", dir->path, why) :
			     wrap("join cgroup %s", dir->path);
	}
	return 0;
