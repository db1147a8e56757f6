/* ns_own_mounts.c DIRECTORY [plain] - a process whose mounts are all shared, as
 * systemd leaves them, and its child, which takes its own.  Then each mounts
 * something.  plain: a process without privilege, which may not. */
#include "ns.h"
#include "stop.h"

#include <sys/mount.h>
#include <sys/stat.h>

static void
mount_at(const char *name)
{
	must(mount(name, name, "tmpfs", 0, "size=64k") == 0);
}

static void
take_own_mounts(int report)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(0);
	forget_failure();
	int result = ns_own_mounts();
	if (result == 0)
		mount_at("inside");
	struct result_words words = result_of(result);
	must(write(report, &words, sizeof(words)) == sizeof(words));
	for (;;)
		pause();
}

static void
share_all_mounts(const char *place)
{
	become_privileged(CLONE_NEWNS);
	/* A mount of its own: a cut that does not go deep misses it. */
	must(mount("place", place, "tmpfs", 0, "size=64k") == 0);
	must(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0);
	must(chdir(place) == 0);
	must(mkdir("inside", 0755) == 0 && mkdir("outside", 0755) == 0);
}

int
main(int argc, char **argv)
{
	must(argc >= 2);
	if (argc > 2) {
		forget_failure();
		int result = ns_own_mounts();
		stop("plain", "pid=%d %s", getpid(), RESULT(result));
		return 0;
	}
	share_all_mounts(argv[1]);
	int report[2];
	must(pipe(report) == 0);
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		close(report[0]);
		take_own_mounts(report[1]);
	}
	close(report[1]);
	struct result_words words;
	if (read(report[0], &words, sizeof(words)) != sizeof(words))
		words = (struct result_words){ "result=-1 text=it died" };
	mount_at("outside");
	stop("mounted", "pid=%d child=%d %s", getpid(), pid, words.text);
	dismiss(pid);
	return 0;
}
