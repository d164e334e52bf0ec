/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory on one of the host's NUMA nodes. */
#ifndef MM_HOST_NODE_H
#define MM_HOST_NODE_H

#include <stdint.h>

/*
 * Has memory that is not there yet come from a host node alone. host and size are multiples
 * of its page size. Returns 0, or -EINVAL with *why set (see limit_why()).
 */
int node_bind(void *host, uint64_t size, int node, const char **why);

#endif
