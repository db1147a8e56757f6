/* test_run_options.c - whole command lines of `run`: what the container is to
 * have, or the words in which it is refused. */
#include "run_options.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"
#include "run_line.h"

/* What of the settings is not as without any option. */
static char *
settings_of(struct run_wanted *wanted)
{
	wanted->settings.attach_stdout = wanted->settings.attach_stderr = false;
	char *json = settings_print(&wanted->settings), *to = json;
	bool within = false;
	for (const char *c = json; *c; c++) {
		within ^= *c == '"' && c[-1] != '\\';
		if (within || (*c != ' ' && *c != '\n'))
			*to++ = *c == '"' ? '\'' : *c;
	}
	*to = '\0';
	return json;
}

struct line {
	const char *line, *said;
};

/* The rest of {"version": 1, "driver": "overlay", ...}, in the order of the
 * file. */
static const struct line good[] = {
	{ "", "" },
	{ "--name web -h box --domainname d", "'name':'web','hostname':'box',"
					       "'domainname':'d'" },
	{ "-l a=b --label a=c --label k", "'labels':['a=c','k=']" },
	{ "--annotation a=b", "'annotations':['a=b']" },
	{ "-u 1:2 -w /tmp", "'cwd':'/tmp','user':'1:2'" },
	{ "-u 1 --user=", "" },
	{ "--group-add 7 --group-add adm", "'groups':['7','adm']" },
	{ "-it --init --rm", "'terminal':true,'interactive':true,"
			     "'attachStdin':true,'init':true,'remove':true" },
	{ "--restart no", "" },
	{ "--restart on-failure:3", "'restart':'on-failure','restartMax':3" },
	{ "--restart=unless-stopped", "'restart':'unless-stopped'" },
	{ "--stop-signal KILL --stop-timeout 0", "'stopSignal':'KILL',"
						 "'stopTimeoutS':0" },
	{ "--health-cmd x~y --health-interval 1m --health-retries 2",
	  "'health':{'test':['CMD-SHELL','x y'],'intervalNs':60000000000,"
	  "'retries':2}" },
	{ "--no-healthcheck", "'health':{'test':['NONE']}" },
	{ "--log-driver none", "'logDriver':'none'" },
	{ "--log-opt max-size=1m --log-opt max-file=2",
	  "'logOptions':['max-size=1m','max-file=2']" },

	{ "--network none", "'loopbackOnly':true,"
			    "'networks':[{'name':'none'}]" },
	{ "--net host", "'networks':[{'name':'host'}]" },
	{ "--network container:x", "'networks':[{'name':'container:x'}]" },
	{ "--mac-address 02:00:00:00:00:01",
	  "'networks':[{'name':'bridge','mac':'02:00:00:00:00:01'}]" },
	{ "-p 80:81", "'publish':[{'hostAddress':'0.0.0.0','hostPort':80,"
		      "'port':81,'protocol':'tcp'}]" },
	{ "-P --expose 80-81", "'publishAll':true,"
			       "'expose':['80/tcp','81/tcp']" },
	{ "--dns 1.1.1.1 --dns ::1 --dns-search x.org --dns-search . "
	  "--dns-opt ndots:1", "'dns':['1.1.1.1','::1'],"
	  "'dnsSearch':['x.org','.'],'dnsOptions':['ndots:1']" },
	{ "--add-host a:1.2.3.4 --add-host b=[::1] --add-host c:host-gateway",
	  "'hosts':['a:1.2.3.4','b:::1','c:host-gateway']" },
	{ "--link a:b", "'links':['a:b']" },
	{ "--pid host --ipc container:x --uts host --userns host "
	  "--cgroupns private", "'pid':'host','ipc':'container:x',"
	  "'uts':'host','userns':'host','cgroupns':'private'" },
	{ "--read-only --shm-size 1m", "'readOnly':true,'shmSize':1048576" },
	{ "--volumes-from a --volumes-from b:ro",
	  "'volumesFrom':['a','b:ro']" },

	/* The notes' tables, to the letter. */
	{ "-m 4m", "'limits':{'memory':4194304}" },
	{ "-m 1g --memory-swap 2g", "'limits':{'memory':1073741824,"
				    "'memorySwap':2147483648}" },
	{ "-m 1g --memory-swap 1g", "'limits':{'memory':1073741824,"
				    "'memorySwap':1073741824}" },
	{ "-m 1g --memory-swap 0", "'limits':{'memory':1073741824}" },
	{ "-m 1g --memory-swap -1", "'limits':{'memory':1073741824,"
				    "'memorySwap':-1}" },
	{ "--memory-reservation 8m --memory-swappiness 0 --oom-kill-disable "
	  "--kernel-memory 4m", "'limits':{'memoryReservation':8388608,"
	  "'swappiness':-2,'oomKillDisable':1,'kernelMemory':4194304}" },
	{ "--memory-swappiness -1", "" },
	{ "-c 2048 --cpuset-cpus 0 --cpuset-mems 0 --pids-limit 9 "
	  "--blkio-weight 10", "'limits':{'cpuShares':2048,'cpusetCpus':'0',"
	  "'cpusetMems':'0','pids':9,'ioWeight':10}" },
	{ "--pids-limit -1", "" },
	{ "--cpu-period 1000000 --cpu-quota 500000",
	  "'limits':{'cpuQuotaUs':500000,'cpuPeriodUs':1000000}" },
	{ "--cpu-quota -1", "'limits':{'cpuQuotaUs':-1}" },
	{ "--cpus 1.5", "'limits':{'cpuQuotaUs':150000},"
			"'nanoCpus':1500000000" },
	{ "--device-read-bps /dev/a:1kb --device-write-iops /dev/a:7 "
	  "--blkio-weight-device /dev/a:10",
	  "'readBps':[{'path':'/dev/a','rate':1024}],"
	  "'writeIops':[{'path':'/dev/a','rate':7}],"
	  "'ioWeights':[{'path':'/dev/a','rate':10}]" },
	{ "--oom-score-adj 0", "'oomScoreAdj':0" },
	{ "--ulimit nofile=1:2 --ulimit core=0 --ulimit nofile=3:-1",
	  "'ulimits':[{'name':'nofile','soft':3,'hard':-1},{'name':'core'}]" },
	{ "--sysctl net.core.somaxconn=5 --sysctl kernel.shmmax=1",
	  "'sysctls':['net.core.somaxconn=5','kernel.shmmax=1']" },
	{ "--cgroup-parent x", "'cgroupParent':'x'" },

	{ "--privileged --cap-add net_admin --cap-add CAP_KILL --cap-drop all",
	  "'privileged':true,'capAdd':['CAP_NET_ADMIN','CAP_KILL'],"
	  "'capDrop':['ALL']" },
	{ "--security-opt no-new-privileges --security-opt "
	  "systempaths=unconfined", "'unmasked':true,'noNewPrivileges':true" },
	{ "--security-opt no-new-privileges=false", "" },
	{ "--security-opt seccomp=unconfined --security-opt apparmor:p",
	  "'seccomp':'unconfined','apparmor':'p'" },
	{ "--security-opt seccomp=unconfined --security-opt seccomp=builtin",
	  "" },
	{ "--security-opt label=type:x", "'securityLabels':['type:x']" },
	{ "--device /dev/a --device /dev/b:r --device /dev/c:/dev//d:mr",
	  "'devices':[{'host':'/dev/a','target':'/dev/a','access':'rwm'},"
	  "{'host':'/dev/b','target':'/dev/b','access':'r'},"
	  "{'host':'/dev/c','target':'/dev/d','access':'mr'}]" },
	{ "--device-cgroup-rule c~1:*~rw", "'deviceRules':['c 1:* rw']" },
	{ "--device /dev/no-such*", "" },
	{ "--runtime mydocker-oci --isolation default --pull always -q "
	  "--disable-content-trust", "" },
};

