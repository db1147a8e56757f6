/*
 * completion.c - parent.  `completion`: what a shell needs to complete our
 * command lines, made of the table of verbs and of their tables of options.
 */
#include "verbs.h"

#include <string.h>

static const struct option_row none[] = { { 0 } };

/* By which names the program may be called. */
#define PROGRAMS "demo mydocker"

/* Rows without a help are old names, which nobody shall learn. */
static bool
is_shown(const struct option_row *row)
{
	return row->help != NULL;
}

static bool
is_end(const struct option_row *row)
{
	return !row->letter && !row->name;
}

/* One that a user types. */
static bool
is_public(const struct verb *verb)
{
	return verb->name[0] != '.';
}

/* What its plain words are: "CONTAINER [CONTAINER...]", "IMAGE [COMMAND]". */
static const char *
kind_of(const struct verb *verb)
{
	if (strstr(verb->arguments, "NAME|ID"))
		return "any";
	if (strstr(verb->arguments, "CONTAINER"))
		return "container";
	return strstr(verb->arguments, "IMAGE") ? "image" : "none";
}

/* In single quotes, with the quotes in it as that shell wants them. */
static void
put_quoted(const char *string, const char *quote, const char *special)
{
	for (; *string; string++) {
		if (*string == '\'')
			printf("%s", quote);
		else
			printf("%s%c", strchr(special, *string) ? "\\" : "",
			       *string);
	}
}

/* ---- bash ---------------------------------------------------------------- */

static void
bash_options(const struct verb *verb)
{
	printf("--help");
	for (const struct option_row *row = verb->options; !is_end(row);
	     row++) {
		if (is_shown(row) && row->name)
			printf(" --%s", row->name);
		if (is_shown(row) && row->letter)
			printf(" -%c", row->letter);
	}
}

/* The options that take a value, so that the next word is none of ours. */
static void
bash_values(const struct verb *verb)
{
	for (const struct option_row *row = verb->options; !is_end(row);
	     row++) {
		if (row->value && row->name)
			printf(" --%s", row->name);
		if (row->value && row->letter)
			printf(" -%c", row->letter);
	}
}

static void
bash_case(const char *pattern, const struct verb *verb)
{
	printf("\t'%s')\n\t\toptions='", pattern);
	bash_options(verb);
	printf("'\n\t\tvalues='");
	bash_values(verb);
	printf(" '\n\t\tkind=%s ;;\n", kind_of(verb));
}

static void
bash_words(void)
{
	const struct verb *verb;
	for (size_t i = 0; (verb = verb_at(i)); i++)
		if (is_public(verb) && !strchr(verb->name, ' '))
			printf("%s ", verb->name);
	for (size_t i = 0; groups_name(i); i++)
		printf("%s ", groups_name(i));
	printf("help");
}

static void
bash_groups(void)
{
	const char *group, *word;
	for (size_t i = 0; (group = groups_name(i)); i++) {
		printf("\t%s) words='", group);
		for (size_t k = 0; (word = groups_word(group, k)); k++)
			printf("%s%s", k ? " " : "", word);
		printf("' ;;\n");
	}
}

/* Every verb, and every word of a group. */
static void
bash_cases(void)
{
	const char *group, *word;
	const struct verb *verb;
	for (size_t i = 0; (verb = verb_at(i)); i++)
		if (is_public(verb) && !strchr(verb->name, ' '))
			bash_case(verb->name, verb);
	for (size_t i = 0; (group = groups_name(i)); i++) {
		for (size_t k = 0; (word = groups_word(group, k)); k++) {
			auto_free char *both = text("%s %s", group, word);
			bash_case(both, groups_find(group, word));
		}
	}
}

