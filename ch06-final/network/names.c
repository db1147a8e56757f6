/* names.c - parent.  See names.h. */
#include "names.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
free_line(struct names_line *line)
{
	free(line->address);
	free(line->address6);
	free(line->name);
	words_free(&line->aliases);
}

void
names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free_line(&names->lines[i]);
	free(names->lines);
	*names = (struct names){ 0 };
}

/* ---- as a text ---------------------------------------------------------- */

char *
names_print(const struct network_record *record, const struct names *names)
{
	char *content = NULL;
	size_t length;
	FILE *out = open_memstream(&content, &length);
	if (!out)
		abort(); /* memory is out, as in text() */
	fprintf(out, "network %s%s\n", record->name,
		record->internal ? " internal" : "");
	for (size_t i = 0; i < names->count; i++) {
		const struct names_line *line = &names->lines[i];
		fprintf(out, "%s %d %s %s %s", line->id, line->pid,
			*line->address ? line->address : "-",
			*line->address6 ? line->address6 : "-", line->name);
		for (size_t k = 0; k < line->aliases.count; k++)
			fprintf(out, " %s", line->aliases.items[k]);
		fputc('\n', out);
	}
	fclose(out);
	return content;
}

static char *
address_of(const char *word)
{
	return copy_text(strcmp(word, "-") == 0 ? "" : word);
}

static int
parse_line(char *words, struct names_line *line)
{
	enum { HEAD = 5 };
	char *head[HEAD], *word;
	uint64_t pid;
	for (size_t i = 0; i < HEAD; i++)
		if (!(head[i] = strsep(&words, " ")) || !*head[i])
			return failx("a line has less than five words");
	if (strlen(head[0]) != NETWORK_ID ||
	    parse_number(head[1], 0, INT_MAX, &pid) < 0)
		return failx("a line begins with no id and pid");
	*line = (struct names_line){ .pid = pid };
	memcpy(line->id, head[0], NETWORK_ID);
	line->address = address_of(head[2]);
	line->address6 = address_of(head[3]);
	line->name = copy_text(head[4]);
	while ((word = strsep(&words, " ")))
		words_add(&line->aliases, word);
	return 0;
}

int
names_parse(const char *content, struct names *names)
{
	auto_free char *copy = copy_text(content);
	char *rest = copy, *words;
	*names = (struct names){ 0 };
	while ((words = strsep(&rest, "\n"))) {
		struct names_line line;
		if (!*words || strncmp(words, "network ", 8) == 0)
			continue;
		if (parse_line(words, &line) < 0) {
			names_free(names);
			return -1;
		}
		names->lines = resize_bytes(names->lines,
					    (names->count + 1) *
						    sizeof(*names->lines));
		names->lines[names->count++] = line;
	}
	return 0;
}

/* ---- the file ----------------------------------------------------------- */

static char *
file_of(const struct network_record *record)
{
	return text("%s/%s", record->id,
		    network_is_given(record->name) ? "endpoints" : "names");
}

int
names_read(int networks, const struct network_record *record,
	   struct names *names)
{
	auto_free char *file = file_of(record);
	struct failure unrelated = failure;
	auto_free char *content = read_all(networks, file, NULL);
	*names = (struct names){ 0 };
	if (!content && failure.code != ENOENT)
		return -1;
	if (!content) {
		failure = unrelated;
		return 0;
	}
	return names_parse(content, names) < 0 ?
		       wrap("who is on network %s", record->name) : 0;
}

/* Nobody left: no file, and of the default bridge no directory. */
static int
save(int networks, const struct network_record *record,
     const struct names *names)
{
	auto_free char *file = file_of(record);
	auto_free char *content = names_print(record, names);
	bool is_given = network_is_given(record->name);
	if (names->count == 0) {
		if (unlinkat(networks, file, 0) < 0 && errno != ENOENT)
			return fail("empty network %s", record->name);
		if (is_given)
			unlinkat(networks, record->id, AT_REMOVEDIR);
		return 0;
	}
	if (is_given && mkdirat(networks, record->id, 0755) < 0 &&
	    errno != EEXIST)
		return fail("make a directory for network %s", record->name);
	return write_file_unsynced(networks, file, content, 0644);
}

struct names_line *
names_find(const struct names *names, const char *container)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->lines[i].id, container) == 0)
			return &names->lines[i];
	return NULL;
}

/* ---- changes ------------------------------------------------------------ */

static void
remove_line(struct names *names, struct names_line *line)
{
	size_t at = line - names->lines;
	free_line(line);
	names->count--;
	memmove(line, line + 1, (names->count - at) * sizeof(*line));
}

static void
copy_line(const struct names_line *from, struct names_line *to)
{
	*to = (struct names_line){ .pid = from->pid };
	memcpy(to->id, from->id, sizeof(to->id));
	to->address = copy_text(from->address);
	to->address6 = copy_text(from->address6);
	to->name = copy_text(from->name);
	words_add_all(&to->aliases, from->aliases.items);
}

int
names_put(int networks, const struct network_record *record,
	  const struct names_line *line)
{
	auto_names struct names names = { 0 };
	if (names_read(networks, record, &names) < 0)
		return -1;
	struct names_line *old = names_find(&names, line->id);
	if (old)
		remove_line(&names, old);
	names.lines = resize_bytes(names.lines,
				   (names.count + 1) * sizeof(*names.lines));
	copy_line(line, &names.lines[names.count++]);
	return save(networks, record, &names);
}

int
names_drop(int networks, const struct network_record *record,
	   const char *container)
{
	auto_names struct names names = { 0 };
	if (names_read(networks, record, &names) < 0)
		return -1;
	struct names_line *line = names_find(&names, container);
	if (!line)
		return 0;
	remove_line(&names, line);
	return save(networks, record, &names);
}

/* On all networks; `name` NULL: the pid. */
static int
change(int networks, const char *container, const char *name, pid_t pid)
{
	size_t count;
	struct network_record *list = networks_list(networks, &count);
	int result = 0;
	for (size_t i = 0; i < count; i++) {
		auto_names struct names names = { 0 };
		struct names_line *line = NULL;
		if (names_read(networks, &list[i], &names) < 0)
			result = -1;
		else
			line = names_find(&names, container);
		if (line && name) {
			free(line->name);
			line->name = copy_text(name);
		} else if (line) {
			line->pid = pid;
		}
		if (line && save(networks, &list[i], &names) < 0)
			result = -1;
		network_record_free(&list[i]);
	}
	free(list);
	return result;
}

int
names_set_pid(int networks, const char *container, pid_t pid)
{
	return change(networks, container, NULL, pid);
}

int
names_rename(int networks, const char *container, const char *name)
{
	return change(networks, container, name, 0);
}
