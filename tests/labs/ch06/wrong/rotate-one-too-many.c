/* lab rotate: caught by chain one: there is one part more than was said */
	for (unsigned int i = log->files; i >= 1; i--) {
		auto_free char *to = text("%s.%u", log->name, i);
		auto_free char *from = i == 1 ?
					       copy_text(log->name) :
					       text("%s.%u", log->name, i - 1);
		renameat(log->dir, from, log->dir, to);
	}
	if (open_file(log, 0) < 0)
		log->error = failure.code;
