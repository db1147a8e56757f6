/* base.c - see base.h. */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Thread_local struct failure failure;
void (*trace_hook)(const char *line);

/* ---- failures ---------------------------------------------------------- */

/* Append as much of `more` as there is room for. */
static void
append(const char *more)
{
	size_t used = strlen(failure.text);
	size_t room = sizeof(failure.text) - used - 1;
	size_t length = strnlen(more, room);
	memcpy(failure.text + used, more, length);
	failure.text[used + length] = '\0';
}

void
failure_set_errno(const char *fmt, ...)
{
	int code = errno;
	va_list args;
	va_start(args, fmt);
	vsnprintf(failure.text, sizeof(failure.text), fmt, args);
	va_end(args);
	append(": ");
	append(strerror(code));
	failure.code = code;
	errno = code;
}

void
failure_set(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(failure.text, sizeof(failure.text), fmt, args);
	va_end(args);
	failure.code = 0;
}

void
failure_wrap(const char *fmt, ...)
{
	struct failure inner = failure;
	va_list args;
	va_start(args, fmt);
	vsnprintf(failure.text, sizeof(failure.text), fmt, args);
	va_end(args);
	append(": ");
	append(inner.text);
}

/* ---- scopes ------------------------------------------------------------ */

void
close_scoped(int *fd)
{
	int saved = errno;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

void
free_scoped(void *pointer_to_pointer)
{
	void **pointer = pointer_to_pointer;
	free(*pointer);
	*pointer = NULL;
}

void
fclose_scoped(FILE **file)
{
	int saved = errno;
	if (*file)
		fclose(*file);
	*file = NULL;
	errno = saved;
}

void
closedir_scoped(DIR **dir)
{
	int saved = errno;
	if (*dir)
		closedir(*dir);
	*dir = NULL;
	errno = saved;
}

int
take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

void *
take_ptr(void *pointer_to_pointer)
{
	void **pointer = pointer_to_pointer;
	void *taken = *pointer;
	*pointer = NULL;
	return taken;
}

/* ---- memory ------------------------------------------------------------ */

/* A program this small has nothing wiser to do without memory than to stop. */
static void *
or_abort(void *memory)
{
	if (!memory) {
		static const char last_words[] = "out of memory\n";
		(void)!write(STDERR_FILENO, last_words, sizeof(last_words) - 1);
		abort();
	}
	return memory;
}

char *
text(const char *fmt, ...)
{
	char *result = NULL;
	va_list args;
	va_start(args, fmt);
	if (vasprintf(&result, fmt, args) < 0)
		result = NULL;
	va_end(args);
	return or_abort(result);
}

char *
copy_text(const char *string)
{
	return or_abort(strdup(string));
}

void *
new_bytes(size_t size)
{
	return or_abort(calloc(1, size ? size : 1));
}

void *
resize_bytes(void *old, size_t size)
{
	return or_abort(realloc(old, size ? size : 1));
}

/* ---- files ------------------------------------------------------------- */

int
write_text(int dir, const char *path, const char *content)
{
	auto_close int fd = openat(dir, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return fail("open %s for writing", path);
	size_t length = strlen(content);
	ssize_t done = trace(write(fd, content, length),
			     "write(\"%s\", \"%s\")", path, content);
	if (done < 0)
		return fail("write \"%s\" to %s", content, path);
	if ((size_t)done != length)
		return failx("write \"%s\" to %s: only %zd bytes were taken",
			     content, path, done);
	return 0;
}

/* read(2) until the end or until the buffer is full; -1 on error. */
static ssize_t
read_up_to(int fd, char *buffer, size_t size)
{
	size_t used = 0;
	while (used < size) {
		ssize_t got = read(fd, buffer + used, size - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		used += got;
	}
	return used;
}

/* read(2) once. */
static ssize_t
read_only_once(int fd, char *buffer, size_t size)
{
	ssize_t got;
	do
		got = read(fd, buffer, size);
	while (got < 0 && errno == EINTR);
	return got;
}

static ssize_t
read_by(ssize_t (*reading)(int fd, char *buffer, size_t size), int dir,
	const char *path, char *buffer, size_t size)
{
	auto_close int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail("open %s", path);
	ssize_t used = reading(fd, buffer, size);
	if (used < 0)
		return fail("read %s", path);
	if ((size_t)used == size)
		return failx("read %s: longer than %zu bytes", path, size - 1);
	if (used > 0 && buffer[used - 1] == '\n')
		used--;
	buffer[used] = '\0';
	return used;
}

ssize_t
read_text(int dir, const char *path, char *buffer, size_t size)
{
	return read_by(read_up_to, dir, path, buffer, size);
}

ssize_t
read_once(int dir, const char *path, char *buffer, size_t size)
{
	return read_by(read_only_once, dir, path, buffer, size);
}

char *
read_all(int dir, const char *path, size_t *length)
{
	auto_close int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fail("open %s", path);
		return NULL;
	}
	/* stat's size means nothing in /proc: grow until the end is met. */
	size_t size = 4096, used = 0;
	auto_free char *buffer = new_bytes(size);
	for (;;) {
		ssize_t got = read_up_to(fd, buffer + used, size - used - 1);
		if (got < 0) {
			fail("read %s", path);
			return NULL;
		}
		used += got;
		if (used < size - 1)
			break;
		buffer = resize_bytes(buffer, size *= 2);
	}
	buffer[used] = '\0';
	if (length)
		*length = used;
	return take_ptr(&buffer);
}

static int
write_content(int fd, const char *content)
{
	for (size_t left = strlen(content); left > 0;) {
		ssize_t done = write(fd, content, left);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		content += done;
		left -= done;
	}
	return 0;
}

static int
replace_file(int dir, const char *path, const char *content, mode_t mode,
	     bool sync)
{
	auto_free char *beside = text("%s.%d.new", path, getpid());
	auto_close int fd = openat(
		dir, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return fail("create %s", beside);
	if (write_content(fd, content) < 0 || (sync && fsync(fd) < 0) ||
	    fchmod(fd, mode) < 0) {
		fail("write %s", beside);
		unlinkat(dir, beside, 0);
		return -1;
	}
	if (renameat(dir, beside, dir, path) < 0) {
		fail("rename %s to %s", beside, path);
		unlinkat(dir, beside, 0);
		return -1;
	}
	return 0;
}

int
write_file(int dir, const char *path, const char *content, mode_t mode)
{
	return replace_file(dir, path, content, mode, true);
}

int
write_file_unsynced(int dir, const char *path, const char *content,
		    mode_t mode)
{
	return replace_file(dir, path, content, mode, false);
}

int
make_dirs(const char *path, mode_t mode)
{
	auto_free char *partial = copy_text(path);
	for (char *slash = partial + 1;; slash++) {
		if (*slash != '/' && *slash != '\0')
			continue;
		char kept = *slash;
		*slash = '\0';
		if (mkdir(partial, mode) < 0 && errno != EEXIST)
			return fail("create directory %s", partial);
		*slash = kept;
		if (kept == '\0')
			break;
	}
	struct stat st;
	if (stat(path, &st) < 0)
		return fail("create directory %s", path);
	if (!S_ISDIR(st.st_mode))
		return failx("create directory %s: something else is there",
			     path);
	return 0;
}

int
parse_number(const char *string, uint64_t min, uint64_t max, uint64_t *value)
{
	if (string[0] < '0' || string[0] > '9')
		return failx("\"%s\" is not a number", string);
	char *end;
	errno = 0;
	unsigned long long number = strtoull(string, &end, 10);
	if (*end != '\0')
		return failx("\"%s\" is not a number", string);
	if (errno == ERANGE || number < min || number > max)
		return failx("%s is not between %llu and %llu", string,
			     (unsigned long long)min, (unsigned long long)max);
	*value = number;
	return 0;
}

/* ---- what -v shows ----------------------------------------------------- */

long
trace_result(long result, const char *fmt, ...)
{
	int saved = errno;
	char call[1024], line[1200];
	va_list args;
	va_start(args, fmt);
	vsnprintf(call, sizeof(call), fmt, args);
	va_end(args);
	/* A text written to a file may end in a newline: keep one line. */
	for (char *c = call; *c; c++)
		if (*c == '\n')
			*c = ' ';
	if (result < 0)
		snprintf(line, sizeof(line), "%s = -1 (%s)", call,
			 strerror(saved));
	else
		snprintf(line, sizeof(line), "%s = %ld", call, result);
	trace_hook(line);
	errno = saved;
	return result;
}
