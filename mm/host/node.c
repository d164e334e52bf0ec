/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/host/node.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mm/host/limit.h"
#include "mm/mm.h"

#define NODE_MAX 1024

static int bind_to(void *host, uint64_t size, int node)
{
	unsigned long mask[NODE_MAX / (8 * sizeof(long))] = {0};
	const unsigned int bits = 8 * sizeof(long);

	if (node < 0 || node >= NODE_MAX)
		return -EINVAL;
	mask[(unsigned int)node / bits] = 1ul << ((unsigned int)node % bits);
	/* The kernel takes one bit less than the count it is told. */
	return syscall(SYS_mbind, host, size, MPOL_BIND, mask, NODE_MAX + 1, 0) ? -errno : 0;
}

int node_bind(void *host, uint64_t size, int node, const char **why)
{
	int err = bind_to(host, size, node);

	if (!err)
		return 0;
	*why = err == -EINVAL
		       ? limit_why("host node %d cannot be bound to: it has no memory here", node)
		       : limit_why("host node %d cannot be bound to: %s", node, strerror(-err));
	return -EINVAL;
}

int mm_node_check(int node)
{
	void *page = mmap(NULL, MM_FRAME_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	int err;

	if (page == MAP_FAILED)
		return -errno;
	err = bind_to(page, MM_FRAME_SIZE, node);
	munmap(page, MM_FRAME_SIZE);
	return err;
}
