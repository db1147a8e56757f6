/* http.c - see http.h.  Runs in mydocker-image. */
#include "http.h"

#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define CONNECT_S 30L
#define SILENCE_S 60L
#define HEADERS_MAX 200
#define REDIRECTS_MAX 10L

void
http_server_free(struct http_server *server)
{
	free(server->url);
	free(server->ca);
	free(server->certificate);
	free(server->key);
	*server = (struct http_server){ 0 };
}

void
http_answer_free(struct http_answer *answer)
{
	free(answer->body);
	words_free(&answer->headers);
	*answer = (struct http_answer){ 0 };
}

const char *
http_header(const struct http_answer *answer, const char *name)
{
	size_t length = strlen(name);
	for (size_t i = answer->headers.count; i > 0; i--) {
		const char *line = answer->headers.items[i - 1];
		if (strncasecmp(line, name, length) == 0 &&
		    line[length] == ':')
			return line + length + 1 +
			       strspn(line + length + 1, " \t");
	}
	return NULL;
}

char *
http_status(long status)
{
	static const struct {
		long status;
		const char *words;
	} known[] = {
		{ 400, "Bad Request" }, { 401, "Unauthorized" },
		{ 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 429, "Too Many Requests" },
		{ 500, "Internal Server Error" }, { 502, "Bad Gateway" },
		{ 503, "Service Unavailable" }, { 504, "Gateway Timeout" },
	};
	for (size_t i = 0; i < countof(known); i++)
		if (known[i].status == status)
			return text("%ld %s", status, known[i].words);
	return text("%ld", status);
}

/* ---- a handle ---------------------------------------------------------- */

/* Ctrl-C must not wait for a server. */
static int
watch(void *data, curl_off_t down, curl_off_t now, curl_off_t up,
      curl_off_t sent)
{
	(void)data, (void)down, (void)now, (void)up, (void)sent;
	return stream_interrupted ? 1 : 0;
}

/* curl knows http_proxy in small letters only, for the sake of CGI; Docker
 * takes either. */
static void
set_proxy(CURL *curl, const char *url)
{
	const char *proxy = getenv("HTTP_PROXY");
	if (proxy && !getenv("http_proxy") && !getenv("REQUEST_METHOD") &&
	    strncmp(url, "http:", 5) == 0)
		curl_easy_setopt(curl, CURLOPT_PROXY, proxy);
}

static void
set_trust(CURL *curl, const struct http_server *server)
{
	if (server->is_unchecked) {
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (server->ca) {
		/* In place of the system's file; its directory still counts. */
		struct curl_blob blob = { server->ca, strlen(server->ca),
					  CURL_BLOB_COPY };
		curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob);
	}
	if (server->certificate) {
		curl_easy_setopt(curl, CURLOPT_SSLCERT, server->certificate);
		curl_easy_setopt(curl, CURLOPT_SSLKEY, server->key);
	}
}

CURL *
http_handle(const struct http_server *server)
{
	CURL *curl = curl_easy_init();
	if (!curl) {
		failx("libcurl cannot be started");
		return NULL;
	}
	bool is_tls = strncmp(server->url, "https:", 6) == 0;
	const char *redirects = is_tls && !server->is_unchecked ?
				"https" : "http,https";
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, redirects);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SILENCE_S);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "mydocker");
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
	set_proxy(curl, server->url);
	set_trust(curl, server);
	return curl;
}

/* ---- what may go wrong ------------------------------------------------- */

int
http_fail(CURLcode code, const char *url, const char *details)
{
	if (stream_interrupted)
		return failx("interrupted");
	const char *reason = details && *details ? details :
						   curl_easy_strerror(code);
	if (code == CURLE_UNSUPPORTED_PROTOCOL)
		reason = "it redirects to an address that is not of the web, "
			 "or from https down to http";
	failx("%.90s: %.140s", url, reason);
	bool is_away = code == CURLE_COULDNT_CONNECT ||
		       code == CURLE_COULDNT_RESOLVE_HOST ||
		       code == CURLE_COULDNT_RESOLVE_PROXY ||
		       code == CURLE_SSL_CONNECT_ERROR;
	failure.code = is_away ? ECONNREFUSED :
		       code == CURLE_UNSUPPORTED_PROTOCOL ||
		       code == CURLE_TOO_MANY_REDIRECTS ? EPROTO : 0;
	return -1;
}