static void
accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(good); i++) {
		struct run_wanted wanted;
		if (try_line(good[i].line, &wanted) < 0)
			fail_msg("%s: %s", good[i].line, failure.text);
		auto_free char *found = settings_of(&wanted);
		/* Where the driver comes depends on what is before it. */
		char *driver = strstr(found, ",'driver':'overlay'");
		assert_non_null(driver);
		memmove(driver, driver + 19, strlen(driver + 19) + 1);
		auto_free char *expected =
			text("{'version':1%s%s}", *good[i].said ? "," : "",
			     good[i].said);
		if (strcmp(found, expected) != 0)
			fail_msg("%s\n%s\n%s", good[i].line, found, expected);
		run_options_free(&wanted);
	}
}

static const struct line bad[] = {
	{ "--memory-swap 1g", "You should always set the Memory limit when" },
	{ "-m 4194303", "Minimum memory limit allowed is 4MB" },
	{ "-m 8m --memory-swap 7m", "Minimum memoryswap limit should be" },
	{ "-m 8m --memory-reservation 9m", "can not be less than memory "
					   "reservation limit" },
	{ "--memory-reservation 1m", "Minimum memory reservation allowed" },
	{ "--kernel-memory 1m", "Minimum kernel memory limit allowed" },
	{ "--memory-swappiness 101", "Valid memory swappiness range is 0-100" },
	{ "--memory-swap -2", "invalid size: '-2'" },
	{ "--cpus 1 --cpu-period 1000", "Nano CPUs and CPU Period cannot" },
	{ "--cpus 1 --cpu-quota 1000", "Nano CPUs and CPU Quota cannot" },
	{ "--cpu-period 999", "CPU cfs period can not be less than 1ms" },
	{ "--cpu-period 1000001", "or larger than 1s" },
	{ "--cpu-quota 999", "CPU cfs quota can not be less than 1ms" },
	{ "--cpu-shares -1", "value must be a positive integer" },
	{ "--cpuset-cpus x", "Invalid value x for cpuset cpus" },
	{ "--cpuset-cpus 8191", "Requested CPUs are not available - requested "
				"8191, available: 0" },
	{ "--cpuset-mems 999", "Requested memory nodes are not available" },
	{ "--blkio-weight 9", "Range of blkio weight is from 10 to 1000" },
	{ "--blkio-weight-device /dev/a:9", "invalid weight for device" },
	{ "--device-read-bps /dev/a:x", "invalid rate for device: /dev/a:x" },
	{ "--device-read-iops /dev/a:1k", "invalid rate for device" },
	{ "--device-write-bps sda:1", "bad format for device path: sda:1" },
	{ "--device-write-iops /dev/a", "bad format: /dev/a" },
	{ "--oom-score-adj 1001", "range for oom score adj is [-1000, 1000]" },
	{ "--ulimit nofile", "invalid ulimit argument: nofile" },
	{ "--ulimit as=1", "invalid ulimit type: as" },
	{ "--ulimit NOFILE=1", "invalid ulimit type: NOFILE" },
	{ "--ulimit nofile=1:2:3", "too many limit value arguments" },
	{ "--ulimit nofile=3:2", "hard limit: 3 > 2" },
	{ "--ulimit nofile=-1:2", "soft: -1 (unlimited), hard: 2" },
	{ "--ulimit nofile=x", "invalid syntax" },

	{ "--cap-add foo", "unknown capability: \"CAP_FOO\"" },
	{ "--security-opt x", "invalid --security-opt: \"x\"" },
	{ "--security-opt seccomp=/no-such-here", "opening seccomp profile "
	  "(/no-such-here) failed: open /no-such-here: No such file" },
	{ "--security-opt seccomp=/proc/version", "compacting json for" },
	{ "--security-opt no-new-privileges=maybe", "invalid --security-opt" },
	{ "--sysctl kernel.hostname=x", "is not allowed" },
	{ "--sysctl vm.swappiness=1", "sysctl 'vm.swappiness=1' is not "
				      "allowed" },
	{ "--sysctl net.core.somaxconn", "is not allowed" },
	{ "--sysctl net.a=1 --network host", "with the host's network" },
	{ "--sysctl kernel.shmmax=1 --ipc host", "IPC namespace" },
	{ "--device x", "x is not an absolute path" },
	{ "--device /a:/b:rx", "bad mode specified: rx" },
	{ "--device /a:/b:rr", "bad mode specified: rr" },
	{ "--device /a:/b:r:x", "bad format for path" },
	{ "--device /a*:/b", "device with * suffix can't have dst" },
	{ "--device-cgroup-rule d~1:1~r", "invalid device cgroup format" },
	{ "--device-cgroup-rule c~1:1", "invalid device cgroup format" },
	{ "--gpus all", "could not select device driver" },
	{ "--storage-opt size=1", "supported only for overlay over xfs" },

	{ "--rm --restart always", "cannot specify both --restart and --rm" },
	{ "--restart sometimes", "invalid restart policy: unknown policy" },
	{ "--restart always:3", "can only be used with 'on-failure'" },
	{ "--restart on-failure:x", "must be an integer" },
	{ "--restart on-failure:-1", "cannot be negative" },
	{ "--restart :1", "no policy provided before colon" },
	{ "-a foo", "valid streams are STDIN, STDOUT and STDERR" },
	{ "--stop-signal FOO", "invalid signal: FOO" },
	{ "--stop-signal 0", "invalid signal: 0" },
	{ "--no-healthcheck --health-retries 1", "--no-healthcheck conflicts" },
	{ "--health-interval 1us", "cannot be less than 1ms" },
	{ "--health-interval -1s", "cannot be negative" },
	{ "--health-retries -1", "cannot be negative" },
	{ "--log-driver syslog", "no log driver named 'syslog'" },
	{ "--log-opt foo=1", "unknown log opt 'foo'" },
	{ "--log-opt max-file=0", "max-file cannot be less than 1" },
	{ "--log-driver none --log-opt max-file=1", "invalid logging opts" },
	{ "--pull maybe", "invalid pull option: 'maybe'" },
	{ "--isolation process", "linux only supports 'default'" },
	{ "--runtime kata", "unknown or invalid runtime name: kata" },
	{ "--cidfile /dev/null", "container ID file found" },
	{ "--volume-driver x -v /a", "plugin \"x\" not found" },
	{ "-v /a:/x -v /b:/y/../x", "Duplicate mount point: /x" },
	{ "-v /a:/x --tmpfs /x", "Duplicate mount point: /x" },
	{ "--volumes-from x:rx", "invalid mode: rx" },
	{ "--env-file /no-such-here", "open /no-such-here: No such file" },
	{ "-l =x", "invalid label '=x': empty name" },
	{ "-l a~b=x", "label 'a b' contains whitespaces" },

	{ "--pid x", "--pid: invalid PID mode" },
	{ "--pid container:", "--pid: invalid PID mode" },
	{ "--uts x", "--uts: invalid UTS mode" },
	{ "--userns x", "--userns: invalid USER mode" },
	{ "--cgroupns x", "--cgroupns: invalid CGROUP mode" },
	{ "--ipc x", "invalid IPC mode: x" },
	{ "--uts host -h x", "conflicting options: hostname and the UTS mode" },
	{ "--network container:", "container:<name|id>" },
	{ "--network container:x -h y", "hostname and the network mode" },
	{ "--network container:x --dns 1.1.1.1", "dns and the network mode" },
	{ "--network container:x --add-host a:1.1.1.1",
	  "custom host-to-IP mapping and the network mode" },
	{ "--network container:x -p 80:80", "port publishing and the "
					    "container type" },
	{ "--network container:x -P", "port publishing and the container" },
	{ "--network container:x --expose 80", "port exposing and the" },
	{ "--network container:x --link a", "can't be used with links" },
	{ "--network container:x --mac-address 02:00:00:00:00:01",
	  "mac-address and the network mode" },
	{ "--network host --link a", "can't be used with links" },
	{ "--network none -p 80:80", "port publishing and the none type" },
	{ "--network-alias x", "network-scoped aliases are only supported" },
	{ "--ip 10.0.0.1", "supported on user-defined networks only" },
	{ "--network bridge --network bridge", "specified multiple times" },
	{ "--network bridge --network mine", "cannot attach both" },
	{ "--network name=mine,alias=a --network-alias b",
	  "cannot specify both --network-alias and" },
	{ "--network alias=a", "network name/id is not specified" },
	{ "--network name=a,foo=b", "invalid field key foo" },
	{ "--network", "flag needs an argument" },
	{ "--network=", "no name set for network" },
	{ "--ip x", "invalid IPv4 address: x" },
	{ "--ip6 1.2.3.4", "invalid IPv6 address: 1.2.3.4" },
	{ "--mac-address 1:2", "1:2 is not a valid mac address" },
	{ "--mac-address 02:00:00:00:00:0g", "not a valid mac address" },
	{ "--add-host a", "bad format for add-host: \"a\"" },
	{ "--add-host a:x", "invalid IP address in add-host: \"x\"" },
	{ "--dns x", "IP address is not correctly formatted: x" },
	{ "--dns-search -x", "-x is not a valid domain" },
	{ "--dns-search a..b", "not a valid domain" },
	{ "--link a:b:c", "bad format for links: a:b:c" },
};

