/* lab join: caught by refused: a hierarchy that refuses is left out */
	for (size_t i = 0; i < cg->count; i++) {
		const struct cgroup_dir *dir = &cg->dirs[i];
		bool is_v2 = dir->in.version == 2;
		if (dir->fd < 0 || (is_v2 && born_there))
			continue;
		(void)why_not_joined;
		write_text(dir->fd, is_v2 ? "cgroup.procs" : "tasks", "0");
	}
	return 0;
