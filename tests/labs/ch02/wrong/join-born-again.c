/* lab join: caught by v2: moved to where it was born */
	for (size_t i = 0; i < cg->count; i++) {
		const struct cgroup_dir *dir = &cg->dirs[i];
		bool is_v2 = dir->in.version == 2;
		if (dir->fd < 0 || (is_v2 && born_there && i > cg->count))
			continue;
		if (write_text(dir->fd, is_v2 ? "cgroup.procs" : "tasks",
			       "0") == 0)
			continue;
		const char *why = why_not_joined(failure.code);
		return why ? wrap("join cgroup %s: %s", dir->path, why) :
			     wrap("join cgroup %s", dir->path);
	}
	return 0;
