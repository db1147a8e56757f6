/*
 * oci_limits.h - parent: the "resources" of a config.json as the limits that
 * cgroup_limit() sets.
 */
#ifndef OCI_LIMITS_H
#define OCI_LIMITS_H

#include "cgroup_limit.h"
#include "oci_resources.h"

/*
 * Fill in `limits`; what it points to belongs to the document of `at`, which is
 * where failures say that the resources are.  What is asked for and has no
 * place in the limits is a failure.  Without "swap" swap is left as it is.
 *
 * 0 is as good as not there, as other runtimes have it, but for swappiness,
 * burst, idle and the limits of huge pages and RDMA, where it means 0.
 */
int oci_limits(const struct oci_node *at,
	       const struct oci_resources *resources,
	       struct cgroup_limits *limits);

#endif
