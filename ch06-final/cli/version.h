/*
 * version.h - which version this is.
 */
#ifndef VERSION_H
#define VERSION_H

#define VERSION "0.1"
/* Of Docker's API: the forms of JSON that are printed are this version's. */
#define API_VERSION "1.43"

/* "amd64": the machine, as Go and so Docker call it. */
const char *version_architecture(void);

#endif
