/* download.c - see download.h.  Runs in mydocker-image. */
#include "download.h"

#include "digest.h"
#include "reference.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE 3 /* as Docker */
#define TRIES_MAX 5 /* that bring nothing, one after the other */
#define ERROR_MAX ((size_t)64 * 1024)
#define BLOCK_SIZE ((size_t)256 * 1024)

/* One blob on its way. */
struct task {
	struct blob *blob;
	struct download *download;
	CURL *curl; /* while it runs */
	struct curl_slist *headers;
	char details[CURL_ERROR_SIZE];
	struct digest digest;	   /* of what has come */
	uint64_t got, begun_at;	   /* bytes there; and when this try began */
	uint64_t most;		   /* that there ever were */
	struct http_answer error;  /* what came with a bad status */
	struct failure failure;	   /* of the writing */
	bool is_resumed;	   /* its start is from another time */
	bool was_unauthorized, is_done;
	int tries;
	int64_t wait_until_ms;
};

static int64_t
now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the file ---------------------------------------------------------- */

static int
restart(struct task *task)
{
	digest_free(&task->digest);
	task->got = task->begun_at = 0;
	task->is_resumed = false;
	if (ftruncate(task->blob->fd, 0) < 0)
		return fail("empty the file of a blob");
	return digest_begin(&task->digest);
}

/* Somebody else who pulls the same blob has the lock: then a file without a
 * name, for us alone. */