static void
print_bash(void)
{
	printf("# Completion for bash: source <(mydocker completion bash)\n"
	       "_mydocker_names()\n{\n"
	       "\tcase $1 in\n"
	       "\tcontainer | any)\n"
	       "\t\t\"${COMP_WORDS[0]}\" ps -a --format '{{.Names}}' ;;&\n"
	       "\timage | any)\n"
	       "\t\t\"${COMP_WORDS[0]}\" images --format "
	       "'{{.Repository}}:{{.Tag}}' ;;\n"
	       "\tesac 2>/dev/null\n}\n\n"
	       "_mydocker()\n{\n"
	       "\tlocal current=${COMP_WORDS[COMP_CWORD]} verb= words= i\n"
	       "\tlocal previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
	       "\tlocal options='--help --verbose -v --storage-driver "
	       "--version'\n"
	       "\tlocal values=' --storage-driver ' kind=none\n"
	       "\tCOMPREPLY=()\n"
	       "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "\t\tcase ${COMP_WORDS[i]} in\n"
	       "\t\t--storage-driver) ((i++)) ;;\n"
	       "\t\t-*) ;;\n"
	       "\t\t*) verb=${COMP_WORDS[i]}; break ;;\n"
	       "\t\tesac\n"
	       "\tdone\n"
	       "\tcase $verb in\n\t'') words='");
	bash_words();
	printf("' ;;\n");
	bash_groups();
	printf("\tesac\n"
	       "\tif [[ -n $verb && -n $words ]] && ((i + 1 < COMP_CWORD))"
	       "; then\n"
	       "\t\tverb=\"$verb ${COMP_WORDS[i + 1]}\" words=\n"
	       "\tfi\n"
	       "\tcase $verb in\n");
	bash_cases();
	printf("\tesac\n"
	       "\t[[ $values == *\" $previous \"* ]] && return\n"
	       "\tif [[ $current == -* ]]; then\n"
	       "\t\twords=$options\n"
	       "\telif [[ -z $words ]]; then\n"
	       "\t\twords=$(_mydocker_names \"$kind\")\n"
	       "\tfi\n"
	       "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
	       "\t# bash splits words at colons, so the tag alone is wanted.\n"
	       "\tif [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then\n"
	       "\t\tCOMPREPLY=(\"${COMPREPLY[@]#\"${current%%:*}:\"}\")\n"
	       "\tfi\n"
	       "}\n"
	       "complete -o default -F _mydocker " PROGRAMS "\n");
}

/* ---- zsh ----------------------------------------------------------------- */

static void
zsh_item(const char *prefix, const char *name, const char *help)
{
	printf("\t\t'%s%s:", prefix, name);
	put_quoted(help, "'\\''", "");
	printf("'\n");
}

static void
zsh_options(const struct verb *verb)
{
	for (const struct option_row *row = verb->options; !is_end(row);
	     row++) {
		char letter[2] = { row->letter, '\0' };
		if (is_shown(row) && row->letter)
			zsh_item("-", letter, row->help);
		if (is_shown(row) && row->name)
			zsh_item("--", row->name, row->help);
	}
	zsh_item("--", "help", "Print usage");
}

static void
zsh_case(const char *pattern, const struct verb *verb)
{
	printf("\t'%s') kind=%s; options=(\n", pattern, kind_of(verb));
	zsh_options(verb);
	printf("\t\t) ;;\n");
}

static void
zsh_verbs(void)
{
	const struct verb *verb;
	for (size_t i = 0; (verb = verb_at(i)); i++)
		if (is_public(verb) && !strchr(verb->name, ' '))
			zsh_item("", verb->name, verb->shows);
	for (size_t i = 0; groups_name(i); i++)
		zsh_item("", groups_name(i), "Its verbs");
}

static void
zsh_groups(void)
{
	const char *group, *word;
	for (size_t i = 0; (group = groups_name(i)); i++) {
		printf("\t%s) verbs=(\n", group);
		for (size_t k = 0; (word = groups_word(group, k)); k++)
			zsh_item("", word, groups_find(group, word)->shows);
		printf("\t\t) ;;\n");
	}
}

static void
zsh_cases(void)
{
	const char *group, *word;
	const struct verb *verb;
	for (size_t i = 0; (verb = verb_at(i)); i++)
		if (is_public(verb) && !strchr(verb->name, ' '))
			zsh_case(verb->name, verb);
	for (size_t i = 0; (group = groups_name(i)); i++) {
		for (size_t k = 0; (word = groups_word(group, k)); k++) {
			auto_free char *both = text("%s %s", group, word);
			zsh_case(both, groups_find(group, word));
		}
	}
}

static void
print_zsh(void)
{
	printf("#compdef " PROGRAMS "\n"
	       "# Completion for zsh: a file _mydocker in a directory of "
	       "$fpath\n"
	       "_mydocker() {\n"
	       "\tlocal verb=$words[2] kind=none place=3\n"
	       "\tlocal -a verbs options names\n"
	       "\t((CURRENT == 2)) && verbs=(\n");
	zsh_verbs();
	printf("\t\t)\n\tcase $verb in\n");
	zsh_groups();
	printf("\tesac\n"
	       "\tif ((CURRENT > 3 && $#verbs)); then\n"
	       "\t\tverb=\"$verb $words[3]\" verbs=()\n"
	       "\tfi\n"
	       "\tif (($#verbs)); then\n"
	       "\t\t_describe verb verbs\n"
	       "\t\treturn\n"
	       "\tfi\n"
	       "\tcase $verb in\n");
	zsh_cases();
	printf("\tesac\n"
	       "\tif [[ $PREFIX == -* ]]; then\n"
	       "\t\t_describe option options\n"
	       "\t\treturn\n"
	       "\tfi\n"
	       "\t[[ $kind == (container|any) ]] && names+=(${(f)\"$("
	       "$words[1] ps -a --format '{{.Names}}' 2>/dev/null)\"})\n"
	       "\t[[ $kind == (image|any) ]] && names+=(${(f)\"$("
	       "$words[1] images --format '{{.Repository}}:{{.Tag}}' "
	       "2>/dev/null)\"})\n"
	       "\tcompadd -a names || _files\n"
	       "}\n"
	       "compdef _mydocker " PROGRAMS " 2>/dev/null || "
	       "_mydocker \"$@\"\n");
}

