/*
 * aufs.c - the program that mounts an aufs, and serves it until it is
 * unmounted.
 *
 *	aufs -o dirs=./top:./bottom none ./mnt
 *	aufs -o remount,append:./more none ./mnt
 *
 * mount(8) calls a helper for a type that it does not know, in the same way:
 * with this as /sbin/mount.aufs (and mount.fuse.aufs, for remounts) "mount -t
 * aufs -o dirs=... none ./mnt" works as it would with the kernel's own.  As
 * /sbin/umount.fuse.aufs it has umount(8) return when the daemon has ended.
 */
#include "aufs.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "aufs_options.h"
#include "aufs_remount.h"
#include "sys.h"

/* As mount(8) has them. */
enum { EXIT_MOUNTED = 0, EXIT_USAGE = 1, EXIT_MOUNT_FAILED = 32 };

struct arguments {
	const char *source, *target;
	char *options; /* aufs's own, with commas between */
	unsigned long flags, cleared; /* MS_* */
	bool is_remount, foreground;
};

/* ---- the command line -------------------------------------------------- */

static const struct {
	const char *name;
	unsigned long set, clear;
} generic[] = {
	{ "ro", MS_RDONLY, 0 },	      { "rw", 0, MS_RDONLY },
	{ "nosuid", MS_NOSUID, 0 },   { "suid", 0, MS_NOSUID },
	{ "nodev", MS_NODEV, 0 },     { "dev", 0, MS_NODEV },
	{ "noexec", MS_NOEXEC, 0 },   { "exec", 0, MS_NOEXEC },
	{ "noatime", MS_NOATIME, 0 }, { "atime", 0, MS_NOATIME },
	{ "relatime", 0, 0 },	      { "defaults", 0, 0 },
	{ "auto", 0, 0 },	      { "noauto", 0, 0 },
	{ "nofail", 0, 0 },	      { "_netdev", 0, 0 },
	/* Of a FUSE mount's line in /proc/mounts: mount(8) repeats them. */
	{ "user_id", 0, 0 },	      { "group_id", 0, 0 },
	{ "allow_other", 0, 0 },      { "default_permissions", 0, 0 },
};

static bool
take_generic(struct arguments *arguments, const struct option_word *word)
{
	for (size_t i = 0; i < countof(generic); i++)
		if (strcmp(generic[i].name, word->name) == 0) {
			arguments->flags |= generic[i].set;
			arguments->flags &= ~generic[i].clear;
			arguments->cleared |= generic[i].clear;
			return true;
		}
	if (strcmp(word->name, "remount") != 0)
		return false;
	arguments->is_remount = true;
	return true;
}

static void
take_options(struct arguments *arguments, const char *options)
{
	auto_free char *copy = copy_text(options);
	char *rest = copy;
	struct option_word word;
	while (option_next(&rest, &word)) {
		if (take_generic(arguments, &word))
			continue;
		char *longer = text("%s%s%s%s%s", arguments->options,
				    *arguments->options ? "," : "", word.name,
				    word.value ? "=" : "",
				    word.value ? word.value : "");
		free(arguments->options);
		arguments->options = longer;
	}
}

static const char usage_text[] =
	"usage: aufs [-f] -o dirs=TOP:...:BOTTOM[,OPTION...] SOURCE MNT\n"
	"       aufs -o remount,OPTION... SOURCE MNT\n"
	"\n"
	"  dirs= br=     branches, topmost first: PATH[=rw|ro|rr[+wh]]:...\n"
	"  append= prepend= del= mod= add=INDEX:   one branch, in a remount\n"
	"  udba=reval|none   changes made in a branch: seen soon, or never\n"
	"  create=tdp|rr     of several writable branches: the topmost, or\n"
	"                    one after the other\n"
	"  coo_all           copy a file up when it is opened to be written\n"
	"  shwh noplink diropq=w|a                 as in aufs(5)\n"
	"  ro nosuid nodev noexec noatime          as for every mount\n"
	"  threads=N nopassthrough nosplice noreaddirplus nonear   to compare\n"
	"\n"
	"  -f   stay in the foreground\n"
	"SOURCE is any word: none.  It ends with: umount MNT\n";

static int
parse(int argc, char **argv, struct arguments *arguments)
{
	int option;
	while ((option = getopt(argc, argv, "hfo:t:nsv")) != -1) {
		switch (option) {
		case 'f':
			arguments->foreground = true;
			break;
		case 'o':
			take_options(arguments, optarg);
			break;
		case 'h':
			fputs(usage_text, stdout);
			exit(EXIT_MOUNTED);
		case '?':
			return -1;
		}
	}
	/* mount(8) puts its options behind: getopt(3) has moved them. */
	if (argc - optind != 2) {
		fputs(usage_text, stderr);
		return -1;
	}
	arguments->source = argv[optind];
	arguments->target = argv[optind + 1];
	return 0;
}

/* ---- remounting -------------------------------------------------------- */

