/* lab join: caught by v1 v2 not-there refused: cgroup.procs on v1, too */
	for (size_t i = 0; i < cg->count; i++) {
		const struct cgroup_dir *dir = &cg->dirs[i];
		bool is_v2 = dir->in.version == 2;
		if (dir->fd < 0 || (is_v2 && born_there))
			continue;
		if (write_text(dir->fd, "cgroup.procs", "0") == 0)
			continue;
		const char *why = why_not_joined(failure.code);
		return why ? wrap("join cgroup %s: %s", dir->path, why) :
			     wrap("join cgroup %s", dir->path);
	}
	return 0;
