/*
 * fuzz_http.c - what a registry may answer: status lines, headers, challenges,
 * tokens, redirects, ranges, manifests, blobs.
 *
 * The input is a list of answers, byte for byte, with a form feed between each
 * and the next.  A server on loopback hands them out in turn, one to every
 * connection, and hangs up; after the last there is nothing but hanging up.
 * What cannot be guessed is put in first: "@host" is the server's address, and
 * "sha256:@3" has the digest of the body of the answer 3 (the first is 0).
 *
 * The client does what a pull does, as far as there is a right blob.
 */
#include "cell.h"

#include "digest.h"
#include "download.h"
#include "manifest.h"
#include "reference.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ANSWERS_MAX 8
#define LIMIT ((size_t)64 * 1024)
#define FASTER 500

struct answer {
	char *bytes;
	size_t size;
};

static struct {
	int socket;
	char host[32]; /* "127.0.0.1:40123" */
	pthread_mutex_t lock;
	struct answer answers[ANSWERS_MAX];
	size_t count, next;
} server = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- no waiting -------------------------------------------------------- */

/* In place of the C library's: who waits before he tries again need not. */
int
nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)wanted, (void)left;
	return 0;
}

int
poll(struct pollfd *fds, nfds_t count, int timeout)
{
	return syscall(SYS_poll, fds, count,
		       timeout > 0 ? 1 + timeout / FASTER : timeout);
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = syscall(SYS_clock_gettime, clock, now);
	if (clock == CLOCK_MONOTONIC) {
		now->tv_sec = now->tv_sec * FASTER +
			      now->tv_nsec / (1000000000 / FASTER);
		now->tv_nsec = now->tv_nsec % (1000000000 / FASTER) * FASTER;
	}
	return result;
}

/* ---- the server -------------------------------------------------------- */

/* Up to the empty line; a body, if there is one, matters to nobody. */
static void
read_request(int connection)
{
	char bytes[4096];
	size_t size = 0;
	ssize_t got;
	while (size < sizeof(bytes) - 1 &&
	       (got = recv(connection, bytes + size, sizeof(bytes) - 1 - size,
			   0)) > 0) {
		size += got;
		bytes[size] = '\0';
		if (strstr(bytes, "\r\n\r\n"))
			return;
	}
}

static void
serve(int connection)
{
	auto_free char *bytes = NULL;
	size_t size = 0;
	read_request(connection);
	pthread_mutex_lock(&server.lock);
	if (server.next < server.count) {
		const struct answer *answer = &server.answers[server.next++];
		size = answer->size;
		bytes = fuzz_bytes((uint8_t *)answer->bytes, size);
	}
	pthread_mutex_unlock(&server.lock);
	if (size > 0)
		(void)!send(connection, bytes, size, MSG_NOSIGNAL);
	shutdown(connection, SHUT_RDWR);
}

static void *
serve_all(void *unused)
{
	(void)unused;
	for (;;) {
		int connection = accept(server.socket, NULL, NULL);
		hold(connection >= 0);
		serve(connection);
		close(connection);
	}
	return NULL;
}

/* A network with nobody else in it: redirects may lead anywhere. */
static void
leave_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	hold(unshare(CLONE_NEWNET) == 0);
	auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	hold(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &lo) == 0);
}

static void
start_server(void)
{
	leave_network();
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t length = sizeof(address);
	pthread_t thread;
	unsetenv("http_proxy");
	unsetenv("HTTP_PROXY");
	setenv("no_proxy", "*", 1);
	server.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	hold(bind(server.socket, (void *)&address, sizeof(address)) == 0 &&
	     listen(server.socket, 64) == 0 &&
	     getsockname(server.socket, (void *)&address, &length) == 0);
	snprintf(server.host, sizeof(server.host), "127.0.0.1:%d",
		 ntohs(address.sin_port));
	hold(pthread_create(&thread, NULL, serve_all, NULL) == 0);
	pthread_detach(thread);
}

/* ---- the answers ------------------------------------------------------- */

/* All of `word` in an answer become `by`. */
static void
replace(struct answer *answer, const char *word, const char *by)
{
	size_t length = strlen(word), longer = strlen(by), at = 0;
	char *found;
	while ((found = memmem(answer->bytes + at, answer->size - at, word,
			       length))) {
		at = found - answer->bytes;
		char *made = malloc(answer->size + longer);
		hold(made);
		memcpy(made, answer->bytes, at);
		memcpy(made + at, by, longer);
		memcpy(made + at + longer, found + length,
		       answer->size - at - length);
		answer->size += longer - length;
		free(answer->bytes);
		answer->bytes = made;
		at += longer;
	}
}

