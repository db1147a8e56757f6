/* lab fill_cpuset: caught by both levels kept: the list of CPUs is written into
 * both */
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	for (size_t i = 0; i < countof(files); i++) {
		auto_free char *own = read_all(dir, files[i], NULL);
		if (!own)
			return -1;
		if (own[0] != '\0' && own[0] != '\n')
			continue;
		auto_free char *inherited = read_all(above, files[0], NULL);
		if (!inherited)
			return -1;
		inherited[strcspn(inherited, "\n")] = '\0';
		if (*inherited && write_text(dir, files[i], inherited) < 0)
			return -1;
	}
	return 0;
