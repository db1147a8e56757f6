/* files.c - parent.  See files.h. */
#include "files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rootless.h"

/* Docker's choice when the host has nothing a container could use. */
#define FALLBACK_SERVERS "nameserver 8.8.8.8\nnameserver 8.8.4.4\n"
#define RESOLVED_CONF "/run/systemd/resolve/resolv.conf"

static bool
is_server(const char *line)
{
	return strncmp(line, "nameserver", 10) == 0 &&
	       (line[10] == ' ' || line[10] == '\t');
}

static bool
is_loopback(const char *line)
{
	const char *address = line + 10 + strspn(line + 10, " \t");
	return strncmp(address, "127.", 4) == 0 ||
	       strncmp(address, "::1", 3) == 0;
}

char *
files_resolv_conf(const char *host)
{
	auto_free char *kept = copy_text("");
	bool has_server = false;
	for (const char *line = host; *line;) {
		size_t length = strcspn(line, "\n");
		bool server = is_server(line);
		if (!server || !is_loopback(line)) {
			char *longer = text("%s%.*s\n", kept, (int)length,
					    line);
			free_scoped(&kept);
			kept = longer;
			has_server |= server;
		}
		line += length + (line[length] == '\n');
	}
	if (has_server)
		return take_ptr(&kept);
	return text("%s%s", kept, FALLBACK_SERVERS);
}

static char *
host_resolv_conf(void)
{
	char *host = read_all(AT_FDCWD, "/etc/resolv.conf", NULL);
	bool stub = host && strstr(host, "nameserver 127.0.0.53");
	char *real = stub ? read_all(AT_FDCWD, RESOLVED_CONF, NULL) : NULL;
	if (real) {
		free_scoped(&host);
		return real;
	}
	return host ? host : copy_text("");
}

/* What listens on the host's loopback is not heard in a user's own network; but
 * slirp4netns(1) asks it for those who ask 10.0.2.3. */
