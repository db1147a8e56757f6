/*
 * main.c - the program of chapter 6: a tour when it is called like the other
 * chapters' programs, a container runtime when its first word is a verb.
 */
#include <string.h>

#include "demo.h"
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
	for (const struct experiment *const *e = experiments; *e; e++)
		if (strcmp((*e)->name, argv[i]) == 0)
			return true;
	return false;
}

int
main(int argc, char **argv)
{
	self_begin();
	return is_tour(argc, argv) ? tour_main(argc, argv, &chapter) :
				     verbs_main(argc, argv);
}
