/* SPDX-License-Identifier: BSD-2-Clause */
/* Scopes in which allocations do less, as in Linux's <linux/sched/mm.h>: there is no file system
 * and no block layer below the allocator, so that they change nothing. */
#ifndef GUEST_LINUX_SCHED_MM_H
#define GUEST_LINUX_SCHED_MM_H

#include <linux/sched.h>

static inline unsigned int memalloc_nofs_save(void)
{
	return 0;
}

static inline void memalloc_nofs_restore(unsigned int flags)
{
	(void)flags;
}

static inline unsigned int memalloc_noio_save(void)
{
	return 0;
}

static inline void memalloc_noio_restore(unsigned int flags)
{
	(void)flags;
}

static inline unsigned int memalloc_noreclaim_save(void)
{
	return 0;
}

static inline void memalloc_noreclaim_restore(unsigned int flags)
{
	(void)flags;
}

#define might_alloc(gfp) ((void)(gfp))

#endif
