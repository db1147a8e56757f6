/* lab join: caught by not-there: what is not there cannot be written to */
	for (size_t i = 0; i < cg->count; i++) {
		const struct cgroup_dir *dir = &cg->dirs[i];
		bool is_v2 = dir->in.version == 2;
		if (is_v2 && born_there)
			continue;
		if (write_text(dir->fd, is_v2 ? "cgroup.procs" : "tasks",
			       "0") == 0)
			continue;
		const char *why = why_not_joined(failure.code);
		return why ? wrap("join cgroup %s: %s", dir->path, why) :
			     wrap("join cgroup %s", dir->path);
	}
	return 0;
