/*
 * base.h - the floor under every chapter: failures that explain themselves,
 * scopes that clean up after themselves, and small file helpers.
 *
 * A function that can fail returns -1 (or NULL) and leaves the reason in
 * `failure`.  It never prints and never exits; only main does:
 *
 *	auto_close int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
 *	if (dir < 0)
 *		return fail("open %s", path);
 *	if (write_text(dir, "memory.max", "100M") < 0)
 *		return wrap("limit %s", path);
 *
 * Every later file of the project is written with these few words.
 */
#ifndef BASE_H
#define BASE_H

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define countof(array) (sizeof(array) / sizeof((array)[0]))
#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))

/*
 * Why the last call failed.  Plain bytes, so that a child can send it to its
 * parent as it is (sync.h).  `code` is an errno value, or 0 when no system
 * call was to blame.
 */
struct failure {
	int code;
	char text[252];
};
extern _Thread_local struct failure failure;

/*
 * fail: say what was being done; the text of errno is appended.
 * failx: the same where errno has nothing to say.
 * wrap: put what the caller was doing before what is there.
 * All three are -1, for the caller to return.  (They are macros so that the
 * compiler can see that, and knows what is not set after a failure.)
 */
#define fail(...) (failure_set_errno(__VA_ARGS__), minus_one())
#define failx(...) (failure_set(__VA_ARGS__), minus_one())
#define wrap(...) (failure_wrap(__VA_ARGS__), minus_one())
void failure_set_errno(const char *fmt, ...) printf_like(1, 2);
void failure_set(const char *fmt, ...) printf_like(1, 2);
void failure_wrap(const char *fmt, ...) printf_like(1, 2);
static inline int
minus_one(void)
{
	return -1;
}

/*
 * Cleanup at the end of the scope (GCC's cleanup attribute).  Declare and
 * initialise on one line; hand over with take_fd() or take_ptr().
 */
void close_scoped(int *fd);
void free_scoped(void *pointer_to_pointer);
void fclose_scoped(FILE **file);
void closedir_scoped(DIR **dir);
#define auto_close __attribute__((cleanup(close_scoped), unused))
#define auto_free __attribute__((cleanup(free_scoped), unused))
#define auto_file __attribute__((cleanup(fclose_scoped), unused))
#define auto_dir __attribute__((cleanup(closedir_scoped), unused))

/* The value, leaving -1 (or NULL) behind, so that the scope lets go of it. */
int take_fd(int *fd);
void *take_ptr(void *pointer_to_pointer);

/* printf into fresh memory; the caller frees.  Aborts when memory is out. */
char *text(const char *fmt, ...) printf_like(1, 2);
/* strdup, malloc and realloc that never return NULL: they abort instead. */
char *copy_text(const char *string);
void *new_bytes(size_t size);
void *resize_bytes(void *old, size_t size);

/*
 * Files.  `dir` is a directory descriptor or AT_FDCWD, as for openat(2).
 *
 * write_text: one write(2) of the whole text into an existing file, as the
 * files of /proc, /sys and cgroups want it.
 * read_text: the whole file, NUL-terminated, a last newline removed; a file
 * that does not fit in `size` bytes is a failure, not a cut.
 * read_once: the same by a single read(2), for a file of /proc, /sys or a
 * cgroup that the kernel writes in one piece (seq_file's single_open(): a
 * process's status and stat; not a list, as mountinfo or cgroup.procs are).
 * read_all: read_text into fresh memory that the caller frees.
 * write_file: the file appears whole or not at all: written beside, synced,
 * renamed (rename(2), fsync(2)).
 * write_file_unsynced: the same for what means nothing after the next boot, at
 * a hundredth of the time: a power cut may leave it empty.
 * make_dirs: mkdir -p.
 */
int write_text(int dir, const char *path, const char *content);
ssize_t read_text(int dir, const char *path, char *buffer, size_t size);
ssize_t read_once(int dir, const char *path, char *buffer, size_t size);
char *read_all(int dir, const char *path, size_t *length);
int write_file(int dir, const char *path, const char *content, mode_t mode);
int write_file_unsynced(int dir, const char *path, const char *content,
			mode_t mode);
int make_dirs(const char *path, mode_t mode);

/* A strict number: digits only, the whole text, within the bounds. */
int parse_number(const char *string, uint64_t min, uint64_t max,
		 uint64_t *value);

/*
 * What -v shows.  When main has set `trace_hook`, every system call that
 * matters is reported as one line: "mount("proc", ...) = 0".  trace() makes the
 * call, keeps its errno and returns its result; when nobody listens, the words
 * are not even put together.
 */
extern void (*trace_hook)(const char *line);
#define trace(call, ...)                                                      \
	(trace_hook ? trace_result((call), __VA_ARGS__) : (long)(call))
long trace_result(long result, const char *fmt, ...) printf_like(2, 3);

#endif