static int
open_partial(const struct store *store, const char *hex)
{
	auto_close int fd = openat(store->partial, hex, O_RDWR | O_CREAT |
				   O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return take_fd(&fd);
	int other = openat(store->tmp, ".", O_RDWR | O_TMPFILE | O_CLOEXEC,
			   0600);
	return other < 0 ? fail("make a file for a blob in %s", store->root)
			 : other;
}

/* What is there from another time counts, if it is not too much. */
static int
take_up(struct task *task)
{
	struct stat st;
	if (fstat(task->blob->fd, &st) < 0)
		return fail("look at the file of a blob");
	if ((uint64_t)st.st_size > task->blob->size)
		return restart(task);
	if (digest_begin(&task->digest) < 0)
		return -1;
	auto_free char *buffer = new_bytes(BLOCK_SIZE);
	ssize_t size;
	while ((size = pread(task->blob->fd, buffer, BLOCK_SIZE,
			     task->got)) > 0) {
		if (digest_add(&task->digest, buffer, size) < 0)
			return -1;
		task->got += size;
	}
	task->is_resumed = task->got > 0;
	task->most = task->got;
	return size < 0 ? fail("read the file of a blob") : 0;
}

/* ---- what comes -------------------------------------------------------- */

static int
put(struct task *task, const char *bytes, size_t size)
{
	uint64_t most = task->blob->size;
	if (size > most - task->got)
		return failx("the registry sends more than the %llu bytes "
			     "that the manifest says",
			     (unsigned long long)most);
	if (digest_add(&task->digest, bytes, size) < 0)
		return -1;
	while (size > 0) {
		ssize_t done = pwrite(task->blob->fd, bytes, size, task->got);
		if (done < 0)
			return fail("write a blob");
		bytes += done;
		size -= done;
		task->got += done;
	}
	return 0;
}

static size_t
take(char *bytes, size_t one, size_t size, void *data)
{
	struct task *task = data;
	long status = 0;
	(void)one;
	curl_easy_getinfo(task->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200 && status != 206) {
		struct http_answer *error = &task->error;
		if (size > ERROR_MAX - error->length)
			return 0;
		error->body = resize_bytes(error->body,
					   error->length + size + 1);
		memcpy(error->body + error->length, bytes, size);
		error->length += size;
		error->body[error->length] = '\0';
		return size;
	}
	/* A server that knows no ranges sends it all again. */
	bool is_all = status == 200 && task->begun_at > 0;
	if ((is_all && restart(task) < 0) || put(task, bytes, size) < 0) {
		task->failure = failure;
		return 0;
	}
	progress_count(task->download->progress, task->blob->row,
		       "Downloading", task->got, task->blob->size);
	return size;
}

/* ---- one try ----------------------------------------------------------- */

static int
begin(struct task *task, CURLM *multi)
{
	struct registry *registry = task->download->registry;
	auto_free char *what = text("blobs/%s", task->blob->digest);
	auto_free char *url = registry_url(registry, what);
	auto_free char *range =
		text("%llu-", (unsigned long long)task->got);
	task->curl = http_handle(registry_server(registry));
	if (!task->curl)
		return -1;
	if (registry->authorization)
		task->headers = curl_slist_append(NULL,
						  registry->authorization);
	task->begun_at = task->got;
	task->details[0] = '\0';
	task->failure = (struct failure){ 0 };
	http_answer_free(&task->error);
	curl_easy_setopt(task->curl, CURLOPT_URL, url);
	curl_easy_setopt(task->curl, CURLOPT_HTTPHEADER, task->headers);
	curl_easy_setopt(task->curl, CURLOPT_ERRORBUFFER, task->details);
	curl_easy_setopt(task->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(task->curl, CURLOPT_WRITEDATA, task);
	curl_easy_setopt(task->curl, CURLOPT_PRIVATE, task);
	if (task->got > 0)
		curl_easy_setopt(task->curl, CURLOPT_RANGE, range);
	return curl_multi_add_handle(multi, task->curl) == CURLM_OK ?
		       0 : failx("libcurl takes no more");
}

static void
end(struct task *task, CURLM *multi)
{
	if (!task->curl)
		return;
	curl_multi_remove_handle(multi, task->curl);
	curl_easy_cleanup(task->curl);
	curl_slist_free_all(task->headers);
	task->curl = NULL;
	task->headers = NULL;
}

/* ---- what to make of how it ended -------------------------------------- */

/* All of it is there. */
static int
verify(struct task *task)
{
	char hex[65];
	struct progress *progress = task->download->progress;
	progress_say(progress, task->blob->row, "Verifying Checksum");
	if (digest_end(&task->digest, hex) < 0)
		return -1;
	if (strcmp(hex, task->blob->digest + strlen("sha256:")) == 0) {
		progress_say(progress, task->blob->row, "Download complete");
		task->is_done = task->blob->is_ready = true;
		return 0;
	}
	bool was_resumed = task->is_resumed;
	if (restart(task) < 0)
		return -1;
	/* The old part may have been the wrong one. */
	if (was_resumed)
		return 0;
	return failx("filesystem layer verification failed for digest %s: "
		     "what came has sha256:%.12s...", task->blob->digest, hex);
}

/* Later, if there is any hope: `failure` is the reason. */
static int
again(struct task *task)
{
	if (task->got > task->most) {
		task->most = task->got;
		task->tries = 0;
		return 0;
	}
	if (++task->tries >= TRIES_MAX || stream_interrupted)
		return -1;
	task->wait_until_ms = now_ms() + (125L << task->tries);
	return 0;
}

static int
judge_status(struct task *task, long status, const char *proof)
{
	if (status == 401 && !task->was_unauthorized) {
		/* A token lasts for minutes, a pull may last for hours. */
		task->was_unauthorized = true;
		return registry_authorize(task->download->registry, proof);
	}
	if (status == 416)
		return task->got > 0 ? restart(task) : -1;
	task->error.status = status;
	if (!task->error.body)
		task->error.body = copy_text("");
	registry_fail(&task->error);
	return registry_is_passing(status) ? again(task) : -1;
}

static int
judge(struct task *task, CURLcode code)
{
	long status = 0;
	struct curl_header *proof = NULL;
	auto_free char *url = NULL, *header = NULL;
	const char *used = "";
	curl_easy_getinfo(task->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(task->curl, CURLINFO_EFFECTIVE_URL, &used);
	url = copy_text(used);
	if (curl_easy_header(task->curl, "WWW-Authenticate", 0, CURLH_HEADER,
			     -1, &proof) == CURLHE_OK)
		header = copy_text(proof->value);
	bool is_good = status == 200 || status == 206;
	if (task->failure.text[0]) {
		failure = task->failure;
		return -1;
	}
	if (code == CURLE_OK && !is_good)
		return judge_status(task, status, header);
	if (is_good)
		task->was_unauthorized = false;
	if (is_good && task->got == task->blob->size)
		return verify(task);
	if (code != CURLE_OK) {
		http_fail(code, url, task->details);
		return failure.code == EPROTO ? -1 : again(task);
	}
	failx("the registry sent %llu bytes, where the manifest says %llu",
	      (unsigned long long)task->got,
	      (unsigned long long)task->blob->size);
	return again(task);
}

/* ---- all of them ------------------------------------------------------- */

static int
finish_some(struct download *download, CURLM *multi, size_t *running)
{
	int left;
	CURLMsg *message;
	while ((message = curl_multi_info_read(multi, &left))) {
		struct task *task;
		CURLcode code = message->data.result;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
				  &task);
		int result = judge(task, code);
		end(task, multi);
		--*running;
		if (result < 0)
			return wrap("%.19s", task->blob->digest);
		if (task->is_done)
			download->ready(download->data,
					task->blob - download->blobs);
	}
	return 0;
}

/* Whether there is anything left to do. */
static int
begin_some(struct task *tasks, size_t count, CURLM *multi, size_t *running)
{
	bool is_left = false;
	for (size_t i = 0; i < count; i++) {
		struct task *task = &tasks[i];
		is_left = is_left || !task->is_done;
		if (task->is_done || task->curl || *running == AT_ONCE ||
		    now_ms() < task->wait_until_ms)
			continue;
		if (begin(task, multi) < 0)
			return -1;
		++*running;
	}
	return is_left;
}

static int
run_all(struct download *download, struct task *tasks, CURLM *multi)
{
	size_t running = 0;
	int more, active;
	while ((more = begin_some(tasks, download->count, multi, &running)) >
	       0) {
		if (stream_interrupted)
			return failx("interrupted");
		if (!download->is_wanted(download->data))
			return failx("no more wanted");
		if (curl_multi_perform(multi, &active) != CURLM_OK ||
		    curl_multi_poll(multi, NULL, 0, 100, NULL) != CURLM_OK)
			return failx("libcurl fails");
		if (finish_some(download, multi, &running) < 0)
			return -1;
	}
	return more;
}

/* An empty blob, or one that came whole the last time, needs no request. */
static int
prepare(struct download *download, struct task *tasks)
{
	for (size_t i = 0; i < download->count; i++) {
		struct blob *blob = &download->blobs[i];
		tasks[i] = (struct task){ .blob = blob, .download = download };
		blob->fd = open_partial(download->store,
					blob->digest + strlen("sha256:"));
		if (blob->fd < 0 || take_up(&tasks[i]) < 0)
			return -1;
		if (tasks[i].got < blob->size)
			continue;
		if (verify(&tasks[i]) < 0)
			return wrap("%.19s", blob->digest);
		if (tasks[i].is_done)
			download->ready(download->data, i);
	}
	return 0;
}

int
download_run(struct download *download)
{
	auto_free struct task *tasks =
		new_bytes((download->count + 1) * sizeof(*tasks));
	for (size_t i = 0; i < download->count; i++)
		download->blobs[i].fd = -1;
	CURLM *multi = curl_multi_init();
	int result = multi ? prepare(download, tasks) :
			     failx("libcurl cannot be started");
	if (result == 0)
		result = run_all(download, tasks, multi);
	struct failure kept = failure;
	for (size_t i = 0; i < download->count; i++) {
		end(&tasks[i], multi);
		digest_free(&tasks[i].digest);
		http_answer_free(&tasks[i].error);
	}
	curl_multi_cleanup(multi);
	failure = kept;
	return result;
}

void
download_close(struct download *download, bool is_done)
{
	for (size_t i = 0; i < download->count; i++) {
		struct blob *blob = &download->blobs[i];
		struct stat st;
		/* An empty start is of no use to anybody; and a file without
		 * a name has left the name to another. */
		bool is_named = blob->fd >= 0 && fstat(blob->fd, &st) == 0 &&
				st.st_nlink > 0;
		if (is_named && (is_done || st.st_size == 0))
			unlinkat(download->store->partial,
				 blob->digest + strlen("sha256:"), 0);
		close_scoped(&blob->fd);
		blob->fd = -1;
	}
}