static int
send_command(const struct arguments *arguments)
{
	struct aufs_command command;
	auto_free char *words = options_make_absolute(arguments->options);
	if (strlen(words) >= sizeof(command.text))
		return failx("remount %s: the options are longer than %zu "
			     "bytes", arguments->target, sizeof(command.text));
	snprintf(command.text, sizeof(command.text), "%s", words);
	auto_close int top = open(arguments->target,
				  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return fail("open %s", arguments->target);
	if (ioctl(top, AUFS_REMOUNT, &command) == 0)
		return 0;
	if (errno == ENOTTY)
		return failx("remount %s: no aufs of ours is mounted there",
			     arguments->target);
	/* The daemon says why by another text; the kernel, by errno alone. */
	if (strcmp(command.text, words) != 0)
		return failx("%s", command.text);
	return fail("remount %s", arguments->target);
}

static int
remount(const struct arguments *arguments)
{
	struct statvfs now;
	if (*arguments->options && send_command(arguments) < 0)
		return -1;
	if (statvfs(arguments->target, &now) < 0)
		return fail("look at %s", arguments->target);
	unsigned long flags = (now.f_flag & (MS_RDONLY | MS_NOSUID | MS_NODEV |
					     MS_NOEXEC | MS_NOATIME)) |
			      arguments->flags;
	flags &= ~arguments->cleared | arguments->flags;
	if (flags == (now.f_flag & flags) &&
	    !(now.f_flag & arguments->cleared))
		return 0;
	if (sys_mount(arguments->source, arguments->target, NULL,
		      MS_REMOUNT | flags, NULL) < 0)
		return fail("remount %s", arguments->target);
	return 0;
}

/* ---- unmounting -------------------------------------------------------- */

/* The daemon has a lock on its listing, the directory of which is held. */
static int
open_listing(const char *target)
{
	struct aufs_command command = { .text = "" };
	auto_close int top = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0 || ioctl(top, AUFS_REMOUNT, &command) < 0)
		return -1;
	return open(command.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/*
 * The kernel is done with a FUSE mount before its daemon is.  So that nothing
 * of it is to be seen when umount(8) returns, its end is waited for; but not
 * for long, as the mount may live on in another mount namespace.
 */
static int
unmount(const char *target, int flags)
{
	struct timespec interval = { .tv_nsec = 2 * 1000 * 1000 };
	auto_close int listing = open_listing(target);
	if (sys_umount2(target, flags) < 0)
		return fail("unmount %s", target);
	int tries = listing < 0 || (flags & MNT_DETACH) ? 0 : 500;
	while (tries-- > 0 && flock(listing, LOCK_EX | LOCK_NB) < 0)
		nanosleep(&interval, NULL);
	return 0;
}

static int
unmount_main(int argc, char **argv)
{
	int option, flags = 0;
	while ((option = getopt(argc, argv, "flnrvN:t:")) != -1) {
		if (option == 'l')
			flags |= MNT_DETACH;
		else if (option == 'f')
			flags |= MNT_FORCE;
	}
	if (argc - optind != 1) {
		fputs("usage: umount.fuse.aufs [-fl] MOUNTPOINT\n", stderr);
		return EXIT_USAGE;
	}
	if (unmount(argv[optind], flags) == 0)
		return EXIT_MOUNTED;
	fprintf(stderr, "umount.fuse.aufs: %s\n", failure.text);
	return EXIT_MOUNT_FAILED;
}

/* ---- mounting ---------------------------------------------------------- */

/* A daemon that is asked to end takes its mount away, and ends by that.  Where
 * the mount is no longer by that name, it just ends. */
static void *
unmount_on_signal(void *data)
{
	const struct aufs *aufs = data;
	sigset_t signals;
	int number;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	while (sigwait(&signals, &number) == 0)
		if (sys_umount2(aufs->target, MNT_DETACH) < 0)
			_exit(1);
	return NULL;
}

static int
watch_signals(struct aufs *aufs, pthread_t *thread)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (pthread_create(thread, NULL, unmount_on_signal, aufs))
		return failx("start a thread");
	return 0;
}

static int
mount_it(struct aufs *aufs, const struct arguments *arguments)
{
	aufs_init(aufs);
	if (aufs_set_options(aufs, arguments->options) < 0)
		return -1;
	return aufs_mount(aufs, arguments->source, arguments->target,
			  arguments->flags);
}

static void
detach(void)
{
	auto_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
	if (chdir("/") < 0)
		return;
}

/* Mounts, tells the other end of the pipe how that went, and serves. */
static int
serve(const struct arguments *arguments, int tell)
{
	struct aufs aufs;
	pthread_t watch;
	failure = (struct failure){ 0 };
	int result = mount_it(&aufs, arguments);
	if (result == 0)
		result = watch_signals(&aufs, &watch);
	if (tell < 0 && result < 0)
		return -1;
	if (tell >= 0 && write(tell, &failure, sizeof(failure)) < 0)
		result = -1;
	close_scoped(&tell);
	if (result < 0)
		return -1;
	if (!arguments->foreground)
		detach();
	result = aufs_serve(&aufs);
	pthread_cancel(watch);
	pthread_join(watch, NULL);
	aufs_free(&aufs);
	return result;
}

static int
start_daemon(const struct arguments *arguments)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail("make a pipe");
	pid_t pid = fork();
	if (pid < 0)
		return fail("start the daemon");
	if (pid == 0) {
		close(ends[0]);
		setsid();
		_exit(serve(arguments, ends[1]) < 0);
	}
	close(ends[1]);
	ssize_t got = read(ends[0], &failure, sizeof(failure));
	close(ends[0]);
	if (got != (ssize_t)sizeof(failure))
		return failx("the daemon died before it had mounted anything");
	return failure.text[0] ? -1 : 0;
}

int
main(int argc, char **argv)
{
	struct arguments arguments = { .options = copy_text("") };
	int result;
	if (strncmp(basename(argv[0]), "umount", strlen("umount")) == 0)
		return unmount_main(argc, argv);
	if (parse(argc, argv, &arguments) < 0)
		return EXIT_USAGE;
	if (arguments.is_remount)
		result = remount(&arguments);
	else if (arguments.foreground)
		result = serve(&arguments, -1);
	else
		result = start_daemon(&arguments);
	if (result < 0)
		fprintf(stderr, "aufs: %s\n", failure.text);
	free_scoped(&arguments.options);
	return result < 0 ? EXIT_MOUNT_FAILED : EXIT_MOUNTED;
}