static void
refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(bad); i++) {
		struct run_wanted wanted;
		if (try_line(bad[i].line, &wanted) == 0)
			fail_msg("taken: %s", bad[i].line);
		if (!strstr(failure.text, bad[i].said))
			fail_msg("%s: %s", bad[i].line, failure.text);
		run_options_free(&wanted);
	}
}

/* `create` has the rows behind the first few, and those are `run`'s. */
static void
two_verbs(void **state)
{
	static const char *const only[] = { "detach", "detach-keys",
					    "sig-proxy" };
	(void)state;
	for (size_t i = 0; i < countof(only); i++)
		assert_string_equal(run_option_rows[i].name, only[i]);
	assert_int_equal(countof(only), RUN_ONLY_ROWS);
	/* In the order of the alphabet, and after those that `update` has, too,
	 * in that order again: so none is there twice. */
	size_t falls = 0;
	for (const struct option_row *row = create_option_rows; row[1].name;
	     row++)
		falls += strcmp(row->name, row[1].name) >= 0;
	assert_int_equal(falls, 1);
	for (const struct option_row *row = create_option_rows; row->name;
	     row++)
		for (const struct option_row *other = row + 1; other->name;
		     other++)
			assert_string_not_equal(row->name, other->name);
}

static void
warnings(void **state)
{
	struct run_wanted wanted;
	(void)state;
	assert_int_equal(try_line("--oom-kill-disable --dns 127.0.0.1 "
				  "--network host -p 80:80", &wanted), 0);
	auto_free char *lines = run_options_warnings(&wanted);
	assert_string_equal(
		lines, "WARNING: Disabling the OOM killer on containers "
		       "without setting a '-m/--memory' limit may be "
		       "dangerous.\nWARNING: Localhost DNS setting "
		       "(--dns=127.0.0.1) may fail in containers.\nWARNING: "
		       "Published ports are discarded when using host network "
		       "mode\n");
	run_options_free(&wanted);
	assert_int_equal(try_line("", &wanted), 0);
	auto_free char *none = run_options_warnings(&wanted);
	assert_string_equal(none, "");
	run_options_free(&wanted);
}