/* ---- a request --------------------------------------------------------- */

struct call {
	struct http_answer *answer;
	size_t limit;
	bool is_too_long;
	int file;
	off_t offset;
};

static size_t
take_body(char *bytes, size_t one, size_t size, void *data)
{
	struct call *call = data;
	struct http_answer *answer = call->answer;
	(void)one;
	if (size > call->limit - answer->length) {
		call->is_too_long = true;
		return 0;
	}
	answer->body = resize_bytes(answer->body, answer->length + size + 1);
	memcpy(answer->body + answer->length, bytes, size);
	answer->length += size;
	answer->body[answer->length] = '\0';
	return size;
}

/* Those of the last answer count: what a redirect said is forgotten. */
static size_t
take_header(char *bytes, size_t one, size_t size, void *data)
{
	struct http_answer *answer = data;
	(void)one;
	if (size >= 5 && strncmp(bytes, "HTTP/", 5) == 0)
		words_free(&answer->headers);
	auto_free char *line = text("%.*s", (int)size, bytes);
	line[strcspn(line, "\r\n")] = '\0';
	if (*line && answer->headers.count < HEADERS_MAX)
		words_add(&answer->headers, line);
	return size;
}

static size_t
give_body(char *buffer, size_t one, size_t size, void *data)
{
	struct call *call = data;
	ssize_t got = pread(call->file, buffer, size * one, call->offset);
	if (got < 0)
		return CURL_READFUNC_ABORT;
	call->offset += got;
	return got;
}

/* After a redirect, or a connection that had gone stale, from the start. */
static int
seek_body(void *data, curl_off_t offset, int origin)
{
	struct call *call = data;
	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	call->offset = offset;
	return CURL_SEEKFUNC_OK;
}

static void
set_body(CURL *curl, const struct http_request *request, struct call *call)
{
	if (request->file_size > 0) {
		curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
		curl_easy_setopt(curl, CURLOPT_READDATA, call);
		curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, seek_body);
		curl_easy_setopt(curl, CURLOPT_SEEKDATA, call);
		curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE,
				 (curl_off_t)request->file_size);
	} else if (request->body) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)request->body_length);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
	}
	if (strcmp(request->method, "HEAD") == 0)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

static int
perform(CURL *curl, const struct http_request *request,
	struct http_answer *answer)
{
	char details[CURL_ERROR_SIZE] = "";
	struct call call = { .answer = answer, .limit = request->limit,
			     .file = request->file };
	struct curl_slist *headers = NULL;
	for (size_t i = 0; request->headers && i < request->headers->count; i++)
		headers = curl_slist_append(headers,
					    request->headers->items[i]);
	/* Some servers never answer the question that curl would put first. */
	headers = curl_slist_append(headers, "Expect:");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_URL, request->url);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, details);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &call);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
	set_body(curl, request, &call);
	CURLcode code = curl_easy_perform(curl);
	curl_slist_free_all(headers);
	if (call.is_too_long) {
		failx("%.120s: the answer has more than the %zu bytes that it "
		      "may have", request->url, request->limit);
		failure.code = EFBIG;
		return -1;
	}
	if (code != CURLE_OK)
		return http_fail(code, request->url, details);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
	if (!answer->body)
		answer->body = copy_text("");
	return 0;
}

int
http_call(const struct http_server *server, const struct http_request *request,
	  struct http_answer *answer)
{
	*answer = (struct http_answer){ 0 };
	CURL *curl = http_handle(server);
	if (!curl)
		return -1;
	int result = perform(curl, request, answer);
	curl_easy_cleanup(curl);
	if (result < 0)
		http_answer_free(answer);
	return result;
}
