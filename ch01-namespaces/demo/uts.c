/*
 * uts.c - experiment `uts`: two strings of one's own, and nothing else.
 *
 * The child is born in a new UTS namespace and changes both names there.  The
 * stage reads its own with uname(2); a visitor goes in and reads the child's.
 */
#include "demo.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <string.h>
#include <sys/utsname.h>

#include "become.h"
#include "look.h"
#include "nsfile.h"
#include "nschild.h"
#include "sync.h"
#include "sys.h"

#define HOST_NAME "inside"
#define DOMAIN_NAME "inside.example"

static int
read_names(struct utsname *names)
{
	return uname(names) < 0 ? fail("read the names") : 0;
}

static void
show_names(const char *where, const struct utsname *names)
{
	tour_show(where, "host name \"%s\", domain name \"%s\"",
		  names->nodename, names->domainname);
}

static bool
are_called(const struct utsname *names, const char *host, const char *domain)
{
	return strcmp(names->nodename, host) == 0 &&
	       strcmp(names->domainname, domain) == 0;
}

/* The IPv4 addresses under which others find this machine. */
static char *
addresses(void)
{
	char *all = copy_text("");
	struct ifaddrs *list = NULL;
	if (getifaddrs(&list) < 0)
		return all;
	for (struct ifaddrs *i = list; i; i = i->ifa_next) {
		char address[INET_ADDRSTRLEN];
		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET)
			continue;
		struct sockaddr_in *in = (struct sockaddr_in *)i->ifa_addr;
		inet_ntop(AF_INET, &in->sin_addr, address, sizeof(address));
		auto_free char *before = all;
		all = text("%s %s", before, address);
	}
	freeifaddrs(list);
	return all;
}

/* ---- the child --------------------------------------------------------- */

static int
inside(int sock, void *data)
{
	const char *addresses_outside = data;
	struct utsname names;
	if (sync_expect(sock, SYNC_GO, "the parent") < 0)
		return -1;
	tour_step("Inside: the child changes both names.");
	if (sys_sethostname(HOST_NAME) < 0 ||
	    sys_setdomainname(DOMAIN_NAME) < 0)
		return fail("change the names inside");
	if (read_names(&names) < 0)
		return -1;
	show_names("inside, after", &names);
	tour_expect(are_called(&names, HOST_NAME, DOMAIN_NAME),
		    "both are changed in here");
	tour_run((const char *const[]){ "uname", "-n", NULL });
	tour_say("That was a process of its own: a child inherits the "
		 "namespace, not a copy.");
	auto_free char *here = addresses();
	tour_show("addresses", "%.60s", *here ? here + 1 : "none");
	tour_expect(strcmp(here, addresses_outside) == 0,
		    "the addresses are those of outside: a name is no address");
	if (tour_shell("Try: hostname; hostname other; "
		       "readlink /proc/self/ns/uts") < 0)
		return -1;
	if (sync_send(sock, SYNC_READY) < 0)
		return -1;
	return sync_expect(sock, SYNC_GO, "the parent");
}

/* ---- a visitor --------------------------------------------------------- */

struct visit {
	pid_t host; /* in whose namespace */
	const char *when;
	const char *host_name, *domain_name; /* what is to be read there */
	const char *claim;
};

/* A process that nobody there has made goes in and reads the names. */
static int
look_in(int sock, void *data)
{
	const struct visit *visit = data;
	struct utsname names;
	(void)sock;
	auto_free char *path = text("/proc/%d/ns/uts", visit->host);
	auto_close int uts = ns_open(path, look_kind("uts"));
	if (uts < 0 || ns_join_files(&uts, 1) < 0 || read_names(&names) < 0)
		return -1;
	show_names(visit->when, &names);
	tour_expect(are_called(&names, visit->host_name, visit->domain_name),
		    "%s", visit->claim);
	return 0;
}

static int
send_visitor(struct visit *visit)
{
	struct ns_child visitor;
	if (ns_child_create(&visitor, 0, -1, look_in, visit) < 0)
		return -1;
	return ns_child_wait(&visitor, NULL);
}

/* ---- the parent -------------------------------------------------------- */

static int
before_the_change(const struct ns_child *child, const struct utsname *before)
{
	tour_step("A child, born in a new UTS namespace (pid %d out here).",
		  child->pid);
	auto_free char *ours = look_link(0, "uts");
	auto_free char *theirs = look_link(child->pid, "uts");
	tour_show("readlink /proc/self/ns/uts", "%s", ours);
	tour_show("the same of the child", "%s", theirs);
	tour_expect(strcmp(ours, theirs) != 0, "these are two namespaces");
	show_names("outside, before", before);
	struct visit visit = {
		child->pid, "inside, before",
		before->nodename, before->domainname,
		"the new one begins as a copy of the old one",
	};
	return send_visitor(&visit);
}

static int
after_the_change(const struct ns_child *child, const struct utsname *before)
{
	struct utsname outer;
	struct visit visit = {
		child->pid, "inside, a visitor", HOST_NAME, DOMAIN_NAME,
		"who goes in by setns(2) reads what the child has set",
	};
	tour_step("Outside: the parent reads its own, and sends a visitor.");
	if (read_names(&outer) < 0)
		return -1;
	show_names("outside, after", &outer);
	tour_expect(are_called(&outer, before->nodename, before->domainname),
		    "outside nothing has changed");
	return send_visitor(&visit);
}

static int
meet(struct ns_child *child, const struct utsname *before)
{
	struct utsname outer;
	if (before_the_change(child, before) < 0 ||
	    sync_send(child->sock, SYNC_GO) < 0 ||
	    sync_expect(child->sock, SYNC_READY, "the child") < 0 ||
	    after_the_change(child, before) < 0 ||
	    sync_send(child->sock, SYNC_GO) < 0)
		return ns_child_give_up(child);
	if (ns_child_wait(child, NULL) < 0 || read_names(&outer) < 0)
		return -1;
	tour_step("The child has ended, and its namespace with it.");
	show_names("outside, at the end", &outer);
	tour_expect(are_called(&outer, before->nodename, before->domainname),
		    "nothing is handed back");
	return 0;
}

static int
run_uts(void)
{
	tour_say("UTS is UNIX Time-sharing System: the structure in which "
		 "uname(2) returns the names.");
	int refused = become_root_or_skip();
	if (refused)
		return refused;
	struct utsname before;
	if (read_names(&before) < 0)
		return -1;
	auto_free char *outside = addresses();
	struct ns_child child;
	if (ns_child_create(&child, CLONE_NEWUTS, -1, inside, outside) < 0)
		return become_refused();
	return meet(&child, &before);
}

const struct experiment demo_uts = {
	.name = "uts",
	.shows = "host and domain name changed inside, unchanged outside",
	.run = run_uts,
	.has_shell = true,
};
