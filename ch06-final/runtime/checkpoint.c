/* checkpoint.c - parent.  A container is written down, and ends, or goes on. */
#include "runtime.h"

#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroups.h"
#include "criu.h"
#include "external.h"
#include "making.h"
#include "yard.h"

#define LOG "dump.log"

/* Where criu is to freeze it, so that it does not have to stop one process
 * after the other while they make more. */
static int
say_freezer(struct criu *criu, struct making *making)
{
	if (!making->state.cgroup)
		return 0;
	if (cgroup_open(&making->cgroup, making->state.cgroup) < 0)
		return -1;
	const struct cgroup_dir *freezer =
		cgroup_dir_with(&making->cgroup, "freezer");
	for (size_t i = 0; !freezer && i < making->cgroup.count; i++)
		if (making->cgroup.dirs[i].in.version == 2)
			freezer = &making->cgroup.dirs[i];
	if (freezer)
		protobuf_string(&criu->wants, CRIU_FREEZE_CGROUP,
				freezer->path);
	return 0;
}

static int
say_parent(struct criu *criu, const struct checkpoint_options *options)
{
	if (options->page_address) {
		auto_protobuf struct protobuf server = { 0 };
		protobuf_string(&server, 1, options->page_address);
		protobuf_number(&server, 2, options->page_port);
		protobuf_message(&criu->wants, CRIU_PAGE_SERVER, &server);
	}
	struct stat st;
	const char *parent = options->parent;
	if (parent && (*parent == '/' ||
		       fstatat(criu->images, parent, &st, 0) < 0 ||
		       !S_ISDIR(st.st_mode)))
		return failx("the images before, %s, must be a directory, "
			     "named as seen from the new ones", parent);
	protobuf_string(&criu->wants, CRIU_PARENT_IMAGES, parent);
	protobuf_true(&criu->wants, CRIU_TRACK_MEMORY,
		      parent || options->pre_dump);
	return 0;
}

static int
say_all(struct criu *criu, struct making *making,
	const struct checkpoint_options *options)
{
	const struct criu_options *common = &options->criu;
	criu_say(criu, common, &making->config);
	protobuf_number(&criu->wants, CRIU_PID, making->state.pid);
	protobuf_string(&criu->wants, CRIU_ROOT, making->state.rootfs);
	auto_free char *yard = text("%s/%s/" YARD, options->root, options->id);
	protobuf_string(&criu->wants, CRIU_CGROUP_YARD, yard);
	protobuf_true(&criu->wants, CRIU_LEAVE_RUNNING,
		      options->leave_running);
	protobuf_true(&criu->wants, CRIU_TCP_SKIP_IN_FLIGHT,
		      options->tcp_skip_in_flight);
	protobuf_true(&criu->wants, CRIU_LINK_REMAP, options->link_remap);
	if (say_freezer(criu, making) < 0 || say_parent(criu, options) < 0)
		return -1;
	return external_dump(criu, making);
}

/* With lazy pages: from now on they can be fetched. */
static int
tell_ready(void *data, const struct criu_event *event)
{
	const struct checkpoint_options *options = data;
	if (strcmp(event->name, "status-ready") != 0 || options->status_fd < 0)
		return 0;
	if (write(options->status_fd, "", 1) != 1)
		return fail("write to descriptor %d (--status-fd)",
			    options->status_fd);
	close(options->status_fd);
	return 0;
}

/* criu has sent SIGKILL, and does not wait. */
static int
wait_for_end(const struct state *state)
{
	auto_close int pidfd = state_pidfd(state);
	struct pollfd ended = { pidfd, POLLIN, 0 };
	if (pidfd >= 0 && poll(&ended, 1, 10000) != 1)
		return failx("container \"%s\" is saved, and does not end",
			     state->id);
	return 0;
}

/* In the child that becomes criu. */
static int
get_ready(void *data)
{
	const struct checkpoint_options *options = data;
	auto_free char *place = state_path(options->root, options->id);
	return yard_make(place, NULL);
}

static int
check(struct making *making)
{
	enum oci_status status = state_status(&making->state);
	if (status != OCI_RUNNING)
		return failx("cannot checkpoint a container that is %s",
			     oci_status_names[status]);
	if (oci_config_load(&making->config, making->dir) < 0)
		return -1;
	return external_check(&making->config);
}

static int
save(struct making *making, struct criu *criu,
     const struct checkpoint_options *options)
{
	enum criu_task task = options->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP;
	if (check(making) < 0 ||
	    criu_open(criu, &options->criu, LOG, true) < 0 ||
	    say_all(criu, making, options) < 0 ||
	    criu_start(criu, -1, get_ready, (void *)options) < 0 ||
	    criu_ask(criu, task, tell_ready, (void *)options, NULL) < 0)
		return -1;
	bool goes_on = options->leave_running || options->pre_dump;
	return goes_on ? 0 : wait_for_end(&making->state);
}

int
runtime_checkpoint(const struct checkpoint_options *options)
{
	struct making making;
	struct criu criu = CRIU_NONE;
	if (making_open(&making, options->root, options->id) < 0)
		return -1;
	int result = save(&making, &criu, options);
	struct failure why = failure;
	criu_close(&criu);
	making_free(&making);
	failure = why;
	return result;
}
