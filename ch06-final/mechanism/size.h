/*
 * size.h - sizes as people write them: "64m", "1.5g", "1024", "512kb".
 *
 * Docker counts memory in powers of 1024 and the length of a log in powers of
 * 1000 (RAMInBytes and FromHumanSize of its go-units); "KiB" is one or the
 * other as well as "kB".
 */
#ifndef SIZE_H
#define SIZE_H

#include "base.h"

enum size_step { SIZE_DECIMAL = 1000, SIZE_BINARY = 1024 };

/* Bytes.  What is not wholly understood is refused, in Docker's words. */
int size_parse(const char *string, enum size_step step, uint64_t *bytes);

#endif