/* ---- files of variables -------------------------------------------------- */

static void
env_file(void **state)
{
	static const char content[] =
		"\xef\xbb\xbf"
		"A=1\n\n# no\n  # neither\n\t B=two words = 2 \n"
		"C=\r\nMINE\nNOBODYS \nQ=\"q\"";
	static const char *const wanted_env[] = {
		"A=1", "B=two words = 2 ", "C=", "MINE=m", "NOBODYS",
		"Q=\"q\"", "A=typed",
	};
	static const struct line wrong[] = {
		{ "a b=1", "variable 'a b' contains whitespaces" },
		{ "=1", "no variable name on line '=1'" },
		{ "x=1\ny=\xff", "invalid utf8 bytes at line 2" },
	};
	char path[] = "/tmp/mydocker-unit-env.XXXXXX";
	struct run_wanted wanted;
	(void)state;
	setenv("MINE", "m", 1);
	unsetenv("NOBODYS");
	auto_close int fd = mkstemp(path);
	auto_free char *line = text("-e A=typed --env-file %s", path);
	assert_int_equal(write(fd, content, sizeof(content) - 1),
			 sizeof(content) - 1);
	assert_int_equal(try_line(line, &wanted), 0);
	assert_int_equal(wanted.env.count, countof(wanted_env));
	for (size_t i = 0; i < countof(wanted_env); i++)
		assert_string_equal(wanted.env.items[i], wanted_env[i]);
	run_options_free(&wanted);
	for (size_t i = 0; i < countof(wrong); i++) {
		size_t length = strlen(wrong[i].line);
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, wrong[i].line, length, 0), length);
		assert_int_equal(try_line(line, &wanted), -1);
		if (!strstr(failure.text, wrong[i].said))
			fail_msg("%s", failure.text);
		run_options_free(&wanted);
	}
	unlink(path);
}

