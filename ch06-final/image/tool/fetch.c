/* fetch.c - see fetch.h.  Runs in mydocker-image. */
#include "fetch.h"

#include "http.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t
put(char *bytes, size_t size, size_t count, void *data)
{
	const int *fd = data;
	size_t done = 0;
	while (done < size * count) {
		ssize_t wrote = write(*fd, bytes + done, size * count - done);
		if (wrote <= 0)
			return 0;
		done += wrote;
	}
	return done;
}

int
fetch_url(const char *url, int fd)
{
	struct http_server server = { .url = (char *)(uintptr_t)url };
	char details[CURL_ERROR_SIZE] = "";
	curl_off_t time = -1;
	long status = 0;
	CURL *curl = http_handle(&server);
	if (!curl)
		return -1;
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_FILETIME, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, details);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, put);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &fd);
	CURLcode code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_FILETIME_T, &time);
	int result = code == CURLE_OK ? 0 : http_fail(code, url, details);
	curl_easy_cleanup(curl);
	if (result == 0 && status != 200) {
		auto_free char *words = http_status(status);
		return failx("%.150s: %s", url, words);
	}
	const struct timespec times[2] = { { .tv_sec = time },
					   { .tv_sec = time } };
	if (result == 0 && time >= 0 && futimens(fd, times) < 0)
		return fail("set the time of what %.150s is", url);
	return result;
}