static void
replace_digest(struct answer *answer, size_t of)
{
	char hex[65], word[] = "sha256:@0";
	const struct answer *other = &server.answers[of];
	const char *body = memmem(other->bytes, other->size, "\r\n\r\n", 4);
	body = body ? body + 4 : other->bytes;
	word[8] += of;
	hold(digest_bytes(body, other->size - (body - other->bytes), hex) == 0);
	auto_free char *digest = text("sha256:%s", hex);
	replace(answer, word, digest);
}

static void
set_answers(const uint8_t *data, size_t size)
{
	pthread_mutex_lock(&server.lock);
	server.count = server.next = 0;
	for (const uint8_t *end = data + size; data < end &&
	     server.count < ANSWERS_MAX;) {
		const uint8_t *cut = memchr(data, '\f', end - data);
		size_t length = (cut ? cut : end) - data;
		struct answer *answer = &server.answers[server.count++];
		answer->bytes = fuzz_bytes(data, length);
		answer->size = length;
		replace(answer, "@host", server.host);
		data += length + 1;
	}
	for (size_t i = server.count; i-- > 0;)
		for (size_t of = i + 1; of < server.count; of++)
			replace_digest(&server.answers[i], of);
	pthread_mutex_unlock(&server.lock);
}

static void
forget_answers(void)
{
	pthread_mutex_lock(&server.lock);
	for (size_t i = 0; i < server.count; i++)
		free(take_ptr(&server.answers[i].bytes));
	server.count = server.next = 0;
	pthread_mutex_unlock(&server.lock);
}

/* ---- the client -------------------------------------------------------- */

static void
is_ready(void *data, size_t which)
{
	struct blob *blob = &((struct blob *)data)[which];
	blob->is_ready = true;
}

static bool
is_wanted(void *data)
{
	(void)data;
	return true;
}

/* What is called ready is what was asked for. */
static void
check_blob(const struct blob *blob)
{
	char hex[65];
	struct stat st;
	if (blob->fd < 0)
		return;
	hold(fstat(blob->fd, &st) == 0);
	hold((uint64_t)st.st_size <= blob->size);
	if (!blob->is_ready)
		return;
	hold((uint64_t)st.st_size == blob->size);
	auto_free char *bytes = malloc(st.st_size + 1);
	hold(bytes &&
	     pread(blob->fd, bytes, st.st_size, 0) == st.st_size);
	hold(digest_bytes(bytes, st.st_size, hex) == 0);
	hold(strcmp(hex, blob->digest + 7) == 0);
}

static void
get_blobs(struct registry *registry, int root, const struct claim *claim)
{
	struct blob blobs[4] = { { .digest = claim->config_digest,
				   .size = claim->config_size, .fd = -1 } };
	size_t count = 1;
	struct progress progress;
	struct store store = { .root = (char *)"/cell", .partial = root,
			       .tmp = root };
	for (size_t i = 0; i < claim->layers.count && count < countof(blobs);
	     i++)
		blobs[count++] = (struct blob){
			.digest = claim->digests.items[i],
			.size = claim->sizes[i], .fd = -1 };
	progress_open(&progress, true);
	struct download download = {
		.registry = registry, .store = &store, .progress = &progress,
		.blobs = blobs, .count = count, .ready = is_ready,
		.is_wanted = is_wanted, .data = blobs };
	hold(download_run(&download) == 0 || failure.text[0]);
	for (size_t i = 0; i < count; i++)
		check_blob(&blobs[i]);
	download_close(&download, true);
	progress_close(&progress);
}

static void
pull(struct registry *registry, int root)
{
	auto_answer struct http_answer answer = { 0 };
	auto_free char *digest = NULL;
	struct claim claim = { 0 };
	failure = (struct failure){ 0 };
	if (registry_get(registry, "manifests/latest", NULL, LIMIT,
			 &answer) < 0) {
		hold(failure.text[0]);
		return;
	}
	hold(answer.status == 200 && answer.length <= LIMIT);
	(void)http_header(&answer, "Docker-Content-Digest");
	if (manifest_pick(answer.body, answer.length, "amd64", &digest) == 0 &&
	    !digest &&
	    manifest_parse_oci(answer.body, answer.length, &claim) == 0)
		get_blobs(registry, root, &claim);
	manifest_free_claim(&claim);
}

int
fuzz(const uint8_t *data, size_t size)
{
	int root = cell_begin();
	if (!server.socket)
		start_server();
	set_answers(data, size);
	struct registry registry = { .host = copy_text(server.host),
				     .path = copy_text("x"),
				     .actions = "pull" };
	registry.credentials.user = copy_text("ali");
	registry.credentials.password = copy_text("sesame");
	registry.endpoints.count = 1;
	registry.endpoints.list = new_bytes(sizeof(struct endpoint));
	registry.endpoints.list->server.url = text("http://%s", server.host);
	pull(&registry, root);
	registry_close(&registry);
	forget_answers();
	cell_end(root);
	return 0;
}