static char *
add_forwarder(char *host)
{
	bool is_needed = false;
	for (const char *line = host; *line;) {
		is_needed |= is_server(line) && is_loopback(line);
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	if (!is_needed || !rootless_is_inside())
		return host;
	char *longer = text("nameserver 10.0.2.3\n%s", host);
	free(host);
	return longer;
}

/* ---- what was asked for ------------------------------------------------- */

/* Is it a line of this kind: "search a b"? */
static bool
is_kind(const char *line, const char *kind)
{
	size_t length = strlen(kind);
	return strncmp(line, kind, length) == 0 &&
	       (line[length] == ' ' || line[length] == '\t');
}

/* Without a line's kind that is asked for anew. */
static char *
without(const char *host, const char *kind, const struct words *wanted)
{
	char *kept = copy_text("");
	for (const char *line = host; *line;) {
		size_t length = strcspn(line, "\n");
		if (wanted->count == 0 || !is_kind(line, kind)) {
			char *longer = text("%s%.*s\n", kept, (int)length,
					    line);
			free(kept);
			kept = longer;
		}
		line += length + (line[length] == '\n');
	}
	return kept;
}

/* "search a b"; "." says that there is nothing to search. */
static char *
in_a_line(const char *kind, const struct words *wanted)
{
	char *line = copy_text("");
	for (size_t i = 0; i < wanted->count; i++) {
		if (strcmp(wanted->items[i], ".") == 0)
			continue;
		char *longer = text("%s%s %s", line, *line ? "" : kind,
				    wanted->items[i]);
		free(line);
		line = longer;
	}
	char *whole = text("%s%s", line, *line ? "\n" : "");
	free(line);
	return whole;
}

char *
files_resolv_conf_of(const struct settings *settings, const char *host)
{
	auto_free char *servers = without(host, "nameserver", &settings->dns);
	auto_free char *search =
		without(servers, "search", &settings->dns_search);
	auto_free char *rest =
		without(search, "options", &settings->dns_options);
	auto_free char *own = in_a_line("search", &settings->dns_search);
	auto_free char *options = in_a_line("options", &settings->dns_options);
	auto_free char *list = copy_text("");
	for (size_t i = 0; i < settings->dns.count; i++) {
		char *longer = text("%snameserver %s\n", list,
				    settings->dns.items[i]);
		free(list);
		list = longer;
	}
	if (settings->dns.count)
		return text("%s%s%s%s", list, own, options, rest);
	auto_free char *usual = files_resolv_conf(rest);
	return text("%s%s%s", own, options, usual);
}

/* "NAME:ADDRESS" as lines of /etc/hosts; `gateway` is how the host is reached
 * from inside, or "". */
static int
extra_hosts(const struct words *hosts, const char *gateway, char **lines)
{
	for (size_t i = 0; i < hosts->count; i++) {
		const char *name = hosts->items[i];
		const char *address = strchr(name, ':') + 1;
		if (strcmp(address, "host-gateway") == 0)
			address = gateway;
		if (!*address)
			return failx("unable to derive the IP value for "
				     "host-gateway: there is no network");
		char *longer = text("%s%s\t%.*s\n", *lines, address,
				    (int)strcspn(name, ":"), name);
		free(*lines);
		*lines = longer;
	}
	return 0;
}

/* ---- the three files ---------------------------------------------------- */

static const char usual_hosts[] = "127.0.0.1\tlocalhost\n"
				  "::1\tlocalhost ip6-localhost ip6-loopback\n"
				  "fe00::\tip6-localnet\n"
				  "ff00::\tip6-mcastprefix\n"
				  "ff02::1\tip6-allnodes\n"
				  "ff02::2\tip6-allrouters\n";

/* With the host's network the host's names are the container's. */
static char *
first_hosts(bool is_host)
{
	char *host = is_host ? read_all(AT_FDCWD, "/etc/hosts", NULL) : NULL;
	return host ?: copy_text(usual_hosts);
}

/* Its names, behind each address that it has. */
static char *
own_hosts(const struct files_facts *facts, const char *domain)
{
	char *lines = copy_text("");
	const struct words *addresses = facts->addresses;
	for (size_t i = 0; addresses && i < addresses->count; i++) {
		char *longer = text("%s%s\t%s%s%s%s%s\n", lines,
				    addresses->items[i], facts->hostname,
				    domain ? "." : "", domain ?: "",
				    domain ? " " : "",
				    domain ? facts->hostname : "");
		free(lines);
		lines = longer;
	}
	return lines;
}

/* One server, which knows the rest: it is told, or finds out, whom to ask. */
static char *
own_resolv_conf(const struct settings *settings, const char *host)
{
	struct settings asked = {
		.dns_search = settings->dns_search,
		.dns_options = settings->dns_options,
	};
	auto_words struct words server = { 0 };
	words_add(&server, FILES_NAME_SERVER);
	asked.dns = server;
	auto_free char *plain = files_resolv_conf_of(&asked, host);
	return text("%s%s", plain, strstr(plain, "ndots:") ? "" :
						 "options ndots:0\n");
}

static int
write_dns(int dir, const struct words *dns)
{
	auto_free char *list = copy_text("");
	if (dns->count == 0) {
		unlinkat(dir, FILES_DNS, 0);
		return 0;
	}
	for (size_t i = 0; i < dns->count; i++) {
		char *longer = text("%s%s\n", list, dns->items[i]);
		free(list);
		list = longer;
	}
	return write_file_unsynced(dir, FILES_DNS, list, 0644);
}

int
files_write(int dir, const struct settings *settings,
	    const struct files_facts *facts)
{
	const char *domain = settings->domainname;
	bool is_host = strcmp(settings_network(settings), "host") == 0;
	bool is_true_host = is_host && !rootless_is_inside();
	auto_free char *full = text("%s%s%s", facts->hostname,
				    domain ? "." : "", domain ?: "");
	auto_free char *name = text("%s\n", full);
	auto_free char *lines = copy_text("");
	if (extra_hosts(&settings->hosts, facts->gateway, &lines) < 0 ||
	    (facts->links &&
	     extra_hosts(facts->links, facts->gateway, &lines) < 0))
		return -1;
	auto_free char *first = first_hosts(is_host);
	auto_free char *own = own_hosts(facts, domain);
	auto_free char *hosts = text("%s%s%s", first, lines, own);
	auto_free char *host = add_forwarder(host_resolv_conf());
	auto_free char *resolv =
		is_true_host && !settings->dns.count ?
			read_all(AT_FDCWD, "/etc/resolv.conf", NULL) :
		facts->has_names ?
			own_resolv_conf(settings, host) :
			files_resolv_conf_of(settings, host);
	/* Every start writes them anew. */
	if (write_dns(dir, &settings->dns) < 0 ||
	    write_file_unsynced(dir, "hostname", name, 0644) < 0 ||
	    write_file_unsynced(dir, "hosts", hosts, 0644) < 0 ||
	    write_file_unsynced(dir, "resolv.conf", resolv ?: "", 0644) < 0)
		return wrap("write the files of the container");
	return 0;
}

/* ---- while it runs ------------------------------------------------------ */

/* Whoever reads it meanwhile sees a part: as with any editor. */
static int
write_in_place(int dir, const char *name, const char *content)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_TRUNC | O_CLOEXEC |
						      O_NOFOLLOW);
	size_t length = strlen(content);
	if (fd < 0 && errno == ENOENT)
		return write_file_unsynced(dir, name, content, 0644);
	if (fd < 0 || write(fd, content, length) != (ssize_t)length)
		return fail("write the container's %s", name);
	return 0;
}

int
files_add_host(int dir, const char *address, const char *name)
{
	auto_free char *hosts = read_all(dir, "hosts", NULL);
	size_t length = hosts ? strlen(hosts) : 0;
	if (!hosts)
		return -1;
	auto_free char *longer =
		text("%s%s%s\t%s\n", hosts,
		     length && hosts[length - 1] != '\n' ? "\n" : "", address,
		     name);
	return write_in_place(dir, "hosts", longer);
}

int
files_drop_host(int dir, const char *address)
{
	auto_free char *hosts = read_all(dir, "hosts", NULL);
	if (!hosts || !*address)
		return hosts ? 0 : -1;
	auto_free char *kept = copy_text("");
	size_t wanted = strlen(address);
	for (const char *line = hosts; *line;) {
		size_t length = strcspn(line, "\n");
		if (strncmp(line, address, wanted) != 0 ||
		    !strchr(" \t", line[wanted])) {
			char *longer = text("%s%.*s\n", kept, (int)length,
					    line);
			free(kept);
			kept = longer;
		}
		line += length + (line[length] == '\n');
	}
	return write_in_place(dir, "hosts", kept);
}

int
files_serve(int dir, const struct settings *settings, bool has_names)
{
	auto_free char *now = read_all(dir, "resolv.conf", NULL);
	bool has_now = now && strstr(now, "nameserver " FILES_NAME_SERVER);
	if (!has_names || has_now)
		return 0;
	auto_free char *host = host_resolv_conf();
	auto_free char *resolv = own_resolv_conf(settings, host);
	return write_in_place(dir, "resolv.conf", resolv);
}
