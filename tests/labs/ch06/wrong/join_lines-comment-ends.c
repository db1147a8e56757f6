/* lab join_lines: caught by comments end: a comment ends the instruction */
	bool has_empty = false, is_first = true, goes_on = true;
	for (; goes_on && *next < file->lines.count; (*next)++) {
		const char *line = file->lines.items[*next];
		if (!is_first && is_comment(line))
			break;
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
