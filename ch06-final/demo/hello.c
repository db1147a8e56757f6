/* hello.c - experiment `hello`: the first container, and how it ends. */
#include "demo.h"

#include <string.h>

#include "stage.h"

static void
exit_statuses(void)
{
	tour_step("Its exit status is ours, and Docker's where there is none.");
	tour_expect(stage_run("run", "--rm", "busybox", "sh", "-c",
			      "exit 42") == 42,
		    "42: the command's own");
	tour_expect(stage_run("run", "--rm", "busybox", "/nowhere") == 127,
		    "127: the command is not there");
	tour_expect(stage_run("run", "--rm", "busybox", "/etc/passwd") == 126,
		    "126: it is there, but cannot be run");
	tour_expect(stage_run("run", "--rm", "busybox", "sh", "-c",
			      "sh -c 'kill -9 $$'; exit $?") == 128 + 9,
		    "137 = 128 + 9: killed by signal 9");
	tour_expect(stage_run("run", "--rm", "--pull", "never",
			      "no-such-image") == 125,
		    "125: it never came to that");
}

static int
run_hello(void)
{
	int not_ready = stage_enter();
	if (not_ready)
		return not_ready;
	tour_step("An image, a command, a container.");
	tour_say("The image is made here and now of this machine's busybox.");
	tour_expect(stage_run("run", "--rm", "busybox", "echo",
			      "hello from inside") == 0,
		    "it ran, and its status is 0");
	exit_statuses();

	tour_step("The command is an array from end to end.");
	int status;
	auto_free char *lines = stage_output(
		(const char *const[]){ "./demo", "run", "--rm", "busybox",
				       "printf", "[%s]\\n", "two words", "",
				       "a;b $HOME *", NULL },
		&status);
	tour_show("arguments", "\"two words\" \"\" \"a;b $HOME *\"");
	tour_show("what printf '[%s]' got", "%s", "");
	if (!lines)
		return -1;
	printf("%s", lines);
	tour_expect(strcmp(lines, "[two words]\n[]\n[a;b $HOME *]\n") == 0,
		    "no shell has split or changed a word of it");
	return 0;
}

const struct experiment demo_hello = {
	.name = "hello",
	.shows = "a first container, and the exit statuses",
	.run = run_hello,
	.tidy = stage_tidy,
};