/* ---- fish ---------------------------------------------------------------- */

static void
fish_text(const char *string)
{
	printf(" -d '");
	put_quoted(string, "\\'", "\\");
	printf("'\n");
}

/* Where: the first word, and the second for the verb of a group. */
static void
fish_place(const char *first, const char *second)
{
	printf("complete -c $program -n '__mydocker_at %s%s%s'", first,
	       second ? " " : "", second ? second : "");
}

static void
fish_verb(const char *first, const char *second, const struct verb *verb)
{
	const char *kind = kind_of(verb);
	for (const struct option_row *row = verb->options; !is_end(row);
	     row++) {
		if (!is_shown(row))
			continue;
		fish_place(first, second);
		if (row->letter)
			printf(" -s %c", row->letter);
		if (row->name)
			printf(" -l %s", row->name);
		if (row->value)
			printf(" -r");
		fish_text(row->help);
	}
	if (strcmp(kind, "none") == 0)
		return;
	fish_place(first, second);
	printf(" -f -a '(__mydocker_names %s)'\n", kind);
}

static void
fish_groups(void)
{
	const char *group, *word;
	for (size_t i = 0; (group = groups_name(i)); i++) {
		printf("complete -c $program -f -n __fish_use_subcommand "
		       "-a %s\n", group);
		for (size_t k = 0; (word = groups_word(group, k)); k++) {
			const struct verb *verb = groups_find(group, word);
			printf("complete -c $program -f -n '__mydocker_in "
			       "%s' -a %s", group, word);
			fish_text(verb->shows);
			fish_verb(group, word, verb);
		}
	}
}

static void
print_fish(void)
{
	const struct verb *verb;
	printf("# Completion for fish: mydocker completion fish | source\n"
	       "function __mydocker_at\n"
	       "\tset -l words (commandline -opc)\n"
	       "\tset -l last (math (count $argv) + 1)\n"
	       "\ttest (count $words) -ge $last\n"
	       "\tand test \"$words[2..$last]\" = \"$argv\"\nend\n"
	       "function __mydocker_in\n"
	       "\tset -l words (commandline -opc)\n"
	       "\ttest (count $words) -eq 2; and test $words[2] = $argv\n"
	       "end\n"
	       "function __mydocker_names\n"
	       "\tset -l words (commandline -opc)\n"
	       "\tif contains $argv container any\n"
	       "\t\t$words[1] ps -a --format '{{.Names}}' 2>/dev/null\n"
	       "\tend\n"
	       "\tif contains $argv image any\n"
	       "\t\t$words[1] images --format '{{.Repository}}:{{.Tag}}' "
	       "2>/dev/null\n\tend\nend\n"
	       "for program in " PROGRAMS "\n");
	for (size_t i = 0; (verb = verb_at(i)); i++) {
		if (!is_public(verb) || strchr(verb->name, ' '))
			continue;
		printf("complete -c $program -f -n __fish_use_subcommand "
		       "-a %s", verb->name);
		fish_text(verb->shows);
		fish_verb(verb->name, NULL, verb);
	}
	fish_groups();
	printf("end\n");
}

/* ---- the verb ------------------------------------------------------------ */

static int
run_completion(const struct verb *verb, int argc, char **argv)
{
	static const struct {
		const char *shell;
		void (*print)(void);
	} shells[] = { { "bash", print_bash }, { "zsh", print_zsh },
		       { "fish", print_fish } };
	int status;
	int first = verb_begin(verb, argc, argv, NULL, 1, 1, &status);
	if (first < 0)
		return status;
	for (size_t i = 0; i < countof(shells); i++) {
		if (strcmp(shells[i].shell, argv[first]) != 0)
			continue;
		shells[i].print();
		return 0;
	}
	failx("there is none for %s: bash, zsh, fish", argv[first]);
	return verb_error(verb);
}

const struct verb verb_completion = {
	.name = "completion",
	.arguments = "bash|zsh|fish",
	.shows = "Generate the autocompletion script for the specified shell",
	.options = none,
	.failure_status = 1,
	.run = run_completion,
};
