/* device_attach.c - device_program_attach(); see device_program.h. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "device_program.h"
#include "sys.h"

#define PROGRAMS_MAX 64 /* as many as the kernel attaches to one cgroup */

/* Before Linux 5.11 a program was charged to RLIMIT_MEMLOCK.  Without
 * CAP_SYS_RESOURCE this fails, and most often the load does not. */
static void
raise_memlock(void)
{
	setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ RLIM_INFINITY,
						    RLIM_INFINITY });
}

static int
load(const struct device_program *program)
{
	char verdict[4096] = "";
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)program->insns,
		.insn_cnt = program->count,
		.license = (uintptr_t)"",
	};
	int fd = sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd >= 0)
		return fd;
	if (errno == EPERM)
		return fail("load a device program (it takes CAP_BPF in the "
			    "first user namespace)");
	attr.log_level = 1;
	attr.log_buf = (uintptr_t)verdict;
	attr.log_size = sizeof(verdict);
	fd = sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	return fd >= 0 ? fd : fail("load a device program: %.120s", verdict);
}

/* The numbers of those that are attached now: how many, or -1. */
static int
query(int dir, uint32_t *ids)
{
	union bpf_attr attr = { .query = {
					.target_fd = dir,
					.attach_type = BPF_CGROUP_DEVICE,
					.prog_ids = (uintptr_t)ids,
					.prog_cnt = PROGRAMS_MAX,
				} };
	if (sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)) < 0)
		return fail("ask for the device programs of a cgroup");
	return attr.query.prog_cnt;
}

static int
attach(int dir, int program)
{
	union bpf_attr attr = {
		.target_fd = dir,
		.attach_bpf_fd = program,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};
	return sys_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr));
}

static int
detach(int dir, int program)
{
	union bpf_attr attr = {
		.target_fd = dir,
		.attach_bpf_fd = program,
		.attach_type = BPF_CGROUP_DEVICE,
	};
	return sys_bpf(BPF_PROG_DETACH, &attr, sizeof(attr));
}

static int
detach_numbered(int dir, uint32_t id)
{
	union bpf_attr attr = { .prog_id = id };
	auto_close int program =
		sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr));
	if (program < 0 || detach(dir, program) < 0)
		return fail("detach the device program of before");
	return 0;
}

int
device_program_attach(const struct device_program *program, int dir)
{
	uint32_t old[PROGRAMS_MAX];
	raise_memlock();
	auto_close int fd = load(program);
	if (fd < 0)
		return -1;
	int count = query(dir, old);
	if (count < 0)
		return -1;
	if (attach(dir, fd) < 0)
		return fail("attach a device program to the cgroup");
	for (int i = 0; i < count; i++)
		if (detach_numbered(dir, old[i]) < 0) {
			detach(dir, fd);
			return -1;
		}
	return 0;
}

int
device_program_count(int dir)
{
	uint32_t ids[PROGRAMS_MAX];
	return query(dir, ids);
}
