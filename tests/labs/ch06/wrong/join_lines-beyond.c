/* lab join_lines: caught by end: it reads on behind the last line */
	bool has_empty = false, is_first = true, goes_on = true;
	for (; goes_on; (*next)++) {
		const char *line = file->lines.items[*next];
		if (!is_first && is_comment(line))
			continue;
		if (!is_first && *skip_blanks(line) == '\0') {
			has_empty = true;
			continue;
		}
		goes_on = take_continued(
			file, is_first ? skip_blanks(line) : line, joined);
		is_first = false;
	}
	if (has_empty)
		dockerfile_warn(file, *next, "NoEmptyContinuation", "empty");
