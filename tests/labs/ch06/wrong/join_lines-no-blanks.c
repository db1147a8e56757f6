/* lab join_lines: caught by continued comments empty: every line loses its
 * blanks */
	bool has_empty = false, is_first = true, goes_on = true;
	for (; goes_on && *next < file->lines.count; (*next)++) {
		const char *line = skip_blanks(file->lines.items[*next]);
		if (!is_first && is_comment(line))
			continue;
		if (!is_first && *line == '\0') {
			has_empty = true;
			continue;
		}
		goes_on = take_continued(file, line, joined);
		is_first = false;
	}
	if (has_empty)
		dockerfile_warn(file, *next, "NoEmptyContinuation", "empty");
