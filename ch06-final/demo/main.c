/*
 * main.c - the program of chapter 6: a tour when it is called like the other
 * chapters' programs, a container runtime when its first word is a verb.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"
#include "rootless.h"
#include "self.h"
#include "verbs.h"

static const struct experiment *const experiments[] = {
	&demo_hello,  &demo_inside,  &demo_layers, &demo_storage,
	&demo_limits, &demo_network, &demo_undo,   NULL,
};

static const struct chapter chapter = {
	.name = "ch06-final",
	.title = "a container runtime, made of the five chapters before",
	.experiments = experiments,
	.dot = dot,
};

static bool
is_experiment(const char *word)
{
	for (const struct experiment *const *e = experiments; *e; e++)
		if (strcmp((*e)->name, word) == 0)
			return true;
	return false;
}

/* `network` is an experiment and a group of verbs: with a word behind it that
 * is nothing of the tour's it is the group. */
static bool
is_group(const char *word, const char *next)
{
	return groups_has(word) && next && strcmp(next, "-v") != 0 &&
	       strcmp(next, "--shell") != 0 && !is_experiment(next);
}

/* ./demo, ./demo list, ./demo --dot, ./demo NAME..., with -v anywhere. */
static bool
is_tour(int argc, char **argv)
{
	int i = 1;
	while (i < argc && (strcmp(argv[i], "-v") == 0 ||
			    strcmp(argv[i], "--shell") == 0))
		i++;
	if (i == argc || strcmp(argv[i], "list") == 0 ||
	    strcmp(argv[i], "--dot") == 0)
		return true;
	return is_experiment(argv[i]) && !is_group(argv[i], argv[i + 1]);
}

/* The guide cleans up after its stages, and so is where they are.  Why it
 * cannot be there, each stage says for itself. */
static int
tour(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], "list") != 0)
		rootless_enter();
	return tour_main(argc, argv, &chapter);
}

/* Where standard input or output is closed, the next descriptor that we open
 * would be taken for it. */
static void
open_standard_descriptors(void)
{
	int fd;
	while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
		;
	if (fd >= 0)
		close(fd);
}

int
main(int argc, char **argv)
{
	open_standard_descriptors();
	self_begin();
	return is_tour(argc, argv) ? tour(argc, argv) :
				     verbs_main(argc, argv);
}
