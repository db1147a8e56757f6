/*
 * man.c - parent.  `.man`: a page of manual for each verb, made of the table
 * of verbs and of their tables of options.  Called by `make docs`.
 */
#include <stdlib.h>
#include <string.h>

#include "verbs.h"
#include "version.h"

static const struct option_row none[] = { { 0 } };

/* As roff(7) wants text: a "-" that can be typed, no request at the start. */
static void
put(const char *string, FILE *out)
{
	if (*string == '.' || *string == '\'')
		fputs("\\&", out);
	for (; *string; string++) {
		if (*string == '-')
			fputs("\\-", out);
		else if (*string == '\\')
			fputs("\\e", out);
		else
			fputc(*string, out);
	}
}

static void
put_option(const struct option_row *row, FILE *out)
{
	fputs(".TP\n", out);
	if (row->letter)
		fprintf(out, "\\fB\\-%c\\fR", row->letter);
	if (row->letter && row->name)
		fputs(", ", out);
	if (row->name) {
		fputs("\\fB\\-\\-", out);
		put(row->name, out);
		fputs("\\fR", out);
	}
	if (row->value) {
		fputs(" \\fI", out);
		put(row->value, out);
		fputs("\\fR", out);
	}
	fputc('\n', out);
	put(row->help, out);
	fputc('\n', out);
}

static void
put_options(const struct verb *verb, FILE *out)
{
	const struct option_row *row = verb->options;
	if (!row->letter && !row->name)
		return;
	fputs(".SH OPTIONS\n", out);
	for (; row->letter || row->name; row++)
		if (row->help) /* or it is an old name */
			put_option(row, out);
}

/* "system-df" */
static char *
page_name(const struct verb *verb)
{
	char *name = copy_text(verb->name);
	for (char *c = name; *c; c++)
		*c = *c == ' ' ? '-' : *c;
	return name;
}

static void
put_title(const char *name, FILE *out)
{
	fputs(".TH \"mydocker", out);
	if (*name) {
		fputs("\\-", out);
		put(name, out);
	}
	fputs("\" 1 \"\" \"mydocker " VERSION "\" \"User Commands\"\n"
	      ".SH NAME\n", out);
}

static void
put_page(const struct verb *verb, FILE *out)
{
	auto_free char *name = page_name(verb);
	put_title(name, out);
	fputs("mydocker\\-", out);
	put(name, out);
	fputs(" \\- ", out);
	put(verb->shows, out);
	fputs("\n.SH SYNOPSIS\n\\fBmydocker ", out);
	put(verb->name, out);
	fputs("\\fR", out);
	if (verb->options->letter || verb->options->name)
		fputs(" [\\fIOPTIONS\\fR]", out);
	fputc(' ', out);
	put(verb->arguments, out);
	fputc('\n', out);
	put_options(verb, out);
	fprintf(out, ".SH EXIT STATUS\n"
		"0, or %d when it failed.\n"
		".SH SEE ALSO\n.BR mydocker (1)\n", verb->failure_status);
}

/* Of a group: which verbs are in it, and on what page more is said. */
static void
put_group_page(const char *group, FILE *out)
{
	const char *word;
	put_title(group, out);
	fprintf(out, "mydocker\\-%s \\- a group of verbs\n"
		".SH SYNOPSIS\n\\fBmydocker %s\\fR \\fICOMMAND\\fR ...\n"
		".SH COMMANDS\n", group, group);
	for (size_t i = 0; (word = groups_word(group, i)); i++) {
		const struct verb *verb = groups_find(group, word);
		auto_free char *page = page_name(verb);
		fprintf(out, ".TP\n\\fB%s\\fR\n", word);
		put(verb->shows, out);
		fputs(".\nSee\n.BR mydocker\\-", out);
		put(page, out);
		fputs(" (1).\n", out);
	}
	fputs(".SH SEE ALSO\n.BR mydocker (1)\n", out);
}

static void
put_first_page(FILE *out)
{
	const struct verb *verb;
	put_title("", out);
	fputs("mydocker \\- containers from the system calls up\n"
	      ".SH SYNOPSIS\n\\fBmydocker\\fR [\\fB\\-v\\fR] "
	      "[\\fB\\-\\-storage\\-driver\\fR \\fINAME\\fR] "
	      "\\fIVERB\\fR ...\n"
	      ".SH DESCRIPTION\nThe verbs are those of Docker. "
	      "There is no daemon.\n.SH VERBS\n", out);
	for (size_t i = 0; (verb = verb_at(i)); i++) {
		if (verb->name[0] == '.')
			continue;
		fputs(".TP\n\\fB", out);
		put(verb->name, out);
		fputs("\\fR\n", out);
		put(verb->shows, out);
		fputc('\n', out);
	}
	fputs(".SH ENVIRONMENT\n.TP\n\\fBMYDOCKER_ROOT\\fR\n"
	      "Where images and containers are kept.\n"
	      ".TP\n\\fBMYDOCKER_DRIVER\\fR\noverlay, or aufs.\n", out);
}

static FILE *
open_page(const char *directory, const char *name)
{
	auto_free char *path = text("%s/mydocker%s%s.1", directory,
				    *name ? "-" : "", name);
	FILE *out = fopen(path, "we");
	if (!out)
		fail("write %s", path);
	return out;
}

static int
write_pages(const char *directory)
{
	const struct verb *verb;
	FILE *out = open_page(directory, "");
	if (!out)
		return -1;
	put_first_page(out);
	fclose(out);
	for (size_t i = 0; (verb = verb_at(i)); i++) {
		if (verb->name[0] == '.')
			continue;
		auto_free char *name = page_name(verb);
		if (!(out = open_page(directory, name)))
			return -1;
		put_page(verb, out);
		fclose(out);
	}
	for (size_t i = 0; groups_name(i); i++) {
		if (!(out = open_page(directory, groups_name(i))))
			return -1;
		put_group_page(groups_name(i), out);
		fclose(out);
	}
	return 0;
}

static int
run_man(const struct verb *verb, int argc, char **argv)
{
	int status;
	int first = verb_begin(verb, argc, argv, NULL, 1, 1, &status);
	if (first < 0)
		return status;
	if (make_dirs(argv[first], 0755) < 0 || write_pages(argv[first]) < 0)
		return verb_error(verb);
	return 0;
}

const struct verb verb_man = {
	.name = ".man",
	.arguments = "DIRECTORY",
	.shows = "Write a page of manual for each verb",
	.options = none,
	.failure_status = 1,
	.run = run_man,
};