/* ---- with an image ------------------------------------------------------- */

#define DIGEST                                                               \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define IMAGE                                                                 \
	"{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{"           \
	"\"Env\":[\"PATH=/p\",\"X=image\",\"Y=image\"],"                      \
	"\"Entrypoint\":[\"entry\"],\"Cmd\":[\"cmd\"],\"User\":\"u\","        \
	"\"WorkingDir\":\"/w\",\"StopSignal\":\"SIGUSR1\","                   \
	"\"ExposedPorts\":{\"80/tcp\":{}},\"Volumes\":{\"/data\":{},"         \
	"\"/taken\":{}},\"Healthcheck\":{\"Test\":[\"CMD\",\"x\"],"         \
	"\"Interval\":5000000000,\"Retries\":2},\"Labels\":{"                \
	"\"a\":\"image\",\"b\":\"image\"}},"                                \
	"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" DIGEST  \
	"\"]}}"

static struct image
the_image(void)
{
	struct image image;
	if (image_parse(IMAGE, strlen(IMAGE), "sha256:1", &image) < 0)
		fail_msg("%s", failure.text);
	image.id = copy_text("sha256:1");
	return image;
}

static void
complete(const char *line, const char *typed, struct run_wanted *wanted)
{
	auto_image struct image image = the_image();
	char *words[] = { (char *)typed, NULL };
	if (try_line(line, wanted) < 0 ||
	    run_options_complete(wanted, &image, words) < 0)
		fail_msg("%s: %s", line, failure.text);
}

