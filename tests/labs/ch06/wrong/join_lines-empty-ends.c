/* lab join_lines: caught by empty: an empty line ends the instruction */
	bool is_first = true, goes_on = true;
	for (; goes_on && *next < file->lines.count; (*next)++) {
		const char *line = file->lines.items[*next];
		if (!is_first && is_comment(line))
			continue;
		goes_on = take_continued(
			file, is_first ? skip_blanks(line) : line, joined);
		is_first = false;
	}
