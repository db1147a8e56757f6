/* walk.c ROOT FLAGS PATH... - paths opened below ROOT, by the kernel's
 * openat2(2) and, when that is hidden by a filter, by the reader's walk. */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "safepath.h"
#include "stop.h"

static int
by_kernel(int root, const char *path, int flags)
{
	struct open_how how = { .flags = flags | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT |
					   RESOLVE_NO_MAGICLINKS };
	int fd;
	/* EAGAIN: somebody renamed something, anywhere, during a "..". */
	do
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN);
	return fd;
}

/* From here on openat2 is missing. */
static void
hide_call(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { countof(filter), filter };
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

struct answer {
	int code;
	unsigned long inode;
};

static struct answer
answer_of(int fd)
{
	struct answer answer = { .code = fd < 0 ? errno : 0 };
	struct stat st;
	if (fd >= 0 && fstat(fd, &st) == 0)
		answer.inode = st.st_ino;
	return answer;
}

static size_t
count_open(void)
{
	auto_dir DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;
	while (dir && readdir(dir))
		count++;
	return count;
}

int
main(int argc, char **argv)
{
	must(argc >= 4);
	auto_close int root = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	int flags = O_PATH | (strchr(argv[2], 'd') ? O_DIRECTORY : 0) |
		    (strchr(argv[2], 'n') ? O_NOFOLLOW : 0);
	must(root >= 0);
	auto_free struct answer *due = new_bytes(argc * sizeof(*due));
	for (int i = 3; i < argc; i++) {
		auto_close int fd = by_kernel(root, argv[i], flags);
		due[i] = answer_of(fd);
	}
	hide_call();
	size_t before = count_open();
	for (int i = 3; i < argc; i++) {
		forget_failure();
		auto_close int fd = safepath_open(root, argv[i], flags);
		if (fd < 0)
			errno = failure.code;
		struct answer got = answer_of(fd);
		stop("walked", "kernel=%d inode=%lu code=%d found=%lu text=%s",
		     due[i].code, due[i].inode, got.code, got.inode, argv[i]);
	}
	stop("over", "before=%zu after=%zu", before, count_open());
	return 0;
}
