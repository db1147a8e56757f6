/* login.c - see login.h.  Runs in mydocker-image. */
#include "login.h"

#include "registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX ((size_t)1024 * 1024)

/* "https://registry.lan/v2/" is registry.lan. */
static char *
host_of(const char *server)
{
	if (!server || !*server)
		return copy_text("docker.io");
	const char *host = strstr(server, "://");
	host = host ? host + 3 : server;
	auto_free char *alone = text("%.*s", (int)strcspn(host, "/"), host);
	if (strcmp(alone, "index.docker.io") == 0 ||
	    strcmp(alone, "registry-1.docker.io") == 0)
		return copy_text("docker.io");
	return take_ptr(&alone);
}

/* The address of the API answers 200 to whoever may come in. */
static int
try_out(struct registry *registry)
{
	auto_answer struct http_answer answer = { 0 };
	struct http_request request = { .method = "GET", .url = "",
					.limit = TEXT_MAX };
	if (registry_call(registry, request, &answer) < 0)
		return -1;
	if (answer.status == 200)
		return 0;
	auto_free char *url = registry_url(registry, "");
	auto_free char *status = http_status(answer.status);
	return failx("login attempt to %s failed with status: %s", url,
		     status);
}

int
login_to(const char *server, const struct credentials *credentials)
{
	auto_free char *host = host_of(server), *file = NULL;
	struct registry registry;
	if (!*host)
		return failx("login to which registry?");
	if (registry_open_host(&registry, host) < 0)
		return -1;
	credentials_free(&registry.credentials);
	registry.credentials.user = copy_text(credentials->user);
	registry.credentials.password = copy_text(credentials->password);
	int result = try_out(&registry);
	registry_close(&registry);
	if (result < 0 || credentials_store(host, credentials, &file) < 0)
		return -1;
	if (file)
		fprintf(stderr, "WARNING! Your credentials are stored "
			"unencrypted in '%s'.\n", file);
	puts("Login Succeeded");
	return 0;
}

int
logout_of(const char *server)
{
	auto_free char *host = host_of(server);
	bool was_there = false;
	const char *shown = strcmp(host, "docker.io") == 0 ?
				    "https://index.docker.io/v1/" : host;
	if (credentials_erase(host, &was_there) < 0)
		return -1;
	printf(was_there ? "Removing login credentials for %s\n" :
			   "Not logged in to %s\n", shown);
	return 0;
}
