/* lab fill_cpuset: caught by levels kept: what was narrowed is widened again */
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	for (size_t i = 0; i < countof(files); i++) {
		auto_free char *inherited = read_all(above, files[i], NULL);
		if (!inherited)
			return -1;
		inherited[strcspn(inherited, "\n")] = '\0';
		if (*inherited && write_text(dir, files[i], inherited) < 0)
			return -1;
	}
	return 0;
