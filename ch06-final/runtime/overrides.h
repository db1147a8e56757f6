/*
 * overrides.h - parent: which process `exec` is to run: that of a file, or the
 * container's own with what the command line says instead.
 */
#ifndef OVERRIDES_H
#define OVERRIDES_H

#include "oci_process.h"
#include "runtime.h"

/* Fill in `process`, whose memory is the document's and that of `own`, the
 * container's own process (or NULL). */
int overrides_apply(struct oci_process *process, struct oci_document *document,
		    const struct exec_options *options,
		    const struct oci_process *own);

#endif
