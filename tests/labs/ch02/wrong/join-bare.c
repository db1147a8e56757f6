/* lab join: caught by refused: what ENOSPC means here is not said */
	for (size_t i = 0; i < cg->count; i++) {
		const struct cgroup_dir *dir = &cg->dirs[i];
		bool is_v2 = dir->in.version == 2;
		if (dir->fd < 0 || (is_v2 && born_there))
			continue;
		if (write_text(dir->fd, is_v2 ? "cgroup.procs" : "tasks",
			       "0") == 0)
			continue;
		(void)why_not_joined;
		return wrap("join cgroup %s", dir->path);
	}
	return 0;
