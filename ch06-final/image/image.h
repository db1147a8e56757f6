/*
 * image.h - what an image is once it is in the store: layers to put on top of
 * each other, and how to start a program in them.
 *
 * An image is its config, a JSON text: the image's id is the sha256 of that
 * text, and the text lists the sha256 of every layer.  The format is the OCI
 * image specification's (image-spec, config.md), which is Docker's.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include "base.h"

/* HEALTHCHECK: `test` is { "CMD", ... }, { "CMD-SHELL", "..." }, { "NONE" } or
 * empty; of the numbers 0 is what is not said.  (It is Docker's, and in no OCI
 * document.) */
struct image_health {
	char **test;
	int64_t interval_ns, timeout_ns, start_period_ns, start_interval_ns;
	int64_t retries;
};

/* Every list ends with NULL and is never NULL itself in a parsed image. */
struct image {
	char *id;	   /* "sha256:..." */
	char *name;	   /* "busybox:latest"; NULL when it has none */
	char **digests;	   /* "busybox@sha256:...": of its manifests in
			    * registries */
	char **diff_ids;   /* "sha256:...", the bottom layer first */
	char **layers;	   /* absolute directories, the top layer first;
			    * without those that one above hides wholly,
			    * and each once */
	char **env;	   /* "PATH=/bin" */
	char **cmd;
	char **entrypoint;
	char **ports;	   /* EXPOSE: "80/tcp" */
	char **volumes;	   /* VOLUME: "/data" */
	char **labels;	   /* LABEL: "key=value" */
	struct image_health health;
	char *workdir;	   /* the next three: "" when not said */
	char *user;
	char *stop_signal; /* "SIGTERM", "15" */
	char *architecture; /* "amd64" */
	char *os;	   /* "linux" */
	char *variant;	   /* "v7" of "arm"; "" when not said */
	char *created;	   /* RFC 3339, "" when not said */
	int64_t created_s; /* the same in seconds since 1970; 0 likewise */
	uint64_t size;	   /* bytes in the files of all layers */
};

/*
 * Read a config.  `id` is only for messages ("image sha256:...: ...").
 * Everything is filled in but `id`, `name`, `digests`, `layers` and `size`,
 * which are the store's to know.  A config that is not JSON, lacks what it must
 * have or has it in the wrong type is refused, saying which field.
 */
int image_parse(const char *json, size_t length, const char *id,
		struct image *image);

/* "2024-05-01T12:00:00.123Z", or with "+02:00", in seconds since 1970; 0 for
 * anything else (RFC 3339). */
int64_t image_seconds(const char *created);

/* "linux/arm/v7", the caller's; and is it for who asks for `platform`
 * (platform_fits())? */
char *image_platform(const struct image *image);
bool image_is_for(const struct image *image, const char *platform);

/* Gives back all of it; may be called twice, and on a zeroed one. */
void image_free(struct image *image);
#define auto_image __attribute__((cleanup(image_free)))

#endif
