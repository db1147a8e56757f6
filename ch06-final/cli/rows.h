/*
 * rows.h - a container and an image as a row of a list: `ps` and `images`
 * print them, and `system df -v`.
 */
#ifndef ROWS_H
#define ROWS_H

#include <jansson.h>

#include "image.h"
#include "table.h"
#include "view.h"

/* New references.  `whole`: nothing is cut (--no-trunc). */
json_t *row_of_container(const struct view *view, bool whole, bool sizes);
json_t *row_of_image(const struct image *image, bool whole);

extern const struct heading container_headings[], image_headings[];

#endif
