/* places.c - client and holder.  See places.h. */
#include "places.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Relative ones are to be taken for none, says the specification. */
static const char *
variable(const char *name)
{
	const char *value = getenv(name);
	return value && *value == '/' ? value : NULL;
}

char *
places_user(void)
{
	const struct passwd *account = getpwuid(getuid());
	return account ? copy_text(account->pw_name) : NULL;
}

char *
places_data(void)
{
	const char *data = variable("XDG_DATA_HOME");
	const char *home = variable("HOME");
	if (data)
		return text("%s/mydocker", data);
	const struct passwd *account = home ? NULL : getpwuid(getuid());
	if (account)
		home = account->pw_dir;
	if (home)
		return text("%s/.local/share/mydocker", home);
	failx("find a home for images and containers: neither HOME nor "
	      "XDG_DATA_HOME is set, and user %u has no account", getuid());
	return NULL;
}

static bool
is_our_directory(const struct stat *st)
{
	return S_ISDIR(st->st_mode) && st->st_uid == geteuid();
}

char *
places_run(void)
{
	const char *given = variable("XDG_RUNTIME_DIR");
	auto_free char *usual = text("/run/user/%u", getuid());
	struct stat st;
	bool has_usual = lstat(usual, &st) == 0 && is_our_directory(&st);
	auto_free char *run = given	? text("%s/mydocker", given) :
			      has_usual ? text("%s/mydocker", usual) :
					  text("/tmp/mydocker-%u", getuid());
	/* A holder that ends takes it along, be it between these two. */
	do {
		if (mkdir(run, 0700) < 0 && errno != EEXIST) {
			fail("make the directory %s (XDG_RUNTIME_DIR says "
			     "where)", run);
			return NULL;
		}
	} while (lstat(run, &st) < 0);
	if (!is_our_directory(&st) || (st.st_mode & 022)) {
		failx("%s is not a directory that is yours alone: remove it, "
		      "or set XDG_RUNTIME_DIR", run);
		return NULL;
	}
	return take_ptr(&run);
}

/* execvp(3) would tell it to the child alone. */
bool
places_has_program(const char *name)
{
	auto_free char *places = copy_text(getenv("PATH") ?: "");
	char *rest = places, *place;
	while ((place = strsep(&rest, ":"))) {
		auto_free char *path = text("%s/%s", place, name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}
