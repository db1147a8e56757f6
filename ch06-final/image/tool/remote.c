/* remote.c - see remote.h.  Runs in mydocker-image. */
#include "remote.h"

#include "fetch.h"
#include "login.h"
#include "pull.h"
#include "push.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define SECRET_MAX 4096

static int
wrong_usage(const char *usage)
{
	return failx("usage: mydocker-image %s", usage);
}

int
remote_pull(struct store *store, int argc, char **argv)
{
	struct pull_options options = { 0 };
	optind = 1;
	for (int option; (option = getopt(argc, argv, "+:aqp:")) != -1;) {
		if (option == 'a')
			options.all_tags = true;
		else if (option == 'q')
			options.is_quiet = true;
		else if (option == 'p')
			options.platform = optarg;
		else
			return wrong_usage(REMOTE_PULL);
	}
	if (optind + 1 != argc)
		return wrong_usage(REMOTE_PULL);
	return pull_image(store, argv[optind], &options);
}

int
remote_push(struct store *store, int argc, char **argv)
{
	struct push_options options = { 0 };
	optind = 1;
	for (int option; (option = getopt(argc, argv, "+:aqp:")) != -1;) {
		if (option == 'a')
			options.all_tags = true;
		else if (option == 'q')
			options.is_quiet = true;
		else if (option == 'p')
			options.platform = optarg;
		else
			return wrong_usage(REMOTE_PUSH);
	}
	if (optind + 1 != argc)
		return wrong_usage(REMOTE_PUSH);
	return push_image(store, argv[optind], &options);
}

int
remote_fetch(struct store *store, int argc, char **argv)
{
	(void)store;
	optind = 1;
	if (getopt(argc, argv, "+") != -1 || optind + 1 != argc)
		return wrong_usage(REMOTE_FETCH);
	return fetch_url(argv[optind], STDOUT_FILENO);
}

/* ---- who we are -------------------------------------------------------- */

/* A line from standard input; the caller frees.  NULL when there is none. */
static char *
read_line(void)
{
	auto_free char *line = new_bytes(SECRET_MAX);
	if (!fgets(line, SECRET_MAX, stdin))
		return NULL;
	line[strcspn(line, "\r\n")] = '\0';
	return take_ptr(&line);
}

/* Asks in a terminal, and shows nothing of what is typed if it is secret. */
static char *
ask(const char *question, bool is_secret)
{
	struct termios before, silent;
	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before) < 0) {
		failx("Cannot perform an interactive login from a non TTY "
		      "device");
		return NULL;
	}
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	printf("%s: ", question);
	fflush(stdout);
	if (is_secret)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	char *line = read_line();
	if (is_secret) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		putchar('\n');
	}
	if (!line)
		failx("nothing was typed");
	return line;
}

/* What was not said is asked for. */
static int
complete(struct credentials *credentials, bool from_input)
{
	if (from_input && !credentials->user)
		return failx("Must provide --username with --password-stdin");
	if (from_input && credentials->password)
		return failx("--password and --password-stdin are mutually "
			     "exclusive");
	if (credentials->password)
		fprintf(stderr, "WARNING! Using --password via the CLI is "
				"insecure. Use --password-stdin.\n");
	if (from_input)
		credentials->password = read_line();
	if (!credentials->user)
		credentials->user = ask("Username", false);
	if (credentials->user && !credentials->password && !from_input)
		credentials->password = ask("Password", true);
	if (!credentials->user || (!from_input && !credentials->password))
		return -1;
	if (!*credentials->user || strchr(credentials->user, ':'))
		return failx("\"%.60s\" is no user name", credentials->user);
	if (!credentials->password || !*credentials->password)
		return failx("Password Required");
	return 0;
}

int
remote_login(struct store *store, int argc, char **argv)
{
	struct credentials credentials = { 0 };
	bool from_input = false;
	(void)store;
	optind = 1;
	for (int option; (option = getopt(argc, argv, "+:u:p:s")) != -1;) {
		if (option == 'u' && !credentials.user)
			credentials.user = copy_text(optarg);
		else if (option == 'p' && !credentials.password)
			credentials.password = copy_text(optarg);
		else if (option == 's')
			from_input = true;
		else
			return wrong_usage(REMOTE_LOGIN);
	}
	if (optind + 1 < argc)
		return wrong_usage(REMOTE_LOGIN);
	int result = complete(&credentials, from_input);
	if (result == 0)
		result = login_to(argv[optind], &credentials);
	credentials_free(&credentials);
	return result;
}

int
remote_logout(struct store *store, int argc, char **argv)
{
	(void)store;
	optind = 1;
	if (getopt(argc, argv, "+:") != -1 || optind + 1 < argc)
		return wrong_usage(REMOTE_LOGOUT);
	return logout_of(argv[optind]);
}