static void
what_the_image_says(void **state)
{
	struct run_wanted wanted;
	const struct settings *settings = &wanted.settings;
	(void)state;
	complete("", NULL, &wanted);
	assert_int_equal(settings->argv.count, 2);
	assert_string_equal(settings->argv.items[1], "cmd");
	assert_string_equal(settings->env.items[0], "PATH=/p");
	assert_string_equal(settings->cwd, "/w");
	assert_string_equal(settings->user, "u");
	assert_string_equal(settings->stop_signal, "SIGUSR1");
	assert_string_equal(settings->expose.items[0], "80/tcp");
	assert_int_equal(settings->publish_count, 0);
	assert_int_equal(settings->volume_count, 2);
	assert_true(settings->volumes[0].anonymous);
	assert_true(settings->volumes[0].from_image);
	assert_string_equal(settings->image_id, "sha256:1");
	assert_string_equal(settings->health.test.items[1], "x");
	assert_int_equal(settings->health.interval_ns, 5000000000);
	assert_int_equal(settings->health.retries, 2);
	run_options_free(&wanted);
}

static void
what_goes_before_it(void **state)
{
	struct run_wanted wanted;
	const struct settings *settings = &wanted.settings;
	(void)state;
	unsetenv("Y");
	complete("-t -e X=mine -e Y -l a=mine -w /x -u 0 -v /tmp:/taken -P "
		 "--stop-signal 9 --health-cmd y --health-retries 7", "typed",
		 &wanted);
	assert_string_equal(settings->health.test.items[1], "y");
	assert_int_equal(settings->health.interval_ns, 5000000000);
	assert_int_equal(settings->health.retries, 7);
	assert_string_equal(settings->argv.items[1], "typed");
	assert_int_equal(settings->env.count, 3);
	assert_string_equal(settings->env.items[1], "TERM=xterm");
	assert_string_equal(settings->env.items[2], "X=mine");
	assert_string_equal(settings->labels.items[0], "a=mine");
	assert_string_equal(settings->labels.items[1], "b=image");
	assert_string_equal(settings->cwd, "/x");
	assert_string_equal(settings->user, "0");
	assert_string_equal(settings->stop_signal, "9");
	assert_int_equal(settings->volume_count, 2);
	assert_int_equal(settings->publish_count, 1);
	assert_int_equal(settings->publish[0].port, 80);
	assert_int_equal(settings->publish[0].host_port, 0);
	run_options_free(&wanted);
	complete("-P -p 8080:80 --entrypoint other", NULL, &wanted);
	assert_int_equal(settings->publish_count, 1);
	assert_int_equal(settings->argv.count, 1);
	assert_string_equal(settings->argv.items[0], "other");
	run_options_free(&wanted);
}

static void
no_command_no_platform(void **state)
{
	auto_image struct image image = the_image();
	char *none[] = { NULL };
	struct run_wanted wanted;
	(void)state;
	assert_int_equal(try_line("--entrypoint=", &wanted), 0);
	assert_int_equal(run_options_complete(&wanted, &image, none), -1);
	assert_non_null(strstr(failure.text, "no command specified"));
	run_options_free(&wanted);
	static const char *const platforms[] = { "linux/amd64", "linux",
						 "amd64", "linux/amd64/v2" };
	for (size_t i = 0; i < countof(platforms); i++) {
		auto_free char *line = text("--platform %s", platforms[i]);
		complete(line, NULL, &wanted);
		run_options_free(&wanted);
	}
	assert_int_equal(try_line("--platform linux/arm64", &wanted), 0);
	assert_int_equal(run_options_complete(&wanted, &image, none), -1);
	assert_non_null(strstr(failure.text, "does not provide the specified "
					     "platform (linux/arm64)"));
	run_options_free(&wanted);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(refused),
		cmocka_unit_test(two_verbs),
		cmocka_unit_test(warnings),
		cmocka_unit_test(env_file),
		cmocka_unit_test(what_the_image_says),
		cmocka_unit_test(what_goes_before_it),
		cmocka_unit_test(no_command_no_platform),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
