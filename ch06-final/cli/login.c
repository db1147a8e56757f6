/* login.c - parent.  `login` and `logout`: say to a registry who we are, and
 * keep it in Docker's file config.json, or take it out. */
#include "verbs.h"

#include <unistd.h>

#include "words.h"

struct login_options {
	const char *user, *password;
	bool from_input;
};

static int
take_user(void *data, const char *value)
{
	((struct login_options *)data)->user = value;
	return 0;
}

static int
take_password(void *data, const char *value)
{
	((struct login_options *)data)->password = value;
	return 0;
}

static const struct option_row options[] = {
	{ 'p', "password", "STRING", "Password", take_password, 0 },
	SWITCH(0, "password-stdin", "Take the password from stdin",
	       struct login_options, from_input),
	{ 'u', "username", "STRING", "Username", take_user, 0 },
	{ 0 },
};

static const struct option_row none[] = { { 0 } };

static int
run_tool(const struct verb *verb, const struct words *words)
{
	int status = verb_run_image_tool((const char *const *)words->items,
					 STDOUT_FILENO);
	return status < 0 ? verb_error(verb) : status;
}

static int
run_login(const struct verb *verb, int argc, char **argv)
{
	struct login_options wanted = { 0 };
	auto_words struct words words = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 0, 1, &status);
	if (first < 0)
		return status;
	words_add(&words, "login");
	if (wanted.user) {
		words_add(&words, "-u");
		words_add(&words, wanted.user);
	}
	if (wanted.password) {
		words_add(&words, "-p");
		words_add(&words, wanted.password);
	}
	if (wanted.from_input)
		words_add(&words, "-s");
	words_add(&words, "--");
	if (first < argc)
		words_add(&words, argv[first]);
	return run_tool(verb, &words);
}

static int
run_logout(const struct verb *verb, int argc, char **argv)
{
	auto_words struct words words = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, NULL, 0, 1, &status);
	if (first < 0)
		return status;
	words_add(&words, "logout");
	if (first < argc)
		words_add(&words, argv[first]);
	return run_tool(verb, &words);
}

const struct verb verb_login = {
	.name = "login",
	.arguments = "[SERVER]",
	.shows = "Log in to a registry",
	.options = options,
	.failure_status = 1,
	.run = run_login,
};

const struct verb verb_logout = {
	.name = "logout",
	.arguments = "[SERVER]",
	.shows = "Log out from a registry",
	.options = none,
	.failure_status = 1,
	.run = run_logout,
};
