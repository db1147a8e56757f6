/* files.c - parent.  See files.h. */
#include "files.h"

#include <string.h>

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

int
files_write(int dir, const char *hostname, const char *address)
{
	auto_free char *name = text("%s\n", hostname);
	auto_free char *own = *address ? text("%s\t%s\n", address, hostname) :
					 copy_text("");
	auto_free char *hosts = text("127.0.0.1\tlocalhost\n"
				     "::1\tlocalhost ip6-localhost "
				     "ip6-loopback\n"
				     "fe00::\tip6-localnet\n"
				     "ff00::\tip6-mcastprefix\n"
				     "ff02::1\tip6-allnodes\n"
				     "ff02::2\tip6-allrouters\n%s", own);
	auto_free char *host = host_resolv_conf();
	auto_free char *resolv = files_resolv_conf(host);
	if (write_file(dir, "hostname", name, 0644) < 0 ||
	    write_file(dir, "hosts", hosts, 0644) < 0 ||
	    write_file(dir, "resolv.conf", resolv, 0644) < 0)
		return wrap("write the files of the container");
	return 0;
}
