/* lab rotate: caught by chain gap: each is renamed over the one that comes
 * next */
	for (unsigned int i = 1; i < log->files; i++) {
		auto_free char *to = text("%s.%u", log->name, i);
		auto_free char *from = i == 1 ?
					       copy_text(log->name) :
					       text("%s.%u", log->name, i - 1);
		renameat(log->dir, from, log->dir, to);
	}
	if (open_file(log, log->files == 1 ? O_TRUNC : 0) < 0)
		log->error = failure.code;
